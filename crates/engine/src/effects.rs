//! Effects: taken under a lease, carried out by the host, and reported.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::ops::Deref;

use serde::Serialize;
use tenure_core::command::{Command, EffectDone, EffectFailed, TakeEffect, Verb, Which};
use tenure_core::effect::Handed;
use tenure_core::id::{GrantId, Integration, PersonId, WorkerId};
use tenure_core::person::{Item, Record};
use tenure_core::time::{Span, Timestamp};
use tenure_core::view::View;
use tenure_store::{Awaited, AwaitedAt, Given, Limit, Place};

use crate::ask::Maybe;
use crate::engine::Engine;
use crate::error::{Error, Fault};
use crate::sweep::host;

/// Effects that one call takes where a caller does not say how many.
const TAKEN: usize = 100;
/// People who are asked for an effect in one transaction.
const PEOPLE_AT_ONCE: usize = 64;

/// Takes effects that are ready.
#[derive(Clone, Debug)]
pub struct Take {
    worker: String,
    lease: Span,
    from: Source,
    most: usize,
}

/// Where effects are taken, as a caller names it.
#[derive(Clone, Debug)]
enum Source {
    Anywhere,
    At(String),
    Notices,
}

impl Take {
    /// For that worker, who has so long to report on each.
    #[must_use]
    pub fn new(worker: impl AsRef<str>, lease: Span) -> Self {
        Self { worker: worker.as_ref().to_owned(), lease, from: Source::Anywhere, most: TAKEN }
    }

    /// Only at this integration; notices are at none.
    #[must_use]
    pub fn at(mut self, integration: impl Maybe<String>) -> Self {
        self.from = integration.maybe().map_or(Source::Anywhere, Source::At);
        self
    }

    /// Only notices.
    #[must_use]
    pub fn notices(mut self) -> Self {
        self.from = Source::Notices;
        self
    }

    /// At most so many.
    #[must_use]
    pub fn at_most(mut self, most: usize) -> Self {
        self.most = Limit::new(most).get();
        self
    }
}

/// An effect that was taken, and its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// Its id, to report with.
    pub id: EffectId,
    /// What is to be done.
    #[serde(flatten)]
    pub handed: Handed,
}

impl Deref for Taken {
    type Target = Handed;

    fn deref(&self) -> &Handed {
        &self.handed
    }
}

/// An effect in the hands of a worker. As text it is `<grant>/<number>`, the same at every attempt.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EffectId {
    /// The grant.
    pub grant: GrantId,
    /// Its number in the grant.
    pub number: u32,
    /// Who has it.
    pub worker: WorkerId,
}

impl EffectId {
    /// The effect of that text, in the hands of that worker.
    ///
    /// # Errors
    /// [`Fault::BadId`].
    pub fn of(text: &str, worker: impl AsRef<str>) -> Result<Self, Fault> {
        let bad = |why: &str| Fault::BadId { which: "effect id", why: format!("`{text}` {why}") };
        let (grant, number) =
            text.rsplit_once('/').ok_or_else(|| bad("is not written as `<grant>/<number>`"))?;
        Ok(Self {
            grant: GrantId::new(grant).map_err(Fault::bad_id("grant id"))?,
            number: number.parse().map_err(|_| bad("does not end in a number"))?,
            worker: WorkerId::new(worker).map_err(Fault::bad_id("worker id"))?,
        })
    }
}

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.grant, self.number)
    }
}

impl Serialize for EffectId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Says that an effect was carried out.
#[derive(Clone, Debug)]
pub struct Done {
    id: EffectId,
    already_held: BTreeSet<Item>,
}

impl Done {
    /// That effect.
    #[must_use]
    pub const fn new(id: EffectId) -> Self {
        Self { id, already_held: BTreeSet::new() }
    }

    /// Items that the holder had before: they are not taken away at the end.
    #[must_use]
    pub fn already_held(mut self, items: impl IntoIterator<Item = Item>) -> Self {
        self.already_held.extend(items);
        self
    }
}

impl From<EffectId> for Done {
    fn from(id: EffectId) -> Self {
        Self::new(id)
    }
}

/// Says that an effect could not be carried out.
#[derive(Clone, Debug)]
pub struct Failed {
    id: EffectId,
    error: String,
    last: bool,
}

impl Failed {
    /// That effect, and what went wrong.
    #[must_use]
    pub fn new(id: EffectId, error: impl Into<String>) -> Self {
        Self { id, error: error.into(), last: false }
    }

    /// Trying again is of no use.
    #[must_use]
    pub const fn last(mut self, last: bool) -> Self {
        self.last = last;
        self
    }
}

impl Engine {
    /// Takes effects that are ready, at most 100. Each is the worker's until its lease runs out.
    ///
    /// # Errors
    /// [`Error::Fault`]. What was taken before it comes back when its lease runs out.
    pub fn take_effects(
        &self,
        worker: impl AsRef<str>,
        lease: Span,
        now: Timestamp,
    ) -> Result<Vec<Taken>, Error> {
        self.take(&Take::new(worker, lease), now)
    }

