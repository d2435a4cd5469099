//! Commands that are in flight together share a commit; each has its own answer, and nobody is left waiting.

#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests: a panic is how they fail")]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::Duration;

use tenure::tenure_core::id::{GrantId, Namespace};
use tenure::tenure_core::world::World;
use tenure::tenure_policy::document::Format;
use tenure::tenure_store::suite::Through;
use tenure::tenure_store::{Filter, Limit, Plan, Turn};
use tenure::{
    Engine, Error, Fault, ManualClock, MemoryStore, Person, Policy, Request, ResourceId, Store, StoreFault,
    Timestamp, View,
};

const POLICY: &str = "
version: 1
flows:
  - id: db
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read]}]
    duration: {max: 1h}
    approval: automatic
";
const WAIT: Duration = Duration::from_secs(60);

/// A store in memory whose next transaction waits at a gate, and what it does once the gate is opened.
struct Gated {
    store: MemoryStore,
    clock: Arc<ManualClock>,
    gate: Gate,
    /// Commands of each transaction that was committed.
    decided: Mutex<Vec<usize>>,
    panics: AtomicBool,
    /// A person whose grants cannot be read.
    damaged: Mutex<Option<String>>,
}

#[derive(Default)]
struct Gate {
    shut: Mutex<bool>,
    opened: Condvar,
    waiting: AtomicUsize,
}

impl Gate {
    fn shut(&self) {
        *self.shut.lock().unwrap() = true;
    }

    fn open(&self) {
        *self.shut.lock().unwrap() = false;
        self.opened.notify_all();
    }

    fn pass(&self) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut shut = self.shut.lock().unwrap();
        while *shut {
            shut = self.opened.wait(shut).unwrap();
        }
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Counted<'a> {
    plan: &'a mut dyn Plan,
    decided: usize,
    damaged: Option<String>,
}

impl Plan for Counted<'_> {
    fn start(&mut self) {
        self.decided = 0;
        self.plan.start();
    }

    fn turn(&mut self, world: &World) -> Turn {
        let turn = self.plan.turn(world);
        self.decided += usize::from(matches!(turn, Turn::Decided(_)));
        match (&turn, &self.damaged) {
            // What asks for nothing new is broken, and nothing of it is written.
            (Turn::Read(reads), Some(damaged)) if format!("{reads:?}").contains(damaged) => {
                Turn::Read(Vec::new())
            }
            _ => turn,
        }
    }
}

impl Through for Gated {
    type To = MemoryStore;

    fn to(&self) -> &MemoryStore {
        &self.store
    }

    fn view(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        let damaged = self.damaged.lock().unwrap().clone();
        self.store.view(ns, &mut Counted { plan, decided: 0, damaged })
    }

    fn transact(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        self.gate.pass();
        let damaged = self.damaged.lock().unwrap().clone();
        let mut counted = Counted { plan, decided: 0, damaged };
        self.store.transact(ns, &mut counted)?;
        let Counted { decided, .. } = counted;
        self.decided.lock().unwrap().push(decided);
        assert!(!self.panics.swap(false, Ordering::SeqCst), "the store falls over, as the test wants it to");
        Ok(())
    }
}

fn opened() -> (Arc<Gated>, Engine, Timestamp) {
    let nine: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
    let clock = Arc::new(ManualClock::at(nine));
    let store = Arc::new(Gated {
        store: MemoryStore::with_clock(clock.clone()),
        clock,
        gate: Gate::default(),
        decided: Mutex::default(),
        panics: AtomicBool::new(false),
        damaged: Mutex::default(),
    });
    let engine = Engine::over(store.clone());
    let admin = Person::new("admin".parse().unwrap());
    engine.publish(&Policy::from_text(POLICY, Format::Yaml).unwrap(), admin, nine).unwrap();
    store.decided.lock().unwrap().clear();
    (store, engine, nine)
}

fn ask(engine: &Engine, who: usize, now: Timestamp) -> Result<View, Error> {
    let person = Person::new(format!("p{who:03}").parse().unwrap());
    let orders = ResourceId { integration: "pg".parse().unwrap(), kind: "db".into(), name: "orders".into() };
    let grant = format!("g{who:03}");
    engine.request(Request::new("db", &person).item(orders.permission("read")).grant(grant), now)
}

