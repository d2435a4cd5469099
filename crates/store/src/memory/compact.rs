//! What is let go of and made of the record again: grants that are over, and their records as they are read.

use std::ops::Bound;
use std::sync::{Arc, OnceLock};

use tenure_core::grant::Grant;
use tenure_core::id::GrantId;
use tenure_core::machine;
use tenure_core::query::compact::may_go;
use tenure_core::record::{Entry, Record};
use tenure_core::time::Timestamp;

use super::state::{Kept, State};
use crate::fault::StoreFault;
use crate::query::{Compacted, Limit};

impl State {
    /// The record at that place.
    pub(super) fn line(&self, place: usize) -> Option<&Arc<Record>> {
        let line = self.records.get(place)?;
        if line.get().is_none() {
            // INVARIANT: a leaf that was let go of its record was read before, and has not changed but to be erased.
            let read = self.leaves.get(place)?.read().ok()?;
            return Some(line.get_or_init(|| Arc::new(read.record)));
        }
        line.get()
    }

    /// A grant as it stands.
    pub(super) fn of<'a>(&'a self, kept: &'a Kept) -> Option<&'a Arc<Grant>> {
        if kept.grant.get().is_none() {
            // INVARIANT: before a grant was let go of, it was made of its events.
            let grant = self.replayed(kept)?;
            return Some(kept.grant.get_or_init(|| Arc::new(grant)));
        }
        kept.grant.get()
    }

    /// What the record says of a grant.
    fn replayed(&self, kept: &Kept) -> Option<Grant> {
        let lines = kept.records.iter().filter_map(|place| self.leaves.get(*place)?.read().ok());
        let events = lines.filter_map(|read| match read.record.entry {
            Entry::Event(event) => Some(event),
            Entry::Refused(_) | Entry::MoreRefused(_) | Entry::Published(_) | Entry::Revoked(_) => None,
        });
        machine::replay(events).ok()
    }

    pub(super) fn compact(
        &mut self,
        before: Timestamp,
        after: Option<&GrantId>,
        limit: Limit,
    ) -> Result<Compacted, StoreFault> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let ids = self.order.range::<GrantId, _>((from, Bound::Unbounded)).take(limit.get());
        let ids: Vec<GrantId> = ids.cloned().collect();
        let goes = |id: &&GrantId| {
            let grant = self.grants.get(*id).and_then(|kept| kept.grant.get());
            grant.is_some_and(|grant| may_go(grant, before))
        };
        let going: Vec<&GrantId> = ids.iter().filter(goes).collect();
        for id in &going {
            let kept = self.grants.get(*id);
            let follows =
                kept.is_some_and(|kept| self.replayed(kept).as_ref() == kept.grant.get().map(|kept| &**kept));
            if !follows {
                let words = format!("grant `{id}`: what is stored is not what its events lead to");
                return Err(StoreFault::Broken(words));
            }
        }
        let compacted = u64::try_from(going.len()).unwrap_or(u64::MAX);
        for id in going {
            let Some(kept) = self.grants.get_mut(id) else { continue };
            kept.grant = OnceLock::new();
            for place in &kept.records {
                self.records.get_mut(*place).map(OnceLock::take);
            }
        }
        let next = if ids.len() == limit.get() { ids.last().cloned() } else { None };
        Ok(Compacted { compacted, next })
    }
}
