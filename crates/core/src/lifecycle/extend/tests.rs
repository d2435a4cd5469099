use std::collections::BTreeSet;

use crate::command::{Command, Extend, Verb};
use crate::fixture::*;
use crate::flow::approval_rule::Lane;
use crate::flow::beside::Beside;
use crate::flow::extension_rule::{Anchor, DecidedBy, ExtensionApproval, GovernedBy};
use crate::flow::hours::PastClose;
use crate::flow::requirement::Pattern;
use crate::flow::{OwnRequests, Parts, Quota};
use crate::person::{Actor, Person, Record};
use crate::refusal::{Code, Refusal, WouldPass};
use crate::time::{Span, Timestamp};

/// Alice holds `g1` from nine to ten; what happened before, today's flow and the click are broken by the rows.
struct Clicking {
    today: Parts,
    actor: Person,
    ask: Extend,
    context: Record,
    extended: bool,
    waiting: bool,
    given_back: bool,
    reused: bool,
    beside: Beside,
    holds_other: bool,
    minute: u64,
}

impl Case for Clicking {
    fn sound() -> Self {
        let mut ask = extend("g1");
        ask.reason = Some("INC-7".to_owned());
        let (today, actor, context) = (automatic("db"), alice(), Record::new());
        let (extended, waiting, given_back, reused) = (false, false, false, false);
        let (beside, holds_other, minute) = (Beside::default(), false, 10);
        Self {
            today,
            actor,
            ask,
            context,
            extended,
            waiting,
            given_back,
            reused,
            beside,
            holds_other,
            minute,
        }
    }

    fn scene(&self) -> (Tenant, Command) {
        let mut tenant = Tenant::new([automatic("db"), automatic("other")]);
        tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
        if self.holds_other {
            tenant.asks(&alice(), request("other", "g0", &["pg/a/read"]));
        }
        if self.extended {
            tenant.at(1).ask(&alice(), Verb::Extend(extend("g1"))).unwrap();
        }
        if self.waiting {
            let mut decided = automatic("db");
            rule(&mut decided).approval = extension_by(&["group:boss"]);
            tenant.at(2).publish([decided, automatic("other")]);
            tenant.ask(&alice(), Verb::Extend(extend("g1"))).unwrap();
        }
        if self.given_back {
            tenant.at(3).ask(&alice(), give_back("g1")).unwrap();
        }
        if self.reused {
            let other = Verb::Request(Box::new(request("db", "g2", &["pg/b/read"])));
            tenant.give(&command("click", &by(&alice()), other), tenant.clock).unwrap().unwrap();
        }
        tenant.at(4).publish_beside([self.today.clone(), automatic("other")], self.beside.clone());
        tenant.at(self.minute);
        let mut click = command("click", &by(&self.actor), Verb::Extend(self.ask.clone()));
        click.context.clone_from(&self.context);
        (tenant, click)
    }
}

