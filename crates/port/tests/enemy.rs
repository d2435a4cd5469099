//! Calls of somebody who means no good: each is answered, and none gives what it should not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use serde_json::{Value, json};
use tenure_port::Port;
use tenure_port::store::{ManualClock, MemoryStore};

const NOW: &str = "2026-03-02T09:00:00Z";

/// A port with one flow in force: alice's request waits for bob.
fn port() -> Port {
    let clock = Arc::new(ManualClock::at(NOW.parse().unwrap()));
    let port = Port::open(Arc::new(MemoryStore::with_clock(clock)));
    let policy = json!({
        "version": 1,
        "flows": [{
            "id": "db",
            "who": {"any": ["group:sre"]},
            "what": [{"integration": "pg", "labels": {"env": "prod"}, "permissions": ["read"]}],
            "when": "!(context has bad)",
            "duration": {"max": "4h"},
            "approval": {"steps": [{"approvers": ["user:bob"]}]},
            "extension": {"times": 2, "span": {"default": "30m"}},
        }],
    });
    let published = port.call(
        &json!({"call": "publish", "command_id": "p", "actor": "system:test", "policy": policy}).to_string(),
    );
    assert!(published.contains("published"), "{published}");
    port
}

fn request() -> Value {
    json!({
        "call": "request",
        "grant": "g1",
        "flow": "db",
        "actor": {"id": "alice", "groups": ["sre"]},
        "items": [{
            "resource": {"integration": "pg", "type": "database", "name": "orders", "labels": {"env": "prod"}},
            "permission": "read",
        }],
    })
}

fn told(port: &Port, call: &str) -> Value {
    serde_json::from_str(&port.call(call)).unwrap()
}

/// The code of whatever an answer says; `ok` where it says yes.
fn code(answer: &Value) -> String {
    let of = |path: &str| answer.pointer(path).and_then(Value::as_str).map(str::to_owned);
    of("/refused/code")
        .or_else(|| of("/invalid/0/code"))
        .or_else(|| of("/fault/code").map(|code| format!("fault {code}")))
        .unwrap_or_else(|| "ok".to_owned())
}

fn code_of(call: &str) -> String {
    code(&told(&port(), call))
}

/// The request with a value put at a path.
fn with(path: &str, value: Value) -> String {
    let mut call = request();
    let (above, field) = path.rsplit_once('/').unwrap();
    call.pointer_mut(above).unwrap().as_object_mut().unwrap().insert(field.to_owned(), value);
    call.to_string()
}

#[test]
fn the_request_itself_is_good() {
    assert_eq!(code_of(&request().to_string()), "ok");
}

#[test]
fn r07_a_field_that_is_not_known_is_refused_at_every_level() {
    for above in ["", "/actor", "/items/0", "/items/0/resource"] {
        for field in ["approved", "Actor", "GROUPS", "id ", "stage", "\u{0}"] {
            let call = with(&format!("{above}/{field}"), json!("x"));
            assert_eq!(code_of(&call), "unknown_field", "{call}");
        }
    }
    let login = with("/actor/authenticated", json!({"at": NOW, "trusted": true}));
    assert_eq!(code_of(&login), "unknown_field");
    let holder = with("/holder", json!({"id": "carol", "is_admin": true}));
    assert_eq!(code_of(&holder), "unknown_field");
    let inner =
        json!({"call": "explain", "of": {"call": "withdraw", "grant": "g", "actor": {"id": "a"}, "as": 1}});
    assert_eq!(code_of(&inner.to_string()), "unknown_field");
}

