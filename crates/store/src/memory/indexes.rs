//! Indexes over open grants and unfinished effects, renewed person by person with every commit.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use hashbrown::HashMap;
use tenure_core::grant::Grant;
use tenure_core::id::{FlowId, GrantId, Integration, PersonId};
use tenure_core::person::Item;
use tenure_core::time::Timestamp;

use crate::next::Next;
use crate::query::{Awaited, AwaitedAt, Place, awaits_decision};

/// Who waits for what, and which grants are open where.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Indexes {
    /// By holder: grants that are open or have unfinished effects, and what comes next of them.
    people: HashMap<PersonId, Standing>,
    /// Open grants by flow.
    flows: HashMap<FlowId, BTreeSet<GrantId>>,
    /// Open grants by item.
    items: HashMap<Item, BTreeSet<GrantId>>,
    /// Open grants by integration.
    integrations: HashMap<Integration, BTreeSet<GrantId>>,
    /// Open grants.
    open: BTreeSet<GrantId>,
    /// Grants with a request or an extension that awaits a decision.
    awaiting: BTreeSet<GrantId>,
    due: BTreeSet<Awaited>,
    ready: BTreeSet<Awaited>,
    /// The same at each integration, and for notices.
    ready_at: HashMap<Option<Integration>, BTreeSet<Awaited>>,
    /// The first of each of those.
    ready_places: BTreeSet<AwaitedAt>,
}

/// One person's unfinished grants, and when something comes of them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Standing {
    grants: BTreeMap<GrantId, Arc<Grant>>,
    next: Next,
}

impl Indexes {
    /// Takes note of a grant's new state.
    pub(super) fn change(&mut self, before: Option<&Grant>, after: &Arc<Grant>) {
        let id = after.id();
        let standing = self.people.entry_ref(after.holder()).or_default();
        if after.is_settled_for_good() {
            standing.grants.remove(id);
        } else {
            standing.grants.insert(id.clone(), after.clone());
        }
        if awaits_decision(after) {
            self.awaiting.insert(id.clone());
        } else {
            self.awaiting.remove(id);
        }
        let open = |grant: &&Grant| !grant.is_closed();
        let (before, now) = (before.filter(open), Some(&**after).filter(open));
        match (before, now) {
            (None, Some(_)) => drop(self.open.insert(id.clone())),
            (Some(_), None) => drop(self.open.remove(id)),
            (Some(_), Some(_)) | (None, None) => {}
        }
        // Of an open grant only the scope ever changes that it is found by.
        if before.map(|grant| &grant.terms.scope) == now.map(|grant| &grant.terms.scope) {
            return;
        }
        if let Some(before) = before {
            forget(&mut self.flows, &before.origin.flow, id);
            before.terms.scope.iter().for_each(|item| forget(&mut self.items, item, id));
            before.integrations().into_iter().for_each(|at| forget(&mut self.integrations, at, id));
        }
        if let Some(now) = now {
            note(&mut self.flows, &now.origin.flow, id);
            now.terms.scope.iter().for_each(|item| note(&mut self.items, item, id));
            now.integrations().into_iter().for_each(|at| note(&mut self.integrations, at, id));
        }
    }

    /// Takes note of what comes next of one person's grants, after all of their changes; `revoked` is the
    /// instant at which one was revoked, where that is still to be written.
    pub(super) fn renew(&mut self, person: &PersonId, revoked: impl Fn(&GrantId) -> Option<Timestamp>) {
        let Some(standing) = self.people.get_mut(person) else { return };
        let next = Next::of(standing.grants.iter().map(|(id, grant)| (&**grant, revoked(id))));
        let gone = standing.grants.is_empty();
        let old = std::mem::replace(&mut standing.next, next.clone());
        swap(&mut self.due, person, old.due, next.due);
        swap(&mut self.ready, person, old.ready, next.ready);
        for at in old.ready_at.keys().chain(next.ready_at.keys()) {
            let (was, is) = (old.ready_at.get(at).copied(), next.ready_at.get(at).copied());
            self.wait_at(at, person, was, is);
        }
        if gone {
            self.people.remove(person);
        }
    }

