//! Time is passed in: one file reads the clock.
//!
//! Clippy refuses the standard library's clocks where they are called, by what a name resolves to. This check sees what
//! clippy does not: other crates' clocks, and a lint that was switched off.

use std::path::Path;

use crate::tokens::{self, Placed, Token};
use crate::tree;
use crate::verdict::Verdict;
use crate::workspace::Workspace;

/// The files that may, and why.
const CLOCKS: &[(&str, &str)] = &[
    ("crates/store/src/clock.rs", "the only clock of the product"),
    ("crates/sim/src/stopwatch.rs", "how long a run took; no answer depends on it"),
    ("crates/xtask/src/stopwatch.rs", "how long a chore took; the product is not linked with it"),
];

/// Folders outside of `src` whose code measures: there clippy's refusal is lifted line by line, with a reason.
const MEASURING: &[&str] = &["benches", "examples", "tests"];

/// Types whose `now` asks the machine.
const TYPES: &[&str] = &["SystemTime", "Instant", "Utc", "Local", "OffsetDateTime", "Zoned", "Timestamp"];

pub(crate) fn check(workspace: &Workspace) -> Result<Verdict, String> {
    let mut verdict = Verdict::default();
    for source in tree::rust_sources(&workspace.root)? {
        if may_measure(&source.path) {
            continue;
        }
        let path = source.path.display();
        let read = readings(&source.text).map_err(|trouble| format!("`{path}`: {trouble}"))?;
        verdict.findings.extend(read.into_iter().map(|(line, what)| format!("{path}:{line} {what}")));
    }
    verdict.notes.extend(CLOCKS.iter().map(|(path, why)| format!("may read the clock: {path} ({why})")));
    Ok(verdict)
}

fn may_measure(path: &Path) -> bool {
    let named = |names: &[&str]| path.iter().any(|part| names.iter().any(|name| part == *name));
    CLOCKS.iter().any(|(clock, _)| path == Path::new(clock)) || (named(MEASURING) && !named(&["src"]))
}

/// Every place in a source that reads a clock or allows it, with its line.
fn readings(text: &str) -> Result<Vec<(usize, String)>, String> {
    let tokens = tokens::read(text)?;
    let mut found = Vec::new();
    for (place, Placed { token, line }) in tokens.iter().enumerate() {
        let Token::Word(word) = token else { continue };
        let then = |step: usize| tokens.get(place + step).map(|next| &next.token);
        let then_word =
            |step: usize, expected: &str| matches!(then(step), Some(Token::Word(next)) if next == expected);
        let path = then(1) == Some(&Token::Sign(':')) && then(2) == Some(&Token::Sign(':'));
        if path && then_word(3, "now") && TYPES.contains(&word.as_str()) {
            found.push((*line, format!("reads the clock: `{word}::now`")));
        } else if word == "UNIX_EPOCH" && then(1) == Some(&Token::Sign('.')) && then_word(2, "elapsed") {
            found.push((*line, "reads the clock: `UNIX_EPOCH.elapsed`".to_owned()));
        } else if word == "disallowed_methods" {
            found.push((*line, "switches off the lint that keeps clocks out".to_owned()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_found_wherever_it_hides() {
        for (text, line) in [
            ("fn a() { std::time::SystemTime::now(); }", 1),
            ("fn a() {\n let b = Instant :: now; }", 2),
            ("fn a() { chrono::Utc::now() }", 1),
            ("fn a() {\n\n println!(\"{:?}\", Local::now()); }", 3),
            ("const A: fn() -> Instant = Instant::now;", 1),
            ("fn a() { std::time::UNIX_EPOCH.elapsed() }", 1),
            ("#[allow(clippy::disallowed_methods)]\nfn a() {}", 1),
            ("#[cfg_attr(test, expect(clippy::disallowed_methods, reason = \"\"))]\nfn a() {}", 1),
        ] {
            let found = readings(text).unwrap();
            assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [line], "{text}");
        }
    }

    #[test]
    fn time_that_is_handed_in_is_no_clock() {
        let text = "// Instant::now() is not called\n\
                    fn a(now: Instant) { say(\"SystemTime::now\"); clock.now(); Clock::now(); }";
        assert_eq!(readings(text).unwrap(), []);
    }

    #[test]
    fn only_the_listed_files_and_measuring_code_are_let_off() {
        for (path, expected) in [
            ("crates/store/src/clock.rs", true),
            ("crates/engine/src/clock.rs", false),
            ("crates/engine/benches/holds.rs", true),
            ("crates/policy/tests/bombs.rs", true),
            ("crates/policy/src/tests/bombs.rs", false),
            ("examples/rust/main.rs", true),
        ] {
            assert_eq!(may_measure(Path::new(path)), expected, "{path}");
        }
    }
}
