//! Four processes on one PostgreSQL database, on the same people and the same flows, by the server's clock: one order
//! explains all that they were answered, also where one of them stands still for longer than it may.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{scope, sleep};
use std::time::{Duration, SystemTime};

use tenure::tenure_core::id::Namespace;
use tenure::tenure_postgres::cluster::{Cluster, or_not_run};
use tenure::tenure_postgres::{Options, PostgresStore};
use tenure::tenure_store::suite::Through;
use tenure::tenure_store::{Plan, StoreFault};
use tenure::{Engine, Error, Fault, Span, Store, Timestamp};

use crate::watched::{Decision, Listening, i_am};
use crate::{Call, Dice, Lanes, Story, command, published, recorded, said};

const PROCESSES: u64 = 4;
const THREADS: u64 = 2;
const COMMANDS: u64 = 90;
/// How long a thread waits before each command.
const PACE: Duration = Duration::from_millis(60);
/// How long a host may stand still in the midst of a decision.
const STILL: Duration = Duration::from_millis(500);

/// What is said where that happened several times in a row.
const CUT_OFF: &str = "cannot be reached";

/// So many others are under way at the same time, at most, and some that they let by.
const BACK: usize = 24;

const URL: &str = "TENURE_TEST_URL";
const FOLDER: &str = "TENURE_TEST_FOLDER";
const NUMBER: &str = "TENURE_TEST_NUMBER";
const SEED: &str = "TENURE_TEST_SEED";
const MANNER: &str = "TENURE_TEST_MANNER";

/// How the hosts work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// The threads of a host share commits, and the record is numbered when all is over.
    Shared,
    /// Each thread stands alone, clicks are sent by several of them, and the record is numbered by all of them meanwhile.
    Apart,
    /// The same, and now and then a host is stopped for longer than it may be, and goes on.
    Stopped,
}

impl Manner {
    fn of(name: &str) -> Self {
        let all = [Self::Shared, Self::Apart, Self::Stopped];
        all.into_iter().find(|manner| format!("{manner:?}") == name).unwrap()
    }

    fn lanes(self) -> Lanes {
        if self == Self::Shared { Lanes::Shared } else { Lanes::Apart }
    }
}

thread_local! {
    /// What this thread is deciding, and where the store says that the transaction stands.
    static DECIDED: RefCell<Vec<Decision>> = const { RefCell::new(Vec::new()) };
    static PLACE: RefCell<Option<(i64, String)>> = const { RefCell::new(None) };
}

/// A store that writes down where each of its decisions stands among those of all hosts.
struct Placed {
    store: PostgresStore,
    journal: Mutex<File>,
}

impl Placed {
    fn open(url: &str, journal: &Path, options: Options) -> Self {
        let store = PostgresStore::open_with(url, options).unwrap();
        store.tell_places(Box::new(|ordered, tx| PLACE.set(Some((ordered, tx.to_owned())))));
        let journal = OpenOptions::new().create(true).append(true).open(journal).unwrap();
        Self { store, journal: Mutex::new(journal) }
    }

