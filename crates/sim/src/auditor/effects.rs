//! What the world must be told, and how far it got.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::life::{Cause, Grant, Item, Stage, World, named, parties};
use super::policy::{at, flag, list, text, texts};
use super::time::{MINUTE, Ms, show};

const ATTEMPTS_MAX: u32 = 8;

/// What waits for one holder: when it was made, its grant, its number.
type Line = VecDeque<(Ms, String, u32)>;

/// One thing that is not finished.
#[derive(Clone)]
pub(super) struct Effect {
    pub(super) number: u32,
    /// `provision`, `notify:active`.
    pub(super) kind: String,
    pub(super) at: Option<String>,
    to: Vec<String>,
    ends: Option<Ms>,
    pub(super) made_at: Ms,
    pub(super) attempts: u32,
    not_before: Ms,
    lease: Option<(String, Ms)>,
    stuck: bool,
    /// The worker whose lease ran out last, and those whose effect was handed to another hand since.
    lapsed: Option<String>,
    silent: Vec<String>,
    pub(super) finished: bool,
}

impl Effect {
    pub(super) fn task(kind: &str, at: String) -> Self {
        Self { at: Some(at), ..Self::notice(kind, Vec::new(), None).bare(kind) }
    }

    fn bare(mut self, kind: &str) -> Self {
        kind.clone_into(&mut self.kind);
        self
    }

    pub(super) fn notice(notice: &str, to: Vec<String>, ends: Option<Ms>) -> Self {
        Self {
            number: 0,
            kind: format!("notify:{notice}"),
            at: None,
            to,
            ends,
            made_at: 0,
            attempts: 0,
            not_before: Ms::MIN,
            lease: None,
            stuck: false,
            lapsed: None,
            silent: Vec::new(),
            finished: false,
        }
    }

    /// From when it can be handed out.
    fn ready(&self) -> Ms {
        let leased = self.lease.as_ref().map_or(Ms::MIN, |(_, until)| *until);
        self.made_at.max(self.not_before).max(leased)
    }

    /// A lease that ran out brings it back later.
    fn run_out(&mut self, now: Ms) {
        if let Some((worker, until)) = self.lease.clone().filter(|(_, until)| *until <= now) {
            self.lease = None;
            self.not_before = until;
            self.lapsed = Some(worker);
        }
    }
}

/// It doubles with each attempt.
fn pause(attempts: u32) -> Ms {
    5_000_i64.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(15 * MINUTE)
}

fn json_item([at, kind, name, permission]: &Item) -> Value {
    json!({"integration": at, "type": kind, "name": name, "permission": permission})
}

pub(super) fn item(value: &Value) -> Item {
    let resource = value.get("resource").unwrap_or(value);
    let part = |field| text(resource, field).to_owned();
    [part("integration"), part("type"), part("name"), text(value, "permission").to_owned()]
}

pub(super) fn items<'i>(items: impl IntoIterator<Item = &'i Item>) -> Value {
    items.into_iter().map(json_item).collect()
}

impl Grant {
    pub(super) fn ephemeral(&self) -> bool {
        text(&self.flow.doc, "kind") == "ephemeral"
    }

    /// At most one effect of a line is under lease at a time.
    fn lane(&self, target: &str) -> (String, String) {
        let whose = if self.ephemeral() {
            format!("grant {}", self.id)
        } else {
            format!("holder {}", self.holder_id())
        };
        (whose, target.to_owned())
    }

    /// Whether a target was told to give something: of access that runs an order to is enough.
    fn reached(&self, target: &str, ran: bool) -> bool {
        if ran { self.made.contains(target) } else { self.given.keys().any(|[at, ..]| at == target) }
    }

    pub(super) fn outstanding(&self) -> impl Iterator<Item = &Effect> {
        self.effects.iter().filter(|effect| !effect.finished)
    }

    /// Until when a target is told that this grant covers its items, where it does.
    fn told(&self, target: &str) -> Option<Ms> {
        match self.stage {
            Stage::Active => Some(self.held_until()),
            Stage::Approved if self.made.contains(target) => Some(self.told_until),
            Stage::Pending | Stage::Approved | Stage::Closed => None,
        }
    }

    /// Puts an effect among those that wait, and cancels what it replaces.
    pub(super) fn queue(&mut self, effect: Effect) {
        if effect.kind == "adjust" {
            self.effects.retain(|old| old.kind != "adjust" || old.at != effect.at || old.attempts > 0);
        }
        self.effects.push(effect);
    }

