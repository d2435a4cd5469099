//! Commands on PostgreSQL beside bare loops: the same rows in as many round trips, and nothing decided.
//!
//! `cargo bench -p tenure-postgres --bench hosts`. A server of its own is started, with `fsync` on; the numbers are of this
//! machine and this minute, so what counts is how two of them compare that stand beside each other.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a bench measures, and one that cannot run has failed"
)]

mod bare;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tenure_core::command::{Command, Publish, Verb};
use tenure_core::id::{CommandId, Namespace};
use tenure_core::person::{Actor, Record};
use tenure_postgres::cluster::Cluster;
use tenure_postgres::{Options, PostgresStore};
use tenure_store::suite::cast::{item, person, policy};
use tenure_store::suite::story::{actor, request, salt, system};
use tenure_store::{Answered, Batch, Given, HoldsAsk, Store};

/// How long each is measured at a time, and how often they take turns.
const TURN: Duration = Duration::from_millis(1_500);
const TURNS: usize = 3;
const CALLERS: usize = 32;
const BATCH: usize = 64;
/// Of whom each has few grants.
pub(crate) const PEOPLE: u64 = 50_000;

static NUMBER: AtomicU64 = AtomicU64::new(0);

fn given(store: &PostgresStore, command: String, actor: &Actor, verb: Verb) -> Given {
    let command =
        Command { id: CommandId::new(command).unwrap(), actor: actor.clone(), context: Record::new(), verb };
    Given { command, now: store.clock(), keep: true }
}

/// So many requests of people who share nothing, in one transaction.
fn ask(store: &PostgresStore, ns: &Namespace, commands: usize) {
    let asks = (0..commands).map(|_| {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let who = person(&format!("p{}", number % PEOPLE));
        let grant = format!("g{number}");
        given(
            store,
            format!("c{number}"),
            &actor(&who),
            request(&grant, "automatic", &["pg/orders/read"], None),
        )
    });
    let mut batch = Batch::new(asks.collect(), salt());
    store.transact(ns, &mut batch).unwrap();
    for answer in batch.into_answers() {
        assert!(matches!(answer, Answered::Accepted(_)), "{answer:?}");
    }
}

/// What a command does, as often as time allows, by so many at once: how often in a second.
fn rate(callers: usize, each: usize, work: impl Fn(usize) + Sync) -> f64 {
    let done = AtomicU64::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for caller in 0..callers {
            let (work, done) = (&work, &done);
            scope.spawn(move || {
                while begun.elapsed() < TURN {
                    work(caller);
                    done.fetch_add(u64::try_from(each).unwrap(), Ordering::Relaxed);
                }
            });
        }
    });
    let done = u32::try_from(done.into_inner()).unwrap();
    f64::from(done) / begun.elapsed().as_secs_f64()
}

fn beside(name: &str, ours: impl Fn() -> f64, bare: impl Fn() -> f64) {
    let mut rates = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        rates.0.push(ours());
        rates.1.push(bare());
    }
    let median = |rates: &mut Vec<f64>| {
        rates.sort_by(f64::total_cmp);
        *rates.get(TURNS / 2).unwrap()
    };
    let (ours, bare) = (median(&mut rates.0), median(&mut rates.1));
    println!("{name:<28} {ours:>9.0}/s   bare {bare:>9.0}/s   {:>4.0} %", 100.0 * ours / bare);
}

fn main() {
    let cluster = match Cluster::start_durable() {
        Ok(cluster) => cluster,
        Err(why) => return println!("not run: {why}"),
    };
    let database = cluster.database().unwrap();
    let url = cluster.url(database.name());
    let options = Options { connections: CALLERS, ..Options::default() };
    let store = PostgresStore::open_with(&url, options.clone()).unwrap();
    store.compile_with(Arc::new(policy));
    let ns = Namespace::new("acme").unwrap();
    let publish = Verb::Publish(Publish { policy: Arc::new(policy("all").unwrap()), if_revision: None });
    let publish = given(&store, "publish".to_owned(), &system(), publish);
    store.transact(&ns, &mut Batch::one(publish, salt())).unwrap();
    ask(&store, &ns, BATCH);
    // Everybody is known by name, in both, and has few grants.
    let known = format!(
        "INSERT INTO tenure.name SELECT n.key, 1, 'p' || p FROM tenure.namespace n \
         CROSS JOIN generate_series(0, {}) p ON CONFLICT DO NOTHING; ANALYZE",
        PEOPLE - 1
    );
    database.sql(&known).unwrap();
    let beside_it = cluster.database().unwrap();
    let bare_url = cluster.url(beside_it.name());
    drop(PostgresStore::open(&bare_url).unwrap());
    let kept = [
        "SELECT state FROM tenure.grants LIMIT 1",
        "SELECT draft FROM tenure.pending LIMIT 1",
        "SELECT body FROM tenure.receipt WHERE command <> 'publish' LIMIT 1",
    ];
    let bare = bare::Bare::new(&bare_url, kept.map(|sql| database.texts(sql).unwrap().remove(0)));
    let number = |count: usize| {
        let count = u64::try_from(count).unwrap();
        (NUMBER.fetch_add(count, Ordering::Relaxed), count)
    };
    let write = |count: usize| {
        let (first, count) = number(count);
        bare.write(first, count);
    };
    beside("one caller", || rate(1, 1, |_| ask(&store, &ns, 1)), || rate(1, 1, |_| write(1)));
    beside("32 callers", || rate(CALLERS, 1, |_| ask(&store, &ns, 1)), || rate(CALLERS, 1, |_| write(1)));
    beside(
        "2 callers, 64 at once",
        || rate(2, BATCH, |_| ask(&store, &ns, BATCH)),
        || rate(2, BATCH, |_| write(BATCH)),
    );
    // What is asked of a table is planned by what the server knows of it.
    for database in [&database, &beside_it] {
        database.sql("ANALYZE").unwrap();
    }
    let (who, orders) = (person("p1"), item("pg/orders/read"));
    let asked = HoldsAsk { person: &who.id, resource: &orders.resource, permission: "read" };
    beside(
        "holds, 2 callers",
        || rate(2, 1, |_| assert!(store.holds(&ns, asked, store.clock()).unwrap().is_some())),
        || rate(2, 1, |_| bare.ask()),
    );
    let begun = Instant::now();
    let sealed = store.seal(&ns).unwrap();
    println!(
        "{sealed} records sealed, {:.0}/s",
        f64::from(u32::try_from(sealed).unwrap()) / begun.elapsed().as_secs_f64()
    );
}
