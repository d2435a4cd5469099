//! Bars, a row each, drawn as SVG: the words stand beside them in the page's own type, so that they are as large on a
//! narrow screen. Whoever cannot see them has the table beside.

use maud::{Markup, html};

/// A row of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Of what.
    pub name: String,
    /// How long each of its parts is, one behind the other, and what it is called: a class of the style sheet.
    pub parts: Vec<(u64, &'static str)>,
    /// The number in words.
    pub told: String,
}

/// How wide a bar of full length is drawn.
const WIDTH: u64 = 1_000;

/// A chart of these rows under that title; nothing where there is no row.
#[must_use]
pub fn bars(title: &str, key: &[(&'static str, &str)], rows: &[Row]) -> Markup {
    let longest = rows.iter().map(Row::length).max().unwrap_or_default();
    html! {
        @if !rows.is_empty() {
            figure.chart {
                figcaption { (title) }
                @if !key.is_empty() {
                    ul.key aria-hidden="true" {
                        @for (class, words) in key {
                            li { svg viewBox="0 0 10 10" { rect class=(class) width="10" height="10" {} } (words) }
                        }
                    }
                }
                div.bars aria-hidden="true" {
                    @for row in rows {
                        div.bar-row {
                            div.bar-name { (row.name) }
                            svg.share viewBox="0 0 1000 14" preserveAspectRatio="none" {
                                rect.track width="1000" height="14" {}
                                @for (start, length, class) in row.drawn(longest) {
                                    rect class=(class) x=(start) width=(length) height="14" {}
                                }
                            }
                            div.bar-told { (row.told) }
                        }
                    }
                }
            }
        }
    }
}

impl Row {
    fn length(&self) -> u64 {
        self.parts.iter().fold(0, |sum, (length, _)| sum.saturating_add(*length))
    }

    /// Where each part starts and how long it is, beside the longest row of the chart. What is there is seen.
    fn drawn(&self, longest: u64) -> Vec<(u64, u64, &'static str)> {
        let scaled = |length: u64| {
            let scaled = u128::from(length).saturating_mul(u128::from(WIDTH)) / u128::from(longest.max(1));
            u64::try_from(scaled).unwrap_or(WIDTH)
        };
        let mut start = 0_u64;
        let mut drawn = Vec::new();
        for (length, class) in self.parts.iter().filter(|(length, _)| *length > 0) {
            let long = scaled(*length).max(4);
            drawn.push((start, long, *class));
            start = start.saturating_add(long);
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, parts: &[(u64, &'static str)]) -> Row {
        Row { name: name.to_owned(), parts: parts.to_vec(), told: String::new() }
    }

    #[test]
    fn the_longest_row_is_as_wide_as_the_chart_and_a_small_part_is_seen() {
        let (long, short) = (row("a", &[(90, "x"), (10, "y")]), row("b", &[(25, "x"), (0, "y")]));
        assert_eq!(long.drawn(100), [(0, 900, "x"), (900, 100, "y")]);
        assert_eq!(short.drawn(100), [(0, 250, "x")]);
        assert_eq!(row("c", &[(1, "x")]).drawn(1_000_000), [(0, 4, "x")]);
        assert_eq!(row("d", &[(u64::MAX, "x")]).drawn(u64::MAX), [(0, 1_000, "x")]);
    }

    #[test]
    fn names_are_escaped_and_no_row_is_no_chart() {
        let drawn = bars("t", &[], &[row("<b>&", &[(1, "x")])]).into_string();
        assert!(drawn.contains("&lt;b&gt;&amp;") && !drawn.contains("<b>"), "{drawn}");
        assert_eq!(bars("t", &[("x", "y")], &[]).into_string(), "");
    }
}
