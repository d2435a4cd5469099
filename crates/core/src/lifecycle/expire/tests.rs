use crate::command::{Extend, Request, Verb};
use crate::effect::Order;
use crate::event::Happened;
use crate::fixture::*;
use crate::grant::{Enforcement, Outcome};
use crate::time::Span;

fn asks(tenant: &mut Tenant, grant: &str, items: &[&str], span: u64) {
    let ask = Request { span: Some(mins(span)), ..request("db", grant, items) };
    assert_eq!(tenant.asks(&alice(), ask).stage, "active");
}

fn tenant() -> Tenant {
    Tenant::new([automatic("db")])
}

#[test]
fn access_runs_to_its_end_and_not_a_millisecond_longer() {
    let mut tenant = tenant();
    asks(&mut tenant, "g1", &["pg/a/read"], 60);
    tenant.clock = at(60).minus(MS);
    assert_eq!(tenant.holds("alice", "pg/a/read"), Some(at(60)));
    tenant.clock = at(60);
    assert_eq!(tenant.holds("alice", "pg/a/read"), None, "nobody swept, and it is over");
    assert_eq!(tenant.look("g1").outcome, Some(Outcome::Expired));
    assert!(!tenant.grant("g1").is_closed(), "a question writes nothing");
    tenant.at(500).system(settle("alice")).unwrap();
    assert_eq!(tenant.closed("g1").at, at(60), "stamped with the deadline");
}

