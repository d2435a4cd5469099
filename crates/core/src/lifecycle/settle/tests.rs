use crate::command::{Extend, Request, Settle, Verb};
use crate::event::Event;
use crate::fixture::*;
use crate::limits::CLOCK_TOLERANCE;
use crate::machine::Fault;
use crate::refusal::Code;
use crate::time::Timestamp;

fn story() -> Tenant {
    let mut flow = automatic("db");
    flow.start_ahead = mins(60);
    let mut tenant = Tenant::new([flow]);
    for (grant, span, start) in [("g1", 60, None), ("g2", 30, Some(at(10))), ("g3", 90, None)] {
        let ask = Request { span: Some(mins(span)), start, ..request("db", grant, &["pg/a/read"]) };
        tenant.asks(&alice(), ask);
    }
    tenant
}

fn sorted(mut events: Vec<Event>) -> Vec<(String, Event)> {
    events.sort_by(|one, other| one.grant.cmp(&other.grant));
    events.into_iter().map(|event| (event.grant.to_string(), event)).collect()
}

#[test]
fn early_late_and_repeated_sweeps_lead_to_the_same_history() {
    let swept = |moments: &[Timestamp]| {
        let mut tenant = story();
        for moment in moments {
            tenant.clock = *moment;
            tenant.system(settle("alice")).unwrap();
        }
        sorted(tenant.events)
    };
    let late = swept(&[at(500)]);
    let every: Vec<Timestamp> = (0..=500).map(at).collect();
    assert_eq!(swept(&every), late);
    assert_eq!(swept(&[at(40), at(40), at(60).minus(MS), at(60), at(500)]), late);
}

#[test]
fn a_few_events_at_once_lead_to_the_same_history_in_the_same_order() {
    let swept = |most: Option<usize>| {
        let mut tenant = story();
        // Both of them run under one item, and each is the reason to keep it for the other.
        for grant in ["same-1", "same-2"] {
            tenant.asks(&alice(), Request { span: Some(mins(60)), ..request("db", grant, &["pg/a/read"]) });
        }
        tenant.at(500);
        let mut most_at_once = 0;
        loop {
            let before = tenant.events.len();
            let person = crate::fixture::person_id("alice");
            tenant.system(Verb::Settle(Settle { person, most })).unwrap();
            let events = tenant.events.len() - before;
            most_at_once = most_at_once.max(events);
            if events == 0 {
                return (tenant.events, most_at_once);
            }
        }
    };
    let (at_once, all) = swept(None);
    for most in 1..=all {
        assert_eq!(swept(Some(most)), (at_once.clone(), most));
    }
    assert_eq!(swept(Some(all + 1)).1, all);
}

