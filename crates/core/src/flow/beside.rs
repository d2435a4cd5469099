//! What stands in a document beside its flows: kits, conflicts, guards. They hold over every flow.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::condition::Condition;
use super::requirement::MfaRule;
use super::target::Target;
use crate::id::{FlowId, KitId};
use crate::person::{Item, Resource, ResourceId};
use crate::time::Span;

/// What stands in a document beside its flows.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// Shopping lists over flows.
    pub kits: BTreeMap<KitId, Kit>,
    /// What one person may not hold together.
    pub conflicts: Vec<Conflict>,
    /// What holds for items, by whatever flow they are asked for.
    pub guards: Vec<Guard>,
}

/// A shopping list over flows: one request, one grant a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kit {
    /// Its name in the document.
    pub id: KitId,
    /// What is in it, in the order in which it is judged.
    pub items: Vec<KitItem>,
}

/// One item of a kit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KitItem {
    /// By which flow it is asked for.
    pub flow: FlowId,
    /// The item, literal.
    pub item: Item,
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

impl Guard {
    /// Whether it guards that permission on that resource.
    #[must_use]
    pub fn covers(&self, resource: &Resource, permission: &str) -> bool {
        self.what.iter().any(|target| target.offers(resource, permission))
    }

    /// Whether it guards all that a target may offer, for certain.
    #[must_use]
    pub fn covers_all(&self, of: &Target) -> bool {
        self.what.iter().any(|target| target.contains(of))
    }

    /// Whether it guards that permission on a resource of which only the name is known: labels that nobody
    /// told exempt from nothing.
    #[must_use]
    pub fn may_cover(&self, resource: &ResourceId, permission: &str) -> bool {
        self.what.iter().any(|target| target.may_offer(resource, permission))
    }
}
