//! Lines that wait to be numbered and cannot be read: set aside, so that they stop nobody else.
//!
//! What is about the same grant waits behind them, so that its record stays in order. Whoever seals looks at them again:
//! a newer version may know what an older one does not, and what was damaged may have been repaired.

use std::collections::{BTreeMap, BTreeSet};

use tenure_core::id::Namespace;
use tenure_core::record::leaf::Draft;
use tenure_core::record::written::Salt;
use tenure_store::{Seal, Sealed};
use tokio_postgres::Row;

use crate::bulk::Bulk;
use crate::link::Link;
use crate::seals::AT_ONCE;
use crate::trouble::{Out, count};

const ASIDE: &str = "SELECT about, count(*) FROM tenure.parked WHERE ns = $1 GROUP BY about";
const LINES: &str = "SELECT ordered, tx, number, happened, draft, salt, about FROM tenure.parked WHERE ns = $1 \
    ORDER BY ordered, tx, number LIMIT $2";
const SET_ASIDE: &str = "INSERT INTO tenure.parked (ns, ordered, tx, number, happened, about, draft, salt, why) \
    SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::integer[], $5::bigint[], $6::text[], $7::text[], $8::bytea[], \
    $9::text[])";
const NO_LONGER: &str = "DELETE FROM tenure.parked p USING unnest($2::bigint[], $3::text[], $4::integer[]) \
    w (ordered, tx, number) WHERE p.ns = $1 AND p.ordered = w.ordered AND p.tx = w.tx AND p.number = w.number";

/// A line that waits to be numbered.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) ordered: i64,
    pub(crate) tx: String,
    pub(crate) number: i32,
    pub(crate) happened: Option<i64>,
    pub(crate) about: Option<String>,
    draft: String,
    salt: Vec<u8>,
}

/// What is set aside in a namespace.
#[derive(Debug, Default)]
pub(crate) struct Parked {
    /// How many lines there are, by the grant that they are about.
    held: BTreeMap<String, u64>,
    lines: Vec<Line>,
    /// Set aside now, and why.
    new: Vec<(Line, String)>,
    /// In their places in the record now.
    over: Vec<Line>,
}

/// Grants of which lines are set aside.
pub(crate) fn aside(link: &mut Link, key: i64) -> Out<BTreeSet<String>> {
    let rows = link.rows(ASIDE, &[&key])?;
    Ok(rows.iter().filter_map(|row| row.get(0)).collect())
}

impl Line {
    pub(crate) fn read(row: &Row) -> Self {
        Self {
            ordered: row.get(0),
            tx: row.get(1),
            number: row.get(2),
            happened: row.get(3),
            draft: row.get(4),
            salt: row.get(5),
            about: row.get(6),
        }
    }

    /// The line in its place after what is sealed; in words, why it cannot be read.
    pub(crate) fn sealed(&self, ns: &Namespace, seal: &mut Seal) -> Result<Sealed, String> {
        let salt = self.salt.as_slice().try_into().map_err(|_| "it has no salt".to_owned())?;
        let draft = Draft { text: self.draft.clone(), salt: Salt::from_bytes(salt) };
        seal.draft(ns, &draft)
    }
}

impl Parked {
    pub(crate) fn read(link: &mut Link, key: i64) -> Out<Self> {
        let mut parked = Self::default();
        let rows = link.rows(ASIDE, &[&key])?;
        for row in &rows {
            let about: Option<String> = row.get(0);
            if let Some(about) = about {
                parked.held.insert(about, count(row.get(1))?);
            }
        }
        if rows.is_empty() {
            return Ok(parked);
        }
        parked.lines = link.rows(LINES, &[&key, &AT_ONCE])?.iter().map(Line::read).collect();
        Ok(parked)
    }

    /// Looks again at what is set aside, and seals what can be read by now.
    pub(crate) fn again(&mut self, ns: &Namespace, seal: &mut Seal, sealed: &mut Vec<Sealed>) -> Option<i64> {
        let mut behind: BTreeSet<String> = BTreeSet::new();
        let mut latest = None;
        for line in std::mem::take(&mut self.lines) {
            if line.about.as_ref().is_some_and(|about| behind.contains(about)) {
                continue;
            }
            let Ok(one) = line.sealed(ns, seal) else {
                behind.extend(line.about);
                continue;
            };
            latest = latest.max(line.happened);
            sealed.push(one);
            if let Some(left) = line.about.as_ref().and_then(|about| self.held.get_mut(about)) {
                *left = left.saturating_sub(1);
            }
            self.over.push(line);
        }
        self.held.retain(|_, left| *left > 0);
        latest
    }

    /// Seals a line, or sets it aside.
    pub(crate) fn or_sealed(&mut self, ns: &Namespace, seal: &mut Seal, line: Line) -> Option<Sealed> {
        let behind = line.about.as_ref().filter(|about| self.held.contains_key(*about));
        let why = match behind {
            Some(about) => format!("an earlier line about `{about}` cannot be read"),
            None => match line.sealed(ns, seal) {
                Ok(sealed) => return Some(sealed),
                Err(why) => why,
            },
        };
        if let Some(about) = &line.about {
            let held = self.held.entry(about.clone()).or_default();
            *held = held.saturating_add(1);
        }
        self.new.push((line, why));
        None
    }

    /// What is to be written of it.
    pub(crate) fn bulks(self, key: i64) -> [Bulk; 2] {
        let (lines, whys): (Vec<Line>, Vec<String>) = self.new.into_iter().unzip();
        let new = Bulk::new(SET_ASIDE, key)
            .column(lines.iter().map(|line| line.ordered))
            .column(lines.iter().map(|line| line.tx.clone()))
            .column(lines.iter().map(|line| line.number))
            .column(lines.iter().map(|line| line.happened))
            .column(lines.iter().map(|line| line.about.clone()))
            .column(lines.iter().map(|line| line.draft.clone()))
            .column(lines.iter().map(|line| line.salt.clone()))
            .column(whys);
        let over = Bulk::new(NO_LONGER, key)
            .column(self.over.iter().map(|line| line.ordered))
            .column(self.over.iter().map(|line| line.tx.clone()))
            .column(self.over.iter().map(|line| line.number));
        [new, over]
    }
}
