//! The library under test: a port on a store, with a clock that stands until it is set.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tenure::tenure_core::id::CommandId;
use tenure::{Engine, Fault, GrantId, Ids, ManualClock, MemoryStore, StoreFault, Timestamp, View};
use tenure_port::{Answer, Call, Port};

/// The library under test.
pub struct Subject {
    clock: Arc<ManualClock>,
    store: Arc<MemoryStore>,
    engine: Engine,
    port: Port,
    made_up: Arc<AtomicU64>,
}

impl Subject {
    /// An empty store at that time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        let clock = Arc::new(ManualClock::at(now));
        let store = Arc::new(MemoryStore::with_clock(clock.clone()));
        Self::over(clock, store, Arc::default())
    }

    fn over(clock: Arc<ManualClock>, store: Arc<MemoryStore>, made_up: Arc<AtomicU64>) -> Self {
        let engine = || Engine::over(store.clone()).with_ids(Counted(made_up.clone()));
        Self { engine: engine(), port: Port::new(engine()), clock, store, made_up }
    }

    /// Answers a call while the store's clock shows that time.
    pub fn answer(&self, clock: Timestamp, call: Call) -> Answer {
        self.clock.set(clock);
        self.port.answer(call)
    }

    /// A grant as it stands when the store's clock shows that time and a host asks at `now`.
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

    /// Closes the store and opens it again from its bytes.
    ///
    /// # Errors
    /// What the store says where it cannot be read back.
    pub fn restart(&mut self) -> Result<(), StoreFault> {
        let bytes = self.store.to_bytes()?;
        let store = MemoryStore::from_bytes(&bytes, self.clock.clone(), &tenure::compile)?;
        *self = Self::over(self.clock.clone(), Arc::new(store), self.made_up.clone());
        Ok(())
    }
}

/// Command ids for the library's own work, the same in every run.
struct Counted(Arc<AtomicU64>);

impl Ids for Counted {
    fn next(&self) -> Result<CommandId, Fault> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let id = CommandId::new(format!("own-{number}"));
        id.map_err(|error| Fault::BadId { which: "command id", why: error.to_string() })
    }
}
