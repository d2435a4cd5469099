//! How much room events and whole lives of grants take in the file.

use tempfile::TempDir;
use tenure::{Approve, Engine, Extend, ManualClock, Person, Request, Span, Timestamp};

use crate::{Asked, engine, nine, of_file, orders, size, sizes};

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

/// Tables and indexes that are named, the largest of them.
const LARGEST: usize = 8;

/// Bytes of an event and of a grant's whole life: asked for, approved, begun, extended, expired; without workers, and
/// with every effect taken and confirmed.
pub(crate) fn run(asked: &Asked) {
    let lives = asked.grants(&[2_000], &[500])[0];
    for workers in [false, true] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("lives.db");
        let (engine, clock) = engine(&path, POLICY);
        let begun = std::time::Instant::now();
        for n in 0..lives {
            life(&engine, &clock, n, workers);
        }
        let took = begun.elapsed().as_secs_f64();
        drop(engine);
        let bytes = size(&path) as f64;
        let of = |sql: &str| of_file(&path, sql);
        let events = of("SELECT CAST(records AS REAL) FROM namespace");
        let how = if workers { "every effect confirmed by a worker" } else { "no workers" };
        println!(
            "  {lives} lives, {how}: {:.1} events each, {:.0} events/s",
            events / lives as f64,
            events / took
        );
        println!("    a grant's state     {:6.0} B", of("SELECT avg(length(state)) FROM grants"));
        println!("    an answer           {:6.0} B", of("SELECT avg(length(body)) FROM receipt"));
        println!("    an event on disk    {:6.0} B  (goal: at most 400)", bytes / events);
        println!("    a life on disk      {:6.0} B  (goal: at most 2500)", bytes / lives as f64);
        for (part, size) in sizes(&path).into_iter().take(LARGEST) {
            println!("      {part:<17} {:6.0} B", size / lives as f64);
        }
    }
}

fn life(engine: &Engine, clock: &ManualClock, n: usize, workers: bool) {
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
    confirm(engine, at(3), workers);
    engine.extend(Extend::new(&grant.id, &alice).span(Span::minutes(30)), at(40)).unwrap();
    confirm(engine, at(41), workers);
    engine.sweep(at(100)).unwrap();
    confirm(engine, at(101), workers);
}

fn confirm(engine: &Engine, now: Timestamp, workers: bool) {
    if !workers {
        return;
    }
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
