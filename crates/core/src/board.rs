//! The working copy of a decision: the world as it was loaded, and what has happened to it since.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::effect::{Effect, Task};
use crate::event::{Cause, Event, Happened};
use crate::flow::Flow;
use crate::grant::Grant;
use crate::id::{FlowId, GrantId, PersonId, Revision};
use crate::lifecycle::effects;
use crate::machine::{self, Fault};
use crate::time::Timestamp;
use crate::world::{Journal, Read, World};

/// The world as it was loaded, and what has happened to it since.
#[derive(Clone, Debug)]
pub(crate) struct Board<'w> {
    pub(crate) world: &'w World,
    pub(crate) now: Timestamp,
    changed: BTreeMap<GrantId, Grant>,
    events: Vec<Event>,
    /// Whether nothing of it is ever written, so that the world need not be told of anything.
    imagined: bool,
}

impl<'w> Board<'w> {
    pub(crate) fn new(world: &'w World, now: Timestamp) -> Self {
        Self { world, now, changed: BTreeMap::new(), events: Vec::new(), imagined: false }
    }

    /// What would be: no effect is made of what happens on it, and no rule looks at those.
    pub(crate) fn imagined(world: &'w World, now: Timestamp) -> Self {
        Self { imagined: true, ..Self::new(world, now) }
    }

    /// How far time has surely come: what other people hold is over only then. A host may be ahead, and another
    /// one may extend what it takes to be over; but nobody decides anything before the policy was put in force. On what
    /// is imagined, time itself has gone on.
    pub(crate) fn surely(&self) -> Timestamp {
        if self.imagined { self.now } else { self.now.min(self.world.policy.not_before(self.world.clock)) }
    }

    /// The grant as it stands by now.
    pub(crate) fn grant(&self, id: &GrantId) -> Option<&Grant> {
        self.changed.get(id).or_else(|| self.world.grants.get(id).map(Arc::as_ref))
    }

    /// Every loaded grant as it stands by now, in order of id.
    pub(crate) fn grants(&self) -> impl Iterator<Item = &Grant> {
        let new = self.changed.iter().filter(|(id, _)| !self.world.grants.contains_key(*id));
        let known = self.world.grants.iter().map(|(id, grant)| self.changed.get(id).unwrap_or(grant));
        known.chain(new.map(|(_, grant)| grant))
    }

    /// The holder's grants that were loaded, as they stand by now.
    pub(crate) fn of_holder(&self, holder: &PersonId) -> impl Iterator<Item = &Grant> {
        self.grants().filter(move |grant| grant.holder() == holder)
    }

    /// That revision of a flow.
    pub(crate) fn revision(&self, flow: &FlowId, revision: &Revision) -> Result<&'w Arc<Flow>, Fault> {
        let today = self.world.policy.flow(flow).map(|since| &since.flow);
        today
            .filter(|flow| flow.revision == *revision)
            .or_else(|| self.world.revisions.get(revision))
            .ok_or_else(|| Fault::NotLoaded(vec![Read::Revision(revision.clone())]))
    }

    /// The flow the grant was asked under.
    pub(crate) fn pinned(&self, grant: &Grant) -> Result<&'w Arc<Flow>, Fault> {
        self.revision(&grant.origin.flow, &grant.origin.revision)
    }

    /// Writes down that something happened: the new state, and what the world must be told of it.
    pub(crate) fn record(
        &mut self,
        grant: &GrantId,
        at: Timestamp,
        cause: Option<Cause>,
        happened: Happened,
    ) -> Result<(), Fault> {
        let mut event = Event { grant: grant.clone(), at, cause, happened, effects: Vec::new() };
        let before =
            self.changed.remove(grant).or_else(|| self.world.grants.get(grant).map(|g| g.as_ref().clone()));
        let mut after = machine::evolve(before, &event).map_err(Fault::Illegal)?;
        let tasks = if self.imagined { Vec::new() } else { machine::effects(self, &after, &event)? };
        event.effects = numbered(&after, tasks);
        effects::enqueue(&mut after, &event);
        self.changed.insert(grant.clone(), after);
        self.events.push(event);
        Ok(())
    }

    /// What has happened since the last cut, and the grants it led to.
    pub(crate) fn cut(&mut self) -> Journal {
        let events = std::mem::take(&mut self.events);
        let mut after = BTreeMap::new();
        for event in &events {
            if let Some(grant) = self.changed.get(&event.grant) {
                after.entry(event.grant.clone()).or_insert_with(|| grant.clone());
            }
        }
        Journal { events, after }
    }

    /// What has happened since the last cut, and the grants it led to; the board is done with.
    pub(crate) fn finish(mut self) -> Journal {
        let events = std::mem::take(&mut self.events);
        self.changed.retain(|id, _| events.iter().any(|event| event.grant == *id));
        Journal { events, after: self.changed }
    }
}

fn numbered(after: &Grant, tasks: Vec<Task>) -> Vec<Arc<Effect>> {
    let first = after.effects_made.saturating_add(1);
    tasks.into_iter().zip(first..).map(|(task, number)| Arc::new(Effect { number, task })).collect()
}
