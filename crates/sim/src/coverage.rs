//! What was seen: every command, where its grant stood, and what came of it; and which of that must be seen.

mod reach;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use tenure::tenure_core::grant::{Outcome, Waiting};
use tenure::tenure_core::id::CommandId;
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

    /// A call was answered. `before` is its grant (that of [`Call::grant`]) as `look` saw it at `at`.
    pub fn count(&mut self, call: &Call, before: Option<&View>, at: Timestamp, answer: &Answer) {
        let command = call.head().and_then(|head| head.command_id);
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
