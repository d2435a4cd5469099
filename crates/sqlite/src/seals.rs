//! The tree over the record: where it goes on, and its nodes.

use rusqlite::{Connection, OptionalExtension};
use tenure_core::record::tree::{Frontier, Hash, Node};
use tenure_store::Seal;

use crate::trouble::{Out, broken, number};

/// The bytes of a hash.
const LENGTH: usize = 32;

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
    let nodes: Option<Vec<u8>> = connection
        .prepare_cached("SELECT nodes FROM record WHERE ns = ? AND position = ?")?
        .query_row((ns, number(node.position())), |row| row.get(0))
        .optional()?;
    let level = usize::try_from(node.level).unwrap_or(usize::MAX);
    let found = nodes.as_deref().and_then(unpacked).and_then(|nodes| nodes.get(level).copied());
    found.ok_or_else(|| broken("a part of the record's tree is missing"))
}

/// Hashes, one after the other.
pub(crate) fn packed(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

fn unpacked(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, []) = bytes.as_chunks::<LENGTH>() else { return None };
    Some(hashes.iter().copied().map(Hash::from_bytes).collect())
}
