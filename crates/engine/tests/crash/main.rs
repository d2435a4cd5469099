//! A program under load is ended at any moment, again and again: what it was told has happened, once, and nothing is
//! half.
//!
//! `TENURE_CRASHES` is how often, `TENURE_SEED` where the dice begin.

#![cfg(feature = "sqlite")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests: a panic is how they fail"
)]

mod damage;
mod faults;
mod faulty;
mod journal;
mod judge;
mod load;
mod worker;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tenure::tenure_policy::document::Format;
use tenure::{Engine, Person, Policy, SqliteStore};

use journal::Told;
use judge::Judge;
use load::Dice;

const FILE: &str = "TENURE_TEST_FILE";
const JOURNAL: &str = "TENURE_TEST_JOURNAL";
const ROUND: &str = "TENURE_TEST_ROUND";
/// So often one file is left behind by a program that was ended, before the next one begins anew.
const LIVES: u64 = 8;
/// Files that programs work on at once.
const FILES_AT_ONCE: usize = 4;

/// The program that is ended; it is this test where it is named a file.
#[test]
fn the_program_that_is_ended() {
    let (Ok(file), Ok(round)) = (std::env::var(FILE), std::env::var(ROUND)) else { return };
    let journal = std::env::var(JOURNAL).unwrap();
    worker::work(Path::new(&file), Path::new(&journal), round.parse().unwrap());
}

fn journal(file: &Path, round: u64) -> PathBuf {
    file.with_extension(format!("{round}.journal"))
}

/// This test as a program on its own, where that is wanted under a shell that restrains it first.
fn program(file: &Path, journal: &Path, round: u64, shell: Option<&str>) -> Command {
    let this = std::env::current_exe().unwrap();
    let mut program = match shell {
        Some(words) => {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(words).arg(this);
            shell
        }
        None => Command::new(this),
    };
    program.args(["the_program_that_is_ended", "--exact", "--nocapture"]);
    program.env(FILE, file).env(JOURNAL, journal).env(ROUND, round.to_string()).stdout(Stdio::null());
    program
}

/// A file with a policy.
fn founded(file: &Path) {
    let engine = Engine::new(SqliteStore::open(file).unwrap());
    let admin = Person::new("admin".parse().unwrap());
    engine.publish(&Policy::from_text(load::POLICY, Format::Yaml).unwrap(), admin, engine.clock()).unwrap();
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

#[test]
fn a_program_that_is_ended_loses_nothing_and_leaves_nothing_half() {
    let (rounds, seed) = (number("TENURE_CRASHES", 200), number("TENURE_SEED", 1));
    let folder = tempfile::TempDir::new().unwrap();
    let next = AtomicU64::new(0);
    // Files are apart, and most of the time is spent waiting for a disk: several at once.
    let lives = || {
        let mut tally = Tally::default();
        loop {
            let first = next.fetch_add(LIVES, Ordering::SeqCst);
            if first >= rounds {
                return tally;
            }
            let file = folder.path().join(format!("{first}.db"));
            founded(&file);
            for round in first..rounds.min(first + LIVES) {
                ended(&file, seed, round, &mut tally);
            }
        }
    };
    let all: Vec<Tally> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..FILES_AT_ONCE).map(|_| scope.spawn(lives)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let sum = |of: fn(&Tally) -> usize| all.iter().map(of).sum::<usize>();
    let (answered, unheard) = (sum(|tally| tally.answered), sum(|tally| tally.unheard));
    let grants = sum(|tally| tally.grants);
    println!("{rounds} ends, {answered} answers, {unheard} commands carried out unheard, {grants} grants");
    assert!(answered > usize::try_from(rounds).unwrap() * 4, "a dull story: {answered} answers");
}

/// What came of some ends.
#[derive(Default)]
struct Tally {
    answered: usize,
    unheard: usize,
    grants: usize,
}

/// The program works on the file, is ended, and is judged by what it was told.
fn ended(file: &Path, seed: u64, round: u64, tally: &mut Tally) {
    let mut dice = Dice::of(seed * 7_919 + round);
    let path = journal(file, round);
    let mut program = program(file, &path, round, None).spawn().unwrap();
    // Now and then it is ended while it opens the file; else once it has said so much, and a little later.
    let early = dice.below(10) == 0;
    let said = 1 + dice.below(2_000);
    for _ in 0..20_000 {
        if early || path.metadata().is_ok_and(|file| file.len() >= said) {
            break;
        }
        std::thread::sleep(Duration::from_micros(500));
    }
    std::thread::sleep(Duration::from_micros(dice.below(20_000)));
    program.kill().unwrap();
    program.wait().unwrap();
    let told = Told::read(&path);
    println!("seed {seed}, round {round}: {} answered of {}", told.answered(), told.deeds.len());
    let judge = Judge::of(file).unwrap();
    judge.whole();
    tally.unheard += judge.told(&told);
    tally.grants += judge.whole();
    tally.answered += told.answered();
}
