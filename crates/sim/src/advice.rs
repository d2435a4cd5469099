//! What a refusal says would pass: made on the call, and put to the second opinion.

use serde_json::{Map, Value, json};
use tenure::tenure_core::flow::requirement::Pattern;
use tenure::tenure_core::record::{Entry, Refused};
use tenure::{Span, Timestamp};

use crate::invariant::Moment;

const MS: Span = Span::millis(1);
/// Words for reasons, the first that fits is taken.
const WORDS: &[&str] = &[
    "INC-7 as it must be",
    "CHG-7 as it must be",
    "OPS-12",
    "JIRA-12",
    "T-1",
    "7",
    "a",
    "INC-7",
    "because it must be",
];

/// A call that was refused, and the change that would pass.
pub(crate) struct Advice<'a> {
    call: &'a Value,
    change: &'a Map<String, Value>,
    at: Timestamp,
}

/// The record of the refusal that this call met.
pub(crate) fn refused<'m>(moment: &Moment<'m>) -> Option<&'m Refused> {
    let last = moment.records.last()?;
    match &last.entry {
        Entry::Refused(refused) => Some(refused),
        Entry::Event(_) | Entry::MoreRefused(_) | Entry::Published(_) | Entry::Revoked(_) => None,
    }
}

impl<'a> Advice<'a> {
    /// The advice that a call met which was decided at that instant; nothing where it cannot be tried: what only
    /// the author of the policy can change, and words that nobody here can think of.
    pub(crate) fn new(call: &'a Value, change: &'a Map<String, Value>, at: Timestamp) -> Option<Self> {
        let words = change.get("reason").and_then(Value::as_array).into_iter().flatten();
        let known = words.map(word).collect::<Option<Vec<_>>>().is_some();
        (known && !change.contains_key("approvers")).then_some(Self { call, change, at })
    }

    /// In which way the advice is wrong, and what the other one says of it.
    pub(crate) fn wrong(&self, ask: &mut dyn FnMut(&Value, i64) -> Value) -> Option<(&'static str, String)> {
        let mut comes_of = |change: &Map<String, Value>| {
            let at = time(change, "at").unwrap_or(self.at);
            let explain = json!({ "call": "explain", "of": self.changed(change, at), "now": at.to_string() });
            (ask(&explain, at.millis()), explain)
        };
        let (answer, explain) = comes_of(self.change);
        if !passes(&answer) {
            return Some(("does not pass", format!("{explain} is answered {answer}")));
        }
        for nearer in self.nearer() {
            let (answer, explain) = comes_of(&nearer);
            if passes(&answer) {
                return Some(("is more than is needed", format!("{explain} passes as well")));
            }
        }
        None
    }

    fn changed(&self, change: &Map<String, Value>, at: Timestamp) -> Value {
        let mut call = self.call.clone();
        let Some(fields) = call.as_object_mut() else { return call };
        fields.remove("now");
        for direction in ["span", "start", "if_ends_at"] {
            if let Some(value) = change.get(direction) {
                fields.insert(direction.to_owned(), value.clone());
            }
        }
        if let Some(only) = change.get("only") {
            fields.insert("only".to_owned(), only.clone());
        }
        for lacking in change.get("reason").and_then(Value::as_array).into_iter().flatten() {
            give_reason(fields, lacking);
        }
        if let Some(without) = change.get("without").and_then(Value::as_array) {
            leave_out(fields, without);
        }
        if let Some(login) = change.get("login") {
            log_in(fields, login, at);
        }
        call
    }

    /// The change, a millisecond nearer to what was asked, once in each of its directions.
    fn nearer(&self) -> Vec<Map<String, Value>> {
        let mut nearer = Vec::new();
        let mut with = |direction: &str, value: Value| {
            let mut change = self.change.clone();
            change.insert(direction.to_owned(), value);
            nearer.push(change);
        };
        let asked = self.call.get("span").and_then(millis);
        if let Some((span, asked)) = self.change.get("span").and_then(millis).zip(asked) {
            with("span", Value::from(if span < asked { span + 1 } else { span.saturating_sub(1) }));
        }
        if let Some(at) = time(self.change, "at") {
            with("at", Value::from(at.minus(MS).to_string()));
        }
        if let Some(start) = time(self.change, "start") {
            let asked = self.call.as_object().and_then(|call| time(call, "start")).unwrap_or(self.at);
            let one = if start < asked { start.plus(MS) } else { start.minus(MS) };
            with("start", Value::from(one.to_string()));
        }
        nearer
    }
}

fn passes(answer: &Value) -> bool {
    answer.get("ok").is_some_and(|explained| explained.get("refused").is_none())
}

fn time(change: &Map<String, Value>, direction: &str) -> Option<Timestamp> {
    change.get(direction)?.as_str()?.parse().ok()
}

/// A span as calls and answers write it.
fn millis(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse::<Span>().ok().map(Span::as_millis))
}

/// A text as it is asked for, where one of the words is.
fn word(lacking: &Value) -> Option<&'static str> {
    let least = lacking.get("min_length").and_then(Value::as_u64).unwrap_or(0);
    let pattern = lacking.get("pattern").and_then(Value::as_str).map(Pattern::new).transpose().ok()?;
    let long = |word: &str| u64::try_from(word.chars().count()).is_ok_and(|length| length >= least);
    let fits = |word: &str| pattern.as_ref().is_none_or(|pattern| pattern.fits(word));
    WORDS.iter().copied().find(|word| long(word) && fits(word))
}

fn give_reason(fields: &mut Map<String, Value>, lacking: &Value) {
    let (Some(text), Some(field)) = (word(lacking), lacking.get("field").and_then(Value::as_str)) else {
        return;
    };
    if field == "reason" {
        fields.insert("reason".to_owned(), Value::from(text));
        return;
    }
    let more = fields.entry("fields").or_insert_with(|| json!({}));
    if let Some(more) = more.as_object_mut() {
        more.insert(field.to_owned(), Value::from(text));
    }
}

fn leave_out(fields: &mut Map<String, Value>, without: &[Value]) {
    let Some(items) = fields.get_mut("items").and_then(Value::as_array_mut) else { return };
    items.retain(|item| {
        let resource = item.get("resource").and_then(Value::as_object);
        let mut identity: Map<String, Value> = resource
            .into_iter()
            .flatten()
            .filter(|(name, _)| matches!(name.as_str(), "integration" | "type" | "name"))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        identity
            .extend(item.get("permission").map(|permission| ("permission".to_owned(), permission.clone())));
        !without.contains(&Value::Object(identity))
    });
}

/// The actor, right after such a login: the methods and the level of before are not lost by it.
fn log_in(fields: &mut Map<String, Value>, login: &Value, now: Timestamp) {
    let Some(actor) = fields.get_mut("actor").and_then(Value::as_object_mut) else { return };
    let mut fresh = Map::from_iter([("at".to_owned(), Value::from(now.to_string()))]);
    for part in ["level", "methods"] {
        fresh.extend(login.get(part).map(|value| (part.to_owned(), value.clone())));
    }
    actor.insert("authenticated".to_owned(), Value::Object(fresh));
}
