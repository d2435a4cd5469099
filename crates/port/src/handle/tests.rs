use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

const NINE: &str = "2026-03-02T09:00:00.000Z";

fn policy(max: &str) -> Value {
    json!({"version": 1, "flows": [{
        "id": "db",
        "who": {"any": ["group:sre"]},
        "what": [{"integration": "pg", "permissions": ["read"]}],
        "duration": {"max": max},
        "approval": "automatic",
    }]})
}

fn config(more: &Value) -> String {
    let mut config = json!({"store": ":memory:", "clock": NINE, "ids": {"prefix": "test"}});
    for (name, value) in more.as_object().unwrap() {
        config[name] = value.clone();
    }
    config.to_string()
}

fn opened(more: &Value) -> Handle {
    Handle::open(&config(more)).unwrap_or_else(|bad| panic!("{}", bad.to_json()))
}

fn wrong(config: &str) -> Value {
    serde_json::from_str(&Handle::open(config).unwrap_err().to_json()).unwrap()
}

fn called(handle: &Handle, call: &Value) -> Value {
    serde_json::from_str(&handle.call(&call.to_string())).unwrap()
}

fn request() -> Value {
    let orders = json!({"integration": "pg", "type": "database", "name": "orders"});
    json!({"call": "request", "actor": {"id": "alice", "groups": ["sre"]}, "flow": "db", "span": "1h",
        "items": [{"resource": orders, "permission": "read"}]})
}

fn published(handle: &Handle) -> usize {
    let records = called(handle, &json!({"call": "records"}));
    records["ok"]["records"].as_array().unwrap().len()
}