const ROWS: &[Row<Clicking>] = &[
    (Code::CommandReused, |case| case.reused = true),
    (Code::GrantUnknown, |case| case.ask.grant = grant_id("nothing")),
    (Code::ExtensionNotHolder, |case| case.actor.id = person_id("mallory")),
    (Code::GrantNotActive, |case| case.given_back = true),
    (Code::GrantExpired, |case| case.minute = 1000),
    (Code::ExtensionStale, |case| case.ask.if_ends_at = Some(at(7))),
    (Code::FlowWithdrawn, |case| case.today.enabled = false),
    (Code::ExtensionNotAllowed, |case| case.today.extension = None),
    (Code::ExtensionUsedUp, |case| {
        case.extended = true;
        rule(&mut case.today).times = 1;
    }),
    (Code::RequesterNotAllowed, |case| {
        case.today.requesters.own = OwnRequests::Only(selectors(&["user:bob"]));
    }),
    (Code::PersonNotEligible, |case| case.today.who.any = selectors(&["group:dba"])),
    (Code::ScopeNotInFlow, |case| case.today.what = vec![target("aws")]),
    (Code::RequestTooLarge, |case| case.context = too_many_facts()),
    (Code::ConditionUnmet, |case| case.today.when.insert(0, named(never()))),
    (Code::ConditionFailed, |case| rule(&mut case.today).when = Some(cannot_tell())),
    (Code::GuardUnmet, |case| case.beside.guards.push(guard("production", "pg"))),
    (Code::ConflictHeld, |case| {
        case.holds_other = true;
        case.beside.conflicts.push(conflict("db or other", &["db", "other"]));
    }),
    (Code::ExtensionPending, |case| case.waiting = true),
    (Code::ExtensionTooShort, |case| case.ask.span = Some(mins(5).less(MS))),
    (Code::ExtensionTooLong, |case| case.ask.span = Some(mins(60).plus(MS))),
    (Code::ExtensionOverTotal, |case| rule(&mut case.today).total = Some(mins(40))),
    (Code::ExtensionNoGain, |case| {
        rule(&mut case.today).anchor = Anchor::Now;
        case.ask.span = Some(mins(50));
    }),
    (Code::HoursClosed, |case| case.today.hours = Some(open_daily(20, 22))),
    (Code::LimitExtensions, |case| {
        case.extended = true;
        case.today.limits.extensions = Some(Quota { times: 1, per: mins(9).plus(MS) });
    }),
    (Code::ExtensionTooEarly, |case| {
        rule(&mut case.today).window = Some(mins(50).less(MS));
    }),
    (Code::ExtensionTooSoon, |case| {
        case.extended = true;
        rule(&mut case.today).cool_down = mins(9).plus(MS);
    }),
    (Code::ReasonMissing, |case| {
        rule(&mut case.today).reason.required = true;
        case.ask.reason = None;
    }),
    (Code::ReasonMalformed, |case| {
        rule(&mut case.today).reason.pattern = Some(Pattern::new("^CHG").unwrap());
        case.ask.reason = Some("INC-7".to_owned());
    }),
    (Code::MfaMissing, |case| {
        rule(&mut case.today).mfa = Some(fresh_login());
        case.actor.authenticated = None;
    }),
    (Code::MfaStale, |case| rule(&mut case.today).mfa = Some(fresh_login())),
];

#[test]
fn an_extension_is_refused_in_this_order() {
    in_order::<Clicking>(ROWS);
}

/// Alice's running grant `g1`, from nine to ten, under this flow.
fn running(change: impl FnOnce(&mut Parts)) -> Tenant {
    let mut parts = automatic("db");
    change(&mut parts);
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    tenant
}

fn by_span(span: Span) -> Verb {
    Verb::Extend(Extend { span: Some(span), ..extend("g1") })
}

fn click(tenant: &mut Tenant) -> Option<Code> {
    tenant.code(&alice(), Verb::Extend(extend("g1")))
}

#[test]
fn the_bounds_of_an_extension_are_allowed() {
    for (span, code) in [
        (mins(5), None),
        (mins(5).less(MS), Some(Code::ExtensionTooShort)),
        (mins(60), None),
        (mins(60).plus(MS), Some(Code::ExtensionTooLong)),
    ] {
        assert_eq!(running(|_| ()).at(10).code(&alice(), by_span(span)), code, "{span}");
    }
}

// guard: `lifecycle/extend.rs`, total
#[test]
fn r01_the_longest_life_is_kept_to_the_millisecond() {
    for off in 0..=4_000_u64 {
        if off % 100 > 2 && off.abs_diff(2_000) > 3 {
            continue;
        }
        let mut tenant = running(|parts| rule(parts).total = Some(mins(90)));
        let span = mins(30).less(Span::seconds(2)).plus(Span::millis(off));
        let refused = tenant.at(59).code(&alice(), by_span(span));
        let over = span > mins(30);
        assert_eq!(refused, over.then_some(Code::ExtensionOverTotal), "{span}");
        let end = tenant.active("g1").end;
        assert_eq!(end, if over { at(60) } else { at(60).plus(span) });
        assert!(tenant.at(10_000).holds("alice", "pg/a/read").is_none(), "it ends in any case");
    }
}

// guard: `lifecycle/rules.rs`, what is left
#[test]
fn r01_what_is_left_in_the_last_second_is_never_for_ever() {
    for left in [0, 1, 999, 1_000, 1_001] {
        let least = |parts: &mut Parts| {
            rule(parts).span.min = MS;
            rule(parts).total = Some(mins(60).plus(Span::millis(left)));
        };
        let mut tenant = running(least);
        let refused = click(tenant.at(59));
        assert_eq!(refused, (left == 0).then_some(Code::ExtensionOverTotal), "{left} ms");
        assert_eq!(tenant.active("g1").end, at(60).plus(Span::millis(left)));
    }
}

