//! The same of a store in a database.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value as Json;
use tenure::tenure_policy::document::Format;
use tenure::{Engine, GiveBack, LogKey, Person, Policy, PostgresStore, Request, ResourceId, Span};
use tenure_postgres::cluster::{Cluster, or_not_run};
use tenure_postgres::scratch::Database;

use crate::{code, err, out};

pub(crate) const POLICY: &str = "
version: 1
flows:
  - id: db
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read]}]
    duration: {max: 1h}
    approval: automatic
";

/// A database of a throw-away cluster, and a folder.
pub(crate) struct There {
    pub(crate) database: Database,
    pub(crate) url: String,
    folder: PathBuf,
}

impl There {
    pub(crate) fn of(test: &str, cluster: &Cluster) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("database-{test}"));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let database = cluster.database().unwrap();
        Self { url: cluster.url(database.name()), database, folder }
    }

    pub(crate) fn engine(&self) -> Engine {
        let engine = Engine::new(PostgresStore::open(&self.url).unwrap());
        if engine.records(0, 1).unwrap().is_empty() {
            let policy = Policy::from_text(POLICY, Format::Yaml).unwrap();
            engine.publish(&policy, person("admin"), engine.clock()).unwrap();
        }
        engine
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_tenure")).args(args).current_dir(&self.folder).output().unwrap()
    }

    /// What it says where all is well.
    pub(crate) fn says(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(code(&output), Some(0), "{args:?}: {}{}", out(&output), err(&output));
        out(&output)
    }

    pub(crate) fn holds(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.folder.join(name), text).unwrap();
    }
}

pub(crate) fn person(name: &str) -> Person {
    Person::new(name.parse().unwrap())
}

pub(crate) fn orders() -> ResourceId {
    ResourceId { integration: "pg".parse().unwrap(), kind: "db".into(), name: "orders".into() }
}

/// A grant that runs, of which targets have confirmed all.
pub(crate) fn night(engine: &Engine, grant: &str, who: &str) {
    let ask = Request::new("db", person(who)).item(orders().permission("read")).grant(grant);
    engine.request(ask, engine.clock()).unwrap();
    deliver(engine);
}

fn deliver(engine: &Engine) {
    for effect in engine.take_effects("w", Span::minutes(1), engine.clock()).unwrap() {
        engine.effect_done(effect.id, engine.clock()).unwrap();
    }
}

#[test]
fn a_database_is_read_like_a_file() {
    let Some(cluster) = or_not_run(Cluster::shared(), "the past") else { return };
    let there = There::of("past", cluster);
    let url = &*there.url;
    let nothing = there.run(&["log", url]);
    assert_eq!(code(&nothing), Some(2));
    assert!(err(&nothing).contains("holds no store of tenure"), "{}", err(&nothing));

    let engine = there.engine();
    night(&engine, "night", "maria");
    let log = there.says(&["log", url]);
    assert!(log.contains("a policy is put in force") && log.contains("maria"), "{log}");
    assert!(there.says(&["list", url]).contains("night"));
    assert!(there.says(&["who-has", "pg/db/orders", url]).contains("maria"));
    assert_eq!(there.says(&["doctor", url]).matches('✓').count(), 7);
    let other = there.run(&["list", url, "--namespace", "acm"]);
    assert_eq!(code(&other), Some(2), "{}", out(&other));
    assert!(err(&other).contains("no namespace `acm` here; there are `default`"), "{}", err(&other));

    let held = "{\"holder\": \"maria\", \"integration\": \"pg\", \"type\": \"db\", \"name\": \"orders\", \"permission\": \"read\"}\n";
    there.holds("held.jsonl", held);
    assert!(there.says(&["reconcile", url, "held.jsonl"]).starts_with("✓ 1 item held as it should be"));
    there.holds("held.jsonl", held.replace("maria", "jonas"));
    let differs = there.run(&["reconcile", url, "held.jsonl"]);
    assert_eq!(code(&differs), Some(1));
    assert!(
        out(&differs).contains("held, not granted: jonas")
            && out(&differs).contains("granted, not held: maria")
    );

    // What is over is compacted, and answered as before.
    engine.give_back(GiveBack::new("night", person("maria")), engine.clock()).unwrap();
    deliver(&engine);
    let signer = LogKey::new("audit.example.com", &[7; 32]);
    there.holds("kept.note", engine.checkpoint(&signer, engine.clock()).unwrap());
    let key = engine.verifier_key(&signer).unwrap().to_string();
    let answers =
        || [there.says(&["log", url]), there.says(&["list", url]), there.says(&["audit", "export", url])];
    let before = answers();
    let compact = || there.says(&["compact", url, "--before", "2100-01-01T00:00:00Z", "--json"]);
    assert!(compact().contains("\"compacted\": 1"));
    assert!(compact().contains("\"compacted\": 0"), "once");
    assert_eq!(there.database.texts("SELECT state FROM tenure.grants").unwrap(), [""]);
    assert_eq!(answers(), before);
    there.holds("record.jsonl", &before[2]);
    there.says(&["audit", "verify", "record.jsonl", "--key", &key, "--checkpoint", "kept.note"]);
    assert_eq!(there.says(&["doctor", url]).matches('✓').count(), 7);
    let backup = there.run(&["backup", url, "copy.db"]);
    assert_eq!(code(&backup), Some(2));
    assert!(err(&backup).contains("pg_dump") && !there.folder.join("copy.db").exists(), "{}", err(&backup));
}

