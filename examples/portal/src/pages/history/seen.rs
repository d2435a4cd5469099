//! What a page sees of the record: from its end backwards, a bounded stretch at a time.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tenure::{Engine, Error, Fault, Timestamp};
use tenure_past::log::{About, Grants, Wanted, position};

use super::Question;

/// Records on one page.
const SHOWN: usize = 50;
/// Records that are read at once, and for one page at most: what is rare is found by going on.
const AT_ONCE: u64 = 500;
const READ_MAX: u64 = 20_000;
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
pub(super) fn newest_first(engine: &Engine, question: &Question, now: Timestamp) -> Result<Seen, Error> {
    let mut looked = Looked::new(engine, now);
    let mut seen = Seen::default();
    if let Some(grant) = &question.grant {
        let mut records: Vec<Json> = engine.history(grant)?.iter().map(|record| json(record)).collect();
        records.reverse();
        let before = question.before.unwrap_or(u64::MAX);
        let rest = records.into_iter().filter(|record| position(record) < before);
        for record in rest {
            if !seen.take(record, question, &mut looked)? {
                break;
            }
        }
        return Ok(seen);
    }
    let mut before = question.before.unwrap_or(u64::MAX).min(size(engine)?.saturating_add(1));
    let floor = before.saturating_sub(READ_MAX).max(1);
    while before > floor {
        let from = before.saturating_sub(AT_ONCE).max(floor);
        let length = usize::try_from(before.saturating_sub(from)).unwrap_or_default();
        let stretch = engine.records(from.saturating_sub(1), length)?;
        for record in stretch.iter().rev() {
            // Nothing is dated later than it was written down, and what is before it was written down no later.
            if question.wanted.since.is_some_and(|since| record.recorded_at < since) {
                return Ok(seen);
            }
            if !seen.take(json(record), question, &mut looked)? {
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
    fn take(&mut self, record: Json, question: &Question, looked: &mut Looked<'_>) -> Result<bool, Error> {
        if !question.tells(&record) || !looked.wanted(&question.wanted, &record)? {
            return Ok(true);
        }
        if self.records.len() == SHOWN {
            self.more = self.records.last().map(position);
            return Ok(false);
        }
        self.records.push(record);
        Ok(true)
    }
}
