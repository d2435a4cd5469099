//! A store that writes down in which order it decided.

use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use tenure::tenure_core::id::{CommandId, Namespace};
use tenure::tenure_core::world::{Read, World};
use tenure::tenure_store::suite::Through;
use tenure::tenure_store::{Plan, Store, StoreFault, Turn};

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

impl<S: Store> Through for Watched<S> {
    type To = S;

    fn to(&self) -> &S {
        &self.store
    }

    fn transact(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        self.store.transact(ns, &mut Listening { plan, order: &self.order })
    }
}
