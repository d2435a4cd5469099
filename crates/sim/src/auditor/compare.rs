//! Answers of the library in the form of the auditor's.

use serde_json::{Map, Value, json};

use super::policy::{at, list, text};

/// An answer without what the auditor does not tell: words, hashes of content and what would pass. Of a record
/// stays what `project` makes of it.
#[must_use]
pub fn comparable(answer: &Value) -> Value {
    match answer {
        Value::Object(fields) if fields.contains_key("records") => {
            json!({"records": list(answer, "records").iter().map(project).collect::<Vec<_>>()})
        }
        Value::Object(fields) => {
            let kept = fields
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "message" | "content" | "would_pass"));
            // What people wrote is compared whole.
            let kept = kept.map(|(name, value)| {
                (name.clone(), if name == "fields" { value.clone() } else { comparable(value) })
            });
            // Details in which nothing is left were a hash alone.
            let kept: Map<_, _> =
                kept.filter(|(name, value)| name != "details" || value != &json!({})).collect();
            Value::Object(kept)
        }
        Value::Array(all) => all.iter().map(comparable).collect(),
        other => other.clone(),
    }
}

/// What is compared of a record: its place, what it says happened, when, to which grant, by whom, the kinds of
/// the effects it made, and of refusals the code and how many there were. What workers say has a command id that the library makes up.
fn project(record: &Value) -> Value {
    let event = text(record, "event");
    let what = match event {
        "" if record.get("refused").is_some() => "refused",
        "" if record.get("more_refused").is_some() => "more_refused",
        "" if record.get("published").is_some() => "published",
        "" => "revoked_all",
        event => event,
    };
    let cause = |name: &str| record.get(name).or_else(|| at(record, "cause").get(name)).cloned();
    let kinds = list(record, "effects").iter().map(|effect| match text(effect, "effect") {
        "notify" => format!("notify:{}", text(effect, "notice")),
        kind => kind.to_owned(),
    });
    let kinds: Vec<_> = kinds.collect();
    let command = cause("command").filter(|command| {
        let made_up = command.as_str().is_some_and(|id| {
            id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
                || id.starts_with("own-")
                || id.starts_with("of the story ")
        });
        !made_up
    });
    let mut kept = json!({
        "position": record.get("position"), "record": what, "at": record.get("at"), "grant": record.get("grant"),
        "actor": cause("actor"), "command": command, "effects": kinds,
    });
    if let Some(code) = record.get(what).filter(|_| what.ends_with("refused")) {
        kept["code"] = code.clone();
    }
    if let Some(times) = record.get("times") {
        kept["times"] = times.clone();
    }
    kept
}
