//! Many namespaces on one database: what is done in one costs no more for the others.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::{scope, sleep};
use std::time::Duration;

use tenure_core::command::{Command, Publish, Reach, Settle, Verb};
use tenure_core::id::{CommandId, Namespace};
use tenure_core::person::{Actor, Record};
use tenure_core::time::{Span, Timestamp};
use tenure_postgres::PostgresStore;
use tenure_postgres::cluster::{Cluster, or_not_run};
use tenure_postgres::scratch::Database;
use tenure_store::suite::cast::{item, person, policy};
use tenure_store::suite::story::{actor, extend, id, request, revoke_all, salt, system};
use tenure_store::{Answered, Batch, Filter, Given, HoldsAsk, Limit, Place, Store, WhoAsk};

use crate::common::{give_back, host};

const MANY: usize = 1_000;

fn one(store: &PostgresStore, ns: &Namespace, command: &str, actor: &Actor, verb: Verb) -> Answered {
    let id = CommandId::new(command).unwrap();
    let command = Command { id, actor: actor.clone(), context: Record::new(), verb };
    let mut batch = Batch::one(Given { command, now: store.clock(), keep: true }, salt());
    store.transact(ns, &mut batch).unwrap();
    batch.into_answers().remove(0)
}

fn accepted(store: &PostgresStore, ns: &Namespace, command: &str, actor: &Actor, verb: Verb) {
    let answer = one(store, ns, command, actor, verb);
    assert!(matches!(answer, Answered::Accepted(_)), "{command}: {answer:?}");
}

/// A namespace with a policy, and somebody who holds something and has something due.
fn fill(store: &PostgresStore, ns: &Namespace) {
    let publish = Verb::Publish(Publish { policy: Arc::new(policy("all").unwrap()), if_revision: None });
    accepted(store, ns, "publish", &system(), publish);
    let alice = actor(&person("alice"));
    accepted(store, ns, "ask first", &alice, request("first", "automatic", &["pg/a/read"], None));
}

/// What a host does in a namespace: every kind of command and question.
fn work(store: &PostgresStore, ns: &Namespace) {
    let (alice, bert) = (person("alice"), person("bert"));
    let (by_alice, by_bert) = (actor(&alice), actor(&bert));
    let ask = |grant: &str, flow: &str| request(grant, flow, &["pg/b/read"], None);
    accepted(store, ns, "ask", &by_alice, ask("g", "limited"));
    accepted(store, ns, "longer", &by_alice, extend("first"));
    assert!(matches!(one(store, ns, "late", &by_bert, ask("full", "limited")), Answered::Refused(_)));
    accepted(store, ns, "back", &by_alice, give_back("g"));
    accepted(store, ns, "settle", &system(), Verb::Settle(Settle { person: alice.id.clone(), most: None }));
    let (resource, now, limit) = (item("pg/a/read").resource, store.clock(), Limit::new(50));
    let holds = HoldsAsk { person: &alice.id, resource: &resource, permission: "read" };
    assert!(store.holds(ns, holds, now).unwrap().is_some());
    let who = WhoAsk { resource: &resource, permission: None };
    assert_eq!(store.who_has(ns, who, now, None, limit).unwrap().len(), 1);
    assert_eq!(store.due(ns, now.plus(Span::days(9)), None, limit).unwrap().len(), 1);
    assert_eq!(store.ready(ns, Place::Anywhere, now.plus(Span::days(9)), None, limit).unwrap().len(), 1);
    assert!(!store.ready_places(ns, now.plus(Span::days(9)), None, limit).unwrap().is_empty());
    for filter in [
        Filter::default(),
        Filter { open: true, ..Filter::default() },
        Filter { awaiting: true, ..Filter::default() },
        Filter { holder: Some(alice.id.clone()), ..Filter::default() },
    ] {
        store.list(ns, &filter, None, limit).unwrap();
    }
    let size = store.size(ns).unwrap();
    assert_eq!(u64::try_from(store.records(ns, 0, limit).unwrap().len()).unwrap(), size);
    assert!(!store.history(ns, &id("g"), 0, limit).unwrap().is_empty());
    accepted(store, ns, "all", &system(), revoke_all(Reach::Person(alice.id)));
    store.compact(ns, Timestamp::MAX, None, limit).unwrap();
    assert!(store.receipt(ns, &CommandId::new("all").unwrap()).unwrap().is_some());
    store.examine(ns, &mut |_, _| {}).unwrap();
}

