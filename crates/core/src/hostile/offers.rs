//! What an offer or a refusal promises is what then happens.

use proptest::prelude::*;

use super::lives::cases;
use super::*;
use crate::flow::Parts;
use crate::flow::extension_rule::{Anchor, DecidedBy, ExtensionApproval, GovernedBy};
use crate::flow::hours::PastClose;
use crate::id::GrantId;
use crate::offer::Need;
use crate::person::{Person, Record};
use crate::query;
use crate::refusal::Code;
use crate::time::Span;

fn offered(tenant: &Tenant, person: &Person, holder: Option<&Person>) -> crate::offer::Offer {
    let id: GrantId = grant_id("x");
    let world = tenant.world(|world| query::needs_offer(&id, world));
    query::offer(&world, &id, person, holder, &Record::new(), tenant.clock).unwrap().unwrap()
}

#[test]
fn an_offer_to_others_looks_at_the_holder_s_facts_of_today() {
    let mut parts = automatic("f");
    rule(&mut parts).others = selectors(&["group:boss"]);
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), asking("f", "x", &["pg/a/read"], 60));
    for holder in [None, Some(alice()), Some(member("alice", &[]))] {
        let offer = offered(&tenant, &bob(), holder.as_ref());
        let click = crate::command::Extend { holder: holder.clone(), ..extend("x") };
        let refused = tenant.clone().ask(&bob(), Verb::Extend(click)).err();
        assert_eq!(offer.refused, refused);
        assert_eq!(offer.allowed, holder.is_some_and(|holder| !holder.groups.is_empty()));
    }
}

#[test]
fn a_click_that_gains_nothing_is_told_what_would() {
    let mut parts = automatic("f");
    rule(&mut parts).anchor = Anchor::Now;
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), asking("f", "x", &["pg/a/read"], 50));
    tenant.at(10);
    let refused = tenant.offer("x", &alice()).unwrap().refused.unwrap();
    assert_eq!(refused.code, Code::ExtensionNoGain, "30 minutes from now are no later than the end");
    let span = refused.would_pass.as_ref().and_then(|passes| passes.span).unwrap();
    assert_eq!(span, mins(40).plus(MS));
    let ask = crate::command::Extend { span: Some(span), ..extend("x") };
    assert!(tenant.ask(&alice(), Verb::Extend(ask)).is_ok());
}

#[test]
fn what_is_said_to_pass_does_not_forget_that_the_hours_are_shut() {
    let mut parts = automatic("f");
    parts.hours = Some(open_daily(8, 10));
    parts.past_close = PastClose::Allow;
    rule(&mut parts).total = Some(mins(100));
    let mut tenant = Tenant::new([parts.clone()]);
    tenant.asks(&alice(), asking("f", "x", &["pg/a/read"], 90));
    parts.past_close = PastClose::Clip;
    tenant.publish([parts]);
    tenant.at(70);
    let refused = tenant.refused(&alice(), Verb::Extend(by_minutes("x", 60)));
    assert_eq!((refused.code, refused.would_pass), (Code::ExtensionOverTotal, None));
}

/// The rule of a flow, by numbers.
fn bounded(numbers: &[u64; 9]) -> Parts {
    let [min, more, default, total, window, until, flags, cool_down, _] = *numbers;
    let mut parts = automatic("f");
    let rule = rule(&mut parts);
    rule.times = 3;
    rule.span.min = mins(1 + min % 20);
    rule.span.max = rule.span.min.plus(mins(more % 50));
    rule.span.default = rule.span.min.plus(mins(default % (more % 50 + 1)));
    rule.total = (flags & 1 == 0).then(|| mins(30 + total % 150));
    rule.window = (flags & 6 == 0).then(|| mins(window % 60 + 1));
    rule.cool_down = mins(cool_down % 5);
    if flags & 8 == 0 {
        rule.anchor = Anchor::Now;
    }
    parts.until = (flags & 16 == 0).then(|| at(61 + until % 120));
    parts.hours = (flags & 32 == 0).then(|| open_daily(9, 11));
    if flags & 192 == 0 {
        parts.past_close = PastClose::Allow;
    }
    parts
}

/// The rule of a flow that came after it, and whose rules it says govern.
fn after(numbers: &[u64; 9], flags: u64) -> Parts {
    let mut parts = bounded(numbers);
    if flags & 1 == 0 {
        let by = DecidedBy::Steps(decided(vec![step("boss", &["group:boss"])]));
        let (bridge, decide_within) = ((flags & 2 == 0).then(|| mins(9)), (flags & 4 == 0).then(|| mins(6)));
        rule(&mut parts).approval = ExtensionApproval::Decided { first: 1, bridge, decide_within, by };
    }
    rule(&mut parts).governed_by =
        [GovernedBy::Stricter, GovernedBy::Stricter, GovernedBy::Granted, GovernedBy::Today]
            [usize::try_from(flags / 8 % 4).unwrap()];
    parts
}

/// The end of `x`, or the one that is asked.
fn asked_end(tenant: &Tenant) -> crate::time::Timestamp {
    let active = tenant.active("x");
    active.asked.as_ref().map_or(active.end, |asked| asked.end)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(64), failure_persistence: None, ..Default::default() })]

    #[test]
    fn an_offer_is_what_one_click_then_does(
        numbers in any::<[u16; 9]>(),
        later in prop::option::of(any::<([u16; 9], u64)>()),
        waits in any::<[u32; 3]>(),
    ) {
        let numbers = numbers.map(u64::from);
        let mut tenant = Tenant::new([bounded(&numbers)]);
        tenant.asks(&alice(), asking("f", "x", &["pg/a/read"], 10 + numbers[8] % 60));
        if let Some((later, flags)) = later {
            tenant.publish([after(&later.map(u64::from), flags)]);
        }
        for wait in waits {
            tenant.later(Span::millis(u64::from(wait) % (40 * 60_000)));
            let offer = tenant.offer("x", &alice()).unwrap();
            let mut clicked = tenant.clone();
            let refused = clicked.ask(&alice(), Verb::Extend(extend("x"))).err();
            prop_assert_eq!(&offer.refused, &refused);
            prop_assert_eq!(offer.allowed, refused.is_none());
            if !offer.allowed {
                continue;
            }
            let (min, default, max) = (offer.min.unwrap(), offer.default.unwrap(), offer.max.unwrap());
            prop_assert!(min <= default && default <= max, "{offer:?}");
            let spans = [(min, true), (default, true), (max, true), (min.less(MS), false), (max.plus(MS), false)];
            for (span, passes) in spans {
                let mut tried = tenant.clone();
                let ask = crate::command::Extend { span: Some(span), ..extend("x") };
                let refused = tried.ask(&alice(), Verb::Extend(ask)).err();
                prop_assert_eq!(refused.is_none(), passes, "{} of {:?}: {:?}", span, offer, refused);
                let latest = offer.latest_end.filter(|_| passes);
                prop_assert!(latest.is_none_or(|latest| asked_end(&tried) <= latest));
                if span == default {
                    prop_assert_eq!(asked_end(&tried), asked_end(&clicked));
                }
            }
            let waits = clicked.active("x").asked.is_some();
            prop_assert_eq!(offer.needs.contains(&Need::Approval), waits);
            tenant = clicked;
            if waits && wait % 3 > 0 {
                tenant.later(Span::millis(u64::from(wait) % (15 * 60_000)));
                // It may have lapsed by now, and the grant with it.
                let _ = tenant.ask(&bob(), Verb::ApproveExtension(decide("x")));
            }
        }
    }
}
