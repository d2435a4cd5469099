//! The store's clock: the server's, so that hosts need not agree on the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tenure_core::time::{Span, Timestamp};
use tenure_store::{Clock, SystemClock};

/// The server's clock in microseconds, as a query gives it.
pub(crate) const MICROS: &str = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

/// Where a store takes the time from.
pub(crate) enum Hour {
    /// The server, in every transaction. Between two looks at it the machine's clock carries it on, by so many
    /// milliseconds more.
    Server(AtomicI64),
    /// Somebody else: tests and stories.
    Handed(Arc<dyn Clock>),
}

impl Hour {
    pub(crate) const fn server() -> Self {
        Self::Server(AtomicI64::new(0))
    }

    /// About now, without asking.
    pub(crate) fn about(&self) -> Timestamp {
        match self {
            Self::Server(ahead) => shifted(SystemClock.now(), ahead.load(Ordering::Relaxed)),
            Self::Handed(clock) => clock.now(),
        }
    }

    /// Now, by what the server has just said in microseconds.
    pub(crate) fn by(&self, micros: i64) -> Timestamp {
        match self {
            Self::Server(ahead) => {
                let server = micros.div_euclid(1_000);
                ahead.store(server.saturating_sub(SystemClock.now().millis()), Ordering::Relaxed);
                Timestamp::from_millis(server)
            }
            Self::Handed(clock) => clock.now(),
        }
    }

    /// What a statement is to take for the store's clock; its own, where there is nothing.
    pub(crate) fn handed(&self) -> Option<i64> {
        match self {
            Self::Server(_) => None,
            Self::Handed(clock) => Some(clock.now().millis()),
        }
    }
}

fn shifted(at: Timestamp, by: i64) -> Timestamp {
    let span = Span::millis(by.unsigned_abs());
    if by < 0 { at.minus(span) } else { at.plus(span) }
}
