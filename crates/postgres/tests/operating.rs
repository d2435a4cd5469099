//! The operating page: what it says of the SQL is so, and its commands run.

#![expect(clippy::unwrap_used, reason = "these are tests: a panic is how they fail")]

use std::collections::BTreeSet;
use std::path::Path;

use tenure_postgres::PostgresStore;
use tenure_postgres::cluster::{Cluster, or_not_run};

const PAGE: &str = include_str!("../OPERATING.md");

/// All texts of the store's sources that are, or may be, SQL, one after the other. Its tests' own helpers aside.
fn texts() -> Vec<String> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if ["cluster.rs", "scratch.rs"].contains(&&*name) {
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        if name.ends_with(".sql") {
            let code = source.lines().map(|line| line.split("--").next().unwrap_or_default());
            texts.push(code.collect::<Vec<_>>().join("\n"));
        } else {
            texts.extend(literals(&source));
        }
    }
    texts
}

/// What stands between quotes in a source.
fn literals(source: &str) -> Vec<String> {
    let (mut found, mut rest) = (Vec::new(), source);
    while let Some(at) = rest.find(['"', '/', '\'']) {
        rest = &rest[at..];
        if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
        } else if let Some(after) = rest.strip_prefix("'\"'") {
            rest = after;
        } else if let Some(text) = rest.strip_prefix('"') {
            let mut literal = String::new();
            let mut letters = text.char_indices();
            rest = loop {
                match letters.next() {
                    Some((_, '\\')) => literal.extend(letters.next().map(|(_, letter)| letter)),
                    Some((end, '"')) => break &text[end + 1..],
                    Some((_, letter)) => literal.push(letter),
                    None => break "",
                }
            };
            found.push(literal);
        } else {
            rest = &rest[1..];
        }
    }
    found
}

/// A text without what stands in it as text itself.
fn bare(text: &str) -> String {
    text.split('\'').step_by(2).collect::<Vec<_>>().join("''")
}

/// What SQL is made of, and what of it is used.
#[derive(Debug, Default, PartialEq, Eq)]
struct Used {
    words: BTreeSet<String>,
    functions: BTreeSet<String>,
    types: BTreeSet<String>,
    operators: BTreeSet<String>,
    /// Every word, however it is written.
    all: BTreeSet<String>,
}

/// Words in capitals that errors say.
const NOT_SQL: &[&str] = &["TLS"];
const TYPES: &[&str] = &[
    "bigint",
    "boolean",
    "bytea",
    "date",
    "double",
    "integer",
    "interval",
    "json",
    "jsonb",
    "numeric",
    "real",
    "smallint",
    "text",
    "timestamp",
    "timestamptz",
    "uuid",
    "varchar",
    "xid",
];

fn used() -> Used {
    let mut used = Used::default();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for text in texts() {
        let text = bare(&text);
        let words: Vec<&str> = text.split(|c| !is_word(c)).filter(|word| !word.is_empty()).collect();
        let is_sql = |word: &str| {
            word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase()) && !NOT_SQL.contains(&word)
        };
        // A part of a statement, too: it casts, or names a value.
        if !words.iter().any(|word| is_sql(word)) && !text.contains("::") && !text.contains('$') {
            continue;
        }
        for word in words {
            if is_sql(word) {
                used.words.insert(word.to_owned());
            }
            used.all.insert(word.to_uppercase());
            if TYPES.contains(&word) && text != word {
                // Also the name of a column, which is as good.
                used.types.insert(word.to_owned());
            }
        }
        for (at, _) in text.match_indices('(') {
            let before = &text[..at];
            let name = &before[before.rfind(|c| !is_word(c)).map_or(0, |start| start + 1)..];
            if name.chars().any(|c| c.is_ascii_lowercase()) {
                used.functions.insert(name.to_owned());
            }
        }
        let symbol = |c: char| "<>=!~|@#&?+*/%^-".contains(c);
        for run in text.split(|c| !symbol(c)).filter(|run| !run.is_empty()) {
            used.operators.insert(run.to_owned());
        }
    }
    used
}

/// What the page names in backticks after a word, up to the next blank line.
fn named(after: &str) -> BTreeSet<String> {
    let (_, list) = PAGE.split_once(&format!("\n{after}")).unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_page_lists_all_sql_that_is_used_and_none_that_is_not() {
    let used = used();
    let listed = Used {
        words: named("Words: "),
        functions: named("Functions: "),
        types: named("Types: "),
        operators: named("Operators: "),
        all: used.all.clone(),
    };
    assert_eq!(used, listed);
    let avoided = named("Avoided, ");
    assert!(avoided.len() > 20, "{avoided:?}");
    for word in &avoided {
        assert!(word.chars().all(|c| c.is_ascii_uppercase()), "{word}");
        let small = word.to_lowercase();
        assert!(!used.all.contains(word), "`{word}` is used");
        assert!(
            !used.functions.iter().any(|name| name.split('_').any(|part| part == small)),
            "`{word}` is used"
        );
    }
    // Every table is one of ours, in a schema of its own, and one number of all is made by the server.
    let all = texts().join("\n");
    assert_eq!(all.matches("CREATE TABLE").count(), all.matches("CREATE TABLE tenure.").count() + 1);
    assert_eq!(all.matches("GENERATED").count(), 1);
}

#[test]
fn what_is_sql_in_a_source_is_found() {
    let source =
        "const A: &str = \"SELECT \\\n  'WORD' FROM tenure.x\"; // \"NOT THIS\"\nlet b = '\"'; f(\"AND y\")";
    assert_eq!(literals(source), ["SELECT \n  'WORD' FROM tenure.x", "AND y"]);
    assert_eq!(bare("SELECT 'WORD' FROM"), "SELECT '' FROM");
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
