//! A store that fails as it is told to, at the moments at which a store can fail.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tenure::tenure_core::id::Namespace;
use tenure::tenure_core::world::{Read, World};
use tenure::tenure_store::suite::Through;
use tenure::tenure_store::{Plan, Turn, Write};
use tenure::{SqliteStore, Store, StoreFault};

/// How a transaction fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Others hold the store.
    Busy,
    /// Everything was written, and before the commit something breaks.
    BeforeCommit,
    /// It was committed, and the answer is lost.
    AfterCommit,
    /// The answer is lost, and the commit comes later.
    LateCommit,
    /// The answer is lost, and the commit never comes.
    NoCommit,
}

pub(crate) const ALL: [Trouble; 5] =
    [Trouble::Busy, Trouble::BeforeCommit, Trouble::AfterCommit, Trouble::LateCommit, Trouble::NoCommit];

pub(crate) struct Faulty {
    store: Arc<SqliteStore>,
    next: Mutex<Option<Trouble>>,
    /// A commit that is on its way: whoever writes next waits for it, as for any writer.
    late: Mutex<Option<JoinHandle<()>>>,
}

impl Faulty {
    pub(crate) fn new(store: Arc<SqliteStore>) -> Self {
        Self { store, next: Mutex::default(), late: Mutex::default() }
    }

    /// The next transaction fails so.
    pub(crate) fn fail(&self, trouble: Option<Trouble>) {
        *self.next.lock().unwrap() = trouble;
    }

    /// What a plan would write, without writing it.
    fn decided(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<Vec<Write>, StoreFault> {
        let mut captured = Captured { plan, writes: Vec::new() };
        self.store.view(ns, &mut captured)?;
        Ok(captured.writes)
    }
}

struct Captured<'p> {
    plan: &'p mut dyn Plan,
    writes: Vec<Write>,
}

impl Plan for Captured<'_> {
    fn start(&mut self) {
        self.writes.clear();
        self.plan.start();
    }

    fn turn(&mut self, world: &World) -> Turn {
        match self.plan.turn(world) {
            Turn::Decided(write) => {
                self.writes.extend(write.map(|write| *write));
                Turn::Decided(None)
            }
            turn @ (Turn::Read(_) | Turn::Over) => turn,
        }
    }
}

/// Writes what was decided before.
struct Later {
    writes: Vec<Write>,
    next: usize,
}

impl Plan for Later {
    fn start(&mut self) {
        self.next = 0;
    }

    fn turn(&mut self, _: &World) -> Turn {
        let Some(write) = self.writes.get(self.next) else { return Turn::Over };
        self.next += 1;
        Turn::Decided(Some(Box::new(write.clone())))
    }
}

/// Breaks once everything was written: it asks again for what it was given, which no store puts up with.
struct Breaking<'p>(&'p mut dyn Plan);

impl Plan for Breaking<'_> {
    fn start(&mut self) {
        self.0.start();
    }

    fn turn(&mut self, world: &World) -> Turn {
        match self.0.turn(world) {
            Turn::Over => Turn::Read(vec![Read::Latest]),
            turn @ (Turn::Read(_) | Turn::Decided(_)) => turn,
        }
    }
}

impl Through for Faulty {
    type To = SqliteStore;

    fn to(&self) -> &SqliteStore {
        &self.store
    }

    fn transact(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        let late = self.late.lock().unwrap().take();
        if let Some(late) = late {
            late.join().unwrap();
        }
        let trouble = self.next.lock().unwrap().take();
        match trouble {
            None => self.store.transact(ns, plan),
            Some(Trouble::Busy) => Err(StoreFault::Busy),
            Some(Trouble::BeforeCommit) => {
                let broken = self.store.transact(ns, &mut Breaking(plan)).unwrap_err();
                assert!(matches!(broken, StoreFault::Broken(_)), "{broken}");
                Err(broken)
            }
            Some(Trouble::AfterCommit) => {
                self.store.transact(ns, plan)?;
                Err(StoreFault::InDoubt)
            }
            Some(Trouble::LateCommit) => {
                let mut later = Later { writes: self.decided(ns, plan)?, next: 0 };
                let (store, ns) = (self.store.clone(), ns.clone());
                *self.late.lock().unwrap() = Some(std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(3));
                    store.transact(&ns, &mut later).unwrap();
                }));
                Err(StoreFault::InDoubt)
            }
            Some(Trouble::NoCommit) => {
                self.decided(ns, plan)?;
                Err(StoreFault::InDoubt)
            }
        }
    }
}
