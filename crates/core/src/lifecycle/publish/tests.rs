use crate::command::{Command, Publish, Verb};
use crate::fixture::*;
use crate::id::Revision;
use crate::person::Record;
use crate::refusal::Code;

/// The host puts another policy in force.
struct Publishing {
    ask: Publish,
    reused: bool,
    context: Record,
}

impl Case for Publishing {
    fn sound() -> Self {
        Self { ask: publish([flow(parts("db"))]), reused: false, context: Record::new() }
    }

    fn scene(&self) -> (Tenant, Command) {
        let mut tenant = Tenant::new([automatic("db")]);
        if self.reused {
            let other = Verb::Request(Box::new(request("db", "g2", &["pg/b/read"])));
            tenant.give(&command("click", &by(&alice()), other), tenant.clock).unwrap().unwrap();
        }
        let click = command("click", &system(), Verb::Publish(self.ask.clone()));
        (tenant, Command { context: self.context.clone(), ..click })
    }
}

const ROWS: &[Row<Publishing>] = &[
    (Code::CommandReused, |case| case.reused = true),
    (Code::RequestTooLarge, |case| case.context = too_many_facts()),
    (Code::PolicyStale, |case| case.ask.if_revision = Some(Revision::new("another").unwrap())),
];

#[test]
fn publishing_is_refused_in_this_order() {
    in_order::<Publishing>(ROWS);
}

#[test]
fn the_revision_it_replaces_is_the_one_in_force() {
    let mut tenant = Tenant::new([automatic("db")]);
    let current = tenant.head.document.as_ref().unwrap().revision.clone();
    let mut next = publish([flow(parts("db"))]);
    next.if_revision = Some(current.clone());
    tenant.system(Verb::Publish(next.clone())).unwrap();
    let refusal = tenant.system(Verb::Publish(next)).unwrap_err();
    assert_eq!(refusal.code, Code::PolicyStale);
    let now = tenant.head.document.as_ref().unwrap().revision.to_string();
    assert_eq!(refusal.details.get("revision"), Some(&now.into()));
}

// guard: `board.rs`, revisions of before
// guard: `world.rs`, a flow that is gone
#[test]
fn r03_a_flow_that_is_withdrawn_or_gone_leaves_every_grant_on_its_way_to_an_end() {
    let mut disabled = automatic("db");
    disabled.enabled = false;
    for today in [vec![disabled], vec![]] {
        let mut flow = parts("db");
        flow.start_ahead = mins(60);
        let mut tenant = Tenant::new([flow, automatic("other")]);
        tenant.asks(&alice(), request("db", "pending", &["pg/a/read"]));
        let mut planned = request("db", "waiting", &["pg/b/read"]);
        planned.start = Some(at(30));
        tenant.asks(&alice(), planned);
        tenant.ask(&bob(), Verb::Approve(approve("waiting"))).unwrap();
        tenant.asks(&alice(), request("db", "running", &["pg/c/read"]));
        tenant.ask(&bob(), Verb::Approve(approve("running"))).unwrap();
        tenant.at(1).publish(today);
        for grant in ["pending", "waiting", "running"] {
            assert!(tenant.grant(grant).deadline().is_some(), "{grant}");
        }
        assert_eq!(tenant.code(&alice(), Verb::Extend(extend("running"))), Some(Code::FlowWithdrawn));
        assert_eq!(tenant.code(&bob(), Verb::Approve(approve("pending"))), Some(Code::FlowWithdrawn));
        assert_eq!(tenant.holds("alice", "pg/c/read"), Some(at(60)), "what runs, runs out");
        tenant.at(3000).system(settle("alice")).unwrap();
        assert_eq!(tenant.closed("pending").at, at(1440));
        assert_eq!(tenant.closed("waiting").at, at(90));
        assert_eq!(tenant.closed("running").at, at(60));
    }
}

#[test]
fn a_flow_that_comes_back_is_asked_for_again() {
    let mut tenant = Tenant::new([automatic("db")]);
    let ask = |id: &str| Verb::Request(Box::new(request("db", id, &["pg/a/read"])));
    tenant.publish([]);
    assert_eq!(tenant.code(&alice(), ask("g1")), Some(Code::FlowWithdrawn), "judged by its last revision");
    assert_eq!(tenant.code(&mallory(), ask("g1")), Some(Code::PersonNotEligible));
    tenant.publish([automatic("db")]);
    assert_eq!(tenant.code(&alice(), ask("g1")), None);
}
