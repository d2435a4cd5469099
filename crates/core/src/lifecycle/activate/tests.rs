use crate::command::{Activate, Command, Request, Verb};
use crate::fixture::*;
use crate::flow::beside::Beside;
use crate::flow::condition::Unmet;
use crate::flow::hours::PastClose;
use crate::flow::{Activation, Parts};
use crate::grant::{Outcome, Waiting};
use crate::person::{Person, Record};
use crate::refusal::{Code, WouldPass};
use crate::time::{Span, Timestamp};

/// Alice's `g1` was approved at nine and waits for her; at half past ten she begins.
struct Beginning {
    parts: Parts,
    actor: Person,
    ask: Activate,
    context: Record,
    reused: bool,
    expired: bool,
    given_back: bool,
    holds_other: bool,
}

impl Case for Beginning {
    fn sound() -> Self {
        let (actor, ask, context) = (alice(), Activate { grant: grant_id("g1") }, Record::new());
        let (reused, expired, given_back, holds_other) = (false, false, false, false);
        Self { parts: waiting(|_| ()), actor, ask, context, reused, expired, given_back, holds_other }
    }

    fn scene(&self) -> (Tenant, Command) {
        let mut tenant = Tenant::new([self.parts.clone()]);
        tenant.asks(&alice(), Request { span: Some(mins(20)), ..request("db", "g1", &["pg/a/read"]) });
        tenant.ask(&bob(), Verb::Approve(approve("g1"))).unwrap();
        if self.reused {
            let other = Verb::Request(Box::new(request("db", "g2", &["pg/b/read"])));
            tenant.give(&command("click", &by(&alice()), other), tenant.clock).unwrap().unwrap();
        }
        if self.expired || self.given_back {
            tenant.at(4).ask(&alice(), activate("g1")).unwrap();
        }
        if self.given_back {
            // Where the end comes first, that is what is told.
            drop(tenant.at(if self.expired { 30 } else { 20 }).ask(&alice(), give_back("g1")));
        }
        tenant.at(90);
        if self.holds_other {
            let flows = || [self.parts.clone(), automatic("other")];
            tenant.publish(flows());
            tenant.asks(&alice(), request("other", "g0", &["pg/a/read"]));
            let conflicts = vec![conflict("db or other", &["db", "other"])];
            tenant.publish_beside(flows(), Beside { conflicts, ..Beside::default() });
        }
        let mut given = command("click", &by(&self.actor), Verb::Activate(self.ask.clone()));
        given.context.clone_from(&self.context);
        (tenant, given)
    }
}

/// A flow whose grants wait for their holder, so long as nobody else is needed.
fn waiting(change: impl FnOnce(&mut Parts)) -> Parts {
    let mut parts = parts("db");
    parts.activation = Activation::ByHolder;
    parts.activate_within = mins(120);
    parts.start_ahead = mins(1440);
    change(&mut parts);
    parts
}

fn before_half_past(case: &mut Beginning) {
    case.parts.when.insert(0, named(says("before half past", |facts| Ok(facts.ask.now < at(29)))));
}

fn known_before_half_past(case: &mut Beginning) {
    case.parts.when.push(named(says("known before half past", |facts| {
        let unmet = Unmet { message: "gone".to_owned() };
        if facts.ask.now < at(29) { Ok(true) } else { Err(unmet) }
    })));
}

/// Shut from ten on.
fn shuts(case: &mut Beginning) {
    case.parts.hours = Some(open_daily(9, 10));
    case.parts.past_close = PastClose::Allow;
}

const ROWS: &[Row<Beginning>] = &[
    (Code::CommandReused, |case| case.reused = true),
    (Code::GrantUnknown, |case| case.ask.grant = grant_id("nothing")),
    (Code::ActorNotAllowed, |case| case.actor.id = person_id("bob")),
    (Code::GrantExpired, |case| case.expired = true),
    (Code::GrantNotActive, |case| case.given_back = true),
    (Code::RequestTooLarge, |case| case.context = too_many_facts()),
    (Code::PersonNotEligible, |case| case.actor.groups.clear()),
    (Code::ConditionUnmet, before_half_past),
    (Code::ConditionFailed, known_before_half_past),
    (Code::ConflictHeld, |case| case.holds_other = true),
    (Code::HoursClosed, shuts),
    (Code::MfaMissing, |case| {
        case.parts.mfa = Some(fresh_login());
        case.actor.authenticated = None;
    }),
    (Code::MfaStale, |case| case.parts.mfa = Some(fresh_login())),
];

