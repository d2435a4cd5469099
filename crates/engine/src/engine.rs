//! The engine: one handle for one namespace on a store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tenure_core::command::Command;
use tenure_core::id::{Namespace, Revision};
use tenure_core::limits::{EFFECT_ATTEMPTS_DEFAULT, EFFECT_ATTEMPTS_MAX};
use tenure_core::time::Timestamp;
use tenure_core::view::View;
use tenure_core::world::{Found, Receipt, World};
use tenure_policy::Policy;
use tenure_store::batch::Accepted;
use tenure_store::plan::Question;
use tenure_store::{Answered, Given, Store};

use crate::ask::{
    Activate, Approve, ApproveExtension, Ask, Deny, DenyExtension, Erase, Extend, GiveBack, IntoActor,
    Publish, Request, RequestKit, Review, Revoke, RevokeAll, Withdraw, compile,
};
use crate::error::{Error, Fault};
use crate::ids::{Ids, RandomIds};
use crate::lane::Lane;
use crate::trace::Spans;

/// The namespace of a host that has only one.
const NAMESPACE: &str = "default";

/// A handle for one namespace on a store. It is cheap to clone and may be used on any thread.
///
/// Every call takes `now`, and no call reads a clock: the store has one, against which `now` is checked.
#[derive(Clone)]
pub struct Engine {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) namespace: Namespace,
    pub(crate) ids: Arc<dyn Ids>,
    /// Shared by all handles that were made of one another.
    lanes: Arc<Mutex<HashMap<Namespace, Arc<Lane>>>>,
    lane: Arc<Lane>,
    pub(crate) stuck_after: u32,
}

impl Engine {
    /// On that store, in the namespace `default`.
    #[must_use]
    pub fn new(store: impl Store + 'static) -> Self {
        Self::over(Arc::new(store))
    }

    /// On a store that others use as well, in the namespace `default`.
    ///
    /// # Panics
    /// Never: `default` is an id.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a constant is an id or is not, and a test says that it is")]
    pub fn over(store: Arc<dyn Store>) -> Self {
        let namespace = Namespace::new(NAMESPACE).expect("`default` is an id");
        store.compile_with(Arc::new(compile));
        let lane = Arc::<Lane>::default();
        let lanes = Arc::new(Mutex::new(HashMap::from([(namespace.clone(), lane.clone())])));
        let stuck_after = EFFECT_ATTEMPTS_DEFAULT;
        Self { store, namespace, ids: Arc::new(RandomIds), lanes, lane, stuck_after }
    }

    /// A handle for another namespace on the same store. Nothing of one is there for another.
    ///
    /// # Errors
    /// [`Fault::BadId`].
    pub fn namespace(&self, name: impl AsRef<str>) -> Result<Self, Error> {
        let namespace = Namespace::new(name).map_err(Fault::bad_id("namespace"))?;
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry(namespace.clone()).or_default().clone();
        drop(lanes);
        Ok(Self { namespace, lane, ..self.clone() })
    }

    /// The same handle with command ids from elsewhere, where a caller gives none.
    #[must_use]
    pub fn with_ids(self, ids: impl Ids + 'static) -> Self {
        Self { ids: Arc::new(ids), ..self }
    }

    /// The same handle, under which an effect is stuck after so many attempts: 8 where a host says nothing, at
    /// least 1, at most 100. It is said aloud, listed and still retried. The number goes with each command of a
    /// worker, so hosts may differ, and what was recorded stays as it was.
    #[must_use]
    pub fn stuck_after(self, attempts: u32) -> Self {
        Self { stuck_after: attempts.clamp(1, EFFECT_ATTEMPTS_MAX), ..self }
    }

    /// The store's clock: what a host hands in as `now` that has no time of its own.
    #[must_use]
    pub fn clock(&self) -> Timestamp {
        self.store.clock()
    }

