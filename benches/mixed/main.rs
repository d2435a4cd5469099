//! What a command costs where everybody does everything: a random mix of commands and questions through the port, on a
//! store in memory, about half of the commands refused.
//!
//! `cargo bench -p tenure-port --bench mixed` tells the same story in several rounds, each of a tenant of its own, and
//! prints means by call. The digest below the tables is of all answers and of all that is kept at the end: a change
//! that makes things faster leaves it as it is. `-- steps N` tells a story of another length, `-- once` tells it once,
//! `-- plain` leaves the conditions out.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot be set up has nothing to say"
)]

mod story;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use tenure_port::{Answer, Call};

use story::Story;

/// Steps before the clock is looked at: until some hundred grants are open.
const WARM_UP: usize = 6_000;
/// Steps that are measured where nothing else is said.
const STEPS: usize = 20_000;
/// Rounds in which every story has its turn, so that a slow minute of the machine is slow for all.
const ROUNDS: usize = 7;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if !args.iter().any(|arg| arg == "--bench") {
        return;
    }
    let steps = args.windows(2).find(|two| two.first().is_some_and(|arg| arg == "steps"));
    let steps = steps.and_then(|two| two.get(1)?.parse().ok()).unwrap_or(STEPS);
    let rounds = if args.iter().any(|arg| arg == "once") { 1 } else { ROUNDS };
    let plain = args.iter().any(|arg| arg == "plain");
    let mut told: BTreeMap<bool, Vec<Measured>> = BTreeMap::new();
    for _ in 0..rounds {
        for conditions in [false, true].into_iter().take(if plain { 1 } else { 2 }) {
            told.entry(conditions).or_default().push(tell(steps, conditions));
        }
    }
    for (conditions, rounds) in told {
        println!("\n{}", if conditions { "with two conditions in Cedar" } else { "without conditions" });
        table(&rounds);
    }
}

/// One round: what each call took, in order, and the digest of everything it came to.
struct Measured {
    calls: Vec<(String, Duration)>,
    codes: BTreeMap<String, u32>,
    open: usize,
    digest: u64,
}

fn tell(steps: usize, conditions: bool) -> Measured {
    let mut story = Story::begin(conditions);
    let mut digest = DefaultHasher::new();
    let mut measured = Measured { calls: Vec::new(), codes: BTreeMap::new(), open: 0, digest: 0 };
    for step in 0..WARM_UP.saturating_add(steps) {
        for call in story.next() {
            let name = call.name();
            let (answer, took) = timed(&story, call);
            answer.to_json().hash(&mut digest);
            story.heard(&answer);
            if step >= WARM_UP {
                measured.count(name, &answer, took);
            }
        }
    }
    measured.open = story.open();
    story.kept().hash(&mut digest);
    measured.digest = digest.finish();
    measured
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn timed(story: &Story, call: Call) -> (Answer, Duration) {
    let begun = Instant::now();
    let answer = story.port.answer(call);
    (answer, begun.elapsed())
}

impl Measured {
    fn count(&mut self, name: &str, answer: &Answer, took: Duration) {
        let came = match answer {
            Answer::Ok(_) => "",
            Answer::Refused(refusal) => {
                *self.codes.entry(refusal.code.as_str().to_owned()).or_default() += 1;
                ", refused"
            }
            Answer::Invalid(_) => ", invalid",
            Answer::Fault(_) => ", fault",
        };
        self.calls.push((format!("{name}{came}"), took));
    }
}

/// The mean of each sort of call, and what was refused how often. A call is the same in every round, and what it took is
/// the median over them: a machine that did something else meanwhile is not counted.
fn table(rounds: &[Measured]) {
    let Some(first) = rounds.first() else { return };
    assert!(rounds.iter().all(|round| round.digest == first.digest), "the story is always the same");
    let mut sorts: BTreeMap<&str, (Duration, u32)> = BTreeMap::new();
    for (place, (name, _)) in first.calls.iter().enumerate() {
        let took = median(rounds.iter().map(|round| round.calls[place].1).collect());
        for sort in ["all", name] {
            let (spent, calls) = sorts.entry(sort).or_default();
            *spent += took;
            *calls += 1;
        }
    }
    for (name, (spent, calls)) in sorts {
        println!("{name:<32} {:>8} ns   {calls}", (spent / calls).as_nanos());
    }
    let mut codes: Vec<_> = first.codes.iter().map(|(code, count)| (*count, code.as_str())).collect();
    codes.sort_unstable_by(|one, other| other.cmp(one));
    let codes: Vec<_> = codes.iter().map(|(count, code)| format!("{code} {count}")).collect();
    println!("refused {}: {}", first.codes.values().sum::<u32>(), codes.join(", "));
    println!("open at the end {}, digest {:016x}", first.open, first.digest);
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
