//! Every table moves page by page: whatever stands in it arrives, and nothing else.

use tenure_postgres::Step;
use tenure_postgres::cluster::Cluster;
use tenure_postgres::scratch::Database;
use tenure_store::Store;
use tenure_store::suite::cast::person;
use tenure_store::suite::story::{accepted, actor, request};

use crate::common::{database, host, ns, one};

/// What is put in each table: more than a page. `n` counts, `k` is the key of the namespace.
const ROWS: &[(&str, usize, &str)] = &[
    ("record", 2_100, "k, 10 + n, 'g' || n, 'leaf \"' || n, CASE WHEN n % 2 = 0 THEN 'ä' END, '\\x00ff'"),
    ("receipt", 2_100, "k, 'c' || n, '{\"a\": ' || n || '}'"),
    ("grants", 2_100, "k, 'x' || n, 'h', 'r', 'f', n, n % 2 = 0, false, false, NULL, NULL, n, ''"),
    ("span", 4_100, "k, 'i' || n % 7, 'p' || n % 11, 9223372036854775807 - n, 'h' || n, NULL, -n"),
    ("name", 4_100, "k, n % 3 + 1, 'ü' || n"),
    ("open_on", 4_100, "k, 3, 't' || n % 5, 'h' || n"),
    ("awaited", 4_100, "k, 'p' || n % 2000, 'place' || n % 3, n"),
    ("revocation", 4_100, "k, 'v' || n, n"),
    ("refusal", 4_100, "k, 'a' || n % 2000, 'code' || n % 3, n, n, n"),
    ("document", 20, "k, 100 + n, n, 'r', 'text'"),
    ("parked", 2_100, "k, n % 3, 'tx' || n, n, NULL, NULL, 'd', '\\x01', 'why'"),
];

fn fill(database: &Database) {
    for (table, rows, of) in ROWS {
        let sql = format!(
            "INSERT INTO tenure.{table} SELECT {of} FROM (SELECT key AS k FROM tenure.namespace) a, \
             generate_series(1, {rows}) n"
        );
        database.sql(&sql).unwrap();
    }
}

/// How many rows a table has, and what they say.
fn all(database: &Database, table: &str) -> String {
    let sql = format!(
        "SELECT count(*) || ' ' || coalesce(md5(string_agg((to_jsonb(t) - 'ns')::text, ',' \
         ORDER BY (to_jsonb(t) - 'ns')::text)), '') FROM tenure.{table} t"
    );
    database.texts(Box::leak(sql.into_boxed_str())).unwrap().remove(0)
}

#[test]
fn every_table_arrives_page_by_page_as_it_is() {
    let Some(from) = database() else { return };
    let to = Cluster::shared().unwrap().database().unwrap();
    let (here, there) = (host(&from), host(&to));
    let ask = request("g", "automatic", &["pg/a/read"], None);
    accepted(one(&here, "ask g", &actor(&person("alice")), ask));
    here.size(&ns()).unwrap();
    fill(&from);
    // It is broken off when most is copied, and then much is no longer so.
    let broken_off =
        here.hand_over(&ns(), &there, &mut |step| !matches!(step, Step::Copying { table: "parked", .. }));
    assert_eq!(broken_off.unwrap(), None);
    for (table, _, _) in ROWS {
        assert!(!all(&to, table).starts_with("0 "), "{table} was copied");
    }
    from.sql(
        "DELETE FROM tenure.record WHERE position > 1500; DELETE FROM tenure.span WHERE item = 'i3'; \
         UPDATE tenure.grants SET changed = 7 WHERE id LIKE 'x1%'; DELETE FROM tenure.name WHERE text LIKE 'ü2%'; \
         DELETE FROM tenure.receipt WHERE command LIKE 'c%'; UPDATE tenure.awaited SET at = at + 1 WHERE place = 'place1'; \
         INSERT INTO tenure.open_on SELECT ns, 2, 'new', 'h' FROM tenure.seal; DELETE FROM tenure.refusal WHERE times > 4000; \
         DELETE FROM tenure.document WHERE number > 110; DELETE FROM tenure.parked WHERE number > 1050",
    )
    .unwrap();
    // The lines that were made up here are no lines, so nobody seals them, nor anything behind them.
    let before: Vec<String> = ROWS.iter().map(|(table, _, _)| all(&from, table)).collect();
    let moved = here.hand_over(&ns(), &there, &mut |_| true).unwrap().unwrap();
    println!("{moved:?}");
    for ((table, _, _), before) in ROWS.iter().zip(&before) {
        assert_eq!(&all(&to, table), before, "{table}");
        assert!(all(&from, table).starts_with("0 "), "{table}");
    }
}
