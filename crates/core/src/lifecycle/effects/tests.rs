use crate::command::{TakeEffect, Verb, Which};
use crate::effect::{Handed, Order};
use crate::fixture::*;
use crate::grant::Enforcement;
use crate::id::Integration;
use crate::refusal::Code;
use crate::time::Span;

fn provisioned() -> Tenant {
    let mut tenant = Tenant::new([automatic("db")]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read", "aws/b/read"]));
    tenant
}

fn kinds(handed: &[Handed]) -> Vec<&str> {
    handed.iter().map(|handed| handed.kind.as_str()).collect()
}

#[test]
fn a_lease_is_over_at_its_end_and_the_effect_comes_back() {
    let mut tenant = provisioned();
    let first = tenant.take("alice").unwrap();
    assert_eq!(first.lease_until, at(0).plus(Span::seconds(30)));
    tenant.clock = first.lease_until.minus(MS);
    assert_ne!(tenant.take("alice").map(|next| next.number), Some(first.number));
    tenant.clock = first.lease_until;
    let refused = tenant.system(Verb::EffectDone(done("g1", first.number))).unwrap_err();
    assert_eq!(refused.code, Code::EffectNotLeased);
    let again = tenant.take("alice").unwrap();
    assert_eq!((again.number, again.attempt), (first.number, 2));
}

#[test]
fn one_effect_of_a_holder_at_a_target_is_out_at_a_time() {
    let mut tenant = provisioned();
    tenant.asks(&alice(), request("db", "g2", &["pg/c/read"]));
    let handed: Vec<Handed> = std::iter::from_fn(|| tenant.take("alice")).collect();
    assert_eq!(kinds(&handed), ["provision", "provision", "notify:active", "notify:active"]);
    assert!(handed.iter().all(|handed| handed.kind != "provision" || handed.grant.as_str() == "g1"));
    let pg =
        handed.iter().find(|handed| matches!(&handed.order, Order::Hold { at, .. } if at.as_str() == "pg"));
    tenant.system(Verb::EffectDone(done("g1", pg.unwrap().number))).unwrap();
    assert_eq!(tenant.take("alice").unwrap().grant.as_str(), "g2");
}

#[test]
fn a_worker_may_ask_for_one_target_only() {
    let mut tenant = provisioned();
    let Verb::TakeEffect(take) = take("alice") else { panic!() };
    let only = TakeEffect { which: Which::At(Integration::new("pg").unwrap()), ..take };
    let handed = tenant.system(Verb::TakeEffect(only.clone())).unwrap().handed.unwrap();
    assert!(matches!(handed.order, Order::Hold { at, .. } if at.as_str() == "pg"));
    assert!(tenant.system(Verb::TakeEffect(only)).unwrap().handed.is_none());
}

#[test]
fn what_was_never_given_is_not_taken_away() {
    let mut tenant = provisioned();
    tenant.ask(&alice(), give_back("g1")).unwrap();
    let waiting: Vec<String> =
        tenant.grant("g1").outbox.iter().map(|outgoing| outgoing.effect.task.to_string()).collect();
    assert!(!waiting.contains(&"provision".to_owned()), "what was never taken is cancelled: {waiting:?}");
    assert_eq!(kinds(&tenant.deliver("alice")), ["notify:active", "notify:ended"]);
    assert_eq!(tenant.grant("g1").enforcement(), Enforcement::None);
    assert!(tenant.grant("g1").is_settled_for_good());
}

#[test]
fn a_taken_provision_is_removed_even_if_nobody_heard_of_it_again() {
    let mut tenant = provisioned();
    tenant.take("alice").unwrap();
    tenant.ask(&alice(), give_back("g1")).unwrap();
    tenant.later(Span::seconds(30));
    let orders: Vec<Order> = tenant.deliver("alice").into_iter().map(|handed| handed.order).collect();
    let removed = orders.iter().filter(|order| matches!(order, Order::Remove { .. })).count();
    assert_eq!(removed, 1, "the target that a worker was told of: {orders:?}");
    assert!(!orders.iter().any(|order| matches!(order, Order::Hold { .. })));
}

#[test]
fn what_was_never_put_there_does_not_stay() {
    // The item of g2 is there through g1 alone; its other item nobody ever gave.
    let mut tenant = Tenant::new([automatic("db")]);
    tenant.asks(&alice(), request("db", "g1", &["pg/b/read"]));
    tenant.deliver("alice");
    tenant.asks(&alice(), request("db", "g2", &["pg/a/read", "pg/b/read"]));
    tenant.ask(&alice(), give_back("g1")).unwrap();
    tenant.ask(&alice(), give_back("g2")).unwrap();
    tenant.asks(&alice(), request("db", "g3", &["pg/a/read"]));
    let orders: Vec<Order> = tenant.deliver("alice").into_iter().map(|handed| handed.order).collect();
    let keeps = orders.iter().filter_map(|order| match order {
        Order::Remove { remove, keep, .. } => Some((remove.clone(), keep.len())),
        Order::Hold { .. } | Order::Rotate { .. } | Order::Tell { .. } => None,
    });
    assert_eq!(keeps.collect::<Vec<_>>(), [(vec![item("pg/b/read")], 0)]);
}

#[test]
fn what_one_grant_never_gave_is_given_and_removed_by_the_other() {
    // The provision of g1 was not taken before its end: then it is not g1 that puts the item there.
    let mut tenant = Tenant::new([automatic("db")]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    tenant.at(30);
    tenant.asks(&alice(), request("db", "g2", &["pg/a/read"]));
    tenant.ask(&alice(), give_back("g1")).unwrap();
    let told = loop {
        let handed = tenant.take("alice").unwrap();
        tenant.system(Verb::EffectDone(done(handed.grant.as_str(), handed.number))).unwrap();
        if matches!(handed.order, Order::Hold { .. }) {
            break handed;
        }
    };
    assert_eq!((told.grant.as_str(), told.kind.as_str()), ("g2", "provision"));
    tenant.ask(&alice(), give_back("g2")).unwrap();
    assert_eq!(removed(&tenant.deliver("alice")), ["pg/database/a/read"]);
}

// guard: `lifecycle/settle.rs`, the end that stands
#[test]
fn r17_an_end_that_was_extended_in_between_is_not_the_end() {
    let mut tenant = Tenant::new([automatic("db")]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    let due: Vec<_> = tenant.grants.values().filter_map(|grant| grant.over_by()).collect();
    assert_eq!(due, [at(60)]);
    tenant.at(59).ask(&alice(), Verb::Extend(extend("g1"))).unwrap();
    tenant.at(60).system(settle("alice")).unwrap();
    assert!(!tenant.grant("g1").is_closed(), "decided again when it is written");
}
