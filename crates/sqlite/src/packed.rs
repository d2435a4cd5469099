//! What is stored as one piece: grants, lines of the record, answers.
//!
//! Each is a small text and much like the others, so all of them are packed with one dictionary, which is part
//! of the format: another one gets another mark. It was trained on what the stories of the project store, with the
//! digits of ids taken out, as they are here.

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
/// Marks bytes that were packed with the dictionary below.
const PACKED: u8 = 1;
/// How hard it is tried: beyond this, time grows and room hardly shrinks.
const LEVEL: i32 = 1;
/// What is said to be longer than this was never written: a damaged file takes no memory.
const LONGEST: u64 = 1 << 28;
/// How every packed frame begins: that is not kept.
const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();

static DICTIONARY: &[u8] = include_bytes!("dictionary.zstd");
static PACKING: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, LEVEL));
static UNPACKING: LazyLock<DecoderDictionary<'static>> =
    LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));

/// What packs and unpacks, ready to be used again: each holds much memory, and a host has many threads.
static PACKERS: Mutex<Vec<Compressor<'static>>> = Mutex::new(Vec::new());
static UNPACKERS: Mutex<Vec<Decompressor<'static>>> = Mutex::new(Vec::new());

/// What says itself what it is found by.
pub(crate) fn pack(value: &impl Serialize) -> Out<Vec<u8>> {
    pack_as("", value)
}

pub(crate) fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Out<T> {
    unpack_as("", bytes)
}

/// What is found by a name that it does not say.
pub(crate) fn pack_as(name: &str, value: &impl Serialize) -> Out<Vec<u8>> {
    shortened(&serde_json::to_vec(value)?, name)
}

pub(crate) fn unpack_as<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Out<T> {
    Ok(serde_json::from_slice(&restored(marks::open(bytes, name)?)?)?)
}

/// A text as it is kept.
pub(crate) fn pack_text(text: &str) -> Out<Vec<u8>> {
    shortened(text.as_bytes(), "")
}

pub(crate) fn unpack_text(bytes: &[u8]) -> Out<String> {
    String::from_utf8(restored(marks::open(bytes, "")?)?.into_owned())
        .map_err(|_| broken("a text that is stored is not UTF-8"))
}

fn shortened(bytes: &[u8], name: &str) -> Out<Vec<u8>> {
    let mut kept = Vec::with_capacity(bytes.len());
    if let Some((rest, digits)) = digits::taken(bytes)
        && let Some(units) = digits::units(&digits)
    {
        kept.extend([PACKED, units]);
        kept.extend(digits);
        kept.extend_from_slice(packed(&rest)?.strip_prefix(&MAGIC).unwrap_or_default());
    }
    if kept.is_empty() || kept.len() > bytes.len() {
        kept.clear();
        kept.push(PLAIN);
        kept.extend_from_slice(bytes);
    }
    Ok(marks::seal(kept, name))
}

fn packed(bytes: &[u8]) -> Out<Vec<u8>> {
    let packed = lent(&PACKERS, packer, |packer| packer.compress(bytes));
    packed.map_err(|why| broken(format!("nothing could be packed: {why}")))
}

fn restored(bytes: &[u8]) -> Out<Cow<'_, [u8]>> {
    match bytes.split_first() {
        Some((&PLAIN, plain)) => Ok(Cow::Borrowed(plain)),
        Some((&PACKED, packed)) => {
            let split = packed.split_first().and_then(|(units, packed)| digits::split(*units, packed));
            let (digits, packed) = split.ok_or_else(|| damaged("a row"))?;
            let packed = [&MAGIC, packed].concat();
            let length = get_frame_content_size(&packed).ok().flatten().filter(|length| *length <= LONGEST);
            let length = length.and_then(|length| usize::try_from(length).ok());
            let rest = unpacked(&packed, length.ok_or_else(|| damaged("a row"))?)?;
            digits::put_back(&rest, digits).map(Cow::Owned).ok_or_else(|| damaged("a row"))
        }
        Some(_) | None => Err(damaged("a row")),
    }
}

fn unpacked(packed: &[u8], length: usize) -> Out<Vec<u8>> {
    let unpacker = || Decompressor::with_prepared_dictionary(&UNPACKING);
    let bytes = lent(&UNPACKERS, unpacker, |unpacker| unpacker.decompress(packed, length));
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
            let packed = pack_text(text).unwrap();
            assert!(packed.len() <= text.len() + 1 + marks::LENGTH, "{} of {}", packed.len(), text.len());
            assert_eq!(unpack_text(&packed).unwrap(), text);
        }
        assert!(pack_text(text).unwrap().len() < text.len() / 2);
    }

    #[test]
    fn what_is_damaged_is_said_and_takes_no_memory() {
        let sealed = pack_text(&"so it goes ".repeat(100)).unwrap();
        let packed = marks::open(&sealed, "").unwrap();
        for cut in 0..packed.len() {
            assert!(restored(&packed[..cut]).is_err(), "{cut}");
        }
        assert!(restored(&[2, 1, 1]).is_err(), "a later dictionary");
        // A frame that says that it is longer than anything is.
        let mut huge = vec![PACKED, 0, 0xe0];
        huge.extend_from_slice(&u64::MAX.to_le_bytes());
        assert!(restored(&huge).is_err());
    }
}
