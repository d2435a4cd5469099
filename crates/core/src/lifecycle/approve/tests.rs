use std::collections::BTreeSet;

use crate::command::{Approve, Command, Verb};
use crate::fixture::*;
use crate::flow::Parts;
use crate::flow::approval_rule::{Order, Step};
use crate::flow::beside::Beside;
use crate::flow::condition::Unmet;
use crate::person::{Fact, Item, Person, Record};
use crate::refusal::{Code, WouldPass};
use crate::time::Span;

/// Alice's request `g1` awaits two people of the first step, then one of the second; bob approves.
struct Approving {
    parts: Parts,
    actor: Person,
    ask: Approve,
    context: Record,
    withdrawn: bool,
    request_withdrawn: bool,
    decided: bool,
    reused: bool,
    holds_other: bool,
}

fn step_of(case: &mut Approving, number: usize) -> &mut Step {
    &mut ruling(&mut case.parts).lists[0][number]
}

impl Case for Approving {
    fn sound() -> Self {
        let mut parts = parts("db");
        parts.approval = crate::flow::approval_rule::Approval::Decided(decided(vec![
            step("first", &["group:boss"]),
            step("second", &["group:second"]),
        ]));
        // What looks at the holder looks when the request is settled: let this approval be the last.
        ruling(&mut parts).order = Order::Any;
        let ask = Approve { holder: Some(alice()), ..approve("g1") };
        let (actor, context) = (bob(), Record::new());
        let (withdrawn, request_withdrawn, decided, reused, holds_other) =
            (false, false, false, false, false);
        Self { parts, actor, ask, context, withdrawn, request_withdrawn, decided, reused, holds_other }
    }

    fn scene(&self) -> (Tenant, Command) {
        let mut tenant = Tenant::new([self.parts.clone(), automatic("other")]);
        tenant.asks(&alice(), request("db", "g1", &["pg/a/read", "aws/b/read"]));
        let mut approves = |person: Person| {
            let because = Approve { reason: Some("yes".to_owned()), ..approve("g1") };
            tenant.ask(&person, Verb::Approve(because)).unwrap();
        };
        approves(member("sue", &["second"]));
        if self.decided {
            let mut two = bob();
            two.groups.clear();
            two.groups.insert("boss".to_owned());
            approves(two);
        }
        if self.request_withdrawn {
            tenant.at(1).ask(&alice(), withdraw("g1")).unwrap();
        }
        if self.reused {
            let other = Verb::Request(Box::new(request("db", "g2", &["pg/b/read"])));
            tenant.give(&command("click", &by(&alice()), other), tenant.clock).unwrap().unwrap();
        }
        let mut beside = Beside::default();
        if self.holds_other {
            tenant.asks(&alice(), request("other", "g0", &["pg/a/read"]));
            beside.conflicts.push(conflict("db or other", &["db", "other"]));
        }
        let mut today = self.parts.clone();
        today.enabled = !self.withdrawn;
        tenant.publish_beside([today, automatic("other")], beside);
        tenant.at(30);
        let mut given = command("click", &by(&self.actor), Verb::Approve(self.ask.clone()));
        given.context.clone_from(&self.context);
        (tenant, given)
    }
}

fn before_half_past(case: &mut Approving) {
    step_of(case, 0).when = Some(says("before half past", |facts| Ok(facts.ask.now < at(29))));
}

fn known_before_half_past(case: &mut Approving) {
    step_of(case, 0).when = Some(says("known before half past", |facts| {
        let unmet = Unmet { message: "gone".to_owned() };
        if facts.ask.now < at(29) { Ok(true) } else { Err(unmet) }
    }));
}

/// Two of the first step are needed, so that one who decided leaves it open.
fn has_decided(case: &mut Approving) {
    case.decided = true;
    step_of(case, 0).needed = 2;
}

fn holder(case: &mut Approving) -> &mut Person {
    case.ask.holder.as_mut().unwrap()
}

