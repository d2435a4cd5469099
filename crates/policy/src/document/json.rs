//! JSON texts, and JSON values that came without a text.

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use tenure_core::limits::{DOCUMENT_BYTES_MAX, NESTING_MAX};

use super::lines::Lines;
use super::{Entry, NODES_MAX, Node, Path, Place, Value, too_deep, too_large, too_many};
use crate::problem::{Code, Problem, quote};

/// Nothing but what RFC 8259 allows.
const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

pub(super) fn read(text: &str, file: u32) -> Result<Node, Vec<Problem>> {
    let lines = Lines::of(text, file);
    if let Some(at) = depth_passed(text) {
        return Err(vec![too_deep(lines.place(at, at + 1))]);
    }
    let parsed = parse_to_ast(text, &CollectOptions::default(), &STRICT).map_err(|error| {
        let range = error.range();
        vec![
            Problem::new(
                Code::Syntax,
                String::new(),
                lines.place(range.start, range.end),
                format!("this is no JSON: {}", crate::problem::lower(&error.kind().to_string())),
            )
            .help("JSON has double quotes, commas between values and none after the last, and no comments"),
        ]
    })?;
    let Some(value) = parsed.value else {
        return Err(vec![
            Problem::new(Code::Syntax, String::new(), lines.place(0, 1), "there is nothing in it")
                .help("a document begins with `version: 1`"),
        ]);
    };
    let mut tree = Tree { lines, left: NODES_MAX, problems: Vec::new() };
    let node = tree.node(&value, &Path::ROOT);
    match node {
        Some(node) if tree.problems.is_empty() => Ok(node),
        _ => Err(tree.problems),
    }
}

/// The byte at which a text is nested too deep. Brackets in texts do not count.
fn depth_passed(text: &str) -> Option<usize> {
    let (mut depth, mut inside, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            b'[' | b'{' if !inside => {
                depth += 1;
                if depth > NESTING_MAX {
                    return Some(at);
                }
            }
            b']' | b'}' if !inside => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

struct Tree<'t> {
    lines: Lines<'t>,
    left: usize,
    problems: Vec<Problem>,
}

impl Tree<'_> {
    /// `None` where nothing more can be read; the problem is then noted.
    fn node(&mut self, value: &ast::Value<'_>, path: &Path<'_>) -> Option<Node> {
        let range = value.range();
        let place = self.lines.place(range.start, range.end);
        let Some(left) = self.left.checked_sub(1) else {
            self.problems.push(too_many(place));
            return None;
        };
        self.left = left;
        let mut width = place.width;
        let value = match value {
            ast::Value::NullKeyword(_) => Value::Null,
            ast::Value::BooleanLit(lit) => Value::Bool(lit.value),
            ast::Value::StringLit(lit) => Value::Text(lit.value.clone().into_owned()),
            ast::Value::NumberLit(lit) => self.number(lit.value, path, place),
            ast::Value::Array(array) => {
                width = 1;
                let items = array.elements.iter().enumerate();
                Value::List(items.map(|(n, item)| self.node(item, &path.index(n))).collect::<Option<_>>()?)
            }
            ast::Value::Object(object) => {
                width = 1;
                self.map(object, path)?
            }
        };
        Some(Node { value, place: Place { width, ..place } })
    }

    fn map(&mut self, object: &ast::Object<'_>, path: &Path<'_>) -> Option<Value> {
        let mut entries = Vec::with_capacity(object.properties.len());
        let mut seen = std::collections::BTreeSet::new();
        for property in &object.properties {
            let key = property.name.as_str().to_owned();
            let range = property.name.range();
            let key_place = self.lines.place(range.start, range.end);
            let path = path.key(&key);
            if !seen.insert(key.clone()) {
                self.problems.push(twice(&key, &path, key_place));
            }
            let node = self.node(&property.value, &path)?;
            entries.push(Entry { key, key_place, node });
        }
        Some(Value::Map(entries))
    }

    fn number(&mut self, text: &str, path: &Path<'_>, place: Place) -> Value {
        number(text).unwrap_or_else(|| {
            self.problems.push(too_big(text, path, place));
            Value::Null
        })
    }
}

/// A number as JSON writes it, where 64 bits hold it.
pub(super) fn number(text: &str) -> Option<Value> {
    if text.contains(['.', 'e', 'E']) {
        text.parse().ok().filter(|value: &f64| value.is_finite()).map(Value::Float)
    } else {
        text.parse().ok().map(Value::Integer)
    }
}

pub(super) fn too_big(text: &str, path: &Path<'_>, place: Place) -> Problem {
    Problem::new(
        Code::OutOfRange,
        path.to_string(),
        place,
        format!("{} is no number that 64 bits hold", quote(text)),
    )
    .help("write a smaller number, or a text in quotes")
}

pub(super) fn twice(key: &str, path: &Path<'_>, place: Place) -> Problem {
    Problem::new(Code::Syntax, path.to_string(), place, format!("{} stands twice in one map", quote(key)))
        .help("keep one of them")
}

/// A tree of a value that came without a text: bounded like a text, and without places.
pub(crate) fn of_value(value: &serde_json::Value) -> Result<Node, Vec<Problem>> {
    let mut bytes = 0;
    let node = placeless(value, 0, &mut bytes).map_err(|problem| vec![*problem])?;
    if bytes > DOCUMENT_BYTES_MAX { Err(vec![too_large(0)]) } else { Ok(node) }
}

fn placeless(value: &serde_json::Value, depth: usize, bytes: &mut usize) -> Result<Node, Box<Problem>> {
    use serde_json::Value as Json;
    let place = Place::default();
    *bytes = bytes.saturating_add(2);
    if *bytes > DOCUMENT_BYTES_MAX {
        return Err(Box::new(too_large(0)));
    }
    if depth >= NESTING_MAX && (value.is_array() || value.is_object()) {
        return Err(Box::new(too_deep(place)));
    }
    let value = match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(text) => {
            let text = text.to_string();
            number(&text).ok_or_else(|| Box::new(too_big(&text, &Path::ROOT, place)))?
        }
        Json::String(text) => {
            *bytes = bytes.saturating_add(text.len());
            Value::Text(text.clone())
        }
        Json::Array(items) => {
            Value::List(items.iter().map(|item| placeless(item, depth + 1, bytes)).collect::<Result<_, _>>()?)
        }
        Json::Object(fields) => {
            let mut entries = Vec::with_capacity(fields.len());
            for (key, item) in fields {
                *bytes = bytes.saturating_add(key.len());
                let node = placeless(item, depth + 1, bytes)?;
                entries.push(Entry { key: key.clone(), key_place: place, node });
            }
            Value::Map(entries)
        }
    };
    Ok(Node { value, place })
}
