use std::collections::BTreeMap;

use crate::command::{RequestKit, Verb};
use crate::explain::Verdict;
use crate::fixture::*;
use crate::flow::Parts;
use crate::flow::beside::Beside;
use crate::flow::target::{Permissions, Take, Target};
use crate::id::GrantId;
use crate::person::{Person, Resource};
use crate::refusal::{Code, Refusal};

/// The kit `incident`: two items of `db`, and between them one of `logs`.
fn incident() -> Beside {
    let items = [("db", "pg/a/read"), ("logs", "aws/x/read"), ("db", "pg/b/read")];
    let kit = kit("incident", &items);
    Beside { kits: BTreeMap::from([(kit.id.clone(), kit)]), ..Beside::default() }
}

fn tenant(flows: [Parts; 2], beside: Beside) -> Tenant {
    let mut tenant = Tenant::new([]);
    tenant.publish_beside(flows, beside);
    tenant
}

fn asks(ask: RequestKit) -> Verb {
    Verb::RequestKit(Box::new(ask))
}

fn refused(flows: [Parts; 2], beside: Beside) -> (Tenant, Refusal) {
    let mut tenant = tenant(flows, beside);
    let refusal = tenant.refused(&alice(), asks(request_kit("incident", "g1")));
    (tenant, refusal)
}

#[test]
fn one_request_is_one_grant_a_flow_in_the_order_in_which_flows_appear() {
    let mut tenant = tenant([automatic("db"), parts("logs")], incident());
    let answer = tenant.ask(&alice(), asks(request_kit("incident", "g1"))).unwrap();
    assert_eq!(names(&answer.events), ["requested", "approved", "activated", "requested"]);
    assert_eq!(effects(&answer.events), ["provision", "notify:active", "notify:approval_wanted"]);
    let receipt = &answer.receipt;
    assert_eq!(receipt.view.as_ref().unwrap().id.as_str(), "g1.db");
    assert_eq!(receipt.more.iter().map(|view| view.id.as_str()).collect::<Vec<_>>(), ["g1.logs"]);
    let scope =
        |grant: &str| tenant.grant(grant).terms.scope.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(scope("g1.db"), ["pg/database/a/read", "pg/database/b/read"]);
    assert_eq!(scope("g1.logs"), ["aws/database/x/read"]);
    let origin = &tenant.grant("g1.db").origin;
    assert_eq!(origin.unknown.len(), 2, "nobody described them");
}

#[test]
fn ids_are_made_of_the_command_where_none_is_given() {
    let mut tenant = tenant([automatic("db"), automatic("logs")], incident());
    let ask = RequestKit { grant: None, ..request_kit("incident", "g1") };
    let answer = tenant.ask(&alice(), asks(ask)).unwrap();
    let first = answer.receipt.view.as_ref().unwrap().id.to_string();
    let prefix = first.strip_suffix(".db").unwrap();
    assert_eq!(answer.receipt.more[0].id.to_string(), format!("{prefix}.logs"));
    assert!(!tenant.grants.contains_key(&GrantId::new(prefix).unwrap()));
}

#[test]
fn one_part_that_is_refused_leaves_nothing() {
    let mut logs = automatic("logs");
    logs.who.any = selectors(&["group:nobody"]);
    let (tenant, refusal) = refused([automatic("db"), logs], incident());
    assert_eq!((refusal.code, refusal.details.get("flow")), (Code::PersonNotEligible, Some(&"logs".into())));
    assert!(tenant.grants.is_empty() && tenant.events.is_empty());
}

#[test]
fn conflicts_inside_a_kit_are_refused() {
    let mut beside = incident();
    beside.conflicts.push(conflict("apart", &["logs", "db"]));
    let (tenant, refusal) = refused([automatic("db"), automatic("logs")], beside);
    assert_eq!((refusal.code, refusal.details.get("flow")), (Code::ConflictHeld, Some(&"logs".into())));
    assert!(tenant.grants.is_empty());
}

#[test]
fn limits_count_what_the_kit_itself_has_asked_for() {
    let mut logs = automatic("logs");
    logs.limits.open_per_item = Some(1);
    let same = kit("incident", &[("db", "pg/a/read"), ("logs", "pg/a/read")]);
    let beside = Beside { kits: BTreeMap::from([(same.id.clone(), same)]), ..Beside::default() };
    let (_, refusal) = refused([automatic("db"), logs], beside);
    assert_eq!(refusal.code, Code::LimitOpenPerItem);
}

#[test]
fn a_kit_that_is_not_there_is_named() {
    let mut tenant = tenant([automatic("db"), automatic("logs")], incident());
    let refusal = tenant.refused(&alice(), asks(request_kit("other", "g1")));
    assert_eq!((refusal.code, refusal.details.get("kit")), (Code::FlowUnknown, Some(&"other".into())));
}

#[test]
fn a_grant_id_that_leaves_no_room_for_the_flow_is_too_large() {
    let code = |bytes: usize| {
        let mut tenant = tenant([automatic("db"), automatic("logs")], incident());
        tenant.code(&alice(), asks(request_kit("incident", &"g".repeat(bytes))))
    };
    assert_eq!(code(256 - ".logs".len()), None);
    assert_eq!(code(256 - ".logs".len() + 1), Some(Code::RequestTooLarge));
}

