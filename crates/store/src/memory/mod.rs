//! A store in memory: for tests, for stories, for hosts whose grants may die with them.
//!
//! Plans run one after the other in each namespace; while one is decided, questions are still
//! answered, and they wait only for the moment in which what was decided is put in its place.

mod compact;
mod held;
mod indexes;
mod kept;
mod staged;
mod state;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use hashbrown::HashMap;
use tenure_core::id::{CommandId, GrantId, Namespace};
use tenure_core::query::Held;
use tenure_core::record::Record;
use tenure_core::record::leaf::Leaf;
use tenure_core::record::tree::{Hash, Node};
use tenure_core::time::Timestamp;
use tenure_core::world::Receipt;

use self::held::Known;
use self::staged::run;
use self::state::State;
use crate::clock::{Clock, SystemClock};
use crate::fault::StoreFault;
use crate::plan::Plan;
use crate::query::{
    Awaited, AwaitedAt, Compacted, Filter, Holding, HoldsAsk, Limit, Listed, Place, WhoAsk, asked_at,
};
use crate::store::{Compile, Store, holds_by_the_rules};

/// A store in memory. It can write all that it holds to bytes, and be opened from them again.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    tenants: RwLock<HashMap<Namespace, Arc<Tenant>>>,
}

/// One namespace.
#[derive(Debug, Default)]
struct Tenant {
    /// Held while a plan runs. It guards no data: a plan that broke off changed nothing.
    writer: Mutex<()>,
    state: RwLock<State>,
}

