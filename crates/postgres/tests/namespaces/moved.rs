//! A namespace goes from one database to another while hosts work in it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

use tenure_core::command::{Reach, Verb};
use tenure_core::id::CommandId;
use tenure_core::time::Timestamp;
use tenure_postgres::cluster::Cluster;
use tenure_postgres::scratch::Database;
use tenure_postgres::{PostgresStore, Step};
use tenure_store::suite::cast::{item, person};
use tenure_store::suite::story::{accepted, actor, extend, request, revoke_all, system};
use tenure_store::{Answered, Filter, HoldsAsk, Limit, Place, Store, StoreFault};

use crate::common::{batch, database, give_back, given, host, host_at, is_sound, ns, one, record};

const FROM: &str = "TENURE_TEST_FROM";
const TO: &str = "TENURE_TEST_TO";

/// Two databases; in the first a policy is in force.
fn two() -> Option<(Database, Database)> {
    let from = database()?;
    let to = Cluster::shared().unwrap().database().unwrap();
    drop(host(&to));
    Some((from, to))
}

fn url(database: &Database) -> String {
    Cluster::shared().unwrap().url(database.name())
}

/// A host that knows both, and goes where the namespace is in force.
struct Host {
    stores: [PostgresStore; 2],
    at: usize,
}

impl Host {
    fn new(from: &Database, to: &Database) -> Self {
        Self { stores: [host(from), host(to)], at: 0 }
    }

    fn one(&mut self, command: &str, who: &str, verb: &Verb) -> Answered {
        let actor = if who == "system" { system() } else { actor(&person(who)) };
        for _ in 0..4_000 {
            let store = &self.stores[self.at];
            match batch(store, vec![given(store, command, &actor, verb.clone())]) {
                Ok(mut answers) => return answers.remove(0),
                Err(StoreFault::Moved(_)) => {
                    self.at = 1 - self.at;
                    sleep(Duration::from_millis(2));
                }
                Err(StoreFault::Busy | StoreFault::InDoubt) => {}
                Err(fault) => panic!("{command}: {fault}"),
            }
        }
        panic!("`{command}` never came to an end");
    }
}

/// What hosts were told: grants that they asked for, and whether they ended.
type Told = Mutex<BTreeMap<String, bool>>;

/// Works until it is over.
fn works(host: &mut Host, number: usize, over: &AtomicBool, told: &Told) {
    for n in 0..10_000 {
        if over.load(Ordering::SeqCst) {
            return;
        }
        let (who, grant) = (format!("p{number}-{}", n % 3), format!("g{number}-{n}"));
        let flow = if n % 4 == 3 { "limited" } else { "automatic" };
        let asked = host.one(&format!("ask {grant}"), &who, &request(&grant, flow, &["pg/a/read"], None));
        if let Answered::Refused(_) = asked {
            continue;
        }
        accepted(asked);
        told.lock().unwrap().insert(grant.clone(), false);
        if n % 3 == 0 {
            let _ = host.one(&format!("longer {grant}"), &who, &extend(&grant));
        } else {
            accepted(host.one(&format!("back {grant}"), &who, &give_back(&grant)));
            told.lock().unwrap().insert(grant, true);
        }
        if n % 7 == 6 && number == 0 {
            // It stands alone in its namespace.
            let all = revoke_all(Reach::Person(person(&who).id));
            let _ = host.one(&format!("all {n}"), "system", &all);
        }
    }
}

/// Everything that was told is where the namespace is now, and the record of it is whole.
fn is_all_there(store: &PostgresStore, told: &BTreeMap<String, bool>) {
    let kinds = is_sound(store);
    for (grant, ended) in told {
        let asked = CommandId::new(format!("ask {grant}")).unwrap();
        assert!(store.receipt(&ns(), &asked).unwrap().is_some(), "`{grant}` was told and is lost");
        let times = |kind: &str| kinds[grant].iter().filter(|known| *known == kind).count();
        assert_eq!(times("Requested"), 1, "`{grant}`: {:?}", kinds[grant]);
        assert!(!ended || times("GivenBack") + times("Revoked") > 0, "`{grant}`: {:?}", kinds[grant]);
    }
}

