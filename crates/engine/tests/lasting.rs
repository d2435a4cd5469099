//! Bugs of other systems, as far away as a file goes: restarts, other hosts, other processes, and the bytes themselves.

#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests: a panic is how they fail")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;
use tenure::tenure_core::effect::Order;
use tenure::tenure_core::grant::Outcome;
use tenure::tenure_core::id::PersonId;
use tenure::tenure_policy::document::Format;
use tenure::tenure_store::Limit;
use tenure::{
    Activate, Actor, Approve, ApproveExtension, Deny, DenyExtension, EffectId, Engine, Erase, Error, Extend,
    Failed, GiveBack, LogKey, ManualClock, Person, Policy, Request, ResourceId, Review, Revoke, Span,
    SqliteStore, Store, SweepReport, Taken, Timestamp, View, Withdraw,
};

const FILE: &str = "TENURE_TEST_FILE";

/// Every way in which access comes to be.
const POLICY: &str = "
version: 1
flows:
  - &db
    id: db
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read]}]
    duration: {max: 4h, default: 1h}
    approval: automatic
    start: {ahead: 1d}
    extension: {times: 3, span: {default: 30m}}
    revoke_by: [group:owners]
  - id: decided
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read]}]
    duration: {max: 4h, default: 1h}
    approval: {steps: [{approvers: [group:owners]}]}
    extension: {times: 3, span: {default: 30m}, approval: {steps: [{approvers: [group:owners]}], bridge: 10m, decide_within: 65m}}
    break_glass: {who: [everyone], max: 1h, review_within: 1d, review_by: [group:owners]}
  - id: by-holder
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read]}]
    duration: {max: 4h, default: 1h}
    approval: automatic
    activation: by_holder
  - id: confirmed
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read]}]
    duration: {max: 4h, default: 1h}
    approval: automatic
    activation: on_confirmation
";

