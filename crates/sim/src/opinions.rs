//! The library's answers beside those of a second implementation.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use tenure::tenure_core::event::Happened;
use tenure::tenure_core::record::{Entry, Record};
use tenure::{GrantId, Namespace};
use tenure_port::Answer;

use crate::advice;
use crate::auditor::{Auditor, Given, comparable};
use crate::episode::Luck;
use crate::finding::{Finding, Kind};
use crate::invariant::Moment;

/// Somebody else who answers the same calls.
pub trait Opinion {
    /// The answer to a call as JSON, while the store's clock shows that instant in milliseconds since 1970.
    fn answer(&mut self, call: &Value, clock: i64) -> Value;

    /// What was put on record by the last call; nothing where that is not its to say.
    fn written(&self) -> Option<Vec<Value>> {
        None
    }
}

impl<G: Given> Opinion for Auditor<G> {
    fn answer(&mut self, call: &Value, clock: i64) -> Value {
        Self::answer(self, call, clock)
    }

    fn written(&self) -> Option<Vec<Value>> {
        Some(Self::written(self).to_vec())
    }
}

/// Both opinions, call by call.
pub struct Opinions {
    second: Box<dyn Opinion>,
    contents: HashMap<GrantId, Contents>,
    luck: Luck,
    advised: u64,
}

/// The hashes of what approvers decide on.
#[derive(Debug, Default)]
struct Contents {
    request: String,
    extension: Option<String>,
}

impl Opinions {
    /// With that second opinion; what refusals advise is tried by luck.
    #[must_use]
    pub fn new(second: Box<dyn Opinion>, luck: Luck) -> Self {
        Self { second, contents: HashMap::new(), luck, advised: 0 }
    }

    /// How many refusals said what would pass, and were tried.
    #[must_use]
    pub const fn advised(&self) -> u64 {
        self.advised
    }

    /// Asks the other one the same, and compares.
    pub(crate) fn compare(&mut self, moment: &Moment<'_>) -> Result<(), Finding> {
        let unwritten = |error: serde_json::Error| unwritten(&error);
        let mut call = serde_json::to_value(moment.call).map_err(unwritten)?;
        self.translate(&mut call);
        let answer = serde_json::to_value(moment.answer).map_err(unwritten)?;
        if let (Some(next), Some(fields)) = (answer.pointer("/ok/next"), call.as_object_mut()) {
            // Where a page ends is the library's to say; what is on it, and that nothing is left out, is not.
            fields.insert("next".to_owned(), next.clone());
        }
        let theirs = self.second.answer(&call, moment.clock.millis());
        self.learn(moment);
        same(moment, "", &comparable(&answer), &theirs)?;
        if let Some(theirs) = self.second.written() {
            let ours = moment.records.iter().map(|record| serde_json::to_value(&**record));
            let ours: Vec<_> = ours.collect::<Result<_, _>>().map_err(unwritten)?;
            let [ours, theirs] = [comparable(&json!({"records": ours})), json!({"records": theirs})];
            same(moment, "written ", &ours, &theirs)?;
        }
        self.advice(moment, &call)
    }

    /// A hash of ours says nothing to another: whether it is the right one is all it is told.
    fn translate(&self, call: &mut Value) {
        if let Some(of) = call.get_mut("of") {
            self.translate(of);
        }
        let Some(fields) = call.as_object_mut() else { return };
        if let Some(id) = made_up(fields) {
            fields.insert("grant".to_owned(), Value::from(id));
        }
        let Some(said) = fields.get("content").and_then(Value::as_str) else { return };
        let grant = fields.get("grant").and_then(Value::as_str);
        let known = grant.and_then(|grant| self.contents.get(grant));
        let of_extension = matches!(
            fields.get("call").and_then(Value::as_str),
            Some("approve_extension" | "deny_extension")
        );
        let right = known.is_some_and(|known| {
            if of_extension { known.extension.as_deref() == Some(said) } else { known.request == said }
        });
        fields.insert("own_content".to_owned(), Value::from(right));
    }