#[test]
fn the_end_takes_away_what_nothing_keeps() {
    let mut tenant = tenant();
    asks(&mut tenant, "g1", &["pg/a/read", "aws/b/read"], 60);
    tenant.deliver("alice");
    tenant.at(60);
    let orders: Vec<Order> = tenant.deliver("alice").into_iter().map(|handed| handed.order).collect();
    let removed: Vec<String> = orders
        .iter()
        .filter_map(|order| match order {
            Order::Remove { remove, outcome, cut_sessions, .. } => {
                assert!(*cut_sessions && *outcome == Some(Outcome::Expired));
                Some(remove.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
            }
            Order::Hold { .. } | Order::Rotate { .. } | Order::Tell { .. } => None,
        })
        .collect();
    assert_eq!(removed, ["aws/database/b/read", "pg/database/a/read"]);
    assert_eq!(tenant.grant("g1").enforcement(), Enforcement::Removed);
}

// guard: `lifecycle/expire.rs`, kept
#[test]
fn r33_the_end_of_one_grant_leaves_what_another_covers() {
    let mut tenant = tenant();
    asks(&mut tenant, "g1", &["pg/a/read", "pg/b/read"], 60);
    tenant.at(30);
    asks(&mut tenant, "g2", &["pg/b/read"], 60);
    tenant.deliver("alice");
    tenant.at(60);
    let orders: Vec<Order> = tenant.deliver("alice").into_iter().map(|handed| handed.order).collect();
    let Some(Order::Remove { remove, keep, .. }) = orders.first() else { panic!("{orders:?}") };
    assert_eq!(remove, &[item("pg/a/read")]);
    assert_eq!((keep[0].item.clone(), keep[0].by.as_str(), keep[0].until), (item("pg/b/read"), "g2", at(90)));
    assert_eq!(tenant.holds("alice", "pg/b/read"), Some(at(90)));
    tenant.at(90);
    let orders: Vec<Order> = tenant.deliver("alice").into_iter().map(|handed| handed.order).collect();
    assert!(matches!(orders.first(), Some(Order::Remove { remove, .. }) if *remove == [item("pg/b/read")]));
}

#[test]
fn what_stays_whole_is_told_its_new_end() {
    let mut tenant = tenant();
    asks(&mut tenant, "g1", &["pg/a/read"], 120);
    asks(&mut tenant, "g2", &["pg/a/read"], 60);
    tenant.deliver("alice");
    let answer = tenant.at(10).ask(&alice(), give_back("g1")).unwrap();
    assert_eq!(effects(&answer.events), ["adjust", "notify:ended"]);
    let Happened::GivenBack(ended) = &answer.events[0].happened else { panic!("{answer:?}") };
    assert_eq!((ended.kept[0].by.as_str(), ended.kept[0].until), ("g2", at(60)));
    let order = tenant.take("alice").unwrap().order;
    let Order::Hold { items, .. } = order else { panic!("{order:?}") };
    assert_eq!((items[0].item.clone(), items[0].until), (item("pg/a/read"), at(60)));
}

#[test]
fn the_keeper_is_the_latest_end_and_then_the_smallest_id() {
    for (second, third, by) in [(60, 90, "g3"), (90, 90, "g2"), (90, 60, "g2")] {
        let mut tenant = tenant();
        asks(&mut tenant, "g1", &["pg/a/read"], 30);
        asks(&mut tenant, "g2", &["pg/a/read"], second);
        asks(&mut tenant, "g3", &["pg/a/read"], third);
        let answer = tenant.at(10).ask(&alice(), give_back("g1")).unwrap();
        let Happened::GivenBack(ended) = &answer.events[0].happened else { panic!("{answer:?}") };
        assert_eq!(ended.kept[0].by.as_str(), by);
    }
}

// guard: `lifecycle/effects.rs`, the latest of all
#[test]
fn r31_each_grant_has_its_own_end_and_targets_the_latest_of_all() {
    let mut tenant = tenant();
    asks(&mut tenant, "g1", &["pg/a/read"], 60);
    tenant.at(59);
    asks(&mut tenant, "g2", &["pg/a/read"], 60);
    assert_eq!((tenant.active("g1").end, tenant.active("g2").end), (at(60), at(119)));
    let ends: Vec<_> = tenant
        .deliver("alice")
        .into_iter()
        .filter_map(|handed| match handed.order {
            Order::Hold { items, .. } => Some(items[0].until),
            Order::Remove { .. } | Order::Rotate { .. } | Order::Tell { .. } => None,
        })
        .collect();
    assert_eq!(ends, [at(119), at(119)], "both say the latest");
}

#[test]
fn extending_one_grant_never_shortens_another() {
    let mut tenant = tenant();
    asks(&mut tenant, "g1", &["pg/a/read"], 240);
    asks(&mut tenant, "g2", &["pg/a/read"], 60);
    tenant.deliver("alice");
    tenant.ask(&alice(), Verb::Extend(Extend { span: Some(mins(5)), ..extend("g2") })).unwrap();
    let Some(Order::Hold { items, .. }) = tenant.take("alice").map(|handed| handed.order) else { panic!() };
    assert_eq!(items[0].until, at(240));
    assert_eq!(tenant.active("g1").end, at(240));
}

// guard: `grant.rs`, the end itself is over
#[test]
fn r46_grants_that_end_together_remove_the_item_once_nothing_covers_it() {
    for (first, second) in [("g1", "g2"), ("g2", "g1")] {
        let mut tenant = tenant();
        asks(&mut tenant, first, &["pg/a/read"], 60);
        asks(&mut tenant, second, &["pg/a/read"], 60);
        tenant.deliver("alice");
        tenant.at(60);
        let removed = tenant
            .deliver("alice")
            .iter()
            .filter(|handed| matches!(handed.order, Order::Remove { .. }))
            .count();
        assert!(removed >= 1, "neither keeps it for the other");
        for event in tenant.events.iter().filter(|event| event.happened.name() == "expired") {
            let Happened::Expired(ended) = &event.happened else { panic!("{event:?}") };
            assert!(ended.kept.is_empty(), "at its end a grant covers nothing: {event:?}");
        }
        for grant in ["g1", "g2"] {
            assert_eq!(tenant.grant(grant).enforcement(), Enforcement::Removed);
        }
    }
}

#[test]
fn another_persons_grant_keeps_nothing() {
    let mut tenant = tenant();
    asks(&mut tenant, "g1", &["pg/a/read"], 60);
    tenant.asks(&member("carol", &["sre"]), request("db", "g2", &["pg/a/read"]));
    tenant.deliver("alice");
    let answer = tenant.at(10).ask(&alice(), give_back("g1")).unwrap();
    assert_eq!(effects(&answer.events), ["deprovision", "notify:ended"]);
}

// guard: `grant.rs`, over_by
#[test]
fn r11_all_that_speaks_of_the_end_derives_from_one() {
    let mut tenant = tenant();
    asks(&mut tenant, "g1", &["pg/a/read"], 60);
    tenant.at(10).ask(&alice(), Verb::Extend(extend("g1"))).unwrap();
    let view = tenant.look("g1");
    let grant = tenant.grant("g1");
    let ends =
        [view.ends_at, view.held_until, grant.covers(&item("pg/a/read"), tenant.clock), grant.over_by()];
    assert!(ends.iter().all(|end| *end == Some(at(90))), "{ends:?}");
    let text = serde_json::to_string(&grant.stage).unwrap();
    assert_eq!(text.matches("10:30:00").count(), 1, "one field holds it: {text}");
}

// guard: `lifecycle/extend.rs`, targets are told
#[test]
fn r34_the_new_end_reaches_the_target_and_is_visible_until_it_did() {
    let mut tenant = tenant();
    asks(&mut tenant, "g1", &["pg/a/read"], 60);
    tenant.deliver("alice");
    assert_eq!(tenant.grant("g1").enforcement(), Enforcement::Applied);
    tenant.at(10).ask(&alice(), Verb::Extend(extend("g1"))).unwrap();
    assert_eq!(tenant.grant("g1").enforcement(), Enforcement::Applying);
    let handed = tenant.take("alice").unwrap();
    assert_eq!(handed.kind, "adjust");
    tenant.system(Verb::EffectFailed(failed("g1", handed.number))).unwrap();
    assert_eq!(tenant.grant("g1").enforcement(), Enforcement::Applying);
    assert_eq!(tenant.take("alice").unwrap().kind, "notify:extended", "a pause holds up nothing else");
    tenant.later(Span::seconds(5));
    let again = tenant.take("alice").unwrap();
    assert_eq!((again.kind.as_str(), again.attempt, again.number), ("adjust", 2, handed.number));
    let Order::Hold { items, .. } = again.order else { panic!("{again:?}") };
    assert_eq!(items[0].until, at(90));
    tenant.system(Verb::EffectDone(done("g1", again.number))).unwrap();
    assert_eq!(tenant.grant("g1").enforcement(), Enforcement::Applied);
}

// guard: `grant.rs`, covers
#[test]
fn r08_a_scope_is_pairs_of_resource_and_permission() {
    let mut tenant = tenant();
    asks(&mut tenant, "g1", &["pg/a/read", "pg/b/write"], 60);
    assert_eq!(tenant.holds("alice", "pg/a/read"), Some(at(60)));
    assert_eq!(tenant.holds("alice", "pg/b/write"), Some(at(60)));
    assert_eq!(tenant.holds("alice", "pg/a/write"), None);
    assert_eq!(tenant.holds("alice", "pg/b/read"), None);
}

// guard: `grant.rs`, the end must be there
#[test]
fn r40_an_end_is_always_there() {
    let mut tenant = tenant();
    asks(&mut tenant, "g1", &["pg/a/read"], 60);
    let mut text = serde_json::to_value(tenant.grant("g1")).unwrap();
    assert!(serde_json::from_value::<crate::grant::Grant>(text.clone()).is_ok());
    let running = text["stage"].as_object_mut().unwrap();
    for field in ["end", "since"] {
        let mut without = running.clone();
        without.remove(field);
        assert!(serde_json::from_value::<crate::grant::Stage>(without.clone().into()).is_err());
        without.insert(field.to_owned(), serde_json::Value::Null);
        assert!(serde_json::from_value::<crate::grant::Stage>(without.into()).is_err(), "null is no {field}");
    }
}
