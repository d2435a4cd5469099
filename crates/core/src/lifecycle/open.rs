//! Access begins: nothing is waited for any more. The clock of the access starts here, never at the request.

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::effect::{Notice, Task};
use crate::event::{Cause, Happened, IllegalEvent};
use crate::flow::hours::{Hours, PastClose};
use crate::flow::{Activation, Flow};
use crate::grant::{Active, Approved, Grant, Review, Stage, Waiting};
use crate::id::GrantId;
use crate::lifecycle::{break_glass, expire, remind, request};
use crate::limits;
use crate::machine::Fault;
use crate::time::{Span, Timestamp};
use crate::world::By;

/// Access began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activated {
    /// Since when it runs.
    pub since: Timestamp,
    /// Its end.
    pub end: Timestamp,
    /// Whether hours or the flow's `until` shortened it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub clipped: bool,
    /// When reminders are due.
    pub reminders: Vec<Timestamp>,
    /// Whether the targets gave it before: they are told its end now.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub told: bool,
    /// When it must have been reviewed, where it was taken in an emergency.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub review_due: Option<Timestamp>,
}

/// What was waited for has come, and something else is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NowWaits {
    /// What is waited for now.
    pub waiting_for: Waiting,
    /// When that comes by itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub opens_at: Option<Timestamp>,
    /// When it is unused.
    pub unused_at: Timestamp,
    /// When it has failed, where the targets must confirm.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fails_at: Option<Timestamp>,
    /// The latest end that can come of it, where the targets are told before access runs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub told_until: Option<Timestamp>,
}

/// What a grant waits for that is approved now: its planned start or the opening of the flow's hours, then
/// whoever else must act; or nothing. Hours are not waited for where the holder activates: they choose when.
pub(crate) fn waits(flow: &Flow, grant: &Grant, span: Span, now: Timestamp) -> Approved {
    let wait = Wait::of(flow, grant, span, now);
    let opens_at = match (mode(flow, grant), hours(flow, grant)) {
        (Activation::OnApproval | Activation::OnConfirmation, Some(hours)) => hours.next_opening(wait.from),
        (Activation::OnApproval | Activation::OnConfirmation, None) | (Activation::ByHolder, _) => {
            Some(wait.from)
        }
    };
    let waits = match opens_at {
        Some(opens) if opens <= now => then(flow, grant, &wait),
        Some(_) | None if wait.from > now => Some(wait.for_time(Waiting::Start, opens_at)),
        Some(_) | None => Some(wait.for_time(Waiting::Hours, opens_at)),
    };
    Approved {
        at: now,
        waiting_for: waits.as_ref().map(|waits| waits.waiting_for),
        opens_at: waits.as_ref().map_or(opens_at, |waits| waits.opens_at),
        unused_at: waits.as_ref().map_or_else(|| wait.unused_at(), |waits| waits.unused_at),
        fails_at: waits.as_ref().and_then(|waits| waits.fails_at),
        told_until: waits.as_ref().and_then(|waits| waits.told_until),
    }
}

/// Whoever must act once start and opening have come, where anybody must.
fn then(flow: &Flow, grant: &Grant, wait: &Wait<'_>) -> Option<NowWaits> {
    match mode(flow, grant) {
        Activation::OnApproval => None,
        Activation::ByHolder => Some(wait.for_time(Waiting::Holder, None)),
        Activation::OnConfirmation => Some(wait.for_targets()),
    }
}

/// In an emergency nothing is waited for, whatever the flow says.
fn mode(flow: &Flow, grant: &Grant) -> Activation {
    if grant.origin.break_glass { Activation::OnApproval } else { flow.activation }
}

/// The hours that this grant keeps; none in an emergency.
fn hours<'f>(flow: &'f Flow, grant: &Grant) -> Option<&'f Hours> {
    flow.hours.as_ref().filter(|_| !grant.origin.break_glass)
}

/// How long an approved grant may wait.
struct Wait<'f> {
    flow: &'f Flow,
    /// The approval or the planned start, whichever is later.
    from: Timestamp,
    planned_end: Option<Timestamp>,
    span: Span,
}

