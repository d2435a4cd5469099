//! Access ends by itself, and what every end has in common: what is taken away, what stays for another grant.

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::effect::{Kept, Notice, Task};
use crate::event::{Cause, Happened, IllegalEvent};
use crate::flow::Kind;
use crate::grant::{Active, Closed, Grant, Outcome, Stage, Target};
use crate::id::{GrantId, Integration, PersonId};
use crate::lifecycle::{deny, effects, remind, request};
use crate::machine::Fault;
use crate::person::Item;
use crate::time::Timestamp;
use crate::world::By;

/// Access ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Items that stay at their targets because another grant of the holder covers them.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub kept: Vec<Kept>,
}

/// An extension was not decided in time, or the grant ended first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionLapsed {
    /// Who had asked.
    pub by: PersonId,
    /// Whether access is held to its end again, and no longer as far as a bridge carried it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub falls_back: bool,
}

/// An extension was not decided in time. Where only its bridge still carried the access, that is over too.
pub(crate) fn lapse(board: &mut Board<'_>, id: &GrantId, at: Timestamp) -> Result<(), Fault> {
    let falls_back = falls_back(board, id, at);
    lapsed(board, id, at, None, falls_back)?;
    close_past_end(board, id, at, None)
}

/// Whether access falls back from a bridge to its end, if the extension is not granted at that instant.
pub(crate) fn falls_back(board: &Board<'_>, id: &GrantId, at: Timestamp) -> bool {
    let Some(active) = board.grant(id).and_then(Grant::active) else { return false };
    let bridged = active.asked.as_ref().is_some_and(|asked| asked.bridge.is_some());
    bridged && at < active.end
}

/// Access that only a bridge carried past its end is over when nothing awaits a decision any more.
pub(crate) fn close_past_end(
    board: &mut Board<'_>,
    id: &GrantId,
    at: Timestamp,
    cause: Option<Cause>,
) -> Result<(), Fault> {
    let over = |active: &Active| active.asked.is_none() && active.end <= at;
    if board.grant(id).and_then(Grant::active).is_some_and(over) {
        close(board, id, at, cause, Happened::Expired)?;
    }
    Ok(())
}

fn lapsed(
    board: &mut Board<'_>,
    id: &GrantId,
    at: Timestamp,
    cause: Option<Cause>,
    falls_back: bool,
) -> Result<(), Fault> {
    let asked = board.grant(id).and_then(Grant::active).and_then(|active| active.asked.as_deref());
    let Some(by) = asked.map(|asked| asked.by.id.clone()) else { return Ok(()) };
    board.record(id, at, cause, Happened::ExtensionLapsed(ExtensionLapsed { by, falls_back }))
}

/// Closes a grant: a waiting extension lapses with it, and what stays is passed on to the grants it stays for.
pub(crate) fn close(
    board: &mut Board<'_>,
    id: &GrantId,
    at: Timestamp,
    cause: Option<Cause>,
    how: impl FnOnce(Ended) -> Happened,
) -> Result<(), Fault> {
    close_among(board, id, at, cause, &[], how)
}

/// The same for one of several grants that end together, in order of id: they keep nothing for each other.
pub(crate) fn close_among(
    board: &mut Board<'_>,
    id: &GrantId,
    at: Timestamp,
    cause: Option<Cause>,
    together: &[GrantId],
    how: impl FnOnce(Ended) -> Happened,
) -> Result<(), Fault> {
    lapsed(board, id, at, cause.clone(), false)?;
    let Some(grant) = board.grant(id) else { return Ok(()) };
    let told = match &grant.stage {
        Stage::Active(_) => true,
        Stage::Approved(approved) => approved.told_until.is_some(),
        Stage::Pending(_) | Stage::Closed(_) => false,
    };
    // Who revoked many did so at their instant, whenever it is written down.
    let by = if cause.is_some() && together.is_empty() { By::Command } else { By::Time };
    let kept = if told { kept_without(board, grant, at, by, together) } else { Vec::new() };
    board.record(id, at, cause.clone(), how(Ended { kept: kept.clone() }))?;
    effects::pass_on(board, id, &kept, at, cause)
}

/// The items of this grant that another grant of the holder covers at that instant, active or with its
/// `provision` sent.
pub(crate) fn kept(board: &Board<'_>, grant: &Grant, at: Timestamp) -> Vec<Kept> {
    kept_without(board, grant, at, By::Command, &[])
}

/// The same, where these grants, in order of id, end at that instant too.
fn kept_without(board: &Board<'_>, grant: &Grant, at: Timestamp, by: By, together: &[GrantId]) -> Vec<Kept> {
    let mut others = beside(board, grant, at);
    others.retain(|other| together.binary_search(other.id()).is_err());
    grant.terms.scope.iter().filter_map(|item| covered(board, &others, item, at, by)).collect()
}

/// The holder's other grants for which targets are to hold what they name. What has an account of its own is
/// apart, on either side.
pub(crate) fn beside<'b>(board: &'b Board<'_>, grant: &Grant, at: Timestamp) -> Vec<&'b Grant> {
    if grant.origin.kind == Kind::Ephemeral {
        return Vec::new();
    }
    let others = board.of_holder(grant.holder()).filter(|other| other.id() != grant.id());
    others
        .filter(|other| other.origin.kind != Kind::Ephemeral && other.reserved_until(at).is_some())
        .collect()
}

