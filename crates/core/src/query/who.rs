//! Who could ask for what, and who could approve it: what a flow says about people, before anybody asks.
//!
//! Conditions, hours, limits, reasons and logins depend on the moment and are not looked at: what is
//! found here may still be refused, and what is not found here cannot be.

mod glass;

use std::collections::{BTreeMap, BTreeSet};

pub use self::glass::Glass;
use crate::command::Asked;
use crate::flow::Flow;
use crate::flow::approval_rule::{Approval, Step};
use crate::flow::beside::Guard;
use crate::flow::selector::Selector;
use crate::flow::target::{Permissions, Target};
use crate::id::PersonId;
use crate::lifecycle::{ballot, eligible};
use crate::person::{Actor, Names, Person, Resource};

/// People as a directory knows them.
#[derive(Debug)]
pub struct People {
    known: Vec<Known>,
    by_id: BTreeMap<PersonId, usize>,
}

#[derive(Debug)]
struct Known {
    person: Person,
    actor: Actor,
    names: Names,
    /// The first of the people who is the same human.
    human: usize,
}

/// What some people could do under one flow, for the same items.
#[derive(Debug)]
pub struct Under<'a> {
    flow: &'a Flow,
    people: &'a People,
    lists: Vec<Vec<Seats<'a>>>,
}

/// Who could fill one step.
#[derive(Debug)]
pub struct Seats<'a> {
    /// The step.
    pub step: &'a Step,
    /// Everybody whom its approvers and tiers mean, whoever the holder is.
    fixed: Vec<usize>,
    /// Whether the holder's manager may fill it too.
    pub manager: bool,
    /// Whether the owner of every item may, and which items is not known here.
    pub owner: bool,
}

/// One request: who asks, and whom the access is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair<'a> {
    asks: usize,
    holds: usize,
    /// Who asks.
    pub requester: &'a PersonId,
    /// Whom it is for.
    pub holder: &'a PersonId,
}

/// Why nobody could ever approve a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nobody<'a> {
    /// The step that stays open; none where each could be filled, and all together could not.
    pub step: Option<&'a str>,
    /// How many different people it takes.
    pub needed: u64,
    /// Those who are left.
    pub left: Vec<&'a PersonId>,
}

/// What a flow offers of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offered<'a> {
    /// Every permission.
    Any,
    /// These; none where it offers nothing of it.
    Named(BTreeSet<&'a str>),
}

impl People {
    /// People by their facts.
    #[must_use]
    pub fn new(people: Vec<Person>) -> Self {
        let mut first: BTreeMap<String, usize> = BTreeMap::new();
        let mut known: Vec<Known> = Vec::with_capacity(people.len());
        for (index, person) in people.into_iter().enumerate() {
            let names = person.names();
            let ids = [&names.id].into_iter().chain(&names.aliases).chain(&names.acts_for);
            let ids: Vec<String> = ids.map(|id| id.as_str().to_ascii_lowercase()).collect();
            let human = ids.iter().find_map(|id| first.get(id)).copied().unwrap_or(index);
            for id in ids {
                first.entry(id).or_insert(human);
            }
            known.push(Known { actor: Actor::Person(Box::new(person.clone())), person, names, human });
        }
        let by_id = known.iter().zip(0..).map(|(known, index)| (known.person.id.clone(), index)).collect();
        Self { known, by_id }
    }

    /// How many they are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    fn id(&self, index: usize) -> Option<&PersonId> {
        Some(&self.known.get(index)?.person.id)
    }

    fn index(&self, id: &PersonId) -> Option<usize> {
        self.by_id.get(id).copied()
    }
}

impl<'a> Under<'a> {
    /// What these people could do under the flow: for these items, or for any of its items where none are known.
    #[must_use]
    pub fn new(flow: &'a Flow, people: &'a People, items: Option<&[Asked]>) -> Self {
        let lists = match &flow.approval {
            Approval::Automatic => Vec::new(),
            Approval::Decided(rule) => {
                let seats = |step| Seats::new(step, people, items);
                rule.lists.iter().map(|steps| steps.iter().map(seats).collect()).collect()
            }
        };
        Self { flow, people, lists }
    }

