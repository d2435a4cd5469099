//! A policy is put in force. What runs, runs out; what is asked next is judged by it.

use std::sync::Arc;

use crate::check::{self, Check, No, On};
use crate::command::Publish;
use crate::lifecycle::bring;
use crate::refusal::{Code, Refusal};
use crate::world::Head;

pub(crate) const CHECKS: &[Check<Publish>] = &[
    Check { codes: &[Code::CommandReused], run: check::reused },
    Check { codes: &[Code::RequestTooLarge], run: |on, _| bring::bounded(on, None, None) },
    Check { codes: &[Code::PolicyStale], run: replaces },
];

pub(crate) fn decide(on: &On<'_>, ask: &Publish) -> Result<Arc<Head>, No> {
    check::all(CHECKS, on, ask)?;
    Ok(Arc::new(on.board.world.policy.with(ask.policy.clone(), on.now())))
}

fn replaces(on: &On<'_>, ask: &Publish) -> Result<(), No> {
    let Some(expected) = &ask.if_revision else { return Ok(()) };
    let current = on.board.world.policy.document.as_ref().map(|document| &document.revision);
    if current == Some(expected) {
        return Ok(());
    }
    let words = format!("the policy in force is not `{expected}`");
    let refusal = Refusal::new(Code::PolicyStale, words);
    Err(refusal.with_some("revision", current.map(|revision| revision.as_str())).into())
}

#[cfg(test)]
mod tests;
