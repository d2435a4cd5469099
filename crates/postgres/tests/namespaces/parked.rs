//! Lines that wait for their place in the record and cannot be read.

use tenure_core::command::{Erase, Publish, Reach, Verb};
use tenure_core::record::Entry;
use tenure_core::time::Timestamp;
use tenure_postgres::PostgresStore;
use tenure_postgres::scratch::Database;
use tenure_store::suite::cast::{person, policy};
use tenure_store::suite::story::{accepted, actor, extend, id, request, revoke_all, system};
use tenure_store::{Answered, Findings, Limit, Part, Store, StoreFault};

use crate::common::{batch, database, deliver, give_back, given, host, is_sound, ns, one, record};

fn ask(store: &PostgresStore, who: &str, grant: &str) {
    let ask = request(grant, "automatic", &["pg/a/read"], None);
    accepted(one(store, &format!("ask {grant}"), &actor(&person(who)), ask));
}

/// Damages the lines that wait about a grant, as a disk would, or a version that this one does not know.
fn damage(database: &Database, grant: &str) {
    let sql = format!("UPDATE tenure.pending SET draft = 'x' || draft WHERE about = '{grant}'");
    database.sql(&sql).unwrap();
}

fn repair(database: &Database) {
    database.sql("UPDATE tenure.parked SET draft = substr(draft, 2) WHERE draft LIKE 'x%'").unwrap();
}

fn parked(database: &Database) -> Vec<String> {
    database.texts("SELECT about || ': ' || why FROM tenure.parked ORDER BY ordered, tx, number").unwrap()
}

fn events(store: &PostgresStore, grant: &str) -> Vec<u64> {
    let of = |entry: &Entry| entry.grant().is_some_and(|about| about.as_str() == grant);
    record(store).iter().filter(|record| of(&record.entry)).map(|record| record.position).collect()
}

fn wrong(findings: &Findings) -> Vec<(Part, &str)> {
    findings.parts.iter().filter_map(|part| Some((part.part, part.wrong.as_deref()?))).collect()
}

#[test]
fn a_line_that_cannot_be_read_stops_nobody_else() {
    let Some(database) = database() else { return };
    let store = host(&database);
    ask(&store, "alice", "torn");
    damage(&database, "torn");
    ask(&store, "bert", "sound");
    let waiting = store.examine(&ns(), &mut |_, _| {}).unwrap();
    assert!(matches!(wrong(&waiting)[..], [(Part::Waiting, _)]), "before anybody seals, too: {waiting:?}");
    let examined = || store.examine(&ns(), &mut |_, _| {}).unwrap();

    // Others are sealed, and what comes after it about the same grant waits behind it.
    let each = events(&store, "sound").len();
    assert!(each > 0);
    accepted(one(&store, "longer", &actor(&person("alice")), extend("torn")));
    let size = store.size(&ns()).unwrap();
    assert_eq!(events(&store, "torn"), [0; 0]);
    let lines = parked(&database);
    assert_eq!(lines.len(), each + 1, "{lines:?}");
    assert!(lines[0].starts_with("torn: expected value"), "{lines:?}");
    assert!(lines[each].contains("an earlier line about `torn`"), "{lines:?}");
    let found = examined();
    let [(Part::Waiting, words)] = wrong(&found)[..] else { panic!("{found:?}") };
    let told = format!("such a line: {} (`tenure.parked`)", each + 1);
    assert!(words.contains(&told) && words.contains("the first is about grant `torn`"), "{words}");

    // What stands alone in its namespace gets through: a revocation above all.
    let publish =
        Verb::Publish(Publish { policy: std::sync::Arc::new(policy("all").unwrap()), if_revision: None });
    accepted(one(&store, "again", &system(), publish));
    accepted(one(&store, "all", &system(), revoke_all(Reach::Person(person("alice").id))));
    assert_eq!(store.size(&ns()).unwrap(), size + 2, "what it has ended of the torn grant waits");
    accepted(one(&store, "back", &actor(&person("bert")), give_back("sound")));
    repair(&database);
    store.seal(&ns()).unwrap();
    let kinds = is_sound(&store);
    assert_eq!(kinds["torn"].last().map(String::as_str), Some("Revoked"), "{kinds:?}");
    assert_eq!(wrong(&examined()), [(Part::File, ""); 0]);
}

