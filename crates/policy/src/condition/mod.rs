//! Conditions in Cedar: read, capped, checked and evaluated.
//!
//! A condition is one Cedar expression. It sees
//!
//! - `principal`: `id`, `groups`, `roles`, `manager` (absent where there is none) and the person's attributes;
//! - `resource`: `integration`, `type`, `name`, `permission`, `labels`, `owners` (as selectors, such as
//!   `"user:bob"`) and the resource's attributes;
//! - `context`: the host's facts, and under `context.ask` what is being asked.
//!
//! The built-in names win: an attribute called `groups` is not seen, and neither is a host's fact called
//! `ask`, nor an attribute called `manager` of somebody who has none. Lists are sets, texts stay texts.
//! There are no entities: `principal` and `resource` are looked into and never compared, so `in`, `is`,
//! `Type::"id"`, `action` and tags are problems. Membership is `principal.groups.contains("sre")`.
//!
//! An attribute that is missing, a value of the wrong type, a result that is neither true nor false: all of
//! that is [`Unmet`], never a yes.

mod caps;
mod eval;
mod facts;
mod stack;
mod token;
mod types;
mod words;

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use cedar_policy::{Expression, Policy, PolicySet, Schema, ValidationMode, Validator};
use tenure_core::flow::condition::{Condition, Unmet};

use caps::Scan;
use eval::Compiled;
use stack::{STACK_READING, with_sure_stack};
pub use types::{
    AttributeTypes, BadType, CONTEXT_FIELDS, Field, Fields, PRINCIPAL_FIELDS, RESOURCE_FIELDS, Type,
};

/// A text that is no condition: what is wrong, what would be right, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadCondition {
    /// What is wrong, in the author's words.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
    /// Bytes of the text that it is about.
    pub at: Option<Range<usize>>,
    /// What else is wrong with the same text.
    pub also: Vec<BadCondition>,
}

/// Reads a condition, and checks it against the declared types where there are some.
///
/// ```
/// use tenure_policy::condition;
///
/// let managed = condition::compile("context.device.managed", None)?;
/// assert_eq!(managed.source(), "context.device.managed");
/// assert!(condition::compile("true } ; permit(principal, action, resource) when { true", None).is_err());
/// # Ok::<(), condition::BadCondition>(())
/// ```
///
/// # Errors
/// [`BadCondition`] for a text that is too large or too deep, that is not exactly one expression, that uses
/// what conditions do not know, that can never be true or false, or that does not fit the declared types.
pub fn compile(text: &str, types: Option<&AttributeTypes>) -> Result<Arc<dyn Condition>, BadCondition> {
    let scan = caps::scan(text)?;
    let compiled = with_sure_stack(STACK_READING, || read(text, types, &scan))?;
    Ok(Arc::new(compiled))
}

fn read(text: &str, types: Option<&AttributeTypes>, scan: &Scan<'_>) -> Result<Compiled, BadCondition> {
    let expression = Expression::from_str(text).map_err(|errors| words::unreadable(&errors))?;
    if let Some(types) = types {
        check(text, types, scan)?;
    }
    let compiled = Compiled::new(text, expression, scan, types)?;
    if scan.is_constant() {
        let never = |unmet: Unmet| format!("this can never hold: {}", unmet.message);
        compiled.constant().map_err(|unmet| BadCondition::new(never(unmet), None, Some(0..text.len())))?;
    }
    Ok(compiled)
}

/// What a condition that looks at nobody and nothing always is; nothing for any other.
#[must_use]
pub fn constant(condition: &dyn Condition) -> Option<bool> {
    let text = condition.source();
    let scan = caps::scan(text).ok().filter(Scan::is_constant)?;
    with_sure_stack(STACK_READING, || read(text, None, &scan).ok()?.constant().ok())
}

/// Checks the expression against a schema, as the only condition of a policy: the text is one whole
/// expression already, so nothing in it closes the braces around it.
fn check(text: &str, types: &AttributeTypes, scan: &Scan<'_>) -> Result<(), BadCondition> {
    const BEFORE: &str = "permit(principal, action, resource) when {\n";
    let whole = |error: &dyn fmt::Display| BadCondition::new(error.to_string(), None, Some(0..text.len()));
    let schema = Schema::from_json_value(types.schema(&scan.labels())).map_err(|error| whole(&error))?;
    let policy = Policy::from_str(&format!("{BEFORE}{text}\n}};")).map_err(|error| whole(&error))?;
    let policies = PolicySet::from_policies([policy]).map_err(|error| whole(&error))?;
    let result = Validator::new(schema).validate(&policies, ValidationMode::Strict);
    let wrong = result.validation_errors().map(|error| words::untypable(error, text, BEFORE.len()));
    BadCondition::first(wrong.collect()).map_or(Ok(()), Err)
}

impl BadCondition {
    fn new(message: String, help: Option<&str>, at: Option<Range<usize>>) -> Self {
        Self { message, help: help.map(str::to_owned), at, also: Vec::new() }
    }

    /// The first in the text, with the others in their order there: Cedar finds them in any order.
    fn first(mut all: Vec<Self>) -> Option<Self> {
        all.sort_by(|one, other| {
            let place = |bad: &Self| bad.at.as_ref().map(|at| (at.start, at.end));
            place(one).cmp(&place(other)).then_with(|| one.message.cmp(&other.message))
        });
        let mut all = all.into_iter();
        all.next().map(|first| Self { also: all.collect(), ..first })
    }
}

impl fmt::Display for BadCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BadCondition {}
