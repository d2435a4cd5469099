//! Several hosts on one database: what each says of the record is of one record.

use std::sync::Mutex;
use std::thread::{scope, sleep};
use std::time::Duration;

use tenure::{Engine, LogKey, PostgresStore, Request};
use tenure_audit::{Trusted, verify};
use tenure_postgres::cluster::{Cluster, or_not_run};

use crate::database::{There, orders, person};
use crate::{code, err, out};

const HOSTS: usize = 3;
const ROUNDS: usize = 12;

#[test]
fn checkpoints_of_different_hosts_are_of_one_record() {
    let Some(cluster) = or_not_run(Cluster::shared(), "checkpoints of different hosts") else { return };
    let there = There::of("hosts", cluster);
    let engine = there.engine();
    let signer = LogKey::new("audit.example.com", &[7; 32]);
    let notes = Mutex::new(Vec::new());
    scope(|scope| {
        for number in 0..HOSTS {
            let (url, signer, notes) = (&there.url, &signer, &notes);
            scope.spawn(move || {
                let engine = Engine::new(PostgresStore::open(url).unwrap());
                for round in 0..ROUNDS {
                    let grant = format!("g{number}-{round}");
                    // Of somebody whom others ask for as well: they meet.
                    let who = person(&format!("p{}", round % 2));
                    let ask = Request::new("db", who).item(orders().permission("read")).grant(grant);
                    engine.request(ask, engine.clock()).unwrap();
                    notes.lock().unwrap().push(engine.checkpoint(signer, engine.clock()).unwrap());
                    sleep(Duration::from_millis(5));
                }
            });
        }
    });
    let notes = notes.into_inner().unwrap();
    let export = there.says(&["audit", "export", &there.url]);
    let keys = vec![engine.verifier_key(&signer).unwrap()];
    let trusted = Trusted { keys: keys.clone(), checkpoints: notes.clone() };
    let report = verify(export.as_bytes(), &trusted).unwrap();
    assert_eq!(report.checkpoints.len(), HOSTS * ROUNDS);
    let sizes: Vec<u64> = report.checkpoints.iter().map(|anchor| anchor.size).collect();
    let last = sizes.iter().max().copied().unwrap();
    assert_eq!((report.size, report.anchored), (last, last), "the last checkpoint is over all of it");

    // Between any two of them whoever asks another host gets a proof.
    let first = sizes.iter().min().copied().unwrap();
    assert!(first < last);
    engine.consistency(first, Some(last)).unwrap();
    // Were the record of one host another one, the verifier would say so.
    let other = Engine::new(tenure::MemoryStore::new());
    let policy =
        tenure::Policy::from_text(crate::database::POLICY, tenure::tenure_policy::document::Format::Yaml);
    other.publish(&policy.unwrap(), person("admin"), other.clock()).unwrap();
    let forged = other.checkpoint(&signer, other.clock()).unwrap();
    let found = verify(export.as_bytes(), &Trusted { keys, checkpoints: vec![forged] }).unwrap_err();
    assert!(found.to_string().contains("checkpoint"), "{found}");
}

#[test]
fn a_database_of_a_newer_version_is_refused_with_its_words() {
    let Some(cluster) = or_not_run(Cluster::shared(), "a layout that is newer") else { return };
    let there = There::of("newer", cluster);
    drop(there.engine());
    there.database.sql("UPDATE tenure.layout SET version = 99").unwrap();
    for verb in ["log", "list", "doctor"] {
        let refused = there.run(&[verb, &there.url]);
        assert_eq!((code(&refused), out(&refused)), (Some(2), String::new()));
        assert!(
            err(&refused).contains("newer version (format 99); this one leaves it alone"),
            "{}",
            err(&refused)
        );
    }
    there.database.sql("UPDATE tenure.layout SET version = 1").unwrap();
    let refused = there.run(&["log", &there.url]);
    assert!(
        err(&refused).contains("the first host of this version brings it up to date"),
        "{}",
        err(&refused)
    );
    there.database.sql("DROP SCHEMA tenure CASCADE").unwrap();
}
