use std::collections::BTreeSet;

use crate::command::{Command, Request, Verb};
use crate::effect::Order;
use crate::fixture::*;
use crate::flow::approval_rule::{Approval, Lane, Tier};
use crate::flow::beside::Beside;
use crate::flow::hours::PastClose;
use crate::flow::requirement::{Pattern, ReasonRule};
use crate::flow::{BreakGlass, OwnRequests, Parts, Quota};
use crate::limits;
use crate::limits::CLOCK_TOLERANCE;
use crate::person::{Actor, Level, Person, Record};
use crate::refusal::{Code, Login, Refusal, WouldPass};
use crate::time::{Span, Timestamp};

struct Asking {
    parts: Parts,
    published: bool,
    actor: Actor,
    ask: Request,
    before: Vec<(&'static str, &'static str)>,
    context: Record,
    id: &'static str,
    beside: Beside,
    unreviewed: bool,
}

impl Case for Asking {
    fn sound() -> Self {
        let mut ask = request("db", "g1", &["pg/orders/read"]);
        ask.reason = Some("INC-7".to_owned());
        let (parts, actor, context) = (automatic("db"), by(&alice()), Record::new());
        Self {
            parts,
            published: true,
            actor,
            ask,
            before: Vec::new(),
            context,
            id: "click",
            beside: Beside::default(),
            unreviewed: false,
        }
    }

    fn scene(&self) -> (Tenant, Command) {
        let mut other = automatic("other");
        other.break_glass =
            Some(BreakGlass { who: selectors(&["group:sre"]), review_within: mins(30), ..glass() });
        let mut tenant = Tenant::new([automatic("db"), other]);
        if self.unreviewed {
            tenant
                .asks(&alice(), Request { span: Some(mins(5)), ..emergency("other", "e1", &["pg/x/read"]) });
        }
        for (id, grant) in &self.before {
            let flow = if *id == "other" { id } else { "db" };
            let earlier = Verb::Request(Box::new(request(flow, grant, &["pg/orders/read"])));
            tenant.give(&command(id, &by(&alice()), earlier), at(0)).unwrap().unwrap();
        }
        if self.published {
            tenant.at(1).publish_beside([self.parts.clone(), automatic("other")], self.beside.clone());
        }
        tenant.at(30);
        let mut asked = command(self.id, &self.actor, Verb::Request(Box::new(self.ask.clone())));
        asked.context.clone_from(&self.context);
        (tenant, asked)
    }
}

fn has_open(case: &mut Asking) {
    case.before.push(("earlier", "g0"));
}

