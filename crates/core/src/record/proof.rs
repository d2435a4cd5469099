//! Proofs that a record is in a tree, and that one tree is the beginning of another: RFC 6962, checked as
//! RFC 9162 says.

use super::tree::{Hash, Node, node_hash, root_of};

/// Of which nodes a proof is made, before they were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// For each hash of the proof the nodes it is the root over, the largest first.
    parts: Vec<Vec<Node>>,
}

impl Recipe {
    /// The proof that the record at that position, from 1, is in the tree of that size; none where it is not.
    #[must_use]
    pub fn inclusion(position: u64, size: u64) -> Option<Self> {
        let leaf = position.checked_sub(1).filter(|leaf| *leaf < size)?;
        let mut parts = Vec::new();
        let (mut from, mut leaves) = (0_u64, size);
        while leaves > 1 {
            let left = split(leaves);
            let middle = from.saturating_add(left);
            let right = leaves.saturating_sub(left);
            if leaf < middle {
                parts.push(Node::over(middle, right).collect());
                leaves = left;
            } else {
                parts.push(Node::over(from, left).collect());
                (from, leaves) = (middle, right);
            }
        }
        parts.reverse();
        Some(Self { parts })
    }

    /// The proof that the tree of the size `old` is the beginning of that of the size `size`; none where it
    /// cannot be. Of an empty tree, and of the same one, it is empty.
    #[must_use]
    pub fn consistency(old: u64, size: u64) -> Option<Self> {
        if old > size {
            return None;
        }
        let mut parts = Vec::new();
        if old == 0 || old == size {
            return Some(Self { parts });
        }
        let (mut from, mut leaves, mut whole) = (0_u64, size, true);
        loop {
            let known = old.saturating_sub(from);
            if known == leaves {
                if !whole {
                    parts.push(Node::over(from, leaves).collect());
                }
                break;
            }
            let left = split(leaves);
            let middle = from.saturating_add(left);
            let right = leaves.saturating_sub(left);
            if known <= left {
                parts.push(Node::over(middle, right).collect());
                leaves = left;
            } else {
                parts.push(Node::over(from, left).collect());
                (from, leaves, whole) = (middle, right, false);
            }
        }
        parts.reverse();
        Some(Self { parts })
    }

    /// The nodes that must be read, in the order in which [`Recipe::proof`] takes them.
    #[must_use]
    pub fn nodes(&self) -> Vec<Node> {
        self.parts.iter().flatten().copied().collect()
    }

    /// The proof, of what was read; none where that is not as many.
    #[must_use]
    pub fn proof(&self, read: &[Hash]) -> Option<Vec<Hash>> {
        let mut rest = read;
        let mut proof = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            let (these, others) = rest.split_at_checked(part.len())?;
            proof.push(root_of(these));
            rest = others;
        }
        rest.is_empty().then_some(proof)
    }
}

/// Whether the proof shows that the leaf of that hash is at that position, from 1, in the tree of that size and root.
#[must_use]
pub fn is_included(leaf: Hash, position: u64, size: u64, root: Hash, proof: &[Hash]) -> bool {
    let Some(mut place) = position.checked_sub(1).filter(|place| *place < size) else { return false };
    let mut last = size.saturating_sub(1);
    let mut hash = leaf;
    for part in proof {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            hash = node_hash(*part, hash);
            while place & 1 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            hash = node_hash(hash, *part);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && hash == root
}

/// Whether the proof shows that the tree of the size `old` is the beginning of the one of the size `size`.
#[must_use]
pub fn is_consistent(old: (u64, Hash), new: (u64, Hash), proof: &[Hash]) -> bool {
    let ((old, old_root), (size, root)) = (old, new);
    if old > size {
        return false;
    }
    if old == size || old == 0 {
        let same = old == 0 && old_root == root_of(&[]) || old == size && old_root == root;
        return proof.is_empty() && same;
    }
    // A whole subtree needs no hash of its own: it is the old root.
    let whole = old.is_power_of_two().then_some(old_root);
    let mut parts = whole.into_iter().chain(proof.iter().copied());
    let Some(first) = parts.next() else { return false };
    let (mut place, mut last) = (old.saturating_sub(1), size.saturating_sub(1));
    while place & 1 == 1 {
        (place, last) = (place >> 1, last >> 1);
    }
    let (mut before, mut after) = (first, first);
    for part in parts {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            (before, after) = (node_hash(part, before), node_hash(part, after));
            while place & 1 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            after = node_hash(after, part);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && before == old_root && after == root
}

/// The largest power of two that is less than `leaves`, which is at least 2.
fn split(leaves: u64) -> u64 {
    1 << leaves.saturating_sub(1).checked_ilog2().unwrap_or(0)
}
