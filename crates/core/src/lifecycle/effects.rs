//! The outbox: effects are made by events and taken under a lease; nothing calls back into the host.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::check::No;
use crate::command::{Command, TakeEffect};
use crate::effect::{Handed, HeldItem, Kept, Lease, Notice, Order, Outgoing, Task};
use crate::event::{Cause, Event, Happened, IllegalEvent};
use crate::flow::Kind;
use crate::grant::{Grant, Stage};
use crate::id::{GrantId, Integration};
use crate::lifecycle::{expire, request, verdict};
use crate::limits::{LEASE_MAX, LEASE_MIN};
use crate::machine::Fault;
use crate::person::Item;
use crate::time::Timestamp;
use crate::world::By;

pub use crate::lifecycle::verdict::{EffectConfirmed, EffectLate, EffectMissed};

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

/// Hands out the holder's first effect that is ready. What has nothing left to do is done without being
/// handed out.
pub(crate) fn take(board: &mut Board<'_>, command: &Command, ask: &TakeEffect) -> Result<Option<Handed>, No> {
    let cause = Cause::of(&command.actor, &command.id);
    let now = board.now;
    while let Some((id, outgoing)) = first_ready(board, ask) {
        let Some(grant) = board.grant(&id) else { break };
        let (number, holder) = (outgoing.effect.number, grant.holder().clone());
        let (order, kept) = order(board, grant, &outgoing.effect.task, now)?;
        let Some(order) = order else {
            pass_on(board, &id, &kept, now, Some(cause.clone()))?;
            board.record(&id, now, Some(cause.clone()), Happened::EffectSkipped { number })?;
            continue;
        };
        if verdict::is_used_up(&outgoing, ask.stuck_after) && !outgoing.stuck {
            let stuck = Happened::EffectStuck { number, worker: ask.worker.clone() };
            board.record(&id, now, Some(cause.clone()), stuck)?;
        }
        let handed = Handed {
            grant: id.clone(),
            number,
            kind: kind(&outgoing.effect.task, &order),
            holder,
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

/// Tells the grants for which items stay at a target that they are there, and whose they were before.
pub(crate) fn pass_on(
    board: &mut Board<'_>,
    from: &GrantId,
    kept: &[Kept],
    at: Timestamp,
    cause: Option<Cause>,
) -> Result<(), Fault> {
    let Some(grant) = board.grant(from).filter(|_| !kept.is_empty()) else { return Ok(()) };
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
            // A host that is ahead may have asked for it later than that.
            let at = board.grant(heir).map_or(at, |heir| heir.changed_at.max(at));
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
    if event.happened.closes().is_some() {
        // What nobody was handed is not given any more.
        let given = |task: &Task| matches!(task, Task::Provision { .. });
        after.outbox.retain(|outgoing| !outgoing.untaken(given));
    }
    for effect in &event.effects {
        let at = effect.task.at();
        let replaced = |task: &Task| match (&effect.task, task) {
            (Task::Deprovision { .. }, Task::Provision { .. } | Task::Adjust { .. })
            | (Task::Adjust { .. }, Task::Adjust { .. }) => task.at() == at,
            (
                Task::Provision { .. }
                | Task::Adjust { .. }
                | Task::Deprovision { .. }
                | Task::Rotate { .. }
                | Task::Notify { .. },
                Task::Provision { .. }
                | Task::Adjust { .. }
                | Task::Deprovision { .. }
                | Task::Rotate { .. }
                | Task::Notify { .. },
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
    let held = match &grant.stage {
        Stage::Active(_) => true,
        Stage::Approved(approved) => approved.told_until.is_some(),
        Stage::Pending(_) | Stage::Closed(_) => false,
    };
    if !held || !event.items.is_subset(&grant.terms.scope) {
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
        Order::Remove { .. } | Order::Rotate { .. } | Order::Tell { .. } => None,
    };
    verdict::remember_unanswered(&mut grant, event.number);
    let mut grant = on_outgoing(grant, event.number, "effect_taken", |outgoing| {
        outgoing.attempts = event.attempt;
        outgoing.lease = Some(Lease { worker: event.worker.clone(), until: event.lease_until });
    })?;
    if let Some((target, items)) = at.and_then(|(at, items)| Some((grant.targets.get_mut(&at)?, items))) {
        target.given.extend(items.iter().map(|held| held.item.clone()));
    }
    Ok(grant)
}

/// Nothing was left to do: the effect is finished.
pub(crate) fn evolve_skipped(mut grant: Grant, number: u32) -> Result<Grant, IllegalEvent> {
    verdict::remember_unanswered(&mut grant, number);
    verdict::evolve_finished(grant, number, &BTreeSet::new(), "effect_skipped")
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
        outgoing.is_ready(now) && ask.which.means(at) && at.is_none_or(|at| !busy.contains(&place(grant, at)))
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
        Task::Rotate { at } => return Ok((rotation(board, grant, at, now)?, Vec::new())),
    };
    if !removes && !grant.is_closed() {
        return Ok((holding(board, grant, at, now)?, Vec::new()));
    }
    let here = |item: &&Item| item.resource.integration == *at;
    let mut kept = expire::kept(board, grant, now);
    kept.retain(|kept| kept.item.resource.integration == *at);
    let order = match removal(grant, at, &kept).filter(|_| removes) {
        Some(remove) => Some(remove),
        // Nothing is left to take away, but what stays has another end now.
        None => holding(board, grant, at, now)?,
    };
    let passed = grant.is_closed() && grant.terms.scope.iter().any(|item| here(&item));
    Ok((order, if passed { kept } else { Vec::new() }))
}

/// Each item with the latest end of all the holder's grants that cover it.
fn holding(
    board: &Board<'_>,
    grant: &Grant,
    at: &Integration,
    now: Timestamp,
) -> Result<Option<Order>, Fault> {
    let others = expire::beside(board, grant, now);
    // Before access runs it is that grant's own `provision` that tells its end: if it never does, nothing
    // would take it back.
    let tells = |other: &Grant, item: &Item| {
        other.terms.scope.contains(item) && (other.active().is_some() || other.may_be_there(item))
    };
    let until = |item: &Item| {
        let others = others.iter().filter(|other| tells(other, item));
        others.chain([&grant]).filter_map(|one| expire::told_until(board, one, now, By::Command)).max()
    };
    let here = grant.terms.scope.iter().filter(|item| item.resource.integration == *at);
    // A grant that is over holds nothing new: what was never given for it is the other grants' to give.
    let holds = |item: &&Item| !grant.is_closed() || grant.may_be_there(item);
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
            Task::Provision { .. }
            | Task::Adjust { .. }
            | Task::Deprovision { .. }
            | Task::Rotate { .. }
            | Task::Notify { .. },
            _,
        ) => task.to_string(),
    }
}

/// A credential that was handed out is made worthless; nothing where none ever was.
fn rotation(
    board: &Board<'_>,
    grant: &Grant,
    at: &Integration,
    now: Timestamp,
) -> Result<Option<Order>, Fault> {
    let Some(credential) = board.pinned(grant)?.credentials.map(|credentials| credentials.kind) else {
        return Ok(None);
    };
    let given = grant.targets.get(at).map(|target| &target.given).into_iter().flatten();
    let items: Vec<Item> = given.filter(|item| grant.terms.scope.contains(*item)).cloned().collect();
    let mut keep = expire::kept(board, grant, now);
    keep.retain(|kept| kept.item.resource.integration == *at);
    let (at, kind) = (at.clone(), grant.origin.kind);
    Ok((!items.is_empty()).then_some(Order::Rotate { at, kind, credential, items, keep }))
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
    // What was never put there does not stay: it is the other grant's to give, and that grant's to take away.
    let keep = kept.iter().filter(|kept| target.given.contains(&kept.item)).cloned().collect();
    let (at, kind) = (at.clone(), grant.origin.kind);
    (!remove.is_empty()).then_some(Order::Remove { at, kind, remove, keep, outcome, cut_sessions: true })
}

pub(crate) fn on_outgoing(
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
