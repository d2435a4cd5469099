//! `tenure check`: problems of policies, and what may not be meant.

use std::io;
use std::path::Path;

use serde_json::{Value as Json, json};
use tenure_past::words::counted;
use tenure_port::policy::problem::quote;
use tenure_port::policy::{File, Policy, Problems, Warnings};
use tenure_scenario::file::{self, Holds, PolicyFiles};
use tenure_scenario::trouble::Unreadable;

use crate::End;
use crate::args::{Check, CheckFormat};
use crate::screen::{BAD, DIM, GOOD, Screen, WAITS, paint};

/// What came of one path.
enum Checked {
    Policy {
        flows: usize,
        warnings: Warnings,
    },
    /// What is wrong, and the files among those of a folder that are made for something else.
    Problems(Problems, Vec<String>),
    Scenarios(usize),
    Story(Unreadable),
    Unread(Unreadable),
}

pub(crate) fn run(ask: &Check, screen: &mut Screen) -> io::Result<End> {
    let mut end = End::Well;
    let mut told = Vec::new();
    for path in &ask.paths {
        let checked = check(path);
        end = end.max(checked.end());
        match ask.format {
            CheckFormat::Text => checked.say(path, screen)?,
            CheckFormat::Json => told.push(checked.to_json(path)),
        }
    }
    if ask.format == CheckFormat::Json {
        screen.json(&format!("{:#}", Json::from(told)))?;
    }
    Ok(end)
}

fn check(path: &Path) -> Checked {
    match Policy::files(path) {
        Err(unread) => Checked::Unread(Unreadable::File(unread)),
        Ok(texts) => {
            if let ([only], false) = (texts.as_slice(), path.is_dir())
                && file::holds(&only.text, only.format) == Holds::Scenarios
            {
                return story(path);
            }
            let strangers = if path.is_dir() { strangers(&texts) } else { Vec::new() };
            match Policy::from_sources(texts) {
                Ok(policy) => {
                    Checked::Policy { flows: policy.flows().len(), warnings: policy.warnings().clone() }
                }
                Err(problems) => Checked::Problems(problems, strangers),
            }
        }
    }
}

/// Files that lie in the folder of a policy and are none, so that nobody wonders at problems in a story.
fn strangers(texts: &[File]) -> Vec<String> {
    let told = |file: &File| {
        let what = match file::holds(&file.text, file.format) {
            Holds::Scenarios => "scenarios",
            Holds::People => "people",
            Holds::Policy | Holds::Foreign | Holds::Other => return None,
        };
        Some(format!("{} holds {what}", quote(file.name.as_deref().unwrap_or_default())))
    };
    texts.iter().filter_map(told).collect()
}

fn story(path: &Path) -> Checked {
    match file::scenarios(path, &mut PolicyFiles::default()) {
        Ok(scenarios) => Checked::Scenarios(scenarios.len()),
        Err(unread @ Unreadable::File(_)) => Checked::Unread(unread),
        Err(story) => Checked::Story(story),
    }
}

impl Checked {
    fn end(&self) -> End {
        match self {
            Self::Policy { .. } | Self::Scenarios(_) => End::Well,
            Self::Problems(..) | Self::Story(_) => End::Wrong,
            Self::Unread(_) => End::Unread,
        }
    }

    fn say(&self, path: &Path, screen: &mut Screen) -> io::Result<()> {
        let name = path.display();
        match self {
            Self::Policy { flows, warnings } => {
                if !warnings.is_empty() {
                    screen.line(&warnings.render(true))?;
                    screen.line("")?;
                }
                let tail = match warnings.len() {
                    0 => String::new(),
                    count => format!(", {}", paint(WAITS, &counted(count, "warning"))),
                };
                screen.line(&format!("{} {name}: {}{tail}", paint(GOOD, "✓"), counted(*flows, "flow")))
            }
            Self::Problems(problems, strangers) => {
                screen.line(&problems.render(true))?;
                screen.line("")?;
                for stranger in strangers {
                    let words =
                        format!("  {stranger}; a folder is one policy, made of every such file in it");
                    screen.line(&paint(WAITS, &words))?;
                }
                let count = counted(problems.len().saturating_add(problems.beyond()), "problem");
                screen.line(&format!("{} {name}: {}", paint(BAD, "✗"), paint(BAD, &count)))
            }
            Self::Scenarios(count) => {
                let hint = paint(DIM, "run them with `tenure test`");
                screen.line(&format!("{} {name}: {}; {hint}", paint(GOOD, "✓"), counted(*count, "scenario")))
            }
            Self::Story(unread) | Self::Unread(unread) => {
                screen.line(&unread.render(true))?;
                screen.line("")?;
                screen.line(&format!("{} {name}", paint(BAD, "✗")))
            }
        }
    }

    fn to_json(&self, path: &Path) -> Json {
        let file = path.display().to_string();
        match self {
            Self::Policy { flows, warnings } => {
                json!({"file": file, "flows": flows, "problems": [], "warnings": warnings.to_json()})
            }
            Self::Problems(problems, _) => {
                json!({"file": file, "problems": problems.to_json(), "beyond": problems.beyond(), "warnings": []})
            }
            Self::Scenarios(count) => {
                json!({"file": file, "scenarios": count, "problems": [], "warnings": []})
            }
            Self::Story(unread) | Self::Unread(unread) => {
                json!({"file": file, "problems": unread.to_json(), "warnings": []})
            }
        }
    }
}