const ROWS: &[Row<Approving>] = &[
    (Code::CommandReused, |case| case.reused = true),
    (Code::GrantUnknown, |case| case.ask.grant = grant_id("nothing")),
    (Code::ApprovalOwn, |case| case.actor.aliases.extend([person_id("Alice")])),
    (Code::ApprovalNotApprover, |case| case.actor.groups.clear()),
    (Code::RequestClosed, |case| case.request_withdrawn = true),
    (Code::ApprovalRepeated, has_decided),
    (Code::ApprovalNotAwaited, |case| case.actor.groups = BTreeSet::from(["second".to_owned()])),
    (Code::ApprovalStale, |case| case.ask.content = Some("something else".to_owned())),
    (Code::FlowWithdrawn, |case| case.withdrawn = true),
    (Code::RequestTooLarge, |case| case.context = too_many_facts()),
    (Code::ConditionUnmet, before_half_past),
    (Code::ConditionFailed, known_before_half_past),
    (Code::ApprovalLonger, |case| case.ask.span = Some(mins(60).plus(MS))),
    (Code::ApprovalWider, |case| case.ask.only = Some(BTreeSet::from([item("pg/c/read")]))),
    (Code::ApprovalEmpty, |case| case.ask.only = Some(BTreeSet::new())),
    (Code::ReasonMissing, |case| step_of(case, 0).reason = true),
    (Code::MfaMissing, |case| {
        step_of(case, 0).mfa = Some(fresh_login());
        case.actor.authenticated = None;
    }),
    (Code::MfaStale, |case| step_of(case, 0).mfa = Some(fresh_login())),
    (Code::PersonNotEligible, |case| holder(case).groups.clear()),
    (Code::ConditionUnmet, |case| {
        let left = says("has not left", |facts| Ok(!facts.principal.attributes.contains_key("left")));
        case.parts.when.insert(0, named(left));
        holder(case).attributes.insert("left".to_owned(), Fact::Bool(true));
    }),
    (Code::ConditionFailed, |case| {
        let lost = says("region is known", |facts| match facts.principal.attributes.get("lost") {
            None => Ok(true),
            Some(_) => Err(Unmet { message: "region".to_owned() }),
        });
        case.parts.when.insert(0, named(lost));
        holder(case).attributes.insert("lost".to_owned(), Fact::Bool(true));
    }),
    (Code::ConflictHeld, |case| case.holds_other = true),
];

#[test]
fn an_approval_is_refused_in_this_order() {
    in_order::<Approving>(ROWS);
}

/// A request `g1` of alice's under this flow.
fn asked_for(change: impl FnOnce(&mut Parts)) -> Tenant {
    let mut parts = parts("db");
    change(&mut parts);
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read", "aws/b/read"]));
    tenant
}

fn yes(tenant: &mut Tenant, person: &Person) -> Option<Code> {
    tenant.code(person, Verb::Approve(approve("g1")))
}

// guard: `lifecycle/open.rs`, since when it runs
#[test]
fn r12_the_clock_of_the_access_starts_when_it_begins() {
    let mut tenant = asked_for(|_| ());
    let answer = tenant.at(100).ask(&bob(), Verb::Approve(approve("g1"))).unwrap();
    assert_eq!(names(&answer.events), ["approval_given", "approved", "activated"]);
    assert_eq!(effects(&answer.events), ["provision", "provision", "notify:active"]);
    assert_eq!((tenant.active("g1").since, tenant.active("g1").end), (at(100), at(160)));
}

#[test]
fn an_approval_after_decide_within_is_refused_though_nobody_swept() {
    for (moment, code) in [(at(1440).minus(MS), None), (at(1440), Some(Code::RequestClosed))] {
        let mut tenant = asked_for(|_| ());
        tenant.clock = moment;
        let refused = tenant.ask(&bob(), Verb::Approve(approve("g1"))).err();
        assert_eq!(refused.as_ref().map(|refusal| refusal.code), code, "{moment}");
        if let Some(refusal) = refused {
            assert_eq!(refusal.details.get("outcome"), Some(&"undecided".into()));
            assert_eq!(tenant.closed("g1").at, at(1440));
        }
    }
}

