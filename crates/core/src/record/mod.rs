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

use serde::Serialize;

use crate::event::Event;
use crate::id::{CommandId, GrantId, Revision};
use crate::lifecycle::revoke_all::RevokedAll;
use crate::refusal::Code;
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
