//! The bare loop: rows that an engine wrote, inserted again into an empty file of the same layout.

use std::path::Path;
use std::time::Instant;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use tenure::SqliteStore;

/// Each table, and an order of its rows that comes near the one in which they were written.
const TABLES: [(&str, &str); 7] = [
    ("word", "key"),
    ("grants", "key"),
    ("open_on", "holding"),
    ("span", "holding"),
    ("awaited", "person"),
    ("record", "place"),
    ("receipt", "key"),
];

struct Table {
    insert: String,
    rows: Vec<Vec<Value>>,
}

/// Commands a second whose rows are inserted, so many commands in one transaction.
pub(crate) fn insert(from: &Path, into: &Path, commands: usize, batch: usize) -> f64 {
    let tables: Vec<Table> = TABLES.iter().map(|table| rows(from, *table)).collect();
    drop(SqliteStore::open(into).unwrap());
    let bare = Connection::open(into).unwrap();
    // Those of the store.
    bare.pragma_update(None, "synchronous", "FULL").unwrap();
    bare.pragma_update(None, "cache_size", -65_536).unwrap();
    bare.pragma_update_and_check(None, "wal_autocheckpoint", 4_000, |_| Ok(())).unwrap();
    bare.pragma_update_and_check(None, "secure_delete", true, |_| Ok(())).unwrap();
    bare.execute(
        "INSERT INTO namespace (name, latest, records, documents, peaks) VALUES ('default', 0, 0, 0, x'')",
        [],
    )
    .unwrap();
    let begun = Instant::now();
    for first in (0..commands).step_by(batch) {
        bare.prepare_cached("BEGIN IMMEDIATE").unwrap().execute([]).unwrap();
        for command in first..(first + batch).min(commands) {
            for table in &tables {
                let all = table.rows.len();
                let mut insert = bare.prepare_cached(&table.insert).unwrap();
                for row in &table.rows[command * all / commands..(command + 1) * all / commands] {
                    insert.execute(params_from_iter(row)).unwrap();
                }
            }
        }
        bare.prepare_cached("UPDATE namespace SET records = ?").unwrap().execute([first as i64]).unwrap();
        bare.prepare_cached("COMMIT").unwrap().execute([]).unwrap();
    }
    commands as f64 / begun.elapsed().as_secs_f64()
}

fn rows(from: &Path, (table, order): (&str, &str)) -> Table {
    let connection = Connection::open(from).unwrap();
    // Without those that are made of others.
    let mut info = connection.prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).unwrap();
    let names: Vec<String> = info.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let (columns, names) = (names.len(), names.join(", "));
    let mut select = connection.prepare(&format!("SELECT {names} FROM {table} ORDER BY {order}")).unwrap();
    let marks = vec!["?"; columns].join(", ");
    let mut found = select.query([]).unwrap();
    let mut rows = Vec::new();
    while let Some(row) = found.next().unwrap() {
        rows.push((0..columns).map(|column| row.get(column).unwrap()).collect());
    }
    Table { insert: format!("INSERT INTO {table} ({names}) VALUES ({marks})"), rows }
}
