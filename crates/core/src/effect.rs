//! Effects: what the world must now be told to do, and how far it got.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::flow::{CredentialKind, Kind};
use crate::grant::Outcome;
use crate::id::{GrantId, Integration, PersonId, WorkerId};
use crate::person::Item;
use crate::time::Timestamp;

/// One thing the world must be told. Its stable id is `<grant>/<number>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Its number within the grant, from 1.
    pub number: u32,
    /// What is to be done.
    #[serde(flatten)]
    pub task: Task,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Task {
    /// Give access at a target.
    Provision {
        /// The target.
        at: Integration,
    },
    /// Tell a target another end.
    Adjust {
        /// The target.
        at: Integration,
    },
    /// Take access away at a target.
    Deprovision {
        /// The target.
        at: Integration,
    },
    /// Make the credential that was handed out worthless.
    Rotate {
        /// The target.
        at: Integration,
    },
    /// Tell people.
    Notify {
        /// What about.
        notice: Notice,
        /// Whom: selectors and channels.
        to: Vec<String>,
        /// The end that the notice speaks of.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        ends: Option<Timestamp>,
    },
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// A request awaits a decision.
    ApprovalWanted,
    /// A request or an extension has waited so long that more people are asked.
    Escalated,
    /// A decision was taken, or will not be.
    Decided,
    /// Access has begun.
    Active,
    /// Access was taken in an emergency.
    BreakGlass,
    /// Access will end soon.
    EndingSoon,
    /// An extension awaits a decision.
    ExtensionWanted,
    /// The end was moved.
    Extended,
    /// Access has ended.
    Ended,
    /// An effect is stuck.
    Stuck,
    /// Access taken in an emergency was not reviewed in time.
    ReviewDue,
}

/// An effect that is not finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// The effect.
    pub effect: Arc<Effect>,
    /// When the event was that made it.
    pub made_at: Timestamp,
    /// How often it was taken.
    pub attempts: u32,
    /// Not handed out before.
    pub not_before: Timestamp,
    /// Who has it now, until when.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lease: Option<Lease>,
    /// Attempts are used up; it is still retried.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub stuck: bool,
}

/// Who has an effect, until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The worker.
    pub worker: WorkerId,
    /// When the lease runs out.
    pub until: Timestamp,
}

/// What a worker is handed: the effect, and what is true of it at the moment it was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handed {
    /// The grant.
    pub grant: GrantId,
    /// The effect's number in it.
    pub number: u32,
    /// The effect's kind: `provision`, `notify:active`.
    pub kind: String,
    /// Whom the access is for.
    pub holder: PersonId,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Who took it.
    pub worker: WorkerId,
    /// When the lease runs out.
    pub lease_until: Timestamp,
    /// What is to be done.
    pub order: Order,
}

/// What is to be done, computed from the holder's grants when the effect was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Give these items, or tell the target their ends.
    Hold {
        /// The target.
        at: Integration,
        /// What is given to the holder.
        kind: Kind,
        /// What credential is handed out.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        credential: Option<CredentialKind>,
        /// Each item with the latest end of all the holder's grants that cover it.
        items: Vec<HeldItem>,
    },
    /// Take these items away.
    Remove {
        /// The target.
        at: Integration,
        /// What is given to the holder.
        kind: Kind,
        /// Items to remove.
        remove: Vec<Item>,
        /// Items that another grant keeps.
        keep: Vec<Kept>,
        /// How the grant ended.
        outcome: Option<Outcome>,
        /// Whether sessions that live on must be cut.
        cut_sessions: bool,
    },
    /// Make the credential that was handed out worthless.
    Rotate {
        /// The target.
        at: Integration,
        /// What is given to the holder.
        kind: Kind,
        /// What credential was handed out.
        credential: CredentialKind,
        /// Items that the grant gave there.
        items: Vec<Item>,
        /// Items that another grant keeps: whoever holds those needs the new credential.
        keep: Vec<Kept>,
    },
    /// Tell people.
    Tell {
        /// What about.
        notice: Notice,
        /// Whom.
        to: Vec<String>,
        /// The end that the notice speaks of.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        ends: Option<Timestamp>,
    },
}

/// An item with the latest end that holds for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldItem {
    /// The item.
    pub item: Item,
    /// Until when it is held.
    pub until: Timestamp,
}

/// An item that stays because another grant of the holder covers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The item.
    pub item: Item,
    /// The grant it is kept for: the latest end, then the smallest id.
    pub by: GrantId,
    /// Until when.
    pub until: Timestamp,
}

impl Task {
    /// The target; notices have none.
    #[must_use]
    pub const fn at(&self) -> Option<&Integration> {
        match self {
            Self::Provision { at } | Self::Adjust { at } | Self::Deprovision { at } | Self::Rotate { at } => {
                Some(at)
            }
            Self::Notify { .. } => None,
        }
    }
}

impl Notice {
    /// The notice as effects and scenario files write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApprovalWanted => "approval_wanted",
            Self::Escalated => "escalated",
            Self::Decided => "decided",
            Self::Active => "active",
            Self::BreakGlass => "break_glass",
            Self::EndingSoon => "ending_soon",
            Self::ExtensionWanted => "extension_wanted",
            Self::Extended => "extended",
            Self::Ended => "ended",
            Self::Stuck => "stuck",
            Self::ReviewDue => "review_due",
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provision { .. } => f.write_str("provision"),
            Self::Adjust { .. } => f.write_str("adjust"),
            Self::Deprovision { .. } => f.write_str("deprovision"),
            Self::Rotate { .. } => f.write_str("rotate"),
            Self::Notify { notice, .. } => write!(f, "notify:{}", notice.as_str()),
        }
    }
}
