//! Conditions, compiled once however often they are written.

use std::sync::Arc;

use tenure_core::flow::condition::{Condition, Named};

use super::reader::Reader;
use super::shape;
#[cfg(feature = "cedar")]
use crate::document::Place;
use crate::document::{Node, Path, Value};

/// Where the condition's own problem has no remedy to tell.
#[cfg(feature = "cedar")]
const OTHERWISE: &str = "conditions are Cedar expressions over `principal`, `resource` and `context`";

const EXPECTED: &str = "a text: a condition such as `context.on_call`";

/// One condition.
pub(super) fn one(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Arc<dyn Condition>> {
    let text = reader.text_for(node, path, EXPECTED)?;
    if let Some(known) = reader.conditions.get(text) {
        return Some(Arc::clone(known));
    }
    let compiled = compile(reader, text, node, path)?;
    reader.conditions.insert(text.to_owned(), Arc::clone(&compiled));
    Some(compiled)
}

/// `when` of a flow: one condition, or a list of them, each with a name and a message if it likes.
pub(super) fn list(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Vec<Named>> {
    match &node.value {
        Value::Text(_) => named(reader, node, path).map(|one| vec![one]),
        Value::Null
        | Value::Bool(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::List(_)
        | Value::Map(_) => reader.each(node, path, "a condition or a list of them", named),
    }
}

fn named(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Named> {
    match &node.value {
        Value::Map(_) => {
            let fields = reader.fields(node, path, &shape::CONDITION)?;
            let name = fields.maybe(reader, path, "name", Reader::words);
            let message = fields.maybe(reader, path, "message", Reader::words);
            let is = fields.must(reader, path, "is", "write the condition itself", one)?;
            Some(Named { name: name.unwrap_or_else(|| is.source().to_owned()), is, message })
        }
        Value::Null
        | Value::Bool(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::List(_) => {
            let is = one(reader, node, path)?;
            Some(Named { name: is.source().to_owned(), is, message: None })
        }
    }
}

#[cfg(feature = "cedar")]
fn compile(reader: &mut Reader, text: &str, node: &Node, path: &Path<'_>) -> Option<Arc<dyn Condition>> {
    use crate::problem::{Code, brief};

    match crate::condition::compile(text, reader.types.as_ref()) {
        Ok(condition) => Some(condition),
        Err(bad) => {
            for wrong in std::iter::once(&bad).chain(&bad.also) {
                let help = wrong.help.as_deref().map_or_else(|| OTHERWISE.to_owned(), brief);
                let place = wrong.at.clone().and_then(|at| inside(text, node.place, at));
                let place = place.unwrap_or(node.place);
                reader.problem(Code::BadCondition, path, place, brief(&wrong.message), &help);
            }
            None
        }
    }
}

/// The place of these bytes of a text, where the document writes the text as it is: plain, or in quotes on
/// one line with nothing escaped.
#[cfg(feature = "cedar")]
fn inside(text: &str, whole: Place, at: std::ops::Range<usize>) -> Option<Place> {
    let count = |text: &str| u32::try_from(text.chars().count()).ok();
    let quote = match whole.width.checked_sub(count(text)?)? {
        0 => 0,
        2 => 1,
        _ => return None,
    };
    let before = count(text.get(..at.start)?)?;
    let width = count(text.get(at)?)?.max(1);
    let column = whole.column.checked_add(quote)?.checked_add(before)?;
    whole.line().map(|_| Place { column, width, ..whole })
}

#[cfg(not(feature = "cedar"))]
fn compile(reader: &mut Reader, _: &str, node: &Node, path: &Path<'_>) -> Option<Arc<dyn Condition>> {
    let help = "build it with the feature `cedar`, or leave the condition out";
    let message = "this build of the library knows no conditions";
    reader.problem(crate::problem::Code::Unsupported, path, node.place, message, help);
    None
}
