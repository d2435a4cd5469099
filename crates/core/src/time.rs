//! Instants and spans: whole milliseconds, UTC, never a calendar unit.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An instant: UTC, whole milliseconds, between the years 1 and 9999.
///
/// As text it is RFC 3339 with three decimals and `Z`.
///
/// ```
/// use tenure_core::time::{Span, Timestamp};
///
/// let nine: Timestamp = "2026-03-02T09:00:00Z".parse()?;
/// assert_eq!(nine.plus(Span::minutes(90)).to_string(), "2026-03-02T10:30:00.000Z");
/// # Ok::<(), tenure_core::time::BadTime>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A length of time in whole milliseconds; a day is always 24 hours.
///
/// As text it reads `1h 30m`, in answers it is the number of milliseconds.
///
/// ```
/// use tenure_core::time::Span;
///
/// assert_eq!("1h 30m".parse::<Span>()?, Span::minutes(90));
/// assert_eq!("PT30M".parse::<Span>()?, Span::minutes(30));
/// assert!("90".parse::<Span>().is_err());
/// # Ok::<(), tenure_core::time::BadSpan>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Span(u64);

/// A text that is no instant, and what would be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadTime(String);

/// A text that is no span, and what would be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSpan(String);

impl Timestamp {
    /// The earliest instant: the first of the year 1.
    pub const MIN: Self = Self(-62_135_596_800_000);
    /// The latest instant: the last millisecond of the year 9999.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// The instant so many milliseconds after 1970 began, brought into the range where it lies outside.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        if millis < Self::MIN.0 {
            Self::MIN
        } else if millis > Self::MAX.0 {
            Self::MAX
        } else {
            Self(millis)
        }
    }

    /// Milliseconds since 1970 began.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This instant moved later; the latest instant where that would lie beyond it.
    #[must_use]
    pub fn plus(self, span: Span) -> Self {
        Self::from_millis(self.0.saturating_add_unsigned(span.0))
    }

    /// This instant moved earlier; the earliest instant where that would lie before it.
    #[must_use]
    pub fn minus(self, span: Span) -> Self {
        Self::from_millis(self.0.saturating_sub_unsigned(span.0))
    }

    /// How long after `earlier` this is; zero where it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Span {
        Span(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    pub(crate) fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many milliseconds.
    #[must_use]
    pub const fn millis(millis: u64) -> Self {
        Self(millis)
    }

    /// So many seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }

    /// So many minutes.
    #[must_use]
    pub const fn minutes(minutes: u64) -> Self {
        Self(minutes.saturating_mul(60_000))
    }

    /// So many hours.
    #[must_use]
    pub const fn hours(hours: u64) -> Self {
        Self(hours.saturating_mul(3_600_000))
    }

    /// So many days of 24 hours.
    #[must_use]
    pub const fn days(days: u64) -> Self {
        Self(days.saturating_mul(86_400_000))
    }

    /// The number of milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whether it is no time at all.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// This span so many times over.
    #[must_use]
    pub const fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// Both spans together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of this span after the other; zero where nothing is.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Text::of(*self).as_str())
    }
}

/// How every instant is written: RFC 3339 in UTC, to the millisecond.
const WRITTEN: [u8; 24] = *b"0000-00-00T00:00:00.000Z";

/// What is written of an instant.
struct Text([u8; WRITTEN.len()]);

impl Text {
    /// Records are full of instants, so their digits are put in their places, and nothing else is made.
    fn of(at: Timestamp) -> Self {
        let at = at.utc();
        let year = u32::try_from(at.year()).unwrap_or_default();
        let parts = [
            (0..4, year),
            (5..7, at.month()),
            (8..10, at.day()),
            (11..13, at.hour()),
            (14..16, at.minute()),
            (17..19, at.second()),
            (20..23, at.nanosecond() / 1_000_000),
        ];
        let mut text = WRITTEN;
        for (place, mut number) in parts {
            for digit in text.get_mut(place).into_iter().flatten().rev() {
                *digit = digit.wrapping_add(u8::try_from(number % 10).unwrap_or_default());
                number /= 10;
            }
        }
        Self(text)
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Timestamp {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, BadTime> {
        let wrong = |why: &str| BadTime(format!("`{text}` {why}"));
        let at = DateTime::parse_from_rfc3339(text)
            .map_err(|_| wrong("is no instant; write it like `2026-03-02T09:00:00Z`"))?;
        if at.nanosecond() % 1_000_000 != 0 {
            return Err(wrong("is finer than a millisecond; keep three decimals"));
        }
        let millis = at.timestamp_millis();
        let within = Self::from_millis(millis);
        if within.0 == millis { Ok(within) } else { Err(wrong("lies outside the years 1 to 9999")) }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 5] =
            [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];
        if self.0 == 0 {
            return f.write_str("0m");
        }
        let mut left = self.0;
        let mut gap = "";
        for (size, unit) in UNITS {
            let count = left / size;
            left %= size;
            if count > 0 {
                write!(f, "{gap}{count}{unit}")?;
                gap = " ";
            }
        }
        Ok(())
    }
}

impl FromStr for Span {
    type Err = BadSpan;

