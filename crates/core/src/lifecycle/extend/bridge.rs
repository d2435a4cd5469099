//! While an extension awaits its decision, access may run on past its end: so far, and no further.

use crate::command::{Extend, Verb};
use crate::effect::Order;
use crate::fixture::*;
use crate::flow::extension_rule::{Anchor, DecidedBy, ExtensionApproval};
use crate::refusal::Code;
use crate::time::Timestamp;

/// What an extension of `g1` meets: the end is at 60, and 30 minutes are asked for at 50.
struct Bridged {
    bridge: Option<u64>,
    within: Option<u64>,
    span: u64,
    total: Option<u64>,
    anchor: Anchor,
}

const SOUND: Bridged = Bridged { bridge: Some(10), within: None, span: 30, total: None, anchor: Anchor::End };

fn bridged(case: &Bridged) -> Tenant {
    let mut parts = automatic("db");
    parts.revoke_by = selectors(&["group:boss"]);
    let rule = rule(&mut parts);
    (rule.total, rule.anchor) = (case.total.map(mins), case.anchor);
    let by = DecidedBy::Steps(decided(vec![step("boss", &["group:boss"])]));
    let (bridge, decide_within) = (case.bridge.map(mins), case.within.map(mins));
    rule.approval = ExtensionApproval::Decided { first: 0, bridge, decide_within, by };
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    tenant.deliver("alice");
    tenant.at(50).ask(&alice(), asks(case.span)).unwrap();
    tenant
}

fn asks(minutes: u64) -> Verb {
    Verb::Extend(Extend { span: Some(mins(minutes)), ..extend("g1") })
}

fn says_yes(tenant: &mut Tenant) -> Option<Code> {
    tenant.code(&bob(), Verb::ApproveExtension(decide("g1")))
}

#[test]
fn access_is_held_as_far_as_the_bridge_the_asked_end_and_no_further() {
    let rows: &[(&str, Bridged, u64, u64)] = &[
        ("the bridge", SOUND, 70, 70),
        ("the asked end comes first", Bridged { bridge: Some(45), ..SOUND }, 90, 90),
        ("exactly as far as was asked", Bridged { bridge: Some(30), ..SOUND }, 90, 90),
        ("the total", Bridged { bridge: Some(45), total: Some(90), ..SOUND }, 90, 90),
        ("counted from now", Bridged { anchor: Anchor::Now, span: 15, ..SOUND }, 65, 65),
        ("no bridge", Bridged { bridge: None, ..SOUND }, 60, 60),
        ("decided before the end", Bridged { within: Some(5), ..SOUND }, 70, 55),
        ("decided past the end", Bridged { within: Some(15), ..SOUND }, 70, 65),
        ("decided no later than it is held", Bridged { within: Some(60), ..SOUND }, 70, 70),
        ("without one no later than the end", Bridged { within: Some(60), bridge: None, ..SOUND }, 60, 60),
    ];
    for (name, case, held_until, decide_by) in rows {
        let tenant = bridged(case);
        let view = tenant.look("g1");
        assert_eq!((view.ends_at, view.held_until), (Some(at(60)), Some(at(*held_until))), "{name}");
        assert_eq!(tenant.active("g1").asked.as_ref().unwrap().decide_by, at(*decide_by), "{name}");
        assert_eq!(tenant.holds("alice", "pg/a/read"), Some(at(*held_until)), "{name}");
        assert_eq!(tenant.grant("g1").over_by(), Some(at(*decide_by.max(&60))), "{name}");
    }
}

#[test]
fn targets_are_told_of_the_bridge_when_it_is_asked() {
    for (bridge, told) in
        [(Some(10), &["adjust", "notify:extension_wanted"][..]), (None, &["notify:extension_wanted"])]
    {
        let mut tenant = bridged(&Bridged { bridge, ..SOUND });
        let asked = tenant.of("g1").find(|event| event.happened.name() == "extension_asked").unwrap().clone();
        assert_eq!(effects(&[asked]), told);
        let until = tenant.deliver("alice").into_iter().find_map(|handed| match handed.order {
            Order::Hold { items, .. } => items.first().map(|held| held.until),
            Order::Remove { .. } | Order::Rotate { .. } | Order::Tell { .. } => None,
        });
        assert_eq!(until, bridge.map(|_| at(70)));
    }
}

