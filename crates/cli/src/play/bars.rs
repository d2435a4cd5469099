//! Each grant on one line of time: when it was asked for, when it ran, where its end was moved to.

use serde_json::Value as Json;
use tenure_past::words::counted;
use tenure_past::words::text;
use tenure_port::core::time::{Span, Timestamp};
use tenure_scenario::run::{Stage, instant};
use tenure_scenario::story::Scenario;

use super::{PERSON, at, moment};
use crate::screen::{BAD, BOLD, DIM, GOOD, MOVED, MOVED_AGAIN, WAITS, clock, cut, day, paint};

/// Grants that are drawn; a story of more is better read by its record.
const SHOWN: usize = 20;
/// Below this many columns a bar tells nothing.
const NARROW: usize = 36;
/// Columns left of the bars.
const MARGIN: usize = 2;

pub(super) fn draw(scenario: &Scenario, stage: &Stage<'_>, grants: &[String], width: usize) -> Vec<String> {
    let lives: Vec<Life> = grants.iter().take(SHOWN).filter_map(|grant| Life::of(stage, grant)).collect();
    let Some(axis) = Axis::over(&lives, width) else { return Vec::new() };
    let mut lines = vec![String::new(), paint(BOLD, "The grants, on one line of time"), String::new()];
    if width < NARROW {
        lines.extend(lives.iter().flat_map(|life| life.listed(scenario)));
        return lines;
    }
    lines.extend(axis.draw());
    for life in &lives {
        lines.push(String::new());
        lines.push(life.title(width));
        lines.extend(life.draw(&axis));
    }
    if grants.len() > SHOWN {
        lines.push(paint(DIM, &format!("  and {} more", counted(grants.len() - SHOWN, "grant"))));
    }
    lines.push(String::new());
    lines.extend(legend(&lives, width));
    lines
}

/// What is drawn of a grant.
struct Life {
    title: String,
    about: String,
    asked: Timestamp,
    /// Since when access ran.
    since: Option<Timestamp>,
    /// Ends in the order they were set: the first, then one an extension.
    ends: Vec<Timestamp>,
    closed: Option<(Timestamp, String)>,
    marks: Vec<Mark>,
}

/// Something that happened at an instant.
struct Mark {
    at: Timestamp,
    sign: Sign,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    Reminded,
    Approved,
    Asked,
    AskedMore,
    Extended,
    Denied,
    Refused,
}

impl Sign {
    const ALL: [Self; 7] = [
        Self::Asked,
        Self::Approved,
        Self::Denied,
        Self::Reminded,
        Self::AskedMore,
        Self::Extended,
        Self::Refused,
    ];

    fn drawn(self) -> (&'static str, anstyle::Style, &'static str) {
        match self {
            Self::Asked => ("?", WAITS, "asked"),
            Self::Approved => ("✓", GOOD, "approved"),
            Self::Denied => ("–", BAD, "denied"),
            Self::Reminded => ("!", WAITS, "reminded"),
            Self::AskedMore => ("…", WAITS, "extension asked"),
            Self::Extended => ("+", MOVED, "extended"),
            Self::Refused => ("✗", BAD, "refused"),
        }
    }
}

impl Life {
    fn of(stage: &Stage<'_>, grant: &str) -> Option<Self> {
        let view = stage.look(grant)?;
        let items: Vec<String> = view
            .get("items")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .map(|item| format!("{}/{}", text(item, "name"), text(item, "permission")))
            .collect();
        let mut life = Self {
            title: text(&view, "id"),
            about: format!("{}, {}, {}", text(&view, "holder"), text(&view, "flow"), items.join(" ")),
            asked: instant(&view, "requested_at")?,
            since: None,
            ends: Vec::new(),
            closed: instant(&view, "closed_at").map(|at| (at, text(&view, "outcome"))),
            marks: Vec::new(),
        };
        for record in stage.history(grant) {
            life.hear(&record);
        }
        // What time has made true and nobody has written down yet is in the view alone.
        if life.since.is_none() && text(&view, "stage") == "active" {
            life.since = instant(&view, "starts_at");
            life.ends.extend(instant(&view, "ends_at"));
        }
        Some(life)
    }

    fn hear(&mut self, record: &Json) {
        let Some(at) = at(record) else { return };
        let sign = match text(record, "event").as_str() {
            "requested" => Sign::Asked,
            "approval_given" | "extension_approval_given" => Sign::Approved,
            "denial_given" | "extension_denial_given" => Sign::Denied,
            "reminded" => Sign::Reminded,
            "extension_asked" => Sign::AskedMore,
            "activated" => {
                self.since = instant(record, "since");
                self.ends.extend(instant(record, "end"));
                return;
            }
            "extended" => {
                self.ends.extend(instant(record, "to"));
                Sign::Extended
            }
            _ if record.get("refused").is_some() => Sign::Refused,
            _ => return,
        };
        self.marks.push(Mark { at, sign });
    }

