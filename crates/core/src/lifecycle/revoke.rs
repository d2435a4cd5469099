//! Somebody ends somebody's access, in every stage but the last.

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::check::{self, Check, No, On};
use crate::command::{Command, Revoke};
use crate::event::Happened;
use crate::grant::{Grant, Outcome, Stage};
use crate::id::GrantId;
use crate::lifecycle::expire::{self, Ended};
use crate::lifecycle::{bring, eligible};
use crate::machine::Fault;
use crate::person::Actor;
use crate::refusal::{Code, Lacking, Refusal, WouldPass};

/// Somebody ended it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// Why.
    pub reason: String,
    /// What stays.
    #[serde(flatten)]
    pub ended: Ended,
}

pub(crate) const CHECKS: &[Check<Revoke>] = &[
    Check { codes: &[Code::CommandReused], run: check::reused },
    Check { codes: &[Code::GrantUnknown], run: |on, ask| on.grant(&ask.grant).map(|_| ()) },
    Check { codes: &[Code::ActorNotAllowed], run: allowed },
    Check { codes: &[Code::GrantExpired, Code::GrantNotActive], run: open },
    Check { codes: &[Code::RequestTooLarge], run: |on, ask| bring::bounded(on, None, ask.reason.as_deref()) },
    Check { codes: &[Code::ReasonMissing], run: |_, ask| reason(ask.reason.as_deref()).map(|_| ()) },
];

pub(crate) fn decide(board: &mut Board<'_>, command: &Command, ask: &Revoke) -> Result<GrantId, No> {
    let on = On::new(board, command);
    check::all(CHECKS, &on, ask)?;
    let reason = reason(ask.reason.as_deref())?.to_owned();
    // From here it must succeed.
    let (now, cause) = (on.now(), on.cause());
    expire::close(board, &ask.grant, now, Some(cause), |ended| Happened::Revoked(Revoked { reason, ended }))?;
    Ok(ask.grant.clone())
}

/// `actor.not_allowed`: the end of this grant is not the actor's to decide. Carries nothing of the grant.
fn allowed(on: &On<'_>, ask: &Revoke) -> Result<(), No> {
    if may_revoke(on, on.grant(&ask.grant)?)? {
        return Ok(());
    }
    Err(Refusal::new(Code::ActorNotAllowed, format!("`{}` may not revoke this", on.actor())).into())
}

/// The host itself, whoever approved this grant, and those whom the flow names: as it was asked under, or
/// as it stands today.
pub(crate) fn may_revoke(on: &On<'_>, grant: &Grant) -> Result<bool, Fault> {
    let person = match on.actor() {
        Actor::System(_) => return Ok(true),
        Actor::Person(person) => person,
    };
    let names = person.names();
    let approved = grant.approvals.iter().any(|decision| decision.by.same_human(&names));
    let today = on.board.world.policy.flow(&grant.origin.flow).map(|since| since.flow.revoke_by.as_slice());
    let mut named = on.board.pinned(grant)?.revoke_by.iter().chain(today.unwrap_or_default());
    Ok(approved || named.any(|selector| eligible::means(selector, person, grant)))
}

fn open(on: &On<'_>, ask: &Revoke) -> Result<(), No> {
    let grant = on.grant(&ask.grant)?;
    let Stage::Closed(closed) = &grant.stage else { return Ok(()) };
    let words = format!("the grant `{}` is {} already", grant.id(), check::standing(grant));
    let code = if closed.outcome == Outcome::Expired { Code::GrantExpired } else { Code::GrantNotActive };
    Err(check::staged(Refusal::new(code, words), grant).into())
}

/// `reason.missing`: nobody's access is ended without saying why.
pub(crate) fn reason(given: Option<&str>) -> Result<&str, No> {
    given.filter(|reason| !reason.trim().is_empty()).ok_or_else(|| {
        Refusal::new(Code::ReasonMissing, "a revocation needs a reason")
            .or(WouldPass::reason([Lacking::reason()]))
            .into()
    })
}

#[cfg(test)]
mod tests;
