//! The outbox: effects are made by events, taken under a lease, then done or failed; nothing calls back into the host.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::check::{self, Check, No, On};
use crate::command::{Command, EffectDone, EffectFailed, TakeEffect};
use crate::effect::{Handed, HeldItem, Kept, Lease, Notice, Order, Outgoing, Task};
use crate::event::{Cause, Event, Happened, IllegalEvent};
use crate::flow::Kind;
use crate::grant::{Grant, Stage, Target};
use crate::id::{GrantId, Integration, WorkerId};
use crate::lifecycle::{expire, remind, request};
use crate::limits::{
    EFFECT_ATTEMPTS_MAX, EFFECT_PAUSE_MAX, EFFECT_PAUSE_MIN, ERROR_CHARS_MAX, LEASE_MAX, LEASE_MIN,
    SILENT_WORKERS_MAX,
};
use crate::machine::Fault;
use crate::person::Item;
use crate::refusal::{Code, Refusal};
use crate::time::{Span, Timestamp};

/// Another grant ended, and items stay at a target for this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFor {
    /// The grant that ended.
    pub from: GrantId,
    /// The items that stay.
    pub items: BTreeSet<Item>,
    /// Those of them that the holder had before: the mark passes on.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub held_before: BTreeSet<Item>,
}

/// A worker carried an effect out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectConfirmed {
    /// Its number.
    pub number: u32,
    /// Items that the holder had before: they are not taken away at the end.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub already_held: BTreeSet<Item>,
    /// Items that the worker found there too, but that this library may have put there: they do not count.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub not_counted: BTreeSet<Item>,
}

/// A worker whose lease had run out spoke up after all: what it did may have undone what came after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectLate {
    /// The effect's number.
    pub number: u32,
    /// The worker.
    pub worker: WorkerId,
    /// The target.
    pub target: Integration,
}

/// A worker could not carry an effect out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectMissed {
    /// Its number.
    pub number: u32,
    /// What went wrong.
    pub error: String,
    /// When it is tried again.
    pub again_at: Timestamp,
}

pub(crate) const DONE: &[Check<EffectDone>] = &[
    Check { codes: &[Code::CommandReused], run: check::reused },
    Check { codes: &[Code::GrantUnknown], run: |on, ask| on.grant(&ask.grant).map(|_| ()) },
    Check {
        codes: &[Code::EffectUnknown, Code::EffectNotLeased],
        run: |on, ask| may_speak(on, &ask.grant, ask.effect, &ask.worker),
    },
];

pub(crate) const FAILED: &[Check<EffectFailed>] = &[
    Check { codes: &[Code::CommandReused], run: check::reused },
    Check { codes: &[Code::GrantUnknown], run: |on, ask| on.grant(&ask.grant).map(|_| ()) },
    Check {
        codes: &[Code::EffectUnknown, Code::EffectNotLeased],
        run: |on, ask| may_speak(on, &ask.grant, ask.effect, &ask.worker),
    },
];

/// Hands out the holder's first effect that is ready. What has nothing left to do is done without being
/// handed out.
pub(crate) fn take(board: &mut Board<'_>, command: &Command, ask: &TakeEffect) -> Result<Option<Handed>, No> {
    let cause = Cause::of(&command.actor, &command.id);
    let now = board.now;
    while let Some((id, outgoing)) = first_ready(board, ask) {
        let Some(grant) = board.grant(&id).cloned() else { break };
        let number = outgoing.effect.number;
        let (order, kept) = order(board, &grant, &outgoing.effect.task, now)?;
        let Some(order) = order else {
            pass_on(board, &id, &kept, now, Some(cause.clone()))?;
            board.record(&id, now, Some(cause.clone()), Happened::EffectSkipped { number })?;
            continue;
        };
        if outgoing.attempts >= EFFECT_ATTEMPTS_MAX && !outgoing.stuck {
            let stuck = Happened::EffectStuck { number, worker: ask.worker.clone() };
            board.record(&id, now, Some(cause.clone()), stuck)?;
        }
        let handed = Handed {
            grant: id.clone(),
            number,
            kind: kind(&outgoing.effect.task, &order),
            holder: grant.holder().clone(),
            attempt: outgoing.attempts.saturating_add(1),
            worker: ask.worker.clone(),
            lease_until: now.plus(ask.lease.clamp(LEASE_MIN, LEASE_MAX)),
            order,
        };
        board.record(
            &id,
            now,
            Some(cause.clone()),
            Happened::EffectTaken { handed: Box::new(handed.clone()) },
        )?;
        // Only now: what is handed out here may be the first that puts an item of another grant there.
        pass_on(board, &id, &kept, now, Some(cause))?;
        return Ok(Some(handed));
    }
    Ok(None)
}

