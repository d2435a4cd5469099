//! The tree over the record: where it goes on, and its nodes.

use rusqlite::{Connection, OptionalExtension};
use tenure_core::record::tree::{Frontier, Hash, Node};
use tenure_store::Seal;

use crate::records::{self, place};
use crate::trouble::{Out, broken};

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

/// Keeps where it goes on.
pub(crate) fn keep(connection: &Connection, ns: i64, seal: &Seal) -> Out<()> {
    connection
        .prepare_cached("UPDATE namespace SET peaks = ? WHERE key = ?")?
        .execute((packed(seal.frontier().peaks()), ns))?;
    Ok(())
}

/// The hash of one node, which was sealed with the record that completes it.
pub(crate) fn node(connection: &Connection, ns: i64, node: Node) -> Out<Hash> {
    let level = usize::try_from(node.level).unwrap_or(usize::MAX);
    let found = match level.checked_sub(KEPT_FROM) {
        None => small(connection, ns, node)?,
        Some(above) => {
            let nodes: Option<Vec<u8>> = connection
                .prepare_cached("SELECT nodes FROM record WHERE place = ?")?
                .query_row([place(ns, node.position())], |row| row.get(0))
                .optional()?;
            nodes.as_deref().and_then(unpacked).and_then(|nodes| nodes.get(above).copied())
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
