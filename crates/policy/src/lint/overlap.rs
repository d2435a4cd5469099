//! Whether two targets offer one item: an item is made that both should offer, and both are asked.

use std::collections::BTreeMap;

use tenure_core::flow::selector::Glob;
use tenure_core::flow::target::{Permissions, Target};
use tenure_core::person::{Record, Resource, ResourceId};

/// Steps of comparing in one document: names, conditions and selectors that are held against each other.
/// Two lists of 256 names have 65,536 pairs, and thousands of flows may have such lists.
const STEPS_MAX: usize = 1_000_000;

/// How much more may be compared.
pub(super) struct Patience(usize);

impl Default for Patience {
    fn default() -> Self {
        Self(STEPS_MAX)
    }
}

impl Patience {
    /// Whether there is enough for so many more steps.
    pub(super) fn lasts(&mut self, steps: usize) -> bool {
        let left = self.0.checked_sub(steps);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// An item that two targets offer.
pub(super) struct Shared {
    pub(super) resource: Resource,
    pub(super) permission: String,
    /// What it is, as far as the targets say.
    pub(super) words: String,
}

/// An item that both targets offer; nothing where none was found. What is found is certain.
pub(super) fn of(one: &Target, other: &Target, patience: &mut Patience) -> Option<Shared> {
    let integration = one.integration.as_ref().filter(|id| other.integration.as_ref() == Some(id))?;
    let kind = agreed(one.kind.as_ref(), other.kind.as_ref())?;
    let permission = permission(&one.permissions, &other.permissions)?;
    let labels = labels(one, other)?;
    let id = ResourceId {
        integration: integration.clone(),
        kind: kind.cloned().unwrap_or_default(),
        name: String::new(),
    };
    let mut item = Resource { id, labels, owners: Vec::new(), attributes: Record::new() };
    let asked = permission.unwrap_or_default();
    let steps = one.names.len().saturating_add(other.names.len()).saturating_add(1);
    let mut affordable = names(&one.names, &other.names).take_while(|_| patience.lasts(steps));
    let name = affordable.find(|name| {
        item.id.name.clone_from(&name.example);
        one.offers(&item, asked) && other.offers(&item, asked)
    })?;
    let mut words = vec![match permission {
        Some(permission) => format!("`{permission}` on `{integration}`"),
        None => format!("any permission on `{integration}`"),
    }];
    words.extend(kind.map(|kind| format!("type `{kind}`")));
    words.extend(name.shown.map(|shown| format!("name `{shown}`")));
    words.extend(item.labels.iter().map(|(label, value)| format!("label `{label}: {value}`")));
    Some(Shared { resource: item, permission: asked.to_owned(), words: words.join(", ") })
}

/// What both may be: what either of them names, or anything.
fn agreed<'t, T: PartialEq>(one: Option<&'t T>, other: Option<&'t T>) -> Option<Option<&'t T>> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => None,
        (one, other) => Some(one.or(other)),
    }
}

/// A permission that both offer; inside nothing where both offer any.
fn permission<'t>(one: &'t Permissions, other: &'t Permissions) -> Option<Option<&'t str>> {
    match (one, other) {
        (Permissions::Any, Permissions::Any) => Some(None),
        (Permissions::Named(names), rule @ (Permissions::Any | Permissions::Named(_)))
        | (rule @ Permissions::Any, Permissions::Named(names)) => {
            names.iter().find(|name| rule.include(name)).map(|name| Some(name.as_str()))
        }
    }
}

fn labels(one: &Target, other: &Target) -> Option<BTreeMap<String, String>> {
    let mut labels = one.labels.clone();
    for (name, value) in &other.labels {
        if labels.insert(name.clone(), value.clone()).is_some_and(|before| before != *value) {
            return None;
        }
    }
    Some(labels)
}

/// A name that may fit both, and what is said of it.
struct Name {
    example: String,
    shown: Option<String>,
}

/// Names that may fit both lists.
fn names<'t>(one: &'t [Glob], other: &'t [Glob]) -> Box<dyn Iterator<Item = Name> + 't> {
    match (one, other) {
        ([], []) => Box::new(std::iter::once(Name { example: String::new(), shown: None })),
        ([], globs) | (globs, []) => Box::new(globs.iter().map(shown)),
        (one, other) => {
            Box::new(one.iter().flat_map(move |one| other.iter().flat_map(|other| both(one, other))))
        }
    }
}

/// Names that may fit two patterns: what one of them means at its shortest, or where they meet half way
/// (`prod-*` and `*-db`), the head of one with the tail of the other.
fn both(one: &Glob, other: &Glob) -> Vec<Name> {
    let halves = |one: &Glob, other: &Glob| {
        let (head, _) = one.as_str().split_once('*')?;
        let (_, tail) = other.as_str().rsplit_once('*')?;
        let example = plain(&format!("{head}{tail}"));
        Some(Name { shown: Some(example.clone()), example })
    };
    let mut names = vec![shown(one)];
    if one != other {
        names.push(shown(other));
        names.extend(halves(one, other));
        names.extend(halves(other, one));
    }
    names
}

fn shown(glob: &Glob) -> Name {
    Name { example: plain(glob.as_str()), shown: Some(glob.as_str().to_owned()) }
}

/// A name that the pattern matches.
fn plain(pattern: &str) -> String {
    pattern.replace('*', "").replace('?', "x")
}
