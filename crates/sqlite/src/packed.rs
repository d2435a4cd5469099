//! What is stored as one piece: grants, lines of the record, answers.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::trouble::{Out, broken};

pub(crate) fn pack(value: &impl Serialize) -> Out<Vec<u8>> {
    Ok(serde_json::to_vec(value)?)
}

pub(crate) fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Out<T> {
    Ok(serde_json::from_slice(bytes)?)
}

/// A text as it is kept.
pub(crate) fn pack_text(text: &str) -> Out<Vec<u8>> {
    Ok(text.as_bytes().to_vec())
}

pub(crate) fn unpack_text(bytes: &[u8]) -> Out<String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| broken("a text that is stored is not UTF-8"))
}
