//! What `holds` costs in Node over Rust, on a store in memory, and what other engines take for the same question there.
//!
//! `cargo xtask node` builds the client first, and `npm ci` in `benches/node` brings the others; then
//! `cargo bench -p tenure-node --bench node` asks in rounds, Rust and Node in turn, and prints medians. `-- quick` asks
//! less.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark that cannot be set up has nothing to say"
)]

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Instant;

use tenure_port::Handle;

const ROUNDS: usize = 5;
/// Slices of a round that are looked at; as many go before.
const SLICES: usize = 2_000;
/// Questions of a slice in Rust: well below a millisecond, so that a machine that does something else in between leaves
/// most slices alone.
const QUESTIONS: u32 = 200;
/// As many people hold access as in `others.mjs`.
const PEOPLE: usize = 100;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if !args.iter().any(|arg| arg == "--bench") {
        return;
    }
    let quick = args.iter().any(|arg| arg == "quick");
    let (rounds, slices) = if quick { (1, SLICES / 10) } else { (ROUNDS, SLICES) };
    let mut told: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for _ in 0..rounds {
        told.entry("rust".to_owned()).or_default().push(rust(slices));
        for (name, took) in node(slices) {
            told.entry(name).or_default().push(took);
        }
    }
    let medians: BTreeMap<_, _> = told.into_iter().map(|(name, took)| (name, median(took))).collect();
    let rust = medians.get("rust").copied().unwrap();
    println!("{:<16}{:>12}{:>12}", "holds", "ns", "over Rust");
    for (name, took) in &medians {
        println!("{name:<16}{took:>12.0}{:>12.0}", took - rust);
    }
}

/// Nanoseconds a question through the handle that every language has.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn rust(slices: usize) -> f64 {
    let handle = opened();
    let people: Vec<String> = (0..PEOPLE).map(|number| format!("person-{number}@corp.example")).collect();
    let slice = |_| {
        let began = Instant::now();
        for (_, person) in (0..QUESTIONS).zip(people.iter().cycle()) {
            let verdict = handle.holds(person, "prod-pg", "database", "orders", "read", None);
            assert!(std::hint::black_box(verdict).unwrap().allowed);
        }
        began.elapsed().as_secs_f64() * 1e9 / f64::from(QUESTIONS)
    };
    median((0..slices * 2).map(slice).skip(slices).collect())
}

fn opened() -> Handle {
    let policy = r#"{"version": 1, "flows": [{"id": "db", "who": {"any": ["everyone"]}, "duration": {"max": "2h"},
        "what": [{"integration": "prod-pg", "permissions": ["read"]}], "approval": "automatic"}]}"#;
    let handle = Handle::open(&format!(r#"{{"store": ":memory:", "policy": {policy}}}"#)).unwrap();
    for number in 0..PEOPLE {
        let answer = handle.call(&format!(
            r#"{{"call": "request", "flow": "db", "actor": {{"id": "person-{number}@corp.example"}}, "items":
                [{{"resource": {{"integration": "prod-pg", "type": "database", "name": "orders"}}, "permission": "read"}}]}}"#
        ));
        assert!(answer.starts_with(r#"{"ok""#), "{answer}");
    }
    handle
}

/// One round in Node: each engine and its nanoseconds a question.
fn node(slices: usize) -> Vec<(String, f64)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../benches/node");
    let asked = Command::new("node").arg("bench.mjs").arg(slices.to_string()).current_dir(folder).output();
    let asked = asked.unwrap();
    if !asked.status.success() {
        panic!("{}", String::from_utf8_lossy(&asked.stderr));
    }
    let lines = String::from_utf8(asked.stdout).unwrap();
    let line =
        |line: &str| line.rsplit_once(' ').map(|(name, took)| (name.to_owned(), took.parse().unwrap()));
    lines.lines().filter_map(line).collect()
}

fn median(mut took: Vec<f64>) -> f64 {
    took.sort_by(f64::total_cmp);
    took.get(took.len() / 2).copied().unwrap()
}
