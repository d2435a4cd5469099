//! Names that are locked: of people, flows, items and integrations, and whose refusals are counted.

use tenure_core::id::{FlowId, Integration, PersonId};
use tenure_core::person::{Item, ResourceId};
use tenure_core::record::refused::RefusedOf;

use crate::trouble::Out;

/// What a name names, in the order in which locks are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Person,
    Flow,
    Item,
    Integration,
    /// An actor and a code: the row of the refusals themselves.
    Refused,
}

/// One name. Locks are taken in the order of these.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name {
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

impl Kind {
    /// As it is stored, which is for ever.
    pub(crate) const fn number(self) -> i16 {
        match self {
            Self::Person => 1,
            Self::Flow => 2,
            Self::Item => 3,
            Self::Integration => 4,
            Self::Refused => 5,
        }
    }
}

impl Name {
    pub(crate) fn person(id: &PersonId) -> Self {
        Self { kind: Kind::Person, text: id.as_str().to_owned() }
    }

    pub(crate) fn flow(id: &FlowId) -> Self {
        Self { kind: Kind::Flow, text: id.as_str().to_owned() }
    }

    pub(crate) fn item(of: &Item) -> Out<Self> {
        Ok(Self { kind: Kind::Item, text: item(of)? })
    }

    pub(crate) fn integration(at: &Integration) -> Self {
        Self { kind: Kind::Integration, text: at.as_str().to_owned() }
    }

    /// The code stands first: it has no blank, so that the two cannot run into each other.
    pub(crate) fn refused(of: &RefusedOf) -> Self {
        Self { kind: Kind::Refused, text: format!("{} {}", of.code.as_str(), of.actor) }
    }
}

/// An item as a name: its parts as JSON, so that they cannot run into each other, and those of one resource
/// stand together.
pub(crate) fn item(item: &Item) -> Out<String> {
    let at = &item.resource;
    Ok(serde_json::to_string(&[at.integration.as_str(), &at.kind, &at.name, &item.permission])?)
}

/// Between which names those of all items of one resource stand, and no others.
pub(crate) fn around(at: &ResourceId) -> Out<(String, String)> {
    let mut text = serde_json::to_string(&[at.integration.as_str(), &at.kind, &at.name])?;
    text.pop();
    text.push(',');
    let last = format!("{text}{}", char::MAX);
    Ok((text, last))
}

/// The permission in the name of an item.
pub(crate) fn permission(item: &str) -> Out<String> {
    let [_, _, _, permission]: [String; 4] = serde_json::from_str(item)?;
    Ok(permission)
}
