//! Plays episodes against the library and prints what they cover: `cargo run --release -p tenure-sim --example
//! coverage -- STEPS SEED`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tenure_port::{Answer, Answered, Call};
use tenure_sim::coverage::{Came, Coverage, is_command};
use tenure_sim::step::Step;
use tenure_sim::subject::Subject;
use tenure_sim::workload::Workload;

#[derive(Default)]
struct Times {
    making: Duration,
    answering: Duration,
    looking: Duration,
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn clock() -> Instant {
    Instant::now()
}

fn main() {
    let mut args = std::env::args().skip(1).filter_map(|arg| arg.parse::<u64>().ok());
    let (wanted, first) = (args.next().unwrap_or(100_000), args.next().unwrap_or(1));
    let mut coverage = Coverage::new();
    let mut times = Times::default();
    let (mut steps, mut seed) = (0, first);
    let mut broken = BTreeMap::new();
    while steps < wanted {
        steps += episode(seed, &mut coverage, &mut times, &mut broken);
        seed += 1;
    }
    println!("{}", coverage.table());
    let per_step = |time: Duration| time.as_nanos() / u128::from(steps.max(1));
    println!(
        "{steps} steps in {} episodes: {} ns to make one, {} ns to answer it, {} ns to look before",
        seed - first,
        per_step(times.making),
        per_step(times.answering),
        per_step(times.looking)
    );
    for (words, times) in &broken {
        println!("BROKEN {times} {words}");
    }
    let (empty, unexpected) = (coverage.empty_reachable(), coverage.unexpected());
    println!("{} reachable cells are empty", empty.len());
    for cell in &empty {
        println!("EMPTY {cell}");
    }
    for cell in &unexpected {
        println!("UNEXPECTED {cell} {}", coverage.cells().get(cell).copied().unwrap_or(0));
    }
    if !empty.is_empty() || !unexpected.is_empty() || !broken.is_empty() {
        std::process::exit(1);
    }
}

fn episode(seed: u64, coverage: &mut Coverage, times: &mut Times, broken: &mut BTreeMap<String, u64>) -> u64 {
    let mut world = Workload::new(seed);
    let mut subject = Subject::new(world.clock());
    let mut at = world.clock();
    coverage.begin_episode();
    for _ in 0..world.steps() {
        let begun = clock();
        let step = world.next_step();
        times.making += begun.elapsed();
        let Step::Call { clock: shown, call } = &step else {
            subject.restart().expect("the store opens again");
            continue;
        };
        at = *shown;
        let begun = clock();
        let before = before(&subject, at, call);
        times.looking += begun.elapsed();
        let given = call.as_ref().clone();
        let begun = clock();
        let answer = subject.answer(at, given);
        times.answering += begun.elapsed();
        let known = before.as_ref();
        coverage.count(call, known, now(call).unwrap_or(at).max(at), &answer);
        match &answer {
            Answer::Fault(fault) if fault.code != "clock" => {
                *broken.entry(format!("{} seed {seed}: {}", fault.code, fault.message)).or_default() += 1;
            }
            Answer::Invalid(_) => {
                *broken.entry(format!("seed {seed}: {}", answer.to_json())).or_default() += 1
            }
            _ => {}
        }
        let begun = clock();
        world.saw(&step, &answer);
        times.making += begun.elapsed();
    }
    let records = Call::Records(tenure_port::call::Records { now: None, after: None, limit: None });
    let mut after = 0;
    loop {
        let records = match &records {
            Call::Records(ask) => {
                Call::Records(tenure_port::call::Records { after: Some(after), ..ask.clone() })
            }
            other => other.clone(),
        };
        let Answer::Ok(Answered::Recorded { records }) = subject.answer(at, records) else { break };
        let Some(last) = records.last() else { break };
        after = last.position;
        for record in &records {
            if let tenure::tenure_core::record::Entry::Event(event) = &record.entry {
                coverage.happened(event.happened.name());
            }
        }
    }
    u64::from(world.steps())
}

/// The call's grant as it stands just before it.
fn before(subject: &Subject, clock: tenure::Timestamp, call: &Call) -> Option<tenure::View> {
    let grant = Coverage::about(call)?;
    subject.look(clock, grant, now(call).unwrap_or(clock))
}

fn now(call: &Call) -> Option<tenure::Timestamp> {
    let _ = (is_command(call), Came::Ok);
    tenure_sim::coverage::now(call)
}
