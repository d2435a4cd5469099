//! `tenure who-has`: who had a resource at an instant, or has it now.

use std::io;

use anstyle::Style;
use serde_json::{Value as Json, json};
use tenure_past::words::text;
use tenure_port::core::time::Timestamp;

use super::list::resource;
use super::table::{Column, Table};
use super::{Format, Kept, Trouble, asked, ended};
use crate::End;
use crate::screen::{Screen, WHO};

/// Who had a resource at an instant, with which permission, from when until when, and under which grant.
///
/// It is read from a table that every commit keeps, and time counts whether or not a sweep has written it down.
/// What targets were told, and what they confirmed, is another matter: `tenure list` shows it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure who-has prod-pg/database/orders access.db
  tenure who-has prod-pg/database/orders --at 2026-03-14T03:30:00Z access.db
  tenure who-has prod-pg/database/orders --permission write --format csv access.db

In CSV, a cell that begins with = + - @ is prefixed with an apostrophe, so that no spreadsheet runs it.
A character that a terminal obeys is written like \\u{1b}, and \\u{ itself as \\u{5c}u{.

Exit status:
  0  told, also where nobody had it
  2  the file could not be read, or the command line is wrong")]
pub(crate) struct WhoHas {
    /// The resource: INTEGRATION/TYPE/NAME.
    #[arg(value_name = "RESOURCE", value_parser = resource)]
    resource: Json,
    #[command(flatten)]
    kept: Kept,
    /// At this instant (RFC 3339), which is not to come. Now where absent.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Only with this permission.
    #[arg(long, value_name = "PERMISSION")]
    permission: Option<String>,
    /// How to tell it.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

const HEAD: [&str; 5] = ["person", "permission", "since", "until", "grant"];
/// Person, permission.
const COLUMNS: &[Column] = &[(16, WHO), (12, Style::new())];

pub(crate) fn run(ask: &WhoHas, screen: &mut Screen) -> io::Result<End> {
    ended(told(ask, screen))
}

fn told(ask: &WhoHas, screen: &mut Screen) -> Result<End, Trouble> {
    let port = ask.kept.port()?;
    let mut call = json!({"call": "who_has", "resource": ask.resource});
    let named = [("at", ask.at.map(|at| json!(at))), ("permission", ask.permission.clone().map(Json::from))];
    if let Some(fields) = call.as_object_mut() {
        fields.extend(named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    let found = asked(&port, &call)?;
    let at = text(&found, "at");
    if let Some(later) = ask.at.filter(|later| at.parse::<Timestamp>().is_ok_and(|at| at < *later)) {
        return Err(Trouble::Unread(format!("{later} is still to come: it is {at} now")));
    }
    let table = Table::begin(ask.format, &HEAD, COLUMNS, screen)?;
    let holders = found.get("holders").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    for holder in holders {
        let cells = || HEAD.map(|name| plain(holder, name)).to_vec();
        table.row(cells, holder, || line(holder), screen)?;
    }
    if holders.is_empty() {
        table.none(&format!("nobody at {at}"), screen)?;
    }
    Ok(End::Well)
}

fn plain(holder: &Json, name: &str) -> String {
    holder.get(name).and_then(Json::as_str).unwrap_or_default().to_owned()
}

fn line(holder: &Json) -> (Vec<String>, String) {
    let part = |name: &str| text(holder, name);
    let words = format!("from {} until {}, under {}", part("since"), part("until"), part("grant"));
    (vec![part("person"), part("permission")], words)
}
