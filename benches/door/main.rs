//! What a question at the door costs in Rust, as a binding asks it: through a handle, on a store in memory. Benchmarks of
//! bindings run this beside their own and print the difference.
//!
//! `cargo bench -p tenure-port --bench door` prints one line of JSON: nanoseconds a question, the median of many rounds.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a benchmark measures, and one that cannot be set up has nothing to say"
)]

use std::hint::black_box;
use std::time::Instant;

use tenure_port::Handle;

const ROUNDS: usize = 51;
const QUESTIONS: u32 = 10_000;
/// People who hold something beside the one who asks.
const OTHERS: usize = 1_000;

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let handle = Handle::open(include_str!("config.json")).unwrap_or_else(|bad| panic!("{}", bad.to_json()));
    for person in std::iter::once("alice".to_owned()).chain((0..OTHERS).map(|number| format!("p{number}"))) {
        let request = include_str!("request.json").replace("PERSON", &person);
        assert!(handle.call(&request).contains(r#""stage":"active""#));
    }
    let median = |person: &str, allowed: bool| {
        let mut rounds: Vec<u128> = (0..ROUNDS)
            .map(|_| {
                let begun = Instant::now();
                for _ in 0..QUESTIONS {
                    let held =
                        handle.holds(black_box(person), "prod-pg", "database", "prod-orders", "read", None);
                    assert!(held.unwrap().allowed == allowed);
                }
                begun.elapsed().as_nanos() / u128::from(QUESTIONS)
            })
            .collect();
        rounds.sort_unstable();
        rounds[ROUNDS / 2]
    };
    println!(r#"{{"yes": {}, "no": {}}}"#, median("alice", true), median("mallory", false));
}
