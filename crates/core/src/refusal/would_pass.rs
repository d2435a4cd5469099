//! The smallest change that would pass: what the asker can do otherwise, or wait for.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::person::{Item, Level};
use crate::time::{Span, Timestamp};

/// The smallest change to what was asked that would pass, all of it together. What is not named stays as
/// it was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WouldPass {
    /// For this span.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// Asked at this time, nothing else having happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// With this planned start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Timestamp>,
    /// Having seen this end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_ends_at: Option<Timestamp>,
    /// Without these items.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub without: BTreeSet<Item>,
    /// With only these items.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub only: BTreeSet<Item>,
    /// With a reason in which these texts fit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reason: Vec<Lacking>,
    /// After such a login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
    /// With more people named in these steps: what only the author of the policy can change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<Missing>,
}

/// A text that a reason lacks, or that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lacking {
    /// The field; `reason` is the reason itself.
    pub field: String,
    /// The fewest characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u32>,
    /// What it must look like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
}

/// The login that is needed: what a step-up challenge asks for (RFC 9470).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Login {
    /// How old it may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Span>,
    /// At which level at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// By any one of these methods; any where empty.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub methods: BTreeSet<String>,
}

/// A step that names too few people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The step.
    pub step: String,
    /// How many more people it would have to name.
    pub missing: u32,
}

impl WouldPass {
    /// The same with this span.
    #[must_use]
    pub fn span(span: Span) -> Self {
        Self { span: Some(span), ..Self::default() }
    }

    /// The same, asked at this time.
    #[must_use]
    pub fn at(at: Timestamp) -> Self {
        Self { at: Some(at), ..Self::default() }
    }

    /// The same with this planned start.
    #[must_use]
    pub fn start(start: Timestamp) -> Self {
        Self { start: Some(start), ..Self::default() }
    }

    /// The same, having seen this end.
    #[must_use]
    pub fn if_ends_at(end: Timestamp) -> Self {
        Self { if_ends_at: Some(end), ..Self::default() }
    }

    /// The same without these items.
    #[must_use]
    pub fn without(items: impl IntoIterator<Item = Item>) -> Self {
        Self { without: items.into_iter().collect(), ..Self::default() }
    }

    /// The same with only these items.
    #[must_use]
    pub fn only(items: impl IntoIterator<Item = Item>) -> Self {
        Self { only: items.into_iter().collect(), ..Self::default() }
    }

    /// The same with a reason in which these texts fit.
    #[must_use]
    pub fn reason(lacking: impl IntoIterator<Item = Lacking>) -> Self {
        Self { reason: lacking.into_iter().collect(), ..Self::default() }
    }

    /// The same after such a login.
    #[must_use]
    pub fn login(login: Login) -> Self {
        Self { login: Some(login), ..Self::default() }
    }

    /// The same with so many more people named.
    #[must_use]
    pub fn approvers(missing: impl IntoIterator<Item = Missing>) -> Self {
        Self { approvers: missing.into_iter().collect(), ..Self::default() }
    }

    /// Whether the same is asked for: later, or with more brought.
    #[must_use]
    pub fn asks_the_same(&self) -> bool {
        let brought = Self { at: self.at, login: self.login.clone(), ..Self::reason(self.reason.clone()) };
        *self == brought
    }

    /// This change and one more; none where they cannot be had together.
    ///
    /// With another start the span is open again: what it had to be for the first is not what it has to be
    /// for the second.
    #[must_use]
    pub(crate) fn and(&self, more: &Self) -> Option<Self> {
        let mut both = Self { at: more.at.or(self.at), ..self.clone() };
        if more.start.is_some() {
            (both.start, both.span) = (more.start, None);
        }
        both.span = more.span.or(both.span);
        both.if_ends_at = more.if_ends_at.or(both.if_ends_at);
        both.without.extend(more.without.iter().cloned());
        both.only.extend(more.only.iter().cloned());
        both.approvers.extend(more.approvers.iter().cloned());
        for lacking in &more.reason {
            both.reason.retain(|known| !lacking.covers(known));
            both.reason.push(lacking.clone());
        }
        both.login = match (both.login, &more.login) {
            (Some(one), Some(other)) => Some(one.and(other)?),
            (one, other) => one.or_else(|| other.clone()),
        };
        Some(both)
    }
}

impl Lacking {
    /// The reason itself, of any length and look.
    #[must_use]
    pub fn reason() -> Self {
        Self { field: "reason".to_owned(), min_length: None, pattern: None }
    }

    /// Whether a text that is given for this is one that the other asks for, too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let looks = other.pattern.is_none() || other.pattern == self.pattern;
        self.field == other.field && other.min_length <= self.min_length && looks
    }
}

impl Login {
    /// Whether every such login is one that the other asks for, too, while it is fresh.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let methods = !self.methods.is_empty() && self.methods.is_subset(&other.methods);
        let age = other.max_age.is_none_or(|most| self.max_age.is_some_and(|age| age <= most));
        age && self.level >= other.level && (other.methods.is_empty() || methods)
    }

    /// One login for both; none where no single method would do.
    fn and(&self, other: &Self) -> Option<Self> {
        let methods: BTreeSet<String> = match (self.methods.is_empty(), other.methods.is_empty()) {
            (true, _) => other.methods.clone(),
            (_, true) => self.methods.clone(),
            (false, false) => self.methods.intersection(&other.methods).cloned().collect(),
        };
        let no_method = methods.is_empty() && !self.methods.is_empty();
        let max_age = [self.max_age, other.max_age].into_iter().flatten().min();
        (!no_method).then(|| Self { max_age, level: self.level.max(other.level), methods })
    }
}
