//! What is stored as one piece: grants, lines of the record, answers.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::marks;
use crate::trouble::{Out, broken};

/// What says itself what it is found by.
pub(crate) fn pack(value: &impl Serialize) -> Out<Vec<u8>> {
    pack_as("", value)
}

pub(crate) fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Out<T> {
    unpack_as("", bytes)
}

/// What is found by a name that it does not say.
pub(crate) fn pack_as(name: &str, value: &impl Serialize) -> Out<Vec<u8>> {
    Ok(marks::seal(serde_json::to_vec(value)?, name))
}

pub(crate) fn unpack_as<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Out<T> {
    Ok(serde_json::from_slice(marks::open(bytes, name)?)?)
}

/// A text as it is kept.
pub(crate) fn pack_text(text: &str) -> Out<Vec<u8>> {
    Ok(marks::seal(text.as_bytes().to_vec(), ""))
}

pub(crate) fn unpack_text(bytes: &[u8]) -> Out<String> {
    String::from_utf8(marks::open(bytes, "")?.to_vec())
        .map_err(|_| broken("a text that is stored is not UTF-8"))
}
