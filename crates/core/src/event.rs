//! What happened: the only thing that is ever stored of a grant, and all that is needed to know it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::effect::{Effect, Handed};
use crate::grant::Outcome;
use crate::id::{CommandId, GrantId, WorkerId};
use crate::lifecycle::approve::{ApprovalGiven, Approved};
use crate::lifecycle::decide_extension::{ExtensionApprovalGiven, ExtensionDenialGiven, ExtensionDenied};
use crate::lifecycle::deny::DenialGiven;
use crate::lifecycle::effects::{EffectConfirmed, EffectLate, EffectMissed, KeptFor};
use crate::lifecycle::escalate::Escalated;
use crate::lifecycle::expire::{Ended, ExtensionLapsed};
use crate::lifecycle::extend::{Extended, ExtensionAsked};
use crate::lifecycle::open::{Activated, NowWaits};
use crate::lifecycle::remind::Reminded;
use crate::lifecycle::request::Requested;
use crate::lifecycle::review::{ReviewDue, Reviewed};
use crate::lifecycle::revoke::Revoked;
use crate::person::Actor;
use crate::time::Timestamp;

/// One thing that happened to a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The grant.
    pub grant: GrantId,
    /// When it happened: for what time made true, the deadline, not the moment it was noticed.
    pub at: Timestamp,
    /// Who made it happen; absent for what time alone made true.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<Cause>,
    /// What happened.
    #[serde(flatten)]
    pub happened: Happened,
    /// What the world must now be told.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub effects: Vec<Arc<Effect>>,
}

/// Who made an event happen, by which command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The actor: a person's id, or `system:NAME`.
    pub actor: String,
    /// The command.
    pub command: CommandId,
}

impl Cause {
    /// The cause that a command is.
    #[must_use]
    pub fn of(actor: &Actor, command: &CommandId) -> Self {
        Self { actor: actor.to_string(), command: command.clone() }
    }
}

/// What happened, in the order of a grant's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Happened {
    /// Access was asked for.
    Requested(Box<Requested>),
    /// An approver said yes.
    ApprovalGiven(ApprovalGiven),
    /// Nobody decided for so long that more people are asked.
    Escalated(Escalated),
    /// All approvals are there, or none was needed.
    Approved(Approved),
    /// An approver said no.
    DenialGiven(DenialGiven),
    /// The request was closed by denial.
    Denied,
    /// Requester or holder took it back.
    Withdrawn(Ended),
    /// Nobody decided in time.
    Undecided,
    /// What was waited for has come, and something else is waited for.
    NowWaits(NowWaits),
    /// Access began.
    Activated(Activated),
    /// It never began.
    Unused(Ended),
    /// It could not be given.
    Failed(Ended),
    /// The holder was reminded of the end.
    Reminded(Reminded),
    /// An extension was asked for and awaits its decision.
    ExtensionAsked(Box<ExtensionAsked>),
    /// An approver said yes to an extension.
    ExtensionApprovalGiven(ExtensionApprovalGiven),
    /// The end was moved.
    Extended(Extended),
    /// An approver said no to an extension.
    ExtensionDenialGiven(ExtensionDenialGiven),
    /// The extension was denied.
    ExtensionDenied(ExtensionDenied),
    /// The extension was not decided in time, or the grant ended first.
    ExtensionLapsed(ExtensionLapsed),
    /// The end came.
    Expired(Ended),
    /// The holder gave it back.
    GivenBack(Ended),
    /// Somebody ended it.
    Revoked(Revoked),
    /// Access taken in an emergency was not reviewed in time.
    ReviewDue(ReviewDue),
    /// Access taken in an emergency was reviewed.
    Reviewed(Reviewed),
    /// What people wrote of it was erased.
    Erased,
    /// Another grant ended, and items stay at a target for this one.
    KeptFor(KeptFor),
    /// A worker took an effect.
    EffectTaken {
        /// What it was handed.
        handed: Box<Handed>,
    },
    /// An effect had nothing left to do, and was handed to nobody.
    EffectSkipped {
        /// Its number.
        number: u32,
    },
    /// A worker carried an effect out.
    EffectDone(EffectConfirmed),
    /// A worker could not carry an effect out.
    EffectFailed(EffectMissed),
    /// A worker whose lease had run out spoke up after all.
    EffectLate(EffectLate),
    /// An effect has failed too often. It is still retried.
    EffectStuck {
        /// Its number.
        number: u32,
        /// The worker that tried last.
        worker: WorkerId,
    },
}