    pub(super) fn enforcement(&self) -> &'static str {
        let mut worst = 0;
        for target in self.integrations() {
            let here = |effect: &&Effect| effect.at.as_deref() == Some(&*target);
            for effect in self.outstanding().filter(here) {
                let removes =
                    matches!(&*effect.kind, "deprovision" | "rotate") || self.stage == Stage::Closed;
                worst = worst.max(match (removes, effect.stuck) {
                    (true, true) => 6,
                    (false, true) => 5,
                    (true, false) => 4,
                    (false, false) => 3,
                });
            }
            if self.sent.contains(&target) {
                worst = worst.max(if self.stage == Stage::Closed { 1 } else { 2 });
            }
        }
        let names =
            ["none", "removed", "applied", "applying", "removing", "stuck_applying", "stuck_removing"];
        names.get(worst).copied().unwrap_or("none")
    }
}

impl World {
    /// The grant for which an item stays: the latest end, then the smallest id.
    fn keeper(&self, grant: &Grant, item: &Item, now: Ms, together: &[String]) -> Option<(String, Ms)> {
        if grant.ephemeral() {
            return None;
        }
        let others = self.grants.values().filter(|other| {
            other.id != grant.id
                && other.holder_id() == grant.holder_id()
                && !other.ephemeral()
                && other.revoke_at.is_none()
                && !together.contains(&other.id)
                && other.scope.contains(item)
        });
        let found = others
            .filter_map(|other| Some((other.told(&item[0]).filter(|until| *until > now)?, other.id.clone())));
        let best = found.min_by(|(end, id), (later, other)| later.cmp(end).then_with(|| id.cmp(other)));
        best.map(|(until, id)| (id, until))
    }

    /// What is to be taken away as a grant ends.
    pub(super) fn removal(&mut self, id: &str, now: Ms, outcome: &str, together: &[String]) -> Vec<Effect> {
        let Some(grant) = self.grants.get(id).cloned() else { return Vec::new() };
        self.change(id, |grant| {
            grant
                .effects
                .retain(|effect| !matches!(&*effect.kind, "provision" | "adjust") || effect.attempts > 0)
        });
        let (mut effects, mut rotate) = (Vec::new(), Vec::new());
        for target in grant.integrations() {
            if !grant.reached(&target, grant.stage == Stage::Active) {
                continue;
            }
            let ran = grant.stage == Stage::Active;
            let here = || {
                grant
                    .scope
                    .iter()
                    .filter(|item| item[0] == target && (ran || grant.given.contains_key(*item)))
            };
            let kept = |item: &Item| self.keeper(&grant, item, now, together).is_some();
            let before = |item: &Item| grant.given.get(item).copied().unwrap_or(false);
            if here().any(|item| !before(item) && !kept(item)) {
                effects.push(Effect::task("deprovision", target.clone()));
            } else if here().any(kept) {
                effects.push(Effect::task("adjust", target.clone()));
            }
            let ran = matches!(outcome, "expired" | "given_back" | "revoked");
            if ran && text(&grant.flow.doc, "credentials.rotate") == "on_end" {
                rotate.push(Effect::task("rotate", target.clone()));
            }
        }
        effects.extend(rotate);
        effects
    }

    /// Items of a grant that ended stay for others, and with them the mark that the holder had them before.
    pub(super) fn keep(
        &mut self,
        id: &str,
        target: Option<&str>,
        now: Ms,
        cause: Option<&Cause>,
        together: &[String],
    ) {
        let Some(grant) = self.grants.get(id).cloned() else { return };
        let mut keepers: BTreeMap<String, Vec<(Item, bool)>> = BTreeMap::new();
        let here =
            |item: &&Item| target.is_none_or(|target| item[0] == target) && grant.given.contains_key(*item);
        for item in grant.scope.iter().filter(here) {
            let before = grant.given.get(item).copied().unwrap_or(false);
            if let Some((keeper, _)) = self.keeper(&grant, item, now, together) {
                keepers.entry(keeper).or_default().push((item.clone(), before));
            }
        }
        for (keeper, items) in keepers {
            self.change(&keeper, |keeper| {
                for (item, before) in items {
                    *keeper.given.entry(item).or_insert(false) |= before;
                }
            });
            self.tell(&keeper, now, "kept_for", cause, Vec::new());
        }
    }

