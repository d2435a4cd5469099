//! What SQLite says went wrong, in the words of a store.

use rusqlite::ErrorCode;
use tenure_store::StoreFault;

/// A fault on its way out, so that `?` takes it from wherever it comes.
#[derive(Debug)]
pub(crate) struct Trouble(pub(crate) StoreFault);

pub(crate) type Out<T> = Result<T, Trouble>;

impl From<Trouble> for StoreFault {
    fn from(trouble: Trouble) -> Self {
        trouble.0
    }
}

impl From<StoreFault> for Trouble {
    fn from(fault: StoreFault) -> Self {
        Self(fault)
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self(match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreFault::Busy,
            Some(ErrorCode::DiskFull) => {
                StoreFault::Broken("the disk is full; nothing was written".to_owned())
            }
            _ => StoreFault::Broken(error.to_string()),
        })
    }
}

impl From<serde_json::Error> for Trouble {
    fn from(error: serde_json::Error) -> Self {
        broken(format!("what is stored cannot be read: {error}"))
    }
}

/// What is stored cannot be right.
pub(crate) fn broken(what: impl Into<String>) -> Trouble {
    Trouble(StoreFault::Broken(what.into()))
}

/// A number that was stored as SQLite counts.
pub(crate) fn count(number: i64) -> Out<u64> {
    u64::try_from(number).map_err(|_| broken(format!("{number} is no position")))
}

/// A number as SQLite counts; what is beyond it comes after everything.
pub(crate) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
