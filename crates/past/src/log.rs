//! Who did what when, who was refused, and what time alone made true: which records are meant, and their rows.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tenure_core::time::Timestamp;

use crate::words::sentence;

/// The names of the cells.
pub const HEAD: [&str; 10] =
    ["position", "at", "actor", "command", "grant", "flow", "holder", "what", "code", "words"];

/// Which records are meant: those that match all that is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What this person did, and what happened to grants of which they are the holder.
    pub person: Option<String>,
    /// What happened at this instant or later.
    pub since: Option<Timestamp>,
    /// Of grants under this flow. A refusal that is about no grant is under none.
    pub flow: Option<String>,
    /// Refusals.
    pub refused: bool,
}

/// Whose a grant is, and under which flow, as its request says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Whom the access is for.
    pub holder: String,
    /// The flow.
    pub flow: String,
}

/// Whoever knows whose grants are.
pub trait Grants {
    /// What is known of that grant.
    fn about(&mut self, grant: &str) -> Option<About>;
}

/// Grants whose requests were read.
impl Grants for BTreeMap<String, About> {
    fn about(&mut self, grant: &str) -> Option<About> {
        self.get(grant).cloned()
    }
}

/// The grant that a request says something of, where the record is one.
#[must_use]
pub fn requested(record: &Json) -> Option<(String, About)> {
    let of = |at: &str| record.pointer(at).and_then(Json::as_str).unwrap_or_default().to_owned();
    let about = || (of("/grant"), About { holder: of("/origin/holder/id"), flow: of("/origin/flow") });
    (record.get("event").and_then(Json::as_str) == Some("requested")).then(about)
}

impl Wanted {
    /// Whether that record is meant.
    pub fn wants(&self, record: &Json, grants: &mut impl Grants) -> bool {
        let at = record.get("at").and_then(Json::as_str).and_then(|at| at.parse::<Timestamp>().ok());
        if self.since.is_some_and(|since| at.is_none_or(|at| at < since))
            || (self.refused && code(record).is_none())
        {
            return false;
        }
        if self.flow.is_none() && self.person.is_none() {
            return true;
        }
        let abouts: Vec<About> = about(record, grants);
        self.flow.as_ref().is_none_or(|flow| abouts.iter().any(|about| about.flow == *flow))
            && self.person.as_ref().is_none_or(|person| {
                by(record) == Some(person) || abouts.iter().any(|about| about.holder == *person)
            })
    }
}

/// The grants that a record is about: one, or many that ended at once.
fn about(record: &Json, grants: &mut impl Grants) -> Vec<About> {
    let many = record.get("grants").and_then(Json::as_array).into_iter().flatten();
    let ids = record.get("grant").into_iter().chain(many).filter_map(Json::as_str);
    ids.filter_map(|id| grants.about(id)).collect()
}

fn by(record: &Json) -> Option<&str> {
    record.pointer("/cause/actor").or_else(|| record.get("actor"))?.as_str()
}

/// The code of a refusal, where the record is one.
#[must_use]
pub fn code(record: &Json) -> Option<&str> {
    record.get("refused").or_else(|| record.get("more_refused"))?.as_str()
}

/// Its place in the record.
#[must_use]
pub fn position(record: &Json) -> u64 {
    record.get("position").and_then(Json::as_u64).unwrap_or_default()
}

/// What sort of record it is: the event, or `refused`, `more_refused`, `published`, `revoked_many`.
#[must_use]
pub fn what(record: &Json) -> String {
    if let Some(event) = record.get("event").and_then(Json::as_str) {
        return event.to_owned();
    }
    let sorts = ["refused", "more_refused", "published"];
    sorts.iter().find(|sort| record.get(sort).is_some()).map_or("revoked_many", |sort| sort).to_owned()
}

/// What it says, with instants in UTC.
#[must_use]
pub fn words(record: &Json) -> String {
    sentence(record, &|at: Timestamp| at.to_string())
}

/// The cells of a row, in the order of [`HEAD`].
pub fn cells(record: &Json, grants: &mut impl Grants) -> Vec<String> {
    let plain = |at: &str| record.pointer(at).and_then(Json::as_str).unwrap_or_default().to_owned();
    let about = record.get("grant").and_then(Json::as_str).and_then(|grant| grants.about(grant));
    let about = about.unwrap_or_default();
    let command = match plain("/cause/command") {
        none if none.is_empty() => plain("/command"),
        command => command,
    };
    let actor = by(record).unwrap_or("time").to_owned();
    let code = code(record).unwrap_or_default().to_owned();
    let (position, grant, at) = (position(record).to_string(), plain("/grant"), plain("/at"));
    vec![position, at, actor, command, grant, about.flow, about.holder, what(record), code, words(record)]
}
