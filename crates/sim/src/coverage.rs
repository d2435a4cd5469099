//! What was seen: every command, where its grant stood, and what came of it; and which of that must be seen.

mod reach;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use tenure::tenure_core::grant::{Outcome, Waiting};
use tenure::tenure_core::id::{CommandId, GrantId};
use tenure::{Code, Timestamp, View};
use tenure_port::{Answer, Answered, Call};

/// Where a grant stands: nowhere yet, waiting for something, running in one of three ways, over in one of eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// There is no such grant, or the command names none.
    None,
    /// Its request awaits decisions.
    Pending,
    /// Approved, before its planned start.
    Start,
    /// Approved, while its hours are shut.
    Hours,
    /// Approved, and its holder has not begun.
    Holder,
    /// Approved, and its targets have not confirmed.
    Provisioning,
    /// It runs.
    Active,
    /// It runs, and an extension awaits its decision.
    Asked,
    /// Its end has passed, and a bridge carries it.
    Bridged,
    /// Over: denied.
    Denied,
    /// Over: withdrawn.
    Withdrawn,
    /// Over: not decided in time.
    Undecided,
    /// Over: never begun.
    Unused,
    /// Over: it could not be given.
    Failed,
    /// Over: its end came.
    Expired,
    /// Over: given back.
    GivenBack,
    /// Over: revoked.
    Revoked,
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Came {
    /// It was done, or answered.
    Ok,
    /// It was done before: the first answer came again.
    Repeated,
    /// The rules said no.
    Refused(Code),
    /// The host's clock is too far ahead.
    Clock,
    /// The world failed otherwise, or the call could not be read. It never should.
    Broken,
}

/// One place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The command.
    pub verb: &'static str,
    /// Where its grant stood before.
    pub standing: Standing,
    /// What came of it.
    pub came: Came,
}

/// What was seen so far.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    cells: BTreeMap<Cell, u64>,
    events: BTreeMap<&'static str, u64>,
    /// Commands of this episode that were accepted.
    accepted: BTreeSet<CommandId>,
}

impl Standing {
    /// All of them, in the order of a grant's life.
    pub const ALL: [Self; 17] = [
        Self::None,
        Self::Pending,
        Self::Start,
        Self::Hours,
        Self::Holder,
        Self::Provisioning,
        Self::Active,
        Self::Asked,
        Self::Bridged,
        Self::Denied,
        Self::Withdrawn,
        Self::Undecided,
        Self::Unused,
        Self::Failed,
        Self::Expired,
        Self::GivenBack,
        Self::Revoked,
    ];

    /// Where a grant stands at that instant, settled.
    #[must_use]
    pub fn of(grant: Option<&View>, at: Timestamp) -> Self {
        let Some(view) = grant else { return Self::None };
        if let Some(outcome) = view.outcome {
            return match outcome {
                Outcome::Denied => Self::Denied,
                Outcome::Withdrawn => Self::Withdrawn,
                Outcome::Undecided => Self::Undecided,
                Outcome::Unused => Self::Unused,
                Outcome::Failed => Self::Failed,
                Outcome::Expired => Self::Expired,
                Outcome::GivenBack => Self::GivenBack,
                Outcome::Revoked => Self::Revoked,
            };
        }
        match view.waiting_for {
            Some(Waiting::Start) => return Self::Start,
            Some(Waiting::Hours) => return Self::Hours,
            Some(Waiting::Holder) => return Self::Holder,
            Some(Waiting::Provisioning) => return Self::Provisioning,
            None => {}
        }
        match (&view.extension_asked, view.ends_at, view.held_until) {
            (_, _, None) => Self::Pending,
            (None, _, Some(_)) => Self::Active,
            (Some(_), Some(end), Some(_)) if end <= at => Self::Bridged,
            (Some(_), _, Some(_)) => Self::Asked,
        }
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_closed(self) -> bool {
        self >= Self::Denied
    }
}

impl Coverage {
    /// Nothing was seen.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Another episode begins: command ids may come again.
    pub fn begin_episode(&mut self) {
        self.accepted.clear();
    }

