//! `tenure move`, through the binary, while hosts work.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

use serde_json::Value as Json;
use tenure::{Engine, Error, Fault, LogKey, PostgresStore, Request, StoreFault};
use tenure_postgres::cluster::{Cluster, or_not_run};

use crate::database::{There, night, orders, person};
use crate::{code, err, out};

/// Asks for one grant after the other until it is over, and goes where the namespace is in force: what it was told.
fn works(from: &There, to: &There, over: &AtomicBool, moved: &AtomicU32) -> Vec<String> {
    let mut told = Vec::new();
    let mut engine = Engine::new(PostgresStore::open(&from.url).unwrap());
    for n in 0..10_000 {
        let grant = format!("during{n}");
        loop {
            let ask = Request::new("db", person("jonas")).item(orders().permission("read")).grant(&*grant);
            match engine.request(ask.command_id(format!("ask {grant}")), engine.clock()) {
                Ok(_) => break,
                Err(Error::Fault(Fault::Store(StoreFault::Moved(_)))) => {
                    moved.fetch_add(1, Ordering::SeqCst);
                    engine = Engine::new(PostgresStore::open(&to.url).unwrap());
                }
                Err(error) => {
                    let again =
                        matches!(error, Error::Fault(Fault::Store(StoreFault::Busy | StoreFault::InDoubt)));
                    assert!(again, "{grant}: {error}");
                }
            }
        }
        told.push(grant);
        if over.load(Ordering::SeqCst) {
            break;
        }
    }
    told
}

/// Nothing that was told is lost, the store is whole, and both checkpoints are of one record.
fn is_all_there(to: &There, told: &[String], signer: &LogKey) {
    let engine = to.engine();
    let list = to.says(&["list", &to.url, "--format", "jsonl"]);
    for grant in told {
        assert!(list.contains(&format!("\"{grant}\"")), "{grant} is lost");
    }
    to.holds("after.note", engine.checkpoint(signer, engine.clock()).unwrap());
    to.holds("record.jsonl", to.says(&["audit", "export", &to.url]));
    let key = engine.verifier_key(signer).unwrap().to_string();
    let args = ["audit", "verify", "record.jsonl", "--key", &key, "--checkpoint", "before.note"];
    let verified = to.says(&[&args[..], &["--checkpoint", "after.note"]].concat());
    assert_eq!(verified.matches("checkpoint over").count(), 2, "{verified}");
    assert!(!verified.contains("no checkpoint proves"), "{verified}");
    let doctor = to.run(&["doctor", &to.url]);
    assert_eq!(code(&doctor), Some(0), "{}", out(&doctor));
    to.holds("held.jsonl", "");
    let owed = to.run(&["reconcile", &to.url, "held.jsonl", "--json"]);
    let owed: Json = serde_json::from_str(&out(&owed)).unwrap();
    let listed = |list: &str| owed.get(list).and_then(Json::as_array).map(Vec::len);
    assert_eq!(listed("held_not_granted"), Some(0));
    assert!(listed("granted_not_held") > Some(0), "{owed:#}");
}

/// Whatever is asked where it was is answered with a fault that says where it is.
fn is_told_where_it_is(from: &There, to: &There) {
    from.holds("held.jsonl", "");
    for args in [
        &["log", &*from.url][..],
        &["list", &from.url],
        &["who-has", "pg/db/orders", &from.url],
        &["doctor", &from.url],
        &["audit", "export", &from.url],
        &["reconcile", &from.url, "held.jsonl"],
        &["compact", &from.url, "--before", "2100-01-01T00:00:00Z"],
    ] {
        let asked = from.run(args);
        assert_eq!(code(&asked), Some(2), "{args:?}: {}", out(&asked));
        let words = format!("moved to the database `{}`", to.database.name());
        assert!(err(&asked).contains(&words), "{args:?}: {}", err(&asked));
    }
    let again = from.says(&["move", "default", "--from", &from.url, "--to", &to.url, "--json"]);
    assert_eq!(serde_json::from_str::<Json>(&again).unwrap().get("copied"), Some(&Json::from(0)));
    let nothing = from.run(&["move", "other", "--from", &from.url, "--to", &to.url]);
    assert_eq!((code(&nothing), out(&nothing)), (Some(2), String::new()));
    assert!(err(&nothing).contains("there is no namespace `other`"), "{}", err(&nothing));
}

#[test]
fn a_namespace_is_moved_by_the_binary_while_hosts_work() {
    let Some(cluster) = or_not_run(Cluster::shared(), "moving by the binary") else { return };
    let (from, to) = (There::of("from", cluster), There::of("to", cluster));
    let engine = from.engine();
    for n in 0..20 {
        night(&engine, &format!("before{n}"), "maria");
    }
    let signer = LogKey::new("audit.example.com", &[7; 32]);
    to.holds("before.note", engine.checkpoint(&signer, engine.clock()).unwrap());
    let (over, moved) = (AtomicBool::new(false), AtomicU32::new(0));
    let told = scope(|scope| {
        let works = scope.spawn(|| works(&from, &to, &over, &moved));
        sleep(Duration::from_millis(300));
        let said = from.says(&["move", "default", "--from", &from.url, "--to", &to.url]);
        assert!(said.starts_with("✓ `default` is in force there: "), "{said}");
        sleep(Duration::from_millis(300));
        over.store(true, Ordering::SeqCst);
        works.join().unwrap()
    });
    assert!(moved.load(Ordering::SeqCst) > 0, "the old place has said where it is not");
    is_all_there(&to, &told, &signer);
    is_told_where_it_is(&from, &to);

    // A file that says where each namespace is takes the place of a URL.
    let list = to.says(&["list", &to.url, "--format", "jsonl"]);
    let spread = serde_json::json!({"default": from.url, "namespaces": {"default": to.url}}).to_string();
    to.holds("stores.json", &spread);
    assert_eq!(to.says(&["list", "stores.json", "--format", "jsonl"]), list);
    let other = to.run(&["log", "stores.json", "--namespace", "other", "--format", "jsonl"]);
    assert_eq!((code(&other), out(&other)), (Some(2), String::new()), "{}", err(&other));
    to.holds("stores.json", spread.replace("namespaces", "places"));
    let wrong = to.run(&["list", "stores.json"]);
    assert_eq!(code(&wrong), Some(2));
    let words = "`stores.json`: which namespace is where cannot be read at line 1";
    assert!(err(&wrong).contains(words), "{}", err(&wrong));
    assert!(err(&wrong).contains("a field beside `default` and `namespaces`"), "{}", err(&wrong));
}