/// Until when targets are told to hold what a grant names. Before access runs, no end can come of it that lies past the
/// flow's `until` of then.
pub(crate) fn told_until(board: &Board<'_>, grant: &Grant, at: Timestamp, by: By) -> Option<Timestamp> {
    let reserved = grant.reserved_until(at)?;
    let standing = board.world.policy.flows.get(&grant.origin.flow);
    let until = standing.and_then(|standing| standing.until(at, by));
    let bound = until.filter(|_| grant.active().is_none());
    Some(bound.map_or(reserved, |until| until.min(reserved)))
}

/// Which of the grants covers the item: the latest end, then the smallest id.
fn covered(board: &Board<'_>, others: &[&Grant], item: &Item, at: Timestamp, by: By) -> Option<Kept> {
    others
        .iter()
        .filter(|other| other.terms.scope.contains(item))
        .filter_map(|other| Some((told_until(board, other, at, by)?, other.id())))
        .min_by_key(|(until, id)| (std::cmp::Reverse(*until), *id))
        .map(|(until, id)| Kept { item: item.clone(), by: id.clone(), until })
}

/// The new state of a grant that is over.
pub(crate) fn evolve(mut grant: Grant, outcome: Outcome, at: Timestamp) -> Result<Grant, IllegalEvent> {
    let closed = |since, end, clipped| Closed { outcome, at, since, end, clipped };
    let told = matches!(&grant.stage, Stage::Approved(approved) if approved.told_until.is_some());
    let allowed = matches!(
        (&grant.stage, outcome),
        (Stage::Pending(_), Outcome::Denied | Outcome::Withdrawn | Outcome::Undecided | Outcome::Revoked)
            | (Stage::Approved(_), Outcome::Withdrawn | Outcome::Unused | Outcome::Revoked)
            | (Stage::Active(_), Outcome::Expired | Outcome::GivenBack | Outcome::Revoked)
    ) || (told && outcome == Outcome::Failed);
    grant.stage = match &grant.stage {
        Stage::Pending(_) | Stage::Approved(_) if allowed => Stage::Closed(closed(None, None, false)),
        Stage::Active(active) if allowed && active.asked.is_none() => {
            Stage::Closed(closed(Some(active.since), Some(active.end), active.clipped))
        }
        Stage::Pending(_) | Stage::Approved(_) | Stage::Active(_) | Stage::Closed(_) => {
            return Err(request::illegal(&grant, outcome.as_str()));
        }
    };
    Ok(grant)
}

/// What the world is told of the end: remove what nothing keeps, tell the new end of what stays, make worthless
/// what was handed out.
pub(crate) fn effects(
    board: &Board<'_>,
    after: &Grant,
    outcome: Outcome,
    kept: &[Kept],
) -> Result<Vec<Task>, Fault> {
    let rotations = match outcome {
        Outcome::Denied | Outcome::Undecided => return Ok(deny::effects_closed(after)),
        Outcome::Withdrawn => return Ok(removals(after, kept)),
        Outcome::Unused | Outcome::Failed => Vec::new(),
        Outcome::Expired | Outcome::GivenBack | Outcome::Revoked => rotations(board, after)?,
    };
    // The instant at which access ended: before its end, or under a bridge after it.
    let ends = match &after.stage {
        Stage::Closed(closed) => closed.since.map(|_| closed.at),
        Stage::Pending(_) | Stage::Approved(_) | Stage::Active(_) => None,
    };
    let notice = Task::Notify { notice: Notice::Ended, to: remind::parties(after), ends };
    Ok(removals(after, kept).into_iter().chain(rotations).chain([notice]).collect())
}

/// The targets at which there may be something: all where access ran, and those that were told before it did.
fn touched(after: &Grant) -> impl Iterator<Item = (&Integration, &Target)> {
    let ran = matches!(&after.stage, Stage::Closed(closed) if closed.since.is_some());
    after.targets.iter().filter(move |(_, target)| ran || !target.given.is_empty())
}

fn removals(after: &Grant, kept: &[Kept]) -> Vec<Task> {
    let removal = |(at, target): (&Integration, &Target)| {
        let mut items = after.terms.scope.iter().filter(|item| item.resource.integration == *at);
        let stays = |item: &Item| kept.iter().any(|kept| kept.item == *item);
        let goes = items.clone().any(|item| !stays(item) && !target.held_before.contains(item));
        let changes = items.any(stays);
        match (goes, changes) {
            (true, _) => Some(Task::Deprovision { at: at.clone() }),
            (false, true) => Some(Task::Adjust { at: at.clone() }),
            (false, false) => None,
        }
    };
    touched(after).filter_map(removal).collect()
}

/// Credentials are made worthless where the flow says so, after what used them is gone.
fn rotations(board: &Board<'_>, after: &Grant) -> Result<Vec<Task>, Fault> {
    if !board.pinned(after)?.credentials.is_some_and(|credentials| credentials.rotate_on_end) {
        return Ok(Vec::new());
    }
    Ok(touched(after).map(|(at, _)| Task::Rotate { at: at.clone() }).collect())
}

#[cfg(test)]
mod rotation;
#[cfg(test)]
mod tests;
