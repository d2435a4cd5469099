//! The record of a story, a line each.

use anstyle::Style;
use serde_json::Value as Json;
use tenure_past::words::{actor, counted, sentence, text};

use super::{PERSON, at, moment};
use crate::screen::{BAD, BOLD, DIM, clock, column, day, paint, wrap};

/// Lines that are shown; of a longer record the end.
const SHOWN: usize = 500;

/// Whether a record is about carrying out an effect: what workers do, not what people decide.
pub(super) fn is_delivery(record: &Json) -> bool {
    text(record, "event").starts_with("effect_")
}

pub(super) fn draw(records: &[Json], width: usize) -> Vec<String> {
    let told: Vec<&Json> = records.iter().filter(|record| !is_delivery(record)).collect();
    let mut lines = vec![String::new(), paint(BOLD, "The record"), String::new()];
    let left_out = told.len().saturating_sub(SHOWN);
    if left_out > 0 {
        lines.push(paint(DIM, &format!("  {} before these", counted(left_out, "line"))));
    }
    let told = told.get(left_out..).unwrap_or_default();
    let clocks = told.iter().filter_map(|record| at(record)).map(|at| clock(at).len()).max().unwrap_or(5);
    let whos =
        told.iter().map(|record| textwrap::core::display_width(&actor(record))).max().unwrap_or(4).min(16);
    let mut today = String::new();
    for record in told {
        let Some(at) = at(record) else { continue };
        if day(at) != today {
            if !today.is_empty() {
                lines.push(paint(DIM, &format!("      ── {} ", day(at))));
            }
            today = day(at);
        }
        let position = record.get("position").and_then(Json::as_u64).unwrap_or_default();
        let by = actor(record);
        let style = if record.get("cause").is_none() && record.get("actor").is_none() { DIM } else { PERSON };
        let head = format!("{position:>4}  {:<clocks$}  ", clock(at));
        let sentence = sentence(record, &|other| moment(other, at));
        let margin = head.len() + whos + 2;
        let style_of_words = if record.get("refused").is_some() { BAD } else { Style::new() };
        let mut words = wrap(&sentence, width.saturating_sub(margin)).into_iter();
        let first = paint(style_of_words, &words.next().unwrap_or_default());
        lines.push(format!("{}{}  {first}", paint(DIM, &head), column(style, &by, whos)));
        lines.extend(words.map(|line| format!("{}{}", " ".repeat(margin), paint(style_of_words, &line))));
    }
    let deliveries = records.len().saturating_sub(told.len()).saturating_sub(left_out);
    if deliveries > 0 {
        let words =
            format!("      {} about carrying out effects are not shown", counted(deliveries, "record"));
        lines.push(paint(DIM, &words));
    }
    lines
}
