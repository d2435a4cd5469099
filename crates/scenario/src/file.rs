//! Files and folders of scenarios, and the policies that they name.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;
use tenure_port::core::limits::DOCUMENT_BYTES_MAX;
use tenure_port::policy::Policy;
use tenure_port::policy::document::{self, Format, Node, Value};
use tenure_port::policy::problem::Code;

use crate::read::{self, NoPolicy, Policies};
use crate::story::Scenario;
use crate::trouble::{Unreadable, quote};

/// Folders below folders that are searched: a corpus is sorted, not a maze, and links may go in circles.
const FOLDERS_DEEP: usize = 16;
/// Files of one run.
const FILES_MAX: usize = 10_000;

/// What a scenario is made of beside its steps; a name has everything.
const OF_A_SCENARIO: [&str; 6] = ["context", "effects", "people", "policy", "resources", "start"];

/// What a text of a known format holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Scenarios.
    Scenarios,
    /// A policy.
    Policy,
    /// People, for `tenure who`.
    People,
    /// A document of somebody else: it has no field that a scenario is made of.
    Foreign,
    /// None of these, or it cannot be told.
    Other,
}

/// The policies that scenarios name by their paths, each read once however many name it.
#[derive(Debug, Default)]
pub struct PolicyFiles {
    known: HashMap<PathBuf, Result<Arc<Json>, NoPolicy>>,
}

impl Policies for PolicyFiles {
    fn policy(&mut self, from: &Path, path: &str) -> Result<Arc<Json>, NoPolicy> {
        let folder = from.parent().unwrap_or(Path::new(""));
        let named = folder.join(path);
        if !named.exists() {
            return Err(NoPolicy::Path(format!("there is no file {}", quote(&named.display().to_string()))));
        }
        self.known.entry(named).or_insert_with_key(|named| load(named)).clone()
    }
}

fn load(path: &Path) -> Result<Arc<Json>, NoPolicy> {
    let policy = Policy::from_path(path).map_err(NoPolicy::Invalid)?;
    serde_json::from_str(policy.source())
        .map(Arc::new)
        .map_err(|wrong| NoPolicy::Path(format!("the policy cannot be read back: {wrong}")))
}

/// The files of these paths: a file is itself, a folder is searched for scenario files.
///
/// # Errors
/// A path that is not there or cannot be listed.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Unreadable> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            search(path, FOLDERS_DEEP, &mut HashSet::new(), &mut found)?;
        } else {
            found.push(path.clone());
        }
    }
    Ok(found)
}

fn search(
    folder: &Path,
    deep: usize,
    searched: &mut HashSet<PathBuf>,
    found: &mut Vec<PathBuf>,
) -> Result<(), Unreadable> {
    // A link may lead to a folder that was searched already, or is about to be.
    if !searched.insert(folder.canonicalize().map_err(|error| unreadable(folder, &error))?) {
        return Ok(());
    }
    let listed = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = listed.map_err(|error| unreadable(folder, &error))?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            if deep == 0 {
                let message = "it lies too deep below the folder that was named";
                return Err(Unreadable::file(
                    &path.display().to_string(),
                    message,
                    "name a folder further down",
                ));
            }
            search(&path, deep.saturating_sub(1), searched, found)?;
        } else if Format::of(&path).is_some() && is_told(&path) {
            if found.len() >= FILES_MAX {
                let message = format!("there are more than {FILES_MAX} scenario files");
                return Err(Unreadable::file(&folder.display().to_string(), message, "name fewer folders"));
            }
            found.push(path);
        }
    }
    Ok(())
}

/// Whether a file of a searched folder is meant: policies and people stand beside the scenarios, and so may the manifest
/// of a package.
/// What cannot be read at all is meant too, so that it is not passed over in silence.
fn is_told(path: &Path) -> bool {
    match text(path) {
        Ok((text, format)) => !matches!(holds(&text, format), Holds::Policy | Holds::People | Holds::Foreign),
        Err(_) => true,
    }
}

/// What a text holds.
#[must_use]
pub fn holds(text: &str, format: Format) -> Holds {
    let Ok(documents) = document::parse_many(text, format, None) else { return Holds::Other };
    let has = |key: &str| documents.first().is_some_and(|node| node.field(key).is_some());
    let is_map = matches!(documents.first().map(Node::value), Some(Value::Map(_)));
    if has("steps") || has("scenarios") {
        Holds::Scenarios
    } else if has("version") || has("flows") {
        Holds::Policy
    } else if has("people") && !["name", "policy", "start"].into_iter().any(has) {
        Holds::People
    } else if is_map && !OF_A_SCENARIO.into_iter().any(has) {
        Holds::Foreign
    } else {
        Holds::Other
    }
}

/// Reads every scenario of a file.
///
/// # Errors
/// Everything that is wrong with it.
pub fn scenarios(path: &Path, policies: &mut PolicyFiles) -> Result<Vec<Scenario>, Unreadable> {
    let (text, format) = text(path)?;
    read::scenarios(&path.display().to_string(), &text, format, policies)
}

/// The text of a file and what it is written in. No more of it is read than a document may have.
///
/// # Errors
/// It is not there, too large, no text, or of no known format.
pub fn text(path: &Path) -> Result<(String, Format), Unreadable> {
    let name = path.display().to_string();
    if path.is_dir() {
        let message = "it is a folder, where one file is asked for";
        return Err(Unreadable::file(&name, message, "name one of the files in it"));
    }
    let format = Format::of(path).ok_or_else(|| {
        let message = "the name of the file does not say in which language it is written";
        Unreadable::file(&name, message, "let it end in `.yaml`, `.yml`, `.toml` or `.json`")
    })?;
    let text = document::text_of(path, DOCUMENT_BYTES_MAX).map_err(|error| unreadable(path, &error))?;
    if text.len() > DOCUMENT_BYTES_MAX {
        let message = format!("the file has more than {DOCUMENT_BYTES_MAX} bytes");
        let help = "divide it into several files: `tenure test` runs all of a folder";
        return Err(Unreadable::of_file(&name, Code::TooLarge, message, help));
    }
    Ok((text, format))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Unreadable {
    let message = format!("it cannot be read: {}", document::said(error));
    Unreadable::file(&path.display().to_string(), message, document::READABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_no_scenario_and_a_misspelt_scenario_is_one() {
        let manifest = "[package]\nname = \"a\"\n[dependencies]\nb = \"1\"";
        assert_eq!(holds(manifest, Format::Toml), Holds::Foreign);
        assert_eq!(holds(r#"{"name": "a", "private": true}"#, Format::Json), Holds::Foreign);
        for misspelt in
            ["start: now\nstep: []", "policy: flows.yaml", "people: {}\nname: a", "- a", "a: [", ""]
        {
            assert_eq!(holds(misspelt, Format::Yaml), Holds::Other, "{misspelt}");
        }
    }
}
