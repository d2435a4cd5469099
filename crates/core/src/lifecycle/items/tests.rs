use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::command::Verb;
use crate::fixture::*;
use crate::flow::Parts;
use crate::flow::approval_rule::Approval;
use crate::flow::selector::Glob;
use crate::flow::target::Target;

/// `pg` databases of these names, to read and to write.
fn literal(names: &[&str]) -> Target {
    Target {
        kind: Some("database".to_owned()),
        names: names.iter().map(|name| Glob::new(name)).collect(),
        permissions: Permissions::Named(vec!["read".to_owned(), "write".to_owned()]),
        ..target("pg")
    }
}

fn whole_list(names: &[&str]) -> Parts {
    let mut parts = automatic("db");
    (parts.take, parts.what) = (Take::All, vec![literal(names)]);
    parts
}

fn described(text: &str, label: (&str, &str)) -> Arc<Resource> {
    let mut resource = (*asked(text).resource).clone();
    resource.labels = BTreeMap::from([(label.0.to_owned(), label.1.to_owned())]);
    Arc::new(resource)
}

fn code(parts: Parts, ask: Request) -> Option<Code> {
    Tenant::new([parts]).code(&alice(), Verb::Request(Box::new(ask)))
}

#[test]
fn the_whole_list_is_taken_and_nobody_names_an_item() {
    let mut tenant = Tenant::new([whole_list(&["a", "b", "a"])]);
    tenant.asks(&alice(), request("db", "g1", &[]));
    let scope: Vec<String> = tenant.grant("g1").terms.scope.iter().map(ToString::to_string).collect();
    assert_eq!(
        scope,
        ["pg/database/a/read", "pg/database/a/write", "pg/database/b/read", "pg/database/b/write"]
    );
    assert_eq!(tenant.grant("g1").origin.items.len(), 4);
    let named = tenant.refused(&alice(), Verb::Request(Box::new(request("db", "g2", &["pg/a/read"]))));
    assert_eq!(named.code, Code::RequestEmpty);
}

#[test]
fn facts_are_those_that_were_handed_in_and_the_rest_is_unknown() {
    let mut tenant = Tenant::new([whole_list(&["a", "b", "c"])]);
    let mut ask = request("db", "g1", &[]);
    let prod = described("pg/a/read", ("env", "prod"));
    let twice = [described("pg/c/read", ("env", "dev")), described("pg/c/read", ("env", "prod"))];
    ask.resources = [vec![prod.clone(), prod.clone()], twice.to_vec()].concat();
    tenant.asks(&alice(), ask);
    let origin = &tenant.grant("g1").origin;
    let unknown: Vec<&str> = origin.unknown.iter().map(|id| id.name.as_str()).collect();
    assert_eq!(unknown, ["b", "c"], "what is told in two ways is not known");
    let labels: Vec<usize> = origin.items.iter().map(|asked| asked.resource.labels.len()).collect();
    assert_eq!(labels, [1, 1, 0, 0, 0, 0]);
}

#[test]
fn conditions_limits_and_owners_see_the_whole_list() {
    let mut conditioned = whole_list(&["a", "b"]);
    let not_b =
        says("not b", |facts| Ok(facts.resource.is_some_and(|(resource, _)| resource.id.name != "b")));
    conditioned.when.push(named(not_b));
    assert_eq!(code(conditioned, request("db", "g1", &[])), Some(Code::ConditionUnmet));

    let mut limited = whole_list(&["a", "b"]);
    limited.limits.open_per_item = Some(1);
    let mut tenant = Tenant::new([limited, automatic("other")]);
    tenant.asks(&bob_the_engineer(), request("other", "g0", &["pg/b/write"]));
    let refused = tenant.code(&alice(), Verb::Request(Box::new(request("db", "g1", &[]))));
    assert_eq!(refused, Some(Code::LimitOpenPerItem), "everybody's grants are counted");

    let mut owned = whole_list(&["a", "b"]);
    owned.approval = Approval::Decided(decided(vec![step("owner", &["owner"])]));
    let mut tenant = Tenant::new([owned]);
    let mut ask = request("db", "g1", &[]);
    ask.resources = vec![owned_by_bob("pg/a/read")];
    tenant.asks(&alice(), ask.clone());
    assert_eq!(tenant.code(&bob(), Verb::Approve(approve("g1"))), Some(Code::ApprovalNotApprover));
    ask.grant = Some(grant_id("g2"));
    ask.resources.push(owned_by_bob("pg/b/read"));
    tenant.asks(&alice(), ask);
    assert_eq!(tenant.code(&bob(), Verb::Approve(approve("g2"))), None, "every item is theirs");
}

fn bob_the_engineer() -> crate::person::Person {
    member("bob", &["sre"])
}

fn owned_by_bob(text: &str) -> Arc<Resource> {
    let mut resource = (*asked(text).resource).clone();
    resource.owners = selectors(&["user:bob"]);
    Arc::new(resource)
}

#[test]
fn resources_are_bounded() {
    let described = |count: usize| {
        let mut ask = request("db", "g1", &[]);
        let one = |n: usize| described(&format!("pg/r{n}/read"), ("env", "dev"));
        ask.resources = (0..count).map(one).collect();
        code(whole_list(&["a"]), ask)
    };
    assert_eq!(described(limits::RESOURCES_MAX), None);
    assert_eq!(described(limits::RESOURCES_MAX + 1), Some(Code::RequestTooLarge));
    let mut ask = request("db", "g1", &[]);
    let mut large = (*asked("pg/z/read").resource).clone();
    large.attributes = too_many_facts();
    ask.resources = vec![Arc::new(large)];
    assert_eq!(code(whole_list(&["a"]), ask), Some(Code::RequestTooLarge), "also one that nothing names");
}

#[test]
fn content_names_the_whole_list_and_not_its_facts() {
    let content = |names: &[&str], resources: Vec<Arc<Resource>>| {
        let mut ask = request("db", "g1", &[]);
        ask.resources = resources;
        let mut tenant = Tenant::new([whole_list(names)]);
        tenant.asks(&alice(), ask);
        tenant.grant("g1").origin.content.clone()
    };
    let plain = content(&["a", "b"], Vec::new());
    assert_eq!(content(&["a", "b"], vec![described("pg/a/read", ("env", "prod"))]), plain);
    assert_ne!(content(&["a"], Vec::new()), plain);
}
