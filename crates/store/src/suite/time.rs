//! What time alone makes true, seen or unseen.

use tenure_core::event::Happened;
use tenure_core::grant::Outcome;
use tenure_core::limits::CLOCK_TOLERANCE;
use tenure_core::machine::Fault;
use tenure_core::record::Entry;
use tenure_core::time::Span;

use super::House;
use super::cast::{nine, owner, person};
use super::story::{Story, accepted, actor, extend, id, refused, request, view};
use crate::batch::Answered;
use crate::query::Limit;
use crate::store::Store;

/// A sweep lists who is due, then somebody extends, then the sweep acts on its list.
pub(crate) fn r17_an_expiry_is_decided_again_in_the_commit(house: &impl House) {
    let mut story = Story::begin(house);
    let alice = person("alice");
    view(story.request(&alice, "g1", "automatic", &["pg/orders/read"]));
    let end = nine().plus(Span::hours(1));
    let due = story.store.due(&story.ns, end, None, Limit::new(10)).unwrap();
    assert_eq!(due.len(), 1);
    story.at(59);
    let extended = view(story.extend(&alice, "g1"));
    story.at(60);
    story.settle(&alice);
    assert_eq!(story.holds(&alice, "pg/orders/read").map(|held| held.until), extended.ends_at);
    assert!(!story.stored(&id("g1")).unwrap().is_closed());
    // And the other way round: an extension after the end is none, though nobody swept.
    story.at(90);
    assert_eq!(refused(story.extend(&alice, "g1")).as_str(), "grant.expired");
    assert!(story.stored(&id("g1")).unwrap().is_closed(), "what time made true was written all the same");
}

pub(super) fn access_is_over_without_a_sweep(house: &impl House) {
    let mut story = Story::begin(house);
    let alice = person("alice");
    view(story.request(&alice, "g1", "automatic", &["pg/orders/read"]));
    let records = story.records().len();
    let end = nine().plus(Span::hours(1));
    for (at, held) in [
        (nine(), true),
        (end.minus(Span::millis(1)), true),
        (end, false),
        (end.plus(Span::millis(1)), false),
        (end.plus(Span::days(400)), false),
    ] {
        story.clock.set(at);
        assert_eq!(story.holds(&alice, "pg/orders/read").is_some(), held, "{at}");
        assert!(story.holds(&alice, "pg/orders/write").is_none());
        assert!(story.holds(&person("Alice"), "pg/orders/read").is_none());
    }
    assert_eq!(story.records().len(), records, "asking wrote nothing");
    // The event carries the deadline, however late it was noticed.
    story.settle(&alice);
    let stored = story.stored(&id("g1")).unwrap();
    assert!(matches!(&stored.stage, tenure_core::grant::Stage::Closed(closed)
        if closed.outcome == Outcome::Expired && closed.at == end));
    let expired = story.records().into_iter().find(|record| {
        matches!(&record.entry, Entry::Event(event) if matches!(event.happened, Happened::Expired(_)))
    });
    assert_eq!(expired.unwrap().recorded_at, end.plus(Span::days(400)));
}

pub(super) fn access_that_waits_for_its_start_begins_without_a_sweep(house: &impl House) {
    let mut story = Story::begin(house);
    let alice = person("alice");
    let start = nine().plus(Span::minutes(45));
    let ask = request("g1", "automatic", &["pg/orders/read"], Some(start));
    assert_eq!(view(story.give(&actor(&alice), ask)).stage, "approved");
    view(story.request(&alice, "g2", "automatic", &["pg/orders/read"]));
    let end = start.plus(Span::hours(1));
    for (at, grant, until) in [
        (nine(), "g2", nine().plus(Span::hours(1))),
        (start.minus(Span::millis(1)), "g2", nine().plus(Span::hours(1))),
        (start, "g1", end),
        (end.minus(Span::millis(1)), "g1", end),
    ] {
        story.clock.set(at);
        let held = story.holds(&alice, "pg/orders/read").unwrap();
        assert_eq!((held.grant, held.until), (id(grant), until), "{at}");
    }
    story.clock.set(end);
    assert!(story.holds(&alice, "pg/orders/read").is_none());
}

/// An extension asked at these minutes is decided within 45, and carries access to minute 80 meanwhile.
pub(super) fn a_bridge_is_over_when_its_decision_is_due_without_a_sweep(house: &impl House) {
    for (asked, due, over) in [(5, 50, 60), (30, 75, 75), (40, 80, 80)] {
        let mut story = Story::begin(house);
        let alice = person("alice");
        view(story.request(&alice, "g1", "decided", &["pg/orders/read"]));
        view(story.approve(&owner("dora"), "g1"));
        story.at(asked);
        let bridged = nine().plus(Span::minutes(80));
        assert_eq!(view(story.extend(&alice, "g1")).held_until, Some(bridged));
        let (due, over) = (nine().plus(Span::minutes(due)), nine().plus(Span::minutes(over)));
        for (at, until) in [
            (due.minus(Span::millis(1)), Some(bridged)),
            (due, Some(over).filter(|over| due < *over)),
            (over.minus(Span::millis(1)), Some(if due < over { over } else { bridged })),
            (over, None),
            (bridged, None),
        ] {
            story.clock.set(at);
            assert_eq!(story.holds(&alice, "pg/orders/read").map(|held| held.until), until, "{asked} {at}");
        }
    }
}

pub(super) fn r45_a_host_ahead_of_its_store_changes_nothing(house: &impl House) {
    let mut story = Story::begin(house);
    let alice = person("alice");
    view(story.request(&alice, "g1", "automatic", &["pg/orders/read"]));
    let records = story.records().len();
    let mut fast = story.command("fast", &actor(&alice), extend("g1"));
    fast.now = nine().plus(CLOCK_TOLERANCE).plus(Span::millis(1));
    let answer = story.batch(vec![fast.clone()]).remove(0);
    assert!(matches!(answer, Answered::Fault(Fault::Clock { .. })), "{answer:?}");
    assert_eq!(story.records().len(), records);

    // In a batch it takes nobody else down with it.
    let good = story.command("good", &actor(&alice), extend("g1"));
    let mut answers = story.batch(vec![fast.clone(), good]);
    accepted(answers.remove(1));

    // Exactly the tolerance passes, and from then on nothing is dated before it.
    fast.now = nine().plus(CLOCK_TOLERANCE);
    accepted(story.batch(vec![fast]).remove(0));
    assert_eq!(story.stored(&id("g1")).unwrap().changed_at, nine().plus(CLOCK_TOLERANCE));
    assert!(story.holds(&alice, "pg/orders/read").is_some());
    view(story.give_back(&alice, "g1"));
    assert_eq!(story.stored(&id("g1")).unwrap().changed_at, nine().plus(CLOCK_TOLERANCE));
    assert!(story.holds(&alice, "pg/orders/read").is_none());
}
