//! Chores of the workspace: one command that checks everything, and each check by its own name.

use std::process::ExitCode;

mod arrows;
mod bindings;
mod clients;
mod deadline;
mod deps;
mod guards;
mod layout;
mod map;
mod sizes;
mod steps;
mod stopwatch;
mod stories;
mod tally;
mod time;
mod tokens;
mod tree;
mod verdict;
mod workspace;

use verdict::Verdict;
use workspace::Workspace;

const HELP: &str = "\
cargo xtask CHORE

  test [--fast | --all]
                 check everything: format, deps, arrows, sizes, time, map, gen, guards, clippy, docs, all tests, random
                 worlds, packages of other languages
                 (--fast leaves out docs, doctests, random worlds and the build without optional parts; --all fails
                 where something cannot run on this machine, which is otherwise only told)
  deps           every dependency says why it is there, and every crate shares the lints
  arrows         crates depend on each other only as the house allows
  sizes          a function fits a screen, a file a sitting, in every language
  time           one file reads the clock
  map            the documents at the root name what is there, and the map is whole
  guards [rNN]   take each guard against a bug of another system out, and see its test fail (minutes)
  gen            print the clients of other languages anew from the committed JSON Schemas
  node           build the package for Node and test it, as users get it
  portal         build the portal and test it in a browser; pictures of its pages go to target/portal
  python         build the package for Python and test it, as users get it
  slack          have Slack's own library look at every message and form that is sent to Slack
  schema         rewrite the committed JSON Schemas from the code
  golden         rewrite the other committed files that tests compare with

exit status: 0 all holds, 1 something does not, 2 the chore could not be done";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match chore(&words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(trouble) => {
            eprintln!("cargo xtask: {trouble}");
            ExitCode::from(2)
        }
    }
}

/// Does what the words ask; whether all held.
fn chore(words: &[&str]) -> Result<bool, String> {
    if let [] | ["help" | "--help" | "-h"] = words {
        println!("{HELP}");
        return Ok(true);
    }
    let workspace = Workspace::of_this_checkout()?;
    match words {
        ["test"] => steps::run(&workspace, steps::Reach::Everything),
        ["test", "--all"] => steps::run(&workspace, steps::Reach::All),
        ["test", "--fast"] => steps::run(&workspace, steps::Reach::Fast),
        ["deps"] => told(deps::check(&workspace)?),
        ["arrows"] => told(arrows::check(&workspace)?),
        ["sizes"] => told(sizes::check(&workspace)?),
        ["map"] => told(map::check(&workspace)?),
        ["guards", rows @ ..] => guards::run(&workspace, rows),
        ["time"] => told(time::check(&workspace)?),
        ["gen"] => clients::run(&workspace),
        ["node"] => steps::binding(&workspace, bindings::node),
        ["portal"] => steps::binding(&workspace, bindings::portal),
        ["python"] => steps::binding(&workspace, bindings::python),
        ["slack"] => steps::binding(&workspace, bindings::slack),
        ["schema"] => steps::rewrite(&workspace, "schema"),
        ["golden"] => steps::rewrite(&workspace, "golden"),
        other => Err(format!("`{}` is no chore; `cargo xtask help` lists them", other.join(" "))),
    }
}

fn told(verdict: Verdict) -> Result<bool, String> {
    verdict.print();
    Ok(verdict.holds())
}
