//! Targets: which items a flow offers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::selector::Glob;
use crate::id::Integration;
use crate::person::{Resource, ResourceId};

/// One entry of `what`: the items of an integration that match.
#[derive(Clone, Debug)]
pub struct Target {
    /// The instance; in a guard any, where absent.
    pub integration: Option<Integration>,
    /// The type; any where absent.
    pub kind: Option<String>,
    /// Names; any where empty.
    pub names: Vec<Glob>,
    /// Labels that must all match.
    pub labels: BTreeMap<String, String>,
    /// What is left out again.
    pub except: Except,
    /// Permissions by name.
    pub permissions: Permissions,
}

/// What a target leaves out: whatever matches any of these.
#[derive(Clone, Debug, Default)]
pub struct Except {
    /// Names.
    pub names: Vec<Glob>,
    /// Labels, any one of them.
    pub labels: BTreeMap<String, String>,
}

/// Which permissions a target offers.
#[derive(Clone, Debug)]
pub enum Permissions {
    /// Every permission: `["*"]`.
    Any,
    /// These.
    Named(Vec<String>),
}

/// Whether a request names items, or takes the whole list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Take {
    /// The request names items.
    #[default]
    Any,
    /// The whole list is taken; its items are literal.
    All,
}

impl Target {
    /// Whether this target offers that permission on that resource.
    #[must_use]
    pub fn offers(&self, resource: &Resource, permission: &str) -> bool {
        self.may_offer(&resource.id, permission)
            && self.labels.iter().all(|(name, value)| resource.labels.get(name) == Some(value))
            && !self.except.labels.iter().any(|(name, value)| resource.labels.get(name) == Some(value))
    }

    /// Whether this target offers that permission there, whatever labels the resource has.
    #[must_use]
    pub fn surely_offers(&self, id: &ResourceId, permission: &str) -> bool {
        self.may_offer(id, permission) && self.labels.is_empty() && self.except.labels.is_empty()
    }

    /// Whether it could be that this target offers that permission there, whatever labels the resource has.
    #[must_use]
    pub fn may_offer(&self, id: &ResourceId, permission: &str) -> bool {
        self.integration.as_ref().is_none_or(|integration| *integration == id.integration)
            && self.kind.as_ref().is_none_or(|kind| *kind == id.kind)
            && (self.names.is_empty() || self.names.iter().any(|glob| glob.matches(&id.name)))
            && !self.except.names.iter().any(|glob| glob.matches(&id.name))
            && self.permissions.include(permission)
    }

    /// Whether this target offers all that the other may offer, for certain.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        let same = |mine: Option<&str>, theirs: Option<&str>| mine.is_none() || mine == theirs;
        let (mine, theirs) = (self.integration.as_ref(), other.integration.as_ref());
        same(mine.map(Integration::as_str), theirs.map(Integration::as_str))
            && same(self.kind.as_deref(), other.kind.as_deref())
            && (self.names.is_empty() || (!other.names.is_empty() && other.names.iter().all(|name| self.has(name))))
            && self.labels.iter().all(|(name, value)| other.labels.get(name) == Some(value))
            && self.except.names.is_empty()
            // A label has one value.
            && self.except.labels.iter().all(|(name, value)| other.labels.get(name).is_some_and(|is| is != value))
            && self.permissions.contain(&other.permissions)
    }

    /// Whether all that the pattern means is among the names, for certain.
    fn has(&self, name: &Glob) -> bool {
        let literal = !name.as_str().contains(['*', '?']);
        let within =
            |glob: &Glob| glob == name || glob.as_str() == "*" || (literal && glob.matches(name.as_str()));
        self.names.iter().any(within)
    }
}

impl Permissions {
    /// Whether that permission is among them.
    #[must_use]
    pub fn include(&self, permission: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Named(names) => names.iter().any(|name| name == permission),
        }
    }

    fn contain(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, Self::Any | Self::Named(_)) => true,
            (Self::Named(_), Self::Any) => false,
            (Self::Named(_), Self::Named(names)) => names.iter().all(|name| self.include(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(change: impl FnOnce(&mut Target)) -> Target {
        let mut target = Target {
            integration: None,
            kind: None,
            names: Vec::new(),
            labels: BTreeMap::new(),
            except: Except::default(),
            permissions: Permissions::Any,
        };
        change(&mut target);
        target
    }

    fn globs(names: &[&str]) -> Vec<Glob> {
        names.iter().map(|name| Glob::new(name)).collect()
    }

    fn env(value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([("env".to_owned(), value.to_owned())])
    }

    #[test]
    fn what_contains_another_target_offers_all_of_it_for_certain() {
        let pg = || Integration::new("pg").ok();
        let named =
            |names: &[&str]| Permissions::Named(names.iter().map(|name| (*name).to_owned()).collect());
        let of = |names: &[&str]| target(|it| it.names = globs(names));
        let all = || target(|_| ());
        for (wide, narrow, contains) in [
            (all(), target(|it| it.integration = pg()), true),
            (target(|it| it.integration = pg()), target(|it| it.integration = pg()), true),
            (target(|it| it.integration = pg()), all(), false),
            (target(|it| it.kind = Some("db".to_owned())), all(), false),
            (of(&["a*"]), of(&["ab", "a*"]), true),
            (of(&["a*"]), of(&["ab", "b"]), false),
            (of(&["a*"]), of(&["a*b"]), false),
            (of(&["*"]), of(&["a*b"]), true),
            (of(&["*"]), all(), false),
            (target(|it| it.labels = env("prod")), target(|it| it.labels = env("prod")), true),
            (target(|it| it.labels = env("prod")), all(), false),
            (target(|it| it.except.names = globs(&["x"])), of(&["a"]), false),
            (target(|it| it.except.labels = env("test")), target(|it| it.labels = env("prod")), true),
            (target(|it| it.except.labels = env("test")), target(|it| it.labels = env("test")), false),
            (target(|it| it.except.labels = env("test")), all(), false),
            (all(), target(|it| it.permissions = named(&["r"])), true),
            (target(|it| it.permissions = named(&["r"])), all(), false),
            (
                target(|it| it.permissions = named(&["r", "w"])),
                target(|it| it.permissions = named(&["r"])),
                true,
            ),
            (
                target(|it| it.permissions = named(&["r"])),
                target(|it| it.permissions = named(&["r", "w"])),
                false,
            ),
        ] {
            assert_eq!(wide.contains(&narrow), contains, "{wide:?} and {narrow:?}");
        }
    }
}
