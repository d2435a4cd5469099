//! The suite that every store must pass, on databases of a throw-away cluster.

#![expect(clippy::unwrap_used, reason = "these are tests: a panic is how they fail")]

use std::sync::{Arc, Mutex};

use tenure_postgres::PostgresStore;
use tenure_postgres::cluster::{Cluster, or_not_run};
use tenure_postgres::scratch::Database;
use tenure_store::suite::{self, House};
use tenure_store::{Compile, ManualClock, Store as _, StoreFault};

/// A database for each store.
struct Databases {
    cluster: &'static Cluster,
    /// That of the store opened last: a story opens one.
    used: Mutex<Option<Database>>,
}

impl House for Databases {
    type Kept = PostgresStore;

    fn open(&self, clock: Arc<ManualClock>) -> PostgresStore {
        let database = self.cluster.database().unwrap();
        let store = PostgresStore::open_scratch(&database, clock).unwrap();
        let before = self.used.lock().unwrap().replace(database);
        drop(before);
        store
    }

    fn reopen(
        &self,
        kept: PostgresStore,
        clock: Arc<ManualClock>,
        compile: Arc<dyn Compile>,
    ) -> Result<PostgresStore, StoreFault> {
        drop(kept);
        let store = PostgresStore::open_scratch(self.used.lock().unwrap().as_ref().unwrap(), clock)?;
        store.compile_with(compile);
        Ok(store)
    }

    fn looks_every(&self) -> u32 {
        std::env::var("TENURE_LOOKS_EVERY").map_or(30, |every| every.parse().unwrap())
    }
}

#[test]
fn the_store_on_postgres_passes_the_suite() {
    if let Some(cluster) = or_not_run(Cluster::shared(), "the suite of stores") {
        suite::run(&Databases { cluster, used: Mutex::default() });
    }
}
