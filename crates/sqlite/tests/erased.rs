//! What is erased is gone from the disk, too: from the file, and from the log beside it.

#![expect(clippy::unwrap_used, reason = "these are tests: a panic is how they fail")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use tempfile::TempDir;
use tenure_core::command::{Erase, Request, Verb};
use tenure_sqlite::SqliteStore;
use tenure_store::suite::House;
use tenure_store::suite::cast::person;
use tenure_store::suite::story::{Story, accepted, actor, id, request, system, view};
use tenure_store::{Compile, ManualClock, StoreFault};

/// One file.
struct OneFile(PathBuf);

impl House for OneFile {
    type Kept = SqliteStore;

    fn open(&self, clock: Arc<ManualClock>) -> SqliteStore {
        SqliteStore::open_with(&self.0, clock).unwrap()
    }

    fn reopen(
        &self,
        kept: SqliteStore,
        _: Arc<ManualClock>,
        _: Arc<dyn Compile>,
    ) -> Result<SqliteStore, StoreFault> {
        Ok(kept)
    }
}

/// Alice has had `g1`, for a reason that she wrote down.
fn told(story: &mut Story<'_, OneFile>) {
    let alice = person("alice");
    let Verb::Request(ask) = request("g1", "automatic", &["pg/orders/read"], None) else { return };
    let reason = Some("an illness that is nobody's business".to_owned());
    view(story.give(&actor(&alice), Verb::Request(Box::new(Request { reason, ..*ask }))));
    view(story.give_back(&alice, "g1"));
    while let Some(handed) = story.take(&alice.id, None, tenure_core::time::Span::minutes(1)) {
        accepted(story.done(&handed));
    }
}

/// What stands on the disk of that reason, as it is packed: beside the records, in the grant, in the answers.
fn written(path: &Path) -> Vec<Vec<u8>> {
    let file = Connection::open(path).unwrap();
    let sql = "SELECT written FROM record WHERE written IS NOT NULL UNION SELECT state FROM grants \
               UNION SELECT body FROM receipt WHERE key IN (2, 3)";
    let mut statement = file.prepare(sql).unwrap();
    let found = statement.query_map([], |row| row.get(0)).unwrap();
    found.collect::<Result<_, _>>().unwrap()
}

/// How many of these still stand in the file, and in its log.
fn there(path: &Path, pieces: &[Vec<u8>]) -> (usize, usize) {
    let count = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        let stands = |piece: &&Vec<u8>| bytes.windows(piece.len()).any(|window| window == &***piece);
        pieces.iter().filter(stands).count()
    };
    (count(path), count(&path.with_extension("db-wal")))
}

#[test]
fn nothing_that_was_erased_stays_in_the_file_or_in_its_log() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store.db");
    let house = OneFile(path.clone());
    let mut story = Story::begin(&house);
    told(&mut story);
    let pieces = written(&path);
    assert!(pieces.len() >= 3, "a record, a grant and an answer");
    assert_eq!(there(&path, &pieces).1, pieces.len());

    accepted(story.give(&system(), Verb::Erase(Erase { grant: id("g1") })));
    assert_eq!(there(&path, &pieces), (0, 0));
}

#[test]
fn whoever_reads_meanwhile_keeps_an_erasure_from_the_log_and_not_from_being_made() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store.db");
    let house = OneFile(path.clone());
    let mut story = Story::begin(&house);
    told(&mut story);
    let pieces = written(&path);
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM record").unwrap();

    accepted(story.give(&system(), Verb::Erase(Erase { grant: id("g1") })));
    let reason = story.stored(&id("g1")).unwrap().origin.reason.clone();
    assert_eq!(reason.as_deref(), Some("[erased]"), "whoever asks now is told nothing");
    assert_eq!(there(&path, &pieces).1, pieces.len(), "the reader's snapshot is in the log");
    drop(reader);
    view(story.request(&person("alice"), "g2", "automatic", &["pg/orders/read"]));
    assert_eq!(there(&path, &pieces), (0, 0), "the next commit has emptied it");
}
