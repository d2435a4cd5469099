//! What was learned from answers: grants, instants at which something happens, effects that workers have.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tenure::tenure_core::effect::Order;
use tenure::tenure_core::id::{FlowId, GrantId, Revision, WorkerId};
use tenure::{Item, PersonId, Span, Taken, Timestamp, View};
use tenure_port::call::EffectId;

use super::dice::Dice;
use crate::coverage::Standing;

/// A grant as it was seen last.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) id: GrantId,
    pub(super) flow: FlowId,
    pub(super) standing: Standing,
    pub(super) holder: PersonId,
    pub(super) requester: PersonId,
    pub(super) ends: Option<Timestamp>,
    pub(super) held_until: Option<Timestamp>,
    pub(super) decide_by: Option<Timestamp>,
    pub(super) content: String,
    pub(super) extension: Option<String>,
    pub(super) items: Arc<BTreeSet<Item>>,
    pub(super) span: Span,
    pub(super) glass: bool,
    /// Extensions so far, and those that are left.
    pub(super) used: u32,
    pub(super) left: u32,
    pub(super) unreviewed: bool,
    fresh: bool,
}

/// An effect that a worker was handed.
#[derive(Clone, Debug)]
pub(super) struct Leased {
    pub(super) effect: EffectId,
    pub(super) worker: WorkerId,
    pub(super) until: Timestamp,
    pub(super) attempt: u32,
    /// Items that were to be given.
    pub(super) given: Vec<Item>,
}

/// What was learned so far.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) grants: Vec<Known>,
    places: BTreeMap<GrantId, usize>,
    /// Grants that are not closed, as far as is known.
    open: Vec<usize>,
    /// Grants by where they stood when they were seen: some stand elsewhere by now.
    by_standing: BTreeMap<Standing, Vec<usize>>,
    /// Emergencies.
    glass: Vec<usize>,
    deadlines: BTreeSet<Timestamp>,
    pub(super) leased: Vec<Leased>,
    pub(super) revisions: Vec<Revision>,
}

/// How many instants are kept: the nearest.
const DEADLINES: usize = 64;
/// How many effects are kept.
const LEASED: usize = 48;
/// How often a grant is looked for before another is taken.
const TRIES: usize = 10;

impl Memory {
    /// A grant was seen. The answer says whether it was never seen in that standing.
    pub(super) fn see(&mut self, view: &View, clock: Timestamp) {
        let standing = Standing::of(Some(view), clock);
        let place = match self.places.get(&view.id) {
            Some(place) => *place,
            None => {
                let place = self.grants.len();
                self.places.insert(view.id.clone(), place);
                self.grants.push(known(view, standing));
                if view.break_glass {
                    self.glass.push(place);
                }
                if !standing.is_closed() {
                    self.open.push(place);
                }
                place
            }
        };
        let Some(grant) = self.grants.get_mut(place) else { return };
        if grant.standing != standing || grant.fresh {
            self.by_standing.entry(standing).or_default().push(place);
        }
        (grant.standing, grant.fresh) = (standing, false);
        (grant.ends, grant.held_until, grant.decide_by) = (view.ends_at, view.held_until, view.decide_by);
        (grant.used, grant.left) = (view.extensions.used, view.extensions.left);
        grant.unreviewed = view.awaits_review();
        if !Arc::ptr_eq(&grant.items, &view.items) {
            grant.items = view.items.clone();
        }
        match &view.extension_asked {
            Some(asked) if grant.extension.as_ref() != Some(&asked.content) => {
                grant.extension = Some(asked.content.clone());
            }
            Some(_) => {}
            None => grant.extension = None,
        }
        let asked = view.extension_asked.as_ref().map(|asked| asked.decide_by);
        let review = view.review.as_ref().map(|review| review.due);
        for at in [view.decide_by, view.starts_at, view.ends_at, view.held_until, asked, review]
            .into_iter()
            .flatten()
        {
            self.expect(at, clock);
        }
    }

    /// Something happens then.
    pub(super) fn expect(&mut self, at: Timestamp, clock: Timestamp) {
        if at <= clock {
            return;
        }
        self.deadlines.insert(at);
        if self.deadlines.len() > DEADLINES {
            self.deadlines.pop_last();
        }
    }

    /// The next instant at which something happens, and what lies before is forgotten.
    pub(super) fn next_deadline(&mut self, clock: Timestamp) -> Option<Timestamp> {
        while let Some(first) = self.deadlines.first().copied() {
            if first > clock.plus(Span::millis(1)) {
                return Some(first);
            }
            self.deadlines.pop_first();
        }
        None
    }

