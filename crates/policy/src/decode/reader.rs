//! Reading values out of a tree and noting, not throwing, what is wrong with them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::Arc;

use tenure_core::flow::condition::Condition;
use tenure_core::flow::requirement::Pattern;
use tenure_core::flow::selector::{Glob, Selector};
use tenure_core::limits::SELECTORS_MAX;
use tenure_core::time::{Span, Timestamp};

use super::shape::Shape;
use super::suggest;
use crate::document::{Entry, Node, Path, Place, Value};
use crate::problem::{Code, PROBLEMS_MAX, Problem, brief, quote};

const UNITS: &str = "units are ms, s, m, h and d: `90s`, `1h 30m`";

/// What has been found wrong so far, and what need not be compiled twice.
pub(crate) struct Reader {
    problems: Vec<Problem>,
    beyond: usize,
    /// Paths of fields that hold a placeholder: no check of meaning speaks of them.
    broken: BTreeSet<String>,
    /// Where the fields of the flow being read stand, if not where its own paths say.
    pub(super) moved: Vec<(String, String)>,
    pub(super) selectors: BTreeMap<String, Selector>,
    pub(super) globs: BTreeMap<String, Glob>,
    /// How many names with `*` or `?` were compiled so far.
    pub(super) globs_made: usize,
    /// How many bytes the patterns to come may take.
    pub(super) pattern_bytes: usize,
    pub(super) patterns: BTreeMap<String, Pattern>,
    pub(super) conditions: BTreeMap<String, Arc<dyn Condition>>,
    #[cfg(feature = "cedar")]
    pub(super) types: Option<crate::condition::AttributeTypes>,
}

/// The fields of a map that is being read.
pub(crate) struct Fields<'n> {
    node: &'n Node,
    shape: &'static Shape,
    known: BTreeMap<&'static str, &'n Entry>,
    /// Fields that are absent and that an unknown one comes near.
    meant: BTreeSet<&'static str>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            problems: Vec::new(),
            beyond: 0,
            broken: BTreeSet::new(),
            moved: Vec::new(),
            selectors: BTreeMap::new(),
            globs: BTreeMap::new(),
            globs_made: 0,
            pattern_bytes: super::requirement::PATTERNS_BYTES_MAX,
            patterns: BTreeMap::new(),
            conditions: BTreeMap::new(),
            #[cfg(feature = "cedar")]
            types: None,
        }
    }
}

impl Reader {
    /// Notes a problem. The field counts as broken from here on.
    pub(crate) fn problem(
        &mut self,
        code: Code,
        path: &Path<'_>,
        place: Place,
        message: impl Into<String>,
        help: &str,
    ) {
        if self.problems.len() < PROBLEMS_MAX {
            self.broken.insert(path.to_string());
        }
        self.note(Problem::new(code, path.to_string(), place, message).help(help));
    }

    /// Notes a problem of meaning: the field is whole, what it says is not.
    pub(crate) fn disagree(&mut self, code: Code, path: String, place: Place, message: String, help: &str) {
        self.note(Problem::new(code, path, place, message).help(help));
    }

    pub(crate) fn note(&mut self, problem: Problem) {
        if self.problems.len() >= PROBLEMS_MAX {
            self.beyond = self.beyond.saturating_add(1);
        } else {
            self.problems.push(problem);
        }
    }

    /// Says that a field holds a placeholder because another one, already told of, is broken.
    pub(crate) fn doubt(&mut self, path: &Path<'_>) {
        if self.broken.len() < PROBLEMS_MAX.saturating_mul(4) {
            self.broken.insert(path.to_string());
        }
    }

    pub(crate) fn found(self) -> (Vec<Problem>, usize) {
        (self.problems, self.beyond)
    }

