use std::collections::BTreeMap;
use std::sync::Arc;

use crate::command::{Request, Verb};
use crate::fixture::*;
use crate::flow::Parts;
use crate::flow::approval_rule::Lane;
use crate::flow::beside::{Beside, Guard, Require};
use crate::flow::extension_rule::{Anchor, DecidedBy, ExtensionApproval, GovernedBy};
use crate::flow::selector::Glob;
use crate::flow::target::{Except, Target};
use crate::person::{Person, Resource};
use crate::refusal::{Code, Lacking, Refusal, WouldPass};
use crate::time::Span;

fn requiring(name: &str, change: impl FnOnce(&mut Require)) -> Guard {
    let mut guard = Guard { require: Require::default(), ..guard(name, "pg") };
    change(&mut guard.require);
    guard
}

fn guarded(flows: impl IntoIterator<Item = Parts>, guards: Vec<Guard>) -> Tenant {
    let mut tenant = Tenant::new([]);
    tenant.publish_beside(flows, Beside { guards, ..Beside::default() });
    tenant
}

fn asks(change: impl FnOnce(&mut Request)) -> Verb {
    let mut ask = request("db", "g1", &["pg/a/read"]);
    change(&mut ask);
    Verb::Request(Box::new(ask))
}

fn unmet(refusal: Result<Answered, Refusal>) -> (Code, Option<String>) {
    let refusal = refusal.unwrap_err();
    let guard = refusal.details.get("guard").map(|name| format!("{name:?}"));
    (refusal.code, guard)
}

fn named(name: &str) -> (Code, Option<String>) {
    (Code::GuardUnmet, Some(format!("Text({name:?})")))
}

// guard: `lifecycle/guard.rs`, people must approve
#[test]
fn r41_the_weakest_of_several_policies_does_not_win() {
    let strict = parts("strict");
    let mut tenant = guarded([automatic("db"), strict], vec![guard("production", "pg")]);
    assert_eq!(unmet(tenant.ask(&alice(), asks(|_| ()))), named("production"));
    let elsewhere = asks(|ask| ask.items = vec![asked("aws/a/read")]);
    assert_eq!(tenant.code(&alice(), elsewhere), None, "only such items are guarded");
    let both = asks(|ask| {
        (ask.grant, ask.items) = (Some(grant_id("g2")), vec![asked("aws/a/read"), asked("pg/a/read")])
    });
    assert_eq!(unmet(tenant.ask(&alice(), both)), named("production"), "one of the items is enough");
    let by_the_strict = asks(|ask| (ask.grant, ask.flow) = (Some(grant_id("g3")), flow_id("strict")));
    assert_eq!(tenant.code(&alice(), by_the_strict), None);
    assert_eq!(tenant.look("g3").stage, "pending");
}

#[test]
fn a_fast_lane_is_not_taken_and_the_steps_apply() {
    let mut parts = parts("db");
    ruling(&mut parts).automatic = Some(Lane { when: Some(says("always", |_| Ok(true))), quota: None });
    let mut tenant = guarded([parts.clone()], vec![guard("production", "pg")]);
    assert_eq!(tenant.asks(&alice(), request("db", "g1", &["pg/a/read"])).stage, "pending");
    assert_eq!(tenant.asks(&alice(), request("db", "g2", &["aws/a/read"])).stage, "active");
    // Where the lane is closed by a guard, it can be seen that nobody could ever approve.
    ruling(&mut parts).lists[0][0].approvers = selectors(&["user:alice"]);
    let mut tenant = guarded([parts], vec![guard("production", "pg")]);
    assert_eq!(tenant.code(&alice(), asks(|_| ())), Some(Code::ApprovalNobody));
}

#[test]
fn the_longest_span_itself_is_allowed() {
    let mut tenant = guarded([automatic("db")], vec![requiring("short", |it| it.max = Some(mins(90)))]);
    let spans = |span| asks(|ask| ask.span = Some(span));
    let refusal = tenant.refused(&alice(), spans(mins(90).plus(MS)));
    assert_eq!((refusal.code, refusal.would_pass), (Code::GuardUnmet, Some(WouldPass::span(mins(90)))));
    assert_eq!(refusal.details.get("max"), Some(&mins(90).into()));
    assert_eq!(tenant.code(&alice(), spans(mins(90))), None);
}

