//! Commands of actors, and what workers and sweepers say.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::checks::{Checked, Judge, No, Request, ensure, no, words};
use super::decide::{Decision, denied, told};
use super::effects::{Effect, item};
use super::extend::Extension;
use super::life::{Ask, Ballot, Cause, Grant, Item, Review, Stage, World, named, parties, reminders};
use super::people::{eligible, means, same_human};
use super::policy::{Approval, Flow, NONE, Policy, at, flag, list, ms, text, texts};
use super::time::{DAY, Ms, show, span};
use super::{Auditor, Given};

const REQUEST: &str = "command.reused grant.exists flow.unknown requester.not_allowed person.not_eligible \
    flow.withdrawn request.empty request.too_large scope.not_in_flow condition.unmet condition.failed guard.unmet \
    conflict.held break_glass.not_allowed break_glass.review_due approval.nobody limit.open_per_person \
    limit.open_per_item limit.open_total limit.requests start.in_past start.too_far duration.too_short \
    duration.too_long hours.closed reason.missing reason.malformed mfa.missing mfa.stale";
const APPROVE: &str = "command.reused grant.unknown approval.own approval.not_approver request.closed \
    approval.repeated approval.not_awaited approval.stale flow.withdrawn request.too_large condition.unmet \
    condition.failed approval.longer approval.wider approval.empty reason.missing mfa.missing mfa.stale \
    person.not_eligible condition.unmet condition.failed conflict.held";
const DENY: &str = "command.reused grant.unknown approval.own approval.not_approver request.closed \
    approval.repeated approval.stale request.too_large condition.unmet condition.failed reason.missing mfa.missing \
    mfa.stale";
const EXTEND: &str = "command.reused grant.unknown extension.not_holder grant.not_active grant.expired \
    extension.stale flow.withdrawn extension.not_allowed extension.used_up requester.not_allowed \
    person.not_eligible scope.not_in_flow request.too_large condition.unmet condition.failed guard.unmet \
    conflict.held extension.pending extension.too_short extension.too_long extension.over_total extension.no_gain \
    hours.closed limit.extensions extension.too_early extension.too_soon reason.missing reason.malformed \
    mfa.missing mfa.stale";
const APPROVE_EXTENSION: &str = "command.reused grant.unknown approval.own approval.not_approver grant.not_active \
    grant.expired extension.not_pending approval.repeated approval.not_awaited approval.stale flow.withdrawn \
    request.too_large condition.unmet condition.failed reason.missing mfa.missing mfa.stale";
const DENY_EXTENSION: &str = "command.reused grant.unknown approval.own approval.not_approver grant.not_active \
    grant.expired extension.not_pending approval.repeated approval.stale request.too_large condition.unmet \
    condition.failed reason.missing mfa.missing mfa.stale";

/// The codes of a command in the order of their checks.
fn codes(call: &Value, known: bool) -> &'static str {
    match text(call, "call") {
        "request" if known => REQUEST,
        "request" => "command.reused flow.unknown request.too_large",
        "approve" => APPROVE,
        "deny" => DENY,
        "extend" => EXTEND,
        "approve_extension" => APPROVE_EXTENSION,
        "deny_extension" => DENY_EXTENSION,
        "withdraw" => "command.reused grant.unknown actor.not_allowed request.closed",
        "give_back" => "command.reused grant.unknown actor.not_allowed grant.expired grant.not_active",
        "activate" => {
            "command.reused grant.unknown actor.not_allowed grant.expired grant.not_active request.too_large \
             person.not_eligible condition.unmet condition.failed conflict.held hours.closed mfa.missing mfa.stale"
        }
        "revoke" if call.get("grant").is_some() => {
            "command.reused grant.unknown actor.not_allowed grant.expired grant.not_active request.too_large \
             reason.missing"
        }
        "revoke" => "command.reused grant.unknown actor.not_allowed request.too_large reason.missing",
        "review" => {
            "command.reused grant.unknown approval.own actor.not_allowed review.not_needed review.repeated \
             request.too_large"
        }
        _ => "command.reused policy.stale",
    }
}

