//! What the world must be told, and how far it got.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::life::{Cause, Grant, Item, Stage, World, named};
use super::policy::{at, flag, list, text, texts};
use super::time::{MINUTE, Ms, show};

/// Attempts after which an effect is stuck.
const ATTEMPTS_MAX: u32 = 8;
/// Workers whose silence is remembered of one effect.
const SILENT_MAX: usize = 8;
/// From the best to the worst.
const WORDS: [&str; 7] =
    ["none", "removed", "applied", "applying", "removing", "stuck_applying", "stuck_removing"];

/// An effect's number, who had it and never spoke, and the target.
pub(super) type Silent = (u32, String, String);

/// One thing that is not finished.
#[derive(Clone)]
pub(super) struct Effect {
    number: u32,
    /// `provision`, `notify:active`.
    pub(super) kind: String,
    pub(super) at: Option<String>,
    to: Vec<String>,
    ends: Option<Ms>,
    made_at: Ms,
    pub(super) attempts: u32,
    not_before: Ms,
    lease: Option<(String, Ms)>,
    stuck: bool,
}

impl Effect {
    pub(super) fn task(kind: &str, at: String) -> Self {
        let (number, attempts, made_at, not_before) = (0, 0, 0, 0);
        let (kind, at) = (kind.to_owned(), Some(at));
        Self {
            number,
            kind,
            at,
            to: Vec::new(),
            ends: None,
            made_at,
            attempts,
            not_before,
            lease: None,
            stuck: false,
        }
    }

    pub(super) fn notice(notice: &str, to: Vec<String>, ends: Option<Ms>) -> Self {
        Self { to, ends, at: None, ..Self::task(&format!("notify:{notice}"), String::new()) }
    }

    /// From when it can be handed out: after its pause, and after the lease on it ran out.
    fn ready(&self) -> Ms {
        self.not_before.max(self.lease.as_ref().map_or(Ms::MIN, |(_, until)| *until))
    }

    fn leased(&self, now: Ms) -> bool {
        self.lease.as_ref().is_some_and(|(_, until)| now < *until)
    }
}

/// SHA-256 of parts, each after its length.
pub(super) fn digest(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(0).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().to_vec()
}

