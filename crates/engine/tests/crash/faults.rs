//! Faults at every moment of a commit: none of them lets anybody in, none loses an answer, and the same command id
//! settles each.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use tenure::tenure_core::record::Entry;
use tenure::tenure_policy::document::Format;
use tenure::{
    Engine, Error, Fault, ManualClock, MemoryStore, Person, PersonId, Policy, Publish, Request, Span,
    SqliteStore, StoreFault, Take, Timestamp, Verdict,
};

use crate::faulty::{self, Faulty, Trouble};
use crate::journal::{Told, digest};
use crate::judge::{Judge, items};
use crate::load::{Deed, Dice, PEOPLE, POLICY, WORKER, place};

/// Commands in one minute.
const A_MINUTE: u64 = 24;

fn nine() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn publish(engine: &Engine) {
    let admin = Person::new("admin".parse().unwrap());
    let publish =
        Publish::new(&Policy::from_text(POLICY, Format::Yaml).unwrap(), admin).command_id("publish");
    engine.publish_with(publish, nine()).unwrap();
}

fn access(engine: &Engine, now: Timestamp) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for person in PEOPLE {
        let person: PersonId = person.parse().unwrap();
        for (resource, permission) in items() {
            verdicts.push(engine.holds(&person, &resource, permission, now).unwrap());
        }
    }
    verdicts
}

/// What a command was answered: the digest of its answer, or the code of its refusal.
fn said(engine: &Engine, deed: &Deed, now: Timestamp) -> Result<String, Fault> {
    match engine.answer(deed.command(), now) {
        Ok(receipt) => Ok(digest(&receipt)),
        Err(Error::Refused(refusal)) => Ok(refusal.code.as_str().to_owned()),
        Err(Error::Fault(fault)) => Err(fault),
        Err(Error::Invalid(problems)) => panic!("{problems}"),
    }
}

/// All that is on record; a refusal that was given several times to one command counts once.
fn on_record(engine: &Engine) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut position = 0;
    loop {
        let page = engine.records(position, 1_000).unwrap();
        let Some(last) = page.last() else { break };
        position = last.position;
        entries.extend(page.iter().map(|record| record.entry.clone()));
    }
    entries.dedup_by(|next, last| matches!(next, Entry::Refused(_)) && next == last);
    entries
}

#[test]
fn the_same_command_id_settles_every_fault() {
    let seed = crate::number("TENURE_SEED", 1);
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("faulty.db");
    let clock = Arc::new(ManualClock::at(nine()));
    let store = Arc::new(Faulty::new(Arc::new(SqliteStore::open_with(&path, clock.clone()).unwrap())));
    let engine = Engine::over(store.clone());
    // What happens where nothing fails.
    let twin = Engine::new(MemoryStore::with_clock(clock.clone()));
    publish(&engine);
    publish(&twin);
    let mut dice = Dice::of(seed);
    let (mut now, mut faults, mut accepted) = (nine(), [0; faulty::ALL.len()], 0);
    for number in 0..400_u64 {
        // Refusals are given again too. In a minute there are so few commands that each is on record by itself.
        let pause = if number % A_MINUTE == 0 { Span::minutes(1) } else { Span::millis(dice.below(40)) };
        now = now.plus(pause);
        clock.set(now);
        let deed = Deed { round: seed, thread: number % 8, number: number / 8, effect: None };
        let before = access(&twin, now);
        let expected = said(&twin, &deed, now).unwrap();
        let after = access(&twin, now);
        accepted += usize::from(expected.len() == 64);
        let answer = loop {
            let kind = usize::try_from(dice.below(8)).unwrap();
            store.fail(faulty::ALL.get(kind).copied());
            match said(&engine, &deed, now) {
                Ok(answer) => break answer,
                Err(Fault::Store(fault)) => {
                    faults[kind] += 1;
                    assert_eq!(matches!(fault, StoreFault::InDoubt), kind >= 2, "{fault}");
                }
                Err(other) => panic!("{other}"),
            }
            // Between a fault and the retry it has happened whole, or not at all.
            let between = access(&engine, now);
            assert!(between == before || between == after, "{deed:?}: {between:?}");
        };
        store.fail(None);
        assert_eq!(answer, expected, "{deed:?}");
        assert_eq!(access(&engine, now), after, "{deed:?}");
    }
    println!(
        "seed {seed}: {accepted} accepted, faults {:?}",
        faulty::ALL.iter().zip(faults).collect::<Vec<_>>()
    );
    assert!(faults.iter().all(|times| *times > 10) && accepted > 100, "{faults:?}, {accepted} accepted");
    assert_eq!(on_record(&engine), on_record(&twin));
    drop(engine);
    drop(store);
    assert!(Judge::of(&path).unwrap().whole() > 20);
}

