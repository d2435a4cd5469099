//! Window, cool-down, total, hours, `until`, bridge and anchor, as they meet in one click: what comes of it, and
//! that the offer says so before.

use crate::command::Verb;
use crate::fixture::*;
use crate::flow::Parts;
use crate::flow::extension_rule::{Anchor, DecidedBy, ExtensionApproval};
use crate::flow::hours::PastClose::{self, Allow, Clip, Refuse};
use crate::refusal::Code::{
    self, ExtensionNoGain, ExtensionOverTotal, ExtensionPending, ExtensionTooEarly, ExtensionTooLong,
    ExtensionTooShort, ExtensionTooSoon, GrantExpired, HoursClosed,
};
use crate::time::{Span, Timestamp};

use Click::{At, Before, By, ByMore};
use Comes::{Held, No, To};
use Does::{Clicks, SaysNo, SaysYes};
use Says::{Bridge, Default, FromNow, Hours, Pause, Total, Until, Window};

/// What the flow says besides; everything in minutes.
#[derive(Clone, Copy)]
enum Says {
    Window(u64),
    Pause(u64),
    Total(u64),
    Until(u64),
    /// Open until minute 120.
    Hours(PastClose),
    FromNow,
    Default(u64),
    /// Decided by a boss, and bridged for so long.
    Bridge(u64),
}

/// What happens before the click.
#[derive(Clone, Copy)]
enum Does {
    Clicks,
    SaysYes,
    SaysNo,
}

/// The click, at a minute.
#[derive(Clone, Copy, Debug)]
enum Click {
    At(u64),
    /// A millisecond earlier.
    Before(u64),
    /// By so many minutes.
    By(u64, u64),
    /// By a millisecond more.
    ByMore(u64, u64),
}

/// What comes of it.
#[derive(Clone, Copy, Debug)]
enum Comes {
    /// The end is that minute.
    To(u64),
    /// That end is asked, and access is held until the other one meanwhile.
    Held(u64, u64),
    No(Code),
}

