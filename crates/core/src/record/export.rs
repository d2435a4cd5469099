//! A record as it is handed out to be checked elsewhere: one JSON value a line.
//!
//! ```text
//! {"log":{"version":1,"namespace":"acme"}}
//! {"record":{"position":1,"hash":"<64 hex digits>","leaf":"{...}","written":{"salt":"<32 hex digits>","texts":{"reason":"INC-7"}}}}
//! {"record":{"position":2,"hash":"<64 hex digits>","leaf":"{...}"}}
//! {"checkpoint":"audit.example.com/acme\n2\n<root in base64>\ntime 2026-03-02T09:00:00.000Z\n\n— audit.example.com/acme <base64>\n"}
//! ```
//!
//! The first line is the first; records stand in order of their position from 1; checkpoints stand anywhere
//! after the first line. `leaf` is a text: the hash of RFC 6962, SHA-256 over a zero byte and the leaf, is
//! over the bytes of that text in UTF-8. A text at the place P of a record, `reason` for one, is hashed as
//! SHA-256 over salt, P and text, each after its length in bytes as eight bytes, the highest first; in the leaf
//! stands `sha256:` and the hash in hexadecimal digits. `written` is absent where nothing was written, or
//! where that was erased. Public keys are no part of it: whoever checks has them from elsewhere.

use serde::{Deserialize, Serialize};

use super::leaf::Leaf;
use super::tree::Hash;
use super::written::Written;
use crate::id::Namespace;

/// The version of the form.
pub const VERSION: u32 = 1;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Line {
    /// The first line: whose record it is.
    Log {
        /// The version of the form.
        version: u32,
        /// The namespace.
        namespace: Namespace,
    },
    /// A record.
    Record(Exported),
    /// A signed checkpoint.
    Checkpoint(String),
}

/// A record as it is handed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exported {
    /// Its position.
    pub position: u64,
    /// The hash of its leaf.
    pub hash: Hash,
    /// The leaf.
    pub leaf: String,
    /// What people wrote of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub written: Option<Written>,
}

impl Exported {
    /// A record as it is kept, handed out.
    #[must_use]
    pub fn of(position: u64, leaf: &Leaf) -> Self {
        Self { position, hash: leaf.hash(), leaf: leaf.text.clone(), written: leaf.written.clone() }
    }
}
