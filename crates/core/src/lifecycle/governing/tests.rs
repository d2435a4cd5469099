use crate::command::{Extend, Verb};
use crate::fixture::*;
use crate::flow::approval_rule::{Approval, Decided, Order, Tier};
use crate::flow::extension_rule::{Anchor, DecidedBy, ExtensionApproval, GovernedBy};
use crate::flow::hours::PastClose;
use crate::flow::requirement::Pattern;
use crate::flow::{OwnRequests, Parts};
use crate::grant::Under;
use crate::lifecycle::quorum::Quorum;
use crate::person::Person;
use crate::refusal::{Code, WouldPass};
use crate::time::{Span, Timestamp};

type Change = fn(&mut Parts);

/// Alice's `g1`, from nine to ten, asked under the one; since a minute later the other is in force and says
/// that the stricter of both holds.
fn between(granted: Change, today: Change) -> Tenant {
    let mut before = automatic("db");
    granted(&mut before);
    let mut tenant = Tenant::new([before]);
    let mut ask = request("db", "g1", &["pg/a/read"]);
    ask.reason = Some("INC-7".to_owned());
    tenant.asks(&alice(), ask);
    let mut after = automatic("db");
    rule(&mut after).governed_by = GovernedBy::Stricter;
    today(&mut after);
    tenant.at(1).publish([after]);
    tenant
}

fn click(tenant: &mut Tenant) -> Option<Code> {
    tenant.code(&alice(), Verb::Extend(extend("g1")))
}

fn by_span(span: Span) -> Verb {
    Verb::Extend(Extend { span: Some(span), ..extend("g1") })
}

const NOTHING: Change = |_| ();

/// What one revision says more, whichever it is, and what then comes of a click of 40 minutes at that minute.
const ROWS: &[(&str, Change, u64, Result<u64, Code>)] = &[
    ("nothing", NOTHING, 10, Ok(100)),
    ("times", |parts| rule(parts).times = 1, 10, Ok(100)),
    ("a shorter longest", |parts| rule(parts).span.max = mins(39), 10, Err(Code::ExtensionTooLong)),
    (
        "a longer shortest",
        |parts| (rule(parts).span.min, rule(parts).span.default) = (mins(41), mins(41)),
        10,
        Err(Code::ExtensionTooShort),
    ),
    ("a total", |parts| rule(parts).total = Some(mins(100).less(MS)), 10, Err(Code::ExtensionOverTotal)),
    ("a total that is enough", |parts| rule(parts).total = Some(mins(100)), 10, Ok(100)),
    ("an until", |parts| parts.until = Some(at(99)), 10, Err(Code::ExtensionOverTotal)),
    ("an until that is late enough", |parts| parts.until = Some(at(100)), 10, Ok(100)),
    ("a window", |parts| rule(parts).window = Some(mins(40)), 10, Err(Code::ExtensionTooEarly)),
    ("a window that is open", |parts| rule(parts).window = Some(mins(50)), 10, Ok(100)),
    ("counted from now", |parts| rule(parts).anchor = Anchor::Now, 30, Ok(70)),
    (
        "counted from now, without gain",
        |parts| rule(parts).anchor = Anchor::Now,
        20,
        Err(Code::ExtensionNoGain),
    ),
    ("hours", |parts| parts.hours = Some(open_daily(9, 10)), 10, Err(Code::HoursClosed)),
    ("hours that are wide enough", |parts| parts.hours = Some(open_daily(9, 12)), 10, Ok(100)),
    (
        "hours that may be passed",
        |parts| (parts.hours, parts.past_close) = (Some(open_daily(9, 10)), PastClose::Allow),
        10,
        Ok(100),
    ),
    ("a condition of the flow", |parts| parts.when = vec![named(later())], 10, Err(Code::ConditionUnmet)),
    ("a condition that holds by now", |parts| parts.when = vec![named(later())], 30, Ok(100)),
    (
        "a condition of the extension",
        |parts| rule(parts).when = Some(cannot_tell()),
        10,
        Err(Code::ConditionFailed),
    ),
    ("a reason", |parts| rule(parts).reason.required = true, 10, Err(Code::ReasonMissing)),
    ("a login", |parts| rule(parts).mfa = Some(fresh_login()), 10, Err(Code::MfaStale)),
    ("another scope", |parts| parts.what = vec![target("pg")], 10, Ok(100)),
];

