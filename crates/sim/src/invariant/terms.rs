//! How often and how far grants may be extended, as the documents say it that were in force: read from their
//! fields, not from what the library made of them.

use std::collections::HashMap;

use serde_json::{Map, Value};
use tenure::tenure_policy::Policy;
use tenure::tenure_policy::document;
use tenure::{Span, tenure_core::id::FlowId};
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
pub(super) struct Terms(HashMap<FlowId, Bounds>);

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
        let flows = fields.get("flows").and_then(Value::as_array).into_iter().flatten();
        self.0 = flows
            .filter_map(|flow| Some((flow.get("id")?.as_str()?.parse().ok()?, Bounds::of(flow)?)))
            .collect();
    }

    /// What the flow says today.
    pub(super) fn today(&self, flow: &FlowId) -> Option<Bounds> {
        self.0.get(flow).copied()
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