impl<'f> Wait<'f> {
    fn of(flow: &'f Flow, grant: &Grant, span: Span, approved_at: Timestamp) -> Self {
        let start = grant.origin.start;
        let from = start.map_or(approved_at, |start| start.max(approved_at));
        Self { flow, from, planned_end: start.map(|start| start.plus(span)), span }
    }

    /// For an instant that comes by itself, or for the holder: `activate_within` ends it as unused.
    fn for_time(&self, waiting_for: Waiting, opens_at: Option<Timestamp>) -> NowWaits {
        let unused_at = self.unused_at();
        NowWaits { waiting_for, opens_at, unused_at, fails_at: None, told_until: None }
    }

    /// For the targets: `activate_within` ends it as failed.
    fn for_targets(&self) -> NowWaits {
        NowWaits {
            waiting_for: Waiting::Provisioning,
            opens_at: None,
            unused_at: self.longest(),
            fails_at: self.within(),
            told_until: Some(self.latest_end()),
        }
    }

    fn unused_at(&self) -> Timestamp {
        self.within().map_or(self.longest(), |within| within.min(self.longest()))
    }

    /// When `activate_within` has passed in open hours; none where so many are never open.
    fn within(&self) -> Option<Timestamp> {
        match &self.flow.hours {
            Some(hours) => hours.after_open(self.from, self.flow.activate_within),
            None => Some(self.from.plus(self.flow.activate_within)),
        }
    }

    /// Never more than the longest wait, and not past the planned end.
    fn longest(&self) -> Timestamp {
        let longest = self.from.plus(limits::WAITING_MAX);
        self.planned_end.map_or(longest, |end| longest.min(end))
    }

    /// The end of access that begins at the last moment at which it still may.
    fn latest_end(&self) -> Timestamp {
        let before = self.unused_at();
        let last = self.flow.hours.as_ref().and_then(|hours| hours.last_open(self.from, before));
        let last = last.unwrap_or(before.minus(Span::millis(1)));
        let promised = self.planned_end.unwrap_or(last.plus(Span::millis(1)).plus(self.span));
        close(self.flow, last).map_or(promised, |close| close.min(promised))
    }
}

/// The close that shortens access which begins at that instant.
fn close(flow: &Flow, since: Timestamp) -> Option<Timestamp> {
    match flow.past_close {
        PastClose::Refuse | PastClose::Clip => flow.hours.as_ref()?.closes_after(since),
        PastClose::Allow => None,
    }
}

/// The planned start or the opening has come: somebody else must act now, or access begins.
pub(crate) fn opened(board: &mut Board<'_>, id: &GrantId, at: Timestamp) -> Result<(), Fault> {
    let Some(grant) = board.grant(id) else { return Ok(()) };
    let Stage::Approved(approved) = &grant.stage else { return Ok(()) };
    let flow = board.pinned(grant)?;
    let wait = Wait::of(flow, grant, grant.terms.span, approved.at);
    // Targets that were told have confirmed: it was the opening alone that was waited for.
    let waits = if approved.told_until.is_some() { None } else { then(flow, grant, &wait) };
    match waits {
        Some(waits) => board.record(id, at, None, Happened::NowWaits(waits)),
        None => begin(board, id, at, None),
    }
}

/// A target has confirmed. Once all have, access begins; while the flow's hours are shut it waits for the opening.
pub(crate) fn confirmed(board: &mut Board<'_>, id: &GrantId, cause: Cause) -> Result<(), Fault> {
    let now = board.now;
    let Some(grant) = board.grant(id) else { return Ok(()) };
    let Stage::Approved(approved) = &grant.stage else { return Ok(()) };
    let open = |task: &Task| matches!(task, Task::Provision { .. });
    let unconfirmed = grant.outbox.iter().any(|outgoing| open(&outgoing.effect.task));
    if approved.waiting_for != Some(Waiting::Provisioning) || unconfirmed {
        return Ok(());
    }
    let shut = board.pinned(grant)?.hours.as_ref().filter(|hours| !hours.is_open(now));
    let Some(hours) = shut else { return begin(board, id, now, Some(cause)) };
    let waits = NowWaits {
        waiting_for: Waiting::Hours,
        opens_at: hours.next_opening(now),
        unused_at: approved.unused_at,
        fails_at: None,
        told_until: approved.told_until,
    };
    board.record(id, now, Some(cause), Happened::NowWaits(waits))
}

