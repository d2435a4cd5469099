//! The tree over a record: RFC 6962, SHA-256, one leaf a record.
//!
//! A [`Frontier`] is all that must be known to add leaves. Each leaf that is added completes some perfect
//! subtrees; their hashes are sealed with it, at its position. Every hash that a proof is made of is one of
//! those, or follows from a few of them, so that a store keeps nothing beside its records.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

/// A SHA-256 hash. As text it is 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

/// The root of one perfect subtree: `2^level` leaves, the first of which is `index * 2^level`, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Its height; a leaf is at 0.
    pub level: u32,
    /// Its place among those of that height, from 0.
    pub index: u64,
}

/// The size of a tree and the roots of the perfect subtrees that it consists of, the largest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

/// The hash of a leaf.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(leaf).finalize().into())
}

/// The hash over two subtrees.
#[must_use]
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    Hash(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// The root over these subtrees, each smaller than the one before it; of none, that of an empty tree.
#[must_use]
pub fn root_of(peaks: &[Hash]) -> Hash {
    let mut rest = peaks.iter().rev().copied();
    let Some(last) = rest.next() else { return Hash(Sha256::new().finalize().into()) };
    rest.fold(last, |right, left| node_hash(left, right))
}

impl Hash {
    /// These bytes as a hash.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Node {
    /// The record it is sealed with, by position: the one whose leaf completes it.
    #[must_use]
    pub const fn position(self) -> u64 {
        self.index.saturating_add(1).saturating_mul(1_u64.wrapping_shl(self.level))
    }

    /// Its place, from 0, where what is sealed with each record stands one after the other.
    #[must_use]
    pub fn place(self) -> Option<u64> {
        // Each record before it sealed two hashes, but for the subtrees that still wait for their other half.
        let before = self.position().checked_sub(1)?;
        let sealed = before.checked_mul(2)?.checked_sub(u64::from(before.count_ones()))?;
        sealed.checked_add(u64::from(self.level))
    }

    /// The roots of the perfect subtrees that a tree of that size consists of, the largest first.
    pub fn peaks(size: u64) -> impl Iterator<Item = Self> {
        Self::over(0, size)
    }

    /// The same of the leaves from `from` on, as many as that, where that is a subtree of RFC 6962.
    pub(crate) fn over(from: u64, leaves: u64) -> impl Iterator<Item = Self> {
        let mut from = from;
        (0..u64::BITS).rev().filter(move |level| leaves >> level & 1 == 1).map(move |level| {
            let node = Self { level, index: from >> level };
            from = from.saturating_add(1 << level);
            node
        })
    }
}

impl Frontier {
    /// A tree of that size with these peaks: as [`Node::peaks`] names them.
    #[must_use]
    pub fn new(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        let fits = u32::try_from(peaks.len()).is_ok_and(|count| count == size.count_ones());
        fits.then_some(Self { size, peaks })
    }

    /// Leaves so far.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the perfect subtrees that it consists of, the largest first: what [`Frontier::new`] takes.
    #[must_use]
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> Hash {
        root_of(&self.peaks)
    }

    /// Adds a leaf: what is sealed with it, its own hash first, then the subtrees that it completes, upward.
    pub fn append(&mut self, leaf: Hash) -> Vec<Hash> {
        let mut sealed = vec![leaf];
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            node = node_hash(left, node);
            sealed.push(node);
        }
        self.peaks.push(node);
        self.size = self.size.saturating_add(1);
        sealed
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Hash {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        hex(text).map(Self).ok_or_else(|| format!("`{text}` is no hash of 64 hexadecimal digits"))
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// So many bytes, of twice as many lower-case hexadecimal digits.
pub(crate) fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != N.saturating_mul(2) {
        return None;
    }
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte.saturating_sub(b'0')),
        b'a'..=b'f' => Some(byte.saturating_sub(b'a').saturating_add(10)),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