/// What passed all checks.
enum Plan {
    Request(Vec<Grant>),
    Decide(Decision),
    Extend(Extension),
    Close(&'static str),
    Activate,
    Review,
    RevokeAll(Vec<String>, Vec<String>),
    Publish,
}

/// What is compared of a command id that is given again: the verb, its own fields and the actor's id.
fn content(call: &Value) -> Value {
    let mut content = call.clone();
    if let Some(fields) = content.as_object_mut() {
        for ignored in ["now", "context", "command_id", "resources"] {
            fields.remove(ignored);
        }
        if let Some(items) = fields.get_mut("items").and_then(Value::as_array_mut) {
            let mut named: Vec<_> = items.iter().map(item).collect();
            named.sort();
            *items = named.into_iter().map(|item| json!(item)).collect();
        }
        for person in ["actor", "holder"] {
            if let Some(person) = fields.get_mut(person).filter(|person| person.is_object()) {
                *person = json!({"id": text(person, "id")});
            }
        }
        fields.retain(|_, value| !value.is_null());
    }
    content
}

impl Judge<'_> {
    /// The holder's facts: the actor's own where that is the holder, else what was handed in, else the name alone.
    pub(super) fn holder_of(&self, grant: &Grant) -> Value {
        if text(self.actor, "id") == grant.holder_id() {
            return self.actor.clone();
        }
        let handed = at(self.call, "holder");
        if text(handed, "id") == grant.holder_id() {
            handed.clone()
        } else {
            json!({"id": grant.holder_id()})
        }
    }

    fn plan(&self, now: Ms) -> Checked<Plan> {
        match text(self.call, "call") {
            "request" => self.grants().map(Plan::Request),
            "publish" => {
                let current = &self.policy.revision;
                let seen = at(self.call, "if_revision").as_str();
                ensure(
                    seen.is_none_or(|seen| seen == current),
                    "policy.stale",
                    || json!({"revision": current}),
                )?;
                Ok(Plan::Publish)
            }
            "revoke" if self.call.get("grant").is_none() => self.many(),
            verb => {
                let Some(grant) = self.world.grant(text(self.call, "grant")) else {
                    return no("grant.unknown", NONE.clone());
                };
                let holder = self.holder_of(grant);
                match verb {
                    "extend" => self.extension(grant, &holder, false).map(Plan::Extend),
                    "activate" => self.activation(grant, &holder).map(|()| Plan::Activate),
                    "review" => self.reviewed(grant).map(|()| Plan::Review),
                    "withdraw" | "give_back" | "revoke" => self.ending(grant, verb).map(Plan::Close),
                    _ => self.decision(grant, verb).map(Plan::Decide),
                }
            }
        }
        .map(|plan| {
            let _ = now;
            plan
        })
    }

    fn party(&self, grant: &Grant) -> bool {
        let id = text(self.actor, "id");
        !id.is_empty() && (id == grant.holder_id() || id == text(&grant.requester, "id"))
    }

