//! A store in which everything has happened that is kept in a way of its own, and what it then says.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tenure::tenure_core::id::{CommandId, Namespace};
use tenure::tenure_core::record::written::Salt;
use tenure::tenure_policy::document::Format;
use tenure::tenure_store::Limit;
use tenure::{
    Actor, Approve, Engine, Erase, Error, Extend, Failed, Fault, GiveBack, Ids, List, LogKey, ManualClock,
    Person, Policy, Request, RequestKit, ResourceId, Revoke, RevokeAll, Span, SqliteStore, Store as _,
    Timestamp,
};

const POLICY: &str = "
version: 1
flows:
  - id: db
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read, write]}]
    duration: {max: 4h, default: 1h}
    approval: automatic
    extension: {times: 3, span: {default: 30m}}
    revoke_by: [group:owners]
  - id: decided
    who: {any: [everyone]}
    what: [{integration: k8s, permissions: [admin]}]
    duration: {max: 4h, default: 2h}
    reason: {required: true}
    approval: {steps: [{approvers: [group:owners]}]}
    extension: {times: 3, span: {default: 30m}, approval: {steps: [{approvers: [group:owners]}], bridge: 10m}}
    break_glass: {who: [everyone], max: 1h, review_within: 1d, review_by: [group:owners]}
kits:
  - id: on-call
    items:
      - {flow: db, integration: pg, type: db, name: orders, permission: read}
      - {flow: decided, integration: k8s, type: db, name: prod, permission: admin}
";

/// Both tenants of the file.
pub(crate) fn ns() -> [Namespace; 2] {
    ["default".parse().unwrap(), "acme".parse().unwrap()]
}

fn at(minutes: u64) -> Timestamp {
    let nine: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
    nine.plus(Span::minutes(minutes))
}

/// When the story is over.
pub(crate) fn end() -> Timestamp {
    at(600)
}

fn person(name: &str) -> Person {
    Person::new(name.parse().unwrap())
}

fn owner() -> Person {
    let mut owner = person("olga");
    owner.groups.insert("owners".to_owned());
    owner
}

fn host() -> Actor {
    Actor::System("host".parse().unwrap())
}

fn resource(integration: &str) -> ResourceId {
    let name = if integration == "pg" { "orders" } else { "prod" };
    ResourceId { integration: integration.parse().unwrap(), kind: "db".into(), name: name.into() }
}

/// Asked under `db`, which approves at once. Some ids are the library's, some the host's.
fn quick(who: &str, grant: &str) -> Request {
    Request::new("db", person(who))
        .item(resource("pg").permission("read"))
        .grant(grant.to_owned())
        .command_id(command(grant))
}

/// A command id as hosts make them: random bytes, or words.
fn command(of: &str) -> String {
    if of.len().is_multiple_of(2) {
        format!("{:032x}", of.bytes().fold(7_u128, |sum, byte| sum.wrapping_mul(251) ^ u128::from(byte)))
    } else {
        format!("command of {of}")
    }
}

fn decided(who: &str, grant: &str) -> Request {
    Request::new("decided", person(who))
        .item(resource("k8s").permission("admin"))
        .grant(grant.to_owned())
        .command_id(command(grant))
        .reason(format!("INC-7 of {who}: \"look\" at it"))
        .fields([("ticket".to_owned(), "HR-4711".to_owned())].into())
}

/// Ids that are the same each time the story is played, and salts.
#[derive(Default)]
struct Counted(AtomicU64);

impl Ids for Counted {
    fn next(&self) -> Result<CommandId, Fault> {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        CommandId::new(format!(
            "{:032x}",
            u128::from(count).wrapping_mul(0x9e37_79b9_7f4a_7c15_9e37_79b9_7f4a_7c15)
        ))
        .map_err(|bad| Fault::Random(bad.to_string()))
    }

    fn salt(&self) -> Result<Salt, Fault> {
        Ok(Salt::from_bytes([7; 16]))
    }
}

/// Plays it into that file, as a host that is there once does.
pub(crate) fn play(path: &Path) {
    for ns in ns() {
        let clock = Arc::new(ManualClock::at(at(0)));
        let engine = Engine::new(SqliteStore::open_with(path, clock.clone()).unwrap())
            .namespace(ns.as_str())
            .unwrap()
            .with_ids(Counted::default());
        let to = |minutes: u64| {
            clock.set(at(minutes));
            at(minutes)
        };
        begun(&engine, &to);
        ended(&engine, &to);
        let gone = engine.compact(at(200), to(600), &mut |_| {}).unwrap();
        assert!(gone.compacted > 2, "{gone:?}");
    }
}

