//! What reading a hostile file takes in memory, in a process of its own.

#![cfg(all(feature = "sqlite", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use tenure::tenure_core::id::GrantId;
use tenure::tenure_core::world::Read;
use tenure::tenure_policy::document::Format;
use tenure::tenure_store::plan::{Question, unread};
use tenure::{Engine, Error, Fault, Person, Policy, Request, Resource, SqliteStore, Store, StoreFault};

const FILE: &str = "TENURE_TEST_FILE";
const POLICY: &str = "
version: 1
flows:
  - id: db
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read]}]
    duration: {max: 4h, default: 1h}
    approval: automatic
";
/// Bytes of the row that somebody put into the file: small values, of which each costs a multiple of its text.
const BOMB: usize = 24 * 1024 * 1024;

/// The most memory this process ever had, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    1024 * line.trim().trim_end_matches(" kB").parse::<usize>().unwrap()
}

/// A row is held against its checksum before anything is made of it.
// guard: `marks.rs`, the checksum first
#[test]
fn r27_a_row_that_was_blown_up_takes_a_few_times_its_size() {
    if let Ok(file) = std::env::var(FILE) {
        return read(Path::new(&file));
    }
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("tenure.db");
    let state = {
        let store = Arc::new(SqliteStore::open(&path).unwrap());
        let engine = Engine::over(store.clone());
        let admin = Person::new("admin".parse().unwrap());
        engine.publish(&Policy::from_text(POLICY, Format::Yaml).unwrap(), admin, engine.clock()).unwrap();
        let orders = r#"{"integration": "pg", "type": "db", "name": "orders", "attributes": {"a": 1}}"#;
        let orders: Resource = serde_json::from_str(orders).unwrap();
        let alice = Person::new("alice".parse().unwrap());
        let ask = Request::new("db", &alice).item(orders.permission("read")).grant("g1".to_owned());
        engine.request(ask, engine.clock()).unwrap();
        state(&store, "g1")
    };
    let file = rusqlite::Connection::open(&path).unwrap();
    // The mark of what is not packed, a grant of which a fact is much text, and no checksum that is of it.
    let bomb = format!(r#""a":[{}1]"#, "[],".repeat(BOMB / 3));
    assert!(state.contains(r#""a":1"#), "{state}");
    let blown = [&[0], state.replace(r#""a":1"#, &bomb).as_bytes(), &[7; 8]].concat();
    file.execute("UPDATE grants SET state = ?", [blown]).unwrap();
    drop(file);
    let this = std::env::current_exe().unwrap();
    let test = "r27_a_row_that_was_blown_up_takes_a_few_times_its_size";
    let ran = Command::new(this).args([test, "--exact", "--nocapture"]).env(FILE, &path).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    println!("{said}");
}

/// A grant as it is kept, before it is packed.
fn state(store: &SqliteStore, grant: &str) -> String {
    let id = GrantId::new(grant).unwrap();
    let mut state = String::new();
    let mut question = Question::new(
        |world| unread(vec![Read::Grant(id.clone())], world),
        |world| state = serde_json::to_string(&**world.grants.get(&id).unwrap()).unwrap(),
    );
    store.view(&"default".parse().unwrap(), &mut question).unwrap();
    state
}

fn read(file: &Path) {
    let engine = Engine::new(SqliteStore::open(file).unwrap());
    engine.policy().unwrap();
    let before = peak();
    let looked = engine.look("g1", engine.clock());
    let took = peak().saturating_sub(before);
    println!("{took} bytes for a row of {BOMB}: {looked:?}");
    assert!(matches!(looked, Err(Error::Fault(Fault::Store(StoreFault::Broken(_))))), "it is no grant");
    assert!(took < 4 * BOMB, "{took} bytes for {BOMB}");
}
