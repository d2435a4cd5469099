//! Shapes and methods in JavaScript.

use std::fmt::Write as _;

use super::{HEADER, TWINS, camel, documented, read, wire};
use crate::clients::model::{Answers, Body, Call, Field, Model};

/// `shapes.js`: how each type comes and goes.
pub(super) fn shapes(model: &Model) -> Result<String, String> {
    let mut text = format!(
        "\"use strict\";\n\n{HEADER}const {{ INSTANT, PLAIN, byName, listed, shape }} = require(\"./shape.js\");\n"
    );
    let mut names = String::new();
    for described in &model.types {
        let Body::Object(fields) = &described.body else { continue };
        text.push('\n');
        text.push_str(&documented(&described.doc, ""));
        let _ = writeln!(text, "const {} = shape({{\n{}}});", described.name, rows(fields, model)?);
        let _ = writeln!(names, "  {},", described.name);
    }
    let _ = write!(text, "\nmodule.exports = {{\n{names}}};\n");
    Ok(text)
}

/// `calls.js`: what each call takes, and a method for it.
pub(super) fn calls(model: &Model) -> Result<String, String> {
    let mut text = format!(
        "\"use strict\";\n\n{HEADER}const {{ Door }} = require(\"./door.js\");\n\
         const {{ INSTANT, PLAIN, actor, anyOf, byField, byName, listed, shape }} = require(\"./shape.js\");\n\
         const {{\n{}}} = require(\"./shapes.js\");\n\nconst takes = {{}};\n",
        used(model)
    );
    for call in &model.calls {
        let _ = write!(text, "\ntakes.{} = shape({{\n{}}});\n", call.name, rows(&call.fields, model)?);
    }
    text.push_str("\n/** A method for each call. */\nclass Calls extends Door {\n");
    let methods: Vec<_> = model.calls.iter().map(method).collect();
    text.push_str(&methods.concat());
    text.push_str("}\n\nmodule.exports = { Calls };\n");
    Ok(text)
}

fn rows(fields: &[Field], model: &Model) -> Result<String, String> {
    let row = |field: &Field| Ok(format!("  {}: {},\n", field.name, wire(&field.kind, model)?));
    fields.iter().map(row).collect::<Result<Vec<_>, String>>().map(|rows| rows.concat())
}

/// The shapes that calls speak of, a line each.
fn used(model: &Model) -> String {
    let objects = model.types.iter().filter(|described| matches!(described.body, Body::Object(_)));
    let used = objects.filter(|described| model.calls.iter().any(|call| call.speaks_of(&described.name)));
    used.map(|described| format!("  {},\n", described.name)).collect()
}

fn method(call: &Call) -> String {
    let twin = TWINS.contains(&call.name.as_str());
    let sync = if twin { one(call, "Sync", "askSync") } else { String::new() };
    one(call, "", "ask") + &sync
}

fn one(call: &Call, ending: &str, ask: &str) -> String {
    let (name, method) = (&call.name, camel(&call.name));
    let taken = if call.fields.iter().any(|field| field.required) { "call" } else { "call = {}" };
    let reads = match &call.answers {
        Answers::One(answer) => format!("{}.read", read(answer)),
        Answers::ByField(by_field) => {
            let fields: Vec<_> = by_field
                .iter()
                .map(|(field, answer)| format!("{}: {}", camel(field), read(answer)))
                .collect();
            format!("byField({{ {} }})", fields.join(", "))
        }
    };
    format!(
        "{}  {method}{ending}({taken}) {{\n    return this.{ask}(\"{name}\", takes.{name}, call, {reads});\n  }}\n\n",
        documented(&call.doc, "  ")
    )
}