/// How many rows and entries of indexes were read of each table while that was done, by a host that opens the database
/// for it.
fn read_by(database: &Database, doing: impl Fn(&PostgresStore)) -> BTreeMap<String, u64> {
    // What a session has counted is there when it is over.
    let others = "SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for _ in 0..200 {
        if database.texts(others).unwrap().is_empty() {
            break;
        }
        sleep(Duration::from_millis(50));
    }
    database.texts("SELECT pg_stat_reset()::text").unwrap();
    doing(&host(database));
    let count = || {
        let rows = database
            .texts(
                "SELECT t.relname || ' ' || t.seq_tup_read + coalesce((SELECT sum(i.idx_tup_read) \
                 FROM pg_stat_user_indexes i WHERE i.relid = t.relid), 0) FROM pg_stat_user_tables t",
            )
            .unwrap();
        let read = |row: &String| {
            let (table, rows) = row.split_once(' ').unwrap();
            (table.to_owned(), rows.parse().unwrap())
        };
        rows.iter().map(read).collect::<BTreeMap<String, u64>>()
    };
    let mut before = count();
    for _ in 0..100 {
        sleep(Duration::from_millis(100));
        let now = count();
        if now == before && now["grants"] > 0 {
            break;
        }
        before = now;
    }
    before
}

/// Nobody else looks at the tables: the server's own looking holds up that dead entries of indexes are passed over, in
/// whichever database it comes to first.
fn leave_alone(database: &Database) {
    let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'tenure'";
    for table in database.texts(tables).unwrap() {
        database.sql(&format!("ALTER TABLE tenure.{table} SET (autovacuum_enabled = false)")).unwrap();
    }
}

#[test]
fn what_is_done_in_one_of_a_thousand_namespaces_costs_no_more_for_the_others() {
    let Some(cluster) = or_not_run(Cluster::shared(), "a thousand namespaces") else { return };
    let (few, many) = (cluster.database().unwrap(), cluster.database().unwrap());
    let name = |n: usize| Namespace::new(format!("n{n}")).unwrap();
    // Nobody knows of tables that were empty when they were looked at how much is in them now; and entries of what has
    // changed meanwhile, which would be read until somebody clears them away, are of both databases cleared away here.
    let analyze = || [&few, &many].iter().for_each(|database| database.sql("VACUUM ANALYZE").unwrap());
    for database in [&few, &many] {
        host(database);
        leave_alone(database);
    }
    analyze();
    for n in [1, 2] {
        fill(&host(&few), &name(n));
    }
    scope(|scope| {
        let store = Arc::new(host(&many));
        for part in 0..4 {
            let store = store.clone();
            scope.spawn(move || (0..MANY).filter(|n| n % 4 == part).for_each(|n| fill(&store, &name(n))));
        }
    });
    assert_eq!(many.texts("SELECT count(*)::text FROM tenure.namespace").unwrap(), [MANY.to_string()]);

    let both = |doing: &dyn Fn(&PostgresStore)| [read_by(&few, doing), read_by(&many, doing)];
    for n in [1, 2] {
        let [alone, among] = both(&|store| {
            fill(store, &Namespace::new(format!("fresh{n}")).unwrap());
            work(store, &name(n));
        });
        println!("read alone {alone:?}");
        println!("read among {MANY} {among:?}");
        for (table, rows) in &among {
            // Entries of what has changed meanwhile are sometimes cleared away in passing.
            let most = alone[table] + alone[table] / 2 + 20;
            assert!(*rows <= most, "{table}: {rows} among {MANY}, {} alone", alone[table]);
        }
        assert!(among.values().sum::<u64>() > 100, "it was counted");
        analyze();
    }

    // It would be seen: an index that does not begin with the namespace reads those of all.
    for database in [&few, &many] {
        database
            .sql("DROP INDEX tenure.awaited_at; CREATE INDEX ON tenure.awaited (place, at, person)")
            .unwrap();
        database.sql("ALTER TABLE tenure.awaited DROP CONSTRAINT awaited_pkey").unwrap();
    }
    let due = |store: &PostgresStore| {
        let filter = Filter { holder: Some(person("alice").id), ..Filter::default() };
        store.list(&name(2), &filter, None, Limit::new(5)).unwrap();
        store.due(&name(2), Timestamp::MAX, None, Limit::new(5)).unwrap();
    };
    let [alone, among] = both(&due);
    assert!(among["awaited"] > alone["awaited"] + 100, "{alone:?} {among:?}");
    for database in [&few, &many] {
        database.sql("DROP SCHEMA tenure CASCADE").unwrap();
    }
}