    /// The grant that a call is about, whose standing before it is of interest.
    #[must_use]
    pub fn about(call: &Call) -> Option<&GrantId> {
        match call {
            Call::Request(ask) => ask.grant.as_ref().filter(|_| ask.kit.is_none()),
            Call::Approve(ask) => Some(&ask.grant),
            Call::Deny(ask) => Some(&ask.grant),
            Call::Withdraw(ask) => Some(&ask.grant),
            Call::Activate(ask) => Some(&ask.grant),
            Call::Extend(ask) => Some(&ask.grant),
            Call::ApproveExtension(ask) => Some(&ask.grant),
            Call::DenyExtension(ask) => Some(&ask.grant),
            Call::GiveBack(ask) => Some(&ask.grant),
            Call::Revoke(ask) => ask.grant.as_ref(),
            Call::Review(ask) => Some(&ask.grant),
            Call::Erase(ask) => Some(&ask.grant),
            Call::EffectDone(ask) => Some(&ask.effect.grant),
            Call::EffectFailed(ask) => Some(&ask.effect.grant),
            Call::Look(ask) => Some(&ask.grant),
            Call::Offer(ask) => Some(&ask.grant),
            Call::History(ask) => Some(&ask.grant),
            Call::Explain(ask) => Self::about(&ask.of),
            Call::Publish(_)
            | Call::Sweep(_)
            | Call::TakeEffects(_)
            | Call::Holds(_)
            | Call::WhoHas(_)
            | Call::Reconcile(_)
            | Call::Compact(_)
            | Call::List(_)
            | Call::Inbox(_)
            | Call::Catalog(_)
            | Call::Records(_)
            | Call::Export(_)
            | Call::Checkpoint(_)
            | Call::Prove(_) => None,
        }
    }

    /// A call was answered. `before` is its grant (that of [`Self::about`]) as `look` saw it at `at`.
    pub fn count(&mut self, call: &Call, before: Option<&View>, at: Timestamp, answer: &Answer) {
        let command = command_id(call);
        let came = match answer {
            Answer::Ok(Answered::Offer(offer)) => match &offer.refused {
                Some(refusal) => Came::Refused(refusal.code),
                None => Came::Ok,
            },
            Answer::Ok(_) if command.is_some_and(|id| self.accepted.contains(id)) => Came::Repeated,
            Answer::Ok(_) => Came::Ok,
            Answer::Refused(refusal) => Came::Refused(refusal.code),
            Answer::Fault(fault) if fault.code == "clock" => Came::Clock,
            Answer::Fault(_) | Answer::Invalid(_) => Came::Broken,
        };
        if let (Came::Ok, Some(id)) = (came, command) {
            self.accepted.insert(id.clone());
        }
        // The clock is looked at before the grant, so where that stands is no matter.
        let before = before.filter(|_| came != Came::Clock);
        let cell = Cell { verb: verb(call, before), standing: Standing::of(before, at), came };
        *self.cells.entry(cell).or_default() += 1;
    }

    /// An event was written.
    pub fn happened(&mut self, event: &'static str) {
        *self.events.entry(event).or_default() += 1;
    }

    /// What another run saw is added.
    pub fn merge(&mut self, other: &Self) {
        for (cell, times) in &other.cells {
            *self.cells.entry(*cell).or_default() += times;
        }
        for (event, times) in &other.events {
            *self.events.entry(event).or_default() += times;
        }
    }

    /// How often each cell was seen.
    #[must_use]
    pub const fn cells(&self) -> &BTreeMap<Cell, u64> {
        &self.cells
    }

    /// How often each kind of event was seen.
    #[must_use]
    pub const fn events(&self) -> &BTreeMap<&'static str, u64> {
        &self.events
    }

    /// Cells that the rules can reach and nobody has.
    #[must_use]
    pub fn empty_reachable(&self) -> Vec<Cell> {
        reach::cells().into_iter().filter(|cell| !self.cells.contains_key(cell)).collect()
    }

    /// Cells that were seen though the rules cannot reach them: the table, or the library, is wrong.
    #[must_use]
    pub fn unexpected(&self) -> Vec<Cell> {
        let reachable = reach::cells();
        self.cells.keys().filter(|cell| !reachable.contains(cell) && !reach::rare(cell)).copied().collect()
    }
}

/// The verb as the table calls it: what is asked of many is another one than what is asked of one.
fn verb(call: &Call, before: Option<&View>) -> &'static str {
    if let Call::Request(ask) = call {
        // Whether it is an emergency is asked after whether the grant's id is new.
        let emergency = ask.break_glass && before.is_none();
        return if ask.kit.is_some() {
            "request_kit"
        } else if emergency {
            "break_glass"
        } else {
            "request"
        };
    }
    let many = matches!(call, Call::Revoke(ask) if ask.grant.is_none());
    if many { "revoke_all" } else { call.name() }
}