/// A line that nobody can read.
const LINE: &str = "INSERT INTO tenure.pending (ns, ordered, tx, number, draft, salt) SELECT key, 1, 't', 0, '{}', '\\x00' \
        FROM tenure.namespace";

/// What is done to a store, in which part it is found, and in which words.
const HARMS: &[(&str, usize, &str)] = &[
    ("DELETE FROM tenure.record WHERE position = 2", 0, "record 2 is missing"),
    (
        "DELETE FROM tenure.record WHERE position = (SELECT max(position) FROM tenure.record)",
        0,
        "were sealed",
    ),
    ("UPDATE tenure.record SET leaf = replace(leaf, 'maria', 'marie')", 0, "is not the one that was sealed"),
    ("UPDATE tenure.record SET about = 'day' WHERE about = 'night'", 0, "under another grant"),
    (
        "UPDATE tenure.seal SET peaks = decode(repeat('00', length(peaks)), 'hex')",
        0,
        "the tree ends elsewhere",
    ),
    (LINE, 1, "lines that cannot be read, or stand behind such a line: 1;"),
    ("UPDATE tenure.grants SET state = '{}' WHERE id = 'night'", 2, "grant `night` cannot be read"),
    ("UPDATE tenure.grants SET state = replace(state, 'maria', 'marie')", 2, "not what its events lead to"),
    (
        "UPDATE tenure.grants SET open = NOT open WHERE id = 'day'",
        2,
        "grant `day`: its row says something else",
    ),
    (
        "DELETE FROM tenure.open_on WHERE holding = 'night' AND kind = 3",
        3,
        "grant `night` is open and not found",
    ),
    ("INSERT INTO tenure.open_on SELECT ns, 3, 'x', 'day' FROM tenure.seal", 3, "a grant is found as open"),
    ("UPDATE tenure.span SET since = since - 1 WHERE holding = 'day'", 4, "grant `day`: who holds"),
    (
        "INSERT INTO tenure.span SELECT ns, 'x', 'y', 1, 'z', 0, NULL FROM tenure.seal",
        4,
        "somebody is said to hold",
    ),
    (
        "UPDATE tenure.awaited SET at = at + 1 WHERE place = 'due' AND person = 'maria'",
        5,
        "`maria`: what is said",
    ),
    ("DELETE FROM tenure.name WHERE text = 'jonas'", 5, "`jonas`: what is said to come due"),
    (
        "INSERT INTO tenure.awaited SELECT ns, 'x', 'due', 1 FROM tenure.seal",
        5,
        "come due of nobody's grants",
    ),
];

