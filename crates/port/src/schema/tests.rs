//! The schemas are those that were committed, and what they describe is what comes and goes.

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use tenure::{LogKey, ManualClock, MemoryStore};

use super::*;
use crate::Port;

/// A story in which every call is made and every sort of answer comes.
fn story() -> Vec<(Value, Value)> {
    let clock = Arc::new(ManualClock::at("2026-03-02T09:00:00Z".parse().unwrap()));
    let port = Port::open(Arc::new(MemoryStore::with_clock(clock)));
    let port = port.signing(Arc::new(LogKey::new("log.example", &[7; 32])));
    let answered = |call: Value| {
        let answer = port.call(&call.to_string());
        (call, serde_json::from_str(&answer).unwrap())
    };
    calls()
        .into_iter()
        .chain(calls_of_a_holder())
        .chain(calls_of_operators())
        .chain(calls_on_the_record())
        .map(answered)
        .collect()
}

fn calls() -> Vec<Value> {
    let policy = policy();
    let alice = json!({"id": "alice", "groups": ["sre"], "attributes": {"team": "a"},
        "authenticated": {"at": "2026-03-02T08:59:00Z", "methods": ["otp"], "level": "aal2"}});
    let bob = json!({"id": "bob", "groups": ["leads"], "aliases": ["bob@corp"], "manager": "mona"});
    let orders = json!({"integration": "pg", "type": "database", "name": "orders", "labels": {"env": "prod"},
        "owners": ["user:bob"]});
    let item = json!({"integration": "pg", "type": "database", "name": "orders", "permission": "read"});
    let ask = |grant: &str| {
        json!({"call": "request", "actor": alice, "grant": grant, "flow": "db", "span": "2h", "reason": "INC-7",
            "items": [{"resource": orders, "permission": "read"}], "command_id": grant, "context": {"calm": true}})
    };
    let mut emergency = ask("e1");
    emergency["break_glass"] = json!(true);
    emergency["span"] = json!("30m");
    vec![
        json!({"call": "publish", "actor": "system:host", "policy": policy}),
        json!({"call": "publish", "actor": "system:host", "policy": "version: 2", "format": "yaml"}),
        json!({"call": "publish", "actor": "system:host", "policy": policy, "if_revision": "another"}),
        json!({"call": "catalog", "actor": alice}),
        ask("g1"),
        ask("g1"),
        ask("g2"),
        ask("g3"),
        json!({"call": "request", "actor": alice, "grant": "k1", "kit": "all", "resources": [orders]}),
        json!({"call": "request", "actor": alice, "grant": "k2", "kit": "all", "flow": "db"}),
        json!({"call": "withdraw", "actor": alice, "grant": "k1.db"}),
        json!({"call": "explain", "of": {"call": "approve", "actor": alice, "grant": "g1"}}),
        json!({"call": "explain", "of": ask("g9")}),
        json!({"call": "inbox", "actor": bob, "limit": 1}),
        json!({"call": "withdraw", "actor": alice, "grant": "g2"}),
        json!({"call": "activate", "actor": alice, "grant": "g2"}),
        json!({"call": "deny", "actor": bob, "grant": "g3", "reason": "no"}),
        json!({"call": "approve", "actor": alice, "grant": "g1"}),
        json!({"call": "approve", "actor": bob, "grant": "g1", "span": "1h", "only": [item]}),
        json!({"call": "take_effects", "worker": "w", "lease": 60_000, "integration": "pg", "limit": 5}),
        json!({"call": "effect_done", "worker": "w", "effect": "g1/2", "already_held": [item]}),
        json!({"call": "take_effects", "worker": "w", "lease": "1m"}),
        json!({"call": "effect_failed", "worker": "w", "effect": "g1/3", "error": "no route", "final": true}),
        json!({"call": "effect_done", "worker": "w", "effect": "g1/99"}),
        json!({"call": "look", "grant": "g1"}),
        json!({"call": "look", "grant": "nothing"}),
        json!({"call": "offer", "grant": "g1", "actor": alice}),
        json!({"call": "offer", "grant": "g1", "actor": bob}),
        json!({"call": "holds", "person": "alice", "resource": orders, "permission": "read"}),
        json!({"call": "holds", "person": "bob", "resource": orders, "permission": "read"}),
        json!({"call": "who_has", "resource": orders}),
        json!({"call": "who_has", "resource": orders, "permission": "read", "at": "2026-03-02T09:00:00Z"}),
        json!({"call": "extend", "actor": alice, "grant": "g1", "span": "9h"}),
        json!({"call": "extend", "actor": alice, "grant": "g1", "if_ends_at": "2026-03-02T10:00:00Z"}),
        json!({"call": "deny_extension", "actor": bob, "grant": "g1"}),
        json!({"call": "extend", "actor": alice, "grant": "g1", "span": "PT30M"}),
        json!({"call": "approve_extension", "actor": bob, "grant": "g1"}),
        json!({"call": "offer", "grant": "g1", "actor": alice}),
        json!({"call": "give_back", "actor": alice, "grant": "g1", "now": "2026-03-02T11:00:00Z"}),
        json!({"call": "give_back", "actor": alice, "grant": "g1"}),
        json!({"call": "revoke", "actor": "system:host", "grant": "g1", "reason": "late"}),
        json!({"call": "review", "actor": bob, "grant": "g1", "reason": "no emergency"}),
        emergency,
        json!({"call": "review", "actor": bob, "grant": "e1", "reason": "looked at"}),
        json!({"call": "catalog", "actor": alice}),
        json!({"call": "sweep"}),
        json!({"call": "list", "holder": "alice", "stage": "closed", "outcome": "given_back", "item": item}),
        json!({"call": "list", "awaits_review": false}),
        json!({"call": "list", "enforcement": "stuck_removing"}),
        json!({"call": "list", "limit": 1}),
        json!({"call": "history", "grant": "g1"}),
        json!({"call": "records", "after": 3, "limit": 10}),
    ]
}

