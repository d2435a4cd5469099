//! Lists of people: who may hold, who may ask, who is told.

use tenure_core::flow::selector::Selector;
use tenure_core::flow::{OwnRequests, Recipient, Requesters, Who};

use super::reader::Reader;
use super::{shape, target};
use crate::document::{Node, Path, Value};
use crate::problem::{Code, brief};

pub(super) fn selector(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Selector> {
    let text = reader.text_for(node, path, "a text such as `group:sre`")?;
    parsed(reader, text, node, path)
}

fn parsed(reader: &mut Reader, text: &str, node: &Node, path: &Path<'_>) -> Option<Selector> {
    if let Some(known) = reader.selectors.get(text) {
        return Some(known.clone());
    }
    if !target::fits(reader, text, node, path) {
        return None;
    }
    match text.parse::<Selector>() {
        Ok(selector) => {
            reader.selectors.insert(text.to_owned(), selector.clone());
            Some(selector)
        }
        Err(bad) => {
            let help = "`user:ID`, `group:NAME` and `role:NAME` name people; so do `everyone`, `manager` and `owner`";
            reader.problem(Code::BadSelector, path, node.place, brief(&bad.to_string()), help);
            None
        }
    }
}

/// A list of selectors.
pub(super) fn list(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Vec<Selector>> {
    reader.each(node, path, "a list of people, such as `[group:sre]`", selector)
}

pub(super) fn who(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Who> {
    let fields = reader.fields(node, path, &shape::WHO)?;
    Some(Who {
        any: fields
            .must(reader, path, "any", "say who, such as `[group:sre]` or `[everyone]`", list)
            .unwrap_or_default(),
        except: fields.maybe(reader, path, "except", list).unwrap_or_default(),
    })
}

/// Who may ask where nothing is said: everybody for themselves, nobody for another.
pub(super) fn own() -> Requesters {
    Requesters { own: OwnRequests::Everyone, others: Vec::new() }
}

pub(super) fn requesters(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Requesters> {
    let fields = reader.fields(node, path, &shape::REQUESTERS)?;
    let own = fields.maybe(reader, path, "self", |reader, node, path| match &node.value {
        Value::Bool(true) => Some(OwnRequests::Everyone),
        Value::Bool(false) => Some(OwnRequests::Nobody),
        Value::List(_) => list(reader, node, path).map(OwnRequests::Only),
        Value::Null | Value::Integer(_) | Value::Float(_) | Value::Text(_) | Value::Map(_) => {
            reader.wrong(node, path, "true, false or a list of people")
        }
    });
    Some(Requesters {
        own: own.unwrap_or(OwnRequests::Everyone),
        others: fields.maybe(reader, path, "others", list).unwrap_or_default(),
    })
}

/// `holder`, `channel:NAME`, or a selector.
pub(super) fn recipient(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Recipient> {
    let text = reader.text_for(node, path, "a text such as `holder` or `channel:#ops`")?;
    match (text, text.strip_prefix("channel:")) {
        ("holder", _) => Some(Recipient::Holder),
        (_, Some("")) => {
            let help = "write it like `channel:#ops`";
            reader.problem(Code::BadSelector, path, node.place, "the channel has no name", help);
            None
        }
        (_, Some(channel)) => Some(Recipient::Channel(channel.to_owned())),
        (text, None) => parsed(reader, text, node, path).map(Recipient::Selected),
    }
}
