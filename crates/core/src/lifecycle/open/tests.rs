use crate::command::{Approve, Request, Verb};
use crate::fixture::*;
use crate::flow::Parts;
use crate::flow::hours::PastClose;
use crate::grant::{Outcome, Waiting};
use crate::limits;
use crate::refusal::Code;
use crate::time::Timestamp;

/// A flow whose requests are planned up to a day ahead.
fn planning(change: impl FnOnce(&mut Parts)) -> Tenant {
    let mut parts = parts("db");
    parts.start_ahead = mins(1440);
    change(&mut parts);
    Tenant::new([parts])
}

fn asks(tenant: &mut Tenant, start: Option<Timestamp>) {
    tenant.asks(&alice(), Request { start, ..request("db", "g1", &["pg/a/read"]) });
}

fn approves(tenant: &mut Tenant) -> Option<Code> {
    tenant.code(&bob(), Verb::Approve(approve("g1")))
}

#[test]
fn a_planned_start_is_kept_and_so_is_the_planned_end() {
    let mut tenant = planning(|_| ());
    asks(&mut tenant, Some(at(30)));
    assert_eq!(approves(tenant.at(10)), None);
    assert_eq!(tenant.look("g1").waiting_for, Some(Waiting::Start));
    tenant.clock = at(30).minus(MS);
    assert_eq!(tenant.holds("alice", "pg/a/read"), None);
    tenant.clock = at(30);
    assert_eq!(tenant.holds("alice", "pg/a/read"), Some(at(90)));
    let mut late = planning(|_| ());
    asks(&mut late, Some(at(30)));
    assert_eq!(approves(late.at(45)), None);
    assert_eq!(
        (late.active("g1").since, late.active("g1").end),
        (at(45), at(90)),
        "the end stays as planned"
    );
}

#[test]
fn a_planned_request_is_decided_before_its_planned_end() {
    for (moment, code) in [(at(90).minus(MS), None), (at(90), Some(Code::RequestClosed))] {
        let mut tenant = planning(|_| ());
        asks(&mut tenant, Some(at(30)));
        tenant.clock = moment;
        assert_eq!(approves(&mut tenant), code, "{moment}");
        assert_eq!(tenant.when("g1", "undecided"), code.map(|_| at(90)));
    }
}

// guard: `lifecycle/open.rs`, hours hold when access begins
#[test]
fn r43_access_waits_for_the_opening_of_the_hours() {
    let mut tenant = planning(|parts| parts.hours = Some(open_daily(9, 17)));
    asks(&mut tenant, None);
    assert_eq!(approves(tenant.at(8 * 60)), None);
    let view = tenant.look("g1");
    assert_eq!((view.stage.as_str(), view.waiting_for), ("approved", Some(Waiting::Hours)));
    tenant.clock = at(1440).minus(MS);
    assert_eq!(tenant.holds("alice", "pg/a/read"), None);
    tenant.clock = at(1440);
    assert_eq!(tenant.holds("alice", "pg/a/read"), Some(at(1500)));
    let mut tenant = planning(|parts| parts.hours = Some(open_daily(9, 17)));
    asks(&mut tenant, None);
    tenant.clock = at(8 * 60).minus(MS);
    assert_eq!(approves(&mut tenant), None);
    assert_eq!(tenant.look("g1").stage, "active", "a millisecond before the close it is open");
    assert_eq!(tenant.active("g1").end, at(8 * 60));
    assert!(tenant.active("g1").clipped);
}

#[test]
fn the_close_shortens_unless_the_flow_allows_more() {
    for (past_close, end) in
        [(PastClose::Clip, at(480)), (PastClose::Refuse, at(480)), (PastClose::Allow, at(530))]
    {
        let mut tenant = planning(|parts| {
            (parts.hours, parts.past_close) = (Some(open_daily(9, 17)), past_close);
        });
        asks(&mut tenant, None);
        assert_eq!(approves(tenant.at(470)), None);
        let active = tenant.active("g1");
        assert_eq!((active.end, active.clipped), (end, end < at(530)), "{past_close:?}");
    }
}

