//! What must always be true, looked at after every step: section 11 of the contract.

mod commands;
mod effects;
mod lives;
mod targets;
mod terms;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use tenure::tenure_core::id::WorkerId;
use tenure::tenure_core::record::{Entry, Record};
use tenure::{GrantId, Span, Timestamp, View};
use tenure_port::call::{EffectDone, EffectId, Sweep, TakeEffects};
use tenure_port::{Answer, Answered, Call};

use self::commands::Commands;
use self::lives::Lives;
use self::targets::Targets;
use self::terms::Terms;
use crate::episode::Luck;
use crate::finding::{Finding, Kind};
use crate::step::Step;
use crate::subject::Subject;

/// Between two rounds of a worker at the end: every lease and every pause is over.
const ROUND: Span = Span::hours(3);
/// So often it comes: what was late the first time is taken the second.
const ROUNDS: usize = 3;
/// It is never late itself.
const LEASE: Span = Span::minutes(1);

/// What must always be true. The words are those of the contract; I15 and I16 are looked at elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// A grant is active only inside `[active_since, held_until)`, and no extension moved it past
    /// `active_since + total` in force when it was asked, where there is a total.
    I1,
    /// A scope never grows, and never changes after approval.
    I2,
    /// Nobody decided on their own access.
    I3,
    /// Granted extensions never exceed `times` in force when each was asked.
    I4,
    /// An end is never moved earlier by an extension.
    I5,
    /// Every effect is explained by an event, once.
    I6,
    /// Replaying the events gives the stored state, byte for byte.
    I7,
    /// A refused command changes no grant, what time made true aside; a question changes nothing at all.
    I8,
    /// The same commands and times give the same events: the episode is played twice.
    I9,
    /// What was acknowledged survives that the store is closed and opened again.
    I10,
    /// Early, late or repeated sweeps give the same events: the episode is played without sweeps and with one
    /// after every step.
    I11,
    /// A closed grant stays closed, with its outcome and times.
    I12,
    /// One accepted command id has one outcome.
    I13,
    /// No access outlives its last covering grant without being listed as not yet removed, and none is removed
    /// that a grant still covers.
    I14,
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// An invariant that does not hold, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which one.
    pub invariant: Invariant,
    /// What is wrong, in words.
    pub why: String,
}

impl Broken {
    /// The finding at that step.
    #[must_use]
    pub fn at(self, step: usize) -> Finding {
        let expected = self.why;
        Finding { step, kind: Kind::Broken(self.invariant), library: String::new(), expected }
    }
}

impl Invariant {
    fn broken(self, why: impl Into<String>) -> Broken {
        Broken { invariant: self, why: why.into() }
    }

    /// Whether it holds, or why it does not.
    fn holds(self, holds: bool, why: impl FnOnce() -> String) -> Result<(), Broken> {
        if holds { Ok(()) } else { Err(self.broken(why())) }
    }
}

/// A call, its answer, and what it put on record.
pub(crate) struct Moment<'m> {
    /// What the store's clock showed.
    pub(crate) clock: Timestamp,
    pub(crate) call: &'m Call,
    pub(crate) answer: &'m Answer,
    /// The answer, serialized.
    pub(crate) bytes: &'m [u8],
    pub(crate) records: &'m [Arc<Record>],
}

/// What is remembered of an episode to look at it.
pub struct Watch {
    luck: Luck,
    lives: Lives,
    commands: Commands,
    terms: Terms,
    targets: Targets,
    steps: u64,
}

impl Watch {
    /// Of a store in which nothing has happened; what is costly is looked at by luck, and all of it at the end.
    #[must_use]
    pub fn new(luck: Luck) -> Self {
        Self {
            luck,
            lives: Lives::default(),
            commands: Commands::default(),
            terms: Terms::default(),
            targets: Targets::default(),
            steps: 0,
        }
    }

