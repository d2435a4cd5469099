//! A clock whose time can be set, and runs as fast as it is told: a demo's day fits into minutes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tenure::{Clock, Span, SystemClock, Timestamp};

/// A clock beside the machine's: it shows what it was set to, and from there on runs so many times as fast.
#[derive(Debug)]
pub struct RunningClock(Mutex<Pace>);

#[derive(Clone, Copy, Debug)]
struct Pace {
    /// What it showed once.
    shown: Timestamp,
    /// What the machine's clock showed then.
    machine: Timestamp,
    /// How many times as fast it runs; it stands at 0.
    speed: u32,
}

impl RunningClock {
    /// A clock that showed what the machine's did at that instant, and runs so many times as fast since.
    #[must_use]
    pub fn since(machine: Timestamp, speed: u32) -> Self {
        Self(Mutex::new(Pace { shown: machine, machine, speed }))
    }

    /// Sets it: it showed that instant when the machine's did, and runs so many times as fast since.
    pub fn run_since(&self, machine: Timestamp, speed: u32) {
        *self.lock() = Pace { shown: machine, machine, speed };
    }

    /// Sets it, and lets it stand there.
    pub fn stand_at(&self, shown: Timestamp) {
        *self.lock() = Pace { shown, machine: shown, speed: 0 };
    }

    fn lock(&self) -> MutexGuard<'_, Pace> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pace {
    fn at(self, machine: Timestamp) -> Timestamp {
        let passed = machine.since(self.machine).as_millis().saturating_mul(u64::from(self.speed));
        self.shown.plus(Span::millis(passed))
    }
}

impl Clock for RunningClock {
    fn now(&self) -> Timestamp {
        self.lock().at(SystemClock.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_runs_so_many_times_as_fast_and_stands_at_nought() {
        let nine: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let machine: Timestamp = "2026-11-30T22:00:00Z".parse().unwrap();
        for (speed, passed) in [(0, 0), (1, 1_500), (60, 90_000)] {
            let pace = Pace { shown: nine, machine, speed };
            assert_eq!(
                pace.at(machine.plus(Span::millis(1_500))),
                nine.plus(Span::millis(passed)),
                "{speed}"
            );
            assert_eq!(pace.at(machine.minus(Span::hours(1))), nine, "a machine's clock that is set back");
        }
    }
}