fn begun(engine: &Engine, to: &dyn Fn(u64) -> Timestamp) {
    engine.publish(&Policy::from_text(POLICY, Format::Yaml).unwrap(), owner(), to(0)).unwrap();
    for n in 0..20 {
        engine.request(quick(&format!("person-{}@example.com", n % 7), &format!("{n:032x}")), to(1)).unwrap();
    }
    engine.request(quick("alice", "g1"), to(2)).unwrap();
    engine.request(decided("alice", "g2"), to(2)).unwrap();
    engine.request(decided("bob", "of-bob"), to(2)).unwrap();
    engine.request(decided("carol", "g3").break_glass(true), to(3)).unwrap();
    for n in 0..23 {
        let refused = Request::new("decided", person("dave")).item(resource("pg").permission("admin"));
        engine.request(refused.command_id(format!("no-{n}")), to(3)).unwrap_err();
    }
    engine.extend(Extend::new("g3", host()), to(3)).unwrap_err();
    let both = RequestKit::new("on-call", person("erin")).reason("the pager").grant("kit".to_owned());
    engine.request_kit(both.command_id("of the kit".to_owned()), to(4)).unwrap();
    engine.approve(Approve::new("g2", owner()).command_id("yes".to_owned()), to(5)).unwrap();
    engine.extend(Extend::new("g1", person("alice")).command_id("longer".to_owned()), to(6)).unwrap();
    let more = Extend::new("g2", person("alice")).reason("not done").command_id("more".to_owned());
    engine.extend(more, to(7)).unwrap();
}

fn ended(engine: &Engine, to: &dyn Fn(u64) -> Timestamp) {
    for (n, taken) in engine.take_effects("w", Span::minutes(1), to(8)).unwrap().into_iter().enumerate() {
        if n % 3 == 0 {
            engine.effect_failed(Failed::new(taken.id, "it is down"), to(8)).unwrap();
        } else {
            engine.effect_done(taken.id, to(8)).unwrap();
        }
    }
    engine.give_back(GiveBack::new(format!("{:032x}", 3), person("person-3@example.com")), to(9)).unwrap();
    engine.revoke(Revoke::new(format!("{:032x}", 4), host()).reason("she left"), to(9)).unwrap();
    engine
        .revoke_all(RevokeAll::person("bob", host()).reason("he left").command_id("all".to_owned()), to(10))
        .unwrap();
    engine.give_back(GiveBack::new("g2", person("alice")), to(11)).unwrap();
    engine.sweep(to(100)).unwrap();
    work(engine, to(101));
    engine.erase(Erase::new("g2", host()).command_id("forget".to_owned()), to(102)).unwrap();
    engine.request(quick("alice", "late"), to(590)).unwrap();
    engine.request(decided("alice", "later"), to(590)).unwrap();
}

/// A worker carries out whatever there is.
fn work(engine: &Engine, now: Timestamp) {
    loop {
        let taken = engine.take_effects("w", Span::minutes(1), now).unwrap();
        if taken.is_empty() {
            return;
        }
        for effect in taken {
            engine.effect_done(effect.id, now).unwrap();
        }
    }
}

/// All that it says, a line each.
pub(crate) fn tell(store: &Arc<SqliteStore>) -> String {
    let mut told = String::new();
    let all = Limit::new(1_000);
    for ns in ns() {
        let engine = Engine::over(store.clone()).namespace(ns.as_str()).unwrap();
        for leaf in store.leaves(&ns, 0, all).unwrap() {
            writeln!(told, "{}", leaf.text).unwrap();
            let texts = leaf.written.as_ref().map(|written| &written.texts);
            writeln!(told, "{}", serde_json::to_string(&texts).unwrap()).unwrap();
        }
        let list = engine.list(&List::default(), end()).unwrap();
        for view in &list.grants {
            writeln!(told, "{}", serde_json::to_string(view).unwrap()).unwrap();
            let positions: Vec<u64> =
                engine.history(view.id.as_str()).unwrap().iter().map(|record| record.position).collect();
            writeln!(told, "{positions:?}").unwrap();
        }
        for minutes in [5, 70, 595] {
            for integration in ["pg", "k8s"] {
                let page = engine.who_has(&resource(integration), None, at(minutes), end()).unwrap();
                writeln!(told, "{}", serde_json::to_string(&page).unwrap()).unwrap();
            }
        }
        for command in answered() {
            let receipt = store.receipt(&ns, &command.parse().unwrap()).unwrap();
            writeln!(told, "{command}: {receipt:?}").unwrap();
        }
        let signed = engine.checkpoint(&LogKey::new("log.example", &[7; 32]), end()).unwrap();
        writeln!(told, "{}", signed.lines().nth(2).unwrap()).unwrap();
        for position in [1, 2, 7, 8, 30, 55] {
            writeln!(told, "{}", serde_json::to_string(&engine.inclusion(position, None).unwrap()).unwrap())
                .unwrap();
        }
    }
    told
}

/// Whether there is such a grant.
pub(crate) fn looks(store: &Arc<SqliteStore>, ns: &Namespace, grant: &str) -> Result<bool, Error> {
    let engine = Engine::over(store.clone()).namespace(ns.as_str()).unwrap();
    Ok(engine.look(grant, end())?.is_some())
}

fn answered() -> Vec<String> {
    let grants =
        ["g1", "g2", "g3", "of-bob", "late", "later", &format!("{:032x}", 3), &format!("{:032x}", 12)];
    let others = ["yes", "longer", "more", "all", "of the kit", "forget", "no-3", "never"];
    grants.iter().map(|grant| command(grant)).chain(others.map(str::to_owned)).collect()
}
