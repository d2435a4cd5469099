//! Selectors: who is meant by `user:`, `group:`, `role:`, `manager`, `owner`, `everyone`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use wildmatch::WildMatch;

use crate::id::PersonId;
use crate::person::{Names, Person};

/// One selector of a list of people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// Whoever the host vouches for.
    Everyone,
    /// One person by id.
    User(PersonId),
    /// Members of every group whose name matches.
    Group(Glob),
    /// Bearers of every role whose name matches.
    Role(Glob),
    /// The holder's manager.
    Manager,
    /// The owner of every item asked for.
    Owner,
}

/// A text with `*` (any run of characters) and `?` (one character).
#[derive(Clone, Debug)]
pub struct Glob {
    text: Arc<str>,
    pattern: Option<Arc<WildMatch>>,
}

/// A text that selects nobody, and what would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSelector(String);

impl Selector {
    /// Whether this person is meant, as far as it can be told from the person alone: `manager` and
    /// `owner` depend on what is asked and mean nobody here.
    #[must_use]
    pub fn includes(&self, person: &Person) -> bool {
        match self {
            Self::Everyone => true,
            Self::User(id) => *id == person.id,
            Self::Group(glob) => person.groups.iter().any(|group| glob.matches(group)),
            Self::Role(glob) => person.roles.iter().any(|role| glob.matches(role)),
            Self::Manager | Self::Owner => false,
        }
    }

    /// The one person it names by id, where it does.
    #[must_use]
    pub const fn user(&self) -> Option<&PersonId> {
        match self {
            Self::User(id) => Some(id),
            Self::Everyone | Self::Group(_) | Self::Role(_) | Self::Manager | Self::Owner => None,
        }
    }

    /// Whether this person is shut out: wider than [`Selector::includes`], for `user:` also under an
    /// alias, as the human behind a workload, and without regard to ASCII case.
    #[must_use]
    pub fn excludes(&self, person: &Person) -> bool {
        match self {
            Self::User(id) => Names::includes(&person.names(), id),
            Self::Everyone | Self::Group(_) | Self::Role(_) | Self::Manager | Self::Owner => {
                self.includes(person)
            }
        }
    }
}

impl Glob {
    /// Takes a text as a glob.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let pattern = text.contains(['*', '?']).then(|| Arc::new(WildMatch::new(text)));
        Self { text: Arc::from(text), pattern }
    }

    /// Whether this text is meant, whole.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match &self.pattern {
            Some(pattern) => pattern.matches(text),
            None => &*self.text == text,
        }
    }

    /// The glob as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Glob {}

impl FromStr for Selector {
    type Err = BadSelector;

    fn from_str(text: &str) -> Result<Self, BadSelector> {
        let wrong = |why: &str| BadSelector(format!("`{text}` {why}"));
        match text.split_once(':') {
            None => match text {
                "everyone" => Ok(Self::Everyone),
                "manager" => Ok(Self::Manager),
                "owner" => Ok(Self::Owner),
                _ => Err(wrong("selects nobody; write `user:ID`, `group:NAME` or `role:NAME`")),
            },
            Some((_, "")) => Err(wrong("names nobody after the colon")),
            Some(("user", id)) => match PersonId::new(id) {
                Ok(id) => Ok(Self::User(id)),
                Err(bad) => Err(wrong(&format!("selects nobody: {bad}"))),
            },
            Some(("group", name)) => Ok(Self::Group(Glob::new(name))),
            Some(("role", name)) => Ok(Self::Role(Glob::new(name))),
            Some(_) => Err(wrong("is no selector; write `user:ID`, `group:NAME` or `role:NAME`")),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("everyone"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Group(glob) => write!(f, "group:{}", glob.text),
            Self::Role(glob) => write!(f, "role:{}", glob.text),
            Self::Manager => f.write_str("manager"),
            Self::Owner => f.write_str("owner"),
        }
    }
}

impl fmt::Display for BadSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadSelector {}

impl Serialize for Selector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Selector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_whole_texts() {
        let glob = |text: &str| Glob::new(text);
        assert!(glob("prod-*").matches("prod-orders"));
        assert!(!glob("prod-*").matches("my-prod-orders"));
        assert!(glob("a?c").matches("abc"));
        assert!(!glob("a?c").matches("ac"));
        assert!(!glob("a.c").matches("abc"));
        assert!(glob("*").matches("any\nthing"));
    }

    #[test]
    fn selectors_print_as_they_are_written() {
        for text in ["everyone", "manager", "owner", "user:a|b", "group:sre-*", "role:dba"] {
            assert_eq!(text.parse::<Selector>().unwrap().to_string(), text);
        }
        for text in ["", "user:", "sre", "team:x"] {
            assert!(text.parse::<Selector>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_exception_reaches_further_than_a_selection() {
        let mut bot = Person::new(PersonId::new("bot").unwrap());
        bot.acts_for = Some(PersonId::new("Mallory").unwrap());
        let mallory: Selector = "user:mallory".parse().unwrap();
        assert!(mallory.excludes(&bot));
        assert!(!mallory.includes(&bot));
    }
}
