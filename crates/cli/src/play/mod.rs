//! `tenure play`: a story told step by step, then each grant on a line of time, then the record.

mod bars;
pub(crate) mod record;
pub(crate) mod words;

use std::io;
use std::path::Path;

use serde_json::Value as Json;
use tenure_past::words::{counted, sentence};
use tenure_port::core::time::Timestamp;
use tenure_scenario::file::{self, PolicyFiles};
use tenure_scenario::house::House;
use tenure_scenario::run::{Scene, Stage};
use tenure_scenario::story::{Scenario, Step};
use tenure_scenario::trouble::tame;

use crate::End;
use crate::args::Play;
use crate::report;
use crate::screen::{BAD, BOLD, DIM, GOOD, Screen, WAITS, WHO, clock, column, day, paint, wrap};

/// Below this many columns the offset is left out, and names are cut shorter.
const NARROW: usize = 70;

pub(crate) fn run(ask: &Play, screen: &mut Screen) -> io::Result<End> {
    let scenarios = match chosen(&ask.path, ask.only.as_deref(), screen)? {
        Ok(scenarios) => scenarios,
        Err(end) => return Ok(end),
    };
    let mut end = End::Well;
    for (number, scenario) in scenarios.iter().enumerate() {
        if number > 0 {
            screen.line("")?;
            screen.line(&paint(DIM, &"═".repeat(screen.width)))?;
        }
        end = end.max(tell(scenario, &ask.house(), screen)?);
    }
    Ok(end)
}

/// The scenarios of a file, or the one of that name.
pub(crate) fn chosen(
    path: &Path,
    only: Option<&str>,
    screen: &mut Screen,
) -> io::Result<Result<Vec<Scenario>, End>> {
    let mut scenarios = match file::scenarios(path, &mut PolicyFiles::default()) {
        Ok(scenarios) => scenarios,
        Err(unreadable) => {
            report::unreadable(&unreadable, screen)?;
            return Ok(Err(End::Unread));
        }
    };
    let names: Vec<String> = scenarios.iter().map(|scenario| tame(&scenario.name)).collect();
    if let Some(only) = only {
        scenarios.retain(|scenario| scenario.name == only);
    }
    if scenarios.is_empty() {
        screen.line(&paint(BAD, &format!("no scenario of {} has that name; there are", path.display())))?;
        for name in names {
            screen.line(&format!("  {name}"))?;
        }
        return Ok(Err(End::Unread));
    }
    Ok(Ok(scenarios))
}

fn tell(scenario: &Scenario, house: &House, screen: &mut Screen) -> io::Result<End> {
    head(scenario, screen)?;
    let mut stage = match Stage::on(scenario, house) {
        Ok(stage) => stage,
        Err(unplayable) => {
            screen.line(&paint(BAD, &format!("it cannot be played: {}", unplayable.message)))?;
            return Ok(if unplayable.storeless { End::Unread } else { End::Wrong });
        }
    };
    let layout = Layout::of(scenario, screen.width);
    let mut wrong = 0_usize;
    let mut today = day(scenario.start);
    for step in &scenario.steps {
        let scene = stage.play(step);
        if day(step.at) != today {
            today = day(step.at);
            screen.line(&paint(DIM, &format!("── {today} ")))?;
        }
        screen.lines(&layout.step(scenario, step, &scene))?;
        wrong = wrong.saturating_add(usize::from(!scene.mismatches.is_empty()));
    }
    let grants = stage.grants();
    screen.lines(&bars::draw(scenario, &stage, &grants, screen.width))?;
    screen.lines(&record::draw(&stage.record(), screen.width))?;
    screen.line("")?;
    if wrong == 0 {
        screen.line(&paint(GOOD, "✓ everything came out as the story expects"))?;
        Ok(End::Well)
    } else {
        let words = format!("✗ {} did not come out as the story expects", counted(wrong, "step"));
        screen.line(&paint(BAD, &words))?;
        Ok(End::Wrong)
    }
}

fn head(scenario: &Scenario, screen: &mut Screen) -> io::Result<()> {
    screen.line("")?;
    for line in wrap(&tame(&scenario.name), screen.width) {
        screen.line(&paint(BOLD, &line))?;
    }
    if let Some(why) = &scenario.why {
        for line in wrap(&tame(why), screen.width) {
            screen.line(&paint(DIM, &line))?;
        }
    }
    screen.line("")?;
    let start = format!("── {} (all times are UTC) ", day(scenario.start));
    screen.line(&paint(DIM, &start))
}

