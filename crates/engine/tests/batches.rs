//! However much has come due: work is done in bounded batches.

#![expect(clippy::unwrap_used, reason = "these are tests: a panic is how they fail")]

use std::sync::{Arc, Mutex};

use tenure::tenure_core::id::{CommandId, GrantId, Namespace};
use tenure::tenure_core::query::Held;
use tenure::tenure_core::record::Record;
use tenure::tenure_core::record::leaf::Leaf;
use tenure::tenure_core::record::tree::{Hash, Node};
use tenure::tenure_core::world::{Receipt, World};
use tenure::tenure_policy::document::Format;
use tenure::tenure_store::{
    Awaited, AwaitedAt, Filter, Holding, HoldsAsk, Limit, Listed, Place, Plan, Turn, WhoAsk,
};
use tenure::{
    Engine, ManualClock, MemoryStore, Person, Policy, Request, ResourceId, Span, Store, StoreFault, Timestamp,
};

const POLICY: &str = "
version: 1
flows:
  - id: db
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read]}]
    duration: {max: 1h}
    approval: automatic
";

/// A store that counts how many commands each transaction decides.
struct Counting {
    store: MemoryStore,
    decided: Arc<Mutex<Vec<usize>>>,
}

struct Counted<'a>(&'a mut dyn Plan, usize);

impl Plan for Counted<'_> {
    fn start(&mut self) {
        self.1 = 0;
        self.0.start();
    }

    fn turn(&mut self, world: &World) -> Turn {
        let turn = self.0.turn(world);
        self.1 += usize::from(matches!(turn, Turn::Decided(_)));
        turn
    }
}

impl Store for Counting {
    fn clock(&self) -> Timestamp {
        self.store.clock()
    }

    fn transact(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        let mut counted = Counted(plan, 0);
        self.store.transact(ns, &mut counted)?;
        self.decided.lock().unwrap().push(counted.1);
        Ok(())
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

// guard: `sweep.rs`, people by their events
#[test]
fn r28_a_sweep_works_in_bounded_batches() {
    const PEOPLE: usize = 200;
    let nine: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
    let clock = Arc::new(ManualClock::at(nine));
    let decided = Arc::<Mutex<Vec<usize>>>::default();
    let store = MemoryStore::with_clock(clock.clone());
    let engine = Engine::new(Counting { store, decided: decided.clone() });
    let admin = Person::new("admin".parse().unwrap());
    engine.publish(&Policy::from_text(POLICY, Format::Yaml).unwrap(), admin, nine).unwrap();
    let orders = ResourceId { integration: "pg".parse().unwrap(), kind: "db".into(), name: "orders".into() };
    for number in 0..PEOPLE {
        let person = Person::new(format!("p{number}").parse().unwrap());
        engine.request(Request::new("db", &person).item(orders.permission("read")), nine).unwrap();
    }
    decided.lock().unwrap().clear();
    let over = nine.plus(Span::hours(1));
    clock.set(over);
    let swept = engine.sweep(over).unwrap();
    assert_eq!(swept.people, u64::try_from(PEOPLE).unwrap());
    let batches = decided.lock().unwrap().clone();
    assert_eq!(batches.iter().sum::<usize>(), PEOPLE);
    // Each has three events, and a transaction is meant to write 64: after more than that it takes fewer people.
    assert!(batches.iter().all(|people| *people <= 32), "{batches:?}");
    assert!(batches.len() < PEOPLE / 4, "{batches:?}");
}
