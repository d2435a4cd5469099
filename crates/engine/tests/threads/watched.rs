//! A store that writes down in which order it decided.

use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use tenure::tenure_core::id::{CommandId, GrantId, Namespace};
use tenure::tenure_core::query::Held;
use tenure::tenure_core::record::Record;
use tenure::tenure_core::record::leaf::Leaf;
use tenure::tenure_core::record::tree::{Hash, Node};
use tenure::tenure_core::time::Timestamp;
use tenure::tenure_core::world::{Read, Receipt, World};
use tenure::tenure_store::{
    Awaited, AwaitedAt, Filter, Holding, HoldsAsk, Limit, Listed, Place, Plan, Store, StoreFault, Turn,
    WhoAsk,
};

/// Decisions in their order: on which thread, of which command.
pub(crate) type Order = Arc<Mutex<Vec<(ThreadId, CommandId)>>>;

/// A store, and the order in which it decided.
pub(crate) struct Watched<S> {
    store: S,
    pub(crate) order: Order,
}

impl<S> Watched<S> {
    pub(crate) fn new(store: S) -> Self {
        Self { store, order: Arc::default() }
    }
}

/// A plan whose decisions are written down while the store still holds its lock.
struct Listening<'a> {
    plan: &'a mut dyn Plan,
    order: &'a Order,
}

impl Plan for Listening<'_> {
    fn start(&mut self) {
        self.plan.start();
    }

    fn turn(&mut self, world: &World) -> Turn {
        let turn = self.plan.turn(world);
        if matches!(turn, Turn::Decided(_)) {
            let id = world.read.iter().find_map(|read| match read {
                Read::Command(id) => Some(id.clone()),
                Read::Grant(_)
                | Read::Person(_)
                | Read::Revision(_)
                | Read::OpenIn(_)
                | Read::OpenOn(_)
                | Read::OpenAt(_)
                | Read::Recent(..)
                | Read::Latest
                | Read::Refused(_)
                | Read::RefusedBefore(_) => None,
            });
            self.order.lock().unwrap().extend(id.map(|id| (thread::current().id(), id)));
        }
        turn
    }
}

impl<S: Store> Store for Watched<S> {
    fn clock(&self) -> Timestamp {
        self.store.clock()
    }

    fn transact(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        self.store.transact(ns, &mut Listening { plan, order: &self.order })
    }

    fn view(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        self.store.view(ns, plan)
    }

    fn holds(&self, ns: &Namespace, ask: HoldsAsk<'_>, now: Timestamp) -> Result<Option<Held>, StoreFault> {
        self.store.holds(ns, ask, now)
    }

    fn who_has(
        &self,
        ns: &Namespace,
        ask: WhoAsk<'_>,
        at: Timestamp,
        after: Option<&Holding>,
        limit: Limit,
    ) -> Result<Vec<Holding>, StoreFault> {
        self.store.who_has(ns, ask, at, after, limit)
    }

    fn due(
        &self,
        ns: &Namespace,
        until: Timestamp,
        after: Option<&Awaited>,
        limit: Limit,
    ) -> Result<Vec<Awaited>, StoreFault> {
        self.store.due(ns, until, after, limit)
    }

    fn ready(
        &self,
        ns: &Namespace,
        place: Place<'_>,
        until: Timestamp,
        after: Option<&Awaited>,
        limit: Limit,
    ) -> Result<Vec<Awaited>, StoreFault> {
        self.store.ready(ns, place, until, after, limit)
    }

    fn ready_places(
        &self,
        ns: &Namespace,
        until: Timestamp,
        after: Option<&AwaitedAt>,
        limit: Limit,
    ) -> Result<Vec<AwaitedAt>, StoreFault> {
        self.store.ready_places(ns, until, after, limit)
    }

    fn list(
        &self,
        ns: &Namespace,
        filter: &Filter,
        after: Option<&GrantId>,
        limit: Limit,
    ) -> Result<Listed, StoreFault> {
        self.store.list(ns, filter, after, limit)
    }

    fn records(&self, ns: &Namespace, after: u64, limit: Limit) -> Result<Vec<Arc<Record>>, StoreFault> {
        self.store.records(ns, after, limit)
    }

    fn history(
        &self,
        ns: &Namespace,
        grant: &GrantId,
        after: u64,
        limit: Limit,
    ) -> Result<Vec<Arc<Record>>, StoreFault> {
        self.store.history(ns, grant, after, limit)
    }

    fn size(&self, ns: &Namespace) -> Result<u64, StoreFault> {
        self.store.size(ns)
    }

    fn nodes(&self, ns: &Namespace, wanted: &[Node]) -> Result<Vec<Hash>, StoreFault> {
        self.store.nodes(ns, wanted)
    }

    fn leaves(&self, ns: &Namespace, after: u64, limit: Limit) -> Result<Vec<Arc<Leaf>>, StoreFault> {
        self.store.leaves(ns, after, limit)
    }

    fn receipt(&self, ns: &Namespace, command: &CommandId) -> Result<Option<Arc<Receipt>>, StoreFault> {
        self.store.receipt(ns, command)
    }
}
