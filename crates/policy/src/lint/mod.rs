//! What is allowed and probably not meant.
//!
//! A lint is sure of what it says: where a group could mean anybody, or two patterns may or may not meet,
//! it is silent. One that cries wolf is soon passed over.

mod conditions;
mod doors;
mod kits;
mod overlap;
mod people;
mod spans;

use std::sync::Arc;

use tenure_core::flow::Flow;
use tenure_core::flow::approval_rule::{Approval, Decided, Step};
use tenure_core::flow::beside::{Conflict, Guard, Kit};
use tenure_core::flow::extension_rule::{DecidedBy, ExtensionApproval};

use crate::decode::{Merged, Placed};
use crate::problem::Warning;

/// What a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lint {
    /// A reminder that lies before the beginning of the shortest grant.
    LateReminder,
    /// A condition that is the same for everybody, always.
    ConstantCondition,
    /// Everybody gets access by asking.
    OpenDoor,
    /// Steps that only people fill who ask themselves, so that one of them may find nobody left.
    MayDeadlock,
    /// More people are needed than are named.
    TooFewApprovers,
    /// An extension window that no grant is as long as.
    WideWindow,
    /// A reminder that comes before the grant can be extended.
    EarlyReminder,
    /// A tier that an extension, decided as its request was, has no time to reach.
    LateTier,
    /// A total that all extensions together do not reach.
    UnreachableTotal,
    /// A total that leaves no room for the first extension.
    TotalForbidsExtension,
    /// A total below the longest grant.
    TotalBelowDuration,
    /// Hours that close before the shortest grant is over.
    ShortHours,
    /// More time to take access up than anything may wait.
    LongWait,
    /// A flow that gives an item more easily than another does.
    WeakerDoor,
    /// A kit that nobody can ever get.
    KitInVain,
}

impl Lint {
    /// Every lint.
    pub const ALL: [Self; 15] = [
        Self::LateReminder,
        Self::ConstantCondition,
        Self::OpenDoor,
        Self::MayDeadlock,
        Self::TooFewApprovers,
        Self::WideWindow,
        Self::EarlyReminder,
        Self::LateTier,
        Self::UnreachableTotal,
        Self::TotalForbidsExtension,
        Self::TotalBelowDuration,
        Self::ShortHours,
        Self::LongWait,
        Self::WeakerDoor,
        Self::KitInVain,
    ];

    /// The name as it is written in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LateReminder => "late_reminder",
            Self::ConstantCondition => "constant_condition",
            Self::OpenDoor => "open_door",
            Self::MayDeadlock => "may_deadlock",
            Self::TooFewApprovers => "too_few_approvers",
            Self::WideWindow => "wide_window",
            Self::EarlyReminder => "early_reminder",
            Self::LateTier => "late_tier",
            Self::UnreachableTotal => "unreachable_total",
            Self::TotalForbidsExtension => "total_forbids_extension",
            Self::TotalBelowDuration => "total_below_duration",
            Self::ShortHours => "short_hours",
            Self::LongWait => "long_wait",
            Self::WeakerDoor => "weaker_door",
            Self::KitInVain => "kit_in_vain",
        }
    }
}

/// Every warning about a document, each with its place there. Its kits are in the order in which they are written.
pub(crate) fn document(
    flows: &[(Arc<Flow>, Placed)],
    kits: &[Kit],
    conflicts: &[Conflict],
    guards: &[Guard],
    merged: &Merged<'_>,
) -> Vec<Warning> {
    let mut found = Found { merged, warnings: Vec::new() };
    for (flow, placed) in flows {
        let mut about = About { placed, found: &mut found };
        people::lint(&mut about, flow, guards);
        spans::lint(&mut about, flow);
        conditions::lint(&mut about, flow);
    }
    conditions::of_guards(&mut found, guards);
    doors::lint(&mut found, flows, guards);
    kits::lint(&mut found, flows, kits, conflicts);
    found.warnings
}

/// What was found in a document so far.
struct Found<'m, 'n> {
    merged: &'m Merged<'n>,
    warnings: Vec<Warning>,
}

/// What is found in one flow.
struct About<'a, 'm, 'n> {
    placed: &'a Placed,
    found: &'a mut Found<'m, 'n>,
}

impl Found<'_, '_> {
    fn add(&mut self, placed: &Placed, lint: Lint, path: &str, message: String, help: &str) {
        self.add_at(lint, placed.path(path), message, help);
    }

    /// The same beside the flows.
    fn add_at(&mut self, lint: Lint, path: String, message: String, help: &str) {
        let place = self.merged.place(&path);
        self.warnings.push(Warning::new(lint, path, place, message).help(help));
    }
}

impl About<'_, '_, '_> {
    fn add(&mut self, lint: Lint, path: &str, message: String, help: &str) {
        self.found.add(self.placed, lint, path, message, help);
    }

    /// Whether this was written, and is no default.
    fn is_written(&self, path: &str) -> bool {
        self.found.merged.node(&self.placed.path(path)).is_some()
    }
}

/// The steps of a flow by where they stand: those of requests, then those of extensions that have their own.
fn rules(flow: &Flow) -> Vec<(&'static str, &Decided)> {
    let mut rules = Vec::new();
    if let Approval::Decided(rule) = &flow.approval {
        rules.push(("approval", rule));
    }
    if let Some(rule) = &flow.extension
        && let ExtensionApproval::Decided { by: DecidedBy::Steps(rule), .. } = &rule.approval
    {
        rules.push(("extension.approval", rule));
    }
    rules
}

/// The lists of steps of a rule with their paths.
fn lists<'r>(at: &str, rule: &'r Decided) -> Vec<(String, &'r [Step])> {
    let one = rule.lists.len() == 1;
    let path = |n: usize| if one { format!("{at}.steps") } else { format!("{at}.any_of[{n}].steps") };
    rule.lists.iter().enumerate().map(|(n, steps)| (path(n), steps.as_slice())).collect()
}
