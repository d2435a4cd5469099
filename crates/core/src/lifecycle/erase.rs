//! What people wrote of a grant is erased, once nothing more will come of the grant.

use crate::board::Board;
use crate::check::{self, Check, No, On};
use crate::command::{Command, Erase};
use crate::event::Happened;
use crate::grant::{Decision, Grant};
use crate::id::GrantId;
use crate::lifecycle::bring;
use crate::person::Actor;
use crate::record::written::ERASED;
use crate::refusal::{Code, Refusal};

pub(crate) const CHECKS: &[Check<Erase>] = &[
    Check { codes: &[Code::CommandReused], run: check::reused },
    Check { codes: &[Code::GrantUnknown], run: |on, ask| on.grant(&ask.grant).map(|_| ()) },
    Check { codes: &[Code::ActorNotAllowed], run: host },
    Check { codes: &[Code::ErasureTooEarly], run: over },
    Check { codes: &[Code::RequestTooLarge], run: |on, _| bring::bounded(on, None, None) },
];

pub(crate) fn decide(board: &mut Board<'_>, command: &Command, ask: &Erase) -> Result<GrantId, No> {
    let on = On::new(board, command);
    check::all(CHECKS, &on, ask)?;
    // From here it must succeed.
    let (now, cause) = (on.now(), on.cause());
    board.record(&ask.grant, now, Some(cause), Happened::Erased)?;
    Ok(ask.grant.clone())
}

/// `actor.not_allowed`: the host erases, whoever asked it to. Carries nothing of the grant.
fn host(on: &On<'_>, _: &Erase) -> Result<(), No> {
    match on.actor() {
        Actor::System(_) => Ok(()),
        Actor::Person(person) => {
            let words = format!("`{}` is a person; only the host itself erases", person.id);
            Err(Refusal::new(Code::ActorNotAllowed, words).into())
        }
    }
}

/// `erasure.too_early`: conditions, deciders, workers or reviewers may still look at what was written.
fn over(on: &On<'_>, ask: &Erase) -> Result<(), No> {
    let grant = on.grant(&ask.grant)?;
    if grant.is_settled_for_good() {
        return Ok(());
    }
    let words = format!("`{}` is {}, or something of it is not finished", ask.grant, check::standing(grant));
    Err(check::staged(Refusal::new(Code::ErasureTooEarly, words), grant).into())
}

/// The texts of its events are gone, and so are those that came of them.
pub(crate) fn evolve(mut grant: Grant) -> Grant {
    let origin = std::sync::Arc::make_mut(&mut grant.origin);
    let texts = origin.reason.iter_mut().chain(origin.fields.values_mut()).chain([&mut origin.content]);
    texts.for_each(|text| ERASED.clone_into(text));
    let without = |decisions: &mut std::sync::Arc<Vec<Decision>>| {
        if decisions.iter().any(|decision| decision.reason.is_some()) {
            let reasons =
                std::sync::Arc::make_mut(decisions).iter_mut().filter_map(|one| one.reason.as_mut());
            reasons.for_each(|text| ERASED.clone_into(text));
        }
    };
    without(&mut grant.approvals);
    without(&mut grant.denials);
    grant
}

#[cfg(test)]
mod tests;
