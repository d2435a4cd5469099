//! What is wrong with a document, and what may be: all of it at once, each with its place.

mod render;

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::document::Place;
pub use crate::lint::Lint;

/// Findings of one document that are told one by one; what lies beyond is counted. Nobody reads a
/// thousand, and a hostile text would otherwise make one of every byte.
pub const PROBLEMS_MAX: usize = 1_000;

/// What sort of problem it is. Codes are for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each code is its own name; `meaning` says it in words")]
pub enum Code {
    Syntax,
    UnknownField,
    MissingField,
    WrongType,
    OutOfRange,
    DuplicateId,
    UnknownReference,
    BadId,
    BadSpan,
    BadTime,
    BadZone,
    BadPattern,
    BadSelector,
    BadCondition,
    Contradiction,
    TooLarge,
    TooDeep,
    Unsupported,
}

impl Code {
    /// Every code, in the order of the reference.
    pub const ALL: [Self; 18] = [
        Self::Syntax,
        Self::UnknownField,
        Self::MissingField,
        Self::WrongType,
        Self::OutOfRange,
        Self::DuplicateId,
        Self::UnknownReference,
        Self::BadId,
        Self::BadSpan,
        Self::BadTime,
        Self::BadZone,
        Self::BadPattern,
        Self::BadSelector,
        Self::BadCondition,
        Self::Contradiction,
        Self::TooLarge,
        Self::TooDeep,
        Self::Unsupported,
    ];

    /// The code as it is written in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::UnknownField => "unknown_field",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::OutOfRange => "out_of_range",
            Self::DuplicateId => "duplicate_id",
            Self::UnknownReference => "unknown_reference",
            Self::BadId => "bad_id",
            Self::BadSpan => "bad_span",
            Self::BadTime => "bad_time",
            Self::BadZone => "bad_zone",
            Self::BadPattern => "bad_pattern",
            Self::BadSelector => "bad_selector",
            Self::BadCondition => "bad_condition",
            Self::Contradiction => "contradiction",
            Self::TooLarge => "too_large",
            Self::TooDeep => "too_deep",
            Self::Unsupported => "unsupported",
        }
    }

    /// What it means, in words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Syntax => "the text is no YAML, TOML or JSON, or cannot be read at all",
            Self::UnknownField => "a field that does not exist",
            Self::MissingField => "a field that must be there",
            Self::WrongType => "a value of another type",
            Self::OutOfRange => "a value outside of what is allowed, or an unknown word in a choice",
            Self::DuplicateId => "a name that stands twice",
            Self::UnknownReference => "a flow, scope or kit that is not there",
            Self::BadId => "a text that can be no id",
            Self::BadSpan => "a text that is no span",
            Self::BadTime => "a text that is no time",
            Self::BadZone => "no time zone of the IANA database",
            Self::BadPattern => "a pattern that cannot be used",
            Self::BadSelector => "a text that selects nobody",
            Self::BadCondition => "a condition that cannot be compiled",
            Self::Contradiction => "fields that cannot both be meant",
            Self::TooLarge => "more than is allowed",
            Self::TooDeep => "nested deeper than is allowed",
            Self::Unsupported => "a field that this build was made without",
        }
    }
}

/// What a finding is called, and whether it keeps a document from being used.
pub trait Kind: Copy + fmt::Debug {
    /// The stable name.
    fn name(self) -> &'static str;
    /// Whether the document is refused for it.
    const REFUSED: bool;
}

impl Kind for Code {
    const REFUSED: bool = true;

    fn name(self) -> &'static str {
        self.as_str()
    }
}

impl Kind for Lint {
    const REFUSED: bool = false;

    fn name(self) -> &'static str {
        self.as_str()
    }
}

/// Something that is wrong.
pub type Problem = Finding<Code>;
/// Something that may not be meant.
pub type Warning = Finding<Lint>;
/// Everything that is wrong with a document, at once, in the order of the text.
pub type Problems = Findings<Code>;
/// Everything about a document that may not be meant.
pub type Warnings = Findings<Lint>;

/// One finding: what, where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding<K> {
    /// What sort it is.
    pub code: K,
    /// The path of the field, `flows[0].extension.span.default`; empty for the whole document.
    pub path: String,
    /// The file, where the document has files.
    pub file: Option<String>,
    /// The line, from 1, where the document has a text.
    pub line: Option<u32>,
    /// The column in characters, from 1.
    pub column: Option<u32>,
    /// What is wrong, in the author's words.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
    place: Place,
}

impl<K> Finding<K> {
    /// What is wrong at a place of a document; what would be right is told with [`Finding::help`].
    #[must_use]
    pub fn new(code: K, path: String, place: Place, message: impl Into<String>) -> Self {
        Self {
            code,
            path,
            file: None,
            line: place.line(),
            column: place.column(),
            message: message.into(),
            help: None,
            place,
        }
    }