const ROWS: &[Row<Asking>] = &[
    (Code::CommandReused, |case| {
        case.before.push(("click", "g9"));
    }),
    (Code::GrantExists, |case| case.before.push(("first", "g1"))),
    (Code::FlowUnknown, |case| case.ask.flow = flow_id("nothing")),
    (Code::RequesterNotAllowed, |case| {
        case.parts.requesters.own = OwnRequests::Only(selectors(&["user:bob"]));
    }),
    (Code::PersonNotEligible, |case| case.parts.who.except = selectors(&["user:ALICE"])),
    (Code::FlowWithdrawn, |case| case.parts.enabled = false),
    (Code::RequestEmpty, |case| case.ask.items.clear()),
    (Code::RequestTooLarge, |case| case.context = too_many_facts()),
    (Code::ScopeNotInFlow, |case| case.ask.items = vec![asked("pg/orders/read"), asked("mail/orders/read")]),
    (Code::ConditionUnmet, |case| case.parts.when.insert(0, named(never()))),
    (Code::ConditionFailed, |case| case.parts.when.insert(0, named(cannot_tell()))),
    (Code::GuardUnmet, |case| {
        let mut guard = guard("production", "pg");
        guard.require.when = Some(never());
        case.beside.guards.push(guard);
    }),
    (Code::ConflictHeld, |case| {
        case.before.push(("other", "g8"));
        case.beside.conflicts.push(conflict("db or other", &["db", "other"]));
    }),
    (Code::BreakGlassNotAllowed, |case| {
        case.ask.break_glass = true;
        case.parts.break_glass = None;
    }),
    (Code::BreakGlassReviewDue, |case| {
        case.unreviewed = true;
        case.ask.break_glass = true;
        case.parts.break_glass = Some(BreakGlass { who: selectors(&["group:sre"]), ..glass() });
    }),
    (Code::ApprovalNobody, |case| {
        case.parts.approval = Approval::Decided(decided(vec![step("own", &["user:Alice"])]));
    }),
    (Code::LimitOpenPerPerson, |case| {
        has_open(case);
        case.parts.limits.open_per_person = Some(1);
    }),
    (Code::LimitOpenPerItem, |case| {
        has_open(case);
        case.ask.items = vec![asked("pg/orders/read")];
        case.parts.limits.open_per_item = Some(1);
    }),
    (Code::LimitOpenTotal, |case| {
        has_open(case);
        case.parts.limits.open_total = Some(1);
    }),
    (Code::LimitRequests, |case| {
        has_open(case);
        case.parts.limits.requests = Some(Quota { times: 1, per: mins(30).plus(MS) });
    }),
    (Code::StartInPast, |case| {
        case.ask.start = Some(at(30).minus(MS));
    }),
    (Code::StartTooFar, |case| {
        case.parts.start_ahead = mins(10);
        case.ask.start = Some(at(40).plus(MS));
    }),
    (Code::DurationTooShort, |case| case.ask.span = Some(mins(1).less(MS))),
    (Code::DurationTooLong, |case| case.ask.span = Some(mins(240).plus(MS))),
    (Code::HoursClosed, |case| case.parts.hours = Some(open_daily(20, 22))),
    (Code::ReasonMissing, |case| {
        case.parts.reason.required = true;
        case.ask.reason = None;
    }),
    (Code::ReasonMalformed, |case| {
        case.parts.reason.pattern = Some(Pattern::new("^CHG").unwrap());
        case.ask.reason = Some("INC-7".to_owned());
    }),
    (Code::MfaMissing, |case| {
        case.parts.mfa = Some(fresh_login());
        let mut nobody = alice();
        nobody.authenticated = None;
        case.actor = by(&nobody);
    }),
    (Code::MfaStale, |case| {
        case.parts.mfa = Some(fresh_login());
    }),
];

#[test]
fn a_request_is_refused_in_this_order() {
    in_order::<Asking>(ROWS);
}

/// What the flow and the request are changed to, and the refusal that comes of it.
fn comes_of(change: impl FnOnce(&mut Parts, &mut Request)) -> Result<(), Refusal> {
    let (mut parts, mut ask) = (automatic("db"), request("db", "g1", &["pg/orders/read"]));
    change(&mut parts, &mut ask);
    let mut tenant = Tenant::new([parts]);
    tenant.ask(&alice(), Verb::Request(Box::new(ask))).map(|_| ())
}

fn code_of(change: impl FnOnce(&mut Parts, &mut Request)) -> Option<Code> {
    comes_of(change).err().map(|refusal| refusal.code)
}

#[test]
fn the_bounds_of_a_span_are_allowed() {
    for (span, code) in [
        (mins(1), None),
        (mins(1).less(MS), Some(Code::DurationTooShort)),
        (mins(240), None),
        (mins(240).plus(MS), Some(Code::DurationTooLong)),
        (Span::ZERO, Some(Code::DurationTooShort)),
        (Span::millis(u64::MAX), Some(Code::DurationTooLong)),
    ] {
        assert_eq!(code_of(|_, ask| ask.span = Some(span)), code, "{span}");
    }
    let refusal = comes_of(|_, ask| ask.span = Some(mins(300))).unwrap_err();
    assert_eq!(refusal.would_pass, Some(WouldPass::span(mins(240))));
    assert_eq!(refusal.details.get("max"), Some(&mins(240).into()));
}

#[test]
fn a_planned_start_lies_between_now_and_as_far_ahead_as_the_flow_lets() {
    for (start, code) in [
        (at(0), None),
        (at(0).minus(MS), Some(Code::StartInPast)),
        (at(60), None),
        (at(60).plus(MS), Some(Code::StartTooFar)),
    ] {
        let planned = |parts: &mut Parts, ask: &mut Request| {
            parts.start_ahead = mins(60);
            ask.start = Some(start);
        };
        assert_eq!(code_of(planned), code, "{start}");
    }
    let refusal = comes_of(|_, ask| ask.start = Some(at(5))).unwrap_err();
    assert_eq!((refusal.code, refusal.would_pass), (Code::StartTooFar, Some(WouldPass::start(at(0)))));
}

