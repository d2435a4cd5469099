//! What a server says no with: each is a fault or a right answer, and the next command goes on.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::{scope, sleep};
use std::time::Duration;

use tenure_core::command::{Settle, Verb};
use tenure_postgres::Options;
use tenure_postgres::cluster::{Cluster, or_not_run};
use tenure_postgres::scratch::Database;
use tenure_store::suite::cast::person;
use tenure_store::suite::story::{accepted, actor, request, system};
use tenure_store::{Answered, Batch, Store, StoreFault};

use crate::common::{batch, database, given, host, host_at, host_with, is_sound, ns, one, publish};
use crate::faults::somebody_waits;

/// Lets the server say that so often, from the next grant on: at once, or as it commits.
fn says(database: &Database, code: &str, times: u32, at_commit: bool) {
    let when = if at_commit {
        "AFTER INSERT ON tenure.grants DEFERRABLE INITIALLY DEFERRED"
    } else {
        "BEFORE INSERT ON tenure.grants"
    };
    let constraint = if at_commit { "CONSTRAINT" } else { "" };
    let sql = format!(
        "CREATE SCHEMA IF NOT EXISTS said; DROP TRIGGER IF EXISTS says ON tenure.grants; \
         DROP SEQUENCE IF EXISTS said.times; CREATE SEQUENCE said.times; \
         CREATE OR REPLACE FUNCTION said.no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF nextval('said.times') <= {times} THEN RAISE EXCEPTION 'said no' USING ERRCODE = '{code}'; END IF; \
         RETURN NEW; END $$; \
         CREATE {constraint} TRIGGER says {when} FOR EACH ROW EXECUTE FUNCTION said.no()"
    );
    database.sql(&sql).unwrap();
}

/// How often it was asked.
fn times(database: &Database) -> u32 {
    database.texts("SELECT last_value::text FROM said.times").unwrap()[0].parse().unwrap()
}

#[test]
fn what_a_server_says_no_with_is_tried_again_or_told_and_never_half() {
    let Some(database) = database() else { return };
    let store = host(&database);
    let alice = person("alice");
    let mut number = 0;
    let mut ask = |store: &_| {
        number += 1;
        let (command, grant) = (format!("ask {number}"), format!("g{number}"));
        let ask = request(&grant, "automatic", &["pg/orders/read"], None);
        batch(store, vec![given(store, &command, &actor(&alice), ask)]).map(|answers| (grant, answers))
    };
    let mut there = Vec::new();
    for at_commit in [false, true] {
        // Serialisation, deadlock, a lock that is not free, the same key twice.
        for code in ["40001", "40P01", "55P03", "23505"] {
            says(&database, code, 3, at_commit);
            let (grant, mut answers) = ask(&store).unwrap();
            accepted(answers.remove(0));
            assert_eq!(times(&database), 4, "{code} was met three times");
            there.push(grant);
            // What never ends is busy in the end, and nothing of it is there.
            says(&database, code, 1_000, at_commit);
            assert_eq!(ask(&store).err(), Some(StoreFault::Busy), "{code}");
        }
        // A full disk, no memory, a column that is gone, and the server's own fault.
        for code in ["53100", "53200", "42703", "XX000"] {
            says(&database, code, 1, at_commit);
            let told = ask(&store).err();
            assert!(matches!(&told, Some(StoreFault::Broken(why)) if why.contains(code)), "{code}: {told:?}");
            let (grant, mut answers) = ask(&store).unwrap();
            accepted(answers.remove(0));
            there.push(grant);
        }
        // A statement that is broken off.
        says(&database, "57014", 1, at_commit);
        assert_eq!(ask(&store).err(), Some(StoreFault::Busy));
    }
    // A server that goes down while a commit is on its way: whoever asked does not know, and its id says.
    for at_commit in [false, true] {
        says(&database, "57P01", 1, at_commit);
        assert_eq!(ask(&store).err(), Some(StoreFault::InDoubt));
    }
    database.sql("DROP SCHEMA said CASCADE").unwrap();
    there.sort();
    assert_eq!(is_sound(&store).into_keys().collect::<Vec<_>>(), there);
    let receipts = database.texts("SELECT command FROM tenure.receipt WHERE command <> 'publish'").unwrap();
    assert_eq!(receipts.len(), there.len(), "{receipts:?}");
}

