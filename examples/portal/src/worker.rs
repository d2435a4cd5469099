//! What goes on without anybody looking: what time made true is written down, targets and people are told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tenure::tenure_core::effect::Order;
use tenure::{Carried, Handler, Item, PersonId, Runner, Span, Stop, Taken, Timestamp, Trouble};

use crate::portal::Portal;

/// How long a worker has for one effect.
const LEASE: Span = Span::minutes(1);
/// How often it looks at least. The store's clock may run much faster than the machine's.
const IDLE: Span = Span::millis(200);
/// How long it waits after the store failed.
const AFTER_A_FAULT: Span = Span::seconds(1);

/// A target as a demo has one: it writes down who may do what until when, and is asked by nobody.
#[derive(Clone, Debug, Default)]
pub struct Ledger(Arc<Mutex<BTreeMap<(PersonId, Item), Timestamp>>>);

impl Ledger {
    /// Who holds what at the target, until when.
    #[must_use]
    pub fn entries(&self) -> BTreeMap<(PersonId, Item), Timestamp> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Handler for Ledger {
    fn carry_out(&self, effect: &Taken) -> Result<Carried, Trouble> {
        let holder = &effect.holder;
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &effect.order {
            Order::Hold { items, .. } => {
                entries.extend(items.iter().map(|held| ((holder.clone(), held.item.clone()), held.until)));
            }
            Order::Remove { remove, keep, .. } => {
                for item in remove {
                    entries.remove(&(holder.clone(), item.clone()));
                }
                entries.extend(keep.iter().map(|kept| ((holder.clone(), kept.item.clone()), kept.until)));
            }
            // There is no credential here.
            Order::Rotate { .. } => {}
            Order::Tell { .. } => return Err(Trouble::of("a target is told nothing").last()),
        }
        Ok(Carried::out())
    }
}

/// A worker at work; it stops when it is told to.
pub struct Worker {
    stop: Stop,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Sweeps, provisions in that ledger, and tells people: first those who have a page open, then each of `others`.
    #[must_use]
    pub fn start(portal: Portal, ledger: Ledger, others: Vec<Box<dyn Handler>>) -> Self {
        let hub = portal.clone();
        let notices = move |effect: &Taken| {
            hub.hub().deliver(effect, hub.directory());
            for other in &others {
                other.carry_out(effect)?;
            }
            Ok(Carried::out())
        };
        let runner = Runner::new(portal.engine().clone(), "portal", LEASE)
            .handle(ledger)
            .notices(notices)
            .idle(IDLE)
            .sweeping();
        let stop = Stop::new();
        let told = stop.clone();
        let thread = thread::spawn(move || {
            while !told.is_stopped() {
                if let Err(fault) = runner.run(&told, || portal.now()) {
                    eprintln!("tenure-portal: the worker goes on after: {fault}");
                    told.wait(AFTER_A_FAULT);
                }
            }
        });
        Self { stop, thread }
    }

    /// Lets it finish what is in hand.
    pub fn stop(self) {
        self.stop.stop();
        if self.thread.join().is_err() {
            eprintln!("tenure-portal: the worker broke off");
        }
    }
}