#[test]
fn nobody_decides_on_their_own_access_under_any_name() {
    let boss = |id: &str| member(id, &["sre", "boss"]);
    let with = |id: &str, aliases: &[&str], acts_for: Option<&str>| {
        let mut person = boss(id);
        person.aliases = aliases.iter().map(|alias| person_id(alias)).collect();
        person.acts_for = acts_for.map(person_id);
        person
    };
    for (holder, decider) in [
        (boss("alice"), boss("alice")),
        (boss("alice"), boss("ALICE")),
        (with("alice", &["al@corp"], None), boss("al@corp")),
        (boss("alice"), with("other", &["Alice"], None)),
        (boss("alice"), with("bot", &[], Some("alice"))),
        (with("bot", &[], Some("alice")), boss("alice")),
        (with("bot", &[], Some("alice")), with("bot2", &[], Some("ALICE"))),
        (with("bot", &[], Some("al")), with("alice", &["al"], None)),
    ] {
        let mut tenant = Tenant::new([parts("db")]);
        tenant.asks(&holder, request("db", "g1", &["pg/a/read"]));
        assert_eq!(yes(&mut tenant, &decider), Some(Code::ApprovalOwn), "{} for {}", decider.id, holder.id);
        let denies = Verb::Deny(deny("g1"));
        assert_eq!(tenant.code(&decider, denies), Some(Code::ApprovalOwn));
    }
}

#[test]
fn the_requester_for_somebody_else_does_not_decide_either() {
    let mut tenant = Tenant::new([{
        let mut parts = parts("db");
        parts.requesters.others = selectors(&["group:boss"]);
        parts
    }]);
    let mut ask = request("db", "g1", &["pg/a/read"]);
    ask.holder = Some(alice());
    tenant.asks(&bob(), ask);
    assert_eq!(yes(&mut tenant, &bob()), Some(Code::ApprovalOwn));
    assert_eq!(yes(&mut tenant, &member("carol", &["boss"])), None);
}

#[test]
fn a_stranger_is_told_nothing_of_the_request() {
    let mut tenant = asked_for(|_| ());
    let refusal = tenant.refused(&mallory(), Verb::Approve(approve("g1")));
    assert_eq!(refusal.code, Code::ApprovalNotApprover);
    assert!(refusal.details.is_empty() && refusal.would_pass.is_none());
    assert!(!refusal.message.contains("alice"));
    assert_eq!(tenant.system(Verb::Approve(approve("g1"))).unwrap_err().code, Code::ApprovalNotApprover);
}

// guard: `person.rs`, the human behind a bot
// guard: `lifecycle/ballot.rs`, is_first
#[test]
fn r16_one_human_counts_once() {
    let mut tenant = asked_for(|parts| ruling(parts).lists[0][0].needed = 2);
    let mut bot = member("bot", &["boss"]);
    bot.acts_for = Some(person_id("bob"));
    assert_eq!(yes(&mut tenant, &bot), None);
    assert_eq!(yes(&mut tenant, &bob()), Some(Code::ApprovalRepeated));
    assert_eq!(tenant.look("g1").stage, "pending");
    let mut mine = member("ci", &["boss"]);
    mine.acts_for = Some(person_id("alice"));
    assert_eq!(yes(&mut tenant, &mine), Some(Code::ApprovalOwn));
    assert_eq!(yes(&mut tenant, &member("carol", &["boss"])), None);
    assert_eq!(tenant.look("g1").stage, "active");
}

#[test]
fn steps_in_turn_wait_for_each_other_and_steps_in_any_order_do_not() {
    let two = |order| {
        move |parts: &mut Parts| {
            let rule = ruling(parts);
            rule.order = order;
            rule.lists[0].push(step("second", &["group:second"]));
        }
    };
    let sue = member("sue", &["second"]);
    let mut tenant = asked_for(two(Order::InTurn));
    let refusal = tenant.refused(&sue, Verb::Approve(approve("g1")));
    assert_eq!(refusal.code, Code::ApprovalNotAwaited);
    assert_eq!(refusal.details.get("awaited"), Some(&vec!["boss".to_owned()].into()));
    let answer = tenant.ask(&bob(), Verb::Approve(approve("g1"))).unwrap();
    assert_eq!(effects(&answer.events), ["notify:approval_wanted"], "the next step is told");
    assert_eq!(yes(&mut tenant, &sue), None);
    assert_eq!(tenant.look("g1").stage, "active");
    let mut tenant = asked_for(two(Order::Any));
    assert_eq!(yes(&mut tenant, &sue), None);
    assert_eq!(yes(&mut tenant, &bob()), None);
    assert_eq!(tenant.look("g1").stage, "active");
}

