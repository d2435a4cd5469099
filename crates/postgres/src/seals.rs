//! Sealing: what was committed gets its place in the record, by whoever comes by.
//!
//! No command waits for it. A transaction puts down what it records without a position, with its own place in time; what
//! of that is committed and visible is numbered in that order, after everything that is numbered already. So a slow
//! transaction comes later, and never before what was sealed. Two transactions that touch the same grant are never
//! swapped: the later one began to read after the earlier one had ended, and its place in time says so.

use tenure_core::id::Namespace;
use tenure_core::time::Timestamp;
use tenure_store::{Seal, Sealed};

use crate::bulk::Bulk;
use crate::desk::Desk;
use crate::link::{Ask, Link};
use crate::parked::{self, Line, Parked};
use crate::records::{frontier, packed};
use crate::stage::Stage;
use crate::trouble::{Out, broken, number};

/// Lines that are taken up in one transaction.
pub(crate) const AT_ONCE: i64 = 1_000;
/// The same as they are counted.
const ALL: u64 = AT_ONCE.unsigned_abs();

const WAITING: &str = "SELECT EXISTS (SELECT 1 FROM tenure.pending p WHERE p.ns = (SELECT n.key FROM tenure.namespace n WHERE n.name = $1)) \
    OR EXISTS (SELECT 1 FROM tenure.parked p WHERE p.ns = (SELECT n.key FROM tenure.namespace n WHERE n.name = $1))";
/// Whoever seals goes on while others write, and not while somebody stands alone.
const HERE: &str = "SELECT stage FROM tenure.namespace WHERE name = $1 FOR KEY SHARE";
const END: &str = "SELECT s.ns, s.records, s.peaks FROM tenure.seal s \
    WHERE s.ns = (SELECT n.key FROM tenure.namespace n WHERE n.name = $1) FOR UPDATE";
const BEGIN: &str = "INSERT INTO tenure.seal (ns, records, latest, peaks) \
    SELECT key, 0, $2, '' FROM tenure.namespace WHERE name = $1 ON CONFLICT DO NOTHING";
const PENDING: &str = "SELECT ordered, tx, number, happened, draft, salt, about FROM tenure.pending WHERE ns = $1 \
    ORDER BY ordered, tx, number LIMIT $2";
const NO_LONGER: &str = "DELETE FROM tenure.pending p USING unnest($2::bigint[], $3::text[], $4::integer[]) \
    w (ordered, tx, number) WHERE p.ns = $1 AND p.ordered = w.ordered AND p.tx = w.tx AND p.number = w.number";
const RECORDS: &str = "INSERT INTO tenure.record (ns, position, about, leaf, written, nodes) \
    SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::bytea[])";
const END_MOVED: &str =
    "UPDATE tenure.seal SET records = $2, peaks = $3, latest = greatest(latest, $4) WHERE ns = $1";

/// What was taken up in one transaction.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    /// Lines that waited.
    waited: u64,
    /// Records that came of them, and of what was set aside before.
    sealed: u64,
}

/// Seals all that was committed before this, and says how many records that were.
pub(crate) fn seal(link: &mut Link, ns: &Namespace) -> Out<u64> {
    let mut sealed = 0_u64;
    if !link.rows(WAITING, &[&ns.as_str()])?.first().is_some_and(|row| row.get(0)) {
        return Ok(sealed);
    }
    loop {
        let some = link.plain("BEGIN").and_then(|()| some(link, ns));
        match some {
            Ok(taken) => {
                link.plain("COMMIT")?;
                sealed = sealed.saturating_add(taken.sealed);
                // What others commit meanwhile is theirs to seal: whoever waited for that would wait as long as they write.
                if taken.waited < ALL {
                    return Ok(sealed);
                }
            }
            Err(trouble) => {
                link.plain("ROLLBACK")?;
                return Err(trouble);
            }
        }
    }
}

/// Seals all that waits where nobody else writes in the namespace.
pub(crate) fn all(link: &mut Link, ns: (i64, &Namespace)) -> Out<()> {
    if let Some((_, mut seal)) = end(link, ns.1)? {
        while next(link, ns, &mut seal)?.waited == ALL {}
    }
    Ok(())
}

