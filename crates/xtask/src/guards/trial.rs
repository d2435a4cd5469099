//! Takes one guard out at a time, in a copy of the tree, and sees its test fail.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::table::{Guard, Target};
use crate::stopwatch::Stopwatch;
use crate::tree;
use crate::workspace::{self, Workspace};

/// A test that runs longer without its guard would never end: that is noticed too.
const LONGEST: Duration = Duration::from_secs(120);

/// Which test binary: the crate's name, its folder, and the target.
type Binary = (String, PathBuf, Target);

/// The copy of the tree, and where it is built.
struct Bench {
    tree: PathBuf,
    target: PathBuf,
}

/// What came of a test without its guard.
enum Came {
    Noticed,
    Endless,
    Unnoticed,
    NotBuilt(String),
}

/// Takes out the guards of these rows, or all; whether each was missed by its test.
pub(crate) fn run(workspace: &Workspace, rows: &[&str]) -> Result<bool, String> {
    let verdict = super::check(workspace)?;
    verdict.print();
    if !verdict.holds() {
        return Ok(false);
    }
    let guards = chosen(super::table(workspace)?, rows)?;
    let watch = Stopwatch::started();
    let folder = workspace.target.join("guards");
    let bench = Bench { tree: folder.join("tree"), target: folder.join("target") };
    println!("  {} guards; the copy of the tree is in {}", guards.len(), bench.tree.display());
    copy(&workspace.root, &bench.tree)?;
    let mut groups: BTreeMap<Binary, Vec<&Guard>> = BTreeMap::new();
    for guard in &guards {
        groups.entry(binary(workspace, guard)?).or_default().push(guard);
    }
    if !whole(&bench, &groups)? {
        return Ok(false);
    }
    let mut unnoticed = 0_usize;
    let all = groups.iter().flat_map(|(binary, guards)| guards.iter().map(move |guard| (binary, *guard)));
    for (place, (binary, guard)) in all.enumerate() {
        let lap = Stopwatch::started();
        let came = without(&bench, binary, guard)?;
        let words = match &came {
            Came::Noticed => "its test fails".to_owned(),
            Came::Endless => "its test does not end".to_owned(),
            Came::Unnoticed => format!("NOT MISSED: `{}` passes", guard.test),
            Came::NotBuilt(why) => format!("NOTHING SHOWN: it does not compile\n{why}"),
        };
        unnoticed = unnoticed.saturating_add(usize::from(!matches!(came, Came::Noticed | Came::Endless)));
        println!("  {}/{} without {guard}: {words} ({})", place.saturating_add(1), guards.len(), lap.lap());
        flush()?;
    }
    let noticed = guards.len().saturating_sub(unnoticed);
    println!(
        "  {} guards: {noticed} are missed by their tests, {unnoticed} are not; {}",
        guards.len(),
        watch.lap()
    );
    Ok(unnoticed == 0)
}

/// The guards of the rows that were named (`r17`), or all of them.
fn chosen(mut guards: Vec<Guard>, rows: &[&str]) -> Result<Vec<Guard>, String> {
    let named = |guard: &Guard| format!("r{:02}", guard.row);
    let known: BTreeSet<String> = guards.iter().map(named).collect();
    if let Some(unknown) = rows.iter().find(|row| !known.contains(**row)) {
        return Err(format!("`{unknown}` has no guard; rows are written `r01`"));
    }
    guards.retain(|guard| rows.is_empty() || rows.contains(&named(guard).as_str()));
    Ok(guards)
}

fn binary(workspace: &Workspace, guard: &Guard) -> Result<Binary, String> {
    let (folder, target) = guard.target().ok_or_else(|| format!("{guard}: its test is in no crate"))?;
    let member = workspace.members.iter().find(|member| member.folder == folder);
    let member = member.ok_or_else(|| format!("{guard}: `{}` is no crate", folder.display()))?;
    Ok((member.name.clone(), folder, target))
}

/// Every test passes while every guard is there; otherwise a failure would show nothing.
fn whole(bench: &Bench, groups: &BTreeMap<Binary, Vec<&Guard>>) -> Result<bool, String> {
    let mut holds = true;
    for (binary, guards) in groups {
        let names: BTreeSet<&str> = guards.iter().map(|guard| guard.run.as_str()).collect();
        println!("  as it is: {} tests of {}", names.len(), binary.0);
        flush()?;
        let built = build(bench, binary)?.map_err(|why| format!("the tree does not compile\n{why}"))?;
        let (ended, said) = tested(bench, binary, &built, &names)?;
        let passed = |name: &&str| {
            said.lines().any(|line| {
                line.strip_suffix(" ... ok").is_some_and(|line| line.rsplit([':', ' ']).next() == Some(*name))
            })
        };
        let missing: Vec<&str> = names.iter().filter(|name| !passed(name)).copied().collect();
        if ended != Some(true) || !missing.is_empty() {
            println!("{said}\n  not so: these do not pass as it is: {}", missing.join(", "));
            holds = false;
        }
    }
    Ok(holds)
}

