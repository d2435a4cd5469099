//! What targets hold, beside what they should: for a store that was restored from a copy, and for a look now and then.

use std::collections::BTreeSet;

use serde::Serialize;
use tenure_core::id::{GrantId, Integration};
use tenure_core::query::reconcile::{self, Compared, InHand, Ledger, Owed, Past, Surplus};
use tenure_core::time::Timestamp;
use tenure_store::query::asked_at;
use tenure_store::{Filter, Limit};

use crate::engine::Engine;
use crate::error::Error;

/// What targets say that they hold, beside what they should hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    /// The instant that was looked at.
    pub at: Timestamp,
    /// How much is held and should be.
    pub agree: u64,
    /// Held, and no grant gives it: to be removed, where nothing that this store knows of speaks for it.
    pub held_not_granted: Vec<Surplus>,
    /// Granted, and not held: to be provided, where nothing that this store does not know of has ended it.
    pub granted_not_held: Vec<Owed>,
    /// Held, and no grant gives it, but the holder had it before the last one that did: no difference.
    pub held_before: Vec<Surplus>,
}

impl Reconciled {
    /// Whether what is held is what should be.
    #[must_use]
    pub const fn agrees(&self) -> bool {
        self.held_not_granted.is_empty() && self.granted_not_held.is_empty()
    }
}

impl Engine {
    /// Compares what targets say that they hold with what they should hold at `now`. Only these integrations are
    /// looked at; all of them where none is named. Nothing is changed, and no worker is told of anything.
    ///
    /// What should be held is read page by page, each over a snapshot of its own: what is granted or ends
    /// meanwhile may be seen or not.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub fn reconcile(
        &self,
        held: impl IntoIterator<Item = InHand>,
        at: &BTreeSet<Integration>,
        now: Timestamp,
    ) -> Result<Reconciled, Error> {
        let wanted = |what: &InHand| at.is_empty() || at.contains(&what.item.resource.integration);
        let mut ledger = Ledger::default();
        let open = Filter { open: true, ..Filter::default() };
        self.each(
            &open,
            |world, grant| Ok(Some(reconcile::owed(world, grant, now)?)),
            |owed| {
                let owed = owed.into_iter().filter(|owed: &Owed| wanted(&owed.what));
                owed.for_each(|owed| ledger.enter(owed));
            },
        )?;
        let Compared { surplus, missing, agree } = ledger.compare(held.into_iter().filter(wanted).collect());
        let surplus = surplus.into_iter().map(|what| self.surplus(what, now));
        let (held_before, held_not_granted) = surplus
            .collect::<Result<Vec<Surplus>, Error>>()?
            .into_iter()
            .partition(|surplus| surplus.last.as_ref().is_some_and(|last| last.held_before));
        let at = asked_at(self.clock(), now);
        Ok(Reconciled { at, agree, held_not_granted, granted_not_held: missing, held_before })
    }

    /// What is known of something that is held and that no grant gives.
    fn surplus(&self, what: InHand, now: Timestamp) -> Result<Surplus, Error> {
        let theirs =
            Filter { holder: Some(what.holder.clone()), item: Some(what.item.clone()), ..Filter::default() };
        let mut last: Option<Past> = None;
        self.each(
            &theirs,
            |world, grant| reconcile::past(world, grant, &what, now),
            |past| {
                last = reconcile::last(last.take().into_iter().chain([past]));
            },
        )?;
        Ok(Surplus { what, last })
    }

    /// Hands on what `look` makes of every grant that matches, page by page.
    fn each<T>(
        &self,
        filter: &Filter,
        look: impl Fn(&tenure_core::world::World, &GrantId) -> Result<Option<T>, tenure_core::machine::Fault>,
        mut found: impl FnMut(T),
    ) -> Result<(), Error> {
        let mut after = None;
        loop {
            let listed = self.store.list(&self.namespace, filter, after.as_ref(), Limit::new(PAGE))?;
            self.looked_at(listed.grants, &look)?.into_iter().for_each(&mut found);
            after = listed.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}

/// Grants that are looked at over one snapshot.
const PAGE: usize = 256;