#[test]
fn an_effect_that_was_taken_in_doubt_comes_back_when_its_lease_runs_out() {
    for trouble in faulty::ALL {
        let folder = tempfile::TempDir::new().unwrap();
        let clock = Arc::new(ManualClock::at(nine()));
        let file = SqliteStore::open_with(folder.path().join("faulty.db"), clock.clone()).unwrap();
        let store = Arc::new(Faulty::new(Arc::new(file)));
        let engine = Engine::over(store.clone());
        publish(&engine);
        let alice = Person::new("alice".parse().unwrap());
        let ask = Request::new("quick", &alice).item(place("pg", "orders").permission("read"));
        let ask = ask.span(Span::minutes(50)).grant("g1".to_owned());
        engine.request(ask, nine()).unwrap();
        store.fail(Some(trouble));
        let take = Take::new(WORKER, Span::minutes(1)).at("pg");
        engine.take(&take, nine()).unwrap_err();
        let later = nine().plus(Span::minutes(1));
        clock.set(later);
        let taken = engine.take(&take, later).unwrap();
        assert_eq!(taken.len(), 1, "{trouble:?}");
        let written = matches!(trouble, Trouble::AfterCommit | Trouble::LateCommit);
        assert_eq!(taken[0].attempt, 1 + u32::from(written), "{trouble:?}");
        // Confirmed in doubt, it is confirmed once: the worker says it again.
        store.fail(Some(trouble));
        engine.effect_done(taken[0].id.clone(), later).unwrap_err();
        engine.effect_done(taken[0].id.clone(), later).unwrap();
        let confirmed = engine
            .history("g1")
            .unwrap()
            .iter()
            .filter(|record| match &record.entry {
                Entry::Event(event) => event.happened.name() == "effect_done",
                Entry::Refused(_) | Entry::MoreRefused(_) | Entry::Published(_) | Entry::Revoked(_) => false,
            })
            .count();
        assert_eq!(confirmed, 1, "{trouble:?}");
    }
}

#[test]
fn a_file_that_another_holds_is_busy_and_lets_questions_through() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("locked.db");
    let clock = Arc::new(ManualClock::at(nine()));
    let engine = Engine::new(SqliteStore::open_with(&path, clock).unwrap());
    publish(&engine);
    let deed = Deed { round: 1, thread: 0, number: 0, effect: None };
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(said(&engine, &deed, nine()), Err(Fault::Store(StoreFault::Busy)));
    assert!(access(&engine, nine()).iter().all(|verdict| !verdict.allowed));
    assert!(engine.records(0, 100).unwrap().len() == 1, "nothing was written");
    other.execute_batch("ROLLBACK").unwrap();
    let answer = said(&engine, &deed, nine()).unwrap();
    assert_eq!(said(&engine, &deed, nine()), Ok(answer));
    assert!(access(&engine, nine()).iter().any(|verdict| verdict.allowed));
}

/// The system lets no file grow beyond a bound, as a full disk does: what was answered before is there, and the same
/// commands pass once there is room.
#[cfg(unix)]
#[test]
fn a_full_disk_loses_nothing() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("full.db");
    crate::founded(&path);
    for (round, blocks) in [(1, 900), (2, 1_100), (3, 1_300)] {
        // A signal that is ignored makes an error of the write that was too much.
        let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let journal = crate::journal(&path, round);
        let mut program = crate::program(&path, &journal, round, Some(&limited));
        let status = program.stderr(Stdio::null()).status().unwrap();
        let told = Told::read(&journal);
        assert!(!told.faults.is_empty(), "there was room for all: {status}");
        println!(
            "{blocks} blocks: {} answered of {}, {:?}",
            told.answered(),
            told.deeds.len(),
            told.faults.first()
        );
        let judge = Judge::of(&path).unwrap();
        judge.whole();
        judge.told(&told);
        judge.whole();
    }
}