#[test]
fn over_total_says_what_would_still_pass() {
    let mut tenant = running(|parts| rule(parts).total = Some(mins(80)));
    let refusal = tenant.refused(&alice(), by_span(mins(30)));
    assert_eq!(refusal.would_pass, Some(WouldPass::span(mins(20))));
    assert_eq!(refusal.details.get("latest_end"), Some(&at(80).into()));
    assert_eq!(refusal.details.get("most"), Some(&mins(20).into()));
    assert_eq!(click(&mut tenant), None, "one click gives what is left");
    assert_eq!(tenant.active("g1").end, at(80));
    let refusal = tenant.refused(&alice(), by_span(mins(5)));
    assert_eq!((refusal.code, refusal.would_pass), (Code::ExtensionOverTotal, None));
}

#[test]
fn the_flows_until_bounds_the_end_too() {
    for (until, code) in [(at(90), None), (at(90).minus(MS), Some(Code::ExtensionOverTotal))] {
        let mut tenant = running(|parts| parts.until = Some(until));
        assert_eq!(tenant.code(&alice(), by_span(mins(30))), code, "{until}");
    }
}

#[test]
fn at_its_end_a_grant_is_over_and_a_millisecond_before_it_is_not() {
    for (moment, code) in [
        (at(60).minus(MS), None),
        (at(60), Some(Code::GrantExpired)),
        (at(60).plus(MS), Some(Code::GrantExpired)),
    ] {
        let mut tenant = running(|_| ());
        tenant.clock = moment;
        assert_eq!(click(&mut tenant), code, "{moment}");
    }
    let mut tenant = running(|_| ());
    let refusal = tenant.at(60).refused(&alice(), Verb::Extend(extend("g1")));
    assert_eq!(refusal.details.get("ends"), Some(&at(60).into()));
    assert_eq!(refusal.details.get("outcome"), Some(&"expired".into()));
    assert_eq!(tenant.closed("g1").at, at(60), "what was settled is written although it was refused");
}

#[test]
fn the_window_opens_and_the_cool_down_ends_to_the_millisecond() {
    for (moment, code) in [(at(45).minus(MS), Some(Code::ExtensionTooEarly)), (at(45), None)] {
        let mut tenant = running(|parts| rule(parts).window = Some(mins(15)));
        tenant.clock = moment;
        assert_eq!(click(&mut tenant), code, "{moment}");
    }
    for (moment, code) in [(at(20).minus(MS), Some(Code::ExtensionTooSoon)), (at(20), None)] {
        let mut tenant = running(|parts| rule(parts).cool_down = mins(10));
        assert_eq!(click(tenant.at(10)), None);
        tenant.clock = moment;
        assert_eq!(click(&mut tenant), code, "{moment}");
    }
    let mut tenant = running(|parts| rule(parts).window = Some(mins(15)));
    let refusal = tenant.refused(&alice(), Verb::Extend(extend("g1")));
    assert_eq!(refusal.details.get("opens_at"), Some(&at(45).into()));
    assert_eq!(refusal.would_pass, Some(WouldPass::at(at(45))));
}

#[test]
fn an_extension_stays_inside_the_opening_unless_the_flow_allows_more() {
    let open = |past_close| {
        move |parts: &mut Parts| (parts.hours, parts.past_close) = (Some(open_daily(9, 11)), past_close)
    };
    let by_minutes = |past_close, minutes| {
        let span = mins(minutes);
        running(open(past_close)).at(50).code(&alice(), by_span(span))
    };
    assert_eq!(by_minutes(PastClose::Clip, 60), None, "exactly at the close");
    for past_close in [PastClose::Clip, PastClose::Refuse] {
        let mut tenant = running(open(past_close));
        assert_eq!(click(tenant.at(50)), None);
        let refusal = tenant.refused(&alice(), by_span(mins(31)));
        assert_eq!((refusal.code, refusal.would_pass), (Code::HoursClosed, Some(WouldPass::span(mins(30)))));
        assert_eq!(refusal.details.get("latest_end"), Some(&at(120).into()));
    }
    let mut tenant = running(open(PastClose::Allow));
    assert_eq!(tenant.at(50).code(&alice(), by_span(mins(60))), None);
    assert_eq!(tenant.at(60).code(&alice(), by_span(mins(60))), None, "past the close, which is allowed");
    let shut = |parts: &mut Parts| {
        (parts.hours, parts.past_close, parts.duration.default) =
            (Some(open_daily(9, 11)), PastClose::Allow, mins(180));
    };
    let mut tenant = running(shut);
    let mut today = automatic("db");
    (today.hours, today.past_close) = (Some(open_daily(9, 11)), PastClose::Clip);
    tenant.at(130).publish([today]);
    let refusal = tenant.refused(&alice(), Verb::Extend(extend("g1")));
    assert_eq!(refusal.code, Code::HoursClosed, "the hours are closed now, and today's rules judge");
    assert_eq!(refusal.would_pass, None, "tomorrow there is nothing to extend");
}