#[test]
fn beginning_is_refused_in_this_order() {
    in_order::<Beginning>(ROWS);
}

/// Alice's `g1` is asked and approved at nine.
fn approved(start: Option<Timestamp>, change: impl FnOnce(&mut Parts)) -> Tenant {
    let mut tenant = Tenant::new([waiting(change)]);
    tenant.asks(&alice(), Request { start, ..request("db", "g1", &["pg/a/read"]) });
    tenant.ask(&bob(), Verb::Approve(approve("g1"))).unwrap();
    tenant
}

// guard: `lifecycle/open.rs`, since when it runs
#[test]
fn r12_the_clock_of_the_access_starts_when_the_holder_begins() {
    let mut tenant = approved(None, |_| ());
    assert_eq!(tenant.look("g1").waiting_for, Some(Waiting::Holder));
    tenant.at(90);
    assert_eq!(tenant.holds("alice", "pg/a/read"), None);
    let answer = tenant.ask(&alice(), activate("g1")).unwrap();
    assert_eq!((names(&answer.events), tenant.active("g1").since), (vec!["activated"], at(90)));
    assert_eq!(effects(&answer.events), ["provision", "notify:active"]);
    assert_eq!(tenant.active("g1").end, at(150), "an hour from now, not from the request");
}

#[test]
fn a_plan_waits_for_its_start_and_then_for_its_holder() {
    let mut tenant = approved(Some(at(30)), |_| ());
    let early = tenant.at(29).refused(&alice(), activate("g1"));
    let waits = early.details.get("waiting_for").map(|detail| serde_json::to_value(detail).unwrap());
    assert_eq!((early.code, waits), (Code::GrantNotActive, Some("start".into())));
    tenant.at(45).system(settle("alice")).unwrap();
    assert_eq!(tenant.when("g1", "now_waits"), Some(at(30)), "stamped with the start");
    assert_eq!(tenant.look("g1").waiting_for, Some(Waiting::Holder));
    tenant.ask(&alice(), activate("g1")).unwrap();
    assert_eq!((tenant.active("g1").since, tenant.active("g1").end), (at(45), at(90)), "the end as planned");
}

#[test]
fn activate_within_counts_from_the_approval_or_the_planned_start_and_in_open_hours() {
    let night = |parts: &mut Parts| parts.hours = Some(open_daily(9, 10));
    let day = mins(1440);
    // Half of the two hours are open today, the rest tomorrow.
    for (start, hours, last) in [
        (None, false, at(120)),
        (Some(at(30)), false, at(90)),
        (Some(at(100)), false, at(160)),
        (None, true, at(60).plus(day)),
    ] {
        for (moment, code) in [(last.minus(MS), None), (last, Some(Code::GrantNotActive))] {
            let mut tenant = approved(start, |parts| {
                if hours {
                    night(parts);
                }
            });
            tenant.clock = moment;
            assert_eq!(tenant.code(&alice(), activate("g1")), code, "{start:?} {hours} at {moment}");
            assert_eq!(tenant.when("g1", "unused"), code.map(|_| last));
        }
    }
    let mut tenant = approved(Some(at(100)), |parts| parts.activate_within = mins(20));
    tenant.at(600).system(settle("alice")).unwrap();
    assert_eq!((tenant.closed("g1").outcome, tenant.closed("g1").at), (Outcome::Unused, at(120)));
}

