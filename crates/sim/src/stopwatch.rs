//! How long a run took, for the reader of the output. Nothing that is decided or compared depends on it.

use std::time::{Duration, Instant};

/// A running watch.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "a duration for people to read; no answer depends on it")]
    pub(crate) fn started() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn lap(&self) -> Duration {
        self.0.elapsed()
    }
}