    /// The same, at one integration, or not so many.
    ///
    /// # Errors
    /// [`Error::Fault`]. What was taken before it comes back when its lease runs out.
    pub fn take(&self, take: &Take, now: Timestamp) -> Result<Vec<Taken>, Error> {
        let worker = WorkerId::new(&take.worker).map_err(Fault::bad_id("worker id"))?;
        let which = which(take)?;
        let place = match &which {
            Which::Any => Place::Anywhere,
            Which::At(integration) => Place::At(integration),
            Which::Notices => Place::Notices,
        };
        let until = self.believed(now)?;
        let mut taken = Vec::new();
        let mut after: Option<Awaited> = None;
        loop {
            let limit = Limit::new(PEOPLE_AT_ONCE);
            let people = self.store.ready(&self.namespace, place, until, after.as_ref(), limit)?;
            let Some(last) = people.last().cloned() else { return Ok(taken) };
            let people: Vec<_> = people.into_iter().map(|awaited| awaited.person).collect();
            self.take_from(people, &worker, &which, take, now, &mut taken)?;
            if taken.len() >= take.most {
                return Ok(taken);
            }
            after = Some(last);
        }
    }

    /// Says that an effect was carried out, and answers the grant as it then stands.
    ///
    /// # Errors
    /// [`Error::Refused`] with `effect.unknown` or `effect.not_leased`.
    pub fn effect_done(&self, done: impl Into<Done>, now: Timestamp) -> Result<Option<View>, Error> {
        let Done { id, already_held } = done.into();
        let command = self.by_worker(&id.worker, |worker| {
            Verb::EffectDone(EffectDone { grant: id.grant.clone(), effect: id.number, worker, already_held })
        })?;
        Ok(self.carry_out(command, now, false)?.receipt.view.clone())
    }

    /// Says that an effect could not be carried out: it comes back after a pause.
    ///
    /// # Errors
    /// [`Error::Refused`] with `effect.unknown` or `effect.not_leased`.
    pub fn effect_failed(&self, failed: Failed, now: Timestamp) -> Result<Option<View>, Error> {
        let Failed { id, error, last } = failed;
        let command = self.by_worker(&id.worker, |worker| {
            Verb::EffectFailed(EffectFailed {
                grant: id.grant.clone(),
                effect: id.number,
                worker,
                error,
                last,
                stuck_after: self.stuck_after,
            })
        })?;
        Ok(self.carry_out(command, now, false)?.receipt.view.clone())
    }

    /// Places with an effect that may be taken by `until`, one page of them after that mark.
    pub(crate) fn ready_places(
        &self,
        until: Timestamp,
        after: Option<&AwaitedAt>,
    ) -> Result<Vec<AwaitedAt>, Error> {
        Ok(self.store.ready_places(&self.namespace, until, after, Limit::new(Limit::MAX))?)
    }

    /// Asks these people's grants for one effect each, and whoever had one again after the others.
    fn take_from(
        &self,
        people: Vec<PersonId>,
        worker: &WorkerId,
        which: &Which,
        take: &Take,
        now: Timestamp,
        taken: &mut Vec<Taken>,
    ) -> Result<(), Error> {
        let mut people = VecDeque::from(people);
        while !people.is_empty() && taken.len() < take.most {
            let room = take.most.saturating_sub(taken.len()).min(people.len());
            let asked: Vec<PersonId> = people.drain(..room).collect();
            let mut given = Vec::new();
            for person in &asked {
                let verb = |worker| {
                    let any = TakeEffect::new(person.clone(), worker, take.lease);
                    let (which, stuck_after) = (which.clone(), self.stuck_after);
                    Verb::TakeEffect(TakeEffect { which, stuck_after, ..any })
                };
                given.push(Given { command: self.by_worker(worker, verb)?, now, keep: false });
            }
            for (person, answer) in asked.into_iter().zip(self.transact(given)?) {
                if let Some(handed) = answer?.handed {
                    let id = EffectId {
                        grant: handed.grant.clone(),
                        number: handed.number,
                        worker: worker.clone(),
                    };
                    taken.push(Taken { id, handed });
                    people.push_back(person);
                }
            }
        }
        Ok(())
    }

    /// A command of a worker, under an id that is made up: it is known to nobody.
    fn by_worker(&self, worker: &WorkerId, verb: impl FnOnce(WorkerId) -> Verb) -> Result<Command, Error> {
        let verb = verb(worker.clone());
        Ok(Command { id: self.ids.next()?, actor: host(worker)?, context: Record::new(), verb })
    }
}

fn which(take: &Take) -> Result<Which, Error> {
    Ok(match &take.from {
        Source::Anywhere => Which::Any,
        Source::At(integration) => {
            Which::At(Integration::new(integration).map_err(Fault::bad_id("integration"))?)
        }
        Source::Notices => Which::Notices,
    })
}
