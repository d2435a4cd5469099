//! The store in memory against the suite, and what only it promises.

use std::sync::Arc;

use tenure_core::time::Span;

use super::MemoryStore;
use super::indexes::Indexes;
use crate::clock::ManualClock;
use crate::fault::StoreFault;
use crate::query::{Filter, Limit};
use crate::store::Compile;
use crate::suite::cast::{owner, person};
use crate::suite::story::{Story, accepted, view};
use crate::suite::{self, House};

struct Memory;

impl House for Memory {
    type Kept = MemoryStore;

    fn open(&self, clock: Arc<ManualClock>) -> MemoryStore {
        MemoryStore::with_clock(clock)
    }

    fn reopen(
        &self,
        kept: MemoryStore,
        clock: Arc<ManualClock>,
        compile: Arc<dyn Compile>,
    ) -> Result<MemoryStore, StoreFault> {
        MemoryStore::from_bytes(&kept.to_bytes()?, clock, &*compile)
    }
}

#[test]
fn the_store_in_memory_passes_the_suite() {
    suite::run(&Memory);
}

// Stories of the suite that stand for bugs of other systems, each alone, so that it fails for its own reason.

// guard: `lifecycle/settle.rs`, the end that stands
#[test]
fn r17_the_store_in_memory_decides_an_expiry_in_the_commit() {
    suite::time::r17_an_expiry_is_decided_again_in_the_commit(&Memory);
}

#[test]
fn r25_the_store_in_memory_keeps_command_ids() {
    suite::receipts::r25_a_command_id_is_kept_as_long_as_what_it_guards(&Memory);
}

/// What is over leaves nothing behind but its record.
#[test]
fn indexes_hold_nothing_of_what_is_over() {
    let mut story = Story::begin(&Memory);
    let people = [person("alice"), person("bert")];
    for (n, who) in people.iter().cycle().take(8).enumerate() {
        let flow = if n % 3 == 0 { "decided" } else { "automatic" };
        view(story.request(who, &format!("g{n}"), flow, &["pg/orders/read", "k8s/prod/admin"]));
    }
    view(story.approve(&owner("dora"), "g3"));
    let less = view(story.extend(&people[1], "g1"));
    assert_eq!(less.extensions.used, 1);
    story.at(600);
    for who in &people {
        story.settle(who);
        while let Some(handed) = story.take(&who.id, None, Span::minutes(1)) {
            accepted(story.done(&handed));
        }
    }
    let tenant = story.store.tenant(&story.ns).unwrap().unwrap();
    let state = tenant.state.read().unwrap();
    assert_eq!(state.indexes, Indexes::default());
    assert!(state.held.is_empty() && state.reached.is_empty());
    assert_eq!(state.list(&Filter::default(), None, Limit::new(10)).grants.len(), 8);
}