/// The copy without that guard, its test run, and the copy as it was.
fn without(bench: &Bench, binary: &Binary, guard: &Guard) -> Result<Came, String> {
    let path = bench.tree.join(&guard.file);
    let trouble = |trouble: std::io::Error| format!("`{}`: {trouble}", path.display());
    let text = fs::read_to_string(&path).map_err(trouble)?;
    fs::write(&path, text.replacen(&guard.text, &guard.without, 1)).map_err(trouble)?;
    let came = match build(bench, binary) {
        Ok(Ok(built)) => match tested(bench, binary, &built, &BTreeSet::from([guard.run.as_str()])) {
            Ok((None, _)) => Ok(Came::Endless),
            Ok((Some(true), _)) => Ok(Came::Unnoticed),
            Ok((Some(false), _)) => Ok(Came::Noticed),
            Err(trouble) => Err(trouble),
        },
        Ok(Err(why)) => Ok(Came::NotBuilt(why)),
        Err(trouble) => Err(trouble),
    };
    fs::write(&path, text).map_err(trouble)?;
    came
}

/// Builds a test binary: where it is, or what the compiler says.
fn build(bench: &Bench, (name, _, target): &Binary) -> Result<Result<PathBuf, String>, String> {
    let mut cargo = workspace::cargo();
    cargo.args(["test", "--quiet", "--no-run", "--message-format", "json-render-diagnostics", "-p", name]);
    match target {
        Target::Lib => cargo.arg("--lib"),
        Target::Test(test) => cargo.args(["--test", test]),
    };
    // One file changes between two builds: what is known of the others is kept, and nobody debugs this.
    cargo.env("CARGO_TARGET_DIR", &bench.target).env("CARGO_INCREMENTAL", "1");
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_PROFILE_TEST_DEBUG", "0");
    let output = cargo.current_dir(&bench.tree).stdin(Stdio::null()).output();
    let output = output.map_err(|trouble| format!("cargo does not start: {trouble}"))?;
    if !output.status.success() {
        return Ok(Err(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let built = said.lines().filter_map(|line| executable(&serde_json::from_str(line).ok()?)).next_back();
    Ok(Ok(built.ok_or_else(|| format!("cargo does not say where the tests of `{name}` are"))?))
}

/// The test binary that a message of cargo is about.
fn executable(message: &Value) -> Option<PathBuf> {
    let test = message.pointer("/profile/test")?.as_bool()?;
    test.then(|| message.get("executable")?.as_str().map(PathBuf::from))?
}

/// Whether these tests passed (nothing where they do not end), and what they said.
fn tested(
    bench: &Bench,
    (_, folder, _): &Binary,
    built: &Path,
    names: &BTreeSet<&str>,
) -> Result<(Option<bool>, String), String> {
    let heard = bench.target.join("said.txt");
    let trouble = |trouble: std::io::Error| format!("`{}`: {trouble}", built.display());
    let into = || File::create(&heard);
    let mut child = Command::new(built)
        .args(names)
        .current_dir(bench.tree.join(folder))
        .env("PROPTEST_RNG_SEED", "1")
        .stdin(Stdio::null())
        .stdout(into().map_err(trouble)?)
        .stderr(Stdio::null())
        .spawn()
        .map_err(trouble)?;
    let watch = Stopwatch::started();
    let ended = loop {
        if let Some(status) = child.try_wait().map_err(trouble)? {
            break Some(status.success());
        }
        if watch.lap().is_over(LONGEST) {
            child.kill().and_then(|()| child.wait()).map_err(trouble)?;
            break None;
        }
        thread::sleep(Duration::from_millis(5));
    };
    Ok((ended, fs::read_to_string(&heard).map_err(trouble)?))
}

/// The tree as it is now. Files that did not change stay untouched, so that what was built of them stays good.
fn copy(root: &Path, tree: &Path) -> Result<(), String> {
    let files: BTreeSet<PathBuf> = tree::files(root)?.into_iter().collect();
    for file in &files {
        let (from, to) = (root.join(file), tree.join(file));
        let trouble = |trouble: std::io::Error| format!("`{}`: {trouble}", to.display());
        let bytes = fs::read(&from).map_err(trouble)?;
        if fs::read(&to).is_ok_and(|known| known == bytes) {
            continue;
        }
        fs::create_dir_all(to.parent().unwrap_or(tree)).map_err(trouble)?;
        fs::write(&to, bytes).map_err(trouble)?;
    }
    for gone in tree::files(tree)?.into_iter().filter(|file| !files.contains(file)) {
        fs::remove_file(tree.join(&gone)).map_err(|trouble| format!("`{}`: {trouble}", gone.display()))?;
    }
    Ok(())
}

fn flush() -> Result<(), String> {
    std::io::stdout().flush().map_err(|trouble| trouble.to_string())
}