pub(crate) fn done(board: &mut Board<'_>, command: &Command, ask: &EffectDone) -> Result<GrantId, No> {
    let on = On::new(board, command);
    check::all(DONE, &on, ask)?;
    let grant = on.grant(&ask.grant)?;
    if let Some(late) = late(&on, grant, ask.effect, &ask.worker) {
        return speak_late(board, command, &ask.grant, late);
    }
    let outgoing = open(grant, ask.effect)?;
    let already_held = held_before(&on, grant, outgoing, &ask.already_held);
    let not_counted = ask.already_held.difference(&already_held).cloned().collect();
    // From here it must succeed.
    let (now, cause) = (on.now(), on.cause());
    let confirmed = EffectConfirmed { number: ask.effect, already_held, not_counted };
    board.record(&ask.grant, now, Some(cause), Happened::EffectDone(confirmed))?;
    Ok(ask.grant.clone())
}

pub(crate) fn failed(board: &mut Board<'_>, command: &Command, ask: &EffectFailed) -> Result<GrantId, No> {
    let on = On::new(board, command);
    check::all(FAILED, &on, ask)?;
    let grant = on.grant(&ask.grant)?;
    if let Some(late) = late(&on, grant, ask.effect, &ask.worker) {
        return speak_late(board, command, &ask.grant, late);
    }
    let outgoing = open(grant, ask.effect)?;
    // From here it must succeed.
    let (number, worker) = (ask.effect, ask.worker.clone());
    let gives_up = (ask.last || outgoing.attempts >= EFFECT_ATTEMPTS_MAX) && !outgoing.stuck;
    let pause = if ask.last { EFFECT_PAUSE_MAX } else { pause(outgoing.attempts) };
    let (now, cause) = (on.now(), on.cause());
    let error = ask.error.chars().take(ERROR_CHARS_MAX).collect();
    let missed = EffectMissed { number, error, again_at: now.plus(pause) };
    board.record(&ask.grant, now, Some(cause.clone()), Happened::EffectFailed(missed))?;
    if gives_up {
        board.record(&ask.grant, now, Some(cause), Happened::EffectStuck { number, worker })?;
    }
    Ok(ask.grant.clone())
}

/// Tells the grants for which items stay at a target that they are there, and whose they were before.
pub(crate) fn pass_on(
    board: &mut Board<'_>,
    from: &GrantId,
    kept: &[Kept],
    at: Timestamp,
    cause: Option<Cause>,
) -> Result<(), Fault> {
    let Some(grant) = board.grant(from) else { return Ok(()) };
    let targets = grant.targets.clone();
    let heirs: BTreeSet<&GrantId> = kept.iter().map(|kept| &kept.by).collect();
    for heir in heirs {
        let there = |item: &&Item| {
            targets.get(&item.resource.integration).is_some_and(|target| target.given.contains(*item))
        };
        let stays = kept.iter().filter(|kept| kept.by == *heir).map(|kept| &kept.item).filter(there);
        let items: BTreeSet<Item> = stays.cloned().collect();
        let marked = |item: &&Item| {
            targets.get(&item.resource.integration).is_some_and(|target| target.held_before.contains(*item))
        };
        let held_before = items.iter().filter(marked).cloned().collect();
        if !items.is_empty() {
            let passed = KeptFor { from: from.clone(), items, held_before };
            board.record(heir, at, cause.clone(), Happened::KeptFor(passed))?;
        }
    }
    Ok(())
}

