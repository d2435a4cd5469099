//! What stays for a grant that waits, where a flow's `until` closes the one before it.

use std::collections::BTreeMap;

use crate::command::{Request, Settle, Verb};
use crate::event::{Event, Happened};
use crate::fixture::*;
use crate::flow::{Activation, Parts};
use crate::limits::CLOCK_TOLERANCE;
use crate::time::Timestamp;

/// Access begins when the target has confirmed it.
fn confirmed(until: Option<Timestamp>) -> Parts {
    let mut flow = automatic("db");
    (flow.activation, flow.activate_within, flow.until) = (Activation::OnConfirmation, mins(240), until);
    flow
}

/// Two grants on one item wait; a worker was handed the first and has not confirmed it.
fn waiting() -> Tenant {
    let mut tenant = Tenant::new([confirmed(None)]);
    for grant in ["g1", "g2"] {
        tenant.asks(&alice(), request("db", grant, &["pg/a/read"]));
    }
    tenant.take("alice").unwrap();
    tenant
}

fn by_grant(events: Vec<Event>) -> BTreeMap<String, Vec<Event>> {
    let mut lives: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for event in events {
        lives.entry(event.grant.to_string()).or_default().push(event);
    }
    lives
}

/// The flow ends, and another policy comes at that very instant: what stays, for whom and until when, is what it was.
#[test]
fn how_long_something_stays_is_by_the_policy_of_its_instant() {
    let lives = |swept: bool| {
        let mut tenant = waiting();
        tenant.publish([confirmed(Some(at(30)))]);
        tenant.at(30);
        if swept {
            tenant.system(settle("alice")).unwrap();
        }
        tenant.publish([confirmed(None)]);
        tenant.at(500).system(settle("alice")).unwrap();
        by_grant(tenant.events)
    };
    let late = lives(false);
    assert_eq!(lives(true), late);
    let kept = late["g1"].iter().find_map(|event| {
        let Happened::Unused(ended) = &event.happened else { return None };
        Some(ended.kept.clone())
    });
    assert_eq!(kept.unwrap().iter().map(|kept| kept.until).collect::<Vec<_>>(), [at(30)]);
}

/// A sweep that writes a little at a time: that something stays for a grant keeps it from nothing.
#[test]
fn what_stays_for_a_grant_at_an_instant_does_not_put_off_its_own_end_then() {
    let swept = |most: Option<usize>| {
        let mut tenant = waiting();
        tenant.publish([confirmed(Some(at(30)))]);
        tenant.at(30);
        let person = person_id("alice");
        for _ in 0..20 {
            tenant.system(Verb::Settle(Settle { person: person.clone(), most })).unwrap();
        }
        tenant.events
    };
    let at_once = swept(None);
    assert!(at_once.iter().any(|event| matches!(event.happened, Happened::KeptFor(_))));
    assert_eq!(swept(Some(1)), at_once);
}

/// A host that is ahead asks for the second after the flow ends by a host that is not.
#[test]
fn r45_something_stays_for_a_grant_that_was_asked_for_later() {
    let mut tenant = Tenant::new([confirmed(None)]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    tenant.take("alice").unwrap();
    let ahead = tenant.clock.plus(CLOCK_TOLERANCE);
    let second = Verb::Request(Box::new(Request { ..request("db", "g2", &["pg/a/read"]) }));
    tenant.give(&command("ahead", &by(&alice()), second), ahead).unwrap().unwrap();
    tenant.publish([confirmed(Some(at(0).plus(MS)))]);
    tenant.at(500).system(settle("alice")).unwrap();
    assert_eq!(tenant.closed("g1").at, at(0).plus(MS));
    assert_eq!(tenant.when("g2", "kept_for"), Some(ahead));
    assert_eq!(tenant.closed("g2").at, ahead.plus(MS));
}