    fn ending(&self, grant: &Grant, verb: &str) -> Checked<&'static str> {
        let may = if verb == "revoke" { self.may_revoke(grant) } else { self.party(grant) };
        ensure(may, "actor.not_allowed", || NONE.clone())?;
        match verb {
            "withdraw" => {
                let waits = matches!(grant.stage, Stage::Pending | Stage::Approved);
                ensure(waits, "request.closed", || super::extend::stands(grant))?;
                Ok("withdrawn")
            }
            "give_back" => {
                self.stage(grant, Stage::Active, "grant.not_active")?;
                Ok("given_back")
            }
            _ => {
                if !grant.open() {
                    self.stage(grant, Stage::Active, "grant.not_active")?;
                }
                self.bounds()?;
                ensure(self.reason_of().is_some(), "reason.missing", || NONE.clone())?;
                Ok("revoked")
            }
        }
    }

    fn may_revoke(&self, grant: &Grant) -> bool {
        let today = self.world.flow(&grant.flow.id, Ms::MAX).map(|(flow, _)| flow);
        let mut rules = [Some(grant.flow.clone()), today].into_iter().flatten();
        self.actor.is_string()
            || rules.any(|flow| means(&texts(&flow.doc, "revoke_by"), self.actor, "", &[]))
            || grant.ballot.yes.iter().any(|vote| text(&vote.by, "id") == text(self.actor, "id"))
    }

    fn activation(&self, grant: &Grant, holder: &Value) -> Checked {
        ensure(text(self.actor, "id") == grant.holder_id(), "actor.not_allowed", || NONE.clone())?;
        let waits = grant.stage == Stage::Approved && grant.waiting == "holder";
        if !waits {
            let code = if grant.outcome == "expired" { "grant.expired" } else { "grant.not_active" };
            return no(code, super::extend::stands(grant));
        }
        self.bounds()?;
        ensure(
            eligible(&grant.flow, holder, false),
            "person.not_eligible",
            || json!({"flow": grant.flow.id}),
        )?;
        let items = grant.scope_items();
        let about = self.about_extension(grant, &grant.flow, &items, grant.span);
        if let Some((code, condition)) = self.condition(list(&grant.flow.doc, "when"), holder, &about) {
            return no(code, json!({"condition": condition}));
        }
        self.conflict(&grant.flow, holder, Some(grant))?;
        if let Some(hours) = grant.flow.hours.as_ref().filter(|hours| !hours.is_open(self.now)) {
            return no(
                "hours.closed",
                json!({"opens_at": hours.opens(self.now).map(show), "why": hours.why(self.now)}),
            );
        }
        self.login(at(&grant.flow.doc, "mfa"))
    }

    fn reviewed(&self, grant: &Grant) -> Checked {
        let own = [&grant.holder, &grant.requester].iter().any(|party| same_human(party, self.actor));
        ensure(!own, "approval.own", || NONE.clone())?;
        let today = self.world.flow(&grant.flow.id, Ms::MAX).map(|(flow, _)| flow);
        let mut rules = [Some(grant.flow.clone()), today].into_iter().flatten();
        let manager = text(&grant.holder, "manager");
        let may = rules
            .any(|flow| means(&texts(&flow.doc, "break_glass.review_by"), self.actor, manager, &grant.items));
        ensure(may && self.actor.is_object(), "actor.not_allowed", || NONE.clone())?;
        let Some(review) = &grant.review else { return no("review.not_needed", NONE.clone()) };
        ensure(review.by.is_none(), "review.repeated", || json!({"reviewed_by": review.by}))?;
        self.bounds()
    }

    /// Open grants of a person, under a flow, at an integration or to an item.
    fn reached(&self) -> impl Iterator<Item = &Rc<Grant>> {
        let of = |name: &str| at(self.call, name).as_str();
        self.world.grants.values().filter(move |grant| {
            grant.open()
                && of("person").is_none_or(|person| grant.holder_id() == person)
                && of("flow").is_none_or(|flow| grant.flow.id == flow)
                && of("integration").is_none_or(|here| grant.scope.iter().any(|[at, ..]| at == here))
                && (at(self.call, "item").is_null() || grant.scope.contains(&item(at(self.call, "item"))))
        })
    }

    fn many(&self) -> Checked<Plan> {
        let (mine, others): (Vec<_>, Vec<_>) = self.reached().partition(|grant| self.may_revoke(grant));
        ensure(!mine.is_empty() || !others.is_empty(), "grant.unknown", || NONE.clone())?;
        ensure(!mine.is_empty(), "actor.not_allowed", || NONE.clone())?;
        self.bounds()?;
        ensure(self.reason_of().is_some(), "reason.missing", || NONE.clone())?;
        let ids = |grants: Vec<&Rc<Grant>>| grants.iter().map(|grant| grant.id.clone()).collect();
        Ok(Plan::RevokeAll(ids(mine), ids(others)))
    }

    /// The grants that a request comes to: one, or those of a kit.
    fn grants(&self) -> Checked<Vec<Grant>> {
        let prefix = at(self.call, "grant")
            .as_str()
            .map_or_else(|| made_up(text(self.call, "command_id")), str::to_owned);
        let Some(kit) = at(self.call, "kit").as_str() else {
            let flow = text(self.call, "flow");
            return Ok(vec![self.one(&prefix, flow, list(self.call, "items").to_vec())?]);
        };
        let kits = list(&self.policy.doc, "kits");
        let Some(kit) = kits.iter().find(|one| text(one, "id") == kit) else {
            return no("flow.unknown", json!({"kit": kit}));
        };
        if list(kit, "items").iter().any(|part| prefix.len() + text(part, "flow").len() + 1 > 256) {
            return no("request.too_large", NONE.clone());
        }
        let mut parts: Vec<(&str, Vec<Value>)> = Vec::new();
        for part in list(kit, "items") {
            let [at, kind, name] = ["integration", "type", "name"].map(|field| text(part, field).to_owned());
            let item = self.known([at, kind, name, text(part, "permission").to_owned()]);
            match parts.iter_mut().find(|(flow, _)| *flow == text(part, "flow")) {
                Some((_, items)) => items.push(item),
                None => parts.push((text(part, "flow"), vec![item])),
            }
        }
        let mut world = self.world.clone();
        let mut grants = Vec::new();
        for (flow, items) in parts {
            let judge = Judge { world: &world, policy: self.policy.clone(), ..*self };
            let grant = judge.one(&format!("{prefix}.{flow}"), flow, items).map_err(|mut no| {
                no.details.insert("flow".to_owned(), json!(flow));
                no
            })?;
            world.grants.insert(grant.id.clone(), Rc::new(grant.clone()));
            grants.push(grant);
        }
        Ok(grants)
    }

    /// An item with what the host says of its resource.
    fn known(&self, [at, kind, name, permission]: Item) -> Value {
        let is = |one: &&Value| {
            text(one, "integration") == at && text(one, "type") == kind && text(one, "name") == name
        };
        match list(self.call, "resources").iter().find(is) {
            Some(resource) => json!({"resource": resource, "permission": permission}),
            None => {
                json!({"resource": {"integration": at, "type": kind, "name": name}, "permission": permission, "unknown": true})
            }
        }
    }

    fn one(&self, id: &str, flow: &str, mut items: Vec<Value>) -> Checked<Grant> {
        ensure(self.world.grant(id).is_none(), "grant.exists", || NONE.clone())?;
        let Some((flow, present)) = self.world.flow(flow, Ms::MAX) else {
            return no("flow.unknown", NONE.clone());
        };
        let named = at(self.call, "holder");
        let holder =
            if named.is_object() && text(named, "id") != text(self.actor, "id") { named } else { self.actor };
        if text(&flow.doc, "take") == "all" {
            items.clear();
            for target in list(&flow.doc, "what") {
                for name in texts(target, "names") {
                    for permission in texts(target, "permissions") {
                        let [at, kind] = ["integration", "type"].map(|field| text(target, field).to_owned());
                        items.push(self.known([at, kind, name.to_owned(), permission.to_owned()]));
                    }
                }
            }
        }
        let mut seen = BTreeSet::new();
        items.retain(|one| seen.insert(item(one)));
        items.sort_by_key(item);
        let glass = flag(self.call, "break_glass", false);
        let default = ms(&flow.doc, "duration.default").unwrap_or(0);
        let default =
            if glass { default.min(ms(&flow.doc, "break_glass.max").unwrap_or(0)) } else { default };
        let least = if glass { 1 } else { ms(&flow.doc, "duration.min").unwrap_or(0) };
        let lowest = self.guarding(&items).filter_map(|guard| ms(guard, "require.max")).min();
        let span = span(at(self.call, "span"))
            .unwrap_or(default.min(lowest.filter(|lowest| *lowest >= least).unwrap_or(Ms::MAX)));
        let start = super::time::instant(at(self.call, "start"));
        let ask = Request { flow, items, holder, span, start, glass, present };
        self.request(&ask)?;
        Ok(self.granted(id, ask))
    }

    /// The grant that a request begins.
    fn granted(&self, id: &str, ask: Request) -> Grant {
        let approval = ask.flow.approval();
        let lane = !ask.glass && approval.asks() && self.lane(&approval, ask.holder, &self.about(&ask));
        let asks = !ask.glass && approval.asks() && !lane;
        let planned = ask.start.map_or(Ms::MAX, |start| start + ask.span);
        let decide_by = planned.min(self.now + approval.decide_within.unwrap_or(DAY));
        let ballot = Ballot::open(if asks { approval } else { Approval::default() }, self.now);
        let scope: BTreeSet<Item> = ask.items.iter().map(item).collect();
        Grant {
            id: id.to_owned(),
            flow: ask.flow,
            holder: Rc::new(ask.holder.clone()),
            requester: Rc::new(self.actor.clone()),
            requested_at: self.now,
            asked: ask.span,
            start: ask.start.filter(|_| !ask.glass),
            reason: words(self.call, "reason").map(str::to_owned),
            fields: at(self.call, "fields").clone(),
            glass: ask.glass,
            lanes: if lane { vec![self.now] } else { Vec::new() },
            items: Rc::new(ask.items),
            stage: Stage::Pending,
            span: ask.span,
            least: ask.span,
            left: scope.clone(),
            scope,
            decide_by,
            ballot,
            waiting: "",
            opens_at: None,
            within: 0,
            longest: 0,
            unused_at: 0,
            fails_at: None,
            told_until: 0,
            confirmed: false,
            since: None,
            end: None,
            clipped: false,
            reminders: Vec::new(),
            asks: None,
            extended: Vec::new(),
            carried: Ms::MIN,
            outcome: "",
            closed_at: 0,
            review: None,
            revoke_at: None,
            effects: Vec::new(),
            number: 0,
            given: BTreeMap::new(),
            sent: BTreeSet::new(),
            made: BTreeSet::new(),
            last: self.now,
        }
    }
}