/// Puts the effects of an event into the outbox: what they replace and never left is gone.
pub(crate) fn enqueue(after: &mut Grant, event: &Event) {
    let stale_reminder = matches!(event.happened, Happened::Extended(_)) || event.happened.closes().is_some();
    if stale_reminder {
        let reminder = |task: &Task| matches!(task, Task::Notify { notice: Notice::EndingSoon, .. });
        after.outbox.retain(|outgoing| !outgoing.untaken(reminder));
    }
    for effect in &event.effects {
        let at = effect.task.at();
        let replaced = |task: &Task| match (&effect.task, task) {
            (Task::Deprovision { .. }, Task::Provision { .. } | Task::Adjust { .. })
            | (Task::Adjust { .. }, Task::Adjust { .. }) => task.at() == at,
            (
                Task::Provision { .. } | Task::Adjust { .. } | Task::Deprovision { .. } | Task::Notify { .. },
                Task::Provision { .. } | Task::Adjust { .. } | Task::Deprovision { .. } | Task::Notify { .. },
            ) => false,
        };
        after.outbox.retain(|outgoing| !outgoing.untaken(replaced));
        after.outbox.push(Outgoing {
            effect: effect.clone(),
            made_at: event.at,
            attempts: 0,
            not_before: event.at,
            lease: None,
            stuck: false,
        });
        after.effects_made = after.effects_made.saturating_add(1);
    }
    after.changed_at = after.changed_at.max(event.at);
    after.events = after.events.saturating_add(1);
}

pub(crate) fn evolve_kept(mut grant: Grant, event: &KeptFor) -> Result<Grant, IllegalEvent> {
    if grant.active().is_none() || !event.items.is_subset(&grant.terms.scope) {
        return Err(request::illegal(&grant, "kept_for"));
    }
    for item in &event.items {
        let target = grant.targets.entry(item.resource.integration.clone()).or_default();
        target.given.insert(item.clone());
        target.inherited.insert(item.clone());
        if event.held_before.contains(item) {
            target.held_before.insert(item.clone());
        }
    }
    Ok(grant)
}

pub(crate) fn evolve_taken(mut grant: Grant, event: &Handed) -> Result<Grant, IllegalEvent> {
    let at = match &event.order {
        Order::Hold { at, items, .. } => Some((at.clone(), items)),
        Order::Remove { .. } | Order::Tell { .. } => None,
    };
    remember_unanswered(&mut grant, event.number);
    let mut grant = on_outgoing(grant, event.number, "effect_taken", |outgoing| {
        outgoing.attempts = event.attempt;
        outgoing.lease = Some(Lease { worker: event.worker.clone(), until: event.lease_until });
    })?;
    if let Some((target, items)) = at.and_then(|(at, items)| Some((grant.targets.get_mut(&at)?, items))) {
        target.given.extend(items.iter().map(|held| held.item.clone()));
    }
    Ok(grant)
}

/// A late verdict is answered once.
pub(crate) fn evolve_late(mut grant: Grant, event: &EffectLate) -> Result<Grant, IllegalEvent> {
    let target = grant.targets.get_mut(&event.target);
    let Some((target, place)) = target.and_then(|target| {
        let silent = target.unanswered.get(&event.number)?;
        let place = silent.iter().position(|worker| *worker == event.worker)?;
        Some((target, place))
    }) else {
        return Err(request::illegal(&grant, "effect_late"));
    };
    if let Some(silent) = target.unanswered.get_mut(&event.number) {
        silent.remove(place);
    }
    target.unanswered.retain(|_, silent| !silent.is_empty());
    Ok(grant)
}

/// What came late may have put access there again, told an old end, or taken what is held since: it is removed
/// again, or told anew.
pub(crate) fn effects_late(after: &Grant, event: &EffectLate) -> Vec<Task> {
    let at = event.target.clone();
    vec![if after.is_closed() { Task::Deprovision { at } } else { Task::Adjust { at } }]
}

/// Remembers a worker who was told something of a target and never said what came of it: whoever takes it
/// next, and be it under the same name, that hand may still act. A removal too: it may have been handed out
/// as an end to tell, and what it takes away may be held again by then.
fn remember_unanswered(grant: &mut Grant, number: u32) {
    let outgoing = grant.outbox.iter().find(|outgoing| outgoing.effect.number == number);
    let silent = outgoing.and_then(|outgoing| {
        Some((outgoing.effect.task.at()?.clone(), outgoing.lease.as_ref()?.worker.clone()))
    });
    if let Some((at, worker)) = silent {
        let silent = grant.targets.entry(at).or_default().unanswered.entry(number).or_default();
        if silent.len() >= SILENT_WORKERS_MAX {
            silent.remove(0);
        }
        silent.push(worker);
    }
}

