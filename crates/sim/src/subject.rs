//! The library under test: a port on a store, with a clock that stands until it is set.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tenure::tenure_core::grant::Grant;
use tenure::tenure_core::id::CommandId;
use tenure::tenure_core::world::{Read, World};
use tenure::tenure_store::Limit;
use tenure::tenure_store::plan::{Question, unread};
use tenure::{Engine, Fault, GrantId, Ids, ManualClock, MemoryStore, Namespace, Record, Store, StoreFault};
use tenure::{Timestamp, View};
use tenure_port::{Answer, Call, Port};

/// Which store the library keeps everything in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum StoreKind {
    /// In memory; closed to bytes and opened from them again.
    #[default]
    Memory,
}

/// The library under test.
pub struct Subject {
    clock: Arc<ManualClock>,
    kept: Kept,
    namespace: Namespace,
    engine: Engine,
    port: Port,
    made_up: Arc<AtomicU64>,
}

/// A store that can be closed and opened again.
enum Kept {
    Memory(Arc<MemoryStore>),
}

impl Kept {
    fn empty(kind: StoreKind, clock: &Arc<ManualClock>) -> Self {
        match kind {
            StoreKind::Memory => Self::Memory(Arc::new(MemoryStore::with_clock(clock.clone()))),
        }
    }

    fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(store) => store.clone(),
        }
    }

    fn reopened(&self, clock: &Arc<ManualClock>) -> Result<Self, StoreFault> {
        match self {
            Self::Memory(store) => {
                let store = MemoryStore::from_bytes(&store.to_bytes()?, clock.clone(), &tenure::compile)?;
                Ok(Self::Memory(Arc::new(store)))
            }
        }
    }
}

impl Subject {
    /// An empty store in memory at that time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self::on(StoreKind::Memory, now)
    }

    /// An empty store of that kind at that time.
    ///
    /// # Panics
    /// Never: `default` is an id.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a constant is an id or is not, and every test says that it is")]
    pub fn on(kind: StoreKind, now: Timestamp) -> Self {
        let clock = Arc::new(ManualClock::at(now));
        let namespace = Namespace::new("default").expect("`default` is an id");
        Self::over(Kept::empty(kind, &clock), clock, namespace, Arc::default())
    }

    fn over(kept: Kept, clock: Arc<ManualClock>, namespace: Namespace, made_up: Arc<AtomicU64>) -> Self {
        let engine = || Engine::over(kept.store()).with_ids(Counted(made_up.clone()));
        Self { engine: engine(), port: Port::new(engine()), clock, kept, namespace, made_up }
    }

    /// Answers a call while the store's clock shows that time.
    pub fn answer(&self, clock: Timestamp, call: Call) -> Answer {
        self.clock.set(clock);
        self.port.answer(call)
    }

    /// A grant as it stands at that time, while the store's clock shows that other.
    #[must_use]
    pub fn look(&self, clock: Timestamp, grant: &GrantId, now: Timestamp) -> Option<View> {
        self.clock.set(clock);
        self.engine.look(grant, now).ok().flatten()
    }

    /// The same store through the Rust door, to look at what it holds.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Records after that position, all of them.
    ///
    /// # Errors
    /// What the store says.
    pub fn records(&self, after: u64) -> Result<Vec<Arc<Record>>, StoreFault> {
        let store = self.kept.store();
        let page = Limit::new(Limit::MAX);
        let mut records = store.records(&self.namespace, after, page)?;
        let mut full = records.len() == page.get();
        while let Some(last) = records.last().filter(|_| full) {
            let more = store.records(&self.namespace, last.position, page)?;
            full = more.len() == page.get();
            records.extend(more);
        }
        Ok(records)
    }

    /// These grants as they are stored, not settled.
    ///
    /// # Errors
    /// What the store says.
    pub fn stored(&self, ids: &[GrantId]) -> Result<BTreeMap<GrantId, Arc<Grant>>, StoreFault> {
        let mut found = BTreeMap::new();
        if ids.is_empty() {
            return Ok(found);
        }
        let needs = |world: &World| unread(ids.iter().cloned().map(Read::Grant).collect(), world);
        let mut question = Question::new(needs, |world: &World| found.clone_from(&world.grants));
        self.kept.store().view(&self.namespace, &mut question)?;
        Ok(found)
    }

    /// Closes the store and opens it again from what it kept.
    ///
    /// # Errors
    /// What the store says where it cannot be read back.
    pub fn restart(&mut self) -> Result<(), StoreFault> {
        let kept = self.kept.reopened(&self.clock)?;
        *self = Self::over(kept, self.clock.clone(), self.namespace.clone(), self.made_up.clone());
        Ok(())
    }
}

/// Command ids for the library's own work, the same in every run.
struct Counted(Arc<AtomicU64>);

/// What the ids of the library's own commands begin with.
pub(crate) const OWN: &str = "own-";

impl Ids for Counted {
    fn next(&self) -> Result<CommandId, Fault> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let id = CommandId::new(format!("{OWN}{number}"));
        id.map_err(|error| Fault::BadId { which: "command id", why: error.to_string() })
    }
}