#[test]
fn the_flow_ends_at_its_until_and_not_after() {
    assert_eq!(code_of(|parts, _| parts.until = Some(at(0).plus(MS))), None);
    assert_eq!(code_of(|parts, _| parts.until = Some(at(0))), Some(Code::FlowWithdrawn));
    let planned = |until: Timestamp| {
        code_of(|parts, ask| {
            (parts.until, parts.start_ahead, ask.start) = (Some(until), mins(60), Some(at(30)));
        })
    };
    assert_eq!(planned(at(30)), Some(Code::FlowWithdrawn));
    assert_eq!(planned(at(30).plus(MS)), None);
}

#[test]
fn hours_hold_at_the_start_and_with_refuse_to_the_end() {
    let open = |from, to| move |parts: &mut Parts, _: &mut Request| parts.hours = Some(open_daily(from, to));
    assert_eq!(code_of(open(9, 10)), None, "it opens at this very moment");
    assert_eq!(code_of(open(7, 9)), Some(Code::HoursClosed), "it closes at this very moment");
    for (span, code) in [(mins(60), None), (mins(60).plus(MS), Some(Code::HoursClosed))] {
        let refuse = |parts: &mut Parts, ask: &mut Request| {
            (parts.hours, parts.past_close) = (Some(open_daily(9, 10)), PastClose::Refuse);
            ask.span = Some(span);
        };
        assert_eq!(code_of(refuse), code, "{span}");
    }
    let refusal = comes_of(|parts, ask| {
        (parts.hours, parts.past_close) = (Some(open_daily(8, 10)), PastClose::Refuse);
        ask.span = Some(mins(90));
    })
    .unwrap_err();
    assert_eq!(refusal.would_pass, Some(WouldPass::span(mins(60))));
    assert_eq!(refusal.details.get("latest_end"), Some(&at(60).into()));
    let refusal = comes_of(open(12, 13)).unwrap_err();
    assert_eq!(refusal.details.get("opens_at"), Some(&at(180).into()));
    assert_eq!(refusal.would_pass, Some(WouldPass::at(at(180))));
}

#[test]
fn a_plan_outside_the_hours_is_told_a_start_that_passes() {
    let planned = |ahead: Span, start: Option<Timestamp>| {
        comes_of(move |parts, ask| {
            (parts.hours, parts.start_ahead, ask.start) = (Some(open_daily(12, 13)), ahead, start);
        })
    };
    let refusal = planned(mins(180), Some(at(60))).unwrap_err();
    assert_eq!((refusal.code, &refusal.would_pass), (Code::HoursClosed, &Some(WouldPass::start(at(180)))));
    assert!(planned(mins(180), Some(at(180))).is_ok(), "what was said passes");
    let refusal = planned(mins(180).less(MS), Some(at(60))).unwrap_err();
    let later = WouldPass { at: Some(at(0).plus(MS)), ..WouldPass::start(at(180)) };
    assert_eq!(refusal.would_pass, Some(later), "the opening is too far ahead to be planned for now");
}

#[test]
fn a_login_exactly_as_old_as_allowed_passes() {
    let aged = |login: Timestamp| {
        let mut parts = automatic("db");
        parts.mfa = Some(fresh_login());
        let mut tenant = Tenant::new([parts]);
        let mut person = alice();
        person.authenticated.as_mut().unwrap().at = login;
        tenant.at(60).code(&person, Verb::Request(Box::new(request("db", "g1", &["pg/a/read"]))))
    };
    assert_eq!(aged(at(55)), None);
    assert_eq!(aged(at(55).minus(MS)), Some(Code::MfaStale));
    let tolerated = at(60).plus(limits::CLOCK_TOLERANCE);
    assert_eq!(aged(tolerated), None);
    assert_eq!(aged(tolerated.plus(MS)), Some(Code::MfaStale), "dated in the future");
}

