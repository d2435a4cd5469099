//! TOML texts.

use tenure_core::limits::NESTING_MAX;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::json::too_big;
use super::lines::Lines;
use super::{Entry, NODES_MAX, Node, Path, Place, Value, too_deep, too_many};
use crate::problem::{Code, PROBLEMS_MAX, Problem};

/// Dots between the parts of keys: each makes a table, and a table takes five hundred times the two bytes
/// that it is written with. A megabyte of policy has a tenth of it.
const DOTS_MAX: usize = 50_000;

pub(super) fn read(text: &str, file: u32) -> Result<Node, Vec<Problem>> {
    let lines = Lines::of(text, file);
    if let Some(at) = dots_passed(text) {
        let message = format!("the document has more than {DOTS_MAX} dots in its keys");
        let problem = Problem::new(Code::TooLarge, String::new(), lines.place(at, at + 1), message);
        return Err(vec![problem.help("write tables in braces, or divide the document")]);
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors.iter().take(PROBLEMS_MAX).map(|error| syntax(error, &lines)).collect());
    }
    let mut tree = Tree { text, lines, left: NODES_MAX, problems: Vec::new() };
    let root = Node {
        place: Place { file, line: 1, column: 1, width: 1 },
        value: tree.map(table.get_ref(), &Path::ROOT, 1).unwrap_or(Value::Null),
    };
    if tree.problems.is_empty() { Ok(root) } else { Err(tree.problems) }
}

/// The byte at which a text has too many dots outside of texts and comments.
fn dots_passed(text: &str) -> Option<usize> {
    let mut dots = 0_usize;
    let mut rest = text;
    while let Some(at) = rest.find(['.', '#', '"', '\'']) {
        let found = rest.get(at..).unwrap_or_default();
        let skip = match found.bytes().next() {
            Some(b'.') => {
                dots += 1;
                if dots > DOTS_MAX {
                    return Some(text.len() - found.len());
                }
                1
            }
            Some(b'#') => found.find('\n').unwrap_or(found.len()),
            _ => quoted(found),
        };
        rest = found.get(skip..).unwrap_or_default();
    }
    None
}

/// How many bytes the text in quotes has that begins here; one that never ends is refused by the parser.
fn quoted(text: &str) -> usize {
    let (mark, escapes) = match text {
        _ if text.starts_with("\"\"\"") => ("\"\"\"", true),
        _ if text.starts_with("'''") => ("'''", false),
        _ if text.starts_with('"') => ("\"", true),
        _ => ("'", false),
    };
    let mut at = mark.len();
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(mark) {
            return at + mark.len();
        }
        // A text of one line ends with it: what follows an open quote is counted.
        if mark.len() == 1 && rest.starts_with('\n') {
            return at;
        }
        let letter = |rest: &str| rest.chars().next().map_or(1, char::len_utf8);
        let first = letter(rest);
        at += first;
        if escapes && rest.starts_with('\\') {
            at += rest.get(first..).map_or(0, letter);
        }
    }
    text.len()
}

fn syntax(error: &toml::de::Error, lines: &Lines<'_>) -> Problem {
    let span = error.span().unwrap_or_default();
    let place = lines.place(span.start, span.end);
    if error.message().contains("recursion limit") {
        return too_deep(place);
    }
    let message = crate::problem::lower(error.message());
    Problem::new(Code::Syntax, String::new(), place, format!("this is no TOML: {message}"))
        .help("look for quotes, brackets and keys that stand twice")
}

struct Tree<'t> {
    text: &'t str,
    lines: Lines<'t>,
    left: usize,
    problems: Vec<Problem>,
}

impl Tree<'_> {
    /// `None` where nothing more can be read; the problem is then noted.
    fn node(&mut self, value: &Spanned<DeValue<'_>>, path: &Path<'_>, depth: usize) -> Option<Node> {
        let span = value.span();
        let place = self.lines.place(span.start, span.end);
        let Some(left) = self.left.checked_sub(1) else {
            self.problems.push(too_many(place));
            return None;
        };
        self.left = left;
        let mut width = place.width;
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.clone().into_owned()),
            DeValue::Integer(number) => {
                let read = i64::from_str_radix(number.as_str(), number.radix()).ok().map(Value::Integer);
                self.number(read, number.as_str(), path, place)
            }
            DeValue::Float(number) => {
                let read = number.as_str().parse().ok().filter(|value: &f64| value.is_finite());
                self.number(read.map(Value::Float), number.as_str(), path, place)
            }
            DeValue::Boolean(value) => Value::Bool(*value),
            // Whoever reads the field says whether it is a time; here it counts as it was written.
            DeValue::Datetime(_) => {
                Value::Text(self.text.get(span.start..span.end).unwrap_or_default().trim().to_owned())
            }
            DeValue::Array(items) => {
                width = 1;
                self.deeper(depth, place)?;
                let items = items.iter().enumerate();
                Value::List(
                    items
                        .map(|(n, item)| self.node(item, &path.index(n), depth + 1))
                        .collect::<Option<_>>()?,
                )
            }
            DeValue::Table(table) => {
                width = 1;
                self.deeper(depth, place)?;
                self.map(table, path, depth + 1)?
            }
        };
        Some(Node { value, place: Place { width, ..place } })
    }

    fn map(&mut self, table: &DeTable<'_>, path: &Path<'_>, depth: usize) -> Option<Value> {
        let mut entries = Vec::with_capacity(table.len());
        for (key, value) in table {
            let span = key.span();
            let node = self.node(value, &path.key(key.get_ref()), depth)?;
            let key_place = self.lines.place(span.start, span.end);
            entries.push(Entry { key: key.get_ref().clone().into_owned(), key_place, node });
        }
        entries.sort_by_key(|entry: &Entry| entry.key_place);
        Some(Value::Map(entries))
    }

    fn deeper(&mut self, depth: usize, place: Place) -> Option<()> {
        if depth < NESTING_MAX {
            return Some(());
        }
        self.problems.push(too_deep(place));
        None
    }

    fn number(&mut self, read: Option<Value>, text: &str, path: &Path<'_>, place: Place) -> Value {
        read.unwrap_or_else(|| {
            self.problems.push(too_big(text, path, place));
            Value::Null
        })
    }
}
