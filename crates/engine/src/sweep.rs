//! Sweeping: writing down what time has made true.

use serde::Serialize;
use tenure_core::command::{Command, Settle, Verb};
use tenure_core::id::{PersonId, SystemName};
use tenure_core::limits::CLOCK_TOLERANCE;
use tenure_core::person::{Actor, Record};
use tenure_core::time::Timestamp;
use tenure_store::{Given, Limit};

use crate::engine::Engine;
use crate::error::{Error, Fault};

/// People who are settled in one transaction: bounded work between two commits.
const PEOPLE_AT_ONCE: usize = 64;

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SweepReport {
    /// People something had come due for.
    pub people: u64,
    /// Events that were written.
    pub events: u64,
}

impl Engine {
    /// Writes down what time has made true by `now`, for everybody it made something true for. It is
    /// never needed for a right answer: it makes effects and notices come in time. Early, late and
    /// repeated sweeps write the same.
    ///
    /// # Errors
    /// [`Error::Fault`]. What was swept before stays swept.
    pub fn sweep(&self, now: Timestamp) -> Result<SweepReport, Error> {
        let mut report = SweepReport::default();
        let until = self.believed(now)?;
        let limit = Limit::new(PEOPLE_AT_ONCE);
        let mut after = None;
        loop {
            let due = self.store.due(&self.namespace, until, after.as_ref(), limit)?;
            let Some(last) = due.last().cloned() else { return Ok(report) };
            let settles: Result<Vec<_>, Error> =
                due.into_iter().map(|awaited| self.settle(awaited.person, now)).collect();
            for answer in self.transact(settles?)? {
                let settled = answer?;
                report.people = report.people.saturating_add(1);
                report.events = report.events.saturating_add(settled.events);
            }
            after = Some(last);
        }
    }

    fn settle(&self, person: PersonId, now: Timestamp) -> Result<Given, Error> {
        let actor = host("tenure")?;
        let verb = Verb::Settle(Settle { person });
        let command = Command { id: self.ids.next()?, actor, context: Record::new(), verb };
        Ok(Given { command, now, keep: false })
    }

    /// The instant up to which things are looked for: the store's clock, or a `now` that is not far ahead of it.
    pub(crate) fn believed(&self, now: Timestamp) -> Result<Timestamp, Error> {
        let clock = self.store.clock();
        if now > clock.plus(CLOCK_TOLERANCE) {
            return Err(Fault::Clock { ahead: now.since(clock) }.into());
        }
        Ok(now.max(clock))
    }
}

/// A part of the host as an actor.
pub(crate) fn host(name: impl AsRef<str>) -> Result<Actor, Error> {
    let name = SystemName::new(name).map_err(Fault::bad_id("system name"))?;
    Ok(Actor::System(name))
}
