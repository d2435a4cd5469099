//! YAML texts: the core schema of YAML 1.2, nothing of 1.1.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use tenure_core::limits::{DOCUMENT_BYTES_MAX, NESTING_MAX};

use super::json::{too_big, twice};
use super::lines::number as count;
use super::{Entry, NODES_MAX, Node, Path, Place, Value, too_deep, too_many};
use crate::problem::{Code, PROBLEMS_MAX, Problem, lower, quote};

pub(super) fn read(text: &str, file: u32) -> Result<Vec<Node>, Vec<Problem>> {
    let mut tree = Tree {
        file,
        stack: Vec::new(),
        done: Vec::new(),
        anchors: BTreeMap::new(),
        made: Size { nodes: 0, bytes: 0 },
        problems: Vec::new(),
    };
    for event in Parser::new_from_str(text) {
        let stopped = match event {
            Ok((event, span)) => tree.event(event, tree.place(span)),
            Err(error) => {
                let place = tree.place(Span::empty(*error.marker()));
                let message = format!("this is no YAML: {}", lower(error.info()));
                Err(Box::new(if error.info().contains("recursion limit") {
                    too_deep(place)
                } else {
                    tree.problem(place, message)
                }))
            }
        };
        if let Err(problem) = stopped {
            tree.problems.push(*problem);
            break;
        }
        if tree.problems.len() >= PROBLEMS_MAX {
            break;
        }
    }
    if tree.problems.is_empty() { Ok(tree.done) } else { Err(tree.problems) }
}

/// Bytes of texts of one document, as written, as kept for aliases and as aliases put them in: room for
/// a text of the largest size that names all of itself once.
const BYTES_MAX: usize = 2 * DOCUMENT_BYTES_MAX;

/// A problem after which nothing more can be read.
type Stop = Box<Problem>;

/// A collection that is not closed yet.
struct Open {
    place: Place,
    anchor: usize,
    /// What is in it so far, itself counted.
    size: Size,
    inside: Inside,
}

enum Inside {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, keys: BTreeSet<String>, key: Option<(String, Place)> },
}

/// How much a node is, with all that is in it.
#[derive(Clone, Copy)]
struct Size {
    nodes: usize,
    /// Bytes of texts and keys.
    bytes: usize,
}

impl Size {
    fn and(self, other: Self) -> Self {
        Self { nodes: self.nodes.saturating_add(other.nodes), bytes: self.bytes.saturating_add(other.bytes) }
    }
}

/// What an alias may stand for.
struct Kept {
    node: Node,
    size: Size,
    depth: usize,
}

struct Tree {
    file: u32,
    stack: Vec<Open>,
    done: Vec<Node>,
    anchors: BTreeMap<usize, Kept>,
    /// All that was made so far.
    made: Size,
    problems: Vec<Problem>,
}

