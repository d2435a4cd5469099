//! Access that was taken in an emergency is looked at afterwards, by somebody else.

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::check::{self, Check, No, On};
use crate::command::{Command, Review};
use crate::effect::{Notice, Task};
use crate::event::{Happened, IllegalEvent};
use crate::grant::Grant;
use crate::id::GrantId;
use crate::lifecycle::{break_glass, bring, eligible, request};
use crate::machine::Fault;
use crate::person::Names;
use crate::refusal::{Code, Refusal};
use crate::time::Timestamp;

/// Access taken in an emergency was not reviewed in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewDue {
    /// Whom this is told: selectors, resolved where they can be.
    pub to: Vec<String>,
}

/// Access taken in an emergency was reviewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviewed {
    /// By whom.
    pub by: Names,
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

pub(crate) const CHECKS: &[Check<Review>] = &[
    Check { codes: &[Code::CommandReused], run: check::reused },
    Check { codes: &[Code::GrantUnknown], run: |on, ask| on.grant(&ask.grant).map(|_| ()) },
    Check { codes: &[Code::ApprovalOwn], run: not_own },
    Check { codes: &[Code::ActorNotAllowed], run: reviewer },
    Check { codes: &[Code::ReviewNotNeeded, Code::ReviewRepeated], run: needed },
    Check { codes: &[Code::RequestTooLarge], run: |on, ask| bring::bounded(on, None, ask.reason.as_deref()) },
];

pub(crate) fn decide(board: &mut Board<'_>, command: &Command, ask: &Review) -> Result<GrantId, No> {
    let on = On::new(board, command);
    check::all(CHECKS, &on, ask)?;
    let by = on.names().ok_or_else(|| not_reviewer(&on))?;
    // From here it must succeed.
    let (now, cause) = (on.now(), on.cause());
    let reviewed = Reviewed { by, reason: ask.reason.clone() };
    board.record(&ask.grant, now, Some(cause), Happened::Reviewed(reviewed))?;
    Ok(ask.grant.clone())
}

/// Time says aloud that nobody has looked at it.
pub(crate) fn fall_due(board: &mut Board<'_>, id: &GrantId, at: Timestamp) -> Result<(), Fault> {
    let Some(grant) = board.grant(id) else { return Ok(()) };
    let to = break_glass::reviewers(board, grant)?;
    board.record(id, at, None, Happened::ReviewDue(ReviewDue { to }))
}

/// `approval.own`: nobody looks at their own emergency, nor at one that they made longer, under any id.
fn not_own(on: &On<'_>, ask: &Review) -> Result<(), No> {
    let grant = on.grant(&ask.grant)?;
    let extended = grant.extensions.iter().map(|moved| &moved.by);
    let parties = || grant.holders().chain([&grant.origin.requester]).chain(extended.clone());
    let own = |by: &Names| parties().any(|party| party.same_human(by));
    match on.names().filter(own) {
        Some(by) => {
            let words = format!("`{}` cannot review their own access", by.id);
            Err(Refusal::new(Code::ApprovalOwn, words).into())
        }
        None => Ok(()),
    }
}

/// Those whom the flow names: as it was asked under, or as it stands today. Carries nothing of the grant.
fn reviewer(on: &On<'_>, ask: &Review) -> Result<(), No> {
    let grant = on.grant(&ask.grant)?;
    let today = on.board.world.policy.flow(&grant.origin.flow).map(|since| &since.flow);
    let rules = [Some(on.board.pinned(grant)?), today].into_iter().flatten();
    let mut named = rules.filter_map(|flow| flow.break_glass.as_ref()).flat_map(|rule| &rule.review_by);
    let person = on.person();
    if person.is_some_and(|person| named.any(|selector| eligible::means(selector, person, grant))) {
        return Ok(());
    }
    Err(not_reviewer(on).into())
}

fn not_reviewer(on: &On<'_>) -> Refusal {
    Refusal::new(Code::ActorNotAllowed, format!("`{}` is not among those who review this", on.actor()))
}

fn needed(on: &On<'_>, ask: &Review) -> Result<(), No> {
    match &on.grant(&ask.grant)?.review {
        None => Err(Refusal::new(Code::ReviewNotNeeded, format!("`{}` needs no review", ask.grant)).into()),
        Some(review) => match &review.by {
            Some(by) => {
                let words = format!("`{}` was reviewed by `{}` already", ask.grant, by.id);
                Err(Refusal::new(Code::ReviewRepeated, words).with("reviewed_by", by.id.as_str()).into())
            }
            None => Ok(()),
        },
    }
}

pub(crate) fn evolve_due(mut grant: Grant, at: Timestamp) -> Result<Grant, IllegalEvent> {
    match &mut grant.review {
        Some(review) if review.by.is_none() && !review.told && review.due == at => {
            review.told = true;
            Ok(grant)
        }
        Some(_) | None => Err(request::illegal(&grant, "review_due")),
    }
}

pub(crate) fn evolve(mut grant: Grant, event: &Reviewed) -> Result<Grant, IllegalEvent> {
    match &mut grant.review {
        Some(review) if review.by.is_none() => {
            review.by = Some(event.by.clone());
            Ok(grant)
        }
        Some(_) | None => Err(request::illegal(&grant, "reviewed")),
    }
}

pub(crate) fn effects_due(event: &ReviewDue) -> Vec<Task> {
    vec![Task::Notify { notice: Notice::ReviewDue, to: event.to.clone(), ends: None }]
}

#[cfg(test)]
mod tests;
