//! What is stored as one piece: grants, lines of the record, answers.
//!
//! Each is a small text and much like the others, so all of them are packed with one dictionary, which is part
//! of the format: another one gets another mark. It was trained on what the stories of the project store, with ids and
//! names taken out, as they are here.

use std::borrow::Cow;
use std::io;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe::get_frame_content_size;

use crate::digits;
use crate::marks::{self, damaged};
use crate::trouble::{Out, broken};

/// Marks bytes that stand as they are, because packing makes them no shorter.
const PLAIN: u8 = 0;
/// Marks bytes that were packed with the dictionary of format 2.
const BEFORE: u8 = 1;
/// Marks bytes of which ids and names were taken out, and nothing else: so few are not packed.
const SHORT: u8 = 2;
/// Marks bytes that were packed with the dictionary of format 3.
const PACKED: u8 = 3;
/// Up to so many bytes nothing is packed.
const FEW: usize = 48;
/// How hard it is tried: beyond this, time grows and room hardly shrinks.
const LEVEL: i32 = 1;
/// What is said to be longer than this was never written: a damaged file takes no memory.
const LONGEST: u64 = 1 << 28;
/// What most texts have room in.
const USUAL: usize = 2_048;
/// How every packed frame begins: that is not kept.
const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();

static DICTIONARY: &[u8] = include_bytes!("dictionary-3.zstd");
static BEFORE_IT: &[u8] = include_bytes!("dictionary-2.zstd");
static PACKING: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, LEVEL));
static UNPACKING: LazyLock<DecoderDictionary<'static>> =
    LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));
static UNPACKING_BEFORE: LazyLock<DecoderDictionary<'static>> =
    LazyLock::new(|| DecoderDictionary::copy(BEFORE_IT));

/// What packs and unpacks, ready to be used again: each holds much memory, and a host has many threads.
static PACKERS: Mutex<Vec<Compressor<'static>>> = Mutex::new(Vec::new());
static UNPACKERS: Mutex<Vec<Decompressor<'static>>> = Mutex::new(Vec::new());
static UNPACKERS_BEFORE: Mutex<Vec<Decompressor<'static>>> = Mutex::new(Vec::new());

/// A value as it is kept. `known` is what it is found by and what is known of it without it: that is not kept, and
/// whoever unpacks it must know the same.
pub(crate) fn pack(value: &impl Serialize, known: &[&str]) -> Out<Vec<u8>> {
    let mut text = Vec::with_capacity(USUAL);
    serde_json::to_writer(&mut text, value)?;
    shortened(&text, known)
}

pub(crate) fn unpack<T: DeserializeOwned>(bytes: &[u8], known: &[&str]) -> Out<T> {
    Ok(serde_json::from_slice(&restored(bytes, known)?)?)
}

/// A text as it is kept.
pub(crate) fn pack_text(text: &str, known: &[&str]) -> Out<Vec<u8>> {
    shortened(text.as_bytes(), known)
}

pub(crate) fn unpack_text(bytes: &[u8], known: &[&str]) -> Out<String> {
    String::from_utf8(restored(bytes, known)?.into_owned())
        .map_err(|_| broken("a text that is stored is not UTF-8"))
}

fn shortened(bytes: &[u8], known: &[&str]) -> Out<Vec<u8>> {
    let mut kept = Vec::with_capacity(USUAL);
    if let Some((rest, digits)) = digits::taken(bytes, known)
        && let Some(units) = digits::units(&digits)
    {
        let few = rest.len() <= FEW;
        kept.extend([if few { SHORT } else { PACKED }, units]);
        kept.extend(digits);
        if few {
            kept.extend(rest);
        } else {
            kept.extend_from_slice(packed(&rest)?.strip_prefix(&MAGIC).unwrap_or_default());
        }
    }
    if kept.is_empty() || kept.len() > bytes.len() {
        kept.clear();
        kept.push(PLAIN);
        kept.extend_from_slice(bytes);
    }
    Ok(marks::seal(kept, known))
}

fn packed(bytes: &[u8]) -> Out<Vec<u8>> {
    let packed = lent(&PACKERS, packer, |packer| packer.compress(bytes));
    packed.map_err(|why| broken(format!("nothing could be packed: {why}")))
}

