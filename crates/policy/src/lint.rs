//! What is allowed and probably not meant.

use tenure_core::flow::Flow;
use tenure_core::flow::approval_rule::Approval;
use tenure_core::flow::condition::Condition;
use tenure_core::flow::extension_rule::{DecidedBy, ExtensionApproval};
use tenure_core::flow::selector::Selector;

use crate::decode::{Merged, Placed};
use crate::problem::{Lint, Warning};

/// Every warning about one flow.
pub(crate) fn flow(flow: &Flow, placed: &Placed, merged: &Merged<'_>, warnings: &mut Vec<Warning>) {
    let mut found = Found { placed, merged, warnings };
    late_reminders(&mut found, flow);
    open_door(&mut found, flow);
    constants(&mut found, flow);
}

struct Found<'a, 'n> {
    placed: &'a Placed,
    merged: &'a Merged<'n>,
    warnings: &'a mut Vec<Warning>,
}

impl Found<'_, '_> {
    fn add(&mut self, lint: Lint, path: &str, message: String, help: &str) {
        let path = self.placed.path(path);
        let place = self.merged.place(&path);
        self.warnings.push(Warning::new(lint, path, place, message).help(help));
    }

    /// Whether this was written, and is no default.
    fn is_written(&self, path: &str) -> bool {
        self.merged.node(&self.placed.path(path)).is_some()
    }
}

/// A reminder that the shortest grant never sees. Those of the default are nobody's mistake.
fn late_reminders(found: &mut Found<'_, '_>, flow: &Flow) {
    if !found.is_written("notify.before_end") {
        return;
    }
    for (n, lead) in flow.notify.before_end.iter().enumerate() {
        if *lead > flow.duration.min {
            found.add(
                Lint::LateReminder,
                &format!("notify.before_end[{n}]"),
                format!(
                    "a grant of `{}` is over before this reminder, `{lead}` before its end, comes",
                    flow.duration.min
                ),
                "shorten the reminder, or raise `duration.min`",
            );
        }
    }
}

/// Everybody, by asking.
fn open_door(found: &mut Found<'_, '_>, flow: &Flow) {
    let everyone = flow.who.any.iter().any(|one| matches!(one, Selector::Everyone));
    if everyone && matches!(flow.approval, Approval::Automatic) {
        let message = "everyone gets this access by asking for it".to_owned();
        found.add(
            Lint::OpenDoor,
            "approval",
            message,
            "name who may hold it under `who`, or let somebody approve",
        );
    }
}

/// Conditions that look at nobody and nothing.
fn constants(found: &mut Found<'_, '_>, flow: &Flow) {
    for (path, condition) in conditions(flow) {
        if let Some(value) = constant(condition) {
            let message = format!("this condition is always {value}");
            // A single condition stands in no list.
            let path = if found.is_written(&path) { path } else { path.replace("when[0]", "when") };
            found.add(
                Lint::ConstantCondition,
                &path,
                message,
                "ask about `principal`, `resource` or `context`",
            );
        }
    }
}

/// Every condition of a flow with its path.
fn conditions(flow: &Flow) -> Vec<(String, &dyn Condition)> {
    let mut all: Vec<(String, &dyn Condition)> = Vec::new();
    for (n, named) in flow.when.iter().enumerate() {
        all.push((format!("when[{n}]"), &*named.is));
    }
    let mut lists = Vec::new();
    if let Approval::Decided(rule) = &flow.approval {
        let lane = rule.automatic.as_ref().and_then(|lane| lane.when.as_deref());
        all.extend(lane.map(|when| ("approval.automatic.when".to_owned(), when)));
        lists.push(("approval", rule));
    }
    if let Some(rule) = &flow.extension {
        all.extend(rule.when.as_deref().map(|when| ("extension.when".to_owned(), when)));
        if let ExtensionApproval::Decided { by: DecidedBy::Steps(rule), .. } = &rule.approval {
            lists.push(("extension.approval", rule));
        }
    }
    for (at, rule) in lists {
        for (n, step) in rule.lists.iter().flatten().enumerate() {
            all.extend(step.when.as_deref().map(|when| (format!("{at}.steps[{n}].when"), when)));
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
