//! Runners: they take effects, let a host's handlers carry them out, and report what came of each.
//!
//! A runner starts no thread and reads no clock. A host drives it in threads of its own, as many as it likes over
//! one runner, and says what time it is: turn by turn with [`Runner::turn`], or with [`Runner::run`] until it is
//! told to [`Stop`].
//!
//! Delivery is at least once: a handler may be handed the same effect again (the same id, a higher attempt), after
//! a crash, a lease that ran out or a failure, and must then do no harm. It should give up before its lease runs
//! out; a verdict that comes later is heard if another worker has taken the effect since, and what the handler may
//! have put back is taken away again.
//!
//! ```
//! use tenure::{Carried, Engine, ManualClock, MemoryStore, Person, Policy, Request, Runner, Span, Trouble};
//! # use std::sync::Arc;
//! # use tenure::tenure_policy::document::Format;
//! # let now: tenure::Timestamp = "2026-03-02T09:00:00Z".parse()?;
//! # let engine = Engine::new(MemoryStore::with_clock(Arc::new(ManualClock::at(now))));
//! # let policy = Policy::from_text("
//! # version: 1
//! # flows:
//! #   - id: db
//! #     who: {any: [everyone]}
//! #     what: [{integration: pg, permissions: [read]}]
//! #     duration: {max: 1h}
//! #     approval: automatic
//! # ", Format::Yaml)?;
//! # engine.publish(&policy, &Person::new("admin".parse()?), now)?;
//! # let orders: tenure::Resource = serde_json::from_str(r#"{"integration": "pg", "type": "database", "name": "orders"}"#)?;
//! # let alice = Person::new("alice".parse()?);
//! # let grant = engine.request(Request::new("db", &alice).item(orders.permission("read")), now)?;
//! # let database = |_: &str| -> Result<(), std::fmt::Error> { Ok(()) };
//! let runner = Runner::new(engine.clone(), "worker-1", Span::minutes(1))
//!     .at("pg".parse()?, move |effect: &tenure::Taken| {
//!         database(&effect.kind)?;                    // any error is a failure, and is tried again
//!         Ok(Carried::out())
//!     })
//!     .notices(|effect: &tenure::Taken| match effect.kind.as_str() {
//!         "notify:active" => Ok(Carried::out()),
//!         _ => Err(Trouble::of("nobody reads this").last()),
//!     });
//!
//! let turn = runner.turn(now)?;
//! assert_eq!((turn.done, turn.failed), (2, 0));
//! let view = engine.look(&grant.id, now)?.ok_or("no grant")?;
//! assert_eq!(view.enforcement, tenure::tenure_core::grant::Enforcement::Applied);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod handler;
mod stop;

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use serde::Serialize;
use tenure_core::id::Integration;
use tenure_core::time::{Span, Timestamp};
use tenure_store::{AwaitedAt, Limit};

use crate::effects::{Done, Failed, Take, Taken};
use crate::engine::Engine;
use crate::error::Error;
use crate::sweep::SweepReport;

pub use handler::{Carried, Handler, Trouble};
pub use stop::Stop;

/// Effects of one turn: then its caller learns how far it came, whatever else waits.
const EFFECTS_A_TURN: u64 = 256;
/// Effects that one thread carries out at a place before it looks at the others.
const EFFECTS_AT_A_PLACE: u32 = 16;
/// How long [`Runner::run`] waits at most where a host says nothing: other hosts make effects too.
const IDLE: Span = Span::seconds(1);

/// Takes effects and lets handlers carry them out, in its host's threads.
///
/// Where it has no handler it takes nothing: that is left to other runners. At each integration, and for
/// notices, at most so many of its threads are at work at a time as [`Runner::hands`] says: one target that
/// hangs holds up that many threads and no more, and where there are more threads than hands the other targets
/// notice nothing of it.
pub struct Runner {
    engine: Engine,
    worker: String,
    lease: Span,
    handlers: BTreeMap<Option<Integration>, Box<dyn Handler>>,
    elsewhere: Option<Box<dyn Handler>>,
    hands: usize,
    idle: Span,
    sweeps: Option<Mutex<()>>,
    /// How many threads are at work at each place.
    at_work: Mutex<BTreeMap<Option<Integration>, usize>>,
}

/// What came of a turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// Effects that were carried out.
    pub done: u64,
    /// Effects that could not be carried out. They come back.
    pub failed: u64,
    /// Effects whose handler took longer than the lease, so that nobody heard its verdict. They come back.
    pub unheard: u64,
    /// What sweeping wrote down.
    pub swept: SweepReport,
    /// When there is more to do, as far as is known now; absent where nothing is known of, or where it waits for
    /// another thread of this runner. New effects may be made at any time.
    pub again_at: Option<Timestamp>,
}