#[test]
fn a_revocation_names_what_it_ends_once() {
    let item = json!({"integration": "pg", "type": "database", "name": "orders", "permission": "read"});
    let named = [
        ("grant", json!("g1")),
        ("person", json!("alice")),
        ("flow", json!("db")),
        ("integration", json!("pg")),
        ("item", item),
    ];
    let revoke = || json!({"call": "revoke", "actor": "system:x", "reason": "over"});
    let place = |answer: &Value| answer.pointer("/invalid/0/path").cloned();
    for (name, value) in &named {
        let port = port();
        assert_eq!(code(&told(&port, &request().to_string())), "ok");
        let mut call = revoke();
        call[*name] = value.clone();
        let answer = told(&port, &call.to_string());
        let ended = if *name == "grant" { "/ok/id" } else { "/ok/revoked/0" };
        assert_eq!(answer.pointer(ended), Some(&json!("g1")), "{name}: {answer}");
        for (second, value) in named.iter().filter(|(second, _)| second != name) {
            let mut both = call.clone();
            both[*second] = value.clone();
            let answer = told(&port, &both.to_string());
            assert_eq!(code(&answer), "contradiction", "{name} and {second}");
            assert!(place(&answer) == Some(json!(second)) || place(&answer) == Some(json!(name)), "{answer}");
        }
    }
    let nothing = told(&port(), &revoke().to_string());
    assert_eq!((code(&nothing), place(&nothing)), ("missing_field".to_owned(), Some(json!("grant"))));
    let all = json!({"call": "revoke", "actor": "system:x", "reason": "over", "everything": true});
    assert_eq!(code_of(&all.to_string()), "unknown_field");
}

#[test]
fn a_name_that_stands_twice_has_no_meaning() {
    let twice = |at: &str, more: &str| request().to_string().replacen(at, &format!("{more}{at}"), 1);
    for call in [
        twice("\"flow\":", "\"flow\":\"other\","),
        twice("\"groups\":", "\"groups\":[\"sre\"],"),
        twice("\"labels\":", "\"labels\":{\"env\":\"test\"},"),
        twice("\"env\":", "\"env\":\"test\","),
        twice("\"call\":", "\"call\":\"look\","),
        twice("\"env\":", "\"e\\u006ev\":\"test\","),
    ] {
        assert_ne!(call, request().to_string());
        assert_eq!(code_of(&call), "syntax", "{call}");
    }
    let facts = with("/context", json!({"a": 1})).replacen("\"a\":1", "\"a\":1,\"a\":2", 1);
    assert_eq!(code_of(&facts), "syntax");
}

#[test]
fn r30_nobody_becomes_the_host_by_a_name() {
    for actor in [
        json!({"id": "system:root"}),
        json!({"id": "SYSTEM:root"}),
        json!({"id": "eve", "aliases": ["system:root"]}),
        json!({"id": "eve", "acts_for": "system:root"}),
        json!({"id": "eve", "manager": "system:root"}),
        json!({"system": "root"}),
        json!(["system:root"]),
        json!("alice"),
        json!("system:"),
        json!("System:root"),
        json!(" system:root"),
        json!("system:\u{0}"),
        json!(null),
    ] {
        let call = json!({"call": "revoke", "grant": "g1", "reason": "x", "actor": actor});
        let code = code_of(&call.to_string());
        assert!(
            matches!(&*code, "out_of_range" | "wrong_type" | "unknown_field" | "missing_field"),
            "{call}: {code}"
        );
    }
}

