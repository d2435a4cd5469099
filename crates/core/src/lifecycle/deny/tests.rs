use crate::command::{Command, Deny, Verb};
use crate::fixture::*;
use crate::flow::Parts;
use crate::flow::approval_rule::Step;
use crate::person::{Person, Record};
use crate::refusal::Code;

/// Alice's request `g1` awaits two of a step; bob denies.
struct Denying {
    parts: Parts,
    actor: Person,
    ask: Deny,
    context: Record,
    withdrawn: bool,
    decided: bool,
    reused: bool,
}

fn only_step(case: &mut Denying) -> &mut Step {
    &mut ruling(&mut case.parts).lists[0][0]
}

impl Case for Denying {
    fn sound() -> Self {
        let mut parts = parts("db");
        ruling(&mut parts).lists[0][0].needed = 2;
        let (actor, ask, context) = (bob(), deny("g1"), Record::new());
        Self { parts, actor, ask, context, withdrawn: false, decided: false, reused: false }
    }

    fn scene(&self) -> (Tenant, Command) {
        let mut tenant = Tenant::new([self.parts.clone()]);
        tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
        if self.decided {
            let because = crate::command::Approve { reason: Some("yes".to_owned()), ..approve("g1") };
            tenant.ask(&bob(), Verb::Approve(because)).unwrap();
        }
        if self.withdrawn {
            tenant.at(1).ask(&alice(), withdraw("g1")).unwrap();
        }
        if self.reused {
            let other = Verb::Request(Box::new(request("db", "g2", &["pg/b/read"])));
            tenant.give(&command("click", &by(&alice()), other), tenant.clock).unwrap().unwrap();
        }
        tenant.at(30);
        let mut given = command("click", &by(&self.actor), Verb::Deny(self.ask.clone()));
        given.context.clone_from(&self.context);
        (tenant, given)
    }
}

const ROWS: &[Row<Denying>] = &[
    (Code::CommandReused, |case| case.reused = true),
    (Code::GrantUnknown, |case| case.ask.grant = grant_id("nothing")),
    (Code::ApprovalOwn, |case| case.actor.acts_for = Some(person_id("alice"))),
    (Code::ApprovalNotApprover, |case| case.actor.groups.clear()),
    (Code::RequestClosed, |case| case.withdrawn = true),
    (Code::ApprovalRepeated, |case| case.decided = true),
    (Code::ApprovalStale, |case| case.ask.content = Some("something else".to_owned())),
    (Code::RequestTooLarge, |case| case.context = too_many_facts()),
    (Code::ConditionUnmet, |case| {
        only_step(case).when = Some(says("before half past", |facts| Ok(facts.ask.now < at(29))));
    }),
    (Code::ConditionFailed, |case| {
        only_step(case).when = Some(says("known before half past", |facts| {
            let unmet = crate::flow::condition::Unmet { message: "gone".to_owned() };
            if facts.ask.now < at(29) { Ok(true) } else { Err(unmet) }
        }));
    }),
    (Code::ReasonMissing, |case| only_step(case).reason = true),
    (Code::MfaMissing, |case| {
        only_step(case).mfa = Some(fresh_login());
        case.actor.authenticated = None;
    }),
    (Code::MfaStale, |case| only_step(case).mfa = Some(fresh_login())),
];

#[test]
fn a_denial_is_refused_in_this_order() {
    in_order::<Denying>(ROWS);
}

fn asked_for(change: impl FnOnce(&mut Parts)) -> Tenant {
    let mut parts = parts("db");
    change(&mut parts);
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    tenant
}

fn no(tenant: &mut Tenant, person: &Person) -> Option<Code> {
    tenant.code(person, Verb::Deny(deny("g1")))
}

#[test]
fn one_denial_closes_unless_the_flow_asks_for_more() {
    let mut tenant = asked_for(|_| ());
    let answer = tenant.at(3).ask(&bob(), Verb::Deny(deny("g1"))).unwrap();
    assert_eq!(names(&answer.events), ["denial_given", "denied"]);
    assert_eq!(effects(&answer.events), ["notify:decided"]);
    assert_eq!(tenant.closed("g1").at, at(3));
    let mut tenant = asked_for(|parts| ruling(parts).denials = 2);
    assert_eq!(no(&mut tenant, &bob()), None);
    assert_eq!(tenant.look("g1").stage, "pending");
    assert_eq!(no(&mut tenant, &bob()), Some(Code::ApprovalRepeated));
    assert_eq!(no(&mut tenant, &member("carol", &["boss"])), None);
    assert_eq!(tenant.look("g1").stage, "closed");
}

#[test]
fn any_decider_of_any_step_may_deny_at_any_time() {
    let mut tenant = asked_for(|parts| ruling(parts).lists[0].push(step("second", &["group:second"])));
    assert_eq!(no(&mut tenant, &member("sue", &["second"])), None, "their step is not awaited yet");
    assert_eq!(tenant.look("g1").stage, "closed");
}

#[test]
fn a_withdrawn_flow_bars_approval_but_no_denial() {
    let mut tenant = asked_for(|_| ());
    tenant.publish([]);
    assert_eq!(tenant.code(&bob(), Verb::Approve(approve("g1"))), Some(Code::FlowWithdrawn));
    assert_eq!(no(&mut tenant, &bob()), None);
}

#[test]
fn the_first_decision_that_settles_wins() {
    let mut tenant = asked_for(|_| ());
    assert_eq!(no(&mut tenant, &bob()), None);
    let carol = member("carol", &["boss"]);
    let refusal = tenant.refused(&carol, Verb::Approve(approve("g1")));
    assert_eq!(refusal.code, Code::RequestClosed);
    assert_eq!(refusal.details.get("outcome"), Some(&"denied".into()));
    let mut tenant = asked_for(|_| ());
    tenant.ask(&bob(), Verb::Approve(approve("g1"))).unwrap();
    assert_eq!(
        no(&mut tenant, &carol),
        Some(Code::RequestClosed),
        "r10: what was approved is not denied later"
    );
    assert_eq!(tenant.look("g1").stage, "active");
}

// guard: `lifecycle/approve.rs`, decisions are added
#[test]
fn r15_decisions_are_only_ever_added() {
    let mut tenant = asked_for(|parts| (ruling(parts).lists[0][0].needed, ruling(parts).denials) = (3, 3));
    let mut seen = Vec::new();
    for (who, verb) in [
        ("b1", Verb::Approve(approve("g1"))),
        ("b2", Verb::Deny(deny("g1"))),
        ("b3", Verb::Approve(approve("g1"))),
    ] {
        tenant.ask(&member(who, &["boss"]), verb).unwrap();
        let grant = tenant.grant("g1");
        let now: Vec<_> = grant.approvals.iter().chain(grant.denials.iter()).cloned().collect();
        assert_eq!(now.len(), seen.len() + 1);
        assert!(seen.iter().all(|decision| now.contains(decision)), "what was decided stays as it was");
        seen = now;
    }
    // A decider who lost the role since then counts as before.
    tenant.ask(&member("b4", &["boss"]), Verb::Approve(approve("g1"))).unwrap();
    assert_eq!(tenant.look("g1").stage, "active");
}
