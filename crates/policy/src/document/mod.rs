//! Texts in YAML, TOML or JSON as one tree in which every node and every key knows its place.
//!
//! Size, depth and number of nodes are bounded before the tree is built, so a hostile text costs
//! an error and no memory.

mod file;
mod json;
mod lines;
mod path;
mod toml;
mod yaml;

use std::fmt;

use tenure_core::limits::DOCUMENT_BYTES_MAX;

pub use self::file::{READABLE, said, text_of};
pub(crate) use self::path::Path;
use crate::problem::{Code, Problem, Problems, Source};

/// Nodes of one document, aliases counted with all they stand for. A megabyte of real policy has a
/// fifth of it; without a bound an alias bomb of a few lines fills the memory.
pub const NODES_MAX: usize = 250_000;

/// In which language a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML 1.2.
    Yaml,
    /// TOML 1.0.
    Toml,
    /// JSON, strictly.
    Json,
}

/// One value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub(crate) value: Value,
    pub(crate) place: Place,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction, always finite.
    Float(f64),
    /// A text; a date or a time is the text it was written as.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Fields in the order of the text, no key twice.
    Map(Vec<Entry>),
}

/// A field of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub(crate) key: String,
    pub(crate) key_place: Place,
    pub(crate) node: Node,
}

/// A place in a text: line and column from 1, counted in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub(crate) file: u32,
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) width: u32,
}

impl Format {
    /// The format that a file's name speaks of: `.yaml`, `.yml`, `.toml` or `.json`.
    #[must_use]
    pub fn of(path: &std::path::Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "yaml" | "yml" => Some(Self::Yaml),
            "toml" => Some(Self::Toml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yaml => "YAML",
            Self::Toml => "TOML",
            Self::Json => "JSON",
        })
    }
}

impl Place {
    /// The line, from 1; `None` where the value came from no text.
    #[must_use]
    pub fn line(self) -> Option<u32> {
        (self.line > 0).then_some(self.line)
    }

    /// The column in characters, from 1; `None` where the value came from no text.
    #[must_use]
    pub fn column(self) -> Option<u32> {
        (self.line > 0).then_some(self.column)
    }
}

impl Entry {
    /// The key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Where the key stands.
    #[must_use]
    pub fn key_place(&self) -> Place {
        self.key_place
    }

    /// What it holds.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }
}

impl Node {
    /// What it holds.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    /// The field of a map.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key),
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::List(_) => None,
        }
    }

    /// The node at a path such as `steps[3].request.span`; the empty path is the node itself.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Node> {
        path::walk(self, path).ok()
    }

    /// The node at a path, or the nearest one above it.
    #[must_use]
    pub fn nearest(&self, path: &str) -> &Node {
        match path::walk(self, path) {
            Ok(node) | Err(node) => node,
        }
    }

    /// The value without its places.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Integer(value) => Json::from(*value),
            Value::Float(value) => Json::from(*value),
            Value::Text(text) => Json::String(text.clone()),
            Value::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Value::Map(entries) => {
                Json::Object(entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect())
            }
        }
    }
}

/// Reads a text that holds one document.
///
/// ```
/// use tenure_policy::document::{Format, parse};
///
/// let tree = parse("steps:\n  - span: 1h\n", Format::Yaml, Some("story.yaml"))?;
/// let span = tree.at("steps[0].span").expect("it is there");
/// assert_eq!(span.place().line(), Some(2));
/// assert_eq!(span.to_json(), "1h");
/// # Ok::<(), tenure_policy::Problems>(())
/// ```
///
/// # Errors
/// What keeps the text from being read, with places.
pub fn parse(text: &str, format: Format, file: Option<&str>) -> Result<Node, Problems> {
    let source = Source::new(file, text);
    read_one(text, format, 0).map_err(|found| Problems::new(found, vec![source]))
}

/// Reads a text that may hold several documents: in YAML parted by `---`, otherwise one.
///
/// # Errors
/// What keeps the text from being read, with places.
pub fn parse_many(text: &str, format: Format, file: Option<&str>) -> Result<Vec<Node>, Problems> {
    let source = Source::new(file, text);
    read(text, format, 0).map_err(|found| Problems::new(found, vec![source]))
}

pub(crate) fn read_one(text: &str, format: Format, file: u32) -> Result<Node, Vec<Problem>> {
    let mut nodes = read(text, format, file)?.into_iter();
    match (nodes.next(), nodes.next()) {
        (Some(node), None) => Ok(node),
        (None, _) => Err(vec![
            Problem::new(
                Code::Syntax,
                String::new(),
                Place { file, line: 1, column: 1, width: 1 },
                "there is nothing in it",
            )
            .help("a document begins with `version: 1`"),
        ]),
        (Some(_), Some(second)) => Err(vec![
            Problem::new(Code::Syntax, String::new(), second.place, "a second document begins here")
                .help("write one document, or several files"),
        ]),
    }
}

/// A text without the byte order mark that some editors put before it.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn read(text: &str, format: Format, file: u32) -> Result<Vec<Node>, Vec<Problem>> {
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err(vec![too_large(file)]);
    }
    let text = without_mark(text);
    match format {
        Format::Yaml => yaml::read(text, file),
        Format::Toml => toml::read(text, file).map(|node| vec![node]),
        Format::Json => json::read(text, file).map(|node| vec![node]),
    }
}

pub(crate) fn too_large(file: u32) -> Problem {
    Problem::new(
        Code::TooLarge,
        String::new(),
        Place { file, ..Place::default() },
        format!("the document has more than {DOCUMENT_BYTES_MAX} bytes"),
    )
    .help("divide it between namespaces, each with a policy of its own; all files of a folder count together")
}

pub(crate) fn too_many(place: Place) -> Problem {
    Problem::new(
        Code::TooLarge,
        String::new(),
        place,
        format!("the document has more than {NODES_MAX} values"),
    )
    .help("divide it; an alias counts with all that it stands for")
}

pub(crate) fn too_deep(place: Place) -> Problem {
    let most = tenure_core::limits::NESTING_MAX;
    Problem::new(Code::TooDeep, String::new(), place, format!("the document is nested more than {most} deep"))
        .help("no field of a policy needs that")
}

pub(crate) use self::json::of_value;
