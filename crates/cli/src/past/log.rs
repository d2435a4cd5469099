//! `tenure log`: what is on record in a file, a line each.

use std::collections::BTreeMap;
use std::io;

use anstyle::Style;
use serde_json::{Value as Json, json};
use tenure_past::log::{About, HEAD, Wanted, cells, code, position, requested, words};
use tenure_past::words::{actor, text};
use tenure_port::core::time::Timestamp;
use tenure_scenario::trouble::tame;

use super::table::{Column, Table};
use super::{Format, Kept, Trouble, asked, ended, pages};
use crate::End;
use crate::screen::{BAD, DIM, Screen, WHO, paint};

/// What is on record: who did what when, who was refused, and what time alone made true.
///
/// All filters must hold. Times are RFC 3339 in UTC.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure log access.db
  tenure log access.db --grant g-7
  tenure log access.db --person alice --since 2026-03-01T00:00:00Z
  tenure log access.db --refused --format csv > refused.csv

In CSV, a cell that begins with = + - @ is prefixed with an apostrophe, so that no spreadsheet runs it.
A character that a terminal obeys is written like \\u{1b}, and \\u{ itself as \\u{5c}u{.

Exit status:
  0  told, also where nothing matches
  2  the file could not be read, or the command line is wrong")]
pub(crate) struct Log {
    #[command(flatten)]
    kept: Kept,
    /// Only of this grant.
    #[arg(long, value_name = "ID")]
    grant: Option<String>,
    /// Only what this person did, and what happened to grants of which they are the holder.
    #[arg(long, value_name = "ID")]
    person: Option<String>,
    /// Only what happened at this instant or later.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Only of grants under this flow. A refusal that is about no grant is under none.
    #[arg(long, value_name = "ID")]
    flow: Option<String>,
    /// Only refusals.
    #[arg(long)]
    refused: bool,
    /// How to tell it.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Position, time, who.
const COLUMNS: &[Column] = &[(6, DIM), (24, DIM), (16, WHO)];

pub(crate) fn run(ask: &Log, screen: &mut Screen) -> io::Result<End> {
    ended(told(ask, screen))
}

fn told(ask: &Log, screen: &mut Screen) -> Result<End, Trouble> {
    let port = ask.kept.port()?;
    let table = Table::begin(ask.format, &HEAD, COLUMNS, screen)?;
    let wanted = ask.wanted();
    let mut grants: BTreeMap<String, About> = BTreeMap::new();
    let mut some = false;
    let mut each = |record: &Json| {
        grants.extend(requested(record));
        if !wanted.wants(record, &mut grants) {
            return Ok(());
        }
        some = true;
        table.row(|| cells(record, &mut grants), record, || line(record), screen).map_err(Trouble::from)
    };
    match &ask.grant {
        Some(grant) => {
            let history = asked(&port, &json!({"call": "history", "grant": grant}))?;
            history.get("records").and_then(Json::as_array).into_iter().flatten().try_for_each(&mut each)?;
        }
        None => pages(&port, "records", "records", &mut each)?,
    }
    if !some {
        table.none("nothing of that is on record", screen)?;
    }
    Ok(End::Well)
}

impl Log {
    fn wanted(&self) -> Wanted {
        let Self { person, since, flow, refused, .. } = self;
        Wanted { person: person.clone(), since: *since, flow: flow.clone(), refused: *refused }
    }
}

fn line(record: &Json) -> (Vec<String>, String) {
    let style = if code(record).is_some() { BAD } else { Style::new() };
    let columns = vec![format!("{:>6}", position(record)), text(record, "at"), tame(&actor(record))];
    (columns, paint(style, &words(record)))
}
