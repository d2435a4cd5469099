//! The program that is ended: eight threads that give commands and write down what they were told.

use std::path::Path;
use std::time::Duration;

use tenure::{Engine, Error, Fault, Span, SqliteStore, StoreFault};

use crate::journal::{Journal, digest};
use crate::load::{Deed, Dice, WORKER};

pub(crate) const THREADS: u64 = 8;
/// So many commands a thread gives at most: a program that nobody ends comes to its end.
const COMMANDS: u64 = 4_000;

/// Works until it is ended, or until a fault that does not pass.
pub(crate) fn work(file: &Path, journal: &Path, round: u64) {
    let journal = Journal::open(journal);
    let engine = Engine::new(SqliteStore::open(file).unwrap());
    // Every other round half of the threads share no commit with the others: they meet in the file.
    let apart = round.is_multiple_of(2).then(|| Engine::new(SqliteStore::open(file).unwrap()));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let engine = apart.as_ref().filter(|_| thread % 2 == 0).unwrap_or(&engine).clone();
            let journal = &journal;
            scope.spawn(move || one(&engine, journal, round, thread));
        }
    });
}

fn one(engine: &Engine, journal: &Journal, round: u64, thread: u64) {
    let mut dice = Dice::of(round * 31 + thread);
    let mut faults = 0;
    for number in 0..COMMANDS {
        let done = match dice.below(12) {
            0 => engine.sweep(engine.clock()).map(|_| ()),
            1 | 2 => confirm(engine, journal, Deed { round, thread, number, effect: None }),
            _ => give(engine, journal, &Deed { round, thread, number, effect: None }),
        };
        match done {
            Ok(()) | Err(Error::Refused(_)) => faults = 0,
            Err(Error::Fault(Fault::Store(fault))) => {
                journal.line(format_args!("fault\t{}", fault.to_string().replace(['\n', '\t'], " ")));
                if fault != StoreFault::Busy {
                    faults += 1;
                    std::thread::sleep(Duration::from_millis(1));
                }
                if faults == 20 {
                    return;
                }
            }
            Err(other) => panic!("{other}"),
        }
    }
}

/// Gives one command and writes down what it answered.
fn give(engine: &Engine, journal: &Journal, deed: &Deed) -> Result<(), Error> {
    let id = deed.id();
    journal.line(format_args!("asked\t{id}"));
    let answer = engine.answer(deed.command(), engine.clock());
    match &answer {
        Ok(receipt) => journal.line(format_args!("told\t{id}\t{}", digest(receipt))),
        Err(Error::Refused(refusal)) => {
            journal.line(format_args!("refused\t{id}\t{}", refusal.code.as_str()))
        }
        Err(Error::Invalid(_) | Error::Fault(_)) => {}
    }
    answer.map(|_| ())
}

/// Takes some effects and says of each that it was carried out.
fn confirm(engine: &Engine, journal: &Journal, deed: Deed) -> Result<(), Error> {
    let take = tenure::Take::new(WORKER, Span::seconds(20)).at_most(2);
    for taken in engine.take(&take, engine.clock())? {
        journal.line(format_args!("took\t{}\t{}", taken.id, taken.attempt));
        let effect = Some(taken.id.to_string());
        match give(engine, journal, &Deed { effect, ..deed.clone() }) {
            Ok(()) | Err(Error::Refused(_)) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}
