//! Instants, spans and the hours of a flow, in whole milliseconds.

use chrono::{
    DateTime, Datelike, Duration, LocalResult, NaiveDate, NaiveDateTime, SecondsFormat, TimeZone, Timelike,
    Utc,
};
use chrono_tz::Tz;
use serde_json::Value;

/// Milliseconds since 1970, or of a span.
pub(super) type Ms = i64;

pub(super) const MINUTE: Ms = 60_000;
pub(super) const DAY: Ms = 86_400_000;
/// However its hours fall, a grant that waits this long is `unused`.
pub(super) const WAITING_MAX: Ms = 30 * DAY;
/// No opening is looked for beyond this.
const HORIZON: Ms = 1_200 * DAY;

/// An instant as answers write it.
pub(super) fn show(at: Ms) -> Value {
    let text =
        DateTime::<Utc>::from_timestamp_millis(at).map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true));
    Value::from(text)
}

/// An instant as calls write it.
pub(super) fn instant(value: &Value) -> Option<Ms> {
    DateTime::parse_from_rfc3339(value.as_str()?).ok().map(|at| at.timestamp_millis())
}

/// A span as documents write it (`1h 30m`, `PT30M`), or as calls do (milliseconds).
pub(super) fn span(value: &Value) -> Option<Ms> {
    let Some(text) = value.as_str() else { return value.as_i64() };
    let iso = text.starts_with('P');
    let (mut total, mut number, mut unit, mut timed) = (0, 0, String::new(), false);
    let mut add = |number: Ms, unit: &str, timed: bool| {
        total += number
            * match unit {
                "ms" => 1,
                "s" | "S" => 1_000,
                "h" | "H" => 60 * MINUTE,
                "d" | "D" => DAY,
                "W" => 7 * DAY,
                "m" => MINUTE,
                "M" if timed => MINUTE,
                _ => 0,
            };
    };
    for letter in text.trim_start_matches('P').chars() {
        match letter.to_digit(10) {
            Some(digit) => {
                if !unit.is_empty() {
                    add(number, &unit, timed);
                    (number, unit) = (0, String::new());
                }
                number = number * 10 + Ms::from(digit);
            }
            None if iso && letter == 'T' => {
                if !unit.is_empty() {
                    add(number, &unit, timed);
                    (number, unit) = (0, String::new());
                }
                timed = true;
            }
            None if letter.is_whitespace() => {}
            None => unit.push(letter),
        }
    }
    add(number, &unit, timed);
    Some(total)
}

/// What becomes of access that would run past the close.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum PastClose {
    Refuse,
    Clip,
    Allow,
}

/// When a flow is open.
pub(super) struct Hours {
    pub(super) zone: Tz,
    /// Days, counted from Monday; the second of the day it begins and ends.
    open: Vec<(Vec<u32>, i64, i64)>,
    closed: Vec<(Ms, Ms, Option<String>)>,
    pub(super) past_close: PastClose,
}

impl Hours {
    pub(super) fn read(value: &Value) -> Option<Self> {
        let zone: Tz = value.get("zone")?.as_str()?.parse().ok()?;
        let list = |name: &str| value.get(name).and_then(Value::as_array).into_iter().flatten();
        let second = |opening: &Value, name: &str| {
            let mut parts = opening.get(name)?.as_str()?.split(':').map(|part| part.parse::<i64>().ok());
            Some(parts.next()?? * 3_600 + parts.next()?? * 60 + parts.next().unwrap_or(Some(0))?)
        };
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let open = list("open").filter_map(|opening| {
            let days = opening.get("days").and_then(Value::as_array);
            let days = days.map_or((0..7).collect(), |days| {
                (0..7)
                    .zip(names)
                    .filter(|(_, name)| days.iter().any(|day| day == name))
                    .map(|(day, _)| day)
                    .collect()
            });
            Some((days, second(opening, "from")?, second(opening, "to")?))
        });
        let closed = list("closed").filter_map(|range| {
            let why = range.get("why").and_then(Value::as_str).map(str::to_owned);
            Some((local(zone, range.get("from")?, false)?, local(zone, range.get("to")?, true)?, why))
        });
        let past_close = match value.get("past_close").and_then(Value::as_str) {
            Some("refuse") => PastClose::Refuse,
            Some("allow") => PastClose::Allow,
            _ => PastClose::Clip,
        };
        Some(Self { zone, open: open.collect(), closed: closed.collect(), past_close })
    }

