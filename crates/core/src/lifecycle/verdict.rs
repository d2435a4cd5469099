//! What workers say of the effects they took: done, failed, too late; and what is said aloud when it fails too often.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::check::{self, Check, No, On};
use crate::command::{Command, EffectDone, EffectFailed};
use crate::effect::{Lease, Notice, Outgoing, Task};
use crate::event::{Cause, Happened, IllegalEvent};
use crate::flow::Kind;
use crate::grant::{Grant, Stage, Target, Waiting};
use crate::id::{GrantId, Integration, WorkerId, digest};
use crate::lifecycle::effects::on_outgoing;
use crate::lifecycle::{expire, open, remind, request};
use crate::limits::{
    EFFECT_ATTEMPTS_MAX, EFFECT_PAUSE_MAX, EFFECT_PAUSE_MIN, ERROR_CHARS_MAX, SILENT_WORKERS_MAX,
};
use crate::machine::Fault;
use crate::person::Item;
use crate::refusal::{Code, Refusal};
use crate::time::{Span, Timestamp};

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

pub(crate) fn done(board: &mut Board<'_>, command: &Command, ask: &EffectDone) -> Result<GrantId, No> {
    let on = On::new(board, command);
    check::all(DONE, &on, ask)?;
    let grant = on.grant(&ask.grant)?;
    if let Some(late) = late(&on, grant, ask.effect, &ask.worker) {
        return speak_late(board, command, &ask.grant, late);
    }
    let outgoing = unfinished(grant, ask.effect)?;
    let already_held = held_before(&on, grant, outgoing, &ask.already_held);
    let not_counted = ask.already_held.difference(&already_held).cloned().collect();
    // From here it must succeed.
    let (now, cause) = (on.now(), on.cause());
    let confirmed = EffectConfirmed { number: ask.effect, already_held, not_counted };
    board.record(&ask.grant, now, Some(cause.clone()), Happened::EffectDone(confirmed))?;
    open::confirmed(board, &ask.grant, cause)?;
    Ok(ask.grant.clone())
}

pub(crate) fn failed(board: &mut Board<'_>, command: &Command, ask: &EffectFailed) -> Result<GrantId, No> {
    let on = On::new(board, command);
    check::all(FAILED, &on, ask)?;
    let grant = on.grant(&ask.grant)?;
    if let Some(late) = late(&on, grant, ask.effect, &ask.worker) {
        return speak_late(board, command, &ask.grant, late);
    }
    let outgoing = unfinished(grant, ask.effect)?;
    // From here it must succeed.
    let (number, worker) = (ask.effect, ask.worker.clone());
    let in_vain = ask.last && is_waited_for(grant, &outgoing.effect.task);
    let gives_up = (ask.last || is_used_up(outgoing, ask.stuck_after)) && !outgoing.stuck;
    let pause = pause(&on, outgoing, ask);
    let (now, cause) = (on.now(), on.cause());
    let error = ask.error.chars().take(ERROR_CHARS_MAX).collect();
    let missed = EffectMissed { number, error, again_at: now.plus(pause) };
    board.record(&ask.grant, now, Some(cause.clone()), Happened::EffectFailed(missed))?;
    if in_vain {
        // Nothing is tried again that would be stuck: what was given in part is taken away.
        expire::close(board, &ask.grant, now, Some(cause), Happened::Failed)?;
    } else if gives_up {
        board.record(&ask.grant, now, Some(cause), Happened::EffectStuck { number, worker })?;
    }
    Ok(ask.grant.clone())
}

/// Whether access begins only once the target has confirmed this.
fn is_waited_for(grant: &Grant, task: &Task) -> bool {
    let waits = match &grant.stage {
        Stage::Approved(approved) => approved.waiting_for == Some(Waiting::Provisioning),
        Stage::Pending(_) | Stage::Active(_) | Stage::Closed(_) => false,
    };
    waits && matches!(task, Task::Provision { .. })
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
    let mut to = remind::resolved(&flow.revoke_by, after.origin.manager.as_ref(), after);
    let others = remind::recipients(&flow.notify.to, after);
    to.extend(others.into_iter().filter(|other| !to.contains(other)).collect::<Vec<_>>());
    Ok(vec![Task::Notify { notice: Notice::Stuck, to, ends: None }])
}

