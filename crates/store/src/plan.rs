//! Plans: what a store runs in one transaction, in terms it can follow without knowing a rule.

use std::collections::BTreeMap;
use std::sync::Arc;

use tenure_core::grant::Grant;
use tenure_core::id::{CommandId, GrantId};
use tenure_core::record::Entry;
use tenure_core::record::refused::{RefusedOf, Tally};
use tenure_core::record::written::Salt;
use tenure_core::time::Timestamp;
use tenure_core::world::{Head, Read, Receipt, World};

use crate::fault::StoreFault;

/// Turns that one decision may take to say what it needs. The longest way is grant, holder, revisions,
/// flow and items; the rest is room.
const TURNS_MAX: usize = 64;

/// Several decisions that are taken and written together, each over what those before it did.
///
/// A store calls [`Plan::start`], then [`Plan::turn`] again and again. It answers [`Turn::Read`] with
/// a world in which that was read, [`Turn::Decided`] with a new world in which only the policy is read
/// and in which what was decided is to be seen, and at [`Turn::Over`] it writes everything.
pub trait Plan {
    /// Begins from the start. A store may run a plan again, and what it did before then never happened.
    fn start(&mut self);

    /// The next turn over what was read so far.
    fn turn(&mut self, world: &World) -> Turn;

    /// What the decisions that are still to come will ask for first, as far as that is known over a world in which
    /// only the policy is read; of each decision once. It is a hint for stores that read much at once sooner than
    /// little often, and no promise: what a decision needs, it asks for in its own turn.
    fn ahead(&mut self, _world: &World) -> Vec<Read> {
        Vec::new()
    }
}

/// What a plan wants next.
#[derive(Debug)]
pub enum Turn {
    /// This must be known first.
    Read(Vec<Read>),
    /// One decision is taken, with what it writes, if anything. On to the next.
    Decided(Option<Box<Write>>),
    /// Nothing is left to decide.
    Over,
}

/// What one decision writes.
#[derive(Clone, Debug)]
pub struct Write {
    /// The `now` of the decision.
    pub recorded_at: Timestamp,
    /// What the salts of its records are made of.
    pub salt: Salt,
    /// What goes on record, in order.
    pub entries: Vec<Entry>,
    /// The grants this leads to.
    pub after: BTreeMap<GrantId, Arc<Grant>>,
    /// The policy in force from now on, where one was published.
    pub policy: Option<Arc<Head>>,
    /// How often who was refused with what from now on; where nothing is said of it any more, it is forgotten.
    pub refused: BTreeMap<RefusedOf, Option<Tally>>,
    /// The command id that is claimed from now on, and what it answered.
    pub receipt: Option<(CommandId, Arc<Receipt>)>,
}

impl Write {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { recorded_at: _, salt: _, entries, after, policy, refused, receipt } = self;
        entries.is_empty() && after.is_empty() && policy.is_none() && refused.is_empty() && receipt.is_none()
    }
}

/// Lets a plan take one decision over a world into which `read` puts what it asks for: what it writes, if
/// anything; nothing at all where the plan is over.
///
/// # Errors
/// What `read` answers, and [`StoreFault::Broken`] where a plan never stops asking.
pub fn decide(
    plan: &mut dyn Plan,
    world: &mut World,
    mut read: impl FnMut(&Read, &mut World) -> Result<(), StoreFault>,
) -> Result<Option<Option<Box<Write>>>, StoreFault> {
    decide_at_once(plan, world, |wanted, world| wanted.iter().try_for_each(|wanted| read(wanted, world)))
}

/// The same, where `read` is given all that is asked for in a turn at once.
///
/// # Errors
/// As [`decide`].
pub fn decide_at_once(
    plan: &mut dyn Plan,
    world: &mut World,
    mut read: impl FnMut(&[Read], &mut World) -> Result<(), StoreFault>,
) -> Result<Option<Option<Box<Write>>>, StoreFault> {
    for _ in 0..TURNS_MAX {
        match plan.turn(world) {
            Turn::Read(reads) => {
                if reads.iter().all(|read| world.read.contains(read)) {
                    return Err(StoreFault::Broken("a plan asks again for what it was given".to_owned()));
                }
                read(&reads, world)?;
                world.read.extend(reads);
            }
            Turn::Decided(write) => return Ok(Some(write)),
            Turn::Over => return Ok(None),
        }
    }
    Err(StoreFault::Broken(format!("a plan still asks for more after {TURNS_MAX} turns")))
}

/// A plan that only reads: one question, answered once over a world in which all it needs was read.
pub struct Question<N, A> {
    needs: N,
    answer: A,
    answered: bool,
}

impl<N, A> Question<N, A>
where
    N: Fn(&World) -> Vec<Read>,
    A: FnMut(&World),
{
    /// A question that needs this, and an answer to it.
    pub const fn new(needs: N, answer: A) -> Self {
        Self { needs, answer, answered: false }
    }
}

impl<N, A> Plan for Question<N, A>
where
    N: Fn(&World) -> Vec<Read>,
    A: FnMut(&World),
{
    fn start(&mut self) {
        self.answered = false;
    }

    fn turn(&mut self, world: &World) -> Turn {
        if self.answered {
            return Turn::Over;
        }
        let missing = unread((self.needs)(world), world);
        if !missing.is_empty() {
            return Turn::Read(missing);
        }
        (self.answer)(world);
        self.answered = true;
        Turn::Decided(None)
    }
}

/// What of these was not read yet.
#[must_use]
pub fn unread(mut reads: Vec<Read>, world: &World) -> Vec<Read> {
    reads.retain(|read| !world.read.contains(read));
    reads
}
