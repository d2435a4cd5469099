//! Telling runners to stop.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tenure_core::time::Span;

/// Tells runners to stop. Clones are of one: whoever has one may stop all that wait on it.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Told>);

#[derive(Debug, Default)]
struct Told {
    stopped: Mutex<bool>,
    told: Condvar,
}

impl Stop {
    /// Nobody has told it yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets what is in hand be finished, and no more be taken.
    pub fn stop(&self) {
        *self.0.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.told.notify_all();
    }

    /// Whether it was told.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        *self.0.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for so long, or until it is told.
    pub fn wait(&self, span: Span) {
        if span.is_zero() {
            return;
        }
        let stopped = self.0.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = Duration::from_millis(span.as_millis());
        let _ended = self.0.told.wait_timeout_while(stopped, wait, |stopped| !*stopped);
    }
}