    /// Looks at a step.
    pub(crate) fn saw(&mut self, moment: &Moment<'_>, subject: &Subject) -> Result<(), Broken> {
        self.steps += 1;
        let repeated = self.commands.saw(moment)?;
        commands::harmless(moment, repeated, &self.commands)?;
        let mut touched = BTreeSet::new();
        for record in moment.records {
            match &record.entry {
                Entry::Event(event) => {
                    self.lives.happened(event, record, &self.terms)?;
                    touched.insert(event.grant.clone());
                }
                Entry::Revoked(by) => self.lives.revoked(by)?,
                Entry::Published(published) => self.lives.published(published.at),
                Entry::Refused(_) | Entry::MoreRefused(_) => {}
            }
        }
        let named = moment.call.grant().filter(|grant| self.lives.knows(grant));
        let touched: Vec<GrantId> = touched.iter().chain(named).cloned().collect();
        let stored = subject.stored(&touched).map_err(|fault| Invariant::I10.broken(fault.to_string()))?;
        let thorough = self.luck.strikes(&self.steps.to_string());
        self.lives.stored(&touched, &stored, thorough)?;
        if !repeated {
            views(moment.answer).try_for_each(|view| self.lives.seen(view, moment.clock))?;
        }
        self.lives.held(moment)?;
        self.targets.saw(moment, &self.lives)?;
        self.terms.saw(moment);
        Ok(())
    }

    /// Keeps a step that is over: a later one may be the same command.
    pub(crate) fn keep(&mut self, step: Step) {
        self.commands.keep(step);
    }

    /// Looks at a store that was closed and opened again.
    pub(crate) fn reopened(&mut self, subject: &Subject) -> Result<(), Broken> {
        let fault = |fault: tenure::StoreFault| Invariant::I10.broken(fault.to_string());
        let records = subject.records(0).map_err(fault)?;
        let stored = subject.stored(&self.lives.ids()).map_err(fault)?;
        self.lives.survived(&records, &stored)
    }

    /// Looks at all of it once more. Now and then everything is delivered, and the targets are looked at.
    pub(crate) fn over(&mut self, subject: &Subject, clock: Timestamp, position: u64) -> Result<(), Broken> {
        let ids = self.lives.ids();
        let stored = subject.stored(&ids).map_err(|fault| Invariant::I7.broken(fault.to_string()))?;
        self.lives.stored(&ids, &stored, true)?;
        if self.luck.strikes("delivered") { self.delivered(subject, clock, position) } else { Ok(()) }
    }

    /// A worker that always does what it is told takes everything there is, once every lease and every pause is over.
    fn delivered(
        &mut self,
        subject: &Subject,
        mut clock: Timestamp,
        mut position: u64,
    ) -> Result<(), Broken> {
        let worker: WorkerId = "last".parse().map_err(|error| Invariant::I14.broken(format!("{error}")))?;
        for _ in 0..ROUNDS {
            clock = clock.plus(ROUND);
            self.hears(subject, clock, Call::Sweep(Sweep { now: None }), &mut position)?;
            loop {
                let take = TakeEffects {
                    now: None,
                    worker: worker.clone(),
                    lease: LEASE,
                    integration: None,
                    limit: None,
                };
                let answer = self.hears(subject, clock, Call::TakeEffects(take), &mut position)?;
                let Answer::Ok(Answered::Effects(taken)) = answer else { break };
                if taken.is_empty() {
                    break;
                }
                for taken in taken {
                    let effect = EffectId { grant: taken.handed.grant, number: taken.handed.number };
                    let already_held = BTreeSet::new();
                    let done = EffectDone { now: None, effect, worker: worker.clone(), already_held };
                    self.hears(subject, clock, Call::EffectDone(done), &mut position)?;
                }
            }
        }
        self.targets.are_right(&self.lives, &self.terms)
    }

    fn hears(
        &mut self,
        subject: &Subject,
        clock: Timestamp,
        call: Call,
        position: &mut u64,
    ) -> Result<Answer, Broken> {
        let answer = subject.answer(clock, call.clone());
        let bytes = serde_json::to_vec(&answer).unwrap_or_default();
        let records = subject.records(*position).map_err(|fault| Invariant::I14.broken(fault.to_string()))?;
        *position = records.last().map_or(*position, |record| record.position);
        let moment = Moment { clock, call: &call, answer: &answer, bytes: &bytes, records: &records };
        self.saw(&moment, subject)?;
        Ok(answer)
    }
}

/// The grants in an answer, as they are said to stand.
fn views(answer: &Answer) -> impl Iterator<Item = &View> {
    let (one, many): (Option<&View>, &[View]) = match answer {
        Answer::Ok(Answered::Grant(view)) => (view.as_deref(), &[]),
        Answer::Ok(Answered::Kit { grants }) => (None, grants),
        Answer::Ok(Answered::Grants(page)) => (None, &page.grants),
        Answer::Ok(_) | Answer::Refused(_) | Answer::Invalid(_) | Answer::Fault(_) => (None, &[]),
    };
    one.into_iter().chain(many)
}