/// Access that begins when its holder says so, and ends with all that is theirs.
fn calls_of_a_holder() -> Vec<Value> {
    let carol = json!({"id": "carol", "groups": ["sre"]});
    let bob = json!({"id": "bob", "groups": ["leads"]});
    let vault =
        json!({"resource": {"integration": "door", "type": "room", "name": "vault"}, "permission": "open"});
    vec![
        json!({"call": "request", "actor": carol, "grant": "d1", "flow": "door", "span": "30m", "items": [vault]}),
        json!({"call": "approve", "actor": bob, "grant": "d1"}),
        json!({"call": "activate", "actor": carol, "grant": "d1"}),
        json!({"call": "take_effects", "worker": "w", "lease": "1m", "integration": "door"}),
        json!({"call": "effect_done", "worker": "w", "effect": "d1/3"}),
        json!({"call": "revoke", "actor": "system:host", "person": "carol", "reason": "left"}),
        json!({"call": "take_effects", "worker": "w", "lease": "1m", "integration": "door"}),
        json!({"call": "request", "actor": carol, "grant": "d2", "flow": "door", "span": "30m", "items": [vault]}),
        json!({"call": "approve", "actor": bob, "grant": "d2"}),
        json!({"call": "revoke", "actor": "system:host", "grant": "d2", "reason": "drill"}),
    ]
}

fn calls_of_operators() -> Vec<Value> {
    let held = |holder: &str, name: &str| json!({"holder": holder, "integration": "pg", "type": "database", "name": name, "permission": "read"});
    let mut account = held("eve", "orders");
    account["grant"] = json!("g0");
    vec![
        json!({"call": "reconcile"}),
        json!({"call": "reconcile", "integrations": ["pg"], "held": [account, held("alice", "orders")]}),
        json!({"call": "reconcile", "held": [held("alice", "bills")], "now": "2026-03-02T09:00:00Z"}),
        json!({"call": "compact", "before": "2026-03-02T09:00:00Z"}),
        json!({"call": "compact", "before": "2026-03-02T10:00:00Z", "after": "g1", "limit": 1}),
    ]
}

