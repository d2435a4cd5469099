//! A story with expectations, as it was read: every name resolved, every offset an instant.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use tenure_port::core::time::{Span, Timestamp};

use crate::shape::Answers;
use crate::want::Want;

/// One scenario of a file.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// What it pins, and why.
    pub why: Option<String>,
    /// The file it stands in, as that was named.
    pub file: Arc<str>,
    /// The line it begins on.
    pub line: u32,
    /// Every offset counts from here.
    pub start: Timestamp,
    /// Who confirms effects.
    pub effects: Effects,
    /// The policy in force at the start, as a JSON document.
    pub policy: Arc<Value>,
    /// People at the start, as calls write them, by name.
    pub people: BTreeMap<String, Arc<Value>>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// Who confirms effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effects {
    /// The runner does, every one at the end of the step that made it.
    Auto,
    /// The story does, by `provisioned` and `failed`.
    Manual,
}

/// One step of a story.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its number, from 1.
    pub number: usize,
    /// The line it begins on.
    pub line: u32,
    /// When it happens.
    pub at: Timestamp,
    /// Which clock that instant is read from.
    pub clock: StepClock,
    /// What happens.
    pub deed: Deed,
    /// What must come of it.
    pub expect: Vec<Want>,
}

/// Which clock a step's instant is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepClock {
    /// The story's: host and store agree.
    Story,
    /// That of a host that is behind: the story's own time stays.
    Back,
    /// That of a host ahead of its store: the story's own time stays.
    Ahead,
}

/// What happens in a step.
#[derive(Clone, Debug)]
pub enum Deed {
    /// A call through the port.
    Call(Ask),
    /// A worker's verdict on an effect.
    Verdict(Told),
    /// The store is closed and opened again.
    Restart,
    /// From here on this is what is known of a person.
    Person(String),
}

/// A call, but for what only the run knows.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The verb as the file writes it.
    pub verb: &'static str,
    /// What is answered.
    pub answers: Answers,
    /// Who gives it, by name in the file.
    pub who: Option<String>,
    /// The grant it is about.
    pub grant: Option<String>,
    /// The fields of the call.
    pub fields: Vec<(&'static str, Said)>,
    /// The command that is only explained.
    pub of: Option<Box<Ask>>,
}

/// What a field of a call says.
#[derive(Clone, Debug)]
pub enum Said {
    /// The value itself.
    Json(Value),
    /// A value that many steps share.
    Shared(Arc<Value>),
    /// The scenario's context with the step's own on top.
    Context(Arc<Map<String, Value>>, Map<String, Value>),
    /// Items with the facts of their resources.
    Items(Vec<Named>),
    /// Items by identity alone.
    Only(Vec<Named>),
    /// One item by identity alone.
    Item(Named),
    /// The grant's own content hash.
    OwnContent,
    /// The revision of the document in force.
    OwnRevision,
}

/// An item as the file names it.
#[derive(Clone, Debug)]
pub struct Named {
    /// `resource/permission`.
    pub text: String,
    /// The resource as calls write it.
    pub resource: Arc<Value>,
    /// The permission.
    pub permission: String,
}

/// A worker's verdict on an effect.
#[derive(Clone, Debug)]
pub struct Told {
    /// The verb as the file writes it.
    pub verb: &'static str,
    /// The grant.
    pub grant: String,
    /// The effect's kind.
    pub effect: String,
    /// What went wrong; nothing where the effect was carried out.
    pub error: Option<String>,
    /// Whether trying again is of no use.
    pub last: bool,
    /// Items that the holder had before.
    pub already_held: Vec<Named>,
}

impl Step {
    /// The verb as the file writes it.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match &self.deed {
            Deed::Call(ask) => ask.verb,
            Deed::Verdict(told) => told.verb,
            Deed::Restart => "restart",
            Deed::Person(_) => "person",
        }
    }

    /// The grant it is about.
    #[must_use]
    pub fn grant(&self) -> Option<&str> {
        match &self.deed {
            Deed::Call(ask) => ask.grant.as_deref(),
            Deed::Verdict(told) => Some(&told.grant),
            Deed::Restart | Deed::Person(_) => None,
        }
    }
}

impl Ask {
    /// The text of a field, where the file says it as one.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_str()
    }

    /// The value of a field, where reading the file was enough to know it.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        match self.said(name)? {
            Said::Json(value) => Some(value),
            Said::Shared(value) => Some(value),
            Said::Context(..)
            | Said::Items(_)
            | Said::Only(_)
            | Said::Item(_)
            | Said::OwnContent
            | Said::OwnRevision => None,
        }
    }

    /// The items of a field, as the file names them.
    #[must_use]
    pub fn items(&self, name: &str) -> Vec<&str> {
        match self.said(name) {
            Some(Said::Item(item)) => vec![&item.text],
            Some(Said::Items(items) | Said::Only(items)) => items.iter().map(|item| &*item.text).collect(),
            Some(
                Said::Json(_) | Said::Shared(_) | Said::Context(..) | Said::OwnContent | Said::OwnRevision,
            )
            | None => Vec::new(),
        }
    }

    fn said(&self, name: &str) -> Option<&Said> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, said)| said)
    }
}

impl Scenario {
    /// An instant as the file would write it: an offset from the start.
    #[must_use]
    pub fn offset(&self, at: Timestamp) -> String {
        offset(self.start, at)
    }
}

/// An instant as an offset from the start: `62m`, `2h 2m`, `-5m`.
#[must_use]
pub fn offset(start: Timestamp, at: Timestamp) -> String {
    let sign = if at < start { "-" } else { "" };
    let span = if at < start { start.since(at) } else { at.since(start) };
    format!("{sign}{span}")
}

/// Reads an offset from the start, or an instant.
pub(crate) fn instant(text: &str, start: Timestamp) -> Result<Timestamp, String> {
    if let Some(before) = text.strip_prefix('-')
        && let Ok(span) = before.parse::<Span>()
    {
        return Ok(start.minus(span));
    }
    match text.parse::<Span>() {
        Ok(span) => Ok(start.plus(span)),
        Err(_) => text.parse::<Timestamp>().map_err(|_| {
            format!("{} is neither an offset from the start nor an instant", crate::trouble::quote(text))
        }),
    }
}
