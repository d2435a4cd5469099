//! The suite that every store must pass, on files.

#![expect(clippy::unwrap_used, reason = "these are tests: a panic is how they fail")]

use std::sync::Arc;

use tempfile::TempDir;
use tenure_sqlite::SqliteStore;
use tenure_store::suite::{self, House};
use tenure_store::{Compile, ManualClock, StoreFault};

/// A folder with a file for each store.
struct Files {
    folder: TempDir,
    opened: std::cell::Cell<u32>,
}

impl House for Files {
    type Kept = SqliteStore;

    fn open(&self, clock: Arc<ManualClock>) -> SqliteStore {
        self.opened.set(self.opened.get() + 1);
        SqliteStore::open_with(self.folder.path().join(format!("{}.db", self.opened.get())), clock).unwrap()
    }

    fn reopen(
        &self,
        kept: SqliteStore,
        clock: Arc<ManualClock>,
        compile: Arc<dyn Compile>,
    ) -> Result<SqliteStore, StoreFault> {
        let path = kept.path().to_owned();
        drop(kept);
        let store = SqliteStore::open_with(path, clock)?;
        tenure_store::Store::compile_with(&store, compile);
        Ok(store)
    }
}

#[test]
fn the_store_in_a_file_passes_the_suite() {
    let folder = TempDir::new().unwrap();
    suite::run(&Files { folder, opened: std::cell::Cell::new(0) });
}
