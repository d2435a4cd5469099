//! Effects that are ready, and when they are again.

use tenure_core::command::Which;
use tenure_core::id::Integration;
use tenure_core::time::Span;

use super::House;
use super::cast::{nine, person};
use super::story::{Story, accepted, view};
use crate::clock::Clock;
use crate::query::{AwaitedAt, Limit, Place};
use crate::store::Store;

pub(super) fn what_is_ready_follows_leases_and_pauses<H: House>(house: &H) {
    let mut story = Story::begin(house);
    let (alice, carol) = (person("alice"), person("carol"));
    view(story.request(&alice, "g1", "automatic", &["pg/orders/read"]));
    view(story.request(&carol, "g2", "automatic", &["k8s/prod/admin"]));
    let pg = Integration::new("pg").unwrap();
    let k8s = Integration::new("k8s").unwrap();
    let elsewhere = Integration::new("elsewhere").unwrap();
    let ready = |story: &Story<'_, H>, place| {
        let now = story.clock.now();
        let people = story.store.ready(&story.ns, place, now, None, Limit::new(10)).unwrap();
        people.into_iter().map(|awaited| awaited.person.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ready(&story, Place::Anywhere), ["alice", "carol"]);
    assert_eq!(ready(&story, Place::At(&pg)), ["alice"]);
    assert_eq!(ready(&story, Place::At(&k8s)), ["carol"]);
    assert!(ready(&story, Place::At(&elsewhere)).is_empty());

    let lease = Span::minutes(2);
    let handed = story.take(&alice.id, Some(&pg), lease).unwrap();
    assert!(ready(&story, Place::At(&pg)).is_empty(), "it is under lease");
    assert!(story.take(&alice.id, Some(&pg), lease).is_none());
    story.clock.set(nine().plus(lease).minus(Span::millis(1)));
    assert!(ready(&story, Place::At(&pg)).is_empty());
    story.clock.set(nine().plus(lease));
    assert_eq!(ready(&story, Place::At(&pg)), ["alice"], "the lease ran out");

    let again = story.take(&alice.id, Some(&pg), lease).unwrap();
    assert_eq!((again.number, again.attempt), (handed.number, 2));
    accepted(story.failed(&again));
    assert!(ready(&story, Place::At(&pg)).is_empty(), "it pauses");
    story.at(30);
    let again = story.take(&alice.id, Some(&pg), lease).unwrap();
    accepted(story.done(&again));
    story.at(40);
    assert!(ready(&story, Place::At(&pg)).is_empty());
    assert_eq!(ready(&story, Place::Notices), ["alice", "carol"]);
    while let Some(notice) = story.take_which(&alice.id, Which::Notices, lease) {
        assert!(notice.kind.starts_with("notify:"), "{}", notice.kind);
        accepted(story.done(&notice));
    }
    assert_eq!(ready(&story, Place::Anywhere), ["carol"], "nothing is left of alice's");
    assert_eq!(ready(&story, Place::Notices), ["carol"]);
}

/// Places are listed once, however many people wait there, page by page, and none that pauses or is under lease.
pub(super) fn places_are_listed_once_and_in_order<H: House>(house: &H) {
    let mut story = Story::begin(house);
    let (alice, carol) = (person("alice"), person("carol"));
    view(story.request(&alice, "g1", "automatic", &["pg/orders/read"]));
    view(story.request(&carol, "g2", "automatic", &["pg/orders/read"]));
    story.at(1);
    view(story.request(&carol, "g3", "automatic", &["k8s/prod/admin"]));
    let pages = |story: &Story<'_, H>| {
        let (now, mut all, mut after) = (story.clock.now(), Vec::new(), None::<AwaitedAt>);
        loop {
            let page = story.store.ready_places(&story.ns, now, after.as_ref(), Limit::new(1)).unwrap();
            let Some(place) = page.into_iter().next() else { return all };
            all.push(place.integration.as_ref().map_or("notices".to_owned(), ToString::to_string));
            after = Some(place);
        }
    };
    assert_eq!(pages(&story), ["notices", "pg", "k8s"]);
    let pg = Integration::new("pg").unwrap();
    for who in [&alice, &carol] {
        story.take(&who.id, Some(&pg), Span::minutes(5)).unwrap();
    }
    assert_eq!(pages(&story), ["notices", "k8s"], "all at one are under lease");
    story.at(6);
    assert_eq!(pages(&story), ["notices", "k8s", "pg"], "the leases ran out");
    let handed = story.take(&alice.id, Some(&pg), Span::minutes(5)).unwrap();
    accepted(story.failed(&handed));
    assert_eq!(pages(&story), ["notices", "k8s", "pg"], "carol still waits there");
}
