use std::collections::{BTreeMap, BTreeSet};

use crate::command::{Extend, Request, RequestKit, Verb};
use crate::fixture::*;
use crate::flow::OwnRequests;
use crate::flow::Parts;
use crate::flow::approval_rule::{Approval, Decided};
use crate::flow::beside::{Beside, Require};
use crate::flow::hours::PastClose;
use crate::flow::requirement::{Pattern, ReasonField, ReasonRule};
use crate::person::Level;
use crate::refusal::{Code, Lacking, Login, Missing, Refusal, WouldPass};

/// What is told of a request under this flow.
fn told(change: impl FnOnce(&mut Parts, &mut Request)) -> Refusal {
    let (mut parts, mut ask) = (automatic("db"), request("db", "g1", &["pg/a/read"]));
    change(&mut parts, &mut ask);
    Tenant::new([parts]).refused(&alice(), Verb::Request(Box::new(ask)))
}

fn lacking(field: &str, pattern: Option<&str>) -> Lacking {
    Lacking { field: field.to_owned(), min_length: None, pattern: pattern.map(str::to_owned) }
}

/// Whatever else is wrong with what they ask.
fn much_else(parts: &mut Parts, ask: &mut Request) {
    parts.limits.open_per_person = Some(1);
    (parts.hours, parts.past_close) = (Some(open_daily(9, 10)), PastClose::Refuse);
    parts.reason.required = true;
    (ask.span, ask.start) = (Some(mins(500)), Some(at(10)));
}

