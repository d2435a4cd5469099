//! What a handle is opened with, as data.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};
use tenure::tenure_core::id::Namespace;
use tenure::tenure_core::time::Timestamp;
use tenure::{BadKey, LogKey};

use crate::call::Format;
use crate::schema;

/// What a handle is opened with. A field that is not here is refused.
///
/// ```
/// let config: tenure_port::handle::Config = serde_json::from_str(
///     r#"{"store": "access.db", "namespace": "acme", "policy": "flows.yaml"}"#,
/// )?;
/// assert_eq!(config.store, "access.db");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where grants are kept: the path of a SQLite file, which is made where there is none; `:memory:`; or the URL
    /// of a PostgreSQL database, `postgres://…`.
    pub store: String,
    /// The tenant; `default` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub namespace: Option<Namespace>,
    /// The policy that shall be in force once the handle is open. It is published by `system:open` where another one
    /// is in force, or none; where it is in force already nothing is written. Absent, what is in force stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Source>,
    /// The key that signs checkpoints: a file that holds its text, or the text itself, which begins with
    /// `PRIVATE+KEY+`. `tenure audit key` makes one. Absent, a checkpoint is the fault `signer`.
    #[serde(default, skip_serializing)]
    #[schemars(with = "Option<String>")]
    pub key: Option<Key>,
    /// For tests: the store's clock shows this instant, and stands until the call `clock` sets it to its `now`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<schema::Time>")]
    pub clock: Option<Timestamp>,
    /// For tests: command ids that are made up are counted, so that the same calls have the same answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Counting>,
}

/// A key that signs, or where one is. It is read, and never written: not even by `{:?}`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    /// What signs.
    ///
    /// # Errors
    /// In words, what is wrong with it.
    pub(super) fn signer(&self) -> Result<LogKey, String> {
        if LogKey::is_secret_text(&self.0) {
            return self.0.parse().map_err(|bad: BadKey| bad.to_string());
        }
        let named = |why: &dyn fmt::Display| format!("`{}`: {why}", self.0);
        let text = std::fs::read_to_string(&self.0).map_err(|why| named(&why))?;
        text.parse().map_err(|bad: BadKey| named(&bad))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
}

/// Where a policy comes from.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Source {
    /// A file, or a folder whose files are one document.
    #[schemars(with = "String")]
    Path(PathBuf),
    /// A text.
    Text(Text),
    /// A document, as fields by name.
    Fields(Map<String, Value>),
}

/// A policy as a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// What it says.
    pub text: String,
    /// What it is written in.
    pub format: Format,
}

/// Command ids that are counted: `PREFIX 1`, `PREFIX 2` and so on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counting {
    /// What each begins with.
    pub prefix: String,
    /// How many were made up before, by a handle that is closed.
    #[serde(default)]
    pub after: u64,
}

/// A text alone is a path. A document has no field `text`, so an object that has one is a text with its format.
impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> de::Visitor<'de> for Reader {
            type Value = Source;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a path, `{\"text\": …, \"format\": \"yaml\"}`, or a document as fields")
            }
            fn visit_str<E: de::Error>(self, path: &str) -> Result<Source, E> {
                Ok(Source::Path(PathBuf::from(path)))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Source, A::Error> {
                let fields = Map::deserialize(de::value::MapAccessDeserializer::new(map))?;
                if !fields.contains_key("text") {
                    return Ok(Source::Fields(fields));
                }
                Text::deserialize(Value::Object(fields)).map(Source::Text).map_err(de::Error::custom)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
