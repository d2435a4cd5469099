//! `tenure check`: problems of policies, and what may not be meant.

use std::io;
use std::path::Path;

use serde_json::{Value as Json, json};
use tenure_past::words::counted;
use tenure_port::core::limits::DOCUMENT_BYTES_MAX;
use tenure_port::policy::document::{self, Format};
use tenure_port::policy::{File, Policy, Problems, Warnings};
use tenure_scenario::file::{self, Holds, PolicyFiles};
use tenure_scenario::trouble::Unreadable;

use crate::End;
use crate::args::{Check, CheckFormat};
use crate::screen::{BAD, DIM, GOOD, Screen, WAITS, paint};

/// What came of one path.
enum Checked {
    Policy { flows: usize, warnings: Warnings },
    Problems(Problems),
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
    match texts(path) {
        Err(unread) => Checked::Unread(unread),
        Ok(texts) => {
            if let ([only], false) = (texts.as_slice(), path.is_dir())
                && file::holds(&only.text, only.format) == Holds::Scenarios
            {
                return story(path);
            }
            match Policy::from_sources(texts) {
                Ok(policy) => {
                    Checked::Policy { flows: policy.flows().len(), warnings: policy.warnings().clone() }
                }
                Err(problems) => Checked::Problems(problems),
            }
        }
    }
}

/// The text of a file, or those of a folder that are policies: scenarios and people may stand beside them.
pub(crate) fn texts(path: &Path) -> Result<Vec<File>, Unreadable> {
    let text = |path: &Path| {
        let (text, format) = file::text(path)?;
        Ok(File { name: Some(path.display().to_string()), format, text })
    };
    if !path.is_dir() {
        return Ok(vec![text(path)?]);
    }
    let name = path.display().to_string();
    let unlisted = |error: io::Error| {
        let message = format!("it cannot be listed: {}", document::said(&error));
        Unreadable::file(&name, message, document::READABLE)
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unlisted)? {
        let found = entry.map_err(unlisted)?.path();
        if Format::of(&found).is_some() && found.is_file() {
            paths.push(found);
        }
    }
    paths.sort();
    let mut files = Vec::new();
    let mut bytes = 0_usize;
    for found in paths {
        let read = text(&found)?;
        if !matches!(file::holds(&read.text, read.format), Holds::Scenarios | Holds::People) {
            bytes = bytes.saturating_add(read.text.len());
            files.push(read);
        }
        // More than a policy may have is refused for it; the rest need not be read.
        if bytes > DOCUMENT_BYTES_MAX {
            break;
        }
    }
    if files.is_empty() {
        let help = "put files there that end in `.yaml`, `.yml`, `.toml` or `.json`";
        return Err(Unreadable::file(&name, "there is no policy in this folder", help));
    }
    Ok(files)
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
            Self::Problems(_) | Self::Story(_) => End::Wrong,
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
            Self::Problems(problems) => {
                screen.line(&problems.render(true))?;
                screen.line("")?;
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
            Self::Problems(problems) => {
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
