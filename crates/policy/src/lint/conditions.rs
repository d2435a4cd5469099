//! Conditions that look at nobody and nothing.

use tenure_core::flow::Flow;
use tenure_core::flow::beside::Guard;
use tenure_core::flow::condition::Condition;

use super::{About, Found, Lint, lists, rules};

const HELP: &str = "ask about `principal`, `resource` or `context`";

pub(super) fn lint(about: &mut About<'_, '_, '_>, flow: &Flow) {
    for (path, condition) in conditions(flow) {
        if let Some(value) = constant(condition) {
            let message = format!("this condition is always {value}");
            // A single condition stands in no list.
            let path = if about.is_written(&path) { path } else { path.replace("when[0]", "when") };
            about.add(Lint::ConstantCondition, &path, message, HELP);
        }
    }
}

pub(super) fn of_guards(found: &mut Found<'_, '_>, guards: &[Guard]) {
    for (n, guard) in guards.iter().enumerate() {
        if let Some(value) = guard.require.when.as_deref().and_then(constant) {
            let message = format!("this condition is always {value}");
            found.add_at(Lint::ConstantCondition, format!("guards[{n}].require.when"), message, HELP);
        }
    }
}

/// Every condition of a flow with its path.
fn conditions(flow: &Flow) -> Vec<(String, &dyn Condition)> {
    let mut all: Vec<(String, &dyn Condition)> = Vec::new();
    for (n, named) in flow.when.iter().enumerate() {
        all.push((format!("when[{n}]"), &*named.is));
    }
    if let Some(when) = flow.extension.as_ref().and_then(|rule| rule.when.as_deref()) {
        all.push(("extension.when".to_owned(), when));
    }
    for (at, rule) in rules(flow) {
        let lane = rule.automatic.as_ref().and_then(|lane| lane.when.as_deref());
        all.extend(lane.map(|when| (format!("{at}.automatic.when"), when)));
        for (path, steps) in lists(at, rule) {
            for (n, step) in steps.iter().enumerate() {
                all.extend(step.when.as_deref().map(|when| (format!("{path}[{n}].when"), when)));
            }
        }
    }
    all
}

#[cfg(feature = "cedar")]
fn constant(condition: &dyn Condition) -> Option<bool> {
    crate::condition::constant(condition)
}

/// Without conditions none is constant.
#[cfg(not(feature = "cedar"))]
fn constant(_: &dyn Condition) -> Option<bool> {
    None
}
