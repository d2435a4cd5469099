use crate::command::{Command, GiveBack, Verb};
use crate::fixture::*;
use crate::person::Person;
use crate::refusal::Code;

/// Alice gives her grant `g1` back, which runs from nine to ten.
struct GivingBack {
    actor: Person,
    ask: GiveBack,
    revoked: bool,
    reused: bool,
    minute: u64,
}

impl Case for GivingBack {
    fn sound() -> Self {
        let ask = GiveBack { grant: grant_id("g1") };
        Self { actor: alice(), ask, revoked: false, reused: false, minute: 10 }
    }

    fn scene(&self) -> (Tenant, Command) {
        let mut tenant = Tenant::new([automatic("db")]);
        tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
        if self.reused {
            let other = Verb::Request(Box::new(request("db", "g2", &["pg/b/read"])));
            tenant.give(&command("click", &by(&alice()), other), tenant.clock).unwrap().unwrap();
        }
        tenant.at(self.minute);
        if self.revoked {
            drop(tenant.system(revoke("g1")));
        }
        (tenant, command("click", &by(&self.actor), Verb::GiveBack(self.ask.clone())))
    }
}

const ROWS: &[Row<GivingBack>] = &[
    (Code::CommandReused, |case| case.reused = true),
    (Code::GrantUnknown, |case| case.ask.grant = grant_id("nothing")),
    (Code::ActorNotAllowed, |case| case.actor = mallory()),
    (Code::GrantExpired, |case| case.minute = 60),
    (Code::GrantNotActive, |case| case.revoked = true),
    (Code::RequestTooLarge, |case| case.actor.attributes = too_many_facts()),
];

#[test]
fn giving_back_is_refused_in_this_order() {
    in_order::<GivingBack>(ROWS);
}

#[test]
fn access_ends_at_the_instant_it_is_given_back() {
    let mut tenant = Tenant::new([automatic("db")]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    tenant.deliver("alice");
    let answer = tenant.at(20).ask(&alice(), give_back("g1")).unwrap();
    assert_eq!(effects(&answer.events), ["deprovision", "notify:ended"]);
    assert_eq!((tenant.closed("g1").at, tenant.closed("g1").end), (at(20), Some(at(60))));
    assert_eq!(tenant.holds("alice", "pg/a/read"), None);
    let refusal = tenant.refused(&alice(), give_back("g1"));
    assert_eq!(refusal.code, Code::GrantNotActive);
    assert_eq!(refusal.details.get("outcome"), Some(&"given_back".into()));
}

#[test]
fn at_the_end_there_is_nothing_to_give_back() {
    for (moment, code) in [(at(60).minus(MS), None), (at(60), Some(Code::GrantExpired))] {
        let mut tenant = Tenant::new([automatic("db")]);
        tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
        tenant.clock = moment;
        assert_eq!(tenant.code(&alice(), give_back("g1")), code, "{moment}");
    }
}

#[test]
fn a_request_that_does_not_run_is_withdrawn_not_given_back() {
    let mut tenant = Tenant::new([parts("db")]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    let refusal = tenant.refused(&alice(), give_back("g1"));
    assert_eq!(refusal.code, Code::GrantNotActive);
    assert_eq!(refusal.details.get("stage"), Some(&"pending".into()));
}
