//! Access that is no longer needed is given back.

use crate::board::Board;
use crate::check::{self, Check, No, On};
use crate::command::{Command, GiveBack};
use crate::event::Happened;
use crate::id::GrantId;
use crate::lifecycle::{bring, expire, withdraw};
use crate::refusal::Code;

pub(crate) const CHECKS: &[Check<GiveBack>] = &[
    Check { codes: &[Code::CommandReused], run: check::reused },
    Check { codes: &[Code::GrantUnknown], run: |on, ask| on.grant(&ask.grant).map(|_| ()) },
    Check { codes: &[Code::ActorNotAllowed], run: |on, ask| withdraw::party(on, on.grant(&ask.grant)?) },
    Check {
        codes: &[Code::GrantExpired, Code::GrantNotActive],
        run: |on, ask| check::running(on.grant(&ask.grant)?).map(|_| ()),
    },
    Check { codes: &[Code::RequestTooLarge], run: |on, _| bring::bounded(on, None, None) },
];

pub(crate) fn decide(board: &mut Board<'_>, command: &Command, ask: &GiveBack) -> Result<GrantId, No> {
    let on = On::new(board, command);
    check::all(CHECKS, &on, ask)?;
    // From here it must succeed.
    let (now, cause) = (on.now(), on.cause());
    expire::close(board, &ask.grant, now, Some(cause), Happened::GivenBack)?;
    Ok(ask.grant.clone())
}

#[cfg(test)]
mod tests;