    /// The declared types, if there are some.
    #[cfg(all(test, feature = "cedar"))]
    pub(super) fn declared(&self) -> Option<&crate::condition::AttributeTypes> {
        self.types.as_ref()
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// Whether this field, one above it or one in it holds a placeholder.
    pub(crate) fn is_broken(&self, path: &str) -> bool {
        let within = |begin: &str, whole: &str| {
            whole.strip_prefix(begin).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let inside = self.broken.range(path.to_owned()..).take_while(|broken| broken.starts_with(path));
        inside.into_iter().any(|broken| within(path, broken)) || self.is_replaced(path)
    }

    /// Whether this field or one above it holds a placeholder.
    pub(crate) fn is_replaced(&self, path: &str) -> bool {
        self.broken.contains(path)
            || path
                .match_indices(['.', '['])
                .any(|(at, _)| path.get(..at).is_some_and(|above| self.broken.contains(above)))
    }

    /// The fields of a map; unknown ones are problems at once.
    pub(crate) fn fields<'n>(
        &mut self,
        node: &'n Node,
        path: &Path<'_>,
        shape: &'static Shape,
    ) -> Option<Fields<'n>> {
        let Value::Map(entries) = &node.value else {
            let help = format!("write its fields by name: {}", suggest::listed(shape.fields));
            return self.misfit(node, path, "fields with their values", &help);
        };
        let mut fields = Fields { node, shape, known: BTreeMap::new(), meant: BTreeSet::new() };
        let mut unknown = Vec::new();
        for entry in entries {
            match shape.fields.iter().find(|name| **name == entry.key) {
                Some(name) => {
                    fields.known.insert(name, entry);
                }
                None => unknown.push(entry),
            }
        }
        for entry in unknown {
            self.unknown(&mut fields, entry, path);
        }
        Some(fields)
    }

    fn unknown(&mut self, fields: &mut Fields<'_>, entry: &Entry, path: &Path<'_>) {
        if self.problems.len() >= PROBLEMS_MAX {
            self.beyond = self.beyond.saturating_add(1);
            return;
        }
        let absent = fields.shape.fields.iter().copied().filter(|name| !fields.has(name));
        let help = match suggest::near(&entry.key, absent) {
            Some(near) => {
                fields.meant.insert(near);
                // The author has said something about that field; what it says is not known.
                self.doubt(&path.key(near));
                format!("did you mean `{near}`?")
            }
            None => format!("write one of {}", suggest::listed(fields.shape.fields)),
        };
        let message = format!("there is no field {} here", quote(&entry.key));
        self.problem(Code::UnknownField, &path.key(&entry.key), entry.key_place, message, &help);
    }

    /// The fields of a map whose names the author chooses.
    pub(crate) fn entries<'n>(&mut self, node: &'n Node, path: &Path<'_>) -> Option<&'n [Entry]> {
        match &node.value {
            Value::Map(entries) => Some(entries),
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::List(_) => self.wrong(node, path, "fields with their values"),
        }
    }

    /// Notes that a value is of the wrong type.
    pub(crate) fn wrong<T>(&mut self, node: &Node, path: &Path<'_>, expected: &str) -> Option<T> {
        self.misfit(node, path, expected, &remedy(&node.value, expected))
    }

