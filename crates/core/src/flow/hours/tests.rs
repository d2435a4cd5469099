use super::*;

const EVERY_DAY: &str = "mon tue wed thu fri sat sun 00:00-24:00";

fn clock(text: &str) -> NaiveTime {
    if text == "24:00" { END_OF_DAY } else { text.parse().unwrap() }
}

/// `mon tue 22:00-06:00, wed 08:00-24:00`
fn openings(text: &str) -> Vec<Opening> {
    let opening = |part: &str| {
        let (days, times) = part.trim().rsplit_once(' ').unwrap();
        let (from, to) = times.split_once('-').unwrap();
        let days = days.split(' ').map(|day| day.parse().unwrap()).collect();
        Opening { days, from: clock(from), to: clock(to) }
    };
    text.split(',').map(opening).collect()
}

/// `2026-12-24T00:00:00/2026-12-27T00:00:00`, several parted by commas
fn closed(text: &str) -> Vec<Closed> {
    let range = |part: &str| {
        let (from, to) = part.trim().split_once('/').unwrap();
        Closed { from: from.parse().unwrap(), to: to.parse().unwrap(), why: None }
    };
    text.split_terminator(',').map(range).collect()
}

fn hours(zone: &str, open: &str, shut: &str) -> Hours {
    Hours::new(zone, openings(open), closed(shut)).unwrap()
}

/// Minutes are enough in most rows: `2026-03-29T01:00` is that minute in UTC.
fn utc(text: &str) -> Timestamp {
    format!("{text}:00Z").parse().unwrap()
}

fn opening(text: &str) -> Option<(Timestamp, Timestamp)> {
    text.split_once(' ').map(|(from, to)| (utc(from), utc(to)))
}

/// Looks at an opening from its middle, from both its ends and from a millisecond outside of them.
fn assert_opening(hours: &Hours, expected: &str, row: &str) {
    let (from, to) = opening(expected).unwrap();
    let tick = Span::millis(1);
    let middle = from.plus(Span::millis(to.since(from).as_millis() / 2));
    for at in [from, middle, to.minus(tick)] {
        assert_eq!(hours.opening_at(at), Some((from, to)), "{row} at {at}");
        assert_eq!(hours.closes_after(at), Some(to), "{row} at {at}");
        assert_eq!(hours.next_opening(at), Some(at), "{row} at {at}");
    }
    assert!(!hours.is_open(to), "{row} at its close");
    assert!(!hours.is_open(from.minus(tick)), "{row} before it opens");
    assert_eq!(hours.next_opening(from.minus(tick)), Some(from), "{row}");
}

