//! How fast commands become durable on a store in a file, and how much room they take.
//!
//! `cargo bench -p tenure --bench durable` prints medians beside a bare loop that inserts the very rows that the
//! engine wrote, with the same schema and the same pragmas, and beside the flushes of the same minute: each round
//! makes all of them, one after the other. `-- open 1000000` opens a store with so many open grants instead.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::as_conversions,
    clippy::indexing_slicing,
    reason = "a benchmark measures time and has nothing to say where it cannot be set up"
)]

mod bare;
mod lives;

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tempfile::TempDir;
use tenure::tenure_policy::document::Format;
use tenure::{Engine, ManualClock, Person, Policy, Request, ResourceId, SqliteStore, Timestamp};

const POLICY: &str = "
version: 1
flows:
  - id: db
    who: {any: [everyone]}
    what: [{integration: prod-pg, permissions: [read]}]
    duration: {max: 4h, default: 1h}
    approval: automatic
    extension: {times: 3, span: {default: 30m}}
";
const ROUNDS: usize = 7;
const CALLERS: usize = 64;
/// Commands of each caller in a round.
const EACH: usize = 24;
/// Commands of the one caller in a round.
const ALONE: usize = 150;
const FLUSHES: usize = 60;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(place) = args.iter().position(|arg| arg == "open") {
        let grants = args.get(place + 1).and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
        return lives::opened(grants);
    }
    if !args.iter().any(|arg| arg == "--bench") {
        // Run as a test: once, to see that it runs.
        let folder = TempDir::new().unwrap();
        println!("{:.0} commands a second", many(&folder.path().join("once.db"), 4, 2));
        return;
    }
    lives::size();
    let mut rounds: Vec<[f64; 5]> = Vec::new();
    for round in 0..ROUNDS {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        let flush = flushes(&at("flush"));
        let shared = many(&at("many.db"), CALLERS, EACH);
        let batches = bare::insert(&at("many.db"), &at("bare-many.db"), CALLERS * EACH, CALLERS);
        let alone = many(&at("one.db"), 1, ALONE);
        let singles = bare::insert(&at("one.db"), &at("bare-one.db"), ALONE, 1);
        println!(
            "round {round}: flushes {flush:.0}/s; {CALLERS} callers {shared:.0}/s, bare {batches:.0}/s ({:.0} %); \
             one {alone:.0}/s, bare {singles:.0}/s ({:.0} %)",
            100.0 * shared / batches,
            100.0 * alone / singles,
        );
        rounds.push([flush, shared, batches, alone, singles]);
    }
    let of = |what: &dyn Fn(&[f64; 5]) -> f64| median(rounds.iter().map(what).collect());
    println!("medians of {ROUNDS} rounds");
    println!("  a flush of 4 KiB           {:8.0}/s", of(&|round| round[0]));
    println!("  {CALLERS} callers                 {:8.0}/s", of(&|round| round[1]));
    println!("  bare, in batches of {CALLERS}     {:8.0}/s", of(&|round| round[2]));
    println!(
        "  ratio                      {:8.0} %  (goal: at least 80)",
        100.0 * of(&|round| round[1] / round[2])
    );
    println!("  one caller                 {:8.0}/s", of(&|round| round[3]));
    println!("  bare, one by one           {:8.0}/s", of(&|round| round[4]));
    println!(
        "  ratio                      {:8.0} %  (goal: at least 95)",
        100.0 * of(&|round| round[3] / round[4])
    );
}

/// Requests a second of so many callers, each of whom makes so many.
fn many(path: &Path, callers: usize, each: usize) -> f64 {
    let (engine, now) = engine(path);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for caller in 0..callers {
            let engine = &engine;
            scope.spawn(move || {
                for n in 0..each {
                    request(engine, &format!("{caller}-{n}"), now);
                }
            });
        }
    });
    (callers * each) as f64 / begun.elapsed().as_secs_f64()
}

/// Flushes a second of 4 KiB each.
fn flushes(path: &Path) -> f64 {
    let mut file = File::create(path).unwrap();
    let begun = Instant::now();
    for _ in 0..FLUSHES {
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write_all(&[7; 4096]).unwrap();
        file.sync_all().unwrap();
    }
    FLUSHES as f64 / begun.elapsed().as_secs_f64()
}

pub(crate) fn nine() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

pub(crate) fn engine(path: &Path) -> (Engine, Timestamp) {
    let now = nine();
    let engine = Engine::new(SqliteStore::open_with(path, Arc::new(ManualClock::at(now))).unwrap());
    let admin = Person::new("admin".parse().unwrap());
    engine.publish(&Policy::from_text(POLICY, Format::Yaml).unwrap(), admin, now).unwrap();
    (engine, now)
}

pub(crate) fn orders() -> ResourceId {
    ResourceId {
        integration: "prod-pg".parse().unwrap(),
        kind: "database".into(),
        name: "prod-orders".into(),
    }
}

pub(crate) fn request(engine: &Engine, name: &str, now: Timestamp) {
    let person = Person::new(format!("person-{name}").parse().unwrap());
    engine.request(Request::new("db", &person).item(orders().permission("read")), now).unwrap();
}

pub(crate) fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
