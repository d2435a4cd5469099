//! Erasing what people wrote of a grant: beside its records, and in what its commands answered.

use rusqlite::{Connection, OptionalExtension};
use tenure_core::id::{CommandId, Namespace};

use crate::trouble::{Out, count, number};
use crate::{receipts, records};

/// Erases what stands before that position of the grant with that key.
pub(crate) fn before(connection: &Connection, ns: (i64, &Namespace), grant: i64, position: u64) -> Out<()> {
    for record in records::before(connection, ns, grant, position)? {
        records::forget(connection, ns.0, record.position)?;
        let Some(command) = record.command() else { continue };
        if let Some(grant) = record.entry.grant() {
            receipts::erase(connection, ns, command, grant)?;
        }
        // Of a revocation of many the reason goes too, unless it still has to close others.
        if let Some(all) = revocation(connection, ns.0, command)?
            && !closes(connection, ns.0, all)?
        {
            records::forget(connection, ns.0, all)?;
        }
    }
    Ok(())
}

/// Where the revocation of many stands that this command was.
fn revocation(connection: &Connection, ns: i64, command: &CommandId) -> Out<Option<u64>> {
    let position: Option<i64> = connection
        .prepare_cached("SELECT position FROM revocation WHERE ns = ? AND command = ?")?
        .query_row((ns, command.as_str()), |row| row.get(0))
        .optional()?;
    position.map(count).transpose()
}

/// Whether the revocation at that position still has to close a grant.
fn closes(connection: &Connection, ns: i64, position: u64) -> Out<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM grants WHERE ns = ? AND reached = ?)")?
        .query_row((ns, number(position)), |row| row.get(0))?)
}
