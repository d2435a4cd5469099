//! A file that was damaged page by page and bit by bit: it answers as the whole one does, or with a fault. It never
//! panics, and it lets nobody in whom the whole one keeps out.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use tenure::tenure_policy::document::Format;
use tenure::tenure_store::{Limit, Place};
use tenure::{
    Approve, Engine, Error, Extend, List, ManualClock, Person, PersonId, Policy, Request, Revoke, RevokeAll,
    Span, SqliteStore, Store, StoreFault, Timestamp, Verdict,
};

use crate::load::{Dice, PEOPLE, place};

const POLICY: &str = "
version: 1
flows:
  - id: db
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read, write]}, {integration: k8s, permissions: ['*']}]
    duration: {max: 4h, default: 1h}
    approval: automatic
    extension: {times: 100, span: {default: 1m}}
    limits: {open_per_person: 4}
  - id: asked
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read]}]
    duration: {max: 4h, default: 1h}
    approval: {steps: [{approvers: [everyone]}]}
";
const PAGE: usize = 4_096;

/// What each question is answered.
type Answers = BTreeMap<String, Said>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    Fault,
    Access(Verdict),
    Other(String),
}

fn nine() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn person(name: &str) -> Person {
    Person::new(name.parse().unwrap())
}

/// The store in that file, forty minutes later.
fn opened(path: &Path) -> Result<(Arc<SqliteStore>, Engine), StoreFault> {
    let later = nine().plus(Span::minutes(40));
    let store = Arc::new(SqliteStore::open_with(path, Arc::new(ManualClock::at(later)))?);
    Ok((store.clone(), Engine::over(store)))
}

/// A small file with grants in every stage: it is whole, and nothing of it is in its log.
pub(crate) fn filled(path: &Path) -> Vec<u8> {
    let clock = Arc::new(ManualClock::at(nine()));
    let engine = Engine::new(SqliteStore::open_with(path, clock.clone()).unwrap());
    engine.publish(&Policy::from_text(POLICY, Format::Yaml).unwrap(), person("admin"), nine()).unwrap();
    for (n, who) in PEOPLE.iter().cycle().take(16).enumerate() {
        let flow = if n % 5 == 4 { "asked" } else { "db" };
        let item = match n % 3 {
            _ if flow == "asked" => place("pg", "orders").permission("read"),
            0 => place("pg", "orders").permission("read"),
            1 => place("pg", "bills").permission("write"),
            _ => place("k8s", "prod").permission("read"),
        };
        let span = Span::minutes(if n % 2 == 0 { 20 } else { 90 });
        let ask = Request::new(flow, person(who)).item(item).span(span).grant(format!("g{n}"));
        let _ = engine.request(ask.command_id(format!("c{n}")), nine());
    }
    let _ = engine.approve(Approve::new("g4", person("dora")).command_id("c-approve"), nine());
    engine.extend(Extend::new("g1", person("bert")).command_id("c-extend"), nine()).unwrap();
    let by = tenure::Actor::System(tenure::tenure_core::id::SystemName::new("test").unwrap());
    engine.revoke(Revoke::new("g3", &by).reason("over").command_id("c-revoke"), nine()).unwrap();
    for taken in engine.take_effects("w1", Span::minutes(1), nine()).unwrap().into_iter().take(6) {
        engine.effect_done(taken.id, nine()).unwrap();
    }
    // Ended, and not closed before something else happens to its holder.
    let item = place("pg", "bills").permission("write").item();
    engine.revoke_all(RevokeAll::item(item, by).reason("over"), nine()).unwrap();
    drop(engine);
    let file = rusqlite::Connection::open(path).unwrap();
    file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(file);
    std::fs::read(path).unwrap()
}

fn tried<A>(name: &str, ask: impl FnOnce() -> Result<A, Error>) -> Result<A, Error> {
    catch_unwind(AssertUnwindSafe(ask)).unwrap_or_else(|_| panic!("`{name}` panicked"))
}

fn heard<A: std::fmt::Debug>(answers: &mut Answers, name: String, ask: impl FnOnce() -> Result<A, Error>) {
    let said = match tried(&name, ask) {
        Ok(answer) => Said::Other(format!("{answer:?}")),
        Err(Error::Refused(refusal)) => Said::Other(format!("refused: {}", refusal.code.as_str())),
        Err(Error::Fault(_) | Error::Invalid(_)) => Said::Fault,
    };
    answers.insert(name, said);
}

/// Who holds what, at several instants.
fn access(engine: &Engine, when: &str, answers: &mut Answers) {
    for name in PEOPLE {
        let id: PersonId = name.parse().unwrap();
        for (at, permission) in
            [(place("pg", "orders"), "read"), (place("pg", "bills"), "write"), (place("k8s", "prod"), "read")]
        {
            for minutes in [0, 41] {
                let now = nine().plus(Span::minutes(minutes));
                let named = format!("holds {when} {name} {}/{permission} {minutes}", at.name);
                let said = tried(&named, || engine.holds(&id, &at, permission, now));
                answers.insert(named, said.map_or(Said::Fault, Said::Access));
            }
        }
    }
}

