//! Letting go of what is kept beside the record of grants that are long over.

use serde::Serialize;
use tenure_core::id::GrantId;
use tenure_core::query::compact;
use tenure_core::time::Timestamp;
use tenure_store::Limit;

use crate::engine::Engine;
use crate::error::Error;

/// Grants that are looked at in one transaction where a caller does not say how many: other writers wait no longer
/// than for a batch of commands.
const GRANTS_AT_ONCE: usize = 100;

/// Of how many grants what was kept beside the record was let go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compacted {
    /// What ended before this instant was: the one that was asked, and nothing that a quota still looks at.
    pub before: Timestamp,
    /// Of how many grants.
    pub compacted: u64,
    /// Ask again after this one; absent where nothing is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<GrantId>,
}

impl Engine {
    /// Lets go of the details of grants that ended before that instant, in one bounded transaction after the other:
    /// whatever follows from the record. No answer changes, and every record, hash and answer to a command stays;
    /// what is asked of such a grant is made of its events again, and takes longer. What quotas still look at, what
    /// is not reviewed and what has an effect that is not finished stays as it is. `told` hears of how many grants
    /// it was so far.
    ///
    /// # Errors
    /// [`Error::Fault`]. What was let go of before it, is.
    pub fn compact(
        &self,
        before: Timestamp,
        now: Timestamp,
        told: &mut dyn FnMut(u64),
    ) -> Result<Compacted, Error> {
        let mut all = self.compact_after(before, None, None, now)?;
        while let Some(after) = all.next.take() {
            told(all.compacted);
            let more = self.compact_after(before, Some(&after), None, now)?;
            all = Compacted { compacted: all.compacted.saturating_add(more.compacted), ..more };
        }
        Ok(all)
    }

    /// The same in one transaction, which looks at so many grants at most, in order of id after that one.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub fn compact_after(
        &self,
        before: Timestamp,
        after: Option<&GrantId>,
        limit: Option<usize>,
        now: Timestamp,
    ) -> Result<Compacted, Error> {
        let before = self.question(|_| Vec::new(), |world| compact::before(world, before, now))?;
        let limit = Limit::new(limit.unwrap_or(GRANTS_AT_ONCE));
        let done = self.store.compact(&self.namespace, before, after, limit)?;
        Ok(Compacted { before, compacted: done.compacted, next: done.next })
    }
}