/// Lets the first ask and wait at the gate, then the others; opens it when all of them are in flight.
fn together(
    store: &Gated,
    engine: &Engine,
    now: Timestamp,
    callers: usize,
) -> Vec<Option<Result<View, Error>>> {
    let (answered, answers) = mpsc::channel();
    let caller = |who: usize| {
        let (engine, answered) = (engine.clone(), answered.clone());
        std::thread::spawn(move || {
            let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| ask(&engine, who, now)));
            answered.send((who, answer.ok())).unwrap();
        });
    };
    store.gate.shut();
    caller(0);
    let until = |reached: &dyn Fn() -> bool| {
        for _ in 0..60_000 {
            if reached() {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("it never came to that");
    };
    until(&|| store.gate.waiting.load(Ordering::SeqCst) == 1);
    (1..callers).for_each(caller);
    until(&|| engine.waiting() == callers - 1);
    store.gate.open();
    let mut all: Vec<_> = (0..callers).map(|_| answers.recv_timeout(WAIT).unwrap()).collect();
    all.sort_by_key(|(who, _)| *who);
    all.into_iter().map(|(_, answer)| answer).collect()
}

#[test]
fn who_is_in_flight_together_shares_a_commit() {
    let (store, engine, now) = opened();
    let answers = together(&store, &engine, now, 40);
    for (who, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.unwrap().unwrap().id.as_str(), format!("g{who:03}"), "each has its own answer");
    }
    assert_eq!(*store.decided.lock().unwrap(), [40], "one transaction for all");
    ask(&engine, 40, now).unwrap();
    assert_eq!(*store.decided.lock().unwrap(), [40, 1], "who is alone waits for nobody");
}

#[test]
fn a_commit_takes_a_bounded_number_along() {
    let (store, engine, now) = opened();
    let answers = together(&store, &engine, now, 300);
    assert!(answers.into_iter().all(|answer| answer.unwrap().is_ok()));
    let decided = store.decided.lock().unwrap().clone();
    assert_eq!(decided.iter().sum::<usize>(), 300);
    assert!(decided.iter().all(|commands| *commands <= 256), "{decided:?}");
}

#[test]
fn a_leader_that_breaks_off_leaves_nobody_waiting() {
    let (store, engine, now) = opened();
    store.panics.store(true, Ordering::SeqCst);
    let mut answers = together(&store, &engine, now, 20).into_iter();
    assert!(answers.next().unwrap().is_none(), "the leader fell over");
    for answer in answers {
        let doubt = matches!(answer.unwrap(), Err(Error::Fault(Fault::Store(StoreFault::InDoubt))));
        assert!(doubt, "the others are told that nobody knows");
    }
    assert!(ask(&engine, 900, now).is_ok(), "and the next one leads");
}

#[test]
fn what_is_broken_for_one_is_not_broken_for_all() {
    let (store, engine, now) = opened();
    *store.damaged.lock().unwrap() = Some("p007".to_owned());
    for (who, answer) in together(&store, &engine, now, 12).into_iter().enumerate() {
        let answer = answer.unwrap();
        match answer {
            Err(Error::Fault(Fault::Store(StoreFault::Broken(_)))) => assert_eq!(who, 7),
            other => assert!(who != 7 && other.is_ok(), "{who}: {other:?}"),
        }
    }
}

#[test]
fn a_sweep_goes_by_whoever_cannot_be_read() {
    let (store, engine, now) = opened();
    (0..5).for_each(|who| drop(ask(&engine, who, now).unwrap()));
    *store.damaged.lock().unwrap() = Some("p002".to_owned());
    let later = now.plus(tenure::Span::hours(2));
    store.clock.set(later);
    let swept = engine.sweep(later);
    assert!(matches!(swept, Err(Error::Fault(Fault::Store(StoreFault::Broken(_))))), "{swept:?}");
    let due = Store::due(&*store, &engine_namespace(), later, None, Limit::new(10)).unwrap();
    assert_eq!(due.iter().map(|awaited| awaited.person.as_str()).collect::<Vec<_>>(), ["p002"]);
}

#[test]
fn a_sweep_goes_by_whatever_waits_and_cannot_be_read() {
    let (store, engine, now) = opened();
    let publish = |more: &str| {
        let policy = POLICY.replace("approval: automatic", &format!("approval: automatic\n    {more}"));
        let admin = Person::new("admin".parse().unwrap());
        engine.publish(&Policy::from_text(&policy, Format::Yaml).unwrap(), admin, engine.clock()).unwrap();
    };
    publish("activation: by_holder");
    (0..3).for_each(|who| drop(ask(&engine, who, now).unwrap()));
    store.clock.set(now.plus(tenure::Span::minutes(1)));
    publish("activation: by_holder\n    until: 2026-03-02T09:02:00Z");
    *store.damaged.lock().unwrap() = Some("g000".to_owned());
    let later = now.plus(tenure::Span::minutes(3));
    store.clock.set(later);
    let swept = engine.sweep(later);
    assert!(matches!(swept, Err(Error::Fault(Fault::Store(StoreFault::Broken(_))))), "{swept:?}");
    let open = Filter { open: true, ..Filter::default() };
    let listed = Store::list(&*store, &engine_namespace(), &open, None, Limit::new(10)).unwrap();
    assert_eq!(listed.grants.iter().map(GrantId::as_str).collect::<Vec<_>>(), ["g000"]);
}

fn engine_namespace() -> Namespace {
    Namespace::new("default").unwrap()
}
