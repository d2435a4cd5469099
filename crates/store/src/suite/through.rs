//! A store that hands everything on to another one: what a test wants to see or to break it says, and nothing else.

use std::sync::Arc;

use tenure_core::id::{CommandId, GrantId, Namespace};
use tenure_core::query::Held;
use tenure_core::record::Record;
use tenure_core::record::leaf::Leaf;
use tenure_core::record::tree::{Hash, Node};
use tenure_core::time::Timestamp;
use tenure_core::world::Receipt;

use crate::fault::StoreFault;
use crate::plan::Plan;
use crate::query::{Awaited, AwaitedAt, Compacted, Filter, Holding, HoldsAsk, Limit, Listed, Place, WhoAsk};
use crate::store::{Compile, Store};

/// A [`Store`] by way of another one. Each method is the other's, where it is not written anew.
#[expect(missing_docs, clippy::missing_errors_doc, reason = "they are those of `Store`")]
pub trait Through: Send + Sync {
    /// The other one.
    type To: Store + ?Sized;

    /// The other one.
    fn to(&self) -> &Self::To;

    fn clock(&self) -> Timestamp {
        self.to().clock()
    }

    fn transact(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        self.to().transact(ns, plan)
    }

    fn view(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        self.to().view(ns, plan)
    }

    fn holds(&self, ns: &Namespace, ask: HoldsAsk<'_>, now: Timestamp) -> Result<Option<Held>, StoreFault> {
        self.to().holds(ns, ask, now)
    }

    fn who_has(
        &self,
        ns: &Namespace,
        ask: WhoAsk<'_>,
        at: Timestamp,
        after: Option<&Holding>,
        limit: Limit,
    ) -> Result<Vec<Holding>, StoreFault> {
        self.to().who_has(ns, ask, at, after, limit)
    }

    fn due(
        &self,
        ns: &Namespace,
        until: Timestamp,
        after: Option<&Awaited>,
        limit: Limit,
    ) -> Result<Vec<Awaited>, StoreFault> {
        self.to().due(ns, until, after, limit)
    }

    fn ready(
        &self,
        ns: &Namespace,
        place: Place<'_>,
        until: Timestamp,
        after: Option<&Awaited>,
        limit: Limit,
    ) -> Result<Vec<Awaited>, StoreFault> {
        self.to().ready(ns, place, until, after, limit)
    }

    fn ready_places(
        &self,
        ns: &Namespace,
        until: Timestamp,
        after: Option<&AwaitedAt>,
        limit: Limit,
    ) -> Result<Vec<AwaitedAt>, StoreFault> {
        self.to().ready_places(ns, until, after, limit)
    }

    fn list(
        &self,
        ns: &Namespace,
        filter: &Filter,
        after: Option<&GrantId>,
        limit: Limit,
    ) -> Result<Listed, StoreFault> {
        self.to().list(ns, filter, after, limit)
    }

    fn records(&self, ns: &Namespace, after: u64, limit: Limit) -> Result<Vec<Arc<Record>>, StoreFault> {
        self.to().records(ns, after, limit)
    }

    fn history(
        &self,
        ns: &Namespace,
        grant: &GrantId,
        after: u64,
        limit: Limit,
    ) -> Result<Vec<Arc<Record>>, StoreFault> {
        self.to().history(ns, grant, after, limit)
    }

    fn size(&self, ns: &Namespace) -> Result<u64, StoreFault> {
        self.to().size(ns)
    }

    fn nodes(&self, ns: &Namespace, wanted: &[Node]) -> Result<Vec<Hash>, StoreFault> {
        self.to().nodes(ns, wanted)
    }

    fn leaves(&self, ns: &Namespace, after: u64, limit: Limit) -> Result<Vec<Arc<Leaf>>, StoreFault> {
        self.to().leaves(ns, after, limit)
    }

    fn compact(
        &self,
        ns: &Namespace,
        before: Timestamp,
        after: Option<&GrantId>,
        limit: Limit,
    ) -> Result<Compacted, StoreFault> {
        self.to().compact(ns, before, after, limit)
    }

    fn compile_with(&self, compile: Arc<dyn Compile>) {
        self.to().compile_with(compile)
    }

    fn receipt(&self, ns: &Namespace, command: &CommandId) -> Result<Option<Arc<Receipt>>, StoreFault> {
        self.to().receipt(ns, command)
    }
}

impl<T: Through> Store for T {
    fn clock(&self) -> Timestamp {
        Through::clock(self)
    }

    fn transact(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        Through::transact(self, ns, plan)
    }

    fn view(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        Through::view(self, ns, plan)
    }

    fn holds(&self, ns: &Namespace, ask: HoldsAsk<'_>, now: Timestamp) -> Result<Option<Held>, StoreFault> {
        Through::holds(self, ns, ask, now)
    }

    fn who_has(
        &self,
        ns: &Namespace,
        ask: WhoAsk<'_>,
        at: Timestamp,
        after: Option<&Holding>,
        limit: Limit,
    ) -> Result<Vec<Holding>, StoreFault> {
        Through::who_has(self, ns, ask, at, after, limit)
    }

    fn due(
        &self,
        ns: &Namespace,
        until: Timestamp,
        after: Option<&Awaited>,
        limit: Limit,
    ) -> Result<Vec<Awaited>, StoreFault> {
        Through::due(self, ns, until, after, limit)
    }

    fn ready(
        &self,
        ns: &Namespace,
        place: Place<'_>,
        until: Timestamp,
        after: Option<&Awaited>,
        limit: Limit,
    ) -> Result<Vec<Awaited>, StoreFault> {
        Through::ready(self, ns, place, until, after, limit)
    }

    fn ready_places(
        &self,
        ns: &Namespace,
        until: Timestamp,
        after: Option<&AwaitedAt>,
        limit: Limit,
    ) -> Result<Vec<AwaitedAt>, StoreFault> {
        Through::ready_places(self, ns, until, after, limit)
    }

    fn list(
        &self,
        ns: &Namespace,
        filter: &Filter,
        after: Option<&GrantId>,
        limit: Limit,
    ) -> Result<Listed, StoreFault> {
        Through::list(self, ns, filter, after, limit)
    }

    fn records(&self, ns: &Namespace, after: u64, limit: Limit) -> Result<Vec<Arc<Record>>, StoreFault> {
        Through::records(self, ns, after, limit)
    }

    fn history(
        &self,
        ns: &Namespace,
        grant: &GrantId,
        after: u64,
        limit: Limit,
    ) -> Result<Vec<Arc<Record>>, StoreFault> {
        Through::history(self, ns, grant, after, limit)
    }

    fn size(&self, ns: &Namespace) -> Result<u64, StoreFault> {
        Through::size(self, ns)
    }

    fn nodes(&self, ns: &Namespace, wanted: &[Node]) -> Result<Vec<Hash>, StoreFault> {
        Through::nodes(self, ns, wanted)
    }

    fn leaves(&self, ns: &Namespace, after: u64, limit: Limit) -> Result<Vec<Arc<Leaf>>, StoreFault> {
        Through::leaves(self, ns, after, limit)
    }

    fn compact(
        &self,
        ns: &Namespace,
        before: Timestamp,
        after: Option<&GrantId>,
        limit: Limit,
    ) -> Result<Compacted, StoreFault> {
        Through::compact(self, ns, before, after, limit)
    }

    fn compile_with(&self, compile: Arc<dyn Compile>) {
        Through::compile_with(self, compile)
    }

    fn receipt(&self, ns: &Namespace, command: &CommandId) -> Result<Option<Arc<Receipt>>, StoreFault> {
        Through::receipt(self, ns, command)
    }
}
