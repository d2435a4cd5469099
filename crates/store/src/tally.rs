//! Writing up how often who was refused in minutes that are over: at most so many tallies at once as
//! [`tenure_core::world::Read::RefusedBefore`] gives.

use std::collections::BTreeMap;

use tenure_core::record::Entry;
use tenure_core::record::refused::minute;
use tenure_core::record::written::Salt;
use tenure_core::time::Timestamp;
use tenure_core::world::{Read, World};

use crate::plan::{Plan, Turn, Write, unread};

/// A plan that puts on record what was counted in minutes that were over by an instant, and forgets the rest.
#[derive(Debug)]
pub struct WriteUp {
    now: Timestamp,
    salt: Salt,
    over: bool,
}

impl WriteUp {
    /// What was over by then.
    #[must_use]
    pub const fn new(now: Timestamp, salt: Salt) -> Self {
        Self { now, salt, over: false }
    }
}

impl Plan for WriteUp {
    fn start(&mut self) {
        self.over = false;
    }

    fn turn(&mut self, world: &World) -> Turn {
        if self.over {
            return Turn::Over;
        }
        let missing = unread(vec![Read::RefusedBefore(minute(self.now))], world);
        if !missing.is_empty() {
            return Turn::Read(missing);
        }
        self.over = true;
        if world.refused.is_empty() {
            return Turn::Decided(None);
        }
        let mut over: Vec<_> = world.refused.iter().collect();
        over.sort_by_key(|(of, tally)| of.place(**tally));
        let entries = over.into_iter().filter_map(|(of, tally)| of.over(*tally));
        Turn::Decided(Some(Box::new(Write {
            recorded_at: self.now.max(world.clock),
            salt: self.salt,
            entries: entries.map(Entry::MoreRefused).collect(),
            after: BTreeMap::new(),
            policy: None,
            refused: world.refused.keys().map(|of| (of.clone(), None)).collect(),
            receipt: None,
        })))
    }
}
