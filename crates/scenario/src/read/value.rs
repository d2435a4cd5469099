//! Values of one kind each, and what is wrong where they are of another.

use serde_json::{Map, Value as Json};
use tenure_port::core::time::{Span, Timestamp};
use tenure_port::policy::document::{Entry, Node, Value};
use tenure_port::policy::problem::Code;

use super::{join, keys};
use crate::story::{Effects, instant};
use crate::trouble::{Trouble, quote};

/// Collects what is wrong while it reads.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) found: Vec<Trouble>,
}

/// Reads one value at a path.
pub(super) type Read<T> = fn(&mut Reader, &Node, &str) -> Option<T>;

impl Reader {
    pub(super) fn trouble(&mut self, trouble: Trouble) {
        self.found.push(trouble);
    }

    pub(super) fn wrong(&mut self, node: &Node, path: &str, wanted: &str) {
        let message = format!("{} is not {wanted}", sort(node));
        self.trouble(Trouble::new(Code::WrongType, path.to_owned(), node.place(), message));
    }

    pub(super) fn bad(&mut self, code: Code, node: &Node, path: &str, message: impl Into<String>) {
        self.trouble(Trouble::new(code, path.to_owned(), node.place(), message));
    }

    /// Words of the core: what is wrong, and after a semicolon what would be right.
    fn told(&mut self, code: Code, node: &Node, path: &str, words: &str) {
        let (message, help) = words.split_once("; ").unwrap_or((words, ""));
        let trouble = Trouble::new(code, path.to_owned(), node.place(), message);
        self.trouble(if help.is_empty() { trouble } else { trouble.help(help) });
    }

    pub(super) fn missing(&mut self, node: &Node, path: &str, field: &str, wanted: &str) {
        let message = format!("`{field}` is missing");
        let trouble = Trouble::new(Code::MissingField, join(path, field), node.place(), message);
        self.trouble(trouble.help(format!("`{field}` is {wanted}")));
    }

    /// Refuses every field that is not among the known.
    pub(super) fn only(&mut self, node: &Node, path: &str, known: &[&str], what: &str) {
        let Value::Map(entries) = node.value() else { return };
        for (key, entry) in keys(entries).filter(|(key, _)| !known.contains(key)) {
            self.unknown(entry, path, key, known, what);
        }
    }

    pub(super) fn unknown(&mut self, entry: &Entry, path: &str, key: &str, known: &[&str], what: &str) {
        let message = format!("{what} has no field {}", quote(key));
        let trouble = Trouble::new(Code::UnknownField, join(path, key), entry.key_place(), message);
        self.trouble(trouble.help(nearest(key, known)));
    }

    pub(super) fn required<T>(&mut self, node: &Node, path: &str, field: &str, read: Read<T>) -> Option<T> {
        match node.field(field) {
            Some(value) => read(self, value, &join(path, field)),
            None => {
                self.missing(node, path, field, "needed here");
                None
            }
        }
    }

    pub(super) fn optional<T>(&mut self, node: &Node, path: &str, field: &str, read: Read<T>) -> Option<T> {
        node.field(field).and_then(|value| read(self, value, &join(path, field)))
    }

