//! The texts of policies that were in force.

use tenure_core::time::Timestamp;
use tenure_store::policies::Document;

use crate::link::Link;
use crate::trouble::{Out, number};

const DOCUMENTS: &str = "SELECT number, at, revision, source FROM tenure.document \
    WHERE ns = $1 AND number > $2 AND number <= $3 ORDER BY number";

/// Those after a number, up to another one, in order.
pub(crate) fn between(link: &mut Link, ns: i64, after: u64, last: u64) -> Out<Vec<Document>> {
    let rows = link.rows(DOCUMENTS, &[&ns, &number(after), &number(last)])?;
    let document = |row: &tokio_postgres::Row| Document {
        number: row.get(0),
        at: Timestamp::from_millis(row.get(1)),
        revision: row.get(2),
        source: row.get(3),
    };
    Ok(rows.iter().map(document).collect())
}
