//! The library under test: a port on a store, with a clock that stands until it is set.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;
use tenure::tenure_core::grant::Grant;
use tenure::tenure_core::id::CommandId;
use tenure::tenure_core::world::{Read, World};
use tenure::tenure_postgres::PostgresStore;
use tenure::tenure_postgres::cluster::Cluster;
use tenure::tenure_postgres::scratch::Database;
use tenure::tenure_store::Limit;
use tenure::tenure_store::plan::{Question, unread};
use tenure::{Engine, Fault, GrantId, Ids, ManualClock, MemoryStore, Namespace, Record, SqliteStore, Store};
use tenure::{StoreFault, Timestamp, View};
use tenure_port::{Answer, Call, Port};

/// Which store the library keeps everything in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum StoreKind {
    /// In memory; closed to bytes and opened from them again.
    #[default]
    Memory,
    /// In a SQLite file, which goes when the world is left.
    Sqlite,
    /// In a database of a PostgreSQL server that is started for this, and stops with it.
    Postgres,
}

impl StoreKind {
    /// Sees that there is what this store needs.
    ///
    /// # Errors
    /// In words, what this machine lacks.
    pub fn is_here(self) -> Result<(), &'static str> {
        match self {
            Self::Memory | Self::Sqlite => Ok(()),
            Self::Postgres => Cluster::shared().map(drop),
        }
    }
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
    /// In a file of that folder.
    Sqlite(Arc<SqliteStore>, TempDir),
    /// In that database. The store goes first.
    Postgres(Arc<PostgresStore>, Database),
}

impl Kept {
    fn in_memory(clock: &Arc<ManualClock>) -> Self {
        Self::Memory(Arc::new(MemoryStore::with_clock(clock.clone())))
    }

    fn in_file(folder: TempDir, clock: &Arc<ManualClock>) -> Result<Self, StoreFault> {
        let store = SqliteStore::open_with(folder.path().join("world.db"), clock.clone())?;
        Ok(Self::Sqlite(Arc::new(store), folder))
    }

    fn in_database(database: Database, clock: &Arc<ManualClock>) -> Result<Self, StoreFault> {
        let store = PostgresStore::open_scratch(&database, clock.clone())?;
        Ok(Self::Postgres(Arc::new(store), database))
    }

    fn empty(kind: StoreKind, clock: &Arc<ManualClock>) -> Result<Self, StoreFault> {
        match kind {
            StoreKind::Memory => Ok(Self::in_memory(clock)),
            StoreKind::Sqlite => {
                let folder = TempDir::with_prefix("tenure-sim-");
                Self::in_file(folder.map_err(|error| StoreFault::Broken(error.to_string()))?, clock)
            }
            StoreKind::Postgres => {
                let cluster = Cluster::shared().map_err(|why| StoreFault::Broken(why.to_owned()))?;
                Self::in_database(cluster.database().map_err(StoreFault::Broken)?, clock)
            }
        }
    }

    fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(store) => store.clone(),
            Self::Sqlite(store, _) => store.clone(),
            Self::Postgres(store, _) => store.clone(),
        }
    }

    fn reopened(self, clock: &Arc<ManualClock>) -> Result<Self, StoreFault> {
        match self {
            Self::Memory(store) => {
                let store = MemoryStore::from_bytes(&store.to_bytes()?, clock.clone(), &tenure::compile)?;
                Ok(Self::Memory(Arc::new(store)))
            }
            Self::Sqlite(store, folder) => {
                let open = || StoreFault::Broken("somebody still holds the file open".to_owned());
                drop(Arc::into_inner(store).ok_or_else(open)?);
                Self::in_file(folder, clock)
            }
            Self::Postgres(store, database) => {
                drop(store);
                Self::in_database(database, clock)
            }
        }
    }
}

impl Subject {
    /// An empty store in memory at that time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        let clock = Arc::new(ManualClock::at(now));
        Self::over(Kept::in_memory(&clock), clock, Arc::default())
    }

    /// An empty store of that kind at that time.
    ///
    /// # Errors
    /// What the store says where it cannot be made.
    pub fn on(kind: StoreKind, now: Timestamp) -> Result<Self, StoreFault> {
        let clock = Arc::new(ManualClock::at(now));
        Ok(Self::over(Kept::empty(kind, &clock)?, clock, Arc::default()))
    }

    #[expect(clippy::expect_used, reason = "a constant is an id or is not, and every test says that it is")]
    fn over(kept: Kept, clock: Arc<ManualClock>, made_up: Arc<AtomicU64>) -> Self {
        let namespace = Namespace::new("default").expect("`default` is an id");
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
        let (clock, made_up) = (self.clock.clone(), self.made_up.clone());
        // Whoever holds it open lets go of it first. What cannot be opened again holds nothing.
        let nothing = Self::over(Kept::in_memory(&clock), clock.clone(), made_up.clone());
        let Self { kept, .. } = std::mem::replace(self, nothing);
        *self = Self::over(kept.reopened(&clock)?, clock, made_up);
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