#[test]
fn an_opening_lies_where_local_time_puts_it() {
    for (zone, open, expected) in [
        // Without any change of the clock: over midnight, met by the next, over the end of the week.
        ("Europe/Berlin", "mon tue 08:00-19:00", "2026-03-02T07:00 2026-03-02T18:00"),
        ("Europe/Berlin", "mon 22:00-06:00", "2026-03-02T21:00 2026-03-03T05:00"),
        ("Europe/Berlin", "mon 22:00-06:00, tue 06:00-14:00", "2026-03-02T21:00 2026-03-03T13:00"),
        ("Europe/Berlin", "tue 05:00-14:00, mon 22:00-06:00", "2026-03-02T21:00 2026-03-03T13:00"),
        ("Europe/Berlin", "sun 20:00-06:00, mon 06:00-08:00", "2026-03-01T19:00 2026-03-02T07:00"),
        ("Europe/Berlin", "mon tue 08:00-24:00, tue 00:00-08:00", "2026-03-02T07:00 2026-03-03T23:00"),
        ("UTC", "sat sun mon 00:00-24:00", "2026-02-28T00:00 2026-03-03T00:00"),
        ("UTC", "sun 06:00-06:00", "2026-03-01T06:00 2026-03-02T06:00"),
        ("UTC", "sun mon 20:00-20:00, tue 20:00-08:00", "2026-03-01T20:00 2026-03-04T08:00"),
        // Berlin goes from 02:00 to 03:00 on 29 March at 01:00 UTC.
        ("Europe/Berlin", "sat 22:00-06:00", "2026-03-28T21:00 2026-03-29T04:00"),
        ("Europe/Berlin", "sun 02:30-04:00", "2026-03-29T01:00 2026-03-29T02:00"),
        ("Europe/Berlin", "sun 02:00-03:10", "2026-03-29T01:00 2026-03-29T01:10"),
        ("Europe/Berlin", "sun 01:00-02:30", "2026-03-29T00:00 2026-03-29T01:00"),
        ("Europe/Berlin", "sun 01:00-02:15, sun 02:45-05:00", "2026-03-29T00:00 2026-03-29T03:00"),
        // Berlin goes from 03:00 back to 02:00 on 25 October at 01:00 UTC.
        ("Europe/Berlin", "sat 22:00-06:00", "2026-10-24T20:00 2026-10-25T05:00"),
        ("Europe/Berlin", "sun 02:30-02:45", "2026-10-25T00:30 2026-10-25T01:45"),
        ("Europe/Berlin", "sun 02:00-03:00", "2026-10-25T00:00 2026-10-25T02:00"),
        ("Europe/Berlin", "sun 01:00-02:00", "2026-10-24T23:00 2026-10-25T01:00"),
        ("Europe/Berlin", "sun 03:00-04:00", "2026-10-25T02:00 2026-10-25T03:00"),
        ("Europe/Berlin", "sun 01:00-02:15, sun 02:45-04:00", "2026-10-24T23:00 2026-10-25T03:00"),
        // New York: 8 March at 07:00 UTC, 1 November at 06:00 UTC.
        ("America/New_York", "sat 22:00-06:00", "2026-03-08T03:00 2026-03-08T10:00"),
        ("America/New_York", "sun 02:30-09:00", "2026-03-08T07:00 2026-03-08T13:00"),
        ("America/New_York", "sat 22:00-06:00", "2026-11-01T02:00 2026-11-01T11:00"),
        ("America/New_York", "sun 01:30-09:00", "2026-11-01T05:30 2026-11-01T14:00"),
        ("America/New_York", "sun 00:30-01:30", "2026-11-01T04:30 2026-11-01T06:30"),
        // Sydney: back on 5 April, forward on 4 October, both at 16:00 UTC of the day before.
        ("Australia/Sydney", "sat 22:00-06:00", "2026-04-04T11:00 2026-04-04T20:00"),
        ("Australia/Sydney", "sun 02:30-02:40", "2026-04-04T15:30 2026-04-04T16:40"),
        ("Australia/Sydney", "sat 22:00-06:00", "2026-10-03T12:00 2026-10-03T19:00"),
        ("Australia/Sydney", "sun 02:30-03:30", "2026-10-03T16:00 2026-10-03T16:30"),
        // Lord Howe moves by half an hour: 02:00 to 01:30 on 5 April, 02:00 to 02:30 on 4 October.
        ("Australia/Lord_Howe", "sat 22:00-06:00", "2026-04-04T11:00 2026-04-04T19:30"),
        ("Australia/Lord_Howe", "sun 01:40-01:50", "2026-04-04T14:40 2026-04-04T15:20"),
        ("Australia/Lord_Howe", "sat 22:00-06:00", "2026-10-03T11:30 2026-10-03T19:00"),
        ("Australia/Lord_Howe", "sun 02:10-02:40", "2026-10-03T15:30 2026-10-03T15:40"),
        // Apia had no Friday 30 December 2011: Thursday ended at 10:00 UTC, Saturday began.
        ("Pacific/Apia", "thu 22:00-06:00", "2011-12-30T08:00 2011-12-30T10:00"),
        ("Pacific/Apia", "fri 22:00-06:00", "2011-12-30T10:00 2011-12-30T16:00"),
        ("Pacific/Apia", "thu 22:00-24:00, sat 00:00-06:00", "2011-12-30T08:00 2011-12-30T16:00"),
        // In Havana it is midnight twice on 1 November: the end of Saturday is the last of them.
        ("America/Havana", "sat 08:00-24:00", "2026-10-31T12:00 2026-11-01T05:00"),
    ] {
        assert_opening(&hours(zone, open, ""), expected, &format!("{zone} {open}"));
    }
}

#[test]
fn an_opening_that_the_clock_skips_does_not_happen() {
    for (zone, open, from, next) in [
        ("Europe/Berlin", "sun 02:15-02:45", "2026-03-28T12:00", "2026-04-05T00:15"),
        ("Australia/Lord_Howe", "sun 02:00-02:30", "2026-10-03T12:00", "2026-10-10T15:00"),
        ("Pacific/Apia", "fri 08:00-19:00", "2011-12-29T12:00", "2012-01-05T18:00"),
    ] {
        assert_eq!(hours(zone, open, "").next_opening(utc(from)), Some(utc(next)), "{zone} {open}");
    }
}

