//! The client of Node: shapes and methods in JavaScript, and their types.

mod methods;
mod types;

use super::Printed;
use super::model::{Answer, Body, Kind, Many, Model};

/// Calls that have a synchronous twin: questions that are asked before every page and never wait for a disk to flush.
const TWINS: &[&str] = &["holds", "offer"];

pub(super) fn print(model: &Model) -> Result<Vec<Printed>, String> {
    Ok(vec![
        Printed { path: "bindings/node/lib/shapes.js", text: methods::shapes(model)? },
        Printed { path: "bindings/node/lib/calls.js", text: methods::calls(model)? },
        Printed { path: "bindings/node/lib/calls.d.ts", text: types::print(model) },
    ])
}

/// What stands at the top of each file.
const HEADER: &str =
    "// Printed by `cargo xtask gen` from the schemas of the port: change those instead.\n\n";

/// `approve_extension` as JavaScript writes it.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |begun, word| begun + &capital(word))
}

/// The type of what a call takes: `ApproveExtensionCall`.
fn call_type(name: &str) -> String {
    let words: Vec<_> = name.split('_').map(capital).collect();
    format!("{}Call", words.concat())
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

/// A comment above what it is of.
fn documented(doc: &str, indent: &str) -> String {
    format!("{indent}/** {doc} */\n")
}

/// How a value comes and goes: an expression of `shape.js`.
fn wire(kind: &Kind, model: &Model) -> Result<String, String> {
    Ok(match kind {
        Kind::Text
        | Kind::Flag
        | Kind::Whole
        | Kind::Span
        | Kind::Millis
        | Kind::Facts
        | Kind::Any
        | Kind::Document => "PLAIN".to_owned(),
        Kind::Instant => "INSTANT".to_owned(),
        Kind::Actor => "actor(Person)".to_owned(),
        Kind::Call => "anyOf(takes)".to_owned(),
        Kind::Named(name) => match &model.named(name).ok_or_else(|| format!("no type `{name}`"))?.body {
            Body::Words(_) => "PLAIN".to_owned(),
            Body::Object(_) => name.clone(),
        },
        Kind::List(of) => format!("listed({})", wire(of, model)?),
        Kind::Map(of) => format!("byName({})", wire(of, model)?),
    })
}

/// How an answer is read.
fn read(answer: &Answer) -> String {
    match answer.many {
        Many::One | Many::OneOrNone => answer.name.clone(),
        Many::List => format!("listed({})", answer.name),
    }
}

/// The type of an answer.
fn answered(answer: &Answer) -> String {
    match answer.many {
        Many::One => answer.name.clone(),
        Many::OneOrNone => format!("{} | null", answer.name),
        Many::List => format!("{}[]", answer.name),
    }
}