/// An event that cannot follow what happened before it: the record is damaged, or this build is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IllegalEvent {
    /// The grant.
    pub grant: Option<GrantId>,
    /// The event.
    pub event: &'static str,
    /// The stage it met.
    pub stage: &'static str,
}

impl std::fmt::Display for IllegalEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let grant = self.grant.as_ref().map_or("a grant", GrantId::as_str);
        write!(f, "`{}` cannot happen to `{grant}`, which is {}", self.event, self.stage)
    }
}

impl std::error::Error for IllegalEvent {}

impl Happened {
    /// The event as records and scenario files write it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Requested(_) => "requested",
            Self::ApprovalGiven(_) => "approval_given",
            Self::Escalated(_) => "escalated",
            Self::Approved(_) => "approved",
            Self::DenialGiven(_) => "denial_given",
            Self::Denied => "denied",
            Self::Withdrawn(_) => "withdrawn",
            Self::Undecided => "undecided",
            Self::NowWaits(_) => "now_waits",
            Self::Activated(_) => "activated",
            Self::Unused(_) => "unused",
            Self::Failed(_) => "failed",
            Self::Reminded(_) => "reminded",
            Self::ExtensionAsked(_) => "extension_asked",
            Self::ExtensionApprovalGiven(_) => "extension_approval_given",
            Self::Extended(_) => "extended",
            Self::ExtensionDenialGiven(_) => "extension_denial_given",
            Self::ExtensionDenied(_) => "extension_denied",
            Self::ExtensionLapsed(_) => "extension_lapsed",
            Self::Expired(_) => "expired",
            Self::GivenBack(_) => "given_back",
            Self::Revoked(_) => "revoked",
            Self::ReviewDue(_) => "review_due",
            Self::Reviewed(_) => "reviewed",
            Self::Erased => "erased",
            Self::KeptFor(_) => "kept_for",
            Self::EffectTaken { .. } => "effect_taken",
            Self::EffectSkipped { .. } => "effect_skipped",
            Self::EffectDone(_) => "effect_done",
            Self::EffectFailed(_) => "effect_failed",
            Self::EffectLate(_) => "effect_late",
            Self::EffectStuck { .. } => "effect_stuck",
        }
    }

    /// The outcome with which this event closes a grant, where it does.
    #[must_use]
    pub const fn closes(&self) -> Option<Outcome> {
        match self {
            Self::Denied => Some(Outcome::Denied),
            Self::Withdrawn(_) => Some(Outcome::Withdrawn),
            Self::Undecided => Some(Outcome::Undecided),
            Self::Unused(_) => Some(Outcome::Unused),
            Self::Failed(_) => Some(Outcome::Failed),
            Self::Expired(_) => Some(Outcome::Expired),
            Self::GivenBack(_) => Some(Outcome::GivenBack),
            Self::Revoked(_) => Some(Outcome::Revoked),
            Self::Requested(_)
            | Self::ApprovalGiven(_)
            | Self::Escalated(_)
            | Self::Approved(_)
            | Self::DenialGiven(_)
            | Self::NowWaits(_)
            | Self::Activated(_)
            | Self::Reminded(_)
            | Self::ExtensionAsked(_)
            | Self::ExtensionApprovalGiven(_)
            | Self::Extended(_)
            | Self::ExtensionDenialGiven(_)
            | Self::ExtensionDenied(_)
            | Self::ExtensionLapsed(_)
            | Self::ReviewDue(_)
            | Self::Reviewed(_)
            | Self::Erased
            | Self::KeptFor(_)
            | Self::EffectTaken { .. }
            | Self::EffectSkipped { .. }
            | Self::EffectDone(_)
            | Self::EffectFailed(_)
            | Self::EffectLate(_)
            | Self::EffectStuck { .. } => None,
        }
    }
}