fn calls_on_the_record() -> Vec<Value> {
    vec![
        json!({"call": "erase", "actor": "system:host", "grant": "g1"}),
        json!({"call": "effect_done", "worker": "w", "effect": "g2/1"}),
        json!({"call": "erase", "actor": "system:host", "grant": "g2"}),
        json!({"call": "export", "after": 1, "limit": 3}),
        json!({"call": "checkpoint"}),
        json!({"call": "prove", "position": 2}),
        json!({"call": "prove", "old": 3, "size": 7}),
        json!({"call": "prove", "position": 9_999}),
        json!({"call": "prove"}),
    ]
}

/// A flow for `db`, and a kit of one item of it.
fn policy() -> Value {
    json!({"version": 1, "flows": [{"id": "db", "title": "Databases", "who": {"any": ["group:sre"]},
        "what": [{"integration": "pg", "permissions": ["read"]}], "duration": {"max": "4h"},
        "approval": {"steps": [{"approvers": ["group:leads"]}]},
        "break_glass": {"who": ["group:sre"], "max": "1h", "review_within": "1d", "review_by": ["group:leads"]},
        "extension": {"times": 2, "span": {"default": "30m", "max": "1h"}, "total": "5h",
            "approval": {"steps": [{"approvers": ["group:leads"]}]}}},
        {"id": "door", "who": {"any": ["group:sre"]}, "what": [{"integration": "door", "permissions": ["open"]}],
            "duration": {"max": "1h"}, "approval": {"steps": [{"approvers": ["group:leads"]}]},
            "activation": "by_holder", "extension": {"times": 1, "span": {"default": "10m", "max": "10m"}}}],
        "kits": [{"id": "all", "items": [{"flow": "db", "integration": "pg", "type": "database", "name": "orders",
            "permission": "read"}]}]})
}

#[test]
fn every_answer_is_as_described() {
    for (call, answer) in story() {
        let read = Answer::deserialize(&answer);
        assert!(read.is_ok(), "{call}\n{answer}\n{read:?}");
    }
}

/// What `x-answer` of a variant says, by the field that it hangs on; by none where it is always the same.
fn promises(variant: &Value) -> Vec<(Option<&str>, &str)> {
    let promise = &variant["x-answer"];
    match promise.as_object() {
        Some(by_field) => {
            by_field.iter().map(|(field, name)| (Some(field.as_str()), name.as_str().unwrap())).collect()
        }
        None => vec![(None, promise.as_str().unwrap())],
    }
}

/// What a call promises, by the fields that it names.
fn promised<'s>(schema: &'s Value, call: &Value) -> &'s str {
    let variants = schema.get("oneOf").and_then(Value::as_array).unwrap();
    let named = |variant: &&Value| variant.pointer("/properties/call/const") == call.get("call");
    let promises = promises(variants.iter().find(named).unwrap());
    let mut kept = promises.iter().filter(|(field, _)| field.is_none_or(|field| call.get(field).is_some()));
    kept.next().unwrap_or_else(|| panic!("{call} names no field of {promises:?}")).1
}

