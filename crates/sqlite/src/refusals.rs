//! How often who was refused with what.

use rusqlite::{Connection, OptionalExtension};
use tenure_core::limits::TALLIES_AT_ONCE_MAX;
use tenure_core::record::refused::{RefusedOf, Tally};
use tenure_core::refusal::Code;
use tenure_core::time::Timestamp;

use crate::trouble::{Out, broken, count, number};

pub(crate) fn of(connection: &Connection, ns: i64, of: &RefusedOf) -> Out<Option<Tally>> {
    let tally: Option<(i64, i64, i64)> = connection
        .prepare_cached("SELECT minute, times, last FROM refusal WHERE ns = ? AND actor = ? AND code = ?")?
        .query_row((ns, &of.actor, of.code.as_str()), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    tally.map(|(minute, times, last)| tally_of(minute, times, last)).transpose()
}

/// Those of minutes that began before that instant, the earliest first.
pub(crate) fn before(connection: &Connection, ns: i64, minute: Timestamp) -> Out<Vec<(RefusedOf, Tally)>> {
    let mut statement = connection.prepare_cached(
        "SELECT minute, actor, code, times, last FROM refusal INDEXED BY refusal_minute \
         WHERE ns = ? AND minute < ? ORDER BY minute, actor, code LIMIT ?",
    )?;
    let limit = i64::try_from(TALLIES_AT_ONCE_MAX).unwrap_or(i64::MAX);
    let mut rows = statement.query((ns, minute.millis(), limit))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (actor, code): (String, String) = (row.get(1)?, row.get(2)?);
        let code = Code::named(&code).ok_or_else(|| broken(format!("`{code}` is no code of a refusal")))?;
        found.push((RefusedOf { actor, code }, tally_of(row.get(0)?, row.get(3)?, row.get(4)?)?));
    }
    Ok(found)
}

/// Keeps how often that was so, or nothing of it any more.
pub(crate) fn write(connection: &Connection, ns: i64, of: &RefusedOf, tally: Option<Tally>) -> Out<()> {
    let (actor, code) = (&of.actor, of.code.as_str());
    match tally {
        None => connection
            .prepare_cached("DELETE FROM refusal WHERE ns = ? AND actor = ? AND code = ?")?
            .execute((ns, actor, code))?,
        Some(Tally { minute, times, last }) => connection
            .prepare_cached(
                "INSERT INTO refusal (ns, actor, code, minute, times, last) VALUES (?, ?, ?, ?, ?, ?) \
                 ON CONFLICT DO UPDATE SET minute = excluded.minute, times = excluded.times, last = excluded.last",
            )?
            .execute((ns, actor, code, minute.millis(), number(times), last.millis()))?,
    };
    Ok(())
}

fn tally_of(minute: i64, times: i64, last: i64) -> Out<Tally> {
    let (minute, last) = (Timestamp::from_millis(minute), Timestamp::from_millis(last));
    Ok(Tally { minute, times: count(times)?, last })
}