    /// Tells what would be right.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into()).filter(|help| !help.is_empty());
        self
    }
}

impl<K: Kind> Serialize for Finding<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Fields<'a> {
            code: &'static str,
            path: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            file: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            line: Option<u32>,
            #[serde(skip_serializing_if = "Option::is_none")]
            column: Option<u32>,
            message: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            help: Option<&'a str>,
        }
        Fields {
            code: self.code.name(),
            path: &self.path,
            file: self.file.as_deref(),
            line: self.line,
            column: self.column,
            message: &self.message,
            help: self.help.as_deref(),
        }
        .serialize(serializer)
    }
}

/// One text of a document, kept so that findings can show its lines.
#[derive(Debug)]
pub struct Source {
    name: Option<String>,
    text: String,
}

impl Source {
    /// A text, and what people call the file it stands in.
    #[must_use]
    pub fn new(name: Option<&str>, text: &str) -> Self {
        // A text that is refused for its size is not kept for its lines.
        let kept = text.len() <= tenure_core::limits::DOCUMENT_BYTES_MAX;
        let text = if kept { crate::document::without_mark(text) } else { "" };
        Self { name: name.map(str::to_owned), text: text.to_owned() }
    }
}

/// Findings of one document with the texts they speak of.
///
/// Shown, they carry the lines of the text; as JSON, they are a list.
#[derive(Clone, Debug)]
pub struct Findings<K> {
    findings: Vec<Finding<K>>,
    beyond: usize,
    sources: Arc<[Source]>,
}

impl<K: Kind> Findings<K> {
    /// Findings in the order of the texts. A place knows its text by its number in this list.
    #[must_use]
    pub fn new(found: Vec<Finding<K>>, sources: impl Into<Arc<[Source]>>) -> Self {
        Self::counted(found, 0, sources.into())
    }

    pub(crate) fn counted(mut findings: Vec<Finding<K>>, beyond: usize, sources: Arc<[Source]>) -> Self {
        findings.sort_by_key(|finding| finding.place);
        let more = findings.len().saturating_sub(PROBLEMS_MAX);
        findings.truncate(PROBLEMS_MAX);
        for finding in &mut findings {
            let source = usize::try_from(finding.place.file).ok().and_then(|file| sources.get(file));
            finding.file = source.and_then(|source| source.name.clone());
        }
        Self { findings, beyond: beyond.saturating_add(more), sources }
    }

    /// One after the other, in the order of the text.
    pub fn iter(&self) -> std::slice::Iter<'_, Finding<K>> {
        self.findings.iter()
    }

    /// How many are told.
    #[must_use]
    pub fn len(&self) -> usize {
        self.findings.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// How many more there are that are not told.
    #[must_use]
    pub fn beyond(&self) -> usize {
        self.beyond
    }

    /// As a list of objects with code, path, file, line, column, message and help.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// For people: each finding with the line of the text it speaks of.
    #[must_use]
    pub fn render(&self, coloured: bool) -> String {
        render::all(self, coloured)
    }
}

impl<'f, K: Kind> IntoIterator for &'f Findings<K> {
    type Item = &'f Finding<K>;
    type IntoIter = std::slice::Iter<'f, Finding<K>>;

    fn into_iter(self) -> Self::IntoIter {
        self.findings.iter()
    }
}

impl<K: Kind> Serialize for Findings<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.findings)
    }
}

impl<K: Kind> fmt::Display for Findings<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Findings<Code> {}

/// What a person wrote, in backticks, cut short, and with nothing in it that a terminal would obey.
#[must_use]
pub fn quote(text: &str) -> String {
    const SHOWN: usize = 60;
    let shown: String = text.chars().take(SHOWN).flat_map(plain).collect();
    let cut = if text.chars().nth(SHOWN).is_some() { "…" } else { "" };
    format!("`{shown}{cut}`")
}

/// Words of people with nothing in them that a terminal would obey, or that would show them in another order.
#[must_use]
pub fn tame(text: &str) -> String {
    text.chars().flat_map(plain).collect()
}

/// The same for words that quote what a person wrote somewhere inside: no longer than one reads.
pub(crate) fn brief(text: &str) -> String {
    text.chars().take(400).flat_map(plain).collect()
}

/// Whether a character is shown, and neither obeyed nor turns the order of others.
#[must_use]
pub fn is_shown(c: char) -> bool {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !c.is_control() && !turns
}

fn plain(c: char) -> impl Iterator<Item = char> {
    let kept = is_shown(c).then_some(c);
    let escaped = kept.is_none().then(|| c.escape_unicode());
    kept.into_iter().chain(escaped.into_iter().flatten())
}

/// A sentence of a library in the manner of ours: no capital at its head, no stop at its end.
pub(crate) fn lower(text: &str) -> String {
    let text = brief(text.trim_end_matches('.'));
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => text,
    }
}
