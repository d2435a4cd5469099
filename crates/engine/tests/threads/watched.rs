//! A store that writes down in which order it decided.

use std::cell::Cell;
use std::sync::{Arc, Mutex};

use tenure::Timestamp;
use tenure::tenure_core::id::{CommandId, Namespace};
use tenure::tenure_core::world::{Read, World};
use tenure::tenure_store::suite::Through;
use tenure::tenure_store::{Plan, Store, StoreFault, Turn};

/// Decisions in their order.
pub(crate) type Order = Arc<Mutex<Vec<Decision>>>;

/// On which thread which command was decided, and what the store's clock showed.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    pub(crate) thread: u64,
    pub(crate) command: CommandId,
    pub(crate) clock: Timestamp,
    /// The transaction in which it was decided, where there may be others in it.
    pub(crate) with: Option<String>,
}

thread_local! {
    static THREAD: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// The number of this thread, in what is written down of it.
pub(crate) fn i_am(thread: u64) {
    THREAD.set(thread);
}

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

/// A plan whose decisions are told while the store still holds its lock; nothing, where it starts again.
pub(crate) struct Listening<'a> {
    pub(crate) plan: &'a mut dyn Plan,
    pub(crate) tell: &'a dyn Fn(Option<Decision>),
    /// What the clock showed when a refusal was decided of which it is being read how often there were such before.
    refused: Option<Timestamp>,
}

impl<'a> Listening<'a> {
    pub(crate) fn to(plan: &'a mut dyn Plan, tell: &'a dyn Fn(Option<Decision>)) -> Self {
        Self { plan, tell, refused: None }
    }
}

impl Plan for Listening<'_> {
    fn start(&mut self) {
        (self.tell)(None);
        self.refused = None;
        self.plan.start();
    }

    fn ahead(&mut self, world: &World) -> Vec<Read> {
        self.plan.ahead(world)
    }

    fn turn(&mut self, world: &World) -> Turn {
        let turn = self.plan.turn(world);
        if matches!(&turn, Turn::Read(reads) if matches!(reads[..], [Read::Refused(_)])) {
            self.refused = Some(world.clock);
        } else if matches!(turn, Turn::Decided(_)) {
            let clock = self.refused.take().unwrap_or(world.clock);
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
            if let Some(command) = id {
                (self.tell)(Some(Decision { thread: THREAD.get(), command, clock, with: None }));
            }
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
        let tell = |decision| self.order.lock().unwrap().extend(decision);
        self.store.transact(ns, &mut Listening::to(plan, &tell))
    }
}
