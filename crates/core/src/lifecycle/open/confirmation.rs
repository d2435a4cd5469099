use crate::command::{EffectDone, EffectFailed, Extend, Request, TakeEffect, Verb, Which};
use crate::effect::{Handed, Order};
use crate::event::Happened;
use crate::fixture::*;
use crate::flow::hours::PastClose;
use crate::flow::{Activation, Kind, Parts};
use crate::grant::{Enforcement, Outcome, Waiting};
use crate::id::Integration;
use crate::limits::{self, EFFECT_ATTEMPTS_DEFAULT, EFFECT_PAUSE_MAX};
use crate::refusal::Code;
use crate::time::{Span, Timestamp};

const A: &str = "pg/a/read";
const B: &str = "aws/b/read";

/// A flow whose access begins when its targets have confirmed it, within an hour; nobody approves.
fn confirming(change: impl FnOnce(&mut Parts)) -> Parts {
    let mut parts = automatic("slow");
    parts.activation = Activation::OnConfirmation;
    parts.start_ahead = mins(60 * 24 * 60);
    change(&mut parts);
    parts
}

/// Alice's `g1` is asked for at nine.
fn asked(items: &[&str], start: Option<Timestamp>, change: impl FnOnce(&mut Parts)) -> Tenant {
    let mut tenant = Tenant::new([confirming(change), automatic("db")]);
    tenant.asks(&alice(), Request { start, ..request("slow", "g1", items) });
    tenant
}

/// The provision of that grant at that target, under a lease of the longest kind.
fn takes(tenant: &mut Tenant, at: &str, by: &str) -> Handed {
    let Verb::TakeEffect(take) = take("alice") else { panic!("taking is taking") };
    let (which, lease) = (Which::At(Integration::new(at).unwrap()), limits::LEASE_MAX);
    tenant
        .system(Verb::TakeEffect(TakeEffect { which, lease, worker: worker(by), ..take }))
        .unwrap()
        .handed
        .unwrap()
}

fn confirms(tenant: &mut Tenant, at: &str) -> Vec<&'static str> {
    let handed = takes(tenant, at, "w1");
    let answer = tenant.system(Verb::EffectDone(done(handed.grant.as_str(), handed.number))).unwrap();
    names(&answer.events)
}

fn held(handed: &Handed) -> Vec<(String, Timestamp)> {
    match &handed.order {
        Order::Hold { items, .. } => items.iter().map(|held| (held.item.to_string(), held.until)).collect(),
        Order::Remove { .. } | Order::Rotate { .. } | Order::Tell { .. } => panic!("{handed:?}"),
    }
}

fn waits_for(tenant: &Tenant) -> Option<Waiting> {
    tenant.look("g1").waiting_for
}

// guard: `lifecycle/open.rs`, since when it runs
#[test]
fn r12_the_clock_starts_when_the_last_target_has_confirmed() {
    let mut tenant = Tenant::new([confirming(|_| ())]);
    let ask = Verb::Request(Box::new(request("slow", "g1", &[A, B])));
    let answer = tenant.ask(&alice(), ask).unwrap();
    assert_eq!(names(&answer.events), ["requested", "approved"]);
    assert_eq!(effects(&answer.events), ["provision", "provision", "notify:decided"]);
    assert_eq!(waits_for(&tenant), Some(Waiting::Provisioning));
    assert_eq!(confirms(tenant.at(10), "pg"), ["effect_done"]);
    assert_eq!(tenant.at(20).holds("alice", A), None, "one of two has confirmed");
    assert_eq!(tenant.grant("g1").enforcement(), Enforcement::Applying);
    let handed = takes(&mut tenant, "aws", "w1");
    assert_eq!(held(&handed), [("aws/database/b/read".to_owned(), at(120))], "an hour from the last moment");
    let answer = tenant.system(Verb::EffectDone(done("g1", handed.number))).unwrap();
    assert_eq!(names(&answer.events), ["effect_done", "activated"]);
    assert_eq!(effects(&answer.events), ["adjust", "adjust", "notify:active"]);
    assert_eq!((tenant.active("g1").since, tenant.active("g1").end), (at(20), at(80)));
    let told: Vec<_> = ["aws", "pg"].into_iter().flat_map(|at| held(&takes(&mut tenant, at, "w1"))).collect();
    assert!(told.iter().all(|(_, until)| *until == at(80)), "{told:?}");
}