#[test]
fn what_opens_after_the_end_opens_for_nobody() {
    for (minutes, would_pass) in [(79, Some(WouldPass::at(at(89)))), (80, None)] {
        let mut tenant = running(|parts| rule(parts).cool_down = mins(minutes));
        assert_eq!(click(tenant.at(10)), None, "the end is at 90 from now on");
        let refusal = tenant.refused(&alice(), Verb::Extend(extend("g1")));
        assert_eq!((refusal.code, &refusal.would_pass), (Code::ExtensionTooSoon, &would_pass));
        let from = would_pass.is_some().then(|| at(89));
        assert_eq!(tenant.offer("g1", &alice()).unwrap().opens_at, from);
    }
}

#[test]
fn a_span_is_counted_from_the_end_or_from_now() {
    let mut tenant = running(|_| ());
    assert_eq!(tenant.at(10).code(&alice(), by_span(mins(20))), None);
    assert_eq!(tenant.active("g1").end, at(80));
    let now = |parts: &mut Parts| rule(parts).anchor = Anchor::Now;
    for (span, code) in [
        (mins(50).plus(MS), None),
        (mins(50), Some(Code::ExtensionNoGain)),
        (mins(20), Some(Code::ExtensionNoGain)),
    ] {
        let mut tenant = running(now);
        assert_eq!(tenant.at(10).code(&alice(), by_span(span)), code, "{span}");
        assert_eq!(tenant.active("g1").end, at(60).max(at(10).plus(span)));
    }
    let refusal = running(now).at(10).refused(&alice(), by_span(mins(20)));
    assert_eq!(refusal.would_pass, Some(WouldPass::span(mins(50).plus(MS))));
}

#[test]
fn who_may_extend_is_named_and_others_are_told_nothing() {
    let others = |parts: &mut Parts| rule(parts).others = selectors(&["group:boss"]);
    let mut tenant = running(others);
    let refusal = tenant.refused(&mallory(), Verb::Extend(extend("g1")));
    assert_eq!(refusal.code, Code::ExtensionNotHolder);
    assert!(refusal.details.is_empty() && refusal.would_pass.is_none());
    assert_eq!(tenant.code(&bob(), Verb::Extend(extend("g1"))), Some(Code::PersonNotEligible));
    let with_facts = Extend { holder: Some(alice()), ..extend("g1") };
    assert_eq!(tenant.code(&bob(), Verb::Extend(with_facts)), None, "the holder's facts are handed in");
    let of_another = Extend { holder: Some(bob()), ..extend("g1") };
    assert_eq!(tenant.code(&bob(), Verb::Extend(of_another)), Some(Code::PersonNotEligible));
    assert_eq!(tenant.system(Verb::Extend(extend("g1"))).unwrap_err().code, Code::ExtensionNotHolder);
}

#[test]
fn what_is_asked_next_is_judged_by_todays_rules_unless_they_say_otherwise() {
    let mut tenant = running(|_| ());
    let mut today = automatic("db");
    rule(&mut today).span.max = mins(20);
    rule(&mut today).span.default = mins(20);
    tenant.publish([today.clone()]);
    assert_eq!(tenant.code(&alice(), by_span(mins(30))), Some(Code::ExtensionTooLong));
    rule(&mut today).governed_by = GovernedBy::Granted;
    tenant.publish([today]);
    assert_eq!(tenant.code(&alice(), by_span(mins(30))), None);
    let mut none = automatic("db");
    none.extension = None;
    tenant.publish([none]);
    assert_eq!(click(&mut tenant), Some(Code::ExtensionNotAllowed));
    tenant.publish([]);
    assert_eq!(click(&mut tenant), Some(Code::FlowWithdrawn));
}

