//! What is allowed and probably not meant.

use std::collections::BTreeMap;
use std::sync::Arc;

use tenure_core::flow::Flow;
use tenure_core::flow::approval_rule::Approval;
use tenure_core::flow::condition::Condition;
use tenure_core::flow::extension_rule::{DecidedBy, ExtensionApproval};
use tenure_core::flow::selector::Selector;
use tenure_core::id::FlowId;

use crate::decode::Merged;
use crate::document::Node;
use crate::problem::{Lint, Warning};

/// Every warning about these flows.
pub(crate) fn all(flows: &BTreeMap<FlowId, Arc<Flow>>, merged: &Merged<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (index, node) in merged.list("flows").iter().enumerate() {
        let id = node.field("id").map(Node::to_json);
        let flow = id.as_ref().and_then(|id| id.as_str()).and_then(|id| flows.get(id));
        if let Some(flow) = flow {
            let mut found = Found { index, merged, warnings: &mut warnings };
            late_reminders(&mut found, flow, node);
            open_door(&mut found, flow);
            constants(&mut found, flow);
        }
    }
    warnings
}

struct Found<'a, 'n> {
    index: usize,
    merged: &'a Merged<'n>,
    warnings: &'a mut Vec<Warning>,
}

impl Found<'_, '_> {
    fn add(&mut self, lint: Lint, path: &str, message: String, help: &str) {
        let path = format!("flows[{}].{path}", self.index);
        let place = self.merged.place(&path);
        self.warnings.push(Warning::new(lint, path, place, message).help(help));
    }
}

/// A reminder that the shortest grant never sees. Those of the default are nobody's mistake.
fn late_reminders(found: &mut Found<'_, '_>, flow: &Flow, node: &Node) {
    if node.at("notify.before_end").is_none() {
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
