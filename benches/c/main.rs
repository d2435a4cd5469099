//! What the way through C costs: `holds` by a program in C against the installed library, beside the same questions by a
//! Rust host and through the handle that every binding holds.
//!
//! `cargo bench -p tenure-c` has the three take turns, each with a store of its own in memory and the same grants, and
//! prints medians. It needs `cc` and `pkg-config`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::as_conversions,
    clippy::indexing_slicing,
    reason = "a benchmark measures, and one that cannot be set up has nothing to say"
)]

#[path = "../../bindings/c/tests/prefix/mod.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod prefix;

use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout};
use std::time::Instant;

use prefix::{Link, Prefix};
use tenure::{Engine, MemoryStore, PersonId, ResourceId};
use tenure_port::{Handle, Port};

const PEOPLE: usize = 10_000;
/// A round is so short that most rounds are not interrupted, however busy the machine is.
const QUESTIONS: usize = 1_000;
/// As many as the program in C makes of them for each line.
const ROUNDS: usize = 101;
const TURNS: usize = 25;

const CONFIG: &str = r#"{"store": ":memory:", "policy": {"version": 1, "flows": [{"id": "db",
    "who": {"any": ["group:sre"]}, "what": [{"integration": "prod-pg", "permissions": ["read"]}],
    "duration": {"max": "4h"}, "approval": "automatic"}]}}"#;
const REQUEST: &str = r#"{"call": "request", "flow": "db", "span": "4h", "actor": {"id": "WHO", "groups": ["sre"]},
    "items": [{"resource": {"integration": "prod-pg", "type": "database", "name": "orders"}, "permission": "read"}]}"#;

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let prefix = Prefix::installed();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/c/holds.c");
    let program = prefix.compiled(&source, Link::Shared, &["-O2"]);
    let mut c = InC::begun(&program);
    let (engine, handle) = (engine(), handle());
    let people: Vec<PersonId> = (0..PEOPLE).map(|n| format!("p{n}").parse().unwrap()).collect();
    let resource = ResourceId {
        integration: "prod-pg".parse().unwrap(),
        kind: "database".to_owned(),
        name: "orders".to_owned(),
    };
    let mut took: [Vec<f64>; 3] = Default::default();
    // The first turn warms up.
    for turn in 0..=TURNS {
        let rust =
            timed(|who| engine.holds(&people[who], &resource, "read", engine.clock()).unwrap().allowed);
        let port = timed(|who| {
            let held = handle.holds(people[who].as_str(), "prod-pg", "database", "orders", "read", None);
            held.is_ok_and(|verdict| verdict.allowed)
        });
        let c = c.turn();
        if turn > 0 {
            for (all, one) in took.iter_mut().zip([rust, port, c]) {
                all.push(one);
            }
        }
    }
    let [rust, port, c] = took.map(median);
    println!(
        "holds, {PEOPLE} grants in memory, medians of {TURNS} turns of {ROUNDS} rounds of {QUESTIONS} questions"
    );
    println!("  a Rust host               {rust:>7.0} ns");
    println!("  the handle of a binding   {port:>7.0} ns  {:>+6.0}", port - rust);
    println!("  a program in C            {c:>7.0} ns  {:>+6.0}", c - rust);
}

/// The program in C, which waits for a line.
struct InC {
    _child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl InC {
    fn begun(program: &prefix::Program<'_>) -> Self {
        let (people, questions) = (PEOPLE.to_string(), QUESTIONS.to_string());
        let mut child = program.started(&[CONFIG, REQUEST, &people, &questions]);
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { _child: child, to, from }
    }

    fn turn(&mut self) -> f64 {
        self.to.write_all(b"\n").unwrap();
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        line.trim().parse().unwrap_or_else(|_| panic!("the program in C says {line:?}"))
    }
}

fn handle() -> Handle {
    let handle = Handle::open(CONFIG).unwrap_or_else(|bad| panic!("{}", bad.to_json()));
    granted(|call| handle.call(call));
    handle
}

fn engine() -> Engine {
    let engine = Engine::new(MemoryStore::new());
    let port = Port::new(engine.clone());
    let config: serde_json::Value = serde_json::from_str(CONFIG).unwrap();
    let publish = serde_json::json!({"call": "publish", "actor": "system:bench", "policy": config["policy"]});
    assert!(port.call(&publish.to_string()).starts_with(r#"{"ok":"#));
    granted(|call| port.call(call));
    engine
}

fn granted(ask: impl Fn(&str) -> String) {
    for n in 0..PEOPLE {
        let answer = ask(&REQUEST.replace("WHO", &format!("p{n}")));
        assert!(answer.starts_with(r#"{"ok":"#), "{answer}");
    }
}

/// Nanoseconds for a question, of people in an order that no cache can guess.
fn timed(holds: impl Fn(usize) -> bool) -> f64 {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut round = || {
        let mut allowed = 0_usize;
        let begun = Instant::now();
        for _ in 0..QUESTIONS {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let who = usize::try_from(state % PEOPLE as u64).unwrap();
            allowed += usize::from(black_box(holds(who)));
        }
        let took = begun.elapsed();
        assert_eq!(allowed, QUESTIONS, "somebody does not hold what was granted");
        took.as_nanos() as f64 / QUESTIONS as f64
    };
    median((0..ROUNDS).map(|_| round()).collect())
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