/// A disk of two megabytes: one in memory, where this may mount one, or what `TENURE_SMALL_DISK` names.
struct SmallDisk {
    folder: PathBuf,
    mounted: Option<tempfile::TempDir>,
}

impl SmallDisk {
    /// # Errors
    /// Why there is none.
    fn found() -> Result<Self, String> {
        if let Some(named) = std::env::var_os("TENURE_SMALL_DISK") {
            return Ok(Self { folder: named.into(), mounted: None });
        }
        let folder = tempfile::TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(folder.path()).stderr(Stdio::null());
        match mount.status() {
            Ok(status) if status.success() => {
                Ok(Self { folder: folder.path().to_owned(), mounted: Some(folder) })
            }
            _ => Err("a disk in memory cannot be mounted here, and `TENURE_SMALL_DISK` names no folder on a small \
                      one"
                .to_owned()),
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if self.mounted.is_some() {
            let _ = Command::new("umount").arg("--lazy").arg(&self.folder).status();
        }
    }
}

/// The same on a disk that is small.
#[test]
fn a_small_disk_loses_nothing() {
    let small = match SmallDisk::found() {
        Ok(small) => small,
        // Past what the test runner keeps to itself, for whoever wants to know what was not tested.
        Err(why) => {
            return writeln!(std::io::stdout(), "not run: a disk that is full, because {why}").unwrap();
        }
    };
    let folder = tempfile::TempDir::new().unwrap();
    let (path, journal) = (small.folder.join("full.db"), folder.path().join("journal"));
    crate::founded(&path);
    let mut program = crate::program(&path, &journal, 1, None);
    program.stderr(Stdio::null()).status().unwrap();
    let told = Told::read(&journal);
    let room = folder.path().join("full.db");
    for end in ["db", "db-wal"] {
        let _ = std::fs::copy(path.with_extension(end), room.with_extension(end));
        let _ = std::fs::remove_file(path.with_extension(end));
    }
    println!("{} answered of {}, {:?}", told.answered(), told.deeds.len(), told.faults.first());
    assert!(!told.faults.is_empty(), "there was room for all");
    let judge = Judge::of(&room).unwrap();
    judge.whole();
    judge.told(&told);
    judge.whole();
}

/// A file and its log, as they are while a program has them open: nothing of the log is in the file yet.
fn with_log(folder: &Path) -> (Vec<u8>, Vec<u8>, Vec<Entry>) {
    let path = folder.join("open.db");
    let clock = Arc::new(ManualClock::at(nine()));
    let engine = Engine::new(SqliteStore::open_with(&path, clock.clone()).unwrap());
    publish(&engine);
    rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    for number in 0..48_u64 {
        let now = nine().plus(Span::millis(10 * number));
        clock.set(now);
        let deed = Deed { round: 5, thread: number % 8, number: number / 8, effect: None };
        said(&engine, &deed, now).unwrap();
    }
    let log = std::fs::read(path.with_extension("db-wal")).unwrap();
    (std::fs::read(&path).unwrap(), log, on_record(&engine))
}

#[test]
fn a_log_that_is_torn_or_flipped_ends_at_a_whole_commit() {
    let seed = crate::number("TENURE_SEED", 1);
    let folder = tempfile::TempDir::new().unwrap();
    let (file, log, entries) = with_log(folder.path());
    assert!(log.len() > 40 * 4_096, "{} bytes of log", log.len());
    let path = folder.path().join("torn.db");
    let mut dice = Dice::of(seed);
    let mut kept = Vec::new();
    for round in 0..40 {
        let mut torn = log.clone();
        let place = usize::try_from(dice.below(u64::try_from(log.len()).unwrap())).unwrap();
        match round % 3 {
            0 => torn.truncate(place),
            1 => torn[place] ^= 1 << dice.below(8),
            // The last page reached the disk in part.
            _ => torn[place..].fill(0),
        }
        let _ = std::fs::remove_file(path.with_extension("db-shm"));
        std::fs::write(&path, &file).unwrap();
        std::fs::write(path.with_extension("db-wal"), &torn).unwrap();
        let judge = Judge::of(&path).unwrap();
        judge.whole();
        let found = judge.entries();
        assert!(entries.starts_with(&found) && found.len() <= entries.len(), "round {round}, byte {place}");
        kept.push(found.len());
    }
    println!("seed {seed}: of {} entries {kept:?}", entries.len());
    assert!(kept.iter().any(|kept| *kept < entries.len()));
}
