//! The texts of policies that were in force.

use rusqlite::Connection;
use tenure_core::time::Timestamp;
use tenure_store::policies::Document;

use crate::trouble::{Out, number};

/// Those after a number, up to another one, in order.
pub(crate) fn between(connection: &Connection, ns: i64, after: u64, last: u64) -> Out<Vec<Document>> {
    let mut texts = connection.prepare_cached(
        "SELECT number, at, revision, source FROM document WHERE ns = ? AND number > ? AND number <= ? ORDER BY number",
    )?;
    let documents = texts.query_map((ns, number(after), number(last)), |row| {
        Ok(Document {
            number: row.get(0)?,
            at: Timestamp::from_millis(row.get(1)?),
            revision: row.get(2)?,
            source: row.get(3)?,
        })
    })?;
    Ok(documents.collect::<Result<_, _>>()?)
}
