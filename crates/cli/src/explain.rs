//! `tenure explain`: the checks of one step in their order, and what would have passed.

use std::io;

use serde_json::Value as Json;
use tenure_past::words::text;
use tenure_port::core::time::{Span, Timestamp};
use tenure_scenario::run::Stage;

use crate::End;
use crate::args::Explain;
use crate::play::{self, moment, words};
use crate::screen::{BAD, BOLD, DIM, GOOD, Screen, clock, column, day, paint, wrap};

pub(crate) fn run(ask: &Explain, screen: &mut Screen) -> io::Result<End> {
    let scenarios = match play::chosen(&ask.path, ask.only.as_deref(), screen)? {
        Ok(scenarios) => scenarios,
        Err(end) => return Ok(end),
    };
    let [scenario] = scenarios.as_slice() else {
        screen.line(&paint(BAD, "the file has several scenarios; say with `--only` which one is meant"))?;
        for scenario in &scenarios {
            screen.line(&format!("  {}", tenure_scenario::trouble::tame(&scenario.name)))?;
        }
        return Ok(End::Unread);
    };
    let found = scenario.steps.iter().position(|step| step.number == ask.step);
    let Some((before, step)) = found
        .and_then(|index| scenario.steps.split_at_checked(index))
        .and_then(|(before, rest)| rest.first().map(|step| (before, step)))
    else {
        let words = format!("there is no step {}; the story has {}", ask.step, scenario.steps.len());
        screen.line(&paint(BAD, &words))?;
        return Ok(End::Unread);
    };
    let mut stage = match Stage::new(scenario) {
        Ok(stage) => stage,
        Err(unplayable) => {
            screen.line(&paint(BAD, &format!("it cannot be played: {}", unplayable.message)))?;
            return Ok(if unplayable.storeless { End::Unread } else { End::Wrong });
        }
    };
    for step in before {
        stage.play(step);
    }
    let title = format!("Step {}, {} {}", step.number, day(step.at), clock(step.at));
    screen.line("")?;
    screen.line(&paint(BOLD, &title))?;
    let sentence = format!("{} {}", words::who(step).0, words::what(step));
    screen.lines(&wrap(&sentence, screen.width))?;
    screen.line("")?;
    let Some(answer) = stage.explain(step) else {
        let words = format!("`{}` is no command, so nothing is checked; ask for another step", step.verb());
        screen.line(&paint(BAD, &words))?;
        return Ok(End::Unread);
    };
    let Some(explanation) = answer.get("ok") else {
        screen.line(&paint(BAD, &answer.to_string()))?;
        return Ok(End::Wrong);
    };
    checks(explanation, screen)?;
    match explanation.get("refused") {
        None => screen.line(&paint(GOOD, "It passes."))?,
        Some(refused) => refusal(refused, step.at, screen)?,
    }
    Ok(End::Well)
}

/// The checks in their order. What was not reached is one line.
fn checks(explanation: &Json, screen: &mut Screen) -> io::Result<()> {
    let mut unreached = Vec::new();
    for check in explanation.get("checks").and_then(Json::as_array).into_iter().flatten() {
        let code = text(check, "code");
        match text(check, "verdict").as_str() {
            "pass" => screen.line(&format!("  {} {code}", paint(GOOD, "✓")))?,
            "fail" => screen.line(&format!("  {} {}", paint(BAD, "✗"), paint(BAD, &code)))?,
            _ => unreached.push(code),
        }
    }
    if !unreached.is_empty() {
        let words = format!("not reached: {}", unreached.join(", "));
        for line in wrap(&words, screen.width.saturating_sub(4)) {
            screen.line(&format!("    {}", paint(DIM, &line)))?;
        }
    }
    screen.line("")
}

fn refusal(refused: &Json, now: Timestamp, screen: &mut Screen) -> io::Result<()> {
    screen.lines(&wrap(&words::refusal(refused, now), screen.width))?;
    if let Some(details) = refused.get("details").and_then(Json::as_object) {
        let widest = details.keys().map(String::len).max().unwrap_or(0);
        for (name, value) in details {
            screen.line(&format!("    {}  {}", column(DIM, name, widest), detail(name, value, now)))?;
        }
    }
    if let Some(would_pass) = words::would_pass(refused, now) {
        screen.line("")?;
        screen.lines(&wrap(&format!("{} {would_pass}", paint(GOOD, "would pass:")), screen.width))?;
    }
    Ok(())
}

/// A detail in words: instants as a time of day, spans as spans, the rest as it is.
fn detail(name: &str, value: &Json, now: Timestamp) -> String {
    const COUNTS: &[&str] = &["used", "times", "limit", "count", "needed", "open"];
    match value {
        Json::String(text) => match text.parse::<Timestamp>() {
            Ok(at) => moment(at, now),
            Err(_) => tenure_scenario::trouble::tame(text),
        },
        Json::Number(number) if !COUNTS.contains(&name) => {
            number.as_u64().map_or_else(|| number.to_string(), |millis| Span::millis(millis).to_string())
        }
        Json::Array(items) => items.iter().map(|item| detail(name, item, now)).collect::<Vec<_>>().join(", "),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => value.to_string(),
    }
}
