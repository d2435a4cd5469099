//! What is printed for programs is what was written, to the byte; and a terminal is told nothing to obey.

use std::process::{Command, Output};

use tenure::{Engine, LogKey, SqliteStore};

use crate::{Night, code, err, out};

/// A screen is cleared, a line is hidden, and the reason ends in a character that anybody may paste.
const STORY: &str = r#"name: "hostile \x7f"
start: 2026-03-02T09:00:00Z
policy:
  version: 1
  flows:
    - id: db
      who: {any: [group:sre]}
      what: [{integration: pg, permissions: [read]}]
      duration: {max: 4h, default: 1h}
      approval: automatic
      reason: {required: true}
people: {alice: {groups: [sre]}}
resources: {orders: {integration: pg, type: database, name: orders}}
steps:
  - at: 0m
    request: {as: alice, grant: g1, flow: db, items: [orders/read], reason: "\e[2Jgone\r, \x9b1A and \x7f"}
    expect: {stage: active}
"#;
const REASON: &str = "\u{1b}[2Jgone\r, \u{9b}1A and \u{7f}";

fn hostile(test: &str) -> Night {
    let night = Night::of(test);
    std::fs::write(night.0.join("hostile.yaml"), STORY).unwrap();
    night.says(&["play", "--file", "hostile.db", "hostile.yaml"]);
    night
}

#[test]
fn a_record_with_characters_that_terminals_obey_is_handed_out_as_it_was_written() {
    let night = hostile("control");
    let signer = LogKey::new("audit.example.com", &[7; 32]);
    let engine = Engine::new(SqliteStore::open(night.0.join("hostile.db")).unwrap());
    std::fs::write(night.0.join("kept.note"), engine.checkpoint(&signer, engine.clock()).unwrap()).unwrap();
    let key = engine.verifier_key(&signer).unwrap().to_string();
    drop(engine);
    std::fs::write(night.0.join("record.jsonl"), night.says(&["audit", "export", "hostile.db"])).unwrap();
    let verified =
        night.says(&["audit", "verify", "record.jsonl", "--key", &key, "--checkpoint", "kept.note"]);
    assert!(!verified.contains("no checkpoint proves"), "{verified}");
    let listed = night.jsonl(&["list", "hostile.db", "--format", "jsonl"]);
    assert_eq!(listed[0]["reason"], REASON);
    // Not in colour for nobody, and not without what looks like it.
    let always = night.jsonl(&["list", "hostile.db", "--format", "jsonl", "--color", "always"]);
    let never = night.jsonl(&["list", "hostile.db", "--format", "jsonl", "--color", "never"]);
    assert!(always == listed && never == listed);
    let table = night.says(&["list", "hostile.db", "--format", "csv"]);
    let reason = r#",pg/database/orders/read,"\u{1b}[2Jgone\u{d}, \u{9b}1A and \u{7f}""#;
    assert!(table.trim_end().ends_with(reason), "{table}");
}

/// As somebody sees it who sits at a terminal.
#[cfg(target_os = "linux")]
fn at_a_terminal(night: &Night, args: &str) -> Output {
    let told = format!("\"{}\" {args}", env!("CARGO_BIN_EXE_tenure"));
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &told, "/dev/null"]);
    script.env("TERM", "xterm").current_dir(&night.0).output().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn a_terminal_is_told_nothing_that_it_would_obey() {
    let night = hostile("terminal");
    for args in [
        "list hostile.db --format csv",
        "list hostile.db --format jsonl",
        "log hostile.db --format csv",
        "log hostile.db --format jsonl",
        "audit export hostile.db",
        "test hostile.yaml --format json",
        "test hostile.yaml --format junit",
        "test hostile.yaml",
    ] {
        let seen = at_a_terminal(&night, args);
        assert_eq!(code(&seen), Some(0), "{args}: {}", err(&seen));
        let text = out(&seen).replace("\r\n", "\n");
        assert!(text.contains("hostile") || text.contains("g1"), "{args}: {text}");
        // Words are in colour there: green for what holds.
        let text = ["\u{1b}[32m", "\u{1b}[0m"].iter().fold(text, |text, style| text.replace(style, ""));
        let obeyed: Vec<char> = text.chars().filter(|c| c.is_control() && *c != '\n').collect();
        assert_eq!(obeyed, [' '; 0], "{args}: {text:?}");
    }
    let listed = out(&at_a_terminal(&night, "list hostile.db --format jsonl"));
    let grant: serde_json::Value = serde_json::from_str(listed.trim()).unwrap();
    assert_eq!(grant["reason"], REASON, "it is the same text");
}
