//! Too much of anything is refused, and nothing grows for ever.

use super::*;
use crate::command::TakeEffect;
use crate::flow::approval_rule::Step;
use crate::limits::{EFFECT_ATTEMPTS_DEFAULT, ID_BYTES_MAX, LEASE_MAX, LEASE_MIN};
use crate::person::Person;
use crate::refusal::Code;
use crate::time::Span;

#[test]
fn facts_are_weighed_before_a_condition_sees_them() {
    let mut parts = parts("f");
    let small = says("small", |facts| {
        assert!(facts.principal.attributes.is_empty(), "evaluated over too many facts");
        Ok(true)
    });
    ruling(&mut parts).lists = vec![vec![Step { when: Some(small), ..step("boss", &["group:boss"]) }]];
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), asking("f", "x", &["pg/a/read"], 60));
    let mut boss = bob();
    boss.attributes = too_many_facts();
    assert_eq!(tenant.code(&boss, Verb::Approve(approve("x"))), Some(Code::RequestTooLarge));
    assert_eq!(tenant.code(&boss, Verb::Deny(deny("x"))), Some(Code::RequestTooLarge));
}

#[test]
fn what_one_says_of_oneself_as_the_holder_is_weighed_too() {
    let mut tenant = Tenant::new([automatic("f")]);
    let mut ask = asking("f", "x", &["pg/a/read"], 60);
    ask.holder = Some(Person { attributes: too_many_facts(), ..alice() });
    assert_eq!(tenant.code(&alice(), Verb::Request(Box::new(ask))), Some(Code::RequestTooLarge));
}

#[test]
fn a_permission_is_as_long_as_an_id_and_no_longer() {
    for (bytes, refused) in [(ID_BYTES_MAX, None), (ID_BYTES_MAX + 1, Some(Code::RequestTooLarge))] {
        let mut tenant = Tenant::new([automatic("f")]);
        let mut ask = asking("f", "x", &["pg/a/read"], 60);
        ask.items[0].permission = "x".repeat(bytes);
        assert_eq!(tenant.code(&alice(), Verb::Request(Box::new(ask))), refused);
    }
}

#[test]
fn a_lease_is_neither_for_ever_nor_for_no_time() {
    for (lease, given) in [(Span::days(36_500), LEASE_MAX), (Span::ZERO, LEASE_MIN)] {
        let mut tenant = Tenant::new([automatic("f")]);
        tenant.asks(&alice(), asking("f", "x", &["pg/a/read"], 60));
        let takes = |tenant: &mut Tenant| {
            let (person, worker) = (person_id("alice"), worker("w1"));
            tenant.system(Verb::TakeEffect(TakeEffect::new(person, worker, lease))).unwrap().handed
        };
        let (first, second) = (takes(&mut tenant).unwrap(), takes(&mut tenant).unwrap());
        assert_eq!(first.lease_until, at(0).plus(given));
        assert_ne!(first.number, second.number, "nothing is out twice at one instant");
    }
}

#[test]
fn an_effect_that_fails_for_ever_leaves_a_grant_as_large_as_it_was() {
    let mut tenant = Tenant::new([automatic("f")]);
    tenant.asks(&alice(), asking("f", "x", &["pg/a/read"], 240));
    let mut sizes = Vec::new();
    for number in 0..6 * EFFECT_ATTEMPTS_DEFAULT {
        let (person, worker) = (person_id("alice"), worker(&format!("worker-{number:03}")));
        let take = TakeEffect::new(person, worker, LEASE_MIN);
        while tenant.system(Verb::TakeEffect(take.clone())).unwrap().handed.is_some() {}
        sizes.push(serde_json::to_string(tenant.grant("x")).unwrap().len());
        tenant.later(LEASE_MIN);
    }
    let (early, late) =
        (sizes[usize::try_from(3 * EFFECT_ATTEMPTS_DEFAULT).unwrap()], sizes[sizes.len() - 1]);
    assert!(late <= early + 16, "{early} bytes, then {late}");
}
