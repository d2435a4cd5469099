//! How long a decision takes: `holds` and `extend` over a thousand and a million grants in memory, beside two engines
//! of conditions that decide the same seven conditions in the same run.
//!
//! `cargo bench -p tenure` prints medians, then ratios. The two others are handed the facts of the one grant that is
//! asked about; the store has to find it first.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to say")]

mod others;
mod stores;

use std::hint::black_box;
use std::time::{Duration, Instant};

use divan::Bencher;
use divan::counter::ItemsCount;

use others::{Casbin, Cedar};
use stores::{SIZES, crowd};

fn main() {
    divan::main();
    if std::env::args().any(|arg| arg == "--bench") {
        ratios();
    }
}

#[divan::bench(args = SIZES, sample_size = 1_000)]
fn holds(bencher: Bencher<'_, '_>, grants: usize) {
    let crowd = crowd(grants);
    let mut people = crowd.at_random();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| crowd.holds(people.next().unwrap()));
}

#[divan::bench(args = SIZES)]
fn extend_decided(bencher: Bencher<'_, '_>, grants: usize) {
    let crowd = crowd(grants);
    let loaded = crowd.loaded();
    let mut loaded = loaded.iter().cycle();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| loaded.next().unwrap().decide());
}

#[divan::bench(args = SIZES, sample_count = 20, sample_size = 50)]
fn extend_stored(bencher: Bencher<'_, '_>, grants: usize) {
    let crowd = crowd(grants);
    let mut people = crowd.at_random();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| crowd.extend(people.next().unwrap()));
}

#[divan::bench]
fn cedar_holds(bencher: Bencher<'_, '_>) {
    let cedar = Cedar::holds();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| cedar.decide());
}

#[divan::bench]
fn cedar_extend(bencher: Bencher<'_, '_>) {
    let cedar = Cedar::extend();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| cedar.decide());
}

#[divan::bench]
fn casbin_holds(bencher: Bencher<'_, '_>) {
    let casbin = Casbin::holds();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| casbin.decide());
}

#[divan::bench]
fn casbin_extend(bencher: Bencher<'_, '_>) {
    let casbin = Casbin::extend();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| casbin.decide());
}

/// Rounds in which every contestant has its turn, so that a slow minute of the machine is slow for all.
const ROUNDS: usize = 31;

/// One contestant: its name, how often it decides in a round, and how.
type Contestant<'a> = (String, u32, Box<dyn FnMut() -> bool + 'a>);

fn ratios() {
    println!("\nmedians of {ROUNDS} interleaved rounds, and how many times as long the others take\n");
    for grants in SIZES {
        let crowd = crowd(grants);
        let (cedar, casbin) = (Cedar::holds(), Casbin::holds());
        let mut people = crowd.at_random();
        let mut few = crowd.few();
        table(vec![
            (
                format!("holds, any of {grants} grants"),
                20_000,
                Box::new(move || crowd.holds(people.next().unwrap())),
            ),
            (
                format!("holds, few of {grants} grants"),
                20_000,
                Box::new(move || crowd.holds(few.next().unwrap())),
            ),
            ("cedar-policy, seven conditions".to_owned(), 500, Box::new(|| cedar.decide())),
            ("casbin, seven conditions".to_owned(), 100, Box::new(|| casbin.decide())),
        ]);
        let (cedar, casbin) = (Cedar::extend(), Casbin::extend());
        let loaded = crowd.loaded();
        let mut decided = loaded.iter().cycle();
        let mut people = crowd.at_random();
        table(vec![
            (
                format!("extend decided, {grants} grants"),
                2_000,
                Box::new(|| decided.next().unwrap().decide()),
            ),
            (
                format!("extend stored, {grants} grants"),
                50,
                Box::new(|| crowd.extend(people.next().unwrap())),
            ),
            ("cedar-policy, seven conditions".to_owned(), 500, Box::new(|| cedar.decide())),
            ("casbin, seven conditions".to_owned(), 100, Box::new(|| casbin.decide())),
        ]);
    }
}

/// Prints each contestant's median, and its ratio to the first one.
fn table(mut contestants: Vec<Contestant<'_>>) {
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); contestants.len()];
    for _ in 0..ROUNDS {
        for ((_, count, decide), times) in contestants.iter_mut().zip(&mut times) {
            let begun = read_clock();
            for _ in 0..*count {
                assert!(black_box(decide()), "everybody is to say yes");
            }
            times.push(begun.elapsed() / *count);
        }
    }
    let medians: Vec<Duration> = times.iter_mut().map(|times| median(times)).collect();
    let first = medians.first().map_or(1.0, Duration::as_secs_f64);
    for ((name, _, _), median) in contestants.iter().zip(medians) {
        println!("{name:<36} {:>9} ns   {:>7.1} x", median.as_nanos(), median.as_secs_f64() / first);
    }
    println!();
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn read_clock() -> Instant {
    Instant::now()
}
