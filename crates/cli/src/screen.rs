//! Where words go: as wide as the terminal, in colour where that is wanted; and data, as it is.

use std::io::{self, IsTerminal as _, Write as _};

use anstyle::{AnsiColor, Style};
use tenure_port::core::time::Timestamp;
use tenure_port::policy::problem::is_shown;

/// Wider lines are hard to follow.
const WIDTH_MAX: usize = 120;
/// How wide a text is that goes to no terminal.
const WIDTH_ELSEWHERE: usize = 100;

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
pub(crate) const WAITS: Style = AnsiColor::Yellow.on_default();
pub(crate) const MOVED: Style = AnsiColor::Cyan.on_default();
pub(crate) const MOVED_AGAIN: Style = AnsiColor::Blue.on_default();
pub(crate) const WHO: Style = AnsiColor::Magenta.on_default();

/// Standard output.
pub(crate) struct Screen {
    out: anstream::AutoStream<io::Stdout>,
    /// How many columns a line has.
    pub(crate) width: usize,
    /// Whether somebody looks on: elsewhere a line is a line, however long.
    pub(crate) is_terminal: bool,
}

impl Screen {
    pub(crate) fn of_terminal() -> Self {
        let columns = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let is_terminal = io::stdout().is_terminal();
        let width = if is_terminal { columns } else { None };
        let width = width.unwrap_or(WIDTH_ELSEWHERE).clamp(20, WIDTH_MAX);
        Self { out: anstream::stdout(), width, is_terminal }
    }

    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    pub(crate) fn lines(&mut self, lines: &[String]) -> io::Result<()> {
        lines.iter().try_for_each(|line| self.line(line))
    }

    /// Lines for programs, byte for byte. Words lose what would colour them where nobody sees it; data loses nothing, or
    /// what was signed is another text.
    pub(crate) fn data(&mut self, text: &str) -> io::Result<()> {
        let mut out = self.out.as_inner();
        out.write_all(text.as_bytes())?;
        out.write_all(b"\n")
    }

    /// The same of JSON. A terminal obeys some characters that JSON lets stand: it is shown them in the other way in which
    /// JSON writes them.
    pub(crate) fn json(&mut self, text: &str) -> io::Result<()> {
        self.told(text, |c| format!("\\u{:04x}", u32::from(c)))
    }

    /// The same of XML.
    pub(crate) fn xml(&mut self, text: &str) -> io::Result<()> {
        self.told(text, |c| format!("&#x{:x};", u32::from(c)))
    }

    fn told(&mut self, text: &str, escaped: impl Fn(char) -> String) -> io::Result<()> {
        if self.is_terminal { self.data(&seen(text, escaped)) } else { self.data(text) }
    }
}

/// A text of several lines with nothing in it that a terminal would obey.
fn seen(text: &str, escaped: impl Fn(char) -> String) -> String {
    let mut seen = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\n' | '\t') || is_shown(c) {
            seen.push(c);
        } else {
            seen.push_str(&escaped(c));
        }
    }
    seen
}

/// A text in a colour.
pub(crate) fn paint(style: Style, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{style}{text}{style:#}") }
}

/// A text in a colour and as wide as a column; cut where it is wider.
pub(crate) fn column(style: Style, text: &str, width: usize) -> String {
    let text = cut(text, width);
    let gap = width.saturating_sub(textwrap::core::display_width(&text));
    format!("{}{}", paint(style, &text), " ".repeat(gap))
}

/// A text that is at most so wide.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if textwrap::core::display_width(text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for letter in text.chars() {
        let wider = format!("{kept}{letter}…");
        if textwrap::core::display_width(&wider) > width {
            break;
        }
        kept.push(letter);
    }
    format!("{kept}…")
}

/// Lines of words, none wider than that where a word allows it.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    // Names have hyphens: `prod-pg` stays in one piece.
    let options = textwrap::Options::new(width.max(12)).word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(text, options).into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// The day of an instant.
pub(crate) fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

/// The time of day of an instant, as short as it can be told: `09:00`, `09:00:30`, `09:00:30.250`.
pub(crate) fn clock(at: Timestamp) -> String {
    let text: String = at.to_string().chars().skip(11).take(12).collect();
    let short = text.strip_suffix(".000").unwrap_or(&text);
    match short.strip_suffix(":00") {
        Some(shorter) if shorter.len() == 5 => shorter.to_owned(),
        Some(_) | None => short.to_owned(),
    }
}

/// How far a long run has come, on a terminal's last line, until it is done.
pub(crate) struct Progress {
    shown: bool,
    wanted: bool,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { shown: false, wanted: io::stderr().is_terminal() }
    }

    pub(crate) fn say(&mut self, text: &str) {
        if self.wanted {
            self.shown = true;
            // Nothing depends on whether somebody sees it.
            let _ = write!(io::stderr(), "\r\u{1b}[2K{text}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\u{1b}[2K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_as_short_as_it_can_be() {
        for (at, text) in [
            ("2026-03-02T09:00:00Z", "09:00"),
            ("2026-03-02T09:00:30Z", "09:00:30"),
            ("2026-03-02T09:00:00.001Z", "09:00:00.001"),
            ("2026-03-02T00:00:00Z", "00:00"),
        ] {
            assert_eq!(clock(at.parse().unwrap()), text);
        }
    }

    #[test]
    fn what_is_too_wide_is_cut_and_what_is_narrow_is_filled() {
        assert_eq!(cut("alice", 5), "alice");
        assert_eq!(cut("alice@corp", 6), "alice…");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(column(Style::new(), "bob", 5), "bob  ");
    }
}
