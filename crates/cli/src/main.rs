//! The command line: policies checked, stories tested, told and explained.
//!
//! Nothing is decided here. Every answer comes from the port; this crate finds files and draws.

mod args;
mod check;
mod explain;
mod past;
mod play;
mod report;
mod screen;
mod test;
mod who;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::args::{Args, Schema, Task};
use crate::screen::Screen;

/// How a task ended. The numbers are part of the interface and stand in `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// All is well.
    Well,
    /// There are problems, or an expectation does not hold.
    Wrong,
    /// Something could not be read.
    Unread,
    /// Whoever read the output went away before it was all said.
    Unheard,
}

fn main() -> ExitCode {
    let done = match Args::try_parse_from(asked(std::env::args_os().collect())) {
        Ok(args) => {
            args.color.write_global();
            run(args.task, &mut Screen::of_terminal())
        }
        Err(told) => help(&told),
    };
    let end = match done {
        Ok(end) => end,
        // Whoever reads has seen enough, as with `tenure play … | head`. Whether all is well was not said to anybody.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => End::Unheard,
        Err(error) => {
            anstream::eprintln!("tenure: the output cannot be written: {error}");
            End::Unread
        }
    };
    ExitCode::from(match end {
        End::Well => 0,
        End::Wrong => 1,
        End::Unread => 2,
        // As shells say of a program that the signal of a closed pipe has ended.
        End::Unheard => 141,
    })
}

/// What is asked. `tenure help --help` asks for help as `tenure help` does.
fn asked(mut args: Vec<OsString>) -> Vec<OsString> {
    if args.get(1).is_some_and(|verb| verb == "help") {
        args.retain(|arg| arg != "--help" && arg != "-h");
    }
    args
}

/// What is asked for is said, or what is wrong with the question.
fn help(told: &clap::Error) -> io::Result<End> {
    told.print()?;
    io::stdout().flush()?;
    Ok(if told.use_stderr() { End::Unread } else { End::Well })
}

fn run(task: Task, screen: &mut Screen) -> io::Result<End> {
    match task {
        Task::Check(ask) => check::run(&ask, screen),
        Task::Test(ask) => test::run(&ask, screen),
        Task::Play(ask) => play::run(&ask, screen),
        Task::Explain(ask) => explain::run(&ask, screen),
        Task::Who(ask) => who::run(&ask, screen),
        Task::Log(ask) => past::log::run(&ask, screen),
        Task::List(ask) => past::list::run(&ask, screen),
        Task::WhoHas(ask) => past::who_has::run(&ask, screen),
        Task::Doctor(ask) => past::doctor::run(&ask, screen),
        Task::Audit(ask) => past::audit::run(&ask, screen),
        Task::BackUp(ask) => past::backup::run(&ask, screen),
        Task::Compact(ask) => past::compact::run(&ask, screen),
        Task::Move(ask) => past::moving::run(&ask, screen),
        Task::Reconcile(ask) => past::reconcile::run(&ask, screen),
        Task::Schema { of } => {
            let schema = match of {
                Schema::Policy => tenure_port::policy::schema(),
                Schema::Call => tenure_port::schema::call(),
                Schema::Answer => tenure_port::schema::answer(),
                Schema::Config => tenure_port::schema::config(),
            };
            screen.json(&format!("{schema:#}"))?;
            Ok(End::Well)
        }
        Task::Completions { shell } => {
            // Into memory first: the generator panics where it cannot write.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "tenure", &mut script);
            screen.data(String::from_utf8_lossy(&script).trim_end())?;
            Ok(End::Well)
        }
    }
}
