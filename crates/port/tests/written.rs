//! What people write with what they ask is on record and before whoever decides, and goes when it is erased.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use serde_json::{Value, json};
use tenure_port::Port;
use tenure_port::store::{ManualClock, MemoryStore};

const NOW: &str = "2026-03-02T09:00:00Z";

/// A port with a running grant, whose extensions ask for a ticket and wait for bob.
fn port() -> Port {
    let clock = Arc::new(ManualClock::at(NOW.parse().unwrap()));
    let port = Port::open(Arc::new(MemoryStore::with_clock(clock)));
    let ticket = json!({"required": false, "fields": [{"name": "ticket", "pattern": "T-[0-9]+"}]});
    let policy = json!({"version": 1, "flows": [{
        "id": "db",
        "who": {"any": ["group:sre"]},
        "what": [{"integration": "pg", "permissions": ["read"]}],
        "duration": {"max": "4h", "default": "1h"},
        "approval": "automatic",
        "extension": {"times": 2, "span": {"default": "30m"}, "reason": ticket,
            "approval": {"steps": [{"approvers": ["user:bob"]}]}},
        "notify": {"before_end": []},
    }]});
    told(&port, json!({"call": "publish", "actor": "system:test", "policy": policy}));
    let resource = json!({"integration": "pg", "type": "database", "name": "orders"});
    told(
        &port,
        json!({"call": "request", "grant": "g1", "flow": "db", "actor": alice(),
        "items": [{"resource": resource, "permission": "read"}]}),
    );
    port
}

fn alice() -> Value {
    json!({"id": "alice", "groups": ["sre"]})
}

fn told(port: &Port, call: Value) -> Value {
    let answer: Value = serde_json::from_str(&port.call(&call.to_string())).unwrap();
    answer.get("ok").unwrap_or_else(|| unreachable!("{call}: {answer}")).clone()
}

fn extend(ticket: &str) -> Value {
    json!({"call": "extend", "grant": "g1", "actor": alice(), "fields": {"ticket": ticket}})
}

/// Whether it stands anywhere on record.
fn is_on_record(port: &Port, text: &str) -> bool {
    told(port, json!({"call": "records"})).to_string().contains(text)
}

#[test]
fn fields_of_an_extension_are_before_its_approver_and_on_record() {
    let port = port();
    let asked = told(&port, extend("T-4711"));
    assert_eq!(asked["extension_asked"]["fields"], json!({"ticket": "T-4711"}));
    let other = told(&self::port(), extend("T-4712"));
    let content = |view: &Value| view["extension_asked"]["content"].clone();
    assert_ne!(content(&asked), content(&other), "who has seen one has not seen the other");
    assert_eq!(content(&asked), content(&told(&self::port(), extend("T-4711"))));
    told(
        &port,
        json!({"call": "approve_extension", "grant": "g1", "actor": {"id": "bob"}, "content": content(&asked)}),
    );
    let history = told(&port, json!({"call": "history", "grant": "g1"}));
    let of = |event: &str| {
        history["records"].as_array().unwrap().iter().find(|record| record["event"] == event).unwrap()
    };
    assert_eq!(of("extension_asked")["asked"]["fields"]["ticket"], "T-4711");
    assert_eq!(of("extended")["fields"]["ticket"], "T-4711");
}

#[test]
fn fields_of_an_extension_are_erased_with_all_that_was_written() {
    let port = port();
    let asked = told(&port, extend("T-4711"));
    told(&port, json!({"call": "approve_extension", "grant": "g1", "actor": {"id": "bob"}}));
    told(&port, json!({"call": "give_back", "grant": "g1", "actor": alice()}));
    loop {
        let taken = told(&port, json!({"call": "take_effects", "worker": "w", "lease": "1m"}));
        let taken = taken.as_array().unwrap();
        if taken.is_empty() {
            break;
        }
        for effect in taken {
            told(&port, json!({"call": "effect_done", "effect": effect["id"], "worker": "w"}));
        }
    }
    assert!(is_on_record(&port, "T-4711"));
    told(&port, json!({"call": "erase", "grant": "g1", "actor": "system:test"}));
    assert!(!is_on_record(&port, "T-4711"));
    assert!(
        !is_on_record(&port, asked["extension_asked"]["content"].as_str().unwrap()),
        "nor what is made of it"
    );
}
