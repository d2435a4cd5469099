//! What a record says, in a sentence.

use serde_json::Value as Json;
use tenure_core::time::{Span, Timestamp};
use tenure_policy::problem::tame;

/// Who made it happen: a person, the host, or time.
#[must_use]
pub fn actor(record: &Json) -> String {
    let cause = record.get("cause").map(|cause| text(cause, "actor"));
    match cause.unwrap_or_else(|| text(record, "actor")) {
        nobody if nobody.is_empty() => "time".to_owned(),
        somebody => somebody,
    }
}

/// What a record says, in words, with instants as they are to be told.
#[must_use]
pub fn sentence(record: &Json, told: &dyn Fn(Timestamp) -> String) -> String {
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

fn instant(record: &Json, name: &str) -> Option<Timestamp> {
    record.get(name)?.as_str()?.parse().ok()
}

/// A text of a value, with nothing in it that a terminal would obey.
#[must_use]
pub fn text(value: &Json, name: &str) -> String {
    value.get(name).and_then(Json::as_str).map(tame).unwrap_or_default()
}

/// `1 flow`, `2 flows`.
#[must_use]
pub fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