#[test]
fn what_falls_due_is_stamped_with_its_deadline_in_order() {
    let mut tenant = story();
    let before = tenant.events.len();
    tenant.at(500).system(settle("alice")).unwrap();
    let told: Vec<_> = tenant.events[before..]
        .iter()
        .map(|event| {
            (event.at.since(at(0)).as_millis() / 60_000, event.grant.as_str(), event.happened.name())
        })
        .collect();
    let expected = [
        (10, "g2", "activated"),
        (25, "g2", "reminded"),
        (35, "g2", "reminded"),
        (40, "g2", "expired"),
        (45, "g1", "reminded"),
        (55, "g1", "reminded"),
        (60, "g1", "expired"),
        (75, "g3", "reminded"),
        (85, "g3", "reminded"),
        (90, "g3", "expired"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn any_command_on_one_grant_settles_all_of_its_holder() {
    let mut tenant = story();
    assert_eq!(tenant.at(70).code(&alice(), Verb::Extend(extend("g1"))), Some(Code::GrantExpired));
    assert!(tenant.grant("g1").is_closed() && tenant.grant("g2").is_closed());
    assert!(!tenant.grant("g3").is_closed());
}

// guard: `machine.rs`, moment
#[test]
fn r21_time_never_runs_backward() {
    let mut tenant = story();
    tenant.at(60).system(settle("alice")).unwrap();
    tenant.clock = at(0);
    let click = command("late", &by(&alice()), Verb::Extend(extend("g1")));
    let refusal = tenant.give(&click, Timestamp::from_millis(0)).unwrap().unwrap_err();
    assert_eq!(refusal.code, Code::GrantExpired, "a clock of 1970 revives nothing");
    assert_eq!(tenant.holds("alice", "pg/a/read"), Some(at(90)));
    tenant.give(&command("again", &by(&alice()), Verb::Extend(extend("g3"))), at(0)).unwrap().unwrap();
    assert_eq!(tenant.when("g3", "extended"), Some(at(60)), "dated no earlier than what is known");
}

// guard: `machine.rs`, how far ahead
#[test]
fn r45_a_host_that_is_ahead_of_its_store_writes_nothing() {
    let mut tenant = story();
    let sweep = |id: &str| command(id, &system(), settle("alice"));
    let before = tenant.events.clone();
    let ahead = tenant.clock.plus(CLOCK_TOLERANCE).plus(MS);
    let fault = tenant.give(&sweep("s1"), ahead).unwrap_err();
    assert_eq!(fault, Fault::Clock { ahead: CLOCK_TOLERANCE.plus(MS) });
    assert_eq!(tenant.events, before);
    assert!(tenant.give(&sweep("s2"), tenant.clock.plus(CLOCK_TOLERANCE)).is_ok());
    // A question of such a host is answered at the store's clock.
    let world = tenant.world(|world| crate::query::needs_person(&person_id("alice"), world));
    let held = crate::query::holds(&world, &person_id("alice"), &item("pg/a/read"), at(100_000)).unwrap();
    assert_eq!(held.map(|held| held.until), Some(at(90)));
}

// guard: `lifecycle/settle.rs`, the end that stands
#[test]
fn r18_a_host_that_is_behind_ends_nothing_that_runs_and_revives_nothing() {
    let mut tenant = story();
    tenant.at(59).ask(&alice(), Verb::Extend(Extend { span: Some(mins(30)), ..extend("g1") })).unwrap();
    tenant.at(61);
    tenant.give(&command("stale", &system(), settle("alice")), at(20)).unwrap().unwrap();
    assert_eq!(tenant.active("g1").end, at(90), "what was read long ago is no reason to end it");
}

// guard: `grant.rs`, the deadline of running access
#[test]
fn r02_every_open_grant_has_a_deadline_and_none_is_past_what_time_does_next() {
    let mut tenant = story();
    for minute in 0..=100 {
        tenant.at(minute).system(settle("alice")).unwrap();
        for grant in tenant.grants.values() {
            assert_eq!(grant.deadline().is_some(), !grant.is_closed(), "{} at {minute}", grant.id());
            assert!(grant.deadline().is_none_or(|deadline| deadline > tenant.clock));
        }
    }
    // Whoever sleeps until the first deadline misses nothing.
    let mut asleep = story();
    while let Some(next) = asleep.grants.values().filter_map(|grant| grant.deadline()).min() {
        asleep.clock = next;
        let before = asleep.events.len();
        asleep.system(settle("alice")).unwrap();
        assert!(asleep.events.len() > before, "something was due at {next}");
    }
    let late = {
        let mut tenant = story();
        tenant.at(500).system(settle("alice")).unwrap();
        tenant
    };
    assert_eq!(sorted(asleep.events), sorted(late.events));
}

// guard: `grant.rs`, the end is stored
#[test]
fn r19_a_grant_that_was_written_and_read_again_ends_when_it_did() {
    let mut tenant = story();
    for grant in tenant.grants.values_mut() {
        let text = serde_json::to_string(grant.as_ref()).unwrap();
        *grant = std::sync::Arc::new(serde_json::from_str(&text).unwrap());
    }
    tenant.at(45);
    assert_eq!(tenant.look("g1").ends_at, Some(at(60)), "the end is an instant, not what is left");
    tenant.at(500).system(settle("alice")).unwrap();
    assert_eq!(tenant.closed("g1").at, at(60));
}

/// A policy is put in force at the very instant at which time does something: time comes first.
#[test]
fn what_time_does_at_an_instant_comes_before_a_policy_of_that_instant() {
    let planned = |until: Option<Timestamp>| {
        let mut flow = automatic("db");
        (flow.start_ahead, flow.until) = (mins(60), until);
        flow
    };
    let lives = |swept: bool, start: u64, before: Option<Timestamp>, after: Option<Timestamp>| {
        let mut tenant = Tenant::new([planned(None)]);
        tenant.asks(&alice(), Request { start: Some(at(start)), ..request("db", "g1", &["pg/a/read"]) });
        tenant.publish([planned(before)]);
        tenant.at(30);
        if swept {
            tenant.system(settle("alice")).unwrap();
        }
        tenant.publish([planned(after)]);
        tenant.at(500).system(settle("alice")).unwrap();
        tenant.history("g1")[2..].to_vec()
    };
    let ran = ["activated", "reminded", "reminded", "expired"];
    for (start, before, after, life) in [
        (30, None, Some(at(20)), &ran[..]),
        (30, None, Some(at(30)), &ran[..]),
        (30, Some(at(31)), None, &["activated", "expired"][..]),
        (30, None, Some(at(31)), &ran[..]),
        (30, Some(at(30)), None, &["unused"][..]),
        (40, Some(at(30)), None, &["unused"][..]),
        (40, Some(at(30).plus(MS)), None, &ran[..]),
        (40, None, Some(at(30)), &["unused"][..]),
    ] {
        for swept in [true, false] {
            let told = lives(swept, start, before, after);
            assert_eq!(told, life, "{start}: {before:?}, then {after:?}, swept {swept}");
        }
    }
}

/// Policies that follow each other at one instant: what was in force for no time governs nothing.
#[test]
fn a_policy_that_was_in_force_for_no_time_ends_nothing() {
    let planned = |until: Option<Timestamp>| {
        let mut flow = automatic("db");
        (flow.start_ahead, flow.until) = (mins(60), until);
        flow
    };
    for swept in [true, false] {
        let mut tenant = Tenant::new([planned(None)]);
        tenant.asks(&alice(), Request { start: Some(at(30)), ..request("db", "g1", &["pg/a/read"]) });
        tenant.publish([planned(Some(at(0)))]);
        if swept {
            tenant.system(settle("alice")).unwrap();
        }
        tenant.publish([planned(None)]);
        assert_eq!(tenant.at(30).holds("alice", "pg/a/read"), Some(at(90)), "swept {swept}");
    }
}

/// A worker of a host a little ahead confirms a notice; then the flow ends, by a host that is not.
#[test]
fn r45_a_policy_of_an_earlier_moment_settles_after_what_is_known() {
    let mut flow = automatic("db");
    flow.start_ahead = mins(60);
    let mut tenant = Tenant::new([flow.clone()]);
    tenant.asks(&alice(), Request { start: Some(at(30)), ..request("db", "g1", &["pg/a/read"]) });
    let ahead = tenant.clock.plus(CLOCK_TOLERANCE);
    tenant.give(&command("ahead", &system(), take("alice")), ahead).unwrap().unwrap().handed.unwrap();
    flow.until = Some(at(0).minus(mins(1)));
    tenant.publish([flow]);
    tenant.at(500).system(settle("alice")).unwrap();
    assert_eq!(tenant.closed("g1").at, ahead);
}
