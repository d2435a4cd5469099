//! What is wrong with a scenario file: all of it at once, in the manner of policy problems.

use std::fmt;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde::Serialize;
use tenure_port::policy::document::Place;
use tenure_port::policy::problem::{Code, PROBLEMS_MAX, Problems};

/// Longer lines are named and not shown: nobody finds a place in them by looking.
const LINE_MAX: usize = 400;

/// One thing that is wrong with a scenario file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// What sort it is.
    #[serde(serialize_with = "code")]
    pub code: Code,
    /// The path of the field, `steps[3].request.span`.
    pub path: String,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The column in characters, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// What is wrong, in the author's words.
    pub message: String,
    /// What would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// Everything that keeps a scenario file from being played.
#[derive(Clone, Debug)]
pub enum Unreadable {
    /// The file itself: not there, too large, in no known format.
    File {
        /// The file, as it was named.
        file: String,
        /// What is wrong with it.
        message: String,
        /// What would be right.
        help: Option<String>,
    },
    /// The text is no YAML, TOML or JSON, or the policy that it names has problems.
    Document(Problems),
    /// The text does not tell a story.
    Story(Troubles),
}

/// Troubles of one file, with its text to show the lines.
#[derive(Clone, Debug)]
pub struct Troubles {
    file: Arc<str>,
    text: Arc<str>,
    found: Vec<Trouble>,
    beyond: usize,
}

impl Trouble {
    pub(crate) fn new(code: Code, path: String, place: Place, message: impl Into<String>) -> Self {
        let (line, column) = (place.line(), place.column());
        Self { code, path, line, column, message: message.into(), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl Troubles {
    pub(crate) fn new(file: Arc<str>, text: Arc<str>, mut found: Vec<Trouble>) -> Self {
        found.sort_by_key(|trouble| (trouble.line, trouble.column));
        let beyond = found.len().saturating_sub(PROBLEMS_MAX);
        found.truncate(PROBLEMS_MAX);
        Self { file, text, found, beyond }
    }

    /// One after the other, in the order of the text.
    pub fn iter(&self) -> std::slice::Iter<'_, Trouble> {
        self.found.iter()
    }

    /// The file they are of.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    fn render(&self, coloured: bool) -> String {
        let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
        let lines: Vec<&str> = self.text.lines().collect();
        let mut shown: Vec<String> =
            self.found.iter().map(|one| renderer.render(&[self.group(one, &lines)])).collect();
        if self.beyond > 0 {
            shown.push(format!("and {} more", self.beyond));
        }
        shown.join("\n\n")
    }

    fn group<'a>(&'a self, one: &'a Trouble, lines: &[&'a str]) -> Group<'a> {
        let number = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        let title = Level::ERROR.primary_title(one.message.as_str()).id(one.code.as_str());
        let at = one.line.zip(one.column).map(|(line, column)| (number(line), number(column)));
        let line = at.and_then(|(line, _)| lines.get(line.saturating_sub(1)).copied());
        let group = match (at, line.filter(|line| line.len() <= LINE_MAX)) {
            (Some((number, column)), Some(line)) => {
                let mark = AnnotationKind::Primary.span(token(line, column)).label(one.path.as_str());
                let shown = Snippet::source(line).line_start(number).path(&*self.file).annotation(mark);
                Group::with_title(title).element(shown)
            }
            (Some((number, column)), None) => Group::with_title(title)
                .element(Origin::path(&*self.file).line(number).char_column(column))
                .element(Level::NOTE.message(format!("at {}", one.path))),
            (None, _) => Group::with_title(title).element(Origin::path(&*self.file)),
        };
        match &one.help {
            Some(help) => group.element(Level::HELP.message(help.as_str())),
            None => group,
        }
    }
}

impl Unreadable {
    /// For people: each problem with the line of the text it speaks of.
    #[must_use]
    pub fn render(&self, coloured: bool) -> String {
        match self {
            Self::File { file, message, help } => {
                let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
                let title = Level::ERROR.primary_title(message.as_str());
                let group = Group::with_title(title).element(Origin::path(file.as_str()));
                let group = match help {
                    Some(help) => group.element(Level::HELP.message(help.as_str())),
                    None => group,
                };
                renderer.render(&[group])
            }
            Self::Document(problems) => problems.render(coloured),
            Self::Story(troubles) => troubles.render(coloured),
        }
    }

    /// As a list of objects with code, path, file, line, column, message and help.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::File { file, message, help } => {
                serde_json::json!([{"code": "file", "file": file, "path": "", "message": message, "help": help}])
            }
            Self::Document(problems) => problems.to_json(),
            Self::Story(troubles) => {
                let with_file = |one: &Trouble| {
                    let mut value = serde_json::to_value(one).unwrap_or_default();
                    if let Some(fields) = value.as_object_mut() {
                        fields.insert("file".to_owned(), serde_json::Value::from(&*troubles.file));
                    }
                    value
                };
                troubles.iter().map(with_file).collect()
            }
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Unreadable {}

fn code<S: serde::Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.as_str())
}

/// The bytes of the word that begins at that column.
fn token(line: &str, column: usize) -> std::ops::Range<usize> {
    let start = line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    let rest = line.get(start..).unwrap_or_default();
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''));
    let length = match quote {
        Some(quote) => rest.get(1..).and_then(|inside| inside.find(quote)).map_or(rest.len(), |at| at + 2),
        None => {
            let ends = [",", "]", "}", ": ", " #"].into_iter().filter_map(|end| rest.find(end));
            let word = rest.get(..ends.min().unwrap_or(rest.len())).unwrap_or(rest);
            word.trim_end().trim_end_matches(':').len()
        }
    };
    start..(start + length.max(1)).min(line.len()).max(start)
}

/// What a person wrote, in backticks, cut short, and with nothing in it that a terminal would obey.
pub(crate) fn quote(text: &str) -> String {
    const SHOWN: usize = 60;
    let shown: String = text.chars().take(SHOWN).collect();
    let cut = if text.chars().nth(SHOWN).is_some() { "…" } else { "" };
    format!("`{}{cut}`", tame(&shown))
}

/// Words of people with nothing in them that a terminal would obey, or that would show them in another order.
#[must_use]
pub fn tame(text: &str) -> String {
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain = |c: char| {
        if c.is_control() || turns(c) { c.escape_unicode().to_string() } else { c.to_string() }
    };
    text.chars().map(plain).collect()
}