#[test]
fn a_default_is_lowered_but_not_below_what_the_flow_gives_at_least() {
    let granted = |most: Span, change: fn(&mut Parts)| {
        let mut parts = automatic("db");
        change(&mut parts);
        let mut tenant = guarded([parts], vec![requiring("short", |it| it.max = Some(most))]);
        tenant.ask(&alice(), asks(|_| ())).map(|_| tenant.grant("g1").origin.span).map_err(|no| no.code)
    };
    assert_eq!(granted(mins(40), |_| ()), Ok(mins(40)));
    assert_eq!(granted(mins(300), |_| ()), Ok(mins(60)), "the flow's own default is less");
    assert_eq!(granted(mins(5), |parts| parts.duration.min = mins(5)), Ok(mins(5)));
    assert_eq!(granted(mins(5), |parts| parts.duration.min = mins(6)), Err(Code::GuardUnmet));
}

#[test]
fn what_would_pass_passes_all_guards_and_the_flow() {
    let most = |name: &str, most: u64| requiring(name, |it| it.max = Some(mins(most)));
    let mut tenant = guarded([automatic("db")], vec![most("a", 90), most("b", 70)]);
    let refusal = tenant.refused(&alice(), asks(|ask| ask.span = Some(mins(100))));
    assert_eq!(refusal.details.get("guard"), Some(&"a".into()), "the first as written");
    assert_eq!(refusal.would_pass, Some(WouldPass::span(mins(70))));
    let mut tenant = guarded([automatic("db")], vec![most("c", 300)]);
    let refusal = tenant.refused(&alice(), asks(|ask| ask.span = Some(mins(301))));
    assert_eq!(refusal.would_pass, Some(WouldPass::span(mins(240))), "the flow's own bound is narrower");
    let mut parts = automatic("db");
    parts.duration.min = mins(30);
    let mut tenant = guarded([parts], vec![most("d", 29)]);
    let refusal = tenant.refused(&alice(), asks(|ask| ask.span = Some(mins(30))));
    assert_eq!(refusal.would_pass, None, "nothing would");
}

#[test]
fn a_further_condition_is_judged_over_the_guarded_items_alone() {
    let small = || says("a small one", |facts| Ok(facts.resource.is_some_and(|(it, _)| it.id.name != "big")));
    let mut tenant = guarded([automatic("db")], vec![requiring("small", |it| it.when = Some(small()))]);
    let big = asks(|ask| ask.items = vec![asked("pg/big/read")]);
    let refusal = tenant.refused(&alice(), big);
    assert_eq!(refusal.details.get("condition"), Some(&"a small one".into()));
    assert_eq!((refusal.code, refusal.details.get("guard")), (Code::GuardUnmet, Some(&"small".into())));
    let elsewhere = asks(|ask| ask.items = vec![asked("aws/big/read"), asked("pg/a/read")]);
    assert_eq!(tenant.code(&alice(), elsewhere), None);
    let mut tenant = guarded([automatic("db")], vec![requiring("known", |it| it.when = Some(cannot_tell()))]);
    let refusal = tenant.refused(&alice(), asks(|_| ()));
    assert_eq!(refusal.code, Code::GuardUnmet, "what cannot be told is a no");
    assert!(refusal.message.contains("`region` is missing"), "{}", refusal.message);
}

#[test]
fn a_reason_and_a_login_are_brought_by_the_request() {
    let mut tenant = guarded([automatic("db")], vec![requiring("why", |it| it.reason = true)]);
    let because = |reason: &str| asks(|ask| ask.reason = Some(reason.to_owned()));
    let refusal = tenant.refused(&alice(), asks(|_| ()));
    assert_eq!(refusal.code, Code::GuardUnmet);
    assert_eq!(refusal.would_pass, Some(WouldPass::reason([Lacking::reason()])));
    assert_eq!(tenant.code(&alice(), because(" \t")), Some(Code::GuardUnmet), "blanks are no reason");
    assert_eq!(tenant.code(&alice(), because("x")), None);

    let mut tenant = guarded([automatic("db")], vec![requiring("login", |it| it.mfa = Some(fresh_login()))]);
    tenant.clock = at(5).plus(MS);
    let refusal = tenant.refused(&alice(), asks(|_| ()));
    assert_eq!(refusal.code, Code::GuardUnmet);
    assert_eq!(refusal.would_pass.map(|passes| passes.login.is_some()), Some(true));
    assert_eq!(refusal.details.keys().copied().collect::<Vec<_>>(), ["guard", "level", "max_age"]);
    tenant.clock = at(5).plus(MS);
    let mut again = alice();
    again.authenticated.as_mut().unwrap().at = at(0).plus(MS);
    assert_eq!(tenant.code(&again, asks(|_| ())), None, "exactly that old passes");
}