/// Nothing was left to do: the effect is finished.
pub(crate) fn evolve_skipped(mut grant: Grant, number: u32) -> Result<Grant, IllegalEvent> {
    remember_unanswered(&mut grant, number);
    evolve_finished(grant, number, &BTreeSet::new(), "effect_skipped")
}

/// Done, or nothing was left to do: the effect is finished.
pub(crate) fn evolve_finished(
    mut grant: Grant,
    number: u32,
    already_held: &BTreeSet<Item>,
    event: &'static str,
) -> Result<Grant, IllegalEvent> {
    let Some(place) = grant.outbox.iter().position(|outgoing| outgoing.effect.number == number) else {
        return Err(request::illegal(&grant, event));
    };
    grant.outbox.remove(place);
    for item in already_held {
        if let Some(target) = grant.targets.get_mut(&item.resource.integration) {
            target.held_before.insert(item.clone());
        }
    }
    Ok(grant)
}

pub(crate) fn evolve_failed(grant: Grant, event: &EffectMissed) -> Result<Grant, IllegalEvent> {
    on_outgoing(grant, event.number, "effect_failed", |outgoing| {
        outgoing.lease = None;
        outgoing.not_before = event.again_at;
    })
}

pub(crate) fn evolve_stuck(grant: Grant, number: u32) -> Result<Grant, IllegalEvent> {
    on_outgoing(grant, number, "effect_stuck", |outgoing| outgoing.stuck = true)
}

/// A stuck effect is said aloud to those who may revoke and to the flow's channels; a stuck notice to
/// nobody, or it would go on for ever.
pub(crate) fn effects_stuck(board: &Board<'_>, after: &Grant, number: u32) -> Result<Vec<Task>, Fault> {
    let flow = board.pinned(after)?;
    let stuck = after.outbox.iter().find(|outgoing| outgoing.effect.number == number);
    if stuck.is_none_or(|stuck| stuck.effect.task.at().is_none()) {
        return Ok(Vec::new());
    }
    let mut to: Vec<String> = flow.revoke_by.iter().map(ToString::to_string).collect();
    to.extend(remind::recipients(&flow.notify.to, after));
    Ok(vec![Task::Notify { notice: Notice::Stuck, to, ends: None }])
}

/// The first effect that is ready, in the order they were made: at one target one at a time, and one that
/// pauses holds up no other.
fn first_ready<'b>(board: &'b Board<'_>, ask: &TakeEffect) -> Option<(GrantId, Outgoing)> {
    let now = board.now;
    let of_holder = || {
        let grants = board.of_holder(&ask.person);
        grants.flat_map(|grant| grant.outbox.iter().map(move |outgoing| (grant, outgoing)))
    };
    // One at a target at a time; `ephemeral` access is apart, each grant for itself.
    let place = |grant: &'b Grant, at: &'b Integration| {
        ((grant.origin.kind == Kind::Ephemeral).then(|| grant.id()), at)
    };
    let out = of_holder().filter(|(_, outgoing)| outgoing.is_leased(now));
    let busy: BTreeSet<_> =
        out.filter_map(|(grant, outgoing)| Some(place(grant, outgoing.effect.task.at()?))).collect();
    let ready = |grant: &'b Grant, outgoing: &'b Outgoing| {
        let at = outgoing.effect.task.at();
        outgoing.is_ready(now)
            && ask.at.as_ref().is_none_or(|only| at == Some(only))
            && at.is_none_or(|at| !busy.contains(&place(grant, at)))
    };
    of_holder()
        .filter(|(grant, outgoing)| ready(grant, outgoing))
        .min_by_key(|(grant, outgoing)| (outgoing.made_at, grant.id(), outgoing.effect.number))
        .map(|(grant, outgoing)| (grant.id().clone(), outgoing.clone()))
}

