//! Sweeping: writing down what time has made true.

use std::collections::BTreeSet;

use serde::Serialize;
use tenure_core::command::{Command, Settle, Verb};
use tenure_core::grant::{Grant, Stage};
use tenure_core::id::{FlowId, GrantId, PersonId, SystemName};
use tenure_core::limits::CLOCK_TOLERANCE;
use tenure_core::person::{Actor, Record};
use tenure_core::record::refused::minute;
use tenure_core::time::Timestamp;
use tenure_core::world::{Read, Standing, World};
use tenure_store::plan::unread;
use tenure_store::tally::WriteUp;
use tenure_store::{Filter, Given, Limit, StoreFault};

use crate::engine::Engine;
use crate::error::{Error, Fault};

/// People who are settled in one transaction at most: bounded work between two commits.
const PEOPLE_AT_ONCE: usize = 64;
/// Grants of which something is due, of all the people of one transaction, and events of one who has more: whoever else
/// wants to write waits so long.
const GRANTS_AT_ONCE: usize = 16;
const EVENTS_AT_ONCE: usize = 48;
/// People whose grants are looked at together, to see how many of them are due.
const LOOKED_AT_ONCE: usize = 16;

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SweepReport {
    /// People something had come due for.
    pub people: u64,
    /// Events that were written.
    pub events: u64,
}

/// What a sweep did so far.
#[derive(Debug, Default)]
struct Swept {
    report: SweepReport,
    /// What was met first that cannot be read.
    unread: Option<Error>,
}

impl Swept {
    /// What was answered; nothing of what cannot be read, which is told when all others are swept.
    fn goes_by<T>(&mut self, answered: Result<Vec<T>, Error>) -> Result<Vec<T>, Error> {
        match answered {
            Err(unread) if is_unreadable(&unread) => {
                self.unread.get_or_insert(unread);
                Ok(Vec::new())
            }
            answered => answered,
        }
    }
}

impl Engine {
    /// Writes down what time has made true by `now`, for everybody it made something true for. It is
    /// never needed for a right answer: it makes effects and notices come in time. Early, late and
    /// repeated sweeps write the same.
    ///
    /// # Errors
    /// [`Error::Fault`]. What was swept before stays swept. Where something of somebody cannot be read, all others are
    /// swept first.
    pub fn sweep(&self, now: Timestamp) -> Result<SweepReport, Error> {
        let mut swept = Swept::default();
        let until = self.settled_until(now)?;
        let limit = Limit::new(PEOPLE_AT_ONCE);
        let mut after = None;
        loop {
            let due = self.store.due(&self.namespace, until, after.as_ref(), limit)?;
            let Some(last) = due.last().cloned() else { break };
            self.write_down(due.into_iter().map(|awaited| awaited.person), now, &mut swept)?;
            after = Some(last);
        }
        for flow in self.ended_flows(until)? {
            self.end_waits(&flow, now, &mut swept)?;
        }
        self.write_up_refusals(until)?;
        swept.unread.map_or(Ok(swept.report), Err)
    }

    /// Puts on record how often who was refused in minutes that are over.
    fn write_up_refusals(&self, now: Timestamp) -> Result<(), Error> {
        // Mostly there is nothing, and then nobody who writes is held up.
        let over = |_: &World| vec![Read::RefusedBefore(minute(now))];
        while self.question(over, |world| !world.refused.is_empty())? {
            self.store.transact(&self.namespace, &mut WriteUp::new(now, self.ids.salt()?))?;
        }
        Ok(())
    }

    /// The instant by which a sweep settles everybody: nobody decides anything before the policy was put in force, so
    /// whoever is settled is settled by then at least. So what is written down is no matter of whose turn it was.
    fn settled_until(&self, now: Timestamp) -> Result<Timestamp, Error> {
        let believed = self.believed(now)?;
        self.question(|_| Vec::new(), |world| world.policy.not_before(believed))
    }

    /// Flows whose `until` has passed.
    fn ended_flows(&self, now: Timestamp) -> Result<Vec<FlowId>, Error> {
        let has_ended =
            |standing: &Standing| standing.until_passes(Timestamp::MIN).is_some_and(|passes| passes <= now);
        let ended = |world: &World| {
            let flows = world.policy.flows.iter().filter(|(_, standing)| has_ended(standing));
            flows.map(|(id, _)| id.clone()).collect()
        };
        self.question(|_| Vec::new(), ended)
    }

