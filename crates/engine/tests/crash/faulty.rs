//! A store that fails as it is told to, at the moments at which a store can fail.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tenure::tenure_core::id::{CommandId, GrantId, Namespace};
use tenure::tenure_core::query::Held;
use tenure::tenure_core::record::Record;
use tenure::tenure_core::record::leaf::Leaf;
use tenure::tenure_core::record::tree::{Hash, Node};
use tenure::tenure_core::world::{Read, Receipt, World};
use tenure::tenure_store::{
    Awaited, AwaitedAt, Compile, Filter, Holding, HoldsAsk, Limit, Listed, Place, Plan, Turn, WhoAsk, Write,
};
use tenure::{SqliteStore, Store, StoreFault, Timestamp};

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

impl Store for Faulty {
    fn clock(&self) -> Timestamp {
        self.store.clock()
    }

    fn compile_with(&self, compile: Arc<dyn Compile>) {
        self.store.compile_with(compile);
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

    fn view(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        self.store.view(ns, plan)
    }

    fn holds(&self, ns: &Namespace, ask: HoldsAsk<'_>, now: Timestamp) -> Result<Option<Held>, StoreFault> {
        self.store.holds(ns, ask, now)
    }

    fn who_has(
        &self,
        ns: &Namespace,
        ask: WhoAsk<'_>,
        at: Timestamp,
        after: Option<&Holding>,
        limit: Limit,
    ) -> Result<Vec<Holding>, StoreFault> {
        self.store.who_has(ns, ask, at, after, limit)
    }

    fn due(
        &self,
        ns: &Namespace,
        until: Timestamp,
        after: Option<&Awaited>,
        limit: Limit,
    ) -> Result<Vec<Awaited>, StoreFault> {
        self.store.due(ns, until, after, limit)
    }

    fn ready(
        &self,
        ns: &Namespace,
        place: Place<'_>,
        until: Timestamp,
        after: Option<&Awaited>,
        limit: Limit,
    ) -> Result<Vec<Awaited>, StoreFault> {
        self.store.ready(ns, place, until, after, limit)
    }

    fn ready_places(
        &self,
        ns: &Namespace,
        until: Timestamp,
        after: Option<&AwaitedAt>,
        limit: Limit,
    ) -> Result<Vec<AwaitedAt>, StoreFault> {
        self.store.ready_places(ns, until, after, limit)
    }

    fn list(
        &self,
        ns: &Namespace,
        filter: &Filter,
        after: Option<&GrantId>,
        limit: Limit,
    ) -> Result<Listed, StoreFault> {
        self.store.list(ns, filter, after, limit)
    }

    fn records(&self, ns: &Namespace, after: u64, limit: Limit) -> Result<Vec<Arc<Record>>, StoreFault> {
        self.store.records(ns, after, limit)
    }

    fn history(
        &self,
        ns: &Namespace,
        grant: &GrantId,
        after: u64,
        limit: Limit,
    ) -> Result<Vec<Arc<Record>>, StoreFault> {
        self.store.history(ns, grant, after, limit)
    }

    fn size(&self, ns: &Namespace) -> Result<u64, StoreFault> {
        self.store.size(ns)
    }

    fn nodes(&self, ns: &Namespace, wanted: &[Node]) -> Result<Vec<Hash>, StoreFault> {
        self.store.nodes(ns, wanted)
    }

    fn leaves(&self, ns: &Namespace, after: u64, limit: Limit) -> Result<Vec<Arc<Leaf>>, StoreFault> {
        self.store.leaves(ns, after, limit)
    }

    fn receipt(&self, ns: &Namespace, command: &CommandId) -> Result<Option<Arc<Receipt>>, StoreFault> {
        self.store.receipt(ns, command)
    }
}
