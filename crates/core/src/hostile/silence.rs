//! Workers that fall silent and act late: what they put back is taken away again.

use super::*;
use crate::command::{TakeEffect, Which};
use crate::grant::Enforcement;
use crate::id::Integration;
use crate::limits::SILENT_WORKERS_MAX;
use crate::machine;
use crate::refusal::Code;
use crate::time::Span;

const A: &str = "pg/a/read";

fn takes(tenant: &mut Tenant, name: &str) -> Option<Handed> {
    let (person, worker) = (person_id("alice"), worker(name));
    let which = Which::At(Integration::new("pg").unwrap());
    let take = TakeEffect::new(person, worker, Span::seconds(30));
    tenant.system(Verb::TakeEffect(TakeEffect { which, ..take })).unwrap().handed
}

/// These workers take the provision of `x` one after the other and fall silent; then `x` is given back, and
/// removed.
fn silent(workers: &[&str]) -> (Tenant, Vec<Handed>) {
    let mut tenant = Tenant::new([automatic("f")]);
    tenant.asks(&alice(), asking("f", "x", &[A], 60));
    let mut hands = Vec::new();
    for worker in workers {
        hands.push(takes(&mut tenant, worker).unwrap());
        tenant.later(Span::seconds(30));
    }
    tenant.ask(&alice(), give_back("x")).unwrap();
    assert_eq!(removed(&tenant.deliver("alice")).len(), 1);
    assert!(tenant.grant("x").is_settled_for_good());
    (tenant, hands)
}

#[test]
fn a_late_verdict_brings_the_removal_back() {
    let (mut tenant, hands) = silent(&["w1"]);
    let answer = tenant.system(confirmed(&hands[0], &[])).unwrap();
    assert_eq!(names(&answer.events), ["effect_late"]);
    assert_eq!(tenant.grant("x").enforcement(), Enforcement::Removing, "it is listed again");
    assert_eq!(removed(&tenant.deliver("alice")), ["pg/database/a/read"]);
    let again = tenant.system(confirmed(&hands[0], &[])).unwrap_err();
    assert_eq!(again.code, Code::EffectUnknown, "one hand speaks once");
}

#[test]
fn a_late_failure_brings_the_removal_back_too() {
    let (mut tenant, hands) = silent(&["w1"]);
    tenant.system(Verb::EffectFailed(failed("x", hands[0].number))).unwrap();
    assert_eq!(
        removed(&tenant.deliver("alice")),
        ["pg/database/a/read"],
        "it may have acted before it failed"
    );
}

#[test]
fn every_silent_hand_may_speak_and_not_only_the_last() {
    for workers in [["w1", "w2", "w3"], ["w1", "w1", "w1"], ["w1", "w2", "w1"]] {
        let (mut tenant, hands) = silent(&workers);
        for hand in &hands {
            tenant.system(confirmed(hand, &[])).unwrap();
            assert_eq!(removed(&tenant.deliver("alice")).len(), 1, "{} of {workers:?}", hand.attempt);
        }
        let none = tenant.system(confirmed(&hands[0], &[])).unwrap_err();
        assert_eq!(none.code, Code::EffectUnknown);
    }
}

#[test]
fn a_hand_that_was_relieved_under_its_own_name_may_still_speak() {
    let mut tenant = Tenant::new([automatic("f")]);
    tenant.asks(&alice(), asking("f", "x", &[A], 60));
    let slow = takes(&mut tenant, "w1").unwrap();
    tenant.later(Span::seconds(30));
    let quick = takes(&mut tenant, "w1").unwrap();
    tenant.system(confirmed(&quick, &[])).unwrap();
    tenant.ask(&alice(), give_back("x")).unwrap();
    assert_eq!(removed(&tenant.deliver("alice")).len(), 1);
    tenant.system(confirmed(&slow, &[])).unwrap();
    assert_eq!(removed(&tenant.deliver("alice")).len(), 1);
}

