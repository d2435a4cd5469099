//! The one command that checks everything: each step in turn, the cheap ones first, and all of them even if one fails.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use crate::deadline::{Deadline, LONGEST};
use crate::stopwatch::{Lap, Stopwatch};
use crate::tally::Tally;
use crate::verdict::Verdict;
use crate::workspace::{self, Workspace};
use crate::{arrows, bindings, clients, deps, guards, map, sizes, stories, time};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Everything, and what cannot run on this machine fails.
    All,
    /// Everything that can run on this machine.
    Everything,
    /// What an edit most often breaks.
    Fast,
}

struct Step {
    name: &'static str,
    says: &'static str,
    work: Work,
}

enum Work {
    Check(fn(&Workspace) -> Result<Verdict, String>),
    Cargo(&'static [&'static str]),
    /// Warnings of rustdoc are errors.
    Docs(&'static [&'static str]),
    Tests(&'static [&'static str]),
    /// A program that was built in an earlier step, and what it is told.
    Built(&'static str, &'static [&'static str]),
    /// Another program than cargo, which may be tests in another language; or why it cannot run here.
    Elsewhere(fn(&Workspace) -> Result<Command, String>),
}

/// What is run in earnest. Together, so that they have one set of features, and what is below them is compiled once;
/// the library for Node is built with the same words again (`bindings/node/check.mjs`).
const EARNEST: &[&str] = &[
    "build",
    "--release",
    "-p",
    "tenure-cli",
    "-p",
    "tenure-sim",
    "-p",
    "tenure-node",
    "--features",
    "tenure-node/panics",
];

const SIM: &str = "tenure-sim";

/// A million commands, always the same ones: the second opinion on every answer, what must be true after each, and
/// whether all that can be reached was. Longer runs with other seeds are made by hand.
const WORLDS: &[&str] = &["--seed", "2", "--commands", "1000000", "--coverage", "--progress"];

/// The same world on both stores: every answer is the same there, and so is the record. Short, because each commit goes
/// to the disk.
const STORES: &[&str] = &[
    "--seed",
    "2",
    "--commands",
    "20000",
    "--no-auditor",
    "--no-invariants",
    "--store",
    "sqlite",
    "--beside",
    "memory",
    "--progress",
];

/// The same with PostgreSQL, where each command is several journeys. On a machine without a server it says so.
const POSTGRES: &[&str] = &[
    "--seed",
    "2",
    "--commands",
    "2000",
    "--no-auditor",
    "--no-invariants",
    "--store",
    "postgres",
    "--beside",
    "sqlite",
];

/// A step that was made.
struct Made {
    name: &'static str,
    held: bool,
    lap: Lap,
}

/// Clippy and the tests see the same features, so that what is below us is compiled once to be checked and once to run.
fn steps(reach: Reach) -> Vec<Step> {
    let step = |name, says, work| Step { name, says, work };
    let mut steps = vec![
        step("format", "sources are formatted", Work::Cargo(&["fmt", "--all", "--check"])),
        step("deps", "each dependency says why, each crate shares the lints", Work::Check(deps::check)),
        step("arrows", "crates depend on each other as the house allows", Work::Check(arrows::check)),
        step("sizes", "functions fit a screen, files a sitting", Work::Check(sizes::check)),
        step("time", "one file reads the clock", Work::Check(time::check)),
        step("map", "documents name what is there", Work::Check(map::check)),
        step("gen", "clients of other languages are what the schemas say", Work::Check(clients::check)),
        step(
            "guards",
            "each guard against a known bug is there, and so is its test",
            Work::Check(guards::check),
        ),
        step(
            "clippy",
            "no warning in any target with any feature",
            Work::Cargo(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--all-features",
                "--",
                "--deny",
                "warnings",
            ]),
        ),
    ];
    match reach {
        Reach::Fast => steps.push(step(
            "tests",
            "all tests but those in documentation",
            Work::Tests(&[
                "test",
                "--workspace",
                "--all-features",
                "--no-fail-fast",
                "--lib",
                "--bins",
                "--tests",
            ]),
        )),
        Reach::All | Reach::Everything => steps.extend(slow_steps()),
    }
    steps
}

