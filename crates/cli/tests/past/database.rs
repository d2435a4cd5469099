//! The same of a store in a database.

use std::process::Command;

use tenure::tenure_policy::document::Format;
use tenure::{Engine, GiveBack, Person, Policy, PostgresStore, Request, ResourceId, Span};
use tenure_postgres::cluster::{Cluster, or_not_run};

use crate::{code, err, out};

#[test]
fn a_database_is_read_like_a_file() {
    let Some(cluster) = or_not_run(Cluster::shared(), "the past") else { return };
    let database = cluster.database().unwrap();
    let url = cluster.url(database.name());
    let nothing = Command::new(env!("CARGO_BIN_EXE_tenure")).args(["log", &url]).output().unwrap();
    assert_eq!(code(&nothing), Some(2));
    assert!(err(&nothing).contains("holds no store of tenure"), "{}", err(&nothing));

    let engine = Engine::new(PostgresStore::open(&url).unwrap());
    let policy = "
version: 1
flows:
  - id: db
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read]}]
    duration: {max: 1h}
    approval: automatic
";
    let (admin, maria) = (Person::new("admin".parse().unwrap()), Person::new("maria".parse().unwrap()));
    engine.publish(&Policy::from_text(policy, Format::Yaml).unwrap(), admin, engine.clock()).unwrap();
    let orders = ResourceId { integration: "pg".parse().unwrap(), kind: "db".into(), name: "orders".into() };
    let ask = Request::new("db", &maria).item(orders.permission("read")).grant("night");
    engine.request(ask, engine.clock()).unwrap();
    assert!(engine.holds(&maria.id, &orders, "read", engine.clock()).unwrap().allowed);
    let says = |verb: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_tenure")).args([verb, &url]).output().unwrap();
        assert_eq!(code(&output), Some(0), "{}{}", out(&output), err(&output));
        out(&output)
    };
    let log = says("log");
    assert!(log.contains("a policy is put in force") && log.contains("maria"), "{log}");
    assert!(says("list").contains("night"));

    // What is over is compacted, and answered as before.
    let work = || {
        for effect in engine.take_effects("w", Span::minutes(1), engine.clock()).unwrap() {
            engine.effect_done(effect.id, engine.clock()).unwrap();
        }
    };
    work();
    engine.give_back(GiveBack::new("night", &maria), engine.clock()).unwrap();
    work();
    let answers = || [says("log"), says("list")];
    let before = answers();
    let compact = || {
        let args = ["compact", &url, "--before", "2100-01-01T00:00:00Z", "--json"];
        out(&Command::new(env!("CARGO_BIN_EXE_tenure")).args(args).output().unwrap())
    };
    assert!(compact().contains("\"compacted\": 1"));
    assert!(compact().contains("\"compacted\": 0"), "once");
    assert_eq!(database.texts("SELECT state FROM tenure.grants").unwrap(), [""]);
    assert_eq!(answers(), before);
}
