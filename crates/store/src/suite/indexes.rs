//! What every index must say, worked out from the stored grants alone.

use std::collections::{BTreeMap, BTreeSet};

use tenure_core::grant::Grant;
use tenure_core::id::{GrantId, Integration, PersonId};
use tenure_core::person::Person;
use tenure_core::query::{self, Held};
use tenure_core::record::Entry;
use tenure_core::time::{Span, Timestamp};

use super::House;
use super::cast::item;
use super::story::Story;
use crate::clock::Clock;
use crate::plan::Question;
use crate::query::{
    Awaited, AwaitedAt, Filter, Holding, HoldsAsk, Limit, Place, WhoAsk, awaits_decision, unsure_from,
};
use crate::store::Store;

/// Compares every index with what the stored grants say, and the stored grants with their events.
pub(super) fn all_right<H: House>(story: &Story<'_, H>, people: &[Person], items: &[&str], after: &str) {
    let stored = story.all_stored();
    let replayed = story.replayed();
    assert_eq!(stored.len(), replayed.len(), "after {after}");
    for (id, grant) in &stored {
        assert_eq!(Some(&**grant), replayed.get(id), "after {after}");
    }
    let grants: Vec<&Grant> = stored.values().map(|grant| &**grant).collect();
    due(story, &grants, &revoked(story), after);
    ready(story, &grants, after);
    lists(story, &grants, after);
    holds(story, &grants, people, items, after);
    who_has(story, items, after);
}

/// Instants that are asked about after every command, the last ones: what was before them was asked about before.
const INSTANTS: usize = 4;

/// At instants at which access began or ended, and a millisecond to either side: as each grant says by itself.
fn who_has<H: House>(story: &Story<'_, H>, items: &[&str], after: &str) {
    let stored = story.all_stored();
    let revoked = revoked(story);
    let reached = |grant: &Grant| revoked.get(grant.id()).copied().filter(|_| !grant.is_closed());
    let mut instants = BTreeSet::new();
    for grant in stored.values() {
        let run = query::run(grant).into_iter().flat_map(|(since, until)| [since, until]);
        instants.extend(run.chain(unsure_from(grant)).chain(reached(grant)));
    }
    let around: BTreeSet<Timestamp> = instants
        .iter()
        .rev()
        .take(INSTANTS)
        .flat_map(|at| [at.minus(Span::millis(1)), *at, at.plus(Span::millis(1))])
        .collect();
    for item in items.iter().map(|text| item(text)) {
        let ask = WhoAsk { resource: &item.resource, permission: Some(&item.permission) };
        for at in &around {
            let mut expected: Vec<Holding> = Vec::new();
            for grant in stored.values().filter(|grant| grant.terms.scope.contains(&item)) {
                let end = reached(grant);
                let unsure = end.is_none() && unsure_from(grant).is_some_and(|from| from <= *at);
                let ran = query::run(grant)
                    .map(|(since, until)| (since, end.map_or(until, |end| end.min(until))))
                    .filter(|(since, until)| since <= at && at < until);
                if unsure || ran.is_some() {
                    let (permission, person) = (item.permission.clone(), grant.holder().clone());
                    let run = ran.filter(|_| !unsure);
                    expected.push(Holding { permission, person, grant: grant.id().clone(), run });
                }
            }
            expected.sort();
            let found = |after: Option<&Holding>, limit: usize| {
                story.store.who_has(&story.ns, ask, *at, after, Limit::new(limit)).unwrap()
            };
            assert_eq!(found(None, 1_000), expected, "who has {item:?} at {at} after {after}");
            let second = expected.first().map(|first| found(Some(first), 1));
            assert_eq!(second.as_deref(), expected.first().map(|_| &expected[1..expected.len().min(2)]));
        }
    }
}

/// When each grant was revoked among many.
fn revoked<H: House>(story: &Story<'_, H>) -> BTreeMap<GrantId, Timestamp> {
    let mut revoked = BTreeMap::new();
    for record in story.records() {
        if let Entry::Revoked(by) = &record.entry {
            revoked.extend(by.grants.iter().map(|id| (id.clone(), by.at)));
        }
    }
    revoked
}

fn due<H: House>(
    story: &Story<'_, H>,
    grants: &[&Grant],
    revoked: &BTreeMap<GrantId, Timestamp>,
    after: &str,
) {
    let reached = |grant: &Grant| revoked.get(grant.id()).copied().filter(|_| !grant.is_closed());
    let next = |grant: &Grant| grant.deadline().into_iter().chain(reached(grant)).min();
    let deadlines = grants.iter().filter_map(|grant| Some((grant.holder(), next(grant)?)));
    let found = story.store.due(&story.ns, Timestamp::MAX, None, Limit::new(100)).unwrap();
    assert_eq!(found, earliest(deadlines), "deadlines after {after}");
    let open = grants.iter().filter(|grant| !grant.is_closed()).map(|grant| grant.holder().clone());
    let listed: BTreeSet<_> = found.into_iter().map(|awaited| awaited.person).collect();
    assert_eq!(listed, open.collect(), "whoever has an open grant has a deadline, after {after}");
}