fn command_id(call: &Call) -> Option<&CommandId> {
    match call {
        Call::Request(ask) => ask.command_id.as_ref(),
        Call::Approve(ask) => ask.command_id.as_ref(),
        Call::Deny(ask) => ask.command_id.as_ref(),
        Call::Withdraw(ask) => ask.command_id.as_ref(),
        Call::Activate(ask) => ask.command_id.as_ref(),
        Call::Extend(ask) => ask.command_id.as_ref(),
        Call::ApproveExtension(ask) => ask.command_id.as_ref(),
        Call::DenyExtension(ask) => ask.command_id.as_ref(),
        Call::GiveBack(ask) => ask.command_id.as_ref(),
        Call::Revoke(ask) => ask.command_id.as_ref(),
        Call::Review(ask) => ask.command_id.as_ref(),
        Call::Erase(ask) => ask.command_id.as_ref(),
        Call::Publish(ask) => ask.command_id.as_ref(),
        Call::Sweep(_)
        | Call::TakeEffects(_)
        | Call::EffectDone(_)
        | Call::EffectFailed(_)
        | Call::Look(_)
        | Call::Offer(_)
        | Call::Explain(_)
        | Call::Holds(_)
        | Call::WhoHas(_)
        | Call::Reconcile(_)
        | Call::Compact(_)
        | Call::List(_)
        | Call::Inbox(_)
        | Call::Catalog(_)
        | Call::History(_)
        | Call::Records(_)
        | Call::Export(_)
        | Call::Checkpoint(_)
        | Call::Prove(_) => None,
    }
}

/// What the host's clock shows, where the call says it.
#[must_use]
pub const fn now(call: &Call) -> Option<Timestamp> {
    match call {
        Call::Request(ask) => ask.now,
        Call::Approve(ask) => ask.now,
        Call::Deny(ask) => ask.now,
        Call::Withdraw(ask) => ask.now,
        Call::Activate(ask) => ask.now,
        Call::Extend(ask) => ask.now,
        Call::ApproveExtension(ask) => ask.now,
        Call::DenyExtension(ask) => ask.now,
        Call::GiveBack(ask) => ask.now,
        Call::Revoke(ask) => ask.now,
        Call::Review(ask) => ask.now,
        Call::Erase(ask) => ask.now,
        Call::Publish(ask) => ask.now,
        Call::Sweep(ask) => ask.now,
        Call::TakeEffects(ask) => ask.now,
        Call::EffectDone(ask) => ask.now,
        Call::EffectFailed(ask) => ask.now,
        Call::Look(ask) => ask.now,
        Call::Offer(ask) => ask.now,
        Call::Explain(ask) => ask.now,
        Call::Holds(ask) => ask.now,
        Call::WhoHas(ask) => ask.now,
        Call::Reconcile(ask) => ask.now,
        Call::Compact(ask) => ask.now,
        Call::List(ask) => ask.now,
        Call::Inbox(ask) => ask.now,
        Call::Catalog(ask) => ask.now,
        Call::History(ask) => ask.now,
        Call::Records(ask) => ask.now,
        Call::Export(ask) => ask.now,
        Call::Checkpoint(ask) => ask.now,
        Call::Prove(ask) => ask.now,
    }
}

/// Whether an actor gives the call, as a command.
#[must_use]
pub fn is_command(call: &Call) -> bool {
    command_id(call).is_some()
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "none",
            Self::Pending => "pending",
            Self::Start => "start",
            Self::Hours => "hours",
            Self::Holder => "holder",
            Self::Provisioning => "provisioning",
            Self::Active => "active",
            Self::Asked => "asked",
            Self::Bridged => "bridged",
            Self::Denied => "denied",
            Self::Withdrawn => "withdrawn",
            Self::Undecided => "undecided",
            Self::Unused => "unused",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::GivenBack => "given_back",
            Self::Revoked => "revoked",
        })
    }
}

impl fmt::Display for Came {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::Repeated => "repeated",
            Self::Refused(code) => code.as_str(),
            Self::Clock => "fault clock",
            Self::Broken => "broken",
        })
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.verb, self.standing, self.came)
    }
}
