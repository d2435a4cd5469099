//! Commands a second, beside a bare loop that inserts the very rows that the engine wrote, with the same layout and the
//! same pragmas: each round makes all of them, one after the other.

use std::path::Path;
use std::time::Instant;

use tempfile::TempDir;

use crate::{Asked, POLICY, bare, commits, engine, flush, median, nine, request};

const CALLERS: usize = 64;
/// Commands of each caller in a round.
const EACH: usize = 24;
/// Commands of the one caller in a round.
const ALONE: usize = 300;

pub(crate) fn run(asked: &Asked) {
    let rounds = if asked.quick { 3 } else { 9 };
    let mut all: Vec<[f64; 7]> = Vec::new();
    for round in 0..rounds {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (_, flush) = flush(folder.path());
        let begun = processor();
        let (shared, together) = many(&at("many.db"), CALLERS, EACH);
        let between = processor();
        let batches = bare::insert(&at("many.db"), &at("bare-many.db"), CALLERS * EACH, CALLERS);
        let (engine, bare) = (between - begun, processor() - between);
        let (alone, _) = many(&at("one.db"), 1, ALONE);
        let singles = bare::insert(&at("one.db"), &at("bare-one.db"), ALONE, 1);
        println!(
            "  round {round}: flushes {flush:.0}/s; {CALLERS} callers {shared:.0}/s, {together:.0} a commit, bare {batches:.0}/s ({:.0} %); \
             one {alone:.0}/s, bare {singles:.0}/s ({:.0} %)",
            100.0 * shared / batches,
            100.0 * alone / singles,
        );
        all.push([flush, shared, batches, alone, singles, engine, bare]);
    }
    let of = |what: &dyn Fn(&[f64; 7]) -> f64| median(all.iter().map(what).collect());
    println!("  medians of {rounds} rounds");
    println!("    a flush of 4 KiB         {:8.0}/s", of(&|round| round[0]));
    println!("    {CALLERS} callers               {:8.0}/s", of(&|round| round[1]));
    println!("    bare, in batches of {CALLERS}   {:8.0}/s", of(&|round| round[2]));
    println!(
        "    ratio                    {:8.0} %  (goal: at least 80)",
        100.0 * of(&|round| round[1] / round[2])
    );
    // What the machine does beside this changes those, and hardly these.
    let a_command = 1e6 / (CALLERS * EACH) as f64;
    println!("    processor, {CALLERS} callers    {:8.0} us a command", a_command * of(&|round| round[5]));
    println!("    processor, bare          {:8.0} us a command", a_command * of(&|round| round[6]));
    println!("    one caller               {:8.0}/s", of(&|round| round[3]));
    println!("    bare, one by one         {:8.0}/s", of(&|round| round[4]));
    println!(
        "    ratio                    {:8.0} %  (goal: at least 95)",
        100.0 * of(&|round| round[3] / round[4])
    );
}

/// Seconds that the processor worked for this program so far, where the system says so.
fn processor() -> f64 {
    let Ok(text) = std::fs::read_to_string("/proc/self/stat") else { return 0.0 };
    // Behind the name: in its own code and in the system's, in hundredths.
    let numbers = text.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
    numbers.map(|number| number.parse::<f64>().unwrap() / 100.0).sum()
}

/// Requests a second of so many callers, each of whom makes so many, and requests a commit.
fn many(path: &Path, callers: usize, each: usize) -> (f64, f64) {
    let (engine, _) = engine(path, POLICY);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for caller in 0..callers {
            let engine = &engine;
            scope.spawn(move || {
                for n in 0..each {
                    request(engine, &format!("{caller}-{n}"), nine());
                }
            });
        }
    });
    let rate = (callers * each) as f64 / begun.elapsed().as_secs_f64();
    (rate, (callers * each) as f64 / commits(path) as f64)
}