fn restored<'b>(bytes: &'b [u8], known: &[&str]) -> Out<Cow<'b, [u8]>> {
    let kept = marks::open(bytes, known)?;
    let (mark, kept) = kept.split_first().ok_or_else(|| damaged("a row"))?;
    if *mark == PLAIN {
        return Ok(Cow::Borrowed(kept));
    }
    let split = kept.split_first().and_then(|(units, kept)| digits::split(*units, kept));
    let (digits, kept) = split.ok_or_else(|| damaged("a row"))?;
    let text = match *mark {
        SHORT => digits::put_back(kept, digits, known),
        PACKED => digits::put_back(&unpacked(kept, &UNPACKERS, &UNPACKING)?, digits, known),
        BEFORE => digits::put_back(&unpacked(kept, &UNPACKERS_BEFORE, &UNPACKING_BEFORE)?, digits, &[]),
        _ => None,
    };
    text.map(Cow::Owned).ok_or_else(|| damaged("a row"))
}

fn unpacked(
    packed: &[u8],
    idle: &Mutex<Vec<Decompressor<'static>>>,
    with: &'static LazyLock<DecoderDictionary<'static>>,
) -> Out<Vec<u8>> {
    let packed = [&MAGIC, packed].concat();
    let length = get_frame_content_size(&packed).ok().flatten().filter(|length| *length <= LONGEST);
    let length = length.and_then(|length| usize::try_from(length).ok()).ok_or_else(|| damaged("a row"))?;
    let unpacker = || Decompressor::with_prepared_dictionary(with);
    let bytes = lent(idle, unpacker, |unpacker| unpacker.decompress(&packed, length));
    bytes.map_err(|_| damaged("a row"))
}

fn packer() -> io::Result<Compressor<'static>> {
    let mut packer = Compressor::with_prepared_dictionary(&PACKING)?;
    // The mark says which dictionary it is.
    packer.include_dictid(false)?;
    Ok(packer)
}

/// Uses one that nobody else uses now, or a new one.
fn lent<T, A>(
    idle: &Mutex<Vec<T>>,
    new: impl FnOnce() -> io::Result<T>,
    used: impl FnOnce(&mut T) -> io::Result<A>,
) -> io::Result<A> {
    let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut one = kept.map_or_else(new, Ok)?;
    let answer = used(&mut one);
    idle.lock().unwrap_or_else(PoisonError::into_inner).push(one);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_and_is_shorter() {
        let text = r#"{"version":1,"namespace":"default","position":7,"recorded_at":"2026-03-02T09:00:00Z","entry":{}}"#;
        for text in ["", "x", text, &text.repeat(1_000)] {
            for known in [&[][..], &["default"], &["g1", "default"]] {
                let packed = pack_text(text, known).unwrap();
                assert!(packed.len() <= text.len() + 1 + marks::LENGTH, "{} of {}", packed.len(), text.len());
                assert_eq!(unpack_text(&packed, known).unwrap(), text);
            }
        }
        assert!(pack_text(text, &[]).unwrap().len() < text.len() / 2);
    }

    /// What another packer kept still comes back, and only where the same is known.
    #[test]
    fn what_is_known_is_not_kept_and_must_be_known() {
        let known = ["98a65d503d15e05718a1090f0aa121c8", "maria@example.com"];
        let text = format!(r#"{{"grant":"{}","holder":"{}"}}"#, known[0], known[1]);
        let packed = pack_text(&text, &known).unwrap();
        assert!(packed.len() < 48, "{}", packed.len());
        assert_eq!(unpack_text(&packed, &known).unwrap(), text);
        assert!(unpack_text(&packed, &["98a65d503d15e05718a1090f0aa121c8", "maria@example.org"]).is_err());
        assert!(unpack_text(&packed, &[]).is_err());
    }

    #[test]
    fn what_is_damaged_is_said_and_takes_no_memory() {
        let kept = pack_text(&"so it goes ".repeat(100), &[]).unwrap();
        let packed = marks::open(&kept, &[]).unwrap();
        let sealed = |bytes: &[u8]| restored(&marks::seal(bytes.to_vec(), &[]), &[]).map(|_| ());
        assert!(sealed(packed).is_ok());
        for cut in 0..packed.len() {
            assert!(sealed(&packed[..cut]).is_err(), "{cut}");
        }
        assert!(sealed(&[4, 0, 1]).is_err(), "a later dictionary");
        // A frame that says that it is longer than anything is.
        for mark in [BEFORE, PACKED] {
            let mut huge = vec![mark, 0, 0xe0];
            huge.extend_from_slice(&u64::MAX.to_le_bytes());
            assert!(sealed(&huge).is_err());
        }
    }
}
