//! Findings for people: the line of the text, and a mark under what is meant.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Finding, Findings, Kind, Source};

/// Longer lines are named and not shown: nobody finds a place in them by looking.
const LINE_MAX: usize = 400;

pub(super) fn all<K: Kind>(findings: &Findings<K>, coloured: bool) -> String {
    let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
    let texts: Vec<Text<'_>> = findings.sources.iter().map(Text::of).collect();
    let mut shown = String::new();
    for finding in findings {
        let text = usize::try_from(finding.place.file).ok().and_then(|file| texts.get(file));
        shown.push_str(&renderer.render(&[one(finding, text)]));
        shown.push_str("\n\n");
    }
    if findings.beyond > 0 {
        shown.push_str(&format!("and {} more\n\n", findings.beyond));
    }
    shown.truncate(shown.trim_end().len());
    shown
}

/// A source with its lines, found once for all findings.
struct Text<'s> {
    name: &'s str,
    lines: Vec<&'s str>,
}

impl<'s> Text<'s> {
    fn of(source: &'s Source) -> Self {
        let name = source.name.as_deref().unwrap_or("the document");
        Self { name, lines: source.text.lines().collect() }
    }
}

fn one<'a, K: Kind>(finding: &'a Finding<K>, text: Option<&Text<'a>>) -> Group<'a> {
    let level = if K::REFUSED { Level::ERROR } else { Level::WARNING };
    let title = level.primary_title(finding.message.as_str()).id(finding.code.name());
    let mut group = Group::with_title(title);
    if let Some(text) = text {
        let index = usize::try_from(finding.place.line).ok().and_then(|line| line.checked_sub(1));
        let line =
            index.and_then(|index| text.lines.get(index).copied()).filter(|line| line.len() <= LINE_MAX);
        group = match (index, line) {
            (Some(index), Some(line)) => {
                let mark = AnnotationKind::Primary.span(range(finding, line)).label(finding.path.as_str());
                group.element(Snippet::source(line).line_start(index + 1).path(text.name).annotation(mark))
            }
            _ => group.element(origin(finding, text.name)).element(Level::NOTE.message(place(finding))),
        };
    } else if !finding.path.is_empty() {
        group = group.element(Level::NOTE.message(place(finding)));
    }
    match &finding.help {
        Some(help) => group.element(Level::HELP.message(help.as_str())),
        None => group,
    }
}

fn origin<'a, K>(finding: &Finding<K>, name: &'a str) -> Origin<'a> {
    let origin = Origin::path(name);
    match (finding.line, finding.column) {
        (Some(line), Some(column)) => {
            let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
            origin.line(count(line)).char_column(count(column))
        }
        _ => origin,
    }
}

fn place<K>(finding: &Finding<K>) -> String {
    if finding.path.is_empty() { "the whole document".to_owned() } else { format!("at {}", finding.path) }
}

/// The bytes of the line that are meant.
fn range<K>(finding: &Finding<K>, line: &str) -> std::ops::Range<usize> {
    let column = usize::try_from(finding.place.column).unwrap_or(1).saturating_sub(1);
    let width = usize::try_from(finding.place.width).unwrap_or(1).max(1);
    let byte = |chars: usize| line.char_indices().nth(chars).map_or(line.len(), |(at, _)| at);
    let start = byte(column);
    start..byte(column.saturating_add(width)).max(start)
}