    /// What still waits under a flow that ended is unused. No grant has that as a deadline of its own: the
    /// policy may have set it after the approval.
    fn end_waits(&self, flow: &FlowId, now: Timestamp, swept: &mut Swept) -> Result<(), Error> {
        let filter = Filter { flow: Some(flow.clone()), open: true, ..Filter::default() };
        let mut after = None;
        loop {
            let page = Limit::new(PEOPLE_AT_ONCE);
            let listed = self.store.list(&self.namespace, &filter, after.as_ref(), page)?;
            let waiting = match self.who_waits(&listed.grants) {
                // Grant by grant, where one of them cannot be read: the others are found all the same.
                Err(unread) if is_unreadable(&unread) => {
                    let alone = listed.grants.chunks(1).map(|grant| swept.goes_by(self.who_waits(grant)));
                    alone.collect::<Result<Vec<_>, Error>>()?.concat()
                }
                waiting => waiting?,
            };
            self.write_down(waiting, now, swept)?;
            after = listed.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Who holds those of these grants that were approved and have not begun, in order of the grants, so that it does
    /// not matter how many are on a page.
    fn who_waits(&self, grants: &[GrantId]) -> Result<Vec<PersonId>, Error> {
        let wanted = |world: &World| {
            let reads = grants.iter().cloned().map(Read::Grant);
            reads.filter(|read| !world.read.contains(read)).collect()
        };
        let waiting = |world: &World| {
            let waits = world.grants.values().filter(|grant| matches!(grant.stage, Stage::Approved(_)));
            let mut seen = BTreeSet::new();
            waits.map(|grant| grant.holder().clone()).filter(|holder| seen.insert(holder.clone())).collect()
        };
        self.question(wanted, waiting)
    }

    /// Settles these people, in this order: in one transaction as many as have few grants that are due, and of whoever has
    /// more some events at a time.
    fn write_down(
        &self,
        people: impl IntoIterator<Item = PersonId>,
        now: Timestamp,
        swept: &mut Swept,
    ) -> Result<(), Error> {
        let people: Vec<PersonId> = people.into_iter().collect();
        for people in people.chunks(LOOKED_AT_ONCE) {
            let mut together = Vec::new();
            let mut grants = 0_usize;
            for (person, due) in people.iter().zip(self.due_grants(people, now)?) {
                grants = grants.saturating_add(due);
                if grants > GRANTS_AT_ONCE {
                    self.settle_all(&std::mem::take(&mut together), now, swept)?;
                    grants = due;
                }
                if due > GRANTS_AT_ONCE {
                    self.settle_alone(person, now, swept)?;
                    grants = 0;
                } else {
                    together.push(person.clone());
                }
            }
            self.settle_all(&together, now, swept)?;
        }
        Ok(())
    }

    /// Of how many grants of each of these people something is due; of whoever has one that cannot be read, of many.
    fn due_grants(&self, people: &[PersonId], now: Timestamp) -> Result<Vec<usize>, Error> {
        let believed = self.believed(now)?;
        let wanted = |world: &World| unread(people.iter().cloned().map(Read::Person).collect(), world);
        let is_due = |world: &World, grant: &Grant| {
            grant.deadline().is_some_and(|deadline| deadline <= world.policy.not_before(believed))
                || matches!(grant.stage, Stage::Approved(_))
                || world.revoked.contains_key(grant.id())
        };
        let due = |world: &World| {
            let of = |person| world.grants.values().filter(move |grant| grant.holder() == person);
            people.iter().map(|person| of(person).filter(|grant| is_due(world, grant)).count()).collect()
        };
        match self.question(wanted, due) {
            Err(broken) if is_unreadable(&broken) && people.len() > 1 => {
                let alone = people.chunks(1).map(|person| self.due_grants(person, now));
                Ok(alone.collect::<Result<Vec<_>, Error>>()?.concat())
            }
            Err(broken) if is_unreadable(&broken) => Ok(vec![usize::MAX]),
            counted => counted,
        }
    }

    /// Settles these people in one transaction; each by themselves, where something of one of them cannot be read.
    fn settle_all(&self, people: &[PersonId], now: Timestamp, swept: &mut Swept) -> Result<(), Error> {
        if people.is_empty() {
            return Ok(());
        }
        let settles = people.iter().map(|person| self.settle(person.clone(), None, now));
        let answers = match self.transact(settles.collect::<Result<_, Error>>()?) {
            Err(unread) if is_unreadable(&unread) && people.len() > 1 => {
                return people.chunks(1).try_for_each(|person| self.settle_all(person, now, swept));
            }
            answers => swept.goes_by(answers)?,
        };
        for answer in answers {
            let settled = answer?;
            swept.report.people = swept.report.people.saturating_add(u64::from(settled.events > 0));
            swept.report.events = swept.report.events.saturating_add(settled.events);
        }
        Ok(())
    }

    /// Settles one person, some events in one transaction.
    fn settle_alone(&self, person: &PersonId, now: Timestamp, swept: &mut Swept) -> Result<(), Error> {
        let mut any = false;
        loop {
            let settle = self.settle(person.clone(), Some(EVENTS_AT_ONCE), now)?;
            let mut events = 0_u64;
            for answer in swept.goes_by(self.transact(vec![settle]))? {
                events = events.saturating_add(answer?.events);
            }
            swept.report.people = swept.report.people.saturating_add(u64::from(!any && events > 0));
            swept.report.events = swept.report.events.saturating_add(events);
            any = any || events > 0;
            if usize::try_from(events).is_ok_and(|events| events < EVENTS_AT_ONCE) {
                return Ok(());
            }
        }
    }

    fn settle(&self, person: PersonId, most: Option<usize>, now: Timestamp) -> Result<Given, Error> {
        let actor = host("tenure")?;
        let verb = Verb::Settle(Settle { person, most });
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

const fn is_unreadable(error: &Error) -> bool {
    matches!(error, Error::Fault(Fault::Store(StoreFault::Broken(_))))
}

/// A part of the host as an actor.
pub(crate) fn host(name: impl AsRef<str>) -> Result<Actor, Error> {
    let name = SystemName::new(name).map_err(Fault::bad_id("system name"))?;
    Ok(Actor::System(name))
}
