//! `tenure list`: the grants in a file as they stand now, a line each.

use std::io;

use clap::builder::PossibleValuesParser;
use serde_json::{Map, Value as Json, json};
use tenure_past::words::text;
use tenure_scenario::trouble::tame;

use super::table::{Column, Table};
use super::{Format, Kept, PAGE, Trouble, asked, ended};
use crate::End;
use crate::screen::{BOLD, DIM, Screen, WHO};

/// Grants as they stand now: time counts, whether or not a sweep has written it down.
///
/// All filters must hold.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure list access.db
  tenure list access.db --stage active --holder alice
  tenure list access.db --item prod-pg/database/orders/write --format jsonl
  tenure list access.db --enforcement stuck_removing --format csv > stuck.csv

In CSV, a cell that begins with = + - @ is prefixed with an apostrophe, so that no spreadsheet runs it.
A character that a terminal obeys is written like \\u{1b}, and \\u{ itself as \\u{5c}u{.

Exit status:
  0  told, also where nothing matches
  2  the file could not be read, or the command line is wrong")]
pub(crate) struct List {
    #[command(flatten)]
    kept: Kept,
    /// For this holder.
    #[arg(long, value_name = "ID")]
    holder: Option<String>,
    /// Asked by this person.
    #[arg(long, value_name = "ID")]
    requester: Option<String>,
    /// Under this flow.
    #[arg(long, value_name = "ID")]
    flow: Option<String>,
    /// In this stage.
    #[arg(long, value_parser = PossibleValuesParser::new(["pending", "approved", "active", "closed"]))]
    stage: Option<String>,
    /// On this item: INTEGRATION/TYPE/NAME/PERMISSION.
    #[arg(long, value_name = "ITEM", value_parser = item)]
    item: Option<Json>,
    /// Closed with this outcome.
    #[arg(long, value_parser = PossibleValuesParser::new(OUTCOMES))]
    outcome: Option<String>,
    /// Taken in an emergency and awaiting review, or not.
    #[arg(long, value_name = "BOOL")]
    awaits_review: Option<bool>,
    /// Where the targets have confirmed that much.
    #[arg(long, value_parser = PossibleValuesParser::new(ENFORCEMENT))]
    enforcement: Option<String>,
    /// How to tell it.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

const OUTCOMES: [&str; 8] =
    ["denied", "withdrawn", "undecided", "unused", "failed", "expired", "given_back", "revoked"];
const ENFORCEMENT: [&str; 7] =
    ["none", "removed", "applied", "applying", "removing", "stuck_applying", "stuck_removing"];
const HEAD: [&str; 13] = [
    "id",
    "flow",
    "holder",
    "requester",
    "stage",
    "outcome",
    "requested_at",
    "starts_at",
    "ends_at",
    "closed_at",
    "enforcement",
    "items",
    "reason",
];
/// Grant, holder, stage.
const COLUMNS: &[Column] = &[(20, BOLD), (16, WHO), (10, DIM)];

pub(crate) fn run(ask: &List, screen: &mut Screen) -> io::Result<End> {
    ended(told(ask, screen))
}

fn told(ask: &List, screen: &mut Screen) -> Result<End, Trouble> {
    let port = ask.kept.port()?;
    let mut call = ask.call();
    let mut page = asked(&port, &Json::from(call.clone()))?;
    let table = Table::begin(ask.format, &HEAD, COLUMNS, screen)?;
    let mut some = false;
    loop {
        for grant in page.get("grants").and_then(Json::as_array).into_iter().flatten() {
            some = true;
            table.row(|| cells(grant), grant, || line(grant), screen)?;
        }
        let Some(next) = page.get("next").cloned() else { break };
        call.insert("after".to_owned(), next);
        page = asked(&port, &Json::from(call.clone()))?;
    }
    if !some {
        table.none("no grant is like that", screen)?;
    }
    Ok(End::Well)
}

impl List {
    fn call(&self) -> Map<String, Json> {
        let named = [
            ("holder", self.holder.clone().map(Json::from)),
            ("requester", self.requester.clone().map(Json::from)),
            ("flow", self.flow.clone().map(Json::from)),
            ("stage", self.stage.clone().map(Json::from)),
            ("item", self.item.clone()),
            ("outcome", self.outcome.clone().map(Json::from)),
            ("awaits_review", self.awaits_review.map(Json::from)),
            ("enforcement", self.enforcement.clone().map(Json::from)),
        ];
        let named = named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let call = [("call".to_owned(), Json::from("list")), ("limit".to_owned(), Json::from(PAGE))];
        call.into_iter().chain(named).collect()
    }
}

/// An item as the call writes it. Only its name may hold a slash.
fn item(text: &str) -> Result<Json, String> {
    let wrong = || "an item is INTEGRATION/TYPE/NAME/PERMISSION".to_owned();
    let (at, permission) = text.rsplit_once('/').ok_or_else(wrong)?;
    let mut item = resource(at).map_err(|_| wrong())?;
    if let Some(fields) = item.as_object_mut() {
        fields.insert("permission".to_owned(), permission.into());
    }
    Ok(item)
}

/// A resource as the call writes it. Only its name may hold a slash.
pub(super) fn resource(text: &str) -> Result<Json, String> {
    match text.splitn(3, '/').collect::<Vec<_>>()[..] {
        [integration, kind, name] if !name.is_empty() => {
            Ok(json!({"integration": integration, "type": kind, "name": name}))
        }
        _ => Err("a resource is INTEGRATION/TYPE/NAME".to_owned()),
    }
}

fn plain(grant: &Json, name: &str) -> String {
    grant.get(name).and_then(Json::as_str).unwrap_or_default().to_owned()
}

fn cells(grant: &Json) -> Vec<String> {
    let cell = |name: &str| if name == "items" { items(grant) } else { plain(grant, name) };
    HEAD.into_iter().map(cell).collect()
}

fn items(grant: &Json) -> String {
    let one =
        |item: &Json| ["integration", "type", "name", "permission"].map(|part| plain(item, part)).join("/");
    let items = grant.get("items").and_then(Json::as_array).into_iter().flatten();
    items.map(one).collect::<Vec<_>>().join(" ")
}

fn line(grant: &Json) -> (Vec<String>, String) {
    let at = |name: &str, word: &str| match text(grant, name) {
        none if none.is_empty() => String::new(),
        at => format!("{word} {at}"),
    };
    let outcome = text(grant, "outcome").replace('_', " ");
    let when = match text(grant, "stage").as_str() {
        "pending" => at("decide_by", "to be decided by"),
        "approved" => format!("waits for {}", text(grant, "waiting_for")),
        "active" => at("held_until", "until"),
        _ => format!("{outcome} {}", at("closed_at", "at")),
    };
    let targets = match text(grant, "enforcement").replace('_', " ") {
        none if none == "none" => String::new(),
        confirmed => format!(", at targets {confirmed}"),
    };
    let words = format!("{when}, under {}{targets}: {}", text(grant, "flow"), tame(&items(grant)));
    (vec![text(grant, "id"), text(grant, "holder"), text(grant, "stage")], words)
}
