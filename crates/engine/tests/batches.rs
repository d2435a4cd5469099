//! However much has come due: work is done in bounded batches.

#![expect(clippy::unwrap_used, reason = "these are tests: a panic is how they fail")]

use std::sync::{Arc, Mutex};

use tenure::tenure_core::id::Namespace;
use tenure::tenure_core::world::World;
use tenure::tenure_policy::document::Format;
use tenure::tenure_store::suite::Through;
use tenure::tenure_store::{Plan, Turn};
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

/// A store that counts how many events each transaction writes.
struct Counting {
    store: MemoryStore,
    written: Arc<Mutex<Vec<usize>>>,
}

struct Counted<'a>(&'a mut dyn Plan, usize);

impl Plan for Counted<'_> {
    fn start(&mut self) {
        self.1 = 0;
        self.0.start();
    }

    fn turn(&mut self, world: &World) -> Turn {
        let turn = self.0.turn(world);
        if let Turn::Decided(Some(write)) = &turn {
            self.1 += write.entries.len();
        }
        turn
    }
}

impl Through for Counting {
    type To = MemoryStore;

    fn to(&self) -> &MemoryStore {
        &self.store
    }

    fn transact(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        let mut counted = Counted(plan, 0);
        self.store.transact(ns, &mut counted)?;
        self.written.lock().unwrap().push(counted.1);
        Ok(())
    }
}

// guard: `sweep.rs`, people by what is due of them
// guard: `sweep.rs`, who has much, in parts
#[test]
fn r28_a_sweep_works_in_bounded_batches() {
    const PEOPLE: usize = 100;
    let nine: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
    let clock = Arc::new(ManualClock::at(nine));
    let written = Arc::<Mutex<Vec<usize>>>::default();
    let store = MemoryStore::with_clock(clock.clone());
    let engine = Engine::new(Counting { store, written: written.clone() });
    let admin = Person::new("admin".parse().unwrap());
    engine.publish(&Policy::from_text(POLICY, Format::Yaml).unwrap(), admin, nine).unwrap();
    let orders = ResourceId { integration: "pg".parse().unwrap(), kind: "db".into(), name: "orders".into() };
    let mut grants = 0;
    for number in 0..PEOPLE {
        let person = Person::new(format!("p{number}").parse().unwrap());
        // Most have a little, some have much.
        for _ in 0..if number % 30 == 7 { 40 } else { 2 } {
            engine.request(Request::new("db", &person).item(orders.permission("read")), nine).unwrap();
            grants += 1;
        }
    }
    written.lock().unwrap().clear();
    let over = nine.plus(Span::hours(1));
    clock.set(over);
    let swept = engine.sweep(over).unwrap();
    assert_eq!(swept.people, u64::try_from(PEOPLE).unwrap());
    let batches = written.lock().unwrap().clone();
    // Each grant has three events.
    assert_eq!(batches.iter().sum::<usize>(), 3 * grants);
    assert!(batches.iter().all(|events| *events <= 48), "{batches:?}");
    assert!(batches.len() <= 3 * grants / 30, "{batches:?}");
}