#[test]
fn what_is_not_confirmed_in_time_has_failed_and_is_taken_away() {
    for (moment, outcome) in [(at(60).minus(MS), None), (at(60), Some(Outcome::Failed))] {
        let mut tenant = asked(&[A, B], None, |_| ());
        let handed = takes(tenant.at(10), "pg", "w1");
        confirms(&mut tenant, "aws");
        tenant.clock = moment;
        tenant.system(Verb::EffectDone(done("g1", handed.number))).unwrap();
        assert_eq!(tenant.look("g1").outcome, outcome, "{moment}");
        if outcome.is_some() {
            assert_eq!(tenant.closed("g1").at, at(60));
            assert_eq!(removed(&tenant.deliver("alice")), ["aws/database/b/read", "pg/database/a/read"]);
            assert_eq!(tenant.grant("g1").enforcement(), Enforcement::Removed);
        }
    }
}

#[test]
fn a_provision_that_failed_for_good_ends_the_wait_at_once() {
    let mut tenant = asked(&[A, B], None, |_| ());
    confirms(tenant.at(5), "aws");
    let handed = takes(tenant.at(10), "pg", "w1");
    let last = |last| Verb::EffectFailed(EffectFailed { last, ..failed("g1", handed.number) });
    let answer = tenant.system(last(false)).unwrap();
    assert_eq!(
        (names(&answer.events), waits_for(&tenant)),
        (vec!["effect_failed"], Some(Waiting::Provisioning))
    );
    tenant.at(11);
    takes(&mut tenant, "pg", "w1");
    let answer = tenant.system(last(true)).unwrap();
    assert_eq!(
        names(&answer.events),
        ["effect_failed", "failed"],
        "nothing is stuck that is not tried again"
    );
    assert_eq!(
        effects(&answer.events),
        ["deprovision", "deprovision", "notify:ended"],
        "half of it may be there"
    );
    assert_eq!((tenant.closed("g1").outcome, tenant.closed("g1").at), (Outcome::Failed, at(11)));
    assert_eq!(removed(&tenant.deliver("alice")).len(), 2);
    tenant.later(EFFECT_PAUSE_MAX);
    assert_eq!(tenant.deliver("alice").len(), 0, "the provision is skipped when its turn comes");
    assert!(tenant.grant("g1").is_settled_for_good());
}

#[test]
fn attempts_that_are_used_up_are_stuck_and_still_retried() {
    let mut tenant = asked(&[A], None, |parts| parts.activate_within = Span::hours(8));
    for _ in 0..EFFECT_ATTEMPTS_DEFAULT {
        let handed = takes(&mut tenant, "pg", "w1");
        tenant.system(Verb::EffectFailed(failed("g1", handed.number))).unwrap();
        tenant.later(EFFECT_PAUSE_MAX);
    }
    assert_eq!(tenant.grant("g1").enforcement(), Enforcement::StuckApplying);
    assert_eq!(waits_for(&tenant), Some(Waiting::Provisioning));
    assert_eq!(confirms(&mut tenant, "pg"), ["effect_done", "activated"]);
}

#[test]
fn start_and_opening_come_before_the_targets_are_told() {
    let mut planned = asked(&[A], Some(at(30)), |_| ());
    assert_eq!(
        (waits_for(&planned), planned.take("alice").map(|handed| handed.kind)),
        (Some(Waiting::Start), Some("notify:decided".to_owned()))
    );
    let answer = planned.at(30).system(settle("alice")).unwrap();
    assert!(answer.events.is_empty(), "time did it");
    let Some(told) = planned.of("g1").find(|event| event.happened.name() == "now_waits") else { panic!() };
    assert_eq!((told.at, effects(std::slice::from_ref(told))), (at(30), vec!["provision".to_owned()]));
    assert_eq!(held(&takes(planned.at(40), "pg", "w1"))[0].1, at(90), "the planned end");
    let office = |parts: &mut Parts| {
        (parts.hours, parts.approval) = (Some(open_daily(9, 17)), parts_of_boss());
    };
    let mut night = asked(&[A], None, office);
    night.at(490).ask(&bob(), Verb::Approve(approve("g1"))).unwrap();
    assert_eq!(waits_for(&night), Some(Waiting::Hours));
    night.at(1440).system(settle("alice")).unwrap();
    assert_eq!(
        (waits_for(&night), night.when("g1", "now_waits")),
        (Some(Waiting::Provisioning), Some(at(1440)))
    );
    // The hour counts from the opening, in open hours.
    night.clock = at(1500).minus(MS);
    assert_eq!(waits_for(&night), Some(Waiting::Provisioning));
    night.clock = at(1500);
    assert_eq!(night.look("g1").outcome, Some(Outcome::Failed));
}

