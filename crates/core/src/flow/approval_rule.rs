//! Who approves: automatically, or by steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Quota;
use super::condition::Condition;
use super::requirement::MfaRule;
use super::selector::Selector;
use crate::id::PersonId;
use crate::time::Span;

/// How a request is approved.
#[derive(Clone, Debug)]
pub enum Approval {
    /// By asking.
    Automatic,
    /// By people.
    Decided(Decided),
}

/// Approval by people, with an optional fast lane.
#[derive(Clone, Debug)]
pub struct Decided {
    /// How long they have.
    pub decide_within: Span,
    /// Whether steps wait for each other.
    pub order: Order,
    /// How many denials close it.
    pub denials: u32,
    /// When nobody needs to be asked.
    pub automatic: Option<Lane>,
    /// Lists of steps; any one list suffices. `steps` alone is one list.
    pub lists: Vec<Vec<Step>>,
}

/// Whether steps wait for each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// One after the other.
    #[default]
    InTurn,
    /// In any order.
    Any,
}

/// The fast lane: when a request needs nobody's approval.
#[derive(Clone, Debug)]
pub struct Lane {
    /// The condition that opens it.
    pub when: Option<Arc<dyn Condition>>,
    /// How often one person may take it.
    pub quota: Option<Quota>,
}

/// One step: who, how many, under which condition.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name; made from its place where the author gave none.
    pub name: String,
    /// Who may decide. Nobody where empty.
    pub approvers: Vec<Selector>,
    /// How many different people.
    pub needed: u32,
    /// A condition over the decider.
    pub when: Option<Arc<dyn Condition>>,
    /// Whether the decider must give a reason.
    pub reason: bool,
    /// What login the decider must bring.
    pub mfa: Option<MfaRule>,
    /// Whether the approvers are told.
    pub tell: bool,
    /// Who is added when nobody decides.
    pub escalate: Vec<Tier>,
}

impl Step {
    /// Everybody who may decide sooner or later: the approvers, then the tiers in their order.
    pub fn everybody(&self) -> impl Iterator<Item = &Selector> {
        self.approvers.iter().chain(self.escalate.iter().flat_map(|tier| &tier.to))
    }

    /// The people who may decide, tiers counted, where all of them are named by `user:`; nothing where a group,
    /// a role or a relation could mean anybody. Ids that differ in ASCII case alone are one person's.
    #[must_use]
    pub fn named_people(&self) -> Option<Vec<&PersonId>> {
        let named =
            self.everybody().map(|one| Some((one.user()?.as_str().to_ascii_lowercase(), one.user()?)));
        Some(named.collect::<Option<BTreeMap<_, _>>>()?.into_values().collect())
    }
}

/// People who are added to a step when it has waited so long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    /// How long the step has been awaited.
    pub after: Span,
    /// Who is added.
    pub to: Vec<Selector>,
}