impl Runner {
    /// For that worker, who has so long for each effect. It has no handler yet.
    #[must_use]
    pub fn new(engine: Engine, worker: impl AsRef<str>, lease: Span) -> Self {
        Self {
            engine,
            worker: worker.as_ref().to_owned(),
            lease,
            handlers: BTreeMap::new(),
            elsewhere: None,
            hands: 1,
            idle: IDLE,
            sweeps: None,
            at_work: Mutex::default(),
        }
    }

    /// Who carries out what is to be done at this integration.
    #[must_use]
    pub fn at(mut self, integration: Integration, handler: impl Handler + 'static) -> Self {
        self.handlers.insert(Some(integration), Box::new(handler));
        self
    }

    /// Who delivers notices.
    #[must_use]
    pub fn notices(mut self, handler: impl Handler + 'static) -> Self {
        self.handlers.insert(None, Box::new(handler));
        self
    }

    /// Who carries out all for which there is no handler of its own, notices included.
    #[must_use]
    pub fn handle(mut self, handler: impl Handler + 'static) -> Self {
        self.elsewhere = Some(Box::new(handler));
        self
    }

    /// At most so many threads of this runner at one place at a time, at least 1, which is what they are
    /// without it.
    #[must_use]
    pub fn hands(mut self, hands: usize) -> Self {
        self.hands = hands.max(1);
        self
    }

    /// [`Runner::run`] looks for new effects at least this often, at most every millisecond: each second where a
    /// host says nothing.
    #[must_use]
    pub fn idle(mut self, idle: Span) -> Self {
        self.idle = idle.max(Span::millis(1));
        self
    }

    /// Sweeps in every turn, after its effects, one thread at a time.
    #[must_use]
    pub fn sweeping(mut self) -> Self {
        self.sweeps = Some(Mutex::default());
        self
    }

    /// Carries out what waits, a bounded number of effects, and says how far it came. A handler that panics has
    /// failed.
    ///
    /// # Errors
    /// [`Error::Fault`], the first one met: the turn went on with the other places, and what it took and could
    /// not report comes back when its lease runs out.
    pub fn turn(&self, now: Timestamp) -> Result<Turn, Error> {
        self.turn_unless(&Stop::new(), now)
    }

    /// Turn after turn until it is told to stop, and waits between them while there is nothing to do. An effect
    /// in hand is carried out and reported, no other is taken, and then it returns what came of all turns.
    ///
    /// # Errors
    /// [`Error::Fault`] of a turn. A host that calls it again goes on where it was.
    pub fn run(&self, stop: &Stop, clock: impl Fn() -> Timestamp) -> Result<Turn, Error> {
        let mut all = Turn::default();
        while !stop.is_stopped() {
            let now = clock();
            let turn = self.turn_unless(stop, now)?;
            all.add(&turn);
            let known = turn.again_at.map_or(self.idle, |again| again.since(now));
            stop.wait(known.min(self.idle));
        }
        Ok(all)
    }

    fn turn_unless(&self, stop: &Stop, now: Timestamp) -> Result<Turn, Error> {
        let mut turn = Turn::default();
        let mut fault = self.places(stop, now, &mut turn)?;
        if let Some(_alone) = self.sweeps.as_ref().filter(|_| !stop.is_stopped()).and_then(alone) {
            match self.engine.sweep(now) {
                Ok(swept) => turn.swept = swept,
                Err(error) => fault = fault.or(Some(error)),
            }
        }
        if let Some(fault) = fault {
            return Err(fault);
        }
        let busy = turn.done > 0 || turn.failed > 0 || turn.unheard > 0 || turn.swept.events > 0;
        turn.again_at = if busy { Some(now) } else { self.next(now)? };
        Ok(turn)
    }

    /// Goes from place to place, where somebody waits longest first: the first fault that was met.
    fn places(&self, stop: &Stop, now: Timestamp, turn: &mut Turn) -> Result<Option<Error>, Error> {
        let until = self.engine.believed(now)?;
        let mut fault = None;
        let mut after: Option<AwaitedAt> = None;
        loop {
            let places = self.engine.ready_places(until, after.as_ref())?;
            let Some(last) = places.last().cloned() else { return Ok(fault) };
            for AwaitedAt { integration: place, .. } in places {
                if stop.is_stopped() || turn.effects() >= EFFECTS_A_TURN {
                    return Ok(fault);
                }
                let Some(handler) = self.handler(&place) else { continue };
                let Some(_seat) = self.seat(&place) else { continue };
                fault = fault.or(self.work_at(&place, handler, stop, now, turn).err());
            }
            after = Some(last);
        }
    }

