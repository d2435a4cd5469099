//! What calls have in common, whatever they ask.

use tenure::tenure_core::id::{CommandId, GrantId};
use tenure::tenure_core::time::Timestamp;

use super::{Actor, Call};

/// What every command of an actor has.
#[derive(Clone, Copy, Debug)]
pub struct Head<'c> {
    /// Who gives it.
    pub actor: &'c Actor,
    /// The id that it is given under, where it brings one.
    pub command_id: Option<&'c CommandId>,
}

/// The same, to be changed.
#[derive(Debug)]
pub struct HeadMut<'c> {
    /// Who gives it.
    pub actor: &'c mut Actor,
    /// The id that it is given under, where it brings one.
    pub command_id: &'c mut Option<CommandId>,
    /// What the host's clock shows, where it says so.
    pub now: &'c mut Option<Timestamp>,
}

/// The calls by what they have: a call that is added is added here, and nowhere else.
macro_rules! sorts {
    ($call:expr, command($ask:ident) => $command:expr, work($work:ident) => $worked:expr, question($asked:ident) => $answer:expr) => {
        match $call {
            Call::Request($ask) => $command,
            Call::Approve($ask) => $command,
            Call::Deny($ask) => $command,
            Call::Withdraw($ask) => $command,
            Call::Activate($ask) => $command,
            Call::Extend($ask) => $command,
            Call::ApproveExtension($ask) => $command,
            Call::DenyExtension($ask) => $command,
            Call::GiveBack($ask) => $command,
            Call::Revoke($ask) => $command,
            Call::Review($ask) => $command,
            Call::Erase($ask) => $command,
            Call::Publish($ask) => $command,
            Call::Sweep($work) => $worked,
            Call::TakeEffects($work) => $worked,
            Call::EffectDone($work) => $worked,
            Call::EffectFailed($work) => $worked,
            Call::Look($asked) => $answer,
            Call::Offer($asked) => $answer,
            Call::Explain($asked) => $answer,
            Call::Holds($asked) => $answer,
            Call::WhoHas($asked) => $answer,
            Call::Reconcile($asked) => $answer,
            Call::Compact($asked) => $answer,
            Call::List($asked) => $answer,
            Call::Inbox($asked) => $answer,
            Call::Catalog($asked) => $answer,
            Call::History($asked) => $answer,
            Call::Records($asked) => $answer,
            Call::Export($asked) => $answer,
            Call::Checkpoint($asked) => $answer,
            Call::Prove($asked) => $answer,
        }
    };
}

impl Call {
    /// What it has as the command of an actor; nothing where it is a question, or the library's own work.
    #[must_use]
    pub const fn head(&self) -> Option<Head<'_>> {
        sorts!(self,
            command(ask) => Some(Head { actor: &ask.actor, command_id: ask.command_id.as_ref() }),
            work(_ask) => None,
            question(_ask) => None
        )
    }

    /// The same, to be changed.
    pub const fn head_mut(&mut self) -> Option<HeadMut<'_>> {
        sorts!(self,
            command(ask) => Some(HeadMut {
                actor: &mut ask.actor,
                command_id: &mut ask.command_id,
                now: &mut ask.now,
            }),
            work(_ask) => None,
            question(_ask) => None
        )
    }

    /// What the host's clock shows, where it says so.
    #[must_use]
    pub const fn now(&self) -> Option<Timestamp> {
        sorts!(self, command(ask) => ask.now, work(ask) => ask.now, question(ask) => ask.now)
    }

    /// Whether it may put something on record.
    #[must_use]
    pub const fn writes(&self) -> bool {
        sorts!(self, command(_ask) => true, work(_ask) => true, question(_ask) => false)
    }

    /// The grant that it is about, where it names one.
    #[must_use]
    pub fn grant(&self) -> Option<&GrantId> {
        match self {
            Self::Request(ask) => ask.grant.as_ref().filter(|_| ask.kit.is_none()),
            Self::Approve(ask) => Some(&ask.grant),
            Self::Deny(ask) => Some(&ask.grant),
            Self::Withdraw(ask) => Some(&ask.grant),
            Self::Activate(ask) => Some(&ask.grant),
            Self::Extend(ask) => Some(&ask.grant),
            Self::ApproveExtension(ask) => Some(&ask.grant),
            Self::DenyExtension(ask) => Some(&ask.grant),
            Self::GiveBack(ask) => Some(&ask.grant),
            Self::Revoke(ask) => ask.grant.as_ref(),
            Self::Review(ask) => Some(&ask.grant),
            Self::Erase(ask) => Some(&ask.grant),
            Self::EffectDone(ask) => Some(&ask.effect.grant),
            Self::EffectFailed(ask) => Some(&ask.effect.grant),
            Self::Look(ask) => Some(&ask.grant),
            Self::Offer(ask) => Some(&ask.grant),
            Self::History(ask) => Some(&ask.grant),
            Self::Explain(ask) => ask.of.grant(),
            Self::Publish(_)
            | Self::Sweep(_)
            | Self::TakeEffects(_)
            | Self::Holds(_)
            | Self::WhoHas(_)
            | Self::Reconcile(_)
            | Self::Compact(_)
            | Self::List(_)
            | Self::Inbox(_)
            | Self::Catalog(_)
            | Self::Records(_)
            | Self::Export(_)
            | Self::Checkpoint(_)
            | Self::Prove(_) => None,
        }
    }
}
