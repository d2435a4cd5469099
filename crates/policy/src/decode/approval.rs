//! Who approves.

use tenure_core::flow::Quota;
use tenure_core::flow::approval_rule::{Approval, Decided, Lane, Order, Step, Tier};
use tenure_core::limits::{DECIDE_WITHIN_DEFAULT, SPAN_MIN_DEFAULT};

use super::reader::{Fields, Reader};
use super::{condition, people, requirement, shape};
use crate::document::{Node, Path, Value};
use crate::problem::{Code, quote};

/// `approval`: the word `automatic`, or a rule.
pub(super) fn read(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Approval> {
    match &node.value {
        Value::Text(word) if word == "automatic" => Some(Approval::Automatic),
        Value::Text(word) => {
            let message = format!("`approval` knows no {}", quote(word));
            let help = "write `automatic`, or who decides: `{steps: [{approvers: [manager]}]}`";
            reader.problem(Code::OutOfRange, path, node.place, message, help);
            None
        }
        Value::Map(_) => rule(reader, node, path).map(Approval::Decided),
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::List(_) => {
            reader.wrong(node, path, "`automatic` or fields, `steps` among them")
        }
    }
}

fn rule(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Decided> {
    let fields = reader.fields(node, path, &shape::APPROVAL)?;
    let words = [("in_turn", Order::InTurn), ("any", Order::Any)];
    Some(Decided {
        decide_within: fields
            .maybe(reader, path, "decide_within", Reader::span)
            .unwrap_or(DECIDE_WITHIN_DEFAULT),
        order: fields
            .maybe(reader, path, "order", |reader, node, path| reader.choice(node, path, &words))
            .unwrap_or_default(),
        denials: fields.maybe(reader, path, "denials", Reader::whole).unwrap_or(1),
        automatic: fields.maybe(reader, path, "automatic", lane),
        lists: lists(reader, &fields, path),
    })
}

fn lane(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Lane> {
    let fields = reader.fields(node, path, &shape::LANE)?;
    let when = fields.maybe(reader, path, "when", condition::one);
    let quota = (fields.has("times") || fields.has("per")).then(|| {
        let times = fields.must(reader, path, "times", "say how many times", Reader::whole);
        let per = fields.must(reader, path, "per", "say in which span", Reader::span);
        Quota { times: times.unwrap_or(1), per: per.unwrap_or(SPAN_MIN_DEFAULT) }
    });
    Some(Lane { when, quota })
}

/// `steps`, or `any_of` several of them.
fn lists(reader: &mut Reader, fields: &Fields<'_>, path: &Path<'_>) -> Vec<Vec<Step>> {
    match (fields.value("steps"), fields.value("any_of")) {
        (Some(_), Some(other)) => {
            let message = "`any_of` stands beside `steps`, and one list of steps suffices or all are needed";
            reader.problem(
                Code::Contradiction,
                &path.key("any_of"),
                other.place,
                message,
                "keep one of them",
            );
        }
        (None, None) => fields.missing(reader, path, "steps", "say who approves; `[]` would be nobody"),
        (Some(_), None) | (None, Some(_)) => {}
    }
    let own = fields.maybe(reader, path, "steps", steps);
    let several = fields.maybe(reader, path, "any_of", |reader, node, path| {
        let lists = reader.each(node, path, "a list of lists of steps", |reader, node, path| {
            let fields = reader.fields(node, path, &shape::LIST)?;
            fields.must(reader, path, "steps", "say who approves", steps)
        })?;
        if lists.len() == 1 {
            // One list is told of as `steps`; this is where it stands.
            let place = path.index(0);
            let place = place.key("steps").to_string();
            reader.moved.push(("approval.steps".to_owned(), place));
        }
        Some(lists)
    });
    match (own, several) {
        (Some(steps), _) => vec![steps],
        (None, Some(lists)) => lists,
        (None, None) => {
            reader.doubt(&path.key("any_of"));
            Vec::new()
        }
    }
}

/// A list of steps.
pub(super) fn steps(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Vec<Step>> {
    let mut number = 0_usize;
    reader.each(node, path, "a list of steps", |reader, node, path| {
        number = number.saturating_add(1);
        step(reader, node, path, number)
    })
}

fn step(reader: &mut Reader, node: &Node, path: &Path<'_>, number: usize) -> Option<Step> {
    let fields = reader.fields(node, path, &shape::STEP)?;
    let name = fields.maybe(reader, path, "name", Reader::words);
    Some(Step {
        name: name.unwrap_or_else(|| format!("step {number}")),
        approvers: fields
            .must(reader, path, "approvers", "say who may decide, such as `[manager]`", people::list)
            .unwrap_or_default(),
        needed: fields.maybe(reader, path, "needed", Reader::whole).unwrap_or(1),
        when: fields.maybe(reader, path, "when", condition::one),
        reason: fields.maybe(reader, path, "reason", Reader::truth).unwrap_or(false),
        mfa: fields.maybe(reader, path, "mfa", requirement::mfa),
        tell: fields.maybe(reader, path, "tell", Reader::truth).unwrap_or(true),
        escalate: fields
            .maybe(reader, path, "escalate", |reader, node, path| {
                reader.each(node, path, "a list of tiers", tier)
            })
            .unwrap_or_default(),
    })
}

fn tier(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Tier> {
    let fields = reader.fields(node, path, &shape::TIER)?;
    let after = fields.must(reader, path, "after", "say how long the step waits first", Reader::span);
    let to = fields.must(reader, path, "to", "say who is added", people::list);
    Some(Tier { after: after.unwrap_or(SPAN_MIN_DEFAULT), to: to.unwrap_or_default() })
}