/// It holds when access is asked for, and when twenty minutes are over.
fn later() -> std::sync::Arc<dyn crate::flow::condition::Condition> {
    says("later", |facts| Ok(facts.ask.now == at(0) || facts.ask.now >= at(20)))
}

#[test]
fn the_stricter_of_two_revisions_holds_whichever_it_is() {
    for (what, stricter, minute, expected) in ROWS {
        for (granted, today) in [(*stricter, NOTHING), (NOTHING, *stricter), (*stricter, *stricter)] {
            let mut tenant = between(granted, today);
            let refused = tenant.at(*minute).code(&alice(), by_span(mins(40)));
            assert_eq!(refused, expected.err(), "{what}");
            let end = tenant.active("g1").end;
            assert_eq!(end, at(expected.unwrap_or(60)), "{what}");
        }
    }
}

#[test]
fn what_only_one_says_is_not_lost_in_the_order_of_checks() {
    let (long, short): (Change, Change) = (|parts| rule(parts).times = 3, |parts| rule(parts).times = 1);
    for (granted, today) in [(long, short), (short, long)] {
        let mut tenant = between(granted, today);
        assert_eq!(tenant.look("g1").extensions.left, 1);
        assert_eq!(tenant.offer("g1", &alice()).unwrap().left, 1);
        assert_eq!(click(&mut tenant), None);
        let refusal = tenant.refused(&alice(), Verb::Extend(extend("g1")));
        assert_eq!(
            (refusal.code, refusal.details.get("times")),
            (Code::ExtensionUsedUp, Some(&1_u32.into()))
        );
    }
}

#[test]
fn the_default_is_the_smaller_brought_into_the_bounds_of_both() {
    let rows: [(Change, Change, Option<u64>); 4] = [
        (|parts| rule(parts).span.default = mins(10), NOTHING, Some(10)),
        (|parts| rule(parts).span.default = mins(10), |parts| rule(parts).span.min = mins(20), Some(20)),
        (|parts| rule(parts).span.max = mins(30), |parts| rule(parts).span.default = mins(50), Some(30)),
        (
            |parts| (rule(parts).span.default, rule(parts).span.max) = (mins(10), mins(15)),
            |parts| (rule(parts).span.min, rule(parts).span.default) = (mins(20), mins(30)),
            None,
        ),
    ];
    for (granted, today, default) in rows {
        let mut tenant = between(granted, today);
        let offer = tenant.offer("g1", &alice()).unwrap();
        assert_eq!(offer.default, default.map(mins));
        assert_eq!(click(&mut tenant), default.is_none().then_some(Code::ExtensionTooShort));
        assert_eq!(tenant.active("g1").end, at(60 + default.unwrap_or(0)));
    }
}

#[test]
fn the_longer_pause_and_the_shorter_window_hold() {
    let slow: Change = |parts| rule(parts).cool_down = mins(15);
    for (granted, today) in [(slow, NOTHING), (NOTHING, slow)] {
        let mut tenant = between(granted, today);
        assert_eq!(click(tenant.at(10)), None);
        tenant.clock = at(25).minus(MS);
        assert_eq!(click(&mut tenant), Some(Code::ExtensionTooSoon));
        assert_eq!(click(tenant.at(25)), None);
    }
}

#[test]
fn a_revision_that_allows_no_extension_allows_none() {
    let none: Change = |parts| parts.extension = None;
    assert_eq!(click(&mut between(none, NOTHING)), Some(Code::ExtensionNotAllowed));
    assert_eq!(between(none, NOTHING).look("g1").extensions.left, 0);
    assert_eq!(click(&mut between(NOTHING, none)), Some(Code::ExtensionNotAllowed));
}

#[test]
fn under_one_revision_nothing_is_asked_for_twice() {
    let mut parts = automatic("db");
    rule(&mut parts).governed_by = GovernedBy::Stricter;
    rule(&mut parts).approval = extension_by(&["group:boss"]);
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    assert_eq!(click(&mut tenant), None);
    assert_eq!(tenant.active("g1").asked.as_ref().unwrap().under, Under::Governing);
    assert_eq!(says_yes(&mut tenant, &bob()), None);
    assert_eq!(tenant.active("g1").end, at(90));
}