const KEPT: &str = "CREATE SCHEMA kept; CREATE TABLE kept.record AS TABLE tenure.record; CREATE TABLE kept.grants AS TABLE tenure.grants; \
            CREATE TABLE kept.open_on AS TABLE tenure.open_on; CREATE TABLE kept.span AS TABLE tenure.span; \
            CREATE TABLE kept.awaited AS TABLE tenure.awaited; CREATE TABLE kept.seal AS TABLE tenure.seal; \
            CREATE TABLE kept.name AS TABLE tenure.name; CREATE TABLE kept.pending AS TABLE tenure.pending";

#[test]
fn the_doctor_of_a_database_finds_what_does_not_fit() {
    let Some(cluster) = or_not_run(Cluster::shared(), "the doctor") else { return };
    let there = There::of("doctor", cluster);
    let (engine, url) = (there.engine(), &*there.url);
    night(&engine, "night", "maria");
    night(&engine, "day", "jonas");
    let ask = Request::new("db", person("bert")).item(orders().permission("read")).grant("slow");
    engine.request(ask, engine.clock()).unwrap();
    engine.give_back(GiveBack::new("slow", person("bert")), engine.clock()).unwrap();
    let well = there.run(&["doctor", url]);
    assert_eq!(code(&well), Some(0), "{}", out(&well));
    assert!(out(&well).contains("○ slow since") && out(&well).contains("not yet removed"), "{}", out(&well));
    engine.records(0, 1).unwrap();

    for (harm, part, words) in HARMS {
        there.database.sql(KEPT).unwrap();
        there.database.sql(harm).unwrap();
        let found = there.run(&["doctor", url, "--json"]);
        let said: Json = serde_json::from_str(&out(&found)).unwrap();
        assert_eq!(code(&found), Some(1), "{harm}: {said:#}");
        let wrong = said["parts"][*part]["wrong"].as_str().unwrap_or_default();
        assert!(wrong.contains(words), "{harm}: {said:#}");
        for table in ["record", "grants", "open_on", "span", "awaited", "seal", "name", "pending"] {
            let back =
                format!("DELETE FROM tenure.{table}; INSERT INTO tenure.{table} SELECT * FROM kept.{table}");
            there.database.sql(&back).unwrap();
        }
        there.database.sql("DROP SCHEMA kept CASCADE").unwrap();
    }
    assert_eq!(code(&there.run(&["doctor", url])), Some(0));
}

#[test]
fn stories_are_told_on_a_database() {
    let Some(cluster) = or_not_run(Cluster::shared(), "stories through the binary") else { return };
    let there = There::of("stories", cluster);
    let url = &*there.url;
    there.database.sql("DROP SCHEMA IF EXISTS tenure CASCADE").unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let story = examples.join("stories/incident.yaml");
    let story = story.to_str().unwrap();
    let on = |verb: &str, store: &str| there.says(&[verb, "--store", store, story]);
    assert_eq!(on("test", url), on("test", "memory"));
    assert_eq!(on("play", url), on("play", "sqlite"));
    assert!(on("test", url).contains("1 scenario holds"));
    // The database that was made for it is gone, and nothing was made in the one beside it.
    let left = "SELECT datname::text FROM pg_database WHERE datname ~ 'tenure_scratch' AND datname <> current_database()";
    let ours = format!("tenure_scratch_{}_", std::process::id());
    let left = there.database.texts(left).unwrap();
    assert!(left.iter().all(|name| name.starts_with(&ours)), "{left:?}");
    assert_eq!(there.database.texts("SELECT 'x' WHERE to_regclass('tenure.layout') IS NULL").unwrap(), ["x"]);
    let nowhere = there.run(&["test", "--store", "postgres://postgres@127.0.0.1:1/x", story]);
    assert_eq!(code(&nowhere), Some(2), "{}{}", out(&nowhere), err(&nowhere));
    let nowhere = there.run(&["test", "--store", "postgres://u:secret@127.0.0.1:1/x", story]);
    let said = out(&nowhere);
    assert!(said.contains("the database `x` at 127.0.0.1:1") && !said.contains("secret"), "{said}");
}
