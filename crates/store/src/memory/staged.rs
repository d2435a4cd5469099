//! A transaction before it is written: what a plan decided so far, over what is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hashbrown::HashMap;
use tenure_core::grant::Grant;
use tenure_core::id::{CommandId, GrantId, Namespace, PersonId};
use tenure_core::lifecycle::revoke_all::Reached;
use tenure_core::limits::TALLIES_AT_ONCE_MAX;
use tenure_core::record::Entry;
use tenure_core::record::refused::{RefusedOf, Tally};
use tenure_core::time::Timestamp;
use tenure_core::world::{Head, Publication, Read, Receipt, World};

use super::state::State;
use crate::fault::StoreFault;
use crate::plan::{Plan, Write, decide};
use crate::query::lasts;
use crate::seal::{Seal, Sealed};

/// What a plan decided so far.
#[derive(Debug, Default)]
pub(super) struct Staged {
    pub(super) grants: BTreeMap<GrantId, Arc<Grant>>,
    pub(super) touched: BTreeSet<PersonId>,
    pub(super) head: Option<Arc<Head>>,
    pub(super) documents: Vec<(Timestamp, Arc<Publication>)>,
    pub(super) receipts: HashMap<CommandId, Arc<Receipt>>,
    pub(super) refused: BTreeMap<RefusedOf, Option<Tally>>,
    pub(super) sealed: Vec<Sealed>,
    pub(super) seal: Seal,
    /// Grants that a revocation of many ended here. Those that it closed as well are among them.
    reached: BTreeMap<GrantId, Reached>,
}

/// Runs a plan to its end over what is kept, and writes nothing.
pub(super) fn run(
    state: &State,
    ns: &Namespace,
    clock: Timestamp,
    plan: &mut dyn Plan,
) -> Result<Staged, StoreFault> {
    plan.start();
    let mut staged = Staged { seal: state.seal.clone(), ..Staged::default() };
    loop {
        let head = staged.head.as_ref().unwrap_or(&state.head).clone();
        let mut world = World::new(ns.clone(), clock, head);
        let read = |read: &Read, world: &mut World| {
            staged.read(state, read, world);
            Ok(())
        };
        match decide(plan, &mut world, read)? {
            Some(Some(write)) => staged.add(ns, *write)?,
            Some(None) => {}
            None => return Ok(staged),
        }
    }
}

impl Staged {
    /// Whether there is anything to write.
    pub(super) fn is_empty(&self) -> bool {
        self.sealed.is_empty()
            && self.grants.is_empty()
            && self.head.is_none()
            && self.receipts.is_empty()
            && self.documents.is_empty()
            && self.refused.is_empty()
    }

    fn add(&mut self, ns: &Namespace, mut write: Write) -> Result<(), StoreFault> {
        let sealed = self.seal.write(ns, &mut write)?;
        let Write { after, policy, receipt, refused, .. } = write;
        for record in sealed.iter().map(|sealed| &sealed.record) {
            if let Entry::Revoked(by) = &record.entry {
                let position = record.position;
                let reached = |id: &GrantId| (id.clone(), Reached { position, by: by.clone() });
                self.reached.extend(by.grants.iter().map(reached));
            }
        }
        self.sealed.extend(sealed);
        self.touched.extend(after.values().map(|grant| grant.holder().clone()));
        self.grants.extend(after);
        if let Some(head) = policy {
            let published = head.document.clone().zip(head.published_at);
            self.documents.extend(published.map(|(document, at)| (at, document)));
            self.head = Some(head);
        }
        self.receipts.extend(receipt);
        self.refused.extend(refused);
        Ok(())
    }

