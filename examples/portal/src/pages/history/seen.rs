//! What a page sees of the record: from its end backwards, a bounded stretch at a time.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tenure::{Engine, Error, Fault, Timestamp};
use tenure_past::log::{About, Grants, Wanted, position};

use super::Question;

/// How much is looked at for one page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// Records on it.
    shown: usize,
    /// Records that are read at once.
    at_once: u64,
    /// Records that are read at most: what is rare is found by going on.
    most: u64,
}

impl Reach {
    pub(super) const PAGE: Self = Self { shown: 50, at_once: 500, most: 20_000 };
}

/// Grants that are remembered while records are read.
const KNOWN_MAX: usize = 5_000;

/// What is seen, newest first.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) records: Vec<Json>,
    /// Where it goes on, towards the beginning: before this one.
    pub(super) more: Option<u64>,
}

/// Whose grants are, as the engine knows it.
pub(super) struct Looked<'a> {
    engine: &'a Engine,
    now: Timestamp,
    known: BTreeMap<String, Option<About>>,
    /// What kept it from knowing.
    pub(super) fault: Option<Error>,
}

impl<'a> Looked<'a> {
    pub(super) const fn new(engine: &'a Engine, now: Timestamp) -> Self {
        Self { engine, now, known: BTreeMap::new(), fault: None }
    }

    /// Whether that record is meant.
    ///
    /// # Errors
    /// The store cannot say whose a grant is.
    pub(super) fn wanted(&mut self, wanted: &Wanted, record: &Json) -> Result<bool, Error> {
        let wanted = wanted.wants(record, self);
        self.fault.take().map_or(Ok(wanted), Err)
    }
}

impl Grants for Looked<'_> {
    fn about(&mut self, grant: &str) -> Option<About> {
        if let Some(known) = self.known.get(grant) {
            return known.clone();
        }
        let about = match self.engine.look(grant, self.now) {
            Ok(view) => {
                view.map(|view| About { holder: view.holder.to_string(), flow: view.flow.to_string() })
            }
            Err(fault) => {
                self.fault = Some(fault);
                return None;
            }
        };
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert(grant.to_owned(), about.clone());
        about
    }
}

/// How many records there are.
pub(super) fn size(engine: &Engine) -> Result<u64, Error> {
    match engine.inclusion(1, None) {
        Ok(inclusion) => Ok(inclusion.size),
        Err(Error::Fault(Fault::NotOnRecord { size, .. })) => Ok(size),
        Err(other) => Err(other),
    }
}

/// A record as it is handed out.
pub(super) fn json(record: &tenure::Record) -> Json {
    serde_json::to_value(record).unwrap_or_default()
}

/// The newest that are meant, before the one that the page goes on from.
pub(super) fn newest_first(
    engine: &Engine,
    question: &Question,
    reach: Reach,
    now: Timestamp,
) -> Result<Seen, Error> {
    let mut looked = Looked::new(engine, now);
    let mut seen = Seen::default();
    if let Some(grant) = &question.grant {
        let mut records: Vec<Json> = engine.history(grant)?.iter().map(|record| json(record)).collect();
        records.reverse();
        let before = question.before.unwrap_or(u64::MAX);
        let rest = records.into_iter().filter(|record| position(record) < before);
        for record in rest {
            if !seen.take(record, question, reach, &mut looked)? {
                break;
            }
        }
        return Ok(seen);
    }
    let mut before = question.before.unwrap_or(u64::MAX).min(size(engine)?.saturating_add(1));
    let floor = before.saturating_sub(reach.most).max(1);
    while before > floor {
        let from = before.saturating_sub(reach.at_once).max(floor);
        let length = usize::try_from(before.saturating_sub(from)).unwrap_or_default();
        let stretch = engine.records(from.saturating_sub(1), length)?;
        for record in stretch.iter().rev() {
            // Nothing is dated later than it was written down, and what is before it was written down no later.
            if question.wanted.since.is_some_and(|since| record.recorded_at < since) {
                return Ok(seen);
            }
            if !seen.take(json(record), question, reach, &mut looked)? {
                return Ok(seen);
            }
        }
        before = from;
    }
    seen.more = (floor > 1).then_some(floor);
    Ok(seen)
}

impl Seen {
    /// Takes a record where it is meant; says whether there is room for another.
    fn take(
        &mut self,
        record: Json,
        question: &Question,
        reach: Reach,
        looked: &mut Looked<'_>,
    ) -> Result<bool, Error> {
        if !question.tells(&record) || !looked.wanted(&question.wanted, &record)? {
            return Ok(true);
        }
        if self.records.len() == reach.shown {
            self.more = self.records.last().map(position);
            return Ok(false);
        }
        self.records.push(record);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tenure::tenure_policy::document::Format;
    use tenure::{ManualClock, MemoryStore, Person, Policy, Span};

    fn nine() -> Timestamp {
        "2026-03-02T09:00:00Z".parse().unwrap()
    }

    /// A record of so many entries, a minute after the other.
    fn house(entries: u64) -> Engine {
        let clock = Arc::new(ManualClock::at(nine()));
        let engine = Engine::new(MemoryStore::with_clock(clock.clone()));
        let policy = Policy::from_text("{\"version\": 1, \"flows\": []}", Format::Json).unwrap();
        for entry in 0..entries {
            let now = nine().plus(Span::minutes(entry));
            clock.set(now);
            let by = if entry == 1 { "rare" } else { "often" };
            engine.publish(&policy, Person::new(by.parse().unwrap()), now).unwrap();
        }
        engine
    }

    /// The positions on each page, from the newest on.
    fn pages(engine: &Engine, question: &Question, reach: Reach) -> Vec<Vec<u64>> {
        let mut question = question.clone();
        let mut pages = Vec::new();
        loop {
            let seen = newest_first(engine, &question, reach, engine.clock()).unwrap();
            pages.push(seen.records.iter().map(position).collect());
            if seen.more.is_none() || pages.len() > 50 {
                return pages;
            }
            question.before = seen.more;
        }
    }

    #[test]
    fn pages_hold_every_entry_once_the_newest_first() {
        let reach = Reach { shown: 4, at_once: 3, most: 1_000 };
        for entries in 0..14 {
            let pages = pages(&house(entries), &Question::default(), reach);
            assert!(pages.iter().rev().skip(1).all(|page| page.len() == 4), "{pages:?}");
            let all: Vec<u64> = pages.concat();
            assert_eq!(all, (1..=entries).rev().collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_rare_is_found_by_going_on() {
        let engine = house(12);
        let wanted = Wanted { person: Some("rare".to_owned()), ..Wanted::default() };
        let question = Question { wanted, ..Question::default() };
        let found = pages(&engine, &question, Reach { shown: 4, at_once: 3, most: 4 });
        assert_eq!(found, [vec![], vec![], vec![2]]);
    }

    #[test]
    fn nothing_is_looked_at_that_is_older_than_is_asked() {
        let engine = house(12);
        let since = Some(nine().plus(Span::minutes(9)));
        let question = Question { wanted: Wanted { since, ..Wanted::default() }, ..Question::default() };
        assert_eq!(pages(&engine, &question, Reach { shown: 9, at_once: 2, most: 6 }), [[12, 11, 10]]);
    }
}
