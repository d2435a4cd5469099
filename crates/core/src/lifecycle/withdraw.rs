//! Requester or holder takes a request back before access runs.

use crate::board::Board;
use crate::check::{self, Check, No, On};
use crate::command::{Command, Withdraw};
use crate::event::Happened;
use crate::grant::{Grant, Stage};
use crate::id::GrantId;
use crate::lifecycle::{bring, expire};
use crate::refusal::{Code, Refusal};

pub(crate) const CHECKS: &[Check<Withdraw>] = &[
    Check { codes: &[Code::CommandReused], run: check::reused },
    Check { codes: &[Code::GrantUnknown], run: |on, ask| on.grant(&ask.grant).map(|_| ()) },
    Check { codes: &[Code::ActorNotAllowed], run: |on, ask| party(on, on.grant(&ask.grant)?) },
    Check { codes: &[Code::RequestClosed], run: waiting },
    Check { codes: &[Code::RequestTooLarge], run: |on, _| bring::bounded(on, None, None) },
];

pub(crate) fn decide(board: &mut Board<'_>, command: &Command, ask: &Withdraw) -> Result<GrantId, No> {
    let on = On::new(board, command);
    check::all(CHECKS, &on, ask)?;
    // From here it must succeed.
    let (now, cause) = (on.now(), on.cause());
    expire::close(board, &ask.grant, now, Some(cause), Happened::Withdrawn)?;
    Ok(ask.grant.clone())
}

/// `actor.not_allowed`: neither holder nor requester. Carries nothing of the grant.
pub(crate) fn party(on: &On<'_>, grant: &Grant) -> Result<(), No> {
    if is_party(on, grant) {
        return Ok(());
    }
    let words = format!("`{}` is neither holder nor requester", on.actor());
    Err(Refusal::new(Code::ActorNotAllowed, words).into())
}

/// Whether the actor is the grant's holder or requester.
pub(crate) fn is_party(on: &On<'_>, grant: &Grant) -> bool {
    on.person().is_some_and(|person| {
        let origin = &grant.origin;
        person.id == origin.holder.id || person.id == origin.requester.id
    })
}

fn waiting(on: &On<'_>, ask: &Withdraw) -> Result<(), No> {
    let grant = on.grant(&ask.grant)?;
    match &grant.stage {
        Stage::Pending(_) | Stage::Approved(_) => Ok(()),
        Stage::Active(_) | Stage::Closed(_) => {
            let words = format!("the request `{}` is {}", grant.id(), check::standing(grant));
            Err(check::staged(Refusal::new(Code::RequestClosed, words), grant).into())
        }
    }
}

#[cfg(test)]
mod tests;