    /// Takes note of since when a person waits at a place.
    fn wait_at(
        &mut self,
        at: &Option<Integration>,
        person: &PersonId,
        was: Option<Timestamp>,
        is: Option<Timestamp>,
    ) {
        if was == is {
            return;
        }
        let place = |first: &Awaited| AwaitedAt { at: first.at, integration: at.clone() };
        let people = self.ready_at.entry(at.clone()).or_default();
        let first = people.first().map(place);
        swap(people, person, was, is);
        let now_first = people.first().map(place);
        if people.is_empty() {
            self.ready_at.remove(at);
        }
        if first != now_first {
            first.map(|first| self.ready_places.remove(&first));
            self.ready_places.extend(now_first);
        }
    }

    /// One person's unfinished grants.
    pub(super) fn of_person(&self, person: &PersonId) -> impl Iterator<Item = &Arc<Grant>> {
        self.people.get(person).into_iter().flat_map(|standing| standing.grants.values())
    }

    /// Open grants under a flow.
    pub(super) fn in_flow(&self, flow: &FlowId) -> impl Iterator<Item = &GrantId> {
        self.flows.get(flow).into_iter().flatten()
    }

    /// Open grants on an item.
    pub(super) fn on_item(&self, item: &Item) -> impl Iterator<Item = &GrantId> {
        self.items.get(item).into_iter().flatten()
    }

    /// Open grants at an integration.
    pub(super) fn at(&self, integration: &Integration) -> impl Iterator<Item = &GrantId> {
        self.integrations.get(integration).into_iter().flatten()
    }

    /// Open grants.
    pub(super) const fn open(&self) -> &BTreeSet<GrantId> {
        &self.open
    }

    /// Grants that await a decision.
    pub(super) const fn awaiting(&self) -> &BTreeSet<GrantId> {
        &self.awaiting
    }

    /// People whose next deadline comes by `until`, after that mark.
    pub(super) fn due(&self, until: Timestamp, after: Option<&Awaited>) -> impl Iterator<Item = &Awaited> {
        by(&self.due, until, after)
    }

    /// People whose next effect may be taken by `until`, after that mark.
    pub(super) fn ready(
        &self,
        place: Place<'_>,
        until: Timestamp,
        after: Option<&Awaited>,
    ) -> impl Iterator<Item = &Awaited> {
        let set = match place {
            Place::Anywhere => Some(&self.ready),
            Place::At(integration) => self.ready_at.get(&Some(integration.clone())),
            Place::Notices => self.ready_at.get(&None),
        };
        set.into_iter().flat_map(move |set| by(set, until, after))
    }

    /// Places with an effect that may be taken by `until`, after that mark.
    pub(super) fn ready_places(
        &self,
        until: Timestamp,
        after: Option<&AwaitedAt>,
    ) -> impl Iterator<Item = &AwaitedAt> {
        let from = after.map_or(Bound::Unbounded, |after| Bound::Excluded(after.clone()));
        self.ready_places.range((from, Bound::Unbounded)).take_while(move |place| place.at <= until)
    }
}

fn by<'a>(
    set: &'a BTreeSet<Awaited>,
    until: Timestamp,
    after: Option<&Awaited>,
) -> impl Iterator<Item = &'a Awaited> + use<'a> {
    let from = after.map_or(Bound::Unbounded, |after| Bound::Excluded(after.clone()));
    set.range((from, Bound::Unbounded)).take_while(move |awaited| awaited.at <= until)
}

fn swap(set: &mut BTreeSet<Awaited>, person: &PersonId, was: Option<Timestamp>, is: Option<Timestamp>) {
    if was == is {
        return;
    }
    let awaited = |at| Awaited { at, person: person.clone() };
    if let Some(was) = was {
        set.remove(&awaited(was));
    }
    set.extend(is.map(awaited));
}

fn note<K: std::hash::Hash + Eq + Clone>(index: &mut HashMap<K, BTreeSet<GrantId>>, key: &K, id: &GrantId) {
    index.entry_ref(key).or_default().insert(id.clone());
}

fn forget<K: std::hash::Hash + Eq>(index: &mut HashMap<K, BTreeSet<GrantId>>, key: &K, id: &GrantId) {
    let emptied = index.get_mut(key).is_some_and(|ids| {
        ids.remove(id);
        ids.is_empty()
    });
    if emptied {
        index.remove(key);
    }
}