#[test]
fn a_step_up_login_is_named() {
    let refusal = comes_of(|parts, _| {
        let mut rule = fresh_login();
        rule.methods.insert("otp".to_owned());
        parts.mfa = Some(rule);
    })
    .unwrap_err();
    assert_eq!(refusal.code, Code::MfaMissing);
    assert_eq!(refusal.details.keys().copied().collect::<Vec<_>>(), ["level", "max_age", "methods"]);
    let methods = BTreeSet::from(["otp".to_owned()]);
    let needed = Login { max_age: Some(mins(5)), level: Some(Level::Aal2), methods };
    assert_eq!(refusal.would_pass, Some(WouldPass::login(needed)));
}

#[test]
fn a_reason_is_judged_as_the_flow_says() {
    let ruled = |reason: Option<&str>| {
        code_of(|parts, ask| {
            parts.reason = ReasonRule { required: true, min_length: 3, ..ReasonRule::default() };
            ask.reason = reason.map(str::to_owned);
        })
    };
    assert_eq!(ruled(None), Some(Code::ReasonMissing));
    assert_eq!(ruled(Some("   ")), Some(Code::ReasonMissing), "blanks are no reason");
    assert_eq!(ruled(Some("ab")), Some(Code::ReasonMalformed));
    assert_eq!(ruled(Some("äöü")), None, "characters count, not bytes");
}

#[test]
fn a_request_has_at_most_so_many_items_and_a_reason_so_many_bytes() {
    let names = |count: usize| (0..count).map(|n| asked(&format!("pg/db{n}/read"))).collect::<Vec<_>>();
    let most = limits::ITEMS_PER_REQUEST_MAX;
    assert_eq!(code_of(|_, ask| ask.items = names(most)), None);
    assert_eq!(code_of(|_, ask| ask.items = names(most + 1)), Some(Code::RequestTooLarge));
    let most = limits::REASON_BYTES_MAX;
    assert_eq!(code_of(|_, ask| ask.reason = Some("x".repeat(most))), None);
    assert_eq!(code_of(|_, ask| ask.reason = Some("x".repeat(most + 1))), Some(Code::RequestTooLarge));
}

#[test]
fn only_those_who_are_named_ask_for_somebody_else() {
    let asks = |actor: &Person, others: &[&str], manager: Option<&str>| {
        let mut parts = automatic("db");
        parts.requesters.others = selectors(others);
        let mut tenant = Tenant::new([parts]);
        let mut ask = request("db", "g1", &["pg/a/read"]);
        let mut holder = alice();
        holder.manager = manager.map(person_id);
        ask.holder = Some(holder);
        tenant.code(actor, Verb::Request(Box::new(ask)))
    };
    let refused = Some(Code::RequesterNotAllowed);
    assert_eq!(asks(&bob(), &[], None), refused);
    assert_eq!(asks(&bob(), &["group:boss"], None), None);
    assert_eq!(asks(&bob(), &["manager"], Some("bob")), None);
    assert_eq!(asks(&bob(), &["manager"], Some("carol")), refused);
    assert_eq!(asks(&alice(), &[], None), None, "naming oneself is asking for oneself");
    let mut tenant = Tenant::new([automatic("db")]);
    let mut ask = request("db", "g1", &["pg/a/read"]);
    ask.holder = Some(alice());
    assert_eq!(tenant.system(Verb::Request(Box::new(ask))).unwrap_err().code, Code::RequesterNotAllowed);
}

#[test]
fn a_request_that_nobody_could_ever_approve_is_refused() {
    let named = |approvers: &[&str], needed: u32, tier: &[&str]| {
        let mut step = step("named", approvers);
        step.needed = needed;
        step.escalate =
            if tier.is_empty() { Vec::new() } else { vec![Tier { after: mins(1), to: selectors(tier) }] };
        code_of(|parts, _| parts.approval = Approval::Decided(decided(vec![step])))
    };
    let nobody = Some(Code::ApprovalNobody);
    assert_eq!(named(&["user:alice"], 1, &[]), nobody);
    assert_eq!(named(&["user:alice", "user:bob"], 1, &[]), None);
    assert_eq!(named(&["user:alice", "user:bob"], 2, &[]), nobody);
    assert_eq!(named(&["user:alice", "user:bob"], 2, &["user:carol"]), None, "tiers count");
    assert_eq!(named(&["user:bob", "user:bob"], 2, &[]), nobody, "named twice is one");
    assert_eq!(named(&["user:alice", "group:boss"], 2, &[]), None, "who is in a group is not known here");
    assert_eq!(named(&[], 1, &[]), nobody, "an empty list is nobody");
}

