//! What it costs to seal a record, beside writing it: per record, over the events of the golden file, whose bytes are
//! those of real records and more.
//!
//! `cargo bench -p tenure-store` prints three medians, each for all of these events: `write` makes the bytes of each
//! record, which a store that keeps them makes anyway; `hash` is SHA-256 over those; `seal` is all of it: bytes,
//! salted hashes of written text, leaf, tree. Then it prints what a record costs beside its bytes.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark that cannot be set up has nothing to say, and measures"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use divan::Bencher;
use divan::counter::ItemsCount;
use tenure_core::event::Event;
use tenure_core::id::Namespace;
use tenure_core::record::leaf::Leaf;
use tenure_core::record::tree::leaf_hash;
use tenure_core::record::written::Salt;
use tenure_core::record::{Entry, Record};
use tenure_core::time::Timestamp;
use tenure_store::plan::Write;
use tenure_store::seal::Seal;

const EVENTS: &str = include_str!("../../crates/core/golden/events.json");
const SALT: Salt = Salt::from_bytes([7; 16]);

fn main() {
    divan::main();
    if std::env::args().any(|arg| arg == "--bench") {
        shares();
    }
}

fn events() -> Vec<Event> {
    serde_json::from_str(EVENTS).unwrap()
}

fn records() -> Vec<Record> {
    let record = |(event, position)| Record { position, recorded_at: now(), entry: Entry::Event(event) };
    events().into_iter().zip(1..).map(record).collect()
}

fn now() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn namespace() -> Namespace {
    Namespace::new("acme").unwrap()
}

fn bytes(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| serde_json::to_string(record).unwrap()).collect()
}

/// A decision that writes all of them.
fn decided() -> Write {
    Write {
        recorded_at: now(),
        salt: SALT,
        entries: events().into_iter().map(Entry::Event).collect(),
        after: BTreeMap::new(),
        policy: None,
        refused: BTreeMap::new(),
        receipt: None,
    }
}

#[divan::bench]
fn write(bencher: Bencher<'_, '_>) {
    let records = records();
    bencher.counter(ItemsCount::new(records.len())).bench_local(|| bytes(&records));
}

#[divan::bench]
fn hash(bencher: Bencher<'_, '_>) {
    let leaves = bytes(&records());
    let all = || leaves.iter().map(|leaf| leaf_hash(leaf.as_bytes())).collect::<Vec<_>>();
    bencher.counter(ItemsCount::new(leaves.len())).bench_local(all);
}

#[divan::bench]
fn leaves(bencher: Bencher<'_, '_>) {
    let (records, ns) = (records(), namespace());
    let all = || records.iter().map(|record| Leaf::of(&ns, record, None, &SALT).unwrap()).collect::<Vec<_>>();
    bencher.counter(ItemsCount::new(records.len())).bench_local(all);
}

#[divan::bench]
fn seal(bencher: Bencher<'_, '_>) {
    let (mut log, ns) = (Seal::default(), namespace());
    let bencher = bencher.counter(ItemsCount::new(events().len())).with_inputs(decided);
    bencher.bench_local_values(|mut write| log.write(&ns, &mut write).unwrap());
}

/// The median of many rounds, interleaved: bytes alone, then sealed.
fn shares() {
    let (records, ns) = (records(), namespace());
    let (mut alone, mut sealed) = (Vec::new(), Vec::new());
    let mut log = Seal::default();
    for _ in 0..2_000 {
        let mut write = decided();
        let start = Instant::now();
        let kept = black_box(bytes(&records));
        alone.push(start.elapsed());
        let start = Instant::now();
        let records = black_box(log.write(&ns, &mut write).unwrap());
        sealed.push(start.elapsed());
        // What was decided is let go of in any case, sealed or not.
        drop((kept, records));
    }
    let count = u32::try_from(records.len()).unwrap();
    let median = |mut times: Vec<std::time::Duration>| {
        times.sort_unstable();
        times.get(times.len() / 2).unwrap().as_nanos() / u128::from(count)
    };
    let size = bytes(&records).iter().map(String::len).sum::<usize>() / records.len();
    let (alone, sealed) = (median(alone), median(sealed));
    println!("a record of {size} bytes: {alone} ns to write its bytes, {sealed} ns to write and seal them");
    println!("beside the write: {} ns a record", sealed.saturating_sub(alone));
}