    /// The openings of the week around that instant, closed ranges left in.
    fn openings(&self, at: Ms) -> Vec<(Ms, Ms)> {
        let Some(day) =
            DateTime::from_timestamp_millis(at).map(|at| at.with_timezone(&self.zone).date_naive())
        else {
            return Vec::new();
        };
        let days = (-2..9).map(|offset| day + Duration::days(offset));
        let open = days.flat_map(|day| {
            self.open.iter().filter_map(move |(days, from, to)| {
                let over = if to <= from { 24 * 3_600 } else { 0 };
                let listed = days.contains(&day.weekday().num_days_from_monday());
                let second =
                    |second: i64| day.and_hms_opt(0, 0, 0).map(|day| day + Duration::seconds(second));
                listed.then_some(())?;
                Some((
                    resolve(self.zone, second(*from)?, false),
                    resolve(self.zone, second(*to + over)?, true),
                ))
            })
        });
        open.filter(|(from, to)| from < to).collect()
    }

    /// The closed range that stands at that instant.
    fn shut(&self, at: Ms) -> Option<&(Ms, Ms, Option<String>)> {
        self.closed.iter().find(|(from, to, _)| *from <= at && at < *to)
    }

    pub(super) fn why(&self, at: Ms) -> Option<&String> {
        self.closed
            .iter()
            .filter(|(from, to, _)| *from <= at && at < *to)
            .find_map(|(_, _, why)| why.as_ref())
    }

    pub(super) fn is_open(&self, at: Ms) -> bool {
        self.shut(at).is_none() && self.openings(at).iter().any(|(from, to)| *from <= at && at < *to)
    }

    /// When the opening that stands at that instant closes; nothing where it never does.
    pub(super) fn close(&self, at: Ms) -> Option<Ms> {
        let mut end = at;
        while end < at + HORIZON {
            if self.shut(end).is_some() {
                return Some(end);
            }
            let longest = self.openings(end).into_iter().filter(|(from, to)| *from <= end && end < *to);
            let Some(until) = longest.map(|(_, to)| to).max() else { return Some(end) };
            let freeze =
                self.closed.iter().map(|(from, _, _)| *from).filter(|from| end < *from && *from < until);
            end = freeze.min().unwrap_or(until);
        }
        None
    }

    /// The first open instant from then on.
    pub(super) fn opens(&self, at: Ms) -> Option<Ms> {
        let mut from = at;
        while from < at + HORIZON {
            if let Some((_, to, _)) = self.shut(from) {
                from = *to;
                continue;
            }
            if self.is_open(from) {
                return Some(from);
            }
            // What begins next: an opening, or nothing in this week.
            let next =
                self.openings(from).into_iter().map(|(start, _)| start).filter(|start| *start > from).min();
            from = next.unwrap_or(from + 7 * DAY);
        }
        None
    }

    /// When so much open time has passed, at most thirty days later.
    pub(super) fn after_open(&self, at: Ms, mut left: Ms) -> Ms {
        let last = at + WAITING_MAX;
        let mut now = at;
        while let Some(open) = self.opens(now).filter(|open| *open < last) {
            match self.close(open) {
                Some(close) if close - open < left => (left, now) = (left - (close - open), close),
                _ => return last.min(open + left),
            }
        }
        last
    }
}

/// The instant of a local time: of one that happens twice the first or the last, of one that does not exist
/// the first instant after the gap.
fn resolve(zone: Tz, time: NaiveDateTime, last: bool) -> Ms {
    let mut before = time;
    loop {
        let found = match zone.from_local_datetime(&before) {
            LocalResult::Single(at) => at,
            LocalResult::Ambiguous(one, two) => {
                if last {
                    one.max(two)
                } else {
                    one.min(two)
                }
            }
            LocalResult::None => {
                before -= Duration::minutes(1);
                continue;
            }
        };
        let extra = if before == time { 0 } else { MINUTE - i64::from(before.second()) * 1_000 };
        return found.timestamp_millis() + extra;
    }
}

fn local(zone: Tz, value: &Value, last: bool) -> Option<Ms> {
    let text = value.as_str()?;
    let time = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f"];
    let time = time.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
    Some(resolve(zone, time.or_else(day)?, last))
}

/// The day of the week and the hour in a zone.
pub(super) fn clock(zone: Option<Tz>, at: Ms) -> (String, u32) {
    let Some(at) = DateTime::from_timestamp_millis(at) else { return (String::new(), 0) };
    let at = at.with_timezone(&zone.unwrap_or(Tz::UTC));
    (at.weekday().to_string().to_lowercase(), at.hour())
}
