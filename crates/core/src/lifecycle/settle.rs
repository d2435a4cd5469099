//! What time has already made true, for all open grants of a person, in the order of the deadlines.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::board::Board;
use crate::event::Happened;
use crate::grant::{Active, Approved, Grant, Pending, Stage};
use crate::id::{GrantId, PersonId};
use crate::lifecycle::remind::Reminded;
use crate::lifecycle::{escalate, expire, open, review, revoke_all};
use crate::machine::Fault;
use crate::time::{Span, Timestamp};
use crate::world::World;

/// What falls due, in the order in which it happens to one grant at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Lapse,
    Expire,
    Undecided,
    Unused,
    Failed,
    Open,
    Tier,
    Remind,
    Review,
    Revoke,
}

/// Applies everything that time has made true of the holder's grants by now: by deadline, then by grant, then
/// in the order of [`Due`]. Revocations of many are what somebody did at their instant: they come after all
/// that time does then, in the order in which they were recorded.
pub(crate) fn holder(board: &mut Board<'_>, holder: &PersonId) -> Result<(), Fault> {
    up_to(board, holder, usize::MAX)
}

/// The same, but for what comes after so many events.
pub(crate) fn up_to(board: &mut Board<'_>, holder: &PersonId, most: usize) -> Result<(), Fault> {
    let timed = |board: &Board<'_>, grant: &Grant| {
        let (at, recorded, due) = next(board, grant)?;
        Some((at, recorded, grant.id().clone(), due))
    };
    let mut dues: BTreeSet<_> = board.of_holder(holder).filter_map(|grant| timed(board, grant)).collect();
    for _ in 0..most {
        let Some((at, _, id, due)) = dues.pop_first() else { break };
        apply(board, &id, at, due)?;
        // INVARIANT: what happens to one grant moves no deadline of another, so only its own is looked at again.
        dues.extend(board.grant(&id).and_then(|grant| timed(board, grant)));
    }
    Ok(())
}

/// How many of the loaded grants that match are open, whoever's they are. What is not the holder's was not settled:
/// it is open until it surely is over.
pub(crate) fn count_open(board: &Board<'_>, matches: impl Fn(&Grant) -> bool) -> Result<usize, Fault> {
    let mut open = 0_usize;
    for grant in board.grants().filter(|grant| !grant.is_closed() && matches(grant)) {
        if is_open(board, grant, board.surely())? {
            open = open.saturating_add(1);
        }
    }
    Ok(open)
}

/// When fewer than so many of the loaded grants that match will be open, time alone considered. Those that the
/// command itself made, as those of a kit, are made again whenever it is given.
pub(crate) fn fewer_open_at(
    board: &Board<'_>,
    matches: impl Fn(&Grant) -> bool,
    most: usize,
) -> Result<Option<Timestamp>, Fault> {
    let mut ends = Vec::new();
    for grant in board.grants().filter(|grant| !grant.is_closed() && matches(grant)) {
        if is_open(board, grant, board.surely())? {
            let known = board.world.grants.contains_key(grant.id());
            let over_at = if known { over_at(board, grant)? } else { None };
            ends.push(over_at.unwrap_or(Timestamp::MAX));
        }
    }
    ends.sort_unstable();
    let place = ends.len().checked_sub(most).and_then(|beyond| ends.get(beyond));
    Ok(place.copied().filter(|at| *at < Timestamp::MAX))
}

/// Whether a grant is open by that instant, time and revocations of many considered.
pub(crate) fn is_open(board: &Board<'_>, grant: &Grant, by: Timestamp) -> Result<bool, Fault> {
    if board.world.revoked.contains_key(grant.id()) {
        return Ok(false);
    }
    match &grant.stage {
        Stage::Pending(pending) => Ok(by < pending.decide_by),
        Stage::Active(active) => Ok(by < active.over_by()),
        Stage::Closed(_) => Ok(false),
        Stage::Approved(_) => played_through(board, grant, by, |grant| !grant.is_closed()),
    }
}

/// When an open grant will be over, time alone considered.
fn over_at(board: &Board<'_>, grant: &Grant) -> Result<Option<Timestamp>, Fault> {
    let closed_at = |grant: &Grant| match &grant.stage {
        Stage::Closed(closed) => Some(closed.at),
        Stage::Pending(_) | Stage::Approved(_) | Stage::Active(_) => None,
    };
    match (&grant.stage, grant.over_by()) {
        (Stage::Approved(_), Some(surely)) => played_through(board, grant, surely, closed_at),
        (Stage::Pending(_) | Stage::Approved(_) | Stage::Active(_) | Stage::Closed(_), over_by) => {
            Ok(over_by)
        }
    }
}