#[test]
fn the_first_that_is_unmet_is_named_in_the_order_written() {
    let why = || requiring("why", |it| it.reason = true);
    for (guards, first) in
        [(vec![guard("people", "pg"), why()], "people"), (vec![why(), guard("people", "pg")], "why")]
    {
        let mut tenant = guarded([automatic("db")], guards);
        assert_eq!(unmet(tenant.ask(&alice(), asks(|_| ()))), named(first));
    }
    let both = requiring("both", |it| (it.max, it.reason) = (Some(mins(1)), true));
    let mut tenant = guarded([automatic("db")], vec![both]);
    let refusal = tenant.refused(&alice(), asks(|ask| ask.span = Some(mins(2))));
    assert!(refusal.details.contains_key("max"), "within one guard `max` comes before `reason`");
}

/// A guard of what is labelled `env: prod`, but for `tier: low` and what is called `x-…`.
fn by_label() -> Guard {
    let label = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    let except = Except { names: vec![Glob::new("x-*")], labels: label("tier", "low") };
    let what = Target { labels: label("env", "prod"), except, ..target("pg") };
    Guard { what: vec![what], ..guard("production", "pg") }
}

fn with_labels(text: &str, labels: &[(&str, &str)]) -> Arc<Resource> {
    let mut resource = (*asked(text).resource).clone();
    resource.labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Arc::new(resource)
}

#[test]
fn labels_that_nobody_told_exempt_from_nothing() {
    let code = |name: &str, labels: Option<&[(&str, &str)]>| {
        let text = format!("pg/{name}/read");
        let kits = [kit("all", &[("db", &text)])].map(|kit| (kit.id.clone(), kit)).into();
        let mut tenant = Tenant::new([]);
        let beside = Beside { kits, guards: vec![by_label()], ..Beside::default() };
        tenant.publish_beside([automatic("db")], beside);
        let mut ask = request_kit("all", "g1");
        ask.resources = labels.map(|labels| with_labels(&text, labels)).into_iter().collect();
        tenant.code(&alice(), Verb::RequestKit(Box::new(ask)))
    };
    let unmet = Some(Code::GuardUnmet);
    assert_eq!(code("a", None), unmet, "it may be production");
    assert_eq!(code("x-a", None), None, "a name is known");
    assert_eq!(code("a", Some(&[])), None, "the host says that there is no such label");
    assert_eq!(code("a", Some(&[("env", "prod")])), unmet);
    assert_eq!(code("a", Some(&[("env", "prod"), ("tier", "low")])), None);
}

