//! What a button needs to know before it is pressed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::time::{Span, Timestamp};

/// Whether a grant may be extended now, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// Whether `extend` would pass now, given what is needed.
    pub allowed: bool,
    /// The refusal, where it would not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refusal>,
    /// From when it would, where the rules know that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<Timestamp>,
    /// The span that one click gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Span>,
    /// The smallest span that passes now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Span>,
    /// The largest span that passes now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Span>,
    /// Extensions granted so far.
    pub used: u32,
    /// Extensions left.
    pub left: u32,
    /// The latest end that total, the flow's `until`, guards and its hours allow; absent if nothing bounds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_end: Option<Timestamp>,
    /// What the click must bring.
    pub needs: BTreeSet<Need>,
    /// The end as it stands: hand it in with the click.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
}

/// What an extension must bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// A reason.
    Reason,
    /// A fresher or stronger login.
    Mfa,
    /// Somebody's approval.
    Approval,
}