    fn from_str(text: &str) -> Result<Self, BadSpan> {
        let wrong = |why: &str| BadSpan(format!("`{text}` {why}"));
        let trimmed = text.trim();
        if trimmed.starts_with('-') {
            return Err(wrong("is negative; a span is a length of time such as `30m`"));
        }
        let millis = match trimmed.strip_prefix('P') {
            Some(iso) => iso_millis(iso),
            None => parts_millis(trimmed),
        };
        match millis {
            Some(_) if trimmed.is_empty() => Err(wrong("is no span; write it like `30m`")),
            Some(millis) => Ok(Self(millis)),
            None => Err(wrong(
                "is no span; write a whole number and ms, s, m, h or d, such as `30m`, `1h 30m` or `PT30M`",
            )),
        }
    }
}

/// `1h 30m`: whole numbers with their units, the larger ones first, each at most once.
fn parts_millis(text: &str) -> Option<u64> {
    let mut sum = 0_u64;
    let mut last = u64::MAX;
    for part in text.split_ascii_whitespace() {
        let (count, unit) = part.split_at(part.find(|c: char| !c.is_ascii_digit())?);
        let size = unit_millis(unit).filter(|size| *size < last)?;
        sum = sum.checked_add(count.parse::<u64>().ok()?.checked_mul(size)?)?;
        last = size;
    }
    Some(sum)
}

fn unit_millis(unit: &str) -> Option<u64> {
    match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        _ => None,
    }
}

/// ISO 8601 durations without the units that have no fixed length: `2DT3H`, `T30M`, `T1.5S` is not one.
fn iso_millis(text: &str) -> Option<u64> {
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    if date.is_empty() && time.is_empty() || text.ends_with('T') {
        return None;
    }
    let days = iso_fields(date, &[('D', 86_400_000)])?;
    let rest = iso_fields(time, &[('H', 3_600_000), ('M', 60_000), ('S', 1_000)])?;
    days.checked_add(rest)
}

/// Reads `1H30M` against the units in their order, each at most once.
fn iso_fields(mut text: &str, units: &[(char, u64)]) -> Option<u64> {
    let mut sum = 0_u64;
    for (unit, size) in units {
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
        let (count, rest) = text.split_at_checked(digits)?;
        if let Some(rest) = rest.strip_prefix(*unit) {
            sum = sum.checked_add(count.parse::<u64>().ok()?.checked_mul(*size)?)?;
            text = rest;
        }
    }
    text.is_empty().then_some(sum)
}

impl fmt::Display for BadTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadTime {}

impl fmt::Display for BadSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadSpan {}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(Text::of(*self).as_str())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A span is read as text (`"30m"`) or as the whole number of milliseconds that answers carry.
impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl de::Visitor<'_> for Reader {
            type Value = Span;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a span such as `30m`, or whole milliseconds")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_u64<E: de::Error>(self, millis: u64) -> Result<Span, E> {
                Ok(Span(millis))
            }
            fn visit_i64<E: de::Error>(self, millis: i64) -> Result<Span, E> {
                u64::try_from(millis).map(Span).map_err(|_| E::custom("a span is never negative"))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_the_calendar_writes_them() {
        let millis =
            [Timestamp::MIN.0, -1, 0, 951_782_399_999, 951_782_400_000, 1_772_442_000_007, Timestamp::MAX.0];
        for at in millis.map(Timestamp) {
            let calendar = at.utc().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
            assert_eq!(at.to_string(), calendar);
            assert_eq!(serde_json::to_string(&at).unwrap(), format!("\"{calendar}\""));
            assert_eq!(calendar.parse(), Ok(at));
        }
    }

    #[test]
    fn spans_are_read_as_written() {
        for (text, millis) in [
            ("250ms", 250),
            ("90s", 90_000),
            ("30m", 1_800_000),
            ("1h 30m", 5_400_000),
            ("2d", 172_800_000),
            ("PT30M", 1_800_000),
            ("P1DT2H", 93_600_000),
        ] {
            assert_eq!(text.parse(), Ok(Span(millis)), "{text}");
        }
        for text in [
            "",
            " ",
            "30",
            "-5m",
            "1y",
            "1M",
            "P1Y",
            "P1M",
            "P",
            "PT",
            "1.5h",
            "m",
            "1h30",
            "1h 1h",
            "30m 1h",
            "99999999999999999999d",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn spans_print_so_that_they_read_back() {
        for millis in [0, 1, 250, 60_000, 5_400_000, 172_800_001] {
            assert_eq!(Span(millis).to_string().parse(), Ok(Span(millis)));
        }
    }

    #[test]
    fn instants_are_whole_milliseconds_in_range() {
        let at: Timestamp = "2026-03-02T10:00:00.5+01:00".parse().unwrap();
        assert_eq!(at.to_string(), "2026-03-02T09:00:00.500Z");
        assert!("2026-03-02T09:00:00.0001Z".parse::<Timestamp>().is_err());
        assert!("2026-03-02".parse::<Timestamp>().is_err());
        assert_eq!(Timestamp::MAX.plus(Span::days(1)), Timestamp::MAX);
    }
}
