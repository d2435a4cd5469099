//! A copy is of the store, and of nothing that stands about.

use std::fs;

use tempfile::TempDir;
use tenure_sqlite::SqliteStore;
use tenure_store::StoreFault;

#[test]
fn no_copy_is_made_beside_the_log_of_a_file_that_is_gone() {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(folder.path().join("store.db")).unwrap();
    let copy = folder.path().join("copy.db");
    for log in ["copy.db-wal", "copy.db-journal"].map(|name| folder.path().join(name)) {
        fs::write(&log, "what another store wrote").unwrap();
        let fault = store.backup(&copy, &mut |_, _| ()).unwrap_err();
        assert!(
            matches!(&fault, StoreFault::Broken(why) if why.contains("of a file that is gone")),
            "{fault}"
        );
        assert!(!copy.exists(), "no copy, and no part of one");
        fs::remove_file(&log).unwrap();
    }
    assert!(store.backup(&copy, &mut |_, _| ()).unwrap() > 0);
}