#[test]
fn a_closed_range_takes_the_widest_reading() {
    for (zone, shut, before, after) in [
        ("UTC", "2026-12-24T00:00/2026-12-27T00:00", "2026-12-24T00:00", "2026-12-27T00:00"),
        ("Europe/Berlin", "2026-10-25T02:30/2026-10-25T02:45", "2026-10-25T00:30", "2026-10-25T01:45"),
        ("Europe/Berlin", "2026-10-24T00:00/2026-10-26T00:00", "2026-10-23T22:00", "2026-10-25T23:00"),
        ("Europe/Berlin", "2026-03-29T02:30/2026-03-29T04:00", "2026-03-29T01:00", "2026-03-29T02:00"),
        ("Europe/Berlin", "2026-03-29T01:30/2026-03-29T02:30", "2026-03-29T00:30", "2026-03-29T01:00"),
        ("America/New_York", "2026-11-01T01:00/2026-11-01T01:01", "2026-11-01T05:00", "2026-11-01T06:01"),
        ("Australia/Sydney", "2026-04-05T02:00/2026-04-05T02:30", "2026-04-04T15:00", "2026-04-04T16:30"),
        ("Australia/Lord_Howe", "2026-04-05T01:30/2026-04-05T01:59", "2026-04-04T14:30", "2026-04-04T15:29"),
        ("Pacific/Apia", "2011-12-29T12:00/2011-12-30T12:00", "2011-12-29T22:00", "2011-12-30T10:00"),
        // Two that touch, two that overlap, and one inside another, are one.
        (
            "UTC",
            "2026-05-02T00:00/2026-05-03T00:00,2026-05-01T00:00/2026-05-02T00:00",
            "2026-05-01T00:00",
            "2026-05-03T00:00",
        ),
        (
            "UTC",
            "2026-05-01T00:00/2026-05-09T00:00,2026-05-02T00:00/2026-05-03T00:00",
            "2026-05-01T00:00",
            "2026-05-09T00:00",
        ),
    ] {
        let shut: String = shut.replace('/', ":00/").replace(',', ":00,") + ":00";
        let hours = hours(zone, EVERY_DAY, &shut);
        let (before, after) = (utc(before), utc(after));
        let tick = Span::millis(1);
        assert_eq!(hours.opening_at(before.minus(tick)), Some((Timestamp::MIN, before)), "{zone} {shut}");
        assert_eq!(hours.opening_at(before), None, "{zone} {shut}");
        assert_eq!(hours.opening_at(after.minus(tick)), None, "{zone} {shut}");
        assert_eq!(hours.opening_at(after), Some((after, Timestamp::MAX)), "{zone} {shut}");
        assert_eq!(hours.next_opening(before), Some(after), "{zone} {shut}");
    }
}

#[test]
fn a_closed_range_that_the_clock_skips_closes_nothing() {
    for (zone, shut) in [
        ("Europe/Berlin", "2026-03-29T02:15:00/2026-03-29T02:45:00"),
        ("Pacific/Apia", "2011-12-30T00:00:00/2011-12-31T00:00:00"),
    ] {
        let hours = hours(zone, EVERY_DAY, shut);
        let at = utc("2026-03-29T01:00");
        assert_eq!(hours.opening_at(at), Some((Timestamp::MIN, Timestamp::MAX)), "{zone}");
    }
}

#[test]
fn a_closed_range_cuts_an_opening_and_may_leave_nothing_of_it() {
    let shut = "2026-03-02T12:00:00/2026-03-02T13:00:00,2026-03-03T07:30:00/2026-03-04T20:00:00";
    let hours = hours("UTC", "mon tue wed thu 08:00-19:00", shut);
    assert_opening(&hours, "2026-03-02T08:00 2026-03-02T12:00", "the morning");
    assert_opening(&hours, "2026-03-02T13:00 2026-03-02T19:00", "the afternoon");
    assert_eq!(hours.next_opening(utc("2026-03-02T19:00")), Some(utc("2026-03-05T08:00")));
}