    pub(super) fn place(&self, id: &GrantId) -> Option<usize> {
        self.places.get(id).copied()
    }

    /// A grant that stands so, as far as is known, or another one.
    pub(super) fn pick(
        &mut self,
        dice: &mut Dice,
        clock: Timestamp,
        fits: impl Fn(&Known) -> bool,
    ) -> Option<usize> {
        for _ in 0..TRIES {
            let slot = dice.place(self.open.len());
            let Some(place) = self.open.get(slot).copied() else { break };
            let Some(grant) = self.grants.get_mut(place) else { break };
            grant.standing = grant.stands(clock);
            let fit = fits(grant);
            let now = grant.standing;
            if now.is_closed() {
                self.open.swap_remove(slot);
                self.by_standing.entry(now).or_default().push(place);
            }
            if fit {
                return Some(place);
            }
        }
        None
    }

    /// Any grant: those that stand where few do are meant as often as others.
    pub(super) fn any(&mut self, dice: &mut Dice, clock: Timestamp) -> Option<usize> {
        if dice.chance(70) {
            let wanted = *dice.of(&Standing::ALL)?;
            for _ in 0..3 {
                let Some(places) = self.by_standing.get_mut(&wanted) else { break };
                let slot = dice.place(places.len());
                let Some(place) = places.get(slot).copied() else { break };
                let grant = self.grants.get_mut(place)?;
                grant.standing = grant.stands(clock);
                if grant.standing == wanted {
                    return Some(place);
                }
                places.swap_remove(slot);
                let now = grant.standing;
                self.by_standing.entry(now).or_default().push(place);
            }
        }
        let many = self.grants.len();
        many.checked_sub(1)?.checked_sub(dice.place(many))
    }

    /// A grant that stands so, whether it is open or not.
    pub(super) fn closed(
        &mut self,
        dice: &mut Dice,
        clock: Timestamp,
        fits: impl Fn(&Known) -> bool,
    ) -> Option<usize> {
        (0..TRIES)
            .find_map(|_| self.any(dice, clock).filter(|place| self.grants.get(*place).is_some_and(&fits)))
    }

    /// An emergency that nobody has looked at.
    pub(super) fn unreviewed(&mut self, dice: &mut Dice) -> Option<usize> {
        let slot = dice.place(self.glass.len());
        let place = self.glass.get(slot).copied()?;
        let unreviewed = self.grants.get(place).is_some_and(|grant| grant.unreviewed);
        if !unreviewed {
            self.glass.swap_remove(slot);
        }
        Some(place)
    }

    /// Effects were handed out.
    pub(super) fn took(&mut self, taken: &[Taken], clock: Timestamp) {
        for taken in taken.iter().rev().take(LEASED) {
            if self.leased.len() >= LEASED {
                self.leased.remove(0);
            }
            let given = match &taken.handed.order {
                Order::Hold { items, .. } => items.iter().map(|held| held.item.clone()).collect(),
                Order::Remove { .. } | Order::Rotate { .. } | Order::Tell { .. } => Vec::new(),
            };
            let effect = EffectId { grant: taken.handed.grant.clone(), number: taken.handed.number };
            let (worker, until) = (taken.handed.worker.clone(), taken.handed.lease_until);
            self.leased.push(Leased { effect, worker, until, attempt: taken.handed.attempt, given });
        }
        if let Some(first) = taken.first() {
            self.expect(first.handed.lease_until, clock);
        }
    }
}

impl Known {
    /// Where it stands when it is left alone, as far as its own ends tell.
    pub(super) fn stands(&self, clock: Timestamp) -> Standing {
        let over = |end: Option<Timestamp>| end.is_some_and(|end| end <= clock);
        let standing = self.standing;
        let runs = (Standing::Active..=Standing::Bridged).contains(&standing);
        if standing == Standing::Pending && over(self.decide_by) {
            Standing::Undecided
        } else if runs && over(self.held_until) {
            Standing::Expired
        } else if standing == Standing::Asked && over(self.ends) {
            Standing::Bridged
        } else {
            standing
        }
    }
}

fn known(view: &View, standing: Standing) -> Known {
    Known {
        id: view.id.clone(),
        flow: view.flow.clone(),
        standing,
        holder: view.holder.clone(),
        requester: view.requester.clone(),
        ends: view.ends_at,
        held_until: view.held_until,
        decide_by: view.decide_by,
        content: view.content.clone(),
        extension: None,
        items: view.items.clone(),
        span: view.asked,
        glass: view.break_glass,
        used: view.extensions.used,
        left: view.extensions.left,
        unreviewed: false,
        fresh: true,
    }
}
