//! A policy is changed in one thing, at random or where it hurts somebody who is waiting.

use serde_json::{Value, json};

use super::targets::list;
use super::{Author, Document, FLOWS, put};
use crate::workload::theme::Feature;

/// What a change takes from whoever holds access, or is about to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::workload) enum Aim {
    /// Nobody extends any more.
    NoExtension,
    /// Only one extension.
    OneExtension,
    Disabled,
    /// The flow is left out.
    Removed,
    /// The flow offers other items.
    OtherItems,
    /// Whoever holds the access is excepted.
    HolderOut,
    /// Only others may ask.
    RequesterOut,
    /// A condition that cannot be met, or not be evaluated.
    Condition,
    /// A guard that nobody passes.
    Guard,
    /// Whatever else the person holds is in conflict.
    Conflict,
    /// The flow ends in a moment.
    Until,
    /// Quotas are full.
    Quota,
}

/// Every aim.
pub(in crate::workload) const AIMS: [Aim; 12] = [
    Aim::NoExtension,
    Aim::OneExtension,
    Aim::Disabled,
    Aim::Removed,
    Aim::OtherItems,
    Aim::HolderOut,
    Aim::RequesterOut,
    Aim::Condition,
    Aim::Guard,
    Aim::Conflict,
    Aim::Until,
    Aim::Quota,
];

/// Changes one thing. Flows that are left out are kept in `gone` and may come back.
pub(in crate::workload) fn mutate(
    author: &mut Author<'_>,
    document: &mut Document,
    gone: &mut Vec<Value>,
    aim: Option<(&str, Aim)>,
) {
    match aim {
        Some((flow, aim)) => aimed(author, document, gone, flow, aim),
        None => anything(author, document, gone),
    }
    references(document);
}

fn anything(author: &mut Author<'_>, document: &mut Document, gone: &mut Vec<Value>) {
    match author.dice.count(0, 11) {
        0 => {
            let place = author.dice.place(flows(document).len());
            if flows(document).len() > 1 {
                gone.push(flows(document).remove(place));
            }
        }
        1 | 2 => {
            // One that was written anew meanwhile does not come back.
            gone.retain(|flow| !list(document.get("flows")).any(|known| known.get("id") == flow.get("id")));
            let place = author.dice.place(gone.len());
            match (gone.get(place).cloned(), document.contains_key("scopes")) {
                (Some(flow), scopes) if scopes || !uses_shelf(&flow) => {
                    gone.remove(place);
                    flows(document).push(flow);
                }
                (_, scopes) => another(author, document, scopes),
            }
        }
        3 => {
            document.remove("guards");
        }
        4 => {
            document.remove("conflicts");
            document.remove("kits");
            author.beside(document);
        }
        5 => {
            let shelf = document.contains_key("scopes");
            let number = author.dice.count(2, 99);
            let guard = author.guard(number, shelf);
            push(document, "guards", guard);
        }
        _ => {
            let place = author.dice.place(flows(document).len());
            let scopes = document.contains_key("scopes");
            if let Some(flow) = flows(document).get_mut(place).and_then(Value::as_object_mut) {
                field(author, flow, scopes);
                mended(flow);
            }
        }
    }
}

/// A flow that is not there yet.
fn another(author: &mut Author<'_>, document: &mut Document, scopes: bool) {
    let known = |id: &str, document: &Document| list(document.get("flows")).any(|flow| named(flow, id));
    if let Some(id) = FLOWS.iter().find(|id| !known(id, document)) {
        let flow = author.flow(id, scopes);
        flows(document).push(flow.into());
    }
}

/// One field of a flow is written anew.
fn field(author: &mut Author<'_>, flow: &mut Document, scopes: bool) {
    let approved = flow.get("approval").is_some_and(Value::is_object);
    let whole = flow.get("take").is_some_and(|take| take == "all");
    match author.dice.count(0, 12) {
        0 => {
            let enabled = flow.get("enabled").is_some_and(|enabled| enabled == false);
            put(flow, "enabled", json!(enabled));
        }
        1 => put(flow, "who", author.who()),
        2 => put(flow, "duration", author.duration()),
        3 => put(flow, "approval", author.approval()),
        4 | 5 if author.theme.has(Feature::Extension) => put(flow, "extension", author.extension(approved)),
        6 => put(flow, "limits", author.limits()),
        7 if author.theme.has(Feature::Hours) => put(flow, "hours", author.hours()),
        8 if author.theme.has(Feature::Conditions) => put(flow, "when", author.when()),
        9 => put(flow, "revoke_by", author.named()),
        10 if author.theme.has(Feature::Until) => {
            let until = author.until();
            put(flow, "until", until);
        }
        11 if !whole => put(flow, "what", author.targets(scopes)),
        _ => put(flow, "description", json!(format!("as of {}", author.now))),
    }
}

