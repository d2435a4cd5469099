//! An approver says no; as many noes as the flow asks for close the request.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::check::{self, Check, No, On};
use crate::command::{Command, Deny};
use crate::effect::{Notice, Task};
use crate::event::{Happened, IllegalEvent};
use crate::grant::{Decision, Grant, Stage};
use crate::id::GrantId;
use crate::lifecycle::ballot::{self, Ballot};
use crate::lifecycle::{approve, bring, counterfactual, remind, request};
use crate::refusal::Code;

/// An approver said no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DenialGiven {
    /// What was decided, by whom.
    pub decision: Decision,
}

/// The checks of an approval, without those about what is awaited, the flow, span and items: any decider
/// of any step may deny at any time.
pub(crate) const CHECKS: &[Check<Deny>] = &[
    Check { codes: &[Code::CommandReused], run: check::reused },
    Check { codes: &[Code::GrantUnknown], run: |on, ask| on.grant(&ask.grant).map(|_| ()) },
    Check { codes: &[Code::ApprovalOwn], run: |on, ask| ballot(on, ask)?.not_own(on) },
    Check { codes: &[Code::ApprovalNotApprover], run: |on, ask| ballot(on, ask)?.is_approver(on) },
    Check { codes: &[Code::RequestClosed], run: |on, ask| approve::pending(on.grant(&ask.grant)?) },
    Check { codes: &[Code::ApprovalRepeated], run: |on, ask| ballot(on, ask)?.is_first(on) },
    Check {
        codes: &[Code::ApprovalStale],
        run: |on, ask| ballot::fresh(&on.grant(&ask.grant)?.origin.content, ask.content.as_ref()),
    },
    Check { codes: &[Code::RequestTooLarge], run: |on, ask| bring::bounded(on, None, ask.reason.as_deref()) },
    Check { codes: &[Code::ConditionUnmet, Code::ConditionFailed], run: condition },
    Check { codes: &[Code::ReasonMissing, Code::MfaMissing, Code::MfaStale], run: brought },
];

pub(crate) fn decide(board: &mut Board<'_>, command: &Command, ask: &Deny) -> Result<GrantId, No> {
    let on = On::new(board, command);
    counterfactual::all(CHECKS, &on, ask)?;
    let ballot = ballot(&on, ask)?;
    let fits = ballot.counting(&on, &ballot.places(&on), ask.reason.as_deref())?;
    let decision = Decision {
        by: ballot::decider(&on)?,
        at: on.now(),
        named_by: ballot.naming(&on, &fits),
        fits,
        span: None,
        only: None,
        reason: ask.reason.clone(),
    };
    // From here it must succeed.
    let closes = ballot.is_denied(ballot.denials.len().saturating_add(1));
    let (now, cause) = (on.now(), on.cause());
    board.record(&ask.grant, now, Some(cause.clone()), Happened::DenialGiven(DenialGiven { decision }))?;
    if closes {
        board.record(&ask.grant, now, Some(cause), Happened::Denied)?;
    }
    Ok(ask.grant.clone())
}

pub(crate) fn evolve(mut grant: Grant, event: &DenialGiven) -> Result<Grant, IllegalEvent> {
    match &grant.stage {
        Stage::Pending(_) => {
            Arc::make_mut(&mut grant.denials).push(event.decision.clone());
            Ok(grant)
        }
        Stage::Approved(_) | Stage::Active(_) | Stage::Closed(_) => {
            Err(request::illegal(&grant, "denial_given"))
        }
    }
}

/// A request that was denied, or not decided in time.
pub(crate) fn effects_closed(after: &Grant) -> Vec<Task> {
    vec![Task::Notify { notice: Notice::Decided, to: remind::parties(after), ends: None }]
}

fn ballot<'a>(on: &On<'a>, ask: &Deny) -> Result<Ballot<'a>, No> {
    let grant = on.grant(&ask.grant)?;
    Ok(request::ballot(grant, on.pinned(grant)?))
}

fn condition(on: &On<'_>, ask: &Deny) -> Result<(), No> {
    let ballot = ballot(on, ask)?;
    ballot.first_condition(on, &ballot.places(on), ask.reason.as_deref())
}

fn brought(on: &On<'_>, ask: &Deny) -> Result<(), No> {
    let ballot = ballot(on, ask)?;
    ballot.first_brought(on, &ballot.places(on), ask.reason.as_deref())
}

#[cfg(test)]
mod tests;
