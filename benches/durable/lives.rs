//! How much room whole lives take, and how long it takes to open a store with many open grants.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tenure::tenure_policy::document::Format;
use tenure::{Approve, Engine, Extend, ManualClock, Person, Policy, Request, Span, SqliteStore, Timestamp};

use crate::{engine, median, nine, orders, request};

const LIVES: usize = 1_000;
const POLICY: &str = "
version: 1
flows:
  - id: prod-db
    who: {any: [group:sre]}
    what: [{integration: prod-pg, permissions: [read]}]
    duration: {max: 4h}
    reason: {required: true}
    approval: {steps: [{approvers: [group:db-owners]}]}
    extension: {times: 2, span: {default: 30m}}
";

/// Bytes of an event and of a grant's whole life: asked for, approved, begun, extended, expired, every effect
/// taken and confirmed.
pub(crate) fn size() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("lives.db");
    let clock = Arc::new(ManualClock::at(nine()));
    let engine = Engine::new(SqliteStore::open_with(&path, clock.clone()).unwrap());
    let admin = Person::new("admin".parse().unwrap());
    engine.publish(&Policy::from_text(POLICY, Format::Yaml).unwrap(), admin, nine()).unwrap();
    for n in 0..LIVES {
        life(&engine, &clock, n);
    }
    let events = engine_events(&engine);
    drop(engine);
    let file = rusqlite::Connection::open(&path).unwrap();
    file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let bytes = std::fs::metadata(&path).unwrap().len() as f64;
    println!("{LIVES} lives, {:.1} events each", events as f64 / LIVES as f64);
    let of = |sql: &str| file.query_row(sql, [], |row| row.get::<_, f64>(0)).unwrap();
    println!(
        "  a line of the record  {:6.0} B  (goal: at most 400)",
        of("SELECT avg(length(leaf) + coalesce(length(written), 0) + length(nodes)) FROM record")
    );
    println!("  a grant's state       {:6.0} B", of("SELECT avg(length(state)) FROM grants"));
    println!("  an answer             {:6.0} B", of("SELECT avg(length(body)) FROM receipt"));
    println!("  a life, all of it     {:6.0} B  (goal: at most 2500)", bytes / LIVES as f64);
    println!("  an event, all of it   {:6.0} B", bytes / events as f64);
}

fn engine_events(engine: &Engine) -> u64 {
    let mut position = 0;
    while let Some(last) = engine.records(position, 1_000).unwrap().last() {
        position = last.position;
    }
    position
}

fn life(engine: &Engine, clock: &ManualClock, n: usize) {
    let begun = nine().plus(Span::hours(3).times(n as u64));
    let at = |minutes: u64| -> Timestamp {
        clock.set(begun.plus(Span::minutes(minutes)));
        begun.plus(Span::minutes(minutes))
    };
    let mut alice = Person::new(format!("person-{}@example.com", n % 200).parse().unwrap());
    alice.groups.insert("sre".to_owned());
    let mut bob = Person::new("bob@example.com".parse().unwrap());
    bob.groups.insert("db-owners".to_owned());
    let ask = Request::new("prod-db", &alice).item(orders().permission("read")).span(Span::hours(1));
    let grant = engine.request(ask.reason(format!("INC-{n}: look at slow queries")), at(0)).unwrap();
    engine.approve(Approve::new(&grant.id, &bob), at(2)).unwrap();
    confirm(engine, at(3));
    engine.extend(Extend::new(&grant.id, &alice).span(Span::minutes(30)), at(40)).unwrap();
    confirm(engine, at(41));
    engine.sweep(at(100)).unwrap();
    confirm(engine, at(101));
}

fn confirm(engine: &Engine, now: Timestamp) {
    loop {
        let taken = engine.take_effects("worker-1", Span::minutes(1), now).unwrap();
        if taken.is_empty() {
            return;
        }
        for effect in taken {
            engine.effect_done(effect.id, now).unwrap();
        }
    }
}

/// How long it takes to open a store with so many open grants, and what a command then costs.
pub(crate) fn opened(grants: usize) {
    let folder = TempDir::new().unwrap();
    for grants in [10_000.min(grants), grants] {
        let path = folder.path().join(format!("{grants}.db"));
        fill(&path, grants);
        let mut times = Vec::new();
        for _ in 0..5 {
            let begun = Instant::now();
            let store = SqliteStore::open(&path).unwrap();
            times.push(begun.elapsed().as_secs_f64());
            drop(store);
        }
        let store = SqliteStore::open_with(&path, Arc::new(ManualClock::at(nine()))).unwrap();
        let engine = Engine::new(store);
        let mut commands = Vec::new();
        for n in 0..200 {
            let begun = Instant::now();
            request(&engine, &format!("{}-new-{n}", n * 7_919 % grants), nine());
            commands.push(begun.elapsed().as_secs_f64());
        }
        println!(
            "{grants} open grants: opened in {:?}, a command in {:?}",
            Duration::from_secs_f64(median(times)),
            Duration::from_secs_f64(median(commands)),
        );
    }
}

/// So many open grants, asked for by many callers at once.
fn fill(path: &Path, grants: usize) {
    let (engine, now) = engine(path);
    std::thread::scope(|scope| {
        for caller in 0..256 {
            let engine = &engine;
            scope.spawn(move || {
                for n in (caller..grants).step_by(256) {
                    request(engine, &n.to_string(), now);
                }
            });
        }
    });
}