#[test]
fn limits_count_what_is_pending_or_open_and_nothing_that_time_has_ended() {
    for limit in [
        |parts: &mut Parts| parts.limits.open_per_item = Some(1),
        |parts: &mut Parts| parts.limits.open_total = Some(1),
    ] {
        let mut parts = automatic("db");
        limit(&mut parts);
        let mut tenant = Tenant::new([parts]);
        tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
        let carol = member("carol", &["sre"]);
        let again = |id: &str| Verb::Request(Box::new(request("db", id, &["pg/a/read"])));
        tenant.clock = at(60).minus(MS);
        let refusal = tenant.refused(&carol, again("g2"));
        assert!(matches!(refusal.code, Code::LimitOpenPerItem | Code::LimitOpenTotal));
        assert_eq!(refusal.details.get("open"), Some(&1.into()));
        // Nobody has swept alice's grant: it is over all the same.
        assert_eq!(tenant.at(60).code(&carol, again("g3")), None);
    }
}

/// A host that is ahead sees an end too early, and another host may yet extend what it takes to be over.
#[test]
fn the_place_of_another_is_free_once_the_stores_clock_says_so() {
    let mut parts = automatic("db");
    parts.limits.open_total = Some(1);
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    let mut asks = |id: &str, clock, now| {
        tenant.clock = clock;
        let asks = Verb::Request(Box::new(request("db", id, &["pg/b/read"])));
        let asks = command(id, &by(&member("carol", &["sre"])), asks);
        tenant.give(&asks, now).unwrap().err().map(|refusal| refusal.code)
    };
    let ahead = at(60).minus(MS).plus(CLOCK_TOLERANCE);
    assert_eq!(asks("g2", at(60).minus(MS), ahead), Some(Code::LimitOpenTotal));
    assert_eq!(asks("g3", at(60), at(60)), None);
}

#[test]
fn the_fast_lane_is_a_yes_only_where_it_surely_is() {
    for (when, stage) in
        [(says("always", |_| Ok(true)), "active"), (never(), "pending"), (cannot_tell(), "pending")]
    {
        let mut parts = parts("db");
        ruling(&mut parts).automatic = Some(Lane { when: Some(when), quota: None });
        let mut tenant = Tenant::new([parts]);
        assert_eq!(tenant.asks(&alice(), request("db", "g1", &["pg/a/read"])).stage, stage);
    }
}

#[test]
fn a_pending_request_tells_those_whose_decision_is_awaited() {
    let mut tenant = Tenant::new([parts("db")]);
    let answer = tenant.ask(&alice(), Verb::Request(Box::new(request("db", "g1", &["pg/a/read"])))).unwrap();
    assert_eq!(names(&answer.events), ["requested"]);
    assert_eq!(effects(&answer.events), ["notify:approval_wanted"]);
    let handed = tenant.take("alice").unwrap();
    let Order::Tell { to, .. } = handed.order else { panic!("{handed:?}") };
    assert_eq!(to, ["group:boss"]);
}

#[test]
fn the_same_command_again_answers_the_same_and_changes_nothing() {
    let mut tenant = Tenant::new([automatic("db")]);
    let ask = Verb::Request(Box::new(request("db", "g1", &["pg/a/read"])));
    let click = command("click", &by(&alice()), ask);
    let first = tenant.give(&click, at(0)).unwrap().unwrap();
    tenant.at(500);
    let before = tenant.clone();
    let again = tenant.give(&click, at(500)).unwrap().unwrap();
    assert!(again.repeated);
    assert_eq!(again.receipt, first.receipt);
    assert_eq!((tenant.grants, tenant.events), (before.grants, before.events), "nothing is settled either");
}

#[test]
fn a_refused_command_does_not_claim_its_id() {
    let mut tenant = Tenant::new([automatic("db")]);
    let refused = command("click", &by(&alice()), Verb::Request(Box::new(request("db", "g1", &[]))));
    assert!(tenant.give(&refused, at(0)).unwrap().is_err());
    let mended =
        command("click", &by(&alice()), Verb::Request(Box::new(request("db", "g1", &["pg/a/read"]))));
    assert!(tenant.give(&mended, at(0)).unwrap().is_ok());
}