impl MemoryStore {
    /// An empty store with the machine's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock))
    }

    /// An empty store with that clock.
    #[must_use]
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self { clock, tenants: RwLock::default() }
    }

    /// All that the store holds: records, the policies that were in force, what commands answered.
    ///
    /// # Errors
    /// [`StoreFault::Broken`] after a write was interrupted.
    pub fn to_bytes(&self) -> Result<Vec<u8>, StoreFault> {
        let mut tenants: Vec<_> = self
            .tenants
            .read()
            .map_err(|_| interrupted())?
            .iter()
            .map(|(ns, tenant)| (ns.clone(), tenant.clone()))
            .collect();
        tenants.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut writer = kept::Writer::begin()?;
        for (ns, tenant) in tenants {
            writer.tenant(&ns, &*tenant.state.read().map_err(|_| interrupted())?)?;
        }
        writer.end()
    }

    /// Opens a store from what [`MemoryStore::to_bytes`] wrote. Nothing is taken on trust: every grant is
    /// made of its events again, every policy of its text.
    ///
    /// # Errors
    /// [`StoreFault::Newer`] where a newer version wrote it, [`StoreFault::Broken`] where it cannot be right.
    pub fn from_bytes(
        bytes: &[u8],
        clock: Arc<dyn Clock>,
        compile: &dyn Compile,
    ) -> Result<Self, StoreFault> {
        let states = kept::read(bytes, compile)?;
        let tenants = states
            .into_iter()
            .map(|(ns, state)| (ns, Arc::new(Tenant { writer: Mutex::default(), state: RwLock::new(state) })))
            .collect();
        Ok(Self { clock, tenants: RwLock::new(tenants) })
    }

    fn tenant(&self, ns: &Namespace) -> Result<Option<Arc<Tenant>>, StoreFault> {
        Ok(self.tenants.read().map_err(|_| interrupted())?.get(ns).cloned())
    }

    /// The namespace, begun where nothing was ever written in it. Hosts name namespaces, not their users.
    fn begun(&self, ns: &Namespace) -> Result<Arc<Tenant>, StoreFault> {
        if let Some(tenant) = self.tenant(ns)? {
            return Ok(tenant);
        }
        let mut tenants = self.tenants.write().map_err(|_| interrupted())?;
        Ok(tenants.entry_ref(ns).or_default().clone())
    }

    /// Answers from what is kept for a namespace, or from nothing.
    fn read<A>(&self, ns: &Namespace, answer: impl FnOnce(&State) -> A) -> Result<A, StoreFault> {
        match self.tenant(ns)? {
            Some(tenant) => Ok(answer(&*tenant.state.read().map_err(|_| interrupted())?)),
            None => Ok(answer(&State::default())),
        }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl Store for MemoryStore {
    fn clock(&self) -> Timestamp {
        self.clock.now()
    }

    fn transact(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        let tenant = self.begun(ns)?;
        let _turn = tenant.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let staged = {
            let state = tenant.state.read().map_err(|_| interrupted())?;
            run(&state, ns, self.clock.now(), plan)?
        };
        if !staged.is_empty() {
            tenant.state.write().map_err(|_| interrupted())?.commit(staged);
        }
        Ok(())
    }

    fn view(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        let clock = self.clock.now();
        let staged = self.read(ns, |state| run(state, ns, clock, plan))??;
        if staged.is_empty() {
            Ok(())
        } else {
            Err(StoreFault::Broken("a plan that only reads wants to write".to_owned()))
        }
    }

    fn holds(&self, ns: &Namespace, ask: HoldsAsk<'_>, now: Timestamp) -> Result<Option<Held>, StoreFault> {
        let at = asked_at(self.clock.now(), now);
        let known = {
            let tenants = self.tenants.read().map_err(|_| interrupted())?;
            let Some(tenant) = tenants.get(ns) else { return Ok(None) };
            let state = tenant.state.read().map_err(|_| interrupted())?;
            if at < state.latest { Known::Unsettled } else { state.held.at(ask, at) }
        };
        match known {
            Known::Surely(held) => Ok(held),
            Known::Unsettled => holds_by_the_rules(self, ns, ask, now),
        }
    }

    fn who_has(
        &self,
        ns: &Namespace,
        ask: WhoAsk<'_>,
        at: Timestamp,
        after: Option<&Holding>,
        limit: Limit,
    ) -> Result<Vec<Holding>, StoreFault> {
        self.read(ns, |state| state.who_has(ask, at, after, limit))
    }

    fn due(
        &self,
        ns: &Namespace,
        until: Timestamp,
        after: Option<&Awaited>,
        limit: Limit,
    ) -> Result<Vec<Awaited>, StoreFault> {
        self.read(ns, |state| state.indexes.due(until, after).take(limit.get()).cloned().collect())
    }

    fn ready(
        &self,
        ns: &Namespace,
        place: Place<'_>,
        until: Timestamp,
        after: Option<&Awaited>,
        limit: Limit,
    ) -> Result<Vec<Awaited>, StoreFault> {
        self.read(ns, |state| state.indexes.ready(place, until, after).take(limit.get()).cloned().collect())
    }

    fn ready_places(
        &self,
        ns: &Namespace,
        until: Timestamp,
        after: Option<&AwaitedAt>,
        limit: Limit,
    ) -> Result<Vec<AwaitedAt>, StoreFault> {
        self.read(ns, |state| state.indexes.ready_places(until, after).take(limit.get()).cloned().collect())
    }

    fn list(
        &self,
        ns: &Namespace,
        filter: &Filter,
        after: Option<&GrantId>,
        limit: Limit,
    ) -> Result<Listed, StoreFault> {
        self.read(ns, |state| state.list(filter, after, limit))
    }

    fn records(&self, ns: &Namespace, after: u64, limit: Limit) -> Result<Vec<Arc<Record>>, StoreFault> {
        self.read(ns, |state| state.records(after, limit))
    }

    fn history(
        &self,
        ns: &Namespace,
        grant: &GrantId,
        after: u64,
        limit: Limit,
    ) -> Result<Vec<Arc<Record>>, StoreFault> {
        self.read(ns, |state| state.history(grant, after, limit))
    }

    fn size(&self, ns: &Namespace) -> Result<u64, StoreFault> {
        self.read(ns, |state| state.seal.frontier().size())
    }

    fn nodes(&self, ns: &Namespace, wanted: &[Node]) -> Result<Vec<Hash>, StoreFault> {
        let found = self.read(ns, |state| wanted.iter().map(|node| state.node(*node)).collect())?;
        Option::ok_or_else(found, || StoreFault::Broken("a part of the record's tree is missing".to_owned()))
    }

    fn leaves(&self, ns: &Namespace, after: u64, limit: Limit) -> Result<Vec<Arc<Leaf>>, StoreFault> {
        self.read(ns, |state| state.leaves(after, limit))
    }

    fn compact(
        &self,
        ns: &Namespace,
        before: Timestamp,
        after: Option<&GrantId>,
        limit: Limit,
    ) -> Result<Compacted, StoreFault> {
        let Some(tenant) = self.tenant(ns)? else { return Ok(Compacted::default()) };
        let _turn = tenant.writer.lock().unwrap_or_else(PoisonError::into_inner);
        tenant.state.write().map_err(|_| interrupted())?.compact(before, after, limit)
    }

    fn receipt(&self, ns: &Namespace, command: &CommandId) -> Result<Option<Arc<Receipt>>, StoreFault> {
        self.read(ns, |state| state.receipts.get(command).cloned())
    }
}

fn interrupted() -> StoreFault {
    StoreFault::Broken("a write was interrupted; open the store again from what was kept".to_owned())
}