#[test]
fn what_was_set_aside_gets_its_place_once_it_can_be_read() {
    let Some(database) = database() else { return };
    let (store, other) = (host(&database), host(&database));
    ask(&store, "alice", "torn");
    ask(&store, "bert", "torn2");
    damage(&database, "torn");
    damage(&database, "torn2");
    store.seal(&ns()).unwrap();
    accepted(one(&store, "longer", &actor(&person("alice")), extend("torn")));
    accepted(one(&store, "back", &actor(&person("alice")), give_back("torn")));
    ask(&store, "carl", "sound");
    other.seal(&ns()).unwrap();
    let sound = events(&store, "sound");
    let each = sound.len();
    assert_eq!(parked(&database).len(), 2 * each + 2);
    database
        .sql("UPDATE tenure.parked SET draft = substr(draft, 2) WHERE about = 'torn' AND draft LIKE 'x%'")
        .unwrap();
    // In their order, after what was sealed meanwhile; the other one stays aside.
    assert_eq!(store.seal(&ns()).unwrap(), u64::try_from(each + 2).unwrap());
    let torn = events(&store, "torn");
    assert_eq!(torn.len(), each + 2);
    assert!(sound[0] < torn[0]);
    assert_eq!(parked(&database).len(), each);
    repair(&database);
    assert_eq!(other.seal(&ns()).unwrap(), u64::try_from(each).unwrap());
    assert_eq!(parked(&database), [""; 0]);
    let kinds = is_sound(&store);
    let last = kinds["torn"].len() - 2;
    assert_eq!(kinds["torn"][last..], ["Extended", "GivenBack"], "{kinds:?}");
    let found = store.examine(&ns(), &mut |_, _| {}).unwrap();
    assert!(wrong(&found).is_empty(), "{found:?}");
}

#[test]
fn a_grant_of_which_lines_were_set_aside_is_neither_compacted_nor_erased() {
    let Some(database) = database() else { return };
    let store = host(&database);
    ask(&store, "alice", "torn");
    accepted(one(&store, "back", &actor(&person("alice")), give_back("torn")));
    deliver(&store, &person("alice"), "torn is over");
    let erase =
        || batch(&store, vec![given(&store, "erase", &system(), Verb::Erase(Erase { grant: id("torn") }))]);
    ask(&store, "bert", "other");
    accepted(one(&store, "back other", &actor(&person("bert")), give_back("other")));
    deliver(&store, &person("bert"), "other is over");
    // The last line of it, about what a worker has said, is damaged.
    let last = "UPDATE tenure.pending SET draft = 'x' || draft WHERE about = 'torn' AND number = 0 \
        AND ordered = (SELECT max(ordered) FROM tenure.pending WHERE about = 'torn')";
    database.sql(last).unwrap();
    let refused = erase();
    let Err(StoreFault::Broken(words)) = &refused else { panic!("{refused:?}") };
    assert!(words.contains("set aside"), "{words}");
    assert_eq!(parked(&database), [""; 0], "nothing was written with it");
    let compact = || store.compact(&ns(), Timestamp::MAX, None, Limit::new(9)).unwrap().compacted;
    assert_eq!(compact(), 1, "the other one goes");
    assert_eq!(parked(&database).len(), 1);
    repair(&database);
    assert_eq!(store.seal(&ns()).unwrap(), 1);
    let erased = erase();
    assert!(matches!(erased.as_deref(), Ok([Answered::Accepted(_)])), "{erased:?}");
    is_sound(&store);
    assert_eq!(compact(), 1);
}
