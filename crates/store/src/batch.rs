//! Commands as a plan: each is decided by the core over what those before it did.

use std::collections::BTreeMap;
use std::sync::Arc;

use tenure_core::command::Command;
use tenure_core::effect::Handed;
use tenure_core::machine::{self, Fault};
use tenure_core::record::refused::RefusedOf;
use tenure_core::record::written::Salt;
use tenure_core::record::{Entry, Published, Refused};
use tenure_core::refusal::Refusal;
use tenure_core::time::Timestamp;
use tenure_core::world::{Decided, Done, Journal, Outcome, Read, Receipt, World};

use crate::plan::{Plan, Turn, Write, unread};

/// A command, when it is given, and whether its id is claimed.
#[derive(Clone, Debug)]
pub struct Given {
    /// The command.
    pub command: Command,
    /// The host's `now`.
    pub now: Timestamp,
    /// Whether the answer is kept under the command's id. An id that the library made up for its own work
    /// (settling, taking effects) is known to nobody and can never come again: keeping its answer would
    /// only grow without end.
    pub keep: bool,
}

/// What came of a command.
#[derive(Clone, Debug)]
pub enum Answered {
    /// It was accepted now, or before: the same answer.
    Accepted(Accepted),
    /// The rules say no.
    Refused(Refusal),
    /// It could not be decided. Nothing of it was written.
    Fault(Fault),
}

/// An accepted command.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// What it answers.
    pub receipt: Arc<Receipt>,
    /// Whether it was accepted before, so that nothing happened now.
    pub repeated: bool,
    /// The effect it took, where it took one.
    pub handed: Option<Handed>,
    /// Events written, those included that time alone had made true.
    pub events: u64,
}

/// Commands that are decided in order and written together, each with its own answer.
#[derive(Debug)]
pub struct Batch {
    given: Vec<Given>,
    salt: Salt,
    answers: Vec<Answered>,
    /// Of how many commands it was told what they need first.
    told: usize,
    /// A refusal that was decided, while it is read how often there were such before.
    refused: Option<Decision>,
}

/// A command as it was decided, and what that writes.
type Decision = (Answered, Option<Write>);

impl Batch {
    /// These commands, in this order. What people wrote in them is kept beside hashes with salts that are made
    /// of this one: random bytes of its own for each batch, unless nothing is ever to be erased.
    #[must_use]
    pub fn new(given: Vec<Given>, salt: Salt) -> Self {
        let taken_in = |given: Given| Given { command: given.command.without_blanks(), ..given };
        let given = given.into_iter().map(taken_in).collect();
        Self { given, salt, answers: Vec::new(), told: 0, refused: None }
    }

    /// A single command.
    #[must_use]
    pub fn one(given: Given, salt: Salt) -> Self {
        Self::new(vec![given], salt)
    }

    /// How many commands there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.given.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    /// Whether all of them were decided, so that the transaction is over unless more are added.
    #[must_use]
    pub const fn is_decided(&self) -> bool {
        self.answers.len() == self.given.len()
    }

    /// Adds commands, to be decided after the others.
    pub fn extend(&mut self, given: Vec<Given>) {
        self.given.extend(given);
    }

    /// The commands.
    #[must_use]
    pub fn into_given(self) -> Vec<Given> {
        self.given
    }

    /// What came of each command, in order. Without a successful transaction none of it ever happened.
    #[must_use]
    pub fn into_answers(self) -> Vec<Answered> {
        self.answers
    }
}

impl Plan for Batch {
    fn start(&mut self) {
        self.answers.clear();
        self.told = 0;
        self.refused = None;
    }

    fn ahead(&mut self, world: &World) -> Vec<Read> {
        let untold = self.given.iter().skip(std::mem::replace(&mut self.told, self.given.len()));
        untold.flat_map(|given| machine::needs(&given.command, world)).collect()
    }

