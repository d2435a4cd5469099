//! A pause that a receiver asked for.

use std::sync::{Mutex, PoisonError};

use tenure::{Span, Timestamp, Trouble};

/// The longest pause that is kept: a receiver does not switch notices off by asking for a year.
const PAUSE_MAX: Span = Span::hours(1);

/// Keeps quiet for as long as a receiver asked: the outbox comes again by its own pauses, and what comes too early fails
/// without a call.
#[derive(Debug, Default)]
pub struct Quiet(Mutex<Option<Timestamp>>);

impl Quiet {
    /// The receiver asked for that pause, at most an hour of it.
    pub fn keep(&self, pause: Span, now: Timestamp) {
        let until = now.plus(pause.min(PAUSE_MAX));
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(kept.map_or(until, |before| before.max(until)));
    }

    /// Nothing, unless the receiver asked for a pause that still runs.
    ///
    /// # Errors
    /// [`Trouble`] says until when.
    pub fn over(&self, now: Timestamp) -> Result<(), Trouble> {
        let kept = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kept {
            Some(until) if now < until => Err(Trouble::of(format!("asked to wait until {until}"))),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_kept_to_the_millisecond_and_no_longer_than_an_hour() {
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let quiet = Quiet::default();
        assert!(quiet.over(now).is_ok());
        quiet.keep(Span::seconds(30), now);
        quiet.keep(Span::seconds(10), now);
        assert!(quiet.over(now.plus(Span::millis(29_999))).is_err());
        assert!(quiet.over(now.plus(Span::seconds(30))).is_ok());
        quiet.keep(Span::days(365), now);
        assert!(quiet.over(now.plus(Span::hours(1))).is_ok());
    }
}
