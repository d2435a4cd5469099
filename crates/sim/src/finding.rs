//! What a run found: where the library is wrong, or the auditor, or the contract.

use std::fmt;

use crate::invariant::Invariant;

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The step it was seen at, from 0.
    pub step: usize,
    /// What sort it is.
    pub kind: Kind,
    /// What the library answered, where it is about an answer.
    pub library: String,
    /// What was expected, or what is wrong, in words.
    pub expected: String,
}

/// What sort of thing it is. Shrinking keeps it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The auditor answers that call otherwise, first at that place of the answer.
    Differs {
        /// The call.
        call: &'static str,
        /// The outcomes, or the first field that is not the same.
        place: String,
    },
    /// A refusal says what would pass, and that is wrong.
    Advice {
        /// The call.
        call: &'static str,
        /// The code of the refusal.
        code: String,
        /// In which way.
        wrong: &'static str,
    },
    /// On another store that call is answered otherwise, or `records` would be.
    OtherStore {
        /// The call.
        call: &'static str,
    },
    /// What must always be true is not.
    Broken(Invariant),
    /// The library fell over.
    Fault(String),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs { call, place } => write!(f, "`{call}` is answered otherwise: {place}"),
            Self::Advice { call, code, wrong } => write!(f, "`{call}`, {code}: what would pass {wrong}"),
            Self::OtherStore { call } => write!(f, "`{call}` is answered otherwise on another store"),
            Self::Broken(invariant) => write!(f, "{invariant} does not hold"),
            Self::Fault(code) => write!(f, "the library fell over: {code}"),
        }
    }
}
