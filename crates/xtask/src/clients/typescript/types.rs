//! The types of calls and answers.

use std::fmt::Write as _;

use super::{HEADER, TWINS, answered, call_type, camel, documented};
use crate::clients::model::{Answers, Body, Call, Field, Kind, Model, Type, Word};

/// Types that are thrown, and written by hand.
const THROWN: &[&str] = &["Fault"];

/// What stands above the types: those that every language has in its own way.
const OWN: &str = "\
/** A time: a `Date`, or text such as `2026-03-02T09:00:00Z`. */
export type Time = Date | string;

/** A span: text such as `1h 30m` or `PT30M`, or whole milliseconds. */
export type Span = string | number;

/** Facts by name: true or false, whole numbers, texts, lists, facts by name. */
export type Facts = Record<string, unknown>;

/** Who gives a command: a person, or `system:NAME` for the host itself. */
export type Actor = Person | `system:${string}`;

/** A policy document: a text, or fields by name. */
export type Document = string | Record<string, unknown>;
";

pub(super) fn print(model: &Model) -> String {
    let mut text = format!("{HEADER}{OWN}");
    for described in &model.types {
        if THROWN.contains(&described.name.as_str()) {
            continue;
        }
        text.push('\n');
        text.push_str(&match &described.body {
            Body::Words(words) => choice(described, words),
            Body::Object(fields) => interface(&described.name, &described.doc, fields, described.given),
        });
    }
    for call in &model.calls {
        text.push('\n');
        text.push_str(&interface(&call_type(&call.name), &call.doc, &call.fields, true));
    }
    text.push_str("\n/** What each call takes, by its name. */\nexport interface CallsByName {\n");
    for call in &model.calls {
        let _ = writeln!(text, "  {}: {};", camel(&call.name), call_type(&call.name));
    }
    text.push_str(
        "}\n\n/** A call as a value: `call` names it, as its method is named. */\n\
         export type Call = {\n  [Name in keyof CallsByName]: { call: Name } & CallsByName[Name];\n\
         }[keyof CallsByName];\n\n/** A method for each call. */\nexport declare class Calls {\n  protected constructor();\n",
    );
    for call in &model.calls {
        text.push_str(&methods(call));
    }
    text.push_str("}\n");
    text
}

fn choice(described: &Type, words: &[Word]) -> String {
    let mut text = documented(&described.doc, "");
    let _ = writeln!(text, "export type {} =", described.name);
    for word in words {
        let _ = writeln!(text, "  /** {} */\n  | \"{}\"", word.doc, word.text);
    }
    // A line of its own, so that a word that is added changes no other.
    text.push_str("  ;\n");
    text
}

fn interface(name: &str, doc: &str, fields: &[Field], given: bool) -> String {
    let mut text = documented(doc, "");
    let _ = writeln!(text, "export interface {name} {{");
    for field in fields {
        text.push_str(&documented(&field.doc, "  "));
        let (optional, kind) = (if field.required { "" } else { "?" }, typed(&field.kind, given));
        let none = if field.nullable && (given || field.required) { " | null" } else { "" };
        // An answer leaves out what is not there; a host may also say that it is nothing.
        let absent = if given && !field.required { " | undefined" } else { "" };
        let _ = writeln!(text, "  {}{optional}: {kind}{none}{absent};", camel(&field.name));
    }
    text.push_str("}\n");
    text
}

fn typed(kind: &Kind, given: bool) -> String {
    let plain = match kind {
        Kind::Text => "string",
        Kind::Flag => "boolean",
        Kind::Whole | Kind::Millis => "number",
        Kind::Instant if given => "Time",
        Kind::Instant => "Date",
        Kind::Span => "Span",
        Kind::Facts => "Facts",
        Kind::Any => "unknown",
        Kind::Actor => "Actor",
        Kind::Document => "Document",
        Kind::Call => "Call",
        Kind::Named(name) => name,
        Kind::List(of) if given => return format!("readonly {}[]", typed(of, given)),
        Kind::List(of) => return format!("{}[]", typed(of, given)),
        Kind::Map(of) => return format!("Record<string, {}>", typed(of, given)),
    };
    plain.to_owned()
}

fn methods(call: &Call) -> String {
    let mut text = method(call, "", |answer| format!("Promise<{answer}>"));
    if TWINS.contains(&call.name.as_str()) {
        text.push_str(&method(call, "Sync", str::to_owned));
    }
    text
}

fn method(call: &Call, ending: &str, wrap: fn(&str) -> String) -> String {
    let (name, takes) = (camel(&call.name), call_type(&call.name));
    let optional = if call.fields.iter().any(|field| field.required) { "" } else { "?" };
    let one = |takes: &str, optional: &str, answer: &str| {
        let doc = documented(&call.doc, "  ");
        format!("{doc}  {name}{ending}(call{optional}: {takes}): {};\n", wrap(answer))
    };
    match &call.answers {
        Answers::One(answer) => one(&takes, optional, &answered(answer)),
        Answers::ByField(by_field) => by_field
            .iter()
            .map(|(field, answer)| {
                let kind = call.fields.iter().find(|known| known.name == *field);
                let kind = kind.map_or_else(|| "{}".to_owned(), |known| typed(&known.kind, true));
                let named = format!("{takes} & {{ {}: {kind} }}", camel(field));
                one(&named, "", &answered(answer))
            })
            .collect(),
    }
}
