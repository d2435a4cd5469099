//! Types as frozen dataclasses, and choices as `Literal`.

use std::fmt::Write as _;

use super::{header, held, may_be_none, named, parameter, wire, wrapped};
use crate::clients::model::{Body, Field, Kind, Model, Type, Word};

/// What types can do beside holding their fields.
const METHODS: &[(&str, &str)] = &[(
    "Resource",
    "    def permission(self, permission: str) -> Asked:\n        \
     \"\"\"One item to ask for: this resource, and a permission on it.\"\"\"\n        \
     return Asked(self, permission)\n",
)];

/// Types that are raised, and written by hand.
const RAISED: &[&str] = &["Fault"];

pub(super) fn print(model: &Model) -> Result<String, String> {
    let types = || model.types.iter().filter(|shape| !RAISED.contains(&shape.name.as_str()));
    let mut text = header("What calls take, and what they answer.");
    text.push_str(
        "from collections.abc import Mapping, Sequence\n\
         from dataclasses import dataclass\n\
         from datetime import datetime, timedelta\n\
         from typing import Any, Literal, Union\n\n\
         from ._wire import ANY, FACTS, FLAG, INSTANT, SPAN, TEXT, WHOLE, Shape, actor, by_name, listed, one\n\n",
    );
    let names: Vec<_> = types().map(|shape| format!("    \"{}\",\n", shape.name)).collect();
    let _ = writeln!(text, "__all__ = [\n{}    \"Actor\",\n    \"Document\",\n]", names.concat());
    for shape in types() {
        text.push_str(&match &shape.body {
            Body::Words(words) => choice(shape, words),
            Body::Object(fields) => class(shape, fields, model)?,
        });
    }
    text.push_str(
        "\n\nActor = Union[Person, str]\n\
         \"\"\"Who gives a command: a person, or `system:NAME` for the host itself.\"\"\"\n\n\
         Document = Union[str, Mapping[str, Any]]\n\
         \"\"\"A policy document: a text, or fields by name.\"\"\"\n\n\
         ACTOR = actor(Person)\n",
    );
    Ok(text)
}

fn choice(shape: &Type, words: &[Word]) -> String {
    let words: Vec<_> =
        words.iter().map(|word| format!("    # {}\n    \"{}\",\n", word.doc, word.text)).collect();
    format!("\n\n{} = Literal[\n{}]\n\"\"\"{}\"\"\"\n", shape.name, words.concat(), shape.doc)
}

fn class(shape: &Type, fields: &[Field], model: &Model) -> Result<String, String> {
    let init = if shape.given { "init=False, " } else { "" };
    let mut text = format!("\n\n@dataclass(frozen=True, {init}repr=False)\nclass {}(Shape):\n", shape.name);
    let _ = writeln!(text, "{}\n", wrapped(&format!("\"\"\"{}\"\"\"", shape.doc), "    ", "    "));
    let names: Vec<_> = fields.iter().map(|field| format!("\"{}\",", named(&field.name))).collect();
    let _ = writeln!(text, "{}", wrapped(&format!("__slots__ = ({})", names.join(" ")), "    ", "        "));
    text.push_str("    _wire = (\n");
    for field in fields {
        let (kind, required) = (wire(&field.kind, model)?, if field.required { "True" } else { "False" });
        let none = if may_be_none(field) { "True" } else { "False" };
        let _ = writeln!(text, "        (\"{}\", {kind}, {required}, {none}),", field.name);
    }
    text.push_str("    )\n");
    for field in fields {
        let none = if may_be_none(field) { " | None" } else { "" };
        let _ = writeln!(text, "    {}: {}{none}", named(&field.name), held(&field.kind));
        let _ = writeln!(text, "{}", wrapped(&format!("\"\"\"{}\"\"\"", field.doc), "    ", "    "));
    }
    if shape.given {
        text.push_str(&made(fields));
    }
    if fields.iter().any(|field| field.name == "allowed" && field.kind == Kind::Flag) {
        text.push_str("\n    def __bool__(self) -> bool:\n        return self.allowed\n");
    }
    if let Some((_, methods)) = METHODS.iter().find(|(name, _)| *name == shape.name) {
        let _ = write!(text, "\n{methods}");
    }
    Ok(text)
}

/// How a host makes one: what must be there by place or name, the rest by name.
fn made(fields: &[Field]) -> String {
    let (needed, free): (Vec<_>, Vec<_>) = fields.iter().partition(|field| field.required);
    let mut parameters: Vec<String> = needed.into_iter().map(parameter).collect();
    if !free.is_empty() {
        parameters.push("*".to_owned());
    }
    parameters.extend(free.into_iter().map(parameter));
    let lines: Vec<_> = parameters.iter().map(|parameter| format!("        {parameter},\n")).collect();
    let values: Vec<_> = fields.iter().map(|field| format!("{},", named(&field.name))).collect();
    format!(
        "\n    def __init__(\n        self,\n{}    ) -> None:\n{}\n",
        lines.concat(),
        wrapped(&format!("self._fill(({}))", values.join(" ")), "        ", "            ")
    )
}
