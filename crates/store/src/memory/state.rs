//! All that is kept for one namespace.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, OnceLock};

use hashbrown::HashMap;
use tenure_core::flow::Flow;
use tenure_core::grant::Grant;
use tenure_core::id::{CommandId, GrantId, PersonId, Revision};
use tenure_core::lifecycle::revoke_all::{Reached, RevokedAll};
use tenure_core::record::leaf::Leaf;
use tenure_core::record::refused::{RefusedOf, Tally};
use tenure_core::record::tree::{Hash, Node};
use tenure_core::record::{Entry, Record};
use tenure_core::time::Timestamp;
use tenure_core::world::{Head, Publication, Receipt};

use super::held::HeldIndex;
use super::indexes::Indexes;
use super::staged::Staged;
use crate::query::{Filter, Holding, Limit, Listed, WhoAsk, at_that_time};
use crate::seal::{Seal, Sealed};

/// Grants that one call of a list looks at, whether or not they match: work is bounded as answers are.
const LOOKED_AT_MAX: usize = 10_000;

/// All that is kept for one namespace.
#[derive(Debug)]
pub(super) struct State {
    pub(super) head: Arc<Head>,
    /// Every document that was in force, with the instant from which it was.
    pub(super) documents: Vec<(Timestamp, Arc<Publication>)>,
    pub(super) revisions: HashMap<Revision, Arc<Flow>>,
    pub(super) grants: HashMap<GrantId, Kept>,
    pub(super) order: BTreeSet<GrantId>,
    holders: HashMap<PersonId, BTreeSet<GrantId>>,
    /// By holder: every grant, by when it changed last.
    changed: HashMap<PersonId, BTreeSet<(Timestamp, GrantId)>>,
    pub(super) receipts: HashMap<CommandId, Arc<Receipt>>,
    /// Records as they are read: made of their leaves again where they were let go.
    pub(super) records: Vec<OnceLock<Arc<Record>>>,
    /// The same as they are kept.
    pub(super) leaves: Vec<Arc<Leaf>>,
    /// What was sealed with them, one after the other.
    nodes: Vec<Hash>,
    pub(super) seal: Seal,
    /// How often who was refused with what, in the minute in which that was so last.
    pub(super) refused: BTreeMap<RefusedOf, Tally>,
    pub(super) indexes: Indexes,
    pub(super) held: HeldIndex,
    /// Open grants that a revocation of many has ended.
    pub(super) reached: HashMap<GrantId, Reached>,
    /// The place of each revocation of many, by its command.
    revocations: HashMap<CommandId, usize>,
    /// The latest instant that anything happened at.
    pub(super) latest: Timestamp,
}

/// A grant, and the places of its records.
#[derive(Debug)]
pub(super) struct Kept {
    /// Made of its events again where it was let go.
    pub(super) grant: OnceLock<Arc<Grant>>,
    pub(super) records: Vec<usize>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            head: Arc::default(),
            documents: Vec::new(),
            revisions: HashMap::new(),
            grants: HashMap::new(),
            order: BTreeSet::new(),
            holders: HashMap::new(),
            changed: HashMap::new(),
            receipts: HashMap::new(),
            records: Vec::new(),
            leaves: Vec::new(),
            nodes: Vec::new(),
            seal: Seal::default(),
            refused: BTreeMap::new(),
            indexes: Indexes::default(),
            held: HeldIndex::default(),
            reached: HashMap::new(),
            revocations: HashMap::new(),
            latest: Timestamp::MIN,
        }
    }
}

impl State {
    pub(super) fn grant(&self, id: &GrantId) -> Option<&Arc<Grant>> {
        self.grants.get(id).and_then(|kept| self.of(kept))
    }