/// Whatever is asked there is answered with the fault that says where it is.
fn is_moved(store: &PostgresStore) {
    let (alice, orders) = (person("alice"), item("pg/a/read"));
    let ask = HoldsAsk { person: &alice.id, resource: &orders.resource, permission: "read" };
    let who = tenure_store::WhoAsk { resource: &orders.resource, permission: None };
    let (limit, now) = (Limit::new(5), store.clock());
    let g = tenure_store::suite::story::id("g0-0");
    let command = CommandId::new("ask g0-0").unwrap();
    let node = tenure_core::record::tree::Node { level: 0, index: 0 };
    let actor = actor(&alice);
    let faults = [
        store.holds(&ns(), ask, now).err(),
        store.who_has(&ns(), who, now, None, limit).err(),
        store.due(&ns(), now, None, limit).err(),
        store.ready(&ns(), Place::Anywhere, now, None, limit).err(),
        store.ready_places(&ns(), now, None, limit).err(),
        store.list(&ns(), &Filter::default(), None, limit).err(),
        store.records(&ns(), 0, limit).err(),
        store.history(&ns(), &g, 0, limit).err(),
        store.size(&ns()).err(),
        store.nodes(&ns(), &[node]).err(),
        store.leaves(&ns(), 0, limit).err(),
        store.compact(&ns(), Timestamp::MAX, None, limit).err(),
        store.receipt(&ns(), &command).err(),
        batch(store, vec![given(store, "late", &actor, extend("g0-0"))]).err(),
        batch(store, vec![given(store, "all", &system(), revoke_all(Reach::Person(alice.id.clone())))]).err(),
        tenure_store::store::holds_by_the_rules(store, &ns(), ask, now).err(),
    ];
    for (number, fault) in faults.iter().enumerate() {
        assert!(matches!(fault, Some(StoreFault::Moved(_))), "{number}: {fault:?}");
    }
}

const TABLES: [&str; 14] = [
    "turn",
    "seal",
    "document",
    "name",
    "grants",
    "open_on",
    "span",
    "awaited",
    "pending",
    "record",
    "revocation",
    "refusal",
    "receipt",
    "parked",
];

fn rows(database: &Database, table: &str) -> String {
    let sql = format!("SELECT count(*)::text FROM tenure.{table}");
    database.texts(Box::leak(sql.into_boxed_str())).unwrap().remove(0)
}

#[test]
fn a_namespace_moves_while_hosts_work_in_it() {
    let Some((from, to)) = two() else { return };
    let (over, told) = (AtomicBool::new(false), Told::default());
    let (left, stale, asked) = (AtomicBool::new(false), AtomicU32::new(0), AtomicU32::new(0));
    scope(|scope| {
        for number in 0..3 {
            let (from, to, over, told) = (&from, &to, &over, &told);
            scope.spawn(move || works(&mut Host::new(from, to), number, over, told));
        }
        scope.spawn(|| {
            let (store, orders) = (host(&from), item("pg/a/read"));
            while !over.load(Ordering::SeqCst) {
                let who = person("p0-0");
                let ask = HoldsAsk { person: &who.id, resource: &orders.resource, permission: "read" };
                // What is asked after it has left is answered with a fault, and never with what was so before.
                let had_left = left.load(Ordering::SeqCst);
                let answer = store.holds(&ns(), ask, store.clock());
                asked.fetch_add(1, Ordering::SeqCst);
                stale.fetch_add(u32::from(had_left && answer.is_ok()), Ordering::SeqCst);
            }
        });
        sleep(Duration::from_millis(700));
        let (here, there) = (host(&from), host(&to));
        let (mut steps, mut last) = (Vec::new(), 0);
        let moved = here.hand_over(&ns(), &there, &mut |step| {
            if step == Step::Left {
                left.store(true, Ordering::SeqCst);
                last = told.lock().unwrap().len();
                assert!(here.size(&ns()).is_err() && there.size(&ns()).is_err(), "in force nowhere");
            }
            steps.push(step);
            true
        });
        println!("{moved:?}, {} steps, {last} grants when it left", steps.len());
        assert!(moved.unwrap().unwrap().copied > 100);
        sleep(Duration::from_millis(500));
        over.store(true, Ordering::SeqCst);
        assert!(told.lock().unwrap().len() > last + 3, "hosts go on where it is now");
        assert!(last > 10, "there was something to move");
    });
    assert_eq!(stale.into_inner(), 0, "of {asked:?}");
    let (here, there) = (host(&from), host(&to));
    is_moved(&here);
    is_all_there(&there, &told.into_inner().unwrap());
    for table in TABLES {
        assert_eq!(rows(&from, table), "0", "{table}");
    }
    let Err(StoreFault::Moved(words)) = here.size(&ns()) else { panic!("it answers") };
    assert!(words.contains(to.name()) && words.contains("acme"), "{words}");

    // It is moved already; nothing more happens.
    assert_eq!(here.hand_over(&ns(), &there, &mut |_| true).unwrap().unwrap().copied, 0);
    // And it may come back.
    let before = record(&there).len();
    there.hand_over(&ns(), &here, &mut |_| true).unwrap().unwrap();
    is_moved(&there);
    assert_eq!(record(&here).len(), before);
    accepted(one(
        &here,
        "again",
        &actor(&person("alice")),
        request("again", "automatic", &["pg/a/read"], None),
    ));
    is_sound(&here);
}

