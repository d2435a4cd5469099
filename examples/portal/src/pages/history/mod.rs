//! History: who did what when, who was refused, and what time alone made true. Newest first; as CSV and JSON lines as
//! `tenure log` prints them.

mod entry;
mod lines;
mod seen;

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use serde_json::Value as Json;
use tenure::Timestamp;
use tenure_past::log::{Wanted, code, position};
use tenure_past::words::{actor, sentence};

use self::seen::{Reach, Seen, newest_first};
use super::who::{field, instant};
use crate::duty::Duty;
use crate::failure::Failure;
use crate::page::{moment, page};
use crate::portal::Portal;
use crate::session::Who;
use crate::sign_in::query;

const HERE: &str = "/history";

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route(HERE, get(show))
        .route("/history.csv", get(lines::csv))
        .route("/history.jsonl", get(lines::jsonl))
        .route("/history/{position}", get(entry::show))
        .route("/history/{position}/proof.json", get(entry::proof))
}

/// What is asked of the record.
#[derive(Clone, Debug, Default)]
struct Question {
    grant: Option<String>,
    wanted: Wanted,
    /// Only what stands before this one.
    before: Option<u64>,
    /// Whether what workers do is told too.
    deliveries: bool,
    /// As it was written, for the fields and for the next page.
    written: BTreeMap<String, String>,
}

const FIELDS: [&str; 6] = ["grant", "person", "since", "flow", "refused", "deliveries"];

impl Question {
    /// What somebody asks; whoever may not read everybody's record reads their own.
    fn of(asked: &BTreeMap<String, String>, who: &Who) -> Result<Self, Failure> {
        let written = |name: &&str| {
            let text = asked.get(*name).map(|text| text.trim()).filter(|text| !text.is_empty())?;
            Some(((*name).to_owned(), text.to_owned()))
        };
        let written: BTreeMap<String, String> = FIELDS.iter().filter_map(written).collect();
        let text = |name: &str| written.get(name).cloned();
        let mut wanted = Wanted {
            person: text("person"),
            since: text("since").as_deref().map(instant).transpose()?,
            flow: text("flow"),
            refused: text("refused").is_some(),
        };
        if !who.has(Duty::Audit) {
            wanted.person = Some(who.person.id.to_string());
        }
        let before = asked.get("before").and_then(|before| before.parse().ok());
        Ok(Self { grant: text("grant"), wanted, before, deliveries: text("deliveries").is_some(), written })
    }

    /// Whether a record is told: what workers do only where it is asked for.
    fn tells(&self, record: &Json) -> bool {
        let event = record.get("event").and_then(Json::as_str).unwrap_or_default();
        self.deliveries || !event.starts_with("effect_")
    }

    fn query(&self, more: Option<u64>) -> String {
        let before = more.map(|before| before.to_string());
        let mut pairs: Vec<(&str, &str)> =
            self.written.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        pairs.extend(before.as_deref().map(|before| ("before", before)));
        query(&pairs)
    }
}