/// The columns of the story: number, clock, offset, who, and what happens.
struct Layout {
    number: usize,
    clock: usize,
    /// None where the screen is narrow.
    offset: Option<usize>,
    who: usize,
    words: usize,
}

impl Layout {
    fn of(scenario: &Scenario, width: usize) -> Self {
        let widest = |texts: &mut dyn Iterator<Item = String>| {
            texts.map(|text| textwrap::core::display_width(&text)).max().unwrap_or(0)
        };
        let number = scenario.steps.len().to_string().len();
        let clock = widest(&mut scenario.steps.iter().map(|step| clock(step.at))).max(5);
        let offsets =
            widest(&mut scenario.steps.iter().map(|step| scenario.offset(step.at))).saturating_add(1);
        let offset = (width >= NARROW).then_some(offsets);
        let whos = widest(&mut scenario.steps.iter().map(|step| words::who(step).0));
        let who = whos.clamp(4, if width >= NARROW { 14 } else { 8 });
        let left = number + 2 + clock + 2 + offset.map_or(0, |offset| offset + 2) + who + 2;
        Self { number, clock, offset, who, words: width.saturating_sub(left).max(12) }
    }

    fn step(&self, scenario: &Scenario, step: &Step, scene: &Scene) -> Vec<String> {
        let mut lines = Vec::new();
        for record in settled(scene) {
            let Some(at) = at(record) else { continue };
            let told = paint(WAITS, &sentence(record, &|other| moment(other, at)));
            lines.extend(self.line("", at, scenario, ("time", DIM), &told));
        }
        let (who, style) = words::who(step);
        let number = step.number.to_string();
        let what = words::what(step);
        lines.extend(self.line(&number, step.at, scenario, (&who, style), &what));
        if let Some(quote) = words::quote(step) {
            lines.extend(self.below(&paint(DIM, &format!("“{quote}”"))));
        }
        for came in words::came(step, scene) {
            lines.extend(self.below(&came));
        }
        for mismatch in &scene.mismatches {
            let (expected, came) = (tame(&mismatch.expected), tame(&mismatch.came));
            let words = format!("expected {}: {expected}, came {came}", mismatch.field);
            lines.extend(self.below(&paint(BAD, &format!("✗ {words}"))));
        }
        lines
    }

    fn line(
        &self,
        number: &str,
        at: Timestamp,
        scenario: &Scenario,
        (who, style): (&str, anstyle::Style),
        what: &str,
    ) -> Vec<String> {
        let offset = self.offset.map_or_else(String::new, |width| {
            format!("{}  ", column(DIM, &format!("+{}", scenario.offset(at)), width))
        });
        let number = format!("{}{number}", " ".repeat(self.number.saturating_sub(number.len())));
        let clock = format!("{:<width$}", clock(at), width = self.clock);
        let head = format!("{}  {clock}  {offset}{}  ", paint(DIM, &number), column(style, who, self.who));
        let mut lines = wrap(what, self.words).into_iter();
        let mut all = vec![format!("{head}{}", lines.next().unwrap_or_default())];
        all.extend(lines.map(|line| format!("{}{line}", self.margin())));
        all
    }

    fn below(&self, text: &str) -> Vec<String> {
        wrap(text, self.words).into_iter().map(|line| format!("{}{line}", self.margin())).collect()
    }

    fn margin(&self) -> String {
        let offset = self.offset.map_or(0, |offset| offset + 2);
        " ".repeat(self.number + 2 + self.clock + 2 + offset + self.who + 2)
    }
}

/// What time alone had made true before the step.
fn settled(scene: &Scene) -> impl Iterator<Item = &Json> {
    scene.records.iter().filter(|record| {
        record.get("event").is_some() && record.get("cause").is_none() && !record::is_delivery(record)
    })
}

/// When a record was.
pub(crate) fn at(record: &Json) -> Option<Timestamp> {
    tenure_scenario::run::instant(record, "at")
}

/// An instant as people say it beside another: the day only where it is another one.
pub(crate) fn moment(at: Timestamp, beside: Timestamp) -> String {
    if day(at) == day(beside) {
        return clock(at);
    }
    let short: String = day(at).chars().skip(5).collect();
    format!("{short} {}", clock(at))
}

pub(crate) const PERSON: anstyle::Style = WHO;

#[cfg(test)]
mod tests;
