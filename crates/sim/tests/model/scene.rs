//! Small bounds: who asks for what under which policy, how far time goes, and what must come to be seen.

use std::sync::Arc;

use tenure::ask::{Ask, publication};
use tenure::tenure_core::limits::CLOCK_TOLERANCE;
use tenure::tenure_core::world::Head;
use tenure::tenure_policy::document::Format;
use tenure::{
    Activate, Approve, ApproveExtension, Command, Deny, DenyExtension, Extend, GiveBack, GrantId, Person,
    PersonId, Policy, RandomIds, Request, Resource, Revoke, Timestamp, Withdraw,
};

use super::sights::{self, Sight};

/// The bounds of one exploration.
pub(crate) struct Scene {
    pub(crate) policy: Arc<Head>,
    pub(crate) errands: Vec<Errand>,
    /// Whose grants are swept.
    pub(crate) people: Vec<PersonId>,
    /// Ticks that time makes.
    pub(crate) ticks: i64,
    /// How far the clock of each host is ahead of the store's, in ticks; behind it where negative.
    pub(crate) skews: [i64; 2],
    /// Answers that may get lost, and transactions that may break off, in all.
    pub(crate) losses: u8,
    /// Whether workers take effects and say what came of them.
    pub(crate) works: bool,
    /// Grants of the flow that may be open at one instant.
    pub(crate) most_open: usize,
    /// Extensions of one grant.
    pub(crate) times: usize,
    /// What must be reachable.
    pub(crate) sights: Vec<Sight>,
}

/// A command that somebody wants to give.
pub(crate) struct Errand {
    pub(crate) command: Command,
    /// Whose grants it is about.
    pub(crate) holder: PersonId,
    /// Nobody acts on a grant before it can be seen.
    pub(crate) sees: Option<GrantId>,
    /// How often it is given at most, until an acceptance is heard.
    pub(crate) tries: u8,
}

/// A tick is the tolerance: a host that is one tick ahead is just tolerated, one that is two ticks ahead is not.
pub(crate) fn at(ticks: i64) -> Timestamp {
    let nine: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
    Timestamp::from_millis(nine.millis() + ticks * i64::try_from(CLOCK_TOLERANCE.as_millis()).unwrap())
}

/// Alice and bob want the one place there is, carol approves. Alice is an approver, too, and approves her own.
pub(crate) fn one_place() -> Scene {
    let policy = "
version: 1
flows:
  - id: db
    who: {any: [group:sre]}
    what: [{integration: pg, permissions: [read]}]
    duration: {min: 30s, max: 1m}
    approval: {decide_within: 1m, steps: [{approvers: [group:boss]}]}
    limits: {open_total: 1}
    notify: {before_end: [], to: []}
";
    Scene {
        errands: vec![
            errand("alice", None, 2, request("a", alice()).command_id("alice-asks")),
            errand("bob", None, 1, request("b", bob()).command_id("bob-asks")),
            errand("alice", Some("a"), 1, Approve::new("a", carol()).command_id("carol-lets-alice")),
            errand("bob", Some("b"), 1, Approve::new("b", carol()).command_id("carol-lets-bob")),
            errand("alice", Some("a"), 1, Approve::new("a", alice()).command_id("alice-lets-alice")),
        ],
        sights: [sights::ONE_PLACE, sights::RETRIED].concat(),
        ..Scene::of(policy)
    }
}

/// Alice clicks twice where one extension is left, and carol revokes meanwhile.
pub(crate) fn one_extension() -> Scene {
    let policy = "
version: 1
flows:
  - id: db
    who: {any: [group:sre]}
    what: [{integration: pg, permissions: [read]}]
    duration: {min: 30s, max: 1m}
    approval: automatic
    extension: {times: 1, span: {min: 30s, default: 30s}}
    revoke_by: [group:boss]
    notify: {before_end: [], to: []}
";
    Scene {
        errands: vec![
            errand("alice", None, 1, request("a", alice()).command_id("alice-asks")),
            errand("alice", Some("a"), 2, Extend::new("a", alice()).command_id("alice-extends")),
            errand("alice", Some("a"), 1, Extend::new("a", alice()).command_id("alice-extends-again")),
            errand(
                "alice",
                Some("a"),
                1,
                Revoke::new("a", carol()).reason("leak").command_id("carol-revokes"),
            ),
        ],
        people: vec![person_id("alice")],
        times: 1,
        sights: [sights::ONE_EXTENSION, sights::RETRIED].concat(),
        ..Scene::of(policy)
    }
}

/// An extension awaits carol's decision while access runs on over a bridge.
pub(crate) fn one_bridge() -> Scene {
    let policy = "
version: 1
flows:
  - id: db
    who: {any: [group:sre]}
    what: [{integration: pg, permissions: [read]}]
    duration: {min: 30s, max: 30s}
    approval: automatic
    extension:
      times: 1
      span: {min: 30s, default: 90s}
      approval: {bridge: 30s, decide_within: 1m, steps: [{approvers: [group:boss]}]}
    revoke_by: [group:boss]
    notify: {before_end: [], to: []}
";
    Scene {
        errands: vec![
            errand("alice", None, 1, request("a", alice()).command_id("alice-asks")),
            errand("alice", Some("a"), 1, Extend::new("a", alice()).command_id("alice-extends")),
            errand("alice", Some("a"), 2, ApproveExtension::new("a", carol()).command_id("carol-lets")),
            errand("alice", Some("a"), 1, ApproveExtension::new("a", alice()).command_id("alice-lets")),
            errand("alice", Some("a"), 1, DenyExtension::new("a", carol()).command_id("carol-denies")),
        ],
        people: vec![person_id("alice")],
        ticks: 3,
        times: 1,
        sights: [sights::ONE_BRIDGE, sights::RETRIED].concat(),
        ..Scene::of(policy)
    }
}

