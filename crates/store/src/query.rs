//! What a store is asked beside plans, each question with a bound on the answer.

use tenure_core::grant::{Grant, Stage};
use tenure_core::id::{FlowId, GrantId, Integration, PersonId};
use tenure_core::limits::CLOCK_TOLERANCE;
use tenure_core::person::{Item, ResourceId};
use tenure_core::time::Timestamp;

/// At most so many answers at once: at least 1, at most [`Limit::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(usize);

impl Limit {
    /// The most answers of one question: what a page of a list shows, many times over.
    pub const MAX: usize = 1_000;

    /// So many, brought into the bounds.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        if most == 0 {
            Self(1)
        } else if most > Self::MAX {
            Self(Self::MAX)
        } else {
            Self(most)
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0
    }
}

/// May this person use this permission on this resource?
#[derive(Clone, Copy, Debug)]
pub struct HoldsAsk<'a> {
    /// The holder.
    pub person: &'a PersonId,
    /// The resource.
    pub resource: &'a ResourceId,
    /// The permission on it.
    pub permission: &'a str,
}

impl HoldsAsk<'_> {
    /// The item that is asked about.
    #[must_use]
    pub fn item(&self) -> Item {
        Item { resource: self.resource.clone(), permission: self.permission.to_owned() }
    }
}

/// Who has this resource, or this permission on it?
#[derive(Clone, Copy, Debug)]
pub struct WhoAsk<'a> {
    /// The resource.
    pub resource: &'a ResourceId,
    /// The permission on it; all of them where absent.
    pub permission: Option<&'a str>,
}

/// Access of one person to one permission on a resource. Also the mark after which a list goes on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Holding {
    /// The permission.
    pub permission: String,
    /// Who.
    pub person: PersonId,
    /// Under which grant.
    pub grant: GrantId,
    /// Since when and until when; absent where only the rules know whether it ran.
    pub run: Option<(Timestamp, Timestamp)>,
}

/// Since when and until when a grant's access runs, time and a revocation of many alone considered: what is ended
/// by one has no other end, though it is not closed yet.
#[must_use]
pub fn run(grant: &Grant, revoked: Option<Timestamp>) -> Option<(Timestamp, Timestamp)> {
    let (since, until) = tenure_core::query::run(grant)?;
    let until = revoked.map_or(until, |at| at.min(until));
    (since < until).then_some((since, until))
}

/// What a grant says of its access at that instant: nothing, when it ran, or that only the rules know.
#[must_use]
pub fn at_that_time(
    grant: &Grant,
    revoked: Option<Timestamp>,
    at: Timestamp,
) -> Option<Option<(Timestamp, Timestamp)>> {
    // What was revoked gives nothing any more.
    if unsure_from(grant).is_some_and(|from| from <= at) && revoked.is_none() {
        return Some(None);
    }
    run(grant, revoked).filter(|(since, until)| *since <= at && at < *until).map(Some)
}

/// Which effects are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place<'a> {
    /// All of them, notices too.
    #[default]
    Anywhere,
    /// Those at one integration.
    At(&'a Integration),
    /// Notices, which are at no integration.
    Notices,
}

/// A person with something that has come due, and since when. Also the mark after which a list goes on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Awaited {
    /// Since when.
    pub at: Timestamp,
    /// The holder.
    pub person: PersonId,
}

/// A place with effects that wait, and since when. Also the mark after which a list goes on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AwaitedAt {
    /// Since when.
    pub at: Timestamp,
    /// The integration; none for notices.
    pub integration: Option<Integration>,
}

/// Which grants are listed: those that match all that is named here. Only what never changes of a grant,
/// and what time alone can only make false, is asked of a store; the rest is judged on the settled view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// For this holder.
    pub holder: Option<PersonId>,
    /// Asked by this person.
    pub requester: Option<PersonId>,
    /// Under this flow.
    pub flow: Option<FlowId>,
    /// This item was asked for.
    pub item: Option<Item>,
    /// Not closed.
    pub open: bool,
    /// A request or an extension awaits a decision.
    pub awaiting: bool,
}

/// Ids of grants in their order, and where the list goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The grants that match.
    pub grants: Vec<GrantId>,
    /// Ask again after this one; absent where nothing is left. It may stand with no grant at all, where
    /// many were looked at and none matched.
    pub next: Option<GrantId>,
}

/// Of how many grants what is kept beside the record was let go, and where it goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// How many, of those that were looked at.
    pub compacted: u64,
    /// Ask again after this one; absent where nothing is left.
    pub next: Option<GrantId>,
}

impl Filter {
    /// Whether a grant, as it is stored, matches.
    #[must_use]
    pub fn matches(&self, grant: &Grant) -> bool {
        let origin = &grant.origin;
        self.holder.as_ref().is_none_or(|holder| *holder == origin.holder.id)
            && self.requester.as_ref().is_none_or(|requester| *requester == origin.requester.id)
            && self.flow.as_ref().is_none_or(|flow| *flow == origin.flow)
            && self.item.as_ref().is_none_or(|item| origin.items.iter().any(|asked| asked.item() == *item))
            && (!self.open || !grant.is_closed())
            && (!self.awaiting || awaits_decision(grant))
    }
}

/// Whether a request or an extension of this grant awaits a decision, as it is stored.
#[must_use]
pub fn awaits_decision(grant: &Grant) -> bool {
    match &grant.stage {
        Stage::Pending(_) => true,
        Stage::Active(active) => active.asked.is_some(),
        Stage::Approved(_) | tenure_core::grant::Stage::Closed(_) => false,
    }
}

/// From when the rules must say whether access runs: an approved grant opens, or a decision is due that a
/// bridge waits for. Nothing where time alone tells.
#[must_use]
pub fn unsure_from(grant: &Grant) -> Option<Timestamp> {
    match &grant.stage {
        Stage::Approved(approved) => approved.opens_at,
        Stage::Active(active) => {
            active.asked.as_ref().filter(|asked| asked.bridge.is_some()).map(|asked| asked.decide_by)
        }
        Stage::Pending(_) | Stage::Closed(_) => None,
    }
}

/// Whether an open grant was not over by that instant.
#[must_use]
pub fn lasts(grant: &Grant, clock: Timestamp) -> bool {
    grant.over_by().is_some_and(|over| clock < over)
}

/// The instant a question is answered at, as far as the clock alone can tell: a host that is behind its
/// store is taken along, one that is far ahead of it is not believed.
#[must_use]
pub fn asked_at(clock: Timestamp, now: Timestamp) -> Timestamp {
    if now > clock.plus(CLOCK_TOLERANCE) { clock } else { now.max(clock) }
}