/// What an edit rarely breaks.
fn slow_steps() -> Vec<Step> {
    let step = |name, says, work| Step { name, says, work };
    vec![
        step(
            "bare",
            "the library builds without its optional parts",
            Work::Cargo(&["clippy", "-p", "tenure", "--no-default-features", "--", "--deny", "warnings"]),
        ),
        step(
            "docs",
            "documentation is whole and its links lead somewhere",
            // Libraries alone: the command is called as the library is, and two pages cannot have one name.
            Work::Docs(&["doc", "--workspace", "--lib", "--all-features", "--no-deps"]),
        ),
        step("earnest", "what is run in earnest builds, optimized", Work::Cargo(EARNEST)),
        step(
            "stories",
            "all stories hold, and are written down for the runners of every language",
            Work::Elsewhere(stories::written),
        ),
        step(
            "tests",
            "all tests, scenarios, golden files, schemas and examples in documentation",
            Work::Tests(&["test", "--workspace", "--all-features", "--no-fail-fast"]),
        ),
        step(
            "sim",
            "random worlds: two opinions agree, what must be true is so, every reachable cell is reached",
            Work::Built(SIM, WORLDS),
        ),
        step("stores", "random worlds are the same on each store", Work::Built(SIM, STORES)),
        step("postgres", "random worlds are the same on PostgreSQL", Work::Built(SIM, POSTGRES)),
        step(
            "python",
            "the package for Python, as users get it: its tests, its types, its quick start under each Python",
            Work::Elsewhere(bindings::python),
        ),
        step(
            "node",
            "the package for Node, as users get it: its tests, its types, its quick start in a fresh project",
            Work::Elsewhere(bindings::node),
        ),
        step(
            "slack",
            "Slack's own library takes every message and form that is sent to Slack",
            Work::Elsewhere(bindings::slack),
        ),
        step(
            "portal",
            "the portal in a browser: the stories of its people, and what each page looks like",
            Work::Elsewhere(bindings::portal),
        ),
    ]
}

/// Makes every step and tells what came of each; whether all held.
pub(crate) fn run(workspace: &Workspace, reach: Reach) -> Result<bool, String> {
    let steps = steps(reach);
    let names: Vec<_> = steps.iter().map(|step| step.name).collect();
    println!("{} steps: {}", steps.len(), names.join(", "));
    let all = Stopwatch::started();
    stories::forget(workspace);
    let mut tally = Tally::default();
    let mut made = Vec::new();
    for (place, step) in steps.iter().enumerate() {
        println!("\n== {}/{} {}: {}", place + 1, steps.len(), step.name, step.says);
        let watch = Stopwatch::started();
        let held = make(workspace, step, &mut tally);
        let lap = watch.lap();
        println!("== {} {} in {lap}", step.name, word(held));
        made.push(Made { name: step.name, held, lap });
    }
    println!("\n{}", summary(&made, &mut tally));
    println!("all steps took {}", all.lap());
    let whole = whole(reach, &mut tally);
    println!("{tally}");
    Ok(whole && made.iter().all(|step| step.held))
}

/// Tells what could not run here; whether that is well.
fn whole(reach: Reach, tally: &mut Tally) -> bool {
    if tally.not_run.is_empty() {
        println!("everything that was asked for ran");
        return true;
    }
    println!("not run here:");
    for what in &tally.not_run {
        println!("  {what}");
    }
    if reach == Reach::All {
        tally.failed += u64::try_from(tally.not_run.len()).unwrap_or(u64::MAX);
        return false;
    }
    true
}

fn word(held: bool) -> &'static str {
    if held { "held" } else { "FAILED" }
}

