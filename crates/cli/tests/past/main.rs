//! The past, as the binary tells it of a real file that a story was played in.

#![expect(clippy::unwrap_used, reason = "a test that cannot run the binary has failed")]

mod copies;
mod data;
mod database;
mod hosts;
mod keys;
mod looking;
mod moving;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value as Json;

/// A folder of its own for one test, and in it the file of a night on call.
struct Night(PathBuf);

impl Night {
    fn of(test: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("past-{test}"));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let night = Self(folder);
        let story = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/stories/incident.yaml");
        let played = night.run(&["play", "--file", "night.db", story.to_str().unwrap()]);
        assert_eq!(code(&played), Some(0), "{}", out(&played));
        night
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_tenure")).args(args).current_dir(&self.0).output().unwrap()
    }

    /// What it says where all is well.
    fn says(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(code(&output), Some(0), "{args:?}: {}{}", out(&output), err(&output));
        out(&output)
    }

    fn jsonl(&self, args: &[&str]) -> Vec<Json> {
        self.says(args).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

#[test]
fn the_log_tells_the_night_in_order() {
    let night = Night::of("log");
    let text = night.says(&["log", "night.db"]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains("a policy is put in force"), "{text}");
    assert!(
        lines[1].contains("2026-03-14T02:10:00.000Z  maria")
            && lines[1].contains("maria-orders: 1h asked for"),
        "{text}"
    );
    let records = night.jsonl(&["log", "night.db", "--format", "jsonl"]);
    assert_eq!(records.len(), lines.len(), "a line is a record");
    let positions: Vec<u64> = records.iter().map(|record| record["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, (1..=u64::try_from(lines.len()).unwrap()).collect::<Vec<_>>());
}

#[test]
fn the_log_is_narrowed_by_all_that_is_named() {
    let night = Night::of("log-filters");
    let refused = night.jsonl(&["log", "night.db", "--refused", "--format", "jsonl"]);
    assert!(refused.iter().all(|record| record["refused"].is_string()), "{refused:?}");
    let codes: Vec<&str> = refused.iter().map(|record| record["refused"].as_str().unwrap()).collect();
    assert!(codes.contains(&"extension.not_holder"), "{codes:?}");
    let all = night.jsonl(&["log", "night.db", "--format", "jsonl"]);
    let by_jonas = night.jsonl(&["log", "night.db", "--person", "jonas", "--format", "jsonl"]);
    let expected =
        all.iter().filter(|record| record["cause"]["actor"] == "jonas" || record["actor"] == "jonas");
    assert_eq!(by_jonas, expected.cloned().collect::<Vec<_>>());
    assert!(!by_jonas.is_empty() && by_jonas.len() < all.len());
    // Of what maria holds, what others did and what time did is hers too.
    let hers = night.jsonl(&["log", "night.db", "--person", "maria", "--format", "jsonl"]);
    assert!(hers.iter().any(|record| record["event"] == "approved") && hers.len() > by_jonas.len());
    let since = "2026-03-14T03:00:00Z";
    let late = night.jsonl(&["log", "night.db", "--since", since, "--format", "jsonl"]);
    let expected = all.iter().filter(|record| record["at"].as_str().unwrap() >= since);
    assert_eq!(late, expected.cloned().collect::<Vec<_>>());
    assert!(!late.is_empty() && late.len() < all.len());
    let flow = night.jsonl(&["log", "night.db", "--flow", "orders-db", "--format", "jsonl"]);
    assert!(flow.iter().all(|record| record["grant"] == "maria-orders") && !flow.is_empty(), "{flow:?}");
    assert_eq!(night.jsonl(&["log", "night.db", "--grant", "maria-orders", "--format", "jsonl"]), flow);
    assert_eq!(night.says(&["log", "night.db", "--flow", "none"]), "nothing of that is on record\n");
}

#[test]
fn the_log_as_a_table() {
    let night = Night::of("log-csv");
    let table = night.says(&["log", "night.db", "--grant", "maria-orders", "--format", "csv"]);
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("position,at,actor,command,grant,flow,holder,what,code,words"));
    let asked = lines.next().unwrap();
    assert!(asked.starts_with("2,2026-03-14T02:10:00.000Z,maria,"), "{asked}");
    assert!(asked.contains(",maria-orders,orders-db,maria,requested,,"), "{asked}");
}

#[test]
fn what_is_no_store_is_an_error_and_nothing_is_made() {
    let night = Night::of("no-store");
    std::fs::write(night.0.join("empty.db"), "").unwrap();
    std::fs::write(night.0.join("text.db"), "this is no database, however long it may be".repeat(50))
        .unwrap();
    for (args, words) in [
        (&["log", "nothing.db"][..], "there is no file `nothing.db`"),
        (&["log", "empty.db"], "no store of tenure"),
        (&["log", "text.db"], "`text.db`: "),
        (&["log", "."], "`.` is no file: a store is in a file"),
        (&["log", "night.db", "--namespace", ""], "namespace"),
        (&["log", "night.db", "--since", "yesterday"], "--since"),
    ] {
        let output = night.run(args);
        assert_eq!(code(&output), Some(2), "{args:?}");
        assert_eq!(out(&output), "", "{args:?}");
        assert!(err(&output).contains(words), "{args:?}: {}", err(&output));
    }
    assert!(!night.0.join("nothing.db").exists());
    assert_eq!(std::fs::read(night.0.join("empty.db")).unwrap(), b"");
}

#[test]
fn a_file_of_a_newer_version_is_refused_with_its_words() {
    let night = Night::of("newer");
    // The number of the format stands at byte 60 of the head of a SQLite file.
    let path = night.0.join("night.db");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    std::fs::write(&path, bytes).unwrap();
    let output = night.run(&["log", "night.db"]);
    assert_eq!(code(&output), Some(2));
    assert!(err(&output).contains("99") && err(&output).contains("newer"), "{}", err(&output));
}

#[test]
fn grants_are_listed_as_they_stand() {
    let night = Night::of("list");
    let text = night.says(&["list", "night.db"]);
    assert_eq!(text.lines().count(), 1, "{text}");
    for words in [
        "maria-orders",
        "maria ",
        "closed",
        "given back at 2026-03-14T05:26:00.000Z",
        "prod-pg/database/orders/write",
    ] {
        assert!(text.contains(words), "`{words}` is missing in {text}");
    }
    let found = |filters: &[&str]| {
        let args = [&["list", "night.db", "--format", "jsonl"], filters].concat();
        night.jsonl(&args).iter().map(|grant| grant["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let hers = ["maria-orders".to_owned()];
    for filters in [
        &["--holder", "maria"][..],
        &["--requester", "maria", "--flow", "orders-db", "--stage", "closed", "--outcome", "given_back"],
        &["--item", "prod-pg/database/orders/write", "--enforcement", "removed"],
    ] {
        assert_eq!(found(filters), hers, "{filters:?}");
    }
    for filters in [
        &["--holder", "priya"][..],
        &["--requester", "priya"],
        &["--flow", "other"],
        &["--stage", "active"],
        &["--outcome", "expired"],
        &["--item", "prod-pg/database/orders/drop"],
        &["--awaits-review", "true"],
        &["--enforcement", "removing"],
    ] {
        assert_eq!(found(filters), [""; 0], "{filters:?}");
    }
    assert_eq!(night.says(&["list", "night.db", "--stage", "active"]), "no grant is like that\n");
    let table = night.says(&["list", "night.db", "--format", "csv"]);
    let mut lines = table.lines();
    assert!(lines.next().unwrap().starts_with("id,flow,holder,requester,stage,outcome,"), "{table}");
    let row = lines.next().unwrap();
    assert!(
        row.starts_with("maria-orders,orders-db,maria,maria,closed,given_back,2026-03-14T02:10:00.000Z,"),
        "{row}"
    );
    assert!(row.ends_with("\"INC-2291 checkout times out, something holds a lock on orders\""), "{row}");
    for wrong in [&["--stage", "open"][..], &["--item", "orders"], &["--awaits-review", "maybe"]] {
        let output = night.run(&[&["list", "night.db"], wrong].concat());
        assert_eq!(code(&output), Some(2), "{wrong:?}");
    }
}

#[test]
fn who_had_a_resource_then_and_who_has_it_now() {
    let night = Night::of("who-has");
    let orders = "prod-pg/database/orders";
    let at = |at: &str| night.says(&["who-has", orders, "--at", at, "night.db"]);
    // She began at 02:14, and gave it back at 05:26.
    let row = |permission: &str| {
        format!(
            "maria             {permission:12}  from 2026-03-14T02:14:00.000Z until 2026-03-14T05:26:00.000Z, under maria-orders\n"
        )
    };
    let both = format!("{}{}", row("read"), row("write"));
    assert_eq!(at("2026-03-14T02:13:59.999Z"), "nobody at 2026-03-14T02:13:59.999Z\n");
    assert_eq!(at("2026-03-14T02:14:00Z"), both);
    assert_eq!(at("2026-03-14T05:25:59.999Z"), both);
    assert_eq!(at("2026-03-14T05:26:00Z"), "nobody at 2026-03-14T05:26:00.000Z\n");
    assert!(night.says(&["who-has", orders, "night.db"]).starts_with("nobody at 20"));
    let only = ["who-has", orders, "--permission", "write", "--at", "2026-03-14T04:00:00Z", "night.db"];
    assert_eq!(night.says(&only), row("write"));
    let table = night.says(&[&only[..], &["--format", "csv"]].concat());
    assert_eq!(
        table,
        "person,permission,since,until,grant\n\
         maria,write,2026-03-14T02:14:00.000Z,2026-03-14T05:26:00.000Z,maria-orders\n"
    );
    for (args, words) in [
        (&["who-has", "orders", "night.db"][..], "INTEGRATION/TYPE/NAME"),
        (&["who-has", orders, "--at", "9000-01-01T00:00:00Z", "night.db"], "still to come"),
        (&["who-has", orders, "nothing.db"], "there is no file"),
    ] {
        let output = night.run(args);
        assert_eq!(code(&output), Some(2), "{args:?}");
        assert!(err(&output).contains(words), "{args:?}: {}", err(&output));
    }
}

#[test]
fn the_doctor_finds_a_whole_file_whole() {
    let night = Night::of("doctor");
    let text = night.says(&["doctor", "night.db"]);
    assert_eq!(text.matches('✓').count(), 7, "{text}");
    assert!(
        text.contains("records and their tree: 41") && text.contains("grants as their events say: 1"),
        "{text}"
    );
    let found: Json = serde_json::from_str(&night.says(&["doctor", "night.db", "--json"])).unwrap();
    assert_eq!(found["parts"].as_array().unwrap().len(), 6);
}

/// Nobody writes into it, so whoever opened it would wait for ever.
#[test]
#[cfg(unix)]
fn a_pipe_is_no_store() {
    let night = Night::of("pipe");
    assert!(Command::new("mkfifo").arg(night.0.join("pipe.db")).status().unwrap().success());
    for args in [&["log", "pipe.db"][..], &["doctor", "pipe.db"], &["backup", "pipe.db", "copy.db"]] {
        let output = night.run(args);
        assert_eq!(code(&output), Some(2), "{args:?}");
        assert!(err(&output).contains("`pipe.db` is no file"), "{args:?}: {}", err(&output));
    }
}

/// A name that was mistyped has nothing in it, which must not look as if all were well.
#[test]
fn a_namespace_that_is_not_there_is_said_to_be_none() {
    use tenure::{Engine, SqliteStore};

    let night = Night::of("namespaces");
    std::fs::write(night.0.join("held.jsonl"), "").unwrap();
    let verbs = |file: &'static str| {
        [
            vec!["log", file],
            vec!["list", file],
            vec!["who-has", "prod-pg/database/orders", file],
            vec!["doctor", file],
            vec!["audit", "export", file],
            vec!["reconcile", file, "held.jsonl"],
            vec!["compact", file, "--before", "2026-03-15T00:00:00Z"],
        ]
    };
    let refused = |args: &[&str], words: &str| {
        let output = night.run(args);
        assert_eq!((code(&output), out(&output)), (Some(2), String::new()), "{args:?}");
        assert_eq!(err(&output), format!("tenure: {words}\n"), "{args:?}");
    };
    for args in verbs("night.db") {
        let args = [&args[..], &["--namespace", "acm"]].concat();
        refused(&args, "there is no namespace `acm` here; there are `default`");
    }
    // A host that works in another namespace, and is asked about in the default one.
    let work = |store: SqliteStore, namespace: &str| {
        let engine = Engine::new(store).namespace(namespace).unwrap();
        let policy =
            tenure::Policy::from_text(crate::database::POLICY, tenure::tenure_policy::document::Format::Yaml);
        engine.publish(&policy.unwrap(), database::person("admin"), engine.clock()).unwrap();
    };
    let spare = || SqliteStore::open(night.0.join("spare.db")).unwrap();
    drop(spare());
    for args in verbs("spare.db") {
        assert_eq!(code(&night.run(&args)), Some(0), "nothing was ever written: {args:?}");
    }
    refused(
        &["log", "spare.db", "--namespace", "acm"],
        "there is no namespace `acm` here; nothing was ever written in any",
    );
    work(spare(), "main");
    for args in verbs("spare.db") {
        refused(&args, "there is no namespace `default` here; there are `main`");
    }
    night.says(&["log", "spare.db", "--namespace", "main"]);
    (0..11).for_each(|number| work(spare(), &format!("tenant-{number:02}")));
    let output = night.run(&["log", "spare.db"]);
    assert!(err(&output).ends_with("`tenant-08` and 2 others\n"), "{}", err(&output));
}

/// Each part sees what is wrong with it, and names it.
#[test]
fn the_doctor_names_what_is_wrong() {
    let night = Night::of("doctor-wrong");
    for (number, (change, words)) in [
        ("DELETE FROM record WHERE position = 20", "record 20 is missing: 21 stands in its place"),
        // Some lines stand in one row, which is found by the last of them.
        ("DELETE FROM record WHERE position = 22", "record 21 is missing: 23 stands in its place"),
        ("DELETE FROM record WHERE position = 41", "there are 40 records where 41 were written"),
        (
            "UPDATE record SET leaves = CAST(substr(leaves, 1, 20) || 'x' || substr(leaves, 22) AS BLOB) WHERE position = 19",
            "a row is not as it was written",
        ),
        (
            "UPDATE record SET (leaves, written) = (SELECT leaves, written FROM record WHERE position = 18) WHERE position = 19",
            "at 19 stands a record of another place",
        ),
        (
            "UPDATE record SET nodes = zeroblob(length(nodes)) WHERE position = 24",
            "record 24 is not the one that was sealed",
        ),
        ("UPDATE namespace SET peaks = zeroblob(length(peaks))", "the tree ends elsewhere than its records"),
        (
            "UPDATE grants SET state = CAST(substr(state, 1, 20) || 'x' || substr(state, 22) AS BLOB)",
            "a row is not as it was written",
        ),
        ("UPDATE grants SET mark = mark + 1", "a grant is not as it was written"),
        (
            "UPDATE record SET about = NULL WHERE position = (SELECT max(position) FROM record WHERE about IS NOT NULL)",
            "a row is not as it was written",
        ),
        (
            "UPDATE word SET text = 'mario' WHERE text = 'maria' AND kind = 1",
            "a row is not as it was written",
        ),
        ("UPDATE grants SET open = 1", "grant `maria-orders`: its row says something else than its state"),
        ("DELETE FROM span", "grant `maria-orders`: who holds"),
        ("UPDATE span SET until = until + 1", "grant `maria-orders`: who holds"),
        ("INSERT INTO span SELECT item, person, until + 1, 77, since, unsure, mark FROM span", "what no grant gives"),
        (
            "INSERT INTO open_on SELECT key, 1 FROM word WHERE kind = 2",
            "a grant is found as open that is not",
        ),
        (
            "INSERT INTO awaited SELECT key, 0, ns, 5, text FROM word WHERE kind = 1 AND text = 'maria'",
            "`maria`: what is said to come due is not what the grants say",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let copy = format!("wrong-{number}.db");
        std::fs::copy(night.0.join("night.db"), night.0.join(&copy)).unwrap();
        let file = rusqlite::Connection::open(night.0.join(&copy)).unwrap();
        assert!(file.execute(change, []).unwrap() > 0, "{change}");
        drop(file);
        let output = night.run(&["doctor", &copy]);
        assert_eq!(code(&output), Some(1), "{change}: {}{}", out(&output), err(&output));
        assert!(out(&output).contains(words), "`{words}` is missing after {change}\n{}", out(&output));
    }
}

#[test]
fn the_doctor_finds_a_damaged_page() {
    let night = Night::of("doctor-damaged");
    let path = night.0.join("night.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let page = 4096;
    assert!(bytes.len() > page * 12, "{}", bytes.len());
    bytes[page * 10..page * 12].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    let output = night.run(&["doctor", "night.db"]);
    assert_eq!(code(&output), Some(1), "{}{}", out(&output), err(&output));
    assert!(out(&output).starts_with("✗ pages of the file: "), "{}", out(&output));
}

#[test]
fn what_is_handed_out_is_checked_with_the_key_alone() {
    use tenure::{Engine, LogKey, SqliteStore, Timestamp};

    let night = Night::of("audit");
    let engine = Engine::new(SqliteStore::open(night.0.join("night.db")).unwrap());
    let signer = LogKey::new("audit.example.com", &[7; 32]);
    let now: Timestamp = "2026-03-14T06:00:00Z".parse().unwrap();
    let (note, key) =
        (engine.checkpoint(&signer, now).unwrap(), engine.verifier_key(&signer).unwrap().to_string());
    drop(engine);
    std::fs::write(night.0.join("kept.note"), note).unwrap();
    let export = night.says(&["audit", "export", "night.db"]);
    assert_eq!(export.lines().count(), 42, "a head, and the records");
    let verify = |export: &str, more: &[&str]| {
        std::fs::write(night.0.join("record.jsonl"), export).unwrap();
        night.run(&[&["audit", "verify", "record.jsonl", "--key", &key], more].concat())
    };
    let kept = ["--checkpoint", "kept.note"];
    let well = verify(&export, &kept);
    assert_eq!(code(&well), Some(0), "{}{}", out(&well), err(&well));
    assert!(out(&well).starts_with("✓ 41 records of `default`"), "{}", out(&well));
    assert!(
        out(&well).contains("checkpoint over 41") && !out(&well).contains("no checkpoint"),
        "{}",
        out(&well)
    );
    let alone = verify(&export, &[]);
    assert!(out(&alone).contains("no checkpoint proves the last 41"), "{}", out(&alone));
    let lines: Vec<&str> = export.lines().collect();
    let without = |number: usize| [&lines[..number], &lines[number + 1..]].concat().join("\n");
    for (edited, words) in [
        (export.replacen("priya", "maria", 1), "✗ record 20: it was changed"),
        (without(20), "✗ record 20: it is missing"),
        (without(41), "the end is missing: a checkpoint was signed over 41 records"),
        (export.replacen("INC-2291", "INC-9999", 1), "✗ record 2: what was written of it was changed"),
    ] {
        let output = verify(&edited, &kept);
        assert_eq!(code(&output), Some(1), "{words}: {}", out(&output));
        assert!(out(&output).contains(words), "`{words}` is missing in {}", out(&output));
    }
    for args in [
        &["audit", "verify", "nothing.jsonl", "--key", &key][..],
        &["audit", "verify", "record.jsonl", "--key", "no key"],
        &["audit", "verify", "record.jsonl"],
        &["audit", "export", "nothing.db"],
    ] {
        assert_eq!(code(&night.run(args)), Some(2), "{args:?}");
    }
}

/// Nobody swept: the start came and the end came, and only the rules say so.
#[test]
fn who_had_what_nobody_wrote_down() {
    let night = Night::of("who-has-unswept");
    let story = "name: planned
start: 2026-03-02T09:00:00Z
policy:
  version: 1
  flows:
    - id: db
      who: {any: [group:sre]}
      what: [{integration: pg, permissions: [read]}]
      duration: {max: 4h, default: 1h}
      approval: automatic
      start: {ahead: 1d}
people: {alice: {groups: [sre]}}
resources: {orders: {integration: pg, type: database, name: orders}}
steps:
  - at: 0m
    request: {as: alice, grant: g1, flow: db, items: [orders/read], start: 2h}
    expect: {stage: approved}
";
    std::fs::write(night.0.join("planned.yaml"), story).unwrap();
    let played = night.run(&["play", "--file", "planned.db", "planned.yaml"]);
    assert_eq!(code(&played), Some(0), "{}{}", out(&played), err(&played));
    let at = |at: &str| night.says(&["who-has", "pg/database/orders", "--at", at, "planned.db"]);
    let hers = "from 2026-03-02T11:00:00.000Z until 2026-03-02T12:00:00.000Z, under g1\n";
    assert_eq!(at("2026-03-02T10:59:59.999Z"), "nobody at 2026-03-02T10:59:59.999Z\n");
    assert!(at("2026-03-02T11:00:00Z").ends_with(hers), "{}", at("2026-03-02T11:00:00Z"));
    assert!(at("2026-03-02T11:59:59.999Z").ends_with(hers));
    assert_eq!(at("2026-03-02T12:00:00Z"), "nobody at 2026-03-02T12:00:00.000Z\n");
    assert_eq!(code(&night.run(&["doctor", "planned.db"])), Some(0));
}

/// What is long over takes less room, and nothing that is asked is answered otherwise.
#[test]
fn what_is_compacted_is_answered_as_before() {
    use tenure::{Engine, LogKey, SqliteStore};

    let night = Night::of("compact");
    let signer = LogKey::new("audit.example.com", &[7; 32]);
    let (note, key) = {
        let engine = Engine::new(SqliteStore::open(night.0.join("night.db")).unwrap());
        let note = engine.checkpoint(&signer, engine.clock()).unwrap();
        (note, engine.verifier_key(&signer).unwrap().to_string())
    };
    std::fs::write(night.0.join("kept.note"), note).unwrap();
    let orders = "prod-pg/database/orders";
    let answers = || {
        [
            &["log", "night.db", "--format", "jsonl"][..],
            &["list", "night.db", "--format", "jsonl"],
            &["list", "night.db", "--item", "prod-pg/database/orders/write", "--format", "jsonl"],
            &["who-has", orders, "--at", "2026-03-14T04:00:00Z", "night.db"],
            &["audit", "export", "night.db"],
        ]
        .map(|args| night.says(args))
    };
    let before = answers();
    let compact = |time: &str| night.says(&["compact", "night.db", "--before", time]);
    assert_eq!(
        compact("2026-03-14T05:00:00Z"),
        "✓ 0 grants compacted that ended before 2026-03-14T05:00:00.000Z\n"
    );
    assert_eq!(
        compact("2026-03-15T00:00:00Z"),
        "✓ 1 grant compacted that ended before 2026-03-15T00:00:00.000Z\n"
    );
    let again = night.says(&["compact", "night.db", "--before", "2026-03-15T00:00:00Z", "--json"]);
    let again: Json = serde_json::from_str(&again).unwrap();
    assert_eq!(again["compacted"], 0, "once");
    let kept = rusqlite::Connection::open(night.0.join("night.db")).unwrap();
    let state: i64 = kept.query_row("SELECT length(state) FROM grants", [], |row| row.get(0)).unwrap();
    assert_eq!(state, 0, "nothing is left of it beside the record");
    drop(kept);
    assert_eq!(answers(), before);
    assert_eq!(night.says(&["doctor", "night.db"]).matches('✓').count(), 7);
    std::fs::write(night.0.join("record.jsonl"), &before[4]).unwrap();
    night.says(&["audit", "verify", "record.jsonl", "--key", &key, "--checkpoint", "kept.note"]);
}

#[test]
fn what_the_record_does_not_say_is_not_let_go_of() {
    let night = Night::of("no-compact");
    // What its record does not say is not let go of, and what is gone without a reason is found.
    for (change, args, words) in [
        (
            "UPDATE record SET about = NULL WHERE position = (SELECT max(position) FROM record WHERE about IS NOT NULL)",
            &["compact", "wrong.db", "--before", "2026-03-15T00:00:00Z"][..],
            "grant `maria-orders`",
        ),
        ("UPDATE grants SET state = x'', unsettled = 1", &["doctor", "wrong.db"], "says something else"),
    ] {
        std::fs::copy(night.0.join("night.db"), night.0.join("wrong.db")).unwrap();
        let file = rusqlite::Connection::open(night.0.join("wrong.db")).unwrap();
        assert!(file.execute(change, []).unwrap() > 0, "{change}");
        drop(file);
        let output = night.run(args);
        assert_ne!(code(&output), Some(0), "{change}");
        let said = format!("{}{}", out(&output), err(&output));
        assert!(said.contains(words), "{said}");
    }
    for args in [
        &["compact", "nothing.db", "--before", "2026-03-15T00:00:00Z"][..],
        &["compact", "night.db"],
        &["compact", "night.db", "--before", "yesterday"],
    ] {
        assert_eq!(code(&night.run(args)), Some(2), "{args:?}");
    }
}
