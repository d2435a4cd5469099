//! The record: kept as the bytes that its tree is made of, and read again from those.
//!
//! A row is a sheet: what one decision put on record of one grant, line by line. Such lines are much alike, and
//! together they are packed to little more than one of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Connection, Params, Row};
use tenure_core::id::{GrantId, Namespace};
use tenure_core::lifecycle::revoke_all::RevokedAll;
use tenure_core::record::leaf::Leaf;
use tenure_core::record::written::Written;
use tenure_core::record::{Entry, Record};
use tenure_store::{Limit, Sealed};

use crate::packed::{pack, pack_text, unpack, unpack_text};
use crate::seals;
use crate::trouble::{Out, broken, count, number};
use crate::words::Names;

/// Positions of one namespace.
const POSITIONS: i64 = 1 << 40;
/// Lines of a sheet at most: whoever wants one of them reads so many.
pub(crate) const LINES_MAX: usize = 32;
/// Between lines, which have no such character.
const BREAK: char = '\n';

/// Namespace and position as one number, in whose order records stand.
pub(crate) fn place(ns: i64, position: u64) -> i64 {
    ns.saturating_mul(POSITIONS).saturating_add(number(position).min(POSITIONS.saturating_sub(1)))
}

/// Lines that follow each other and are about the same grant, as they are kept.
pub(crate) struct Sheet<'l> {
    /// Position and leaf of each.
    pub(crate) lines: Vec<(u64, &'l Leaf)>,
    /// The larger nodes that they complete.
    pub(crate) nodes: Vec<u8>,
}

impl<'l> Sheet<'l> {
    pub(crate) fn of(sealed: &'l [Sealed]) -> Self {
        Self {
            lines: sealed.iter().map(|sealed| (sealed.record.position, &sealed.leaf)).collect(),
            nodes: sealed.iter().flat_map(|sealed| seals::kept(&sealed.nodes)).collect(),
        }
    }

    /// Puts it on record. `about` is the key of the grant it is about, and `known` what is known of that.
    pub(crate) fn write(
        &self,
        connection: &Connection,
        ns: i64,
        about: Option<i64>,
        known: &[&str],
    ) -> Out<()> {
        let Some((last, _)) = self.lines.last() else { return Ok(()) };
        let mut text = String::with_capacity(self.lines.iter().map(|(_, leaf)| leaf.text.len() + 1).sum());
        for (n, (_, leaf)) in self.lines.iter().enumerate() {
            if n > 0 {
                text.push(BREAK);
            }
            text.push_str(&leaf.text);
        }
        let written = self.lines.iter().filter_map(|(at, leaf)| Some((*at, leaf.written.as_ref()?)));
        let written: BTreeMap<u64, &Written> = written.collect();
        let written = if written.is_empty() { None } else { Some(pack(&written, &[])?) };
        let sql = "INSERT INTO record (place, about, leaves, written, nodes) VALUES (?, ?, ?, ?, ?)";
        connection.prepare_cached(sql)?.execute((
            place(ns, *last),
            about,
            pack_text(&text, known)?,
            written,
            &self.nodes,
        ))?;
        Ok(())
    }
}

/// What of a row is read: its last position, the grant it is about, the lines, what people wrote of them.
const ROW: &str = "position, about, leaves, written";

/// The lines of a row, each with its position.
pub(crate) fn sheet(connection: &Connection, row: &Row<'_>) -> Out<Vec<(u64, Leaf)>> {
    let last = count(row.get(0)?)?;
    let about: Option<i64> = row.get(1)?;
    let names = about.map(|grant| Names::find(connection, grant)).transpose()?;
    let known = names.as_ref().map(Names::known);
    let known: &[&str] = known.as_ref().map_or(&[], |known| known);
    let text = unpack_text(row.get_ref(2)?.as_blob().map_err(|why| broken(why.to_string()))?, known)?;
    let written = row.get_ref(3)?.as_blob_or_null().map_err(|why| broken(why.to_string()))?;
    let written: Option<BTreeMap<u64, Written>> = written.map(|written| unpack(written, &[])).transpose()?;
    let mut written = written.unwrap_or_default();
    let lines: Vec<&str> = text.split(BREAK).collect();
    let before = u64::try_from(lines.len()).ok().and_then(|lines| last.checked_sub(lines));
    let before = before.ok_or_else(|| broken(format!("at {last} stand too many records")))?;
    let lines = lines.into_iter().zip(before.saturating_add(1)..);
    let lines = lines.map(|(line, at)| (at, Leaf { text: line.to_owned(), written: written.remove(&at) }));
    let lines = lines.collect();
    if written.is_empty() { Ok(lines) } else { Err(broken(format!("at {last} stands a text of no record"))) }
}

/// Lines after that position and up to the other one, in order, so many at most.
fn lines(
    connection: &Connection,
    ns: i64,
    (after, until): (u64, u64),
    limit: Limit,
) -> Out<Vec<(u64, Leaf)>> {
    let most = u64::try_from(LINES_MAX).unwrap_or(u64::MAX);
    let sql = format!("SELECT {ROW} FROM record WHERE place > ? AND place <= ? ORDER BY place");
    // A sheet that begins there ends behind it.
    let params = (place(ns, after), place(ns, until.saturating_add(most)));
    gathered(connection, &sql, params, (after, until), limit.get())
}