    fn line(&self, line: std::fmt::Arguments<'_>) {
        self.journal.lock().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

impl Through for Placed {
    type To = PostgresStore;

    fn to(&self) -> &PostgresStore {
        &self.store
    }

    fn transact(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        let tell = |decision: Option<Decision>| match decision {
            Some(decision) => DECIDED.with_borrow_mut(|decided| decided.push(decision)),
            None => DECIDED.with_borrow_mut(Vec::clear),
        };
        self.store.transact(ns, &mut Listening::to(plan, &tell))?;
        let (ordered, tx) = PLACE.take().unwrap();
        for (n, Decision { thread, command, clock, .. }) in DECIDED.take().into_iter().enumerate() {
            let clock = clock.millis();
            self.line(format_args!("decided\t{ordered}\t{tx}\t{n}\t{thread}\t{clock}\t{command}"));
        }
        Ok(())
    }
}

/// How many grants were asked for by all processes together: so many bytes are in a file.
struct Grants(PathBuf);

impl Grants {
    fn newest(&self) -> u64 {
        self.0.metadata().unwrap().len()
    }

    fn next(&self) -> u64 {
        let mut file = OpenOptions::new().append(true).open(&self.0).unwrap();
        file.write_all(b".").unwrap();
        file.stream_position().unwrap()
    }
}

fn micros() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    u64::try_from(since.as_micros()).unwrap()
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// What one of the hosts does; it is this test where it is named a database.
#[test]
fn one_of_the_hosts() {
    let Some(url) = variable(URL) else { return };
    let number: u64 = variable(NUMBER).unwrap().parse().unwrap();
    let seed: u64 = variable(SEED).unwrap().parse().unwrap();
    let (folder, manner) = (PathBuf::from(variable(FOLDER).unwrap()), Manner::of(&variable(MANNER).unwrap()));
    let options = Options { idle_in_transaction_timeout: STILL, ..Options::default() };
    let placed = Arc::new(Placed::open(&url, &folder.join(format!("{number}.journal")), options));
    let engine = Engine::over(placed.clone());
    scope(|scope| {
        for thread in number * THREADS..(number + 1) * THREADS {
            let engine = if manner == Manner::Shared { engine.clone() } else { Engine::over(placed.clone()) };
            let (placed, grants) = (&placed, Grants(folder.join("grants")));
            scope.spawn(move || works(&engine, placed, &grants, (seed, thread), manner));
        }
    });
}

fn works(engine: &Engine, placed: &Placed, grants: &Grants, (seed, thread): (u64, u64), manner: Manner) {
    i_am(thread);
    let mut dice = Dice(seed * 1_000 + thread + 1);
    let ns = Namespace::new("default").unwrap();
    for n in 0..COMMANDS {
        // Leases end and extensions open as time passes, by the server's clock: a quick machine would be through before.
        sleep(PACE);
        let newest = grants.newest();
        let mut taken = 0;
        let next = || {
            taken = grants.next();
            taken
        };
        let command = command(&mut dice, (thread, n), newest, next, manner.lanes());
        // Hosts do not agree on the time.
        let now = engine.clock().minus(Span::millis(40)).plus(Span::millis(dice.below(60).into()));
        let begun = micros();
        let answer = loop {
            match engine.give(command.clone(), now) {
                Ok(view) => break Ok(view),
                Err(Error::Refused(refusal)) => break Err(*refusal),
                // Nothing was written; or it is not known, and then it was not: a host that stands still is cut off before
                // it commits.
                Err(Error::Fault(Fault::Store(StoreFault::Busy | StoreFault::InDoubt))) => {}
                Err(Error::Fault(Fault::Store(StoreFault::Broken(why)))) if why.contains(CUT_OFF) => {}
                Err(error) => panic!("{error}"),
            }
        };
        let (answer, ended, now) = (said(&answer), micros(), now.millis());
        placed
            .line(format_args!("call\t{thread}\t{n}\t{newest}\t{taken}\t{now}\t{begun}\t{ended}\t{answer}"));
        if manner != Manner::Shared && n.is_multiple_of(7) {
            // What nobody numbers now is numbered by the next one.
            let _ = placed.store.seal(&ns);
        }
    }
}

/// The hosts at work, and what they wrote down.
fn story(cluster: &Cluster, seed: u64, manner: Manner) -> Story {
    let database = cluster.database().unwrap();
    let url = cluster.url(database.name());
    let folder = tempfile::TempDir::new().unwrap();
    File::create(folder.path().join("grants")).unwrap().write_all(b".").unwrap();
    let journal = folder.path().join("first.journal");
    let first = Arc::new(Placed::open(&url, &journal, Options::default()));
    let engine = Engine::over(first.clone());
    let policy = published(&engine);
    let hosts: Vec<Child> = (0..PROCESSES)
        .map(|number| {
            let mut host = Command::new(std::env::current_exe().unwrap());
            host.args(["hosts::one_of_the_hosts", "--exact", "--nocapture"]).stdout(Stdio::null());
            host.env(URL, &url).env(FOLDER, folder.path()).env(NUMBER, number.to_string());
            host.env(SEED, seed.to_string()).env(MANNER, format!("{manner:?}")).spawn().unwrap()
        })
        .collect();
    waited(hosts, manner == Manner::Stopped);
    let mut calls = Vec::new();
    let mut order = decisions(&journal);
    for number in 0..PROCESSES {
        let journal = folder.path().join(format!("{number}.journal"));
        order.extend(decisions(&journal));
        calls.extend(told(&journal, seed, manner.lanes()));
    }
    order.sort_by(|(one, _), (other, _)| one.cmp(other));
    let order = order.into_iter().map(|(_, decision)| decision).collect();
    let recorded = recorded(&engine);
    Story { calls, order, recorded, back: BACK, policy, lanes: manner.lanes() }
}

/// Waits for the end of all of them; now and then one is stopped.
fn waited(mut hosts: Vec<Child>, stop: bool) {
    let mut dice = Dice(7);
    for _ in 0..1_200 {
        let running: Vec<u32> = (hosts.iter_mut())
            .filter_map(|host| host.try_wait().unwrap().is_none().then_some(host.id()))
            .collect();
        if running.is_empty() {
            break;
        }
        sleep(Duration::from_millis(100 + u64::from(dice.below(150))));
        if stop {
            let one = running[usize::try_from(dice.below(4)).unwrap() % running.len()];
            signalled(one, "STOP");
            sleep(STILL * 2);
            signalled(one, "CONT");
        }
    }
    for mut host in hosts {
        let ended = host.try_wait().unwrap();
        let _ = host.kill();
        assert!(ended.is_some_and(|status| status.success()), "{ended:?}");
    }
}

fn signalled(process: u32, signal: &str) {
    let _ = Command::new("kill")
        .args([&format!("-{signal}"), &process.to_string()])
        .stderr(Stdio::null())
        .status();
}

type Place = (i64, String, usize);

fn decisions(journal: &Path) -> Vec<(Place, Decision)> {
    let text = std::fs::read_to_string(journal).unwrap();
    let decided = text.lines().filter_map(|line| line.strip_prefix("decided\t"));
    let decision = |line: &str| {
        let parts: Vec<&str> = line.splitn(6, '\t').collect();
        let clock = Timestamp::from_millis(parts[4].parse().unwrap());
        let (thread, command, with) =
            (parts[3].parse().unwrap(), parts[5].parse().unwrap(), parts[1].to_owned());
        let place = (parts[0].parse().unwrap(), with.clone(), parts[2].parse().unwrap());
        (place, Decision { thread, command, clock, with: Some(with) })
    };
    decided.map(decision).collect()
}

/// What was asked and answered. The commands follow from the dice and from how many grants there were.
fn told(journal: &Path, seed: u64, lanes: Lanes) -> Vec<Call> {
    let text = std::fs::read_to_string(journal).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("call\t"));
    let mut lines: Vec<Vec<&str>> = lines.map(|line| line.splitn(8, '\t').collect()).collect();
    let number = |text: &str| text.parse::<u64>().unwrap();
    lines.sort_by_key(|parts| (number(parts[0]), number(parts[1])));
    let mut calls = Vec::new();
    let mut dice = Dice(0);
    for parts in lines {
        let (thread, n) = (number(parts[0]), number(parts[1]));
        if n == 0 {
            dice = Dice(seed * 1_000 + thread + 1);
        }
        let command = command(&mut dice, (thread, n), number(parts[2]), || number(parts[3]), lanes);
        dice.below(60);
        let now = Timestamp::from_millis(parts[4].parse().unwrap());
        let (begun, ended, answer) = (number(parts[5]), number(parts[6]), parts[7].to_owned());
        calls.push(Call { thread, command, now, begun, ended, answer });
    }
    calls
}

#[test]
fn one_order_explains_all_answers_of_four_processes() {
    let cluster = Cluster::shared();
    let Some(cluster) = or_not_run(cluster, "one order of what four processes were answered") else { return };
    for (seed, manner) in [(1, Manner::Shared), (2, Manner::Apart), (4, Manner::Stopped)] {
        let story = story(cluster, seed, manner);
        story.check().unwrap_or_else(|why| panic!("{manner:?}: {why}"));
        story.is_not_dull();
        let threads = usize::try_from(PROCESSES * THREADS * COMMANDS).unwrap();
        assert_eq!(story.calls.len(), threads);
        // They were there at the same time: who asked next was most often another host.
        let order = &story.order[1..];
        let turns = order.windows(2).filter(|two| two[0].thread / THREADS != two[1].thread / THREADS).count();
        println!("{manner:?}: {} decisions, {turns} times another host was next", order.len());
        assert!(turns > order.len() / 4, "{turns} of {}", order.len());
    }
}