#[test]
fn who_may_ask_hold_and_extend_is_named_by_both() {
    let carol = member("carol", &["boss", "sre"]);
    let ask = || Verb::Extend(Extend { holder: Some(alice()), ..extend("g1") });
    let (boss, chief): (Change, Change) = (
        |parts| rule(parts).others = selectors(&["group:boss"]),
        |parts| rule(parts).others = selectors(&["group:chief"]),
    );
    for (granted, today, code) in [
        (boss, boss, None),
        (boss, chief, Some(Code::ExtensionNotHolder)),
        (chief, boss, Some(Code::ExtensionNotHolder)),
        (boss, NOTHING, Some(Code::ExtensionNotHolder)),
        (NOTHING, boss, Some(Code::ExtensionNotHolder)),
    ] {
        assert_eq!(between(granted, today).code(&carol, ask()), code);
    }
    let rows: [(Change, Code); 3] = [
        (|parts| parts.who.any = selectors(&["group:dba"]), Code::PersonNotEligible),
        (|parts| parts.what = vec![target("aws")], Code::ScopeNotInFlow),
        (
            |parts| parts.requesters.own = OwnRequests::Only(selectors(&["user:bob"])),
            Code::RequesterNotAllowed,
        ),
    ];
    for (today, code) in rows {
        assert_eq!(click(&mut between(NOTHING, today)), Some(code));
    }
    // Alice was a dba when she asked, and is none any more.
    let mut parts = automatic("db");
    parts.who.any = selectors(&["group:dba"]);
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&member("alice", &["dba"]), request("db", "g1", &["pg/a/read"]));
    let mut today = automatic("db");
    rule(&mut today).governed_by = GovernedBy::Stricter;
    tenant.publish([today.clone()]);
    assert_eq!(click(&mut tenant), Some(Code::PersonNotEligible));
    rule(&mut today).governed_by = GovernedBy::Today;
    tenant.publish([today]);
    assert_eq!(click(&mut tenant), None);
}

#[test]
fn what_must_be_brought_fits_both() {
    let mut tenant = between(
        |parts| rule(parts).reason.pattern = Some(Pattern::new("^INC").unwrap()),
        |parts| rule(parts).reason.min_length = 8,
    );
    let mut with = |reason: &str| {
        tenant.code(&alice(), Verb::Extend(Extend { reason: Some(reason.to_owned()), ..extend("g1") }))
    };
    assert_eq!(with("INC-7"), Some(Code::ReasonMalformed));
    assert_eq!(with("not done yet"), Some(Code::ReasonMalformed));
    assert_eq!(with("INC-7 again"), None);
}

#[test]
fn hours_of_both_are_open_at_once_and_the_next_opening_is_one_of_both() {
    let (early, late): (Change, Change) =
        (|parts| parts.hours = Some(open_daily(8, 12)), |parts| parts.hours = Some(open_daily(11, 15)));
    for (granted, today) in [(early, late), (late, early)] {
        let mut parts = automatic("db");
        granted(&mut parts);
        parts.duration.default = mins(240);
        let mut tenant = Tenant::new([parts]);
        tenant.at(130);
        tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
        let mut after = automatic("db");
        rule(&mut after).governed_by = GovernedBy::Stricter;
        today(&mut after);
        tenant.publish([after]);
        assert_eq!(tenant.at(170).offer("g1", &alice()).unwrap().latest_end, Some(at(180)), "closed at noon");
        let refusal = tenant.refused(&alice(), by_span(mins(30)));
        assert_eq!(refusal.code, Code::HoursClosed);
        let ends = tenant.active("g1").end;
        if ends > at(180) {
            let refusal = tenant.at(180).refused(&alice(), by_span(mins(30)));
            assert_eq!(
                refusal.details.get("opens_at"),
                Some(&at(24 * 60 + 120).into()),
                "tomorrow at eleven"
            );
        }
    }
}

#[test]
fn hours_that_never_open_together_name_no_opening() {
    let mut tenant = between(
        |parts| parts.hours = Some(open_daily(9, 12)),
        |parts| parts.hours = Some(open_daily(13, 15)),
    );
    let refusal = tenant.refused(&alice(), by_span(mins(30)));
    assert_eq!((refusal.code, refusal.would_pass), (Code::HoursClosed, None));
    assert_eq!(refusal.details.get("opens_at"), None);
}

