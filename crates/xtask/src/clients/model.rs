//! What the schemas of calls and answers say, without the notation: calls with their fields and answers, and types.

use serde_json::{Map, Value};

/// All that a printer needs.
pub(super) struct Model {
    /// In the order of a grant's life.
    pub(super) calls: Vec<Call>,
    /// Each after those that it uses.
    pub(super) types: Vec<Type>,
}

/// One call.
pub(super) struct Call {
    /// As the field `call` writes it.
    pub(super) name: String,
    pub(super) doc: String,
    /// Without `call` itself; as the schema orders them, and what nearly every call has last.
    pub(super) fields: Vec<Field>,
    pub(super) answers: Answers,
}

/// What a call answers.
pub(super) enum Answers {
    /// Always this.
    One(Answer),
    /// Exactly one of these fields is named, and it says what is answered.
    ByField(Vec<(String, Answer)>),
}

/// What an answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The name of a type.
    pub(super) name: String,
    pub(super) many: Many,
}

/// How many of it there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Many {
    One,
    OneOrNone,
    List,
}

/// A field of a call or of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) doc: String,
    pub(super) kind: Kind,
    /// It is always there.
    pub(super) required: bool,
    /// It may be `null`.
    pub(super) nullable: bool,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Flag,
    Whole,
    /// RFC 3339.
    Instant,
    /// A text such as `1h 30m`, or whole milliseconds: calls have it.
    Span,
    /// Whole milliseconds: answers have it.
    Millis,
    /// Facts by name.
    Facts,
    /// Whatever JSON can say.
    Any,
    /// A person, or `system:NAME`.
    Actor,
    /// A policy document, as a text or as fields.
    Document,
    /// Another call.
    Call,
    /// A type of the model.
    Named(String),
    List(Box<Kind>),
    /// By names that are not known beforehand.
    Map(Box<Kind>),
}

/// A type with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Type {
    pub(super) name: String,
    pub(super) doc: String,
    pub(super) body: Body,
    /// Hosts make it: calls have it.
    pub(super) given: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Object(Vec<Field>),
    /// One of these texts.
    Words(Vec<Word>),
}

/// One text of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) doc: String,
}

/// Types that every language has in its own way.
const BUILT_IN: &[(&str, Kind)] = &[
    ("Time", Kind::Instant),
    ("Span", Kind::Span),
    ("Millis", Kind::Millis),
    ("Facts", Kind::Facts),
    ("Actor", Kind::Actor),
    ("Document", Kind::Document),
];
/// What nearly every call has, and few hosts name: it stands last.
const COMMON: &[&str] = &["command_id", "context", "now"];
/// The choice between all answers, of which each call has but its own.
const ANSWERED: &str = "Answered";

impl Model {
    pub(super) fn read(calls: &str, answers: &str) -> Result<Self, String> {
        let parsed = |text: &str| serde_json::from_str::<Value>(text).map_err(|trouble| trouble.to_string());
        let (call_schema, answer_schema) = (parsed(calls)?, parsed(answers)?);
        let mut types = Vec::new();
        for (schema, given) in [(&call_schema, true), (&answer_schema, false)] {
            for (name, schema) in object(schema, "$defs")? {
                if name == ANSWERED || BUILT_IN.iter().any(|(built_in, _)| built_in == name) {
                    continue;
                }
                let read = within(name, read_type(name, schema, given))?;
                match types.iter().find(|known: &&Type| known.name == *name) {
                    None => types.push(read),
                    Some(known) if known.body == read.body => {}
                    Some(_) => return Err(format!("calls and answers have a different `{name}` each")),
                }
            }
        }
        let calls = list(&call_schema, "oneOf")?.iter().map(read_call).collect::<Result<Vec<_>, _>>()?;
        let model = Self { calls, types: sorted(types)? };
        model.names_are_known()?;
        Ok(model)
    }

    /// A type by its name.
    pub(super) fn named(&self, name: &str) -> Option<&Type> {
        self.types.iter().find(|known| known.name == name)
    }