#[test]
fn the_first_extensions_may_be_automatic_and_the_rest_decided() {
    let mut tenant = running(|parts| {
        rule(parts).times = 3;
        let by = DecidedBy::Steps(decided(vec![step("boss", &["group:boss"])]));
        rule(parts).approval = ExtensionApproval::Decided { first: 2, bridge: None, decide_within: None, by };
    });
    for (waits, left) in [(false, 2), (false, 1), (true, 0)] {
        let answer = tenant.ask(&alice(), Verb::Extend(extend("g1"))).unwrap();
        let view = answer.receipt.view.clone().unwrap();
        assert_eq!((view.extensions.pending == 1, view.extensions.left), (waits, left));
    }
    assert_eq!(tenant.active("g1").end, at(120), "what waits moves nothing");
}

#[test]
fn extensions_decided_as_requests_are_take_the_same_fast_lane() {
    let lane = |when| {
        let mut parts = parts("db");
        rule(&mut parts).approval =
            ExtensionApproval::Decided { first: 0, bridge: None, decide_within: None, by: DecidedBy::Same };
        ruling(&mut parts).automatic = Some(Lane { when: Some(when), quota: None });
        parts
    };
    let mut tenant = Tenant::new([lane(says("on call", |_| Ok(true)))]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    assert_eq!(click(&mut tenant), None);
    assert_eq!(tenant.active("g1").end, at(90));
    tenant.publish([lane(never())]);
    assert_eq!(click(&mut tenant), None);
    assert_eq!(tenant.active("g1").end, at(90));
    assert!(tenant.active("g1").asked.is_some(), "the steps apply");
}

#[test]
fn a_decision_on_an_extension_is_awaited_no_longer_than_the_end() {
    for (within, decide_by) in [(None, at(60)), (Some(mins(20)), at(30)), (Some(mins(90)), at(60))] {
        let mut tenant = running(|parts| {
            let by = DecidedBy::Steps(decided(vec![step("boss", &["group:boss"])]));
            rule(parts).approval =
                ExtensionApproval::Decided { first: 0, bridge: None, decide_within: within, by };
        });
        assert_eq!(click(tenant.at(10)), None);
        let asked = tenant.active("g1").asked.clone().unwrap();
        assert_eq!((asked.decide_by, asked.end), (decide_by, at(90)));
    }
}

#[test]
fn reminders_and_targets_follow_the_end() {
    let mut tenant = running(|_| ());
    tenant.deliver("alice");
    tenant.at(45).system(settle("alice")).unwrap();
    let extended = tenant.ask(&alice(), Verb::Extend(extend("g1"))).unwrap();
    assert_eq!(effects(&extended.events), ["adjust", "notify:extended"]);
    assert_eq!(tenant.active("g1").reminders, [at(75), at(85)]);
    let kinds: Vec<String> = tenant.deliver("alice").into_iter().map(|handed| handed.kind).collect();
    assert_eq!(kinds, ["adjust", "notify:extended"], "the reminder of the old end, not yet taken, is gone");
}

// guard: `lifecycle/extend.rs`, seen
// guard: `machine.rs`, a command given again
#[test]
fn r35_a_second_click_gives_nothing_more() {
    let mut tenant = running(|_| ());
    let seen = Extend { if_ends_at: Some(at(60)), ..extend("g1") };
    assert_eq!(tenant.code(&alice(), Verb::Extend(seen.clone())), None);
    let refusal = tenant.refused(&alice(), Verb::Extend(seen));
    assert_eq!(
        (refusal.code, refusal.would_pass),
        (Code::ExtensionStale, Some(WouldPass::if_ends_at(at(90))))
    );
    let click = command("click", &by(&alice()), Verb::Extend(extend("g1")));
    let first = tenant.give(&click, tenant.clock).unwrap().unwrap();
    let again = tenant.give(&click, tenant.clock).unwrap().unwrap();
    assert!(again.repeated && again.receipt == first.receipt);
    assert_eq!(tenant.grant("g1").extensions.len(), 2);
}

// guard: `lifecycle/approve.rs`, less
#[test]
fn r29_nothing_lengthens_what_was_asked() {
    let mut parts = parts("db");
    parts.duration.min = mins(1);
    let mut tenant = Tenant::new([parts]);
    let mut ask = request("db", "g1", &["pg/a/read"]);
    ask.span = Some(mins(45));
    tenant.asks(&alice(), ask);
    let mut longer = approve("g1");
    longer.span = Some(mins(45).plus(MS));
    assert_eq!(tenant.code(&bob(), Verb::Approve(longer.clone())), Some(Code::ApprovalLonger));
    longer.span = Some(mins(45));
    assert_eq!(tenant.at(5).code(&bob(), Verb::Approve(longer)), None);
    assert_eq!((tenant.active("g1").end, tenant.grant("g1").terms.span), (at(50), mins(45)));
}

#[test]
fn an_extension_keeps_the_scope_and_all_that_was_granted() {
    let mut tenant = running(|_| ());
    let before = tenant.grant("g1").clone();
    assert_eq!(click(&mut tenant), None);
    let after = tenant.grant("g1");
    assert_eq!(
        (&after.origin, &after.terms, &after.approvals),
        (&before.origin, &before.terms, &before.approvals)
    );
    let event = tenant.of("g1").last().unwrap();
    let text = serde_json::to_value(event).unwrap();
    let fields: BTreeSet<&str> = text.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        fields.into_iter().collect::<Vec<_>>(),
        ["at", "by", "cause", "effects", "event", "from", "grant", "reminders", "span", "to"]
    );
}

