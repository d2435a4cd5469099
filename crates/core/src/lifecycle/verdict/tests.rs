use std::collections::BTreeSet;

use super::longest_pause;
use crate::command::{Command, EffectDone, EffectFailed, TakeEffect, Verb, Which};
use crate::effect::Order;
use crate::event::Happened;
use crate::fixture::*;
use crate::grant::Enforcement;
use crate::id::Integration;
use crate::limits::{
    self, EFFECT_ATTEMPTS_DEFAULT, EFFECT_PAUSE_MAX, EFFECT_PAUSE_MIN, ERROR_CHARS_MAX, LEASE_MAX, LEASE_MIN,
};
use crate::refusal::Code;
use crate::time::Span;

/// Worker `w1` has taken the provision of alice's `g1` and says how it went.
struct Saying<V> {
    ask: V,
    reused: bool,
    seconds: u64,
}

fn scene<V>(case: &Saying<V>, verb: Verb) -> (Tenant, Command) {
    let mut tenant = Tenant::new([automatic("db")]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    tenant.take("alice").unwrap();
    if case.reused {
        let other = Verb::Request(Box::new(request("db", "g2", &["pg/b/read"])));
        tenant.give(&command("click", &system(), settle("alice")), tenant.clock).unwrap().unwrap();
        tenant.give(&command("click", &by(&alice()), other), tenant.clock).unwrap().unwrap();
    }
    tenant.later(Span::seconds(case.seconds));
    (tenant, command("click", &system(), verb))
}

impl Case for Saying<EffectDone> {
    fn sound() -> Self {
        Self { ask: done("g1", 1), reused: false, seconds: 29 }
    }

    fn scene(&self) -> (Tenant, Command) {
        scene(self, Verb::EffectDone(self.ask.clone()))
    }
}

impl Case for Saying<EffectFailed> {
    fn sound() -> Self {
        Self { ask: failed("g1", 1), reused: false, seconds: 29 }
    }

    fn scene(&self) -> (Tenant, Command) {
        scene(self, Verb::EffectFailed(self.ask.clone()))
    }
}

const DONE: &[Row<Saying<EffectDone>>] = &[
    (Code::CommandReused, |case| case.reused = true),
    (Code::GrantUnknown, |case| case.ask.grant = grant_id("nothing")),
    (Code::EffectUnknown, |case| case.ask.effect = 9),
    (Code::EffectNotLeased, |case| case.ask.worker = worker("w2")),
];

const FAILED: &[Row<Saying<EffectFailed>>] = &[
    (Code::CommandReused, |case| case.reused = true),
    (Code::GrantUnknown, |case| case.ask.grant = grant_id("nothing")),
    (Code::EffectUnknown, |case| case.ask.effect = 9),
    (Code::EffectNotLeased, |case| case.seconds = 30),
];

#[test]
fn verdicts_are_refused_in_this_order() {
    in_order::<Saying<EffectDone>>(DONE);
    in_order::<Saying<EffectFailed>>(FAILED);
}

fn provisioned() -> Tenant {
    let mut tenant = Tenant::new([automatic("db")]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read", "aws/b/read"]));
    tenant
}

// guard: `lifecycle/verdict.rs`, what is stuck stays
#[test]
fn r20_a_failed_effect_is_never_dropped() {
    let mut tenant = provisioned();
    tenant.deliver("alice");
    tenant.ask(&alice(), give_back("g1")).unwrap();
    let mut pauses = Vec::new();
    for attempt in 1..=2 * EFFECT_ATTEMPTS_DEFAULT + 3 {
        let handed = std::iter::from_fn(|| tenant.take("alice")).find(|handed| handed.kind == "deprovision");
        let Some(handed) = handed else { panic!("attempt {attempt} never came") };
        let answer = tenant.system(Verb::EffectFailed(failed("g1", handed.number))).unwrap();
        let stuck = names(&answer.events).contains(&"effect_stuck");
        pauses.push((handed.number, handed.attempt, stuck));
        tenant.later(EFFECT_PAUSE_MAX);
    }
    assert!(pauses.iter().any(|(_, _, stuck)| *stuck), "stuck is said aloud");
    assert_eq!(tenant.grant("g1").enforcement(), Enforcement::StuckRemoving);
    assert!(!tenant.grant("g1").is_settled_for_good(), "and it is retried for ever");
    tenant.deliver("alice");
    assert_eq!(tenant.grant("g1").enforcement(), Enforcement::Removed);
}

#[test]
fn stuck_comes_with_the_last_attempt_or_at_once_where_it_is_final() {
    let mut tenant = provisioned();
    for attempt in 1..=EFFECT_ATTEMPTS_DEFAULT + 1 {
        let handed = tenant.take("alice").unwrap();
        assert_eq!((handed.number, handed.attempt), (1, attempt));
        let answer = tenant.system(Verb::EffectFailed(failed("g1", 1))).unwrap();
        assert_eq!(names(&answer.events).contains(&"effect_stuck"), attempt == EFFECT_ATTEMPTS_DEFAULT);
        let told = effects(&answer.events).contains(&"notify:stuck".to_owned());
        assert_eq!(told, attempt == EFFECT_ATTEMPTS_DEFAULT);
        tenant.later(longest_pause(attempt));
    }
    let mut tenant = provisioned();
    tenant.take("alice").unwrap();
    let last = EffectFailed { last: true, ..failed("g1", 1) };
    let answer = tenant.system(Verb::EffectFailed(last)).unwrap();
    assert_eq!(names(&answer.events), ["effect_failed", "effect_stuck"]);
    assert_eq!(tenant.grant("g1").enforcement(), Enforcement::StuckApplying);
}

fn says_already(tenant: &mut Tenant, number: u32, items: &[&str]) {
    let already_held: BTreeSet<_> = items.iter().map(|text| item(text)).collect();
    tenant.system(Verb::EffectDone(EffectDone { already_held, ..done("g1", number) })).unwrap();
}

// guard: `lifecycle/verdict.rs`, the first attempt
#[test]
fn r42_already_held_counts_in_the_first_attempt_only() {
    for (attempts, stays) in [(1, true), (2, false)] {
        let mut tenant = Tenant::new([automatic("db")]);
        tenant.asks(&alice(), request("db", "g1", &["pg/a/read", "pg/b/read"]));
        for _ in 1..attempts {
            tenant.take("alice").unwrap();
            tenant.later(Span::seconds(30));
        }
        let handed = tenant.take("alice").unwrap();
        assert_eq!(handed.attempt, attempts);
        says_already(&mut tenant, handed.number, &["pg/a/read"]);
        tenant.deliver("alice");
        tenant.ask(&alice(), give_back("g1")).unwrap();
        let all = ["pg/database/a/read", "pg/database/b/read"];
        assert_eq!(removed(&tenant.deliver("alice")), if stays { &all[1..] } else { &all[..] });
    }
}

#[test]
fn what_another_grant_put_there_was_not_held_before() {
    let mut tenant = Tenant::new([automatic("db")]);
    tenant.asks(&alice(), request("db", "g0", &["pg/a/read"]));
    tenant.deliver("alice");
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    let handed = tenant.take("alice").unwrap();
    says_already(&mut tenant, handed.number, &["pg/a/read"]);
    tenant.ask(&alice(), give_back("g0")).unwrap();
    assert_eq!(removed(&tenant.deliver("alice")), [""; 0], "kept for g1");
    tenant.ask(&alice(), give_back("g1")).unwrap();
    assert_eq!(removed(&tenant.deliver("alice")), ["pg/database/a/read"]);
}

#[test]
fn the_mark_passes_to_the_grant_that_keeps_the_item() {
    let mut tenant = Tenant::new([automatic("db")]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    let handed = tenant.take("alice").unwrap();
    says_already(&mut tenant, handed.number, &["pg/a/read"]);
    tenant.asks(&alice(), request("db", "g2", &["pg/a/read", "pg/b/read"]));
    tenant.deliver("alice");
    tenant.ask(&alice(), give_back("g1")).unwrap();
    assert_eq!(removed(&tenant.deliver("alice")), [""; 0]);
    tenant.ask(&alice(), give_back("g2")).unwrap();
    assert_eq!(removed(&tenant.deliver("alice")), ["pg/database/b/read"], "what she had before stays hers");
}

#[test]
fn a_verdict_that_comes_too_late_brings_the_removal_back() {
    let mut tenant = Tenant::new([automatic("db")]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    let slow = tenant.take("alice").unwrap();
    tenant.ask(&alice(), give_back("g1")).unwrap();
    tenant.clock = slow.lease_until;
    let Verb::TakeEffect(take) = take("alice") else { panic!() };
    let other =
        TakeEffect { worker: worker("w2"), which: Which::At(Integration::new("pg").unwrap()), ..take };
    let removal = tenant.system(Verb::TakeEffect(other.clone())).unwrap().handed.unwrap();
    assert!(matches!(removal.order, Order::Remove { .. }), "{removal:?}");
    let removed_it = EffectDone { worker: worker("w2"), ..done("g1", removal.number) };
    tenant.system(Verb::EffectDone(removed_it)).unwrap();
    assert_eq!(tenant.grant("g1").enforcement(), Enforcement::Removed);
    // Now the first worker has done what it was told long ago.
    let late = tenant.system(Verb::EffectDone(done("g1", slow.number))).unwrap();
    assert_eq!(
        (names(&late.events), effects(&late.events)),
        (vec!["effect_late"], vec!["deprovision".to_owned()])
    );
    assert_eq!(tenant.grant("g1").enforcement(), Enforcement::Removing, "it is listed again");
    assert!(matches!(
        tenant.system(Verb::TakeEffect(other)).unwrap().handed.unwrap().order,
        Order::Remove { .. }
    ));
    let again = tenant.system(Verb::EffectDone(done("g1", slow.number))).unwrap_err();
    assert_eq!(again.code, Code::EffectUnknown, "a late verdict is answered once");
}

#[test]
fn a_lease_has_bounds_and_so_have_the_words_of_a_failure() {
    let leased = |lease: Span| {
        let Verb::TakeEffect(take) = take("alice") else { panic!() };
        let handed = provisioned().system(Verb::TakeEffect(TakeEffect { lease, ..take })).unwrap().handed;
        handed.unwrap().lease_until.since(at(0))
    };
    assert_eq!(leased(Span::ZERO), LEASE_MIN);
    assert_eq!(leased(LEASE_MIN.plus(MS)), LEASE_MIN.plus(MS));
    assert_eq!(leased(Span::millis(u64::MAX)), LEASE_MAX);
    let mut tenant = provisioned();
    tenant.take("alice").unwrap();
    let error = "ä".repeat(ERROR_CHARS_MAX + 1);
    let answer = tenant.system(Verb::EffectFailed(EffectFailed { error, ..failed("g1", 1) })).unwrap();
    let Happened::EffectFailed(missed) = &answer.events[0].happened else { panic!("{answer:?}") };
    assert_eq!(missed.error.chars().count(), ERROR_CHARS_MAX);
}

#[test]
fn pauses_grow_and_are_bounded() {
    assert_eq!(longest_pause(1), EFFECT_PAUSE_MIN);
    assert_eq!(longest_pause(2), EFFECT_PAUSE_MIN.times(2));
    assert_eq!(longest_pause(40), EFFECT_PAUSE_MAX);
    assert_eq!(longest_pause(u32::MAX), EFFECT_PAUSE_MAX);
}

/// The pauses of one grant's provision that fails again and again.
fn pauses(grant: &str, attempts: u32) -> Vec<Span> {
    let mut tenant = Tenant::new([automatic("db")]);
    tenant.asks(&alice(), request("db", grant, &["pg/a/read"]));
    let mut pauses = Vec::new();
    for _ in 0..attempts {
        let handed = std::iter::from_fn(|| tenant.take("alice")).find(|handed| handed.kind == "provision");
        let answer = tenant.system(Verb::EffectFailed(failed(grant, handed.unwrap().number))).unwrap();
        let Happened::EffectFailed(missed) = &answer.events[0].happened else { panic!("{answer:?}") };
        pauses.push(missed.again_at.since(tenant.clock));
        tenant.clock = missed.again_at;
    }
    pauses
}

#[test]
fn each_pause_is_shortened_by_its_own_share_and_the_same_everywhere() {
    for number in 0..20 {
        let pauses = pauses(&format!("g{number}"), 12);
        for (attempt, pause) in (1..).zip(&pauses) {
            let longest = longest_pause(attempt).as_millis();
            assert!((longest / 2..=longest).contains(&pause.as_millis()), "{attempt}: {pause}");
        }
        assert_eq!(pauses, self::pauses(&format!("g{number}"), 12), "nothing is drawn by lot");
    }
    // In another build or language too: the bytes of events hang on it.
    let known: Vec<u64> = pauses("g1", 3).iter().map(|pause| pause.as_millis()).collect();
    assert_eq!(known, [4_874, 6_849, 15_780]);
}

#[test]
fn what_failed_together_does_not_come_back_together() {
    let spread: Vec<u64> = (0..1_000).map(|n| pauses(&format!("g{n}"), 1)[0].as_millis()).collect();
    for tenth in 0..10 {
        let from = 2_500 + 250 * tenth;
        let here = spread.iter().filter(|pause| (from..from + 250).contains(*pause)).count();
        assert!((50..=150).contains(&here), "{here} of 1,000 come back in the same quarter of a second");
    }
}

#[test]
fn a_host_says_after_how_many_attempts_it_is_stuck() {
    let which = Which::At(Integration::new("pg").unwrap());
    for (says, stuck_after) in [(0, 1), (1, 1), (3, 3), (u32::MAX, limits::EFFECT_ATTEMPTS_MAX)] {
        let removing = || {
            let mut tenant = provisioned();
            tenant.deliver("alice");
            tenant.ask(&alice(), give_back("g1")).unwrap();
            tenant
        };
        let Verb::TakeEffect(take) = take("alice") else { panic!() };
        let take = TakeEffect { which: which.clone(), stuck_after: says, ..take };
        let mut tenant = removing();
        for attempt in 1..=stuck_after {
            let handed = tenant.system(Verb::TakeEffect(take.clone())).unwrap().handed.unwrap();
            assert_eq!((handed.kind.as_str(), handed.attempt), ("deprovision", attempt));
            let missed = EffectFailed { stuck_after: says, ..failed("g1", handed.number) };
            let answer = tenant.system(Verb::EffectFailed(missed)).unwrap();
            assert_eq!(names(&answer.events).contains(&"effect_stuck"), attempt == stuck_after, "{attempt}");
            tenant.later(EFFECT_PAUSE_MAX);
        }
        // What no worker ever says a word about is stuck too, when it is taken once more.
        let mut tenant = removing();
        for attempt in 1..=stuck_after + 1 {
            let answer = tenant.system(Verb::TakeEffect(take.clone())).unwrap();
            assert_eq!(names(&answer.events).contains(&"effect_stuck"), attempt > stuck_after, "{attempt}");
            tenant.later(take.lease);
        }
    }
}