/// Whether the step held. One that could not be made did not: the reader is told why.
fn make(workspace: &Workspace, step: &Step, tally: &mut Tally) -> bool {
    let made = match &step.work {
        Work::Check(check) => check(workspace).map(|verdict| {
            verdict.print();
            verdict.holds()
        }),
        Work::Cargo(words) => start(workspace, words).and_then(finish),
        Work::Docs(words) => start(workspace, words).and_then(|mut cargo| {
            cargo.env("RUSTDOCFLAGS", "--deny warnings");
            finish(cargo)
        }),
        Work::Tests(words) => start(workspace, words).and_then(|mut cargo| {
            stories::tell(workspace, &mut cargo);
            listen(cargo, tally)
        }),
        Work::Built(program, words) => {
            println!("  {program} {}", words.join(" "));
            let mut program = workspace.built(program);
            program.args(*words).current_dir(&workspace.root).stdin(Stdio::null());
            listen(program, tally)
        }
        Work::Elsewhere(command) => elsewhere(workspace, *command, tally),
    };
    made.unwrap_or_else(|trouble| {
        println!("  could not be made: {trouble}");
        false
    })
}

fn elsewhere(
    workspace: &Workspace,
    command: fn(&Workspace) -> Result<Command, String>,
    tally: &mut Tally,
) -> Result<bool, String> {
    match command(workspace) {
        Ok(mut command) => {
            command.current_dir(&workspace.root).stdin(Stdio::null()).env_remove("BLESS");
            workspace::as_by_hand(&mut command);
            stories::tell(workspace, &mut command);
            listen(command, tally)
        }
        Err(why) => {
            println!("  not run: {why}");
            tally.not_run.push(why);
            Ok(true)
        }
    }
}

/// Makes the tests of one binding alone.
pub(crate) fn binding(
    workspace: &Workspace,
    command: fn(&Workspace) -> Result<Command, String>,
) -> Result<bool, String> {
    let mut tally = Tally::default();
    stories::forget(workspace);
    // What is asked of a package is what Rust answers now.
    let told = finish(start(workspace, EARNEST)?)? && elsewhere(workspace, stories::written, &mut tally)?;
    let held = told && elsewhere(workspace, command, &mut tally)?;
    println!("{tally}");
    Ok(held && tally.failed == 0)
}

/// A table of the steps. The tally then counts steps too, so that the last line of a run never says that nothing failed
/// when something did.
fn summary(made: &[Made], tally: &mut Tally) -> String {
    let mut lines = Vec::new();
    let tests_counted = tally.failed > 0;
    for step in made {
        lines.push(format!("{:<10} {:<7} {}", step.name, word(step.held), step.lap));
        match (step.name, step.held) {
            ("tests", true) => {}
            ("tests", false) if tests_counted => {}
            (_, true) => tally.passed += 1,
            (_, false) => tally.failed += 1,
        }
    }
    lines.join("\n")
}

/// Writes the committed files anew that tests named `what` compare with.
pub(crate) fn rewrite(workspace: &Workspace, what: &str) -> Result<bool, String> {
    println!("compiling, then rewriting what the tests named `{what}` compare with");
    let mut cargo = start(workspace, &["test", "--workspace", "--all-features", what])?;
    cargo.env("BLESS", "1");
    let mut tally = Tally::default();
    let held = listen(cargo, &mut tally)?;
    if tally == Tally::default() && held {
        return Err(format!("no test is named `{what}`, so nothing was rewritten"));
    }
    println!("look at the difference before it is committed: git diff");
    Ok(held)
}

/// Where proptest begins. The same tree gives the same result here; who looks for more sets it otherwise.
const SEED: &str = "PROPTEST_RNG_SEED";
const SEED_DEFAULT: &str = "1";