#[test]
fn values_of_another_kind_are_refused() {
    for (path, value) in [
        ("/span", json!("1")),
        ("/span", json!(-1)),
        ("/span", json!(1.5)),
        ("/span", json!("-1h")),
        ("/span", json!("1h-30m")),
        ("/span", json!("0x10m")),
        ("/span", json!("1e3m")),
        ("/span", json!("٣m")),
        ("/span", json!("99999999999999999999d")),
        ("/start", json!(0)),
        ("/start", json!("2026-02-30T00:00:00Z")),
        ("/start", json!("2026-03-02T09:00:00.0000001Z")),
        ("/start", json!("2026-03-02")),
        ("/now", json!("yesterday")),
        ("/now", json!("9999999-01-01T00:00:00Z")),
        ("/flow", json!("../db")),
        ("/flow", json!("DB")),
        ("/flow", json!(["db"])),
        ("/grant", json!("")),
        ("/grant", json!("a\u{0}b")),
        ("/grant", json!("a\nb")),
        ("/grant", json!("g".repeat(257))),
        ("/actor/groups", json!("sre")),
        ("/actor/groups", json!([1])),
        ("/actor/id", json!(7)),
        ("/actor/attributes", json!({"a": 1.5})),
        ("/actor/attributes", json!({"a": u64::MAX})),
        ("/actor/attributes", json!([])),
        ("/items", json!({})),
        ("/items", json!("pg/read")),
        ("/items/0/resource/labels", json!({"env": true})),
        ("/items/0/resource/owners", json!(["owner"])),
        ("/items/0/resource/owners", json!(["everyone"])),
        ("/items/0/resource/owners", json!(["bob"])),
        ("/reason", json!(1)),
        ("/fields", json!({"a": 1})),
        ("/command_id", json!("")),
    ] {
        let call = with(path, value);
        let code = code_of(&call);
        assert!(matches!(&*code, "out_of_range" | "wrong_type"), "{call}: {code}");
    }
}

#[test]
fn text_that_is_no_json_is_no_call() {
    for text in [
        "",
        " ",
        "\u{0}",
        "null",
        "7",
        "\"look\"",
        "\u{feff}{}",
        "{\"call\": \"look\", \"grant\": \"\\ud800\"}",
        "{\"call\": \"look\", \"grant\": \"a\u{0}\"}",
        "{\"call\": \"sweep\"} {}",
        "{\"call\": \"sweep\",}",
        "{'call': 'sweep'}",
        "{\"call\": \"sweep\" /* */}",
        "{\"call\": \"sweep\", \"now\": 1e999}",
        "{\"call\": \"sweep\", \"now\": NaN}",
        "{\"call\": \"sweep\", \"now\": 0x10}",
    ] {
        let code = code_of(text);
        assert!(matches!(&*code, "syntax" | "wrong_type"), "{text:?}: {code}");
    }
}

#[test]
fn free_facts_are_bounded_wherever_they_stand() {
    let deep = |levels: usize| {
        (0..levels)
            .fold(json!(1), |inner, level| if level % 2 == 0 { json!({"a": inner}) } else { json!([inner]) })
    };
    let nested = |levels: usize| json!({"a": deep(levels)});
    let wide = json!({"a": "x".repeat(70_000)});
    for path in ["/actor/attributes", "/context", "/items/0/resource/attributes"] {
        assert_eq!(code_of(&with(path, nested(31))), "ok", "{path}");
        let code = code_of(&with(path, nested(33)));
        assert!(matches!(&*code, "out_of_range" | "request.too_large"), "{path}: {code}");
        assert_eq!(code_of(&with(path, nested(70))), "too_deep", "{path}");
        let code = code_of(&with(path, wide.clone()));
        assert!(matches!(&*code, "request.too_large" | "out_of_range"), "{path}: {code}");
    }
    let labels = with("/items/0/resource/labels", json!({"env": "prod", "x": "x".repeat(70_000)}));
    assert_eq!(code_of(&labels), "request.too_large");
    let groups: Vec<String> = (0..2_000).map(|n| format!("g{n}")).chain(["sre".to_owned()]).collect();
    assert_eq!(code_of(&with("/actor/groups", json!(groups))), "request.too_large");
    let reason = with("/reason", json!("x".repeat(5_000)));
    assert_eq!(code_of(&reason), "request.too_large");
    let grown = json!({"call": "offer", "grant": "g1", "actor": {"id": "alice"}, "context": nested(70)});
    assert_eq!(code_of(&grown.to_string()), "too_deep");
}