#[test]
fn a_decision_counts_where_it_is_needed() {
    let mut tenant = asked_for(|parts| {
        let rule = ruling(parts);
        rule.order = Order::Any;
        rule.lists[0].push(step("second", &["group:second"]));
    });
    assert_eq!(yes(&mut tenant, &member("both", &["boss", "second"])), None);
    assert_eq!(yes(&mut tenant, &bob()), None, "the one who fits both makes room");
    assert_eq!(tenant.look("g1").stage, "active");
}

#[test]
fn an_approver_may_give_less_and_the_narrowest_is_granted() {
    let mut tenant = asked_for(|parts| ruling(parts).lists[0][0].needed = 3);
    let gives = |span: Option<Span>, only: Option<Item>| {
        Verb::Approve(Approve { span, only: only.map(|item| BTreeSet::from([item])), ..approve("g1") })
    };
    let seen = tenant.look("g1").content;
    tenant.ask(&member("b1", &["boss"]), gives(Some(mins(20)), None)).unwrap();
    assert_eq!(tenant.look("g1").content, seen, "trimming leaves the hash as it is");
    tenant.ask(&member("b2", &["boss"]), gives(Some(mins(30)), Some(item("pg/a/read")))).unwrap();
    let other = gives(None, Some(item("aws/b/read")));
    assert_eq!(tenant.code(&member("b3", &["boss"]), other), Some(Code::ApprovalEmpty), "nothing is left");
    tenant.ask(&member("b3", &["boss"]), gives(None, None)).unwrap();
    let view = tenant.look("g1");
    let items: Vec<Item> = view.items.iter().cloned().collect();
    assert_eq!((view.granted, items, view.ends_at), (mins(20), vec![item("pg/a/read")], Some(at(20))));
    assert_eq!(tenant.grant("g1").targets.len(), 1, "the other target is told nothing");
}

#[test]
fn nothing_is_less_than_something() {
    let gives = |span| Verb::Approve(Approve { span: Some(span), ..approve("g1") });
    assert_eq!(asked_for(|_| ()).code(&bob(), gives(Span::ZERO)), Some(Code::ApprovalEmpty));
    assert_eq!(asked_for(|_| ()).code(&bob(), gives(MS)), None);
    for (moment, code) in [(at(50).minus(MS), None), (at(50), Some(Code::ApprovalEmpty))] {
        let mut tenant = Tenant::new([{
            let mut parts = parts("db");
            parts.start_ahead = mins(60);
            parts
        }]);
        let mut planned = request("db", "g1", &["pg/a/read"]);
        planned.start = Some(at(30));
        tenant.asks(&alice(), planned);
        tenant.clock = moment;
        assert_eq!(tenant.code(&bob(), gives(mins(20))), code, "the shortened plan ends at 50");
    }
}

#[test]
fn wider_says_which_items_were_asked_for() {
    let only = BTreeSet::from([item("pg/a/read"), item("pg/zzz/read")]);
    let refusal =
        asked_for(|_| ()).refused(&bob(), Verb::Approve(Approve { only: Some(only), ..approve("g1") }));
    assert_eq!(refusal.code, Code::ApprovalWider);
    assert_eq!(refusal.would_pass, Some(WouldPass::only([item("pg/a/read")])));
}

// guard: `lifecycle/ballot.rs`, fresh
// guard: `lifecycle/request/origin.rs`, what approvers decide on
#[test]
fn r14_an_approval_is_bound_to_what_was_seen() {
    let mut tenant = asked_for(|_| ());
    let content = tenant.look("g1").content;
    let stale = Approve { content: Some(format!("{content}0")), ..approve("g1") };
    assert_eq!(tenant.code(&bob(), Verb::Approve(stale)), Some(Code::ApprovalStale));
    let denial = crate::command::Deny { content: Some("x".to_owned()), ..deny("g1") };
    assert_eq!(tenant.code(&bob(), Verb::Deny(denial)), Some(Code::ApprovalStale));
    let seen = Approve { content: Some(content.clone()), ..approve("g1") };
    assert_eq!(tenant.code(&bob(), Verb::Approve(seen)), None);
    let hash_of = |change: fn(&mut crate::command::Request)| {
        let mut ask = request("db", "g1", &["pg/a/read", "aws/b/read"]);
        change(&mut ask);
        Tenant::new([parts("db")]).asks(&alice(), ask).content
    };
    assert_eq!(hash_of(|_| ()), content);
    assert_ne!(hash_of(|ask| ask.span = Some(mins(59))), content);
    assert_ne!(hash_of(|ask| ask.reason = Some("x".to_owned())), content);
    assert_ne!(hash_of(|ask| drop(ask.fields.insert("a".to_owned(), "b".to_owned()))), content);
    assert_ne!(hash_of(|ask| drop(ask.items.pop())), content);
    assert_ne!(hash_of(|ask| ask.items[0].permission = "write".to_owned()), content);
}

