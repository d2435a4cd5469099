//! When access may begin: openings of a week in a time zone, and closed ranges.
//!
//! Times of day are local, everything asked and answered is an instant. Around a change of the clock
//! a time that does not exist means the first instant after the gap; of a time that happens twice an
//! opening takes the first and a close the last, and a closed range takes the widest reading.
//! Zones are those of the IANA database that is compiled in; it knows changes up to the year 2099,
//! after which every zone stays at the time it then has.

mod wall;
mod week;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::fmt;

use chrono::{Datelike, NaiveDateTime, NaiveTime, Timelike, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use self::wall::Wall;
use self::week::{Stretch, Week, merged};
use crate::time::{Span, Timestamp};

/// Openings of one flow: people keep them in their heads, and waiting walks them one by one.
pub const OPENINGS_MAX: usize = 256;
/// Closed ranges of one flow: the freezes and holidays of many years.
pub const CLOSED_MAX: usize = 1_000;
/// How far ahead an opening is looked for. Nobody waits that long, and every yearly pause is shorter.
pub const OPENING_AHEAD_MAX: Span = Span::days(400);
/// The `to` of an opening that lasts until its day is over, written `24:00` or `00:00`.
pub const END_OF_DAY: NaiveTime = NaiveTime::MIN;

/// Whether a grant may run past the close of its hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PastClose {
    /// Such a request is refused.
    Refuse,
    /// The grant is shortened to the close.
    #[default]
    Clip,
    /// It may.
    Allow,
}

/// An opening on some days of every week, by local time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The days on which it begins.
    pub days: Vec<Weekday>,
    /// When it begins.
    pub from: NaiveTime,
    /// When it closes: the next day where this is not later than `from`, so that the same time twice is
    /// a whole day, and midnight is the end of the day.
    pub to: NaiveTime,
}

/// A range in which it is closed, whatever the week says, by local time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// When it begins.
    pub from: NaiveDateTime,
    /// When it is over.
    pub to: NaiveDateTime,
    /// What people are told.
    pub why: Option<String>,
}

/// Openings of a week in a time zone, and ranges in which it is closed all the same.
///
/// Openings that overlap or follow each other without a pause are one.
///
/// ```
/// use chrono::{NaiveTime, Weekday};
/// use tenure_core::flow::hours::{Hours, Opening};
///
/// let from = NaiveTime::from_hms_opt(22, 0, 0).ok_or("no time")?;
/// let to = NaiveTime::from_hms_opt(6, 0, 0).ok_or("no time")?;
/// let nights = Hours::new("Europe/Berlin", vec![Opening { days: vec![Weekday::Sat], from, to }], vec![])?;
///
/// // The night of the change to summer time is an hour shorter.
/// let midnight = "2026-03-28T23:00:00Z".parse()?;
/// assert_eq!(nights.closes_after(midnight), Some("2026-03-29T04:00:00Z".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Hours {
    zone: Tz,
    week: Week,
    // INVARIANT: in order, none empty, none touching the next.
    shut: Vec<Stretch>,
    notices: Vec<Notice>,
}

/// Why it is closed in a range; ranges that were merged keep a notice each.
#[derive(Clone, Debug)]
struct Notice {
    during: Stretch,
    why: String,
}

/// What is wrong with hours; positions count from 0 in the list as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadHours {
    /// The zone is not in the IANA database.
    UnknownZone(String),
    /// There is no opening: such hours would never open.
    NoOpening,
    /// There are more openings than [`OPENINGS_MAX`].
    TooManyOpenings,
    /// There are more closed ranges than [`CLOSED_MAX`].
    TooManyClosed,
    /// An opening names no day.
    NoDays {
        /// Which opening.
        index: usize,
    },
    /// An opening has a time finer than a millisecond, or a leap second.
    OpeningTooFine {
        /// Which opening.
        index: usize,
    },
    /// A closed range has a time finer than a millisecond, or a leap second.
    ClosedTooFine {
        /// Which range.
        index: usize,
    },
    /// A closed range ends before it begins, or as it begins.
    ClosedBackwards {
        /// Which range.
        index: usize,
    },
}