#[test]
fn ids_are_opaque_and_come_back_as_they_were() {
    for id in [
        "../../etc/passwd",
        "%s%n%x",
        "'; drop table grants; --",
        "a/b/c",
        "{}",
        "\\u0000",
        "${jndi:x}",
        "😀",
        "a b",
        "\u{202e}evil",
    ] {
        let port = port();
        let mut call = request();
        call["grant"] = json!(id);
        call["actor"]["id"] = json!(id);
        let asked = told(&port, &call.to_string());
        assert_eq!(
            (code(&asked), &asked["ok"]["id"], &asked["ok"]["holder"]),
            ("ok".to_owned(), &json!(id), &json!(id))
        );
        let seen = told(&port, &json!({"call": "look", "grant": id}).to_string());
        assert_eq!(seen["ok"]["id"], id);
        let history = told(&port, &json!({"call": "history", "grant": id}).to_string());
        assert!(history["ok"]["records"].as_array().is_some_and(|records| !records.is_empty()));
        assert_eq!(told(&port, r#"{"call": "look", "grant": "g"}"#), json!({"ok": null}));
    }
}

#[test]
fn r45_a_host_far_ahead_writes_nothing_and_one_far_back_revives_nothing() {
    let port = port();
    told(&port, &request().to_string());
    let approve = |now: &str, id: &str| {
        json!({"call": "approve", "command_id": id, "grant": "g1", "actor": {"id": "bob"}, "now": now})
            .to_string()
    };
    assert_eq!(code(&told(&port, &approve("9999-12-31T23:59:59.999Z", "a"))), "fault clock");
    let swept = told(&port, r#"{"call": "sweep", "now": "9999-12-31T23:59:59.999Z"}"#);
    assert_eq!(code(&swept), "fault clock");
    let back = told(&port, &approve("0001-01-01T00:00:00Z", "b"));
    assert_eq!(back["ok"]["starts_at"], "2026-03-02T09:00:00.000Z", "{back}");
    let holds = |now: &str| {
        let resource = json!({"integration": "pg", "type": "database", "name": "orders"});
        let call = json!({"call": "holds", "person": "alice", "resource": resource, "permission": "read", "now": now});
        told(&port, &call.to_string())["ok"]["allowed"].clone()
    };
    assert_eq!([holds("9999-12-31T23:59:59Z"), holds("0001-01-01T00:00:00Z")], [json!(true), json!(true)]);
}

/// What a host may not take from a requester's hands is still no way to grow a grant: an approver trims by
/// names, and names more than was asked nowhere.
#[test]
fn r08_an_approver_widens_nothing() {
    let port = port();
    told(&port, &request().to_string());
    let only = json!([{"integration": "pg", "type": "database", "name": "orders", "permission": "write"}]);
    let call = json!({"call": "approve", "grant": "g1", "actor": {"id": "bob"}, "only": only});
    assert_eq!(code(&told(&port, &call.to_string())), "approval.wider");
    let labelled = json!([{"integration": "pg", "type": "database", "name": "orders", "permission": "read", "labels": {}}]);
    let call = json!({"call": "approve", "grant": "g1", "actor": {"id": "bob"}, "only": labelled});
    assert_eq!(code(&told(&port, &call.to_string())), "unknown_field");
}

#[test]
fn effects_of_strange_names_and_numbers_are_unknown() {
    for (effect, expected) in [
        ("g1/99", "effect.unknown"),
        ("nothing/0", "grant.unknown"),
        ("g1/4294967295", "effect.unknown"),
        ("g1/4294967296", "out_of_range"),
        ("g1/-1", "out_of_range"),
        ("g1/", "out_of_range"),
        ("/1", "out_of_range"),
        ("g1/+1", "out_of_range"),
        ("g1/01", "out_of_range"),
    ] {
        let port = port();
        told(&port, &request().to_string());
        let call = json!({"call": "effect_done", "effect": effect, "worker": "w"});
        assert_eq!(code(&told(&port, &call.to_string())), expected, "{effect}");
    }
    let lease = |lease: Value| {
        let call = json!({"call": "take_effects", "worker": "w", "lease": lease, "limit": u32::MAX});
        code_of(&call.to_string())
    };
    assert_eq!(lease(json!("1m")), "ok");
    assert_eq!([lease(json!(-1)), lease(json!(null))], ["out_of_range", "wrong_type"]);
    assert!(matches!(&*lease(json!("999999999d")), "ok" | "out_of_range"));
}

/// Fields of a flow that no decision looks at are seen all the same.
#[test]
fn r36_what_a_flow_says_of_itself_is_handed_out() {
    let port = Port::open(Arc::new(MemoryStore::with_clock(Arc::new(ManualClock::at(NOW.parse().unwrap())))));
    let policy = json!({"version": 1, "flows": [{
        "id": "db", "title": "Databases", "description": "For incidents", "labels": {"team": "data"},
        "who": {"any": ["group:sre"]}, "what": [{"integration": "pg", "permissions": ["read"]}],
        "duration": {"max": "4h"}, "approval": "automatic", "credentials": {"type": "token"}}]});
    told(&port, &json!({"call": "publish", "actor": "system:test", "policy": policy}).to_string());
    let catalog = told(&port, r#"{"call": "catalog", "actor": {"id": "alice", "groups": ["sre"]}}"#);
    let flow = &catalog["ok"]["flows"][0];
    assert_eq!(
        [&flow["title"], &flow["description"], &flow["labels"]["team"]],
        [&json!("Databases"), &json!("For incidents"), &json!("data")]
    );
    told(&port, &request().to_string());
    let call = json!({"call": "take_effects", "worker": "w", "lease": "1m", "integration": "pg"});
    let taken = told(&port, &call.to_string());
    assert!(taken.to_string().contains("\"credential\":\"token\""), "{taken}");
}

/// What an author wrote for people is what people read; no story compares it.
#[test]
fn r36_the_words_of_an_author_are_in_the_refusal() {
    let fields = json!([{"name": "ticket", "label": "The ticket", "pattern": "^[A-Z]+-[0-9]+$", "message": "as in JIRA-12"}]);
    let labelled = json!([{"name": "ticket", "label": "The ticket"}]);
    let always =
        json!([{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "24:00"}]);
    let freeze = json!([{"from": "2026-03-01T00:00", "to": "2026-03-08T00:00", "why": "the change freeze"}]);
    let reason = json!({"pattern": "^INC-[0-9]+$", "message": "name the incident"});
    let when = json!([{"name": "device", "is": "context.managed", "message": "use a managed device"}]);
    let ticket = |text: &str| json!({"reason": "INC-7", "fields": {"ticket": text}});
    for (rules, given, code_expected, words) in [
        (
            json!({"when": when}),
            json!({"context": {"managed": false}}),
            "condition.unmet",
            "use a managed device",
        ),
        (json!({"reason": reason}), json!({"reason": "because"}), "reason.malformed", "name the incident"),
        (json!({"reason": {"fields": labelled}}), json!({"reason": "INC-7"}), "reason.missing", "The ticket"),
        (json!({"reason": {"fields": fields}}), ticket("seven"), "reason.malformed", "as in JIRA-12"),
        (
            json!({"hours": {"zone": "UTC", "open": always, "closed": freeze}}),
            json!({}),
            "hours.closed",
            "the change freeze",
        ),
    ] {
        let clock = Arc::new(ManualClock::at(NOW.parse().unwrap()));
        let port = Port::open(Arc::new(MemoryStore::with_clock(clock)));
        let mut flow = json!({
            "id": "db", "who": {"any": ["group:sre"]}, "what": [{"integration": "pg", "permissions": ["read"]}],
            "duration": {"max": "4h"}, "approval": "automatic"});
        flow.as_object_mut().unwrap().extend(rules.as_object().unwrap().clone());
        let policy = json!({"version": 1, "flows": [flow]});
        told(&port, &json!({"call": "publish", "actor": "system:test", "policy": policy}).to_string());
        let mut call = request();
        call.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
        let answer = told(&port, &call.to_string());
        assert_eq!(code(&answer), code_expected, "{answer}");
        assert!(answer.to_string().contains(words), "{answer}");
    }
}
