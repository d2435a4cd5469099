//! How often and how far grants may be extended, as the documents say it that were in force: read from their
//! fields, not from what the library made of them.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};
use tenure::tenure_policy::Policy;
use tenure::tenure_policy::document;
use tenure::{Span, Timestamp, tenure_core::id::FlowId};
use tenure_port::call::{Document, Format};
use tenure_port::{Answer, Call};

use super::Moment;

/// What a flow says about extending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) times: u64,
    pub(super) total: Option<Span>,
    governed_by: GovernedBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GovernedBy {
    Today,
    Granted,
    Stricter,
}

/// The flows in force.
#[derive(Debug, Default)]
pub(super) struct Terms {
    extending: HashMap<FlowId, Bounds>,
    /// Every `until` that a flow ever had.
    until: HashMap<FlowId, BTreeSet<Timestamp>>,
}

impl Terms {
    /// Takes note of a document that was put in force. One that is given again is in force already, or is not
    /// put in force a second time.
    pub(super) fn saw(&mut self, moment: &Moment<'_>) {
        let (Call::Publish(publish), Answer::Ok(_), false) =
            (moment.call, moment.answer, moment.records.is_empty())
        else {
            return;
        };
        let read;
        let fields = match &publish.policy {
            Document::Fields(fields) => fields,
            Document::Text(text) => {
                read = fields(text, publish.format);
                &read
            }
        };
        let flows = || fields.get("flows").and_then(Value::as_array).into_iter().flatten();
        let text = |flow: &Value, field| flow.get(field).and_then(Value::as_str).map(str::to_owned);
        let id = |flow: &Value| text(flow, "id")?.parse::<FlowId>().ok();
        self.extending = flows().filter_map(|flow| Some((id(flow)?, Bounds::of(flow)?))).collect();
        for (id, until) in flows().filter_map(|flow| Some((id(flow)?, text(flow, "until")?.parse().ok()?))) {
            self.until.entry(id).or_default().insert(until);
        }
    }

    /// Every `until` that the flow ever had.
    pub(super) fn until(&self, flow: &FlowId) -> impl Iterator<Item = Timestamp> {
        self.until.get(flow).into_iter().flatten().copied()
    }

    /// What the flow says today.
    pub(super) fn today(&self, flow: &FlowId) -> Option<Bounds> {
        self.extending.get(flow).copied()
    }

    /// What binds an extension that is asked for now, of a grant that was asked for under other terms.
    pub(super) fn bounds(&self, flow: &FlowId, granted: Option<Bounds>) -> Option<Bounds> {
        let today = self.today(flow)?;
        match today.governed_by {
            GovernedBy::Today => Some(today),
            GovernedBy::Granted => granted,
            GovernedBy::Stricter => {
                let granted = granted?;
                let total = [today.total, granted.total].into_iter().flatten().min();
                Some(Bounds { times: today.times.min(granted.times), total, ..today })
            }
        }
    }
}

impl Bounds {
    fn of(flow: &Value) -> Option<Self> {
        let rule = flow.get("extension")?;
        let governed_by = match rule.get("governed_by").and_then(Value::as_str) {
            Some("granted") => GovernedBy::Granted,
            Some("stricter") => GovernedBy::Stricter,
            Some(_) | None => GovernedBy::Today,
        };
        let total = rule.get("total").and_then(Value::as_str).and_then(|total| total.parse().ok());
        Some(Self { times: rule.get("times")?.as_u64()?, total, governed_by })
    }
}

/// The fields of a document that was written as a text.
fn fields(text: &str, format: Option<Format>) -> Map<String, Value> {
    let format = match format {
        Some(Format::Toml) => document::Format::Toml,
        Some(Format::Json) => document::Format::Json,
        Some(Format::Yaml) | None => document::Format::Yaml,
    };
    let source = Policy::from_text(text, format).ok().map(|policy| policy.source().to_owned());
    source.and_then(|source| serde_json::from_str(&source).ok()).unwrap_or_default()
}
