//! A second opinion that is wrong on purpose is found out, shrunk to what it takes, and told as a story that the
//! command line reads.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tenure::Timestamp;
use tenure_port::Call;
use tenure_sim::auditor::comparable;
use tenure_sim::episode::{Looks, Luck};
use tenure_sim::finding::Kind;
use tenure_sim::opinions::Opinion;
use tenure_sim::run::{Report, Settings, replay, run};
use tenure_sim::shrink::shrink;
use tenure_sim::step::Step;
use tenure_sim::subject::{StoreKind, Subject};
use tenure_sim::tell::scenario;

/// The library once more, with a mistake.
struct Mirror {
    subject: Subject,
    mistake: fn(&Value, Value) -> Value,
}

impl Opinion for Mirror {
    fn answer(&mut self, call: &Value, clock: i64) -> Value {
        let made: Call = serde_json::from_value(call.clone()).unwrap();
        let answer = self.subject.answer(Timestamp::from_millis(clock), made);
        (self.mistake)(call, comparable(&serde_json::to_value(answer).unwrap()))
    }
}

fn mirror(mistake: fn(&Value, Value) -> Value) -> impl Fn() -> Box<dyn Opinion> + Sync {
    move || Box::new(Mirror { subject: Subject::new(Timestamp::from_millis(0)), mistake })
}

fn looks<'l>(second: &'l (dyn Fn() -> Box<dyn Opinion> + Sync)) -> Looks<'l> {
    Looks {
        store: StoreKind::Memory,
        beside: None,
        second: Some(second),
        invariants: true,
        luck: Luck::Every,
        keep: true,
        coverage: false,
    }
}

fn step(minute: u64, call: &Value) -> Step {
    let start: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
    let clock = start.plus(tenure::Span::minutes(minute));
    let call = serde_json::from_value(call.clone()).unwrap_or_else(|wrong| panic!("{wrong}: {call}"));
    Step::Call { clock, call: Box::new(call) }
}

fn person(id: &str) -> Value {
    json!({"id": id, "groups": ["sre"]})
}

/// Twelve people ask, extend, are refused a longer one, and give back; somebody asks about all of it.
fn steps() -> Vec<Step> {
    let flow = |id: &str| {
        json!({"id": id, "who": {"any": ["group:sre"]}, "approval": "automatic",
            "what": [{"integration": "pg", "permissions": ["*"]}], "duration": {"default": "1h", "max": "4h"},
            "reason": {"required": false}, "extension": {"times": 3, "span": {"default": "30m", "max": "1h"}}})
    };
    let policy = json!({"version": 1, "flows": [flow("one"), flow("two")]});
    let mut steps = vec![step(0, &json!({"call": "publish", "actor": "system:sim", "policy": policy}))];
    for number in 0..12 {
        let (id, minute) = (format!("p{number}"), number * 3);
        let grant = format!("g{number}");
        let resource =
            json!({"integration": "pg", "type": "db", "name": "orders", "labels": {"env": "prod"}});
        let items = json!([{"resource": resource, "permission": "read"}, {"resource": resource, "permission": "write"}]);
        let mut give = |id: &str, call: Value| {
            let mut call = call;
            call["command_id"] = json!(format!("{id}-{number}"));
            steps.push(step(minute, &call));
        };
        let me = person(&id);
        let flow = if number % 2 == 0 { "one" } else { "two" };
        give(
            "ask",
            json!({"call": "request", "actor": me, "flow": flow, "grant": grant, "items": items,
            "reason": "INC-7", "context": {"on_call": true}}),
        );
        give("more", json!({"call": "extend", "actor": me, "grant": grant, "context": {"on_call": true}}));
        give("long", json!({"call": "extend", "actor": me, "grant": grant, "span": 7_200_000}));
        give("back", json!({"call": "give_back", "actor": me, "grant": grant}));
        steps.push(step(
            minute,
            &json!({"call": "holds", "person": id, "resource": resource, "permission": "read"}),
        ));
        steps.push(Step::Restart);
    }
    steps
}

/// Access that was extended cannot be given back, it says, once seven people have had any.
fn mistaken(call: &Value, answer: Value) -> Value {
    let late = call["grant"].as_str().is_some_and(|grant| matches!(grant, "g7" | "g8" | "g9"));
    let extended = answer.pointer("/ok/extensions/used") == Some(&json!(1));
    if call["call"] == "give_back" && late && extended {
        json!({"refused": {"code": "grant.not_active"}})
    } else {
        answer
    }
}

#[test]
fn a_second_opinion_that_is_right_is_found_right() {
    let second = mirror(|_, answer| answer);
    let played = replay(&steps(), looks(&second));
    assert_eq!(played.finding, None);
    assert_eq!((played.calls, played.advised), (61, 12));
}

