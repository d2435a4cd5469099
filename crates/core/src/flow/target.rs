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

    /// Whether it could be that this target offers that permission there, whatever labels the resource has.
    #[must_use]
    pub fn may_offer(&self, id: &ResourceId, permission: &str) -> bool {
        self.integration.as_ref().is_none_or(|integration| *integration == id.integration)
            && self.kind.as_ref().is_none_or(|kind| *kind == id.kind)
            && (self.names.is_empty() || self.names.iter().any(|glob| glob.matches(&id.name)))
            && !self.except.names.iter().any(|glob| glob.matches(&id.name))
            && self.permissions.include(permission)
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
}
