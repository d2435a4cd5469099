//! What Cedar says is wrong, in the words of somebody who writes or meets a condition.
//!
//! Values are never repeated: a refusal is read by people who may not know the other's facts.

use std::ops::Range;

use cedar_policy::{EvalResult, EvaluationError, ParseErrors, ValidationError};
use miette::Diagnostic;
use tenure_core::flow::condition::Unmet;

use super::BadCondition;

/// A text that is no expression. Cedar's first complaint; what it expected is in its label.
pub(super) fn unreadable(errors: &ParseErrors) -> BadCondition {
    let mut all = errors.iter().map(|error| diagnosed(error, 0, usize::MAX));
    match all.next() {
        Some(first) => BadCondition { also: all.collect(), ..first },
        None => BadCondition::new(errors.to_string(), None, None),
    }
}

/// An expression that does not fit the declared types. Its text stands so many bytes into the policy checked.
pub(super) fn untypable(error: &ValidationError, text: &str, before: usize) -> BadCondition {
    diagnosed(error, before, text.len())
}

fn diagnosed(error: &dyn Diagnostic, before: usize, most: usize) -> BadCondition {
    BadCondition::new(error.to_string(), error.help().map(|x| x.to_string()).as_deref(), place(error).map(|at| at.start.saturating_sub(before)..at.end.saturating_sub(before).min(most)))
}

fn place(error: &dyn Diagnostic) -> Option<Range<usize>> {
    let label = error.labels()?.next()?;
    Some(label.offset()..label.offset().saturating_add(label.len()))
}

pub(super) fn no_answer(result: &EvalResult) -> Unmet {
    let kind = match result {
        EvalResult::Bool(_) => "true or false",
        EvalResult::Long(_) => "a number",
        EvalResult::String(_) => "a text",
        EvalResult::EntityUid(_) => "an entity",
        EvalResult::Set(_) => "a set",
        EvalResult::Record(_) => "a record",
        EvalResult::ExtensionValue(_) => "a time, a span or an address",
    };
    Unmet { message: format!("it is {kind}, neither true nor false") }
}

pub(super) fn failed(error: &EvaluationError, source: &str) -> Unmet {
    let part = place(error).and_then(|at| source.get(at)).unwrap_or(source);
    Unmet { message: format!("{part} :: {error}") }
}