#[test]
fn hours_are_not_waited_for_and_the_opening_is_named_where_it_helps() {
    let office = |within: Span| {
        move |parts: &mut Parts| (parts.hours, parts.activate_within) = (Some(open_daily(9, 17)), within)
    };
    let mut tenant = approved(None, office(Span::hours(20)));
    tenant.at(8 * 60);
    assert_eq!(tenant.look("g1").waiting_for, Some(Waiting::Holder));
    let refusal = tenant.refused(&alice(), activate("g1"));
    let (opens, names) = (at(1440), refusal.details.get("opens_at"));
    assert_eq!((refusal.code, names), (Code::HoursClosed, Some(&opens.into())));
    assert_eq!(refusal.would_pass, Some(WouldPass::at(opens)));
    tenant.clock = opens;
    assert_eq!(tenant.code(&alice(), activate("g1")), None, "what would pass passes");
    // The planned end comes before the next opening.
    let mut tenant = approved(Some(at(450)), office(Span::hours(20)));
    let refusal = tenant.at(490).refused(&alice(), activate("g1"));
    assert_eq!((refusal.code, refusal.would_pass), (Code::HoursClosed, None));
}

#[test]
fn it_ends_at_the_close_where_it_began_later_than_was_asked() {
    for (past_close, end) in
        [(PastClose::Clip, at(480)), (PastClose::Refuse, at(480)), (PastClose::Allow, at(530))]
    {
        let mut tenant = approved(None, |parts| {
            parts.hours = Some(open_daily(9, 17));
            (parts.past_close, parts.activate_within) = (past_close, Span::hours(20));
        });
        tenant.at(470).ask(&alice(), activate("g1")).unwrap();
        let active = tenant.active("g1");
        assert_eq!((active.end, active.clipped), (end, end < at(530)), "{past_close:?}");
    }
}

#[test]
fn what_was_promised_stands_whatever_the_policy_says_today() {
    let mut tenant = approved(None, |_| ());
    let mut today = waiting(|parts| parts.when.push(named(never())));
    today.who.any = selectors(&["group:others"]);
    (today.mfa, today.enabled) = (Some(fresh_login()), false);
    today.hours = Some(open_daily(1, 2));
    tenant.publish([today]);
    assert_eq!(tenant.at(30).code(&alice(), activate("g1")), None);
    assert_eq!(tenant.active("g1").end, at(90), "and the hours of today do not shorten it");
}

#[test]
fn the_flows_until_of_today_shortens_it_and_ends_the_wait() {
    for (moment, outcome) in [(at(49), None), (at(50), Some(Outcome::Unused))] {
        let mut tenant = approved(None, |_| ());
        let today = waiting(|parts| parts.until = Some(at(50)));
        tenant.at(10).publish([today]);
        tenant.clock = moment;
        let code = outcome.map(|_| Code::GrantNotActive);
        assert_eq!(tenant.code(&alice(), activate("g1")), code);
        assert_eq!(tenant.look("g1").outcome, outcome);
        assert_eq!(tenant.look("g1").ends_at, outcome.is_none().then_some(at(50)));
    }
}

#[test]
fn conditions_see_what_was_granted() {
    let mut tenant = Tenant::new([waiting(|parts| {
        parts.when.push(named(says("as asked, then as granted", |facts| {
            let granted = if facts.ask.now < at(10) { mins(60) } else { mins(40) };
            Ok(facts.ask.span == granted && facts.ask.reason == "INC-1" && facts.ask.mfa_age.is_some())
        })));
    })]);
    let reason = Some("INC-1".to_owned());
    tenant.asks(&alice(), Request { reason, ..request("db", "g1", &["pg/a/read"]) });
    let less = crate::command::Approve { span: Some(mins(40)), ..approve("g1") };
    tenant.ask(&bob(), Verb::Approve(less)).unwrap();
    assert_eq!(tenant.at(10).code(&alice(), activate("g1")), None);
}

#[test]
fn nobody_begins_for_somebody_else_and_nobody_is_told_of_it() {
    let mut tenant = approved(None, |_| ());
    for actor in [bob(), mallory()] {
        let refusal = tenant.refused(&actor, activate("g1"));
        assert_eq!(refusal.code, Code::ActorNotAllowed);
        assert!(refusal.details.is_empty() && !refusal.message.contains("alice"));
    }
    let host = tenant.system(activate("g1")).unwrap_err();
    assert_eq!(host.code, Code::ActorNotAllowed, "not even the host");
}