type Row = (&'static str, &'static [Says], &'static [(u64, Does)], Click, Comes);

const ONCE: &[(u64, Does)] = &[(50, Clicks)];
const LATE: &[(u64, Does)] = &[(50, Clicks), (80, Clicks), (119, Clicks)];
const APPROVED: &[(u64, Does)] = &[(50, Clicks), (65, SaysYes)];
const DENIED: &[(u64, Does)] = &[(50, Clicks), (55, SaysNo)];
const REFUSED: &[(u64, Does)] = &[(50, Clicks), (65, SaysNo)];

const WINDOWS_AND_PAUSES: &[Row] = &[
    ("a window before it opens", &[Window(15)], &[], Before(45), No(ExtensionTooEarly)),
    ("a window as it opens", &[Window(15)], &[], At(45), To(90)),
    ("the window moves with the end", &[Window(15)], ONCE, Before(75), No(ExtensionTooEarly)),
    ("and opens before the new one", &[Window(15)], ONCE, At(75), To(120)),
    (
        "the pause is over, the window is closed",
        &[Window(15), Pause(20)],
        ONCE,
        At(70),
        No(ExtensionTooEarly),
    ),
    ("the pause is over, the window opens", &[Window(15), Pause(20)], ONCE, At(75), To(120)),
    (
        "the window is open, the pause is not over",
        &[Window(15), Pause(30)],
        ONCE,
        At(75),
        No(ExtensionTooSoon),
    ),
    ("a millisecond of the pause", &[Window(15), Pause(30)], ONCE, Before(80), No(ExtensionTooSoon)),
    ("the pause ends in the window", &[Window(15), Pause(30)], ONCE, At(80), To(120)),
    ("a pause as long as access runs", &[Pause(40)], ONCE, Before(90), No(ExtensionTooSoon)),
    (
        "what never passes is said before the window",
        &[Window(15), Total(80)],
        &[],
        By(10, 30),
        No(ExtensionOverTotal),
    ),
    (
        "what never passes is said before the pause",
        &[Pause(20), Total(100)],
        ONCE,
        By(60, 30),
        No(ExtensionOverTotal),
    ),
    (
        "the hours are said before the window",
        &[Window(15), Hours(Clip)],
        ONCE,
        ByMore(60, 30),
        No(HoursClosed),
    ),
    (
        "the hours are said before the pause",
        &[Pause(20), Hours(Refuse)],
        ONCE,
        ByMore(60, 30),
        No(HoursClosed),
    ),
    ("no gain is said before the window", &[Window(15), FromNow], &[], By(10, 20), No(ExtensionNoGain)),
    (
        "a window counts from the end, a span from now",
        &[Window(15), FromNow],
        &[],
        Before(45),
        No(ExtensionTooEarly),
    ),
    ("and opens all the same", &[Window(15), FromNow], &[], At(45), To(75)),
];

const CEILINGS: &[Row] = &[
    ("a click gives what is left", &[Total(80)], &[], At(50), To(80)),
    ("a named span is never cut", &[Total(80)], &[], ByMore(50, 20), No(ExtensionOverTotal)),
    ("the whole of what is left", &[Total(80)], &[], By(50, 20), To(80)),
    ("exactly the shortest is left", &[Total(65)], &[], At(50), To(65)),
    ("less than the shortest is left", &[Total(64)], &[], At(50), No(ExtensionOverTotal)),
    ("the rest, named, is too short", &[Total(64)], &[], By(50, 4), No(ExtensionTooShort)),
    ("too long is said before over the total", &[Total(80)], &[], ByMore(50, 60), No(ExtensionTooLong)),
    ("`until` comes before the total", &[Until(75), Total(80)], &[], At(50), To(75)),
    ("the total comes before `until`", &[Until(85), Total(80)], &[], At(50), To(80)),
    ("to `until`", &[Until(75)], &[], By(50, 15), To(75)),
    ("past `until`", &[Until(75)], &[], ByMore(50, 15), No(ExtensionOverTotal)),
    ("`until` is the end", &[Until(60)], &[], At(50), No(ExtensionOverTotal)),
    ("to the close, which may be clipped to", &[Hours(Clip)], ONCE, By(60, 30), To(120)),
    ("past it", &[Hours(Clip)], ONCE, ByMore(60, 30), No(HoursClosed)),
    ("to the close, past which is refused", &[Hours(Refuse)], ONCE, By(60, 30), To(120)),
    ("past it too", &[Hours(Refuse)], ONCE, ByMore(60, 30), No(HoursClosed)),
    ("past the close, which is allowed", &[Hours(Allow)], ONCE, By(60, 60), To(150)),
    ("a click is cut to the close", &[Hours(Clip), Default(45)], ONCE, At(60), To(120)),
    (
        "a click is cut to the close, past which is refused",
        &[Hours(Refuse), Default(45)],
        ONCE,
        At(60),
        To(120),
    ),
    ("a click runs past the close, which is allowed", &[Hours(Allow), Default(45)], ONCE, At(60), To(150)),
    (
        "less than the shortest is left before the close",
        &[Hours(Clip), Default(58)],
        ONCE,
        At(60),
        No(HoursClosed),
    ),
    ("the hours are closed, and may be passed", &[Hours(Allow)], LATE, At(121), To(180)),
    ("the close comes before the total", &[Hours(Clip), Total(130)], ONCE, ByMore(60, 30), No(HoursClosed)),
    ("the total comes before the close", &[Hours(Clip), Total(110)], ONCE, At(60), To(110)),
    (
        "the total is said before the close",
        &[Hours(Clip), Total(110)],
        ONCE,
        By(60, 40),
        No(ExtensionOverTotal),
    ),
    (
        "hours that may be passed leave the total",
        &[Hours(Allow), Total(130)],
        ONCE,
        By(60, 60),
        No(ExtensionOverTotal),
    ),
    ("and `until`", &[Hours(Allow), Until(125)], ONCE, By(60, 60), No(ExtensionOverTotal)),
    ("from now to the total", &[FromNow, Total(75)], &[], At(50), To(75)),
    ("from now past the total", &[FromNow, Total(75)], &[], ByMore(50, 25), No(ExtensionOverTotal)),
    ("from now to the end that stands", &[FromNow], &[], By(50, 10), No(ExtensionNoGain)),
    ("a click from now that gains nothing", &[FromNow], &[], At(30), No(ExtensionNoGain)),
    ("a click from now that gains", &[FromNow], &[], At(31), To(61)),
    ("nothing is left from now", &[FromNow, Total(60)], &[], At(50), No(ExtensionOverTotal)),
    ("no gain within the total", &[FromNow, Total(60)], &[], By(50, 10), No(ExtensionNoGain)),
    ("from now to the close", &[FromNow, Hours(Clip)], ONCE, By(70, 50), To(120)),
    ("from now past the close", &[FromNow, Hours(Clip)], ONCE, ByMore(70, 50), No(HoursClosed)),
];

const BRIDGES: &[Row] = &[
    ("a bridge", &[Bridge(10)], &[], At(50), Held(90, 70)),
    ("no further than is asked", &[Bridge(10)], &[], By(50, 5), Held(65, 65)),
    ("no further than the total leaves", &[Bridge(30), Total(75)], &[], At(50), Held(75, 75)),
    ("nor than `until`", &[Bridge(30), Until(75)], &[], At(50), Held(75, 75)),
    ("nor than the close", &[Bridge(60), Hours(Clip)], &[], By(50, 60), Held(120, 120)),
    ("nor than is counted from now", &[Bridge(60), FromNow], &[], At(50), Held(80, 80)),
    ("past the close, which is allowed", &[Bridge(40), Hours(Allow)], APPROVED, At(80), Held(120, 120)),
    ("a bridge stretches no total", &[Bridge(30), Total(75)], &[], ByMore(50, 15), No(ExtensionOverTotal)),
    ("a bridge stretches no `until`", &[Bridge(30), Until(75)], &[], ByMore(50, 15), No(ExtensionOverTotal)),
    ("a bridge stretches no hours", &[Bridge(30), Hours(Clip)], APPROVED, ByMore(80, 30), No(HoursClosed)),
    ("a bridge opens no window", &[Bridge(10), Window(15)], &[], Before(45), No(ExtensionTooEarly)),
    ("while it is awaited, before the end", &[Bridge(10)], ONCE, At(55), No(ExtensionPending)),
    ("while it is awaited, past the end", &[Bridge(10)], ONCE, Before(70), No(ExtensionPending)),
    ("when the bridge is over", &[Bridge(10)], ONCE, At(70), No(GrantExpired)),
    ("approved past the end, and asked again", &[Bridge(10)], APPROVED, At(80), Held(120, 100)),
    (
        "the window is that of the new end",
        &[Bridge(10), Window(15)],
        APPROVED,
        Before(75),
        No(ExtensionTooEarly),
    ),
    ("and opens", &[Bridge(10), Window(15)], APPROVED, At(75), Held(120, 100)),
    (
        "the pause counts from the approval",
        &[Bridge(10), Pause(20)],
        APPROVED,
        Before(85),
        No(ExtensionTooSoon),
    ),
    ("and ends", &[Bridge(10), Pause(20)], APPROVED, At(85), Held(120, 100)),
    ("a denial starts no pause", &[Bridge(10), Pause(20)], DENIED, At(56), Held(90, 70)),
    (
        "the total counts from the start, also past the end",
        &[Bridge(10), Total(100)],
        APPROVED,
        At(70),
        Held(100, 100),
    ),
    ("denied past the end", &[Bridge(10)], REFUSED, At(66), No(GrantExpired)),
];
/// Alice's grant runs from nine to ten; a click gives half an hour, at least five minutes, at most an hour.
fn granted(rules: &[Says]) -> Tenant {
    let mut parts = automatic("db");
    rule(&mut parts).times = 9;
    rules.iter().for_each(|says| add(&mut parts, *says));
    let mut tenant = Tenant::new([parts]);
    tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
    tenant
}

fn add(parts: &mut Parts, says: Says) {
    let rule = parts.extension.as_mut().unwrap();
    match says {
        Window(minutes) => rule.window = Some(mins(minutes)),
        Pause(minutes) => rule.cool_down = mins(minutes),
        Total(minutes) => rule.total = Some(mins(minutes)),
        Until(minute) => parts.until = Some(at(minute)),
        Hours(past_close) => (parts.hours, parts.past_close) = (Some(open_daily(9, 11)), past_close),
        FromNow => rule.anchor = Anchor::Now,
        Default(minutes) => rule.span.default = mins(minutes),
        Bridge(minutes) => {
            let by = DecidedBy::Steps(decided(vec![step("boss", &["group:boss"])]));
            let bridge = Some(mins(minutes));
            rule.approval = ExtensionApproval::Decided { first: 0, bridge, decide_within: None, by };
        }
    }
}

impl Click {
    fn moment(self) -> Timestamp {
        match self {
            At(minute) | By(minute, _) | ByMore(minute, _) => at(minute),
            Before(minute) => at(minute).minus(MS),
        }
    }

    fn span(self) -> Option<Span> {
        match self {
            At(_) | Before(_) => None,
            By(_, minutes) => Some(mins(minutes)),
            ByMore(_, minutes) => Some(mins(minutes).plus(MS)),
        }
    }
}

fn by_span(span: Option<Span>) -> Verb {
    Verb::Extend(crate::command::Extend { span, ..extend("g1") })
}

/// The end that was asked or granted, and until when access is held.
fn ends(tenant: &Tenant) -> (Timestamp, Timestamp) {
    let active = tenant.active("g1");
    (active.asked.as_ref().map_or(active.end, |asked| asked.end), active.held_until())
}

#[test]
fn every_interplay_comes_to_this() {
    for (name, rules, deeds, click, comes) in [WINDOWS_AND_PAUSES, CEILINGS, BRIDGES].concat() {
        let mut tenant = granted(rules);
        for (minute, does) in deeds {
            let (person, verb) = match does {
                Clicks => (alice(), by_span(None)),
                SaysYes => (bob(), Verb::ApproveExtension(decide("g1"))),
                SaysNo => (bob(), Verb::DenyExtension(decide("g1"))),
            };
            assert_eq!(tenant.at(*minute).code(&person, verb), None, "before `{name}`");
        }
        tenant.clock = click.moment();
        offered(&tenant, name, click.span());
        let refused = tenant.code(&alice(), by_span(click.span()));
        match comes {
            No(code) => assert_eq!(refused, Some(code), "{name}"),
            To(end) => assert_eq!((refused, ends(&tenant)), (None, (at(end), at(end))), "{name}"),
            Held(end, until) => assert_eq!((refused, ends(&tenant)), (None, (at(end), at(until))), "{name}"),
        }
    }
}

/// The offer says what a click does, and between which spans one that is named passes.
fn offered(tenant: &Tenant, name: &str, span: Option<Span>) {
    let Ok(offer) = tenant.offer("g1", &alice()) else { panic!("`{name}`: there is such a grant") };
    let mut clicked = tenant.clone();
    let refused = clicked.ask(&alice(), by_span(None)).err();
    assert_eq!((offer.refused, offer.allowed), (refused.clone(), refused.is_none()), "{name}");
    if !offer.allowed {
        return;
    }
    let (min, default, max) = (offer.min.unwrap(), offer.default.unwrap(), offer.max.unwrap());
    let spans = [min.less(MS), min, default, max, max.plus(MS)].map(Some);
    for named in spans.into_iter().chain([span]) {
        let mut tried = tenant.clone();
        let passes = named.is_none_or(|named| min <= named && named <= max);
        assert_eq!(tried.code(&alice(), by_span(named)).is_none(), passes, "{name}, by {named:?}");
        let end = ends(if passes { &tried } else { tenant });
        assert!(offer.latest_end.is_none_or(|latest| end.0 <= latest && end.1 <= latest), "{name}");
        if named == Some(default) {
            assert_eq!(ends(&tried), ends(&clicked), "{name}");
        }
    }
}
