//! A file of the layout before this one: opened, it is brought up to date, and all that it said before it says still.
//!
//! `format-2.db.zst` was written by the last version of that layout, with the commands of `story.rs`, and `told.zst` is
//! what it then said. The story is still played, into a new file, which says the same.

#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "these are tests: a panic is how they fail")]

mod story;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tenure::{ManualClock, SqliteStore};

use crate::story::{end, ns, play, tell};

/// What the file said when it was written.
fn told() -> String {
    String::from_utf8(zstd::decode_all(&include_bytes!("told.zst")[..]).unwrap()).unwrap()
}

/// The file of before, in a folder of its own.
fn before() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tenure.db");
    std::fs::write(&path, zstd::decode_all(&include_bytes!("format-2.db.zst")[..]).unwrap()).unwrap();
    (folder, path)
}

fn open(path: &Path) -> Arc<SqliteStore> {
    Arc::new(SqliteStore::open_with(path, Arc::new(ManualClock::at(end()))).unwrap())
}

fn format(path: &Path) -> u32 {
    let file = rusqlite::Connection::open(path).unwrap();
    file.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

fn is_whole(store: &SqliteStore) {
    for ns in ns() {
        let found = store.examine(&ns, &mut |_, _| {}).unwrap();
        assert!(found.parts.iter().all(|part| part.wrong.is_none()), "{ns}: {found:?}");
    }
}

/// What was told, but for fields that came since and have nothing in them.
fn same(tells: &str) {
    let told = told();
    let known = |line: &str| line.replace("fields: {}, ", "").replace("holder: None, ", "");
    for (line, (is, was)) in tells.lines().zip(told.lines()).enumerate() {
        assert_eq!(known(is), known(was), "line {}", line + 1);
    }
    assert_eq!(tells.lines().count(), told.lines().count());
}

#[test]
fn what_a_file_of_the_layout_before_said_it_says_when_it_was_brought_up_to_date() {
    let (_folder, path) = before();
    assert_eq!(format(&path), 2);
    let store = open(&path);
    assert_eq!(format(&path), 3);
    is_whole(&store);
    same(&tell(&store));
    drop(store);
    let again = open(&path);
    is_whole(&again);
    same(&tell(&again));
}

/// Whoever only looks at it, or copies it before it is brought up to date, changes nothing for the hosts of before.
#[test]
fn a_file_of_the_layout_before_that_is_looked_at_stays_as_it_was() {
    let (folder, path) = before();
    let was = std::fs::read(&path).unwrap();
    let looks = SqliteStore::look_at(&path).unwrap();
    let found = looks.examine(&ns()[0], &mut |_, _| {});
    assert!(found.unwrap_err().to_string().contains("copy it first"));
    let copy = folder.path().join("copy.db");
    looks.backup(&copy, &mut |_, _| {}).unwrap();
    drop(looks);
    assert!(std::fs::read(&path).unwrap() == was, "it is the same to the last byte");
    assert_eq!(format(&copy), 2);
    same(&tell(&open(&copy)));
}

/// Whoever brings it up to date and is ended half-way leaves the file as it was: what stands in the log counts from the
/// commit on. Then the next one does it.
#[test]
fn a_file_that_was_half_brought_up_to_date_is_as_it_was() {
    let (folder, path) = before();
    let whole = std::fs::read(&path).unwrap();
    let store = open(&path);
    // Nothing of the log is taken over into the file yet: this is what a machine leaves that is switched off.
    let log = std::fs::read(path.with_extension("db-wal")).unwrap();
    let half = folder.path().join("half.db");
    let mut formats = std::collections::BTreeSet::new();
    for eighths in 0..=8 {
        std::fs::write(&half, &whole).unwrap();
        std::fs::write(half.with_extension("db-wal"), &log[..log.len() / 8 * eighths + log.len() % 8])
            .unwrap();
        let _ = std::fs::remove_file(half.with_extension("db-shm"));
        formats.insert(format(&half));
        let again = open(&half);
        is_whole(&again);
        same(&tell(&again));
    }
    assert_eq!(formats.into_iter().collect::<Vec<_>>(), [2, 3]);
    drop(store);
}

/// What of it cannot be read stays so, and says so: the rest is brought up to date.
#[test]
fn what_could_not_be_read_before_cannot_be_read_after_and_all_else_can() {
    let (_folder, path) = before();
    let file = rusqlite::Connection::open(&path).unwrap();
    let damage = "UPDATE record SET leaf = zeroblob(90) WHERE place = (SELECT place FROM record WHERE about IS NOT NULL LIMIT 1);
                  UPDATE grants SET state = zeroblob(90) WHERE id = 'g3'";
    file.execute_batch(damage).unwrap();
    drop(file);
    let store = open(&path);
    let [ns, other] = ns();
    assert!(story::looks(&store, &ns, "g3").is_err());
    assert!(story::looks(&store, &ns, "g1").is_ok_and(|found| found));
    assert!(story::looks(&store, &other, "g1").is_ok_and(|found| found));
    let found = store.examine(&ns, &mut |_, _| {}).unwrap();
    let wrong = found.parts.iter().filter_map(|part| part.wrong.as_deref());
    assert!(
        wrong.clone().count() >= 2 && wrong.clone().all(|why| why.contains("not as it was written")),
        "{found:?}"
    );
}

#[test]
fn the_same_commands_on_a_new_file_say_the_same() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tenure.db");
    play(&path);
    let store = open(&path);
    is_whole(&store);
    same(&tell(&store));
}
