//! The state of one grant, from the request to the end.

mod enforcement;
mod extension;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::enforcement::Enforcement;
pub use self::extension::{AskedExtension, HolderThen, Moved, Under};
use crate::command::Asked;
use crate::effect::{Outgoing, Task};
use crate::flow::Kind;
use crate::id::{FlowId, GrantId, Integration, PersonId, Revision, WorkerId};
use crate::person::{Item, Names, ResourceId};
use crate::time::{Span, Timestamp};

/// One person's access under one flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// What was asked. It never changes.
    pub origin: Arc<Origin>,
    /// What was granted so far: the span and the scope, never more than was asked.
    pub terms: Terms,
    /// Approvals of the request, in the order they were given.
    pub approvals: Arc<Vec<Decision>>,
    /// Denials of the request, in the order they were given.
    pub denials: Arc<Vec<Decision>>,
    /// Where it stands.
    pub stage: Stage,
    /// Extensions that were granted.
    pub extensions: Arc<Vec<Moved>>,
    /// What each target was told.
    pub targets: BTreeMap<Integration, Target>,
    /// The review that access taken in an emergency needs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub review: Option<Review>,
    /// Effects that are not finished.
    pub outbox: Vec<Outgoing>,
    /// Effects made so far.
    pub effects_made: u32,
    /// When its last event was.
    pub changed_at: Timestamp,
    /// How many events made it what it is.
    pub events: u32,
}

/// What was asked. It never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The grant's id, for its whole life.
    pub id: GrantId,
    /// The flow.
    pub flow: FlowId,
    /// The flow's revision it was asked under.
    pub revision: Revision,
    /// What is given to the holder at the target.
    pub kind: Kind,
    /// Whom the access is for.
    pub holder: Names,
    /// The selector of the flow that let the holder in: the first of those that did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub admitted_by: Option<String>,
    /// The holder's manager at the request.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub manager: Option<PersonId>,
    /// Who asked.
    pub requester: Names,
    /// When.
    pub requested_at: Timestamp,
    /// The items with the facts they had.
    pub items: Vec<Asked>,
    /// For how long.
    pub span: Span,
    /// The planned start.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub start: Option<Timestamp>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Further fields of the reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub fields: BTreeMap<String, String>,
    /// The hash of all that approvers decide on.
    pub content: String,
    /// Whether it took the flow's fast lane, so that nobody needed to decide.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub lane: bool,
    /// Whether it was taken in an emergency, without approval.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub break_glass: bool,
    /// Resources of which the host said nothing: what a list in the policy names, and no facts came with it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub unknown: BTreeSet<ResourceId>,
}

/// What was granted: the narrowest that any approval gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// For how long.
    pub span: Span,
    /// Which items.
    pub scope: Arc<BTreeSet<Item>>,
}

/// Where a grant stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// It waits for decisions.
    Pending(Pending),
    /// It was approved and waits to begin.
    Approved(Approved),
    /// Access runs.
    Active(Active),
    /// It is over.
    Closed(Closed),
}

/// A request that waits for decisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// When it is undecided.
    pub decide_by: Timestamp,
    /// When more people are asked, and who was.
    #[serde(skip_serializing_if = "Tiers::is_empty", default)]
    pub tiers: Tiers,
}

/// Escalation: when more people are asked, and which were.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tiers {
    /// Still to come, the earliest first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub due: Vec<TierDue>,
    /// Those that were asked.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub reached: BTreeSet<TierPlace>,
}

/// One tier that is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TierDue {
    /// When.
    pub at: Timestamp,
    /// Which.
    #[serde(flatten)]
    pub place: TierPlace,
}

/// A tier by number: of which list, which step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TierPlace {
    /// The list of steps.
    pub list: u16,
    /// The step in it.
    pub step: u16,
    /// The tier of that.
    pub tier: u16,
}

/// An approved grant that waits to begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// When it was approved.
    pub at: Timestamp,
    /// What it waits for; nothing only in the moment between approval and access.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub waiting_for: Option<Waiting>,
    /// When what it waits for comes by itself: the planned start, or the opening. Access runs no earlier.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub opens_at: Option<Timestamp>,
    /// When it is unused.
    pub unused_at: Timestamp,
    /// When it has failed, where the targets must confirm, were told and have not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fails_at: Option<Timestamp>,
    /// The latest end that can come of it: the targets are told this before access runs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub told_until: Option<Timestamp>,
}

/// What an approved grant waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    /// The planned start.
    Start,
    /// The opening of the flow's hours.
    Hours,
    /// The holder, who activates it.
    Holder,
    /// The target, which confirms.
    Provisioning,
}