/// Not both answer a command, whatever stands where.
fn is_in_force_once(stores: [&PostgresStore; 2], round: usize) {
    let mut in_force = 0;
    for (number, store) in stores.iter().enumerate() {
        let (who, grant) = (actor(&person("probe")), format!("probe-{round}-{number}"));
        let ask = request(&grant, "automatic", &["pg/a/read"], None);
        match batch(store, vec![given(store, &format!("ask {grant}"), &who, ask)]) {
            Ok(answers) => {
                in_force += 1;
                assert!(matches!(answers[0], Answered::Accepted(_)), "{answers:?}");
            }
            Err(StoreFault::Moved(_)) => {}
            Err(fault) => panic!("{fault}"),
        }
    }
    assert!(in_force <= 1, "it is in force in both");
}

/// Time passes that nobody hears of whoever moved it.
fn silence(database: &Database) {
    database.sql("UPDATE tenure.namespace SET until = 0 WHERE stage = 1").unwrap();
}

#[test]
fn a_move_that_breaks_off_at_any_step_is_gone_on_with() {
    let Some((one_database, other)) = two() else { return };
    let (mut from, mut to) = ((&one_database, host(&one_database)), (&other, host(&other)));
    let alice = actor(&person("alice"));
    let ask = || request("g", "automatic", &["pg/a/read"], None);
    accepted(one(&from.1, "ask g", &alice, ask()));
    let mut told = BTreeMap::from([("g".to_owned(), false)]);
    let mut steps = BTreeSet::new();
    // To and fro: each time it is broken off one step later.
    for stop in 1..200 {
        let ((database, here), (_, there)) = (&from, &to);
        let mut count = 0;
        let moved = here.hand_over(&ns(), there, &mut |step| {
            count += 1;
            if count == stop {
                steps.insert(format!("{step:?}").split(['{', ' ']).next().unwrap().to_owned());
            }
            count < stop
        });
        let ended = moved.unwrap().is_some();
        is_in_force_once([here, there], stop);
        if stop % 2 == 0 && !matches!(here.size(&ns()), Err(StoreFault::Moved(_))) {
            let grant = format!("more{stop}");
            let more = request(&grant, "automatic", &["pg/b/read"], None);
            accepted(one(here, &format!("ask {grant}"), &actor(&person("bert")), more));
            told.insert(grant, false);
        }
        here.hand_over(&ns(), there, &mut |_| true).unwrap().unwrap();
        is_all_there(there, &told);
        assert!(matches!(here.size(&ns()), Err(StoreFault::Moved(_))));
        assert_eq!(rows(database, "record"), "0");
        if ended {
            is_moved(here);
            println!("broken off at each of {} steps: {steps:?}", stop - 1);
            assert!(stop > 30 && steps.len() == 5, "{steps:?}");
            return;
        }
        std::mem::swap(&mut from, &mut to);
    }
    panic!("a move has no end");
}

/// Whoever moves it was silent for so long that hosts went on: what they wrote is not left behind.
#[test]
fn a_mover_that_stalls_loses_nothing_that_was_written_meanwhile() {
    let Some((from, to)) = two() else { return };
    let (here, there, other) = (host(&from), host(&to), host(&from));
    let who = actor(&person("alice"));
    let ask = |grant: &str| request(grant, "automatic", &["pg/a/read"], None);
    accepted(one(&here, "ask first", &who, ask("first")));
    let mut late = 0;
    here.hand_over(&ns(), &there, &mut |step| {
        let here = ["awaited", "parked"].get(late);
        if matches!(step, Step::Comparing { table, .. } if here == Some(&table)) {
            late += 1;
            silence(&from);
            accepted(one(&other, &format!("ask late{late}"), &who, ask(&format!("late{late}"))));
        }
        true
    })
    .unwrap()
    .unwrap();
    assert_eq!(late, 2);
    let all = ["first", "late1", "late2"].map(|grant| (grant.to_owned(), false));
    is_all_there(&there, &BTreeMap::from(all));
    is_moved(&here);
}