impl Hours {
    /// Hours in a zone of the IANA database.
    ///
    /// # Errors
    /// The first thing that is wrong, in the order of [`BadHours`].
    pub fn new(zone: &str, open: Vec<Opening>, closed: Vec<Closed>) -> Result<Self, BadHours> {
        let zone: Tz = zone.parse().map_err(|_| BadHours::UnknownZone(zone.to_owned()))?;
        sound(&open, &closed)?;
        let mut shut = Vec::with_capacity(closed.len());
        let mut notices = Vec::new();
        for range in closed {
            let during = Stretch {
                from: Wall::reading(range.from).first(zone),
                to: Wall::reading(range.to).last(zone),
            };
            shut.push(during);
            notices.extend(range.why.map(|why| Notice { during, why }));
        }
        Ok(Self { zone, week: Week::new(zone, &open), shut: merged(shut), notices })
    }

    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.opening_at(at).is_some()
    }

    /// The whole opening in which an instant lies, its begin and its close (the close itself lies
    /// outside); none where it is closed.
    ///
    /// What never closes does so at [`Timestamp::MAX`], what was always open began at [`Timestamp::MIN`]:
    /// no instant lies beyond, so both are bounds like any other.
    #[must_use]
    pub fn opening_at(&self, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let opening = self.opening(at.millis(), at.millis())?;
        Some((Timestamp::from_millis(opening.from), Timestamp::from_millis(opening.to)))
    }

    /// When the opening in which an instant lies will close; none where it is closed already, never
    /// because it stays open (see [`Hours::opening_at`]).
    #[must_use]
    pub fn closes_after(&self, at: Timestamp) -> Option<Timestamp> {
        self.opening_at(at).map(|(_, close)| close)
    }

    /// The first instant, from this one on, at which it is open: this one itself where it is. None where
    /// nothing opens within [`OPENING_AHEAD_MAX`].
    #[must_use]
    pub fn next_opening(&self, at: Timestamp) -> Option<Timestamp> {
        let opening = self.opening(at.millis(), at.plus(OPENING_AHEAD_MAX).millis())?;
        Some(at.max(Timestamp::from_millis(opening.from)))
    }

    /// The last instant before `before`, and not before `from`, at which it is open; none where there is none.
    #[must_use]
    pub fn last_open(&self, from: Timestamp, before: Timestamp) -> Option<Timestamp> {
        let opens = |at: i64| self.opening(at, before.millis().saturating_sub(1)).is_some();
        let (mut open, mut shut) = (from.millis(), before.millis());
        // INVARIANT: from `open` on it opens before `before`, from `shut` on it does not.
        if open >= shut || !opens(open) {
            return None;
        }
        while shut.saturating_sub(open) > 1 {
            let middle = open.midpoint(shut);
            *(if opens(middle) { &mut open } else { &mut shut }) = middle;
        }
        Some(Timestamp::from_millis(open))
    }

    /// The earliest instant by which it was open for so long since `from`: a time that runs in open
    /// hours only has then run out. That may be a close; no time at all has passed at once, open or
    /// not. None where it takes an opening that begins later than [`OPENING_AHEAD_MAX`] after `from`.
    #[must_use]
    pub fn after_open(&self, from: Timestamp, span: Span) -> Option<Timestamp> {
        let horizon = from.plus(OPENING_AHEAD_MAX).millis();
        let mut left = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let mut at = from.millis();
        while left > 0 {
            let opening = self.opening(at, horizon)?;
            let begin = opening.from.max(at);
            let passed = opening.to.saturating_sub(begin).min(left);
            left = left.saturating_sub(passed);
            at = begin.saturating_add(passed);
        }
        Some(Timestamp::from_millis(at))
    }

    /// What people are told at an instant in a closed range: the first `why` that was written.
    #[must_use]
    pub fn closed_because(&self, at: Timestamp) -> Option<&str> {
        let at = at.millis();
        let covers = |during: &Stretch| during.from <= at && at < during.to;
        self.notices.iter().find(|notice| covers(&notice.during)).map(|notice| notice.why.as_str())
    }

    /// The longest opening of a week without closed ranges and changes of the clock; none where the
    /// week never closes.
    #[must_use]
    pub fn longest_opening(&self) -> Option<Span> {
        let millis = self.week.longest()?;
        u64::try_from(millis).ok().map(Span::millis)
    }

    /// The day of the week, as policies write it (`mon` to `sun`), and the hour (0 to 23) in the zone.
    #[must_use]
    pub fn weekday_and_hour(&self, at: Timestamp) -> (&'static str, u32) {
        day_and_hour(Wall::at(self.zone, at.millis()).shown())
    }

    /// The opening in which `at` lies, or else the next, if it begins no later than `horizon`.
    fn opening(&self, mut at: i64, horizon: i64) -> Option<Stretch> {
        let mut over = self.shut.partition_point(|range| range.to <= at);
        // Each round moves `at` later, to the end of a closed range or to an opening of the week.
        while at <= horizon {
            let next = self.shut.get(over);
            if let Some(range) = next
                && range.from <= at
            {
                at = range.to;
                over = over.saturating_add(1);
                continue;
            }
            let week = self.week.stretch_after(at)?;
            if week.from <= at {
                let before = over.checked_sub(1).and_then(|last| self.shut.get(last));
                return Some(Stretch {
                    from: before.map_or(week.from, |range| week.from.max(range.to)),
                    to: next.map_or(week.to, |range| week.to.min(range.from)),
                });
            }
            at = week.from;
            over = self.shut.partition_point(|range| range.to <= at);
        }
        None
    }
}