    /// The last instant that is drawn.
    fn last(&self) -> Timestamp {
        let marks = self.marks.iter().map(|mark| mark.at);
        let closed = self.closed.iter().map(|(at, _)| *at);
        marks.chain(closed).chain(self.ends.iter().copied()).max().unwrap_or(self.asked)
    }

    fn title(&self, width: usize) -> String {
        let title = cut(&self.title, width.saturating_sub(MARGIN));
        let left = width.saturating_sub(MARGIN + 2 + textwrap::core::display_width(&title));
        format!("{}{}  {}", " ".repeat(MARGIN), paint(PERSON, &title), paint(DIM, &cut(&self.about, left)))
    }

    fn draw(&self, axis: &Axis) -> Vec<String> {
        let margin = " ".repeat(MARGIN);
        let mut lines = vec![format!("{margin}{}", self.signs(axis)), format!("{margin}{}", self.bar(axis))];
        let ends = self.labels(axis);
        if !ends.is_empty() {
            lines.push(format!("{margin}{}", paint(DIM, &ends)));
        }
        lines
    }

    /// What happened, above the bar. Where two things fall into one column, the later one stands beside
    /// it; where there is no room for that, the graver one is seen.
    fn signs(&self, axis: &Axis) -> String {
        let mut cells: Vec<Option<Sign>> = vec![None; axis.columns];
        for mark in &self.marks {
            let column = axis.column(mark.at);
            let near = [column, column.saturating_add(1), column.saturating_add(2)];
            let free = near.into_iter().find(|near| cells.get(*near).is_some_and(Option::is_none));
            if let Some(cell) = cells.get_mut(free.unwrap_or(column)) {
                *cell = (*cell).max(Some(mark.sign));
            }
        }
        let drawn = cells.into_iter().map(|cell| {
            cell.map_or_else(
                || " ".to_owned(),
                |sign| {
                    let (text, style, _) = sign.drawn();
                    paint(style, text)
                },
            )
        });
        drawn.collect::<String>().trim_end().to_owned()
    }

    fn bar(&self, axis: &Axis) -> String {
        let closed = self.closed.as_ref().map(|(at, _)| *at);
        let stop = closed.unwrap_or_else(|| self.last());
        let mut cells = String::new();
        for index in 0..axis.columns {
            let from = axis.instant(index);
            let (text, style) = if closed.is_some_and(|at| axis.column(at) == index) {
                ("■", if self.since.is_some() { BOLD } else { BAD })
            } else if index < axis.column(self.asked) || from >= self.last() {
                (" ", DIM)
            } else if from >= stop {
                ("·", DIM)
            } else {
                match self.since {
                    Some(since) if index >= axis.column(since) => self.running(axis, index),
                    Some(_) | None => ("░", WAITS),
                }
            };
            cells.push_str(&if text == " " { text.to_owned() } else { paint(style, text) });
        }
        cells.trim_end().to_owned()
    }

    /// Running access: green to its first end, then a colour an extension.
    fn running(&self, axis: &Axis, index: usize) -> (&'static str, anstyle::Style) {
        let passed = self.ends.iter().filter(|end| axis.column(**end) <= index).count();
        match passed {
            0 => ("█", GOOD),
            odd if odd % 2 == 1 => ("▓", MOVED),
            _ => ("▒", MOVED_AGAIN),
        }
    }

    /// Below the bar: how it ended, then each end it ever had, as far as there is room.
    fn labels(&self, axis: &Axis) -> String {
        let closed = self.closed.iter().map(|(at, outcome)| (*at, format!(" {}", outcome.replace('_', " "))));
        let ends = self.ends.iter().map(|end| (*end, String::new()));
        // The last word is the one that counts, so it finds its room first.
        let mut placed: Vec<(usize, String)> = Vec::new();
        for (at, outcome) in closed.chain(ends.rev()) {
            let label = format!("╵{}{outcome}", moment(at, axis.from));
            let wide = textwrap::core::display_width(&label);
            let from = axis.column(at).min(axis.columns.saturating_sub(wide));
            let free = placed.iter().all(|(other, text)| {
                from + wide < *other || *other + textwrap::core::display_width(text) < from
            });
            if free {
                placed.push((from, label));
            }
        }
        placed.sort();
        placed.into_iter().fold(String::new(), |mut line, (from, label)| {
            let used = textwrap::core::display_width(&line);
            line.push_str(&" ".repeat(from.saturating_sub(used)));
            line.push_str(&label);
            line
        })
    }

