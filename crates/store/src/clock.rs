//! The clocks of stores. This is the only file of the project that reads the time.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tenure_core::time::Timestamp;

/// What a store takes the time from.
pub trait Clock: Send + Sync {
    /// The present instant, in whole milliseconds, rounded down.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
    fn now(&self) -> Timestamp {
        let millis = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => {
                let nanos = before.duration().as_nanos().div_ceil(1_000_000);
                i64::try_from(nanos).unwrap_or(i64::MAX).saturating_neg()
            }
        };
        Timestamp::from_millis(millis)
    }
}

/// How long something takes: for whoever watches, and for no decision.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place where a stopwatch begins")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it has been.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A clock that stands until it is set: the clock of stories and tests.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows this instant.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.millis()))
    }

    /// Sets the clock, forward or back.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.millis(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_core::time::Span;

    #[test]
    fn a_manual_clock_shows_what_it_was_set_to() {
        let nine: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let clock = ManualClock::at(nine);
        assert_eq!(clock.now(), nine);
        clock.set(nine.minus(Span::hours(1)));
        assert_eq!(clock.now(), nine.minus(Span::hours(1)));
    }

    #[test]
    fn the_machine_is_not_in_1970_and_its_clock_does_not_stand() {
        let first = SystemClock.now();
        assert!(first > "2026-01-01T00:00:00Z".parse().unwrap());
        std::thread::sleep(std::time::Duration::from_millis(3));
        assert!(SystemClock.now() > first);
    }
}