/// The day of the week (`mon` to `sun`) and the hour in UTC, for a flow without hours of its own.
#[must_use]
pub fn utc_weekday_and_hour(at: Timestamp) -> (&'static str, u32) {
    day_and_hour(at.utc().naive_utc())
}

fn day_and_hour(shown: NaiveDateTime) -> (&'static str, u32) {
    let day = match shown.weekday() {
        Weekday::Mon => "mon",
        Weekday::Tue => "tue",
        Weekday::Wed => "wed",
        Weekday::Thu => "thu",
        Weekday::Fri => "fri",
        Weekday::Sat => "sat",
        Weekday::Sun => "sun",
    };
    (day, shown.hour())
}

fn sound(open: &[Opening], closed: &[Closed]) -> Result<(), BadHours> {
    if open.is_empty() {
        return Err(BadHours::NoOpening);
    }
    if open.len() > OPENINGS_MAX {
        return Err(BadHours::TooManyOpenings);
    }
    if closed.len() > CLOSED_MAX {
        return Err(BadHours::TooManyClosed);
    }
    for (index, opening) in open.iter().enumerate() {
        if opening.days.is_empty() {
            return Err(BadHours::NoDays { index });
        }
        if too_fine(opening.from) || too_fine(opening.to) {
            return Err(BadHours::OpeningTooFine { index });
        }
    }
    for (index, range) in closed.iter().enumerate() {
        if too_fine(range.from.time()) || too_fine(range.to.time()) {
            return Err(BadHours::ClosedTooFine { index });
        }
        if range.to <= range.from {
            return Err(BadHours::ClosedBackwards { index });
        }
    }
    Ok(())
}

/// A leap second counts as too fine: it has nanoseconds beyond a second.
fn too_fine(time: NaiveTime) -> bool {
    time.nanosecond() >= 1_000_000_000 || !time.nanosecond().is_multiple_of(1_000_000)
}

impl BadHours {
    /// What would be right.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::UnknownZone(_) => "write a zone of the IANA database, such as `Europe/Berlin`",
            Self::NoOpening => "write at least one opening, or leave `hours` out where it is always open",
            Self::TooManyOpenings => "join openings that have the same times by naming several days",
            Self::TooManyClosed => "join ranges that follow each other, and leave out those that are over",
            Self::NoDays { .. } => "name the days on which it begins, such as `[mon, tue]`",
            Self::OpeningTooFine { .. } => "write a time of day such as `08:00`",
            Self::ClosedTooFine { .. } => "write a local time such as `2026-12-24T00:00`",
            Self::ClosedBackwards { .. } => "let `to` be later than `from`",
        }
    }
}

impl fmt::Display for BadHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownZone(zone) => write!(f, "`{zone}` is no time zone"),
            Self::NoOpening => f.write_str("these hours have no opening and would never open"),
            Self::TooManyOpenings => write!(f, "there are more than {OPENINGS_MAX} openings"),
            Self::TooManyClosed => write!(f, "there are more than {CLOSED_MAX} closed ranges"),
            Self::NoDays { .. } => f.write_str("the opening names no day"),
            Self::OpeningTooFine { .. } => f.write_str("the opening has a time finer than a millisecond"),
            Self::ClosedTooFine { .. } => f.write_str("the closed range has a time finer than a millisecond"),
            Self::ClosedBackwards { .. } => f.write_str("the closed range does not end after it begins"),
        }
    }
}

impl std::error::Error for BadHours {}