fn some(link: &mut Link, ns: &Namespace) -> Out<Taken> {
    let stands = link.rows(HERE, &[&ns.as_str()])?;
    let stage = stands.first().map(|row| Stage::read(row.get(0))).transpose()?;
    if stage != Some(Stage::InForce) {
        // Before it leaves, everything was sealed.
        return Ok(Taken::default());
    }
    let Some((key, mut seal)) = end(link, ns)? else { return Ok(Taken::default()) };
    next(link, (key, ns), &mut seal)
}

/// The end of the record, held until the transaction is over.
fn end(link: &mut Link, ns: &Namespace) -> Out<Option<(i64, Seal)>> {
    let mut rows = link.rows(END, &[&ns.as_str()])?;
    if rows.is_empty() {
        // Nobody has sealed anything in the namespace yet.
        link.rows(BEGIN, &[&ns.as_str(), &Timestamp::MIN.millis()])?;
        rows = link.rows(END, &[&ns.as_str()])?;
    }
    let end = |row: &tokio_postgres::Row| Ok((row.get(0), Seal::after(frontier(row.get(1), row.get(2))?)));
    rows.first().map(end).transpose()
}

/// Seals the next of what waits. What cannot be read is set aside, and keeps nothing else from its place.
fn next(link: &mut Link, (key, ns): (i64, &Namespace), seal: &mut Seal) -> Out<Taken> {
    let mut sealed = Vec::new();
    let mut parked = Parked::read(link, key)?;
    let mut latest = parked.again(ns, seal, &mut sealed);
    let rows = link.rows(PENDING, &[&key, &AT_ONCE])?;
    let (mut ordered, mut txs, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    for row in &rows {
        let line = Line::read(row);
        ordered.push(line.ordered);
        txs.push(line.tx.clone());
        numbers.push(line.number);
        latest = latest.max(line.happened);
        sealed.extend(parked.or_sealed(ns, seal, line));
    }
    let taken = Taken {
        waited: u64::try_from(rows.len()).unwrap_or(u64::MAX),
        sealed: u64::try_from(sealed.len()).unwrap_or(u64::MAX),
    };
    let gone = Bulk::new(NO_LONGER, key).column(ordered).column(txs).column(numbers);
    let kept = records(key, &sealed)?;
    let moved = moved(key, seal, latest);
    let aside = parked.bulks(key);
    let bulks = [&gone, &kept].into_iter().chain(&aside).chain([&moved]);
    let asks: Vec<Ask<'_>> = bulks.filter_map(Bulk::ask).collect();
    if taken.waited > 0 || taken.sealed > 0 {
        link.all(asks)?;
    }
    Ok(taken)
}

/// Writes records that were sealed.
pub(crate) fn records(key: i64, sealed: &[Sealed]) -> Out<Bulk> {
    let written =
        sealed.iter().map(|sealed| sealed.leaf.written.as_ref().map(serde_json::to_string).transpose());
    let written = written.collect::<Result<Vec<Option<String>>, _>>()?;
    Ok(Bulk::new(RECORDS, key)
        .column(sealed.iter().map(|sealed| number(sealed.record.position)))
        .column(sealed.iter().map(|sealed| sealed.record.entry.grant().map(|id| id.as_str().to_owned())))
        .column(sealed.iter().map(|sealed| sealed.leaf.text.clone()))
        .column(written)
        .column(sealed.iter().map(|sealed| packed(&sealed.nodes))))
}

/// Writes down where the record ends.
pub(crate) fn moved(key: i64, seal: &Seal, latest: Option<i64>) -> Bulk {
    Bulk::one(END_MOVED, key)
        .value(number(seal.frontier().size()))
        .value(packed(seal.frontier().peaks()))
        .value(latest)
}

impl Desk<'_> {
    /// Seals everything that waits, and goes on from there: nobody else writes in the namespace now.
    pub(crate) fn take_seal(&mut self) -> Out<()> {
        let mut seal = self.end_of_record()?;
        self.seal_what_waits(&mut seal)?;
        self.aside = parked::aside(self.link, self.key)?;
        self.written.seal = Some(seal);
        Ok(())
    }

    /// The end of the record: nobody else seals until this is over.
    pub(crate) fn end_of_record(&mut self) -> Out<Seal> {
        end(self.link, self.ns)?.map(|(_, seal)| seal).ok_or_else(|| broken("the namespace has no record"))
    }

    /// Seals everything that was committed before this.
    pub(crate) fn seal_what_waits(&mut self, seal: &mut Seal) -> Out<()> {
        while next(self.link, (self.key, self.ns), seal)?.waited == ALL {}
        Ok(())
    }
}
