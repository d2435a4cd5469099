//! What was loaded for a decision, and what a store must load.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::effect::Handed;
use crate::event::Event;
use crate::flow::Flow;
use crate::flow::beside::Beside;
use crate::grant::Grant;
use crate::id::{CommandId, FlowId, GrantId, Integration, Namespace, PersonId, Revision};
use crate::lifecycle::revoke_all::{Reached, RevokedAll};
use crate::person::Item;
use crate::record::refused::{RefusedOf, Tally};
use crate::refusal::Refusal;
use crate::time::{Span, Timestamp};
use crate::view::View;

/// What must be known, in terms a store can follow without knowing a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Read {
    /// Whether this command was accepted before, and what it answered.
    Command(CommandId),
    /// One grant, open or closed.
    Grant(GrantId),
    /// Every grant of this holder that is open or has unfinished effects. In a command: locked.
    Person(PersonId),
    /// One revision of a flow.
    Revision(Revision),
    /// Every open grant under this flow, but those that were over by the instant of the decision.
    OpenIn(FlowId),
    /// Every open grant on this item, but those that were over by the instant of the decision.
    OpenOn(Item),
    /// Every open grant at this integration, but those that were over by the instant of the decision.
    OpenAt(Integration),
    /// Every grant of this holder under this flow, open or closed, that changed within this span before the
    /// instant of the decision. More may be loaded.
    Recent(PersonId, FlowId, Span),
    /// The last instant at which anything happened to any grant, or a policy was put in force.
    Latest,
    /// How often that actor was refused with that code in the minute in which that was so last.
    Refused(RefusedOf),
    /// The same of all actors and codes whose minute began before that instant; the earliest minutes first, at most
    /// [`crate::limits::TALLIES_AT_ONCE_MAX`] of them.
    RefusedBefore(Timestamp),
}

/// What was loaded for a decision.
#[derive(Clone, Debug)]
pub struct World {
    /// The tenant.
    pub namespace: Namespace,
    /// The store's clock.
    pub clock: Timestamp,
    /// The policy in force, and what was in force before.
    pub policy: Arc<Head>,
    /// What was read.
    pub read: BTreeSet<Read>,
    /// What the command answered, where it was accepted before.
    pub answered: Option<Arc<Receipt>>,
    /// Grants by id.
    pub grants: BTreeMap<GrantId, Arc<Grant>>,
    /// Revisions of flows.
    pub revisions: BTreeMap<Revision, Arc<Flow>>,
    /// Grants among these that a revocation of many has ended, and that are not closed yet.
    pub revoked: BTreeMap<GrantId, Reached>,
    /// The last instant at which anything happened at all, where that was read.
    pub last: Option<Timestamp>,
    /// How often who was refused with what.
    pub refused: BTreeMap<RefusedOf, Tally>,
}

/// A policy as it is published.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The revision of the whole document.
    pub revision: Revision,
    /// The document, canonical: the same policy compiles from it again.
    pub source: Arc<str>,
    /// Its flows.
    pub flows: BTreeMap<FlowId, Arc<Flow>>,
    /// What stands beside them and holds over all of them.
    pub beside: Arc<Beside>,
}

/// The policy in force, and what was in force before.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// The document in force; none before the first is published.
    pub document: Option<Arc<Publication>>,
    /// Every flow that was ever in force.
    pub flows: BTreeMap<FlowId, Arc<Standing>>,
    /// When the last document was published.
    pub published_at: Option<Timestamp>,
}

/// One flow through time.
#[derive(Clone, Debug)]
pub struct Standing {
    /// What was in force since when, the earliest first; never empty.
    pub history: Vec<Since>,
}

/// What was in force of a flow since an instant.
#[derive(Clone, Debug)]
pub struct Since {
    /// Since when.
    pub at: Timestamp,
    /// The flow; where it was removed, its last revision.
    pub flow: Arc<Flow>,
    /// Whether a document had left it out.
    pub removed: bool,
}

/// What an accepted command answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The command's content digest.
    pub content: String,
    /// The grant as it then stood, where the command was about one; of a kit the first.
    pub view: Option<View>,
    /// The other grants of a kit.
    pub more: Vec<View>,
    /// What a revocation of many found.
    pub revoked: Option<Found>,
}

/// What a revocation of many found.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Found {
    /// Grants that ended, in order of id.
    pub revoked: Vec<GrantId>,
    /// Grants that the actor may not revoke, in order of id. They are untouched.
    pub not_allowed: Vec<GrantId>,
}

/// What is to be written: events in order, and the grants they lead to.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// Events in the order they happened.
    pub events: Vec<Event>,
    /// The grants they lead to.
    pub after: BTreeMap<GrantId, Grant>,
}

/// What came of a command.
#[derive(Clone, Debug)]
pub enum Decided {
    /// The same command was accepted before: what it answered then. Nothing is written.
    Repeated(Arc<Receipt>),
    /// It was decided now.
    Now(Box<Outcome>),
}