/// Alice's grant `g1` from nine to ten, and these guards in force from then on.
fn running(guards: Vec<Guard>, change: impl FnOnce(&mut Parts)) -> Tenant {
    let mut parts = parts("db");
    change(&mut parts);
    let mut tenant = Tenant::new([parts.clone()]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    if tenant.grant("g1").active().is_none() {
        tenant.ask(&bob(), Verb::Approve(approve("g1"))).unwrap();
    }
    tenant.publish_beside([parts], Beside { guards, ..Beside::default() });
    tenant
}

fn extends(tenant: &mut Tenant, span: Option<Span>) -> Result<Answered, Refusal> {
    let mut click = extend("g1");
    click.span = span;
    tenant.ask(&alice(), Verb::Extend(click))
}

#[test]
fn a_guard_that_is_published_while_a_grant_runs_binds_its_extension() {
    let automatic = |parts: &mut Parts| parts.approval = crate::flow::approval_rule::Approval::Automatic;
    let mut tenant = running(vec![guard("production", "pg")], automatic);
    assert!(tenant.grant("g1").active().is_some(), "what was promised stands");
    assert_eq!(unmet(extends(&mut tenant, None)), named("production"));
    let offer = tenant.offer("g1", &alice()).unwrap();
    assert_eq!(offer.refused.map(|no| no.code), Some(Code::GuardUnmet));
    // Also where the granted rules govern: a guard holds by whatever flow, today.
    let mut tenant = running(vec![guard("production", "pg")], |parts| {
        automatic(parts);
        rule(parts).governed_by = GovernedBy::Granted;
    });
    assert_eq!(unmet(extends(&mut tenant, None)), named("production"));
    let mut tenant = running(vec![guard("production", "pg")], |_| ());
    assert!(extends(&mut tenant, None).is_ok(), "people approve under this flow");
}

#[test]
fn the_whole_life_of_a_grant_is_bounded() {
    let guards = || vec![requiring("short", |it| it.max = Some(mins(100)))];
    let mut tenant = running(guards(), |_| ());
    let refusal = extends(&mut tenant, Some(mins(40).plus(MS))).unwrap_err();
    assert_eq!((refusal.code, &refusal.would_pass), (Code::GuardUnmet, &Some(WouldPass::span(mins(40)))));
    assert_eq!(refusal.details.get("latest_end"), Some(&at(100).into()));
    assert_eq!(refusal.details.get("most"), Some(&mins(40).into()));
    let offer = tenant.offer("g1", &alice()).unwrap();
    assert_eq!((offer.latest_end, offer.max, offer.default), (Some(at(100)), Some(mins(40)), Some(mins(30))));
    assert!(extends(&mut tenant, Some(mins(40))).is_ok(), "exactly there is allowed");
    assert_eq!(tenant.active("g1").end, at(100));
    let refusal = extends(&mut tenant, None).unwrap_err();
    assert_eq!((refusal.code, refusal.would_pass), (Code::GuardUnmet, None));
    assert_eq!(refusal.details.get("most"), Some(&Span::ZERO.into()));
}

#[test]
fn a_default_extension_is_what_is_left_where_that_is_enough() {
    let end = |most: u64, anchor: Anchor| {
        let mut tenant = running(vec![requiring("short", |it| it.max = Some(mins(most)))], |parts| {
            rule(parts).anchor = anchor;
        });
        tenant.at(50);
        extends(&mut tenant, None).map(|_| tenant.active("g1").end).map_err(|no| no.code)
    };
    assert_eq!(end(80, Anchor::End), Ok(at(80)));
    assert_eq!(end(65, Anchor::End), Ok(at(65)), "exactly the least");
    assert_eq!(end(64, Anchor::End), Err(Code::GuardUnmet), "less than the least");
    assert_eq!(end(70, Anchor::Now), Ok(at(70)));
}

#[test]
fn neither_a_reason_nor_a_login_binds_an_extension_but_a_condition_does() {
    let brought = requiring("brought", |it| (it.reason, it.mfa) = (true, Some(fresh_login())));
    let mut tenant = running(vec![brought], |_| ());
    tenant.at(30);
    assert!(extends(&mut tenant, None).is_ok());
    let once = requiring("once", |it| {
        it.when = Some(says("once", |facts| Ok(facts.ask.extension == 0)));
    });
    let mut tenant = running(vec![once], |_| ());
    assert!(extends(&mut tenant, None).is_ok());
    assert_eq!(unmet(extends(&mut tenant, None)), named("once"));
}

#[test]
fn a_condition_over_a_holder_who_was_not_handed_in_is_unmet() {
    let when = requiring("when", |it| it.when = Some(says("always", |_| Ok(true))));
    let mut tenant = running(vec![when], |parts| {
        parts.who.any = selectors(&["everyone"]);
        rule(parts).others = selectors(&["group:boss"]);
    });
    let refused = tenant.ask(&bob(), Verb::Extend(extend("g1")));
    assert_eq!(unmet(refused), named("when"));
}

#[test]
fn items_that_an_approver_took_out_are_guarded_no_more() {
    let mut parts = parts("db");
    let mut tenant = Tenant::new([parts.clone()]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read", "aws/b/read"]));
    let mut less = approve("g1");
    less.only = Some([item("aws/b/read")].into());
    tenant.ask(&bob(), Verb::Approve(less)).unwrap();
    parts.approval = crate::flow::approval_rule::Approval::Automatic;
    let guards = vec![guard("production", "pg")];
    tenant.publish_beside([parts], Beside { guards, ..Beside::default() });
    assert!(extends(&mut tenant, None).is_ok());
}

#[test]
fn the_lane_of_extensions_is_not_taken_either() {
    let lane = || Some(Lane { when: Some(says("always", |_| Ok(true))), quota: None });
    let same: fn(&mut Parts) = |parts| {
        let by = DecidedBy::Same;
        rule(parts).approval = ExtensionApproval::Decided { first: 0, bridge: None, decide_within: None, by };
    };
    for guards in [Vec::new(), vec![guard("production", "pg")]] {
        let barred = !guards.is_empty();
        let mut tenant = running(guards, |parts| {
            ruling(parts).automatic = lane();
            same(parts);
        });
        extends(&mut tenant, None).unwrap();
        assert_eq!(tenant.active("g1").asked.is_some(), barred);
    }
}

#[test]
fn the_holder_is_the_principal_and_the_actor_brings_the_login() {
    let holder = requiring("holder", |it| {
        it.when = Some(says("it is alice", |facts| Ok(facts.principal.id.as_str() == "alice")));
        it.mfa = Some(fresh_login());
    });
    let mut parts = automatic("db");
    parts.requesters.others = selectors(&["group:boss"]);
    let mut tenant = guarded([parts], vec![holder]);
    let mut stale: Person = alice();
    stale.authenticated = None;
    let for_alice = asks(|ask| ask.holder = Some(stale));
    assert_eq!(tenant.code(&bob(), for_alice), None);
}