fn parts_of_boss() -> crate::flow::approval_rule::Approval {
    parts("any").approval
}

#[test]
fn what_is_confirmed_in_the_night_waits_for_the_opening() {
    let mut tenant = asked(&[A], None, |parts| {
        (parts.hours, parts.activate_within) = (Some(open_daily(9, 17)), Span::hours(9));
    });
    assert_eq!(confirms(tenant.at(480), "pg"), ["effect_done", "now_waits"]);
    assert_eq!(waits_for(&tenant), Some(Waiting::Hours));
    tenant.clock = at(1440).minus(MS);
    assert_eq!(tenant.holds("alice", A), None);
    tenant.clock = at(1440);
    assert_eq!(tenant.holds("alice", A), Some(at(1500)));
    tenant.system(settle("alice")).unwrap();
    let begun = tenant.of("g1").last().unwrap();
    assert_eq!(effects(std::slice::from_ref(begun)), ["adjust", "notify:active"], "no second provision");
    assert_eq!(tenant.history("g1").iter().filter(|name| **name == "now_waits").count(), 1);
}

#[test]
fn the_end_that_targets_are_told_is_the_latest_that_can_come() {
    for (hours, within, span, told) in [
        (None, mins(60), mins(30), at(90)),
        (Some((9, 17)), mins(60), mins(240), at(300)),
        // It may begin until 17:00, and then the close is the end.
        (Some((9, 17)), mins(480), mins(60), at(480)),
        // It may begin until 10:00 of the next day.
        (Some((9, 17)), mins(540), mins(30), at(1440 + 90)),
    ] {
        let mut tenant = Tenant::new([confirming(|parts| {
            parts.hours = hours.map(|(from, to)| open_daily(from, to));
            parts.activate_within = within;
        })]);
        tenant.asks(&alice(), Request { span: Some(span), ..request("slow", "g1", &[A]) });
        assert_eq!(held(&takes(&mut tenant, "pg", "w1"))[0].1, told, "{within} {span}");
        let over = tenant.grant("g1").over_by();
        assert!(over >= Some(told), "{over:?} is surely later");
    }
}

#[test]
fn an_end_that_access_could_only_reach_from_closed_hours_is_not_told() {
    // The planned end lies in the evening: what has not begun by the close cannot begin any more that day.
    for (past_close, told) in [(PastClose::Clip, at(480)), (PastClose::Allow, at(510))] {
        let office = |parts: &mut Parts| {
            (parts.hours, parts.past_close) = (Some(open_daily(9, 17)), past_close);
        };
        let mut tenant = asked(&[A], Some(at(450)), office);
        assert_eq!(held(&takes(tenant.at(450), "pg", "w1"))[0].1, told, "{past_close:?}");
    }
}

#[test]
fn the_longest_wait_and_the_planned_end_make_it_unused_and_so_does_until() {
    let days = |days: u64| Span::days(days);
    let month = at(0).plus(limits::WAITING_MAX);
    for (start, within, until, outcome, when) in [
        (None, days(29), None, Outcome::Failed, at(0).plus(days(29))),
        (None, days(30), None, Outcome::Unused, month),
        (None, days(31), None, Outcome::Unused, month),
        (Some(at(30)), mins(59), None, Outcome::Failed, at(89)),
        (Some(at(30)), mins(60), None, Outcome::Unused, at(90)),
        (Some(at(30)), mins(61), None, Outcome::Unused, at(90)),
        (None, mins(60), Some(at(59)), Outcome::Unused, at(59)),
        (None, mins(60), Some(at(60)), Outcome::Unused, at(60)),
        (None, mins(60), Some(at(61)), Outcome::Failed, at(60)),
    ] {
        let mut tenant = asked(&[A], start, |parts| (parts.activate_within, parts.until) = (within, until));
        tenant.clock = start.unwrap_or(at(0));
        takes(&mut tenant, "pg", "w1");
        tenant.clock = when.minus(MS);
        assert_eq!(tenant.look("g1").stage, "approved", "{outcome:?} {when}");
        tenant.clock = month.plus(days(2));
        tenant.system(settle("alice")).unwrap();
        assert_eq!((tenant.closed("g1").outcome, tenant.closed("g1").at), (outcome, when));
        assert_eq!(removed(&tenant.deliver("alice")), ["pg/database/a/read"]);
    }
}