/// The id of a grant for which none was given: made from the namespace and the command's id, each with its length
/// before it.
fn made_up(command: &str) -> String {
    let mut hash = Sha256::new();
    for part in ["default", command] {
        hash.update(u64::try_from(part.len()).unwrap_or(0).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

impl<G: Given> Auditor<G> {
    pub(super) fn judge<'j>(&'j self, world: &'j World, call: &'j Value, now: Ms) -> Judge<'j> {
        Judge { given: &self.given, world, policy: world.policy(), actor: at(call, "actor"), call, now }
    }

    /// The people whose grants a command loads.
    fn loaded(&self, call: &Value) -> Option<String> {
        if text(call, "call") == "request" {
            let named = text(call, "holder.id");
            return Some(if named.is_empty() { text(call, "actor.id") } else { named }.to_owned());
        }
        self.world.grant(text(call, "grant")).map(|grant| grant.holder_id().to_owned())
    }

    pub(super) fn command(&mut self, call: &Value, now: Ms) -> Value {
        match text(call, "call") {
            "sweep" => {
                self.world.settle(None, now);
                let holder = |record: &Value| {
                    self.world.grant(text(record, "grant")).map(|grant| grant.holder_id().to_owned())
                };
                let people: BTreeSet<_> = self.world.fresh.iter().filter_map(holder).collect();
                return json!({"ok": {"events": self.world.fresh.len(), "people": people.len()}});
            }
            "take_effects" => return json!({"ok": self.world.take(call, now)}),
            "effect_done" | "effect_failed" => {
                let said = self.world.verdict(call, now);
                return match said {
                    Ok(id) => {
                        json!({"ok": self.world.grant(&id).map(|grant| self.view(&self.world, grant, now))})
                    }
                    Err(code) => {
                        let grant = text(call, "effect").rsplit_once('/').map_or("", |(grant, _)| grant);
                        let grant = self.world.grant(grant).map(|grant| grant.id.clone());
                        self.world.fresh.push(json!({
                            "record": "refused", "at": show(now), "grant": grant, "effects": [], "command": null,
                            "actor": format!("system:{}", text(call, "worker")),
                        }));
                        json!({"refused": {"code": code}})
                    }
                };
            }
            _ => {}
        }
        let id = text(call, "command_id").to_owned();
        let holder = self.loaded(call);
        let now = holder.as_ref().map_or(now, |holder| self.latest(holder, now));
        let now = self.world.policies.last().map_or(now, |(from, _)| now.max(*from));
        let content = content(call);
        match self.accepted.get(&id) {
            Some((before, answer)) if *before == content => return answer.clone(),
            Some(_) => {
                return self.refuse(
                    call,
                    now,
                    No { code: "command.reused", details: Default::default(), again: false },
                );
            }
            None => {}
        }
        let mut holders: BTreeSet<_> = holder.into_iter().collect();
        if text(call, "call") == "revoke" && call.get("grant").is_none() {
            let judge = self.judge(&self.world, call, now);
            holders.extend(judge.reached().take(100).map(|grant| grant.holder_id().to_owned()));
        }
        holders.iter().for_each(|holder| self.world.settle(Some(holder), now));
        let mut settled = self.world.clone();
        settled.settle(None, now);
        let plan = self.judge(&settled, call, now).plan(now);
        match plan {
            Ok(plan) => {
                let answer = json!({"ok": self.carry_out(call, plan, now)});
                self.accepted.insert(id, (content, answer.clone()));
                answer
            }
            Err(no) => self.refuse(call, now, no),
        }
    }

    fn refuse(&mut self, call: &Value, now: Ms, no: No) -> Value {
        let asked = text(call, "call") == "request";
        let grant = self.world.grant(text(call, "grant")).filter(|_| !asked).map(|grant| grant.id.clone());
        let actor = actor(call);
        self.world.fresh.push(json!({
            "record": "refused", "at": show(now), "grant": grant, "effects": [], "actor": actor,
            "command": at(call, "command_id"),
        }));
        json!({"refused": refusal(no)})
    }

    pub(super) fn explain(&self, call: &Value, now: Ms) -> Value {
        let of = at(call, "of");
        let holder = self.loaded(of);
        let now = holder.map_or(now, |holder| self.latest(&holder, now));
        let now = self.world.policies.last().map_or(now, |(from, _)| now.max(*from));
        let mut view = self.world.clone();
        view.settle(None, now);
        let judge = self.judge(&view, of, now);
        let reused = self.accepted.get(text(of, "command_id")).filter(|(before, _)| *before != content(of));
        let judged = match reused {
            Some(_) => no("command.reused", NONE.clone()),
            None => judge.plan(now).map(drop),
        };
        let kit = text(of, "kit");
        // A kit that cannot be taken apart is refused before any of its flows is looked at.
        let whole = matches!(&judged, Err(No { details, .. }) if !details.contains_key("flow"));
        let known = kit.is_empty() || !whole;
        let codes: Vec<_> = codes(of, known).split_whitespace().collect();
        let failed = judged.as_ref().err().map(|no| {
            let mut places = (0..codes.len()).filter(|place| codes.get(*place) == Some(&no.code));
            if no.again { places.last() } else { places.next() }.unwrap_or(codes.len())
        });
        let checks = codes.iter().enumerate().map(|(place, code)| {
            let verdict = match failed {
                Some(failed) if place == failed => "fail",
                Some(failed) if place > failed => "unreached",
                _ => "pass",
            };
            json!({"code": code, "verdict": verdict})
        });
        let mut explained = json!({"checks": checks.collect::<Vec<_>>()});
        if let Err(no) = judged {
            explained["refused"] = refusal(no);
        }
        json!({"ok": explained})
    }

    fn carry_out(&mut self, call: &Value, plan: Plan, now: Ms) -> Value {
        let id = text(call, "grant").to_owned();
        let cause = Cause { actor: actor(call), command: at(call, "command_id").as_str().map(str::to_owned) };
        match plan {
            Plan::Request(grants) => {
                let ids: Vec<_> = grants.iter().map(|grant| grant.id.clone()).collect();
                for grant in grants {
                    self.requested(grant, now, &cause);
                }
                let views =
                    ids.iter().filter_map(|id| Some(self.view(&self.world, self.world.grant(id)?, now)));
                let views: Vec<_> = views.collect();
                return if call.get("kit").is_some() {
                    json!({"grants": views})
                } else {
                    json!(views.first())
                };
            }
            Plan::Publish => return self.publish(call, now, &cause),
            Plan::RevokeAll(mine, others) => return self.revoke_all(mine, others, now, &cause),
            Plan::Decide(decision) => self.decide(call, &id, decision, now, &cause),
            Plan::Extend(extension) => self.extend(call, &id, extension, now, &cause),
            Plan::Close(outcome) => self.world.close(&id, now, outcome, Some(&cause), &[]),
            Plan::Activate => {
                let until = self
                    .world
                    .grant(&id)
                    .and_then(|grant| self.world.flow(&grant.flow.id, Ms::MAX))
                    .and_then(|(flow, _)| flow.until());
                self.world.activate(&id, now, Some(&cause), until);
            }
            Plan::Review => {
                let by = text(call, "actor.id").to_owned();
                self.world.change(&id, |grant| {
                    grant.review.iter_mut().for_each(|review: &mut Review| review.by = Some(by.clone()))
                });
                self.world.tell(&id, now, "reviewed", Some(&cause), Vec::new());
            }
        }
        self.world.grant(&id).map_or(Value::Null, |grant| self.view(&self.world, grant, now))
    }

    fn requested(&mut self, grant: Grant, now: Ms, cause: &Cause) {
        let id = grant.id.clone();
        let asks = grant.ballot.rules.asks();
        let wanted = told(&grant.ballot, &grant, &grant.ballot.awaited());
        let effects = if asks { vec![Effect::notice("approval_wanted", wanted, None)] } else { Vec::new() };
        self.world.grants.insert(id.clone(), Rc::new(grant));
        self.world.tell(&id, now, "requested", Some(cause), effects);
        if !asks {
            self.world.approve(&id, now, Some(cause));
        }
    }

    fn publish(&mut self, call: &Value, now: Ms, cause: &Cause) -> Value {
        let policy = Policy::read(at(call, "policy"));
        let revision = policy.revision.clone();
        Rc::make_mut(&mut self.world.policies).push((now, Rc::new(policy)));
        self.world.fresh.push(json!({
            "record": "published", "at": show(now), "grant": null, "effects": [], "actor": cause.actor,
            "command": cause.command,
        }));
        json!({"published": revision})
    }

    fn revoke_all(&mut self, mine: Vec<String>, others: Vec<String>, now: Ms, cause: &Cause) -> Value {
        let (first, later) = mine.split_at(mine.len().min(100));
        self.world.fresh.push(json!({
            "record": "revoked_all", "at": show(now), "grant": null, "effects": [], "actor": cause.actor,
            "command": cause.command,
        }));
        for id in later {
            self.world.change(id, |grant| grant.revoke_at = Some((now, cause.clone())));
        }
        for id in first {
            self.world.close(id, now, "revoked", Some(cause), &mine);
        }
        json!({"revoked": mine, "not_allowed": others})
    }

    fn decide(&mut self, call: &Value, id: &str, decision: Decision, now: Ms, cause: &Cause) {
        let verb = text(call, "call");
        let (yes, of_extension) = (verb.starts_with("approve"), verb.ends_with("_extension"));
        let mut fresh = Vec::new();
        self.world.change(id, |grant| {
            if let Some(span) = decision.span {
                grant.least = grant.least.min(span);
            }
            if let Some(only) = &decision.only {
                grant.left.retain(|item| only.contains(item));
            }
            let ballot = match grant.asks.as_mut().filter(|_| of_extension) {
                Some(ask) => &mut ask.ballot,
                None => &mut grant.ballot,
            };
            if yes {
                ballot.yes.push(decision.vote)
            } else {
                ballot.no.push(decision.vote)
            };
            fresh = ballot.await_steps(now);
        });
        let Some(grant) = self.world.grant(id).cloned() else { return };
        let asked = grant.asks.clone().filter(|_| of_extension);
        let ballot = asked.as_ref().map_or(&grant.ballot, |ask| &ask.ballot);
        let event = |done: &str| format!("{}{done}", if of_extension { "extension_" } else { "" });
        let met = ballot.met();
        if !yes {
            self.world.tell(id, now, &event("denial_given"), Some(cause), Vec::new());
            match denied(ballot) {
                true if of_extension => {
                    self.world.drop_ask(id, now, "extension_denied", Some(cause), false);
                    if now >= grant.end.unwrap_or(0) {
                        self.world.close(id, now, "expired", Some(cause), &[]);
                    }
                }
                true => self.world.close(id, now, "denied", Some(cause), &[]),
                false => {}
            }
            return;
        }
        let notice = if of_extension { "extension_wanted" } else { "approval_wanted" };
        let wanted = told(ballot, &grant, &ballot.awaited());
        let more = !met && !fresh.is_empty();
        let effects = if more {
            vec![Effect::notice(notice, wanted, asked.as_ref().map(|ask| ask.end))]
        } else {
            Vec::new()
        };
        self.world.tell(id, now, &event("approval_given"), Some(cause), effects);
        match asked {
            Some(ask) if met => self.extended(id, ask.end, Some(&ask.by), false, now, cause),
            None if met => {
                self.world.change(id, |grant| (grant.span, grant.scope) = (grant.least, grant.left.clone()));
                self.world.approve(id, now, Some(cause));
            }
            _ => {}
        }
    }

    fn extend(&mut self, call: &Value, id: &str, extension: Extension, now: Ms, cause: &Cause) {
        let Some(grant) = self.world.grant(id).cloned() else { return };
        if !extension.approval.asks() {
            return self.extended(id, extension.end, None, extension.lane, now, cause);
        }
        let end = grant.end.unwrap_or(0);
        let judge = self.judge(&self.world, call, now);
        let total = super::extend::governing(&judge, &grant)
            .0
            .iter()
            .filter_map(|flow| ms(&flow.doc, "extension.total"))
            .min();
        let ceiling = total.map_or(Ms::MAX, |total| grant.since.unwrap_or(now) + total);
        let bridge = extension.bridge.map(|bridge| (end + bridge).min(extension.end).min(ceiling));
        let held = bridge.unwrap_or(end);
        let decide_by = extension.approval.decide_within.map_or(held, |within| held.min(now + within));
        let ask = Ask {
            by: Rc::new(at(call, "actor").clone()),
            at: now,
            span: extension.span,
            end: extension.end,
            decide_by,
            bridge,
            reason: words(call, "reason").map(str::to_owned),
            ballot: Ballot::open(extension.approval, now),
        };
        let mut effects: Vec<_> = if bridge.is_some() {
            grant.integrations().into_iter().map(|at| Effect::task("adjust", at)).collect()
        } else {
            Vec::new()
        };
        let wanted = told(&ask.ballot, &grant, &ask.ballot.awaited());
        effects.push(Effect::notice("extension_wanted", wanted, Some(ask.end)));
        self.world.change(id, |grant| grant.asks = Some(ask));
        self.world.tell(id, now, "extension_asked", Some(cause), effects);
    }

    fn extended(&mut self, id: &str, end: Ms, by: Option<&Value>, lane: bool, now: Ms, cause: &Cause) {
        self.world.change(id, |grant| {
            grant.asks = None;
            grant.end = Some(end);
            grant.extended.push(now);
            grant.lanes.extend(lane.then_some(now));
            grant.reminders = reminders(grant, end, now);
            grant.effects.retain(|effect| effect.kind != "notify:ending_soon" || effect.attempts > 0);
        });
        let Some(grant) = self.world.grant(id) else { return };
        let mut effects: Vec<_> =
            grant.integrations().into_iter().map(|at| Effect::task("adjust", at)).collect();
        let mut to = parties(grant);
        let by = by.map(|by| format!("user:{}", text(by, "id")));
        to.extend(by.filter(|by| !to.contains(by)));
        effects.push(Effect::notice("extended", to, Some(end)));
        self.world.tell(id, now, "extended", Some(cause), effects);
    }
}

fn actor(call: &Value) -> String {
    at(call, "actor").as_str().unwrap_or_else(|| text(call, "actor.id")).to_owned()
}

fn refusal(no: No) -> Value {
    if no.details.is_empty() {
        json!({"code": no.code})
    } else {
        json!({"code": no.code, "details": no.details})
    }
}

#[allow(dead_code, reason = "kept while it is written")]
fn unused(flow: &Flow, grant: &Grant) -> Vec<String> {
    let _ = flow;
    named(&[], grant)
}