    /// What a worker is handed; nothing where there is nothing left to do.
    fn order(&self, grant: &Grant, effect: &Effect, now: Ms) -> Option<(String, Value, Vec<Item>)> {
        let kind = text(&grant.flow.doc, "kind");
        let credential = at(&grant.flow.doc, "credentials.type");
        let Some(target) = &effect.at else {
            let notice = effect.kind.strip_prefix("notify:");
            let mut tell = json!({"notice": notice, "to": effect.to});
            if let Some(ends) = effect.ends {
                tell["ends"] = show(ends);
            }
            return Some((effect.kind.clone(), json!({"tell": tell}), Vec::new()));
        };
        let hold = |held: Vec<(Item, Ms)>| {
            let items: Vec<_> = held
                .iter()
                .map(|(item, until)| json!({"item": json_item(item), "until": show(*until)}))
                .collect();
            let mut order = json!({"at": target, "kind": kind, "items": items});
            if !credential.is_null() {
                order["credential"] = credential.clone();
            }
            (json!({"hold": order}), held.into_iter().map(|(item, _)| item).collect())
        };
        let given = || grant.given.iter().filter(|([at, ..], _)| at == target);
        let keeps =
            || given().filter_map(|(item, _)| Some((item.clone(), self.keeper(grant, item, now, &[])?)));
        let keep: Vec<_> = keeps()
            .map(|(item, (by, until))| json!({"item": json_item(&item), "by": by, "until": show(until)}))
            .collect();
        match (&*effect.kind, grant.open()) {
            ("provision" | "adjust", true) => {
                let own = grant.told(target).unwrap_or(grant.told_until);
                let here = grant.scope.iter().filter(|[at, ..]| at == target);
                let held = here.map(|item| {
                    let other = self.keeper(grant, item, now, &[]).map_or(own, |(_, until)| until.max(own));
                    (item.clone(), other)
                });
                let (order, items) = hold(held.collect());
                Some((effect.kind.clone(), order, items))
            }
            ("rotate", _) => {
                let all: Vec<_> = given().map(|(item, _)| item).collect();
                if all.is_empty() {
                    return None;
                }
                let order = json!({"at": target, "kind": kind, "credential": credential, "items": items(all), "keep": keep});
                Some(("rotate".to_owned(), json!({"rotate": order}), Vec::new()))
            }
            (what, _) => {
                let remove: Vec<_> = given()
                    .filter(|(item, before)| !**before && self.keeper(grant, item, now, &[]).is_none())
                    .map(|(item, _)| item)
                    .collect();
                if what != "deprovision" || remove.is_empty() {
                    let held: Vec<_> = keeps().map(|(item, (_, until))| (item, until)).collect();
                    let kind = if what == "provision" { what } else { "adjust" };
                    return (!held.is_empty()).then(|| (kind.to_owned(), hold(held).0, Vec::new()));
                }
                let outcome = if grant.open() { Value::Null } else { json!(grant.outcome) };
                let order = json!({"at": target, "kind": kind, "remove": items(remove), "keep": keep, "outcome": outcome, "cut_sessions": true});
                Some(("deprovision".to_owned(), json!({"remove": order}), Vec::new()))
            }
        }
    }

    /// Hands effects out under a lease.
    pub(super) fn take(&mut self, call: &Value, now: Ms) -> Value {
        let lease = super::time::span(at(call, "lease")).unwrap_or(0).clamp(1_000, 60 * MINUTE);
        let only = at(call, "integration").as_str();
        let limit =
            at(call, "limit").as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(100).max(1);
        let wanted = |effect: &&Effect| {
            only.is_none_or(|only| effect.at.as_deref() == Some(only)) && effect.ready() <= now
        };
        let mut first: BTreeMap<String, Ms> = BTreeMap::new();
        for grant in self.grants.values() {
            if let Some(ready) = grant.outstanding().filter(wanted).map(Effect::ready).min() {
                let first = first.entry(grant.holder_id().to_owned()).or_insert(ready);
                *first = ready.min(*first);
            }
        }
        let mut lines: Vec<(Ms, String, Option<Line>)> =
            first.into_iter().map(|(holder, ready)| (ready, holder, None)).collect();
        lines.sort_by_key(|(ready, ..)| *ready);
        // One of each holder in turn, so that nobody's many hold up another's one.
        let (mut handed, mut busy) = (Vec::new(), Vec::new());
        while !lines.is_empty() && handed.len() < limit {
            for (_, holder, line) in &mut lines {
                if handed.len() >= limit {
                    break;
                }
                let last =
                    self.grants.values().filter(|grant| grant.holder_id() == holder).map(|grant| grant.last);
                let now = last.fold(now, Ms::max);
                let line = line.get_or_insert_with(|| self.line(holder, wanted, &mut busy, now));
                while let Some((_, id, number)) = line.pop_front() {
                    let last = self.grants.get(&id).map_or(0, |grant| grant.number);
                    if let Some(effect) =
                        self.hand(&id, number, (text(call, "worker"), now + lease), &mut busy, now)
                    {
                        handed.push(effect);
                        // That it is stuck is told in the same round, where any effect is wanted.
                        let more = self.grants.get(&id).map_or(0, |grant| grant.number);
                        line.extend(
                            (last + 1..=more)
                                .filter(|_| only.is_none())
                                .map(|number| (now, id.clone(), number)),
                        );
                        break;
                    }
                }
            }
            lines.retain(|(_, _, line)| line.as_ref().is_none_or(|line| !line.is_empty()));
        }
        Value::Array(handed)
    }

