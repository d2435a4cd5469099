//! A clock whose time can be set, and runs as fast as it is told: a demo's day fits into minutes.

use std::sync::{Mutex, PoisonError};

use tenure::{Clock, Span, SystemClock, Timestamp};

/// A clock beside the machine's: it shows what it was set to, and from there on runs so many times as fast.
#[derive(Debug)]
pub struct RunningClock(Mutex<Pace>);

#[derive(Clone, Copy, Debug)]
struct Pace {
    /// What it showed when it was set.
    shown: Timestamp,
    /// What the machine's clock showed then.
    machine: Timestamp,
    /// How many times as fast it runs; it stands at 0.
    speed: u32,
}

impl RunningClock {
    /// A clock that shows what the machine's does, and runs so many times as fast.
    #[must_use]
    pub fn new(speed: u32) -> Self {
        let machine = SystemClock.now();
        Self(Mutex::new(Pace { shown: machine, machine, speed }))
    }

    /// Sets it: from now on it shows that instant, and runs so many times as fast.
    pub fn set(&self, shown: Timestamp, speed: u32) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Pace { shown, machine: SystemClock.now(), speed };
    }

    /// How many times as fast it runs.
    #[must_use]
    pub fn speed(&self) -> u32 {
        self.pace().speed
    }

    fn pace(&self) -> Pace {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.pace().at(SystemClock.now())
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
