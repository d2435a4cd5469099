//! A copy of a store, and what targets hold beside it.

use std::path::Path;

use serde_json::Value as Json;

use crate::{Night, code, err, out};

/// Access as a host on a file gives it, at the machine's time.
struct Desk(tenure::Engine);

impl Desk {
    fn open(file: &Path) -> Self {
        use tenure::{Engine, Person, Policy, SqliteStore};
        let policy = "version: 1
flows:
  - id: db
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read]}, {integration: k8s, permissions: [read]}]
    duration: {max: 4h, default: 1h}
    approval: automatic
";
        let engine = Engine::new(SqliteStore::open(file).unwrap());
        let policy = Policy::from_text(policy, tenure::tenure_policy::document::Format::Yaml).unwrap();
        engine.publish(&policy, Person::new("admin".parse().unwrap()), engine.clock()).unwrap();
        Self(engine)
    }

    fn ask(&self, name: &str, integration: &str, grant: &str) {
        use tenure::{Person, Request, ResourceId};
        let (integration, kind) = (integration.parse().unwrap(), "database".to_owned());
        let orders = ResourceId { integration, kind, name: "orders".to_owned() };
        let request = Request::new("db", Person::new(name.parse().unwrap())).item(orders.permission("read"));
        self.0.request(request.grant(grant.to_owned()), self.0.clock()).unwrap();
    }

    fn give_back(&self, name: &str, grant: &str) {
        let holder = tenure::Person::new(name.parse().unwrap());
        self.0.give_back(tenure::GiveBack::new(grant, holder), self.0.clock()).unwrap();
    }

    fn work(&self) {
        for effect in self.0.take_effects("w", tenure::Span::minutes(1), self.0.clock()).unwrap() {
            self.0.effect_done(effect.id, self.0.clock()).unwrap();
        }
    }
}
/// One line of what a target holds.
fn held(holder: &str, at: &str) -> String {
    format!(
        r#"{{"holder": "{holder}", "integration": "{at}", "type": "database", "name": "orders", "permission": "read"}}"#
    )
}

/// A night that is lost: the copy of the evening is restored, and what came after it is known to the targets alone.
#[test]
fn what_a_restored_store_cannot_know_is_listed() {
    let night = Night::of("restored");
    let desk = Desk::open(&night.0.join("access.db"));
    desk.ask("alice", "pg", "g1");
    desk.ask("bert", "pg", "g2");
    desk.ask("carol", "k8s", "g3");
    desk.work();
    desk.give_back("carol", "g3");
    let copied = night.says(&["backup", "access.db", "copy.db"]);
    assert!(copied.starts_with("✓ `copy.db` is a whole copy: "), "{copied}");
    assert_eq!(night.says(&["doctor", "copy.db"]).matches('✓').count(), 6, "one removal is not finished");

    // After the copy: bert is done, carol's access is taken away, dora asks.
    desk.give_back("bert", "g2");
    desk.ask("dora", "pg", "g4");
    desk.work();
    std::fs::write(night.0.join("held.jsonl"), [held("alice", "pg"), held("dora", "pg")].join("\n")).unwrap();
    let well = night.says(&["reconcile", "access.db", "held.jsonl"]);
    assert!(well.starts_with("✓ 2 items held as it should be at ") && well.lines().count() == 1, "{well}");

    let restored = night.run(&["reconcile", "copy.db", "held.jsonl"]);
    assert_eq!(code(&restored), Some(1), "{}", err(&restored));
    let text = out(&restored);
    for words in [
        "✓ 1 item held",
        "✗ held, not granted: dora pg/database/orders/read: no grant that is known here gave it\n",
        "✗ granted, not held: bert pg/database/orders/read: under g2 until 20",
    ] {
        assert!(text.contains(words), "`{words}` is missing in {text}");
    }
    assert_eq!(text.lines().count(), 3, "{text}");

    // What a removal that is not finished explains is said, and a place of its own is looked at alone.
    std::fs::write(night.0.join("k8s.jsonl"), held("carol", "k8s")).unwrap();
    let only = night.run(&["reconcile", "copy.db", "k8s.jsonl", "--integration", "k8s", "--json"]);
    assert_eq!(code(&only), Some(1));
    let found: Json = serde_json::from_str(&out(&only)).unwrap();
    assert_eq!((&found["agree"], found["granted_not_held"].as_array().unwrap().len()), (&0.into(), 0));
    let last = &found["held_not_granted"][0]["last"];
    assert_eq!((&last["grant"], &last["underway"]), (&"g3".into(), &true.into()), "{found:#}");
}

#[test]
fn what_cannot_be_copied_or_read_is_said() {
    let night = Night::of("no-copy");
    night.says(&["backup", "night.db", "copy.db"]);
    for (list, words) in [
        ("{\"holder\": \"a\"}", "line 1: missing field"),
        ("\n{\"holder\": \"a\", \"role\": \"b\"}", "line 2: unknown field `role`"),
        (&format!("{}{}", " ".repeat(70_000), held("a", "pg")), "line 1: a line has at most 65536 bytes"),
    ] {
        std::fs::write(night.0.join("wrong.jsonl"), list).unwrap();
        let wrong = night.run(&["reconcile", "copy.db", "wrong.jsonl"]);
        assert_eq!((code(&wrong), out(&wrong)), (Some(2), String::new()));
        assert!(err(&wrong).contains(words), "{}", err(&wrong));
        // What would be right is said, and it is.
        if let Some((_, right)) = err(&wrong).split_once("like ") {
            std::fs::write(night.0.join("right.jsonl"), right).unwrap();
            assert_eq!(code(&night.run(&["reconcile", "copy.db", "right.jsonl"])), Some(1), "{right}");
        } else {
            assert!(words.contains("bytes"), "{}", err(&wrong));
        }
    }
    for (args, words) in [
        (&["backup", "night.db", "copy.db"][..], "tenure: `copy.db` is there already"),
        (&["backup", "nothing.db", "other.db"], "tenure: there is no file `nothing.db`"),
        (&["reconcile", "copy.db", "nothing.jsonl"], "tenure: `nothing.jsonl`: "),
    ] {
        let refused = night.run(args);
        assert_eq!(code(&refused), Some(2), "{args:?}");
        assert!(err(&refused).starts_with(words), "{}", err(&refused));
    }
    assert!(!night.0.join("other.db").exists());
    for (args, said) in [
        (&["backup", "postgres://me:secret@db/acme", "other.db"][..], "pg_dump"),
        (&["doctor", "postgres://me:secret@127.0.0.1:1/acme"], "cannot be reached"),
        (
            &["move", "acme", "--from", "postgres://me:secret@127.0.0.1:1/a", "--to", "night.db"],
            "cannot be reached",
        ),
        (
            &["move", "acme", "--from", "night.db", "--to", "postgres://me:secret@127.0.0.1:1/a"],
            "`--from` is no",
        ),
    ] {
        let wrong = night.run(args);
        assert_eq!(code(&wrong), Some(2));
        let words = err(&wrong);
        assert!(words.contains(said) && !words.contains("secret"), "{words}");
    }
    assert!(!night.0.join("other.db").exists());
}

/// SQLite would take the name for that of another file, and nothing would stand under it.
#[test]
fn a_copy_stands_under_the_very_name_that_was_given() {
    let night = Night::of("named-copy");
    night.says(&["backup", "night.db", "file:copy.db"]);
    night.says(&["doctor", "file:copy.db"]);
    assert!(!night.0.join("copy.db").exists() && !night.0.join("copy.db.part").exists());
}
