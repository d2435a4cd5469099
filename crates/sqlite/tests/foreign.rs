//! What else may stand in a file than what a store puts there.

use rusqlite::Connection;
use tempfile::TempDir;
use tenure_sqlite::SqliteStore;
use tenure_store::{Store as _, StoreFault};

/// Each would be asked in the place of a table, or would run unasked. A view may be one of which no query ever ends.
const FOREIGN: [&str; 3] = [
    "DROP TABLE namespace; CREATE VIEW namespace AS SELECT 1 AS key, 'default' AS name, 0 AS latest, 0 AS records, \
     0 AS documents, x'' AS peaks",
    "CREATE TRIGGER quietly AFTER INSERT ON record BEGIN UPDATE grants SET open = 1; END",
    "CREATE VIRTUAL TABLE anything USING fts5 (words)",
];

#[test]
fn i16_a_file_with_views_or_triggers_is_no_store() {
    for sql in FOREIGN {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("store.db");
        drop(SqliteStore::open(&path).unwrap());
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        for opened in [SqliteStore::open(&path), SqliteStore::open_existing(&path)] {
            let fault = opened.and_then(|store| store.size(&"default".parse().unwrap())).unwrap_err();
            assert!(
                matches!(&fault, StoreFault::Broken(why) if why.contains("views or triggers")),
                "{fault}"
            );
        }
    }
}
