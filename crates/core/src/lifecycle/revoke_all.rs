//! All access of a person, under a flow, at an integration or to an item ends at one instant.
//!
//! That is one entry in the record, with every grant it ends. From its instant none of them is active; each is
//! closed, stamped with it: the first of them at once, the others when their holder's grants are settled next.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::check::{self, Check, No, On};
use crate::command::{Command, Reach, RevokeAll};
use crate::event::{Cause, Happened};
use crate::grant::Grant;
use crate::id::{GrantId, PersonId};
use crate::lifecycle::revoke::{self, Revoked};
use crate::lifecycle::{bring, expire, settle};
use crate::limits::REVOKED_AT_ONCE_MAX;
use crate::machine::Fault;
use crate::refusal::{Code, Refusal};
use crate::time::Timestamp;
use crate::world::{Found, Read, World};

/// Many grants ended at one instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedAll {
    /// Whose access, or where.
    pub of: Reach,
    /// When.
    pub at: Timestamp,
    /// Who did it, by which command.
    pub cause: Cause,
    /// Why.
    pub reason: String,
    /// The grants that it ends, in order of id.
    pub grants: Vec<GrantId>,
    /// Grants that it found and whose end is not this actor's to decide, in order of id.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub not_allowed: Vec<GrantId>,
}

/// The revocation of many that has ended a grant which is not closed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Its place in the record: of two at one instant the earlier comes first.
    pub position: u64,
    /// The revocation.
    pub by: Arc<RevokedAll>,
}

pub(crate) const CHECKS: &[Check<RevokeAll>] = &[
    Check { codes: &[Code::CommandReused], run: check::reused },
    Check { codes: &[Code::GrantUnknown, Code::ActorNotAllowed], run: |on, ask| found(on, ask).map(|_| ()) },
    Check { codes: &[Code::RequestTooLarge], run: |on, ask| bring::bounded(on, None, ask.reason.as_deref()) },
    Check { codes: &[Code::ReasonMissing], run: |_, ask| revoke::reason(ask.reason.as_deref()).map(|_| ()) },
];

/// Where grants are looked for, and the holders of those that are closed at once: what else they hold
/// says what stays. It is dated after all that happened to anybody: what is closed later is closed as of then,
/// and may meet nothing that is younger.
pub(crate) fn needs(command: &Command, ask: &RevokeAll, world: &World) -> Vec<Read> {
    let place = match &ask.of {
        Reach::Person(person) => Read::Person(person.clone()),
        Reach::Flow(flow) => Read::OpenIn(flow.clone()),
        Reach::Integration(at) => Read::OpenAt(at.clone()),
        Reach::Item(item) => Read::OpenOn(item.clone()),
    };
    let mut reads = vec![Read::Latest, place];
    let board = Board::new(world, world.latest().map_or(world.clock, |latest| latest.max(world.clock)));
    // What a fault hides is a revision that is asked for at the same time: then it is looked at again.
    if let Ok(found) = reached(&On::new(&board, command), ask) {
        let first = found.revoked.iter().take(REVOKED_AT_ONCE_MAX).filter_map(|id| board.grant(id));
        reads.extend(first.map(|grant| Read::Person(grant.holder().clone())));
    }
    reads
}

/// Those whose grants were all read, by [`needs`].
pub(crate) fn holders(world: &World) -> Vec<PersonId> {
    let read = world.read.iter().filter_map(|read| match read {
        Read::Person(person) => Some(person.clone()),
        Read::Command(_)
        | Read::Grant(_)
        | Read::Revision(_)
        | Read::OpenIn(_)
        | Read::OpenOn(_)
        | Read::OpenAt(_)
        | Read::Recent(..)
        | Read::Latest
        | Read::Refused(_)
        | Read::RefusedBefore(_) => None,
    });
    read.collect()
}

pub(crate) fn decide(
    board: &mut Board<'_>,
    command: &Command,
    ask: &RevokeAll,
) -> Result<Arc<RevokedAll>, No> {
    let on = On::new(board, command);
    check::all(CHECKS, &on, ask)?;
    let Found { revoked: grants, not_allowed } = found(&on, ask)?;
    let reason = revoke::reason(ask.reason.as_deref())?.to_owned();
    // From here it must succeed.
    let all = RevokedAll { of: ask.of.clone(), at: on.now(), cause: on.cause(), reason, grants, not_allowed };
    let loaded = |grant: &Grant| board.world.read.contains(&Read::Person(grant.holder().clone()));
    let known = all.grants.iter().filter(|id| board.grant(id).is_some_and(loaded));
    let first: Vec<&GrantId> = known.take(REVOKED_AT_ONCE_MAX).collect();
    for id in first {
        close(board, id, &all)?;
    }
    Ok(Arc::new(all))
}

/// Closes one of the grants, as of the instant at which all of them ended.
pub(crate) fn close(board: &mut Board<'_>, id: &GrantId, all: &RevokedAll) -> Result<(), Fault> {
    let (reason, cause) = (all.reason.clone(), Some(all.cause.clone()));
    let how = |ended| Happened::Revoked(Revoked { reason, ended });
    expire::close_among(board, id, all.at, cause, &all.grants, how)
}

/// What it ends and what it must leave; `grant.unknown` where nothing is open there, `actor.not_allowed`
/// where nothing of it is this actor's to end.
fn found(on: &On<'_>, ask: &RevokeAll) -> Result<Found, No> {
    let found = reached(on, ask)?;
    let refused = |code: Code, words: String| Err(Refusal::new(code, words).into());
    match (found.revoked.is_empty(), found.not_allowed.is_empty()) {
        (true, true) => refused(Code::GrantUnknown, format!("nothing is open {}", ask.of)),
        (true, false) => {
            refused(Code::ActorNotAllowed, format!("`{}` may revoke nothing {}", on.actor(), ask.of))
        }
        (false, _) => Ok(found),
    }
}

/// All that is open there by now, whoever's it is.
fn reached(on: &On<'_>, ask: &RevokeAll) -> Result<Found, Fault> {
    let mut found = Found::default();
    for grant in on.board.grants().filter(|grant| !grant.is_closed() && ask.of.meets(grant)) {
        if !settle::is_open(on.board, grant, on.now())? {
            continue;
        }
        let list = if revoke::may_revoke(on, grant)? { &mut found.revoked } else { &mut found.not_allowed };
        list.push(grant.id().clone());
    }
    Ok(found)
}

impl RevokedAll {
    /// What it answers.
    pub(crate) fn found(&self) -> Found {
        Found { revoked: self.grants.clone(), not_allowed: self.not_allowed.clone() }
    }
}

impl Reach {
    /// Whether this grant is there.
    fn meets(&self, grant: &Grant) -> bool {
        match self {
            Self::Person(person) => grant.holder() == person,
            Self::Flow(flow) => grant.origin.flow == *flow,
            Self::Integration(at) => grant.integrations().contains(at),
            Self::Item(item) => grant.terms.scope.contains(item),
        }
    }
}

impl std::fmt::Display for Reach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Person(person) => write!(f, "for `{person}`"),
            Self::Flow(flow) => write!(f, "under `{flow}`"),
            Self::Integration(at) => write!(f, "at `{at}`"),
            Self::Item(item) => write!(f, "on `{item}`"),
        }
    }
}

#[cfg(test)]
mod tests;