// guard: `board.rs`, the flow it was asked under
// guard: `lifecycle/bring.rs`, how old a login may be
#[test]
fn r32_the_revision_is_recorded_and_a_changed_rule_opens_nothing() {
    let mut tenant = asked_for(|_| ());
    let asked_under = tenant.grant("g1").origin.revision.clone();
    tenant.publish([automatic("db")]);
    assert_eq!(tenant.look("g1").stage, "pending", "a request keeps the rules it was asked under");
    assert_eq!(yes(&mut tenant, &mallory()), Some(Code::ApprovalNotApprover));
    assert_eq!(yes(&mut tenant, &bob()), None);
    assert_eq!(tenant.grant("g1").origin.revision, asked_under);
    let mut strict = parts("db");
    ruling(&mut strict).lists[0][0].mfa = Some(fresh_login());
    let mut tenant = Tenant::new([strict]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    assert_eq!(yes(tenant.at(6), &bob()), Some(Code::MfaStale), "freshness is judged at the decision");
}

#[test]
fn a_manager_and_the_owner_of_every_item_decide() {
    let mut tenant = Tenant::new([{
        let mut parts = parts("db");
        ruling(&mut parts).lists[0][0].approvers = selectors(&["manager"]);
        parts
    }]);
    let mut managed = alice();
    managed.manager = Some(person_id("bob"));
    tenant.asks(&managed, request("db", "g1", &["pg/a/read"]));
    assert_eq!(yes(&mut tenant, &mallory()), Some(Code::ApprovalNotApprover));
    assert_eq!(yes(&mut tenant, &bob()), None);

    let owned = |owners: [&[&str]; 2]| {
        let mut tenant = Tenant::new([{
            let mut parts = parts("db");
            ruling(&mut parts).lists[0][0].approvers = selectors(&["owner"]);
            parts
        }]);
        let mut ask = request("db", "g1", &["pg/a/read", "aws/b/read"]);
        for (asked, owners) in ask.items.iter_mut().zip(owners) {
            std::sync::Arc::make_mut(&mut asked.resource).owners = selectors(owners);
        }
        tenant.asks(&alice(), ask);
        yes(&mut tenant, &bob())
    };
    assert_eq!(owned([&["group:boss"], &["user:bob"]]), None);
    assert_eq!(owned([&["group:boss"], &["user:carol"]]), Some(Code::ApprovalNotApprover));
    assert_eq!(owned([&["group:boss"], &[]]), Some(Code::ApprovalNotApprover));
}

// guard: `lifecycle/ballot.rs`, an empty list
#[test]
fn r36_an_empty_list_of_approvers_is_nobody() {
    let mut tenant = Tenant::new([{
        let mut parts = automatic("db");
        rule(&mut parts).approval = extension_by(&[]);
        parts
    }]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    tenant.ask(&alice(), Verb::Extend(extend("g1"))).unwrap();
    for anybody in [bob(), member("root", &["boss", "sre", "admin"])] {
        let decides = Verb::ApproveExtension(decide("g1"));
        assert_eq!(tenant.code(&anybody, decides), Some(Code::ApprovalNotApprover));
    }
    let mut nobody = parts("db");
    ruling(&mut nobody).lists[0][0].approvers = Vec::new();
    let mut tenant = Tenant::new([nobody]);
    let ask = Verb::Request(Box::new(request("db", "g1", &["pg/a/read"])));
    assert_eq!(tenant.code(&alice(), ask), Some(Code::ApprovalNobody), "and it is said when it is asked");
    let mut nothing = parts("db");
    ruling(&mut nothing).lists = Vec::new();
    assert!(crate::flow::Flow::new(nothing).is_err(), "no list at all is no flow");
    let mut none = parts("db");
    ruling(&mut none).lists[0][0].needed = 0;
    assert!(crate::flow::Flow::new(none).is_err(), "nobody needed is no flow");
}