/// Reads an answer as what it is called.
fn read_as(name: &str, answer: &Value) -> Result<(), String> {
    fn one<T: for<'de> Deserialize<'de>>(answer: &Value) -> Result<(), String> {
        T::deserialize(answer).map(|_| ()).map_err(|trouble| trouble.to_string())
    }
    match name {
        "Grant" => one::<shapes::Grant>(answer),
        "Grant?" => one::<Option<shapes::Grant>>(answer),
        "Grants" => one::<shapes::Grants>(answer),
        "Revoked" => one::<shapes::Revoked>(answer),
        "Published" => one::<shapes::Published>(answer),
        "Swept" => one::<shapes::Swept>(answer),
        "[Taken]" => one::<Vec<shapes::Taken>>(answer),
        "Offer" => one::<shapes::Offer>(answer),
        "Explanation" => one::<shapes::Explanation>(answer),
        "Verdict" => one::<shapes::Verdict>(answer),
        "Holders" => one::<shapes::Holders>(answer),
        "Reconciled" => one::<shapes::Reconciled>(answer),
        "Compacted" => one::<shapes::Compacted>(answer),
        "Flows" => one::<shapes::Flows>(answer),
        "Recorded" => one::<shapes::Recorded>(answer),
        "Exported" => one::<shapes::Exported>(answer),
        "Checkpoint" => one::<shapes::Checkpoint>(answer),
        "Inclusion" => one::<shapes::Inclusion>(answer),
        "Consistency" => one::<shapes::Consistency>(answer),
        other => Err(format!("`{other}` is no answer; it belongs into this list")),
    }
}

#[test]
fn each_call_answers_what_it_says() {
    let (schema, answers) = (call(), answer());
    let mut seen = std::collections::BTreeSet::new();
    for (call, answer) in story() {
        let Some(ok) = answer.get("ok") else { continue };
        let name = promised(&schema, &call);
        assert_eq!(read_as(name, ok), Ok(()), "{call}\n{answer}");
        let bare = name.trim_matches(['[', ']', '?']);
        assert!(
            answers.pointer(&format!("/$defs/{bare}")).is_some(),
            "`{bare}` is not in the schema of answers"
        );
        seen.insert(format!("{} {name}", call["call"].as_str().unwrap()));
    }
    // Each answer of each call came, so that none is promised unseen.
    for variant in schema["oneOf"].as_array().unwrap() {
        let name = variant["properties"]["call"]["const"].as_str().unwrap();
        for (_, promise) in promises(variant) {
            assert!(seen.contains(&format!("{name} {promise}")), "`{name}` never answered `{promise}`");
        }
    }
}

#[test]
fn every_call_is_made_and_every_sort_of_answer_comes() {
    let story = story();
    let schema = call();
    let variants = schema.get("oneOf").and_then(Value::as_array).unwrap();
    for variant in variants {
        let name = variant.pointer("/properties/call/const").and_then(Value::as_str).unwrap();
        assert!(story.iter().any(|(call, _)| call["call"] == name), "`{name}` is never called");
    }
    for sort in ["ok", "refused", "invalid", "fault"] {
        assert!(story.iter().any(|(_, answer)| answer.get(sort).is_some()), "no answer is `{sort}`");
    }
}

/// The fields of a call as the schema has them are those that it is read with.
#[test]
fn a_call_with_any_other_field_is_refused() {
    for (call, _) in story() {
        let mut more = call.clone();
        more["surely_unknown"] = json!(1);
        assert!(serde_json::from_value::<crate::Call>(call.clone()).is_ok(), "{call}");
        assert!(serde_json::from_value::<crate::Call>(more).is_err(), "{call}");
    }
}

#[test]
fn answers_are_canonical() {
    let port = Port::open(Arc::new(MemoryStore::new()));
    let answer = port.call(r#"{"call": "look", "grant": 1}"#);
    let value: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer, serde_json_canonicalizer::to_string(&value).unwrap());
    assert!(answer.starts_with(r#"{"invalid":[{"code":"wrong_type","#), "{answer}");
}

#[test]
fn the_schemas_are_those_that_were_committed() {
    for (name, schema) in [("call", call()), ("answer", answer()), ("config", config())] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schema/{name}.schema.json"));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, format!("{schema:#}\n")).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        // As values: in which order the fields of a map are kept is no part of a schema.
        let committed: Value = serde_json::from_str(&committed).unwrap_or_default();
        assert!(
            committed == schema,
            "run this test with BLESS=1 and look at what changed in {}",
            path.display()
        );
    }
}
