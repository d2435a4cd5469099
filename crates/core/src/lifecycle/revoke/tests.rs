use crate::command::{Command, Revoke, Verb};
use crate::fixture::*;
use crate::flow::Parts;
use crate::person::{Person, Record};
use crate::refusal::Code;

/// Bob, who approved alice's `g1`, revokes it.
struct Revoking {
    actor: Person,
    ask: Revoke,
    context: Record,
    given_back: bool,
    reused: bool,
    minute: u64,
}

impl Case for Revoking {
    fn sound() -> Self {
        let ask = Revoke { grant: grant_id("g1"), reason: Some("incident over".to_owned()) };
        let context = Record::new();
        Self { actor: bob(), ask, context, given_back: false, reused: false, minute: 10 }
    }

    fn scene(&self) -> (Tenant, Command) {
        let mut tenant = Tenant::new([parts("db")]);
        tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
        tenant.ask(&bob(), Verb::Approve(approve("g1"))).unwrap();
        if self.reused {
            let other = Verb::Request(Box::new(request("db", "g2", &["pg/b/read"])));
            tenant.give(&command("click", &by(&alice()), other), tenant.clock).unwrap().unwrap();
        }
        tenant.at(self.minute);
        if self.given_back {
            drop(tenant.ask(&alice(), give_back("g1")));
        }
        let mut given = command("click", &by(&self.actor), Verb::Revoke(self.ask.clone()));
        given.context.clone_from(&self.context);
        (tenant, given)
    }
}

const ROWS: &[Row<Revoking>] = &[
    (Code::CommandReused, |case| case.reused = true),
    (Code::GrantUnknown, |case| case.ask.grant = grant_id("nothing")),
    (Code::ActorNotAllowed, |case| case.actor = member("carol", &["boss"])),
    (Code::GrantExpired, |case| case.minute = 60),
    (Code::GrantNotActive, |case| case.given_back = true),
    (Code::RequestTooLarge, |case| case.context = too_many_facts()),
    (Code::ReasonMissing, |case| case.ask.reason = Some("  ".to_owned())),
];

#[test]
fn a_revocation_is_refused_in_this_order() {
    in_order::<Revoking>(ROWS);
}

fn held(change: impl FnOnce(&mut Parts)) -> Tenant {
    let mut parts = parts("db");
    change(&mut parts);
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    tenant
}

#[test]
fn the_host_its_approvers_and_those_the_flow_names_may_revoke() {
    assert!(held(|_| ()).system(revoke("g1")).is_ok());
    let named = |parts: &mut Parts| parts.revoke_by = selectors(&["group:security"]);
    assert_eq!(held(named).code(&member("sec", &["security"]), revoke("g1")), None);
    assert_eq!(
        held(named).code(&bob(), revoke("g1")),
        Some(Code::ActorNotAllowed),
        "bob approved nothing yet"
    );
    assert_eq!(held(named).code(&alice(), revoke("g1")), Some(Code::ActorNotAllowed));
    let mut tenant = held(|_| ());
    let mut today = parts("db");
    named(&mut today);
    tenant.publish([today]);
    assert_eq!(tenant.code(&member("sec", &["security"]), revoke("g1")), None, "named since today");
}

#[test]
fn every_stage_but_closed_can_be_revoked() {
    let mut tenant = held(|_| ());
    tenant.system(revoke("g1")).unwrap();
    assert_eq!(tenant.closed("g1").since, None);
    let mut planned = automatic("db");
    planned.start_ahead = mins(60);
    let mut tenant = Tenant::new([planned]);
    let mut ask = request("db", "g1", &["pg/a/read"]);
    ask.start = Some(at(30));
    tenant.asks(&alice(), ask);
    tenant.system(revoke("g1")).unwrap();
    assert_eq!(tenant.at(30).holds("alice", "pg/a/read"), None);
    assert_eq!(tenant.system(revoke("g1")).unwrap_err().code, Code::GrantNotActive);
}

#[test]
fn a_stranger_is_told_nothing() {
    let refusal = held(|_| ()).refused(&mallory(), revoke("g1"));
    assert!(refusal.details.is_empty() && !refusal.message.contains("alice"));
}

// guard: `event.rs`, Cause::of
// guard: `id.rs`, personal
#[test]
fn r22_actor_and_holder_are_recorded_apart() {
    let mut tenant = held(|_| ());
    tenant.ask(&bob(), Verb::Approve(approve("g1"))).unwrap();
    let answer = tenant.ask(&bob(), revoke("g1")).unwrap();
    let actors: Vec<_> =
        answer.events.iter().map(|event| event.cause.as_ref().unwrap().actor.as_str()).collect();
    assert_eq!(actors, ["bob"]);
    assert_eq!(tenant.grant("g1").holder().as_str(), "alice");
    let mut tenant = held(|_| ());
    let answer = tenant.system(revoke("g1")).unwrap();
    assert_eq!(answer.events[0].cause.as_ref().unwrap().actor, "system:host");
    assert!(crate::id::PersonId::new("system:host").is_err(), "no person is recorded as the host");
}
