//! What the documents at the root say of the tree is so: every path they name is there, and the map of CONTRIBUTING.md
//! has a row for each crate with its folder and its arrows.

use std::collections::BTreeSet;
use std::fs;

use crate::arrows;
use crate::verdict::Verdict;
use crate::workspace::{Member, Workspace};

/// Where a word that begins so names a place in the tree.
const PLACES: &[&str] = &["crates/", "bindings/", "examples/", "fuzz/", "benches/", ".ci/", ".cargo/"];
const MAP: &str = "CONTRIBUTING.md";

pub(crate) fn check(workspace: &Workspace) -> Result<Verdict, String> {
    let mut verdict = Verdict::default();
    let mut documents = Vec::new();
    let entries = fs::read_dir(&workspace.root).map_err(|trouble| trouble.to_string())?;
    for entry in entries {
        let path = entry.map_err(|trouble| trouble.to_string())?.path();
        if path.extension().is_some_and(|ending| ending == "md") {
            documents.push(path);
        }
    }
    documents.sort();
    for document in &documents {
        let text =
            fs::read_to_string(document).map_err(|trouble| format!("`{}`: {trouble}", document.display()))?;
        let name = document.file_name().unwrap_or_default().to_string_lossy();
        let named: BTreeSet<_> = places(&text).collect();
        let missing = named.into_iter().filter(|place| !workspace.root.join(place).exists());
        verdict.findings.extend(missing.map(|place| format!("{name} names `{place}`, which is not there")));
        if name == MAP {
            verdict
                .findings
                .extend(workspace.members.iter().filter_map(|member| row(&text, member, workspace)));
        }
    }
    if !workspace.root.join(MAP).exists() {
        verdict.findings.push(format!("there is no {MAP}"));
    }
    verdict.notes.push(format!("{} documents", documents.len()));
    Ok(verdict)
}

/// The places of the tree that a text names, in prose, links and commands.
fn places(text: &str) -> impl Iterator<Item = &str> {
    text.split(|sign: char| sign.is_whitespace() || "`()[]\"',;|".contains(sign))
        .map(|word| word.trim_start_matches("./").trim_end_matches(['.', ':', '/']))
        .filter(|word| PLACES.iter().any(|place| word.starts_with(place)))
        // A pattern names no one place.
        .filter(|word| !word.contains(['<', '*', '{']))
}

/// What is wrong with a crate's row of the map: `| crate | folder | what for | may use |`.
fn row(text: &str, member: &Member, workspace: &Workspace) -> Option<String> {
    let name = format!("`{}`", member.name);
    let folder = format!("`{}`", member.folder.display());
    let used = arrows::allowed(&member.name)
        .iter()
        .filter(|used| workspace.members.iter().any(|other| other.name == **used))
        .map(|used| format!("`{used}`"))
        .collect::<Vec<_>>()
        .join(", ");
    let used = if used.is_empty() { "nothing of ours" } else { used.as_str() };
    let cells = text.lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let mut rows = cells.filter(|cells| cells.get(1) == Some(&name.as_str()));
    let Some(cells) = rows.next() else {
        return Some(format!("{MAP} has no row for {name} in its map"));
    };
    if cells.get(2) != Some(&folder.as_str()) {
        return Some(format!("{MAP} does not say that {name} lies in {folder}"));
    }
    (cells.get(4) != Some(&used)).then(|| format!("{MAP} does not say that {name} may use: {used}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn places_are_found_in_prose_links_and_commands() {
        let text = "See `crates/core/src/limits.rs`, [the script](.ci/run) and ./examples/stories/.\n\
                    cargo run -- play examples/stories/incident.yaml\n\
                    any `crates/<name>` or `crates/*`, and approve/deny";
        let found: Vec<_> = places(text).collect();
        assert_eq!(
            found,
            ["crates/core/src/limits.rs", ".ci/run", "examples/stories", "examples/stories/incident.yaml"]
        );
    }

    #[test]
    fn a_row_says_where_a_crate_lies_and_what_it_may_use() {
        let member = |name: &str, folder: &str| Member {
            name: name.to_owned(),
            folder: PathBuf::from(folder),
            needs: Vec::new(),
        };
        let core = member("tenure-core", "crates/core");
        let store = member("tenure-store", "crates/store");
        let judged = member("tenure", "crates/engine");
        let members = vec![core, store, member("tenure", "crates/engine")];
        let workspace = Workspace { root: PathBuf::new(), target: PathBuf::new(), members };
        for (line, finding) in [
            ("| `tenure` | `crates/engine` | runs | `tenure-core`, `tenure-store` |", None),
            ("| `tenure` | `crates/tenure` | runs | `tenure-core`, `tenure-store` |", Some("lies in")),
            ("| `tenure` | `crates/engine` | runs | `tenure-core` |", Some("may use")),
            ("| `tenure-core` | `crates/core` | rules | nothing of ours |", Some("no row")),
        ] {
            let found = row(line, &judged, &workspace);
            match finding {
                None => assert_eq!(found, None, "{line}"),
                Some(words) => assert!(found.is_some_and(|found| found.contains(words)), "{line}"),
            }
        }
    }

    #[test]
    fn a_place_that_is_gone_is_told() {
        let root = std::env::temp_dir().join(format!("tenure-map-{}", std::process::id()));
        fs::create_dir_all(root.join("crates/core")).unwrap();
        fs::write(root.join(MAP), "`crates/core`, `crates/gone` and again crates/gone.").unwrap();
        let verdict =
            check(&Workspace { root: root.clone(), target: PathBuf::new(), members: Vec::new() }).unwrap();
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(verdict.findings, ["CONTRIBUTING.md names `crates/gone`, which is not there"]);
    }
}
