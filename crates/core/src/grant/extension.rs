//! Extensions of a grant: the one that awaits its decision, and those that were granted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Decision, Tiers};
use crate::id::{PersonId, Revision};
use crate::person::Names;
use crate::time::{Span, Timestamp};

/// An extension that awaits its decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedExtension {
    /// Who asked.
    pub by: Names,
    /// When.
    pub at: Timestamp,
    /// By how much.
    pub span: Span,
    /// The end that was asked: what approvers approve.
    pub end: Timestamp,
    /// When it lapses.
    pub decide_by: Timestamp,
    /// Until when access runs on while it awaits its decision, where that is past the end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bridge: Option<Timestamp>,
    /// The revision of the flow that governs it.
    pub revision: Revision,
    /// By whose steps it is decided, where the revision that the grant was asked under governs it too.
    #[serde(skip_serializing_if = "Under::is_governing", default)]
    pub under: Under,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Further fields of the reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub fields: BTreeMap<String, String>,
    /// Who the holder then was, where their facts were handed in and say something else than at the request.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub holder: Option<HolderThen>,
    /// The hash of what approvers decide on.
    pub content: String,
    /// Approvals so far.
    pub approvals: Vec<Decision>,
    /// Denials so far.
    pub denials: Vec<Decision>,
    /// When more people are asked, and who was.
    #[serde(skip_serializing_if = "Tiers::is_empty", default)]
    pub tiers: Tiers,
}

/// Who the holder of a grant was when an extension was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolderThen {
    /// The names that they were known by.
    pub names: Names,
    /// Their manager.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub manager: Option<PersonId>,
}

/// By whose steps an extension is decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Under {
    /// Those of the revision that governs it.
    #[default]
    Governing,
    /// Those of the revision that the grant was asked under: the other one needs nobody's consent to it.
    Granted,
    /// Those of both.
    Both,
}

impl Under {
    const fn is_governing(&self) -> bool {
        matches!(self, Self::Governing)
    }
}

/// An extension that was granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Who asked.
    pub by: Names,
    /// Names of the holder that were handed in then, where they are others than at the request.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub holder: Option<Names>,
    /// When it was granted.
    pub at: Timestamp,
    /// The end before.
    pub from: Timestamp,
    /// The end after.
    pub to: Timestamp,
    /// Whether it took the fast lane of the steps that decide on extensions.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub lane: bool,
}
