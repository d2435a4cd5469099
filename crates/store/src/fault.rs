//! What can go wrong with a store itself. The rules have no part in it.

use std::fmt;

/// The store failed; the rules said neither yes nor no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreFault {
    /// Others hold what is needed. Nothing was written; the same can be tried again.
    Busy,
    /// Whether it was written is not known. Ask again with the same command id.
    InDoubt,
    /// What is stored was written by a newer version.
    Newer {
        /// The version of the format that was found.
        found: u32,
    },
    /// The namespace is not in force in this store: it was moved to another one, or is still on its way here.
    Moved(String),
    /// What is stored cannot be right, or cannot be reached.
    Broken(String),
}

impl StoreFault {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::InDoubt => "in_doubt",
            Self::Newer { .. } => "newer",
            Self::Moved(_) => "moved",
            Self::Broken(_) => "broken",
        }
    }
}

impl fmt::Display for StoreFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("the store is busy; nothing was written, try again"),
            Self::InDoubt => {
                f.write_str("whether this was written is not known; ask again with the same command id")
            }
            Self::Newer { found } => {
                write!(
                    f,
                    "the store was written by a newer version (format {found}); this one leaves it alone"
                )
            }
            Self::Moved(whither) => write!(f, "the namespace is not in force here: {whither}"),
            Self::Broken(what) => write!(f, "the store cannot be used: {what}"),
        }
    }
}

impl std::error::Error for StoreFault {}
