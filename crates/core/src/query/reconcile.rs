//! What targets should hold, beside what they say that they hold.
//!
//! A store that was restored from a copy knows nothing of what came after the copy: access that was given since
//! then is known to the targets alone, and access that was ended since then is still due in the store. Which of
//! the two is right only people know: nothing is done here, it is listed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::flow::Kind;
use crate::grant::{Enforcement, Grant, Outcome, Stage};
use crate::id::{GrantId, PersonId};
use crate::lifecycle::expire;
use crate::machine::Fault;
use crate::person::Item;
use crate::query::settled;
use crate::time::Timestamp;
use crate::world::{By, World};

/// One item in one person's hands at a target, as the orders to workers name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct InHand {
    /// The item.
    #[serde(flatten)]
    pub item: Item,
    /// Who holds it.
    pub holder: PersonId,
    /// Of `ephemeral` access the grant whose own account it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantId>,
}

/// What a target should hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Owed {
    /// What, and for whom.
    #[serde(flatten)]
    pub what: InHand,
    /// For which grant: the latest end, then the smallest id.
    pub by: GrantId,
    /// Until when.
    pub until: Timestamp,
    /// Whether an effect that gives it, or tells its end, is not finished: the target may come to hold it yet.
    pub underway: bool,
}

/// What a target holds and no grant gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Surplus {
    /// What, and in whose hands.
    #[serde(flatten)]
    pub what: InHand,
    /// The last grant that put it there. Where there is none, this store knows nothing of how it came there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Past>,
}

/// A grant that is over and had put an item there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Past {
    /// The grant.
    pub grant: GrantId,
    /// How it ended.
    pub outcome: Outcome,
    /// When.
    pub closed_at: Timestamp,
    /// Whether the effect that takes it away is not finished: the target may come to let go of it yet.
    pub underway: bool,
    /// The holder had it before, so its end took nothing away.
    pub held_before: bool,
}

/// Everything that should be held, as it is found grant by grant.
#[derive(Debug, Default)]
pub struct Ledger(BTreeMap<InHand, Owed>);

/// What came of the comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// What is held and no grant gives.
    pub surplus: BTreeSet<InHand>,
    /// What a grant gives and is not held.
    pub missing: Vec<Owed>,
    /// What is held and should be.
    pub agree: u64,
}

/// What targets should hold for this grant at `now`: what workers are told, and were told before access runs.
///
/// # Errors
/// A [`Fault`] where the world cannot be trusted.
pub fn owed(world: &World, grant: &GrantId, now: Timestamp) -> Result<Vec<Owed>, Fault> {
    let board = settled(world, grant, now)?;
    let Some(grant) = board.grant(grant) else { return Ok(Vec::new()) };
    let Some(until) = expire::told_until(&board, grant, board.now, By::Command) else {
        return Ok(Vec::new());
    };
    // Before access runs it is there from the moment that a worker was handed it.
    let there = |item: &&Item| grant.active().is_some() || grant.may_be_there(item);
    let one = |item: &Item| Owed {
        what: in_hand(grant, item),
        by: grant.id().clone(),
        until,
        underway: match grant.enforcement_at(&item.resource.integration) {
            Enforcement::Applying | Enforcement::StuckApplying => true,
            Enforcement::None
            | Enforcement::Removed
            | Enforcement::Applied
            | Enforcement::Removing
            | Enforcement::StuckRemoving => false,
        },
    };
    Ok(grant.terms.scope.iter().filter(there).map(one).collect())
}

/// What this grant has to do with an item that is held and that no grant gives; nothing where it never put it there.
///
/// # Errors
/// A [`Fault`] where the world cannot be trusted.
pub fn past(world: &World, grant: &GrantId, surplus: &InHand, now: Timestamp) -> Result<Option<Past>, Fault> {
    let board = settled(world, grant, now)?;
    let Some(grant) = board.grant(grant) else { return Ok(None) };
    let Stage::Closed(closed) = &grant.stage else { return Ok(None) };
    let target = grant.targets.get(&surplus.item.resource.integration);
    let Some(target) = target.filter(|target| target.given.contains(&surplus.item)) else { return Ok(None) };
    if in_hand(grant, &surplus.item) != *surplus {
        return Ok(None);
    }
    Ok(Some(Past {
        grant: grant.id().clone(),
        outcome: closed.outcome,
        closed_at: closed.at,
        underway: match grant.enforcement_at(&surplus.item.resource.integration) {
            Enforcement::Removing | Enforcement::StuckRemoving => true,
            Enforcement::None
            | Enforcement::Removed
            | Enforcement::Applied
            | Enforcement::Applying
            | Enforcement::StuckApplying => false,
        },
        held_before: target.held_before.contains(&surplus.item),
    }))
}

/// Of several grants that had put an item there the one that ended last: how it was left then is how it was left.
#[must_use]
pub fn last(pasts: impl IntoIterator<Item = Past>) -> Option<Past> {
    pasts.into_iter().min_by_key(|past| (Reverse(past.closed_at), past.grant.clone()))
}

/// What has an account of its own is in nobody else's hands.
fn in_hand(grant: &Grant, item: &Item) -> InHand {
    let own = (grant.origin.kind == Kind::Ephemeral).then(|| grant.id().clone());
    InHand { item: item.clone(), holder: grant.holder().clone(), grant: own }
}

impl Ledger {
    /// Takes note of what should be held. Where several grants give the same, the latest end counts, as for workers.
    pub fn enter(&mut self, owed: Owed) {
        let Some(known) = self.0.get_mut(&owed.what) else {
            self.0.insert(owed.what.clone(), owed);
            return;
        };
        let underway = known.underway && owed.underway;
        if (Reverse(owed.until), &owed.by) < (Reverse(known.until), &known.by) {
            *known = owed;
        }
        known.underway = underway;
    }

    /// Compares it with what is held.
    #[must_use]
    pub fn compare(self, held: BTreeSet<InHand>) -> Compared {
        let mut compared = Compared { surplus: held, ..Compared::default() };
        for (what, owed) in self.0 {
            if compared.surplus.remove(&what) {
                compared.agree = compared.agree.saturating_add(1);
            } else {
                compared.missing.push(owed);
            }
        }
        compared
    }
}

#[cfg(test)]
mod tests;