    /// These grants.
    pub(super) fn all<'a>(
        &'a self,
        ids: impl Iterator<Item = &'a GrantId>,
    ) -> impl Iterator<Item = &'a Arc<Grant>> {
        ids.filter_map(|id| self.grant(id))
    }

    /// Grants of a holder, open or closed, that changed at that instant or later, the last first: as many are
    /// looked at as are found, however many there were before.
    pub(super) fn changed_since(&self, holder: &PersonId, from: Timestamp) -> impl Iterator<Item = &GrantId> {
        let changed = self.changed.get(holder).into_iter().flat_map(|changed| changed.iter().rev());
        changed.take_while(move |(at, _)| from <= *at).map(|(_, id)| id)
    }

    /// Writes all that was decided. Nothing here can be refused any more.
    pub(super) fn commit(&mut self, staged: Staged) {
        for (at, document) in staged.documents {
            self.enforce(at, document);
        }
        if let Some(head) = staged.head {
            self.head = head;
        }
        for grant in staged.grants.into_values() {
            self.put(grant);
        }
        self.receipts.extend(staged.receipts);
        for sealed in staged.sealed {
            if let Some(grant) = sealed.record.erases() {
                self.erase(grant);
            }
            self.record(sealed);
        }
        self.seal = staged.seal;
        for (of, tally) in staged.refused {
            match tally {
                Some(tally) => drop(self.refused.insert(of, tally)),
                None => drop(self.refused.remove(&of)),
            }
        }
        for person in &staged.touched {
            self.renew(person);
        }
    }

    /// Takes note of a document that is in force from that instant on.
    pub(super) fn enforce(&mut self, at: Timestamp, document: Arc<Publication>) {
        for flow in document.flows.values() {
            self.revisions.insert(flow.revision.clone(), flow.clone());
        }
        self.latest = self.latest.max(at);
        self.documents.push((at, document));
    }

    /// Puts one line on record, at the next position. The grants it speaks of stand as they do after it.
    pub(super) fn record(&mut self, sealed: Sealed) {
        let Sealed { record, leaf, nodes } = sealed;
        if let Entry::Revoked(by) = &record.entry {
            self.revocations.insert(by.cause.command.clone(), self.records.len());
            self.reach(record.position, by);
        }
        let kept = record.entry.grant().and_then(|grant| self.grants.get_mut(grant));
        if let Some(kept) = kept {
            kept.records.push(self.records.len());
        }
        self.records.push(record.into());
        self.leaves.push(Arc::new(leaf));
        self.nodes.extend(nodes);
    }

    /// Forgets what people wrote of that grant so far: beside its records, in them, and in what their commands
    /// answered. The reason of a revocation of many goes too, unless that still has to close others.
    fn erase(&mut self, grant: &GrantId) {
        let places = self.grants.get(grant).map(|kept| kept.records.clone()).unwrap_or_default();
        for place in places {
            let Some(record) = self.line(place).cloned() else { continue };
            self.forget(place);
            let Some(command) = record.command() else { continue };
            if let Some(receipt) = self.receipts.get_mut(command) {
                *receipt = Arc::new(receipt.erased(grant));
            }
            if let Some(all) = self.revocations.get(command).copied().filter(|all| !self.closes(*all)) {
                self.forget(all);
            }
        }
    }

    fn forget(&mut self, place: usize) {
        if let Some(leaf) = self.leaves.get_mut(place).filter(|leaf| leaf.written.is_some()) {
            *leaf = Arc::new(leaf.erased());
        }
        let kept = self.records.get_mut(place).and_then(OnceLock::get_mut);
        if let Some(record) = kept.filter(|record| record.entry.has_text()) {
            *record = Arc::new(record.erased());
        }
    }

    /// Whether the revocation at that place still has to close a grant.
    fn closes(&self, place: usize) -> bool {
        self.line(place).is_some_and(|record| match &record.entry {
            Entry::Revoked(by) => by.grants.iter().any(|id| self.reached.contains_key(id)),
            Entry::Event(_) | Entry::Refused(_) | Entry::MoreRefused(_) | Entry::Published(_) => false,
        })
    }

    /// Puts a grant in the place of what it was before. The indexes of its holder are renewed afterwards.
    pub(super) fn put(&mut self, grant: Arc<Grant>) {
        let id = grant.id();
        self.latest = self.latest.max(grant.changed_at);
        let before = self.grant(id).cloned();
        let changed = self.changed.entry_ref(grant.holder()).or_default();
        if let Some(before) = &before {
            changed.remove(&(before.changed_at, id.clone()));
        }
        changed.insert((grant.changed_at, id.clone()));
        self.indexes.change(before.as_deref(), &grant);
        if let Some(kept) = self.grants.get_mut(id) {
            kept.grant = grant.clone().into();
        } else {
            self.order.insert(id.clone());
            self.holders.entry_ref(grant.holder()).or_default().insert(id.clone());
            self.grants.insert(id.clone(), Kept { grant: grant.clone().into(), records: Vec::new() });
        }
        if grant.is_closed() {
            self.reached.remove(id);
        }
        self.hold(before.as_ref().unwrap_or(&grant));
    }

    /// Takes note of what a revocation of many has ended and what is not closed yet.
    fn reach(&mut self, position: u64, by: &Arc<RevokedAll>) {
        self.latest = self.latest.max(by.at);
        let open = by.grants.iter().filter_map(|id| self.grant(id)).filter(|grant| !grant.is_closed());
        let open: Vec<Arc<Grant>> = open.cloned().collect();
        for grant in &open {
            self.reached.insert(grant.id().clone(), Reached { position, by: by.clone() });
            self.hold(grant);
        }
        let holders: BTreeSet<&PersonId> = open.iter().map(|grant| grant.holder()).collect();
        for holder in holders {
            self.renew(holder);
        }
    }

    /// Writes down anew who holds what this grant covers. What was revoked gives nothing.
    fn hold(&mut self, grant: &Grant) {
        let person = grant.holder();
        let theirs = self.indexes.of_person(person);
        let theirs: Vec<_> = theirs.filter(|grant| !self.reached.contains_key(grant.id())).collect();
        for item in grant.terms.scope.iter() {
            self.held.set(person, item, theirs.iter().map(|grant| &***grant));
        }
    }

    pub(super) fn renew(&mut self, person: &PersonId) {
        let reached = &self.reached;
        self.indexes.renew(person, |id| reached.get(id).map(|reached| reached.by.at));
    }

    /// Who had a resource at that instant. Of every grant that ever was: a store in memory keeps no table of it.
    pub(super) fn who_has(
        &self,
        ask: WhoAsk<'_>,
        at: Timestamp,
        after: Option<&Holding>,
        limit: Limit,
    ) -> Vec<Holding> {
        let mut found = BTreeSet::new();
        for grant in self.grants.values().filter_map(|kept| self.of(kept)) {
            let revoked = self.reached.get(grant.id()).map(|reached| reached.by.at);
            let Some(run) = at_that_time(grant, revoked, at) else { continue };
            for item in grant.terms.scope.iter().filter(|item| item.resource == *ask.resource) {
                if ask.permission.is_none_or(|permission| permission == item.permission) {
                    let (permission, person) = (item.permission.clone(), grant.holder().clone());
                    found.insert(Holding { permission, person, grant: grant.id().clone(), run });
                }
            }
        }
        found
            .into_iter()
            .filter(|holding| after.is_none_or(|after| after < holding))
            .take(limit.get())
            .collect()
    }

    pub(super) fn list(&self, filter: &Filter, after: Option<&GrantId>, limit: Limit) -> Listed {
        let none = BTreeSet::new();
        // The narrowest order there is; every one of them is by id.
        let ids = match &filter.holder {
            Some(holder) => self.holders.get(holder).unwrap_or(&none),
            None if filter.awaiting => self.indexes.awaiting(),
            None if filter.open => self.indexes.open(),
            None => &self.order,
        };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut listed = Listed::default();
        for (looked_at, id) in ids.range::<GrantId, _>((from, Bound::Unbounded)).enumerate() {
            if listed.grants.len() == limit.get() || looked_at == LOOKED_AT_MAX {
                return listed;
            }
            listed.next = Some(id.clone());
            if self.grant(id).is_some_and(|grant| filter.matches(grant)) {
                listed.grants.push(id.clone());
            }
        }
        listed.next = None;
        listed
    }

    pub(super) fn records(&self, after: u64, limit: Limit) -> Vec<Arc<Record>> {
        let from = usize::try_from(after).unwrap_or(usize::MAX);
        let places = from..self.records.len();
        places.take(limit.get()).filter_map(|place| self.line(place).cloned()).collect()
    }

    pub(super) fn leaves(&self, after: u64, limit: Limit) -> Vec<Arc<Leaf>> {
        let from = usize::try_from(after).unwrap_or(usize::MAX);
        self.leaves.iter().skip(from).take(limit.get()).cloned().collect()
    }

    /// The hash of that node of the tree, where the record is long enough.
    pub(super) fn node(&self, node: Node) -> Option<Hash> {
        self.nodes.get(usize::try_from(node.place()?).ok()?).copied()
    }

    pub(super) fn history(&self, grant: &GrantId, after: u64, limit: Limit) -> Vec<Arc<Record>> {
        let from = usize::try_from(after).unwrap_or(usize::MAX);
        let places = self.grants.get(grant).map_or(&[][..], |kept| &kept.records);
        let later = places.partition_point(|place| *place < from);
        let places = places.iter().skip(later).take(limit.get());
        places.filter_map(|place| self.line(*place).cloned()).collect()
    }
}
