//! What fails, and what was told all the same: connections that are cut, a server that stops, hosts that are ended.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use tenure_core::id::CommandId;
use tenure_postgres::cluster::{Cluster, or_not_run};
use tenure_postgres::scratch::Database;
use tenure_postgres::{Options, PostgresStore};
use tenure_store::suite::cast::person;
use tenure_store::suite::story::{accepted, actor, extend, request};
use tenure_store::{HoldsAsk, Limit, Store, StoreFault};

use crate::common::{batch, database, given, host, host_at, host_with, is_sound, ns, one, publish};

const HOSTS: usize = 3;
const URL: &str = "TENURE_TEST_URL";
const NUMBER: &str = "TENURE_TEST_NUMBER";
const TOLD: &str = "TENURE_TEST_TOLD";

/// Grants of which a host was told that they are there: each is there once, and what was answered is kept.
fn are_there(store: &PostgresStore, told: &[String]) {
    let kinds = is_sound(store);
    for grant in told {
        let asked = CommandId::new(format!("ask {grant}")).unwrap();
        let receipt = store.receipt(&ns(), &asked).unwrap();
        assert!(receipt.is_some(), "`{grant}` was told and is lost");
        let times = kinds[grant].iter().filter(|kind| *kind == "Requested").count();
        assert_eq!(times, 1, "`{grant}`: {:?}", kinds[grant]);
    }
    let different: BTreeSet<&String> = told.iter().collect();
    assert_eq!(different.len(), told.len());
}

#[test]
fn nothing_that_was_told_is_lost_when_connections_are_cut_and_the_server_falls() {
    let Some(cluster) = or_not_run(Cluster::start(), "a server that falls") else { return };
    let database = cluster.database().unwrap();
    let url = cluster.url(database.name());
    publish(&host_at(&url, Options::default()).unwrap());
    let told = while_hosts_work(&url, || {
        for round in 0..12 {
            sleep(Duration::from_millis(120));
            if round % 6 == 5 {
                cluster.halt("immediate").unwrap();
                cluster.run().unwrap();
            } else {
                let _ = database.texts(
                    "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity \
                     WHERE application_name = 'tenure' AND pid <> pg_backend_pid()",
                );
            }
        }
    });
    are_there(&host_at(&url, Options::default()).unwrap(), &told);
}

/// Grants that hosts were told of while that happened, and what was in doubt was asked again.
fn while_hosts_work(url: &str, happens: impl FnOnce()) -> Vec<String> {
    let over = AtomicBool::new(false);
    let (told, doubts) = (Mutex::new(Vec::new()), AtomicU32::new(0));
    let longest = Mutex::new(Duration::ZERO);
    scope(|scope| {
        let hosts: Vec<_> = (0..HOSTS)
            .map(|number| {
                let (told, doubts, over, longest) = (&told, &doubts, &over, &longest);
                scope.spawn(move || {
                    let store = host_at(url, Options::default()).unwrap();
                    let mut n = 0;
                    while !over.load(Ordering::SeqCst) {
                        n += 1;
                        let begun = Instant::now();
                        let who = person(&format!("p{}", n % 4));
                        let (grant, actor) = (format!("g{number}-{n}"), actor(&who));
                        let ask = request(&grant, "automatic", &["pg/a/read"], None);
                        let command = format!("ask {grant}");
                        let first = batch(&store, vec![given(&store, &command, &actor, ask.clone())]);
                        if matches!(first, Err(StoreFault::InDoubt)) {
                            doubts.fetch_add(1, Ordering::SeqCst);
                        }
                        accepted(one(&store, &command, &actor, ask));
                        told.lock().unwrap().push(grant);
                        let mut longest = longest.lock().unwrap();
                        *longest = begun.elapsed().max(*longest);
                    }
                })
            })
            .collect();
        happens();
        over.store(true, Ordering::SeqCst);
        hosts.into_iter().for_each(|host| host.join().unwrap());
    });
    let told = told.into_inner().unwrap();
    let longest = longest.into_inner().unwrap();
    println!("{} told, {doubts:?} in doubt; without service for {longest:?} at most", told.len());
    assert!(told.len() > 10, "{}", told.len());
    told
}

