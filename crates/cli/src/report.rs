//! What came of scenarios: a line each for people, JSON and JUnit for machines.

use std::io;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value as Json, json};
use tenure_past::words::counted;
use tenure_scenario::Told;
use tenure_scenario::tell::Failure;
use tenure_scenario::trouble::{Unreadable, tame};

use crate::End;
use crate::screen::{BAD, BOLD, DIM, GOOD, Screen, WAITS, paint, wrap};

/// Failing steps of one scenario that are shown; the rest is counted.
const FAILURES_SHOWN: usize = 10;

/// What came of a run.
#[derive(Default)]
pub(crate) struct Results {
    told: Vec<Told>,
    unreadable: Vec<Unreadable>,
}

impl Results {
    pub(crate) fn told(&mut self, told: Told) {
        self.told.push(told);
    }

    pub(crate) fn unread(&mut self, unreadable: Unreadable) {
        self.unreadable.push(unreadable);
    }

    /// Whether everything that was named could be read.
    pub(crate) fn is_read(&self) -> bool {
        self.unreadable.is_empty() && !self.told.is_empty()
    }

    fn held(&self) -> usize {
        self.told.iter().filter(|told| told.holds).count()
    }

    fn failed(&self) -> usize {
        self.told.len().saturating_sub(self.held())
    }

    pub(crate) fn end(&self) -> End {
        let has_store = self.told.iter().all(|told| !told.storeless);
        match (self.is_read() && has_store, self.failed()) {
            (false, _) => End::Unread,
            (true, 0) => End::Well,
            (true, _) => End::Wrong,
        }
    }

    pub(crate) fn to_json(&self) -> Json {
        json!({
            "held": self.held(),
            "failed": self.failed(),
            "unreadable": self.unreadable.iter().map(Unreadable::to_json).collect::<Vec<_>>(),
            "scenarios": self.told,
        })
    }

    pub(crate) fn to_junit(&self) -> Result<String, quick_junit::SerializeError> {
        let mut report = Report::new("tenure");
        let mut suites: Vec<TestSuite> = Vec::new();
        for told in &self.told {
            let status = if told.holds {
                TestCaseStatus::success()
            } else {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                let lines = failed(told);
                status.set_message(lines.first().cloned().unwrap_or_default());
                status.set_description(lines.join("\n"));
                status
            };
            let case = TestCase::new(told.name.clone(), status);
            match suites.last_mut().filter(|suite| suite.name.as_str() == told.file) {
                Some(suite) => {
                    suite.add_test_case(case);
                }
                None => {
                    let mut suite = TestSuite::new(told.file.clone());
                    suite.add_test_case(case);
                    suites.push(suite);
                }
            }
        }
        for unreadable in &self.unreadable {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message("the file cannot be read");
            status.set_description(unreadable.render(false));
            let mut suite = TestSuite::new("files that cannot be read");
            suite.add_test_case(TestCase::new("it can be read", status));
            suites.push(suite);
        }
        report.add_test_suites(suites);
        report.to_string()
    }
}

/// One line for a scenario, more where it does not hold.
pub(crate) fn scenario(told: &Told, screen: &mut Screen) -> io::Result<()> {
    let name = tame(&told.name);
    if told.holds {
        return screen.line(&format!("{} {name}", paint(GOOD, "✓")));
    }
    let place = paint(DIM, &format!("{}:{}", told.file, told.line));
    screen.line(&format!("{} {}  {place}", paint(BAD, "✗"), paint(BOLD, &name)))?;
    if let Some(why) = &told.unplayable {
        for line in wrap(&format!("it cannot be played: {why}"), screen.width.saturating_sub(4)) {
            screen.line(&format!("    {line}"))?;
        }
    }
    for failure in told.failures.iter().take(FAILURES_SHOWN) {
        screen.line(&format!("    {}", paint(WAITS, &heading(failure))))?;
        for mismatch in &failure.mismatches {
            screen.line(&format!("      {}", mismatch.field))?;
            screen.line(&format!("        expected  {}", paint(GOOD, &tame(&mismatch.expected))))?;
            screen.line(&format!("        came      {}", paint(BAD, &tame(&mismatch.came))))?;
        }
    }
    let more = told.failures.len().saturating_sub(FAILURES_SHOWN).saturating_add(told.beyond);
    if more > 0 {
        screen.line(&paint(DIM, &format!("    and {} more", counted(more, "step"))))?;
    }
    Ok(())
}

pub(crate) fn unreadable(unreadable: &Unreadable, screen: &mut Screen) -> io::Result<()> {
    screen.line(&unreadable.render(true))?;
    screen.line("")
}

pub(crate) fn summary(results: &Results, screen: &mut Screen) -> io::Result<()> {
    let verb = |count: usize, one, many| if count == 1 { one } else { many };
    let (held, failed) = (results.held(), results.failed());
    let holds = format!("{} {}", counted(held, "scenario"), verb(held, "holds", "hold"));
    let mut words = vec![paint(GOOD, &holds)];
    if failed > 0 {
        words.push(paint(BAD, &format!("{failed} {}", verb(failed, "does not", "do not"))));
    }
    if !results.unreadable.is_empty() {
        let count = counted(results.unreadable.len(), "file");
        words.push(paint(BAD, &format!("{count} could not be read")));
    }
    screen.line("")?;
    screen.line(&words.join(", "))
}

/// The failures of a scenario as plain lines.
fn failed(told: &Told) -> Vec<String> {
    let mut lines: Vec<String> =
        told.unplayable.iter().map(|why| format!("it cannot be played: {why}")).collect();
    for failure in &told.failures {
        lines.extend(failure.mismatches.iter().map(|mismatch| {
            let heading = heading(failure);
            format!("{heading}: {}: expected {}, came {}", mismatch.field, mismatch.expected, mismatch.came)
        }));
    }
    lines
}

fn heading(failure: &Failure) -> String {
    format!("step {}, {} at {} (line {})", failure.step, failure.verb, failure.at, failure.line)
}