/// Access that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Active {
    /// Since when.
    pub since: Timestamp,
    /// Its end.
    pub end: Timestamp,
    /// Whether hours or the flow's `until` shortened it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub clipped: bool,
    /// Reminders still to come, the earliest first.
    pub reminders: Vec<Timestamp>,
    /// An extension that awaits its decision.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asked: Option<Box<AskedExtension>>,
}

/// A grant that is over, with exactly one outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// How it ended.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
    /// Since when it ran, where it did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub since: Option<Timestamp>,
    /// The end it had, where it ran.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end: Option<Timestamp>,
    /// Whether hours or the flow's `until` had shortened it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub clipped: bool,
}

/// How a grant ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Approvers said no.
    Denied,
    /// Requester or holder took it back.
    Withdrawn,
    /// Nobody decided in time.
    Undecided,
    /// It never began.
    Unused,
    /// It could not be given.
    Failed,
    /// Its end came.
    Expired,
    /// The holder no longer needed it.
    GivenBack,
    /// Somebody ended it.
    Revoked,
}

/// One person's decision on a request or an extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Who.
    pub by: Names,
    /// When.
    pub at: Timestamp,
    /// The places it may fill: list and step, by number.
    pub fits: Vec<(u16, u16)>,
    /// The selector among the approvers that names who decided: the first of those that do.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub named_by: Option<String>,
    /// A shorter span.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub span: Option<Span>,
    /// Only these items.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub only: Option<BTreeSet<Item>>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

/// The review that access taken in an emergency needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// When it is due.
    pub due: Timestamp,
    /// Whether it was said aloud that it is overdue.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub told: bool,
    /// Who reviewed it, where somebody did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<Names>,
}

/// What one target was told of a grant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Items that a worker was handed to give, here or in a grant whose items stayed for this one: they may be there.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub given: BTreeSet<Item>,
    /// Those of them that stayed from another grant: they were not the holder's own before.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub inherited: BTreeSet<Item>,
    /// Workers whose lease ran out before they said what came of an effect, by its number, each as often as
    /// they took it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub unanswered: BTreeMap<u32, Vec<WorkerId>>,
    /// Items the holder had before: they are not taken away at the end.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub held_before: BTreeSet<Item>,
}

impl Grant {
    /// The grant's id.
    #[must_use]
    pub fn id(&self) -> &GrantId {
        &self.origin.id
    }

    /// Every name by which the holder was known, at the request and at extensions since.
    pub(crate) fn holders(&self) -> impl Iterator<Item = &Names> {
        let since = self.extensions.iter().filter_map(|moved| moved.holder.as_ref());
        std::iter::once(&self.origin.holder).chain(since)
    }

    /// The id of the person it is for.
    #[must_use]
    pub fn holder(&self) -> &PersonId {
        &self.origin.holder.id
    }

