//! Many grants that end in one second: swept in batches, while other commands wait.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tenure::Span;

use crate::matrix::{Matrix, RUNS, filled};
use crate::{Asked, flush, nine, part_of, request};

/// Callers who go on meanwhile.
const CALLERS: usize = 4;

pub(crate) fn run(asked: &Asked) {
    let grants = asked.grants(&[100_000], &[5_000])[0];
    sweep(&Matrix::read().apart(), grants);
    // All grants of one holder are settled at once: those of the matrix have up to hundreds.
    sweep(&Matrix::read(), grants);
}

fn sweep(matrix: &Matrix, grants: usize) {
    let folder = TempDir::new().unwrap();
    let (engine, clock) = filled(&folder.path().join("ends.db"), matrix, 0..grants, false);
    let end = nine().plus(RUNS);
    clock.set(end);
    let (flush, _) = flush(folder.path());
    let over = AtomicBool::new(false);
    let (swept, took, waits) = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let (engine, over) = (&engine, &over);
                scope.spawn(move || {
                    let mut waits = Vec::new();
                    while !over.load(Ordering::Relaxed) {
                        let begun = Instant::now();
                        request(engine, &format!("meanwhile-{caller}-{}", waits.len()), end);
                        waits.push(begun.elapsed().as_secs_f64());
                        std::thread::sleep(Duration::from_millis(2));
                    }
                    waits
                })
            })
            .collect();
        let begun = Instant::now();
        let swept = engine.sweep(end.plus(Span::seconds(1))).unwrap();
        let took = begun.elapsed().as_secs_f64();
        over.store(true, Ordering::Relaxed);
        let waits: Vec<f64> = callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect();
        (swept, took, waits)
    });
    println!(
        "  {grants} grants of {} people ended: swept in {took:.1} s, {:.0} grants/s, {} events",
        swept.people,
        grants as f64 / took,
        swept.events
    );
    let millis = |part: f64| 1e3 * part_of(waits.clone(), part);
    println!(
        "    {} commands meanwhile: median {:.1} ms, 99 %: {:.1} ms, the longest {:.1} ms  (goal: at most 50; a flush \
         took {:.1} ms)",
        waits.len(),
        millis(0.5),
        millis(0.99),
        millis(1.0),
        1e3 * flush.as_secs_f64()
    );
}
