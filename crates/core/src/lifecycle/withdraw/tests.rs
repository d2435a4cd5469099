use crate::command::{Command, Verb, Withdraw};
use crate::fixture::*;
use crate::person::Person;
use crate::refusal::Code;

/// Alice takes her request `g1` back.
struct Withdrawing {
    actor: Person,
    ask: Withdraw,
    approved: bool,
    reused: bool,
}

impl Case for Withdrawing {
    fn sound() -> Self {
        Self { actor: alice(), ask: Withdraw { grant: grant_id("g1") }, approved: false, reused: false }
    }

    fn scene(&self) -> (Tenant, Command) {
        let mut tenant = Tenant::new([parts("db")]);
        tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
        if self.approved {
            tenant.ask(&bob(), Verb::Approve(approve("g1"))).unwrap();
        }
        if self.reused {
            let other = Verb::Request(Box::new(request("db", "g2", &["pg/b/read"])));
            tenant.give(&command("click", &by(&alice()), other), tenant.clock).unwrap().unwrap();
        }
        tenant.at(10);
        (tenant, command("click", &by(&self.actor), Verb::Withdraw(self.ask.clone())))
    }
}

const ROWS: &[Row<Withdrawing>] = &[
    (Code::CommandReused, |case| case.reused = true),
    (Code::GrantUnknown, |case| case.ask.grant = grant_id("nothing")),
    (Code::ActorNotAllowed, |case| case.actor = mallory()),
    (Code::RequestClosed, |case| case.approved = true),
    (Code::RequestTooLarge, |case| case.actor.attributes = too_many_facts()),
];

#[test]
fn a_withdrawal_is_refused_in_this_order() {
    in_order::<Withdrawing>(ROWS);
}

#[test]
fn what_waits_to_begin_may_be_withdrawn_too_and_nothing_was_there_to_remove() {
    let mut planned = automatic("db");
    planned.start_ahead = mins(60);
    let mut tenant = Tenant::new([planned]);
    let mut ask = request("db", "g1", &["pg/a/read"]);
    ask.start = Some(at(30));
    assert_eq!(tenant.asks(&alice(), ask).stage, "approved");
    let answer = tenant.at(10).ask(&alice(), withdraw("g1")).unwrap();
    assert_eq!(names(&answer.events), ["withdrawn"]);
    assert_eq!(effects(&answer.events), [""; 0]);
    assert_eq!(tenant.closed("g1").since, None);
    assert_eq!(tenant.at(40).holds("alice", "pg/a/read"), None);
}

#[test]
fn a_stranger_is_told_nothing() {
    let mut tenant = Tenant::new([parts("db")]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    let refusal = tenant.refused(&mallory(), withdraw("g1"));
    assert!(refusal.details.is_empty() && !refusal.message.contains("alice"));
}

#[test]
fn holder_and_requester_may_both_withdraw() {
    for actor in [alice(), bob()] {
        let mut parts = parts("db");
        parts.requesters.others = selectors(&["group:boss"]);
        let mut tenant = Tenant::new([parts]);
        let mut ask = request("db", "g1", &["pg/a/read"]);
        ask.holder = Some(alice());
        tenant.asks(&bob(), ask);
        assert_eq!(tenant.code(&actor, withdraw("g1")), None, "{}", actor.id);
    }
}
