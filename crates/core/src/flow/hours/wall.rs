//! What the clocks of a zone show, and which instants that means.
//!
//! Between the two lie the changes of the clock: a time that was skipped means the first instant after
//! the gap, a time that was shown twice means two instants, and the caller says which.

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, Offset, TimeZone};
use chrono_tz::{GapInfo, Tz};

/// What a clock on a wall of the zone shows: milliseconds since its own 1970 began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wall(pub(super) i64);

impl Wall {
    pub(super) fn reading(shown: NaiveDateTime) -> Self {
        Self(shown.and_utc().timestamp_millis())
    }

    /// What is shown at an instant, given in milliseconds since 1970 began.
    pub(super) fn at(zone: Tz, instant: i64) -> Self {
        let ahead = zone.offset_from_utc_datetime(&naive(instant));
        Self(instant.saturating_add(millis_ahead(&ahead)))
    }

    pub(super) fn shown(self) -> NaiveDateTime {
        naive(self.0)
    }

    /// The first instant that this time means: an opening begins then.
    pub(super) fn first(self, zone: Tz) -> i64 {
        self.meanings(zone).0
    }

    /// The last instant that this time means: an opening closes then.
    pub(super) fn last(self, zone: Tz) -> i64 {
        self.meanings(zone).1
    }

    // INVARIANT: both meanings never decrease as the time shown increases, and the first is never
    // after the last. The search for turns and the merging of openings by wall clock rely on it.
    fn meanings(self, zone: Tz) -> (i64, i64) {
        let shown = naive(self.0);
        match zone.offset_from_local_datetime(&shown) {
            MappedLocalTime::Single(ahead) => {
                let only = self.under(&ahead);
                (only, only)
            }
            MappedLocalTime::Ambiguous(one, other) => {
                let (one, other) = (self.under(&one), self.under(&other));
                (one.min(other), one.max(other))
            }
            MappedLocalTime::None => {
                // A gap begins at the very instant at which it ends. Only a zone without any change
                // would know no beginning, and such a zone skips no time.
                let jump = GapInfo::new(&shown, &zone)
                    .and_then(|gap| gap.begin)
                    .map_or(self.0, |(begin, ahead)| Self::reading(begin).under(&ahead));
                (jump, jump)
            }
        }
    }

    fn under(self, ahead: &impl Offset) -> i64 {
        self.0.saturating_sub(millis_ahead(ahead))
    }
}

fn millis_ahead(ahead: &impl Offset) -> i64 {
    i64::from(ahead.fix().local_minus_utc()).saturating_mul(1_000)
}

fn naive(millis: i64) -> NaiveDateTime {
    DateTime::from_timestamp_millis(millis).unwrap_or_default().naive_utc()
}