#[test]
fn the_same_command_again_answers_the_same_and_with_another_kit_it_is_reused() {
    let mut beside = incident();
    let other = kit("other", &[("db", "pg/a/read")]);
    beside.kits.insert(other.id.clone(), other);
    let mut tenant = tenant([automatic("db"), automatic("logs")], beside);
    let click = |kit: &str| command("click", &by(&alice()), asks(request_kit(kit, "g1")));
    let first = tenant.give(&click("incident"), at(0)).unwrap().unwrap();
    let again = tenant.at(30).give(&click("incident"), at(30)).unwrap().unwrap();
    assert!(again.repeated && again.receipt == first.receipt);
    let mut described = click("incident");
    if let Verb::RequestKit(ask) = &mut described.verb {
        ask.resources = vec![asked("pg/a/read").resource];
    }
    assert!(tenant.give(&described, at(30)).unwrap().unwrap().repeated, "facts are no content");
    let reused = tenant.give(&click("other"), at(30)).unwrap().unwrap_err();
    assert_eq!(reused.code, Code::CommandReused);
    let request = Verb::Request(Box::new(request("db", "g1", &["pg/a/read"])));
    let reused = tenant.give(&command("click", &by(&alice()), request), at(30)).unwrap().unwrap_err();
    assert_eq!(reused.code, Code::CommandReused);
}

#[test]
fn an_id_in_use_refuses_the_whole() {
    let mut tenant = tenant([automatic("db"), automatic("logs")], incident());
    tenant.asks(&alice(), request("db", "g1.logs", &["pg/z/read"]));
    assert_eq!(tenant.code(&alice(), asks(request_kit("incident", "g1"))), Some(Code::GrantExists));
    assert_eq!(tenant.grants.len(), 1);
}

#[test]
fn a_flow_that_selects_by_label_does_not_offer_what_nobody_described() {
    let labels = BTreeMap::from([("env".to_owned(), "prod".to_owned())]);
    let by_label = || {
        let mut parts = automatic("db");
        parts.what = vec![Target { labels: labels.clone(), ..target("pg") }];
        parts
    };
    let (_, refusal) = refused([by_label(), automatic("logs")], incident());
    assert_eq!(refusal.code, Code::ScopeNotInFlow);
    let mut tenant = tenant([by_label(), automatic("logs")], incident());
    let describe = |text: &str| -> std::sync::Arc<Resource> {
        let mut resource = (*asked(text).resource).clone();
        resource.labels.clone_from(&labels);
        std::sync::Arc::new(resource)
    };
    let mut ask = request_kit("incident", "g1");
    ask.resources = vec![describe("pg/a/read"), describe("pg/b/read")];
    assert_eq!(tenant.code(&alice(), asks(ask)), None);
    assert!(tenant.grant("g1.db").origin.unknown.is_empty());
    assert_eq!(tenant.grant("g1.logs").origin.unknown.len(), 1);
}

#[test]
fn a_flow_that_is_taken_whole_is_in_no_kit() {
    let mut whole = automatic("logs");
    let (kind, names) = (Some("database".to_owned()), vec![crate::flow::selector::Glob::new("x")]);
    let permissions = Permissions::Named(vec!["read".to_owned()]);
    whole.what = vec![Target { kind, names, permissions, ..target("aws") }];
    whole.take = Take::All;
    assert_eq!(refused([automatic("db"), whole], incident()).1.code, Code::RequestEmpty);
}

#[test]
fn it_is_asked_for_somebody_else_by_whom_every_flow_names() {
    let mut flows = [automatic("db"), automatic("logs")];
    flows[0].requesters.others = selectors(&["group:boss"]);
    let on_behalf = |flows: [Parts; 2], actor: &Person| {
        let mut tenant = tenant(flows, incident());
        let ask = RequestKit { holder: Some(alice()), ..request_kit("incident", "g1") };
        tenant.code(actor, asks(ask))
    };
    assert_eq!(on_behalf(flows.clone(), &bob()), Some(Code::RequesterNotAllowed));
    flows[1].requesters.others = selectors(&["group:boss"]);
    assert_eq!(on_behalf(flows, &bob()), None);
}

#[test]
fn explained_are_the_checks_of_the_first_part_that_is_refused_or_of_the_last() {
    let explain = |flows: [Parts; 2], kit: &str| {
        let tenant = tenant(flows, incident());
        tenant.explain(&command("why", &by(&alice()), asks(request_kit(kit, "g1"))))
    };
    let sound = explain([automatic("db"), automatic("logs")], "incident");
    assert!(sound.refused.is_none() && sound.checks.len() > 20);
    assert!(sound.checks.iter().all(|checked| checked.verdict == Verdict::Pass));
    let mut db = automatic("db");
    db.reason.required = true;
    let first = explain([db, automatic("logs")], "incident").refused.unwrap();
    assert_eq!((first.code, first.details.get("flow")), (Code::ReasonMissing, Some(&"db".into())));
    let unknown = explain([automatic("db"), automatic("logs")], "other");
    assert_eq!(unknown.refused.map(|no| no.code), Some(Code::FlowUnknown));
    let failed: Vec<Code> =
        unknown.checks.iter().filter(|it| it.verdict == Verdict::Fail).map(|it| it.code).collect();
    assert_eq!(failed, [Code::FlowUnknown]);
}