/// Whatever can become of a request that two people have a say in.
pub(crate) fn every_end() -> Scene {
    let policy = "
version: 1
flows:
  - id: db
    who: {any: [group:sre]}
    what: [{integration: pg, permissions: [read]}]
    duration: {min: 30s, max: 30s}
    activation: by_holder
    activate_within: 30s
    approval: {decide_within: 30s, steps: [{approvers: [group:boss]}]}
    notify: {before_end: [], to: []}
";
    Scene {
        errands: vec![
            errand("alice", None, 1, request("a", alice()).command_id("alice-asks")),
            errand("alice", Some("a"), 1, Approve::new("a", carol()).command_id("carol-lets")),
            errand("alice", Some("a"), 1, Deny::new("a", carol()).command_id("carol-denies")),
            errand("alice", Some("a"), 1, Withdraw::new("a", alice()).command_id("alice-withdraws")),
            errand("alice", Some("a"), 1, Activate::new("a", alice()).command_id("alice-begins")),
            errand("alice", Some("a"), 1, GiveBack::new("a", alice()).command_id("alice-gives-back")),
            errand(
                "alice",
                Some("a"),
                1,
                Revoke::new("a", carol()).reason("leak").command_id("carol-revokes"),
            ),
        ],
        people: vec![person_id("alice")],
        ticks: 2,
        losses: 0,
        sights: sights::EVERY_END.to_vec(),
        ..Scene::of(policy)
    }
}

/// Workers of both hosts give access and take it away; it runs once the target has confirmed.
pub(crate) fn one_target() -> Scene {
    let policy = "
version: 1
flows:
  - id: db
    who: {any: [group:sre]}
    what: [{integration: pg, permissions: [read]}]
    duration: {min: 30s, max: 30s}
    activation: on_confirmation
    activate_within: 30s
    approval: automatic
    revoke_by: [group:boss]
    notify: {before_end: [], to: []}
";
    Scene {
        errands: vec![
            errand("alice", None, 1, request("a", alice()).command_id("alice-asks")),
            errand(
                "alice",
                Some("a"),
                1,
                Revoke::new("a", carol()).reason("leak").command_id("carol-revokes"),
            ),
        ],
        people: vec![person_id("alice")],
        ticks: 2,
        losses: 0,
        works: true,
        sights: sights::ONE_TARGET.to_vec(),
        ..Scene::of(policy)
    }
}

/// Alice extends in the last moment, and bob wants the place that she would leave.
pub(crate) fn one_place_extended() -> Scene {
    let policy = "
version: 1
flows:
  - id: db
    who: {any: [group:sre]}
    what: [{integration: pg, permissions: [read]}]
    duration: {min: 30s, max: 30s}
    approval: automatic
    extension: {times: 1, span: {min: 30s, default: 90s}}
    limits: {open_total: 1}
    notify: {before_end: [], to: []}
";
    Scene {
        errands: vec![
            errand("alice", None, 1, request("a", alice()).command_id("alice-asks")),
            errand("bob", None, 1, request("b", bob()).command_id("bob-asks")),
            errand("alice", Some("a"), 2, Extend::new("a", alice()).command_id("alice-extends")),
        ],
        times: 1,
        sights: [sights::ONE_PLACE_EXTENDED, sights::RETRIED].concat(),
        ..Scene::of(policy)
    }
}

impl Scene {
    /// The same with hosts whose clocks are so many ticks ahead of the store's.
    pub(crate) fn with_clocks(self, skews: [i64; 2]) -> Self {
        Self { skews, ..self }
    }

    fn of(policy: &str) -> Self {
        let policy = Policy::from_text(policy, Format::Yaml).unwrap();
        let document = Arc::new(publication(&policy).unwrap());
        Self {
            policy: Arc::new(Head::default().with(document, at(-100))),
            errands: Vec::new(),
            people: vec![person_id("alice"), person_id("bob")],
            ticks: 3,
            skews: [-1, 1],
            losses: 1,
            works: false,
            most_open: 1,
            times: 0,
            sights: Vec::new(),
        }
    }
}

fn errand(holder: &str, sees: Option<&str>, tries: u8, ask: impl Ask) -> Errand {
    let command = ask.into_command(&RandomIds).unwrap();
    let sees = sees.map(|grant| GrantId::new(grant).unwrap());
    Errand { command, holder: person_id(holder), sees, tries }
}

fn request(grant: &str, actor: Person) -> Request {
    let orders = r#"{"integration": "pg", "type": "database", "name": "orders"}"#;
    let orders: Resource = serde_json::from_str(orders).unwrap();
    Request::new("db", actor).grant(grant).item(orders.permission("read"))
}

fn alice() -> Person {
    member("alice", &["sre", "boss"])
}

fn bob() -> Person {
    member("bob", &["sre"])
}

fn carol() -> Person {
    member("carol", &["boss"])
}

fn member(id: &str, groups: &[&str]) -> Person {
    let mut person = Person::new(person_id(id));
    person.groups = groups.iter().map(|group| (*group).to_owned()).collect();
    person
}

fn person_id(id: &str) -> PersonId {
    PersonId::new(id).unwrap()
}
