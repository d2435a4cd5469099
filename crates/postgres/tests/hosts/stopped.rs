//! A process that the system stops in the midst of a decision, and lets go on when it is too late.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tenure_core::refusal::Code;
use tenure_core::world::World;
use tenure_postgres::Options;
use tenure_postgres::cluster::Cluster;
use tenure_store::suite::cast::person;
use tenure_store::suite::story::{accepted, actor, extend, refused, request, salt};
use tenure_store::{Batch, Plan, Store, Turn};

use crate::common::{database, give_back, given, host, host_at, is_sound, ns, one};

const URL: &str = "TENURE_TEST_URL";
const FOLDER: &str = "TENURE_TEST_FOLDER";
const STILL: Duration = Duration::from_millis(400);

/// Decides as a batch does, says so in a file, and waits for another one, once.
struct Waits {
    batch: Batch,
    started: u32,
    folder: PathBuf,
}

impl Plan for Waits {
    fn start(&mut self) {
        self.started += 1;
        self.batch.start();
    }

    fn turn(&mut self, world: &World) -> Turn {
        let turn = self.batch.turn(world);
        if matches!(turn, Turn::Decided(_)) && self.started == 1 {
            std::fs::write(self.folder.join("decided"), "").unwrap();
            assert!(is_there(&self.folder.join("on")));
        }
        turn
    }
}

/// Waits until it is there, for a while.
fn is_there(path: &Path) -> bool {
    for _ in 0..4_000 {
        if path.exists() {
            return true;
        }
        sleep(Duration::from_millis(5));
    }
    false
}

/// The host that is stopped; it is this test where it is named a database.
#[test]
fn the_host_that_is_stopped() {
    let (Ok(url), Ok(folder)) = (std::env::var(URL), std::env::var(FOLDER)) else { return };
    let options = Options { idle_in_transaction_timeout: STILL, ..Options::default() };
    let store = host_at(&url, options).unwrap();
    let longer = given(&store, "longer", &actor(&person("alice")), extend("g"));
    let folder = PathBuf::from(folder);
    let mut waits = Waits { batch: Batch::one(longer, salt()), started: 0, folder: folder.clone() };
    store.transact(&ns(), &mut waits).unwrap();
    assert!(waits.started >= 2, "what was read before it stood still is read again");
    assert_eq!(refused(waits.batch.into_answers().remove(0)), Code::GrantNotActive);
    std::fs::write(folder.join("refused"), "").unwrap();
}

#[test]
fn a_process_that_is_stopped_with_an_old_read_cannot_write_it() {
    let Some(database) = database() else { return };
    let quick = host(&database);
    let alice = actor(&person("alice"));
    accepted(one(&quick, "ask", &alice, request("g", "automatic", &["pg/orders/read"], None)));
    let folder = tempfile::TempDir::new().unwrap();
    let mut stopped = Command::new(std::env::current_exe().unwrap())
        .args(["stopped::the_host_that_is_stopped", "--exact", "--nocapture"])
        .env(URL, Cluster::shared().unwrap().url(database.name()))
        .env(FOLDER, folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    assert!(is_there(&folder.path().join("decided")));
    let signalled = |signal: &str| {
        let sent = Command::new("kill").args([signal, &stopped.id().to_string()]).status().unwrap();
        assert!(sent.success());
    };
    signalled("-STOP");
    // It had decided that the grant is extended, and holds its holder. It is cut off, and the grant ends.
    accepted(one(&quick, "back", &alice, give_back("g")));
    std::fs::write(folder.path().join("on"), "").unwrap();
    signalled("-CONT");
    assert!(stopped.wait().unwrap().success());
    assert!(folder.path().join("refused").exists());
    let kinds = is_sound(&quick);
    assert!(!kinds["g"].contains(&"Extended".to_owned()), "{kinds:?}");
}