#[test]
fn nothing_that_was_told_is_lost_when_a_standby_takes_over() {
    let Some(cluster) = or_not_run(Cluster::start(), "a standby that takes over") else { return };
    let database = cluster.database().unwrap();
    publish(&host_at(&cluster.url(database.name()), Options::default()).unwrap());
    let standby = cluster.standby().unwrap();
    let (one, other) = (cluster.host(), standby.host());
    let url =
        format!("postgres://postgres@{one},{other}/{}?target_session_attrs=read-write", database.name());
    let told = while_hosts_work(&url, || {
        sleep(Duration::from_millis(800));
        cluster.halt("immediate").unwrap();
        standby.promote().unwrap();
        sleep(Duration::from_millis(800));
    });
    are_there(&host_at(&url, Options::default()).unwrap(), &told);
}

/// What one host does that is ended; it is this test where it is named a database.
#[test]
fn one_of_the_hosts() {
    let (Ok(url), Ok(number), Ok(told)) = (std::env::var(URL), std::env::var(NUMBER), std::env::var(TOLD))
    else {
        return;
    };
    // The server may just have been ended.
    let opened = || host_at(&url, Options::default()).inspect_err(|_| sleep(Duration::from_millis(50))).ok();
    let store = (0..600).find_map(|_| opened()).unwrap();
    let mut told = std::fs::File::create(told).unwrap();
    for n in 0..10_000 {
        let who = person(&format!("p{}", n % 3));
        let grant = format!("g{number}-{n}");
        accepted(one(
            &store,
            &format!("ask {grant}"),
            &actor(&who),
            request(&grant, "automatic", &["pg/a/read"], None),
        ));
        told.write_all(format!("{grant}\n").as_bytes()).unwrap();
        let _ = one(&store, &format!("longer {grant}"), &actor(&who), extend(&grant));
    }
}

fn begin(url: &str, number: u64, told: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["faults::one_of_the_hosts", "--exact", "--nocapture"])
        .env(URL, url)
        .env(NUMBER, number.to_string())
        .env(TOLD, told)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Hosts that work at once.
const AT_ONCE: u64 = 4;
/// Of so many ends one is the server's, as if the machine had lost its power.
const SERVERS: u64 = 20;

/// Begins one host after the other and ends each in the midst of its work; what they were told.
fn ended(url: &str, folder: &Path, (next, kills): (&AtomicU64, u64)) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::SeqCst);
        if number >= kills {
            return all;
        }
        let path = folder.join(number.to_string());
        let mut child = begin(url, number, &path);
        let lines = || std::fs::read_to_string(&path).unwrap_or_default().lines().count();
        let some = usize::try_from(number % 5).unwrap();
        for _ in 0..6_000 {
            if lines() > some {
                break;
            }
            sleep(Duration::from_millis(3));
        }
        // Not at the very moment at which it has written down what it was told.
        sleep(Duration::from_micros(number * 7_919 % 9_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        // A line that was cut off was not told.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        all.extend(whole.lines().map(str::to_owned));
    }
}