/// All that can be asked without changing anything.
fn asked((store, engine): &(Arc<SqliteStore>, Engine)) -> Answers {
    let mut answers = Answers::new();
    let now = engine.clock();
    access(engine, "first", &mut answers);
    for n in 0..16 {
        heard(&mut answers, format!("look g{n}"), || engine.look(format!("g{n}"), now));
        heard(&mut answers, format!("history g{n}"), || engine.history(format!("g{n}")));
        let id = format!("c{n}").parse().unwrap();
        let ns = "default".parse().unwrap();
        heard(&mut answers, format!("receipt c{n}"), || Ok(store.receipt(&ns, &id)?));
    }
    let ns = "default".parse().unwrap();
    let (far, limit) = (now.plus(Span::days(9)), Limit::new(100));
    heard(&mut answers, "due".to_owned(), || Ok(store.due(&ns, far, None, limit)?));
    heard(&mut answers, "ready".to_owned(), || Ok(store.ready(&ns, Place::Anywhere, far, None, limit)?));
    heard(&mut answers, "records".to_owned(), || engine.records(0, 1_000));
    heard(&mut answers, "list".to_owned(), || engine.list(&List::default(), now));
    heard(&mut answers, "inbox".to_owned(), || engine.inbox(&person("dora"), now));
    answers
}

/// Commands, and who holds what after them.
fn commanded(engine: &Engine) -> Answers {
    let mut answers = Answers::new();
    let now = engine.clock();
    let again = Request::new("db", person("alice")).item(place("pg", "orders").permission("read"));
    let again = again.span(Span::minutes(20)).grant("g0".to_owned()).command_id("c0".to_owned());
    heard(&mut answers, "again c0".to_owned(), || engine.request(again, now));
    heard(&mut answers, "extend g5".to_owned(), || engine.extend(Extend::new("g5", person("bert")), now));
    heard(&mut answers, "extend g1".to_owned(), || engine.extend(Extend::new("g1", person("bert")), now));
    heard(&mut answers, "approve g9".to_owned(), || engine.approve(Approve::new("g9", person("dora")), now));
    heard(&mut answers, "sweep".to_owned(), || engine.sweep(now));
    access(engine, "then", &mut answers);
    answers
}

/// What came of many damaged files.
#[derive(Debug, Default)]
struct Tally {
    files: usize,
    right: usize,
    faults: usize,
    /// Answers that were neither, by their question's first word.
    wrong: BTreeMap<String, usize>,
}

impl Tally {
    /// Compares what a damaged file answered with what the whole one does.
    fn compare(&mut self, damaged: &Answers, whole: &Answers, what: &str) {
        for (name, said) in damaged {
            let known = &whole[name];
            if *said == Said::Fault {
                self.faults += 1;
                continue;
            }
            if said == known {
                self.right += 1;
                continue;
            }
            let verb = name.split(' ').next().unwrap();
            *self.wrong.entry(verb.to_owned()).or_default() += 1;
            match (said, known) {
                // A grant that is missing is no yes, and another one may say an earlier end.
                (Said::Access(said), Said::Access(known)) => assert!(
                    !said.allowed || known.allowed && said.until <= known.until,
                    "{what}: {name} says {said:?}, not {known:?}"
                ),
                // Something may be missing; what is there is as it was.
                (Said::Other(said), _) if matches!(verb, "look" | "receipt") => {
                    assert_eq!(said, "None", "{what}: {name} is {known:?}");
                }
                (Said::Other(_) | Said::Access(_) | Said::Fault, _) => {}
            }
        }
    }
}

