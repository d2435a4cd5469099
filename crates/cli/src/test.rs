//! `tenure test`: scenario files, run and summed up.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use tenure_scenario::file::{self, PolicyFiles};
use tenure_scenario::{tell_on, transcript};

use crate::End;
use crate::args::{Test, TestFormat};
use crate::report::{self, Results};
use crate::screen::{Progress, Screen};

/// Between two words on how far a run has come lie so many steps.
const PROGRESS_EVERY: usize = 1_000;

pub(crate) fn run(ask: &Test, screen: &mut Screen) -> io::Result<End> {
    let mut results = Results::default();
    let paths = match file::find(&ask.paths) {
        Ok(paths) => paths,
        Err(unreadable) => {
            if ask.format == TestFormat::Text {
                report::unreadable(&unreadable, screen)?;
            }
            results.unread(unreadable);
            Vec::new()
        }
    };
    let mut transcript = ask.transcript.as_ref().map(File::create).transpose()?.map(BufWriter::new);
    let mut policies = PolicyFiles::default();
    for (number, path) in paths.iter().enumerate() {
        let scenarios = match file::scenarios(path, &mut policies) {
            Ok(scenarios) => scenarios,
            Err(unreadable) => {
                if ask.format == TestFormat::Text {
                    report::unreadable(&unreadable, screen)?;
                }
                results.unread(unreadable);
                continue;
            }
        };
        for scenario in &scenarios {
            let mut progress = Progress::new();
            let of = scenario.steps.len();
            let told = tell_on(scenario, &ask.store, &mut |step, _| {
                if step.number.is_multiple_of(PROGRESS_EVERY) {
                    let (file, files) = (number.saturating_add(1), paths.len());
                    progress.say(&format!("file {file} of {files}, step {} of {of}", step.number));
                }
            });
            drop(progress);
            if ask.format == TestFormat::Text {
                report::scenario(&told, screen)?;
            }
            if let Some(to) = transcript.as_mut().filter(|_| told.unplayable.is_none()) {
                transcript::write(scenario, to).map_err(io::Error::other)?;
            }
            results.told(told);
        }
    }
    transcript.as_mut().map_or(Ok(()), Write::flush)?;
    match ask.format {
        TestFormat::Text => report::summary(&results, screen)?,
        TestFormat::Json => screen.json(&format!("{:#}", results.to_json()))?,
        TestFormat::Junit => screen.xml(results.to_junit().map_err(io::Error::other)?.trim_end())?,
    }
    Ok(results.end())
}