    /// Puts into the world what is read, as it stands in this transaction.
    fn read(&self, state: &State, read: &Read, world: &mut World) {
        match read {
            Read::Command(id) => {
                world.answered = self.receipts.get(id).or_else(|| state.receipts.get(id)).cloned();
            }
            Read::Grant(id) => {
                let found = self.grants.get(id).or_else(|| state.grant(id));
                self.put(state, found.cloned(), world);
            }
            Read::Person(person) => {
                let wanted = |grant: &Grant| grant.holder() == person && !grant.is_settled_for_good();
                self.put(state, self.found(state.indexes.of_person(person), wanted), world);
            }
            Read::Revision(revision) => {
                let staged = self.documents.iter().flat_map(|(_, document)| document.flows.values());
                let mut found = staged.filter(|flow| flow.revision == *revision);
                let flow = found.next().or_else(|| state.revisions.get(revision));
                world.revisions.extend(flow.map(|flow| (revision.clone(), flow.clone())));
            }
            Read::OpenIn(flow) => {
                let wanted = |grant: &Grant| grant.origin.flow == *flow && lasts(grant, world.clock);
                self.put(state, self.found(state.all(state.indexes.in_flow(flow)), wanted), world);
            }
            Read::OpenOn(item) => {
                let wanted = |grant: &Grant| grant.terms.scope.contains(item) && lasts(grant, world.clock);
                self.put(state, self.found(state.all(state.indexes.on_item(item)), wanted), world);
            }
            Read::OpenAt(at) => {
                let wanted = |grant: &Grant| grant.integrations().contains(at) && lasts(grant, world.clock);
                self.put(state, self.found(state.all(state.indexes.at(at)), wanted), world);
            }
            Read::Recent(person, flow, span) => {
                let from = world.clock.minus(*span);
                let wanted = |grant: &Grant| {
                    grant.holder() == person && grant.origin.flow == *flow && from <= grant.changed_at
                };
                self.put(state, self.found(state.all(state.changed_since(person, from)), wanted), world);
            }
            Read::Refused(of) => {
                let tally = self.refused.get(of).copied().unwrap_or_else(|| state.refused.get(of).copied());
                world.refused.extend(tally.map(|tally| (of.clone(), tally)));
            }
            Read::RefusedBefore(minute) => {
                let staged = self.refused.iter().filter_map(|(of, tally)| tally.map(|tally| (of, tally)));
                let kept = state.refused.iter().map(|(of, tally)| (of, *tally));
                let kept = kept.filter(|(of, _)| !self.refused.contains_key(*of));
                let mut over: Vec<_> =
                    staged.chain(kept).filter(|(_, tally)| tally.minute < *minute).collect();
                over.sort_by_key(|(of, tally)| of.place(*tally));
                let over = over.into_iter().take(TALLIES_AT_ONCE_MAX);
                world.refused.extend(over.map(|(of, tally)| (of.clone(), tally)));
            }
            Read::Latest => {
                let grants = self.grants.values().map(|grant| grant.changed_at);
                let revoked = self.reached.values().map(|reached| reached.by.at);
                let documents = self.documents.iter().map(|(at, _)| *at);
                world.last = grants.chain(revoked).chain(documents).chain([state.latest]).max();
            }
        }
    }

    /// Puts grants into the world, with the revocations that ended what is not closed yet.
    fn put(&self, state: &State, found: impl IntoIterator<Item = Arc<Grant>>, world: &mut World) {
        let mut grants: BTreeMap<_, _> = found.into_iter().map(|grant| (grant.id().clone(), grant)).collect();
        for (id, grant) in &grants {
            let reached = self.reached.get(id).or_else(|| state.reached.get(id));
            world.revoked.extend(reached.filter(|_| !grant.is_closed()).map(|by| (id.clone(), by.clone())));
        }
        world.grants.append(&mut grants);
    }

    /// Of those that are kept and those of this transaction the grants that are wanted, as they stand in it.
    fn found<'a>(
        &'a self,
        kept: impl Iterator<Item = &'a Arc<Grant>>,
        wanted: impl Fn(&Grant) -> bool,
    ) -> Vec<Arc<Grant>> {
        let kept = kept.filter(|grant| !self.grants.contains_key(grant.id()));
        kept.chain(self.grants.values()).filter(|grant| wanted(grant)).cloned().collect()
    }
}
