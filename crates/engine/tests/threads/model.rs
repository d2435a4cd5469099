//! The simplest store there is: everything in one place, nothing indexed, one command after the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use tenure::tenure_core::command::Command;
use tenure::tenure_core::grant::Grant;
use tenure::tenure_core::id::{CommandId, GrantId, Namespace};
use tenure::tenure_core::lifecycle::revoke_all::Reached;
use tenure::tenure_core::machine::{self, Fault};
use tenure::tenure_core::record::refused::{RefusedOf, Tally};
use tenure::tenure_core::record::{Entry, Published, Refused};
use tenure::tenure_core::world::{Decided, Head, Journal, Read, Receipt, World};
use tenure::{Refusal, Timestamp, View};

use crate::{Call, said};

#[derive(Clone)]
pub(crate) struct Model {
    namespace: Namespace,
    /// What the store's clock shows.
    clock: Timestamp,
    head: Arc<Head>,
    grants: BTreeMap<GrantId, Arc<Grant>>,
    receipts: BTreeMap<CommandId, Arc<Receipt>>,
    pub(crate) entries: Vec<Arc<Entry>>,
    refused: BTreeMap<RefusedOf, Tally>,
    /// Revocations of many, each with its place in the record.
    revocations: Vec<Reached>,
}

impl Model {
    pub(crate) fn new(namespace: Namespace, clock: Timestamp) -> Self {
        Self {
            namespace,
            clock,
            head: Arc::default(),
            grants: BTreeMap::new(),
            receipts: BTreeMap::new(),
            entries: Vec::new(),
            refused: BTreeMap::new(),
            revocations: Vec::new(),
        }
    }

    /// Whether that call is answered so when the clock shows that.
    pub(crate) fn answers(&mut self, (call, clock): (&Call, Timestamp)) -> Result<(), String> {
        self.clock = clock;
        let expected = self.decide(&call.command, call.now).map_err(|fault| fault.to_string())?;
        let expected = said(&expected);
        if expected == call.answer {
            return Ok(());
        }
        Err(format!("{:?} answered {}, not {expected}", call.command, call.answer))
    }

    pub(crate) fn decide(
        &mut self,
        command: &Command,
        now: Timestamp,
    ) -> Result<Result<Option<View>, Refusal>, Fault> {
        let world = self.world(command);
        let outcome = match machine::apply(&world, command, now)? {
            Decided::Repeated(receipt) => return Ok(Ok(receipt.view.clone())),
            Decided::Now(outcome) => *outcome,
        };
        self.write(outcome.settled);
        match outcome.answer {
            Ok(done) => {
                if let Some(by) = done.revoked {
                    self.entries.push(Arc::new(Entry::Revoked(by.clone())));
                    let position = u64::try_from(self.entries.len()).unwrap();
                    self.revocations.push(Reached { position, by });
                }
                self.write(done.journal);
                if let Some(head) = done.policy {
                    let published = head.document.as_ref().unwrap().revision.clone();
                    let (actor, command) = (command.actor.to_string(), command.id.clone());
                    let entry = Published { published, at: outcome.now, actor, command };
                    self.entries.push(Arc::new(Entry::Published(entry)));
                    self.head = head;
                }
                let view = done.receipt.view.clone();
                self.receipts.insert(command.id.clone(), Arc::new(done.receipt));
                Ok(Ok(view))
            }
            Err(refusal) => {
                let known = command.verb.grant().filter(|grant| self.grants.contains_key(*grant));
                let refused = Refused::of(command, &refusal, known.cloned(), outcome.now);
                let of = RefusedOf { actor: refused.actor.clone(), code: refusal.code };
                let counted = of.count(self.refused.get(&of).copied(), outcome.now);
                self.refused.insert(of, counted.tally);
                let recorded = counted.recorded.then_some(Entry::Refused(refused));
                let entries = counted.earlier.map(Entry::MoreRefused).into_iter().chain(recorded);
                self.entries.extend(entries.map(Arc::new));
                Ok(Err(refusal))
            }
        }
    }

    fn write(&mut self, journal: Journal) {
        self.entries.extend(journal.events.into_iter().map(Entry::Event).map(Arc::new));
        self.grants.extend(journal.after.into_iter().map(|(id, grant)| (id, Arc::new(grant))));
    }

    fn world(&self, command: &Command) -> World {
        let mut world = World::new(self.namespace.clone(), self.clock, self.head.clone());
        loop {
            let reads = machine::needs(command, &world);
            if reads.is_empty() {
                return world;
            }
            for read in reads {
                self.read(&read, &mut world);
                world.read.insert(read);
            }
        }
    }

    fn read(&self, read: &Read, world: &mut World) {
        let wanted = |grant: &Grant| match read {
            Read::OpenAt(at) => !grant.is_closed() && grant.integrations().contains(at),
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
            Read::Grant(id) => grant.id() == id,
            Read::Person(person) => grant.holder() == person && !grant.is_settled_for_good(),
            Read::OpenIn(flow) => !grant.is_closed() && grant.origin.flow == *flow,
            Read::OpenOn(item) => !grant.is_closed() && grant.terms.scope.contains(item),
        };
        let found = self.grants.iter().filter(|(_, grant)| wanted(grant));
        world.grants.extend(found.clone().map(|(id, grant)| (id.clone(), grant.clone())));
        for (id, _) in found.filter(|(_, grant)| !grant.is_closed()) {
            let reached = self.revocations.iter().find(|reached| reached.by.grants.contains(id));
            world.revoked.extend(reached.map(|reached| (id.clone(), reached.clone())));
        }
        match read {
            Read::Command(id) => world.answered = self.receipts.get(id).cloned(),
            Read::Revision(revision) => {
                let known = self.head.flows.values().flat_map(|standing| &standing.history);
                let mut flows = known.map(|since| &since.flow).filter(|flow| flow.revision == *revision);
                world.revisions.extend(flows.next().map(|flow| (revision.clone(), flow.clone())));
            }
            Read::Grant(_)
            | Read::Refused(_)
            | Read::RefusedBefore(_)
            | Read::Person(_)
            | Read::OpenIn(_)
            | Read::OpenOn(_)
            | Read::OpenAt(_)
            | Read::Recent(..) => {}
            Read::Latest => {
                let grants = self.grants.values().map(|grant| grant.changed_at);
                let revoked = self.revocations.iter().map(|reached| reached.by.at);
                world.last = grants.chain(revoked).chain(self.head.published_at).max();
            }
        }
    }
}
