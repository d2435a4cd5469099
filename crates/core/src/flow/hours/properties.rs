use chrono::{DateTime, Days, Offset, TimeZone};
use proptest::prelude::*;

use super::*;

fn utc(text: &str) -> Timestamp {
    format!("{text}:00Z").parse().unwrap()
}

/// The rules read plainly, day by day and without the search that `Hours` makes: an opening is open
/// from the first instant of its begin to the last of its close, unless a closed range says no.
#[derive(Debug)]
struct Plain {
    zone: Tz,
    open: Vec<Opening>,
    closed: Vec<Closed>,
}

impl Plain {
    fn is_open(&self, at: Timestamp) -> bool {
        let at = at.millis();
        let shown = self.shown(at).date();
        let days = (0..6)
            .filter_map(|ahead| shown.checked_sub_days(Days::new(3))?.checked_add_days(Days::new(ahead)));
        let opens = days.into_iter().any(|day| {
            self.open.iter().filter(|opening| opening.days.contains(&day.weekday())).any(|opening| {
                let over_midnight = u64::from(opening.to <= opening.from);
                let until = day.checked_add_days(Days::new(over_midnight)).unwrap().and_time(opening.to);
                self.instants(day.and_time(opening.from)).0 <= at && at < self.instants(until).1
            })
        });
        let shut = |range: &Closed| self.instants(range.from).0 <= at && at < self.instants(range.to).1;
        opens && !self.closed.iter().any(shut)
    }

    fn shown(&self, at: i64) -> NaiveDateTime {
        DateTime::from_timestamp_millis(at).unwrap().with_timezone(&self.zone).naive_local()
    }

    /// The first and the last instant that show this time, found by trying; where none does, the
    /// instant at which the clock jumped over it, found by halving.
    fn instants(&self, local: NaiveDateTime) -> (i64, i64) {
        let millis = local.and_utc().timestamp_millis();
        let (early, late) = (millis - 36 * 3_600_000, millis + 36 * 3_600_000);
        let tries = [early, late].map(|near| {
            let utc = DateTime::from_timestamp_millis(near).unwrap().naive_utc();
            millis - 1_000 * i64::from(self.zone.offset_from_utc_datetime(&utc).fix().local_minus_utc())
        });
        let shows: Vec<i64> = tries.into_iter().filter(|at| self.shown(*at) == local).collect();
        if let (Some(first), Some(last)) = (shows.iter().min(), shows.iter().max()) {
            return (*first, *last);
        }
        let (mut before, mut after) = (early, late);
        while after - before > 1 {
            let middle = before.midpoint(after);
            if self.shown(middle) < local { before = middle } else { after = middle }
        }
        (after, after)
    }
}

/// Changes of the clock, near which everything interesting happens.
const CHANGES: [(&str, &str); 11] = [
    ("Europe/Berlin", "2026-03-29T01:00"),
    ("Europe/Berlin", "2026-10-25T01:00"),
    ("America/New_York", "2026-03-08T07:00"),
    ("America/New_York", "2026-11-01T06:00"),
    ("Australia/Sydney", "2026-04-04T16:00"),
    ("Australia/Sydney", "2026-10-03T16:00"),
    ("Australia/Lord_Howe", "2026-04-04T15:00"),
    ("Australia/Lord_Howe", "2026-10-03T15:30"),
    ("America/Havana", "2026-11-01T05:00"),
    ("Pacific/Apia", "2011-12-30T10:00"),
    ("UTC", "2026-06-01T00:00"),
];

const TICK: u64 = 5 * 60_000;

fn some_time() -> impl Strategy<Value = NaiveTime> {
    // Half of the times lie in the first hours of the day, where clocks change.
    let minute = prop_oneof![0_u32..4 * 12, 0_u32..24 * 12];
    minute.prop_map(|five| NaiveTime::from_hms_opt(five / 12, five % 12 * 5, 0).unwrap())
}

fn some_opening() -> impl Strategy<Value = Opening> {
    let day = (0_u8..7).prop_map(|day| Weekday::try_from(day).unwrap());
    (prop::collection::vec(day, 1..4), some_time(), some_time()).prop_map(|(days, from, to)| Opening {
        days,
        from,
        to,
    })
}