    fn misfit<T>(&mut self, node: &Node, path: &Path<'_>, expected: &str, help: &str) -> Option<T> {
        let found = match &node.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Integer(_) => "a number",
            Value::Float(_) => "a number with a fraction",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "fields",
        };
        let message = format!("`{}` takes {expected}, not {found}", path.field());
        self.problem(Code::WrongType, path, node.place, message, help);
        None
    }

    pub(crate) fn text<'n>(&mut self, node: &'n Node, path: &Path<'_>) -> Option<&'n str> {
        self.text_for(node, path, "a text")
    }

    pub(super) fn text_for<'n>(
        &mut self,
        node: &'n Node,
        path: &Path<'_>,
        expected: &str,
    ) -> Option<&'n str> {
        match &node.value {
            Value::Text(text) => Some(text),
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::List(_)
            | Value::Map(_) => self.wrong(node, path, expected),
        }
    }

    /// A text that is to be read by people or to be a name.
    pub(crate) fn words(&mut self, node: &Node, path: &Path<'_>) -> Option<String> {
        let text = self.text(node, path)?;
        if text.trim().is_empty() {
            let message = format!("`{}` is empty", path.field());
            self.problem(Code::OutOfRange, path, node.place, message, "write something, or leave it out");
            return None;
        }
        Some(text.to_owned())
    }

    pub(crate) fn truth(&mut self, node: &Node, path: &Path<'_>) -> Option<bool> {
        match &node.value {
            Value::Bool(value) => Some(*value),
            Value::Null
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Map(_) => self.wrong(node, path, "true or false"),
        }
    }

    pub(crate) fn whole(&mut self, node: &Node, path: &Path<'_>) -> Option<u32> {
        match &node.value {
            Value::Integer(value) => u32::try_from(*value).ok().or_else(|| {
                let message = format!("`{}` is {value}", path.field());
                self.problem(Code::OutOfRange, path, node.place, message, "write a small whole number");
                None
            }),
            Value::Null
            | Value::Bool(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Map(_) => self.wrong(node, path, "a whole number"),
        }
    }

    pub(crate) fn span(&mut self, node: &Node, path: &Path<'_>) -> Option<Span> {
        let bare = |number: &dyn Display| format!("`{number}` has no unit");
        let message = match &node.value {
            Value::Text(text) => match text.parse() {
                Ok(span) => return Some(span),
                Err(bad) => {
                    let said = brief(&bad.to_string());
                    let (message, help) = halves(&said, UNITS);
                    self.problem(Code::BadSpan, path, node.place, message, help);
                    return None;
                }
            },
            Value::Integer(number) => bare(number),
            Value::Float(number) => bare(number),
            Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => {
                return self.wrong(node, path, "a span such as `30m`");
            }
        };
        self.problem(
            Code::BadSpan,
            path,
            node.place,
            message,
            "units are ms, s, m, h and d: `90s`, `1h 30m`",
        );
        None
    }

    pub(crate) fn instant(&mut self, node: &Node, path: &Path<'_>) -> Option<Timestamp> {
        let text = self.text_for(node, path, "a time such as `2027-01-01T00:00:00Z`")?;
        match text.parse() {
            Ok(at) => Some(at),
            Err(bad) => {
                let said = brief(&bad.to_string());
                let (message, help) = halves(&said, "write it like `2027-01-01T00:00:00Z`");
                self.problem(Code::BadTime, path, node.place, message, help);
                None
            }
        }
    }

    /// One word of a few.
    pub(crate) fn choice<T: Copy>(&mut self, node: &Node, path: &Path<'_>, words: &[(&str, T)]) -> Option<T> {
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let text = self.text_for(node, path, &format!("a text: {}", suggest::listed(&names)))?;
        let chosen = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if chosen.is_none() {
            self.unknown_word(node, path, text, &names);
        }
        chosen
    }

    pub(super) fn unknown_word(&mut self, node: &Node, path: &Path<'_>, text: &str, names: &[&str]) {
        let message = format!("`{}` knows no {}", path.field(), quote(text));
        let help = match suggest::near(text, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write {}", suggest::listed(names)),
        };
        self.problem(Code::OutOfRange, path, node.place, message, &help);
    }

    /// The items of a list, at most so many.
    pub(crate) fn list<'n>(
        &mut self,
        node: &'n Node,
        path: &Path<'_>,
        most: usize,
        expected: &str,
    ) -> Option<&'n [Node]> {
        match &node.value {
            Value::List(items) if items.len() > most => {
                let message = format!("{} entries stand here", items.len());
                let help = format!("write at most {most}");
                self.problem(Code::TooLarge, path, node.place, message, &help);
                None
            }
            Value::List(items) => Some(items),
            Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::Map(_) => self.wrong(node, path, expected),
        }
    }

    /// Each item of a list, read in the same way. Broken ones are left out.
    pub(crate) fn each<T>(
        &mut self,
        node: &Node,
        path: &Path<'_>,
        expected: &str,
        mut read: impl FnMut(&mut Self, &Node, &Path<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = self.list(node, path, SELECTORS_MAX, expected)?;
        Some(items.iter().enumerate().filter_map(|(n, item)| read(self, item, &path.index(n))).collect())
    }

    /// An id of any type.
    pub(crate) fn id<T: std::str::FromStr<Err: Display>>(
        &mut self,
        node: &Node,
        path: &Path<'_>,
    ) -> Option<T> {
        let text = self.text(node, path)?;
        match text.parse() {
            Ok(id) => Some(id),
            Err(bad) => {
                let said = brief(&bad.to_string());
                let (message, help) = halves(&said, "write a short name such as `prod-db`");
                self.problem(Code::BadId, path, node.place, message, help);
                None
            }
        }
    }
}

