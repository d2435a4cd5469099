//! How long a step took, for the reader of the output.
//!
//! The one place beside the store's clock that asks the machine for a time. Nothing that decides about access is
//! linked with it, and nothing but a printed line comes of it.

use std::fmt;
use std::time::{Duration, Instant};

pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "a duration for people to read; no decision depends on it")]
    pub(crate) fn started() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn lap(&self) -> Lap {
        Lap(self.0.elapsed())
    }
}

/// A measured duration, written as people say it.
#[derive(Clone, Copy)]
pub(crate) struct Lap(Duration);

impl Lap {
    pub(crate) fn is_over(self, longest: Duration) -> bool {
        self.0 > longest
    }
}

impl fmt::Display for Lap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        if seconds < 60 {
            write!(f, "{:.1} s", self.0.as_secs_f64())
        } else {
            write!(f, "{} min {:02} s", seconds / 60, seconds % 60)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lap_reads_as_people_say_it() {
        for (millis, said) in
            [(0, "0.0 s"), (59_940, "59.9 s"), (60_000, "1 min 00 s"), (605_000, "10 min 05 s")]
        {
            assert_eq!(Lap(Duration::from_millis(millis)).to_string(), said);
        }
    }
}
