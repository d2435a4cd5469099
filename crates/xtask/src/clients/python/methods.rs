//! A function and two methods for each call.

use std::fmt::Write as _;

use super::{answered, header, named, parameter, read, taken, wire, wrapped};
use crate::clients::model::{Answer, Answers, Call, Field, Kind, Model};

/// The functions of `tenure.calls`.
pub(super) fn calls(model: &Model) -> Result<String, String> {
    let mut text = header(
        "Calls as values: what each method of a handle asks.\n\n\
         `access.explain(tenure.calls.extend(...))` says how each check of a command would come out.",
    );
    let wire = "from ._wire import (\n    CALL,\n    DOCUMENT,\n    FACTS,\n    FLAG,\n    INSTANT,\n    SPAN,\n    TEXT,\n    WHOLE,\n    \
        Call,\n    by_field,\n    by_name,\n    call,\n    listed,\n    maybe,\n    one,\n)\n";
    text.push_str(&imports(model, "", "ACTOR", wire));
    for call in &model.calls {
        text.push_str(&function(call, model)?);
    }
    Ok(text)
}

/// The methods of a handle.
pub(super) fn waiting(model: &Model) -> Result<String, String> {
    methods(
        model,
        &Form {
            doc: "A method for each call, which waits for its answer.",
            class: "Methods",
            says: "Each call as a method; whoever inherits says how a call is made.",
            ask: "    def _ask(self, call: Call[T]) -> T:\n        raise NotImplementedError\n",
            define: "def",
            give: "self._ask",
        },
    )
}

/// The methods of a handle for `asyncio`.
pub(super) fn awaited(model: &Model) -> Result<String, String> {
    methods(
        model,
        &Form {
            doc: "A method for each call, to be awaited.",
            class: "AsyncMethods",
            says: "Each call as a method that is awaited; whoever inherits says how a call is made.",
            ask: "    async def _ask(self, call: Call[T]) -> T:\n        raise NotImplementedError\n",
            define: "async def",
            give: "await self._ask",
        },
    )
}

/// What tells the two forms of methods from each other.
struct Form {
    doc: &'static str,
    class: &'static str,
    says: &'static str,
    ask: &'static str,
    define: &'static str,
    give: &'static str,
}

fn methods(model: &Model, form: &Form) -> Result<String, String> {
    let mut text = header(form.doc);
    text.push_str(&imports(model, "TypeVar, ", "", "from . import calls\nfrom ._wire import Call\n"));
    let Form { class, says, ask, .. } = form;
    let _ = write!(
        text,
        "\nT = TypeVar(\"T\")\n\n\nclass {class}:\n    \"\"\"{says}\"\"\"\n\n    __slots__ = ()\n\n{ask}"
    );
    for call in &model.calls {
        text.push_str(&method(call, form)?);
    }
    Ok(text)
}

/// What the files with calls take from elsewhere: `typing` beside `Any` and `overload`, `types` beside those that calls
/// speak of, and `rest`.
fn imports(model: &Model, typing: &str, types: &str, rest: &str) -> String {
    let named = model.types.iter().map(|shape| shape.name.as_str()).chain(["Actor", "Document"]);
    let mut used: Vec<&str> =
        named.filter(|name| model.calls.iter().any(|call| speaks_of(call, name))).collect();
    used.extend(types.split_whitespace());
    used.sort_unstable();
    let used: Vec<_> = used.into_iter().map(|name| format!("    {name},\n")).collect();
    format!(
        "from collections.abc import Mapping, Sequence\nfrom datetime import datetime, timedelta\n\
         from typing import Any, {typing}overload\n\n{rest}from ._types import (\n{})\n",
        used.concat(),
    )
}

fn speaks_of(call: &Call, name: &str) -> bool {
    let answered = match &call.answers {
        Answers::One(answer) => answer.name == name,
        Answers::ByField(by_field) => by_field.iter().any(|(_, answer)| answer.name == name),
    };
    let words = |field: &Field| taken(&field.kind);
    let within = |kind: String| kind.split(|sign: char| !sign.is_alphanumeric()).any(|word| word == name);
    answered || call.fields.iter().map(words).any(within)
}

/// The parameters of one way to call: those that must be named by place, then the rest by name.
struct Way<'m> {
    by_place: Vec<Field>,
    by_name: Vec<&'m Field>,
    answer: String,
}

/// The ways to call that a type checker tells apart, and the one that carries them out.
fn ways(call: &Call) -> Result<(Vec<Way<'_>>, Way<'_>), String> {
    match &call.answers {
        Answers::One(answer) => Ok((Vec::new(), Way { answer: answered(answer), ..way(call, &[], None) })),
        Answers::ByField(by_field) => {
            let choices: Vec<&str> = by_field.iter().map(|(field, _)| field.as_str()).collect();
            let told_apart = by_field
                .iter()
                .map(|(field, answer)| Way { answer: answered(answer), ..way(call, &choices, Some(field)) })
                .collect();
            let any = Way { answer: "Any".to_owned(), ..way(call, &choices, None) };
            Ok((told_apart, any))
        }
    }
}