#[test]
fn whoever_ends_the_wait_takes_away_what_was_given_and_cancels_the_rest() {
    for (verb, actor, ended) in [("withdrawn", alice(), ""), ("revoked", bob(), "notify:ended")] {
        let mut tenant = asked(&[A, B], None, |parts| parts.revoke_by = selectors(&["group:boss"]));
        takes(&mut tenant, "pg", "w1");
        let ask = if verb == "revoked" { revoke("g1") } else { withdraw("g1") };
        let answer = tenant.at(5).ask(&actor, ask).unwrap();
        assert_eq!(names(&answer.events), [verb]);
        let expected: Vec<&str> =
            ["deprovision", ended].into_iter().filter(|kind| !kind.is_empty()).collect();
        assert_eq!(effects(&answer.events), expected, "at the one target that a worker was told of");
        let open = tenant.grant("g1").outbox.iter().map(|outgoing| outgoing.effect.task.to_string());
        let provisions = open.filter(|kind| kind == "provision").count();
        assert_eq!(provisions, 1, "the one that is out; the other is cancelled");
        tenant.later(limits::LEASE_MAX);
        assert_eq!(removed(&tenant.deliver("alice")), ["pg/database/a/read"]);
        assert!(tenant.grant("g1").is_settled_for_good());
    }
    let mut tenant = asked(&[A], None, |_| ());
    let answer = tenant.ask(&alice(), withdraw("g1")).unwrap();
    assert_eq!(effects(&answer.events), [""; 0], "nobody was told");
    assert_eq!(tenant.deliver("alice").iter().filter(|handed| handed.kind == "provision").count(), 0);
}

#[test]
fn a_verdict_after_the_wait_was_over_begins_nothing() {
    let mut tenant = asked(&[A], None, |_| ());
    let slow = takes(&mut tenant, "pg", "w1");
    tenant.at(60).system(settle("alice")).unwrap();
    let late = Verb::EffectDone(EffectDone { worker: slow.worker.clone(), ..done("g1", slow.number) });
    assert_eq!(tenant.code(&bob(), late.clone()), Some(Code::EffectNotLeased), "an hour of lease is over");
    assert_eq!(takes(&mut tenant, "pg", "w2").kind, "deprovision");
    tenant
        .system(Verb::EffectDone(EffectDone { worker: worker("w2"), ..done("g1", slow.number + 2) }))
        .unwrap();
    assert_eq!(tenant.grant("g1").enforcement(), Enforcement::Removed);
    let answer = tenant.system(late).unwrap();
    assert_eq!(
        (names(&answer.events), effects(&answer.events)),
        (vec!["effect_late"], vec!["deprovision".to_owned()])
    );
    assert_eq!(tenant.closed("g1").outcome, Outcome::Failed);
}

// guard: `grant.rs`, what waits and was told
#[test]
fn r33_what_another_grant_has_or_will_have_is_not_taken_away() {
    // Alice holds the item until ten, and her `g1` was provisioned and waits for its other target.
    let scene = || {
        let mut tenant = Tenant::new([confirming(|_| ()), automatic("db")]);
        tenant.asks(&alice(), request("db", "g0", &[A]));
        tenant.deliver("alice");
        tenant.at(10);
        tenant.asks(&alice(), request("slow", "g1", &[A, B]));
        tenant
    };
    // The one that runs ends first: the item stays for the one that was told.
    let mut tenant = scene();
    let answer = tenant.at(20).ask(&alice(), give_back("g0")).unwrap();
    assert_eq!(names(&answer.events), ["given_back", "kept_for"]);
    assert_eq!(effects(&answer.events), ["adjust", "notify:ended"]);
    let Happened::GivenBack(ended) = &answer.events[0].happened else { panic!("{answer:?}") };
    assert_eq!((ended.kept[0].by.as_str(), ended.kept[0].until), ("g1", at(130)));
    assert_eq!(tenant.holds("alice", A), None, "at the target, and not held");
    tenant.at(30).ask(&alice(), withdraw("g1")).unwrap();
    assert_eq!(removed(&tenant.deliver("alice")), ["pg/database/a/read"], "now nobody has it");
    // The one that waits ends first: the item stays for the one that runs, and its own end is told again.
    let mut tenant = scene();
    assert_eq!(held(&takes(&mut tenant, "pg", "w1"))[0].1, at(130), "the later end of both");
    let answer = tenant.at(20).ask(&alice(), withdraw("g1")).unwrap();
    assert_eq!(effects(&answer.events), ["adjust"]);
    tenant.later(limits::LEASE_MAX.plus(MS));
    assert_eq!(tenant.holds("alice", A), None);
}

