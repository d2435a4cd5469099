//! Effects that are ready, and when they are again.

use tenure_core::id::Integration;
use tenure_core::time::Span;

use super::House;
use super::cast::{nine, person};
use super::story::{Story, accepted, view};
use crate::clock::Clock;
use crate::query::{Limit, Place};
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
    while let Some(notice) = story.take(&alice.id, None, lease) {
        accepted(story.done(&notice));
    }
    assert_eq!(ready(&story, Place::Anywhere), ["carol"], "nothing is left of alice's");
}
