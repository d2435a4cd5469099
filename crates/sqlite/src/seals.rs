//! The tree over the record: where it goes on, and its nodes.

use rusqlite::{Connection, OptionalExtension};
use tenure_core::record::tree::{Frontier, Hash, Node};
use tenure_store::Seal;

use crate::records::{self, place};
use crate::trouble::{Out, broken, count};

/// The bytes of a hash.
const LENGTH: usize = 32;
/// Nodes below this level are not kept: they are made again of at most four leaves.
const KEPT_FROM: usize = 3;

/// Where a record of that many goes on.
pub(crate) fn last(connection: &Connection, ns: i64, records: u64) -> Out<Seal> {
    let peaks: Vec<u8> = connection
        .prepare_cached("SELECT peaks FROM namespace WHERE key = ?")?
        .query_row([ns], |row| row.get(0))?;
    let frontier = unpacked(&peaks).and_then(|peaks| Frontier::new(records, peaks));
    Ok(Seal::after(frontier.ok_or_else(|| broken("the record's tree does not fit its records"))?))
}

/// What is kept of where it goes on.
pub(crate) fn peaks(seal: &Seal) -> Vec<u8> {
    packed(seal.frontier().peaks())
}

/// The hash of one node, which was sealed with the record that completes it.
pub(crate) fn node(connection: &Connection, ns: i64, node: Node) -> Out<Hash> {
    let level = usize::try_from(node.level).unwrap_or(usize::MAX);
    let found = match level.checked_sub(KEPT_FROM) {
        None => small(connection, ns, node)?,
        Some(above) => {
            let nodes: Option<(i64, Vec<u8>)> = connection
                .prepare_cached(
                    "SELECT position, nodes FROM record WHERE place >= ? AND place <= ? ORDER BY place LIMIT 1",
                )?
                .query_row((place(ns, node.position()), place(ns, u64::MAX)), |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            nodes.and_then(|(last, nodes)| of_sheet(&unpacked(&nodes)?, count(last).ok()?, node, above))
        }
    };
    found.ok_or_else(|| broken("a part of the record's tree is missing"))
}

/// The hash of a node over few leaves, made again of those.
fn small(connection: &Connection, ns: i64, node: Node) -> Out<Option<Hash>> {
    let count = 1_u64.wrapping_shl(node.level);
    let Some(before) = node.position().checked_sub(count) else { return Ok(None) };
    let mut tree = Frontier::default();
    for leaf in records::between(connection, ns, before, node.position())? {
        tree.append(leaf.hash());
    }
    Ok(tree.peaks().first().copied().filter(|_| tree.size() == count))
}

/// The hash of a node of those that stand beside a sheet, which ends at that position: they are those of its last record,
/// before them those of the one before, and so on.
fn of_sheet(nodes: &[Hash], last: u64, node: Node, above: usize) -> Option<Hash> {
    let later: usize = (node.position()..last).map(|before| kept_of(before.saturating_add(1))).sum();
    let end = nodes.len().checked_sub(later)?;
    let first = end.checked_sub(kept_of(node.position()))?;
    nodes.get(first..end)?.get(above).copied()
}

/// How many nodes are kept of those that the record at that position completes.
fn kept_of(position: u64) -> usize {
    let completed = usize::try_from(position.trailing_zeros()).unwrap_or(usize::MAX).saturating_add(1);
    completed.saturating_sub(KEPT_FROM)
}

/// What is kept of the nodes that a record completes.
pub(crate) fn kept(nodes: &[Hash]) -> Vec<u8> {
    packed(nodes.get(KEPT_FROM..).unwrap_or_default())
}

/// Hashes, one after the other.
fn packed(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

fn unpacked(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, []) = bytes.as_chunks::<LENGTH>() else { return None };
    Some(hashes.iter().copied().map(Hash::from_bytes).collect())
}
