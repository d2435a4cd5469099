//! The openings of an ordinary week, and where they lie in real time.

use chrono::{NaiveTime, Timelike};
use chrono_tz::Tz;

use super::Opening;
use super::wall::Wall;

const DAY: i64 = 86_400_000;
const WEEK: i64 = 7 * DAY;
/// 1970 began on a Thursday; this is its first Monday.
const FIRST_MONDAY: i64 = 4 * DAY;
/// No two clocks of one zone ever differed by more than this: offsets lie between -12 h and +14 h.
const CLOCKS_APART_MAX: i64 = 2 * DAY;

/// Milliseconds `from` up to, but without, `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stretch {
    pub(super) from: i64,
    pub(super) to: i64,
}

/// When a week is open.
#[derive(Clone, Debug)]
pub(super) enum Week {
    /// At every time of every day.
    Always,
    /// In turns.
    InTurns(Turns),
}

/// Openings that follow each other, week after week. They are numbered without end in both
/// directions; turn 0 is the first of the week of the first Monday of 1970.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    zone: Tz,
    // INVARIANT: by wall clock, in milliseconds since Monday began; in order, at least a millisecond
    // between one and the next, also between the last and the first of the week after; never empty.
    slots: Vec<Stretch>,
    count: i64,
}

impl Week {
    pub(super) fn new(zone: Tz, open: &[Opening]) -> Self {
        let mut slots = merged(open.iter().flat_map(slots_of).collect());
        let Some(mut last) = slots.pop() else { return Self::InTurns(Turns { zone, slots, count: 0 }) };
        // What runs on past the end of Sunday meets the openings with which the next week begins.
        let mut met = 0_usize;
        for first in &slots {
            if first.from.saturating_add(WEEK) > last.to {
                break;
            }
            last.to = last.to.max(first.to.saturating_add(WEEK));
            met = met.saturating_add(1);
        }
        slots.drain(..met);
        slots.push(last);
        if last.to.saturating_sub(last.from) >= WEEK {
            return Self::Always;
        }
        let count = i64::try_from(slots.len()).unwrap_or(i64::MAX);
        Self::InTurns(Turns { zone, slots, count })
    }

    /// The first uninterrupted stretch of opening that ends after an instant.
    pub(super) fn stretch_after(&self, at: i64) -> Option<Stretch> {
        match self {
            Self::Always => Some(Stretch { from: i64::MIN, to: i64::MAX }),
            Self::InTurns(turns) => turns.stretch_after(at),
        }
    }

    /// The longest stretch by wall clock; none where it never ends.
    pub(super) fn longest(&self) -> Option<i64> {
        match self {
            Self::Always => None,
            Self::InTurns(turns) => turns.slots.iter().map(|slot| slot.to.saturating_sub(slot.from)).max(),
        }
    }
}

impl Turns {
    /// Turns that do not touch by wall clock may touch in real time: where the time between them was
    /// skipped, or where the second opens in the first passage of an hour and the first closes in
    /// the second. Such a meeting takes a change of the clock, so the loops end.
    fn stretch_after(&self, at: i64) -> Option<Stretch> {
        let mut first = self.number_after(at)?;
        let mut last = first;
        let mut found = self.turn(first)?;
        loop {
            let before = self.turn(first.saturating_sub(1))?;
            if before.to < found.from {
                break;
            }
            found.from = found.from.min(before.from);
            first = first.saturating_sub(1);
        }
        loop {
            let after = self.turn(last.saturating_add(1))?;
            if after.from > found.to {
                break;
            }
            found.to = found.to.max(after.to);
            last = last.saturating_add(1);
        }
        Some(found)
    }

    /// The first turn that closes after an instant: found by wall clock to within the difference of
    /// any two clocks, then by halving, since turns close in order.
    fn number_after(&self, at: i64) -> Option<i64> {
        let shown = Wall::at(self.zone, at).0;
        let mut low = self.number_shown_after(shown.saturating_sub(CLOCKS_APART_MAX));
        let mut high = self.number_shown_after(shown.saturating_add(CLOCKS_APART_MAX));
        while low < high {
            let middle = low.midpoint(high);
            if self.turn(middle)?.to > at {
                high = middle;
            } else {
                low = middle.saturating_add(1);
            }
        }
        Some(low)
    }

    /// The first turn whose close, by wall clock, is later than a time shown.
    fn number_shown_after(&self, shown: i64) -> i64 {
        let since = shown.saturating_sub(FIRST_MONDAY);
        let (week, within) = (since.div_euclid(WEEK), since.rem_euclid(WEEK));
        let closed_by = |within: i64| {
            let slots = self.slots.partition_point(|slot| slot.to <= within);
            i64::try_from(slots).unwrap_or(i64::MAX)
        };
        let earlier = closed_by(within.saturating_add(WEEK));
        if earlier < self.count {
            return week.saturating_sub(1).saturating_mul(self.count).saturating_add(earlier);
        }
        week.saturating_mul(self.count).saturating_add(closed_by(within))
    }

    /// A turn in real time; it is empty where the clock skipped all of it.
    fn turn(&self, number: i64) -> Option<Stretch> {
        let week = number.checked_div_euclid(self.count)?;
        let slot = self.slots.get(usize::try_from(number.checked_rem_euclid(self.count)?).ok()?)?;
        let monday = week.saturating_mul(WEEK).saturating_add(FIRST_MONDAY);
        Some(Stretch {
            from: Wall(monday.saturating_add(slot.from)).first(self.zone),
            to: Wall(monday.saturating_add(slot.to)).last(self.zone),
        })
    }
}

/// Stretches in order, those that overlap or touch made one, empty ones left out.
pub(super) fn merged(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.retain(|stretch| stretch.from < stretch.to);
    stretches.sort_unstable();
    let mut apart: Vec<Stretch> = Vec::with_capacity(stretches.len());
    for next in stretches {
        match apart.last_mut() {
            Some(last) if next.from <= last.to => last.to = last.to.max(next.to),
            Some(_) | None => apart.push(next),
        }
    }
    apart
}

fn slots_of(opening: &Opening) -> impl Iterator<Item = Stretch> + '_ {
    let (opens, closes) = (millis_of_day(opening.from), millis_of_day(opening.to));
    let length = if closes > opens { closes - opens } else { closes - opens + DAY };
    opening.days.iter().map(move |day| {
        let from = i64::from(day.num_days_from_monday()) * DAY + opens;
        Stretch { from, to: from + length }
    })
}

fn millis_of_day(time: NaiveTime) -> i64 {
    i64::from(time.num_seconds_from_midnight()) * 1_000 + i64::from(time.nanosecond() / 1_000_000)
}
