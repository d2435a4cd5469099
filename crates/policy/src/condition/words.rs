//! What Cedar says is wrong, in the words of somebody who writes or meets a condition.
//!
//! Values of facts are never repeated: a refusal is read by people who may not know the other's facts.

use std::ops::Range;

use cedar_policy::{EvalResult, EvaluationError, ParseErrors, ValidationError};
use miette::Diagnostic;
use tenure_core::flow::condition::Unmet;

use super::BadCondition;

/// A text that is no expression.
pub(super) fn unreadable(errors: &ParseErrors) -> BadCondition {
    let all = errors.iter().map(|error| {
        let told = error.to_string();
        if let Some(name) = told.strip_prefix("invalid variable: ") {
            let help = "a condition sees `principal`, `resource` and `context`; a text stands in quotes";
            return BadCondition::new(format!("there is no `{name}` here"), Some(help), place(error));
        }
        if told.starts_with("integer parse error") {
            return BadCondition::new("this number is larger than 64 bits".to_owned(), None, place(error));
        }
        BadCondition::new(plain(&told), help(error).as_deref(), place(error))
    });
    BadCondition::first(all.collect()).unwrap_or_else(|| BadCondition::new(errors.to_string(), None, None))
}

/// An expression that does not fit the declared types. Its text stands so many bytes into what was checked.
pub(super) fn untypable(error: &ValidationError, text: &str, before: usize) -> BadCondition {
    let at = place(error).map(|at| {
        let inside = |byte: usize| byte.saturating_sub(before).min(text.len());
        inside(at.start)..inside(at.end)
    });
    let part = at.clone().and_then(|at| text.get(at)).unwrap_or(text);
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "Cedar's enum: what has no better words here keeps its own"
    )]
    let (message, help) = match error {
        ValidationError::UnsafeAttributeAccess(_) => {
            let declare = "every attribute that a condition looks at is declared under `attributes`";
            (format!("`{part}` is not declared"), help(error).or_else(|| Some(declare.to_owned())))
        }
        ValidationError::UnsafeOptionalAttributeAccess(_) => {
            let asked = part.rsplit_once('.').filter(|(_, name)| !name.contains(']'));
            let first = asked.map(|(of, name)| format!("ask for it first: `{of} has {name} && ...`"));
            (
                format!("`{part}` may be absent"),
                first.or_else(|| Some("ask for it with `has` first".to_owned())),
            )
        }
        ValidationError::NonLitExtConstructor(_) => {
            let literal = "where `attributes` are declared, only a text in quotes is read so";
            (format!("`{part}` reads a fact as another type"), Some(literal.to_owned()))
        }
        ValidationError::EmptySetForbidden(_) => {
            ("an empty set has no type".to_owned(), Some("ask a set with `.isEmpty()`".to_owned()))
        }
        _ => (plain(&error.to_string()), help(error)),
    };
    BadCondition::new(message, help.as_deref(), at)
}

/// A result that is no answer.
pub(super) fn no_answer(result: &EvalResult) -> Unmet {
    let kind = match result {
        EvalResult::Bool(_) => "true or false",
        EvalResult::Long(_) => "a number",
        EvalResult::String(_) => "a text",
        EvalResult::EntityUid(_) => "an entity",
        EvalResult::Set(_) => "a set",
        EvalResult::Record(_) => "a record",
        EvalResult::ExtensionValue(_) => "a time, a span, a decimal or an address",
    };
    Unmet { message: format!("it comes to {kind}, neither true nor false") }
}

/// An evaluation that went wrong, naming the part of the text where it did.
pub(super) fn failed(error: &EvaluationError, source: &str) -> Unmet {
    let part = place(error).and_then(|at| source.get(at)).unwrap_or(source);
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "Cedar's enum: what has no better words here keeps its own"
    )]
    let message = match error {
        EvaluationError::EntityAttrDoesNotExist(_) | EvaluationError::RecordAttrDoesNotExist(_) => {
            let told = error.to_string();
            let name = told.split("attribute ").nth(1).unwrap_or(part);
            format!("`{part}` is missing: there is no {name}")
        }
        EvaluationError::TypeError(_) => {
            let told = plain(&error.to_string());
            format!("`{part}` is of the wrong type: {}", told.strip_prefix("type error: ").unwrap_or(&told))
        }
        EvaluationError::IntegerOverflow(_) => format!("`{part}` passes what 64 bits hold"),
        EvaluationError::FailedExtensionFunctionExecution(function) => {
            format!("`{part}` could not be read as {}", extension(&function.extension_name()))
        }
        _ => format!("`{part}` could not be evaluated: {}", plain(&error.to_string())),
    };
    Unmet { message }
}

/// What an extension of Cedar reads.
fn extension(name: &str) -> &str {
    match name {
        "ipaddr" => "an address",
        "datetime" => "a time",
        "duration" => "a span",
        "decimal" => "a decimal",
        other => other,
    }
}

/// Where Cedar says it is.
fn place(error: &dyn Diagnostic) -> Option<Range<usize>> {
    let label = error.labels()?.next()?;
    Some(label.offset()..label.offset().saturating_add(label.len()))
}

fn help(error: &dyn Diagnostic) -> Option<String> {
    error.help().map(|help| plain(&help.to_string()))
}

/// Cedar's words without what is Cedar's own: the name of the policy that the text was checked in, capital
/// names of types, quotes of another kind.
fn plain(told: &str) -> String {
    const OTHERWISE: [(&str, &str); 9] = [
        ("for policy `policy0`, ", ""),
        (" in Cedar", ""),
        ("'='", "`=`"),
        ("'=='", "`==`"),
        ("__cedar::internal::", ""),
        ("Boolean", "bool"),
        ("Bool", "bool"),
        ("Long", "long"),
        ("String", "string"),
    ];
    OTHERWISE.iter().fold(told.to_owned(), |told, (theirs, ours)| told.replace(theirs, ours))
}
