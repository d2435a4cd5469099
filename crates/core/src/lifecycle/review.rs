//! Access that was taken in an emergency is looked at afterwards, by somebody else.

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::check::{self, Check, No, On};
use crate::command::{Command, Review};
use crate::effect::{Notice, Task};
use crate::event::{Happened, IllegalEvent};
use crate::grant::Grant;
use crate::id::GrantId;
use crate::lifecycle::{bring, request};
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
    Check { codes: &[Code::ReviewNotNeeded, Code::ReviewRepeated], run: needed },
    Check { codes: &[Code::RequestTooLarge], run: |on, ask| bring::bounded(on, None, ask.reason.as_deref()) },
];

pub(crate) fn decide(board: &mut Board<'_>, command: &Command, ask: &Review) -> Result<GrantId, No> {
    let on = On::new(board, command);
    check::all(CHECKS, &on, ask)?;
    let by = on.names().ok_or_else(|| Refusal::new(Code::ActorNotAllowed, "people review"))?;
    // From here it must succeed.
    let (now, cause) = (on.now(), on.cause());
    let reviewed = Reviewed { by, reason: ask.reason.clone() };
    board.record(&ask.grant, now, Some(cause), Happened::Reviewed(reviewed))?;
    Ok(ask.grant.clone())
}

fn needed(on: &On<'_>, ask: &Review) -> Result<(), No> {
    let refused = |code: Code, words: String| Err(Refusal::new(code, words).into());
    match &on.grant(&ask.grant)?.review {
        None => refused(Code::ReviewNotNeeded, format!("`{}` needs no review", ask.grant)),
        Some(review) if review.by.is_some() => {
            refused(Code::ReviewRepeated, format!("`{}` was reviewed already", ask.grant))
        }
        Some(_) => Ok(()),
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
