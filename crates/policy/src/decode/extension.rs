//! How a running grant may be extended.

use tenure_core::flow::Durations;
use tenure_core::flow::approval_rule::{Approval, Decided, Order};
use tenure_core::flow::extension_rule::{Anchor, DecidedBy, ExtensionApproval, ExtensionRule, GovernedBy};
use tenure_core::limits::SPAN_MIN_DEFAULT;
use tenure_core::time::Span;

use super::flow::{PLACEHOLDER, shorter};
use super::reader::Reader;
use super::{approval, condition, people, requirement, shape};
use crate::document::{Node, Path, Value};

/// `extension`, which leaves who approves to the flow's own `approval` where it says `same`.
pub(super) fn read(
    reader: &mut Reader,
    node: &Node,
    path: &Path<'_>,
    requests: &Approval,
) -> Option<ExtensionRule> {
    let fields = reader.fields(node, path, &shape::EXTENSION)?;
    let r = reader;
    Some(ExtensionRule {
        times: fields
            .must(r, path, "times", "say how many extensions there may be", Reader::whole)
            .unwrap_or(1),
        span: fields.must(r, path, "span", "write `span: {default: 30m}`", spans).unwrap_or(PLACEHOLDER),
        total: fields.maybe(r, path, "total", Reader::span),
        window: fields.maybe(r, path, "window", Reader::span),
        cool_down: fields.maybe(r, path, "cool_down", Reader::span).unwrap_or(Span::ZERO),
        anchor: fields
            .maybe(r, path, "anchor", |r, node, path| {
                r.choice(node, path, &[("end", Anchor::End), ("now", Anchor::Now)])
            })
            .unwrap_or_default(),
        governed_by: fields.maybe(r, path, "governed_by", governed_by).unwrap_or_default(),
        when: fields.maybe(r, path, "when", condition::one),
        others: fields.maybe(r, path, "others", people::list).unwrap_or_default(),
        reason: fields.maybe(r, path, "reason", requirement::reason).unwrap_or_default(),
        mfa: fields.maybe(r, path, "mfa", requirement::mfa),
        approval: fields
            .maybe(r, path, "approval", |r, node, path| by(r, node, path, requests))
            .unwrap_or(ExtensionApproval::Automatic),
    })
}

/// How long each may be: `default` must be said, the longest is the default.
fn spans(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Durations> {
    let fields = reader.fields(node, path, &shape::EXTENSION_SPANS)?;
    if !fields.has("default") {
        fields.missing(reader, path, "default", "one click gives this much");
    }
    let (min, default) = shorter(reader, &fields, path);
    let max = fields.maybe(reader, path, "max", Reader::span);
    if default.is_none() {
        reader.doubt(&path.key("max"));
    }
    let default = default.or(max).unwrap_or(SPAN_MIN_DEFAULT);
    Some(Durations { min, default, max: max.unwrap_or(default) })
}

fn governed_by(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<GovernedBy> {
    let words =
        [("today", GovernedBy::Today), ("granted", GovernedBy::Granted), ("stricter", GovernedBy::Stricter)];
    reader.choice(node, path, &words)
}

fn by(reader: &mut Reader, node: &Node, path: &Path<'_>, requests: &Approval) -> Option<ExtensionApproval> {
    match &node.value {
        Value::Text(word) if word == "automatic" => Some(ExtensionApproval::Automatic),
        Value::Text(word) if word == "same" => Some(match requests {
            // As requests are: by asking.
            Approval::Automatic => ExtensionApproval::Automatic,
            Approval::Decided(_) => ExtensionApproval::Decided {
                first: 0,
                bridge: None,
                decide_within: None,
                by: DecidedBy::Same,
            },
        }),
        Value::Text(word) => {
            reader.unknown_word(node, path, word, &["automatic", "same"]);
            None
        }
        Value::Map(_) => rule(reader, node, path),
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::List(_) => {
            reader.wrong(node, path, "`automatic`, `same` or fields, `steps` among them")
        }
    }
}

fn rule(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<ExtensionApproval> {
    let fields = reader.fields(node, path, &shape::EXTENSION_APPROVAL)?;
    let first = fields.maybe(reader, path, "first", Reader::whole).unwrap_or(0);
    let bridge = fields.maybe(reader, path, "bridge", Reader::span);
    let decide_within = fields.maybe(reader, path, "decide_within", Reader::span);
    let by = fields.must(reader, path, "steps", "say who decides: steps, or `same`", |reader, node, path| {
        match &node.value {
            Value::Text(word) if word == "same" => Some(DecidedBy::Same),
            Value::Text(word) => {
                reader.unknown_word(node, path, word, &["same"]);
                None
            }
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::List(_)
            | Value::Map(_) => {
                let steps = approval::steps(reader, node, path)?;
                Some(DecidedBy::Steps(Decided {
                    // Without one, they have until the access ends, whenever that is.
                    decide_within: decide_within.unwrap_or(Span::millis(u64::MAX)),
                    order: Order::InTurn,
                    denials: 1,
                    automatic: None,
                    lists: vec![steps],
                }))
            }
        }
    });
    Some(ExtensionApproval::Decided { first, bridge, decide_within, by: by? })
}
