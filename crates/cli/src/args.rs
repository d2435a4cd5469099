//! What can be asked of the command line, and its help.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use tenure_port::postgres::scratch::Scratch;
use tenure_scenario::house::House;

use crate::past::audit::Audit;
use crate::past::backup::BackUp;
use crate::past::compact::Compact;
use crate::past::doctor::Doctor;
use crate::past::list::List;
use crate::past::log::Log;
use crate::past::moving::Move;
use crate::past::reconcile::Reconcile;
use crate::past::who_has::WhoHas;

const EXIT: &str = "\
Exit status:
  0  all is well
  1  a policy has problems, or an expectation does not hold
  2  a file or a store could not be read, or the command line is wrong
  141  whoever read the output closed the pipe before its end, as in `tenure check … | head -1`: nothing is said
       of how it would have ended

These hold for every command; where one means more by them, its own help says so.
Colour is used on a terminal only; NO_COLOR turns it off.";

/// Just-In-Time access: check policies, test them with stories, see what happens and why.
#[derive(Debug, Parser)]
#[command(name = "tenure", version, max_term_width = 100, after_help = EXIT, after_long_help = EXIT)]
pub(crate) struct Args {
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
    #[command(subcommand)]
    pub(crate) task: Task,
}

/// What is asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    Check(Check),
    Test(Test),
    Play(Play),
    Explain(Explain),
    Who(Who),
    Log(Log),
    List(Box<List>),
    WhoHas(WhoHas),
    Doctor(Doctor),
    Audit(Audit),
    #[command(name = "backup")]
    BackUp(BackUp),
    Reconcile(Reconcile),
    Compact(Compact),
    Move(Move),
    /// Print a JSON Schema (draft 2020-12), for editors and other programs.
    #[command(after_help = "Examples:\n  tenure schema policy > policy.schema.json\n  tenure schema call")]
    Schema {
        /// Of what.
        #[arg(value_enum, default_value_t = Schema::Policy)]
        of: Schema,
    },
    /// Print completions for a shell.
    #[command(
        after_help = "Example:\n  tenure completions bash > ~/.local/share/bash-completion/completions/tenure"
    )]
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// Check policies: every problem at once, each with its place, and what may not be meant.
///
/// A folder is one policy made of all its files, and what is said of it is what a host hears that reads it. Several files
/// are several policies.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure check flows.yaml
  tenure check policies/
  tenure check --format json flows.toml")]
pub(crate) struct Check {
    /// Policy files (YAML, TOML or JSON), or folders of them.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) paths: Vec<PathBuf>,
    /// How to say what is wrong.
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub(crate) format: CheckFormat,
}

/// Run scenario files: does everything come out as they expect?
///
/// Folders are searched for scenario files; policies that stand beside them are passed over. A file has
/// at most 1 MiB.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure test stories/
  tenure test flows.scenario.yaml --format junit > results.xml
  tenure test stories/ --transcript stories.jsonl")]
pub(crate) struct Test {
    /// Scenario files (YAML, TOML or JSON), or folders that are searched for them.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// How to say what came of it.
    #[arg(long, value_enum, default_value_t = TestFormat::Text)]
    pub(crate) format: TestFormat,
    /// On which store: `memory`; `sqlite`, in a file that goes afterwards; or `postgres://…`, in a database that is made
    /// beside that one and goes afterwards. The result may not differ.
    #[arg(long, default_value = "memory", value_name = "STORE", value_parser = store)]
    pub(crate) store: House,
    /// Write every call and its answer into this file, as lines of JSON in pairs: for runners in other languages.
    #[arg(long, value_name = "FILE")]
    pub(crate) transcript: Option<PathBuf>,
}

/// Tell a story: what happens step by step, then each grant on a line of time, then the record.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure play examples/stories/incident.yaml
  tenure play stories.yaml --only \"two extensions, then the limit\"
  tenure play stories.yaml --only \"an hour\" --file hour.db