/// Lines of these rows after that position and up to the other one.
fn gathered(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    (after, until): (u64, u64),
    most: usize,
) -> Out<Vec<(u64, Leaf)>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while found.len() < most
        && let Some(row) = rows.next()?
    {
        let sheet = sheet(connection, row)?;
        let over = sheet.last().is_none_or(|(at, _)| *at >= until);
        found.extend(sheet.into_iter().filter(|(at, _)| after < *at && *at <= until));
        if over {
            break;
        }
    }
    found.truncate(most);
    Ok(found)
}

/// Records after that position, in order.
pub(crate) fn after(
    connection: &Connection,
    ns: (i64, &Namespace),
    after: u64,
    limit: Limit,
) -> Out<Vec<Arc<Record>>> {
    shared(lines(connection, ns.0, (after, u64::MAX), limit)?, ns.1)
}

/// The same as they are kept.
pub(crate) fn leaves(connection: &Connection, ns: i64, after: u64, limit: Limit) -> Out<Vec<Arc<Leaf>>> {
    let lines = lines(connection, ns, (after, u64::MAX), limit)?;
    Ok(lines.into_iter().map(|(_, leaf)| Arc::new(leaf)).collect())
}

/// Leaves after that position and up to the other one, which is near.
pub(crate) fn between(connection: &Connection, ns: i64, after: u64, until: u64) -> Out<Vec<Leaf>> {
    let lines = lines(connection, ns, (after, until), Limit::new(Limit::MAX))?;
    Ok(lines.into_iter().map(|(_, leaf)| leaf).collect())
}

/// Records of one grant after that position, in order.
pub(crate) fn of_grant(
    connection: &Connection,
    ns: (i64, &Namespace),
    grant: &GrantId,
    after: u64,
    limit: Limit,
) -> Out<Vec<Arc<Record>>> {
    let sql = "SELECT r.position, r.about, r.leaves, r.written FROM grants g \
               JOIN record r INDEXED BY record_about ON r.about = g.key \
               WHERE g.ns = ? AND g.id = ? AND r.place > ? ORDER BY r.place";
    let params = (ns.0, grant.as_str(), place(ns.0, after));
    shared(gathered(connection, sql, params, (after, u64::MAX), limit.get())?, ns.1)
}

/// Records about the grant with that key before that position, in order.
pub(crate) fn before(
    connection: &Connection,
    ns: (i64, &Namespace),
    grant: i64,
    position: u64,
) -> Out<Vec<Record>> {
    let sql = format!("SELECT {ROW} FROM record INDEXED BY record_about WHERE about = ? ORDER BY place");
    let lines = gathered(connection, &sql, [grant], (0, position.saturating_sub(1)), usize::MAX)?;
    lines.into_iter().map(|line| record(line, ns.1)).collect()
}

/// Forgets what people wrote of the record at that position.
pub(crate) fn forget(connection: &Connection, ns: i64, position: u64) -> Out<()> {
    let sql = "SELECT place, written FROM record WHERE place >= ? AND place <= ? ORDER BY place LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((place(ns, position), place(ns, u64::MAX)))?;
    let Some(row) = rows.next()? else { return Ok(()) };
    let at: i64 = row.get(0)?;
    let written = row.get_ref(1)?.as_blob_or_null().map_err(|why| broken(why.to_string()))?;
    let Some(written) = written else { return Ok(()) };
    let mut written: BTreeMap<u64, Written> = unpack(written, &[])?;
    drop(rows);
    if written.remove(&position).is_some() {
        let left = if written.is_empty() { None } else { Some(pack(&written, &[])?) };
        connection.prepare_cached("UPDATE record SET written = ? WHERE place = ?")?.execute((left, at))?;
    }
    Ok(())
}

/// The revocation of many at that position.
pub(crate) fn revocation(
    connection: &Connection,
    ns: (i64, &Namespace),
    position: u64,
) -> Out<Arc<RevokedAll>> {
    let found = lines(connection, ns.0, (position.saturating_sub(1), position), Limit::new(1))?.pop();
    match found.map(|line| record(line, ns.1)).transpose()?.map(|record| record.entry) {
        Some(Entry::Revoked(revoked)) => Ok(revoked),
        None | Some(Entry::Event(_) | Entry::Refused(_) | Entry::MoreRefused(_) | Entry::Published(_)) => {
            Err(broken(format!("record {position} is no revocation")))
        }
    }
}

/// The record that a line says, which must be of that place and namespace.
pub(crate) fn record((position, leaf): (u64, Leaf), ns: &Namespace) -> Out<Record> {
    let read = leaf.read().map_err(|why| broken(format!("record {position}: {why}")))?;
    if read.record.position != position || read.namespace != *ns {
        return Err(broken(format!("at {position} stands a record of another place")));
    }
    Ok(read.record)
}

fn shared(lines: Vec<(u64, Leaf)>, ns: &Namespace) -> Out<Vec<Arc<Record>>> {
    lines.into_iter().map(|line| Ok(Arc::new(record(line, ns)?))).collect()
}