    /// Where there is no room for a bar.
    fn listed(&self, scenario: &Scenario) -> Vec<String> {
        let mut lines = vec![paint(PERSON, &self.title)];
        let since = self.since.map(|since| format!("  runs from {}", moment(since, scenario.start)));
        lines.extend(since);
        lines.extend(self.ends.iter().map(|end| format!("  ends {}", moment(*end, scenario.start))));
        let closed = self.closed.as_ref();
        lines.extend(closed.map(|(at, outcome)| format!("  {outcome} {}", moment(*at, scenario.start))));
        lines
    }
}

/// The line of time that all grants of a story share.
struct Axis {
    from: Timestamp,
    to: Timestamp,
    columns: usize,
}

impl Axis {
    fn over(lives: &[Life], width: usize) -> Option<Self> {
        let from = lives.iter().map(|life| life.asked).min()?;
        let to = lives.iter().map(Life::last).max()?;
        let to = to.max(from.plus(Span::minutes(1)));
        Some(Self { from, to, columns: width.saturating_sub(MARGIN + 1).max(10) })
    }

    fn span(&self) -> u64 {
        self.to.since(self.from).as_millis().max(1)
    }

    fn steps(&self) -> u64 {
        u64::try_from(self.columns.saturating_sub(1)).unwrap_or(1).max(1)
    }

    /// The column in which an instant falls.
    fn column(&self, at: Timestamp) -> usize {
        let past = u128::from(at.since(self.from).as_millis().min(self.span()));
        let column = past * u128::from(self.steps()) / u128::from(self.span());
        usize::try_from(column).unwrap_or(0)
    }

    /// The instant at which a column begins.
    fn instant(&self, column: usize) -> Timestamp {
        let column = u128::try_from(column).unwrap_or(0);
        let millis = (column * u128::from(self.span())).div_ceil(u128::from(self.steps()));
        self.from.plus(Span::millis(u64::try_from(millis).unwrap_or(u64::MAX)))
    }

    /// Hours and days along the top, as many as there is room for.
    fn draw(&self) -> Vec<String> {
        const STEPS: [u64; 19] = [
            1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 7_200, 14_400, 43_200, 144_000,
            525_600, 5_256_000,
        ];
        let room = self.steps() / 9;
        let minutes = STEPS.iter().copied().find(|minutes| self.span() / (minutes * 60_000) <= room.max(1));
        let step = Span::minutes(minutes.unwrap_or(5_256_000));
        let days = step >= Span::days(1);
        let (mut labels, mut line) = (String::new(), String::new());
        // The first full step after the beginning, counted from the epoch: labels are round times.
        let begin = u64::try_from(self.from.millis()).unwrap_or(0);
        let mut at = Timestamp::from_millis(0).plus(Span::millis(begin.next_multiple_of(step.as_millis())));
        while at <= self.to {
            let column = self.column(at);
            let label = if days { day(at).chars().skip(5).collect() } else { clock(at) };
            let used = textwrap::core::display_width(&labels);
            if column + label.len() <= self.columns + 1 && (labels.is_empty() || column > used) {
                labels.push_str(&" ".repeat(column.saturating_sub(used)));
                labels.push_str(&label);
                line.push_str(&"─".repeat(column.saturating_sub(textwrap::core::display_width(&line))));
                line.push('┬');
            }
            at = at.plus(step);
        }
        line.push_str(&"─".repeat(self.columns.saturating_sub(textwrap::core::display_width(&line))));
        let margin = " ".repeat(MARGIN);
        vec![format!("{margin}{}", paint(DIM, &labels)), format!("{margin}{}", paint(DIM, &line))]
    }
}

/// Only what is drawn is explained.
fn legend(lives: &[Life], width: usize) -> Vec<String> {
    let mut words = Vec::new();
    for sign in Sign::ALL {
        if lives.iter().any(|life| life.marks.iter().any(|mark| mark.sign == sign)) {
            let (text, style, meaning) = sign.drawn();
            words.push(format!("{} {meaning}", paint(style, text)));
        }
    }
    words.push(format!("{} waits", paint(WAITS, "░")));
    if lives.iter().any(|life| life.since.is_some()) {
        words.push(format!("{} runs", paint(GOOD, "█")));
    }
    if lives.iter().any(|life| life.ends.len() > 1) {
        words.push(format!("{}{} runs longer", paint(MOVED, "▓"), paint(MOVED_AGAIN, "▒")));
    }
    if lives.iter().any(|life| life.closed.is_some()) {
        words.push("■ closed".to_owned());
        words.push(format!("{} was left", paint(DIM, "·")));
    }
    let mut lines = Vec::new();
    let mut line = " ".repeat(MARGIN);
    for word in words {
        if textwrap::core::display_width(&line) + textwrap::core::display_width(&word) + 3 > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(MARGIN)));
        }
        line.push_str(&word);
        line.push_str("   ");
    }
    lines.push(line.trim_end().to_owned());
    lines
}
