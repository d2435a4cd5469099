//! The operating page: what it says of the SQL is so, and its commands run.

#![expect(clippy::unwrap_used, reason = "these are tests: a panic is how they fail")]

use std::path::Path;

use tenure_postgres::PostgresStore;
use tenure_postgres::cluster::{Cluster, or_not_run};

const PAGE: &str = include_str!("../OPERATING.md");

/// All SQL of the store: what stands in quotes in its sources, and the layout. Its tests' own helpers aside.
fn sql() -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if ["cluster.rs", "scratch.rs"].contains(&&*name) {
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        let code = |line: &&str| !line.trim_start().starts_with("//") && !line.trim_start().starts_with("--");
        text.extend(source.lines().filter(code).flat_map(|line| [line, "\n"]));
    }
    text
}

/// What the page names in backticks between two words of it.
fn named(from: &str, to: &str) -> Vec<&'static str> {
    let (_, after) = PAGE.split_once(from).unwrap();
    let (part, _) = after.split_once(to).unwrap();
    part.split('`').skip(1).step_by(2).collect()
}

#[test]
fn what_the_page_says_of_the_sql_is_so() {
    let sql = sql();
    let used = named("\nUsed: ", "\nAvoided: ");
    assert!(used.len() > 12, "{used:?}");
    for feature in used {
        assert!(sql.contains(feature), "`{feature}` is not used");
    }
    let avoided = [
        "advisory",
        "LISTEN",
        "NOTIFY",
        "serial",
        "nextval",
        "CREATE SEQUENCE",
        "TRIGGER",
        "CREATE FUNCTION",
        "plpgsql",
        "CREATE EXTENSION",
        "TEMP",
        "TRUNCATE",
        "LOCK TABLE",
        "SAVEPOINT",
        "MERGE",
        "lo_",
        "DECLARE",
        "xmin",
        "ctid",
    ];
    let words = sql.split(|c: char| !c.is_alphanumeric() && c != '_');
    let words: std::collections::BTreeSet<&str> = words.collect();
    for feature in avoided {
        let found = if feature.contains(' ') { sql.contains(feature) } else { words.contains(feature) };
        assert!(!found, "`{feature}` is used");
    }
    // Every table that is touched is one of ours, in a schema of its own.
    assert!(sql.matches("CREATE TABLE").count() >= 14);
    assert_eq!(sql.matches("GENERATED").count(), 1);
}

#[test]
fn every_query_of_the_page_runs() {
    let Some(cluster) = or_not_run(Cluster::shared(), "the page for whoever runs it") else { return };
    let database = cluster.database().unwrap();
    PostgresStore::open(&cluster.url(database.name())).unwrap();
    let queries: Vec<&str> =
        PAGE.split("```sql\n").skip(1).map(|part| part.split_once("\n```").unwrap().0).collect();
    assert_eq!(queries.len(), 4);
    for query in queries {
        database.sql(query).unwrap();
    }
    let url = PAGE.split_once("```text\n").unwrap().1.split_once('\n').unwrap().0;
    assert!(url.parse::<tokio_postgres::Config>().is_ok());
}
