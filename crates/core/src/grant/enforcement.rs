//! What targets have confirmed: another matter than what is allowed.

use serde::{Deserialize, Serialize};

use super::{Grant, Stage};
use crate::effect::{Outgoing, Task};
use crate::id::Integration;

/// What a target has confirmed; a grant's own is the worst of its targets'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Enforcement {
    /// Nothing was told.
    None,
    /// Access was taken away.
    Removed,
    /// Access was given, to its present end.
    Applied,
    /// Access, or its new end, is not yet confirmed.
    Applying,
    /// The removal is not yet confirmed.
    Removing,
    /// Giving has failed too often.
    StuckApplying,
    /// Removing has failed too often.
    StuckRemoving,
}

impl Grant {
    /// What a target has confirmed.
    #[must_use]
    pub fn enforcement_at(&self, at: &Integration) -> Enforcement {
        // What was to be given before the end says nothing of a grant that is over: it is skipped when its turn comes.
        let counts = |outgoing: &Outgoing| match (&self.stage, &outgoing.effect.task) {
            (Stage::Closed(_), Task::Provision { .. }) => false,
            (Stage::Closed(closed), Task::Adjust { .. }) => closed.at <= outgoing.made_at,
            (
                Stage::Pending(_) | Stage::Approved(_) | Stage::Active(_) | Stage::Closed(_),
                Task::Provision { .. }
                | Task::Adjust { .. }
                | Task::Deprovision { .. }
                | Task::Rotate { .. }
                | Task::Notify { .. },
            ) => true,
        };
        let waiting = |outgoing: &&Outgoing| outgoing.effect.task.at() == Some(at) && counts(outgoing);
        let open = self.outbox.iter().filter(waiting);
        let stuck = open.clone().any(|outgoing| outgoing.stuck);
        let sent = self.targets.get(at).is_some_and(|target| !target.given.is_empty());
        match (open.count() > 0, stuck, self.is_closed()) {
            (true, true, true) => Enforcement::StuckRemoving,
            (true, true, false) => Enforcement::StuckApplying,
            (true, false, true) => Enforcement::Removing,
            (true, false, false) => Enforcement::Applying,
            (false, _, true) if sent => Enforcement::Removed,
            (false, _, false) if sent => Enforcement::Applied,
            (false, _, _) => Enforcement::None,
        }
    }

    /// The worst of what its targets have confirmed.
    #[must_use]
    pub fn enforcement(&self) -> Enforcement {
        self.targets.keys().map(|at| self.enforcement_at(at)).max().unwrap_or(Enforcement::None)
    }
}
