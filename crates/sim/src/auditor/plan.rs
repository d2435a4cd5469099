//! What a command comes to, once all of its checks have passed.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Value, json};

use super::checks::{Checked, Judge, Request, ensure, no, words};
use super::decide::Decision;
use super::effects::item;
use super::extend::Extension;
use super::life::{Ballot, Grant, Item, Stage};
use super::people::{eligible, means, same_human};
use super::policy::{Approval, Flow, NONE, at, flag, list, ms, text, texts};
use super::time::{DAY, Ms, show, span};

/// What passed all checks.
pub(super) enum Plan {
    Request(Vec<Grant>),
    Decide(Decision),
    Extend(Extension),
    Close(&'static str),
    Activate,
    Review,
    Erase,
    RevokeAll(Vec<String>, Vec<String>),
    Publish,
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
            json!({"id": grant.holder_id(), "unknown": true})
        }
    }

    pub(super) fn plan(&self) -> Checked<Plan> {
        match text(self.call, "call") {
            "request" => self.grants().map(Plan::Request),
            "publish" => {
                self.bounds()?;
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
                    "erase" => self.erasure(grant).map(|()| Plan::Erase),
                    "review" => self.reviewed(grant).map(|()| Plan::Review),
                    "withdraw" | "give_back" | "revoke" => self.ending(grant, verb).map(Plan::Close),
                    _ => self.decision(grant, verb).map(Plan::Decide),
                }
            }
        }
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
                self.bounds()?;
                Ok("withdrawn")
            }
            "give_back" => {
                self.stage(grant, Stage::Active, "grant.not_active")?;
                self.bounds()?;
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
            || grant.ballot.yes.iter().any(|vote| same_human(&vote.by, self.actor))
    }

    fn activation(&self, grant: &Grant, holder: &Value) -> Checked {
        ensure(text(self.actor, "id") == grant.holder_id(), "actor.not_allowed", || NONE.clone())?;
        let until = self.world.flow(&grant.flow.id, Ms::MAX).and_then(|(today, _)| today.until());
        let left = until.is_none_or(|until| self.now < until);
        let waits = grant.stage == Stage::Approved && grant.waiting == "holder";
        if !waits || !left {
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
        let about = grant.about(&items, self.actor);
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
        let parties = [&grant.holder, &grant.requester].into_iter().chain(&grant.extenders);
        let mut parties = parties.chain(&grant.holders);
        let own = parties.any(|party| same_human(party, self.actor));
        ensure(!own, "approval.own", || NONE.clone())?;
        let today = self.world.flow(&grant.flow.id, Ms::MAX).map(|(flow, _)| flow);
        let mut rules = [Some(grant.flow.clone()), today].into_iter().flatten();
        let manager = text(&grant.holder, "manager");
        let may = rules.any(|flow| {
            means(&texts(&flow.doc, "break_glass.review_by"), self.actor, manager, &grant.scope_items())
        });
        ensure(may && self.actor.is_object(), "actor.not_allowed", || NONE.clone())?;
        let Some(review) = &grant.review else { return no("review.not_needed", NONE.clone()) };
        ensure(review.by.is_none(), "review.repeated", || json!({"reviewed_by": review.by}))?;
        self.bounds()
    }

    fn erasure(&self, grant: &Grant) -> Checked {
        ensure(self.actor.is_string(), "actor.not_allowed", || NONE.clone())?;
        ensure(grant.over_for_good(), "erasure.too_early", || super::extend::stands(grant))?;
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
        let (mine, others) = self.found();
        ensure(!mine.is_empty() || !others.is_empty(), "grant.unknown", || NONE.clone())?;
        ensure(!mine.is_empty(), "actor.not_allowed", || NONE.clone())?;
        self.bounds()?;
        ensure(self.reason_of().is_some(), "reason.missing", || NONE.clone())?;
        let ids = |grants: Vec<&Rc<Grant>>| grants.iter().map(|grant| grant.id.clone()).collect();
        Ok(Plan::RevokeAll(ids(mine), ids(others)))
    }

    /// What is reached and may be revoked, and what may not.
    pub(super) fn found(&self) -> (Vec<&Rc<Grant>>, Vec<&Rc<Grant>>) {
        self.reached().partition(|grant| self.may_revoke(grant))
    }

    /// The grants that a request comes to: one, or those of a kit.
    fn grants(&self) -> Checked<Vec<Grant>> {
        let prefix = prefix(self.call);
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
        // What is told in two ways is not known.
        let mut told = list(self.call, "resources").iter().filter(is);
        match told.next().filter(|first| told.all(|other| other == *first)) {
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
        let named = !items.is_empty();
        if text(&flow.doc, "take") == "all" {
            items = whole(&flow).into_iter().map(|item| self.known(item)).collect();
        }
        let glass = flag(self.call, "break_glass", false);
        let (mut default, mut least) =
            (ms(&flow.doc, "duration.default").unwrap_or(0), ms(&flow.doc, "duration.min").unwrap_or(0));
        if let Some(most) = ms(&flow.doc, "break_glass.max").filter(|_| glass) {
            (default, least) = (default.min(most), 1);
        }
        let lowest = self.guarding(&items).filter_map(|guard| ms(guard, "require.max")).min();
        let span = span(at(self.call, "span"))
            .unwrap_or(default.min(lowest.filter(|lowest| *lowest >= least).unwrap_or(Ms::MAX)));
        let start = super::time::instant(at(self.call, "start"));
        let ask = Request { flow, items, named, holder, span, start, glass, present };
        self.request(&ask)?;
        Ok(self.granted(id, ask))
    }

    /// The grant that a request begins.
    fn granted(&self, id: &str, mut ask: Request) -> Grant {
        let approval = ask.flow.approval();
        let lane =
            !ask.glass && approval.asks() && self.lane(&approval, ask.holder, &self.about(&ask), false);
        let asks = !ask.glass && approval.asks() && !lane;
        let planned = ask.start.map_or(Ms::MAX, |start| start + ask.span);
        let decide_by = planned.min(self.now + approval.decide_within.unwrap_or(DAY));
        let ballot = Ballot::open(if asks { approval } else { Approval::default() }, self.now);
        // What is named twice is judged twice, and kept once.
        ask.items.sort_by_key(item);
        ask.items.dedup_by_key(|one| item(one));
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
            lanes: if lane { vec![(self.now, false)] } else { Vec::new() },
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
            told_until: None,
            confirmed: false,
            since: None,
            end: None,
            clipped: false,
            reminders: Vec::new(),
            asks: None,
            extended: Vec::new(),
            extenders: Vec::new(),
            holders: Vec::new(),
            carried: Ms::MIN,
            outcome: "",
            closed_at: 0,
            review: None,
            revoke_at: None,
            effects: Vec::new(),
            number: 0,
            given: BTreeMap::new(),
            inherited: BTreeSet::new(),
            silent: Vec::new(),
            last: self.now,
            approved_at: 0,
        }
    }
}

/// The id of a grant, or what those of a kit begin with.
pub(super) fn prefix(call: &Value) -> String {
    at(call, "grant").as_str().map_or_else(|| made_up(text(call, "command_id")), str::to_owned)
}

/// The items of a flow that is taken whole.
pub(super) fn whole(flow: &Flow) -> BTreeSet<Item> {
    let mut items = BTreeSet::new();
    let all = text(&flow.doc, "take") == "all";
    for target in list(&flow.doc, "what").iter().filter(|_| all) {
        for name in texts(target, "names") {
            for permission in texts(target, "permissions") {
                let [at, kind] = ["integration", "type"].map(|field| text(target, field).to_owned());
                items.insert([at, kind, name.to_owned(), permission.to_owned()]);
            }
        }
    }
    items
}

/// The id of a grant for which none was given: made from the namespace and the command's id, each with its length
/// before it.
fn made_up(command: &str) -> String {
    let digest = super::effects::digest(&[b"default", command.as_bytes()]);
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