#[test]
fn hours_past_which_one_revision_lets_nothing_run_are_those_of_both() {
    let wide: Change = |parts| (parts.hours, parts.past_close) = (Some(open_daily(9, 12)), PastClose::Refuse);
    let narrow: Change =
        |parts| (parts.hours, parts.past_close) = (Some(open_daily(9, 11)), PastClose::Allow);
    for (granted, today) in [(wide, narrow), (narrow, wide)] {
        let mut tenant = between(granted, today);
        assert_eq!(tenant.code(&alice(), by_span(mins(60))), None);
        let refusal = tenant.refused(&alice(), by_span(mins(10)));
        assert_eq!((refusal.code, refusal.would_pass), (Code::HoursClosed, None));
        assert_eq!(refusal.details.get("latest_end"), Some(&at(120).into()));
    }
    let mut tenant = between(narrow, NOTHING);
    assert_eq!(tenant.code(&alice(), by_span(mins(60))), None);
    assert_eq!(tenant.code(&alice(), by_span(mins(60))), None, "no hours of the other's own");
}

fn says_yes(tenant: &mut Tenant, person: &Person) -> Option<Code> {
    tenant.code(person, Verb::ApproveExtension(decide("g1")))
}

/// An approval of extensions: how many are free, for how long it is bridged and decided, and by whom.
fn asking(parts: &mut Parts, first: u32, bridge: Option<u64>, within: Option<u64>, approvers: &[&str]) {
    let by = DecidedBy::Steps(decided(vec![step(approvers[0], approvers)]));
    let (bridge, decide_within) = (bridge.map(mins), within.map(mins));
    rule(parts).approval = ExtensionApproval::Decided { first, bridge, decide_within, by };
}

fn lee() -> Person {
    member("lee", &["lead"])
}

#[test]
fn both_decide_the_promised_steps_first() {
    let mut tenant = between(
        |parts| asking(parts, 0, None, None, &["group:lead"]),
        |parts| asking(parts, 0, None, None, &["group:boss"]),
    );
    assert_eq!(click(&mut tenant), None);
    assert_eq!(tenant.active("g1").asked.as_ref().unwrap().under, Under::Both);
    let told = tenant.of("g1").last().unwrap().clone();
    assert_eq!(effects(&[told]), ["notify:extension_wanted"]);
    assert_eq!(says_yes(&mut tenant, &bob()), Some(Code::ApprovalNotAwaited));
    assert_eq!(says_yes(&mut tenant, &lee()), None);
    assert_eq!(tenant.active("g1").end, at(60));
    tenant.publish([]);
    assert_eq!(says_yes(&mut tenant, &bob()), Some(Code::FlowWithdrawn), "the flow must be there");
    assert_eq!(tenant.code(&bob(), Verb::DenyExtension(decide("g1"))), None);
}

#[test]
fn what_was_asked_of_both_stays_so_whatever_is_published() {
    let mut tenant = between(
        |parts| asking(parts, 0, None, None, &["group:lead"]),
        |parts| asking(parts, 0, None, None, &["group:boss"]),
    );
    assert_eq!(click(&mut tenant), None);
    tenant.publish([automatic("db")]);
    assert_eq!(says_yes(&mut tenant, &lee()), None);
    assert_eq!(says_yes(&mut tenant, &bob()), None);
    assert_eq!(tenant.active("g1").end, at(90));
}

#[test]
fn what_both_ask_for_in_the_same_words_is_asked_once() {
    let lead: Change = |parts| asking(parts, 0, None, None, &["group:lead"]);
    let mut tenant = between(lead, |parts| {
        asking(parts, 0, None, Some(5), &["group:lead"]);
        rule(parts).times = 7;
    });
    assert_eq!(click(&mut tenant), None);
    assert_eq!(says_yes(&mut tenant, &lee()), None);
    assert_eq!(tenant.active("g1").end, at(90));
    let changes: [fn(&mut Decided); 6] = [
        |decided| decided.lists[0][0].needed = 2,
        |decided| decided.lists[0][0].reason = true,
        |decided| decided.lists[0][0].when = Some(says("always", |_| Ok(true))),
        |decided| decided.lists[0][0].mfa = Some(fresh_login()),
        |decided| decided.lists[0][0].approvers = selectors(&["group:lead", "user:x"]),
        |decided| decided.lists[0][0].escalate = vec![Tier { after: mins(1), to: selectors(&["user:x"]) }],
    ];
    let one = decided(vec![step("lead", &["group:lead"])]);
    for (number, change) in changes.into_iter().enumerate() {
        let mut other = one.clone();
        change(&mut other);
        assert_eq!(lists(&one, &other), [2], "change {number}");
    }
    assert_eq!(lists(&one, &one), [1]);
}