/// What is to be done now, where anything is, and what stays for other grants.
fn order(
    board: &Board<'_>,
    grant: &Grant,
    task: &Task,
    now: Timestamp,
) -> Result<(Option<Order>, Vec<Kept>), Fault> {
    let (at, removes) = match task {
        Task::Notify { notice, to, ends } => {
            let tell = Order::Tell { notice: *notice, to: to.clone(), ends: *ends };
            return Ok((Some(tell), Vec::new()));
        }
        Task::Provision { at } | Task::Adjust { at } => (at, false),
        Task::Deprovision { at } => (at, true),
    };
    let here = |item: &&Item| item.resource.integration == *at;
    let mut kept = expire::kept(board, grant, now);
    kept.retain(|kept| kept.item.resource.integration == *at);
    let order = match removal(grant, at, &kept).filter(|_| removes) {
        Some(remove) => Some(remove),
        // Nothing is left to take away, but what stays has another end now.
        None => holding(board, grant, at, &kept, now)?,
    };
    let passed = grant.is_closed() && grant.terms.scope.iter().any(|item| here(&item));
    Ok((order, if passed { kept } else { Vec::new() }))
}

/// Each item with the latest end of all the holder's grants that cover it.
fn holding(
    board: &Board<'_>,
    grant: &Grant,
    at: &Integration,
    kept: &[Kept],
    now: Timestamp,
) -> Result<Option<Order>, Fault> {
    let until = |item: &Item| {
        let others = kept.iter().find(|kept| kept.item == *item).map(|kept| kept.until);
        grant.covers(item, now).max(others)
    };
    let here = grant.terms.scope.iter().filter(|item| item.resource.integration == *at);
    // A grant that is over holds nothing new: what was never given for it is the other grants' to give.
    let given = grant.targets.get(at).map(|target| &target.given);
    let holds = |item: &&Item| !grant.is_closed() || given.is_some_and(|given| given.contains(*item));
    let held =
        here.filter(holds).filter_map(|item| Some(HeldItem { item: item.clone(), until: until(item)? }));
    let items: Vec<HeldItem> = held.collect();
    if items.is_empty() {
        return Ok(None);
    }
    let credential = board.pinned(grant)?.credentials.map(|credentials| credentials.kind);
    Ok(Some(Order::Hold { at: at.clone(), kind: grant.origin.kind, credential, items }))
}

/// What a worker is to do, in one word: a removal that has only ends left to tell is an `adjust`.
fn kind(task: &Task, order: &Order) -> String {
    match (task, order) {
        (Task::Deprovision { at }, Order::Hold { .. }) => Task::Adjust { at: at.clone() }.to_string(),
        (
            Task::Provision { .. } | Task::Adjust { .. } | Task::Deprovision { .. } | Task::Notify { .. },
            _,
        ) => task.to_string(),
    }
}

/// What nothing keeps and the holder did not have before; nothing where no worker was ever told of it.
fn removal(grant: &Grant, at: &Integration, kept: &[Kept]) -> Option<Order> {
    let target = grant.targets.get(at)?;
    let stays = |item: &Item| kept.iter().any(|kept| kept.item == *item) || target.held_before.contains(item);
    let here = grant.terms.scope.iter().filter(|item| item.resource.integration == *at);
    let remove: Vec<Item> =
        here.filter(|item| target.given.contains(*item) && !stays(item)).cloned().collect();
    let outcome = match &grant.stage {
        Stage::Closed(closed) => Some(closed.outcome),
        Stage::Pending(_) | Stage::Approved(_) | Stage::Active(_) => None,
    };
    let (at, kind, keep) = (at.clone(), grant.origin.kind, kept.to_vec());
    (!remove.is_empty()).then_some(Order::Remove { at, kind, remove, keep, outcome, cut_sessions: true })
}

