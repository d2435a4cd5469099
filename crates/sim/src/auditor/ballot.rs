//! Lists of steps, whose places are filled by decisions.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::Value;

use super::life::{Ballot, Grant};
use super::policy::{Approval, at, ms, text};
use super::time::Ms;

impl Ballot {
    /// A ballot that is opened now.
    pub(super) fn open(rules: Approval, now: Ms) -> Self {
        let mut ballot = Self { rules: Rc::new(rules), ..Self::default() };
        ballot.await_steps(now);
        ballot
    }

    /// Notes which steps are awaited from now on.
    pub(super) fn await_steps(&mut self, now: Ms) -> Vec<(usize, usize)> {
        let fresh: Vec<_> =
            self.awaited().into_iter().filter(|place| !self.since.contains_key(place)).collect();
        self.since.extend(fresh.iter().map(|place| (*place, now)));
        fresh
    }

    /// The holder's manager.
    pub(super) fn manager<'a>(&'a self, grant: &'a Grant) -> &'a str {
        text(self.holder.as_ref().unwrap_or(&grant.holder), "manager")
    }

    pub(super) fn step(&self, (list, step): (usize, usize)) -> &Value {
        self.rules.lists.get(list).and_then(|list| list.get(step)).unwrap_or(&super::policy::NONE)
    }

    pub(super) fn places(&self) -> Vec<(usize, usize)> {
        let lists = self.rules.lists.iter().enumerate();
        lists.flat_map(|(list, steps)| (0..steps.len()).map(move |step| (list, step))).collect()
    }

    /// Steps that a further decision could fill.
    pub(super) fn awaited(&self) -> Vec<(usize, usize)> {
        let mut found: Vec<(usize, usize)> = Vec::new();
        for (list, step) in self.places() {
            let turn = self.rules.in_turn && found.iter().any(|(other, _)| *other == list);
            if !turn && self.filled(list, Some(step)) > self.filled(list, None) {
                found.push((list, step));
            }
        }
        found
    }

    pub(super) fn met(&self) -> bool {
        let needed =
            |steps: &[Value]| steps.iter().filter_map(|step| at(step, "needed").as_u64()).sum::<u64>();
        let mut lists = self.rules.lists.iter().enumerate();
        lists.any(|(list, steps)| u64::try_from(self.filled(list, None)).ok() == Some(needed(steps)))
    }

    /// How many places of a list its decisions fill at most, one more for a step put in.
    fn filled(&self, list: usize, more: Option<usize>) -> usize {
        let votes = self
            .yes
            .iter()
            .map(|vote| vote.fits.iter().filter(|(l, _)| *l == list).map(|(_, s)| *s).collect());
        let votes: Vec<Vec<usize>> = votes.chain(more.map(|step| vec![step])).collect();
        let steps = self.rules.lists.get(list).map_or(&[][..], Vec::as_slice);
        let sizes: Vec<usize> = steps
            .iter()
            .map(|step| ms(step, "needed").and_then(|n| usize::try_from(n).ok()).unwrap_or(1))
            .collect();
        let mut seats: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let seated =
            (0..votes.len()).filter(|vote| seat(*vote, &votes, &sizes, &mut seats, &mut BTreeSet::new()));
        seated.count()
    }

    /// Tiers that are to come: instant, list, step, tier.
    pub(super) fn tiers(&self) -> Vec<(Ms, usize, usize, usize)> {
        let awaited = self.awaited();
        let mut tiers = Vec::new();
        for (list, step) in awaited {
            let since = self.since.get(&(list, step)).copied().unwrap_or(0);
            let all = super::policy::list(self.step((list, step)), "escalate").iter().enumerate();
            tiers.extend(all.map(|(tier, rule)| (since + ms(rule, "after").unwrap_or(0), list, step, tier)));
        }
        tiers.retain(|(_, list, step, tier)| !self.told.contains(&(*list, *step, *tier)));
        tiers.sort_unstable();
        tiers
    }
}

/// Finds a seat for a decision, moving others where that helps.
fn seat(
    vote: usize,
    votes: &[Vec<usize>],
    sizes: &[usize],
    seats: &mut BTreeMap<usize, Vec<usize>>,
    tried: &mut BTreeSet<usize>,
) -> bool {
    for step in votes.get(vote).into_iter().flatten() {
        if !tried.insert(*step) {
            continue;
        }
        let taken = seats.entry(*step).or_default().clone();
        if taken.len() < sizes.get(*step).copied().unwrap_or(0) {
            seats.entry(*step).or_default().push(vote);
            return true;
        }
        for other in taken {
            if seat(other, votes, sizes, seats, tried) {
                let taken = seats.entry(*step).or_default();
                taken.retain(|one| *one != other);
                taken.push(vote);
                return true;
            }
        }
    }
    false
}
