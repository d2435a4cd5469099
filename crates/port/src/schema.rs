//! The JSON Schema of calls and answers, draft 2020-12.
//!
//! Types of the core are described here by what they look like in JSON. A test reads real calls and
//! answers through these descriptions, so that they cannot drift apart.
//!
//! Each call says under `x-answer` what it answers, by the names of the schema of answers: `Grant`; `Grant?` where
//! there may be none, which is `null`; `[Taken]` for a list. Where that depends on which field is named, and exactly
//! one is to be named, there is a table: `{"position": "Inclusion", "old": "Consistency"}`.

mod shapes;

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::Value;

use self::shapes::Answer;
pub(crate) use self::shapes::{
    Actor, Asked, Enforcement, Facts, Item, Millis, Nullable, Outcome, Person, Resource, Span, Stage, Time,
};

/// The JSON Schema of a call.
#[must_use]
pub fn call() -> Value {
    of::<crate::Call>("A call of tenure")
}

/// The JSON Schema of an answer.
#[must_use]
pub fn answer() -> Value {
    of::<Answer>("An answer of tenure")
}

/// The JSON Schema of what a handle is opened with.
#[must_use]
pub fn config() -> Value {
    of::<crate::handle::Config>("What a handle of tenure is opened with")
}

fn of<T: JsonSchema>(title: &str) -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema.to_value()
}

impl JsonSchema for Time {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({"type": "string", "format": "date-time"})
    }
}

impl JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "description": "a span: text such as `1h 30m` or `PT30M`, or whole milliseconds",
            "oneOf": [
                {"type": "string", "examples": ["30m", "1h 30m", "PT30M"]},
                {"type": "integer", "minimum": 0},
            ],
        })
    }
}

impl JsonSchema for Millis {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Millis".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "description": "a span in whole milliseconds",
            "type": "integer",
            "minimum": 0,
        })
    }
}

impl<T: JsonSchema> JsonSchema for Nullable<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Nullable{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let some = generator.subschema_for::<T>();
        schemars::json_schema!({"anyOf": [some, {"type": "null"}]})
    }
}

impl JsonSchema for Facts {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Facts".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "description": "facts by name: true or false, whole numbers, texts, lists, facts by name; null is absent",
            "type": "object",
        })
    }
}

impl JsonSchema for Actor {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Actor".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let person = generator.subschema_for::<Person>();
        schemars::json_schema!({
            "description": "who gives the command: a person, or the host itself",
            "oneOf": [person, {"type": "string", "pattern": "^system:.+$"}],
        })
    }
}

#[cfg(test)]
impl<'de> serde::Deserialize<'de> for Facts {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::collections::BTreeMap::<String, Value>::deserialize(deserializer).map(|_| Self)
    }
}

#[cfg(test)]
impl std::fmt::Debug for Facts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("facts")
    }
}

#[cfg(test)]
mod tests;