/// It doubles with each attempt, and each has a share of up to half taken off.
fn pause(grant: &str, effect: &Effect, last: bool) -> Ms {
    let doubled = 5_000_i64.saturating_mul(1 << effect.attempts.saturating_sub(1).min(20));
    let longest = if last { 15 * MINUTE } else { doubled.min(15 * MINUTE) };
    let (number, attempt) = (effect.number.to_be_bytes(), effect.attempts.to_be_bytes());
    let digest = digest(&[b"default", grant.as_bytes(), &number, &attempt]);
    let share = digest.iter().take(2).fold(0, |share, byte| share * 256 + Ms::from(*byte));
    longest - longest * share / (2 * 0xffff)
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

    /// Where at most one effect is under lease at a time, among those of one holder.
    fn lane(&self, target: &str) -> (Option<String>, String) {
        (self.ephemeral().then(|| self.id.clone()), target.to_owned())
    }

    pub(super) fn outstanding(&self) -> impl Iterator<Item = &Effect> {
        self.effects.iter()
    }

    fn scope_at(&self, target: &str) -> impl Iterator<Item = &Item> {
        self.scope.iter().filter(move |[at, ..]| at == target)
    }

    /// Until when targets are told that this grant covers its items, where they are.
    fn told(&self, now: Ms) -> Option<Ms> {
        match self.stage {
            // Nobody decides on what asks to be longer once that is due: at that instant it has lapsed.
            Stage::Active => Some(self.held_until()).filter(|until| {
                now < self.asks.as_ref().map_or(*until, |ask| ask.decide_by.max(self.end.unwrap_or(0)))
            }),
            Stage::Approved => {
                self.told_until.filter(|_| now < self.fails_at.unwrap_or(Ms::MAX).min(self.unused_at))
            }
            Stage::Pending | Stage::Closed => None,
        }
    }

    /// Puts an effect among those that wait. What it replaces and nobody took is gone.
    pub(super) fn queue(&mut self, effect: Effect, now: Ms) {
        let replaced: &[&str] = match &*effect.kind {
            "adjust" => &["adjust"],
            "deprovision" => &["provision", "adjust"],
            _ => &[],
        };
        self.cancel(|old| old.at == effect.at && replaced.contains(&&*old.kind));
        self.number += 1;
        self.effects.push(Effect { number: self.number, made_at: now, not_before: now, ..effect });
    }

    /// What nobody took is not carried out any more.
    pub(super) fn cancel(&mut self, which: impl Fn(&Effect) -> bool) {
        self.effects.retain(|effect| effect.attempts > 0 || !which(effect));
    }

    fn edit(&mut self, number: u32, edit: impl FnOnce(&mut Effect)) {
        self.effects.iter_mut().find(|effect| effect.number == number).map(edit);
    }

    /// Who had it and never spoke may still do so. A rotation that comes late does no harm.
    fn fell_silent(&mut self, effect: &Effect) {
        let (Some(at), Some((worker, _))) = (&effect.at, &effect.lease) else { return };
        if effect.kind == "rotate" {
            return;
        }
        let of_it = |silent: &Silent| silent.0 == effect.number;
        if self.silent.iter().filter(|silent| of_it(silent)).count() >= SILENT_MAX {
            self.silent.iter().position(of_it).map(|place| self.silent.remove(place));
        }
        self.silent.push((effect.number, worker.clone(), at.clone()));
    }

    pub(super) fn enforcement(&self) -> &'static str {
        let over = !self.open();
        let at = |target: &String| {
            // Of what is over counts what its end made, and what came after.
            let counts = |effect: &&Effect| {
                effect.at.as_ref() == Some(target)
                    && !(over
                        && (effect.kind == "provision"
                            || effect.kind == "adjust" && effect.made_at < self.closed_at))
            };
            let (waits, stuck) = (
                self.effects.iter().filter(counts).count() > 0,
                self.effects.iter().filter(counts).any(|effect| effect.stuck),
            );
            let given = self.given.keys().any(|[at, ..]| at == target);
            match (waits, stuck) {
                (true, true) => 5 + usize::from(over),
                (true, false) => 3 + usize::from(over),
                _ if given => 2 - usize::from(over),
                _ => 0,
            }
        };
        WORDS[self.integrations().iter().map(at).max().unwrap_or(0)]
    }
}

impl World {
    /// Until when targets are told to hold what a grant names: where it does not yet run, not past the flow's `until`
    /// by the policies that came before some instant.
    fn told(&self, grant: &Grant, now: Ms, before: Ms) -> Option<Ms> {
        let until = self.until(&grant.flow.id, before);
        let until = until.filter(|_| grant.stage != Stage::Active).unwrap_or(Ms::MAX);
        grant.told(now).map(|told| told.min(until))
    }