    /// The fields of a map; nothing written is an empty one.
    pub(super) fn entries<'n>(&mut self, node: &'n Node, path: &str) -> Option<&'n [Entry]> {
        if matches!(node.value(), Value::Null) {
            return Some(&[]);
        }
        let Value::Map(entries) = node.value() else {
            self.wrong(node, path, "fields by name");
            return None;
        };
        Some(entries)
    }

    pub(super) fn list<'n>(&mut self, node: &'n Node, path: &str) -> Option<&'n [Node]> {
        let Value::List(items) = node.value() else {
            self.wrong(node, path, "a list");
            return None;
        };
        Some(items)
    }

    pub(super) fn text(&mut self, node: &Node, path: &str) -> Option<String> {
        let Value::Text(text) = node.value() else {
            self.wrong(node, path, "a text");
            return None;
        };
        Some(text.clone())
    }

    pub(super) fn texts(&mut self, node: &Node, path: &str) -> Option<Vec<String>> {
        let items = self.list(node, path)?;
        let numbered = items.iter().enumerate();
        all(numbered.map(|(index, item)| self.text(item, &format!("{path}[{index}]"))))
    }

    pub(super) fn flag(&mut self, node: &Node, path: &str) -> Option<bool> {
        let Value::Bool(flag) = node.value() else {
            self.wrong(node, path, "true or false");
            return None;
        };
        Some(*flag)
    }

    pub(super) fn count(&mut self, node: &Node, path: &str) -> Option<i64> {
        let Value::Integer(count) = node.value() else {
            self.wrong(node, path, "a whole number");
            return None;
        };
        Some(*count)
    }

    pub(super) fn span(&mut self, node: &Node, path: &str) -> Option<Span> {
        let Value::Text(text) = node.value() else {
            self.wrong(node, path, "a span such as `30m`");
            return None;
        };
        match text.parse::<Span>() {
            Ok(span) => Some(span),
            Err(bad) => {
                self.told(Code::BadSpan, node, path, &bad.to_string());
                None
            }
        }
    }

    /// An instant, written whole.
    pub(super) fn time(&mut self, node: &Node, path: &str) -> Option<Timestamp> {
        let text = self.text(node, path)?;
        match text.parse::<Timestamp>() {
            Ok(at) => Some(at),
            Err(bad) => {
                self.told(Code::BadTime, node, path, &bad.to_string());
                None
            }
        }
    }

    /// An instant, written whole or as an offset from the start.
    pub(super) fn offset(&mut self, node: &Node, path: &str, start: Timestamp) -> Option<Timestamp> {
        let Value::Text(text) = node.value() else {
            self.wrong(node, path, "an offset such as `62m`, or an instant");
            return None;
        };
        match instant(text, start) {
            Ok(at) => Some(at),
            Err(message) => {
                let trouble = Trouble::new(Code::BadTime, path.to_owned(), node.place(), message);
                self.trouble(trouble.help("write it like `62m`, `1h 2m` or `2026-03-02T10:02:00Z`"));
                None
            }
        }
    }

    pub(super) fn json_map(&mut self, node: &Node, path: &str) -> Option<Map<String, Json>> {
        self.entries(node, path)?;
        let Json::Object(map) = node.to_json() else { return Some(Map::new()) };
        Some(map)
    }

    pub(super) fn effects(&mut self, node: &Node, path: &str) -> Option<Effects> {
        match self.word(node, path, &["auto", "manual"])?.as_str() {
            "manual" => Some(Effects::Manual),
            _ => Some(Effects::Auto),
        }
    }

    /// One of these words.
    pub(super) fn word(&mut self, node: &Node, path: &str, known: &[&str]) -> Option<String> {
        let text = self.text(node, path)?;
        if known.contains(&text.as_str()) {
            return Some(text);
        }
        let message = format!("{} is none of the words that can stand here", quote(&text));
        let trouble = Trouble::new(Code::OutOfRange, path.to_owned(), node.place(), message);
        self.trouble(trouble.help(nearest(&text, known)));
        None
    }
}

/// Everything that was read, or nothing where something could not be. All of it is read in any case, so
/// that every mistake is told.
pub(super) fn all<T>(read: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    let read: Vec<Option<T>> = read.collect();
    read.into_iter().collect()
}

/// Which of the known is meant, or all of them.
fn nearest(word: &str, known: &[&str]) -> String {
    let close = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1.max(candidate.len() / 3))
        .min();
    match (close, known) {
        (Some((_, candidate)), _) => format!("did you mean `{candidate}`?"),
        (None, []) => "nothing can stand here".to_owned(),
        (None, _) => {
            let all: Vec<String> = known.iter().map(|candidate| format!("`{candidate}`")).collect();
            format!("what can stand here: {}", all.join(", "))
        }
    }
}

/// What a node is, in words.
fn sort(node: &Node) -> String {
    match node.value() {
        Value::Null => "nothing".to_owned(),
        Value::Bool(flag) => format!("`{flag}`"),
        Value::Integer(count) => format!("`{count}`"),
        Value::Float(number) => format!("`{number}`"),
        Value::Text(text) => quote(text),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a map".to_owned(),
    }
}
