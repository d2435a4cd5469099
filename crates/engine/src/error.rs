//! The three kinds of bad news: a policy has problems, the rules say no, the world failed.

use std::fmt;

use tenure_core::event::IllegalEvent;
use tenure_core::id::BadId;
use tenure_core::machine;
use tenure_core::refusal::Refusal;
use tenure_core::time::Span;
use tenure_policy::Problems;
use tenure_store::StoreFault;

/// What a call answers where it does not answer what was asked.
#[derive(Clone, Debug)]
pub enum Error {
    /// The rules say no.
    Refused(Box<Refusal>),
    /// A policy text is wrong.
    Invalid(Problems),
    /// The world failed, or the call makes no sense. The rules said neither yes nor no.
    Fault(Fault),
}

/// The world failed, or the call makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The caller's `now` is too far ahead of the store's clock. Nothing was written.
    Clock {
        /// How far.
        ahead: Span,
    },
    /// The store failed.
    Store(StoreFault),
    /// What is stored of a grant cannot have happened.
    Illegal(IllegalEvent),
    /// A text that was given as an id cannot be one.
    BadId {
        /// Which id it was to be.
        which: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// No random bytes could be had for a command id or a salt.
    Random(String),
    /// A checkpoint could not be signed.
    Signer(String),
    /// A proof was asked of a record that is not there, or of a tree that is larger than the record.
    NotOnRecord {
        /// What was asked for.
        asked: u64,
        /// How many records there are.
        size: u64,
    },
}

impl Error {
    /// The refusal, where it is one.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Invalid(_) | Self::Fault(_) => None,
        }
    }
}

impl Fault {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Clock { .. } => "clock",
            Self::Store(fault) => fault.code(),
            Self::Illegal(_) => "broken",
            Self::BadId { .. } => "bad_id",
            Self::Random(_) => "random",
            Self::Signer(_) => "signer",
            Self::NotOnRecord { .. } => "not_on_record",
        }
    }

    pub(crate) fn bad_id(which: &'static str) -> impl FnOnce(BadId) -> Self {
        move |why| Self::BadId { which, why: why.to_string() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Invalid(problems) => problems.fmt(f),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clock { ahead } => {
                write!(f, "the caller's clock is {ahead} ahead of the store's; nothing was written")
            }
            Self::Store(fault) => fault.fmt(f),
            Self::Illegal(illegal) => illegal.fmt(f),
            Self::BadId { which, why } => write!(f, "this is no {which}: {why}"),
            Self::Random(why) => write!(f, "no random bytes for a command id or a salt: {why}"),
            Self::Signer(why) => write!(f, "the checkpoint could not be signed: {why}"),
            Self::NotOnRecord { asked, size } => {
                write!(f, "the record has {size} entries, so nothing can be proved of {asked}")
            }
        }
    }
}

impl std::error::Error for Error {}
impl std::error::Error for Fault {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        Self::Invalid(problems)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<StoreFault> for Error {
    fn from(fault: StoreFault) -> Self {
        Self::Fault(Fault::Store(fault))
    }
}

impl From<machine::Fault> for Error {
    fn from(fault: machine::Fault) -> Self {
        Self::Fault(match fault {
            machine::Fault::Clock { ahead } => Fault::Clock { ahead },
            machine::Fault::Illegal(illegal) => Fault::Illegal(illegal),
            fault @ machine::Fault::NotLoaded(_) => Fault::Store(StoreFault::Broken(fault.to_string())),
        })
    }
}