#[test]
fn who_may_not_ask_is_told_of_no_change() {
    type Row = (Code, fn(&mut Parts));
    let rows: [Row; 3] = [
        (Code::RequesterNotAllowed, |parts| {
            parts.requesters.own = OwnRequests::Only(selectors(&["user:bob"]));
        }),
        (Code::PersonNotEligible, |parts| parts.who.any = selectors(&["group:dba"])),
        (Code::FlowWithdrawn, |parts| parts.enabled = false),
    ];
    for (code, change) in rows {
        let refusal = told(|parts, ask| {
            change(parts);
            much_else(parts, ask);
        });
        assert_eq!((refusal.code, refusal.would_pass), (code, None));
    }
    let mut tenant = Tenant::new([automatic("db")]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    let longer = Extend { span: Some(mins(500)), if_ends_at: Some(at(1)), ..extend("g1") };
    for (person, grant) in [(mallory(), "g1"), (alice(), "g2")] {
        let click = Extend { grant: grant_id(grant), ..longer.clone() };
        let refusal = tenant.refused(&person, Verb::Extend(click));
        assert!(refusal.would_pass.is_none() && refusal.details.is_empty(), "{refusal:?}");
    }
}

#[test]
fn a_reason_is_told_with_every_text_that_it_lacks() {
    let field = |name: &str, pattern: Option<&str>, required| ReasonField {
        name: name.to_owned(),
        label: None,
        pattern: pattern.map(|pattern| Pattern::new(pattern).unwrap()),
        message: None,
        required,
    };
    let refusal = told(|parts, ask| {
        parts.reason = ReasonRule {
            min_length: 9,
            fields: vec![
                field("ticket", Some("^T-"), true),
                field("team", None, true),
                field("note", Some("^N"), false),
                field("link", None, false),
            ],
            ..ReasonRule::default()
        };
        ask.reason = Some("too short".to_owned().replace(' ', ""));
        ask.fields = BTreeMap::from([("note".to_owned(), "x".to_owned())]);
    });
    assert_eq!((refusal.code, refusal.details.get("field")), (Code::ReasonMalformed, Some(&"reason".into())));
    let reason = Lacking { min_length: Some(9), ..Lacking::reason() };
    let all = [reason, lacking("ticket", Some("^T-")), lacking("team", None), lacking("note", Some("^N"))];
    assert_eq!(refusal.would_pass, Some(WouldPass::reason(all)));
}

#[test]
fn one_login_and_one_reason_meet_the_guard_and_the_flow() {
    let mut parts = automatic("db");
    parts.mfa = Some(crate::flow::requirement::MfaRule {
        max_age: Some(mins(5)),
        level: Some(Level::Aal2),
        methods: ["otp", "hwk"].map(str::to_owned).into(),
    });
    parts.reason.pattern = Some(Pattern::new("^INC").unwrap());
    let guarded = |methods: &[&str]| {
        let mut guard = guard("safe", "pg");
        guard.require = Require { reason: true, ..Require::default() };
        guard.require.mfa = Some(crate::flow::requirement::MfaRule {
            max_age: Some(mins(60)),
            level: Some(Level::Aal3),
            methods: methods.iter().map(|method| (*method).to_owned()).collect(),
        });
        let mut tenant = Tenant::new([]);
        tenant.publish_beside([parts.clone()], Beside { guards: vec![guard], ..Beside::default() });
        let mut nobody = alice();
        nobody.authenticated = None;
        let mut ask = request("db", "g1", &["pg/a/read"]);
        let first = tenant.refused(&nobody, Verb::Request(Box::new(ask.clone())));
        ask.reason = Some("because".to_owned());
        (first.would_pass, tenant.refused(&nobody, Verb::Request(Box::new(ask))).would_pass)
    };
    let methods = BTreeSet::from(["hwk".to_owned()]);
    let login = Login { max_age: Some(mins(5)), level: Some(Level::Aal3), methods };
    let fits = WouldPass { login: Some(login), ..WouldPass::reason([lacking("reason", Some("^INC"))]) };
    assert_eq!(guarded(&["hwk", "face"]), (Some(fits.clone()), Some(fits)));
    assert_eq!(guarded(&["face"]), (None, None), "no single method is one of both");
}

#[test]
fn nobody_is_told_with_the_list_that_lacks_the_fewest() {
    let named = |name: &str, people: &[&str], needed| {
        let mut step = step(name, people);
        step.needed = needed;
        step
    };
    let refusal = told(|parts, _| {
        let lists = vec![
            vec![named("many", &["user:bob"], 4)],
            vec![named("both", &["user:alice", "user:bob"], 2), named("own", &["user:ALICE"], 1)],
            vec![named("two", &["user:alice", "user:bob", "user:x"], 4)],
        ];
        parts.approval = Approval::Decided(Decided { lists, ..decided(Vec::new()) });
    });
    let missing = ["both", "own"].map(|step| Missing { step: step.to_owned(), missing: 1 });
    assert_eq!((refusal.code, refusal.details.get("step")), (Code::ApprovalNobody, Some(&"both".into())));
    assert_eq!(refusal.would_pass, Some(WouldPass::approvers(missing)));
}

/// A kit of `db` and `logs`.
fn kits(db: Parts, logs: Parts) -> Tenant {
    let kit = kit("both", &[("db", "pg/a/read"), ("logs", "aws/x/read")]);
    let beside = Beside { kits: BTreeMap::from([(kit.id.clone(), kit)]), ..Beside::default() };
    let mut tenant = Tenant::new([]);
    tenant.publish_beside([db, logs], beside);
    tenant
}

fn both(span: Option<crate::time::Span>) -> Verb {
    Verb::RequestKit(Box::new(RequestKit { span, ..request_kit("both", "k") }))
}

#[test]
fn what_would_pass_of_a_kit_passes_every_part_of_it() {
    let (mut db, mut logs) = (automatic("db"), automatic("logs"));
    db.duration.max = mins(180);
    logs.duration.max = mins(120);
    logs.mfa = Some(fresh_login());
    let mut nobody = alice();
    nobody.authenticated = None;
    let mut tenant = kits(db, logs);
    let click = command("click", &by(&nobody), both(Some(mins(240))));
    let explained = tenant.explain(&click).refused.unwrap();
    let refusal = tenant.give(&click, at(0)).unwrap().unwrap_err();
    assert_eq!(explained, refusal);
    assert_eq!((refusal.code, refusal.details.get("flow")), (Code::DurationTooLong, Some(&"db".into())));
    let change = refusal.would_pass.unwrap();
    assert_eq!((change.span, change.login.is_some()), (Some(mins(120)), true));
    assert!(tenant.grants.is_empty(), "what was tried was not done");
    assert_eq!(tenant.code(&alice(), both(change.span)), None);
}

#[test]
fn a_kit_that_is_in_its_own_way_is_told_of_no_time() {
    let mut tenant = kits(automatic("db"), automatic("logs"));
    let document = tenant.head.document.clone().unwrap();
    let mut beside = (*document.beside).clone();
    beside.conflicts.push(conflict("apart", &["db", "logs"]));
    tenant.publish_beside([automatic("db"), automatic("logs")], beside);
    let refusal = tenant.refused(&alice(), both(None));
    assert_eq!((refusal.code, refusal.would_pass), (Code::ConflictHeld, None));
}

#[test]
fn a_kit_waits_for_what_time_alone_frees() {
    let mut logs = automatic("logs");
    logs.limits.open_total = Some(1);
    let mut tenant = kits(automatic("db"), logs);
    tenant.asks(&member("carol", &["sre"]), request("logs", "g1", &["aws/x/read"]));
    let refusal = tenant.at(10).refused(&alice(), both(None));
    assert_eq!((refusal.code, refusal.would_pass), (Code::LimitOpenTotal, Some(WouldPass::at(at(60)))));
    assert_eq!(tenant.at(60).code(&alice(), both(None)), None);
}

/// Every opening is an hour, and an hour and a minute is the least: no opening is long enough, however many are tried.
fn never_long_enough(parts: &mut Parts, _: &mut Request) {
    (parts.hours, parts.past_close) = (Some(open_daily(9, 10)), PastClose::Refuse);
    (parts.duration.min, parts.duration.default) = (mins(61), mins(61));
}

#[test]
fn a_search_without_end_ends() {
    let refusal = told(never_long_enough);
    assert_eq!((refusal.code, refusal.would_pass), (Code::HoursClosed, None));
}

#[test]
fn what_was_tried_is_not_written() {
    let mut parts = automatic("db");
    parts.hours = Some(open_daily(12, 13));
    let mut tenant = Tenant::new([parts]);
    let before = tenant.clone();
    let refusal = tenant.refused(&alice(), Verb::Request(Box::new(request("db", "g1", &["pg/a/read"]))));
    assert_eq!(refusal.would_pass, Some(WouldPass::at(at(180))));
    assert_eq!((tenant.grants, tenant.events), (before.grants, before.events));
}
