//! What is let go of while other hosts work.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::scope;

use tenure_core::person::Person;
use tenure_core::time::Timestamp;
use tenure_postgres::PostgresStore;
use tenure_store::suite::cast::person;
use tenure_store::suite::story::{accepted, actor, request};
use tenure_store::{Limit, Store, StoreFault};

use crate::common::{database, deliver, give_back, host, is_sound, ns, one};

/// A grant from its request to its last effect.
fn lives(store: &PostgresStore, who: &Person, grant: &str) {
    let ask = request(grant, "automatic", &["pg/a/read"], None);
    accepted(one(store, &format!("ask {grant}"), &actor(who), ask));
    deliver(store, who, &format!("{grant} begins"));
    accepted(one(store, &format!("back {grant}"), &actor(who), give_back(grant)));
    deliver(store, who, &format!("{grant} ends"));
}

/// Lets go of all that may go; how many grants that were.
fn compact(store: &PostgresStore) -> u64 {
    let (mut all, mut after) = (0, None);
    loop {
        match store.compact(&ns(), Timestamp::MAX, after.as_ref(), Limit::new(5)) {
            Ok(done) => {
                all += done.compacted;
                after = done.next;
            }
            Err(StoreFault::Busy) => continue,
            Err(fault) => panic!("{fault}"),
        }
        if after.is_none() {
            return all;
        }
    }
}

#[test]
fn what_is_compacted_while_hosts_work_is_counted_once_and_lost_nowhere() {
    const GRANTS: u64 = 12;
    let Some(database) = database() else { return };
    let (over, compacted, early) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    scope(|scope| {
        let workers: Vec<_> = (0..2)
            .map(|number| {
                let database = &database;
                scope.spawn(move || {
                    let (store, who) = (host(database), person(&format!("p{number}")));
                    (0..GRANTS).for_each(|n| lives(&store, &who, &format!("g{number}-{n}")));
                })
            })
            .collect();
        for _ in 0..2 {
            scope.spawn(|| {
                let store = host(&database);
                while !over.load(Ordering::SeqCst) {
                    let done = compact(&store);
                    compacted.fetch_add(done, Ordering::SeqCst);
                    early.fetch_add(done, Ordering::SeqCst);
                }
            });
        }
        let ended: Vec<_> = workers.into_iter().map(|worker| worker.join()).collect();
        over.store(true, Ordering::SeqCst);
        ended.into_iter().for_each(|ended| ended.unwrap());
    });
    let store = host(&database);
    let all = compacted.into_inner() + compact(&store);
    assert_eq!(all, 2 * GRANTS, "each once");
    assert!(early.into_inner() > 0, "some while others wrote");
    assert_eq!(database.texts("SELECT state FROM tenure.grants WHERE state <> ''").unwrap(), [""; 0]);
    assert_eq!(is_sound(&store).len(), 24);
}

#[test]
fn what_the_record_does_not_say_is_not_let_go_of() {
    let Some(database) = database() else { return };
    let store = host(&database);
    for grant in ["g1", "g2"] {
        lives(&store, &person("alice"), grant);
    }
    store.seal(&ns()).unwrap();
    let last = "SELECT max(position) FROM tenure.record WHERE about = 'g2'";
    database.sql(&format!("UPDATE tenure.record SET about = '-' WHERE position = ({last})")).unwrap();
    let all = || store.compact(&ns(), Timestamp::MAX, None, Limit::new(9));
    let Err(StoreFault::Broken(why)) = all() else { panic!("it went") };
    assert!(why.contains("`g2`"), "{why}");
    let kept = || database.texts("SELECT id FROM tenure.grants WHERE state <> '' ORDER BY id").unwrap();
    assert_eq!(kept(), ["g1", "g2"], "nothing went");
    database.sql("UPDATE tenure.record SET about = 'g2' WHERE about = '-'").unwrap();
    assert_eq!(all().unwrap().compacted, 2);
    assert_eq!(kept(), [""; 0]);
    is_sound(&store);
    // Where its record is gone too, nobody is told anything else of it.
    database.sql("UPDATE tenure.record SET about = '-' WHERE about = 'g2'").unwrap();
    let item = Some(tenure_store::suite::cast::item("pg/a/read"));
    let filter = tenure_store::Filter { item, ..tenure_store::Filter::default() };
    let listed = store.list(&ns(), &filter, None, Limit::new(9));
    assert!(matches!(listed, Err(StoreFault::Broken(_))), "{listed:?}");
}