/// How long each list of both is.
fn lists(granted: &Decided, today: &Decided) -> Vec<usize> {
    merged(granted, today).2
}

fn merged(granted: &Decided, today: &Decided) -> (Order, u32, Vec<usize>) {
    let [one, other] = [granted, today].map(|decided| {
        let mut parts = parts("db");
        parts.approval = Approval::Decided(decided.clone());
        flow(parts)
    });
    let of = Quorum::of(&one, granted).and(Quorum::of(&other, today));
    (of.order, of.denials, of.lists.iter().map(Vec::len).collect())
}

#[test]
fn of_several_lists_every_pair_suffices() {
    let mut several = decided(vec![step("a", &["group:a"])]);
    several.lists.push(vec![step("b", &["group:b"]), step("c", &["group:c"])]);
    let mut other = decided(vec![step("d", &["group:d"])]);
    other.lists.push(vec![step("a", &["group:a"])]);
    assert_eq!(lists(&several, &other), [2, 1, 3, 3], "a and d, a alone, b c and d, b c and a");
    assert_eq!(lists(&several, &several), [1, 2]);
}

#[test]
fn the_smaller_number_of_denials_and_the_stricter_order_hold() {
    let one = decided(vec![step("a", &["group:a"])]);
    let mut other = decided(vec![step("b", &["group:b"])]);
    (other.denials, other.order) = (2, Order::Any);
    assert_eq!(merged(&one, &other), (Order::InTurn, 1, vec![2]));
    assert_eq!(merged(&other, &one), (Order::InTurn, 1, vec![2]));
    assert_eq!(merged(&other, &other), (Order::Any, 2, vec![1]));
}

/// When the extension asked at 50 is decided at the latest, and until when it is bridged.
fn awaited(granted: Change, today: Change) -> Option<(Under, Timestamp, Option<Timestamp>)> {
    let mut tenant = between(granted, today);
    assert_eq!(click(tenant.at(50)), None);
    let asked = tenant.active("g1").asked.clone()?;
    Some((asked.under, asked.decide_by, asked.bridge))
}

#[test]
fn the_smaller_bridge_and_the_smaller_time_to_decide_hold() {
    type Expected = Option<(Under, u64, Option<u64>)>;
    let rows: &[(Change, Change, Expected)] = &[
        (NOTHING, NOTHING, None),
        (
            |parts| asking(parts, 0, Some(10), None, &["group:lead"]),
            |parts| asking(parts, 0, Some(20), None, &["group:boss"]),
            Some((Under::Both, 70, Some(70))),
        ),
        (
            |parts| asking(parts, 0, Some(20), Some(8), &["group:lead"]),
            |parts| asking(parts, 0, Some(5), Some(13), &["group:boss"]),
            Some((Under::Both, 58, Some(65))),
        ),
        (
            |parts| asking(parts, 0, Some(20), Some(12), &["group:lead"]),
            |parts| asking(parts, 0, None, None, &["group:boss"]),
            Some((Under::Both, 60, None)),
        ),
        (
            |parts| asking(parts, 0, None, Some(3), &["group:lead"]),
            |parts| asking(parts, 0, Some(20), None, &["group:boss"]),
            Some((Under::Both, 53, None)),
        ),
        (
            |parts| asking(parts, 0, Some(20), Some(12), &["group:lead"]),
            NOTHING,
            Some((Under::Granted, 62, Some(80))),
        ),
        (
            NOTHING,
            |parts| asking(parts, 0, Some(20), Some(12), &["group:lead"]),
            Some((Under::Governing, 62, Some(80))),
        ),
        (
            |parts| asking(parts, 1, Some(5), None, &["group:lead"]),
            |parts| asking(parts, 0, Some(20), None, &["group:boss"]),
            Some((Under::Governing, 80, Some(80))),
        ),
        (
            |parts| asking(parts, 0, None, None, &["group:lead"]),
            |parts| asking(parts, 1, Some(20), None, &["group:boss"]),
            Some((Under::Granted, 60, None)),
        ),
        (
            |parts| asking(parts, 1, None, None, &["group:lead"]),
            |parts| asking(parts, 1, None, None, &["group:boss"]),
            None,
        ),
    ];
    for (number, (granted, today, expected)) in rows.iter().enumerate() {
        let expected = expected.map(|(under, decide_by, bridge)| (under, at(decide_by), bridge.map(at)));
        assert_eq!(awaited(*granted, *today), expected, "row {number}");
        let needs = !between(*granted, *today).at(50).offer("g1", &alice()).unwrap().needs.is_empty();
        assert_eq!(needs, expected.is_some(), "row {number}: the offer says that it needs approval");
    }
}

