//! Files that are no store, that a newer version wrote, or that were damaged: an error in words, never a panic, and
//! never half a reading.

#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "these are tests: a panic is how they fail")]

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tenure::tenure_policy::document::Format;
use tenure::{
    Engine, Error, Extend, Fault, List, ManualClock, Person, Policy, Request, ResourceId, Span, SqliteStore,
    StoreFault, Timestamp,
};

const POLICY: &str = "
version: 1
flows:
  - id: db
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read]}]
    duration: {max: 4h, default: 1h}
    approval: automatic
    extension: {times: 100, span: {default: 1m}}
    limits: {open_total: 100}
";

fn nine() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn opened(path: &Path) -> Result<Engine, StoreFault> {
    Ok(Engine::new(SqliteStore::open_with(path, Arc::new(ManualClock::at(nine())))?))
}

fn person(n: usize) -> Person {
    Person::new(format!("p{n}").parse().unwrap())
}

fn orders() -> ResourceId {
    ResourceId { integration: "pg".parse().unwrap(), kind: "db".into(), name: "orders".into() }
}

/// A file with a policy and some grants.
fn filled(path: &Path) {
    let engine = opened(path).unwrap();
    let admin = Person::new("admin".parse().unwrap());
    engine.publish(&Policy::from_text(POLICY, Format::Yaml).unwrap(), admin, nine()).unwrap();
    for n in 0..8 {
        let ask = Request::new("db", person(n)).item(orders().permission("read")).grant(format!("g{n}"));
        engine.request(ask, nine()).unwrap();
        engine.extend(Extend::new(format!("g{n}"), person(n)), nine()).unwrap();
    }
}

/// Everything there is to ask; how much of it is answered.
fn asked(engine: &Engine) -> usize {
    let mut answered = 0;
    let mut heard = |well: bool| answered += usize::from(well);
    for n in 0..8 {
        heard(engine.holds(&person(n).id, &orders(), "read", nine()).is_ok());
        heard(engine.look(format!("g{n}"), nine()).is_ok());
        heard(engine.history(format!("g{n}")).is_ok());
        heard(engine.extend(Extend::new(format!("g{n}"), person(n)), nine()).is_ok());
    }
    heard(engine.records(0, 1_000).is_ok());
    heard(engine.list(&List::default(), nine()).is_ok());
    heard(engine.sweep(nine()).is_ok());
    heard(engine.take_effects("w1", Span::minutes(1), nine()).is_ok());
    let ask = Request::new("db", person(9)).item(orders().permission("read"));
    heard(engine.request(ask, nine()).is_ok());
    answered
}

#[test]
fn a_newer_file_is_left_alone_also_by_whoever_has_it_open() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("newer.db");
    filled(&path);
    let open = opened(&path).unwrap();
    let file = rusqlite::Connection::open(&path).unwrap();
    file.pragma_update(None, "user_version", 7).unwrap();
    let newer = StoreFault::Newer { found: 7 };
    assert_eq!(opened(&path).map(|_| ()).unwrap_err(), newer);
    let ask = Request::new("db", person(9)).item(orders().permission("read"));
    for error in [open.request(ask, nine()).unwrap_err(), open.look("g0", nine()).unwrap_err()] {
        assert!(matches!(error, Error::Fault(Fault::Store(fault)) if fault == newer));
    }
    let grants: i64 = file.query_row("SELECT count(*) FROM grants", [], |row| row.get(0)).unwrap();
    assert_eq!(grants, 8, "nothing was written");
}

#[test]
fn a_file_of_something_else_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let other = folder.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE mine (a)").unwrap();
    let text = folder.path().join("text.db");
    std::fs::write(&text, "no database at all, and longer than a header of one would be. ".repeat(9))
        .unwrap();
    for (path, words) in
        [(other, "something else"), (text, "not a database"), (folder.path().to_owned(), "open")]
    {
        let before = std::fs::read(&path).ok();
        let fault = opened(&path).map(|_| ()).unwrap_err();
        assert!(matches!(&fault, StoreFault::Broken(why) if why.contains(words)), "{path:?}: {fault}");
        assert_eq!(std::fs::read(&path).ok(), before, "{path:?} is as it was");
    }
}

#[test]
fn a_damaged_file_gives_errors_and_no_panic() {
    let folder = TempDir::new().unwrap();
    let whole = folder.path().join("whole.db");
    filled(&whole);
    let file = rusqlite::Connection::open(&whole).unwrap();
    file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(file);
    let bytes = std::fs::read(&whole).unwrap();
    let all = asked(&opened(&whole).unwrap());
    let (mut dice, mut noticed) = (42_u64, 0);
    let mut below = |bound: usize| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        usize::try_from(dice % u64::try_from(bound).unwrap()).unwrap()
    };
    for round in 0..60 {
        let mut damaged = bytes.clone();
        for _ in 0..=below(40) {
            let place = below(damaged.len());
            *damaged.get_mut(place).unwrap() = u8::try_from(below(256)).unwrap();
        }
        if round % 5 == 0 {
            damaged.truncate(below(bytes.len()));
        }
        let path = folder.path().join(format!("{round}.db"));
        std::fs::write(&path, damaged).unwrap();
        let answered = opened(&path).map_or(0, |engine| asked(&engine));
        noticed += usize::from(answered < all);
    }
    assert!(noticed > 20, "of 60 damaged files {noticed} were noticed");
}