/// What to write instead of a value of the wrong type.
fn remedy(found: &Value, expected: &str) -> String {
    let scalar = matches!(found, Value::Bool(_) | Value::Integer(_) | Value::Float(_));
    match found {
        Value::Null => "write a value, or leave the field out".to_owned(),
        _ if expected.starts_with("a text") && scalar => "write it in quotes".to_owned(),
        Value::Text(text) if expected.starts_with("a list") && expected.contains("such as") => {
            format!("put it in brackets: `[{}]`", brief(text))
        }
        Value::Text(_) if expected == "true or false" => "write `true` or `false`, without quotes".to_owned(),
        Value::Text(text) if expected == "a whole number" && text.trim().parse::<i64>().is_ok() => {
            format!("write `{}`, without quotes", text.trim())
        }
        Value::Text(_) if expected == "a whole number" => "write one such as `2`, without quotes".to_owned(),
        Value::Bool(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::List(_)
        | Value::Map(_) => format!("write {expected}"),
    }
}

/// What is wrong and what would be right, where a sentence says both: `…; write it like …`.
fn halves<'a>(sentence: &'a str, otherwise: &'a str) -> (&'a str, &'a str) {
    sentence.rsplit_once("; ").unwrap_or((sentence, otherwise))
}

impl<'n> Fields<'n> {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }

    /// Where the map itself stands.
    pub(crate) fn place(&self) -> Place {
        self.node.place
    }

    /// A field, if it is there.
    pub(crate) fn value(&self, name: &'static str) -> Option<&'n Node> {
        debug_assert!(self.shape.fields.contains(&name), "{name} is not in the shape {}", self.shape.name);
        self.known.get(name).map(|entry| &entry.node)
    }

    /// A field that may be left out, read; nothing where it is absent or broken.
    pub(crate) fn maybe<T>(
        &self,
        reader: &mut Reader,
        path: &Path<'_>,
        name: &'static str,
        read: impl FnOnce(&mut Reader, &'n Node, &Path<'_>) -> Option<T>,
    ) -> Option<T> {
        self.value(name).and_then(|node| read(reader, node, &path.key(name)))
    }

    /// A field that must be there, read; nothing where it is broken.
    pub(crate) fn must<T>(
        &self,
        reader: &mut Reader,
        path: &Path<'_>,
        name: &'static str,
        help: &str,
        read: impl FnOnce(&mut Reader, &'n Node, &Path<'_>) -> Option<T>,
    ) -> Option<T> {
        if !self.has(name) {
            self.missing(reader, path, name, help);
        }
        self.maybe(reader, path, name, read)
    }

    /// Notes that a field is missing, unless it is there with a slip of the pen.
    pub(crate) fn missing(&self, reader: &mut Reader, path: &Path<'_>, name: &'static str, help: &str) {
        if self.meant.contains(name) {
            return;
        }
        let message = format!("`{name}` is missing");
        reader.problem(Code::MissingField, &path.key(name), self.place(), message, help);
    }
}