#[test]
fn what_stays_for_a_grant_that_waits_stays_to_todays_until_at_most() {
    let flow = confirming(|parts| parts.until = Some(at(100)));
    let mut tenant = Tenant::new([flow, automatic("db")]);
    tenant.asks(&alice(), request("db", "g0", &[A]));
    tenant.deliver("alice");
    tenant.at(10);
    tenant.asks(&alice(), request("slow", "g1", &[A, B]));
    let answer = tenant.at(20).ask(&alice(), give_back("g0")).unwrap();
    let Happened::GivenBack(ended) = &answer.events[0].happened else { panic!("{answer:?}") };
    assert_eq!(
        (ended.kept[0].by.as_str(), ended.kept[0].until),
        ("g1", at(100)),
        "its own end would be later"
    );
}

#[test]
fn an_end_is_told_only_where_somebody_would_take_it_back() {
    let mut tenant = Tenant::new([confirming(|_| ()), automatic("db")]);
    tenant.asks(&alice(), request("db", "g0", &[A]));
    tenant.deliver("alice");
    tenant.ask(&alice(), Verb::Extend(extend("g0"))).unwrap();
    tenant.asks(&alice(), Request { span: Some(mins(240)), ..request("slow", "g1", &[A]) });
    // The adjust of `g0` is first in line; `g1` could still be taken back without a word to any target.
    assert_eq!(held(&takes(&mut tenant, "pg", "w1")), [("pg/database/a/read".to_owned(), at(90))]);
    tenant.system(Verb::EffectDone(done("g0", 3))).unwrap();
    assert_eq!(held(&takes(&mut tenant, "pg", "w1")), [("pg/database/a/read".to_owned(), at(300))]);
    tenant.ask(&alice(), Verb::Extend(Extend { span: Some(mins(5)), ..extend("g0") })).unwrap();
    tenant.system(Verb::EffectDone(done("g1", 1))).unwrap();
    tenant.ask(&alice(), give_back("g1")).unwrap();
    let told: Vec<_> =
        tenant.deliver("alice").iter().filter(|handed| handed.kind == "adjust").flat_map(held).collect();
    assert!(told.iter().all(|(_, until)| *until == at(95)) && !told.is_empty(), "{told:?}");
}

// guard: `lifecycle/verdict.rs`, what another grant put there
#[test]
fn r42_what_a_waiting_grant_put_there_was_not_held_before() {
    let mut tenant = Tenant::new([confirming(|_| ()), automatic("db")]);
    tenant.asks(&alice(), request("slow", "g1", &[A, B]));
    let handed = takes(&mut tenant, "pg", "w1");
    tenant.system(Verb::EffectDone(done("g1", handed.number))).unwrap();
    tenant.asks(&alice(), request("db", "g2", &[A]));
    let handed = takes(&mut tenant, "pg", "w1");
    let already_held = [item(A)].into();
    tenant.system(Verb::EffectDone(EffectDone { already_held, ..done("g2", handed.number) })).unwrap();
    tenant.ask(&alice(), withdraw("g1")).unwrap();
    tenant.ask(&alice(), give_back("g2")).unwrap();
    assert_eq!(removed(&tenant.deliver("alice")), ["pg/database/a/read"]);
}

// guard: `lifecycle/verdict.rs`, what the holder had before
#[test]
fn r42_what_the_holder_had_before_stays_where_the_wait_is_over() {
    let mut tenant = asked(&[A, B], None, |_| ());
    let handed = takes(&mut tenant, "pg", "w1");
    let already_held = [item(A)].into();
    tenant.system(Verb::EffectDone(EffectDone { already_held, ..done("g1", handed.number) })).unwrap();
    let answer = tenant.ask(&alice(), withdraw("g1")).unwrap();
    assert_eq!(effects(&answer.events), [""; 0]);
}