/// Comparing may take longer than a mover may be silent: it says that it is there, and hosts wait.
#[test]
fn a_mover_that_takes_its_time_is_not_taken_for_one_that_is_gone() {
    let Some((from, to)) = two() else { return };
    let (here, there) = (host(&from), host(&to));
    let (over, compared) = (AtomicBool::new(false), AtomicU32::new(0));
    scope(|scope| {
        scope.spawn(|| {
            let (mut host, told) = (Host::new(&from, &to), Told::default());
            works(&mut host, 0, &over, &told);
            assert!(!told.lock().unwrap().is_empty());
        });
        here.hand_over(&ns(), &there, &mut |step| {
            if matches!(step, Step::Comparing { .. }) {
                compared.fetch_add(1, Ordering::SeqCst);
                sleep(Duration::from_millis(1_500));
            }
            true
        })
        .unwrap()
        .unwrap();
        over.store(true, Ordering::SeqCst);
    });
    assert_eq!(compared.into_inner(), 11, "each table once");
}

#[test]
fn of_two_that_move_it_one_does_and_the_other_spoils_nothing() {
    let Some((from, to)) = two() else { return };
    let (here, there) = (host(&from), host(&to));
    let who = actor(&person("alice"));
    accepted(one(&here, "ask first", &who, request("first", "automatic", &["pg/a/read"], None)));
    let mut began = false;
    let slow = here.hand_over(&ns(), &there, &mut |step| {
        if matches!(step, Step::Comparing { .. }) && !began {
            began = true;
            silence(&from);
            host(&from).hand_over(&ns(), &host(&to), &mut |_| true).unwrap().unwrap();
            accepted(one(&there, "ask next", &who, request("next", "automatic", &["pg/a/read"], None)));
        }
        true
    });
    assert!(began && slow.is_err(), "{slow:?}");
    let all = ["first", "next"].map(|grant| (grant.to_owned(), false));
    is_all_there(&there, &BTreeMap::from(all));
    is_moved(&here);
}

#[test]
fn what_cannot_be_moved_says_why() {
    let Some((from, to)) = two() else { return };
    let third = Cluster::shared().unwrap().database().unwrap();
    let (here, there, elsewhere) = (host(&from), host(&to), host(&third));
    let said = |one: &PostgresStore, other: &PostgresStore| match one.hand_over(&ns(), other, &mut |_| true) {
        Err(StoreFault::Broken(why)) => why,
        moved => panic!("{moved:?}"),
    };
    assert!(said(&here, &host(&from)).contains("same database"));
    assert!(said(&there, &here).contains("no namespace `acme`"));
    crate::common::publish(&elsewhere);
    assert!(said(&here, &elsewhere).contains("in force in the other database already"));
    assert!(here.size(&ns()).is_ok(), "it stays in force");
    // On its way to one database, it does not arrive there from another one as well.
    assert_eq!(here.hand_over(&ns(), &there, &mut |_| false).unwrap(), None);
    assert!(said(&elsewhere, &there).contains("on its way to that database from another one"));
    assert!(said(&there, &elsewhere).contains("on its way"));
    here.hand_over(&ns(), &there, &mut |_| true).unwrap().unwrap();
    assert!(said(&here, &elsewhere).contains(&format!("was moved to the database `{}`", to.name())));
}

/// Sets the clock of a database back, as its hosts see it.
fn set_back(database: &Database, by: &str) {
    let sql = format!(
        "CREATE SCHEMA IF NOT EXISTS shadow; CREATE OR REPLACE FUNCTION shadow.clock_timestamp() RETURNS timestamptz \
         LANGUAGE sql AS $$ SELECT pg_catalog.clock_timestamp() - interval '{by}' $$; \
         ALTER DATABASE {} SET search_path = shadow, pg_catalog, public",
        database.name()
    );
    database.sql(&sql).unwrap();
}