#[test]
fn what_never_closes_is_open_from_the_first_instant_to_the_last() {
    for open in [
        EVERY_DAY,
        "mon tue wed thu fri sat sun 08:00-08:00",
        "mon tue wed thu fri sat sun 00:00-12:00, sun mon tue wed thu fri sat 12:00-00:00",
    ] {
        let hours = hours("Europe/Berlin", open, "");
        for at in [Timestamp::MIN, utc("2026-03-29T01:00"), utc("2026-10-25T01:00")] {
            assert_eq!(hours.opening_at(at), Some((Timestamp::MIN, Timestamp::MAX)), "{open}");
            assert_eq!(hours.closes_after(at), Some(Timestamp::MAX), "{open}");
        }
        let from = utc("2026-03-02T09:00");
        assert_eq!(hours.after_open(from, Span::days(500)), Some(from.plus(Span::days(500))), "{open}");
        assert_eq!(hours.longest_opening(), None, "{open}");
    }
    let all_but_a_minute = hours("UTC", "mon tue wed thu fri sat 00:00-24:00, sun 00:00-23:59", "");
    assert_opening(&all_but_a_minute, "2026-03-02T00:00 2026-03-08T23:59", "all but a minute");
}

#[test]
fn an_opening_is_looked_for_400_days_ahead() {
    let at = utc("2026-01-01T00:00");
    let day = |days: u64| at.plus(Span::days(days)).utc().naive_utc();
    for (days, found) in [(400, true), (401, false)] {
        let shut = vec![Closed { from: day(0), to: day(days), why: None }];
        let hours = Hours::new("UTC", openings(EVERY_DAY), shut).unwrap();
        let opens = found.then(|| at.plus(Span::days(days)));
        assert_eq!(hours.next_opening(at), opens, "{days} days");
        assert_eq!(hours.after_open(at, Span::hours(1)), opens.map(|at| at.plus(Span::hours(1))));
        assert_eq!(hours.after_open(at, Span::ZERO), Some(at));
    }
}

#[test]
fn waiting_runs_in_open_hours_only() {
    let office = hours("UTC", "mon tue wed thu fri 08:00-18:00", "2026-03-04T00:00:00/2026-03-05T09:00:00");
    for (from, hours, until) in [
        ("2026-03-02T09:00", 0, "2026-03-02T09:00"),
        ("2026-03-02T09:00", 1, "2026-03-02T10:00"),
        ("2026-03-02T09:00", 9, "2026-03-02T18:00"),
        ("2026-03-02T09:00", 10, "2026-03-03T09:00"),
        ("2026-03-02T18:00", 1, "2026-03-03T09:00"),
        ("2026-03-02T20:00", 0, "2026-03-02T20:00"),
        ("2026-03-03T17:00", 2, "2026-03-05T10:00"),
        ("2026-03-06T17:00", 2, "2026-03-09T09:00"),
        ("2026-03-07T12:00", 50, "2026-03-13T18:00"),
    ] {
        assert_eq!(office.after_open(utc(from), Span::hours(hours)), Some(utc(until)), "{from} {hours} h");
    }
    let night = hours("Europe/Berlin", "sat 22:00-06:00", "");
    assert_eq!(
        night.after_open(utc("2026-03-28T21:00"), Span::hours(8)),
        Some(utc("2026-04-04T21:00")),
        "the night of the change has seven hours"
    );
    assert_eq!(
        night.after_open(utc("2026-10-24T20:00"), Span::hours(9)),
        Some(utc("2026-10-25T05:00")),
        "and in autumn nine"
    );
    assert_eq!(night.after_open(utc("2026-03-28T21:00"), Span::days(300)), None);
}

#[test]
fn the_first_and_the_last_instants_are_answered() {
    let night = hours("Pacific/Kiritimati", "mon tue wed thu fri sat sun 22:00-06:00", "");
    for at in [Timestamp::MIN, Timestamp::MAX] {
        assert_eq!(night.is_open(at), night.closes_after(at).is_some());
    }
    assert_eq!(night.after_open(Timestamp::MAX, Span::millis(u64::MAX)), None);
    let ever = Hours::new(
        "Europe/Berlin",
        openings(EVERY_DAY),
        vec![Closed {
            from: NaiveDateTime::MIN,
            to: NaiveDateTime::MAX.with_nanosecond(0).unwrap(),
            why: None,
        }],
    )
    .unwrap();
    assert_eq!(ever.next_opening(Timestamp::MIN), None);
    assert_eq!(ever.opening_at(Timestamp::MAX), None);
}

