//! Decisions of approvers, on requests and on extensions.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Value, json};

use super::checks::{About, Checked, Judge, No, ensure, no};
use super::effects::item;
use super::life::{Ask, Ballot, Grant, Item, Stage, Vote};
use super::people::{eligible, login, means, same_human};
use super::policy::{at, flag, list, text, texts};
use super::time::{Ms, show, span};

/// What a decision comes to.
pub(super) struct Decision {
    pub(super) vote: Vote,
    pub(super) span: Option<Ms>,
    pub(super) only: Option<BTreeSet<Item>>,
}

impl Judge<'_> {
    /// Whether this person stands in a step, and whether as one of those who are asked by now.
    pub(super) fn stands_in(&self, grant: &Grant, ballot: &Ballot, place: (usize, usize)) -> (bool, bool) {
        let step = ballot.step(place);
        let manager = ballot.manager(grant);
        let items = grant.scope_items();
        let means = |selectors: &[&str]| means(selectors, self.actor, manager, &items);
        let asked = means(&texts(step, "approvers"));
        let tier = |told: bool| {
            let tiers = list(step, "escalate").iter().enumerate();
            let mut tiers =
                tiers.filter(|(tier, _)| !told || ballot.told.contains(&(place.0, place.1, *tier)));
            tiers.any(|(_, rule)| means(&texts(rule, "to")))
        };
        (asked || tier(false), asked || tier(true))
    }

    /// What a step misses: the place of its check in the order, and the refusal.
    fn lacks(&self, grant: &Grant, step: &Value) -> Option<(u8, No)> {
        // What is asked is what is decided on.
        let (span, by, reason) = match grant.asks.as_ref() {
            Some(ask) => (ask.span, &ask.by, &ask.reason),
            None => (grant.asked, &grant.requester, &grant.reason),
        };
        let about = About {
            flow: &grant.flow,
            items: &grant.scope_items(),
            span,
            requester: text(by, "id"),
            holder: grant.holder_id(),
            reason: reason.as_deref(),
            extension: grant.extended.len(),
            login: self.actor,
        };
        let refused = |place: u8, code: &'static str, details: Value| {
            no::<()>(code, details).err().map(|no| (place, no))
        };
        if let Some((code, name)) = self.condition(list(step, "when"), self.actor, &about) {
            return refused(0, code, json!({"condition": name}));
        }
        if flag(step, "reason", false) && self.reason_of().is_none() {
            return refused(1, "reason.missing", json!({"step": text(step, "name")}));
        }
        let rule = at(step, "mfa");
        login(rule, self.actor, self.now).and_then(|_| self.login(rule).err().map(|no| (2, no)))
    }

    /// All checks of a decision in their order.
    pub(super) fn decision(&self, grant: &Grant, verb: &str) -> Checked<Decision> {
        let (yes, of_extension) = (verb.starts_with("approve"), verb.ends_with("_extension"));
        let asked = grant.asks.as_ref().filter(|_| of_extension);
        let automatic = !of_extension && !grant.ballot.rules.asks();
        let ballot = match (of_extension, asked) {
            (false, _) if automatic => Ballot::open(grant.flow.approval(), self.now),
            (false, _) => grant.ballot.clone(),
            (true, Some(ask)) => ask.ballot.clone(),
            (true, None) => {
                let rules = super::extend::governing(self, grant).0;
                Ballot::open(super::extend::deciders(&rules), self.now)
            }
        };
        let parties = [Some(&grant.holder), Some(&grant.requester), asked.map(|ask| &ask.by)];
        let since = asked.and_then(|ask| ask.ballot.holder.as_ref());
        let mut parties = parties.into_iter().flatten().chain(since).chain(&grant.holders);
        let own = parties.any(|party| same_human(party, self.actor));
        let handed = self.handed(grant);
        ensure(!own && !handed.is_some_and(|holder| same_human(holder, self.actor)), "approval.own", || {
            Value::Null
        })?;
        let mine: Vec<_> =
            ballot.places().into_iter().filter(|place| self.stands_in(grant, &ballot, *place).0).collect();
        ensure(!mine.is_empty() && self.actor.is_object(), "approval.not_approver", || Value::Null)?;
        if of_extension {
            self.stage(grant, Stage::Active, "grant.not_active")?;
            ensure(asked.is_some(), "extension.not_pending", || Value::Null)?;
        } else {
            self.stage(grant, Stage::Pending, "request.closed")?;
        }
        let earlier = ballot.yes.iter().chain(&ballot.no).find(|vote| same_human(&vote.by, self.actor));
        let decided_at = earlier.map(|vote| show(vote.at));
        ensure(decided_at.is_none(), "approval.repeated", || json!({"decided_at": decided_at}))?;
        let awaited = ballot.awaited();
        let mut places = mine;
        if yes {
            places.retain(|place| awaited.contains(place) && self.stands_in(grant, &ballot, *place).1);
            let names: Vec<_> = awaited.iter().map(|place| text(ballot.step(*place), "name")).collect();
            ensure(!places.is_empty(), "approval.not_awaited", || json!({"awaited": names}))?;
        }
        let stale = at(self.call, "content").is_string() && !flag(self.call, "own_content", false);
        ensure(!stale, "approval.stale", || Value::Null)?;
        if yes {
            let today = self.world.flow(&grant.flow.id, Ms::MAX);
            let stands = today.as_ref().is_some_and(|(flow, present)| *present && !flow.withdrawn(self.now));
            ensure(stands, "flow.withdrawn", || json!({"flow": grant.flow.id}))?;
        }
        self.bounds()?;
        let lacking: Vec<_> = places.iter().map(|place| self.lacks(grant, ballot.step(*place))).collect();
        let lacks =
            if lacking.iter().all(Option::is_some) { lacking.first().cloned().flatten() } else { None };
        let step = |before: u8| match &lacks {
            Some((place, no)) if *place <= before => Err(No { details: no.details.clone(), ..*no }),
            _ => Ok(()),
        };
        step(0)?;
        let (span, only) = if yes && !of_extension { self.less(grant)? } else { (None, None) };
        step(2)?;
        let fits = places
            .iter()
            .zip(&lacking)
            .filter(|(_, lacks)| lacks.is_none())
            .map(|(place, _)| *place)
            .collect();
        let vote = Vote { by: Rc::new(self.actor.clone()), at: self.now, fits };
        if yes && !of_extension {
            self.settles(grant, &ballot, &vote)?;
        }
        Ok(Decision { vote, span, only })
    }

    /// An approver may give less.
    fn less(&self, grant: &Grant) -> Checked<(Option<Ms>, Option<BTreeSet<Item>>)> {
        let shorter = span(at(self.call, "span"));
        ensure(
            shorter.is_none_or(|span| span <= grant.asked),
            "approval.longer",
            || json!({"max": grant.asked}),
        )?;
        let only =
            at(self.call, "only").as_array().map(|only| only.iter().map(item).collect::<BTreeSet<_>>());
        let asked: BTreeSet<_> = grant.items.iter().map(item).collect();
        let wider = only.iter().flatten().find(|item| !asked.contains(*item)).map(|item| item.join("/"));
        ensure(wider.is_none(), "approval.wider", || json!({"item": wider}))?;
        let left = only.as_ref().is_none_or(|only| grant.left.intersection(only).next().is_some());
        let given = shorter.map_or(grant.least, |shorter| shorter.min(grant.least));
        let passed = grant.start.is_some_and(|start| start + given <= self.now);
        ensure(left && given > 0 && !passed, "approval.empty", || Value::Null)?;
        Ok((shorter, only))
    }

    /// What the host says of the holder today, where it says it of the holder.
    fn handed(&self, grant: &Grant) -> Option<&Value> {
        let handed = at(self.call, "holder");
        (text(handed, "id") == grant.holder_id()).then_some(handed)
    }

    /// The approval that settles a request looks at its holder again.
    fn settles(&self, grant: &Grant, ballot: &Ballot, vote: &Vote) -> Checked {
        let other = at(self.call, "holder").is_object() && self.handed(grant).is_none();
        ensure(!other, "person.not_eligible", || Value::Null)?;
        let mut after = ballot.clone();
        after.yes.push(vote.clone());
        if !after.met() {
            return Ok(());
        }
        let again = |no: No| No { again: true, ..no };
        let holder = self.handed(grant).unwrap_or(&grant.holder);
        if let Some(handed) = self.handed(grant) {
            ensure(
                eligible(&grant.flow, handed, false),
                "person.not_eligible",
                || json!({"flow": grant.flow.id}),
            )?;
            let about = grant.about(&grant.items, handed);
            if let Some((code, condition)) = self.condition(list(&grant.flow.doc, "when"), handed, &about) {
                return no(code, json!({"condition": condition})).map_err(again);
            }
        }
        self.conflict(&grant.flow, holder, Some(grant)).map_err(again)
    }
}

/// Whether a ballot is decided against.
pub(super) fn denied(ballot: &Ballot) -> bool {
    ballot.no.len() >= usize::try_from(ballot.rules.denials).unwrap_or(1)
}

pub(super) fn told(ballot: &Ballot, grant: &Grant, fresh: &[(usize, usize)]) -> Vec<String> {
    let steps = fresh.iter().map(|place| ballot.step(*place)).filter(|step| flag(step, "tell", true));
    let selectors: Vec<_> = steps.flat_map(|step| texts(step, "approvers")).collect();
    super::life::named_under(&selectors, ballot.manager(grant), grant)
}

/// An extension as views show it.
pub(super) fn shown(ask: &Ask) -> Value {
    let mut shown = json!({
        "by": text(&ask.by, "id"), "at": show(ask.at), "span": ask.span, "ends_at": show(ask.end), "decide_by": show(ask.decide_by),
    });
    if let Some(reason) = &ask.reason {
        shown["reason"] = json!(reason);
    }
    if ask.fields.as_object().is_some_and(|fields| !fields.is_empty()) {
        shown["fields"] = ask.fields.clone();
    }
    shown
}