#[test]
fn so_many_silent_hands_are_remembered_and_no_more() {
    let names: Vec<String> = (0..=SILENT_WORKERS_MAX).map(|number| format!("w{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (mut tenant, hands) = silent(&names);
    let (first, rest) = hands.split_first().unwrap();
    assert_eq!(tenant.system(confirmed(first, &[])).unwrap_err().code, Code::EffectUnknown);
    for hand in rest {
        tenant.system(confirmed(hand, &[])).unwrap();
    }
}

// guard: `lifecycle/verdict.rs`, an old end is told anew
#[test]
fn r34_a_late_verdict_on_an_old_end_tells_the_end_anew() {
    let mut tenant = Tenant::new([automatic("f")]);
    tenant.asks(&alice(), asking("f", "x", &[A], 60));
    tenant.deliver("alice");
    tenant.ask(&alice(), Verb::Extend(by_minutes("x", 10))).unwrap();
    let old = takes(&mut tenant, "w1").unwrap();
    tenant.later(Span::seconds(30));
    tenant.ask(&alice(), Verb::Extend(by_minutes("x", 20))).unwrap();
    while let Some(handed) = takes(&mut tenant, "w2") {
        tenant.system(confirmed(&handed, &[])).unwrap();
    }
    assert_eq!(tenant.grant("x").enforcement(), Enforcement::Applied);
    tenant.system(confirmed(&old, &[])).unwrap();
    assert_eq!(tenant.grant("x").enforcement(), Enforcement::Applying);
    let told = takes(&mut tenant, "w2").unwrap();
    assert!(matches!(&told.order, Order::Hold { items, .. } if items[0].until == at(90)), "{told:?}");
}

#[test]
fn an_end_that_moves_while_the_last_is_told_is_told_after_it() {
    let mut tenant = Tenant::new([automatic("f")]);
    tenant.asks(&alice(), asking("f", "x", &[A], 60));
    tenant.deliver("alice");
    tenant.ask(&alice(), Verb::Extend(by_minutes("x", 10))).unwrap();
    let first = takes(&mut tenant, "w1").unwrap();
    tenant.ask(&alice(), Verb::Extend(by_minutes("x", 20))).unwrap();
    assert_eq!(takes(&mut tenant, "w2"), None, "one at a target at a time");
    tenant.system(confirmed(&first, &[])).unwrap();
    assert_eq!(tenant.grant("x").enforcement(), Enforcement::Applying, "the second end is not confirmed");
    let second = takes(&mut tenant, "w2").unwrap();
    assert!(matches!(&second.order, Order::Hold { items, .. } if items[0].until == at(90)), "{second:?}");
    assert_ne!(first.number, second.number);
}

#[test]
fn a_failed_old_end_is_retried_with_the_new_one() {
    let mut tenant = Tenant::new([automatic("f")]);
    tenant.asks(&alice(), asking("f", "x", &[A], 60));
    tenant.deliver("alice");
    tenant.ask(&alice(), Verb::Extend(by_minutes("x", 10))).unwrap();
    let first = takes(&mut tenant, "w1").unwrap();
    tenant.ask(&alice(), Verb::Extend(by_minutes("x", 20))).unwrap();
    tenant.system(Verb::EffectFailed(failed("x", first.number))).unwrap();
    tenant.deliver("alice");
    tenant.later(Span::minutes(1));
    let again = takes(&mut tenant, "w1").unwrap();
    assert_eq!((again.number, again.attempt), (first.number, 2));
    assert!(matches!(&again.order, Order::Hold { items, .. } if items[0].until == at(90)), "{again:?}");
}

#[test]
fn a_removal_that_came_back_takes_nothing_from_a_grant_that_runs() {
    let (mut tenant, hands) = silent(&["w1"]);
    tenant.asks(&alice(), asking("f", "y", &[A], 60));
    tenant.deliver("alice");
    tenant.system(confirmed(&hands[0], &[])).unwrap();
    let handed = tenant.deliver("alice");
    assert_eq!(removed(&handed), [""; 0], "`y` covers it");
    let told = handed.iter().find(|handed| handed.grant.as_str() == "x").unwrap();
    assert!(matches!(&told.order, Order::Hold { items, .. } if items[0].until == tenant.active("y").end));
    tenant.ask(&alice(), give_back("y")).unwrap();
    assert_eq!(removed(&tenant.deliver("alice")), ["pg/database/a/read"]);
}

#[test]
fn what_a_late_hand_took_away_is_given_again_where_it_is_held_since() {
    let mut tenant = Tenant::new([automatic("f")]);
    tenant.asks(&alice(), asking("f", "x", &[A], 60));
    tenant.deliver("alice");
    tenant.ask(&alice(), give_back("x")).unwrap();
    let slow = takes(&mut tenant, "w1").unwrap();
    assert_eq!(removed(std::slice::from_ref(&slow)).len(), 1);
    tenant.later(Span::seconds(30));
    tenant.deliver("alice");
    tenant.asks(&alice(), asking("f", "y", &[A], 60));
    tenant.deliver("alice");
    tenant.system(confirmed(&slow, &[])).unwrap();
    assert_eq!(tenant.grant("x").enforcement(), Enforcement::Removing, "something may be amiss");
    let told = takes(&mut tenant, "w2").unwrap();
    assert!(matches!(&told.order, Order::Hold { items, .. } if items[0].item == item(A)), "{told:?}");
}

#[test]
fn a_removal_that_was_handed_out_as_an_end_to_tell_may_come_late_too() {
    let mut tenant = Tenant::new([automatic("f")]);
    tenant.asks(&alice(), asking("f", "x", &[A], 60));
    tenant.deliver("alice");
    tenant.ask(&alice(), give_back("x")).unwrap();
    tenant.asks(&alice(), asking("f", "y", &[A], 60));
    let slow = takes(&mut tenant, "w1").unwrap();
    assert_eq!((slow.grant.as_str(), slow.kind.as_str()), ("x", "adjust"), "`y` keeps it");
    tenant.later(Span::seconds(30));
    tenant.deliver("alice");
    tenant.ask(&alice(), give_back("y")).unwrap();
    assert_eq!(removed(&tenant.deliver("alice")).len(), 1);
    tenant.system(confirmed(&slow, &[])).unwrap();
    assert_eq!(removed(&tenant.deliver("alice")).len(), 1, "it was put there again");
}

#[test]
fn what_a_late_hand_put_back_was_not_held_before() {
    let (mut tenant, hands) = silent(&["w1"]);
    tenant.system(confirmed(&hands[0], &[])).unwrap();
    // Before the removal that came back is taken she asks again, and the item is there.
    tenant.asks(&alice(), asking("f", "y", &[A], 60));
    let removal = takes(&mut tenant, "w1").unwrap();
    tenant.system(Verb::EffectFailed(failed("x", removal.number))).unwrap();
    let given = takes(&mut tenant, "w1").unwrap();
    assert_eq!((given.grant.as_str(), given.kind.as_str()), ("y", "provision"));
    tenant.system(confirmed(&given, &[A])).unwrap();
    tenant.ask(&alice(), give_back("y")).unwrap();
    tenant.later(Span::hours(1));
    assert!(removed(&tenant.deliver("alice")).contains(&"pg/database/a/read".to_owned()));
}

#[test]
fn who_fell_silent_is_known_after_a_restart() {
    let (mut tenant, hands) = silent(&["w1", "w2"]);
    let replayed = machine::replay(tenant.of("x").cloned()).unwrap();
    assert_eq!(replayed, *tenant.grant("x"));
    tenant.grants.insert(grant_id("x"), std::sync::Arc::new(replayed));
    tenant.system(confirmed(&hands[0], &[])).unwrap();
    assert_eq!(removed(&tenant.deliver("alice")).len(), 1);
}

#[test]
fn a_sick_target_delays_no_other() {
    let mut tenant = Tenant::new([automatic("f")]);
    tenant.asks(&alice(), asking("f", "x", &["aws/a/read", A], 60));
    for _ in 0..90 {
        tenant.later(Span::seconds(20));
        while let Some(handed) = tenant.take("alice") {
            let sick = matches!(&handed.order,
                Order::Hold { at, .. } | Order::Remove { at, .. } if at.as_str() == "aws");
            let said =
                if sick { Verb::EffectFailed(failed("x", handed.number)) } else { confirmed(&handed, &[]) };
            tenant.system(said).unwrap();
        }
        if tenant.clock == at(0).plus(Span::seconds(200)) {
            let pg = Integration::new("pg").unwrap();
            assert_eq!(tenant.grant("x").enforcement_at(&pg), Enforcement::Applied);
            tenant.ask(&alice(), give_back("x")).unwrap();
        }
    }
    let word = |at: &str| tenant.grant("x").enforcement_at(&Integration::new(at).unwrap());
    assert_eq!((word("pg"), word("aws")), (Enforcement::Removed, Enforcement::StuckRemoving));
    assert_eq!(tenant.grant("x").enforcement(), Enforcement::StuckRemoving, "the worst of them");
}
