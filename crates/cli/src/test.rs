//! `tenure test`: scenario files, run and summed up.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tenure_port::policy::document;
use tenure_scenario::file::{self, PolicyFiles};
use tenure_scenario::story::Scenario;
use tenure_scenario::trouble::Unreadable;
use tenure_scenario::{tell_on, transcript};

use crate::End;
use crate::args::{Test, TestFormat};
use crate::report::{self, Results};
use crate::screen::{Progress, Screen};

/// Between two words on how far a run has come lie so many steps.
const PROGRESS_EVERY: usize = 1_000;

pub(crate) fn run(ask: &Test, screen: &mut Screen) -> io::Result<End> {
    let mut results = Results::default();
    let free = ask.transcript.as_deref().map_or(Ok(()), free);
    let paths = match free.and_then(|()| found(&ask.paths)) {
        Ok(paths) => paths,
        Err(unreadable) => {
            unread(ask, unreadable, &mut results, screen)?;
            Vec::new()
        }
    };
    let mut policies = PolicyFiles::default();
    let mut kept = Vec::new();
    for (number, path) in paths.iter().enumerate() {
        let scenarios = match file::scenarios(path, &mut policies) {
            Ok(scenarios) => scenarios,
            Err(unreadable) => {
                unread(ask, unreadable, &mut results, screen)?;
                continue;
            }
        };
        for scenario in scenarios {
            let mut progress = Progress::new();
            let of = scenario.steps.len();
            let told = tell_on(&scenario, &ask.store, &mut |step, _| {
                if step.number.is_multiple_of(PROGRESS_EVERY) {
                    let (file, files) = (number.saturating_add(1), paths.len());
                    progress.say(&format!("file {file} of {files}, step {} of {of}", step.number));
                }
            });
            drop(progress);
            if ask.format == TestFormat::Text {
                report::scenario(&told, screen)?;
            }
            if ask.transcript.is_some() && told.unplayable.is_none() {
                kept.push(scenario);
            }
            results.told(told);
        }
    }
    // Of what could not all be read there is none: it would be taken for all of it.
    if let Some(path) = ask.transcript.as_deref().filter(|_| results.is_read())
        && let Err(unwritten) = written(&kept, path)
    {
        unread(ask, unwritten, &mut results, screen)?;
    }
    match ask.format {
        TestFormat::Text => report::summary(&results, screen)?,
        TestFormat::Json => screen.json(&format!("{:#}", results.to_json()))?,
        TestFormat::Junit => screen.xml(results.to_junit().map_err(io::Error::other)?.trim_end())?,
    }
    Ok(results.end())
}

fn unread(ask: &Test, unreadable: Unreadable, results: &mut Results, screen: &mut Screen) -> io::Result<()> {
    if ask.format == TestFormat::Text {
        report::unreadable(&unreadable, screen)?;
    }
    results.unread(unreadable);
    Ok(())
}

/// The files that are meant, of which there must be one.
fn found(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Unreadable> {
    let found = file::find(paths)?;
    if found.is_empty() {
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let help = "a scenario file ends in `.yaml`, `.yml`, `.toml` or `.json`, and has `steps`";
        return Err(Unreadable::file(&names.join(", "), "there is no scenario file in it", help));
    }
    Ok(found)
}

/// Whether a transcript may be made there: nothing is written over, whatever it is.
fn free(path: &Path) -> Result<(), Unreadable> {
    match path.symlink_metadata() {
        Ok(_) => Err(unmade(path, "it is there already, and a transcript is written over nothing")),
        Err(_) => Ok(()),
    }
}

fn written(scenarios: &[Scenario], path: &Path) -> Result<(), Unreadable> {
    let unmade = |why: &str| unmade(path, &format!("the transcript cannot be written: {why}"));
    let file = File::create_new(path).map_err(|error| unmade(&document::said(&error)))?;
    let mut to = BufWriter::new(file);
    let written = scenarios.iter().try_for_each(|scenario| match transcript::write(scenario, &mut to) {
        Ok(()) => Ok(()),
        Err(transcript::Trouble::Write(error)) => Err(document::said(&error)),
        Err(transcript::Trouble::Unplayable(unplayable)) => Err(unplayable.message),
    });
    let written = written.and_then(|()| to.flush().map_err(|error| document::said(&error)));
    written.map_err(|why| {
        // A part of it is none, and would be in the way of the next.
        let _ = std::fs::remove_file(path);
        unmade(&why)
    })
}

fn unmade(path: &Path, why: &str) -> Unreadable {
    Unreadable::file(&path.display().to_string(), why, "name a file that is not there, in a folder that is")
}
