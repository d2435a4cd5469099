//! Grants of which only the record is left: their rows stay, and what they were is made of their events again.

use std::collections::HashMap;

use tenure_core::grant::Grant;
use tenure_core::id::{GrantId, Namespace};
use tenure_core::machine::replay;
use tenure_core::query::compact::may_go;
use tenure_core::record::Entry;
use tenure_core::time::Timestamp;
use tenure_store::{Compacted, Limit};

use crate::desk::Desk;
use crate::flush::PATIENT;
use crate::link::{Link, Param};
use crate::load::id;
use crate::parked;
use crate::records;
use crate::trouble::{Out, Trouble, broken};

/// Grants whose records are in memory at once.
const AT_ONCE: usize = 100;

const BEGUN: &str = "SELECT 1 FROM tenure.namespace WHERE name = $1";
const RECORDS: &str = "SELECT position, leaf, written, about FROM tenure.record WHERE ns = $1 AND about = ANY($2) \
    ORDER BY position";
/// Whether it is open is asked of the row, which doubts nothing: of most there is no state to be read.
const NEXT: &str = "SELECT id, CASE WHEN NOT unsettled AND changed < $3 AND state <> '' THEN state END, ordered \
    FROM tenure.grants WHERE ns = $1 AND id > $2 ORDER BY id LIMIT $4";
/// Nothing goes of what somebody has written since it was looked at: a worker who was silent may speak late.
const GONE: &str = "UPDATE tenure.grants g SET state = '' FROM unnest($2::text[], $3::bigint[]) w (id, ordered) \
    WHERE g.ns = $1 AND g.id = w.id AND g.ordered = w.ordered RETURNING 1";

/// Whether anything was ever written in the namespace: else there is nothing to let go of, and none is begun.
pub(crate) fn is_begun(link: &mut Link, ns: &Namespace) -> Out<bool> {
    Ok(!link.rows(BEGUN, &[&ns.as_str()])?.is_empty())
}

/// The grant of that id: what its state says, or its record, where that is all that is left of it.
pub(crate) fn grant(id: &str, state: &str, replayed: &HashMap<String, Grant>) -> Out<Grant> {
    let grant: Grant = if state.is_empty() {
        let replayed = replayed.get(id).cloned();
        replayed.ok_or_else(|| broken(format!("grant `{id}`: nothing is left of it")))?
    } else {
        serde_json::from_str(state).map_err(|why| broken(format!("grant `{id}` cannot be read: {why}")))?
    };
    if grant.id().as_str() != id {
        return Err(broken(format!("grant `{id}` stands in the place of another")));
    }
    Ok(grant)
}

/// What the record says of these grants. All of it is sealed where a grant was compacted.
pub(crate) fn replayed(
    link: &mut Link,
    (key, ns): (i64, &Namespace),
    ids: &[&str],
) -> Out<HashMap<String, Grant>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut events: HashMap<String, Vec<_>> = ids.iter().map(|id| ((*id).to_owned(), Vec::new())).collect();
    for row in link.rows(RECORDS, &[&key, &ids])? {
        if let (Entry::Event(event), Some(of)) =
            (records::record(&row, ns)?.entry, events.get_mut(row.get::<_, &str>(3)))
        {
            of.push(event);
        }
    }
    let replayed = |(id, events)| match replay(events) {
        Ok(grant) => Ok((id, grant)),
        Err(illegal) => Err(broken(format!("grant `{id}`: what its record says cannot be: {illegal}"))),
    };
    events.into_iter().map(replayed).collect()
}

impl Desk<'_> {
    /// Lets go of the states of grants that are over. None goes that its record does not say.
    pub(crate) fn compact(
        &mut self,
        before: Timestamp,
        (after, limit): (Option<&GrantId>, Limit),
    ) -> Out<Compacted> {
        let ns = (self.key, self.ns);
        // Whoever else compacts at this moment waits here: each grant is counted once.
        let mut seal = self.end_of_record()?;
        let after = after.map_or("", GrantId::as_str);
        let most = i64::try_from(limit.get()).unwrap_or(i64::MAX);
        let rows = self.link.rows(NEXT, &[&self.key, &after, &before.millis(), &most])?;
        // What led to these states was committed before they were read.
        self.seal_what_waits(&mut seal)?;
        let kept =
            rows.iter().filter_map(|row| Some((row.get(0), row.get::<_, Option<&str>>(1)?, row.get(2))));
        // The record does not say all of those of which lines were set aside.
        let aside = parked::aside(self.link, self.key)?;
        let kept: Vec<(&str, &str, i64)> = kept.filter(|(id, ..)| !aside.contains(*id)).collect();
        let (mut going, mut versions): (Vec<&str>, Vec<i64>) = (Vec::new(), Vec::new());
        for some in kept.chunks(AT_ONCE) {
            let ids: Vec<&str> = some.iter().map(|(id, ..)| *id).collect();
            let replayed = replayed(self.link, ns, &ids)?;
            for (id, state, ordered) in some {
                let grant = grant(id, state, &replayed)?;
                if replayed.get(*id) != Some(&grant) {
                    return Err(broken(format!(
                        "grant `{id}`: what is stored is not what its events lead to"
                    )));
                }
                if may_go(&grant, before) {
                    going.push(id);
                    versions.push(*ordered);
                }
            }
        }
        let going: Vec<Param<'_>> = vec![&self.key, &going, &versions];
        let asks = vec![(GONE, going), (PATIENT, Vec::new())];
        let gone = self.link.before(asks, "COMMIT").map_err(Trouble::at_commit)?.into_iter().next();
        let gone = gone.map_or(0, |rows| rows.len());
        let next = rows.last().filter(|_| rows.len() == limit.get()).map(|row| id::<GrantId>(row.get(0)));
        Ok(Compacted { compacted: u64::try_from(gone).unwrap_or(u64::MAX), next: next.transpose()? })
    }
}