fn nine() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn minutes(minutes: u64) -> Timestamp {
    nine().plus(Span::minutes(minutes))
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

fn orders() -> ResourceId {
    ResourceId { integration: "pg".parse().unwrap(), kind: "db".into(), name: "orders".into() }
}

fn ask(flow: &str, who: &str, grant: &str) -> Request {
    Request::new(flow, person(who)).item(orders().permission("read")).grant(grant.to_owned())
}

fn holds(engine: &Engine, who: &str) -> bool {
    engine.holds(&person(who).id, &orders(), "read", engine.clock()).unwrap().allowed
}

fn code(refused: Result<View, Error>) -> String {
    match refused {
        Err(Error::Refused(refusal)) => refusal.code.as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

/// A file with a policy, and one clock for all hosts.
struct House {
    _folder: TempDir,
    path: PathBuf,
    clock: Arc<ManualClock>,
}

impl House {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("tenure.db");
        let house = Self { _folder: folder, path, clock: Arc::new(ManualClock::at(nine())) };
        house.publish(&house.host());
        house
    }

    fn publish(&self, engine: &Engine) {
        engine.publish(&Policy::from_text(POLICY, Format::Yaml).unwrap(), owner(), nine()).unwrap();
    }

    /// A host of its own on the file.
    fn host(&self) -> Engine {
        Engine::new(self.store())
    }

    fn store(&self) -> SqliteStore {
        SqliteStore::open_with(&self.path, self.clock.clone()).unwrap()
    }

    fn is_whole(&self) {
        let found = self.store().examine(&"default".parse().unwrap(), &mut |_, _| {}).unwrap();
        assert!(found.parts.iter().all(|part| part.wrong.is_none()), "{found:?}");
    }

    /// Takes what a worker can take, and says that it is done.
    fn work(&self, engine: &Engine) -> Vec<Taken> {
        let taken = engine.take_effects("w", Span::minutes(1), self.clock()).unwrap();
        for effect in &taken {
            engine.effect_done(effect.id.clone(), self.clock()).unwrap();
        }
        taken
    }

    fn clock(&self) -> Timestamp {
        tenure::Clock::now(&*self.clock)
    }
}

/// This test as a program of its own, on that file.
fn elsewhere(test: &str, file: &Path) -> String {
    let this = std::env::current_exe().unwrap();
    let ran = Command::new(this).args([test, "--exact", "--nocapture"]).env(FILE, file).output().unwrap();
    let said = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    said
}

/// However access came to be, and whoever is left of the hosts: it has a deadline in the file, and comes to its end.
// guard: `write.rs`, what comes due
#[test]
fn r02_however_access_came_to_be_it_ends_after_a_restart() {
    let house = House::new();
    {
        let host = house.host();
        let now = nine();
        host.request(ask("db", "p1", "at-once"), now).unwrap();
        host.request(ask("db", "p2", "planned").start(minutes(30)), now).unwrap();
        host.request(ask("db", "p3", "extended"), now).unwrap();
        host.extend(Extend::new("extended", person("p3")), now).unwrap();
        host.request(ask("decided", "p4", "asked"), now).unwrap();
        host.request(ask("decided", "p5", "approved"), now).unwrap();
        host.approve(Approve::new("approved", owner()), now).unwrap();
        host.extend(Extend::new("approved", person("p5")), now).unwrap();
        host.request(ask("decided", "p6", "emergency").break_glass(true).reason("fire"), now).unwrap();
        host.request(ask("by-holder", "p7", "never-begun"), now).unwrap();
        host.request(ask("by-holder", "p8", "begun"), now).unwrap();
        host.activate(Activate::new("begun", person("p8")), now).unwrap();
        host.request(ask("confirmed", "p9", "never-confirmed"), now).unwrap();
    }
    let (store, ns) = (house.store(), "default".parse().unwrap());
    let far = nine().plus(Span::days(400));
    let due = || store.due(&ns, far, None, Limit::new(100)).unwrap();
    let mut people: Vec<PersonId> = due().into_iter().map(|due| due.person).collect();
    people.sort();
    let all: Vec<PersonId> = (1..=9).map(|n| person(&format!("p{n}")).id).collect();
    assert_eq!(people, all, "everybody with something open is awaited");
    // From deadline to deadline, each time another host.
    let mut ends = 0;
    while let Some(first) = due().first().cloned() {
        house.clock.set(first.at.max(house.clock()));
        house.host().sweep(house.clock()).unwrap();
        ends += 1;
        assert!(ends < 200, "it never comes to an end: {first:?}");
    }
    house.clock.set(far);
    let host = house.host();
    for grant in [
        "at-once",
        "planned",
        "extended",
        "asked",
        "approved",
        "emergency",
        "never-begun",
        "begun",
        "never-confirmed",
    ] {
        assert_eq!(host.look(grant, far).unwrap().unwrap().stage, "closed", "{grant}");
    }
    assert!((1..=9).all(|n| !holds(&host, &format!("p{n}"))));
    house.is_whole();
}

/// What was tidied up was and stays over, for every host and after a restart.
// guard: `compact.rs`, the row stays
#[test]
fn r04_what_is_compacted_is_over_and_its_id_is_taken() {
    let house = House::new();
    let (here, there) = (house.host(), house.host());
    let click = || ask("db", "alice", "g1").command_id("click".to_owned());
    let first = here.request(click(), nine()).unwrap();
    house.work(&here);
    house.clock.set(minutes(10));
    here.revoke(Revoke::new("g1", owner()).reason("a leak"), minutes(10)).unwrap();
    house.work(&here);
    let seen = there.look("g1", minutes(10)).unwrap();
    house.clock.set(minutes(20));
    let done = here.compact(minutes(20), minutes(20), &mut |_| {}).unwrap();
    assert_eq!((done.compacted, done.before, done.next), (1, minutes(20), None));
    for engine in [&here, &there, &house.host()] {
        assert!(!holds(engine, "alice"));
        assert_eq!(engine.look("g1", minutes(20)).unwrap(), seen);
        assert_eq!(engine.request(click(), minutes(20)).unwrap(), first, "the same click has its answer");
        assert_eq!(code(engine.extend(Extend::new("g1", person("alice")), minutes(20))), "grant.not_active");
        assert_eq!(code(engine.request(ask("db", "bert", "g1"), minutes(20))), "grant.exists");
        let had = engine.who_has(&orders(), None, minutes(5), minutes(20)).unwrap();
        assert_eq!(had.holders.len(), 1, "who had it then is still known");
    }
    house.is_whole();
}

/// Every call with the id of another tenant's grant answers as if there were no such grant, from whichever host.
// guard: `desk.rs`, the tenant in the key
#[test]
fn r06_a_grant_of_another_tenant_in_the_same_file_is_nowhere() {
    let house = House::new();
    {
        let theirs = house.host();
        theirs.request(ask("db", "alice", "g1"), nine()).unwrap();
        theirs.extend(Extend::new("g1", person("alice")), nine()).unwrap();
    }
    let other = house.host().namespace("other").unwrap();
    house.publish(&other);
    // Ids of one length: an answer may say the id that was asked for.
    let (theirs, nobodys) = (every_call(&other, "g1"), every_call(&other, "g0"));
    assert_eq!(theirs.len(), nobodys.len());
    for (foreign, unknown) in theirs.iter().zip(&nobodys) {
        assert_eq!(foreign.replace("g1", "g0"), *unknown);
    }
    let untouched = house.host().look("g1", nine()).unwrap().unwrap();
    assert_eq!((untouched.stage.as_str(), untouched.ends_at), ("active", Some(minutes(90))));
    assert!(!holds(&other, "alice") && holds(&house.host(), "alice"));
    assert_eq!(other.list(&tenure::List::default(), nine()).unwrap().grants, []);
    // The id is free there, and the grant that then has it is another one.
    other.request(ask("db", "alice", "g1"), nine()).unwrap();
    other.revoke(Revoke::new("g1", owner()).reason("over"), nine()).unwrap();
    assert!(!holds(&other, "alice") && holds(&house.host(), "alice"));
    house.is_whole();
}

/// What each call that names a grant answers.
fn every_call(engine: &Engine, grant: &str) -> Vec<String> {
    let (alice, now) = (person("alice"), nine());
    let give = |ask: &dyn Fn() -> Result<View, Error>| format!("{:?}", ask());
    let effect = || EffectId { grant: grant.parse().unwrap(), number: 1, worker: "w".parse().unwrap() };
    let explained = |ask: Box<dyn Fn() -> String>| ask();
    vec![
        format!("{:?}", engine.look(grant, now)),
        format!("{:?}", engine.offer(grant, &alice, now)),
        format!("{:?}", engine.history(grant)),
        give(&|| engine.extend(Extend::new(grant, &alice), now)),
        give(&|| engine.approve(Approve::new(grant, owner()), now)),
        give(&|| engine.deny(Deny::new(grant, owner()), now)),
        give(&|| engine.withdraw(Withdraw::new(grant, &alice), now)),
        give(&|| engine.activate(Activate::new(grant, &alice), now)),
        give(&|| engine.approve_extension(ApproveExtension::new(grant, owner()), now)),
        give(&|| engine.deny_extension(DenyExtension::new(grant, owner()), now)),
        give(&|| engine.give_back(GiveBack::new(grant, &alice), now)),
        give(&|| engine.revoke(Revoke::new(grant, host()).reason("over"), now)),
        give(&|| engine.review(Review::new(grant, owner()), now)),
        give(&|| engine.erase(Erase::new(grant, host()), now)),
        format!("{:?}", engine.effect_done(effect(), now)),
        format!("{:?}", engine.effect_failed(Failed::new(effect(), "no"), now)),
        explained(Box::new({
            let (engine, id) = (engine.clone(), grant.to_owned());
            move || format!("{:?}", engine.explain(Extend::new(&id, person("alice")), nine()))
        })),
    ]
}

/// The host that ended access is gone; whoever takes the removal next is told that sessions must be cut.
// guard: `lifecycle/effects.rs`, live sessions
#[test]
fn r23_a_removal_that_another_process_carries_out_cuts_sessions() {
    let house = House::new();
    {
        let here = house.host();
        here.request(ask("db", "alice", "g1"), nine()).unwrap();
        house.work(&here);
        house.clock.set(minutes(5));
        here.revoke(Revoke::new("g1", host()).reason("she left the team"), minutes(5)).unwrap();
        // It takes the removal, and dies.
        let taken = here.take_effects("first", Span::minutes(1), minutes(5)).unwrap();
        assert!(taken.iter().any(|effect| matches!(effect.order, Order::Remove { .. })));
    }
    house.clock.set(minutes(7));
    let again = house.host();
    let removal = house.work(&again).into_iter().find(|effect| effect.kind == "deprovision").unwrap();
    assert_eq!((removal.attempt, removal.id.to_string().as_str()), (2, "g1/3"));
    let Order::Remove { remove, outcome, cut_sessions, .. } = &removal.order else { panic!("{removal:?}") };
    assert!(*cut_sessions, "the session lives on");
    assert_eq!((remove.len(), outcome), (1, &Some(Outcome::Revoked)));
}

/// Bytes of a packed text of which some stay where it is not written over.
const PART: usize = 12;

/// What a file keeps of grants, their records and what was answered, as it stands there: small enough to lie in one page.
fn pieces(path: &Path) -> BTreeSet<Vec<u8>> {
    let file = rusqlite::Connection::open(path).unwrap();
    let sql = "SELECT written FROM record WHERE written IS NOT NULL UNION SELECT leaves FROM record \
               UNION SELECT state FROM grants UNION SELECT body FROM receipt";
    let mut statement = file.prepare(sql).unwrap();
    let pieces = statement.query_map([], |row| row.get(0)).unwrap();
    pieces.map(|piece| piece.unwrap()).collect()
}

/// What was erased is in no byte of the file, and what was said of a person to decide by never was. The hash stays.
// guard: `file.rs`, what is erased is written over
#[test]
fn r26_what_was_erased_is_in_no_byte_of_the_file() {
    let house = House::new();
    let signer = LogKey::new("log.example", &[7; 32]);
    let written = ["the-illness-behind-it", "HR-4711", "the-second-illness"];
    let size = {
        let here = house.host();
        let mut alice = person("alice");
        alice.attributes.insert("token".to_owned(), serde_json::from_str("\"hunter2-in-a-fact\"").unwrap());
        let request = Request::new("db", &alice).item(orders().permission("read")).grant("g1".to_owned());
        here.request(
            request.reason(written[0]).fields([("ticket".to_owned(), written[1].to_owned())].into()),
            nine(),
        )
        .unwrap();
        here.extend(Extend::new("g1", &alice).reason(written[2]), nine()).unwrap();
        house.work(&here);
        here.give_back(GiveBack::new("g1", &alice), nine()).unwrap();
        house.work(&here);
        here.checkpoint(&signer, nine()).unwrap();
        here.records(0, 1_000).unwrap().len()
    };
    let bytes = |piece: &[u8]| {
        let file = std::fs::read(&house.path).unwrap();
        file.windows(piece.len()).any(|window| window == piece)
    };
    assert!(!bytes(b"hunter2-in-a-fact"), "what a host says of people is not kept");
    let kept = pieces(&house.path);
    assert!(kept.iter().all(|piece| bytes(piece)), "what they wrote is");
    let export = |engine: &Engine| serde_json::to_string(&engine.export(0, size).unwrap()).unwrap();
    let hashes = |text: &str| text.matches("\"hash\"").count();
    let before = export(&house.host());
    house.host().erase(Erase::new("g1", host()), nine()).unwrap();
    let left = pieces(&house.path);
    let gone: Vec<_> = kept.difference(&left).collect();
    // Two commands and two records with words, what became of the grant by them and after: as it is kept, each is packed.
    assert!(gone.len() >= 5, "{} pieces of {} went", gone.len(), kept.len());
    // A part of a packed text is as good as the whole to whoever looks for it, and what stays has such parts as well.
    let parts = |piece: &[u8]| piece.windows(PART).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let stays: BTreeSet<_> = left.iter().flat_map(|piece| parts(piece)).collect();
    let gone: Vec<_> = gone.into_iter().flat_map(|piece| parts(piece)).collect();
    let gone: Vec<_> = gone.into_iter().filter(|part| !stays.contains(part)).collect();
    assert!(gone.len() > 200, "{} parts are of what was erased alone", gone.len());
    let still = gone.iter().filter(|part| bytes(part)).count();
    assert_eq!(still, 0, "of {} parts of what was erased so many are still in the file", gone.len());
    for text in written {
        assert!(!bytes(text.as_bytes()), "`{text}` is still in the file");
    }
    let after = export(&house.host());
    assert!(written.iter().all(|text| !after.contains(text)));
    assert_eq!(hashes(&after), hashes(&before), "every hash stays");
    house.is_whole();
}

/// A process whose clock is ahead is told so, changes nothing in the file, and ends nothing for anybody else.
// guard: `machine.rs`, how far ahead
#[test]
fn r45_a_process_that_is_ahead_of_the_store_changes_nothing_for_others() {
    if let Ok(file) = std::env::var(FILE) {
        return ahead(Path::new(&file));
    }
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tenure.db");
    let here = Engine::new(SqliteStore::open(&path).unwrap());
    here.publish(&Policy::from_text(POLICY, Format::Yaml).unwrap(), owner(), here.clock()).unwrap();
    let granted = here.request(ask("db", "alice", "g1"), here.clock()).unwrap();
    let (records, seen) = (here.records(0, 1_000).unwrap(), here.look("g1", here.clock()).unwrap());
    let said = elsewhere("r45_a_process_that_is_ahead_of_the_store_changes_nothing_for_others", &path);
    assert!(said.contains("six faults"), "{said}");
    assert_eq!(here.records(0, 1_000).unwrap(), records);
    assert_eq!(here.look("g1", here.clock()).unwrap(), seen);
    let verdict = here.holds(&person("alice").id, &orders(), "read", here.clock()).unwrap();
    assert_eq!(verdict.until, granted.ends_at);
    // And who is right goes on.
    here.extend(Extend::new("g1", person("alice")), here.clock()).unwrap();
}

/// The process whose clock is five hours ahead.
fn ahead(file: &Path) {
    let engine = Engine::new(SqliteStore::open(file).unwrap());
    let now = engine.clock().plus(Span::hours(5));
    let alice = person("alice");
    let swept: Result<SweepReport, Error> = engine.sweep(now);
    let faults = [
        swept.err(),
        engine.extend(Extend::new("g1", &alice), now).err(),
        engine.give_back(GiveBack::new("g1", &alice), now).err(),
        engine.revoke(Revoke::new("g1", host()).reason("over"), now).err(),
        engine.request(ask("db", "bert", "g2"), now).err(),
        engine.take_effects("w", Span::minutes(1), now).err(),
    ];
    for fault in &faults {
        assert!(matches!(fault, Some(Error::Fault(fault)) if fault.code() == "clock"), "{fault:?}");
    }
    // A question is answered at the store's time.
    assert!(engine.holds(&alice.id, &orders(), "read", now).unwrap().allowed);
    println!("six faults");
}