    /// What waits for one holder's targets and people, once time has done its part.
    fn line(
        &mut self,
        holder: &str,
        wanted: impl Fn(&&Effect) -> bool,
        busy: &mut Vec<(String, String)>,
        now: Ms,
    ) -> Line {
        self.settle(Some(holder), now);
        let mine = self.grants.values().filter(|grant| grant.holder_id() == holder);
        let ids: Vec<_> = mine.map(|grant| grant.id.clone()).collect();
        let mut line = Vec::new();
        for id in ids {
            self.run_out(&id, now);
            let Some(grant) = self.grants.get(&id) else { continue };
            let held = grant.outstanding().filter(|effect| effect.lease.is_some());
            busy.extend(held.filter_map(|effect| effect.at.as_ref()).map(|at| grant.lane(at)));
            let free = grant.outstanding().filter(|effect| effect.lease.is_none()).filter(&wanted);
            line.extend(free.map(|effect| (effect.made_at, id.clone(), effect.number)));
        }
        line.sort();
        line.into()
    }

    /// Leases that ran out bring their effects back.
    fn run_out(&mut self, id: &str, now: Ms) {
        let over = |effect: &Effect| effect.lease.as_ref().is_some_and(|(_, until)| *until <= now);
        if self.grants.get(id).is_some_and(|grant| grant.effects.iter().any(over)) {
            self.change(id, |grant| grant.effects.iter_mut().for_each(|effect| effect.run_out(now)));
        }
    }

    /// Hands one effect out; nothing where its line is busy, or there is nothing left to do.
    fn hand(
        &mut self,
        id: &str,
        number: u32,
        (worker, until): (&str, Ms),
        busy: &mut Vec<(String, String)>,
        now: Ms,
    ) -> Option<Value> {
        let grant = self.grants.get(id)?.clone();
        let effect = grant.effects.iter().find(|effect| effect.number == number)?;
        let lane = effect.at.as_ref().map(|at| grant.lane(at));
        if lane.as_ref().is_some_and(|lane| busy.contains(lane)) {
            return None;
        }
        let cause = Cause { actor: format!("system:{worker}"), command: None };
        let Some((kind, order, items)) = self.order(&grant, effect, now) else {
            self.change(id, |grant| grant.finish(number));
            self.tell(id, now, "effect_skipped", Some(&cause), Vec::new());
            return None;
        };
        busy.extend(lane);
        if effect.attempts >= ATTEMPTS_MAX && !effect.stuck {
            self.say_stuck(&grant, effect, now, Some(&cause));
        }
        self.change(id, |grant| {
            if kind == "provision" {
                grant.sent.extend(effect.at.clone());
            }
            for item in items {
                grant.given.entry(item).or_insert(false);
            }
            if let Some(effect) = grant.effects.iter_mut().find(|effect| effect.number == number) {
                effect.stuck |= effect.attempts >= ATTEMPTS_MAX;
                effect.attempts += 1;
                let lapsed = effect.lapsed.take();
                effect.silent.extend(lapsed);
                effect.lease = Some((worker.to_owned(), until));
            }
        });
        self.tell(id, now, "effect_taken", Some(&cause), Vec::new());
        if !grant.open() && effect.at.is_some() && kind != "rotate" {
            self.keep(id, effect.at.as_deref(), now, Some(&cause), &[]);
        }
        Some(json!({
            "id": format!("{id}/{number}"), "grant": id, "number": number, "kind": kind, "holder": grant.holder_id(),
            "attempt": effect.attempts + 1, "worker": worker, "lease_until": show(until), "order": order,
        }))
    }