    fn turn(&mut self, world: &World) -> Turn {
        // The next command is the first that has no answer yet.
        let Some(given) = self.given.get(self.answers.len()) else {
            return Turn::Over;
        };
        let decided = match self.refused.take() {
            Some(decided) => Ok(decided),
            None => decide(given, self.salt, world),
        };
        let (answer, mut write) = match decided {
            Ok(decided) => decided,
            Err(missing) => return Turn::Read(missing),
        };
        if let Answered::Refused(refusal) = &answer {
            let of = RefusedOf { actor: given.command.actor.to_string(), code: refusal.code };
            let missing = unread(vec![Read::Refused(of.clone())], world);
            if !missing.is_empty() {
                self.refused = Some((answer, write));
                return Turn::Read(missing);
            }
            if let Some(write) = &mut write {
                write.count(of, world);
            }
        }
        self.answers.push(answer);
        Turn::Decided(write.map(Box::new))
    }
}

/// Decides one command; or says what must be read first.
fn decide(given: &Given, salt: Salt, world: &World) -> Result<Decision, Vec<Read>> {
    match machine::apply(world, &given.command, given.now) {
        Err(Fault::NotLoaded(missing)) => Err(missing),
        Err(fault) => Ok((Answered::Fault(fault), None)),
        Ok(Decided::Repeated(receipt)) => {
            let accepted = Accepted { receipt, repeated: true, handed: None, events: 0 };
            Ok((Answered::Accepted(accepted), None))
        }
        Ok(Decided::Now(outcome)) => {
            let Outcome { now, settled, answer } = *outcome;
            let mut write = Write {
                recorded_at: now,
                salt,
                entries: Vec::new(),
                after: BTreeMap::new(),
                policy: None,
                refused: BTreeMap::new(),
                receipt: None,
            };
            write.take(settled);
            let answer = match answer {
                Ok(done) => Answered::Accepted(write.accept(given, done)),
                Err(refusal) => {
                    write.entries.push(Entry::Refused(refused(&given.command, &refusal, world, now)));
                    Answered::Refused(refusal)
                }
            };
            Ok((answer, Some(write)))
        }
    }
}

impl Write {
    /// Adds what happened.
    fn take(&mut self, journal: Journal) {
        self.entries.extend(journal.events.into_iter().map(Entry::Event));
        self.after.extend(journal.after.into_iter().map(|(id, grant)| (id, Arc::new(grant))));
    }

    /// Counts the refusal at the end of these entries, and takes it out where it is one too many.
    fn count(&mut self, of: RefusedOf, world: &World) {
        let counted = of.count(world.refused.get(&of).copied(), self.recorded_at);
        let refused = self.entries.pop().filter(|_| counted.recorded);
        self.entries.extend(counted.earlier.map(Entry::MoreRefused));
        self.entries.extend(refused);
        self.refused.insert(of, Some(counted.tally));
    }

    fn accept(&mut self, given: &Given, done: Done) -> Accepted {
        let handed = done.handed;
        let events = self.entries.len().saturating_add(done.journal.events.len());
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        self.entries.extend(done.revoked.map(Entry::Revoked));
        self.take(done.journal);
        let command = &given.command;
        if let Some(document) = done.policy.as_ref().and_then(|head| head.document.as_ref()) {
            self.entries.push(Entry::Published(Published {
                published: document.revision.clone(),
                at: self.recorded_at,
                actor: command.actor.to_string(),
                command: command.id.clone(),
            }));
        }
        self.policy = done.policy;
        let receipt = Arc::new(done.receipt);
        self.receipt = given.keep.then(|| (command.id.clone(), receipt.clone()));
        Accepted { receipt, repeated: false, handed, events }
    }
}

fn refused(command: &Command, refusal: &Refusal, world: &World, now: Timestamp) -> Refused {
    let grant = command.verb.grant().filter(|grant| world.grants.contains_key(*grant));
    Refused::of(command, refusal, grant.cloned(), now)
}