#[test]
fn a_difference_is_found_shrunk_and_told() {
    let second = mirror(mistaken);
    let finding = replay(&steps(), looks(&second)).finding.unwrap();
    let place = "ok, not grant.not_active".to_owned();
    assert_eq!(finding.kind, Kind::Differs { call: "give_back", place });
    let shrunk = shrink(&steps(), &finding, looks(&second)).unwrap();
    let names: Vec<&str> = shrunk
        .steps
        .iter()
        .map(|step| match step {
            Step::Call { call, .. } => call.name(),
            Step::Restart => "restart",
        })
        .collect();
    assert_eq!(names, ["publish", "request", "extend", "give_back"]);
    let story = scenario(&shrunk, 7, 3);
    assert!(!story.contains("on_call") && !story.contains("INC-7"), "{story}");
    assert!(!story.contains(r#""id":"one""#) && story.contains(r#""items":["r1/write"]"#), "{story}");
    assert!(story.contains(r#""expect":{"refused":"grant.not_active"}"#), "{story}");
    // Commands are called what they were: those without a name would be counted, each by those before it.
    for name in ["ask", "more", "back"] {
        assert!(story.contains(&format!(r#""id":"{name}-"#)), "{story}");
    }
    // The command line reads it, and says as the library does that this is not so.
    assert_eq!(tested("difference", &story), Some(1), "{story}");
    let right =
        story.replace(r#""expect":{"refused":"grant.not_active"}"#, r#""expect":{"outcome":"given_back"}"#);
    assert_eq!(tested("right", &right), Some(0), "{right}");
}

/// What the command line says of a story.
fn tested(name: &str, story: &str) -> Option<i32> {
    let path = std::env::temp_dir().join(format!("tenure-sim-{}-{name}.yaml", std::process::id()));
    std::fs::write(&path, story).unwrap();
    let status = Command::new(command_line()).arg("test").arg(&path).status().unwrap();
    std::fs::remove_file(&path).unwrap();
    status.code()
}

/// The command line beside this test; built where it was not.
fn command_line() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap();
    let path = folder.join(format!("tenure{}", std::env::consts::EXE_SUFFIX));
    if !path.exists() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut cargo = Command::new(env!("CARGO"));
        let built =
            cargo.args(["build", "-p", "tenure-cli", "--all-features"]).current_dir(root).status().unwrap();
        assert!(built.success());
    }
    path
}

#[test]
fn advice_that_does_not_pass_or_is_more_than_is_needed_is_found() {
    let never = mirror(|call, answer| {
        if call["call"] == "explain" {
            json!({"ok": {"checks": [], "refused": {"code": "flow.withdrawn"}}})
        } else {
            answer
        }
    });
    let always =
        mirror(|call, answer| if call["call"] == "explain" { json!({"ok": {"checks": []}}) } else { answer });
    let wrong = |second: &(dyn Fn() -> Box<dyn Opinion> + Sync)| match replay(&steps(), looks(second)).finding
    {
        Some(finding) => finding.kind.to_string(),
        None => "nothing".to_owned(),
    };
    assert_eq!(wrong(&never), "`extend`, extension.too_long: what would pass does not pass");
    assert_eq!(wrong(&always), "`extend`, extension.too_long: what would pass is more than is needed");
}

fn played(seed: u64, threads: usize, store: StoreKind) -> Report {
    let settings = Settings {
        seed,
        calls: 2_500,
        episode: None,
        threads,
        store,
        beside: None,
        second: None,
        invariants: false,
        coverage: false,
    };
    run(&settings, |_| {})
}

#[test]
fn the_digest_does_not_depend_on_threads() {
    let one = played(5, 1, StoreKind::Memory);
    assert_eq!(one.digest, played(5, 3, StoreKind::Memory).digest);
    assert_eq!(one.episodes, 3);
    assert_ne!(one.digest, played(6, 1, StoreKind::Memory).digest);
}

#[test]
fn the_digest_does_not_depend_on_the_store() {
    let memory = played(5, 2, StoreKind::Memory).digest;
    let sqlite = played(5, 2, StoreKind::Sqlite);
    assert_eq!((sqlite.findings, &sqlite.digest), (vec![], &memory));
    if let Err(why) = StoreKind::Postgres.is_here() {
        // Past what the test runner keeps to itself, for whoever wants to know what was not tested.
        let mut out = std::io::stdout();
        return writeln!(out, "not run: random worlds on PostgreSQL, because {why}").unwrap();
    }
    let postgres = played(5, 2, StoreKind::Postgres);
    assert_eq!((postgres.findings, &postgres.digest), (vec![], &memory));
}