    /// Callers of this namespace who wait, at this moment, for the commit that takes them along: how busy the
    /// store is.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lane.waiting()
    }

    /// Puts a policy in force, and returns the revision of its document.
    ///
    /// # Errors
    /// [`Error`].
    pub fn publish(&self, policy: &Policy, actor: impl IntoActor, now: Timestamp) -> Result<Revision, Error> {
        self.publish_with(Publish::new(policy, actor), now)
    }

    /// The same, with a command id or the revision that it replaces.
    ///
    /// # Errors
    /// [`Error`]; `policy.stale` where another document is in force.
    pub fn publish_with(&self, publish: Publish, now: Timestamp) -> Result<Revision, Error> {
        let revision = publish.revision()?;
        self.give(publish, now)?;
        Ok(revision)
    }

    /// Asks for access.
    ///
    /// # Errors
    /// [`Error`].
    pub fn request(&self, request: Request, now: Timestamp) -> Result<View, Error> {
        self.grant(request, now)
    }

    /// Asks for all that a kit names: the grants in the order of its flows.
    ///
    /// # Errors
    /// [`Error`].
    pub fn request_kit(&self, request: RequestKit, now: Timestamp) -> Result<Vec<View>, Error> {
        let receipt = self.answer(request, now)?;
        Ok(receipt.view.iter().chain(&receipt.more).cloned().collect())
    }

    /// Approves a request.
    ///
    /// # Errors
    /// [`Error`].
    pub fn approve(&self, approve: Approve, now: Timestamp) -> Result<View, Error> {
        self.grant(approve, now)
    }

    /// Denies a request.
    ///
    /// # Errors
    /// [`Error`].
    pub fn deny(&self, deny: Deny, now: Timestamp) -> Result<View, Error> {
        self.grant(deny, now)
    }

    /// Takes a request back.
    ///
    /// # Errors
    /// [`Error`].
    pub fn withdraw(&self, withdraw: Withdraw, now: Timestamp) -> Result<View, Error> {
        self.grant(withdraw, now)
    }

    /// Begins access that waits for its holder.
    ///
    /// # Errors
    /// [`Error`].
    pub fn activate(&self, activate: Activate, now: Timestamp) -> Result<View, Error> {
        self.grant(activate, now)
    }

    /// Moves a grant's end later.
    ///
    /// # Errors
    /// [`Error`].
    pub fn extend(&self, extend: Extend, now: Timestamp) -> Result<View, Error> {
        self.grant(extend, now)
    }

    /// Approves an extension.
    ///
    /// # Errors
    /// [`Error`].
    pub fn approve_extension(&self, approve: ApproveExtension, now: Timestamp) -> Result<View, Error> {
        self.grant(approve, now)
    }

    /// Denies an extension.
    ///
    /// # Errors
    /// [`Error`].
    pub fn deny_extension(&self, deny: DenyExtension, now: Timestamp) -> Result<View, Error> {
        self.grant(deny, now)
    }

    /// Ends access that is no longer needed.
    ///
    /// # Errors
    /// [`Error`].
    pub fn give_back(&self, give_back: GiveBack, now: Timestamp) -> Result<View, Error> {
        self.grant(give_back, now)
    }

    /// Ends somebody's access.
    ///
    /// # Errors
    /// [`Error`].
    pub fn revoke(&self, revoke: Revoke, now: Timestamp) -> Result<View, Error> {
        self.grant(revoke, now)
    }

    /// Ends all open access of a person, under a flow, at an integration or to an item, at one instant: what
    /// ended, and what that actor may not end.
    ///
    /// # Errors
    /// [`Error`]; `grant.unknown` where nothing is open there, `actor.not_allowed` where nothing of it may end.
    pub fn revoke_all(&self, revoke: RevokeAll, now: Timestamp) -> Result<Found, Error> {
        // INVARIANT: a revocation of many answers what it found.
        let missing = || Fault::Store(broken("a revocation of many answered without what it found"));
        self.answer(revoke, now)?.revoked.clone().ok_or_else(|| missing().into())
    }

    /// Says that access taken in an emergency was looked at.
    ///
    /// # Errors
    /// [`Error`].
    pub fn review(&self, review: Review, now: Timestamp) -> Result<View, Error> {
        self.grant(review, now)
    }

    /// Erases what people wrote of a grant that is over: reasons, fields, errors of workers, and the hashes that
    /// could be tried out. The record stays whole, with salted hashes in their place.
    ///
    /// # Errors
    /// [`Error`]; `erasure.too_early` while something may still come of the grant.
    pub fn erase(&self, erase: Erase, now: Timestamp) -> Result<View, Error> {
        self.grant(erase, now)
    }

    /// Gives any command: the grant as it then stands, where the command was about one; of a kit the first.
    ///
    /// # Errors
    /// [`Error`].
    pub fn give(&self, ask: impl Ask, now: Timestamp) -> Result<Option<View>, Error> {
        Ok(self.answer(ask, now)?.view.clone())
    }

    /// Gives any command: all that it answers.
    ///
    /// # Errors
    /// [`Error`].
    pub fn answer(&self, ask: impl Ask, now: Timestamp) -> Result<Arc<Receipt>, Error> {
        let command = ask.into_command(&*self.ids)?;
        Ok(self.carry_out(command, now, true)?.receipt)
    }

    fn grant(&self, ask: impl Ask, now: Timestamp) -> Result<View, Error> {
        // INVARIANT: whatever names a grant answers with it.
        let missing = || Fault::Store(broken("a command on a grant answered without it"));
        self.give(ask, now)?.ok_or_else(|| missing().into())
    }

    /// Runs one command.
    pub(crate) fn carry_out(&self, command: Command, now: Timestamp, keep: bool) -> Result<Accepted, Error> {
        let mut answers = self.transact(vec![Given { command, now, keep }])?;
        answers.pop().ok_or(Fault::Store(broken("a command was not answered")))?
    }

    /// Runs commands in one transaction, each with its own answer. Those of other callers may be in it too.
    pub(crate) fn transact(&self, given: Vec<Given>) -> Result<Vec<Result<Accepted, Error>>, Error> {
        let spans = Spans::of(&given);
        let (answers, commit) = self.lane.carry_out(&*self.store, &self.namespace, given, self.ids.salt()?);
        let answers = match answers {
            Ok(answers) => answers,
            Err(fault) => {
                let error = fault.into();
                spans.fail(&error, commit);
                return Err(error);
            }
        };
        let answers = answers.into_iter().map(|answer| match answer {
            Answered::Accepted(accepted) => Ok(accepted),
            Answered::Refused(refusal) => Err(refusal.into()),
            Answered::Fault(fault) => Err(fault.into()),
        });
        let answers: Vec<Result<Accepted, Error>> = answers.collect();
        spans.end(&answers, commit);
        Ok(answers)
    }

    /// Answers one question over one snapshot.
    pub(crate) fn question<A>(
        &self,
        needs: impl Fn(&World) -> Vec<tenure_core::world::Read>,
        mut answer: impl FnMut(&World) -> A,
    ) -> Result<A, Error> {
        let mut found = None;
        self.store.view(&self.namespace, &mut Question::new(needs, |world| found = Some(answer(world))))?;
        found.ok_or_else(|| Fault::Store(broken("a question was not answered")).into())
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

fn broken(what: &str) -> tenure_store::StoreFault {
    tenure_store::StoreFault::Broken(what.to_owned())
}