#[test]
fn an_account_of_its_own_is_confirmed_and_removed_apart() {
    let mut tenant = Tenant::new([confirming(|parts| parts.kind = Kind::Ephemeral), automatic("db")]);
    tenant.asks(&alice(), request("db", "g0", &[A]));
    tenant.deliver("alice");
    tenant.asks(&alice(), Request { span: Some(mins(5)), ..request("slow", "g1", &[A]) });
    let handed = takes(&mut tenant, "pg", "w1");
    assert_eq!(held(&handed)[0].1, at(65), "not the end of the other grant");
    let already_held = [item(A)].into();
    let answer =
        tenant.system(Verb::EffectDone(EffectDone { already_held, ..done("g1", handed.number) })).unwrap();
    assert_eq!(names(&answer.events), ["effect_done", "activated"]);
    let answer = tenant.at(2).ask(&alice(), give_back("g1")).unwrap();
    assert_eq!(effects(&answer.events), ["deprovision", "notify:ended"]);
    assert_eq!(removed(&tenant.deliver("alice")), ["pg/database/a/read"], "the account of `g1`");
}

#[test]
fn r42_a_mark_of_a_waiting_grant_counts_for_the_one_that_runs() {
    let mut tenant = Tenant::new([confirming(|_| ()), automatic("db")]);
    tenant.asks(&alice(), request("slow", "g1", &[A, B]));
    let already_held: std::collections::BTreeSet<_> = [item(A)].into();
    let handed = takes(&mut tenant, "pg", "w1");
    let found = EffectDone { already_held: already_held.clone(), ..done("g1", handed.number) };
    tenant.system(Verb::EffectDone(found)).unwrap();
    tenant.asks(&alice(), request("db", "g2", &[A]));
    let handed = takes(&mut tenant, "pg", "w1");
    let found = EffectDone { already_held: already_held.clone(), ..done("g2", handed.number) };
    tenant.system(Verb::EffectDone(found)).unwrap();
    let marked = tenant.grant("g2").targets.values().map(|target| target.held_before.clone());
    assert_eq!(marked.collect::<Vec<_>>(), [already_held]);
}

#[test]
fn r46_what_ends_and_what_fails_at_one_instant_keep_nothing_for_each_other() {
    for (runs, waits) in [("g1", "g2"), ("g2", "g1")] {
        let mut tenant = Tenant::new([confirming(|_| ()), automatic("db")]);
        tenant.asks(&alice(), request("db", runs, &[A]));
        tenant.asks(&alice(), request("slow", waits, &[A, B]));
        takes(&mut tenant, "pg", "w1");
        tenant.at(60).system(settle("alice")).unwrap();
        assert_eq!(tenant.when(waits, "failed"), Some(at(60)));
        assert_eq!(tenant.when(runs, "kept_for").or(tenant.when(waits, "kept_for")), None, "{runs} runs");
        assert_eq!(removed(&tenant.deliver("alice")), ["pg/database/a/read"]);
    }
}

#[test]
fn a_sweep_knows_when_the_wait_is_over_and_a_count_by_when_access_surely_is() {
    let tenant = asked(&[A], None, |_| ());
    assert_eq!(tenant.grant("g1").deadline(), Some(at(60)));
    assert_eq!(tenant.grant("g1").over_by(), Some(at(120)));
    let planned = asked(&[A], Some(at(30)), |_| ());
    assert_eq!(planned.grant("g1").deadline(), Some(at(30)));
}

#[test]
fn in_an_emergency_neither_holder_nor_target_is_waited_for() {
    for activation in [Activation::ByHolder, Activation::OnConfirmation] {
        let tenant = asked(&[A], Some(at(30)), |parts| parts.activation = activation);
        let mut grant = tenant.grant("g1").clone();
        let flow = flow(confirming(|parts| parts.activation = activation));
        let waits = |grant: &crate::grant::Grant| super::waits(&flow, grant, mins(60), at(40)).waiting_for;
        assert!(waits(&grant).is_some());
        std::sync::Arc::make_mut(&mut grant.origin).break_glass = true;
        assert_eq!(waits(&grant), None);
    }
}
