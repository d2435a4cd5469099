//! What a person must bring: a reason, a login.

use std::collections::BTreeSet;
use std::sync::Arc;

use regex::Regex;

use crate::person::Level;
use crate::time::Span;

/// What reason must be given.
#[derive(Clone, Debug, Default)]
pub struct ReasonRule {
    /// Whether one must be given at all.
    pub required: bool,
    /// The fewest characters.
    pub min_length: u32,
    /// What it must look like.
    pub pattern: Option<Pattern>,
    /// What to tell a person whose reason does not fit.
    pub message: Option<String>,
    /// Further fields.
    pub fields: Vec<ReasonField>,
}

/// One further field of a reason.
#[derive(Clone, Debug)]
pub struct ReasonField {
    /// Its name.
    pub name: String,
    /// What people see beside it.
    pub label: Option<String>,
    /// What it must look like.
    pub pattern: Option<Pattern>,
    /// What to tell a person whose text does not fit.
    pub message: Option<String>,
    /// Whether it must be given.
    pub required: bool,
}

/// A regular expression that takes linear time. It need not match the whole text.
#[derive(Clone, Debug)]
pub struct Pattern(Arc<Regex>);

impl Pattern {
    /// Compiles a pattern, bounded in size.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn new(text: &str) -> Result<Self, String> {
        regex::RegexBuilder::new(text)
            .size_limit(1 << 20)
            .nest_limit(64)
            .build()
            .map(|regex| Self(Arc::new(regex)))
            .map_err(|error| {
                if matches!(error, regex::Error::CompiledTooBig(_)) {
                    "grows too large; ask for less".to_owned()
                } else {
                    error.to_string()
                }
            })
    }

    /// Whether the text fits.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// What login must stand behind a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MfaRule {
    /// How old it may be; exactly that old passes.
    pub max_age: Option<Span>,
    /// At which level at least.
    pub level: Option<Level>,
    /// By any one of these methods; any where empty.
    pub methods: BTreeSet<String>,
}