/// A decision that was taken now.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The instant it was taken at.
    pub now: Timestamp,
    /// True by time alone; written whether or not the command is refused.
    pub settled: Journal,
    /// What the command did, or why it did nothing.
    pub answer: Result<Done, Refusal>,
}

/// What an accepted command did.
#[derive(Clone, Debug)]
pub struct Done {
    /// What is written.
    pub journal: Journal,
    /// The policy that is in force from now on, where one was published.
    pub policy: Option<Arc<Head>>,
    /// The revocation of many that was recorded: before the events of the grants that it closed already.
    pub revoked: Option<Arc<RevokedAll>>,
    /// What the command answers, now and whenever it is given again.
    pub receipt: Receipt,
    /// The effect that was handed out, where one was taken.
    pub handed: Option<Handed>,
}

impl World {
    /// A world of which only the policy was loaded.
    #[must_use]
    pub fn new(namespace: Namespace, clock: Timestamp, policy: Arc<Head>) -> Self {
        Self {
            namespace,
            clock,
            policy,
            read: BTreeSet::new(),
            answered: None,
            grants: BTreeMap::new(),
            revisions: BTreeMap::new(),
            revoked: BTreeMap::new(),
            last: None,
            refused: BTreeMap::new(),
        }
    }

    /// The last event of all that was loaded: no decision is dated before it.
    #[must_use]
    pub fn latest(&self) -> Option<Timestamp> {
        let grants = self.grants.values().map(|grant| grant.changed_at).max();
        let revoked = self.revoked.values().map(|reached| reached.by.at).max();
        grants.max(revoked).max(self.last).max(self.policy.published_at)
    }
}

impl Head {
    /// What stands beside the flows of the document in force.
    #[must_use]
    pub fn beside(&self) -> Option<&Beside> {
        self.document.as_ref().map(|document| &*document.beside)
    }

    /// That instant, or the one at which the document in force was published, where that is later: nobody decides
    /// anything before it.
    #[must_use]
    pub fn not_before(&self, instant: Timestamp) -> Timestamp {
        self.published_at.map_or(instant, |published| published.max(instant))
    }

    /// The flow as it stands.
    #[must_use]
    pub fn flow(&self, id: &FlowId) -> Option<&Since> {
        self.flows.get(id)?.history.last()
    }

    /// The head after that document was published.
    #[must_use]
    pub fn with(&self, document: Arc<Publication>, at: Timestamp) -> Self {
        let mut flows = self.flows.clone();
        for (id, flow) in &document.flows {
            let since = Since { at, flow: flow.clone(), removed: false };
            let mut history = flows.get(id).map(|standing| standing.history.clone()).unwrap_or_default();
            let same =
                history.last().is_some_and(|last| !last.removed && last.flow.revision == flow.revision);
            if !same {
                history.push(since);
            }
            flows.insert(id.clone(), Arc::new(Standing { history }));
        }
        for (id, standing) in &self.flows {
            let gone = !document.flows.contains_key(id);
            if let Some(last) = standing.history.last().filter(|last| gone && !last.removed) {
                let mut history = standing.history.clone();
                history.push(Since { at, flow: last.flow.clone(), removed: true });
                flows.insert(id.clone(), Arc::new(Standing { history }));
            }
        }
        Self { document: Some(document), flows, published_at: Some(at) }
    }
}

/// What makes something happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Time, or somebody who revoked many: it may be written down long after its instant.
    Time,
    /// A command, at its own instant.
    Command,
}

impl Standing {
    /// The first instant from `from` on at which the flow's `until`, as it was in force then, has passed.
    ///
    /// At one instant time comes before a policy of that instant: a revision governs what time does from the
    /// millisecond after it was put in force, up to and with the instant at which the next one was.
    #[must_use]
    pub fn until_passes(&self, from: Timestamp) -> Option<Timestamp> {
        let ends = self.history.iter().skip(1).map(|next| next.at).chain([Timestamp::MAX]);
        self.history.iter().zip(ends).find_map(|(since, ends)| {
            let passes = since.flow.until?.max(since.at.plus(Span::millis(1))).max(from);
            (passes <= ends).then_some(passes)
        })
    }

    /// The flow's `until` that bounds what happens at that instant: what time does comes before a policy of that
    /// instant, a command meets today's.
    #[must_use]
    pub fn until(&self, at: Timestamp, by: By) -> Option<Timestamp> {
        match by {
            By::Time => self.history.iter().rev().find(|since| since.at < at)?.flow.until,
            By::Command => self.history.last()?.flow.until,
        }
    }
}

impl Since {
    /// Whether nothing may be asked, approved or extended under it at that instant.
    #[must_use]
    pub fn is_withdrawn(&self, now: Timestamp) -> bool {
        self.removed || !self.flow.enabled || self.flow.until.is_some_and(|until| until <= now)
    }
}
