//! The store in memory against the suite, and what only it promises.

use std::sync::Arc;

use super::MemoryStore;
use crate::clock::ManualClock;
use crate::fault::StoreFault;
use crate::store::Compile;
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
        compile: &dyn Compile,
    ) -> Result<MemoryStore, StoreFault> {
        MemoryStore::from_bytes(&kept.to_bytes()?, clock, compile)
    }
}

#[test]
fn the_store_in_memory_passes_the_suite() {
    suite::run(&Memory);
}
