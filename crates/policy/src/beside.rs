//! What stands in a document beside its flows: kits, conflicts, guards.
//!
//! They are read and checked whole. This version does not act on them yet, and so refuses a document
//! that has one.

use std::sync::Arc;

use tenure_core::flow::condition::Condition;
use tenure_core::flow::requirement::MfaRule;
use tenure_core::flow::target::Target;
use tenure_core::id::{FlowId, Integration};
use tenure_core::time::Span;

/// A shopping list over flows: one request, one grant a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kit {
    /// Its name in the document.
    pub id: String,
    /// What is in it.
    pub items: Vec<KitItem>,
}

/// One item of a kit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KitItem {
    /// By which flow it is asked for.
    pub flow: FlowId,
    /// The instance.
    pub integration: Integration,
    /// The type.
    pub kind: String,
    /// The name.
    pub name: String,
    /// The permission.
    pub permission: String,
}

/// A toxic combination: one person may hold at most one of these at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// What refusals call it.
    pub name: String,
    /// The flows.
    pub flows: Vec<FlowId>,
}

/// What holds for every request and extension of such items, by whatever flow.
#[derive(Clone, Debug)]
pub struct Guard {
    /// What refusals call it.
    pub name: String,
    /// Which items.
    pub what: Vec<Target>,
    /// What is required.
    pub require: Require,
}

/// What a guard requires.
#[derive(Clone, Debug, Default)]
pub struct Require {
    /// Approval by people.
    pub steps: bool,
    /// No more than this long.
    pub max: Option<Span>,
    /// A reason.
    pub reason: bool,
    /// A login.
    pub mfa: Option<MfaRule>,
    /// A further condition.
    pub when: Option<Arc<dyn Condition>>,
}
