//! Access that was found to run a moment ago: asked again within `max_age`, it is answered without a journey.
//!
//! A yes is kept and a no is not: what somebody was given is seen at once. No answer is older than `max_age`, by a watch
//! that nobody sets, and none outlives what it speaks of: past the end of access, or where only the rules know, the server
//! is asked. What this store writes itself is seen at once; what other hosts write, a revocation too, `max_age` later at
//! the latest.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tenure_core::id::{Namespace, PersonId};
use tenure_core::limits::CLOCK_TOLERANCE;
use tenure_core::query::Held;
use tenure_core::time::{Span, Timestamp};
use tenure_store::clock::Stopwatch;

use crate::hour::Hour;

/// People of whom answers are kept, at most. Beyond them all is forgotten: what is asked for is soon there again.
const PEOPLE_MAX: usize = 10_000;

/// Answers that were given lately.
pub(crate) struct Lately {
    max_age: Duration,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// By namespace and person, then by the name of the item.
    answers: HashMap<(String, String), HashMap<String, Answer>>,
    /// How often something was written by this store.
    writes: u64,
}

/// A question on its way: since when, and after which writes of this store.
pub(crate) struct Asked {
    watch: Stopwatch,
    writes: u64,
}

/// That access runs.
pub(crate) struct Answer {
    /// What was found.
    pub(crate) held: Held,
    /// The instant that it was asked for.
    pub(crate) at: Timestamp,
    /// What the store's clock showed.
    pub(crate) clock: Timestamp,
    /// Until when time alone changes nothing.
    pub(crate) until: Timestamp,
    pub(crate) asked: Asked,
}

impl Lately {
    /// Nothing where there is no age that an answer may have.
    pub(crate) fn new(max_age: Option<Duration>) -> Option<Self> {
        max_age.map(|max_age| Self { max_age, kept: Mutex::default() })
    }

    /// Begins a question, before it is on its way.
    pub(crate) fn ask(&self) -> Asked {
        Asked { watch: Stopwatch::start(), writes: self.kept().writes }
    }

    /// The answer that was given lately, if it still is one.
    pub(crate) fn known(
        &self,
        (ns, person, item): (&Namespace, &PersonId, &str),
        hour: &Hour,
        now: Timestamp,
    ) -> Option<Held> {
        let kept = self.kept();
        let answer = kept.answers.get(&key(ns, person))?.get(item)?;
        let age = answer.asked.watch.elapsed();
        if age >= self.max_age {
            return None;
        }
        // The watch began before the server looked at its clock: this is not earlier than what it shows now.
        let passed = Span::millis(u64::try_from(age.as_millis()).unwrap_or(u64::MAX).saturating_add(1));
        let clock = hour.handed().map_or_else(|| answer.clock.plus(passed), Timestamp::from_millis);
        if now > clock.plus(CLOCK_TOLERANCE) {
            return None;
        }
        let at = now.max(clock);
        (answer.at <= at && at < answer.until).then(|| answer.held.clone())
    }

    /// Keeps an answer, unless this store has written something since it was asked.
    pub(crate) fn keep(&self, ns: &Namespace, person: &PersonId, item: String, answer: Answer) {
        let mut kept = self.kept();
        if kept.writes != answer.asked.writes {
            return;
        }
        let key = key(ns, person);
        if kept.answers.len() >= PEOPLE_MAX && !kept.answers.contains_key(&key) {
            kept.answers.clear();
        }
        kept.answers.entry(key).or_default().insert(item, answer);
    }

    /// Forgets what was answered about these people; about everybody, where nobody is named.
    pub(crate) fn forget(&self, ns: &Namespace, people: Option<BTreeSet<PersonId>>) {
        let mut kept = self.kept();
        kept.writes = kept.writes.wrapping_add(1);
        match people {
            Some(people) => people.iter().for_each(|person| drop(kept.answers.remove(&key(ns, person)))),
            None => kept.answers.clear(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(ns: &Namespace, person: &PersonId) -> (String, String) {
    (ns.as_str().to_owned(), person.as_str().to_owned())
}