/// Hours near a change of the clock, the same read plainly, and two instants within days of it.
fn some_hours() -> impl Strategy<Value = (Hours, Plain, Timestamp, Timestamp)> {
    let near = || prop_oneof![0..72 * 12_u64, 34 * 12..38 * 12_u64];
    (
        prop::sample::select(CHANGES.to_vec()),
        prop::collection::vec(some_opening(), 1..5),
        prop::collection::vec((near(), 1..24 * 12_u64), 0..3),
        (near(), near(), 0..3_u64),
    )
        .prop_map(|((zone, change), open, closed, (one, other, millis))| {
            let begin = utc(change).minus(Span::hours(36));
            let tick = |count: u64| begin.plus(Span::millis(TICK * count));
            let tz: Tz = zone.parse().unwrap();
            let closed: Vec<Closed> = closed
                .into_iter()
                .map(|(from, length)| {
                    let from = Wall::at(tz, tick(from).millis()).shown();
                    let to = from + chrono::TimeDelta::minutes(5 * i64::try_from(length).unwrap());
                    Closed { from, to, why: None }
                })
                .collect();
            let hours = Hours::new(zone, open.clone(), closed.clone()).unwrap();
            let millis = Span::millis(millis);
            let at = |count: u64| tick(count).plus(millis).minus(Span::millis(1));
            (hours, Plain { zone: tz, open, closed }, at(one), at(other))
        })
}

proptest! {
    #[test]
    fn it_is_open_when_the_rules_read_plainly_say_so((hours, plain, at, _) in some_hours()) {
        prop_assert_eq!(hours.is_open(at), plain.is_open(at));
    }

    #[test]
    fn being_open_is_lying_in_an_opening((hours, plain, at, other) in some_hours()) {
        if let Some((from, to)) = hours.opening_at(at) {
            prop_assert!(from <= at && at < to);
            prop_assert_eq!(hours.opening_at(other) == Some((from, to)), from <= other && other < to);
            let tick = Span::millis(1);
            prop_assert!(to == Timestamp::MAX || !plain.is_open(to));
            prop_assert!(from == Timestamp::MIN || !plain.is_open(from.minus(tick)));
            let mut within = from.max(at.minus(Span::days(2)));
            while within < to.min(at.plus(Span::days(2))) {
                prop_assert!(plain.is_open(within), "pause at {}", within);
                within = within.plus(Span::millis(TICK));
            }
        }
    }

    #[test]
    fn the_next_opening_is_open_and_it_was_closed_until_then((hours, plain, at, _) in some_hours()) {
        if let Some(next) = hours.next_opening(at) {
            prop_assert!(next >= at);
            prop_assert!(plain.is_open(next));
            let mut before = at;
            while before < next.min(at.plus(Span::days(3))) {
                prop_assert!(!plain.is_open(before), "open at {}", before);
                before = before.plus(Span::millis(TICK));
            }
            prop_assert!(next == at || !plain.is_open(next.minus(Span::millis(1))));
        }
    }

    #[test]
    fn waiting_longer_or_from_later_ends_no_earlier(
        (hours, _, one, other) in some_hours(), short in 0..200_u64, more in 0..200_u64,
    ) {
        let (from, later) = (one.min(other), one.max(other));
        let (short, long) = (Span::minutes(short), Span::minutes(short + more));
        let end = hours.after_open(from, short);
        prop_assert!(end.is_none_or(|end| end >= from.plus(short)));
        for next in [hours.after_open(from, long), hours.after_open(later, short)] {
            if let (Some(end), Some(next)) = (end, next) {
                prop_assert!(end <= next);
            }
        }
    }

    #[test]
    fn waiting_counts_every_open_minute_once((hours, plain, at, _) in some_hours(), ticks in 1..200_u64) {
        if let Some(end) = hours.after_open(at, Span::millis(TICK * ticks))
            && end < at.plus(Span::days(4))
        {
            // All times are whole ticks, so an instant stands for the tick around it.
            let step = |count: u64| at.plus(Span::millis(TICK * count));
            let open = (0..).map(step).take_while(|step| *step < end).filter(|step| plain.is_open(*step));
            let counted = u64::try_from(open.count()).unwrap();
            prop_assert!(counted.abs_diff(ticks) <= 1, "{} of {}", counted, ticks);
        }
    }
}
