//! The corpus of the project and its examples: one line a scenario, every failure shown.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tenure_scenario::file::{self, PolicyFiles};
use tenure_scenario::{Told, tell};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every scenario below these folders, told.
fn told(folders: &[&str]) -> (Vec<Told>, Vec<String>) {
    let paths: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut policies = PolicyFiles::default();
    let (mut told, mut unreadable) = (Vec::new(), Vec::new());
    #[expect(clippy::unwrap_used, reason = "a test that cannot find its files has failed")]
    let files = file::find(&paths).unwrap();
    for path in files {
        match file::scenarios(&path, &mut policies) {
            Ok(scenarios) => told.extend(scenarios.iter().map(|scenario| tell(scenario, &mut |_, _| {}))),
            Err(wrong) => unreadable.push(wrong.render(false)),
        }
    }
    (told, unreadable)
}

fn all_hold(folders: &[&str], at_least: usize) {
    let (told, unreadable) = told(folders);
    let mut failed = Vec::new();
    for one in &told {
        let mark = if one.holds { "holds" } else { "FAILS" };
        println!("{mark}  {}", one.name);
        if one.holds {
            continue;
        }
        let place = Path::new(&one.file).strip_prefix(root()).unwrap_or(Path::new(&one.file));
        let mut lines = format!("{}:{}: {}\n", place.display(), one.line, one.name);
        lines.extend(one.unplayable.iter().map(|why| format!("  cannot be played: {why}\n")));
        for failure in &one.failures {
            lines.push_str(&format!(
                "  step {} (line {}) at {}, {}\n",
                failure.step, failure.line, failure.at, failure.verb
            ));
            for mismatch in &failure.mismatches {
                lines.push_str(&format!(
                    "    {}: expected {}, came {}\n",
                    mismatch.field, mismatch.expected, mismatch.came
                ));
            }
        }
        failed.push(lines);
    }
    println!("{} scenarios, {} fail, {} files cannot be read", told.len(), failed.len(), unreadable.len());
    let wrong = failed.len() + unreadable.len();
    assert!(wrong == 0, "{}\n{}", unreadable.join("\n\n"), failed.join("\n"));
    assert!(told.len() >= at_least, "there are only {} scenarios", told.len());
}

#[test]
fn the_corpus_holds() {
    all_hold(&["crates/scenario/corpus"], 140);
}

#[test]
fn the_examples_hold() {
    all_hold(&["examples"], 8);
}

#[test]
fn names_are_told_apart() {
    let (told, _) = told(&["crates/scenario/corpus"]);
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in &told {
        places.entry(&one.name).or_default().push(&one.file);
    }
    places.retain(|_, files| files.len() > 1);
    assert!(places.is_empty(), "the same name twice: {places:?}");
}