/// Two who want the same two people in another order: the server ends one of them, and both come to their end.
#[test]
fn a_deadlock_is_resolved() {
    let Some(database) = database() else { return };
    // Ours is the lock that is found to wait for too long, whenever it comes in the other one's pause.
    let name = database.name();
    database.sql(&format!("ALTER DATABASE {name} SET deadlock_timeout = '4s'")).unwrap();
    let store = host_with(&database, Options { lock_timeout: Duration::from_secs(20), ..Options::default() });
    for who in ["alice", "bert"] {
        let ask = request(who, "automatic", &["pg/orders/read"], None);
        accepted(one(&store, who, &actor(&person(who)), ask));
    }
    let other = "BEGIN; SELECT 1 FROM tenure.name WHERE kind = 1 AND text = 'bert' FOR UPDATE; SELECT pg_sleep(2); \
        SET LOCAL deadlock_timeout = '20s'; SELECT 1 FROM tenure.name WHERE kind = 1 AND text = 'alice' FOR UPDATE; COMMIT";
    scope(|scope| {
        let other = scope.spawn(|| database.sql(other));
        somebody_waits(&database, "Timeout PgSleep");
        let settle = |who: &str| {
            let verb = Verb::Settle(Settle { person: person(who).id, most: None });
            given(&store, &format!("settle {who}"), &system(), verb)
        };
        let mut both = Batch::new(vec![settle("alice"), settle("bert")], tenure_store::suite::story::salt());
        store.transact(&ns(), &mut both).unwrap();
        let answers = both.into_answers();
        assert!(answers.iter().all(|answer| matches!(answer, Answered::Accepted(_))), "{answers:?}");
        other.join().unwrap().unwrap();
    });
    database.sql(&format!("ALTER DATABASE {name} RESET deadlock_timeout")).unwrap();
    // The server tells its counts a little later.
    for _ in 0..100 {
        let deadlocks = "SELECT deadlocks::text FROM pg_stat_database WHERE datname = current_database()";
        if database.texts(deadlocks).unwrap() != ["0"] {
            return;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("there was no deadlock");
}

/// A disk that is small: one in memory, where this may mount one, or what `TENURE_SMALL_DISK` names.
struct SmallDisk {
    folder: PathBuf,
    mounted: Option<tempfile::TempDir>,
}

impl SmallDisk {
    fn found() -> Result<Self, &'static str> {
        if let Some(named) = std::env::var_os("TENURE_SMALL_DISK") {
            return Ok(Self { folder: named.into(), mounted: None });
        }
        let folder = tempfile::TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=160m,mode=0777", "tmpfs"])
            .arg(folder.path())
            .stderr(Stdio::null());
        match mount.status() {
            Ok(status) if status.success() => {
                Ok(Self { folder: folder.path().to_owned(), mounted: Some(folder) })
            }
            _ => Err(
                "a disk in memory cannot be mounted here, and `TENURE_SMALL_DISK` names no folder on a small one",
            ),
        }
    }

    /// Fills what is left of it.
    fn filled(&self) {
        let mut file = std::fs::File::create(self.folder.join("ballast")).unwrap();
        let full = std::io::copy(&mut std::io::repeat(7), &mut file).unwrap_err();
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if self.mounted.is_some() {
            let _ = Command::new("umount").arg("--lazy").arg(&self.folder).status();
        }
    }
}

/// Everything of the server lies on it: rows, and the log without which there is no commit.
#[test]
fn a_disk_that_is_full_loses_nothing() {
    let Some(small) = or_not_run(SmallDisk::found(), "a disk that is full") else { return };
    let Some(cluster) = or_not_run(Cluster::start_in(&small.folder), "a disk that is full") else { return };
    let database = cluster.database().unwrap();
    let options = Options { wait_for_connection: Duration::from_secs(1), ..Options::default() };
    let store = host_at(&cluster.url(database.name()), options).unwrap();
    publish(&store);
    let alice = actor(&person("alice"));
    let long = "why ".repeat(200);
    let ask = |number: u32| {
        let Verb::Request(mut ask) = request(&format!("g{number}"), "automatic", &["pg/orders/read"], None)
        else {
            panic!("it is a request")
        };
        ask.reason = Some(long.clone());
        batch(&store, vec![given(&store, &format!("ask g{number}"), &alice, Verb::Request(ask))])
    };
    let (mut told, mut faults) = (Vec::new(), Vec::new());
    for number in 0..3_000 {
        if number == 20 {
            small.filled();
        }
        match ask(number) {
            Ok(mut answers) => {
                accepted(answers.remove(0));
                told.push(format!("g{number}"));
            }
            Err(fault) => faults.push(fault),
        }
        if faults.len() == 5 {
            break;
        }
    }
    println!("{} told, then {:?}", told.len(), faults.last());
    assert!(told.len() >= 20 && faults.len() == 5, "{} told, {faults:?}", told.len());
    std::fs::remove_file(small.folder.join("ballast")).unwrap();
    // Where there was no room for the log, the server gave up.
    let _ = cluster.run();
    let more = one(&store, "ask more", &alice, request("more", "automatic", &["pg/orders/read"], None));
    accepted(more);
    let kinds = is_sound(&store);
    for grant in &told {
        assert_eq!(kinds[grant].iter().filter(|kind| *kind == "Requested").count(), 1, "{grant}");
    }
    // What was in doubt is there whole or not at all, and its command id says which.
    for grant in kinds.keys().filter(|grant| *grant != "more") {
        let number = grant.trim_start_matches('g').parse().unwrap();
        let mut answers = ask(number).unwrap();
        assert!(accepted(answers.remove(0)).repeated, "{grant}");
    }
}
