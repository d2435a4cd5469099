//! Bugs of other systems, on the store in a file and with several handles on it: what one of them knew is never more
//! than what stands in the file.

#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "these are tests: a panic is how they fail")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tenure::tenure_policy::document::Format;
use tenure::tenure_store::Limit;
use tenure::{
    Engine, Error, Extend, ManualClock, Person, Policy, Request, ResourceId, Span, SqliteStore, Store,
    Timestamp, Verdict,
};

const POLICY: &str = "
version: 1
flows:
  - id: db
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read]}]
    duration: {max: 4h, default: 1h}
    approval: automatic
    extension: {times: 3, span: {default: 30m}}
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

fn orders() -> ResourceId {
    ResourceId { integration: "pg".parse().unwrap(), kind: "db".into(), name: "orders".into() }
}

fn policy(text: &str) -> Policy {
    Policy::from_text(text, Format::Yaml).unwrap()
}

fn ask(name: &str, grant: &str) -> Request {
    Request::new("db", person(name)).item(orders().permission("read")).grant(grant.to_owned())
}

fn alice_holds(engine: &Engine) -> Verdict {
    engine.holds(&person("alice").id, &orders(), "read", engine.clock()).unwrap()
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
        house.host().publish(&policy(POLICY), person("admin"), nine()).unwrap();
        house
    }

    /// A host of its own on the file.
    fn host(&self) -> Engine {
        Engine::new(self.store())
    }

    fn store(&self) -> SqliteStore {
        SqliteStore::open_with(Path::new(&self.path), self.clock.clone()).unwrap()
    }
}

/// A host that knows a grant as it was does not end what another host has extended.
// guard: `states.rs`, the bytes that stand in the file
#[test]
fn r17_what_another_host_extended_is_not_ended() {
    let house = House::new();
    let (here, there) = (house.host(), house.host());
    here.request(ask("alice", "g1"), nine()).unwrap();
    house.clock.set(minutes(59));
    // Here it was read, and is known by heart.
    assert_eq!(here.look("g1", minutes(59)).unwrap().unwrap().ends_at, Some(minutes(60)));
    let extended = there.extend(Extend::new("g1", person("alice")), minutes(59)).unwrap();
    assert_eq!(extended.ends_at, Some(minutes(90)));
    house.clock.set(minutes(60));
    here.sweep(minutes(60)).unwrap();
    assert_eq!(here.look("g1", minutes(60)).unwrap().unwrap().ends_at, Some(minutes(90)));
    assert_eq!(alice_holds(&there).until, Some(minutes(90)));
    house.clock.set(minutes(90));
    assert!(!alice_holds(&here).allowed);
}

/// A host that slept through a change of the policy gives nothing by the old one.
// guard: `policies.rs`, the policy as the transaction sees it
#[test]
fn r18_a_host_that_was_away_decides_by_what_stands_now() {
    let house = House::new();
    let (here, there) = (house.host(), house.host());
    here.request(ask("alice", "g1"), nine()).unwrap();
    let withdrawn = POLICY.replace("approval: automatic", "approval: automatic\n    enabled: false");
    there.publish(&policy(&withdrawn), person("admin"), nine()).unwrap();
    for refused in [
        here.request(ask("bert", "g2"), nine()).unwrap_err(),
        here.extend(Extend::new("g1", person("alice")), nine()).unwrap_err(),
    ] {
        assert!(
            matches!(&refused, Error::Refused(why) if why.code.as_str() == "flow.withdrawn"),
            "{refused}"
        );
    }
    assert!(alice_holds(&here).allowed, "what runs, runs out");
}

/// A restart gives nobody their time again.
// guard: `query.rs`, the end as it stands
#[test]
fn r19_a_restart_of_the_program_leaves_every_end_as_it_was() {
    let house = House::new();
    {
        let host = house.host();
        host.request(ask("alice", "g1"), nine()).unwrap();
        host.extend(Extend::new("g1", person("alice")), nine()).unwrap();
    }
    house.clock.set(minutes(80));
    let host = house.host();
    assert_eq!(alice_holds(&host).until, Some(minutes(90)));
    house.clock.set(minutes(90).minus(Span::millis(1)));
    assert!(alice_holds(&host).allowed);
    house.clock.set(minutes(90));
    assert!(!alice_holds(&host).allowed);
    assert_eq!(host.sweep(minutes(90)).unwrap().people, 1, "what is due is still due");
}

/// A command id is known as long as the file is: long after what it made is over, it makes nothing again.
// guard: `write.rs`, what was answered is kept
#[test]
fn r25_a_file_keeps_command_ids_longer_than_what_they_made() {
    let house = House::new();
    let click = || ask("alice", "g1").command_id("click".to_owned());
    let first = house.host().request(click(), nine()).unwrap();
    house.clock.set(minutes(60));
    house.host().sweep(minutes(60)).unwrap();
    let later = nine().plus(Span::days(400));
    house.clock.set(later);
    let host = house.host();
    assert_eq!(host.request(click(), later).unwrap(), first);
    let other = ask("alice", "g2").command_id("click".to_owned());
    let refused = host.request(other, later).unwrap_err();
    assert!(matches!(&refused, Error::Refused(why) if why.code.as_str() == "command.reused"), "{refused}");
    assert!(!alice_holds(&host).allowed);
}

/// However many ends come at once, no more are listed at a time than were asked for, and none is left out.
// guard: `questions.rs`, at most so many
#[test]
fn r28_ends_that_come_at_once_are_worked_off_in_batches() {
    const PEOPLE: usize = 70;
    let house = House::new();
    let host = house.host();
    std::thread::scope(|scope| {
        for n in 0..PEOPLE {
            let host = &host;
            scope.spawn(move || host.request(ask(&format!("p{n}"), &format!("g{n}")), nine()).unwrap());
        }
    });
    house.clock.set(minutes(60));
    let store = house.store();
    let ns = "default".parse().unwrap();
    let mut after = None;
    let mut batches = Vec::new();
    loop {
        let due = store.due(&ns, minutes(60), after.as_ref(), Limit::new(32)).unwrap();
        let Some(last) = due.last() else { break };
        batches.push(due.len());
        after = Some(last.clone());
    }
    assert_eq!(batches, [32, 32, 6]);
    assert_eq!(host.sweep(minutes(60)).unwrap().people, u64::try_from(PEOPLE).unwrap());
    assert_eq!(store.due(&ns, minutes(60), None, Limit::new(32)).unwrap(), []);
}