#[test]
fn the_flows_until_shortens_what_begins_and_nothing_that_runs() {
    let mut tenant = planning(|parts| parts.until = Some(at(40)));
    asks(&mut tenant, None);
    assert_eq!(approves(tenant.at(10)), None);
    assert_eq!((tenant.active("g1").end, tenant.active("g1").clipped), (at(40), true));
    let mut tenant = planning(|_| ());
    asks(&mut tenant, None);
    assert_eq!(approves(tenant.at(10)), None);
    let mut today = parts("db");
    today.until = Some(at(40));
    tenant.publish([today]);
    tenant.at(50).system(settle("alice")).unwrap();
    assert_eq!(tenant.active("g1").end, at(70), "what runs, runs out");
}

#[test]
fn what_waits_when_the_flow_ends_is_unused() {
    let mut tenant = planning(|parts| parts.until = Some(at(60)));
    asks(&mut tenant, Some(at(50)));
    assert_eq!(approves(tenant.at(10)), None);
    let mut today = parts("db");
    today.until = Some(at(30));
    tenant.at(20).publish([today]);
    tenant.at(500).system(settle("alice")).unwrap();
    assert_eq!((tenant.closed("g1").outcome, tenant.closed("g1").at), (Outcome::Unused, at(30)));
    assert_eq!(tenant.history("g1").last(), Some(&"unused"));
}

#[test]
fn activate_within_runs_in_open_hours_only_and_never_longer_than_the_longest_wait() {
    let mut tenant = planning(|parts| parts.hours = Some(open_daily(9, 17)));
    asks(&mut tenant, None);
    assert_eq!(approves(tenant.at(1000)), None, "in the night, long after the close");
    assert!(tenant.at(1440).holds("alice", "pg/a/read").is_some());
    // Hours that open for the first time after the longest wait: closed for five weeks from noon on.
    let day = |month: u32, day: u32| {
        let date = chrono::NaiveDate::from_ymd_opt(2026, month, day).unwrap();
        date.and_hms_opt(12, 0, 0).unwrap()
    };
    for (reopens, outcome) in [(day(4, 1), Some(Outcome::Unused)), (day(3, 31), None)] {
        let range = crate::flow::hours::Closed { from: day(3, 2), to: reopens, why: None };
        let always = crate::flow::hours::Opening {
            days: vec![
                chrono::Weekday::Mon,
                chrono::Weekday::Tue,
                chrono::Weekday::Wed,
                chrono::Weekday::Thu,
                chrono::Weekday::Fri,
            ],
            from: chrono::NaiveTime::MIN,
            to: crate::flow::hours::END_OF_DAY,
        };
        let hours = crate::flow::hours::Hours::new("UTC", vec![always], vec![range]).unwrap();
        let mut tenant = planning(|parts| parts.hours = Some(hours));
        asks(&mut tenant, None);
        assert_eq!(approves(tenant.at(180)), None);
        tenant.clock = at(180).plus(limits::WAITING_MAX);
        tenant.system(settle("alice")).unwrap();
        let closed = matches!(tenant.look("g1").outcome, Some(Outcome::Unused));
        assert_eq!(closed.then_some(Outcome::Unused), outcome, "opens again at {reopens}");
    }
}

#[test]
fn a_shortened_plan_that_has_passed_is_nothing() {
    let mut tenant = planning(|_| ());
    asks(&mut tenant, Some(at(30)));
    let less = Approve { span: Some(mins(5)), ..approve("g1") };
    assert_eq!(tenant.at(10).code(&bob(), Verb::Approve(less)), None);
    tenant.at(33);
    assert_eq!(tenant.holds("alice", "pg/a/read"), Some(at(35)));
}

#[test]
fn automatic_access_begins_with_the_request() {
    let mut tenant = Tenant::new([automatic("db")]);
    let ask = Verb::Request(Box::new(request("db", "g1", &["pg/a/read"])));
    let answer = tenant.ask(&alice(), ask).unwrap();
    assert_eq!(names(&answer.events), ["requested", "approved", "activated"]);
    assert_eq!(effects(&answer.events), ["provision", "notify:active"]);
    assert_eq!(tenant.active("g1").reminders, [at(45), at(55)]);
}