    /// Carries out some of what waits at one place, one effect after the other: what is not in hand yet is no
    /// concern of a handler that hangs. A target that fails is left for this turn.
    fn work_at(
        &self,
        place: &Option<Integration>,
        handler: &dyn Handler,
        stop: &Stop,
        now: Timestamp,
        turn: &mut Turn,
    ) -> Result<(), Error> {
        let take = Take::new(&self.worker, self.lease).at_most(1);
        let take = match place {
            Some(integration) => take.at(integration.to_string()),
            None => take.notices(),
        };
        for _ in 0..EFFECTS_AT_A_PLACE {
            let Some(effect) = self.engine.take(&take, now)?.pop() else { return Ok(()) };
            let done = turn.done;
            self.carry_out(handler, effect, now, turn)?;
            if turn.done == done || stop.is_stopped() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Hands one effect to its handler and reports what the handler says. The `now` of the turn may be long ago
    /// by then: the engine takes the store's clock where that is later.
    fn carry_out(
        &self,
        handler: &dyn Handler,
        effect: Taken,
        now: Timestamp,
        turn: &mut Turn,
    ) -> Result<(), Error> {
        // A handler that broke off is not looked into again by us; what it shares with others is its host's.
        let said = catch_unwind(AssertUnwindSafe(|| handler.carry_out(&effect)));
        let said = said.unwrap_or_else(|panic| Err(Trouble::of(words(&*panic))));
        let (heard, count) = match said {
            Ok(Carried { already_held }) => {
                let done = Done::new(effect.id).already_held(already_held);
                (self.engine.effect_done(done, now), &mut turn.done)
            }
            Err(Trouble { words, last }) => {
                let failed = Failed::new(effect.id, words).last(last);
                (self.engine.effect_failed(failed, now), &mut turn.failed)
            }
        };
        match heard {
            Ok(_) => *count = count.saturating_add(1),
            // Its lease ran out, and nobody has taken it since: it comes back.
            Err(Error::Refused(_)) => turn.unheard = turn.unheard.saturating_add(1),
            Err(fault @ (Error::Fault(_) | Error::Invalid(_))) => return Err(fault),
        }
        Ok(())
    }

    fn handler(&self, place: &Option<Integration>) -> Option<&dyn Handler> {
        self.handlers.get(place).or(self.elsewhere.as_ref()).map(|handler| &**handler)
    }

    /// When something that this runner handles is ready, or due where it sweeps, at the earliest. What is ready
    /// already, and yet was not taken, waits for another thread or worker: when that comes is not known.
    fn next(&self, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        let later = |at: Timestamp| Some(at).filter(|at| now < *at);
        let mut ready = None;
        let mut after: Option<AwaitedAt> = None;
        while ready.is_none() {
            let places = self.engine.ready_places(Timestamp::MAX, after.as_ref())?;
            let Some(last) = places.last().cloned() else { break };
            let mut handled = places.iter().filter(|place| self.handler(&place.integration).is_some());
            ready = handled.find_map(|place| later(place.at));
            after = Some(last);
        }
        let mut due = None;
        if self.sweeps.is_some() {
            let Engine { store, namespace, .. } = &self.engine;
            let first = store.due(namespace, Timestamp::MAX, None, Limit::new(1))?;
            due = first.first().and_then(|first| later(first.at));
        }
        Ok(ready.into_iter().chain(due).min())
    }

    /// A free hand at that place, until it is dropped.
    fn seat<'a>(&'a self, place: &'a Option<Integration>) -> Option<Seat<'a>> {
        let mut at_work = self.at_work();
        let busy = at_work.entry(place.clone()).or_default();
        if *busy >= self.hands {
            return None;
        }
        *busy = busy.saturating_add(1);
        Some(Seat { runner: self, place })
    }

    fn at_work(&self) -> MutexGuard<'_, BTreeMap<Option<Integration>, usize>> {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread at work at a place.
struct Seat<'a> {
    runner: &'a Runner,
    place: &'a Option<Integration>,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut at_work = self.runner.at_work();
        if let Some(busy) = at_work.get_mut(self.place) {
            *busy = busy.saturating_sub(1);
            if *busy == 0 {
                at_work.remove(self.place);
            }
        }
    }
}

impl Turn {
    /// Effects that were in hand.
    #[must_use]
    pub const fn effects(&self) -> u64 {
        self.done.saturating_add(self.failed).saturating_add(self.unheard)
    }

    fn add(&mut self, turn: &Self) {
        self.done = self.done.saturating_add(turn.done);
        self.failed = self.failed.saturating_add(turn.failed);
        self.unheard = self.unheard.saturating_add(turn.unheard);
        self.swept.people = self.swept.people.saturating_add(turn.swept.people);
        self.swept.events = self.swept.events.saturating_add(turn.swept.events);
        self.again_at = turn.again_at;
    }
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { engine, worker, lease, hands, .. } = self;
        let mut runner = f.debug_struct("Runner");
        runner.field("engine", engine).field("worker", worker).field("lease", lease).field("hands", hands);
        runner.finish_non_exhaustive()
    }
}

/// The lock, where nobody else has it.
fn alone(lock: &Mutex<()>) -> Option<MutexGuard<'_, ()>> {
    match lock.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(broken)) => Some(broken.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// What a handler said when it panicked.
fn words(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().copied();
    let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the handler panicked: {}", said.unwrap_or("it left no words"))
}