/// Remembers a worker who was told something of a target and never said what came of it: whoever takes it
/// next, and be it under the same name, that hand may still act. A removal too: it may have been handed out
/// as an end to tell, and what it takes away may be held again by then.
pub(crate) fn remember_unanswered(grant: &mut Grant, number: u32) {
    let outgoing = grant.outbox.iter().find(|outgoing| outgoing.effect.number == number);
    let silent = outgoing.and_then(|outgoing| {
        Some((outgoing.effect.task.at()?.clone(), outgoing.lease.as_ref()?.worker.clone()))
    });
    // A rotation that comes late makes worthless what is worthless already.
    let rotates = outgoing.is_some_and(|outgoing| matches!(outgoing.effect.task, Task::Rotate { .. }));
    if let Some((at, worker)) = silent.filter(|_| !rotates) {
        let silent = grant.targets.entry(at).or_default().unanswered.entry(number).or_default();
        if silent.len() >= SILENT_WORKERS_MAX {
            silent.remove(0);
        }
        silent.push(worker);
    }
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
    let marked = |item: &Item| others().any(|other| is_told(on, other) && carries_mark(other, item));
    let found = |item: &Item| {
        outgoing.attempts == 1 && !inherited(item) && !others().any(|other| put_there(on, other, item))
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

fn put_there(on: &On<'_>, grant: &Grant, item: &Item) -> bool {
    grant.terms.scope.contains(item) && (grant.may_be_there(item) || is_told(on, grant))
}

/// Whether targets are told to hold what the grant names: access runs, or they must confirm it first.
fn is_told(on: &On<'_>, grant: &Grant) -> bool {
    grant.reserved_until(on.now()).is_some()
}

/// Whether so many attempts were made that it is stuck.
pub(crate) fn is_used_up(outgoing: &Outgoing, stuck_after: u32) -> bool {
    outgoing.attempts >= stuck_after.clamp(1, EFFECT_ATTEMPTS_MAX)
}

/// How long a failed effect pauses. What failed together must not come back together, so each attempt of each
/// effect has its own share of the pause taken off: a digest of its name, which is the same on every host.
fn pause(on: &On<'_>, outgoing: &Outgoing, ask: &EffectFailed) -> Span {
    let longest = if ask.last { EFFECT_PAUSE_MAX } else { longest_pause(outgoing.attempts) };
    let (number, attempt) = (ask.effect.to_be_bytes(), outgoing.attempts.to_be_bytes());
    let namespace = on.board.world.namespace.as_str().as_bytes();
    let digits = digest([namespace, ask.grant.as_str().as_bytes(), &number, &attempt]);
    let share = digits.get(..4).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or(0);
    longest.less(Span::millis(longest.as_millis().saturating_mul(share) / (2 * 0xffff)))
}

fn longest_pause(attempts: u32) -> Span {
    let doubled = 1_u64.checked_shl(attempts.saturating_sub(1)).unwrap_or(u64::MAX);
    EFFECT_PAUSE_MIN.times(doubled).min(EFFECT_PAUSE_MAX)
}

fn unfinished(grant: &Grant, number: u32) -> Result<&Outgoing, No> {
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
        None => leased(on, unfinished(grant, number)?, worker.as_str()),
    }
}

fn leased(on: &On<'_>, outgoing: &Outgoing, worker: &str) -> Result<(), No> {
    let holds = |lease: &Lease| lease.worker.as_str() == worker && on.now() < lease.until;
    if outgoing.lease.as_ref().is_some_and(holds) {
        return Ok(());
    }
    let words = format!("`{worker}` does not hold the lease of effect {}", outgoing.effect.number);
    Err(Refusal::new(Code::EffectNotLeased, words).into())
}

/// The verdict of a worker whose lease ran out, once another took the effect or nothing was left to do.
fn late(on: &On<'_>, grant: &Grant, number: u32, worker: &WorkerId) -> Option<EffectLate> {
    let holds = unfinished(grant, number).is_ok_and(|outgoing| leased(on, outgoing, worker.as_str()).is_ok());
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

#[cfg(test)]
mod tests;
