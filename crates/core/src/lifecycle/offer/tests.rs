use crate::command::{Extend, Verb};
use crate::fixture::*;
use crate::flow::extension_rule::Anchor;
use crate::flow::{Parts, Quota};
use crate::offer::{Need, Offer};
use crate::refusal::Code;
use crate::time::Span;

fn running(change: impl FnOnce(&mut Parts)) -> Tenant {
    let mut parts = automatic("db");
    change(&mut parts);
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    tenant
}

fn offered(tenant: &Tenant) -> Offer {
    tenant.offer("g1", &alice()).unwrap()
}

#[test]
fn an_offer_says_what_a_button_needs() {
    let mut tenant = running(|parts| {
        rule(parts).total = Some(mins(110));
        rule(parts).reason.required = true;
        rule(parts).mfa = Some(fresh_login());
    });
    let offer = offered(tenant.at(50));
    assert!(offer.allowed && offer.refused.is_none());
    assert_eq!((offer.default, offer.min, offer.max), (Some(mins(30)), Some(mins(5)), Some(mins(50))));
    assert_eq!((offer.used, offer.left), (0, 2));
    assert_eq!((offer.latest_end, offer.ends_at), (Some(at(110)), Some(at(60))));
    assert_eq!(offer.needs.into_iter().collect::<Vec<_>>(), [Need::Reason, Need::Mfa]);
}

#[test]
fn nothing_bounds_the_end_and_none_is_named() {
    assert_eq!(offered(&running(|_| ())).latest_end, None);
}

#[test]
fn a_refused_offer_says_why_and_from_when() {
    let mut tenant = running(|parts| rule(parts).window = Some(mins(15)));
    let offer = offered(tenant.at(20));
    assert!(!offer.allowed);
    assert_eq!(offer.refused.map(|refusal| refusal.code), Some(Code::ExtensionTooEarly));
    assert_eq!((offer.opens_at, offer.default, offer.max), (Some(at(45)), None, None));
    assert!(offered(tenant.at(45)).allowed);
    let offer = offered(tenant.at(60));
    assert_eq!(offer.refused.map(|refusal| refusal.code), Some(Code::GrantExpired));
    assert!(!tenant.grant("g1").is_closed(), "a question writes nothing");
}

#[test]
fn an_approval_is_a_need() {
    let tenant = running(|parts| rule(parts).approval = extension_by(&["group:boss"]));
    let offer = offered(&tenant);
    assert!(offer.allowed && offer.needs.contains(&Need::Approval));
}

#[test]
fn a_stranger_learns_no_more_than_no() {
    let tenant = running(|parts| rule(parts).total = Some(mins(90)));
    let offer = tenant.offer("g1", &mallory()).unwrap();
    assert_eq!(offer.refused.map(|refusal| refusal.code), Some(Code::ExtensionNotHolder));
    assert_eq!((offer.allowed, offer.used, offer.left), (false, 0, 0));
    assert_eq!((offer.latest_end, offer.ends_at, offer.max), (None, None, None));
    assert_eq!(tenant.offer("nothing", &alice()).unwrap_err().code, Code::GrantUnknown);
}

/// What an offer says is what `extend` then does: at every minute, under every rule that bounds a span.
#[test]
fn an_offer_and_the_extension_agree() {
    let rules: [fn(&mut Parts); 7] = [
        |_| (),
        |parts| rule(parts).total = Some(mins(83)),
        |parts| parts.until = Some(at(77)),
        |parts| parts.hours = Some(open_daily(8, 11)),
        |parts| rule(parts).window = Some(mins(20)),
        |parts| rule(parts).cool_down = mins(7),
        |parts| parts.limits.extensions = Some(Quota { times: 2, per: mins(44) }),
    ];
    for change in rules {
        for anchor in [Anchor::End, Anchor::Now] {
            let mut tenant = running(|parts| {
                change(parts);
                rule(parts).anchor = anchor;
                rule(parts).times = 9;
            });
            for minute in 0..130 {
                agrees(tenant.at(minute));
                if minute % 19 == 11 {
                    drop(tenant.ask(&alice(), Verb::Extend(extend("g1"))));
                }
            }
        }
    }
}

/// The default, the smallest and the largest span pass, and a millisecond beyond either is refused.
fn agrees(tenant: &Tenant) {
    let offer = offered(tenant);
    let extends = |span: Option<Span>| {
        let mut tenant = tenant.clone();
        let click = Extend { span, if_ends_at: offer.ends_at, ..extend("g1") };
        let refused = tenant.code(&alice(), Verb::Extend(click));
        let end = tenant.grant("g1").active().map(|active| active.end);
        if refused.is_some() { Err(refused) } else { Ok(end) }
    };
    if let Some(refusal) = &offer.refused {
        assert_eq!(extends(None), Err(Some(refusal.code)), "{}", tenant.clock);
        return;
    }
    assert!(offer.needs.is_empty());
    assert!(extends(None).is_ok());
    assert_eq!(extends(None), extends(offer.default), "the default is what one click gives");
    let (min, max) = (offer.min.unwrap(), offer.max.unwrap());
    assert!(extends(Some(min)).is_ok() && extends(Some(max)).is_ok(), "{min} and {max} at {}", tenant.clock);
    assert!(extends(Some(min.less(MS))).is_err() && extends(Some(max.plus(MS))).is_err());
    if let Some(latest) = offer.latest_end {
        assert!(extends(Some(max)).unwrap() <= Some(latest));
    }
}
