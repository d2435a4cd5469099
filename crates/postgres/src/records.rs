//! The record: kept as the bytes that its tree is made of, and read again from those.

use std::sync::Arc;

use tenure_core::id::{GrantId, Namespace};
use tenure_core::lifecycle::revoke_all::RevokedAll;
use tenure_core::record::leaf::Leaf;
use tenure_core::record::tree::{Frontier, Hash, Node};
use tenure_core::record::{Entry, Record};
use tenure_store::Limit;
use tokio_postgres::Row;

use crate::link::Link;
use crate::stage::asked;
use crate::trouble::{Out, broken, count, number};

/// The bytes of a hash.
const LENGTH: usize = 32;

const AFTER: &str = "SELECT r.position, r.leaf, r.written FROM tenure.record r \
    WHERE r.ns = (SELECT n.key FROM tenure.namespace n WHERE n.name = $1) AND r.position > $2 ORDER BY r.position LIMIT $3";
const OF_GRANT: &str = "SELECT r.position, r.leaf, r.written FROM tenure.record r \
    WHERE r.ns = (SELECT n.key FROM tenure.namespace n WHERE n.name = $1) AND r.about = $2 AND r.position > $3 \
    ORDER BY r.position LIMIT $4";
const AT: &str = "SELECT position, leaf, written FROM tenure.record WHERE ns = $1 AND position = ANY($2)";
const SIZE: &str = "SELECT s.records FROM tenure.seal s WHERE s.ns = (SELECT n.key FROM tenure.namespace n WHERE n.name = $1)";
const NODES: &str = "SELECT r.position, r.nodes FROM tenure.record r \
    WHERE r.ns = (SELECT n.key FROM tenure.namespace n WHERE n.name = $1) AND r.position = ANY($2)";

/// Records after that position, in order.
pub(crate) fn after(link: &mut Link, ns: &Namespace, after: u64, limit: Limit) -> Out<Vec<Arc<Record>>> {
    let rows = asked(link, ns, AFTER, &[&ns.as_str(), &number(after), &bounded(limit)])?;
    rows.iter().map(|row| Ok(Arc::new(record(row, ns)?))).collect()
}

/// The same as they are kept.
pub(crate) fn leaves(link: &mut Link, ns: &Namespace, after: u64, limit: Limit) -> Out<Vec<Arc<Leaf>>> {
    let rows = asked(link, ns, AFTER, &[&ns.as_str(), &number(after), &bounded(limit)])?;
    rows.iter().map(|row| Ok(Arc::new(leaf(row)?))).collect()
}

/// Records of one grant after that position, in order.
pub(crate) fn of_grant(
    link: &mut Link,
    ns: &Namespace,
    grant: &GrantId,
    after: u64,
    limit: Limit,
) -> Out<Vec<Arc<Record>>> {
    let (name, grant) = (ns.as_str(), grant.as_str());
    let rows = asked(link, ns, OF_GRANT, &[&name, &grant, &number(after), &bounded(limit)])?;
    rows.iter().map(|row| Ok(Arc::new(record(row, ns)?))).collect()
}

/// The revocations of many at these positions.
pub(crate) fn revocations(
    link: &mut Link,
    ns: (i64, &Namespace),
    positions: &[i64],
) -> Out<Vec<(u64, Arc<RevokedAll>)>> {
    let rows = link.rows(AT, &[&ns.0, &positions])?;
    let read = |row: &Row| {
        let record = record(row, ns.1)?;
        match record.entry {
            Entry::Revoked(revoked) => Ok((record.position, revoked)),
            Entry::Event(_) | Entry::Refused(_) | Entry::MoreRefused(_) | Entry::Published(_) => {
                Err(broken(format!("record {} is no revocation", record.position)))
            }
        }
    };
    rows.iter().map(read).collect()
}

/// How many are numbered.
pub(crate) fn size(link: &mut Link, ns: &Namespace) -> Out<u64> {
    let rows = asked(link, ns, SIZE, &[&ns.as_str()])?;
    rows.first().map_or(Ok(0), |row| count(row.get(0)))
}

/// The hashes of nodes, which were sealed with the records that complete them.
pub(crate) fn nodes(link: &mut Link, ns: &Namespace, wanted: &[Node]) -> Out<Vec<Hash>> {
    let positions: Vec<i64> = wanted.iter().map(|node| number(node.position())).collect();
    let rows = asked(link, ns, NODES, &[&ns.as_str(), &positions])?;
    let mut found = std::collections::HashMap::new();
    for row in &rows {
        found.insert(row.get::<_, i64>(0), unpacked(row.get(1)));
    }
    let hash = |node: &Node| {
        let nodes = found.get(&number(node.position()))?.as_ref()?;
        nodes.get(usize::try_from(node.level).ok()?).copied()
    };
    let all: Option<Vec<Hash>> = wanted.iter().map(hash).collect();
    all.ok_or_else(|| broken("a part of the record's tree is missing"))
}

pub(crate) fn leaf(row: &Row) -> Out<Leaf> {
    let written: Option<&str> = row.get(2);
    let written = written.map(serde_json::from_str).transpose()?;
    Ok(Leaf { text: row.get(1), written })
}

/// The record that a row says, which must be of that place and namespace.
pub(crate) fn record(row: &Row, ns: &Namespace) -> Out<Record> {
    let position = count(row.get(0))?;
    let read = leaf(row)?.read().map_err(|why| broken(format!("record {position}: {why}")))?;
    if read.record.position != position || read.namespace != *ns {
        return Err(broken(format!("at {position} stands a record of another place")));
    }
    Ok(read.record)
}

/// Where a record of that many goes on.
pub(crate) fn frontier(records: i64, peaks: &[u8]) -> Out<Frontier> {
    let frontier = unpacked(peaks).and_then(|peaks| Frontier::new(u64::try_from(records).ok()?, peaks));
    frontier.ok_or_else(|| broken("the record's tree does not fit its records"))
}

/// Hashes, one after the other.
pub(crate) fn packed(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

fn unpacked(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, []) = bytes.as_chunks::<LENGTH>() else { return None };
    Some(hashes.iter().copied().map(Hash::from_bytes).collect())
}

fn bounded(limit: Limit) -> i64 {
    i64::try_from(limit.get()).unwrap_or(i64::MAX)
}