/// The command and its explanation run one list: without a check both pass.
#[test]
fn a_check_that_is_taken_out_is_gone_from_both() {
    use crate::board::Board;
    use crate::check::{self, No, On};

    let tenant = running(|parts| rule(parts).window = Some(mins(5)));
    let click = command("click", &by(&alice()), Verb::Extend(extend("g1")));
    let Verb::Extend(ask) = &click.verb else { panic!("{click:?}") };
    let world = tenant.world(|world| crate::machine::needs(&click, world));
    let board = Board::new(&world, tenant.clock);
    let on = On::new(&board, &click);
    let refusal_of = |answer: Result<(), No>| match answer {
        Ok(()) => None,
        Err(No::Refused(refusal)) => Some(refusal.code),
        Err(No::Fault(fault)) => panic!("{fault}"),
    };
    let whole = super::CHECKS;
    assert_eq!(refusal_of(check::all(whole, &on, ask)), Some(Code::ExtensionTooEarly));
    let explained = check::explain(whole, &on, ask).unwrap();
    assert_eq!(explained.refused.map(|refusal| refusal.code), Some(Code::ExtensionTooEarly));
    let window = |check: &&check::Check<Extend>| check.codes != [Code::ExtensionTooEarly];
    let fewer: Vec<check::Check<Extend>> = whole
        .iter()
        .filter(window)
        .map(|check| check::Check { codes: check.codes, run: check.run })
        .collect();
    assert_eq!(refusal_of(check::all(&fewer, &on, ask)), None);
    let explained = check::explain(&fewer, &on, ask).unwrap();
    assert_eq!(explained.refused, None);
    assert!(explained.checks.iter().all(|checked| checked.code != Code::ExtensionTooEarly));
    let mut tenant = tenant.clone();
    assert_eq!(
        tenant.give(&click, tenant.clock).unwrap().map_err(|no: Refusal| no.code).err(),
        Some(Code::ExtensionTooEarly)
    );
}

/// Whoever gives the command, the end never moves earlier.
#[test]
fn an_extension_never_shortens() {
    let moments: [Timestamp; 3] = [at(1), at(30), at(60).minus(MS)];
    for anchor in [Anchor::End, Anchor::Now] {
        for (moment, span) in moments.iter().flat_map(|at| [5, 30, 60].map(|minutes| (*at, mins(minutes)))) {
            let mut tenant = running(|parts| rule(parts).anchor = anchor);
            tenant.clock = moment;
            let actor: Actor = by(&alice());
            let click = command("click", &actor, by_span(span));
            let accepted = tenant.give(&click, moment).unwrap().is_ok();
            assert!(if accepted {
                tenant.active("g1").end > at(60)
            } else {
                tenant.active("g1").end == at(60)
            });
        }
    }
}