fn ready<H: House>(story: &Story<'_, H>, grants: &[&Grant], after: &str) {
    let outgoing = || {
        let all = grants.iter().flat_map(|grant| grant.outbox.iter().map(|out| (grant.holder(), out)));
        all.map(|(holder, out)| {
            let leased = out.lease.as_ref().map(|lease| lease.until);
            (holder, out.effect.task.at(), out.not_before.max(leased.unwrap_or(out.not_before)))
        })
    };
    let limit = Limit::new(100);
    let found = |place: Place<'_>| story.store.ready(&story.ns, place, Timestamp::MAX, None, limit).unwrap();
    let anywhere = outgoing().map(|(holder, _, at)| (holder, at));
    assert_eq!(found(Place::Anywhere), earliest(anywhere), "effects after {after}");
    for integration in ["pg", "k8s"].map(|name| Integration::new(name).unwrap()) {
        let there =
            outgoing().filter(|(_, at, _)| *at == Some(&integration)).map(|(holder, _, at)| (holder, at));
        assert_eq!(found(Place::At(&integration)), earliest(there), "at {integration} after {after}");
    }
    let notices = outgoing().filter(|(_, at, _)| at.is_none()).map(|(holder, _, at)| (holder, at));
    assert_eq!(found(Place::Notices), earliest(notices), "notices after {after}");
    let mut firsts: BTreeMap<Option<&Integration>, Timestamp> = BTreeMap::new();
    for (_, integration, at) in outgoing() {
        let known = firsts.entry(integration).or_insert(at);
        *known = at.min(*known);
    }
    let place =
        |(integration, at): (Option<&Integration>, _)| AwaitedAt { at, integration: integration.cloned() };
    let places: BTreeSet<_> = firsts.into_iter().map(place).collect();
    let all = story.store.ready_places(&story.ns, Timestamp::MAX, None, limit).unwrap();
    assert_eq!(all, places.into_iter().collect::<Vec<_>>(), "places after {after}");
}

/// Each person's earliest instant, in the order of these.
fn earliest<'a>(instants: impl Iterator<Item = (&'a PersonId, Timestamp)>) -> Vec<Awaited> {
    let mut first: BTreeMap<&PersonId, Timestamp> = BTreeMap::new();
    for (person, at) in instants {
        let known = first.entry(person).or_insert(at);
        *known = at.min(*known);
    }
    let all: BTreeSet<_> =
        first.into_iter().map(|(person, at)| Awaited { at, person: person.clone() }).collect();
    all.into_iter().collect()
}

fn lists<H: House>(story: &Story<'_, H>, grants: &[&Grant], after: &str) {
    let ids = |wanted: fn(&Grant) -> bool| -> Vec<GrantId> {
        grants.iter().filter(|grant| wanted(grant)).map(|grant| grant.id().clone()).collect()
    };
    let open = Filter { open: true, ..Filter::default() };
    assert_eq!(story.listed(&open), ids(|grant| !grant.is_closed()), "open grants after {after}");
    let awaiting = Filter { awaiting: true, ..Filter::default() };
    assert_eq!(story.listed(&awaiting), ids(awaits_decision), "awaited decisions after {after}");
}

/// `holds` against the rules, at the instants that matter and a millisecond on either side of them.
fn holds<H: House>(story: &Story<'_, H>, grants: &[&Grant], people: &[Person], items: &[&str], after: &str) {
    let now = story.clock.now();
    let mut instants = BTreeSet::from([now, now.minus(Span::hours(1))]);
    for at in grants.iter().flat_map(|grant| grant.deadline().into_iter().chain(grant.over_by())) {
        instants.extend([at.minus(Span::millis(1)), at, at.plus(Span::millis(1))]);
    }
    for at in instants {
        story.clock.set(at);
        for person in people {
            for item in items {
                let fast = story.holds(person, item);
                assert_eq!(fast, by_the_rules(story, person, item, at), "{item} at {at} after {after}");
            }
        }
    }
    story.clock.set(now);
    // A host's `now` instead of the store's clock: behind, a little ahead, far ahead.
    for at in [now.minus(Span::minutes(5)), now.plus(Span::seconds(20)), now.plus(Span::hours(3))] {
        for person in people {
            let known = item(items[0]);
            let ask =
                HoldsAsk { person: &person.id, resource: &known.resource, permission: &known.permission };
            let fast = story.store.holds(&story.ns, ask, at).unwrap();
            assert_eq!(fast, by_the_rules(story, person, items[0], at), "a host at {at} after {after}");
        }
    }
}

fn by_the_rules<H: House>(story: &Story<'_, H>, who: &Person, what: &str, now: Timestamp) -> Option<Held> {
    let item = item(what);
    let mut answer = None;
    story
        .store
        .view(
            &story.ns,
            &mut Question::new(
                |world| query::needs_person(&who.id, world),
                |world| answer = query::holds(world, &who.id, &item, now).unwrap(),
            ),
        )
        .unwrap();
    answer
}
