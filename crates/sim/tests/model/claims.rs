//! What must hold in every state.

use stateright::{Model, Property};
use tenure::Timestamp;
use tenure::tenure_core::event::{Cause, Event, Happened};
use tenure::tenure_core::grant::{Grant, Outcome, Stage};
use tenure::tenure_core::limits::CLOCK_TOLERANCE;
use tenure::tenure_core::query;
use tenure::tenure_core::record::Entry;
use tenure::tenure_store::Write;

use super::hosts::{Heard, Hosts, Past, State};
use super::scene::at;
use super::store::Kept;

/// What must hold. A state keeps what once did not: much of it is about what came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Claim {
    Limit,
    Times,
    Over,
    Promise,
    OneAnswer,
    StaysClosed,
    NotOwn,
    Replays,
    Tolerance,
}

impl Claim {
    /// The claim in words.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Limit => "at no instant are more grants open than the limit",
            Self::Times => "no grant is extended more often than it may be",
            Self::Over => "what time has ended stays ended, at its instant, and is held by nobody",
            Self::Promise => "no access expires before the end that was accepted",
            Self::OneAnswer => "one accepted command id has one answer, whichever host gives it",
            Self::StaysClosed => "a closed grant stays closed, with its outcome and instant",
            Self::NotOwn => "nobody decided on their own",
            Self::Replays => "the events lead to what is stored",
            Self::Tolerance => "nothing happens further ahead of the store's clock than is tolerated",
        }
    }
}

/// Where it ends, nothing is left to be written down.
pub(crate) const WRITTEN_DOWN: &str = "what time has ended is written down in the end";

/// All claims, and that nothing is left open in the end.
pub(crate) fn properties() -> Vec<Property<Hosts>> {
    vec![
        Property::always(Claim::Limit.name(), |_, state: &State| state.past.holds(Claim::Limit)),
        Property::always(Claim::Times.name(), |_, state: &State| state.past.holds(Claim::Times)),
        Property::always(Claim::Over.name(), |_, state: &State| state.past.holds(Claim::Over)),
        Property::always(Claim::Promise.name(), |_, state: &State| state.past.holds(Claim::Promise)),
        Property::always(Claim::OneAnswer.name(), |_, state: &State| state.past.holds(Claim::OneAnswer)),
        Property::always(Claim::StaysClosed.name(), |_, state: &State| state.past.holds(Claim::StaysClosed)),
        Property::always(Claim::NotOwn.name(), |_, state: &State| state.past.holds(Claim::NotOwn)),
        Property::always(Claim::Replays.name(), |_, state: &State| state.past.holds(Claim::Replays)),
        Property::always(Claim::Tolerance.name(), |_, state: &State| state.past.holds(Claim::Tolerance)),
        Property::always(WRITTEN_DOWN, |hosts: &Hosts, state: &State| {
            let ended = |kept: &Kept| over(&kept.grant).is_some_and(|(ends, _)| ends <= at(state.clock));
            let idle = state.open.iter().all(Option::is_none);
            !idle || !state.store.grants.values().any(ended) || !hosts.next_states(state).is_empty()
        }),
    ]
}

impl Past {
    fn holds(&self, claim: Claim) -> bool {
        !self.broken.contains(&claim)
    }
}

/// Judges what was written, against the clock it was read at.
pub(crate) fn written(past: &mut Past, write: &Write, read_at: i64) {
    let latest = at(read_at).plus(CLOCK_TOLERANCE);
    let happened = write.entries.iter().filter_map(|entry| match entry {
        Entry::Event(event) => Some(event.at),
        Entry::Refused(_) | Entry::MoreRefused(_) | Entry::Published(_) | Entry::Revoked(_) => None,
    });
    if happened.max().is_some_and(|at| latest < at) {
        past.broken.insert(Claim::Tolerance);
    }
}

/// Judges an answer: of an errand that was accepted, every further one is the first again.
pub(crate) fn answered(past: &mut Past, errand: usize, accepted: Option<(u64, bool)>, heard: Heard) {
    match (past.answers.get(&errand), accepted) {
        (None, Some((answer, _))) => {
            past.answers.insert(errand, answer);
        }
        (Some(first), Some((answer, true))) if *first == answer => {}
        (None, None) => {}
        // The world failed: that is no answer.
        (Some(_), None) if heard == Heard::Fault => {}
        (Some(_), Some(_) | None) => {
            past.broken.insert(Claim::OneAnswer);
        }
    }
}