    fn names_are_known(&self) -> Result<(), String> {
        for call in &self.calls {
            let answers: Vec<&Answer> = match &call.answers {
                Answers::One(answer) => vec![answer],
                Answers::ByField(by_field) => by_field.iter().map(|(_, answer)| answer).collect(),
            };
            let answered = answers.into_iter().map(|answer| answer.name.as_str());
            let taken = call.fields.iter().filter_map(|field| named_in(&field.kind));
            if let Some(unknown) = answered.chain(taken).find(|name| self.named(name).is_none()) {
                return Err(format!("`{}` speaks of `{unknown}`, which no schema describes", call.name));
            }
        }
        Ok(())
    }
}

impl Call {
    /// Whether it takes or answers something of that type.
    pub(super) fn speaks_of(&self, name: &str) -> bool {
        let answered = match &self.answers {
            Answers::One(answer) => answer.name == name,
            Answers::ByField(by_field) => by_field.iter().any(|(_, answer)| answer.name == name),
        };
        // An actor is a person, or the host.
        let taken = |kind: &Kind| named_in(kind) == Some(name) || (*kind == Kind::Actor && name == "Person");
        answered || self.fields.iter().any(|field| taken(&field.kind))
    }
}

fn read_call(schema: &Value) -> Result<Call, String> {
    let name = schema.pointer("/properties/call/const").and_then(Value::as_str);
    let name = name.ok_or("a call without its name")?;
    let read = || {
        let mut fields = read_fields(schema)?;
        fields.retain(|field| field.name != "call");
        fields.sort_by_key(|field| COMMON.contains(&field.name.as_str()));
        let answers = match schema.get("x-answer") {
            Some(Value::String(answer)) => Answers::One(read_answer(answer)),
            Some(Value::Object(by_field)) => Answers::ByField(
                by_field
                    .iter()
                    .map(|(field, answer)| {
                        let answer = answer.as_str().ok_or("an answer is named by a text")?;
                        let known = fields.iter().any(|known| known.name == *field);
                        known
                            .then(|| (field.clone(), read_answer(answer)))
                            .ok_or(format!("no field `{field}`"))
                    })
                    .collect::<Result<_, String>>()?,
            ),
            Some(_) | None => return Err("`x-answer` does not say what it answers".to_owned()),
        };
        Ok(Call { name: name.to_owned(), doc: doc(schema), fields, answers })
    };
    within(name, read())
}

/// `Grant`, `Grant?` or `[Taken]`.
fn read_answer(text: &str) -> Answer {
    let listed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let (name, many) = match (listed, text.strip_suffix('?')) {
        (Some(name), _) => (name, Many::List),
        (None, Some(name)) => (name, Many::OneOrNone),
        (None, None) => (text, Many::One),
    };
    Answer { name: name.to_owned(), many }
}

fn read_type(name: &str, schema: &Value, given: bool) -> Result<Type, String> {
    let body = match schema.get("oneOf") {
        Some(Value::Array(words)) => Body::Words(words.iter().map(read_word).collect::<Result<_, _>>()?),
        Some(_) | None => Body::Object(read_fields(schema)?),
    };
    Ok(Type { name: name.to_owned(), doc: doc(schema), body, given })
}

fn read_word(schema: &Value) -> Result<Word, String> {
    let text = schema.get("const").and_then(Value::as_str).ok_or("a choice of something else than texts")?;
    Ok(Word { text: text.to_owned(), doc: doc(schema) })
}

fn read_fields(schema: &Value) -> Result<Vec<Field>, String> {
    let required = schema.get("required").and_then(Value::as_array);
    let field = |(name, schema): (&String, &Value)| {
        let (kind, nullable) = within(name, read_kind(schema))?;
        let required = required.is_some_and(|names| names.iter().any(|required| required == name));
        Ok(Field { name: name.clone(), doc: doc(schema), kind, required, nullable })
    };
    object(schema, "properties")?.iter().map(field).collect()
}

