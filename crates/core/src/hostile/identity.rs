//! Who somebody is, and whose word it is.

use std::collections::BTreeSet;

use super::*;
use crate::flow::Flow;
use crate::flow::OwnRequests;
use crate::flow::approval_rule::Approval;
use crate::id::PersonId;
use crate::person::Person;
use crate::refusal::Code;
use crate::time::Span;

#[test]
fn nobody_asks_for_themselves_under_another_name() {
    let mut parts = automatic("f");
    parts.requesters.own = OwnRequests::Nobody;
    parts.requesters.others = selectors(&["group:sre"]);
    let mut tenant = Tenant::new([parts]);
    let mut me = alice();
    me.aliases = BTreeSet::from([person_id("alice@corp")]);
    for (grant, id) in [("x", "ALICE"), ("y", "alice@corp"), ("z", "alice")] {
        let mut holder = member(id, &["sre"]);
        holder.aliases = BTreeSet::from([person_id("alice")]);
        let mut ask = asking("f", grant, &["pg/a/read"], 60);
        ask.holder = Some(holder);
        let code = tenant.code(&me, Verb::Request(Box::new(ask)));
        assert_eq!(code, Some(Code::RequesterNotAllowed), "{id}");
    }
}

#[test]
fn what_is_mine_under_another_of_my_ids_is_asked_for_on_behalf() {
    // Whoever may ask for themselves brings their own facts, not those of another id they name.
    let mut tenant = Tenant::new([automatic("f")]);
    let mut me = mallory();
    me.aliases = BTreeSet::from([person_id("root")]);
    let mut ask = asking("f", "x", &["pg/a/read"], 60);
    ask.holder = Some(member("root", &["sre"]));
    assert_eq!(tenant.code(&me, Verb::Request(Box::new(ask))), Some(Code::RequesterNotAllowed));
}

#[test]
fn what_actors_say_of_themselves_is_not_the_host_s_word() {
    let mut tenant = Tenant::new([automatic("f")]);
    let mut ask = asking("f", "x", &["pg/a/read"], 60);
    ask.holder = Some(member("mallory", &["sre"]));
    let refused = tenant.code(&mallory(), Verb::Request(Box::new(ask)));
    assert_eq!(refused, Some(Code::PersonNotEligible));
    tenant.asks(&alice(), asking("f", "y", &["pg/a/read"], 60));
    let mut extend = by_minutes("y", 30);
    extend.holder = Some(alice());
    let left = member("alice", &[]);
    assert_eq!(tenant.code(&left, Verb::Extend(extend)), Some(Code::PersonNotEligible), "she left the group");
}

// guard: `lifecycle/approve.rs`, the names known today
#[test]
fn r16_one_s_own_access_under_an_alias_known_since_today() {
    let mut tenant = Tenant::new([parts("f")]);
    tenant.asks(&alice(), asking("f", "x", &["pg/a/read"], 60));
    let mut today = alice();
    today.aliases = BTreeSet::from([person_id("BOB")]);
    let own = crate::command::Approve { holder: Some(today), ..approve("x") };
    assert_eq!(tenant.code(&bob(), Verb::Approve(own)), Some(Code::ApprovalOwn));
    assert_eq!(tenant.code(&bob(), Verb::Approve(approve("x"))), None, "what nobody knows bars nobody");
}

#[test]
fn no_person_passes_for_the_host() {
    for id in ["system:host", "System:host", "SYSTEM:"] {
        assert!(PersonId::new(id).is_err(), "{id}");
    }
    assert!(PersonId::new("systematic").is_ok());
}

#[test]
fn a_request_that_nobody_could_decide_is_refused_at_once() {
    let asked = |approvers: &[&str], needed: u32, me: &Person| {
        let mut parts = parts("f");
        let mut step = step("people", approvers);
        step.needed = needed;
        parts.approval = Approval::Decided(decided(vec![step]));
        let mut tenant = Tenant::new([parts]);
        tenant.code(me, Verb::Request(Box::new(asking("f", "x", &["pg/a/read"], 60))))
    };
    let mut me = alice();
    assert_eq!(asked(&["user:alice"], 1, &me), Some(Code::ApprovalNobody));
    assert_eq!(asked(&["user:bob"], 2, &me), Some(Code::ApprovalNobody));
    assert_eq!(asked(&["user:bob"], 1, &me), None);
    assert_eq!(asked(&["user:alice", "group:boss"], 1, &me), None, "who is in a group is not known");
    me.aliases = BTreeSet::from([person_id("Bob")]);
    assert_eq!(asked(&["user:bob"], 1, &me), Some(Code::ApprovalNobody), "it is her under another name");
}

#[test]
fn who_cannot_be_known_of_a_grant_is_a_problem_in_its_flow() {
    for selector in ["manager", "owner"] {
        let mut others = automatic("f");
        rule(&mut others).others = selectors(&[selector]);
        assert!(Flow::new(others).is_err(), "`extension.others: [{selector}]`");
        let mut revoke = automatic("f");
        revoke.revoke_by = selectors(&[selector]);
        assert!(Flow::new(revoke).is_err(), "`revoke_by: [{selector}]`");
    }
}

/// A flow whose extensions `group:boss` decides on.
fn decided_extensions() -> crate::flow::Parts {
    let mut parts = automatic("f");
    rule(&mut parts).approval = extension_by(&["group:boss"]);
    parts
}

#[test]
fn a_step_s_condition_on_an_extension_sees_the_extension() {
    let mut parts = decided_extensions();
    let mut lead = step("lead", &["group:boss"]);
    lead.when = Some(says("short", |facts| Ok(facts.ask.span <= Span::minutes(30))));
    let by = crate::flow::extension_rule::DecidedBy::Steps(decided(vec![lead]));
    rule(&mut parts).approval = crate::flow::extension_rule::ExtensionApproval::Decided {
        first: 0,
        bridge: None,
        decide_within: None,
        by,
    };
    for (minutes, refused) in [(60, Some(Code::ConditionUnmet)), (30, None)] {
        let mut tenant = Tenant::new([parts.clone()]);
        tenant.asks(&alice(), asking("f", "x", &["pg/a/read"], 20));
        tenant.ask(&alice(), Verb::Extend(by_minutes("x", minutes))).unwrap();
        assert_eq!(tenant.code(&bob(), Verb::ApproveExtension(decide("x"))), refused, "{minutes} minutes");
    }
}

// guard: `lifecycle/extend.rs`, what approvers of an extension decide on
#[test]
fn r14_an_approval_is_of_the_extension_that_was_seen() {
    let mut parts = decided_extensions();
    if let crate::flow::extension_rule::ExtensionApproval::Decided { decide_within, .. } =
        &mut rule(&mut parts).approval
    {
        *decide_within = Some(mins(5));
    }
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), asking("f", "x", &["pg/a/read"], 120));
    tenant.ask(&alice(), Verb::Extend(by_minutes("x", 5))).unwrap();
    let seen = tenant.active("x").asked.as_ref().unwrap().content.clone();
    // It lapses, another is asked, and the click on the first arrives.
    tenant.at(6);
    tenant.ask(&alice(), Verb::Extend(by_minutes("x", 60))).unwrap();
    let late = crate::command::DecideExtension { content: Some(seen), ..decide("x") };
    assert_eq!(tenant.code(&bob(), Verb::ApproveExtension(late.clone())), Some(Code::ApprovalStale));
    assert_eq!(tenant.code(&bob(), Verb::DenyExtension(late)), Some(Code::ApprovalStale));
    assert_eq!(tenant.active("x").end, at(120));
}
