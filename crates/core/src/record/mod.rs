//! The record: every event and every refusal, in the order they were written, as the leaves of a tree.
//!
//! What is put on record is sealed in the same commit: [`leaf::Leaf`] makes the bytes of it,
//! [`tree::Frontier`] adds them to the tree, [`proof::Recipe`] proves that they are in it, and a
//! [`checkpoint::Checkpoint`] is what a host signs and hands out. Up to the last checkpoint that left the
//! machine, nobody changes, drops, adds or reorders a record without the check noticing.

pub mod checkpoint;
pub mod export;
pub mod leaf;
pub mod proof;
pub mod refused;
pub mod tree;
pub mod written;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::command::Command;
use crate::event::Event;
use crate::id::{CommandId, GrantId, Revision};
use crate::lifecycle::revoke_all::RevokedAll;
use crate::refusal::{Code, Detail, Refusal};
use crate::time::Timestamp;

/// One line of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// Its place in the namespace's record, from 1.
    pub position: u64,
    /// The `now` of the command that wrote it. Not compared between hosts and sweeps.
    pub recorded_at: Timestamp,
    /// What is recorded.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Entry {
    /// Something happened to a grant.
    Event(Event),
    /// A command was refused.
    Refused(Refused),
    /// A policy was put in force.
    Published(Published),
    /// Further commands were refused within a minute.
    MoreRefused(refused::MoreRefused),
    /// Many grants ended at one instant.
    Revoked(std::sync::Arc<RevokedAll>),
}

/// A command was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The code.
    pub refused: Code,
    /// When.
    pub at: Timestamp,
    /// The verb.
    pub verb: &'static str,
    /// Who gave the command.
    pub actor: String,
    /// The command.
    pub command: CommandId,
    /// The grant it was about, where that exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantId>,
    /// What of the policy decided, by what it is: `condition`, `guard`, `conflict`, `step`, `flow`, `kit`, `field`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by: BTreeMap<String, String>,
}

/// A policy was put in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Published {
    /// The revision of the document.
    pub published: Revision,
    /// When.
    pub at: Timestamp,
    /// Who published it.
    pub actor: String,
    /// The command.
    pub command: CommandId,
}

/// Details of a refusal that name a part of the policy, and nothing of a person.
const NAMES_OF_RULES: [&str; 7] = ["condition", "conflict", "field", "flow", "guard", "kit", "step"];

impl Refused {
    /// What is recorded of a refusal, at that instant.
    #[must_use]
    pub fn of(command: &Command, refusal: &Refusal, grant: Option<GrantId>, at: Timestamp) -> Self {
        let named = |(name, detail): (&&str, &Detail)| match detail {
            Detail::Text(text) if NAMES_OF_RULES.contains(name) => Some(((*name).to_owned(), text.clone())),
            Detail::Text(_) | Detail::Texts(_) | Detail::Time(_) | Detail::Span(_) | Detail::Count(_) => None,
        };
        Self {
            refused: refusal.code,
            at,
            verb: command.verb.name(),
            actor: command.actor.to_string(),
            command: command.id.clone(),
            grant,
            by: refusal.details.iter().filter_map(named).collect(),
        }
    }
}

impl Entry {
    /// The grant it is about.
    #[must_use]
    pub const fn grant(&self) -> Option<&GrantId> {
        match self {
            Self::Event(event) => Some(&event.grant),
            Self::Refused(refused) => refused.grant.as_ref(),
            Self::Published(_) | Self::Revoked(_) | Self::MoreRefused(_) => None,
        }
    }
}
