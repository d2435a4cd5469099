//! Plays random worlds against the library and prints what they cover; it fails where a cell is empty that the rules
//! can reach: `cargo run --release -p tenure-sim --example coverage -- STEPS SEED`.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tenure::tenure_core::record::Entry;
use tenure::{StoreFault, Timestamp, View};
use tenure_port::{Answer, Call};
use tenure_sim::coverage::Coverage;
use tenure_sim::step::Step;
use tenure_sim::subject::Subject;
use tenure_sim::workload::Workload;

#[derive(Default)]
struct Run {
    coverage: Coverage,
    /// What should never be answered, and how often it was.
    broken: BTreeMap<String, u64>,
    making: Duration,
    looking: Duration,
    answering: Duration,
}

#[expect(clippy::disallowed_methods, reason = "it measures how long a step takes, and decides nothing by it")]
fn stopwatch() -> Instant {
    Instant::now()
}

fn main() -> Result<ExitCode, StoreFault> {
    let mut args = std::env::args().skip(1).filter_map(|arg| arg.parse::<u64>().ok());
    let (wanted, first) = (args.next().unwrap_or(100_000), args.next().unwrap_or(1));
    let mut run = Run::default();
    let (mut steps, mut seed) = (0, first);
    while steps < wanted {
        steps += run.episode(seed)?;
        seed += 1;
    }
    println!("{}", run.coverage.table());
    let each = |time: Duration| time.as_nanos() / u128::from(steps.max(1));
    println!(
        "{steps} steps in {} episodes: {} ns to make one, {} ns to look at its grant, {} ns to answer it",
        seed - first,
        each(run.making),
        each(run.looking),
        each(run.answering)
    );
    let (empty, unexpected) = (run.coverage.empty_reachable(), run.coverage.unexpected());
    run.broken.iter().for_each(|(words, times)| println!("BROKEN {times} {words}"));
    empty.iter().for_each(|cell| println!("EMPTY {cell}"));
    unexpected.iter().for_each(|cell| println!("UNEXPECTED {cell}"));
    println!("{} reachable cells are empty", empty.len());
    let good = empty.is_empty() && unexpected.is_empty() && run.broken.is_empty();
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Run {
    fn episode(&mut self, seed: u64) -> Result<u64, StoreFault> {
        let mut world = Workload::new(seed);
        let mut subject = Subject::new(world.clock());
        self.coverage.begin_episode();
        for _ in 0..world.steps() {
            let begun = stopwatch();
            let step = world.next_step();
            self.making += begun.elapsed();
            match &step {
                Step::Call { clock, call } => self.call(seed, &subject, *clock, call, &mut world, &step),
                Step::Restart => subject.restart()?,
            }
        }
        self.events(&subject);
        Ok(u64::from(world.steps()))
    }

    fn call(
        &mut self,
        seed: u64,
        subject: &Subject,
        clock: Timestamp,
        call: &Call,
        world: &mut Workload,
        step: &Step,
    ) {
        let at = call.now().unwrap_or(clock).max(clock);
        let begun = stopwatch();
        let before: Option<View> = call.grant().and_then(|grant| subject.look(clock, grant, at));
        self.looking += begun.elapsed();
        let given = call.clone();
        let begun = stopwatch();
        let answer = subject.answer(clock, given);
        self.answering += begun.elapsed();
        self.coverage.count(call, before.as_ref(), at, &answer);
        let wrong = match &answer {
            Answer::Fault(fault) if fault.code == "clock" => None,
            Answer::Fault(_) | Answer::Invalid(_) => {
                Some(format!("{} of seed {seed}: {}", call.name(), answer.to_json()))
            }
            Answer::Ok(_) | Answer::Refused(_) => None,
        };
        *self.broken.entry(wrong.unwrap_or_default()).or_default() += 1;
        self.broken.remove("");
        let begun = stopwatch();
        world.saw(step, &answer);
        self.making += begun.elapsed();
    }

    fn events(&mut self, subject: &Subject) {
        let mut after = 0;
        while let Ok(records) = subject.engine().records(after, 1_000) {
            let Some(last) = records.last() else { break };
            after = last.position;
            for record in &records {
                if let Entry::Event(event) = &record.entry {
                    self.coverage.happened(event.happened.name());
                }
            }
        }
    }
}
