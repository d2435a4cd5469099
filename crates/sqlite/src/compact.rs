//! Grants of which only the record is left: their rows stay, and what they were is made of their events again.

use std::sync::Arc;

use rusqlite::Connection;
use tenure_core::grant::Grant;
use tenure_core::id::{GrantId, Namespace};
use tenure_core::machine::replay;
use tenure_core::query::compact::may_go;
use tenure_core::record::Entry;
use tenure_core::time::Timestamp;
use tenure_store::{Compacted, Limit};

use crate::records;
use crate::states::{self, States};
use crate::trouble::{Out, broken};

/// The grant whose row has that key: what its state says, or its record, where that is all that is left of it.
pub(crate) fn grant(
    connection: &Connection,
    states: &States,
    ns: (i64, &Namespace),
    key: i64,
    state: &[u8],
) -> Out<Arc<Grant>> {
    if state.is_empty() {
        Ok(Arc::new(replayed(connection, ns, key, u64::MAX)?))
    } else {
        states.read(connection, key, state)
    }
}

/// What the record says of the grant with that key before that position.
pub(crate) fn replayed(connection: &Connection, ns: (i64, &Namespace), key: i64, before: u64) -> Out<Grant> {
    let mut events = Vec::new();
    for record in records::before(connection, ns, key, before)? {
        if let Entry::Event(event) = record.entry {
            events.push(event);
        }
    }
    replay(events).map_err(|illegal| broken(format!("what its record says of a grant cannot be: {illegal}")))
}

/// Lets go of the states of grants that are over. None goes that its record does not say.
pub(crate) fn run(
    connection: &Connection,
    ns: (i64, &Namespace),
    before: Timestamp,
    after: Option<&GrantId>,
    limit: Limit,
) -> Out<Compacted> {
    // Whether it is open is asked of the row, which doubts nothing: of most there is no state to be read.
    let mut statement = connection.prepare_cached(
        "SELECT key, id, CASE WHEN unsettled = 0 AND changed < ? THEN state END FROM grants INDEXED BY grants_id \
         WHERE ns = ? AND id > ? ORDER BY id LIMIT ?",
    )?;
    let most = i64::try_from(limit.get()).unwrap_or(i64::MAX);
    let mut rows = statement.query((before.millis(), ns.0, after.map_or("", GrantId::as_str), most))?;
    let (mut looked_at, mut going, mut last) = (0_usize, Vec::new(), None);
    while let Some(row) = rows.next()? {
        looked_at = looked_at.saturating_add(1);
        let (key, id): (i64, String) = (row.get(0)?, row.get(1)?);
        let state = row.get_ref(2)?.as_blob_or_null().map_err(|why| broken(why.to_string()))?;
        if let Some(state) = state.filter(|state| !state.is_empty()) {
            let grant = states::unpacked(connection, key, state)?;
            if grant.id().as_str() != id || replayed(connection, ns, key, u64::MAX)? != grant {
                return Err(broken(format!("grant `{id}`: what is stored is not what its events lead to")));
            }
            going.extend(may_go(&grant, before).then_some(key));
        }
        last = Some(id);
    }
    for key in &going {
        connection.prepare_cached("UPDATE grants SET state = x'' WHERE key = ?")?.execute([key])?;
    }
    let next = last.filter(|_| looked_at == limit.get()).map(GrantId::new).transpose();
    let next = next.map_err(|why| broken(why.to_string()))?;
    Ok(Compacted { compacted: u64::try_from(going.len()).unwrap_or(u64::MAX), next })
}
