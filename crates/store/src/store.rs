//! The contract of a store.

use std::sync::Arc;

use tenure_core::id::{CommandId, GrantId, Namespace};
use tenure_core::query::{self, Held};
use tenure_core::record::Record;
use tenure_core::record::leaf::Leaf;
use tenure_core::record::tree::{Hash, Node};
use tenure_core::time::Timestamp;
use tenure_core::world::{Publication, Receipt};

use crate::fault::StoreFault;
use crate::plan::{Plan, Question};
use crate::query::{Awaited, AwaitedAt, Compacted, Filter, Holding, HoldsAsk, Limit, Listed, Place, WhoAsk};

/// Where grants live. The namespace is part of every key: what is in one is not there for another.
pub trait Store: Send + Sync {
    /// The store's clock. No host that is behind it revives anything, none that is far ahead of it writes.
    fn clock(&self) -> Timestamp;

    /// Runs a plan in one transaction: reads and locks what it asks for, and writes all of it or nothing.
    /// What was written before this returns survives whatever the store promises to survive.
    ///
    /// # Errors
    /// [`StoreFault`]: nothing was written, but for [`StoreFault::InDoubt`], where that is not known.
    fn transact(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault>;

    /// Runs a plan that only reads over one snapshot.
    ///
    /// # Errors
    /// [`StoreFault`], also where the plan wants to write.
    fn view(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault>;

    /// Whether access runs: what [`tenure_core::query::holds`] says, fast. It is right by time alone,
    /// however long ago the last sweep was.
    ///
    /// # Errors
    /// [`StoreFault`]; it is never a yes.
    fn holds(&self, ns: &Namespace, ask: HoldsAsk<'_>, now: Timestamp) -> Result<Option<Held>, StoreFault>;

    /// Who had a resource at an instant that is not to come: access that ran, and what only the rules know of,
    /// in order, after that one. It is an index, read: what else is kept costs nothing.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn who_has(
        &self,
        ns: &Namespace,
        ask: WhoAsk<'_>,
        at: Timestamp,
        after: Option<&Holding>,
        limit: Limit,
    ) -> Result<Vec<Holding>, StoreFault>;

    /// People with a grant whose deadline has come by `until`, or that was revoked among many by then and is
    /// not closed yet, the earliest first, after that mark. A person stands there once.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn due(
        &self,
        ns: &Namespace,
        until: Timestamp,
        after: Option<&Awaited>,
        limit: Limit,
    ) -> Result<Vec<Awaited>, StoreFault>;

    /// People with an effect that may be taken at `until`, the one that waits longest first, after that
    /// mark. Another effect of theirs may still be under lease and hold it up.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn ready(
        &self,
        ns: &Namespace,
        place: Place<'_>,
        until: Timestamp,
        after: Option<&Awaited>,
        limit: Limit,
    ) -> Result<Vec<Awaited>, StoreFault>;

    /// Integrations with an effect that [`Store::ready`] names people for, and notices as a place of their own:
    /// where somebody waits longest first, after that mark. A place stands there once, and however many wait
    /// at one of them, the others cost no more.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn ready_places(
        &self,
        ns: &Namespace,
        until: Timestamp,
        after: Option<&AwaitedAt>,
        limit: Limit,
    ) -> Result<Vec<AwaitedAt>, StoreFault>;

    /// Grants that match, in order of id, after that one.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn list(
        &self,
        ns: &Namespace,
        filter: &Filter,
        after: Option<&GrantId>,
        limit: Limit,
    ) -> Result<Listed, StoreFault>;

    /// Records after that position, in order. Positions count from 1 without a gap.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn records(&self, ns: &Namespace, after: u64, limit: Limit) -> Result<Vec<Arc<Record>>, StoreFault>;

    /// Records of one grant after that position, in order.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn history(
        &self,
        ns: &Namespace,
        grant: &GrantId,
        after: u64,
        limit: Limit,
    ) -> Result<Vec<Arc<Record>>, StoreFault>;

    /// How many records there are.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn size(&self, ns: &Namespace) -> Result<u64, StoreFault>;

    /// The hashes of these nodes of the tree, in the order asked: each was sealed with the record at
    /// [`Node::position`] (see [`crate::seal`]), at the place of its level.
    ///
    /// # Errors
    /// [`StoreFault::Broken`] where one of them is not there.
    fn nodes(&self, ns: &Namespace, wanted: &[Node]) -> Result<Vec<Hash>, StoreFault>;

    /// The same records as [`Store::records`], as they are kept: their bytes, and what people wrote of them.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn leaves(&self, ns: &Namespace, after: u64, limit: Limit) -> Result<Vec<Arc<Leaf>>, StoreFault>;

    /// Lets go of what is kept beside the record of grants that [may go](tenure_core::query::compact::may_go) before
    /// that instant, in order of id after that one: all of it follows from the record. Whatever is asked, of
    /// anybody, is answered as before; only what is asked of such a grant takes longer. At most so many grants are
    /// looked at, in one transaction.
    ///
    /// # Errors
    /// [`StoreFault`]: nothing was let go of. It is [`StoreFault::Broken`] where what is kept of a grant is not what
    /// its record says: of that nothing goes.
    fn compact(
        &self,
        ns: &Namespace,
        before: Timestamp,
        after: Option<&GrantId>,
        limit: Limit,
    ) -> Result<Compacted, StoreFault>;

    /// How policies are made of the text that is kept of them, for a store that makes them when they are
    /// needed. The first way that it is told stays.
    fn compile_with(&self, _compile: Arc<dyn Compile>) {}

    /// What an accepted command answered.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn receipt(&self, ns: &Namespace, command: &CommandId) -> Result<Option<Arc<Receipt>>, StoreFault>;
}

/// Whether access runs, put to the rules over one snapshot: what [`Store::holds`] must say.
///
/// # Errors
/// [`StoreFault`].
pub fn holds_by_the_rules(
    store: &(impl Store + ?Sized),
    ns: &Namespace,
    ask: HoldsAsk<'_>,
    now: Timestamp,
) -> Result<Option<Held>, StoreFault> {
    let mut answer = Ok(None);
    let item = ask.item();
    store.view(
        ns,
        &mut Question::new(
            |world| query::needs_person(ask.person, world),
            |world| answer = query::holds(world, ask.person, &item, now),
        ),
    )?;
    answer.map_err(|fault| StoreFault::Broken(fault.to_string()))
}

/// Makes a policy of the text that a store kept of it. A store cannot: it knows no document.
pub trait Compile: Send + Sync {
    /// The policy this text says.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    fn compile(&self, source: &str) -> Result<Publication, String>;
}

impl<F: Fn(&str) -> Result<Publication, String> + Send + Sync> Compile for F {
    fn compile(&self, source: &str) -> Result<Publication, String> {
        self(source)
    }
}