#[test]
fn only_those_decide_whose_revision_asks_for_it() {
    let mut tenant = between(
        |parts| asking(parts, 0, None, None, &["group:lead"]),
        |parts| asking(parts, 1, None, None, &["group:boss"]),
    );
    assert_eq!(click(&mut tenant), None);
    assert_eq!(says_yes(&mut tenant, &bob()), Some(Code::ApprovalNotApprover));
    assert_eq!(says_yes(&mut tenant, &lee()), None);
    assert_eq!(tenant.active("g1").end, at(90));
    assert_eq!(
        says_yes(&mut tenant, &bob()),
        Some(Code::ExtensionNotPending),
        "who would decide next is no stranger"
    );
    assert_eq!(says_yes(&mut tenant, &mallory()), Some(Code::ApprovalNotApprover));
    assert_eq!(click(&mut tenant), None);
    assert_eq!(says_yes(&mut tenant, &lee()), None);
    assert_eq!(tenant.active("g1").end, at(90), "the second one needs both");
    assert_eq!(says_yes(&mut tenant, &bob()), None);
    assert_eq!(tenant.active("g1").end, at(120));
}

#[test]
fn a_step_is_judged_in_the_hours_of_the_flow_that_asks_for_it() {
    let evening = || Some(says("hour is 18", |facts| Ok(facts.ask.hour == 18)));
    let mut tenant = between(NOTHING, NOTHING);
    let mut before = automatic("db");
    let by = DecidedBy::Steps(decided(vec![crate::flow::approval_rule::Step {
        when: evening(),
        ..step("lead", &["group:lead"])
    }]));
    rule(&mut before).approval =
        ExtensionApproval::Decided { first: 0, bridge: None, decide_within: None, by };
    before.hours = Some(open_in("Asia/Tokyo"));
    tenant.publish([before]);
    tenant.asks(&alice(), request("db", "g2", &["pg/b/read"]));
    let mut after = automatic("db");
    rule(&mut after).governed_by = GovernedBy::Stricter;
    after.hours = Some(open_in("UTC"));
    tenant.publish([after]);
    assert_eq!(tenant.code(&alice(), Verb::Extend(extend("g2"))), None);
    assert_eq!(
        tenant.code(&lee(), Verb::ApproveExtension(decide("g2"))),
        None,
        "it is six in the evening there"
    );
}

fn open_in(zone: &str) -> crate::flow::hours::Hours {
    use crate::flow::hours::{Hours, Opening};
    use chrono::{NaiveTime, Weekday};
    let days = vec![Weekday::Mon, Weekday::Tue];
    Hours::new(zone, vec![Opening { days, from: NaiveTime::MIN, to: NaiveTime::MIN }], Vec::new()).unwrap()
}

#[test]
fn a_refusal_names_what_both_leave() {
    let mut tenant =
        between(|parts| rule(parts).total = Some(mins(80)), |parts| rule(parts).span.max = mins(50));
    let refusal = tenant.refused(&alice(), by_span(mins(30)));
    assert_eq!(
        (refusal.code, refusal.would_pass),
        (Code::ExtensionOverTotal, Some(WouldPass::span(mins(20))))
    );
    let refusal = tenant.refused(&alice(), by_span(mins(51)));
    assert_eq!(refusal.details.get("max"), Some(&mins(50).into()));
    // Fifty minutes would be short enough, and over the total.
    assert_eq!((refusal.code, refusal.would_pass), (Code::ExtensionTooLong, Some(WouldPass::span(mins(20)))));
}
