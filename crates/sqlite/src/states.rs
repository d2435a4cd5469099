//! Grants that were made of their bytes, so that the same bytes are not read again and again.
//!
//! What is kept is found by the bytes that stand in the file now, so it is right whatever other processes
//! write, and whether or not what was written here was ever committed.

use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashMap;
use rusqlite::Connection;
use tenure_core::grant::Grant;

use crate::packed::{pack, unpack};
use crate::trouble::Out;
use crate::words::{self, Names};

/// Grants that are kept at most, twice over.
const KEPT: usize = 2_048;

#[derive(Default)]
pub(crate) struct States(Mutex<Generations>);

/// What was asked for lately, and what was before that.
#[derive(Default)]
struct Generations {
    young: HashMap<i64, State>,
    old: HashMap<i64, State>,
}

#[derive(Clone)]
struct State {
    bytes: Arc<[u8]>,
    grant: Arc<Grant>,
}

impl States {
    /// The grant that these bytes of the row with that key say.
    pub(crate) fn read(&self, connection: &Connection, key: i64, bytes: &[u8]) -> Out<Arc<Grant>> {
        if let Some(grant) = self.0.lock().unwrap_or_else(PoisonError::into_inner).find(key, bytes) {
            return Ok(grant);
        }
        let grant: Arc<Grant> = Arc::new(unpacked(connection, key, bytes)?);
        self.keep(key, State { bytes: Arc::from(bytes), grant: grant.clone() });
        Ok(grant)
    }

    /// The bytes of a grant.
    pub(crate) fn write(grant: &Grant) -> Out<Vec<u8>> {
        pack(grant, &words::known(grant))
    }

    /// Keeps what was just written.
    pub(crate) fn wrote(&self, key: i64, bytes: Vec<u8>, grant: Arc<Grant>) {
        self.keep(key, State { bytes: bytes.into(), grant });
    }

    fn keep(&self, key: i64, state: State) {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generations.young.insert(key, state);
        if generations.young.len() >= KEPT {
            generations.old = std::mem::take(&mut generations.young);
        }
    }
}

/// The same where nothing is to be kept of it.
pub(crate) fn unpacked(connection: &Connection, key: i64, bytes: &[u8]) -> Out<Grant> {
    unpack(bytes, &Names::find(connection, key)?.known())
}

impl Generations {
    fn find(&mut self, key: i64, bytes: &[u8]) -> Option<Arc<Grant>> {
        if let Some(state) = self.young.get(&key) {
            return (*state.bytes == *bytes).then(|| state.grant.clone());
        }
        let state = self.old.get(&key).filter(|state| *state.bytes == *bytes)?.clone();
        let grant = state.grant.clone();
        self.young.insert(key, state);
        Some(grant)
    }
}
