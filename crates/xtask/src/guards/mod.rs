//! The lines that keep bugs of other systems out, each with the test that fails once it is gone.
//!
//! The table stands in `crates/xtask/guards.toml`. That it is so is checked with everything else, cheaply: each guard is
//! in its file once, each test is there, and the comment beside the test names the guard. That each test fails without
//! its guard is shown by taking them out, one after the other: `cargo xtask guards`.

mod table;
mod trial;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::tree::{self, Source};
use crate::verdict::Verdict;
use crate::workspace::Workspace;

use table::Guard;
pub(crate) use trial::run;

const TABLE: &str = "crates/xtask/guards.toml";

/// Bugs of other systems that concern rules: each has a guard, a test, and its row in the table.
const OWED: &[u16] = &[
    1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 19, 20, 21, 22, 23, 25, 26, 27, 28, 29, 30, 31, 32,
    33, 35, 36, 40, 42, 43, 44, 45, 46,
];

/// What a comment beside a test begins with that names its guard.
const BESIDE: &str = "// guard: ";

fn table(workspace: &Workspace) -> Result<Vec<Guard>, String> {
    let text =
        fs::read_to_string(workspace.root.join(TABLE)).map_err(|trouble| format!("`{TABLE}`: {trouble}"))?;
    table::read(&text).map_err(|trouble| format!("`{TABLE}`: {trouble}"))
}

pub(crate) fn check(workspace: &Workspace) -> Result<Verdict, String> {
    let guards = table(workspace)?;
    let sources = tree::rust_sources(&workspace.root)?;
    let mut verdict = Verdict { notes: Vec::new(), findings: judge(&guards, &sources) };
    let rows: BTreeSet<u16> = guards.iter().map(|guard| guard.row).collect();
    let missing = OWED.iter().filter(|row| !rows.contains(row));
    verdict.findings.extend(missing.map(|row| format!("r{row:02} has no guard in the table")));
    verdict.notes.push(format!("{} guards of {} rows", guards.len(), rows.len()));
    Ok(verdict)
}

/// Every guard is in its file once, its test is there and names it; and no comment names a guard that is not listed.
fn judge(guards: &[Guard], sources: &[Source]) -> Vec<String> {
    let text =
        |path: &Path| sources.iter().find(|source| source.path == path).map(|source| source.text.as_str());
    let mut findings = Vec::new();
    for guard in guards {
        let said = |what: String| format!("{guard}: {what}");
        match text(&guard.file).map(|text| text.matches(&guard.text).count()) {
            None => findings.push(said("the file is not there".to_owned())),
            Some(1) => {}
            Some(times) => findings.push(said(format!("its text is there {times} times, not once"))),
        }
        match text(&guard.tested_in).map(|text| beside(text, &guard.test)) {
            None => findings.push(said(format!("`{}` is not there", guard.tested_in.display()))),
            Some(None) => findings.push(said(format!("there is no test `{}`", guard.test))),
            Some(Some(lines)) if lines.contains(&guard.comment().as_str()) => {}
            Some(Some(_)) => {
                findings.push(said(format!(
                    "`{}` has no comment `{}` beside it",
                    guard.test,
                    guard.comment()
                )));
            }
        }
    }
    let listed: BTreeSet<String> = guards.iter().map(Guard::comment).collect();
    for source in sources {
        let named = source.text.lines().map(str::trim).filter(|line| line.starts_with(BESIDE));
        let unknown = named.filter(|line| !listed.contains(*line));
        findings
            .extend(unknown.map(|line| format!("{}: `{line}` is not in the table", source.path.display())));
    }
    findings
}

/// The comments and attributes over a test; nothing where there is no such test.
fn beside<'t>(text: &'t str, test: &str) -> Option<Vec<&'t str>> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let head = format!("fn {test}(");
    let place =
        lines.iter().position(|line| line.strip_prefix("pub(crate) ").unwrap_or(line).starts_with(&head))?;
    let over =
        lines.get(..place)?.iter().rev().take_while(|line| line.starts_with("//") || line.starts_with("#["));
    Some(over.copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    const TABLE: &str = r"
[[guard]]
row = 1
file = 'crates/core/src/end.rs'
is = 'the longest life'
text = 'if end > most {'
without = 'if false {'
test = 'crates/core/src/end/tests.rs r01_it_ends'
";

    fn findings(table: &str, end: &str, tests: &str) -> Vec<String> {
        let source = |path: &str, text: &str| Source { path: PathBuf::from(path), text: text.to_owned() };
        let sources = [source("crates/core/src/end.rs", end), source("crates/core/src/end/tests.rs", tests)];
        judge(&table::read(table).unwrap(), &sources)
    }

    const TESTS: &str = "// guard: `end.rs`, the longest life\n#[test]\nfn r01_it_ends() {}\n";

    #[test]
    fn a_table_that_is_so_has_no_findings() {
        assert_eq!(findings(TABLE, "if end > most {\n}", TESTS), Vec::<String>::new());
    }

    #[test]
    fn what_moved_away_is_said() {
        for (end, tests, said) in [
            ("if end >= most {", TESTS, "its text is there 0 times"),
            ("if end > most {\nif end > most {", TESTS, "its text is there 2 times"),
            ("if end > most {", "fn r01_it_lasts() {}", "there is no test `r01_it_ends`"),
            ("if end > most {", "#[test]\nfn r01_it_ends() {}", "has no comment"),
            (
                "if end > most {",
                "// guard: `end.rs`, the longest life\n\nfn r01_it_ends() {}",
                "has no comment",
            ),
            (
                "if end > most {",
                "// guard: `end.rs`, the longest life\n// guard: `end.rs`, another\nfn r01_it_ends() {}",
                "is not in the table",
            ),
        ] {
            let found = findings(TABLE, end, tests);
            assert!(found.len() == 1 && found[0].contains(said), "{said}: {found:?}");
        }
    }

    #[test]
    fn this_checkout_is_so() {
        let workspace = Workspace::of_this_checkout().unwrap();
        let verdict = check(&workspace).unwrap();
        assert_eq!(verdict.findings, Vec::<String>::new());
    }
}
