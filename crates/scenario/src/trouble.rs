//! What keeps a scenario file from being played: all of it at once, as the problems of policies are told.

use std::fmt;

pub use tenure_port::policy::problem::tame;
use tenure_port::policy::problem::{Code, Problem, Problems, Source};
pub(crate) use tenure_port::policy::problem::{Problem as Trouble, quote};

use tenure_port::policy::document::Place;

/// Everything that keeps a scenario file from being played.
#[derive(Clone, Debug)]
pub enum Unreadable {
    /// The file itself: not there, too large, in no known format.
    File(Problems),
    /// The text is no YAML, TOML or JSON, it does not tell a story, or the policy that it names has problems.
    Document(Problems),
}

impl Unreadable {
    /// A file that cannot be read, and why. What would be right may be empty.
    #[must_use]
    pub fn file(name: &str, message: impl Into<String>, help: &str) -> Self {
        Self::of_file(name, Code::Syntax, message, help)
    }

    pub(crate) fn of_file(name: &str, code: Code, message: impl Into<String>, help: &str) -> Self {
        let problem = Problem::new(code, String::new(), Place::default(), message).help(help);
        Self::File(Problems::new(vec![problem], vec![Source::new(Some(name), "")]))
    }

    /// What is wrong with a text that tells no story.
    pub(crate) fn story(file: &str, text: &str, found: Vec<Problem>) -> Self {
        Self::Document(Problems::new(found, vec![Source::new(Some(file), text)]))
    }

    /// All of it, in the order of the text.
    #[must_use]
    pub const fn problems(&self) -> &Problems {
        match self {
            Self::File(problems) | Self::Document(problems) => problems,
        }
    }

    /// For people: each problem with the line of the text it speaks of.
    #[must_use]
    pub fn render(&self, coloured: bool) -> String {
        self.problems().render(coloured)
    }

    /// As a list of objects with code, path, file, line, column, message and help.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        self.problems().to_json()
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problems().fmt(f)
    }
}

impl std::error::Error for Unreadable {}