/// Access begins at that instant, or is unused where nothing of it is left.
pub(crate) fn begin(
    board: &mut Board<'_>,
    id: &GrantId,
    at: Timestamp,
    cause: Option<Cause>,
) -> Result<(), Fault> {
    let Some(grant) = board.grant(id) else { return Ok(()) };
    let Stage::Approved(approved) = &grant.stage else { return Ok(()) };
    let told = approved.told_until.is_some();
    let flow = board.pinned(grant)?;
    let since = grant.origin.start.map_or(at, |start| start.max(at));
    let promised = grant.origin.start.unwrap_or(since).plus(grant.terms.span);
    let by = if cause.is_some() { By::Command } else { By::Time };
    let standing = board.world.policy.flows.get(&grant.origin.flow);
    let until = standing.and_then(|standing| standing.until(at, by));
    let close = hours(flow, grant).and_then(|_| close(flow, since));
    let end = [close, until].into_iter().flatten().fold(promised, Timestamp::min);
    if end <= since {
        return expire::close(board, id, at, cause, Happened::Unused);
    }
    let reminders = remind::due(&flow.notify.before_end, since, end, since);
    let review_due = break_glass::review_due(flow, grant, since);
    let activated = Activated { since, end, clipped: end < promised, reminders, told, review_due };
    board.record(id, at, cause, Happened::Activated(activated))
}

pub(crate) fn evolve(mut grant: Grant, event: &Activated) -> Result<Grant, IllegalEvent> {
    match &grant.stage {
        Stage::Approved(_) if event.since < event.end => {
            grant.stage = Stage::Active(Active {
                since: event.since,
                end: event.end,
                clipped: event.clipped,
                reminders: event.reminders.clone(),
                asked: None,
            });
            grant.review = event.review_due.map(|due| Review { due, told: false, by: None });
            Ok(grant)
        }
        Stage::Pending(_) | Stage::Approved(_) | Stage::Active(_) | Stage::Closed(_) => {
            Err(request::illegal(&grant, "activated"))
        }
    }
}

pub(crate) fn evolve_waits(mut grant: Grant, event: &NowWaits) -> Result<Grant, IllegalEvent> {
    match &mut grant.stage {
        Stage::Approved(approved) => {
            approved.waiting_for = Some(event.waiting_for);
            approved.opens_at = event.opens_at;
            approved.unused_at = event.unused_at;
            approved.fails_at = event.fails_at;
            approved.told_until = event.told_until;
            Ok(grant)
        }
        Stage::Pending(_) | Stage::Active(_) | Stage::Closed(_) => Err(request::illegal(&grant, "now_waits")),
    }
}

/// The targets are told once nothing but their confirmation is waited for.
pub(crate) fn effects_waits(after: &Grant, event: &NowWaits) -> Vec<Task> {
    match event.waiting_for {
        Waiting::Provisioning => provisions(after),
        Waiting::Start | Waiting::Hours | Waiting::Holder => Vec::new(),
    }
}

pub(crate) fn provisions(after: &Grant) -> Vec<Task> {
    after.integrations().into_iter().map(|at| Task::Provision { at: at.clone() }).collect()
}

pub(crate) fn effects(board: &Board<'_>, after: &Grant, event: &Activated) -> Result<Vec<Task>, Fault> {
    let mut tasks = if event.told {
        after.integrations().into_iter().map(|at| Task::Adjust { at: at.clone() }).collect()
    } else {
        provisions(after)
    };
    let ends = Some(event.end);
    tasks.push(Task::Notify { notice: Notice::Active, to: remind::parties(after), ends });
    if event.review_due.is_some() {
        let to = break_glass::reviewers(board, after)?;
        tasks.push(Task::Notify { notice: Notice::BreakGlass, to, ends });
    }
    Ok(tasks)
}

#[cfg(test)]
mod confirmation;
#[cfg(test)]
mod tests;