fn damaged(folder: &Path, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.join("damaged.db");
    for old in ["damaged.db-wal", "damaged.db-shm"] {
        let _ = std::fs::remove_file(folder.join(old));
    }
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Every way in which one page is damaged.
fn mutations(bytes: &[u8], page: usize, flips: u64, dice: &mut Dice) -> Vec<(String, Vec<u8>)> {
    let pages = bytes.len() / PAGE;
    let range = page * PAGE..(page + 1) * PAGE;
    let other = (page + 1 + usize::try_from(dice.below(u64::try_from(pages).unwrap() - 1)).unwrap()) % pages;
    let mut zeros = bytes.to_vec();
    zeros[range.clone()].fill(0);
    let mut ones = bytes.to_vec();
    ones[range.start + PAGE / 2..range.end].fill(0xff);
    let mut twice = bytes.to_vec();
    twice.copy_within(other * PAGE..(other + 1) * PAGE, range.start);
    let torn = usize::try_from(dice.below(u64::try_from(PAGE).unwrap())).unwrap();
    let mut all = vec![
        (format!("page {page} is zeros"), zeros),
        (format!("half of page {page} is ones"), ones),
        (format!("page {page} is page {other}"), twice),
        (format!("cut off at page {page} and {torn} bytes"), bytes[..range.start + torn].to_vec()),
    ];
    // Most of a page is empty: a bit of what is there is flipped.
    let used: Vec<usize> = range.filter(|place| bytes[*place] != 0).collect();
    for _ in 0..if used.is_empty() { 0 } else { flips } {
        let place = used[usize::try_from(dice.below(u64::try_from(used.len()).unwrap())).unwrap()];
        let bit = dice.below(8);
        let mut flipped = bytes.to_vec();
        flipped[place] ^= 1 << bit;
        all.push((format!("bit {bit} of byte {place} (page {page}) is flipped"), flipped));
    }
    all
}

/// Whoever can write the file can write anything; a disk cannot make a yes of a row that was written for something else.
#[test]
fn a_row_that_says_something_else_is_a_fault() {
    let folder = tempfile::TempDir::new().unwrap();
    let bytes = filled(&folder.path().join("whole.db"));
    let (bert, dora, prod) = (person("bert").id, person("dora").id, place("k8s", "prod"));
    for damage in [
        "UPDATE span SET until = until + 1",
        "UPDATE span SET unsure = 0 WHERE unsure IS NULL",
        "UPDATE OR REPLACE span SET person = (SELECT key FROM word WHERE text = 'dora')",
        "UPDATE word SET text = 'bart' WHERE text = 'bert'; UPDATE word SET text = 'bert' WHERE text = 'dora'",
        "UPDATE OR REPLACE span SET holding = 2",
        "UPDATE grants SET id = 'h' || substr(id, 2)",
    ] {
        let path = damaged(folder.path(), &bytes);
        let file = rusqlite::Connection::open(&path).unwrap();
        file.execute_batch(damage).unwrap();
        drop(file);
        let (_, engine) = opened(&path).unwrap();
        let said = [&bert, &dora].map(|who| engine.holds(who, &prod, "read", engine.clock()));
        assert!(said.iter().any(Result::is_err), "{damage}: {said:?}");
        let whole = |said: &Verdict| said.grant.as_ref().is_none_or(|id| matches!(id.as_str(), "g5" | "g11"));
        assert!(said.iter().flatten().all(whole), "{damage}: {said:?}");
    }
}

#[test]
fn what_revoked_a_grant_is_not_forgotten_by_a_disk() {
    const MANY: usize = 103;
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("many.db");
    let engine = Engine::new(SqliteStore::open_with(&path, Arc::new(ManualClock::at(nine()))).unwrap());
    engine.publish(&Policy::from_text(POLICY, Format::Yaml).unwrap(), person("admin"), nine()).unwrap();
    let prod = place("k8s", "prod");
    std::thread::scope(|scope| {
        for n in 0..MANY {
            let ask = Request::new("db", person(&format!("p{n}"))).item(prod.permission("read"));
            let engine = &engine;
            scope.spawn(move || engine.request(ask.grant(format!("g{n}")), nine()).unwrap());
        }
    });
    let by = tenure::Actor::System(tenure::tenure_core::id::SystemName::new("test").unwrap());
    engine.revoke_all(RevokeAll::item(prod.permission("read").item(), by).reason("over"), nine()).unwrap();
    let file = rusqlite::Connection::open(&path).unwrap();
    let holder = "SELECT text FROM word JOIN grants ON grants.holder = word.key WHERE reached IS NOT NULL";
    let holder: String = file.query_row(holder, [], |row| row.get(0)).unwrap();
    let holder: PersonId = holder.parse().unwrap();
    // An instant before the last that anything happened at: the rules are asked.
    file.execute_batch("UPDATE namespace SET latest = latest + 1").unwrap();
    let holds = || engine.holds(&holder, &prod, "read", nine());
    assert!(!holds().unwrap().allowed);
    file.execute_batch("UPDATE grants SET reached = NULL").unwrap();
    assert!(holds().is_err());
}

#[test]
fn a_page_that_is_damaged_lets_nobody_in() {
    let (flips, seed) = (crate::number("TENURE_FLIPS", 6), crate::number("TENURE_SEED", 1));
    let folder = tempfile::TempDir::new().unwrap();
    let bytes = filled(&folder.path().join("whole.db"));
    let whole = opened(&damaged(folder.path(), &bytes)).unwrap();
    let (answers, then) = (asked(&whole), commanded(&whole.1));
    drop(whole);
    assert!(answers.values().chain(then.values()).all(|said| *said != Said::Fault), "{answers:?} {then:?}");
    let yes = answers.values().filter(|said| matches!(said, Said::Access(verdict) if verdict.allowed));
    assert!(yes.count() > 2, "a dull file: {answers:?}");
    let mut dice = Dice::of(seed);
    let mut tally = Tally::default();
    for page in 0..bytes.len() / PAGE {
        for (n, (what, mutated)) in mutations(&bytes, page, flips, &mut dice).into_iter().enumerate() {
            tally.files += 1;
            let path = damaged(folder.path(), &mutated);
            let file = catch_unwind(|| opened(&path)).unwrap_or_else(|_| panic!("{what}: it panicked"));
            let Ok(file) = file else { continue };
            tally.compare(&asked(&file), &answers, &what);
            if n % 3 == 0 {
                tally.compare(&commanded(&file.1), &then, &what);
            }
        }
    }
    println!("seed {seed}, {} pages: {tally:?}", bytes.len() / PAGE);
    assert!(tally.faults > tally.files, "damage was hardly noticed: {tally:?}");
}
