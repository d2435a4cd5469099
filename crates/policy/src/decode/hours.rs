//! When access may begin.

use chrono::{NaiveDateTime, NaiveTime, Weekday};
use tenure_core::flow::hours::{
    BadHours, CLOSED_MAX, Closed, END_OF_DAY, Hours, OPENINGS_MAX, Opening, PastClose,
};

use super::reader::Reader;
use super::shape;
use crate::document::{Node, Path};
use crate::problem::{Code, quote};

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
];

/// Hours, and whether a grant may run past their close. Hours that are broken are no hours: the flow
/// is refused in any case.
pub(super) fn read(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<(Option<Hours>, PastClose)> {
    let fields = reader.fields(node, path, &shape::HOURS)?;
    let zone = fields.must(reader, path, "zone", "write one such as `Europe/Berlin`", zone);
    let open = fields.must(reader, path, "open", "say when it is open", |reader, node, path| {
        let items = reader.list(node, path, OPENINGS_MAX, "a list of openings")?;
        if items.is_empty() {
            let help = "write at least one opening, or leave `hours` out for always";
            reader.problem(Code::OutOfRange, path, node.place, "these hours never open", help);
        }
        all(reader, items, path, opening)
    });
    let closed = fields.maybe(reader, path, "closed", |reader, node, path| {
        let items = reader.list(node, path, CLOSED_MAX, "a list of closed ranges")?;
        all(reader, items, path, closed)
    });
    let past_close = fields.maybe(reader, path, "past_close", |reader, node, path| {
        let words = [("refuse", PastClose::Refuse), ("clip", PastClose::Clip), ("allow", PastClose::Allow)];
        reader.choice(node, path, &words)
    });
    let hours =
        zone.zip(open).and_then(|(zone, open)| match Hours::new(&zone, open, closed.unwrap_or_default()) {
            Ok(hours) => Some(hours),
            Err(bad) => problem(reader, &bad, node, path),
        });
    Some((hours, past_close.unwrap_or_default()))
}

/// Each item of a list, or nothing at all: hours with a hole would say something else.
fn all<T>(
    reader: &mut Reader,
    items: &[Node],
    path: &Path<'_>,
    read: impl Fn(&mut Reader, &Node, &Path<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let read: Vec<Option<T>> =
        items.iter().enumerate().map(|(n, item)| read(reader, item, &path.index(n))).collect();
    read.into_iter().collect::<Option<Vec<T>>>().filter(|read| !read.is_empty())
}

fn zone(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<String> {
    let text = reader.text_for(node, path, "a text such as `Europe/Berlin`")?;
    match Hours::new(text, vec![whole_week()], Vec::new()) {
        Ok(_) => Some(text.to_owned()),
        Err(_) => {
            let message = format!("{} is no time zone", quote(text));
            let help = "write a name of the IANA database, such as `Europe/Berlin` or `UTC`";
            reader.problem(Code::BadZone, path, node.place, message, help);
            None
        }
    }
}

/// Hours that cannot be wrong, to try one part at a time.
fn whole_week() -> Opening {
    Opening { days: DAYS.map(|(_, day)| day).to_vec(), from: END_OF_DAY, to: END_OF_DAY }
}

fn opening(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Opening> {
    let fields = reader.fields(node, path, &shape::OPENING)?;
    let days = fields.must(reader, path, "days", "name them: `[mon, tue]`", |reader, node, path| {
        if matches!(&node.value, crate::document::Value::List(items) if items.is_empty()) {
            reader.problem(
                Code::OutOfRange,
                path,
                node.place,
                "the opening names no day",
                "write `[mon, tue]`",
            );
            return None;
        }
        reader.each(node, path, "a list of days, such as `[mon, tue]`", |reader, node, path| {
            reader.choice(node, path, &DAYS)
        })
    });
    let from = fields.must(reader, path, "from", "say when it opens", |reader, node, path| {
        time(reader, node, path, false)
    });
    let to = fields
        .must(reader, path, "to", "say when it closes", |reader, node, path| time(reader, node, path, true));
    let opening = Opening { days: days?, from: from?, to: to? };
    match Hours::new("UTC", vec![opening.clone()], Vec::new()) {
        Ok(_) => Some(opening),
        Err(bad) => problem(reader, &bad, node, path),
    }
}

/// A time of day: `08:00`, or `08:00:30`; at a close also `24:00`.
fn time(reader: &mut Reader, node: &Node, path: &Path<'_>, closes: bool) -> Option<NaiveTime> {
    let text = reader.text_for(node, path, "a text such as \"08:00\"")?;
    if closes && matches!(text, "24:00" | "24:00:00") {
        return Some(END_OF_DAY);
    }
    let format = match text.len() {
        5 => "%H:%M",
        8 => "%H:%M:%S",
        _ => "",
    };
    NaiveTime::parse_from_str(text, format).ok().filter(|_| !format.is_empty()).or_else(|| {
        let message = format!("{} is no time of day", quote(text));
        reader.problem(Code::BadTime, path, node.place, message, "write it like \"08:00\"");
        None
    })
}

fn closed(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Closed> {
    let fields = reader.fields(node, path, &shape::CLOSED)?;
    let from = fields.must(reader, path, "from", "say when it begins", local);
    let to = fields.must(reader, path, "to", "say when it is over", local);
    let why = fields.maybe(reader, path, "why", Reader::words);
    let closed = Closed { from: from?, to: to?, why };
    match Hours::new("UTC", vec![whole_week()], vec![closed.clone()]) {
        Ok(_) => Some(closed),
        Err(bad) => problem(reader, &bad, node, path),
    }
}

/// A local date and time, without a zone: that of the hours holds.
fn local(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<NaiveDateTime> {
    let text = reader.text_for(node, path, "a text such as `2026-12-24T00:00`")?;
    let plain = text.replacen(' ', "T", 1);
    let parsed = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(&plain, format).ok());
    parsed.or_else(|| {
        let message = format!("{} is no local time", quote(text));
        let help = "write it like `2026-12-24T00:00`, without a zone: that of the hours holds";
        reader.problem(Code::BadTime, path, node.place, message, help);
        None
    })
}

fn problem<T>(reader: &mut Reader, bad: &BadHours, node: &Node, path: &Path<'_>) -> Option<T> {
    let (code, help) = match bad {
        BadHours::UnknownZone(_) => (Code::BadZone, "write a name of the IANA database"),
        BadHours::NoOpening => (Code::OutOfRange, "write at least one opening"),
        BadHours::TooManyOpenings | BadHours::TooManyClosed => (Code::TooLarge, "write fewer"),
        BadHours::NoDays { .. } => (Code::OutOfRange, "write `[mon, tue]`"),
        BadHours::OpeningTooFine { .. } | BadHours::ClosedTooFine { .. } => {
            (Code::BadTime, "write whole milliseconds, and no leap second")
        }
        BadHours::ClosedBackwards { .. } => (Code::Contradiction, "write a `to` that is later than `from`"),
    };
    reader.problem(code, path, node.place, bad.to_string(), help);
    None
}
