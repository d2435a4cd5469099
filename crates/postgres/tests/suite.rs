//! The suite that every store must pass, on databases of a throw-away cluster.

#![expect(clippy::unwrap_used, reason = "these are tests: a panic is how they fail")]

use std::sync::{Arc, Mutex};

use tenure_postgres::cluster::{Cluster, Database};
use tenure_postgres::{Options, PostgresStore};
use tenure_store::suite::{self, House};
use tenure_store::{Compile, ManualClock, Store as _, StoreFault};

/// A database for each store.
struct Databases {
    cluster: &'static Cluster,
    /// Those in use; the last one is that of the store opened last.
    used: Mutex<Vec<Database<'static>>>,
}

fn open(url: &str, clock: Arc<ManualClock>) -> Result<PostgresStore, StoreFault> {
    PostgresStore::open_with_clock(url, Options::default(), clock)
}

impl House for Databases {
    type Kept = PostgresStore;

    fn open(&self, clock: Arc<ManualClock>) -> PostgresStore {
        let database = self.cluster.database().unwrap();
        let store = open(&database.url(), clock).unwrap();
        // A story opens one store: the one before it is not used any more.
        let before = std::mem::replace(&mut *self.used.lock().unwrap(), vec![database]);
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
        let url = self.used.lock().unwrap().last().unwrap().url();
        let store = open(&url, clock)?;
        store.compile_with(compile);
        Ok(store)
    }

    fn looks_every(&self) -> u32 {
        std::env::var("TENURE_LOOKS_EVERY").map_or(30, |every| every.parse().unwrap())
    }
}

#[test]
fn the_store_on_postgres_passes_the_suite() {
    match Cluster::shared() {
        Ok(cluster) => suite::run(&Databases { cluster, used: Mutex::default() }),
        Err(why) => println!("not run: {why}"),
    }
}