#[test]
fn the_next_step_is_awaited_without_telling_the_targets_again() {
    let mut parts = automatic("db");
    let by = DecidedBy::Steps(decided(vec![step("a", &["group:boss"]), step("b", &["group:second"])]));
    rule(&mut parts).approval =
        ExtensionApproval::Decided { first: 0, bridge: Some(mins(10)), decide_within: None, by };
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    tenant.at(50).ask(&alice(), asks(30)).unwrap();
    let first = tenant.at(65).ask(&bob(), Verb::ApproveExtension(decide("g1"))).unwrap();
    assert_eq!(effects(&first.events), ["notify:extension_wanted"]);
    let last =
        tenant.at(69).ask(&member("carol", &["second"]), Verb::ApproveExtension(decide("g1"))).unwrap();
    assert_eq!(effects(&last.events), ["adjust", "notify:extended"]);
    assert_eq!(tenant.active("g1").end, at(90));
}

/// One moment: before, at, or after minute so and so.
fn about(minute: u64, off: i8) -> Timestamp {
    match off {
        ..0 => at(minute).minus(MS),
        0 => at(minute),
        1.. => at(minute).plus(MS),
    }
}

#[test]
fn approved_in_time_the_end_becomes_what_was_asked_also_after_the_end() {
    for (moment, code) in [
        (about(60, -1), None),
        (about(60, 0), None),
        (about(60, 1), None),
        (about(70, -1), None),
        (about(70, 0), Some(Code::GrantExpired)),
        (about(70, 1), Some(Code::GrantExpired)),
    ] {
        let mut tenant = bridged(&SOUND);
        tenant.clock = moment;
        assert_eq!(says_yes(&mut tenant), code, "{moment}");
        if code.is_none() {
            let view = tenant.look("g1");
            assert_eq!((view.ends_at, view.held_until), (Some(at(90)), Some(at(90))), "{moment}");
            assert_eq!((view.extensions.used, view.extensions.pending), (1, 0));
            assert_eq!(tenant.active("g1").reminders, [at(75), at(85)], "of the new end");
        } else {
            assert_eq!((tenant.closed("g1").at, tenant.closed("g1").end), (at(70), Some(at(60))));
        }
    }
}

