//! The Python client: types, calls, and a method for each call in two forms, one that waits and one for `asyncio`.

mod methods;
mod types;

use super::Printed;
use super::model::{Answer, Body, Field, Kind, Many, Model};

const WIDTH: usize = 100;

pub(super) fn print(model: &Model) -> Result<Vec<Printed>, String> {
    Ok(vec![
        Printed { path: "bindings/python/python/tenure/_types.py", text: types::print(model)? },
        Printed { path: "bindings/python/python/tenure/calls.py", text: methods::calls(model)? },
        Printed { path: "bindings/python/python/tenure/_methods.py", text: methods::waiting(model)? },
        Printed { path: "bindings/python/python/tenure/_async_methods.py", text: methods::awaited(model)? },
    ])
}

/// What stands at the top of each file.
fn header(doc: &str) -> String {
    format!(
        "\"\"\"{doc}\n\nPrinted by `cargo xtask gen` from the schemas of the port: change those instead.\n\"\"\"\n\n\
         from __future__ import annotations\n\n"
    )
}

/// How a value comes and goes: an expression of `_wire`.
fn wire(kind: &Kind, model: &Model) -> Result<String, String> {
    Ok(match kind {
        Kind::Text => "TEXT".to_owned(),
        Kind::Flag => "FLAG".to_owned(),
        Kind::Whole => "WHOLE".to_owned(),
        Kind::Instant => "INSTANT".to_owned(),
        Kind::Span | Kind::Millis => "SPAN".to_owned(),
        Kind::Facts => "FACTS".to_owned(),
        Kind::Any => "ANY".to_owned(),
        Kind::Actor => "ACTOR".to_owned(),
        Kind::Document => "DOCUMENT".to_owned(),
        Kind::Call => "CALL".to_owned(),
        Kind::Named(name) => match &model.named(name).ok_or_else(|| format!("no type `{name}`"))?.body {
            Body::Words(_) => "TEXT".to_owned(),
            Body::Object(_) => format!("one({name})"),
        },
        Kind::List(of) => format!("listed({})", wire(of, model)?),
        Kind::Map(of) => format!("by_name({})", wire(of, model)?),
    })
}

/// What a result holds.
fn held(kind: &Kind) -> String {
    typed(kind, |of| format!("tuple[{of}, ...]"))
}

/// What a parameter takes.
fn taken(kind: &Kind) -> String {
    typed(kind, |of| format!("Sequence[{of}]"))
}

fn typed(kind: &Kind, listed: fn(String) -> String) -> String {
    let plain = match kind {
        Kind::List(of) => return listed(typed(of, listed)),
        Kind::Map(of) => return format!("Mapping[str, {}]", typed(of, listed)),
        Kind::Named(name) => name,
        Kind::Text => "str",
        Kind::Flag => "bool",
        Kind::Whole => "int",
        Kind::Instant => "datetime",
        Kind::Span | Kind::Millis => "timedelta",
        Kind::Facts => "Mapping[str, Any]",
        Kind::Any => "Any",
        Kind::Actor => "Actor",
        Kind::Document => "Document",
        Kind::Call => "Call[Any]",
    };
    plain.to_owned()
}

/// Whether a result may hold `None` there. A list, a map and a flag that is absent is an empty one, and `False`.
fn may_be_none(field: &Field) -> bool {
    field.nullable || (!field.required && !matches!(field.kind, Kind::List(_) | Kind::Map(_) | Kind::Flag))
}

/// A parameter with its type, and its default where it need not be named.
fn parameter(field: &Field) -> String {
    let (name, kind) = (named(&field.name), taken(&field.kind));
    if field.required {
        return format!("{name}: {kind}");
    }
    match (&field.kind, field.nullable) {
        (Kind::List(_), false) => format!("{name}: {kind} = ()"),
        (Kind::Flag, false) => format!("{name}: {kind} = False"),
        _ => format!("{name}: {kind} | None = None"),
    }
}

/// A name that Python keeps for itself gets a line below.
fn named(name: &str) -> String {
    const KEPT: &[&str] = &[
        "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
        "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
        "not", "or", "pass", "raise", "return", "self", "try", "while", "with", "yield",
    ];
    if KEPT.contains(&name) { format!("{name}_") } else { name.to_owned() }
}

/// The type of an answer.
fn answered(answer: &Answer) -> String {
    match answer.many {
        Many::One => answer.name.clone(),
        Many::OneOrNone => format!("{} | None", answer.name),
        Many::List => format!("tuple[{}, ...]", answer.name),
    }
}

/// How an answer is read.
fn read(answer: &Answer) -> String {
    let one = format!("one({})", answer.name);
    match answer.many {
        Many::One => one,
        Many::OneOrNone => format!("maybe({one})"),
        Many::List => format!("listed({one})"),
    }
}

/// A text in lines that begin with `indent`.
fn wrapped(text: &str, indent: &str, further: &str) -> String {
    let mut lines = Vec::new();
    let mut line = String::from(indent);
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, further.to_owned()));
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    lines.push(line);
    lines.join("\n")
}
