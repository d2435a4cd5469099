//! What is stored as one piece: grants, lines of the record, answers.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::seal;
use crate::trouble::Out;

pub(crate) fn pack(value: &impl Serialize) -> Out<Vec<u8>> {
    Ok(seal::seal(serde_json::to_vec(value)?))
}

pub(crate) fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Out<T> {
    Ok(serde_json::from_slice(seal::open(bytes)?)?)
}
