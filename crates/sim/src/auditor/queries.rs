//! Questions. They are answered from the settled view and write nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::checks::Judge;
use super::effects::{item, items};
use super::life::{Grant, Stage, World};
use super::people::{eligible, means, same_human};
use super::policy::{at, text, texts};
use super::time::{Ms, show};
use super::{Auditor, Given};

impl<G: Given> Auditor<G> {
    pub(super) fn query(&self, call: &Value, now: Ms) -> Value {
        let (mut view, now) = self.seen(call, now);
        if matches!(text(call, "call"), "list" | "inbox") {
            // Each grant is looked at by itself.
            let holders: BTreeSet<_> =
                view.grants.values().map(|grant| grant.holder_id().to_owned()).collect();
            holders.iter().for_each(|holder| view.settle(Some(holder), self.world.moment(holder, now)));
        }
        let none = Value::Null;
        let judge = self.judge(&view, call, now);
        let ok = match text(call, "call") {
            "look" => view.grant(text(call, "grant")).map_or(none, |grant| self.view(&view, grant, now)),
            "offer" => match view.grant(text(call, "grant")) {
                Some(grant) => {
                    let holder = judge.holder_of(grant);
                    judge.offer(grant, &holder)
                }
                None => return json!({"refused": {"code": "grant.unknown"}}),
            },
            "explain" => return self.explain(call, now),
            "holds" => holds(&view, call),
            "list" => self.list(&view, call, now),
            "inbox" => self.inbox(&view, &judge, call),
            "catalog" => catalog(&judge),
            _ => return json!({"ok": {"records": self.records(call)}}),
        };
        json!({"ok": ok})
    }

    fn records(&self, call: &Value) -> Vec<Value> {
        let grant = at(call, "grant");
        let after = at(call, "after").as_u64().unwrap_or(0);
        let limit = if grant.is_null() { limit(call, 1_000) } else { usize::MAX };
        let wanted = self.log.iter().filter(|record| grant.is_null() || record.get("grant") == Some(grant));
        wanted.filter(|record| record["position"].as_u64() > Some(after)).take(limit).cloned().collect()
    }

    fn list(&self, view: &World, call: &Value, now: Ms) -> Value {
        let is = |field: &str, value: &str| at(call, field).as_str().is_none_or(|wanted| wanted == value);
        let wanted = |grant: &&std::rc::Rc<Grant>| {
            let awaits = grant.review.as_ref().is_some_and(|review| review.by.is_none());
            is("holder", grant.holder_id())
                && is("requester", text(&grant.requester, "id"))
                && is("flow", &grant.flow.id)
                && is("stage", stage(grant))
                && is("outcome", grant.outcome)
                && at(call, "awaits_review").as_bool().is_none_or(|wanted| wanted == awaits)
                && (at(call, "item").is_null() || grant.scope.contains(&item(at(call, "item"))))
        };
        let found = view.grants.values().filter(wanted);
        page(call, found.map(|grant| self.view(view, grant, now)))
    }

    /// Grants that await this person's decision.
    fn inbox(&self, view: &World, judge: &Judge, call: &Value) -> Value {
        let wanted = |grant: &&std::rc::Rc<Grant>| {
            let (ballot, by) = match (grant.stage, &grant.asks) {
                (Stage::Pending, _) => (&grant.ballot, None),
                (Stage::Active, Some(ask)) => (&ask.ballot, Some(&ask.by)),
                _ => return false,
            };
            let parties = [&grant.holder, &grant.requester].into_iter().chain(by);
            let mut parties = parties.chain(&ballot.holder).chain(&grant.holders);
            let mut votes = ballot.yes.iter().chain(&ballot.no);
            !parties.any(|party| same_human(party, judge.actor))
                && !votes.any(|vote| same_human(&vote.by, judge.actor))
                && ballot.awaited().iter().any(|place| judge.stands_in(grant, ballot, *place).1)
        };
        page(call, view.grants.values().filter(wanted).map(|grant| self.view(view, grant, judge.now)))
    }