async fn show(
    State(portal): State<Portal>,
    who: Who,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Result<Response, Failure> {
    let question = Question::of(&asked, &who)?;
    let asking = question.clone();
    let seen = portal.ask(move |engine, now| newest_first(engine, &asking, Reach::PAGE, now)).await?;
    Ok(page(&portal, &who, HERE, "History", &view(&portal, &who, &question, &seen)))
}

fn view(portal: &Portal, who: &Who, question: &Question, seen: &Seen) -> Markup {
    html! {
        (filters(portal, who, question))
        @if seen.records.is_empty() { p.nothing { "Nothing of that is on record" @if seen.more.is_some() { " among the newest" } "." } }
        @else { (table(portal, seen)) }
        p.pager {
            @if question.before.is_some() { a href={ (HERE) "?" (question.query(None)) } { "Newest" } }
            @if let Some(more) = seen.more { a href={ (HERE) "?" (question.query(Some(more))) } { "Older" } }
        }
    }
}

fn filters(portal: &Portal, who: &Who, question: &Question) -> Markup {
    let value = |name: &str| question.written.get(name).cloned().unwrap_or_default();
    let checked = |name: &str| question.written.contains_key(name);
    let downloads = question.query(None);
    html! {
        form.card.filters method="get" action=(HERE) {
            @if who.has(Duty::Audit) {
                div.field {
                    label for="person" { "Person" }
                    input #person name="person" list="people" value=(value("person")) autocomplete="off";
                    datalist #people { @for listed in portal.directory().people() { option value=(listed.person.id) { (listed.name) } } }
                }
            }
            div.field { label for="grant" { "Grant" } input #grant name="grant" value=(value("grant")) autocomplete="off"; }
            div.field { label for="flow" { "Flow" } input #flow name="flow" value=(value("flow")) autocomplete="off"; }
            div.field { label for="since" { "Since, " span.hint data-zone { "in UTC" } } input #since name="since" type="datetime-local" step="1" data-utc value=(field(question.written.get("since").map(String::as_str))); }
            div.field.tick {
                label { input type="checkbox" name="refused" value="yes" checked[checked("refused")]; " Refusals only" }
                label { input type="checkbox" name="deliveries" value="yes" checked[checked("deliveries")]; " What workers did" }
            }
            div.field.go {
                button.primary type="submit" { "Look" }
                a href={ "/history.csv?" (downloads) } download { "CSV" }
                a href={ "/history.jsonl?" (downloads) } download { "JSON lines" }
            }
        }
        @if !who.has(Duty::Audit) { p.hint { "What you did, and what happened to your access. People with the role " code { (Duty::Audit.role()) } " read everybody's." } }
    }
}

fn table(portal: &Portal, seen: &Seen) -> Markup {
    html! {
        div.scroll.card tabindex="0" role="region" aria-label="The record" {
            table.record {
                thead { tr { @for head in ["No.", "When", "Who", "What", "Grant"] { th scope="col" { (head) } } } }
                tbody { @for record in &seen.records { (row(portal, record)) } }
            }
        }
    }
}

fn row(portal: &Portal, record: &Json) -> Markup {
    let number = position(record);
    let refused = code(record).is_some();
    let grant = record.get("grant").and_then(Json::as_str);
    let said = sentence(record, &|at| in_short(at));
    let said = grant.and_then(|grant| said.strip_prefix(grant)?.strip_prefix(": ")).unwrap_or(&said);
    html! {
        tr class=[refused.then_some("refused")] {
            td.number { a href={ "/history/" (number) } { (number) } }
            td.when { @if let Some(at) = at(record) { (moment(at)) } }
            td { (named(portal, &actor(record))) }
            td { (said) @if let Some(why) = reason(record) { blockquote { (why) } } }
            td {
                @if let Some(grant) = grant {
                    a.id href={ (HERE) "?" (query(&[("grant", grant)])) } title=(grant) { (short(grant)) }
                }
            }
        }
    }
}

/// What somebody wrote about it.
fn reason(record: &Json) -> Option<&str> {
    let places = ["/origin/reason", "/decision/reason", "/asked/reason", "/reason"];
    places.iter().find_map(|place| record.pointer(place)?.as_str())
}

fn at(record: &Json) -> Option<Timestamp> {
    record.get("at")?.as_str()?.parse().ok()
}

/// An instant inside of a sentence.
fn in_short(at: Timestamp) -> String {
    format!("{} UTC", at.to_string().get(..16).unwrap_or_default().replace('T', " "))
}

fn named(portal: &Portal, actor: &str) -> String {
    actor.parse().map_or_else(|_| actor.to_owned(), |id| portal.name(&id))
}

fn short(id: &str) -> String {
    let cut = if id.chars().nth(12).is_some() { "…" } else { "" };
    format!("{}{cut}", id.chars().take(12).collect::<String>())
}