    /// Whether it is over.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.stage, Stage::Closed(_))
    }

    /// The running access, where it runs.
    #[must_use]
    pub const fn active(&self) -> Option<&Active> {
        match &self.stage {
            Stage::Active(active) => Some(active),
            Stage::Pending(_) | Stage::Approved(_) | Stage::Closed(_) => None,
        }
    }

    /// Until when targets are to hold its items: access runs, or targets were told to give them before it does.
    #[must_use]
    pub fn reserved_until(&self, at: Timestamp) -> Option<Timestamp> {
        match &self.stage {
            Stage::Active(active) => active.runs(at).then(|| active.held_until()),
            Stage::Approved(approved) => approved.told_until.filter(|_| at < approved.waits_until()),
            Stage::Pending(_) | Stage::Closed(_) => None,
        }
    }

    /// Whether a worker was handed the item to give, or it stayed for this grant: it may be there.
    #[must_use]
    pub fn may_be_there(&self, item: &Item) -> bool {
        self.targets.get(&item.resource.integration).is_some_and(|target| target.given.contains(item))
    }

    /// The items still in its scope, with their facts.
    pub fn items(&self) -> impl Iterator<Item = &Asked> {
        let whole = self.terms.scope.len() == self.origin.items.len();
        self.origin.items.iter().filter(move |asked| whole || self.terms.scope.contains(&asked.item()))
    }

    /// The integrations of its scope.
    #[must_use]
    pub fn integrations(&self) -> BTreeSet<&Integration> {
        self.terms.scope.iter().map(|item| &item.resource.integration).collect()
    }

    /// Whether access to the item runs at that instant.
    #[must_use]
    pub fn covers(&self, item: &Item, at: Timestamp) -> Option<Timestamp> {
        let active = self.active()?;
        let covers = active.runs(at) && self.terms.scope.contains(item);
        covers.then(|| active.held_until())
    }

    /// The next instant at which time alone changes something, as far as the grant itself knows it.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        let review = self.review_due();
        match &self.stage {
            Stage::Pending(pending) => pending.tiers.next().into_iter().chain([pending.decide_by]).min(),
            Stage::Approved(approved) => {
                let waits = [approved.opens_at, approved.fails_at].into_iter().flatten();
                waits.chain([approved.unused_at]).min()
            }
            Stage::Active(active) => {
                let asked = active.asked.as_deref();
                let tier = asked.and_then(|asked| asked.tiers.next());
                let lapse = asked.map(|asked| asked.decide_by);
                let first = active.reminders.first().copied();
                [first, tier, lapse, review].into_iter().flatten().chain([active.held_until()]).min()
            }
            Stage::Closed(_) => review,
        }
    }

    /// An instant at which it is surely over, whatever happens before, if nobody extends it.
    #[must_use]
    pub fn over_by(&self) -> Option<Timestamp> {
        match &self.stage {
            Stage::Pending(pending) => Some(pending.decide_by),
            Stage::Approved(approved) => {
                // It begins before it is unused or has failed, and what opens later than that opens nothing.
                Some(approved.waits_until().plus(self.terms.span))
            }
            Stage::Active(active) => Some(active.over_by()),
            Stage::Closed(_) => None,
        }
    }

    /// When it is said aloud that its review is overdue, where that is still to come.
    pub(crate) fn review_due(&self) -> Option<Timestamp> {
        let review = self.review.as_ref().filter(|review| review.by.is_none() && !review.told);
        review.map(|review| review.due)
    }

    /// Whether it was taken in an emergency and nobody has looked at it since.
    #[must_use]
    pub fn awaits_review(&self) -> bool {
        self.review.as_ref().is_some_and(|review| review.by.is_none())
    }

    /// Whether nothing more will ever happen to it: closed, and every effect finished.
    #[must_use]
    pub fn is_settled_for_good(&self) -> bool {
        self.is_closed() && self.outbox.is_empty() && !self.awaits_review()
    }
}

impl Approved {
    /// When waiting ends in vain, as far as the grant itself knows it: it is unused, or has failed.
    #[must_use]
    pub fn waits_until(&self) -> Timestamp {
        self.fails_at.map_or(self.unused_at, |fails| fails.min(self.unused_at))
    }
}

impl Active {
    /// Until when access is held: the end, as long as no bridge carries it further.
    #[must_use]
    pub fn held_until(&self) -> Timestamp {
        self.asked.as_ref().and_then(|asked| asked.bridge).unwrap_or(self.end)
    }

    /// When it is over if nobody decides on the extension that awaits it: at its end, or when the decision
    /// is due past it.
    #[must_use]
    pub fn over_by(&self) -> Timestamp {
        self.asked.as_ref().map_or(self.end, |asked| self.end.max(asked.decide_by))
    }

    /// Whether access runs at that instant, time alone considered.
    #[must_use]
    pub fn runs(&self, at: Timestamp) -> bool {
        self.since <= at && at < self.over_by()
    }
}

impl Tiers {
    /// When the next tier is asked.
    #[must_use]
    pub fn next(&self) -> Option<Timestamp> {
        self.due.first().map(|due| due.at)
    }

    /// Whether nobody is ever asked in addition.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.due.is_empty() && self.reached.is_empty()
    }
}

impl Outgoing {
    /// Whether a worker may take it at that instant.
    #[must_use]
    pub fn is_ready(&self, now: Timestamp) -> bool {
        self.not_before <= now && !self.is_leased(now)
    }

    /// Whether a worker has it at that instant.
    #[must_use]
    pub fn is_leased(&self, now: Timestamp) -> bool {
        self.lease.as_ref().is_some_and(|lease| now < lease.until)
    }

    /// Whether it was never handed out and is a task like that one, at the same target.
    #[must_use]
    pub(crate) fn untaken(&self, matches: impl Fn(&Task) -> bool) -> bool {
        self.attempts == 0 && matches(&self.effect.task)
    }
}

impl Stage {
    /// The stage as hosts and scenario files write it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pending(_) => "pending",
            Self::Approved(_) => "approved",
            Self::Active(_) => "active",
            Self::Closed(_) => "closed",
        }
    }
}

impl Waiting {
    /// What is waited for, as hosts and scenario files write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Hours => "hours",
            Self::Holder => "holder",
            Self::Provisioning => "provisioning",
        }
    }
}

impl Outcome {
    /// The outcome as hosts and scenario files write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Withdrawn => "withdrawn",
            Self::Undecided => "undecided",
            Self::Unused => "unused",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::GivenBack => "given_back",
            Self::Revoked => "revoked",
        }
    }
}
