//! Access begins: nothing is waited for any more. The clock of the access starts here, never at the request.

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::effect::{Notice, Task};
use crate::event::{Cause, Happened, IllegalEvent};
use crate::flow::Flow;
use crate::flow::hours::PastClose;
use crate::grant::{Active, Approved, Grant, Stage, Waiting};
use crate::id::GrantId;
use crate::lifecycle::expire::Ended;
use crate::lifecycle::{remind, request};
use crate::limits;
use crate::machine::Fault;
use crate::time::{Span, Timestamp};

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
}

/// What was waited for has come, and something else is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NowWaits {
    /// What is waited for now.
    pub waiting_for: Waiting,
    /// When nothing is waited for any more; absent where that moment is not known to come.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub opens_at: Option<Timestamp>,
    /// When it is unused.
    pub unused_at: Timestamp,
    /// When it has failed, where the target must confirm.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fails_at: Option<Timestamp>,
    /// The latest end that can come of it, where the target is told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub told_until: Option<Timestamp>,
}

/// What a grant waits for that is approved now: nothing, its planned start, or the flow's hours.
pub(crate) fn waits(flow: &Flow, grant: &Grant, span: Span, now: Timestamp) -> Approved {
    let start = grant.origin.start;
    let from = start.map_or(now, |start| start.max(now));
    let opens_at = match &flow.hours {
        Some(hours) => hours.next_opening(from),
        None => Some(from),
    };
    let waiting_for = match opens_at {
        Some(opens) if opens <= now => None,
        Some(_) | None if from > now => Some(Waiting::Start),
        Some(_) | None => Some(Waiting::Hours),
    };
    Approved {
        at: now,
        waiting_for,
        opens_at,
        unused_at: unused_at(flow, from, start.map(|start| start.plus(span))),
        fails_at: None,
        told_until: None,
    }
}

/// When waiting ends in vain: `activate_within` in open hours, never more than the longest wait, and not
/// past the planned end.
fn unused_at(flow: &Flow, from: Timestamp, planned_end: Option<Timestamp>) -> Timestamp {
    let within = match &flow.hours {
        Some(hours) => hours.after_open(from, flow.activate_within),
        None => Some(from.plus(flow.activate_within)),
    };
    let longest = from.plus(limits::WAITING_MAX);
    let within = within.map_or(longest, |within| within.min(longest));
    planned_end.map_or(within, |end| within.min(end))
}

/// Access begins at that instant, or is unused where nothing of it is left.
pub(crate) fn begin(
    board: &mut Board<'_>,
    id: &GrantId,
    at: Timestamp,
    cause: Option<Cause>,
) -> Result<(), Fault> {
    let Some(grant) = board.grant(id) else { return Ok(()) };
    let flow = board.pinned(grant)?;
    let since = grant.origin.start.map_or(at, |start| start.max(at));
    let promised = grant.origin.start.unwrap_or(since).plus(grant.terms.span);
    let close = match flow.past_close {
        PastClose::Refuse | PastClose::Clip => {
            flow.hours.as_ref().and_then(|hours| hours.closes_after(since))
        }
        PastClose::Allow => None,
    };
    let standing = board.world.policy.flows.get(&grant.origin.flow);
    // A command meets the policy of its own instant; time comes before it.
    let until = match &cause {
        Some(_) => standing.and_then(|standing| standing.history.last()?.flow.until),
        None => standing.and_then(|standing| standing.until_before(at)),
    };
    let end = [close, until].into_iter().flatten().fold(promised, Timestamp::min);
    if end <= since {
        return board.record(id, at, cause, Happened::Unused(Ended::default()));
    }
    let reminders = remind::due(&flow.notify.before_end, since, end, since);
    let activated = Activated { since, end, clipped: end < promised, reminders };
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

/// The target is told once nothing but its confirmation is waited for.
pub(crate) fn effects_waits(after: &Grant, event: &NowWaits) -> Vec<Task> {
    match event.waiting_for {
        Waiting::Provisioning => provisions(after),
        Waiting::Start | Waiting::Hours | Waiting::Holder => Vec::new(),
    }
}

fn provisions(after: &Grant) -> Vec<Task> {
    after.integrations().into_iter().map(|at| Task::Provision { at: at.clone() }).collect()
}

pub(crate) fn effects(after: &Grant, event: &Activated) -> Vec<Task> {
    let provision = after.integrations().into_iter().map(|at| Task::Provision { at: at.clone() });
    let notice = Task::Notify { notice: Notice::Active, to: remind::parties(after), ends: Some(event.end) };
    provision.chain([notice]).collect()
}

#[cfg(test)]
mod tests;