    /// The holder's other grants for which targets are told to hold an item, and until when. What has an account of
    /// its own is apart.
    fn others<'w>(
        &'w self,
        grant: &'w Grant,
        item: &'w Item,
        now: Ms,
        before: Ms,
    ) -> impl Iterator<Item = (&'w Grant, Ms)> {
        let others = self.grants.values().filter(|other| {
            other.id != grant.id
                && other.holder_id() == grant.holder_id()
                && !grant.ephemeral()
                && !other.ephemeral()
                && other.revoke_at.is_none()
                && other.scope.contains(item)
        });
        others.filter_map(move |other| Some((&**other, self.told(other, now, before)?)))
    }

    /// The grant for which an item stays: the latest end, then the smallest id.
    fn keeper(
        &self,
        grant: &Grant,
        item: &Item,
        now: Ms,
        before: Ms,
        together: &[String],
    ) -> Option<(String, Ms)> {
        let others = self.others(grant, item, now, before).filter(|(other, _)| !together.contains(&other.id));
        let best = others.min_by_key(|(other, until)| (std::cmp::Reverse(*until), &other.id));
        best.map(|(other, until)| (other.id.clone(), until))
    }

    /// What is to be taken away as a grant ends.
    pub(super) fn removal(&self, grant: &Grant, now: Ms, outcome: &str, together: &[String]) -> Vec<Effect> {
        let ran = grant.stage == Stage::Active;
        let (mut effects, mut rotations) = (Vec::new(), Vec::new());
        for target in grant.integrations() {
            if !ran && !grant.given.keys().any(|[at, ..]| *at == target) {
                continue;
            }
            let kept = |item: &&Item| self.keeper(grant, item, now, Ms::MAX, together).is_some();
            let had = |item: &Item| grant.given.get(item) == Some(&true);
            if grant.scope_at(&target).any(|item| !had(item) && !kept(&item)) {
                effects.push(Effect::task("deprovision", target.clone()));
            } else if grant.scope_at(&target).any(|item| kept(&item)) {
                effects.push(Effect::task("adjust", target.clone()));
            }
            if matches!(outcome, "expired" | "given_back" | "revoked")
                && text(&grant.flow.doc, "credentials.rotate") == "on_end"
            {
                rotations.push(Effect::task("rotate", target));
            }
        }
        effects.extend(rotations);
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
        // Time, and who revokes many, meet the policy of their instant, whenever it is written down.
        let law = if cause.is_some() && together.is_empty() { Ms::MAX } else { now };
        let mut keepers: BTreeMap<String, Vec<(Item, bool)>> = BTreeMap::new();
        for (item, before) in &grant.given {
            let here = target.is_none_or(|target| item[0] == target);
            if let Some((keeper, _)) = self.keeper(&grant, item, now, law, together).filter(|_| here) {
                keepers.entry(keeper).or_default().push((item.clone(), *before));
            }
        }
        for (keeper, items) in keepers {
            let mut at = now;
            self.change(&keeper, |keeper| {
                // A host that is ahead may have asked for it later than that.
                at = at.max(keeper.last);
                for (item, before) in items {
                    keeper.inherited.insert(item.clone());
                    *keeper.given.entry(item).or_insert(false) |= before;
                }
            });
            self.tell(&keeper, at, "kept_for", cause, Vec::new());
        }
    }

    /// What a worker is handed; nothing where there is nothing left to do.
    fn order(&self, grant: &Grant, effect: &Effect, now: Ms) -> Option<(String, Value, Vec<Item>)> {
        let Some(target) = &effect.at else {
            let mut tell = json!({"notice": effect.kind.strip_prefix("notify:"), "to": effect.to});
            if let Some(ends) = effect.ends {
                tell["ends"] = show(ends);
            }
            return Some((effect.kind.clone(), json!({"tell": tell}), Vec::new()));
        };
        let mut order = json!({"at": target, "kind": text(&grant.flow.doc, "kind")});
        let credential = at(&grant.flow.doc, "credentials.type").clone();
        let given = |item: &&Item| grant.given.contains_key(*item);
        let kept: Vec<_> = grant
            .scope_at(target)
            .filter_map(|item| Some((item, self.keeper(grant, item, now, Ms::MAX, &[])?)))
            .collect();
        let keep = |all: bool| -> Value {
            let kept = kept.iter().filter(|(item, _)| all || given(item));
            kept.map(|(item, (by, until))| json!({"item": json_item(item), "by": by, "until": show(*until)}))
                .collect()
        };
        if effect.kind == "rotate" {
            let items = items(grant.scope_at(target).filter(given));
            (order["credential"], order["items"], order["keep"]) = (credential, items, keep(true));
            return (order["items"] != json!([]))
                .then(|| ("rotate".to_owned(), json!({"rotate": order}), Vec::new()));
        }
        let stays =
            |item: &&Item| grant.given.get(*item) == Some(&true) || kept.iter().any(|(kept, _)| kept == item);
        let remove: Vec<_> = grant.scope_at(target).filter(given).filter(|item| !stays(item)).collect();
        if effect.kind == "deprovision" && !remove.is_empty() {
            (order["remove"], order["keep"]) = (items(remove), keep(false));
            (order["outcome"], order["cut_sessions"]) = (json!(grant.outcome), json!(true));
            return Some((effect.kind.clone(), json!({"remove": order}), Vec::new()));
        }
        // Each item with the latest end of all that cover it. Before access runs a grant tells its own end itself.
        let until = |item: &Item| {
            let others = self.others(grant, item, now, Ms::MAX);
            let tells =
                others.filter(|(other, _)| other.stage == Stage::Active || other.given.contains_key(item));
            tells.map(|(_, until)| until).chain(self.told(grant, now, Ms::MAX)).max()
        };
        let here = grant.scope_at(target).filter(|item| grant.open() || given(item));
        let held: Vec<_> = here.filter_map(|item| Some((item.clone(), until(item)?))).collect();
        order["items"] = held
            .iter()
            .map(|(item, until)| json!({"item": json_item(item), "until": show(*until)}))
            .collect();
        if !credential.is_null() {
            order["credential"] = credential;
        }
        let kind = if effect.kind == "deprovision" { "adjust" } else { &effect.kind };
        let items: Vec<_> = held.into_iter().map(|(item, _)| item).collect();
        (!items.is_empty()).then(|| (kind.to_owned(), json!({"hold": order}), items))
    }

    /// The last event of a holder whose grants are not over for good, and of the policy: time never runs backward.
    pub(super) fn moment(&self, holder: &str, now: Ms) -> Ms {
        let mine = self.grants.values().filter(|grant| grant.holder_id() == holder && !grant.over_for_good());
        let last = mine.flat_map(|grant| [Some(grant.last), grant.revoke_at.as_ref().map(|(at, _)| *at)]);
        last.chain([self.policies.last().map(|(from, _)| *from)]).flatten().fold(now, Ms::max)
    }

    /// Hands effects out under a lease. Holders take turns, so that nobody's many hold up another's one: the first is
    /// whose earliest effect could be handed out earliest.
    pub(super) fn take(&mut self, call: &Value, now: Ms) -> Value {
        let limit =
            at(call, "limit").as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(100).max(1);
        let mut first: BTreeMap<&str, Ms> = BTreeMap::new();
        for grant in self.grants.values() {
            for effect in grant.effects.iter().filter(|effect| wanted(call, effect) && effect.ready() <= now)
            {
                let first = first.entry(grant.holder_id()).or_insert(Ms::MAX);
                *first = effect.ready().min(*first);
            }
        }
        let turns: BTreeSet<_> =
            first.into_iter().map(|(holder, ready)| (ready, holder.to_owned())).collect();
        let mut turns: VecDeque<_> = turns.into_iter().map(|(_, holder)| holder).collect();
        let mut handed = Vec::new();
        while let Some(holder) = turns.pop_front().filter(|_| handed.len() < limit) {
            if let Some(effect) = self.take_one(&holder, call, now) {
                handed.push(effect);
                turns.push_back(holder);
            }
        }
        Value::Array(handed)
    }

    /// The first of a holder's effects with which there is something to do, once time has done its part.
    fn take_one(&mut self, holder: &str, call: &Value, now: Ms) -> Option<Value> {
        let now = self.moment(holder, now);
        self.settle(Some(holder), now);
        loop {
            let mine = || {
                let grants = self.grants.values().filter(|grant| grant.holder_id() == holder);
                grants.flat_map(|grant| grant.effects.iter().map(move |effect| (grant, effect)))
            };
            let lane = |grant: &Grant, effect: &Effect| effect.at.as_ref().map(|at| grant.lane(at));
            let busy: BTreeSet<_> = mine()
                .filter(|(_, effect)| effect.leased(now))
                .filter_map(|(grant, effect)| lane(grant, effect))
                .collect();
            let free = mine().filter(|(grant, effect)| {
                wanted(call, effect)
                    && effect.ready() <= now
                    && lane(grant, effect).is_none_or(|lane| !busy.contains(&lane))
            });
            let (grant, effect) =
                free.min_by_key(|(grant, effect)| (effect.made_at, &grant.id, effect.number))?;
            let (grant, effect) = (grant.clone(), effect.clone());
            let handed = self.hand(&grant, &effect, call, now);
            if handed.is_some() {
                return handed;
            }
        }
    }

    /// Hands one effect out; nothing where there is nothing left to do.
    fn hand(&mut self, grant: &Grant, effect: &Effect, call: &Value, now: Ms) -> Option<Value> {
        let (id, number, worker) = (&*grant.id, effect.number, text(call, "worker"));
        let until = now + super::time::span(at(call, "lease")).unwrap_or(0).clamp(1_000, 60 * MINUTE);
        let cause = Cause { actor: format!("system:{worker}"), command: None };
        let order = self.order(grant, effect, now);
        let target = effect.at.as_deref().filter(|_| !grant.open() && effect.kind != "rotate");
        if order.is_some() && effect.attempts >= ATTEMPTS_MAX && !effect.stuck {
            self.say_stuck(grant, effect, now, Some(&cause));
        }
        self.change(id, |grant| {
            grant.fell_silent(effect);
            for item in order.iter().flat_map(|(.., items)| items) {
                grant.given.entry(item.clone()).or_insert(false);
            }
            grant.edit(number, |effect| {
                (effect.attempts, effect.lease) = (effect.attempts + 1, Some((worker.to_owned(), until)))
            });
        });
        if order.is_some() {
            self.tell(id, now, "effect_taken", Some(&cause), Vec::new());
        }
        if target.is_some() {
            self.keep(id, target, now, Some(&cause), &[]);
        }
        let Some((kind, order, _)) = order else {
            self.change(id, |grant| grant.effects.retain(|effect| effect.number != number));
            self.tell(id, now, "effect_skipped", Some(&cause), Vec::new());
            return None;
        };
        Some(json!({
            "id": format!("{id}/{number}"), "grant": id, "number": number, "kind": kind, "holder": grant.holder_id(),
            "attempt": effect.attempts + 1, "worker": worker, "lease_until": show(until), "order": order,
        }))
    }

    /// What a worker says of an effect, and when; the code of the refusal where it is not its to say.
    pub(super) fn verdict(&mut self, call: &Value, now: Ms) -> (Ms, Result<(), &'static str>) {
        let (id, number) = text(call, "effect").rsplit_once('/').unwrap_or_default();
        let Some(grant) = self.grants.get(id).cloned() else {
            return (self.moment("", now), Err("grant.unknown"));
        };
        let now = self.moment(grant.holder_id(), now).max(grant.last);
        self.settle(Some(grant.holder_id()), now);
        (now, self.said(call, id, number.parse().unwrap_or(0), now))
    }

    fn said(&mut self, call: &Value, id: &str, number: u32, now: Ms) -> Result<(), &'static str> {
        let Some(grant) = self.grants.get(id).cloned() else { return Ok(()) };
        let worker = text(call, "worker");
        let cause = Cause { actor: format!("system:{worker}"), command: None };
        let cause = Some(&cause);
        let effect = grant.effects.iter().find(|effect| effect.number == number);
        let has_it = |effect: &Effect| {
            effect.leased(now) && effect.lease.as_ref().is_some_and(|(holder, _)| holder == worker)
        };
        let late = grant.silent.iter().position(|(of, silent, _)| (*of, &**silent) == (number, worker));
        match (effect, late) {
            (Some(effect), _) if has_it(effect) && text(call, "call") == "effect_done" => {
                self.done(&grant, effect, call, now, cause)
            }
            (Some(effect), _) if has_it(effect) => {
                self.missed(&grant, effect, flag(call, "final", false), now, cause)
            }
            (_, Some(place)) => {
                // Access that may have come back is taken away again, an old end told anew.
                let again = if grant.open() { "adjust" } else { "deprovision" };
                let again = Effect::task(again, grant.silent[place].2.clone());
                self.change(id, |grant| drop(grant.silent.remove(place)));
                self.tell(id, now, "effect_late", cause, vec![again]);
            }
            (Some(_), None) => return Err("effect.not_leased"),
            (None, None) => return Err("effect.unknown"),
        }
        Ok(())
    }

    fn done(&mut self, grant: &Grant, effect: &Effect, call: &Value, now: Ms, cause: Option<&Cause>) {
        let others = || {
            self.grants.values().filter(|other| {
                other.id != grant.id && other.holder_id() == grant.holder_id() && !other.ephemeral()
            })
        };
        let covers = |other: &Grant, item: &Item| other.scope.contains(item) && other.told(now).is_some();
        let had = |item: &Item| {
            let marked =
                others().any(|other| other.told(now).is_some() && other.given.get(item) == Some(&true));
            let there = || {
                others().any(|other| {
                    covers(other, item) || !other.over_for_good() && other.given.contains_key(item)
                })
            };
            marked || effect.attempts == 1 && !grant.inherited.contains(item) && !there()
        };
        let said = list(call, "already_held")
            .iter()
            .map(item)
            .filter(|item| grant.scope.contains(item) && Some(&item[0]) == effect.at.as_ref());
        let before: Vec<_> =
            said.filter(|item| effect.kind == "provision" && !grant.ephemeral() && had(item)).collect();
        self.change(&grant.id, |grant| {
            grant.effects.retain(|one| one.number != effect.number);
            grant.given.extend(before.into_iter().map(|item| (item, true)));
        });
        self.tell(&grant.id, now, "effect_done", cause, Vec::new());
        let unconfirmed = |grant: &Grant| grant.effects.iter().any(|effect| effect.kind == "provision");
        let confirmed = self.grants.get(&grant.id).is_some_and(|grant| !unconfirmed(grant));
        if grant.waiting == "provisioning" && grant.stage == Stage::Approved && confirmed {
            self.change(&grant.id, |grant| grant.confirmed = true);
            self.proceed(&grant.id, now, cause, false);
        }
    }

    fn missed(&mut self, grant: &Grant, effect: &Effect, last: bool, now: Ms, cause: Option<&Cause>) {
        let again_at = now + pause(&grant.id, effect, last);
        self.change(&grant.id, |grant| {
            grant.edit(effect.number, |effect| (effect.lease, effect.not_before) = (None, again_at))
        });
        self.tell(&grant.id, now, "effect_failed", cause, Vec::new());
        if last
            && effect.kind == "provision"
            && grant.waiting == "provisioning"
            && grant.stage == Stage::Approved
        {
            self.close(&grant.id, now, "failed", cause, &[]);
        } else if (last || effect.attempts >= ATTEMPTS_MAX) && !effect.stuck {
            self.say_stuck(grant, effect, now, cause);
        }
    }

    /// Attempts are used up; of a notice that reached nobody there is nobody to be told.
    fn say_stuck(&mut self, grant: &Grant, effect: &Effect, now: Ms, cause: Option<&Cause>) {
        let to = named(
            &[texts(&grant.flow.doc, "revoke_by"), texts(&grant.flow.doc, "notify.to")].concat(),
            grant,
        );
        let told = effect.at.as_ref().map(|_| Effect::notice("stuck", to, None));
        self.change(&grant.id, |grant| grant.edit(effect.number, |effect| effect.stuck = true));
        self.tell(&grant.id, now, "effect_stuck", cause, told.into_iter().collect());
    }
}

/// Whether a worker asks for such an effect.
fn wanted(call: &Value, effect: &Effect) -> bool {
    at(call, "integration").as_str().is_none_or(|only| effect.at.as_deref() == Some(only))
}