#[test]
fn people_are_told_why_it_is_closed() {
    let range = |from: &str, to: &str, why: Option<&str>| Closed {
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        why: why.map(str::to_owned),
    };
    let shut = vec![
        range("2026-12-24T00:00:00", "2026-12-26T00:00:00", None),
        range("2026-12-25T00:00:00", "2026-12-27T00:00:00", Some("change freeze")),
        range("2026-12-26T00:00:00", "2026-12-28T00:00:00", Some("stocktaking")),
    ];
    let hours = Hours::new("UTC", openings(EVERY_DAY), shut).unwrap();
    for (at, why) in [
        ("2026-12-23T23:59", None),
        ("2026-12-24T00:00", None),
        ("2026-12-25T00:00", Some("change freeze")),
        ("2026-12-26T12:00", Some("change freeze")),
        ("2026-12-27T00:00", Some("stocktaking")),
        ("2026-12-28T00:00", None),
    ] {
        assert_eq!(hours.closed_because(utc(at)), why, "{at}");
    }
}

#[test]
fn weekday_and_hour_are_those_of_the_zone() {
    let berlin = hours("Europe/Berlin", EVERY_DAY, "");
    assert_eq!(berlin.weekday_and_hour(utc("2026-03-01T22:59")), ("sun", 23));
    assert_eq!(berlin.weekday_and_hour(utc("2026-03-01T23:00")), ("mon", 0));
    assert_eq!(berlin.weekday_and_hour(utc("2026-03-29T01:00")), ("sun", 3));
    assert_eq!(utc_weekday_and_hour(utc("2026-03-01T23:00")), ("sun", 23));
    let days = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"];
    for (number, day) in (0_u64..).zip(days) {
        let at = Timestamp::from_millis(0).plus(Span::days(number));
        assert_eq!(utc_weekday_and_hour(at), (day, 0));
    }
}

#[test]
fn the_longest_opening_is_that_of_the_week() {
    let week = hours("UTC", "mon 08:00-12:00, mon 12:00-18:00, tue 08:00-17:00", "");
    assert_eq!(week.longest_opening(), Some(Span::hours(10)));
    assert_eq!(hours("UTC", "sun 20:00-06:00, mon 06:00-08:00", "").longest_opening(), Some(Span::hours(12)));
}

#[test]
fn what_is_wrong_is_named() {
    let office = || openings("mon 08:00-18:00");
    let fine = |text: &str| vec![Opening { days: vec![Weekday::Mon], from: clock(text), to: clock("18:00") }];
    let dayless = vec![Opening { days: vec![], from: clock("08:00"), to: clock("18:00") }];
    let same = |count: usize| vec![office().remove(0); count];
    let freeze = |count: usize| vec![closed("2026-12-24T00:00:00/2026-12-27T00:00:00").remove(0); count];
    for (zone, open, shut, wrong) in [
        ("Mars/Base", office(), vec![], Some(BadHours::UnknownZone("Mars/Base".to_owned()))),
        ("", office(), vec![], Some(BadHours::UnknownZone(String::new()))),
        ("UTC", vec![], vec![], Some(BadHours::NoOpening)),
        ("UTC", dayless, vec![], Some(BadHours::NoDays { index: 0 })),
        ("UTC", fine("08:00:00.0001"), vec![], Some(BadHours::OpeningTooFine { index: 0 })),
        ("UTC", fine("08:00:60"), vec![], Some(BadHours::OpeningTooFine { index: 0 })),
        ("UTC", fine("08:00:00.001"), vec![], None),
        (
            "UTC",
            office(),
            closed("2026-12-24T00:00:00.0001/2026-12-25T00:00:00"),
            Some(BadHours::ClosedTooFine { index: 0 }),
        ),
        (
            "UTC",
            office(),
            closed("2026-12-24T00:00:00/2026-12-25T00:00:00,2026-12-24T00:00:00/2026-12-24T00:00:00"),
            Some(BadHours::ClosedBackwards { index: 1 }),
        ),
        ("UTC", office(), closed("2026-12-24T00:00:00/2026-12-24T00:00:00.001"), None),
        ("UTC", same(OPENINGS_MAX), freeze(CLOSED_MAX), None),
        ("UTC", same(OPENINGS_MAX + 1), vec![], Some(BadHours::TooManyOpenings)),
        ("UTC", office(), freeze(CLOSED_MAX + 1), Some(BadHours::TooManyClosed)),
    ] {
        let found = Hours::new(zone, open, shut).err();
        assert_eq!(found, wrong);
        if let Some(bad) = found {
            assert!(!bad.to_string().is_empty() && !bad.help().is_empty());
        }
    }
}