fn fault(answer: &str) -> String {
    let answer: Value = serde_json::from_str(answer).unwrap();
    answer.pointer("/fault/code").and_then(Value::as_str).unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[test]
fn what_is_wrong_with_a_config_is_told_with_its_path() {
    for (config, code, path) in [
        ("{", "syntax", ""),
        ("7", "wrong_type", ""),
        ("{}", "missing_field", ""),
        (r#"{"store": 7}"#, "wrong_type", "store"),
        (r#"{"store": ":memory:", "sotre": 1}"#, "unknown_field", "sotre"),
        (r#"{"store": ":memory:", "namespace": ""}"#, "out_of_range", "namespace"),
        (r#"{"store": ":memory:", "policy": 7}"#, "wrong_type", "policy"),
        (r#"{"store": ":memory:", "policy": {"text": "version: 1"}}"#, "missing_field", "policy"),
        (r#"{"store": ":memory:", "clock": "soon"}"#, "out_of_range", "clock"),
        (r#"{"store": ":memory:", "ids": {}}"#, "missing_field", "ids"),
    ] {
        let wrong = wrong(config);
        assert_eq!(
            (&wrong["invalid"][0]["code"], &wrong["invalid"][0]["path"]),
            (&json!(code), &json!(path))
        );
    }
}

#[test]
fn a_policy_comes_as_a_path_a_text_or_fields() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("flows.json");
    std::fs::write(&path, policy("4h").to_string()).unwrap();
    for policy in [
        json!(path.to_str().unwrap()),
        json!({"text": policy("4h").to_string(), "format": "json"}),
        policy("4h"),
    ] {
        let handle = opened(&json!({"policy": policy}));
        assert_eq!(called(&handle, &request())["ok"]["stage"], "active", "{policy}");
    }
}

#[test]
fn problems_of_a_policy_have_their_places_and_no_file_is_made() {
    let folder = TempDir::new().unwrap();
    let store = folder.path().join("access.db");
    let text = json!({"text": "version: 1\nflows:\n  - id: db\n    colour: red\n", "format": "yaml"});
    let wrong = wrong(&config(&json!({"store": store.to_str().unwrap(), "policy": text})));
    let problems = wrong["invalid"].as_array().unwrap();
    let colour = problems.iter().find(|problem| problem["path"] == "flows[0].colour");
    assert_eq!(colour.map(|problem| &problem["line"]), Some(&json!(4)), "{wrong}");
    assert!(!store.exists());
}

#[test]
fn a_policy_that_is_in_force_is_not_published_again() {
    let folder = TempDir::new().unwrap();
    let store = folder.path().join("access.db");
    let store = store.to_str().unwrap();
    for (max, records) in [("4h", 1), ("4h", 1), ("5h", 2), ("4h", 3)] {
        let handle = opened(&json!({"store": store, "policy": policy(max), "ids": {"prefix": max}}));
        assert_eq!(published(&handle), records, "{max}");
        let record = called(&handle, &json!({"call": "records", "after": records - 1}));
        assert_eq!(record["ok"]["records"][0]["actor"], "system:open");
    }
    assert_eq!(published(&opened(&json!({"store": store, "namespace": "another"}))), 0);
}

/// Of 32 sevens, as its text.
const KEY: &str = "PRIVATE+KEY+audit.example.com+ca808ced+AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";

#[test]
fn checkpoints_are_signed_with_the_key_that_was_given() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("log.key");
    std::fs::write(&path, format!("{KEY}\n")).unwrap();
    let told = [KEY, path.to_str().unwrap()].map(|key| {
        let handle = opened(&json!({"policy": policy("4h"), "namespace": "acme", "key": key}));
        called(&handle, &json!({"call": "checkpoint"}))
    });
    assert_eq!(told[0], told[1]);
    let key = told[0]["ok"]["key"].as_str().unwrap();
    assert!(key.starts_with("audit.example.com/acme+"), "{key}");
    let without = opened(&json!({}));
    assert_eq!(fault(&without.call(r#"{"call": "checkpoint"}"#)), "signer");
}

#[test]
fn a_key_is_in_no_words_of_ours() {
    let folder = TempDir::new().unwrap();
    let store = folder.path().join("access.db");
    let path = folder.path().join("log.key");
    let secret = KEY.rsplit('+').next().unwrap();
    std::fs::write(&path, KEY.replacen("ca80", "ca81", 1)).unwrap();
    for key in [
        json!(KEY.replacen("ca80", "ca81", 1)),
        json!(format!("{KEY}=")),
        json!(path.to_str().unwrap()),
        json!("/nowhere/log.key"),
        json!({"text": KEY}),
        json!([KEY]),
    ] {
        let wrong = wrong(&config(&json!({"store": store.to_str().unwrap(), "key": key})));
        assert_eq!(wrong["invalid"][0]["path"], "key", "{wrong}");
        assert!(!wrong.to_string().contains(secret), "{wrong}");
    }
    assert!(!store.exists());
    let known: Config = serde_json::from_value(json!({"store": ":memory:", "key": KEY})).unwrap();
    assert!(known.key.is_some());
    for words in [format!("{known:?}"), serde_json::to_string(&known).unwrap()] {
        assert!(!words.contains(secret), "{words}");
    }
}

#[test]
fn a_call_after_the_end_answers_that_it_is_closed() {
    let handle = opened(&json!({"policy": policy("4h")}));
    assert_eq!(handle.close().to_json(), r#"{"ok":null}"#);
    assert_eq!(fault(&handle.close().to_json()), "closed");
    assert_eq!(fault(&handle.call(&request().to_string())), "closed");
    assert_eq!(fault(&handle.call("no call at all")), "closed");
    assert_eq!(fault(&handle.set_clock(NINE.parse().unwrap()).to_json()), "closed");
    let held = handle.holds("alice", "pg", "database", "orders", "read", None);
    assert_eq!(fault(&held.unwrap_err().to_json()), "closed");
}

#[test]
fn whoever_closes_waits_for_calls_in_flight() {
    let handle = opened(&json!({}));
    let (begun, ended) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _ = handle.through(|_| {
                begun.store(true, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(50));
                ended.store(true, Ordering::SeqCst);
                Ok(())
            });
        });
        while !begun.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        handle.close();
        assert!(ended.load(Ordering::SeqCst));
    });
}

#[test]
fn holds_answers_as_the_call_does() {
    let handle = opened(&json!({"policy": policy("4h")}));
    assert_eq!(called(&handle, &request())["ok"]["stage"], "active");
    let long = "x".repeat(10_000);
    let mut allowed = 0;
    for (person, integration, name) in [
        ("alice", "pg", "orders"),
        ("bob", "pg", "orders"),
        ("alice", "pg", "bills"),
        ("alice", "my", "orders"),
        ("", "pg", "orders"),
        ("system:x", "pg", "orders"),
        ("alice", "", "orders"),
        ("alice", &long, "orders"),
        ("alice", "pg", &long),
    ] {
        let call = json!({"call": "holds", "person": person, "permission": "read",
            "resource": {"integration": integration, "type": "database", "name": name}});
        let held = handle.holds(person, integration, "database", name, "read", None);
        allowed += usize::from(held.as_ref().is_ok_and(|verdict| verdict.allowed));
        let held = held.map_or_else(|bad| bad, |verdict| Answer::Ok(Answered::Holds(verdict)));
        assert_eq!(handle.call(&call.to_string()), held.to_json());
    }
    assert_eq!(allowed, 1);
    let later = "2026-03-02T10:00:00Z".parse().unwrap();
    let at = |now| handle.holds("alice", "pg", "database", "orders", "read", Some(now)).unwrap().allowed;
    assert_eq!(handle.set_clock(later).to_json(), r#"{"ok":null}"#);
    assert!(!at(later));
}

#[test]
fn the_clock_of_a_test_stands_until_it_is_set() {
    let handle = opened(&json!({"policy": policy("4h")}));
    assert_eq!(called(&handle, &request())["ok"]["ends_at"], "2026-03-02T10:00:00.000Z");
    let set = |handle: &Handle, more: &str| {
        let call = format!(r#"{{"call": "clock", "now": "2026-03-02T10:00:00Z"{more}}}"#);
        serde_json::from_str::<Value>(&handle.call(&call)).unwrap()
    };
    assert_eq!(set(&handle, ""), json!({"ok": null}));
    assert_eq!(called(&handle, &json!({"call": "sweep"}))["ok"]["people"], 1);
    assert_eq!(set(&handle, r#", "more": 1"#)["invalid"][0]["code"], "unknown_field");
    let machine = Handle::open(r#"{"store": ":memory:"}"#).unwrap();
    assert_eq!(set(&machine, "")["invalid"][0]["path"], "call");
}

#[test]
fn the_same_calls_have_the_same_answers_where_ids_are_counted() {
    let told = |after: u64| {
        let handle = opened(&json!({"policy": policy("4h"), "ids": {"prefix": "test", "after": after}}));
        let asked = called(&handle, &request());
        (asked, called(&handle, &json!({"call": "export"})))
    };
    assert_eq!(told(0), told(0));
    assert_ne!(told(0).0["ok"]["id"], told(1).0["ok"]["id"]);
}

#[test]
fn a_forked_child_has_a_handle_that_does_nothing() {
    let mut handle = opened(&json!({}));
    handle.process = Process::of(1);
    assert_eq!(fault(&handle.call(&request().to_string())), "forked");
    assert_eq!(fault(&handle.close().to_json()), "forked");
    assert_eq!(fault(&handle.call(&request().to_string())), "forked");
    assert!(matches!(handle.state.get_mut(), Ok(State::Open(_))), "it was closed in the child");
}

#[cfg(not(feature = "postgres"))]
#[test]
fn a_store_that_was_not_built_is_a_fault() {
    assert_eq!(fault(&wrong(r#"{"store": "postgres://localhost/access"}"#).to_string()), "not_built");
}

#[test]
fn what_cannot_be_opened_is_a_fault() {
    let folder = TempDir::new().unwrap();
    assert_eq!(
        fault(&wrong(&config(&json!({"store": folder.path().to_str().unwrap()}))).to_string()),
        "broken"
    );
}

#[test]
fn a_handle_goes_to_any_thread() {
    fn shared<T: Send + Sync>() {}
    shared::<Handle>();
}

#[test]
fn bytes_are_read_where_they_are_a_text_of_a_size() {
    let handle = Handle::open_bytes(config(&json!({})).as_bytes()).unwrap();
    let asked = |bytes: &[u8]| handle.ask_bytes(bytes).to_json();
    assert_eq!(asked(br#"{"call": "sweep"}"#), handle.call(r#"{"call": "sweep"}"#));
    assert!(asked(b"{\"call\": \"\xff\"}").contains("byte 10"));
    let large = vec![b' '; crate::CALL_BYTES_MAX + 1];
    assert_eq!(asked(&large), oversized(large.len()).unwrap().to_json());
    assert!(asked(&large).contains("too_large"));
    assert!(oversized(crate::CALL_BYTES_MAX).is_none());
    assert!(Handle::open_bytes(b"\xff").unwrap_err().to_json().contains("syntax"));
}

#[test]
fn what_could_not_be_opened_says_why_until_it_is_closed() {
    let why = Handle::open(r#"{"store": 7}"#).unwrap_err();
    let handle = Handle::unopened(why.clone());
    assert_eq!(handle.call(r#"{"call": "sweep"}"#), why.to_json());
    assert_eq!(handle.close().to_json(), r#"{"ok":null}"#);
    assert_eq!(fault(&handle.call(r#"{"call": "sweep"}"#)), "closed");
}

/// Something below the port that panics in the middle of a call.
struct Panics;

impl tenure::Ids for Panics {
    fn next(&self) -> Result<tenure::tenure_core::id::CommandId, tenure::Fault> {
        panic!("told to")
    }
}

#[test]
fn r38_r39_a_panic_inside_of_a_call_is_a_fault_of_this_handle_alone() {
    let port = Port::open_with_ids(Arc::new(tenure::MemoryStore::new()), Panics);
    let door = Door { port, clock: None, _file: None };
    let broken = Handle { process: Process::this(), state: RwLock::new(State::Open(Box::new(door))) };
    let other = opened(&json!({"policy": policy("2h")}));
    let held = |handle: &Handle| handle.holds("alice", "pg", "database", "orders", "read", None);

    assert_eq!(held(&broken).map(|verdict| verdict.allowed).map_err(|bad| bad.to_json()), Ok(false));
    assert_eq!(fault(&broken.call(&request().to_string())), "panicked");
    // Nobody knows what it interrupted: from here on every form of call is one, and no yes.
    assert_eq!(fault(&broken.call(r#"{"call": "sweep"}"#)), "panicked");
    assert_eq!(fault(&held(&broken).unwrap_err().to_json()), "panicked");
    assert_eq!(broken.close().to_json(), r#"{"ok":null}"#);

    called(&other, &request());
    assert!(held(&other).unwrap().allowed);
}
