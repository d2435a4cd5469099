//! Locks, taken in the order of their names, so that no two transactions wait for each other.
//!
//! What is wanted out of order is taken only where it is free. Where it is not, the transaction is run again
//! from the start and takes first, in order, all that it knows by then to need.

use std::collections::BTreeSet;

use tenure_core::record::refused::{RefusedOf, Tally};
use tenure_core::refusal::Code;
use tenure_core::time::Timestamp;
use tokio_postgres::Row;

use crate::desk::{Desk, Manner, Slot};
use crate::hour::MICROS;
use crate::link::Param;
use crate::names::{Kind, Name};
use crate::trouble::{Again, Out, Trouble, broken, count};

macro_rules! names {
    ($how:literal) => {
        concat!(
            "SELECT n.kind, n.text FROM unnest($2::smallint[], $3::text[]) w (kind, text) \
             JOIN tenure.name n ON n.ns = $1 AND n.kind = w.kind AND n.text = w.text \
             ORDER BY n.kind, n.text ",
            $how
        )
    };
}

macro_rules! refusals {
    ($how:literal) => {
        concat!(
            "SELECT r.actor, r.code, r.minute, r.times, r.last FROM unnest($2::text[], $3::text[]) w (actor, code) \
             JOIN tenure.refusal r ON r.ns = $1 AND r.actor = w.actor AND r.code = w.code \
             ORDER BY r.code, r.actor ",
            $how
        )
    };
}

const NAMES: &str = names!("FOR UPDATE OF n");
const NAMES_FREE: &str = names!("FOR UPDATE OF n NOWAIT");
const PLACES: &str = names!("FOR KEY SHARE OF n");
const PLACES_FREE: &str = names!("FOR KEY SHARE OF n NOWAIT");
const NEW_NAMES: &str = "INSERT INTO tenure.name (ns, kind, text) \
    SELECT $1, w.kind, w.text FROM unnest($2::smallint[], $3::text[]) w (kind, text) \
    ORDER BY w.kind, w.text COLLATE \"C\" ON CONFLICT DO NOTHING";
const REFUSALS: &str = refusals!("FOR UPDATE OF r");
const REFUSALS_FREE: &str = refusals!("FOR UPDATE OF r NOWAIT");
const NEW_REFUSALS: &str = "INSERT INTO tenure.refusal (ns, actor, code, minute, times, last) \
    SELECT $1, w.actor, w.code, 0, 0, 0 FROM unnest($2::text[], $3::text[]) w (actor, code) \
    ORDER BY w.code COLLATE \"C\", w.actor COLLATE \"C\" ON CONFLICT DO NOTHING";

/// How often names are looked for that were not there: once, and once more when they were made.
const ROUNDS: u32 = 3;