    fn learn(&mut self, moment: &Moment<'_>) {
        for record in moment.records {
            let Record { entry: Entry::Event(event), .. } = &**record else { continue };
            if let Happened::Requested(requested) = &event.happened {
                let contents = Contents { request: requested.origin.content.clone(), extension: None };
                self.contents.insert(event.grant.clone(), contents);
            } else if let Happened::ExtensionAsked(asked) = &event.happened
                && let Some(contents) = self.contents.get_mut(&event.grant)
            {
                contents.extension = Some(asked.asked.content.clone());
            }
        }
    }

    fn advice(&mut self, moment: &Moment<'_>, call: &Value) -> Result<(), Finding> {
        let Answer::Refused(refusal) = moment.answer else { return Ok(()) };
        let Some(change) = &refusal.would_pass else { return Ok(()) };
        let Some(refused) = advice::refused(moment) else { return Ok(()) };
        if !self.luck.strikes(refused.command.as_str()) {
            return Ok(());
        }
        let change = serde_json::to_value(change).map_err(|error| unwritten(&error))?;
        let Some(advice) =
            change.as_object().and_then(|change| advice::Advice::new(call, change, refused.at))
        else {
            return Ok(());
        };
        self.advised += 1;
        let wrong = advice.wrong(&mut |call, clock| self.second.answer(call, clock));
        wrong.map_or(Ok(()), |(wrong, expected)| {
            let kind =
                Kind::Advice { call: moment.call.name(), code: refusal.code.as_str().to_owned(), wrong };
            let library = json!({ "refused": refusal }).to_string();
            Err(Finding { step: 0, kind, library, expected })
        })
    }
}

/// Finds where two answers differ, or what they put on record.
fn same(moment: &Moment<'_>, what: &str, ours: &Value, theirs: &Value) -> Result<(), Finding> {
    if ours == theirs {
        return Ok(());
    }
    let place = format!("{what}{}", place(ours, theirs));
    let kind = Kind::Differs { call: moment.call.name(), place };
    Err(Finding { step: 0, kind, library: ours.to_string(), expected: theirs.to_string() })
}

/// The id of a grant that the caller gave none. It is a hash, too; but it says in which order grants come.
fn made_up(fields: &Map<String, Value>) -> Option<String> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let named = text("call") != Some("request") || fields.contains_key("grant");
    let command = text("command_id").filter(|_| !named)?.parse().ok()?;
    Some(GrantId::of(&Namespace::new("default").ok()?, &command).to_string())
}

fn unwritten(error: &serde_json::Error) -> Finding {
    let kind = Kind::Fault("json".to_owned());
    Finding {
        step: 0,
        kind,
        library: error.to_string(),
        expected: "a call and an answer have a JSON form".to_owned(),
    }
}

/// Where two answers part: their outcomes, or the first field that is not the same.
fn place(ours: &Value, theirs: &Value) -> String {
    let (one, other) = (outcome(ours), outcome(theirs));
    if one == other { format!("{one}{}", path(ours, theirs)) } else { format!("{one}, not {other}") }
}

/// `ok`, or the code with which it was refused or failed.
fn outcome(answer: &Value) -> String {
    let Some((sort, value)) = answer.as_object().and_then(|fields| fields.iter().next()) else {
        return "nothing".to_owned();
    };
    value.get("code").and_then(Value::as_str).filter(|_| sort != "ok").unwrap_or(sort).to_owned()
}

fn path(ours: &Value, theirs: &Value) -> String {
    match (ours, theirs) {
        (Value::Object(one), Value::Object(other)) => {
            let names = one.keys().chain(other.keys());
            let mut parts = names.filter(|name| one.get(*name) != other.get(*name));
            parts.next().map_or_else(String::new, |name| {
                let null = Value::Null;
                let (one, other) = (one.get(name).unwrap_or(&null), other.get(name).unwrap_or(&null));
                format!(".{name}{}", path(one, other))
            })
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let mut parts = one.iter().zip(other).filter(|(one, other)| one != other);
            parts.next().map_or_else(String::new, |(one, other)| format!("[]{}", path(one, other)))
        }
        _ => String::new(),
    }
}
