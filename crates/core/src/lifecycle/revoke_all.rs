//! All access of a person, under a flow, at an integration or to an item ends at one instant.
//!
//! That is one entry in the record, with every grant it ends. From its instant none of them is active; each is
//! closed, stamped with it, when its holder's grants are settled next.

use serde::{Deserialize, Serialize};

use crate::command::Reach;
use crate::event::Cause;
use crate::id::GrantId;
use crate::time::Timestamp;

/// Many grants ended at one instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedAll {
    /// Whose access, or where.
    pub of: Reach,
    /// When.
    pub at: Timestamp,
    /// Who did it, by which command.
    pub cause: Cause,
    /// Why.
    pub reason: String,
    /// The grants that it ends, in order of id.
    pub grants: Vec<GrantId>,
    /// Grants that it found and whose end is not this actor's to decide, in order of id.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub not_allowed: Vec<GrantId>,
}