impl Desk<'_> {
    /// Locks these names for this transaction alone, until it ends.
    pub(crate) fn lock(&mut self, names: BTreeSet<Name>) -> Out<()> {
        if self.manner != Manner::Beside {
            return Ok(());
        }
        let new: BTreeSet<Name> = names.difference(&self.held).cloned().collect();
        let Some(first) = new.first() else { return Ok(()) };
        let late = self.held.last().is_some_and(|last| last > first);
        let of_rows: Vec<&Name> = new.iter().filter(|name| name.kind != Kind::Refused).collect();
        let sql = if late { NAMES_FREE } else { NAMES };
        self.hold(&of_rows, sql).map_err(|trouble| self.out_of_order(trouble, late, &new))?;
        let of_refusals: Vec<RefusedOf> = new.iter().filter_map(refused).collect();
        self.hold_refusals(&of_refusals, late).map_err(|trouble| self.out_of_order(trouble, late, &new))?;
        self.held.extend(new);
        Ok(())
    }

    /// Sees that nobody decides on all that is open under these names while this transaction changes some of it.
    /// Those who change do not hold up one another.
    pub(crate) fn lock_places(&mut self, names: &BTreeSet<Name>) -> Out<()> {
        let new: BTreeSet<Name> = names.difference(&self.held).cloned().collect();
        let Some(first) = new.first() else { return Ok(()) };
        let late = self.held.last().is_some_and(|last| last > first);
        let all: Vec<&Name> = new.iter().collect();
        let sql = if late { PLACES_FREE } else { PLACES };
        self.hold(&all, sql).map_err(|trouble| self.out_of_order(trouble, late, &new))
    }

    /// What is to be taken first when it is tried again.
    fn out_of_order(&self, trouble: Trouble, late: bool, new: &BTreeSet<Name>) -> Trouble {
        match trouble {
            Trouble::Again(Again::Met) if late => {
                Trouble::Again(Again::Names(self.held.union(new).cloned().collect()))
            }
            other @ (Trouble::Again(_) | Trouble::Fault(_) | Trouble::Lost(_)) => other,
        }
    }

    fn hold(&mut self, names: &[&Name], sql: &'static str) -> Out<()> {
        let mut missing: BTreeSet<(i16, &str)> =
            names.iter().map(|name| (name.kind.number(), &*name.text)).collect();
        for _ in 0..ROUNDS {
            if missing.is_empty() {
                return Ok(());
            }
            let (kinds, texts): (Vec<i16>, Vec<&str>) = missing.iter().copied().unzip();
            let key = self.key;
            let names: Vec<Param<'_>> = vec![&key, &kinds, &texts];
            let mut answers = self.link.all(vec![(sql, names), (MICROS, Vec::new())])?.into_iter();
            let rows = answers.next().unwrap_or_default();
            if let Some(row) = answers.next().unwrap_or_default().first() {
                self.passed(row.get(0));
            }
            let found: BTreeSet<(i16, &str)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
            missing.retain(|name| !found.contains(name));
            if missing.is_empty() {
                return Ok(());
            }
            let (kinds, texts): (Vec<i16>, Vec<&str>) = missing.iter().copied().unzip();
            self.link.rows(NEW_NAMES, &[&self.key, &kinds, &texts])?;
        }
        Err(broken("a name that was made is not there"))
    }

    /// Locks the counts of refusals, and reads them: those that there were not yet begin at none.
    fn hold_refusals(&mut self, wanted: &[RefusedOf], late: bool) -> Out<()> {
        let sql = if late { REFUSALS_FREE } else { REFUSALS };
        for _ in 0..ROUNDS {
            let missing: Vec<&RefusedOf> =
                wanted.iter().filter(|of| !self.refused.contains_key(*of)).collect();
            if missing.is_empty() {
                return Ok(());
            }
            let (actors, codes): (Vec<&str>, Vec<&str>) =
                missing.iter().map(|of| (&*of.actor, of.code.as_str())).unzip();
            let key = self.key;
            let wanted: Vec<Param<'_>> = vec![&key, &actors, &codes];
            let mut answers = self.link.all(vec![(sql, wanted), (MICROS, Vec::new())])?.into_iter();
            let rows = answers.next().unwrap_or_default();
            if let Some(row) = answers.next().unwrap_or_default().first() {
                self.passed(row.get(0));
            }
            let new = missing.len() != rows.len();
            for row in &rows {
                self.take_refusal(row)?;
            }
            if new {
                self.link.rows(NEW_REFUSALS, &[&self.key, &actors, &codes])?;
            }
        }
        Err(broken("a count of refusals that was begun is not there"))
    }

    /// Takes note of a count, unless it was counted on in this transaction.
    pub(crate) fn take_refusal(&mut self, row: &Row) -> Out<()> {
        let code: &str = row.get(1);
        let code = Code::named(code).ok_or_else(|| broken(format!("`{code}` is no code of a refusal")))?;
        let of = RefusedOf { actor: row.get(0), code };
        let (minute, last) = (Timestamp::from_millis(row.get(2)), Timestamp::from_millis(row.get(4)));
        let times = count(row.get(3))?;
        let tally = (times > 0).then_some(Tally { minute, times, last });
        self.refused.entry(of).or_insert_with(|| Slot::found(tally));
        Ok(())
    }
}

/// Whose refusals a name stands for.
fn refused(name: &Name) -> Option<RefusedOf> {
    let (code, actor) = name.text.split_once(' ').filter(|_| name.kind == Kind::Refused)?;
    Some(RefusedOf { actor: actor.to_owned(), code: Code::named(code)? })
}
