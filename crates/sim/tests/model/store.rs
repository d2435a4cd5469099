//! The store of the model: what is kept, as a value that can be compared and hashed, read as plans ask for it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde_json::to_string;
use tenure::tenure_core::event::Event;
use tenure::tenure_core::grant::Grant;
use tenure::tenure_core::id::{CommandId, GrantId, Namespace};
use tenure::tenure_core::machine;
use tenure::tenure_core::record::Entry;
use tenure::tenure_core::record::written::Salt;
use tenure::tenure_core::world::{Head, Read, World};
use tenure::tenure_store::{Answered, Batch, Given, Plan, Turn, Write};
use tenure::{Command, Receipt, Timestamp};

/// Turns that one decision may take to say what it needs.
const TURNS_MAX: usize = 64;

/// What is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Store {
    pub(crate) grants: BTreeMap<GrantId, Kept>,
    receipts: BTreeMap<CommandId, Arc<Receipt>>,
    /// A digest of the above: a state is hashed often, and a store is written once.
    print: u64,
}

/// A grant as it was written last, and all events that were written of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) grant: Arc<Grant>,
    pub(crate) events: Vec<Arc<Event>>,
    /// Whether the events lead to the grant.
    pub(crate) replays: bool,
    print: u64,
}

impl Hash for Store {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.print.hash(state);
    }
}

impl Store {
    /// Decides a command as every store's transaction does: with the engine's own plan, over what it asks to
    /// read. Nothing is written yet.
    pub(crate) fn decide(
        &self,
        head: &Arc<Head>,
        clock: Timestamp,
        given: Given,
        receipts_are_kept: bool,
    ) -> (Answered, Option<Write>) {
        let mut plan = Batch::one(given, Salt::from_bytes([0; 16]));
        plan.start();
        let mut world = self.world(head, clock);
        let mut write = None;
        for _ in 0..TURNS_MAX {
            match plan.turn(&world) {
                Turn::Read(reads) => {
                    for read in reads {
                        self.read(&read, &mut world);
                        world.read.insert(read);
                    }
                    if !receipts_are_kept {
                        world.answered = None;
                    }
                }
                Turn::Decided(decided) => {
                    write = decided.map(|write| *write);
                    world = self.world(head, clock);
                }
                Turn::Over => return (plan.into_answers().pop().unwrap(), write),
            }
        }
        panic!("a plan still asks for more after {TURNS_MAX} turns");
    }

    /// The store once that is written, over whatever it holds by then.
    pub(crate) fn written(&self, write: &Write) -> Self {
        let mut next = self.clone();
        for (id, grant) in &write.after {
            let mut events = next.grants.remove(id).map(|kept| kept.events).unwrap_or_default();
            let new = write.entries.iter().filter_map(|entry| match entry {
                Entry::Event(event) if event.grant == *id => Some(Arc::new(event.clone())),
                Entry::Event(_)
                | Entry::Refused(_)
                | Entry::MoreRefused(_)
                | Entry::Published(_)
                | Entry::Revoked(_) => None,
            });
            events.extend(new);
            next.grants.insert(id.clone(), Kept::new(grant.clone(), events));
        }
        next.receipts.extend(write.receipt.clone());
        next.print = digest(&(
            next.grants.values().map(|kept| kept.print).collect::<Vec<_>>(),
            next.receipts.iter().map(|(id, receipt)| (id, print_of(receipt))).collect::<Vec<_>>(),
        ));
        next
    }

    /// A world of which nothing but the policy was read.
    pub(crate) fn world(&self, head: &Arc<Head>, clock: Timestamp) -> World {
        World::new(Namespace::new("model").unwrap(), clock, head.clone())
    }

    /// Puts into the world what is read.
    pub(crate) fn read(&self, read: &Read, world: &mut World) {
        let lasts = |grant: &Grant| grant.over_by().is_some_and(|over| world.clock < over);
        let wanted = |grant: &Grant| match read {
            Read::Grant(id) => grant.id() == id,
            Read::Person(person) => grant.holder() == person && !grant.is_settled_for_good(),
            Read::OpenIn(flow) => grant.origin.flow == *flow && lasts(grant),
            Read::OpenOn(item) => grant.terms.scope.contains(item) && lasts(grant),
            Read::OpenAt(at) => grant.integrations().contains(at) && lasts(grant),
            Read::Recent(person, flow, span) => {
                grant.holder() == person
                    && grant.origin.flow == *flow
                    && world.clock.minus(*span) <= grant.changed_at
            }
            Read::Command(_)
            | Read::Revision(_)
            | Read::Latest
            | Read::Refused(_)
            | Read::RefusedBefore(_) => false,
        };
        let grants = self.grants.values().map(|kept| &kept.grant);
        let found: Vec<_> = grants.filter(|grant| wanted(grant)).cloned().collect();
        world.grants.extend(found.into_iter().map(|grant| (grant.id().clone(), grant)));
        match read {
            Read::Command(id) => world.answered = self.receipts.get(id).cloned(),
            Read::Revision(revision) => {
                let known = world.policy.flows.values().flat_map(|standing| &standing.history);
                let flow = known.map(|since| &since.flow).find(|flow| flow.revision == *revision).cloned();
                world.revisions.extend(flow.map(|flow| (revision.clone(), flow)));
            }
            Read::Latest => world.last = self.grants.values().map(|kept| kept.grant.changed_at).max(),
            Read::Grant(_)
            | Read::Person(_)
            | Read::OpenIn(_)
            | Read::OpenOn(_)
            | Read::OpenAt(_)
            | Read::Recent(..)
            | Read::Refused(_)
            | Read::RefusedBefore(_) => {}
        }
    }
}

impl Kept {
    fn new(grant: Arc<Grant>, events: Vec<Arc<Event>>) -> Self {
        let replayed = machine::replay(events.iter().map(|event| event.as_ref().clone()));
        let replays = replayed.is_ok_and(|replayed| replayed == *grant);
        let print = digest(&(to_string(&*grant).unwrap(), to_string(&events).unwrap()));
        Self { grant, events, replays, print }
    }
}

/// A command that the library gives for its own work: its id is known to nobody and claims nothing.
pub(crate) const fn own(command: Command, now: Timestamp) -> Given {
    Given { command, now, keep: false }
}

/// A digest of what a command answered.
pub(crate) fn print_of(receipt: &Receipt) -> u64 {
    digest(&(&receipt.content, to_string(&receipt.view).unwrap()))
}

/// A digest, the same in every run.
pub(crate) fn digest(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}
