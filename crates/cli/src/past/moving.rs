//! `tenure move`: a namespace goes from one database to another while others work in it.

use std::io;
use std::path::PathBuf;

use serde_json::json;
use tenure_past::words::counted;
use tenure_port::PostgresStore;
use tenure_port::core::id::Namespace;
use tenure_port::postgres::Step;
use tenure_scenario::trouble::tame;

use super::{Kept, Trouble, ended, url};
use crate::End;
use crate::screen::{GOOD, Progress, Screen, paint};

/// How wide the bar is.
const BAR: usize = 30;

/// Move a namespace from one database to another, with everything, while others work in it.
///
/// It is copied while it is in force where it is; for the last part, which is short, commands wait. Then it is in force in
/// the other database alone, and goes where it was. Hosts that still ask the old one are answered with the fault `moved`,
/// whatever they ask; configure the new place where they have it.
///
/// A move that was broken off, in whatever way, is gone on with by the same command. Until then the namespace is in force
/// where it was, or, for the moment between, nowhere; never in both.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure move acme --from postgres://db-1/access --to postgres://db-2/access
  tenure move acme --from postgres://db-1/access --to postgres://db-2/access --json

Exit status:
  0  it is in force in the other database, and nothing of it is left where it was
  2  it is not: what stands in the way is told, or the command line is wrong")]
pub(crate) struct Move {
    /// The namespace.
    #[arg(value_name = "NAMESPACE")]
    namespace: String,
    /// The `postgres://…` URL of the database that it is in.
    #[arg(long, value_name = "URL")]
    from: PathBuf,
    /// The `postgres://…` URL of the one that it is to be in.
    #[arg(long, value_name = "URL")]
    to: PathBuf,
    /// For programs: one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(ask: &Move, screen: &mut Screen) -> io::Result<End> {
    ended(moved(ask, screen))
}

fn moved(ask: &Move, screen: &mut Screen) -> Result<End, Trouble> {
    let namespace = Namespace::new(&ask.namespace).map_err(|why| Trouble::Unread(why.to_string()))?;
    let database = |named: &'static str| Trouble::Unread(format!("`--{named}` is no `postgres://…` URL"));
    let from = Kept::database(url(&ask.from).ok_or_else(|| database("from"))?)?;
    let to = PostgresStore::open(url(&ask.to).ok_or_else(|| database("to"))?);
    let to = to.map_err(|fault| Trouble::Unread(fault.to_string()))?;
    let mut progress = Progress::new();
    let moved = from.hand_over(&namespace, &to, &mut |step| {
        progress.say(&said(step));
        true
    });
    drop(progress);
    let moved = moved.map_err(|fault| Trouble::Unread(fault.to_string()))?.unwrap_or_default();
    if ask.json {
        let still = moved.still.as_millis();
        screen.json(&format!(
            "{:#}",
            json!({"namespace": namespace, "copied": moved.copied, "still_ms": still})
        ))?;
        return Ok(End::Well);
    }
    let rows = counted(usize::try_from(moved.copied).unwrap_or(usize::MAX), "row");
    let words =
        format!("✓ `{namespace}` is in force there: {rows} copied; commands waited for {:?}", moved.still);
    screen.line(&paint(GOOD, &tame(&words)))?;
    screen.line(
        "  hosts that ask the old database are answered `moved`: configure the new one where they have it",
    )?;
    Ok(End::Well)
}

/// A bar, and what is done at this moment.
fn said(step: Step) -> String {
    let (part, of) = step.part();
    let full = part.saturating_mul(BAR).checked_div(of).unwrap_or(0);
    let bar = format!("{}{}", "█".repeat(full), "░".repeat(BAR.saturating_sub(full)));
    let words = match step {
        Step::Copying { round, table, rows } => format!("copying, round {round}: {table}, {rows} rows"),
        Step::Comparing { table, rows } => format!("nobody writes; comparing {table}, {rows} rows"),
        Step::Left => "it has left".to_owned(),
        Step::InForce => "it is in force there".to_owned(),
        Step::Emptying { table } => format!("it goes where it was: {table}"),
    };
    format!("{bar} {words}")
}
