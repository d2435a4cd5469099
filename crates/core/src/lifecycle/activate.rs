//! The holder begins access that waits for them.

use crate::board::Board;
use crate::check::{self, Check, No, On};
use crate::command::{Activate, Command};
use crate::grant::{Grant, Stage, Waiting};
use crate::id::GrantId;
use crate::lifecycle::{bring, open};
use crate::refusal::{Code, Refusal};

pub(crate) const CHECKS: &[Check<Activate>] = &[
    Check { codes: &[Code::CommandReused], run: check::reused },
    Check { codes: &[Code::GrantUnknown], run: |on, ask| on.grant(&ask.grant).map(|_| ()) },
    Check { codes: &[Code::ActorNotAllowed], run: |on, ask| holder(on, on.grant(&ask.grant)?) },
    Check { codes: &[Code::GrantExpired, Code::GrantNotActive], run: |on, ask| waits(on.grant(&ask.grant)?) },
    Check { codes: &[Code::RequestTooLarge], run: |on, _| bring::bounded(on, None, None) },
];

pub(crate) fn decide(board: &mut Board<'_>, command: &Command, ask: &Activate) -> Result<GrantId, No> {
    let on = On::new(board, command);
    check::all(CHECKS, &on, ask)?;
    // From here it must succeed.
    let (now, cause) = (on.now(), on.cause());
    open::begin(board, &ask.grant, now, Some(cause))?;
    Ok(ask.grant.clone())
}

/// `actor.not_allowed`: only the holder begins. Carries nothing of the grant.
fn holder(on: &On<'_>, grant: &Grant) -> Result<(), No> {
    if on.person().is_some_and(|person| person.id == *grant.holder()) {
        return Ok(());
    }
    Err(Refusal::new(Code::ActorNotAllowed, format!("`{}` is not the holder", on.actor())).into())
}

/// The stage's refusal, where the grant does not wait for its holder.
fn waits(grant: &Grant) -> Result<(), No> {
    match &grant.stage {
        Stage::Approved(approved) if approved.waiting_for == Some(Waiting::Holder) => Ok(()),
        Stage::Active(_) | Stage::Pending(_) | Stage::Approved(_) | Stage::Closed(_) => {
            let words = format!("the grant `{}` does not wait for its holder", grant.id());
            Err(check::staged(Refusal::new(Code::GrantNotActive, words), grant).into())
        }
    }
}
