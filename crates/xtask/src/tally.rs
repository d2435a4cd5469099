//! Counts what the test binaries say at their end.

use std::fmt;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// What a test could not try on this machine, and why.
    pub(crate) not_run: Vec<String>,
}

/// How a test says that it could not run here: it passes, and this line says what was not tried.
const NOT_RUN: &str = "not run: ";

impl Tally {
    /// Takes one line of output into account; any but a closing line, and one that says what was not tried, says
    /// nothing.
    pub(crate) fn hear(&mut self, line: &str) {
        // The name of a test that runs alone stands before what it says.
        if let Some((_, what)) = line.split_once(NOT_RUN) {
            self.not_run.push(what.to_owned());
            return;
        }
        let Some(result) = line.strip_prefix("test result: ") else { return };
        for part in result.split([';', '.']) {
            match part.trim().split_once(' ') {
                Some((count, "passed")) => self.passed += count.parse().unwrap_or(0),
                Some((count, "failed")) => self.failed += count.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_added_up_and_others_are_not() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test a ... ok",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.51s",
            "test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.00s",
            "said: test result: ok. 100 passed; 100 failed",
        ] {
            tally.hear(line);
        }
        assert_eq!(tally, Tally { passed: 13, failed: 2, not_run: Vec::new() });
        assert_eq!(tally.to_string(), "13 passed, 2 failed");
    }

    #[test]
    fn what_could_not_run_is_remembered() {
        let mut tally = Tally::default();
        for line in
            ["not run: a server, because it is not here", "test alone ... not run: Go, because no `go`", "ok"]
        {
            tally.hear(line);
        }
        assert_eq!(tally.not_run, ["a server, because it is not here", "Go, because no `go`"]);
    }
}
