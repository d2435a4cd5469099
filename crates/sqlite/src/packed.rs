//! What is stored as one piece: grants, lines of the record, answers.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::seal;
use crate::trouble::Out;

/// What says itself what it is found by.
pub(crate) fn pack(value: &impl Serialize) -> Out<Vec<u8>> {
    pack_as("", value)
}

pub(crate) fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Out<T> {
    unpack_as("", bytes)
}

/// What is found by a name that it does not say.
pub(crate) fn pack_as(name: &str, value: &impl Serialize) -> Out<Vec<u8>> {
    Ok(seal::seal(serde_json::to_vec(value)?, name))
}

pub(crate) fn unpack_as<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Out<T> {
    Ok(serde_json::from_slice(seal::open(bytes, name)?)?)
}
