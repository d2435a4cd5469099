//! What PostgreSQL says went wrong, in the words of a store.

use std::collections::BTreeSet;

use tenure_store::StoreFault;
use tokio_postgres::error::SqlState;

use crate::names::Name;

/// What keeps a transaction from its end, so that `?` takes it from wherever it comes.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// What the caller is told.
    Fault(StoreFault),
    /// The connection is gone, or was never there. What was begun on it and not committed is nothing.
    Lost(String),
    /// The same may go better from the start.
    Again(Again),
}

/// Why a transaction is run again from the start.
#[derive(Debug)]
pub(crate) enum Again {
    /// It met another one that was quicker.
    Met,
    /// These were wanted out of order and were not free: they are taken first.
    Names(BTreeSet<Name>),
    /// Nobody may write beside it.
    Alone,
    /// Somebody waits to be alone, and goes first.
    MakeWay,
}

pub(crate) type Out<T> = Result<T, Trouble>;

impl Trouble {
    /// What the caller is told, once nothing more is tried.
    pub(crate) fn told(self) -> StoreFault {
        match self {
            Self::Fault(fault) => fault,
            Self::Lost(why) => StoreFault::Broken(format!("the database cannot be reached: {why}")),
            Self::Again(_) => StoreFault::Busy,
        }
    }

    /// The same of a commit that was sent: where the server did not say no, it may have been written.
    pub(crate) fn at_commit(self) -> Self {
        match self {
            Self::Lost(_) => Self::Fault(StoreFault::InDoubt),
            said @ (Self::Fault(_) | Self::Again(_)) => said,
        }
    }
}

impl From<StoreFault> for Trouble {
    fn from(fault: StoreFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<tokio_postgres::Error> for Trouble {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(said) = error.as_db_error() else {
            let lost = error.is_closed()
                || std::error::Error::source(&error).is_some_and(|why| why.is::<std::io::Error>());
            return if lost { Self::Lost(error.to_string()) } else { broken(error.to_string()) };
        };
        let code = said.code();
        let again = [
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::LOCK_NOT_AVAILABLE,
            SqlState::UNIQUE_VIOLATION,
        ];
        if again.contains(code) {
            return Self::Again(Again::Met);
        }
        // The class of a code is its beginning: 08 connection, 57P operator, 53 resources, 25P03 and 25P04 too long idle.
        let ended = code.code().starts_with("08")
            || code.code().starts_with("57P")
            || matches!(code.code(), "25P03" | "25P04" | "53300");
        if ended {
            return Self::Lost(said.to_string());
        }
        match code.code() {
            // A statement that took too long, or that somebody cancelled.
            "57014" | "25006" => Self::Fault(StoreFault::Busy),
            _ => broken(format!("{} ({})", said.message(), code.code())),
        }
    }
}

impl From<serde_json::Error> for Trouble {
    fn from(error: serde_json::Error) -> Self {
        broken(format!("what is stored cannot be read: {error}"))
    }
}

/// What is stored cannot be right.
pub(crate) fn broken(what: impl Into<String>) -> Trouble {
    Trouble::Fault(StoreFault::Broken(what.into()))
}

/// A number that was stored as PostgreSQL counts.
pub(crate) fn count(number: i64) -> Out<u64> {
    u64::try_from(number).map_err(|_| broken(format!("{number} is no position")))
}

/// A number as PostgreSQL counts; what is beyond it comes after everything.
pub(crate) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