/// What it holds, and whether it may be `null`.
fn read_kind(schema: &Value) -> Result<(Kind, bool), String> {
    if let Some(choice) = schema.get("anyOf").and_then(Value::as_array) {
        let [of, none] = choice.as_slice() else { return Err("a choice of more than one".to_owned()) };
        if none.get("type").and_then(Value::as_str) != Some("null") {
            return Err("a choice of something else than one or none".to_owned());
        }
        return Ok((read_kind(of)?.0, true));
    }
    if let Some(to) = schema.get("$ref").and_then(Value::as_str) {
        return Ok((referred(to)?, false));
    }
    let (word, nullable) = match schema.get("type") {
        Some(Value::String(word)) => (word.as_str(), false),
        Some(Value::Array(words)) => match words.as_slice() {
            [Value::String(word), Value::String(null)] if null == "null" => (word.as_str(), true),
            other => return Err(format!("a type of {other:?}")),
        },
        Some(_) | None => return Err(format!("no type: {schema}")),
    };
    let kind = match word {
        "string" => Kind::Text,
        "boolean" => Kind::Flag,
        "integer" => Kind::Whole,
        "array" => Kind::List(Box::new(read_kind(schema.get("items").ok_or("a list of what?")?)?.0)),
        "object" => match schema.get("additionalProperties") {
            Some(Value::Bool(true)) => Kind::Map(Box::new(Kind::Any)),
            Some(of @ Value::Object(_)) => Kind::Map(Box::new(read_kind(of)?.0)),
            Some(_) | None => return Err("an object without a name; give its type one".to_owned()),
        },
        other => return Err(format!("the type `{other}`")),
    };
    Ok((kind, nullable))
}

fn referred(to: &str) -> Result<Kind, String> {
    if to == "#" {
        return Ok(Kind::Call);
    }
    let name = to.strip_prefix("#/$defs/").ok_or_else(|| format!("a reference to `{to}`"))?;
    let built_in = BUILT_IN.iter().find(|(built_in, _)| *built_in == name);
    Ok(built_in.map_or_else(|| Kind::Named(name.to_owned()), |(_, kind)| kind.clone()))
}

/// The type of the model that a kind speaks of.
pub(super) fn named_in(kind: &Kind) -> Option<&str> {
    match kind {
        Kind::Named(name) => Some(name),
        Kind::List(of) | Kind::Map(of) => named_in(of),
        Kind::Text
        | Kind::Flag
        | Kind::Whole
        | Kind::Instant
        | Kind::Span
        | Kind::Millis
        | Kind::Facts
        | Kind::Any
        | Kind::Actor
        | Kind::Document
        | Kind::Call => None,
    }
}

/// Each after those that it uses; otherwise in the order of the schemas.
fn sorted(mut waiting: Vec<Type>) -> Result<Vec<Type>, String> {
    let mut sorted: Vec<Type> = Vec::new();
    while !waiting.is_empty() {
        let ready = waiting.iter().position(|next| match &next.body {
            Body::Words(_) => true,
            Body::Object(fields) => fields
                .iter()
                .filter_map(|field| named_in(&field.kind))
                .all(|used| sorted.iter().any(|known| known.name == used)),
        });
        let Some(ready) = ready else {
            let names: Vec<_> = waiting.iter().map(|waiting| waiting.name.as_str()).collect();
            return Err(format!(
                "these types use each other, or one that is not there: {}",
                names.join(", ")
            ));
        };
        sorted.push(waiting.remove(ready));
    }
    Ok(sorted)
}

fn doc(schema: &Value) -> String {
    schema.get("description").and_then(Value::as_str).unwrap_or_default().replace('\n', " ")
}

fn object<'s>(schema: &'s Value, name: &str) -> Result<&'s Map<String, Value>, String> {
    schema.get(name).and_then(Value::as_object).ok_or_else(|| format!("no `{name}`"))
}

fn list<'s>(schema: &'s Value, name: &str) -> Result<&'s Vec<Value>, String> {
    schema.get(name).and_then(Value::as_array).ok_or_else(|| format!("no `{name}`"))
}

fn within<T>(name: &str, read: Result<T, String>) -> Result<T, String> {
    read.map_err(|trouble| format!("{name}: {trouble}"))
}
