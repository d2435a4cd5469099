//! What whoever watches a host is told: one span a command. It names no person and says nothing that people wrote.
//!
//! Where nobody watches, it costs a look at a flag.

use std::time::Duration;

use tenure_store::Given;
use tenure_store::batch::Accepted;
use tenure_store::clock::Stopwatch;
use tracing::field::{Empty, display};
use tracing::{Level, Span};

use crate::error::Error;

/// The target of every span.
const TARGET: &str = "tenure";

/// The spans of commands that are given together, in order: none where nobody watches.
pub(crate) struct Spans(Vec<Span>);

/// The commit that a command was part of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Commit {
    /// How many commands were decided in it, those of other callers too.
    pub(crate) commands: usize,
    /// How long the store took, where somebody watches.
    pub(crate) took: Option<Duration>,
}

/// A stopwatch, where somebody watches.
pub(crate) fn stopwatch() -> Option<Stopwatch> {
    tracing::enabled!(target: TARGET, Level::INFO).then(Stopwatch::start)
}

impl Spans {
    pub(crate) fn of(given: &[Given]) -> Self {
        if !tracing::enabled!(target: TARGET, Level::INFO) {
            return Self(Vec::new());
        }
        let span = |given: &Given| {
            let span = tracing::info_span!(
                target: TARGET,
                "command",
                kind = given.command.verb.name(),
                grant = Empty,
                outcome = Empty,
                code = Empty,
                events = Empty,
                batch = Empty,
                store_us = Empty,
            );
            if let Some(grant) = given.command.verb.grant() {
                span.record("grant", display(grant));
            }
            span
        };
        Self(given.iter().map(span).collect())
    }

    /// What came of each command.
    pub(crate) fn end(self, answers: &[Result<Accepted, Error>], commit: Commit) {
        for (span, answer) in self.0.iter().zip(answers) {
            committed(span, commit);
            match answer {
                Ok(accepted) => {
                    span.record("outcome", if accepted.repeated { "repeated" } else { "accepted" });
                    span.record("events", accepted.events);
                    // A request names no grant that is there before: its id is in the answer.
                    if let Some(view) = &accepted.receipt.view {
                        span.record("grant", display(&view.id));
                    } else if let Some(handed) = &accepted.handed {
                        span.record("grant", display(&handed.grant));
                    }
                }
                Err(error) => failed(span, error),
            }
        }
    }

    /// Nothing came of any of them: the store failed.
    pub(crate) fn fail(self, error: &Error, commit: Commit) {
        for span in &self.0 {
            committed(span, commit);
            failed(span, error);
        }
    }
}

fn committed(span: &Span, commit: Commit) {
    span.record("batch", commit.commands);
    if let Some(took) = commit.took {
        span.record("store_us", u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }
}

fn failed(span: &Span, error: &Error) {
    let (outcome, code) = match error {
        Error::Refused(refusal) => ("refused", refusal.code.as_str()),
        Error::Invalid(_) => ("invalid", "policy.invalid"),
        Error::Fault(fault) => ("fault", fault.code()),
    };
    span.record("outcome", outcome);
    span.record("code", code);
}
