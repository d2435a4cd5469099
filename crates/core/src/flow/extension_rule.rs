//! How a running grant may be extended.

use std::sync::Arc;

use super::approval_rule::Decided;
use super::condition::Condition;
use super::requirement::{MfaRule, ReasonRule};
use super::selector::Selector;
use crate::time::Span;

/// Whether, how long, how often.
#[derive(Clone, Debug)]
pub struct ExtensionRule {
    /// How many.
    pub times: u32,
    /// How long each.
    pub span: super::Durations,
    /// The longest life from activation.
    pub total: Option<Span>,
    /// Only this long before the end; any time while active where absent.
    pub window: Option<Span>,
    /// How long after the last one was granted.
    pub cool_down: Span,
    /// What a span is counted from.
    pub anchor: Anchor,
    /// Whose rules: today's or those the grant was made under.
    pub governed_by: GovernedBy,
    /// A further condition.
    pub when: Option<Arc<dyn Condition>>,
    /// Who may extend besides holder and requester.
    pub others: Vec<Selector>,
    /// What reason an extension must bring.
    pub reason: ReasonRule,
    /// What login an extension must bring.
    pub mfa: Option<MfaRule>,
    /// Who approves it.
    pub approval: ExtensionApproval,
}

/// What a span is counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anchor {
    /// The end as it stands.
    #[default]
    End,
    /// Now.
    Now,
}

/// Whose rules an extension is judged by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GovernedBy {
    /// The flow as it stands now.
    #[default]
    Today,
    /// The flow as it stood at the request.
    Granted,
    /// Both.
    Stricter,
}

/// Who approves an extension.
#[derive(Clone, Debug)]
pub enum ExtensionApproval {
    /// Nobody: one click.
    Automatic,
    /// People.
    Decided {
        /// So many need nobody's approval.
        first: u32,
        /// How long access runs on while a decision is awaited.
        bridge: Option<Span>,
        /// How long they have; until the end where absent.
        decide_within: Option<Span>,
        /// By whom.
        by: DecidedBy,
    },
}

/// By whom an extension is decided.
#[derive(Clone, Debug)]
pub enum DecidedBy {
    /// By whoever approves requests of the flow.
    Same,
    /// By these steps.
    Steps(Decided),
}