impl Tree {
    /// Takes one event. An error ends the reading.
    fn event(&mut self, event: Event<'_>, place: Place) -> Result<(), Stop> {
        match event {
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
            Event::Alias(anchor) => self.alias(anchor, place),
            Event::Scalar(text, style, anchor, tag) => {
                if self.awaits_key() {
                    return self.key(text, style, tag.as_deref(), place);
                }
                let value = self.scalar(&text, style, tag.as_deref(), place)?;
                let size = Size { nodes: 1, bytes: length(&value) };
                self.add(Node { value, place }, anchor, size)
            }
            Event::SequenceStart(anchor, tag) => {
                self.collection(tag.as_deref(), "seq", place)?;
                self.open(anchor, place, Inside::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                self.collection(tag.as_deref(), "map", place)?;
                let inside = Inside::Map { entries: Vec::new(), keys: BTreeSet::new(), key: None };
                self.open(anchor, place, inside)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
        }
    }

    fn awaits_key(&self) -> bool {
        matches!(self.stack.last(), Some(Open { inside: Inside::Map { key: None, .. }, .. }))
    }

    fn open(&mut self, anchor: usize, place: Place, inside: Inside) -> Result<(), Stop> {
        if self.awaits_key() {
            return Err(Box::new(self.problem(place, "a key is a text, not a list or a map")));
        }
        if self.stack.len() >= NESTING_MAX {
            return Err(Box::new(too_deep(place)));
        }
        self.stack.push(Open { place, anchor, size: Size { nodes: 1, bytes: 0 }, inside });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Stop> {
        let Some(open) = self.stack.pop() else { return Ok(()) };
        let value = match open.inside {
            Inside::List(items) => Value::List(items),
            Inside::Map { entries, .. } => Value::Map(entries),
        };
        self.add(Node { value, place: open.place }, open.anchor, open.size)
    }

    fn key(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        tag: Option<&Tag>,
        place: Place,
    ) -> Result<(), Stop> {
        let is_text = match self.scalar(&text, style, tag, place)? {
            Value::Text(_) => true,
            Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) => false,
            Value::List(_) | Value::Map(_) => false,
        };
        if !is_text {
            let problem = self.problem(place, format!("a key is a text, and {} is none", quote(&text)));
            self.problems.push(problem.help(format!("write it in quotes: \"{}\"", text.escape_debug())));
        } else if text == "<<" && style == ScalarStyle::Plain {
            let problem = self.problem(place, "`<<` merges maps in YAML 1.1 only");
            self.problems.push(problem.help("write the fields out, or name the whole map by an alias"));
        }
        if let Some(Open { inside: Inside::Map { keys, key, .. }, .. }) = self.stack.last_mut() {
            let new = keys.insert(text.clone().into_owned());
            *key = Some((text.clone().into_owned(), place));
            if !new {
                let problem = self.with_path(|path| twice(&text, path, place));
                self.problems.push(problem);
            }
        }
        Ok(())
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, node: Node, anchor: usize, size: Size) -> Result<(), Stop> {
        self.charge(Size { nodes: 1, bytes: length(&node.value) }, node.place)?;
        if anchor > 0 {
            // What an alias may stand for is kept a second time, and counted so.
            self.charge(size, node.place)?;
            self.anchors.insert(anchor, Kept { depth: depth(&node), node: node.clone(), size });
        }
        self.put(node, size);
        Ok(())
    }

    /// Counts what is about to be made, so that a few lines do not make a mountain.
    fn charge(&mut self, size: Size, place: Place) -> Result<(), Stop> {
        self.made = self.made.and(size);
        if self.made.nodes > NODES_MAX {
            return Err(Box::new(too_many(place)));
        }
        if self.made.bytes > BYTES_MAX {
            let message = format!("with its aliases written out the text has more than {BYTES_MAX} bytes");
            let problem = Problem::new(Code::TooLarge, String::new(), place, message);
            return Err(Box::new(problem.help("an alias counts with all that it stands for")));
        }
        Ok(())
    }

    fn put(&mut self, node: Node, size: Size) {
        match self.stack.last_mut() {
            None => self.done.push(node),
            Some(open) => {
                open.size = open.size.and(size);
                match &mut open.inside {
                    Inside::List(items) => items.push(node),
                    Inside::Map { entries, key, .. } => {
                        let (key, key_place) = key.take().unwrap_or_default();
                        open.size.bytes = open.size.bytes.saturating_add(key.len());
                        entries.push(Entry { key, key_place, node });
                    }
                }
            }
        }
    }

    fn alias(&mut self, anchor: usize, place: Place) -> Result<(), Stop> {
        if self.awaits_key() {
            return Err(Box::new(self.problem(place, "a key is a text, not an alias")));
        }
        let Some(Kept { size, depth, .. }) = self.anchors.get(&anchor) else {
            return Err(Box::new(self.problem(place, "an alias cannot stand for what it is a part of")));
        };
        let (size, depth) = (*size, *depth);
        if self.stack.len().saturating_add(depth) > NESTING_MAX {
            return Err(Box::new(too_deep(place)));
        }
        self.charge(size, place)?;
        if let Some(Kept { node, .. }) = self.anchors.get(&anchor) {
            let node = node.clone();
            self.put(node, size);
        }
        Ok(())
    }

    /// Collections carry no tag but their own.
    fn collection(&self, tag: Option<&Tag>, own: &str, place: Place) -> Result<(), Stop> {
        match tag {
            Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == own) => {
                Err(Box::new(self.strange(tag, place)))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        place: Place,
    ) -> Result<Value, Stop> {
        if let Some(tag) = tag {
            return if tag.is_yaml_core_schema() && tag.suffix == "str" {
                Ok(Value::Text(text.to_owned()))
            } else {
                Err(Box::new(self.strange(tag, place)))
            };
        }
        if style != ScalarStyle::Plain {
            return Ok(Value::Text(text.to_owned()));
        }
        Ok(match plain(text) {
            Plain::Value(value) => value,
            Plain::Unholdable => {
                let problem = self.with_path(|path| too_big(text, path, place));
                self.problems.push(problem);
                Value::Null
            }
        })
    }

    fn strange(&self, tag: &Tag, place: Place) -> Problem {
        self.problem(place, format!("the tag {} means nothing here", quote(&tag.to_string())))
            .help("leave it out; `!!str` makes a text of what would be a number")
    }

    fn problem(&self, place: Place, message: impl Into<String>) -> Problem {
        self.with_path(|path| Problem::new(Code::Syntax, path.to_string(), place, message))
            .help("look for indentation, brackets and quotes; tabs do not indent")
    }

    /// Runs with the path of what is being read.
    fn with_path<T>(&self, then: impl FnOnce(&Path<'_>) -> T) -> T {
        fn down<T>(stack: &[Open], path: &Path<'_>, then: impl FnOnce(&Path<'_>) -> T) -> T {
            match stack.split_first() {
                None => then(path),
                Some((open, rest)) => match &open.inside {
                    Inside::List(items) => down(rest, &path.index(items.len()), then),
                    Inside::Map { key: Some((key, _)), .. } => down(rest, &path.key(key), then),
                    Inside::Map { key: None, .. } => then(path),
                },
            }
        }
        down(&self.stack, &Path::ROOT, then)
    }

    fn place(&self, span: Span) -> Place {
        let same_line = span.start.line() == span.end.line();
        let width = if same_line { span.len().max(1) } else { 1 };
        Place {
            file: self.file,
            line: count(span.start.line().max(1)),
            column: count(span.start.col().saturating_add(1)),
            width: count(width),
        }
    }
}

/// The bytes of a text.
fn length(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) => 0,
        Value::List(_) | Value::Map(_) => 0,
    }
}

/// How many collections lie one in another.
fn depth(node: &Node) -> usize {
    match &node.value {
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Text(_) => 0,
        Value::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Map(entries) => 1 + entries.iter().map(|entry| depth(&entry.node)).max().unwrap_or(0),
    }
}

enum Plain {
    Value(Value),
    Unholdable,
}

/// What a scalar without quotes means.
fn plain(text: &str) -> Plain {
    let value = match text {
        "" | "~" | "null" | "Null" | "NULL" => Some(Value::Null),
        "true" | "True" | "TRUE" => Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => Some(Value::Bool(false)),
        ".nan" | ".NaN" | ".NAN" => None,
        _ if matches!(text.trim_start_matches(['+', '-']), ".inf" | ".Inf" | ".INF") => None,
        _ => match digits(text) {
            Some((radix, digits)) => i64::from_str_radix(&digits, radix).ok().map(Value::Integer),
            None if is_float(text) => {
                text.parse().ok().filter(|value: &f64| value.is_finite()).map(Value::Float)
            }
            None => Some(Value::Text(text.to_owned())),
        },
    };
    value.map_or(Plain::Unholdable, Plain::Value)
}

/// A whole number: its radix and its digits with their sign.
fn digits(text: &str) -> Option<(u32, Cow<'_, str>)> {
    let all = |digits: &str, radix| !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return all(digits, radix).then_some((radix, Cow::Borrowed(digits)));
        }
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    all(unsigned, 10).then_some((10, Cow::Borrowed(text)))
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let whole = match mantissa.split_once('.') {
        Some((before, after)) => digits(before) && digits(after) && !(before.is_empty() && after.is_empty()),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let raised = exponent.is_none_or(|exponent| {
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !unsigned.is_empty() && digits(unsigned)
    });
    whole && raised
}