    /// A grant as a host sees it.
    pub(super) fn view(&self, world: &World, grant: &Grant, now: Ms) -> Value {
        let judge = self.judge(world, &super::policy::NONE, now);
        let times = super::extend::times(&super::extend::governing(&judge, grant).0, grant);
        let (used, pending) = (grant.extended.len(), usize::from(grant.asks.is_some()));
        let left = usize::try_from(times).unwrap_or(0).saturating_sub(used + pending);
        let active = (grant.stage == Stage::Active).then(|| grant.held_until());
        let (closed, approved) = (grant.stage == Stage::Closed, grant.stage == Stage::Approved);
        let mut view = json!({
            "id": grant.id,
            "flow": grant.flow.id,
            "revision": grant.flow.revision,
            "holder": grant.holder_id(),
            "requester": text(&grant.requester, "id"),
            "stage": stage(grant),
            "outcome": closed.then_some(grant.outcome),
            "waiting_for": (approved && !grant.waiting.is_empty()).then_some(grant.waiting),
            "requested_at": show(grant.requested_at),
            "decide_by": (grant.stage == Stage::Pending).then(|| show(grant.decide_by)),
            "starts_at": grant.since.or(grant.start).map(show),
            "ends_at": grant.end.map(show),
            "held_until": active.map(show),
            "closed_at": closed.then(|| show(grant.closed_at)),
            "asked": grant.asked,
            "granted": grant.span,
            "clipped": grant.clipped,
            "items": items(&grant.scope),
            "reason": grant.reason,
            "fields": grant.fields.as_object().filter(|fields| !fields.is_empty()),
            "extensions": {"used": used, "left": if closed { 0 } else { left }, "pending": pending},
            "extension_asked": grant.asks.as_ref().map(super::decide::shown),
            "enforcement": grant.enforcement(),
            "break_glass": grant.glass.then_some(true),
            "review": grant.review.as_ref().map(|review| match &review.by {
                Some(by) => json!({"due": show(review.due), "reviewed_by": by}),
                None => json!({"due": show(review.due)}),
            }),
        });
        if let Some(view) = view.as_object_mut() {
            view.retain(|_, value| !value.is_null());
        }
        view
    }
}

pub(super) fn stage(grant: &Grant) -> &'static str {
    match grant.stage {
        Stage::Pending => "pending",
        Stage::Approved => "approved",
        Stage::Active => "active",
        Stage::Closed => "closed",
    }
}

/// How many are shown at most.
fn limit(call: &Value, default: usize) -> usize {
    let most = at(call, "limit").as_u64().and_then(|limit| usize::try_from(limit).ok());
    most.unwrap_or(default).clamp(1, 1_000)
}

/// A page in order of id. Where it ends is not ours to say: a page may come back short.
fn page(call: &Value, found: impl Iterator<Item = Value>) -> Value {
    let (after, last) = (text(call, "after"), at(call, "next").as_str());
    let on_it = |grant: &Value| {
        let id = text(grant, "id");
        (id > after || after.is_empty()) && last.is_none_or(|last| id <= last)
    };
    let grants: Vec<_> = found.filter(on_it).take(limit(call, 100)).collect();
    let mut page = json!({"grants": grants});
    if let Some(last) = last.filter(|last| *last > after) {
        page["next"] = json!(last);
    }
    page
}

fn holds(view: &World, call: &Value) -> Value {
    let wanted = item(&json!({"resource": at(call, "resource"), "permission": at(call, "permission")}));
    let held = view.grants.values().filter(|grant| {
        grant.stage == Stage::Active
            && grant.holder_id() == text(call, "person")
            && grant.scope.contains(&wanted)
    });
    let best = held
        .min_by(|one, other| other.held_until().cmp(&one.held_until()).then_with(|| one.id.cmp(&other.id)));
    match best {
        Some(grant) => json!({"allowed": true, "grant": grant.id, "until": show(grant.held_until())}),
        None => json!({"allowed": false}),
    }
}

/// Flows under which a person may ask.
fn catalog(judge: &Judge) -> Value {
    let flows = judge.policy.flows.values().filter(|flow| !flow.withdrawn(judge.now)).filter_map(|flow| {
        let who = texts(&flow.doc, "break_glass.who");
        let glass = judge.requester(flow, judge.actor, "", true).is_ok()
            && eligible(flow, judge.actor, true)
            && means(&who, judge.actor, "", &[]);
        let own = eligible(flow, judge.actor, false) && judge.requester(flow, judge.actor, "", false).is_ok();
        let own = own || means(&texts(&flow.doc, "requesters.others"), judge.actor, "", &[]);
        (own || glass).then(|| {
            let mut shown = json!({"id": flow.id, "revision": flow.revision});
            for field in ["title", "description", "labels"] {
                let value = at(&flow.doc, field);
                if !value.is_null() && value != &json!({}) {
                    shown[field] = value.clone();
                }
            }
            if glass {
                shown["break_glass"] = json!(true);
            }
            shown
        })
    });
    json!({"flows": flows.collect::<Vec<_>>()})
}