fn aimed(author: &mut Author<'_>, document: &mut Document, gone: &mut Vec<Value>, id: &str, aim: Aim) {
    let scopes = document.contains_key("scopes");
    let place = list(document.get("flows")).position(|flow| named(flow, id));
    let Some(place) = place else { return another(author, document, scopes) };
    match aim {
        Aim::Removed => gone.push(flows(document).remove(place)),
        Aim::Guard => {
            let guard = match author.dice.count(0, 2) {
                0 => json!({"name": "lock", "what": [{}], "require": {"max": "1s"}}),
                1 => json!({"name": "lock", "what": [{}], "require": {"approval": "steps"}}),
                _ => json!({"name": "lock", "what": [{}], "require": {"when": "principal.level > 90"}}),
            };
            push(document, "guards", guard);
        }
        Aim::Conflict => {
            let others = list(document.get("flows")).filter(|flow| !named(flow, id));
            let mut flows: Vec<Value> = others.filter_map(|flow| flow.get("id").cloned()).collect();
            flows.push(json!(id));
            push(document, "conflicts", json!({"name": "all", "flows": flows}));
        }
        Aim::NoExtension
        | Aim::OneExtension
        | Aim::Disabled
        | Aim::OtherItems
        | Aim::HolderOut
        | Aim::RequesterOut
        | Aim::Condition
        | Aim::Until
        | Aim::Quota => {
            if let Some(flow) = flows(document).get_mut(place).and_then(Value::as_object_mut) {
                narrowed(author, flow, aim);
                mended(flow);
            }
        }
    }
}

fn narrowed(author: &mut Author<'_>, flow: &mut Document, aim: Aim) {
    match aim {
        Aim::NoExtension => {
            flow.remove("extension");
        }
        Aim::OneExtension => {
            if let Some(extension) = flow.get_mut("extension").and_then(Value::as_object_mut) {
                put(extension, "times", json!(1));
            }
        }
        Aim::Disabled => put(flow, "enabled", json!(false)),
        Aim::OtherItems => {
            let what = json!([{"integration": "elsewhere", "type": "box", "names": ["one"], "permissions": ["read"]}]);
            put(flow, "what", what);
        }
        Aim::HolderOut => put(flow, "who", json!({"any": ["user:nobody-knows"]})),
        Aim::RequesterOut => put(flow, "requesters", json!({"self": false, "others": ["user:nobody-knows"]})),
        Aim::Condition => {
            let when = author.dice.word(&["principal.level > 90", "context.on_call && principal.level > 90"]);
            put(flow, "when", json!(when));
        }
        Aim::Until => {
            let millis = author.dice.number(0, 3);
            put(flow, "until", json!(author.now.plus(tenure::Span::millis(millis)).to_string()));
        }
        Aim::Quota => {
            let quota = json!({"times": 1, "per": "40d"});
            put(flow, "limits", json!({"requests": quota, "extensions": quota}));
        }
        Aim::Removed | Aim::Guard | Aim::Conflict => {}
    }
}

/// What the change made a contradiction is taken out.
fn mended(flow: &mut Document) {
    let automatic = flow.get("approval").is_some_and(Value::is_string);
    match flow.get_mut("extension").and_then(Value::as_object_mut) {
        Some(extension) => {
            let same = extension
                .get("approval")
                .and_then(|rule| rule.get("steps"))
                .is_some_and(|steps| steps == "same");
            if automatic && same {
                extension.remove("approval");
            }
            let times = extension.get("times").and_then(Value::as_u64).unwrap_or(1);
            if let Some(first) = extension.get_mut("approval").and_then(|rule| rule.get_mut("first"))
                && first.as_u64().unwrap_or(0) > times
            {
                *first = json!(times);
            }
        }
        None => {
            if let Some(glass) = flow.get_mut("break_glass").and_then(Value::as_object_mut) {
                glass.remove("extendable");
            }
        }
    }
}

/// Kits and conflicts name no flow that is not there.
fn references(document: &mut Document) {
    let there: Vec<String> = list(document.get("flows"))
        .filter_map(|flow| flow.get("id").and_then(Value::as_str))
        .map(str::to_owned)
        .collect();
    let known = |id: &Value| id.as_str().is_some_and(|id| there.iter().any(|known| known == id));
    let thinned = |list: Option<&mut Value>, inner: &str, least: usize, keeps: &dyn Fn(&Value) -> bool| {
        let Some(list) = list.and_then(Value::as_array_mut) else { return };
        for entry in list.iter_mut() {
            if let Some(inner) = entry.get_mut(inner).and_then(Value::as_array_mut) {
                inner.retain(keeps);
            }
        }
        list.retain(|entry| {
            entry.get(inner).and_then(Value::as_array).is_some_and(|inner| inner.len() >= least)
        });
    };
    thinned(document.get_mut("kits"), "items", 1, &|item| item.get("flow").is_some_and(known));
    thinned(document.get_mut("conflicts"), "flows", 2, &known);
}

fn flows(document: &mut Document) -> &mut Vec<Value> {
    array(document, "flows")
}

fn push(document: &mut Document, name: &str, value: Value) {
    let list = array(document, name);
    // A guard or a conflict that hurts is taken back by the next that does.
    list.truncate(2);
    list.push(value);
}

#[expect(clippy::expect_used, reason = "it was made a list the line before")]
fn array<'d>(document: &'d mut Document, name: &str) -> &'d mut Vec<Value> {
    let list = document.entry(name).or_insert_with(|| json!([]));
    if !list.is_array() {
        *list = json!([]);
    }
    list.as_array_mut().expect("a list")
}

fn named(flow: &Value, id: &str) -> bool {
    flow.get("id").is_some_and(|known| known == id)
}

fn uses_shelf(flow: &Value) -> bool {
    list(flow.get("what")).any(|target| target.get("scope").is_some())
}
