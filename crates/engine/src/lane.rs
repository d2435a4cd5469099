//! Shared commits: commands that are in flight together go into one transaction, each with its own answer.
//!
//! There is no thread of the library's own. The first caller in leads: it takes along whoever comes while the
//! transaction is being decided, commits, and hands out the answers. Whoever came too late waits, and the
//! first of them leads next. Where nobody else is in, a command is committed at once.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tenure_core::id::Namespace;
use tenure_core::record::written::Salt;
use tenure_core::world::{Read, World};
use tenure_store::{Answered, Batch, Given, Plan, Store, StoreFault, Turn};

use crate::trace::{self, Commit};

/// Commands that one transaction takes along, so that no commit is put off for ever and no other process
/// waits long. What one caller gives together stays together, and may be more.
const COMMANDS_AT_ONCE: usize = 256;

/// What came of the commands that one caller gave.
type Answers = Result<Vec<Answered>, StoreFault>;

/// The same, and the commit that they were part of.
type Carried = (Answers, Commit);

/// The way of all commands of one namespace into its store.
#[derive(Default)]
pub(crate) struct Lane(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    /// Whether somebody leads.
    led: bool,
    waiting: VecDeque<Waiting>,
}

/// A caller who waits, and the commands it gave.
struct Waiting {
    given: Vec<Given>,
    seat: Arc<Seat>,
}

/// Where a caller who waits is told how it goes on.
#[derive(Default)]
struct Seat {
    word: Mutex<Option<Word>>,
    told: Condvar,
}

enum Word {
    /// The commands were carried out, or the store failed.
    Answered(Carried),
    /// Nobody leads any more: it is this caller's turn, with the commands it gave.
    Lead(Vec<Given>),
}

impl Lane {
    /// Carries out commands in one transaction, perhaps together with those of others: under the salt of whoever
    /// leads.
    pub(crate) fn carry_out(
        &self,
        store: &dyn Store,
        ns: &Namespace,
        given: Vec<Given>,
        salt: Salt,
    ) -> Carried {
        let seat = {
            let mut queue = self.queue();
            if queue.led {
                let seat = Arc::<Seat>::default();
                queue.waiting.push_back(Waiting { given, seat: seat.clone() });
                seat
            } else {
                queue.led = true;
                drop(queue);
                return self.lead(store, ns, given, salt);
            }
        };
        match seat.wait() {
            Word::Answered(carried) => carried,
            Word::Lead(given) => self.lead(store, ns, given, salt),
        }
    }

    /// Callers who wait for a commit to come.
    pub(crate) fn waiting(&self) -> usize {
        self.queue().waiting.len()
    }

    fn lead(&self, store: &dyn Store, ns: &Namespace, given: Vec<Given>, salt: Salt) -> Carried {
        let mut shared = Shared::begin(self, given, salt);
        let watch = trace::stopwatch();
        let committed = store.transact(ns, &mut shared);
        let took = watch.map(|watch| watch.elapsed());
        let commit = Commit { commands: shared.batch.len(), took };
        (shared.end(store, ns, committed, commit), commit)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the first of those who wait lead, or nobody.
    fn pass_on(&self) {
        let mut queue = self.queue();
        match queue.waiting.pop_front() {
            Some(next) => next.seat.tell(Word::Lead(next.given)),
            None => queue.led = false,
        }
    }
}

impl Seat {
    fn wait(&self) -> Word {
        let mut word = self.word.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match word.take() {
                Some(word) => return word,
                None => word = self.told.wait(word).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn tell(&self, word: Word) {
        *self.word.lock().unwrap_or_else(PoisonError::into_inner) = Some(word);
        self.told.notify_one();
    }
}

/// The commands of one transaction: the leader's own, then those of whoever came along.
struct Shared<'l> {
    lane: &'l Lane,
    batch: Batch,
    salt: Salt,
    /// How many commands the leader gave.
    own: usize,
    others: Vec<Other>,
    /// Whether the lane was passed on.
    over: bool,
}

/// A caller who came along, and the commands it gave.
struct Other {
    seat: Arc<Seat>,
    commands: usize,
}

impl<'l> Shared<'l> {
    fn begin(lane: &'l Lane, given: Vec<Given>, salt: Salt) -> Self {
        let own = given.len();
        Self { lane, batch: Batch::new(given, salt), salt, own, others: Vec::new(), over: false }
    }

    /// Takes along who waits, as far as there is room.
    fn join(&mut self) {
        let mut queue = self.lane.queue();
        while let Some(next) = queue.waiting.front() {
            if self.batch.len().saturating_add(next.given.len()) > COMMANDS_AT_ONCE {
                break;
            }
            let Some(Waiting { given, seat }) = queue.waiting.pop_front() else { break };
            self.others.push(Other { seat, commands: given.len() });
            self.batch.extend(given);
        }
    }

    /// Hands out the answers, and returns the leader's own.
    fn end(
        mut self,
        store: &dyn Store,
        ns: &Namespace,
        committed: Result<(), StoreFault>,
        commit: Commit,
    ) -> Answers {
        let batch = std::mem::replace(&mut self.batch, Batch::new(Vec::new(), self.salt));
        let others = std::mem::take(&mut self.others);
        if let (Err(StoreFault::Broken(_)), false) = (&committed, others.is_empty()) {
            return self.apart(store, ns, batch, others, commit);
        }
        let mut answers = batch.into_answers();
        let of_others = answers.split_off(self.own.min(answers.len()));
        let mut of_others = of_others.into_iter();
        for Other { seat, commands } in others {
            let theirs = of_others.by_ref().take(commands).collect();
            seat.tell(Word::Answered((committed.clone().map(|()| theirs), commit)));
        }
        // Those who have their answers already come with their next command: whoever leads next takes them along.
        self.pass_on();
        committed.map(|()| answers)
    }

    /// Carries out each caller's commands alone: what is broken for one is not broken for all.
    fn apart(
        mut self,
        store: &dyn Store,
        ns: &Namespace,
        batch: Batch,
        others: Vec<Other>,
        commit: Commit,
    ) -> Answers {
        let salt = self.salt;
        let alone = |given: Vec<Given>| {
            let mut batch = Batch::new(given, salt);
            store.transact(ns, &mut batch).map(|()| batch.into_answers())
        };
        let mut given = batch.into_given().into_iter();
        let own = given.by_ref().take(self.own).collect();
        // Whom a panic leaves without an answer is told so.
        self.others = others;
        let answers = alone(own);
        while !self.others.is_empty() {
            let theirs = self.others.first().map_or(0, |other| other.commands);
            let theirs = alone(given.by_ref().take(theirs).collect());
            self.others.remove(0).seat.tell(Word::Answered((theirs, commit)));
        }
        self.pass_on();
        answers
    }

    fn pass_on(&mut self) {
        if !self.over {
            self.over = true;
            self.lane.pass_on();
        }
    }
}

impl Plan for Shared<'_> {
    fn start(&mut self) {
        self.batch.start();
    }

    fn ahead(&mut self, world: &World) -> Vec<Read> {
        // Whoever waits already is read for together with the leader.
        self.join();
        self.batch.ahead(world)
    }

    fn turn(&mut self, world: &World) -> Turn {
        if self.batch.is_decided() {
            self.join();
        }
        self.batch.turn(world)
    }
}

impl Drop for Shared<'_> {
    /// A leader that breaks off keeps nobody waiting: whether it had committed, it cannot say any more.
    fn drop(&mut self) {
        for other in self.others.drain(..) {
            other.seat.tell(Word::Answered((Err(StoreFault::InDoubt), Commit::default())));
        }
        self.pass_on();
    }
}
