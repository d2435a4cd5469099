//! Several processes on one file: what one of them was told has happened, once, whatever became of it.

#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "these are tests: a panic is how they fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tenure::tenure_core::event::{Event, Happened};
use tenure::tenure_core::id::{CommandId, GrantId};
use tenure::tenure_core::machine;
use tenure::tenure_core::record::Entry;
use tenure::tenure_policy::document::Format;
use tenure::{
    Engine, Error, Extend, Fault, GiveBack, Person, Policy, Request, ResourceId, Span, SqliteStore, Store,
    StoreFault,
};

const POLICY: &str = "
version: 1
flows:
  - id: db
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read]}]
    duration: {max: 4h, default: 1h}
    approval: automatic
    extension: {times: 100, span: {default: 1m}}
    limits: {open_total: 5}
";
const FILE: &str = "TENURE_TEST_FILE";
const NUMBER: &str = "TENURE_TEST_NUMBER";
const PROCESSES: usize = 4;
const COMMANDS: usize = 40;
const LIMIT: usize = 5;

fn nobody_waits<T>(mut ask: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    loop {
        match ask() {
            Err(Error::Fault(Fault::Store(StoreFault::Busy))) => {}
            other => return other,
        }
    }
}

/// What one of the processes does; it is this test where it is named a file.
#[test]
fn one_of_several_processes() {
    let (Ok(file), Ok(number)) = (std::env::var(FILE), std::env::var(NUMBER)) else { return };
    let engine = Engine::new(SqliteStore::open(&file).unwrap());
    let mut told = std::fs::File::create(format!("{file}.told.{number}")).unwrap();
    let orders = ResourceId { integration: "pg".parse().unwrap(), kind: "db".into(), name: "orders".into() };
    for n in 0..COMMANDS {
        let person = Person::new(format!("p{}", n % 3).parse().unwrap());
        let id = format!("{number}-{n}");
        let grant = format!("g{number}-{}", n - n % 4);
        let now = engine.clock();
        let done = nobody_waits(|| match n % 4 {
            0 => {
                let request =
                    Request::new("db", &person).item(orders.permission("read")).grant(grant.clone());
                engine.request(request.command_id(id.clone()), now).map(|_| ())
            }
            3 => {
                let holder = Person::new(format!("p{}", (n - 3) % 3).parse().unwrap());
                engine.give_back(GiveBack::new(&grant, &holder).command_id(id.clone()), now).map(|_| ())
            }
            _ => {
                let holder = Person::new(format!("p{}", (n - n % 4) % 3).parse().unwrap());
                let extend = Extend::new(&grant, &holder).span(Span::minutes(1)).command_id(id.clone());
                engine.extend(extend, now).map(|_| ())
            }
        });
        match done {
            Ok(()) => told.write_all(format!("{id}\n").as_bytes()).unwrap(),
            Err(Error::Refused(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

fn begin(file: &Path, number: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["one_of_several_processes", "--exact", "--nocapture"])
        .env(FILE, file)
        .env(NUMBER, number.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn told(file: &Path, number: usize) -> Vec<String> {
    let path = format!("{}.told.{number}", file.display());
    let text = std::fs::read_to_string(path).unwrap_or_default();
    // A line that was cut off was not told.
    let whole = text.rfind('\n').map_or("", |end| text.get(..end).unwrap_or_default());
    whole.lines().map(str::to_owned).collect()
}

#[test]
fn what_was_told_has_happened_once() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("shared.db");
    let engine = Engine::new(SqliteStore::open(&file).unwrap());
    let admin = Person::new("admin".parse().unwrap());
    engine.publish(&Policy::from_text(POLICY, Format::Yaml).unwrap(), admin, engine.clock()).unwrap();

    let mut processes: Vec<Child> = (0..PROCESSES).map(|number| begin(&file, number)).collect();
    // One of them is ended in the middle of its work.
    for _ in 0..60_000 {
        if told(&file, 0).len() >= 5 || processes.first_mut().unwrap().try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let mut first = processes.remove(0);
    first.kill().unwrap();
    first.wait().unwrap();
    for process in &mut processes {
        assert!(process.wait().unwrap().success());
    }
    judge(&engine, &SqliteStore::open(&file).unwrap(), &file);
}

/// A copy that is made in the middle of it is one instant of the store, whole.
#[test]
fn a_copy_is_made_while_others_write() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("shared.db");
    let engine = Engine::new(SqliteStore::open(&file).unwrap());
    let admin = Person::new("admin".parse().unwrap());
    engine.publish(&Policy::from_text(POLICY, Format::Yaml).unwrap(), admin, engine.clock()).unwrap();
    let mut processes: Vec<Child> = (0..PROCESSES).map(|number| begin(&file, number)).collect();
    let store = SqliteStore::open_existing(&file).unwrap();
    let ns = "default".parse().unwrap();
    let mut copies = 0;
    let mut sizes = BTreeSet::new();
    while processes.iter_mut().any(|process| process.try_wait().unwrap().is_none()) && copies < 1_000 {
        let told: Vec<String> = (0..PROCESSES).flat_map(|number| told(&file, number)).collect();
        let copy = folder.path().join(format!("copy-{copies}.db"));
        let (mut last, mut of) = (0, 0);
        let pages = store.backup(&copy, &mut |done, all| (last, of) = (done, all)).unwrap();
        assert_eq!((pages, last), (of, of));
        let copied = SqliteStore::open_existing(&copy).unwrap();
        let size = copied.size(&ns).unwrap();
        let limit = tenure::tenure_store::Limit::new(1_000);
        assert_eq!(
            copied.leaves(&ns, 0, limit).unwrap(),
            store.leaves(&ns, 0, tenure::tenure_store::Limit::new(usize::try_from(size).unwrap())).unwrap(),
            "the copy is the beginning of what was written"
        );
        for id in told {
            assert!(copied.receipt(&ns, &CommandId::new(&id).unwrap()).unwrap().is_some(), "`{id}` was told");
        }
        // The doctor takes a while: not every time.
        if copies % 20 == 0 {
            let found = copied.examine(&ns, &mut |_, _| {}).unwrap();
            assert!(found.parts.iter().all(|part| part.wrong.is_none()), "{found:?}");
        }
        sizes.insert(size);
        copies += 1;
    }
    for process in &mut processes {
        assert!(process.wait().unwrap().success());
    }
    assert!(sizes.len() > 3, "nobody wrote meanwhile: {sizes:?}");
    // What is there is not written over, and nothing is left of what could not be copied.
    let taken = store.backup(folder.path().join("copy-0.db"), &mut |_, _| {}).unwrap_err();
    assert!(taken.to_string().contains("is there already"), "{taken}");
    let nowhere = store.backup(folder.path().join("no such folder/copy.db"), &mut |_, _| {}).unwrap_err();
    assert!(nowhere.to_string().contains("copy.db.part"), "{nowhere}");
    let parts = std::fs::read_dir(folder.path()).unwrap();
    assert!(parts.map(|entry| entry.unwrap().path()).all(|path| path.extension().unwrap() != "part"));
}

/// Everything that was told is on record once, the limit held at every instant, and events make the grants.
fn judge(engine: &Engine, store: &SqliteStore, file: &Path) {
    let ns = "default".parse().unwrap();
    let mut events: BTreeMap<GrantId, Vec<Event>> = BTreeMap::new();
    let mut done: BTreeMap<CommandId, usize> = BTreeMap::new();
    let mut open: BTreeSet<GrantId> = BTreeSet::new();
    let mut position = 0;
    loop {
        let page = engine.records(position, 1_000).unwrap();
        let Some(last) = page.last() else { break };
        for record in &page {
            position += 1;
            assert_eq!(record.position, position, "without a gap");
            let Entry::Event(event) = &record.entry else { continue };
            events.entry(event.grant.clone()).or_default().push(event.clone());
            if matches!(event.happened, Happened::Requested(_)) {
                open.insert(event.grant.clone());
            } else if event.happened.closes().is_some() {
                open.remove(&event.grant);
            }
            assert!(open.len() <= LIMIT, "more than {LIMIT} are open: {open:?}");
            let main = matches!(
                event.happened,
                Happened::Requested(_) | Happened::Extended(_) | Happened::GivenBack(_)
            );
            if let Some(cause) = event.cause.as_ref().filter(|_| main) {
                *done.entry(cause.command.clone()).or_default() += 1;
            }
        }
        assert_eq!(last.position, position);
    }
    let mut acknowledged = 0;
    for number in 0..PROCESSES {
        for id in told(file, number) {
            let id = CommandId::new(id).unwrap();
            assert_eq!(done.get(&id), Some(&1), "`{id}` was told");
            assert!(store.receipt(&ns, &id).unwrap().is_some());
            acknowledged += 1;
        }
    }
    assert!(done.values().all(|times| *times == 1));
    assert!(acknowledged > 20, "a dull story: {acknowledged} commands");
    for (id, events) in events {
        let replayed = machine::replay(events).unwrap();
        let mut stored = None;
        let reads = vec![tenure::tenure_core::world::Read::Grant(id.clone())];
        let mut question = tenure::tenure_store::plan::Question::new(
            |world| tenure::tenure_store::plan::unread(reads.clone(), world),
            |world| stored = world.grants.get(&id).cloned(),
        );
        engine_view(store, &mut question);
        assert_eq!(*stored.unwrap(), replayed);
    }
}

fn engine_view(store: &SqliteStore, plan: &mut dyn tenure::tenure_store::Plan) {
    store.compile_with(std::sync::Arc::new(tenure::compile));
    store.view(&"default".parse().unwrap(), plan).unwrap();
}