/// `chosen` is the one of `choices` that is named; where none is, all of them may be.
fn way<'m>(call: &'m Call, choices: &[&str], chosen: Option<&str>) -> Way<'m> {
    let first = choices.first().copied();
    let by_place = |field: &&Field| field.name != "actor" && (field.required || first == Some(&field.name));
    let kept = |field: &&Field| match chosen {
        Some(chosen) => field.name == chosen || !choices.contains(&field.name.as_str()),
        None => true,
    };
    let needed = |field: &Field| {
        let required = field.required || chosen == Some(&field.name);
        Field { required, ..field.clone() }
    };
    let (placed, mut by_name): (Vec<_>, Vec<_>) = call.fields.iter().filter(kept).partition(by_place);
    // What must be named stands before what may be.
    by_name.sort_by_key(|field| !(field.required || chosen == Some(field.name.as_str())));
    Way { by_place: placed.into_iter().map(needed).collect(), by_name, answer: String::new() }
}

impl Way<'_> {
    fn parameters(&self, chosen: Option<&str>) -> Vec<String> {
        let mut parameters: Vec<String> = self.by_place.iter().map(parameter).collect();
        if !self.by_name.is_empty() {
            parameters.push("*".to_owned());
        }
        for field in &self.by_name {
            let required = field.required || chosen == Some(field.name.as_str());
            parameters.push(parameter(&Field { required, ..(*field).clone() }));
        }
        parameters
    }
}

/// `def name(…) -> answer:` in lines.
fn signature(
    define: &str,
    call: &Call,
    indent: &str,
    this: bool,
    parameters: &[String],
    answer: &str,
) -> String {
    let this = if this { format!("{indent}    self,\n") } else { String::new() };
    let lines: Vec<_> = parameters.iter().map(|parameter| format!("{indent}    {parameter},\n")).collect();
    format!("{indent}{define} {}(\n{this}{}{indent}) -> {answer}:", named(&call.name), lines.concat())
}

/// What stands before the one that carries it out.
fn overloads(
    call: &Call,
    define: &str,
    indent: &str,
    this: bool,
    wrap: fn(&str) -> String,
) -> Result<String, String> {
    let mut text = String::new();
    let Answers::ByField(by_field) = &call.answers else { return Ok(text) };
    let (told_apart, _) = ways(call)?;
    for (way, (field, _)) in told_apart.iter().zip(by_field) {
        let parameters = way.parameters(Some(field));
        let signature = signature(define, call, indent, this, &parameters, &wrap(&way.answer));
        let _ = write!(text, "{indent}@overload\n{signature} ...\n\n");
    }
    Ok(text)
}

fn function(call: &Call, model: &Model) -> Result<String, String> {
    let wrap = |answer: &str| format!("Call[{answer}]");
    let (_, way) = ways(call)?;
    let mut fields = Vec::new();
    for field in &call.fields {
        let (kind, required) = (wire(&field.kind, model)?, if field.required { "True" } else { "False" });
        fields.push(format!("    (\"{}\", {kind}, {required}),\n", field.name));
    }
    let values = call.fields.iter().map(|field| named(&field.name));
    let table = format!("_{}", call.name.to_uppercase());
    let mut text = format!("\n\n{table} = (\n{})\n\n\n", fields.concat());
    text.push_str(&overloads(call, "def", "", false, wrap)?.replace("\n\n@", "\n\n\n@"));
    if matches!(call.answers, Answers::ByField(_)) {
        text.push('\n');
    }
    text.push_str(&signature("def", call, "", false, &way.parameters(None), &wrap(&way.answer)));
    let how = match &call.answers {
        Answers::One(answer) => read(answer),
        Answers::ByField(by_field) => chosen_by(by_field),
    };
    let values: Vec<_> = values.map(|value| format!("{value},")).collect();
    let made = format!("return call(\"{}\", {how}, {table}, ({}))", call.name, values.join(" "));
    let _ = write!(text, "\n    \"\"\"{}\"\"\"\n{}\n", call.doc, wrapped(&made, "    ", "        "));
    Ok(text)
}

fn chosen_by(by_field: &[(String, Answer)]) -> String {
    let choices: Vec<_> =
        by_field.iter().map(|(field, answer)| format!("{}={}", named(field), read(answer))).collect();
    format!("by_field({})", choices.join(", "))
}

fn method(call: &Call, form: &Form) -> Result<String, String> {
    let (_, way) = ways(call)?;
    let mut text = String::from("\n");
    text.push_str(&overloads(call, form.define, "    ", true, str::to_owned)?);
    text.push_str(&signature(form.define, call, "    ", true, &way.parameters(None), &way.answer));
    let _ = writeln!(text, "\n{}", documented(call));
    let mut handed: Vec<String> =
        way.by_place.iter().map(|field| format!("{},", named(&field.name))).collect();
    handed.extend(way.by_name.iter().map(|field| format!("{0}={0},", named(&field.name))));
    let mut made = format!("calls.{}", named(&call.name));
    if way.answer == "Any" {
        // What was told apart above is handed on as it came; which of the fields it is, is seen when the call is made.
        let _ = writeln!(text, "        made: Any = {made}");
        made = "made".to_owned();
    }
    let handed: Vec<_> = handed.iter().map(|value| format!("                {value}\n")).collect();
    let give = form.give;
    let _ = writeln!(
        text,
        "        return {give}(\n            {made}(\n{}            )\n        )",
        handed.concat()
    );
    Ok(text)
}

/// What a method says of itself and of each parameter.
fn documented(call: &Call) -> String {
    let mut lines = vec![format!("        \"\"\"{}", call.doc), String::new()];
    for field in &call.fields {
        let kind = if field.kind == Kind::Call { " Make it with `tenure.calls`." } else { "" };
        let said = format!("{}: {}{kind}", named(&field.name), field.doc);
        lines.push(wrapped(&said, "        ", "            "));
    }
    lines.push("        \"\"\"".to_owned());
    lines.join("\n")
}
