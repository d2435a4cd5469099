//! The client of Node: built, and tested with what it needs of npm.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::steps;
use crate::tally::Tally;
use crate::workspace::{self, Workspace};

/// Where the client is, from the root of the workspace.
const CLIENT: &str = "bindings/node";
/// The oldest Node that the client runs on: `engines` in its `package.json`.
const OLDEST: u32 = 20;
/// The one platform that is built here, as npm's packages call it.
const PLATFORM: &str = "linux-x64-gnu";

/// Builds and tests; whether all held. Where there is no Node, or npm brings nothing, that is told.
pub(crate) fn check(workspace: &Workspace, tally: &mut Tally) -> Result<bool, String> {
    if let Some(why) = missing(workspace)? {
        let told = format!("not run: the client of Node, because {why}");
        println!("{told}");
        tally.hear(&told);
        return Ok(true);
    }
    // The library that panics first: what stands in the client's folder at the end is what users get.
    let panics = workspace.target.join("node-panics");
    let client = workspace.root.join(CLIENT);
    if !build(workspace, &["--features", "panics"], &panics)? || !build(workspace, &[], &client)? {
        return Ok(false);
    }
    let mut tests = Command::new("npm");
    tests
        .args(["test"])
        .current_dir(&client)
        .env("TENURE_PANICS", panics.join(library()))
        .stdin(Stdio::null());
    println!("  npm test");
    steps::listen(tests, tally)
}

/// Why the client cannot be tested here.
fn missing(workspace: &Workspace) -> Result<Option<String>, String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
        return Ok(Some(format!("only its library for {PLATFORM} is built")));
    }
    let Ok(version) = Command::new("node").arg("--version").output() else {
        return Ok(Some("there is no `node`".to_owned()));
    };
    let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    if major(&version).is_none_or(|major| major < OLDEST) {
        return Ok(Some(format!("it runs on Node {OLDEST} and later, and this is {version}")));
    }
    // As the lock file names them, whatever lay there before.
    println!("  npm ci");
    let npm = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund"])
        .current_dir(workspace.root.join(CLIENT))
        .stdin(Stdio::null())
        .status();
    Ok(match npm {
        Ok(status) if status.success() => None,
        Ok(_) => Some("npm cannot install what its tests need".to_owned()),
        Err(_) => Some("there is no `npm`".to_owned()),
    })
}

/// Builds the library as users get it, and puts it into a folder under the name that it is looked for.
fn build(workspace: &Workspace, more: &[&str], folder: &Path) -> Result<bool, String> {
    let words = [&["build", "--release", "--package", "tenure-node"], more].concat();
    println!("  cargo {}", words.join(" "));
    let built = workspace::cargo()
        .args(&words)
        .current_dir(&workspace.root)
        .stdin(Stdio::null())
        .status()
        .map_err(|trouble| format!("cargo does not start: {trouble}"))?;
    if !built.success() {
        return Ok(false);
    }
    let made = workspace.target.join("release/libtenure_node.so");
    let placed = folder.join(library());
    fs::create_dir_all(folder).map_err(|trouble| format!("`{}`: {trouble}", folder.display()))?;
    replace(&made, &placed).map_err(|trouble| format!("`{}`: {trouble}", placed.display()))?;
    Ok(true)
}

/// A library that is in use is not written over: the name is given to another file.
fn replace(from: &Path, to: &Path) -> std::io::Result<()> {
    let beside = to.with_extension("new");
    fs::copy(from, &beside)?;
    fs::rename(&beside, to)
}

fn library() -> PathBuf {
    PathBuf::from(format!("tenure.{PLATFORM}.node"))
}

/// `20` of `v20.1.2`.
fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_begins_with_its_major_number() {
        assert_eq!(["v20.1.2", "v9.0.0", "20", "v", ""].map(major), [Some(20), Some(9), None, None, None]);
    }
}