/// A cargo of the checkout, with nothing to read and no order to rewrite what it should compare.
fn start(workspace: &Workspace, words: &[&str]) -> Result<Command, String> {
    let mut cargo = workspace::cargo();
    cargo.args(words).current_dir(&workspace.root).stdin(Stdio::null()).env_remove("BLESS");
    if std::env::var_os(SEED).is_none() {
        cargo.env(SEED, SEED_DEFAULT);
    }
    println!("  cargo {}", words.join(" "));
    std::io::stdout().flush().map_err(|trouble| trouble.to_string())?;
    Ok(cargo)
}

fn finish(mut cargo: Command) -> Result<bool, String> {
    let mut child = cargo.spawn().map_err(|trouble| format!("cargo does not start: {trouble}"))?;
    let deadline = Deadline::of(&child, LONGEST);
    let status = child.wait().map_err(|trouble| trouble.to_string())?;
    Ok(deadline.kept() && status.success())
}

/// Passes on every line as it comes, and counts the closing ones.
fn listen(mut command: Command, tally: &mut Tally) -> Result<bool, String> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|trouble| format!("it does not start: {trouble}"))?;
    let deadline = Deadline::of(&child, LONGEST);
    let said = child.stdout.take().ok_or("it has no output")?;
    let mut said = BufReader::new(said);
    let mut line = Vec::new();
    let mut out = std::io::stdout();
    while said.read_until(b'\n', &mut line).map_err(|trouble| trouble.to_string())? > 0 {
        out.write_all(&line).and_then(|()| out.flush()).map_err(|trouble| trouble.to_string())?;
        tally.hear(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
    let status = child.wait().map_err(|trouble| trouble.to_string())?;
    Ok(deadline.kept() && status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(steps: &[(&'static str, bool)]) -> Vec<Made> {
        let lap = Stopwatch::started().lap();
        steps.iter().map(|(name, held)| Made { name, held: *held, lap }).collect()
    }

    #[test]
    fn the_last_line_never_hides_a_failure() {
        for (steps, heard, said) in [
            (vec![("format", true), ("tests", true)], (7, 0), "8 passed, 0 failed"),
            (vec![("format", false), ("tests", true)], (7, 0), "7 passed, 1 failed"),
            (vec![("format", true), ("tests", false)], (5, 2), "6 passed, 2 failed"),
            // The tests did not compile, or a test binary died: no test said that it failed.
            (vec![("format", true), ("tests", false)], (0, 0), "1 passed, 1 failed"),
        ] {
            let mut tally = Tally { passed: heard.0, failed: heard.1, not_run: Vec::new() };
            let table = summary(&made(&steps), &mut tally);
            assert_eq!(tally.to_string(), said);
            assert_eq!(table.contains("FAILED"), tally.failed > 0, "{table}");
        }
    }

    #[test]
    fn what_did_not_run_fails_only_where_all_was_asked_for() {
        for (reach, not_run, well, failed) in [
            (Reach::All, vec![], true, 0),
            (Reach::All, vec!["a server, because it is not here".to_owned()], false, 1),
            (Reach::Everything, vec!["a server, because it is not here".to_owned()], true, 0),
        ] {
            let mut tally = Tally { passed: 7, failed: 0, not_run };
            assert_eq!(whole(reach, &mut tally), well, "{reach:?}");
            assert_eq!(tally.failed, failed, "{reach:?}");
        }
    }

    #[test]
    fn the_fast_run_is_a_part_of_the_whole() {
        let names = |reach| steps(reach).iter().map(|step| step.name).collect::<Vec<_>>();
        let whole = names(Reach::Everything);
        assert!(names(Reach::Fast).iter().all(|name| whole.contains(name)));
        for owed in [
            "format", "deps", "arrows", "sizes", "time", "map", "gen", "guards", "clippy", "docs", "earnest",
            "stories", "tests", "sim", "stores", "postgres", "python", "node", "portal", "slack",
        ] {
            assert!(whole.contains(&owed), "{owed}");
        }
    }
}