#[test]
fn denied_before_the_end_it_lives_on_and_after_the_end_it_is_over() {
    let over = ["extension_denial_given", "extension_denied", "expired"];
    let over_effects = ["notify:decided", "deprovision", "notify:ended"];
    for (moment, events, told, closes) in [
        (about(60, -1), &over[..2], &["adjust", "notify:decided"][..], false),
        (about(60, 0), &over[..], &over_effects[..], true),
        (about(60, 1), &over[..], &over_effects[..], true),
        (about(70, -1), &over[..], &over_effects[..], true),
    ] {
        let mut tenant = bridged(&SOUND);
        tenant.deliver("alice");
        tenant.clock = moment;
        let denied = tenant.ask(&bob(), Verb::DenyExtension(decide("g1"))).unwrap();
        assert_eq!(
            (names(&denied.events), effects(&denied.events).as_slice()),
            (events.to_vec(), &*strings(told))
        );
        assert!(denied.events.iter().all(|event| event.at == moment), "{moment}");
        assert_eq!(tenant.grant("g1").is_closed(), closes, "{moment}");
        if closes {
            let closed = tenant.closed("g1");
            assert_eq!((closed.outcome.as_str(), closed.at, closed.end), ("expired", moment, Some(at(60))));
            let view = tenant.look("g1");
            assert_eq!((view.ends_at, view.closed_at), (Some(at(60)), Some(moment)));
        } else {
            assert_eq!(tenant.look("g1").held_until, Some(at(60)));
            tenant.at(60).system(settle("alice")).unwrap();
            assert_eq!(tenant.closed("g1").at, at(60));
        }
        assert!(tenant.at(70).holds("alice", "pg/a/read").is_none());
    }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn what_nobody_decides_lapses_and_past_the_end_takes_the_grant_with_it() {
    let rows: &[(&str, Bridged, u64, u64, &[&str])] = &[
        ("before the end", Bridged { within: Some(5), ..SOUND }, 55, 60, &["adjust", "notify:decided"]),
        ("at the end", Bridged { within: Some(10), ..SOUND }, 60, 60, &["notify:decided"]),
        ("past the end", Bridged { within: Some(15), ..SOUND }, 65, 65, &["notify:decided"]),
        ("with the bridge", SOUND, 70, 70, &["notify:decided"]),
        ("without a bridge", Bridged { bridge: None, ..SOUND }, 60, 60, &["notify:decided"]),
        (
            "without a bridge, early",
            Bridged { bridge: None, within: Some(5), ..SOUND },
            55,
            60,
            &["notify:decided"],
        ),
    ];
    for (name, case, lapses, closes, told) in rows {
        for swept in [*lapses, *closes, 5_000] {
            let mut tenant = bridged(case);
            tenant.at(swept).system(settle("alice")).unwrap();
            tenant.at(5_001).system(settle("alice")).unwrap();
            let lapse = tenant.of("g1").find(|event| event.happened.name() == "extension_lapsed").unwrap();
            assert_eq!(
                (lapse.at, effects(std::slice::from_ref(lapse))),
                (at(*lapses), strings(told)),
                "{name}"
            );
            let closed = tenant.closed("g1");
            assert_eq!((closed.at, closed.end), (at(*closes), Some(at(60))), "{name}");
            assert_eq!(tenant.history("g1").last(), Some(&"expired"), "{name}");
        }
        let held = |minute: Timestamp| {
            let mut tenant = bridged(case);
            tenant.clock = minute;
            tenant.holds("alice", "pg/a/read").is_some()
        };
        assert!(held(at(*closes).minus(MS)) && !held(at(*closes)), "{name}");
    }
}

#[test]
fn while_it_is_carried_it_may_be_given_back_or_revoked_and_not_extended_again() {
    for (actor, verb, outcome) in [(alice(), give_back("g1"), "given_back"), (bob(), revoke("g1"), "revoked")]
    {
        let mut tenant = bridged(&SOUND);
        tenant.deliver("alice");
        tenant.at(65);
        assert_eq!(tenant.code(&alice(), asks(30)), Some(Code::ExtensionPending));
        let offer = tenant.offer("g1", &alice()).unwrap();
        assert_eq!(offer.refused.map(|refusal| refusal.code), Some(Code::ExtensionPending));
        assert_eq!((offer.ends_at, offer.left, offer.opens_at), (Some(at(60)), 1, None));
        let ended = tenant.ask(&actor, verb).unwrap();
        assert_eq!(effects(&ended.events), ["notify:decided", "deprovision", "notify:ended"]);
        let closed = tenant.closed("g1");
        assert_eq!((closed.outcome.as_str(), closed.at, closed.end), (outcome, at(65), Some(at(60))));
        let told = tenant.deliver("alice").into_iter().find_map(|handed| match handed.order {
            Order::Tell { notice: crate::effect::Notice::Ended, ends, .. } => ends,
            Order::Tell { .. } | Order::Hold { .. } | Order::Remove { .. } | Order::Rotate { .. } => None,
        });
        assert_eq!(told, Some(at(65)), "the notice speaks of the instant at which access ended");
    }
}

#[test]
fn reminders_follow_the_end_and_not_the_bridge() {
    let mut tenant = bridged(&SOUND);
    tenant.at(69).system(settle("alice")).unwrap();
    let reminded: Vec<Timestamp> =
        tenant.of("g1").filter(|event| event.happened.name() == "reminded").map(|event| event.at).collect();
    assert_eq!(reminded, [at(45), at(55)]);
}

#[test]
fn what_a_bridge_still_carries_keeps_an_item_until_the_bridge_is_over() {
    let mut tenant = bridged(&SOUND);
    let ask = crate::command::Request { span: Some(mins(15)), ..request("db", "g2", &["pg/a/read"]) };
    tenant.asks(&alice(), ask);
    tenant.deliver("alice");
    tenant.at(65).system(settle("alice")).unwrap();
    let event = tenant.of("g2").find(|event| event.happened.name() == "expired").unwrap();
    let crate::event::Happened::Expired(ended) = &event.happened else { panic!("it expired") };
    let kept: Vec<_> = ended.kept.iter().map(|kept| (kept.by.as_str(), kept.until)).collect();
    assert_eq!(kept, [("g1", at(70))]);
    assert_eq!(tenant.holds("alice", "pg/a/read"), Some(at(70)));
    assert_eq!(removed(&tenant.deliver("alice")), Vec::<String>::new());
    tenant.at(70).system(settle("alice")).unwrap();
    assert_eq!(removed(&tenant.deliver("alice")), ["pg/database/a/read"]);
}

#[test]
fn at_the_instant_at_which_its_decision_is_due_it_keeps_nothing() {
    let mut tenant = bridged(&Bridged { within: Some(15), ..SOUND });
    let short =
        |id: &str| crate::command::Request { span: Some(mins(15)), ..request("db", id, &["pg/a/read"]) };
    tenant.asks(&alice(), short("g0"));
    tenant.deliver("alice");
    tenant.at(65).system(settle("alice")).unwrap();
    for id in ["g0", "g1"] {
        let event = tenant.of(id).find(|event| event.happened.name() == "expired").unwrap();
        assert_eq!(
            (event.at, event.happened == crate::event::Happened::Expired(Default::default())),
            (at(65), true)
        );
    }
}

#[test]
fn others_count_a_bridged_grant_as_long_as_it_runs_and_no_longer() {
    for (within, minute, free) in [
        (None, 69, false),
        (None, 70, true),
        (Some(15), 64, false),
        (Some(15), 65, true),
        (Some(5), 60, true),
    ] {
        let mut tenant = bridged(&Bridged { within, ..SOUND });
        let mut today = automatic("db");
        today.limits.open_total = Some(1);
        tenant.publish([today]);
        tenant.at(minute);
        let dave = member("dave", &["sre"]);
        let code = tenant.code(&dave, Verb::Request(Box::new(request("db", "g9", &["pg/b/read"]))));
        assert_eq!(code, (!free).then_some(Code::LimitOpenTotal), "{within:?} {minute}");
    }
}

#[test]
fn a_flow_that_was_withdrawn_carries_to_the_bridge_and_grants_nothing() {
    let mut tenant = bridged(&SOUND);
    tenant.publish([]);
    assert_eq!(says_yes(tenant.at(65)), Some(Code::FlowWithdrawn));
    assert_eq!(tenant.holds("alice", "pg/a/read"), Some(at(70)));
    assert_eq!(tenant.code(&bob(), Verb::DenyExtension(decide("g1"))), None);
    assert_eq!(tenant.closed("g1").at, at(65));
}

#[test]
fn a_bridge_says_what_was_asked_under_and_not_what_is_published_later() {
    let mut tenant = bridged(&SOUND);
    let mut today = automatic("db");
    rule(&mut today).total = Some(mins(61));
    tenant.publish([today]);
    assert_eq!(says_yes(tenant.at(69)), None, "approvers approve the instant that was asked");
    assert_eq!(tenant.active("g1").end, at(90));
    assert_eq!(tenant.code(&alice(), asks(5)), Some(Code::ExtensionOverTotal));
}