    /// Every request that could be made: somebody may ask, and somebody may hold.
    pub fn requests(&self) -> impl Iterator<Item = Pair<'a>> {
        let (flow, people) = (self.flow, self.people);
        let others = &flow.requesters.others;
        let helps = |index: &usize| {
            let known = people.known.get(*index);
            known.is_some_and(|known| others.iter().any(|selector| selector.includes(&known.person)))
        };
        let helpers: Vec<usize> = (0..people.len()).filter(helps).collect();
        let manager = others.contains(&Selector::Manager);
        let holders = people
            .known
            .iter()
            .enumerate()
            .filter(|(_, known)| eligible::may_hold(flow, Some(&known.person), &known.person.id).is_ok());
        holders.flat_map(move |(holds, holder)| {
            let boss = holder.person.manager.as_ref().filter(|_| manager).and_then(|id| people.index(id));
            let asking: BTreeSet<usize> = helpers.iter().copied().chain([holds]).chain(boss).collect();
            asking.into_iter().filter_map(move |asks| {
                let requester = people.known.get(asks)?;
                let manager = holder.person.manager.as_ref();
                eligible::may_request(flow, &requester.actor, &holder.names, manager).ok()?;
                Some(Pair { asks, holds, requester: &requester.person.id, holder: &holder.person.id })
            })
        })
    }

    /// The lists of steps, one of which suffices; none where nobody needs to approve.
    #[must_use]
    pub fn lists(&self) -> &[Vec<Seats<'a>>] {
        &self.lists
    }

    /// Those whom a step means, whoever the holder is.
    pub fn fixed<'s>(&'s self, seats: &'s Seats<'a>) -> impl Iterator<Item = &'a PersonId> + 's {
        seats.fixed.iter().filter_map(|index| self.people.id(*index))
    }

    /// The holder's manager, where these people know them.
    #[must_use]
    pub fn manager(&self, pair: Pair<'_>) -> Option<&'a PersonId> {
        self.people.id(self.boss(pair)?)
    }

    /// Why nobody could ever approve this request; nothing where people could, or need not.
    #[must_use]
    pub fn nobody(&self, pair: Pair<'_>) -> Option<Nobody<'a>> {
        let mut why = None;
        for list in &self.lists {
            // One list that can be filled suffices.
            let stuck = self.stuck(list, pair)?;
            why.get_or_insert(stuck);
        }
        why
    }

    /// Why this list could never be filled. A step of owners who are not known here is taken to find them.
    fn stuck(&self, list: &[Seats<'a>], pair: Pair<'_>) -> Option<Nobody<'a>> {
        let known: Vec<&Seats<'a>> = list.iter().filter(|seats| !seats.owner).collect();
        let needed = known.iter().map(|seats| u64::from(seats.step.needed)).sum::<u64>();
        let mut fits: BTreeMap<usize, (usize, Vec<u16>)> = BTreeMap::new();
        for (number, seats) in (0_u16..).zip(&known) {
            // A step that as many people can fill as the whole list needs is in no other's way.
            let left = self.left(seats, pair, needed);
            if count(left.len()) < u64::from(seats.step.needed) {
                let left = left.into_values().filter_map(|index| self.people.id(index)).collect();
                let (step, needed) = (Some(seats.step.name.as_str()), u64::from(seats.step.needed));
                return Some(Nobody { step, needed, left });
            }
            for (human, index) in left {
                fits.entry(human).or_insert((index, Vec::new())).1.push(number);
            }
        }
        let steps: Vec<u32> = known.iter().map(|seats| seats.step.needed).collect();
        let (people, fitting): (Vec<usize>, Vec<Vec<u16>>) = fits.into_values().unzip();
        let left = || people.iter().filter_map(|index| self.people.id(*index)).collect();
        let filled = count(ballot::most_filled(&steps, &fitting));
        (filled < needed).then(|| Nobody { step: None, needed, left: left() })
    }

    /// Who could fill the step for this request: of each human one id, so many at most.
    fn left(&self, seats: &Seats<'a>, pair: Pair<'_>, most: u64) -> BTreeMap<usize, usize> {
        let known = &self.people.known;
        let parties = [known.get(pair.asks), known.get(pair.holds)];
        let own = |one: &Known| parties.iter().flatten().any(|party| party.names.same_human(&one.names));
        let boss = self.boss(pair).filter(|_| seats.manager);
        let mut left = BTreeMap::new();
        for index in seats.fixed.iter().copied().chain(boss) {
            if count(left.len()) >= most {
                break;
            }
            if let Some(one) = known.get(index).filter(|one| !own(one)) {
                left.entry(one.human).or_insert(index);
            }
        }
        left
    }

    fn boss(&self, pair: Pair<'_>) -> Option<usize> {
        self.people.index(self.people.known.get(pair.holds)?.person.manager.as_ref()?)
    }
}

impl<'a> Seats<'a> {
    fn new(step: &'a Step, people: &People, items: Option<&[Asked]>) -> Self {
        let means = |person: &Person| {
            let items = || items.unwrap_or_default().iter();
            step.everybody().any(|selector| eligible::regards(selector, person, None, items()))
        };
        let means = |index: &usize| people.known.get(*index).is_some_and(|known| means(&known.person));
        Self {
            step,
            fixed: (0..people.len()).filter(means).collect(),
            manager: step.everybody().any(|selector| *selector == Selector::Manager),
            owner: items.is_none() && step.everybody().any(|selector| *selector == Selector::Owner),
        }
    }
}

/// What the flow offers of a resource.
#[must_use]
pub fn offered<'a>(flow: &'a Flow, resource: &Resource) -> Offered<'a> {
    let mut named = BTreeSet::new();
    for target in &flow.what {
        match &target.permissions {
            Permissions::Any if target.offers(resource, "") => return Offered::Any,
            Permissions::Any => {}
            Permissions::Named(names) => {
                named.extend(names.iter().map(String::as_str).filter(|name| target.offers(resource, name)));
            }
        }
    }
    Offered::Named(named)
}

impl Offered<'_> {
    /// What of it is had without people approving it, and what guards keep for people to approve.
    #[must_use]
    pub fn parted(self, resource: &Resource, guards: &[Guard]) -> (Self, Self) {
        let guards = || guards.iter().filter(|guard| guard.require.steps);
        let nothing = || Self::Named(BTreeSet::new());
        match self {
            Self::Any => {
                let any = |target: &&Target| matches!(target.permissions, Permissions::Any);
                let mut targets = guards().flat_map(|guard| &guard.what).filter(any);
                let kept = targets.any(|target| target.offers(resource, ""));
                if kept { (nothing(), Self::Any) } else { (Self::Any, nothing()) }
            }
            Self::Named(names) => {
                let kept = |name: &&str| guards().any(|guard| guard.covers(resource, name));
                let (kept, free) = names.into_iter().partition(kept);
                (Self::Named(free), Self::Named(kept))
            }
        }
    }

    /// Whether it is nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Any => false,
            Self::Named(names) => names.is_empty(),
        }
    }
}

fn count(people: usize) -> u64 {
    u64::try_from(people).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
