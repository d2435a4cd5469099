//! What is wrong with a record.

use std::fmt;

/// The first thing that is not right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The first position that is not right, or may be the first.
    pub position: u64,
    /// The last position that may be the first which is not right: the same as `position` where it is known.
    pub through: u64,
    /// What is wrong.
    pub what: What,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It cannot be read as what it is meant to be.
    Unreadable(String),
    /// The record is not the one that its hash is of.
    Changed,
    /// Another record stands in its place: records before it are missing.
    Missing {
        /// The position of the record that stands there.
        found: u64,
    },
    /// Another record stands in its place: one that belongs before it. It was put in, or moved.
    Misplaced {
        /// The position of the record that stands there.
        found: u64,
    },
    /// It is a record of another namespace.
    Foreign(String),
    /// What people wrote is not what its hash is of.
    TextChanged(String),
    /// What people wrote is gone, and no erasure is on record.
    TextMissing,
    /// A checkpoint was signed when more was on record: the end is missing.
    CutShort {
        /// The size that the checkpoint tells.
        size: u64,
    },
    /// A checkpoint tells another history: something in it was changed, or it was forked.
    OtherHistory {
        /// The size that the checkpoint tells.
        size: u64,
    },
    /// Two checkpoints of one size, both signed, tell two histories.
    Forked {
        /// Their size.
        size: u64,
    },
    /// A checkpoint is signed by no key that is trusted for this log.
    NotSigned(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.position == self.through {
            write!(f, "record {}: {}", self.position, self.what)
        } else {
            write!(f, "records {} to {}: {}", self.position, self.through, self.what)
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => write!(f, "it cannot be read: {why}"),
            Self::Changed => f.write_str("it was changed: its hash is of another"),
            Self::Missing { found } => write!(f, "it is missing: record {found} stands in its place"),
            Self::Misplaced { found } => {
                write!(f, "record {found} stands in its place: it was put in or moved")
            }
            Self::Foreign(why) => write!(f, "it belongs elsewhere: {why}"),
            Self::TextChanged(why) => write!(f, "what was written of it was changed: {why}"),
            Self::TextMissing => f.write_str("what was written of it is gone, and no erasure is on record"),
            Self::CutShort { size } => {
                write!(f, "the end is missing: a checkpoint was signed over {size} records")
            }
            Self::OtherHistory { size } => {
                write!(f, "the checkpoint over {size} records was signed over another history")
            }
            Self::Forked { size } => write!(f, "two checkpoints over {size} records tell two histories"),
            Self::NotSigned(why) => write!(f, "a checkpoint is not signed by a trusted key: {why}"),
        }
    }
}

impl std::error::Error for Finding {}