/// What becomes of a grant by that instant, apart from all others.
fn played_through<T: Default>(
    board: &Board<'_>,
    grant: &Grant,
    until: Timestamp,
    came: impl Fn(&Grant) -> T,
) -> Result<T, Fault> {
    if due(board, grant, until).is_none() {
        return Ok(came(grant));
    }
    let mut world = World::new(board.world.namespace.clone(), board.world.clock, board.world.policy.clone());
    world.revisions.clone_from(&board.world.revisions);
    world.grants.insert(grant.id().clone(), Arc::new(grant.clone()));
    let mut alone = Board::imagined(&world, until);
    holder(&mut alone, grant.holder())?;
    Ok(alone.grant(grant.id()).map(came).unwrap_or_default())
}

/// What happens next to a grant, by now: what time does, then what somebody did who revoked it among many, with
/// the place of that in the record.
fn next(board: &Board<'_>, grant: &Grant) -> Option<(Timestamp, Option<u64>, Due)> {
    let timed = due(board, grant, board.now).map(|(at, due)| (at, None, due));
    let reached = board.world.revoked.get(grant.id()).filter(|_| !grant.is_closed());
    let revoked = reached.map(|reached| (reached.by.at, Some(reached.position), Due::Revoke));
    timed.into_iter().chain(revoked).min()
}

/// What falls due next of a grant, by that instant.
fn due(board: &Board<'_>, grant: &Grant, by: Timestamp) -> Option<(Timestamp, Due)> {
    let due = match &grant.stage {
        Stage::Pending(pending) => due_undecided(pending),
        Stage::Approved(approved) => due_waiting(board, grant, approved),
        Stage::Active(active) => due_running(active),
        Stage::Closed(_) => None,
    };
    // Access that is over awaits its review all the same.
    let review = grant.review_due().map(|at| (at, Due::Review));
    due.into_iter().chain(review).min().filter(|(at, _)| *at <= by)
}

/// The end of the approvers' time, unless more of them are asked first.
fn due_undecided(pending: &Pending) -> Option<(Timestamp, Due)> {
    let tier = pending.tiers.next().map(|at| (at, Due::Tier));
    [Some((pending.decide_by, Due::Undecided)), tier].into_iter().flatten().min()
}

/// The start or the opening, unless waiting ends in vain first: `activate_within`, or the flow's `until` as it
/// then was.
fn due_waiting(board: &Board<'_>, grant: &Grant, approved: &Approved) -> Option<(Timestamp, Due)> {
    let standing = board.world.policy.flows.get(&grant.origin.flow);
    // Not before the last event: a policy of an earlier moment may come after it, from a host that is behind. And who
    // approved did so by the policy of that instant, which comes after what time does then.
    let from = grant.changed_at.max(approved.at.plus(Span::millis(1)));
    let passes = standing.and_then(|standing| standing.until_passes(from));
    let until = passes.map(|passes| (passes, Due::Unused));
    let opens = approved.opens_at.map(|opens| (opens, Due::Open));
    let fails = approved.fails_at.map(|fails| (fails, Due::Failed));
    [Some((approved.unused_at, Due::Unused)), until, fails, opens].into_iter().flatten().min()
}

fn due_running(active: &Active) -> Option<(Timestamp, Due)> {
    let lapse = active.asked.as_ref().map(|asked| (asked.decide_by, Due::Lapse));
    let remind = active.reminders.first().map(|at| (*at, Due::Remind));
    let tier = active.asked.as_ref().and_then(|asked| asked.tiers.next()).map(|at| (at, Due::Tier));
    [lapse, Some((active.held_until(), Due::Expire)), tier, remind].into_iter().flatten().min()
}

fn apply(board: &mut Board<'_>, id: &GrantId, at: Timestamp, due: Due) -> Result<(), Fault> {
    match due {
        Due::Lapse => expire::lapse(board, id, at),
        Due::Expire => expire::close(board, id, at, None, Happened::Expired),
        Due::Undecided => board.record(id, at, None, Happened::Undecided),
        Due::Unused => expire::close(board, id, at, None, Happened::Unused),
        Due::Failed => expire::close(board, id, at, None, Happened::Failed),
        Due::Open => open::opened(board, id, at),
        Due::Tier => escalate::next(board, id, at),
        Due::Remind => {
            let ends = board.grant(id).and_then(Grant::active).map_or(at, |active| active.end);
            board.record(id, at, None, Happened::Reminded(Reminded { ends }))
        }
        Due::Review => review::fall_due(board, id, at),
        Due::Revoke => match board.world.revoked.get(id) {
            Some(reached) => revoke_all::close(board, id, &reached.by),
            None => Ok(()),
        },
    }
}

#[cfg(test)]
mod stays;
#[cfg(test)]
mod tests;