/// So often by default; `TENURE_KILLS` says how often else.
#[test]
fn hosts_and_servers_that_are_ended_leave_nothing_half_done_and_hold_up_nobody() {
    let Some(cluster) = or_not_run(Cluster::start(), "hosts and a server that are ended") else { return };
    let database = cluster.database().unwrap();
    let url = cluster.url(database.name());
    publish(&host_at(&url, Options::default()).unwrap());
    let kills: u64 = std::env::var("TENURE_KILLS").map_or(200, |kills| kills.parse().unwrap());
    let (servers, hosts) = (kills.div_ceil(SERVERS), kills - kills.div_ceil(SERVERS));
    let (folder, next, begun) = (tempfile::TempDir::new().unwrap(), AtomicU64::new(0), Instant::now());
    let told: Vec<String> = scope(|scope| {
        let some = || ended(&url, folder.path(), (&next, hosts));
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(some)).collect();
        for server in 0..servers {
            while next.load(Ordering::SeqCst) < (server + 1) * hosts / (servers + 1) {
                sleep(Duration::from_millis(5));
            }
            cluster.halt("immediate").unwrap();
            cluster.run().unwrap();
        }
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let took = begun.elapsed();
    println!("{hosts} hosts and {servers} times the server were ended in {took:?}, {} told", told.len());
    assert!(told.len() > usize::try_from(hosts).unwrap() / 2);
    are_there(&host_at(&url, Options::default()).unwrap(), &told);
}

#[test]
fn a_statement_that_takes_too_long_writes_nothing_and_the_next_one_goes_on() {
    let Some(database) = database() else { return };
    let statement_timeout = Duration::from_millis(200);
    let store = host_with(&database, Options { statement_timeout, ..Options::default() });
    let ask = || request("g", "automatic", &["pg/a/read"], None);
    let alice = person("alice");
    scope(|scope| {
        scope.spawn(|| database.sql("BEGIN; LOCK TABLE tenure.grants; SELECT pg_sleep(2); COMMIT").unwrap());
        somebody_waits(&database, "Timeout PgSleep");
        let slow = batch(&store, vec![given(&store, "ask g", &actor(&alice), ask())]);
        assert_eq!(slow.err(), Some(StoreFault::Busy));
    });
    accepted(one(&store, "ask g", &actor(&alice), ask()));
    are_there(&store, &["g".to_owned()]);
}

#[test]
fn whoever_finds_no_connection_free_is_told_so() {
    let Some(database) = database() else { return };
    let wait_for_connection = Duration::from_millis(100);
    let store = host_with(&database, Options { connections: 1, wait_for_connection, ..Options::default() });
    scope(|scope| {
        scope.spawn(|| database.sql("BEGIN; LOCK TABLE tenure.grants; SELECT pg_sleep(2); COMMIT").unwrap());
        somebody_waits(&database, "Timeout PgSleep");
        let alice = person("alice");
        let ask = request("g", "automatic", &["pg/a/read"], None);
        let first = scope.spawn(|| one(&store, "ask g", &actor(&person("alice")), ask));
        somebody_waits(&database, "Lock");
        let item = tenure_store::suite::cast::item("pg/a/read");
        let asked = HoldsAsk { person: &alice.id, resource: &item.resource, permission: "read" };
        assert_eq!(store.holds(&ns(), asked, store.clock()), Err(StoreFault::Busy));
        accepted(first.join().unwrap());
    });
}

#[test]
fn ten_hosts_may_begin_at_once() {
    let Some(database) = database() else { return };
    database.sql("DROP SCHEMA tenure CASCADE").unwrap();
    let url = Cluster::shared().unwrap().url(database.name());
    scope(|scope| {
        let hosts: Vec<_> =
            (0..10).map(|_| scope.spawn(|| host_at(&url, Options::default()).map(drop))).collect();
        hosts.into_iter().for_each(|host| host.join().unwrap().unwrap());
    });
    publish(&host(&database));
}

#[test]
fn a_newer_layout_is_left_alone() {
    let Some(database) = database() else { return };
    let running = host(&database);
    database.sql("UPDATE tenure.layout SET version = version + 1").unwrap();
    let url = Cluster::shared().unwrap().url(database.name());
    let newer = Some(StoreFault::Newer { found: 3 });
    assert_eq!(PostgresStore::open(&url).err(), newer);
    assert_eq!(PostgresStore::open_existing(&url).err(), newer);
    let ask = request("g", "automatic", &["pg/a/read"], None);
    let answer = batch(&running, vec![given(&running, "ask g", &actor(&person("alice")), ask)]);
    assert_eq!(answer.err(), newer, "a host that has it open writes nothing more either");
    database.sql("UPDATE tenure.layout SET version = version - 1").unwrap();
}

#[test]
fn what_cannot_be_read_stops_nobody_else() {
    let Some(database) = database() else { return };
    let store = host(&database);
    for who in ["alice", "bert"] {
        accepted(one(
            &store,
            &format!("ask {who}"),
            &actor(&person(who)),
            request(who, "automatic", &["pg/a/read"], None),
        ));
    }
    database.sql("UPDATE tenure.grants SET state = '{}' WHERE id = 'alice'").unwrap();
    let broken = batch(&store, vec![given(&store, "longer", &actor(&person("alice")), extend("alice"))]);
    assert!(matches!(broken, Err(StoreFault::Broken(_))), "{broken:?}");
    accepted(one(&store, "longer bert", &actor(&person("bert")), extend("bert")));
    let due = store.due(&ns(), tenure_core::time::Timestamp::MAX, None, Limit::new(10)).unwrap();
    assert_eq!(due.len(), 2);
}

/// Waits until somebody in that database waits for that, as the server names it.
pub(crate) fn somebody_waits(database: &Database, what: &'static str) {
    for _ in 0..2_000 {
        let waiting = "SELECT coalesce(wait_event_type || ' ' || wait_event, '') FROM pg_stat_activity \
            WHERE datname = current_database()";
        if database.texts(waiting).unwrap().iter().any(|waits| waits.starts_with(what)) {
            return;
        }
        sleep(Duration::from_millis(5));
    }
    panic!("nobody waits for {what}");
}
