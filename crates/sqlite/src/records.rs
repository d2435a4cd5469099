//! The record: kept as the bytes that its tree is made of, and read again from those.

use std::sync::Arc;

use rusqlite::{Connection, Params, Row};
use tenure_core::id::{GrantId, Namespace};
use tenure_core::lifecycle::revoke_all::RevokedAll;
use tenure_core::record::leaf::Leaf;
use tenure_core::record::{Entry, Record};
use tenure_store::{Limit, Sealed};

use crate::packed::{pack, pack_text, unpack, unpack_text};
use crate::seals;
use crate::trouble::{Out, broken, count, number};

/// Positions of one namespace.
const POSITIONS: i64 = 1 << 40;

/// Namespace and position as one number, in whose order records stand.
pub(crate) fn place(ns: i64, position: u64) -> i64 {
    ns.saturating_mul(POSITIONS).saturating_add(number(position).min(POSITIONS.saturating_sub(1)))
}

/// Puts one line on record. `about` is the key of the grant it is about.
pub(crate) fn write(connection: &Connection, ns: i64, about: Option<i64>, sealed: &Sealed) -> Out<()> {
    let Sealed { record, leaf, nodes } = sealed;
    let sql = "INSERT INTO record (place, about, leaf, written, nodes) VALUES (?, ?, ?, ?, ?)";
    connection.prepare_cached(sql)?.execute((
        place(ns, record.position),
        about,
        pack_text(&leaf.text)?,
        leaf.written.as_ref().map(pack).transpose()?,
        seals::kept(nodes),
    ))?;
    Ok(())
}

/// Records between two places, in order.
const AFTER: &str =
    "SELECT position, leaf, written FROM record WHERE place > ? AND place <= ? ORDER BY place LIMIT ?";

/// Records after that position, in order.
pub(crate) fn after(
    connection: &Connection,
    ns: (i64, &Namespace),
    after: u64,
    limit: Limit,
) -> Out<Vec<Arc<Record>>> {
    let span = (place(ns.0, after), place(ns.0, u64::MAX), bounded(limit));
    found(connection, AFTER, span, |row| Ok(Arc::new(record(row, ns.1)?)))
}

/// The same as they are kept.
pub(crate) fn leaves(connection: &Connection, ns: i64, after: u64, limit: Limit) -> Out<Vec<Arc<Leaf>>> {
    let span = (place(ns, after), place(ns, u64::MAX), bounded(limit));
    found(connection, AFTER, span, |row| Ok(Arc::new(leaf(row)?)))
}

/// Leaves after that position and up to the other one.
pub(crate) fn between(connection: &Connection, ns: i64, after: u64, until: u64) -> Out<Vec<Leaf>> {
    found(connection, AFTER, (place(ns, after), place(ns, until), -1), leaf)
}

/// Records of one grant after that position, in order.
pub(crate) fn of_grant(
    connection: &Connection,
    ns: (i64, &Namespace),
    grant: &GrantId,
    after: u64,
    limit: Limit,
) -> Out<Vec<Arc<Record>>> {
    let sql = "SELECT r.position, r.leaf, r.written FROM grants g \
               JOIN record r INDEXED BY record_about ON r.about = g.key \
               WHERE g.ns = ? AND g.id = ? AND r.place > ? ORDER BY r.place LIMIT ?";
    let params = (ns.0, grant.as_str(), place(ns.0, after), bounded(limit));
    found(connection, sql, params, |row| Ok(Arc::new(record(row, ns.1)?)))
}

/// Records about the grant with that key before that position, in order.
pub(crate) fn before(
    connection: &Connection,
    ns: (i64, &Namespace),
    grant: i64,
    position: u64,
) -> Out<Vec<Record>> {
    let sql = "SELECT position, leaf, written FROM record INDEXED BY record_about \
               WHERE about = ? AND place < ? ORDER BY place";
    found(connection, sql, (grant, place(ns.0, position)), |row| record(row, ns.1))
}

/// Forgets what people wrote of the record at that position.
pub(crate) fn forget(connection: &Connection, ns: i64, position: u64) -> Out<()> {
    connection
        .prepare_cached("UPDATE record SET written = NULL WHERE place = ? AND written IS NOT NULL")?
        .execute([place(ns, position)])?;
    Ok(())
}

/// The revocation of many at that position.
pub(crate) fn revocation(
    connection: &Connection,
    ns: (i64, &Namespace),
    position: u64,
) -> Out<Arc<RevokedAll>> {
    let sql = "SELECT position, leaf, written FROM record WHERE place = ?";
    let found = found(connection, sql, [place(ns.0, position)], |row| record(row, ns.1))?.pop();
    match found.map(|record| record.entry) {
        Some(Entry::Revoked(revoked)) => Ok(revoked),
        None | Some(Entry::Event(_) | Entry::Refused(_) | Entry::MoreRefused(_) | Entry::Published(_)) => {
            Err(broken(format!("record {position} is no revocation")))
        }
    }
}

fn found<A>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Out<A>,
) -> Out<Vec<A>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

pub(crate) fn leaf(row: &Row<'_>) -> Out<Leaf> {
    let text = unpack_text(row.get_ref(1)?.as_blob().map_err(|why| broken(why.to_string()))?)?;
    let written = row.get_ref(2)?.as_blob_or_null().map_err(|why| broken(why.to_string()))?;
    Ok(Leaf { text, written: written.map(unpack).transpose()? })
}

/// The record that a row says, which must be of that place and namespace.
pub(crate) fn record(row: &Row<'_>, ns: &Namespace) -> Out<Record> {
    let position = count(row.get(0)?)?;
    let read = leaf(row)?.read().map_err(|why| broken(format!("record {position}: {why}")))?;
    if read.record.position != position || read.namespace != *ns {
        return Err(broken(format!("at {position} stands a record of another place")));
    }
    Ok(read.record)
}

fn bounded(limit: Limit) -> i64 {
    i64::try_from(limit.get()).unwrap_or(i64::MAX)
}