Exit status:
  0  everything came out as the story expects
  1  something did not
  2  a file could not be read, or the command line is wrong")]
pub(crate) struct Play {
    /// A scenario file.
    #[arg(value_name = "SCENARIO")]
    pub(crate) path: PathBuf,
    /// Only the scenario of this name, where the file has several.
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Option<String>,
    /// On which store: `sqlite`, as a host has it, in a file that goes afterwards; `memory`; or `postgres://…`, in a
    /// database that is made beside that one and goes afterwards.
    #[arg(long, default_value = "sqlite", value_name = "STORE", value_parser = store)]
    pub(crate) store: House,
    /// In this SQLite file, which stays. A story begins with nothing, so it must not be there before.
    #[arg(long, value_name = "FILE", conflicts_with = "store")]
    pub(crate) file: Option<PathBuf>,
}

impl Play {
    /// On which store the story is told.
    pub(crate) fn house(&self) -> House {
        self.file.clone().map_or_else(|| self.store.clone(), House::File)
    }
}

/// Explain one step of a story: each check in its order, and what would have passed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure explain examples/stories/incident.yaml --step 9
  tenure explain stories.yaml --only \"two extensions, then the limit\" --step 7")]
pub(crate) struct Explain {
    /// A scenario file.
    #[arg(value_name = "SCENARIO")]
    pub(crate) path: PathBuf,
    /// The number of the step, from 1, as `tenure play` shows it.
    #[arg(long, value_name = "N")]
    pub(crate) step: usize,
    /// Of the scenario of this name, where the file has several.
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Option<String>,
}

/// Who could ask for what, who could approve it, and which requests nobody could ever approve.
///
/// People and resources are written as scenario files write them. Conditions, hours, limits, reasons and
/// logins depend on the moment and are not looked at.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure who flows.yaml --people people.yaml
  tenure who examples/policies --people examples/people.yaml
  tenure who policies/ --people people.yaml --flow prod-db --format json

where people.yaml holds
  people:
    alice: {groups: [sre], manager: bob}
    bob: {groups: [db-owners]}
  resources:
    orders: {integration: prod-pg, type: database, name: prod-orders, owners: [user:bob]}")]
pub(crate) struct Who {
    /// A policy file (YAML, TOML or JSON), or a folder of them.
    #[arg(value_name = "POLICY")]
    pub(crate) policy: PathBuf,
    /// A file with `people`, and `resources` where it matters what they are and who owns them; a story will do.
    #[arg(long, value_name = "FILE")]
    pub(crate) people: PathBuf,
    /// Only under this flow.
    #[arg(long, value_name = "ID")]
    pub(crate) flow: Option<String>,
    /// How to say it.
    #[arg(long, value_enum, default_value_t = WhoFormat::Text)]
    pub(crate) format: WhoFormat,
}

/// Of what a schema is printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Schema {
    /// The policy document.
    Policy,
    /// A call, as bindings and hosts make it.
    Call,
    /// An answer.
    Answer,
    /// What a handle is opened with, in every language.
    Config,
}

/// How `check` says what is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people: with the lines of the text.
    Text,
    /// For programs.
    Json,
}

/// How `who` says who could do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhoFormat {
    /// For people: a table a flow.
    Text,
    /// For programs.
    Json,
}

/// How `test` says what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestFormat {
    /// For people: a line a scenario.
    Text,
    /// For programs.
    Json,
    /// For continuous integration: JUnit XML.
    Junit,
}

/// When colour is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    pub(crate) fn write_global(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::AlwaysAnsi,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

fn store(text: &str) -> Result<House, String> {
    match text {
        "memory" => Ok(House::Memory),
        "sqlite" => Ok(House::Sqlite),
        url if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            Ok(House::Postgres(Scratch::at(url)))
        }
        _ => {
            Err("this version runs scenarios on the stores `memory`, `sqlite` and `postgres://…`".to_owned())
        }
    }
}