#[test]
fn a_clock_that_is_behind_is_waited_for_and_one_that_is_far_behind_is_refused() {
    let Some((from, to)) = two() else { return };
    let here = host(&from);
    let alice = actor(&person("alice"));
    accepted(one(&here, "ask g", &alice, request("g", "automatic", &["pg/a/read"], None)));
    set_back(&to, "1 minute");
    let refused = here.hand_over(&ns(), &host(&to), &mut |_| true);
    let Err(StoreFault::Broken(words)) = refused else { panic!("{refused:?}") };
    assert!(words.contains("clocks of the two servers are") && words.contains("set them first"), "{words}");

    set_back(&to, "2 seconds");
    let (there, mut last) = (host(&to), None);
    here.hand_over(&ns(), &there, &mut |step| {
        if matches!(step, Step::Copying { table: "parked", .. }) && last.is_none() {
            // The last thing that happens where it was.
            accepted(one(&here, "longer g", &alice, extend("g")));
            last = Some(());
        }
        true
    })
    .unwrap()
    .unwrap();
    let last = record(&there).last().unwrap().recorded_at;
    assert!(host(&to).clock() >= last, "it is not in force before it has left");
    accepted(one(&there, "back g", &alice, give_back("g")));
    is_sound(&there);
    to.sql(&format!("ALTER DATABASE {} RESET search_path; DROP SCHEMA tenure CASCADE", to.name())).unwrap();
}

/// What has left, and has not arrived, is in force nowhere: nothing of the same name may take its place.
#[test]
fn what_has_left_and_not_arrived_is_not_written_over() {
    let Some((from, to)) = two() else { return };
    let third = Cluster::shared().unwrap().database().unwrap();
    let (here, there, elsewhere) = (host(&from), host(&to), host(&third));
    let ask = request("g", "automatic", &["pg/a/read"], None);
    accepted(one(&here, "ask g", &actor(&person("alice")), ask));
    crate::common::publish(&elsewhere);
    assert_eq!(here.hand_over(&ns(), &there, &mut |step| step != Step::Left).unwrap(), None);
    assert!(here.size(&ns()).is_err() && there.size(&ns()).is_err());
    let refused = elsewhere.hand_over(&ns(), &here, &mut |_| true);
    let Err(StoreFault::Broken(words)) = refused else { panic!("{refused:?}") };
    assert!(words.contains("its own move is not over"), "{words}");
    assert!(elsewhere.hand_over(&ns(), &there, &mut |_| true).is_err());
    here.hand_over(&ns(), &there, &mut |_| true).unwrap().unwrap();
    is_all_there(&there, &BTreeMap::from([("g".to_owned(), false)]));
}

/// What one process does that moves it and is ended; it is this test where it is named two databases.
#[test]
fn one_that_moves() {
    let (Ok(from), Ok(to)) = (std::env::var(FROM), std::env::var(TO)) else { return };
    let options = tenure_postgres::Options::default;
    let (here, there) = (host_at(&from, options()).unwrap(), host_at(&to, options()).unwrap());
    here.hand_over(&ns(), &there, &mut |_| {
        sleep(Duration::from_millis(4));
        true
    })
    .unwrap()
    .unwrap();
}

#[test]
fn whoever_moves_it_is_ended_again_and_again_while_hosts_work() {
    let Some((from, to)) = two() else { return };
    let kills = std::env::var("TENURE_KILLS").map_or(12, |kills| kills.parse().unwrap());
    let (over, told) = (AtomicBool::new(false), Told::default());
    let mut ended = 0;
    scope(|scope| {
        for number in 0..2 {
            let (from, to, over, told) = (&from, &to, &over, &told);
            scope.spawn(move || works(&mut Host::new(from, to), number, over, told));
        }
        let mut dice = 88_172_645_463_325_252_u64;
        for round in 0.. {
            let mut mover = Command::new(std::env::current_exe().unwrap())
                .args(["moved::one_that_moves", "--exact"])
                .env(FROM, url(&from))
                .env(TO, url(&to))
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            if round >= kills {
                assert!(mover.wait().unwrap().success(), "after {ended} were ended");
                break;
            }
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            sleep(Duration::from_millis(40 + dice % 500));
            if mover.try_wait().unwrap().is_some_and(|status| status.success()) {
                // It has come to its end: from now on it goes on with nothing.
                continue;
            }
            mover.kill().unwrap();
            mover.wait().unwrap();
            ended += 1;
            silence(&from);
        }
        sleep(Duration::from_millis(200));
        over.store(true, Ordering::SeqCst);
    });
    let told = told.into_inner().unwrap();
    println!("{ended} were ended, {} grants told", told.len());
    is_moved(&host(&from));
    is_all_there(&host(&to), &told);
    assert_eq!(rows(&from, "grants"), "0");
}
