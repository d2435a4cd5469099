//! The record of a story, a line each.

use anstyle::Style;
use serde_json::Value as Json;
use tenure_port::core::time::{Span, Timestamp};
use tenure_scenario::run::instant;
use tenure_scenario::trouble::tame;

use super::words::text;
use super::{PERSON, at, moment};
use crate::check::counted;
use crate::screen::{BAD, BOLD, DIM, clock, column, day, paint, wrap};

/// Lines that are shown; of a longer record the end.
const SHOWN: usize = 500;

/// Whether a record is about carrying out an effect: what workers do, not what people decide.
pub(super) fn is_delivery(record: &Json) -> bool {
    text(record, "event").starts_with("effect_")
}

pub(super) fn draw(records: &[Json], width: usize) -> Vec<String> {
    let told: Vec<&Json> = records.iter().filter(|record| !is_delivery(record)).collect();
    let mut lines = vec![String::new(), paint(BOLD, "The record"), String::new()];
    let left_out = told.len().saturating_sub(SHOWN);
    if left_out > 0 {
        lines.push(paint(DIM, &format!("  {} before these", counted(left_out, "line"))));
    }
    let told = told.get(left_out..).unwrap_or_default();
    let clocks = told.iter().filter_map(|record| at(record)).map(|at| clock(at).len()).max().unwrap_or(5);
    let whos =
        told.iter().map(|record| textwrap::core::display_width(&actor(record))).max().unwrap_or(4).min(16);
    let mut today = String::new();
    for record in told {
        let Some(at) = at(record) else { continue };
        if day(at) != today {
            if !today.is_empty() {
                lines.push(paint(DIM, &format!("      ── {} ", day(at))));
            }
            today = day(at);
        }
        let position = record.get("position").and_then(Json::as_u64).unwrap_or_default();
        let by = actor(record);
        let style = if record.get("cause").is_none() && record.get("actor").is_none() { DIM } else { PERSON };
        let head = format!("{position:>4}  {:<clocks$}  ", clock(at));
        let sentence = sentence(record, &|other| moment(other, at));
        let margin = head.len() + whos + 2;
        let style_of_words = if record.get("refused").is_some() { BAD } else { Style::new() };
        let mut words = wrap(&sentence, width.saturating_sub(margin)).into_iter();
        let first = paint(style_of_words, &words.next().unwrap_or_default());
        lines.push(format!("{}{}  {first}", paint(DIM, &head), column(style, &by, whos)));
        lines.extend(words.map(|line| format!("{}{}", " ".repeat(margin), paint(style_of_words, &line))));
    }
    let deliveries = records.len().saturating_sub(told.len()).saturating_sub(left_out);
    if deliveries > 0 {
        let words =
            format!("      {} about carrying out effects are not shown", counted(deliveries, "record"));
        lines.push(paint(DIM, &words));
    }
    lines
}

/// Who made it happen: a person, the host, or time.
pub(crate) fn actor(record: &Json) -> String {
    let cause = record.get("cause").map(|cause| text(cause, "actor"));
    match cause.unwrap_or_else(|| text(record, "actor")) {
        nobody if nobody.is_empty() => "time".to_owned(),
        somebody => somebody,
    }
}

/// What a record says, in words, with instants as they are to be told.
pub(crate) fn sentence(record: &Json, told: &dyn Fn(Timestamp) -> String) -> String {
    let grant = text(record, "grant");
    if record.get("refused").is_some() {
        let about = if grant.is_empty() { String::new() } else { format!(" of {grant}") };
        return format!("{}{about} refused: {}", text(record, "verb"), text(record, "refused"));
    }
    if record.get("more_refused").is_some() {
        let times = record.get("times").and_then(Json::as_u64).unwrap_or_default();
        return format!("refused {times} more times in that minute: {}", text(record, "more_refused"));
    }
    if record.get("published").is_some() {
        let revision: String = text(record, "published").chars().take(12).collect();
        return format!("a policy is put in force ({revision}…)");
    }
    if let Some(of) = record.get("of").filter(|_| record.get("grants").is_some()) {
        let count = |list: &str| record.get(list).and_then(Json::as_array).map_or(0, Vec::len);
        let left = match count("not_allowed") {
            0 => String::new(),
            left => format!(", {left} may not end"),
        };
        let ended = counted(count("grants"), "grant");
        return format!("{ended} {} revoked{left}, “{}”", reach(of), text(record, "reason"));
    }
    let when = |name: &str| instant(record, name).map_or_else(|| "?".to_owned(), told);
    let span = |pointer: &str| {
        let millis = record.pointer(pointer).and_then(Json::as_u64).map(Span::millis);
        millis.map(|span| span.to_string()).unwrap_or_default()
    };
    match text(record, "event").as_str() {
        "requested" => {
            let flow = record.pointer("/origin/flow").and_then(Json::as_str).unwrap_or_default();
            format!("{grant}: {} asked for under {flow}", span("/origin/span"))
        }
        "approval_given" => format!("{grant}: says yes"),
        "approved" => match text(record, "waiting_for").as_str() {
            "" => format!("{grant}: approved for {}", span("/span")),
            waits => format!("{grant}: approved for {}, waits for {waits}", span("/span")),
        },
        "denial_given" => format!("{grant}: says no"),
        "denied" => format!("{grant}: the request is denied"),
        "withdrawn" => format!("{grant}: taken back"),
        "undecided" => format!("{grant}: nobody decided in time"),
        "activated" => format!("{grant}: access runs until {}", when("end")),
        "now_waits" => format!("{grant}: waits for {} now", text(record, "waiting_for")),
        "failed" => format!("{grant}: the targets did not give it"),
        "unused" => format!("{grant}: it never began"),
        "reminded" => format!("{grant}: a reminder that it ends at {}", when("ends")),
        "extension_asked" => {
            let end = record.pointer("/asked/end").and_then(Json::as_str).and_then(|end| end.parse().ok());
            let end = end.map_or_else(|| "?".to_owned(), told);
            format!("{grant}: an extension until {end} is asked for")
        }
        "extension_approval_given" => format!("{grant}: says yes to the extension"),
        "extended" => format!("{grant}: the end moves from {} to {}", when("from"), when("to")),
        "extension_denial_given" => format!("{grant}: says no to the extension"),
        "extension_denied" => format!("{grant}: the extension is denied"),
        "extension_lapsed" => format!("{grant}: the extension lapses"),
        "expired" => format!("{grant}: its end has come"),
        "given_back" => format!("{grant}: given back"),
        "revoked" => format!("{grant}: revoked, “{}”", text(record, "reason")),
        "erased" => format!("{grant}: what was written of it is erased"),
        "kept_for" => format!("{grant}: keeps what {} had", text(record, "from")),
        other => format!("{grant}: {}", other.replace('_', " ")),
    }
}

/// Where many grants were revoked: whose, under what, at what.
fn reach(of: &Json) -> String {
    let all = [("person", "of"), ("flow", "under"), ("integration", "at")];
    let said = all.iter().find_map(|(name, how)| Some(format!("{how} {}", tame(of.get(name)?.as_str()?))));
    said.unwrap_or_else(|| {
        let item = of.get("item").unwrap_or(&Json::Null);
        let part = |name: &str| text(item, name);
        format!("of {}/{}/{}", part("integration"), part("name"), part("permission"))
    })
}
