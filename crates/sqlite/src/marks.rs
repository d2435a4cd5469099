//! Checksums of what is stored. SQLite keeps none of its pages: a bit that flipped on the disk would be believed.
//!
//! They are verified whenever a row is read, and they bind a row to what it is found by: a yes at the door stands in
//! a row that was written for that person, that item and that grant, or it is a fault. What a damaged index no
//! longer finds, no checksum of a row can tell; that is missing, and missing access is a no.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::trouble::{Out, broken};

/// Bytes of a checksum behind what it is of.
pub(crate) const LENGTH: usize = 8;

/// Several texts and numbers in this order, of which there is one checksum. (Of so few bytes it is had sooner at once
/// than bit by bit.)
#[derive(Default)]
pub(crate) struct Mark(Vec<u8>);

impl Mark {
    pub(crate) fn text(mut self, text: &str) -> Self {
        // With its length, so that two texts cannot run into each other.
        self = self.number(u64::try_from(text.len()).ok().and_then(|length| i64::try_from(length).ok()));
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    pub(crate) fn number(mut self, number: Option<i64>) -> Self {
        self.0.push(u8::from(number.is_some()));
        self.0.extend_from_slice(&number.unwrap_or_default().to_le_bytes());
        self
    }

    /// As SQLite keeps it.
    pub(crate) fn stored(&self) -> i64 {
        xxh3_64(&self.0).cast_signed()
    }

    /// # Errors
    /// Where another one is stored.
    pub(crate) fn verify(&self, stored: Option<i64>, what: &str) -> Out<()> {
        if stored == Some(self.stored()) { Ok(()) } else { Err(damaged(what)) }
    }
}

/// One piece, with its checksum behind it. `of` is what it is found by, and names that must be known to read it.
pub(crate) fn seal(mut bytes: Vec<u8>, of: &[&str]) -> Vec<u8> {
    let sum = sum(&bytes, of);
    bytes.extend(sum);
    bytes
}

/// The piece, where its checksum is right.
pub(crate) fn open<'b>(sealed: &'b [u8], of: &[&str]) -> Out<&'b [u8]> {
    let (bytes, found) = sealed.split_last_chunk::<LENGTH>().ok_or_else(|| damaged("a row"))?;
    if *found == sum(bytes, of) { Ok(bytes) } else { Err(damaged("a row")) }
}

fn sum(bytes: &[u8], of: &[&str]) -> [u8; LENGTH] {
    let (first, others) = of.split_first().map_or(("", of), |(first, others)| (*first, others));
    let seed =
        others.iter().fold(xxh3_64(first.as_bytes()), |seed, name| xxh3_64_with_seed(name.as_bytes(), seed));
    xxh3_64_with_seed(bytes, seed).to_le_bytes()
}

pub(crate) fn damaged(what: &str) -> crate::trouble::Trouble {
    broken(format!("{what} is not as it was written: the file is damaged"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_counts() {
        let sealed = seal(b"a grant".to_vec(), &["g1", "alice"]);
        assert_eq!(open(&sealed, &["g1", "alice"]).unwrap(), b"a grant");
        for of in
            [&["g2", "alice"][..], &["g1", "alicf"], &["g1"], &["g1", "alice", ""], &["alice", "g1"], &[]]
        {
            assert!(open(&sealed, of).is_err(), "{of:?}");
        }
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&flipped, &["g1", "alice"]).is_err(), "bit {bit}");
        }
        for short in 0..sealed.len() {
            assert!(open(&sealed[..short], &["g1", "alice"]).is_err());
        }
    }

    #[test]
    fn texts_do_not_run_into_each_other() {
        let mark = |texts: &[&str]| {
            texts.iter().fold(Mark::default(), |mark, text| mark.text(text)).number(Some(0)).stored()
        };
        assert_ne!(mark(&["ab", "c"]), mark(&["a", "bc"]));
        assert_ne!(mark(&["ab"]), mark(&["ab", ""]));
        assert_ne!(Mark::default().number(None).stored(), Mark::default().number(Some(0)).stored());
        // What is on disks must be read by every later version.
        assert_eq!(Mark::default().text("alice").number(Some(7)).stored(), PINNED);
    }

    const PINNED: i64 = 964_703_297_347_528_426;
}
