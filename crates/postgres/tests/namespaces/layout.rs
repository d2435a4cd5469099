//! Layouts of older versions, and of newer ones.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::scope;

use tenure_postgres::cluster::Cluster;
use tenure_postgres::scratch::Database;
use tenure_postgres::{Options, PostgresStore};
use tenure_store::suite::cast::person;
use tenure_store::suite::story::{accepted, actor, extend, request};
use tenure_store::{Store, StoreFault};

use crate::common::{database, host, host_at, is_sound, ns, one};

/// From the layout of this version back to the first one, with all that is in it.
const BACK: &str = "DROP TABLE tenure.place; DROP TABLE tenure.parked; ALTER TABLE tenure.pending DROP COLUMN about; \
    ALTER TABLE tenure.namespace DROP COLUMN stage, DROP COLUMN move, DROP COLUMN until, DROP COLUMN other, \
    DROP COLUMN whither; UPDATE tenure.layout SET version = 1";

const FIRST: &str = concat!(
    "CREATE SCHEMA tenure; CREATE TABLE tenure.layout (one integer PRIMARY KEY, version integer NOT NULL); \
     INSERT INTO tenure.layout VALUES (1, 1); ",
    include_str!("../../src/schema.sql")
);

/// Every column and every index there is.
fn layout(database: &Database) -> Vec<String> {
    let mut layout = database
        .texts(
            "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default, collation_name) \
             FROM information_schema.columns WHERE table_schema = 'tenure' ORDER BY 1",
        )
        .unwrap();
    layout.extend(
        database.texts("SELECT indexdef FROM pg_indexes WHERE schemaname = 'tenure' ORDER BY 1").unwrap(),
    );
    layout
}

fn url(database: &Database) -> String {
    Cluster::shared().unwrap().url(database.name())
}

#[test]
fn ten_hosts_begin_at_once_on_an_older_layout_and_bring_it_up_to_date() {
    let Some(older) = database() else { return };
    let new = Cluster::shared().unwrap().database().unwrap();
    let now = {
        let store = host(&older);
        for n in 0..5 {
            let ask = request(&format!("g{n}"), "automatic", &["pg/a/read"], None);
            accepted(one(&store, &format!("ask g{n}"), &actor(&person("alice")), ask));
        }
        store.seal(&ns()).unwrap();
        accepted(one(&store, "longer", &actor(&person("alice")), extend("g0")));
        layout(&older)
    };
    older.sql(BACK).unwrap();
    new.sql("DROP SCHEMA IF EXISTS tenure CASCADE").unwrap();
    new.sql(FIRST).unwrap();
    assert_eq!(layout(&older), layout(&new), "this is what the first version made");
    assert!(layout(&older).len() < now.len());

    // Whoever only looks leaves it to a host.
    let Err(StoreFault::Broken(words)) = PostgresStore::open_existing(&url(&older)) else {
        panic!("it is opened")
    };
    assert!(words.contains("layout 1 of an older version"), "{words}");

    // Others write in it all the while, which lets none of them in half way.
    let over = AtomicBool::new(false);
    scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                older.sql("UPDATE tenure.namespace SET documents = documents; UPDATE tenure.pending SET tx = tx").unwrap();
            }
        });
        let begin = || host_at(&url(&older), Options::default()).map(drop);
        let hosts: Vec<_> = (0..10).map(|_| scope.spawn(begin)).collect();
        let hosts: Vec<_> = hosts.into_iter().map(|host| host.join().unwrap()).collect();
        over.store(true, Ordering::SeqCst);
        hosts.into_iter().for_each(|host| host.unwrap());
    });
    assert_eq!(layout(&older), now);
    assert_eq!(older.texts("SELECT version::text FROM tenure.layout").unwrap(), ["2"]);
    assert_eq!(older.texts("SELECT count(*)::text FROM tenure.place").unwrap(), ["1"]);

    // What was in it is all there, also what waited for its place in the record.
    let store = host(&older);
    accepted(one(&store, "again", &actor(&person("alice")), extend("g1")));
    let kinds: BTreeMap<String, usize> =
        is_sound(&store).into_iter().map(|(grant, kinds)| (grant, kinds.len())).collect();
    assert_eq!(kinds.len(), 5);
    assert_eq!(kinds["g0"], kinds["g1"]);
    assert!(kinds["g0"] > kinds["g2"]);
    drop(host(&new));
    assert_eq!(layout(&new), now);
    store.hand_over(&ns(), &host(&new), &mut |_| true).unwrap().unwrap();
    assert_eq!(is_sound(&host(&new)).len(), 5);
}

#[test]
fn two_databases_of_different_layouts_move_nothing() {
    let Some(from) = database() else { return };
    let to = Cluster::shared().unwrap().database().unwrap();
    let (here, there) = (host(&from), host(&to));
    to.sql("UPDATE tenure.layout SET version = version + 1").unwrap();
    let moved = here.hand_over(&ns(), &there, &mut |_| true);
    assert_eq!(moved, Err(StoreFault::Newer { found: 3 }));
    assert!(here.size(&ns()).is_ok());
    to.sql("UPDATE tenure.layout SET version = version - 1").unwrap();
}