/// Judges a state.
pub(crate) fn judge(hosts: &Hosts, state: &mut State) {
    let clock = at(state.clock);
    let idle = state.open.iter().all(Option::is_none);
    let State { store, past, .. } = state;
    for (id, kept) in &store.grants {
        let grant = &kept.grant;
        if idle && let Some(over) = over(grant).filter(|(at, _)| *at <= clock) {
            past.over.entry(id.clone()).or_insert(over);
        }
        let closed = match &grant.stage {
            Stage::Closed(closed) => Some((closed.at, closed.outcome)),
            Stage::Pending(_) | Stage::Approved(_) | Stage::Active(_) => None,
        };
        if let Some(closed) = closed {
            past.closed.entry(id.clone()).or_insert(closed);
        }
        let ended = past.over.get(id).copied();
        let broken = [
            (Claim::Times, hosts.scene.times < extensions(kept).count()),
            (Claim::Over, ended.is_some_and(|over| !stays_over(grant, closed, over))),
            (Claim::Promise, closed.is_some_and(|closed| is_early(kept, closed))),
            (Claim::StaysClosed, past.closed.get(id).is_some_and(|first| closed != Some(*first))),
            (Claim::NotOwn, kept.events.iter().any(|event| is_own(grant, event))),
            (Claim::Replays, !kept.replays),
        ];
        past.broken.extend(broken.into_iter().filter(|(_, broken)| *broken).map(|(claim, _)| claim));
    }
    if held_past_the_end(hosts, state, clock) {
        state.past.broken.insert(Claim::Over);
    }
    if hosts.scene.most_open < most_open(hosts, state) {
        state.past.broken.insert(Claim::Limit);
    }
}

/// When time ends a grant as it stands, and as what.
fn over(grant: &Grant) -> Option<(Timestamp, Outcome)> {
    match &grant.stage {
        Stage::Pending(pending) => Some((pending.decide_by, Outcome::Undecided)),
        Stage::Approved(approved) => Some(match approved.fails_at {
            Some(fails) if fails < approved.unused_at => (fails, Outcome::Failed),
            Some(_) | None => (approved.unused_at, Outcome::Unused),
        }),
        Stage::Active(active) => Some((active.over_by(), Outcome::Expired)),
        Stage::Closed(_) => None,
    }
}

/// Whether a grant that time has ended is closed so, or not yet written down and otherwise unchanged.
fn stays_over(grant: &Grant, closed: Option<(Timestamp, Outcome)>, ended: (Timestamp, Outcome)) -> bool {
    closed.or_else(|| over(grant)) == Some(ended)
}

/// Whether it expired before the end that its activation or an accepted extension gave.
fn is_early(kept: &Kept, (at, outcome): (Timestamp, Outcome)) -> bool {
    let activated = kept.events.iter().filter_map(|event| {
        if let Happened::Activated(activated) = &event.happened { Some(activated.end) } else { None }
    });
    let promised = activated.chain(extensions(kept)).max();
    outcome == Outcome::Expired && promised.is_some_and(|end| at < end)
}

/// The ends that extensions gave, each as it was written.
fn extensions(kept: &Kept) -> impl Iterator<Item = Timestamp> {
    kept.events.iter().filter_map(|event| {
        if let Happened::Extended(extended) = &event.happened { Some(extended.to) } else { None }
    })
}

/// Whether holder or requester decided here, on the request or on an extension.
fn is_own(grant: &Grant, event: &Event) -> bool {
    let decided = matches!(
        event.happened,
        Happened::ApprovalGiven(_)
            | Happened::DenialGiven(_)
            | Happened::ExtensionApprovalGiven(_)
            | Happened::ExtensionDenialGiven(_)
    );
    let parties = [&grant.origin.holder.id, &grant.origin.requester.id];
    let party = |cause: &Cause| parties.iter().any(|party| party.as_str() == cause.actor);
    decided && event.cause.as_ref().is_some_and(party)
}

/// Whether the door lets somebody through by a grant that is over.
fn held_past_the_end(hosts: &Hosts, state: &State, clock: Timestamp) -> bool {
    state.store.grants.values().any(|Kept { grant, .. }| {
        let runs_out = grant.active().is_some_and(|active| active.over_by() <= clock);
        runs_out
            && grant.terms.scope.iter().any(|item| {
                let mut world = state.store.world(&hosts.scene.policy, clock);
                loop {
                    let reads = query::needs_person(grant.holder(), &world);
                    if reads.is_empty() {
                        break;
                    }
                    for read in reads {
                        state.store.read(&read, &mut world);
                        world.read.insert(read);
                    }
                }
                let held = query::holds(&world, grant.holder(), item, clock).unwrap();
                held.is_some_and(|held| held.grant == *grant.id())
            })
    })
}

/// How many grants are open at the instant at which most are, as far as is written. Where a host is ahead of the
/// store's clock, it may see a place free that much too early: so long two grants may overlap.
fn most_open(hosts: &Hosts, state: &State) -> usize {
    let ahead = at(hosts.scene.skews.into_iter().max().unwrap().max(0)).since(at(0));
    let span = |kept: &Kept| {
        let grant = &kept.grant;
        let until = match &grant.stage {
            Stage::Closed(closed) => closed.at,
            Stage::Pending(_) | Stage::Approved(_) | Stage::Active(_) => grant.over_by().unwrap(),
        };
        (grant.origin.requested_at, until.minus(ahead))
    };
    // What such a host ended as soon as it began is in nobody's way.
    let spans = state.store.grants.values().map(span).filter(|(from, until)| from < until);
    let spans: Vec<_> = spans.collect();
    let beside = |(place, (at, _)): (usize, &(Timestamp, Timestamp))| {
        let others = spans.iter().enumerate().filter(|(other, _)| *other != place);
        1 + others.filter(|(_, (from, until))| from <= at && at < until).count()
    };
    spans.iter().enumerate().map(beside).max().unwrap_or(0)
}
