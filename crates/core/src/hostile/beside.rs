//! Who gets a yes where several rules that nobody wrote together meet: guards, kits, emergencies, two revisions.

use std::collections::BTreeMap;

use super::*;
use crate::flow::Parts;
use crate::flow::approval_rule::Approval;
use crate::flow::beside::Beside;
use crate::flow::extension_rule::GovernedBy;
use crate::flow::target::{Except, Target};
use crate::person::Resource;
use crate::refusal::{Code, Missing, WouldPass};

/// Alice's `g1` under a first revision, then another one with a guard that asks for people.
fn guarded_since(granted: Approval, today: Approval, governed_by: GovernedBy) -> Tenant {
    let of = |approval: Approval| {
        let mut parts = parts("f");
        parts.approval = approval;
        rule(&mut parts).governed_by = governed_by;
        parts
    };
    let mut tenant = Tenant::new([of(granted)]);
    if tenant.asks(&alice(), asking("f", "g1", &["pg/a/read"], 60)).stage == "pending" {
        tenant.ask(&bob(), Verb::Approve(approve("g1"))).unwrap();
    }
    let beside = Beside { guards: vec![guard("production", "pg")], ..Beside::default() };
    tenant.at(1).publish_beside([of(today)], beside);
    tenant
}

// held by: `lifecycle/extend.rs`, people decide under whatever governs
#[test]
fn a_guard_that_asks_for_people_is_not_met_by_a_revision_under_which_nobody_decides() {
    let people = || Approval::Decided(decided(vec![step("boss", &["group:boss"])]));
    let unmet = Some(Code::GuardUnmet);
    for (granted, today, governed_by, expected) in [
        (Approval::Automatic, people(), GovernedBy::Granted, unmet),
        (Approval::Automatic, people(), GovernedBy::Stricter, unmet),
        (people(), Approval::Automatic, GovernedBy::Granted, unmet),
        (people(), Approval::Automatic, GovernedBy::Stricter, unmet),
        (people(), Approval::Automatic, GovernedBy::Today, unmet),
        (Approval::Automatic, people(), GovernedBy::Today, None),
        (people(), people(), GovernedBy::Granted, None),
    ] {
        let mut tenant = guarded_since(granted, today, governed_by);
        let offered = tenant.offer("g1", &alice()).unwrap().refused.map(|refusal| refusal.code);
        assert_eq!(offered, expected, "{governed_by:?}, offered");
        let code = tenant.code(&alice(), Verb::Extend(by_minutes("g1", 5)));
        assert_eq!(code, expected, "{governed_by:?}");
    }
}

fn in_kit(items: &[(&str, &str)]) -> Beside {
    let kit = kit("incident", items);
    Beside { kits: BTreeMap::from([(kit.id.clone(), kit)]), ..Beside::default() }
}

// held by: `lifecycle/request.rs`, what nobody described may be what is left out
#[test]
fn what_nobody_described_may_be_what_the_flow_leaves_out() {
    let pii = || BTreeMap::from([("pii".to_owned(), "yes".to_owned())]);
    let code = |labels: Option<BTreeMap<String, String>>| {
        let mut parts = automatic("db");
        let except = Except { names: Vec::new(), labels: pii() };
        parts.what = vec![Target { except, ..target("pg") }];
        let mut tenant = Tenant::new([]);
        tenant.publish_beside([parts], in_kit(&[("db", "pg/a/read")]));
        let known = |labels| Resource { labels, ..(*asked("pg/a/read").resource).clone() };
        let mut ask = request_kit("incident", "g1");
        ask.resources = labels.map(known).map(std::sync::Arc::new).into_iter().collect();
        tenant.code(&alice(), Verb::RequestKit(Box::new(ask)))
    };
    assert_eq!(code(Some(pii())), Some(Code::ScopeNotInFlow));
    assert_eq!(code(Some(BTreeMap::new())), None, "the host says that it has no such label");
    assert_eq!(code(None), Some(Code::ScopeNotInFlow), "it may have");
}

// held by: `lifecycle/request.rs`, each part names the people whom it lacks
#[test]
fn what_would_pass_names_the_people_whom_every_part_of_a_kit_lacks() {
    let lacking = |id: &str, step_name: &str| -> Parts {
        let mut parts = parts(id);
        parts.approval = Approval::Decided(decided(vec![step(step_name, &["user:alice"])]));
        parts
    };
    let mut tenant = Tenant::new([]);
    let beside = in_kit(&[("db", "pg/a/read"), ("logs", "aws/a/read")]);
    tenant.publish_beside([lacking("db", "owner"), lacking("logs", "lead")], beside);
    let refusal = tenant.refused(&alice(), Verb::RequestKit(Box::new(request_kit("incident", "g1"))));
    assert_eq!(refusal.code, Code::ApprovalNobody);
    let missing = ["owner", "lead"].map(|step| Missing { step: step.to_owned(), missing: 1 });
    assert_eq!(refusal.would_pass, Some(WouldPass::approvers(missing)));
}

// held by: `lifecycle/review.rs`, who made it longer
#[test]
fn whoever_made_an_emergency_longer_does_not_look_at_it_afterwards() {
    let mut parts = automatic("prod");
    let mut glass = glass();
    glass.extendable = true;
    parts.break_glass = Some(glass);
    rule(&mut parts).others = selectors(&["group:security"]);
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&olga(), emergency("prod", "e1", &["pg/a/read"]));
    let mut longer = by_minutes("e1", 5);
    longer.holder = Some(olga());
    tenant.at(5).ask(&sam(), Verb::Extend(longer)).unwrap();
    assert_eq!(tenant.code(&sam(), review("e1")), Some(Code::ApprovalOwn));
    let mut bot = member("bot", &["security"]);
    bot.acts_for = Some(sam().id);
    assert_eq!(tenant.code(&bot, review("e1")), Some(Code::ApprovalOwn), "nor a bot of theirs");
    assert_eq!(tenant.code(&member("sue", &["security"]), review("e1")), None);
}