    /// What a worker says of an effect; the code of the refusal where it is not its to say.
    pub(super) fn verdict(&mut self, call: &Value, now: Ms) -> Result<String, &'static str> {
        let (id, number) = text(call, "effect").rsplit_once('/').unwrap_or_default();
        let (worker, number) = (text(call, "worker"), number.parse::<u32>().unwrap_or(0));
        let holder = self.grants.get(id).map(|grant| grant.holder_id().to_owned()).ok_or("grant.unknown")?;
        self.settle(Some(&holder), now);
        self.run_out(id, now);
        let grant = self.grants.get(id).cloned().ok_or("effect.unknown")?;
        let effect = grant.effects.iter().find(|effect| effect.number == number).ok_or("effect.unknown")?;
        let cause = Cause { actor: format!("system:{worker}"), command: None };
        let cause = Some(&cause);
        if effect.lease.as_ref().is_none_or(|(holder, _)| holder != worker) {
            if effect.at.is_none() || !effect.silent.iter().any(|silent| silent == worker) {
                return Err(if effect.finished { "effect.unknown" } else { "effect.not_leased" });
            }
            self.late(&grant, effect, worker, now, cause);
            return Ok(id.to_owned());
        }
        if text(call, "call") == "effect_done" {
            self.done(&grant, effect, call, now, cause);
        } else {
            self.missed(&grant, effect, flag(call, "final", false), now, cause);
        }
        Ok(id.to_owned())
    }

    /// Access that may have come back is taken away again, an old end told anew.
    fn late(&mut self, grant: &Grant, effect: &Effect, worker: &str, now: Ms, cause: Option<&Cause>) {
        self.change(&grant.id, |grant| {
            let heard = grant.effects.iter_mut().find(|one| one.number == effect.number);
            if let Some(heard) = heard
                && let Some(place) = heard.silent.iter().position(|silent| silent == worker)
            {
                heard.silent.remove(place);
            }
        });
        let again = effect
            .at
            .clone()
            .map(|target| Effect::task(if grant.open() { "adjust" } else { "deprovision" }, target));
        self.tell(&grant.id, now, "effect_late", cause, again.into_iter().collect());
    }

    fn done(&mut self, grant: &Grant, effect: &Effect, call: &Value, now: Ms, cause: Option<&Cause>) {
        self.change(&grant.id, |grant| grant.finish(effect.number));
        for held in list(call, "already_held").iter().map(item) {
            let others = self.grants.values().any(|other| {
                other.id != grant.id
                    && other.holder_id() == grant.holder_id()
                    && other.given.contains_key(&held)
            });
            if effect.kind == "provision" && effect.attempts == 1 && !others && !grant.ephemeral() {
                self.change(&grant.id, |grant| {
                    grant.given.insert(held, true);
                });
            }
        }
        self.tell(&grant.id, now, "effect_done", cause, Vec::new());
        let waits = grant.stage == Stage::Approved && grant.waiting == "provisioning";
        let confirmed = self
            .grants
            .get(&grant.id)
            .is_some_and(|grant| grant.outstanding().all(|effect| effect.kind != "provision"));
        if waits && effect.kind == "provision" && confirmed {
            self.change(&grant.id, |grant| grant.confirmed = true);
            self.proceed(&grant.id, now, cause, false);
        }
    }

    fn missed(&mut self, grant: &Grant, effect: &Effect, last: bool, now: Ms, cause: Option<&Cause>) {
        let stuck = last || effect.attempts >= ATTEMPTS_MAX;
        let waits = grant.stage == Stage::Approved && grant.waiting == "provisioning";
        let ends = last && effect.kind == "provision" && waits;
        self.change(&grant.id, |grant| {
            if ends {
                return grant.finish(effect.number);
            }
            if let Some(effect) = grant.effects.iter_mut().find(|one| one.number == effect.number) {
                effect.lease = None;
                effect.not_before = now + pause(effect.attempts);
                effect.stuck |= stuck;
            }
        });
        self.tell(&grant.id, now, "effect_failed", cause, Vec::new());
        if ends {
            self.close(&grant.id, now, "failed", cause, &[]);
        } else if stuck && !effect.stuck {
            self.say_stuck(grant, effect, now, cause);
        }
    }

    /// Attempts are used up; of a notice that reached nobody there is nobody to be told.
    fn say_stuck(&mut self, grant: &Grant, effect: &Effect, now: Ms, cause: Option<&Cause>) {
        let mut to = named(&texts(&grant.flow.doc, "revoke_by"), grant);
        to.extend(parties(grant).into_iter().take(1));
        let told = effect.at.as_ref().map(|_| Effect::notice("stuck", to, None));
        self.tell(&grant.id, now, "effect_stuck", cause, told.into_iter().collect());
    }
}

impl Grant {
    fn finish(&mut self, number: u32) {
        if let Some(effect) = self.effects.iter_mut().find(|effect| effect.number == number) {
            effect.finished = true;
            effect.lease = None;
            let lapsed = effect.lapsed.take();
            effect.silent.extend(lapsed);
        }
        // Only who fell silent may still speak of what is finished.
        self.effects.retain(|effect| !effect.finished || !effect.silent.is_empty());
    }
}
