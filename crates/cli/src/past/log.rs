//! `tenure log`: what is on record in a file, a line each.

use std::collections::BTreeMap;
use std::io;

use anstyle::Style;
use serde_json::{Value as Json, json};
use tenure_port::core::time::Timestamp;
use tenure_scenario::trouble::tame;

use super::table::{Column, Table};
use super::{Format, Kept, Trouble, asked, ended, pages};
use crate::End;
use crate::play::record::{actor, sentence};
use crate::play::words::text;
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

const HEAD: [&str; 10] =
    ["position", "at", "actor", "command", "grant", "flow", "holder", "what", "code", "words"];

/// Position, time, who.
const COLUMNS: &[Column] = &[(6, DIM), (24, DIM), (16, WHO)];

/// Whose a grant is, and under which flow, as its request says.
#[derive(Clone, Debug, Default)]
struct About {
    holder: String,
    flow: String,
}

pub(crate) fn run(ask: &Log, screen: &mut Screen) -> io::Result<End> {
    ended(told(ask, screen))
}

fn told(ask: &Log, screen: &mut Screen) -> Result<End, Trouble> {
    let port = ask.kept.port()?;
    let table = Table::begin(ask.format, &HEAD, COLUMNS, screen)?;
    let mut grants: BTreeMap<String, About> = BTreeMap::new();
    let mut some = false;
    let mut each = |record: &Json| {
        learn(record, &mut grants);
        if !ask.wants(record, &grants) {
            return Ok(());
        }
        some = true;
        table.row(|| cells(record, &grants), record, || line(record), screen).map_err(Trouble::from)
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

/// A request says whose its grant is.
fn learn(record: &Json, grants: &mut BTreeMap<String, About>) {
    if text(record, "event") == "requested" {
        let of = |at: &str| record.pointer(at).and_then(Json::as_str).unwrap_or_default().to_owned();
        grants.insert(of("/grant"), About { holder: of("/origin/holder/id"), flow: of("/origin/flow") });
    }
}

impl Log {
    fn wants(&self, record: &Json, grants: &BTreeMap<String, About>) -> bool {
        let abouts = || about(record, grants);
        let at = record.get("at").and_then(Json::as_str).and_then(|at| at.parse::<Timestamp>().ok());
        self.since.is_none_or(|since| at.is_some_and(|at| at >= since))
            && (!self.refused || code(record).is_some())
            && self.flow.as_ref().is_none_or(|flow| abouts().any(|about| about.flow == *flow))
            && self.person.as_ref().is_none_or(|person| {
                by(record) == Some(person) || abouts().any(|about| about.holder == *person)
            })
    }
}

/// The grants that a record is about: one, or many that ended at once.
fn about<'a>(record: &'a Json, grants: &'a BTreeMap<String, About>) -> impl Iterator<Item = &'a About> + 'a {
    let many = record.get("grants").and_then(Json::as_array).into_iter().flatten();
    let ids = record.get("grant").into_iter().chain(many).filter_map(Json::as_str);
    ids.filter_map(|id| grants.get(id))
}

fn by(record: &Json) -> Option<&str> {
    record.pointer("/cause/actor").or_else(|| record.get("actor"))?.as_str()
}

fn code(record: &Json) -> Option<&str> {
    record.get("refused").or_else(|| record.get("more_refused"))?.as_str()
}

/// What sort of record it is: the event, or `refused`, `more_refused`, `published`, `revoked_many`.
fn what(record: &Json) -> String {
    if let Some(event) = record.get("event").and_then(Json::as_str) {
        return event.to_owned();
    }
    let sorts = ["refused", "more_refused", "published"];
    sorts.iter().find(|sort| record.get(sort).is_some()).map_or("revoked_many", |sort| sort).to_owned()
}

fn words(record: &Json) -> String {
    sentence(record, &|at: Timestamp| at.to_string())
}

fn cells(record: &Json, grants: &BTreeMap<String, About>) -> Vec<String> {
    let plain = |at: &str| record.pointer(at).and_then(Json::as_str).unwrap_or_default().to_owned();
    let about = record.get("grant").and_then(Json::as_str).and_then(|grant| grants.get(grant));
    let about = about.cloned().unwrap_or_default();
    let command = match plain("/cause/command") {
        none if none.is_empty() => plain("/command"),
        command => command,
    };
    let position = record.get("position").and_then(Json::as_u64).unwrap_or_default().to_string();
    let actor = by(record).unwrap_or("time").to_owned();
    let code = code(record).unwrap_or_default().to_owned();
    let (grant, at) = (plain("/grant"), plain("/at"));
    vec![position, at, actor, command, grant, about.flow, about.holder, what(record), code, words(record)]
}

fn line(record: &Json) -> (Vec<String>, String) {
    let position = record.get("position").and_then(Json::as_u64).unwrap_or_default();
    let style = if code(record).is_some() { BAD } else { Style::new() };
    let columns = vec![format!("{position:>6}"), text(record, "at"), tame(&actor(record))];
    (columns, paint(style, &words(record)))
}