/// What a worker found there before counts in the verdict of the first attempt only, and for items that no
/// other grant of the holder put there. Where a running grant carries the mark already, it counts at any attempt.
fn held_before(on: &On<'_>, grant: &Grant, outgoing: &Outgoing, said: &BTreeSet<Item>) -> BTreeSet<Item> {
    let provision = matches!(outgoing.effect.task, Task::Provision { .. });
    let target = outgoing.effect.task.at().and_then(|at| grant.targets.get(at));
    let inherited = |item: &Item| target.is_some_and(|target| target.inherited.contains(item));
    let others = || {
        let of_holder = on.board.of_holder(grant.holder()).filter(|other| other.id() != grant.id());
        of_holder.filter(|other| other.origin.kind != Kind::Ephemeral)
    };
    let marked = |item: &Item| others().any(|other| other.active().is_some() && carries_mark(other, item));
    let found = |item: &Item| {
        outgoing.attempts == 1 && !inherited(item) && !others().any(|other| put_there(other, item))
    };
    // Its own account is new: what was found there is no account of the holder's.
    let own_account = grant.origin.kind == Kind::Ephemeral;
    let here = |item: &&Item| {
        provision
            && !own_account
            && Some(&item.resource.integration) == outgoing.effect.task.at()
            && grant.terms.scope.contains(*item)
    };
    said.iter().filter(here).filter(|item| marked(item) || found(item)).cloned().collect()
}

fn carries_mark(grant: &Grant, item: &Item) -> bool {
    grant.targets.get(&item.resource.integration).is_some_and(|target| target.held_before.contains(item))
}

fn put_there(grant: &Grant, item: &Item) -> bool {
    let sent =
        grant.targets.get(&item.resource.integration).is_some_and(|target| target.given.contains(item));
    grant.terms.scope.contains(item) && (sent || grant.active().is_some())
}

fn pause(attempts: u32) -> Span {
    let doubled = 1_u64.checked_shl(attempts.saturating_sub(1)).unwrap_or(u64::MAX);
    EFFECT_PAUSE_MIN.times(doubled).min(EFFECT_PAUSE_MAX)
}

fn open(grant: &Grant, number: u32) -> Result<&Outgoing, No> {
    grant.outbox.iter().find(|outgoing| outgoing.effect.number == number).ok_or_else(|| {
        let words = format!("`{}/{number}` is no effect that is open", grant.id());
        Refusal::new(Code::EffectUnknown, words).into()
    })
}

/// `effect.unknown` and `effect.not_leased`: the verdict is that of the worker who holds the lease, or of one
/// whose lease ran out before it spoke.
fn may_speak(on: &On<'_>, grant: &GrantId, number: u32, worker: &WorkerId) -> Result<(), No> {
    let grant = on.grant(grant)?;
    match late(on, grant, number, worker) {
        Some(_) => Ok(()),
        None => leased(on, open(grant, number)?, worker.as_str()),
    }
}

/// The verdict of a worker whose lease ran out, once another took the effect or nothing was left to do.
fn late(on: &On<'_>, grant: &Grant, number: u32, worker: &WorkerId) -> Option<EffectLate> {
    let holds = open(grant, number).is_ok_and(|outgoing| leased(on, outgoing, worker.as_str()).is_ok());
    let unanswered =
        |target: &Target| target.unanswered.get(&number).is_some_and(|silent| silent.contains(worker));
    let (at, _) = grant.targets.iter().find(|(_, target)| !holds && unanswered(target))?;
    Some(EffectLate { number, worker: worker.clone(), target: at.clone() })
}

fn speak_late(
    board: &mut Board<'_>,
    command: &Command,
    id: &GrantId,
    late: EffectLate,
) -> Result<GrantId, No> {
    let cause = Cause::of(&command.actor, &command.id);
    board.record(id, board.now, Some(cause), Happened::EffectLate(late))?;
    Ok(id.clone())
}

fn leased(on: &On<'_>, outgoing: &Outgoing, worker: &str) -> Result<(), No> {
    let holds = |lease: &Lease| lease.worker.as_str() == worker && on.now() < lease.until;
    if outgoing.lease.as_ref().is_some_and(holds) {
        return Ok(());
    }
    let words = format!("`{worker}` does not hold the lease of effect {}", outgoing.effect.number);
    Err(Refusal::new(Code::EffectNotLeased, words).into())
}

fn on_outgoing(
    mut grant: Grant,
    number: u32,
    event: &'static str,
    change: impl FnOnce(&mut Outgoing),
) -> Result<Grant, IllegalEvent> {
    match grant.outbox.iter_mut().find(|outgoing| outgoing.effect.number == number) {
        Some(outgoing) => {
            change(outgoing);
            Ok(grant)
        }
        None => Err(request::illegal(&grant, event)),
    }
}

#[cfg(test)]
mod tests;
