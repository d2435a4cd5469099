//! Two things at one instant, and hosts that do not agree about it.

use super::*;
use crate::flow::Parts;
use crate::flow::hours::PastClose;
use crate::grant::Waiting;
use crate::machine::Fault;
use crate::time::{Span, Timestamp};

/// A flow with planned starts that ends at that minute.
fn planned(until: Option<u64>) -> Parts {
    let mut parts = automatic("f");
    parts.start_ahead = Span::days(2);
    parts.until = until.map(at);
    parts
}

fn from(minutes: u64) -> Box<crate::command::Request> {
    let start = Some(at(minutes));
    Box::new(crate::command::Request { start, ..asking("f", "x", &["pg/a/read"], 60) })
}

/// What happened to a grant planned for minute 30, where policies with such ends came at such minutes, the
/// last one after a sweep of the same instant or before it.
fn story(sweep: bool, policies: &[(u64, Option<u64>)]) -> Vec<(&'static str, Timestamp)> {
    let mut tenant = Tenant::new([planned(None)]);
    tenant.ask(&alice(), Verb::Request(from(30))).unwrap();
    for (minute, until) in policies {
        tenant.at(*minute);
        if sweep {
            tenant.system(settle("alice")).unwrap();
        }
        tenant.publish([planned(*until)]);
    }
    tenant.at(500);
    tenant.system(settle("alice")).unwrap();
    tenant.of("x").map(|event| (event.happened.name(), event.at)).collect()
}

#[test]
fn a_policy_of_the_instant_of_an_opening_meets_an_early_and_a_late_sweep_alike() {
    let cases: [&[(u64, Option<u64>)]; 4] =
        [&[(30, Some(20))], &[(30, Some(45))], &[(5, Some(20)), (20, None)], &[(30, Some(30))]];
    for policies in cases {
        assert_eq!(story(true, policies), story(false, policies), "{policies:?}");
    }
}

#[test]
fn an_end_of_the_flow_that_passed_is_not_undone_at_its_instant() {
    let closed = story(false, &[(5, Some(20)), (20, None)]);
    assert_eq!(closed.last().map(|(name, at)| (*name, *at)), Some(("unused", at(20))));
    let lifted = story(false, &[(5, Some(20)), (19, None)]);
    assert!(lifted.contains(&("activated", at(30))), "lifted before: {lifted:?}");
}

#[test]
fn r45_a_host_that_was_ahead_leaves_nobody_undecidable() {
    let mut tenant = Tenant::new([planned(None)]);
    let asks = command("c1", &by(&alice()), Verb::Request(from(30)));
    tenant.give(&asks, tenant.clock.plus(Span::seconds(20))).unwrap().unwrap();
    let takes = command("c2", &system(), take("alice"));
    let taken = tenant.give(&takes, tenant.clock.plus(Span::seconds(25))).unwrap().unwrap();
    assert!(taken.handed.is_some());
    // Another host is on time, and ends the flow before the moment of that event.
    tenant.later(Span::seconds(5));
    tenant.publish([planned(Some(0))]);
    tenant.at(10);
    let sweeps = command("c3", &system(), settle("alice"));
    let swept = tenant.give(&sweeps, tenant.clock);
    assert!(!matches!(swept, Err(Fault::Illegal(_))), "{swept:?}");
    assert_eq!(tenant.closed("x").outcome, crate::grant::Outcome::Unused);
}

#[test]
fn a_start_that_has_passed_waits_for_the_hours() {
    let mut parts = parts("f");
    parts.start_ahead = Span::days(2);
    parts.hours = Some(open_daily(8, 18));
    parts.past_close = PastClose::Allow;
    parts.duration.max = Span::hours(20);
    parts.activate_within = Span::hours(20);
    let mut tenant = Tenant::new([parts]);
    let mut ask = from(8 * 60);
    ask.span = Some(Span::hours(20));
    tenant.ask(&alice(), Verb::Request(ask)).unwrap();
    tenant.at(9 * 60);
    let answer = tenant.ask(&bob(), Verb::Approve(approve("x"))).unwrap();
    let view = answer.receipt.view.clone().unwrap();
    assert_eq!(view.waiting_for, Some(Waiting::Hours), "18:00, and the start was at 17:00");
}

#[test]
fn targets_are_told_no_end_past_the_end_of_the_flow() {
    for ahead in [0, 10] {
        let mut parts = automatic("f");
        parts.activation = crate::flow::Activation::OnConfirmation;
        (parts.until, parts.start_ahead) = (Some(at(90)), Span::days(1));
        let mut tenant = Tenant::new([parts]);
        let start = Some(at(ahead)).filter(|_| ahead > 0);
        tenant.asks(&alice(), Request { start, ..asking("f", "x", &["pg/a/read"], 60 + 30) });
        tenant.at(ahead);
        let given = next(&mut tenant, "provision");
        let Order::Hold { items, .. } = &given.order else { panic!("{given:?}") };
        assert_eq!(items[0].until, at(90), "no end later than that can come of it");
        tenant.system(confirmed(&given, &[])).unwrap();
        assert_eq!(tenant.active("x").end, at(90));
    }
}

#[test]
fn what_a_flow_s_end_no_longer_cuts_off_is_told_whole() {
    let mut parts = automatic("f");
    parts.activation = crate::flow::Activation::OnConfirmation;
    parts.activate_within = mins(60);
    parts.until = Some(at(20));
    let mut tenant = Tenant::new([parts.clone()]);
    tenant.asks(&alice(), asking("f", "x", &["pg/a/read"], 60));
    parts.until = None;
    tenant.at(10).publish([parts]);
    tenant.at(30);
    let given = next(&mut tenant, "provision");
    let Order::Hold { items, .. } = &given.order else { panic!("{given:?}") };
    assert_eq!(
        items[0].until,
        at(120),
        "the latest that can come of it, by what is in force when it is taken"
    );
}
