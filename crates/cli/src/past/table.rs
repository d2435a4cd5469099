//! Rows of what was: columns for people, lines of JSON for programs, CSV for spreadsheets.

use std::io;

use anstyle::Style;
use serde_json::Value as Json;
use tenure_past::row::csv;

use super::Format;
use crate::screen::{DIM, Screen, column, paint, wrap};

/// A column of the text: how wide it is at most, and its colour.
pub(super) type Column = (usize, Style);

/// Rows as they come, none of them kept.
pub(super) struct Table {
    format: Format,
    columns: &'static [Column],
}

impl Table {
    /// A table with that head; `columns` are those of the text, after which stand the words.
    pub(super) fn begin(
        format: Format,
        head: &[&str],
        columns: &'static [Column],
        screen: &mut Screen,
    ) -> io::Result<Self> {
        if format == Format::Csv {
            screen.data(&csv(head.iter().map(|&cell| cell.to_owned()))?)?;
        }
        Ok(Self { format, columns })
    }

    /// One row: its cells for CSV, the whole for JSON, and for people columns and words.
    pub(super) fn row(
        &self,
        cells: impl FnOnce() -> Vec<String>,
        whole: &Json,
        told: impl FnOnce() -> (Vec<String>, String),
        screen: &mut Screen,
    ) -> io::Result<()> {
        match self.format {
            Format::Csv => screen.data(&csv(cells().into_iter())?),
            Format::Jsonl => screen.json(&whole.to_string()),
            Format::Text => {
                let (columns, words) = told();
                self.text(&columns, &words, screen)
            }
        }
    }

    fn text(&self, columns: &[String], words: &str, screen: &mut Screen) -> io::Result<()> {
        if !screen.is_terminal {
            // A line is a line for whoever searches it, and nothing is cut.
            let padded = columns.iter().zip(self.columns).map(|(text, (width, _))| {
                let gap = width.saturating_sub(textwrap::core::display_width(text));
                format!("{text}{}  ", " ".repeat(gap))
            });
            return screen.line(format!("{}{words}", padded.collect::<String>()).trim_end());
        }
        let head =
            columns.iter().zip(self.columns).map(|(text, (width, style))| column(*style, text, *width));
        let head: String = head.map(|cell| format!("{cell}  ")).collect();
        let margin = self.columns.iter().map(|(width, _)| width.saturating_add(2)).sum();
        let mut lines = wrap(words, screen.width.saturating_sub(margin)).into_iter();
        screen.line(&format!("{head}{}", lines.next().unwrap_or_default()))?;
        lines.try_for_each(|line| screen.line(&format!("{}{line}", " ".repeat(margin))))
    }

    /// What is said where there is no row: to people only.
    pub(super) fn none(&self, words: &str, screen: &mut Screen) -> io::Result<()> {
        if self.format == Format::Text { screen.line(&paint(DIM, words)) } else { Ok(()) }
    }
}
