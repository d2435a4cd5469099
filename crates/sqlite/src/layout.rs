//! The layout of a file, and how a file of the one before is brought up to date: in one transaction, so that whoever is
//! ended half-way leaves it as it was.

use std::collections::HashMap;

use rusqlite::{Connection, Row};
use tenure_core::grant::Grant;
use tenure_core::record::leaf::Leaf;
use tenure_core::record::written::Written;

use crate::packed::{pack, unpack, unpack_text};
use crate::records::{self, LINES_MAX, Sheet};
use crate::trouble::{Out, count};
use crate::words::{self, Kind, Names};

/// The version of the layout. A file of a later one is left alone; format 1 was never released.
pub(crate) const FORMAT: u32 = 3;
/// The one before, which kept each record in a row of its own.
pub(crate) const BEFORE: u32 = 2;

/// Makes what is not there.
pub(crate) fn make(connection: &Connection) -> Out<()> {
    connection.execute_batch(include_str!("schema.sql"))?;
    connection.pragma_update(None, "user_version", FORMAT)?;
    Ok(())
}

/// Brings a file of the layout before up to date. What of it cannot be read stays as it is, and cannot be read.
pub(crate) fn bring_up_to_date(connection: &Connection) -> Out<()> {
    for table in ["grants", "record"] {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL";
        let mut indexes = connection.prepare(sql)?;
        let indexes: Vec<String> = indexes.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for index in indexes {
            connection.execute_batch(&format!("DROP INDEX \"{index}\""))?;
        }
        connection.execute_batch(&format!("ALTER TABLE {table} RENAME TO {table}_before"))?;
    }
    // By which grants that were compacted are found there.
    connection.execute_batch("CREATE INDEX record_before_about ON record_before (about)")?;
    make(connection)?;
    grants(connection)?;
    record(connection)?;
    connection.execute_batch("DROP TABLE grants_before; DROP TABLE record_before")?;
    Ok(())
}

fn grants(connection: &Connection) -> Out<()> {
    let mut statement = connection.prepare("SELECT key, ns, state FROM grants_before ORDER BY key")?;
    let mut rows = statement.query([])?;
    let mut revisions: HashMap<(i64, String), i64> = HashMap::new();
    while let Some(row) = rows.next()? {
        let (key, ns, kept): (i64, i64, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let grant: Option<Grant> = unpack(&kept, &[]).ok();
        let state = match &grant {
            Some(grant) => pack(grant, &words::known(grant))?,
            None => kept,
        };
        let revision = match &grant {
            Some(grant) => Some(grant.origin.revision.to_string()),
            None => asked_under(connection, key)?,
        };
        let revision = match revision {
            Some(text) => match revisions.get(&(ns, text.clone())) {
                Some(word) => *word,
                None => {
                    let word = words::make(connection, ns, Kind::Revision, &text)?;
                    revisions.insert((ns, text), word);
                    word
                }
            },
            // No name has that key.
            None => 0,
        };
        let sql = "INSERT INTO grants (key, ns, id, holder, requester, flow, revision, changed, open, awaiting, \
                   unsettled, reached, mark, state) SELECT key, ns, id, holder, requester, flow, ?, changed, open, \
                   awaiting, unsettled, reached, mark, ? FROM grants_before WHERE key = ?";
        connection.prepare_cached(sql)?.execute((revision, state, key))?;
    }
    Ok(())
}

/// The revision that a grant was asked under, by its record: of what was compacted there is nothing else.
fn asked_under(connection: &Connection, grant: i64) -> Out<Option<String>> {
    let sql = "SELECT leaf FROM record_before WHERE about = ? ORDER BY place";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([grant])?;
    while let Some(row) = rows.next()? {
        let leaf: Vec<u8> = row.get(0)?;
        let read = unpack_text(&leaf, &[]).ok().and_then(|text| Leaf { text, written: None }.read().ok());
        if let Some(about) = read.and_then(|read| read.about) {
            return Ok(Some(about.revision.to_string()));
        }
    }
    Ok(None)
}

/// A row of the record as it was kept.
struct Line {
    ns: i64,
    position: u64,
    about: Option<i64>,
    leaf: Leaf,
    nodes: Vec<u8>,
}

fn record(connection: &Connection) -> Out<()> {
    let sql = "SELECT ns, position, about, leaf, written, nodes FROM record_before ORDER BY place";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut lines: Vec<Line> = Vec::new();
    while let Some(row) = rows.next()? {
        let line = line(row)?;
        let goes_on = match (&line, lines.last()) {
            (Some(line), Some(last)) => {
                (line.ns, line.about) == (last.ns, last.about)
                    && line.position == last.position.saturating_add(1)
                    && lines.len() < LINES_MAX
            }
            (None, _) | (_, None) => false,
        };
        if !goes_on {
            keep(connection, &mut lines)?;
        }
        match line {
            Some(line) => lines.push(line),
            None => {
                let sql = "INSERT INTO record (place, about, leaves, written, nodes) VALUES (?, ?, ?, ?, ?)";
                let place = records::place(row.get(0)?, count(row.get(1)?)?);
                let (about, leaf, written): (Option<i64>, Vec<u8>, Option<Vec<u8>>) =
                    (row.get(2)?, row.get(3)?, row.get(4)?);
                let nodes: Vec<u8> = row.get(5)?;
                connection.prepare_cached(sql)?.execute((place, about, leaf, written, nodes))?;
            }
        }
    }
    keep(connection, &mut lines)
}

/// A row of before; nothing where it cannot be read.
fn line(row: &Row<'_>) -> Out<Option<Line>> {
    let leaf: Vec<u8> = row.get(3)?;
    let written: Option<Vec<u8>> = row.get(4)?;
    let written: Option<Option<Written>> = match written {
        None => Some(None),
        Some(written) => unpack(&written, &[]).ok().map(Some),
    };
    let Some((text, written)) = unpack_text(&leaf, &[]).ok().zip(written) else { return Ok(None) };
    Ok(Some(Line {
        ns: row.get(0)?,
        position: count(row.get(1)?)?,
        about: row.get(2)?,
        leaf: Leaf { text, written },
        nodes: row.get(5)?,
    }))
}

fn keep(connection: &Connection, lines: &mut Vec<Line>) -> Out<()> {
    let Some(first) = lines.first() else { return Ok(()) };
    // Where nothing is known of the grant any more, nobody will be able to read it, and is told so.
    let names = first.about.and_then(|grant| Names::find(connection, grant).ok());
    let known = names.as_ref().map(Names::known);
    let sheet = Sheet {
        lines: lines.iter().map(|line| (line.position, &line.leaf)).collect(),
        nodes: lines.iter().flat_map(|line| line.nodes.clone()).collect(),
    };
    sheet.write(connection, first.ns, first.about, known.as_ref().map_or(&[], |known| known))?;
    lines.clear();
    Ok(())
}
