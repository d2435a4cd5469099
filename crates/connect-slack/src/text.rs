//! Texts as Slack reads them: cut where it says, and no name or reason calls anybody.

use serde_json::{Value, json};
use tenure::Timestamp;
use tenure_connect_notices::words::minute;

/// Characters of a section's text.
pub(crate) const SECTION_MAX: usize = 3_000;
/// Characters of a header.
pub(crate) const HEADER_MAX: usize = 150;
/// Characters on a button, in an option, in what describes one.
pub(crate) const LABEL_MAX: usize = 75;
/// Characters of the value behind a button.
pub(crate) const VALUE_MAX: usize = 2_000;
/// Options of one menu.
pub(crate) const OPTIONS_MAX: usize = 100;
/// Characters of a form's title and of what stands on its buttons.
pub(crate) const TITLE_MAX: usize = 24;
/// Characters over an input, in the hint below it.
pub(crate) const INPUT_LABEL_MAX: usize = 2_000;
/// Characters that an input takes.
pub(crate) const INPUT_MAX: u32 = 3_000;
/// Characters of what a form remembers.
pub(crate) const METADATA_MAX: usize = 3_000;
/// Characters of a message's own text: what is read aloud, and in lists.
pub(crate) const MESSAGE_MAX: usize = 3_000;
/// Blocks of one message.
pub(crate) const BLOCKS_MAX: usize = 50;
/// Characters of an address behind a button.
pub(crate) const URL_MAX: usize = 3_000;
/// Characters of the name of a block.
pub(crate) const BLOCK_ID_MAX: usize = 255;

/// Letters as Slack may count them, the larger way.
fn size(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The beginning of a text, marked where it was cut.
pub(crate) fn cut(text: &str, most: usize) -> String {
    cut_as(text, most, |c, out| out.push(c))
}

/// A text in which nothing is a link, a name that calls somebody, or a command to Slack: cut so that what stands for one
/// character is whole.
pub(crate) fn escaped(text: &str, most: usize) -> String {
    cut_as(text, most, |c, out| match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        other => out.push(other),
    })
}

/// Each character in its turn, for as long as there is room.
fn cut_as(text: &str, most: usize, write: impl Fn(char, &mut String)) -> String {
    let mut whole = String::new();
    text.chars().for_each(|c| write(c, &mut whole));
    if size(&whole) <= most {
        return whole;
    }
    let (mut out, mut used) = (String::new(), 0_usize);
    for c in text.chars() {
        let mut one = String::new();
        write(c, &mut one);
        used = used.saturating_add(size(&one));
        if used >= most {
            break;
        }
        out.push_str(&one);
    }
    out.push('…');
    out
}

/// What a person wrote, escaped, behind a mark on each line. The marks count: many short lines are longer than they seem.
pub(crate) fn quoted(text: &str, most: usize, with_marks: usize) -> String {
    let mut out = String::new();
    for line in escaped(text, most).lines() {
        let line = format!("\n> {line}");
        if size(&out).saturating_add(size(&line)) > with_marks {
            out.push('…');
            break;
        }
        out.push_str(&line);
    }
    out
}

/// An instant in each reader's own time.
pub(crate) fn at(at: Timestamp) -> String {
    let seconds = at.millis().div_euclid(1_000);
    format!("<!date^{seconds}^{{date_short_pretty}} {{time}}|{}>", minute(at))
}

/// Plain text, of which nothing is read otherwise.
pub(crate) fn plain(text: &str, most: usize) -> Value {
    // Slack takes no empty text.
    let text = if text.trim().is_empty() { "-" } else { text };
    json!({"type": "plain_text", "text": cut(text, most), "emoji": false})
}

/// Text with marks, ours; whatever people wrote in it was escaped.
pub(crate) fn marked(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_written_calls_anybody() {
        let text = "<!channel> <@U1> <https://evil.example|ok> & @here";
        let safe = escaped(text, 200);
        assert_eq!(safe, "&lt;!channel&gt; &lt;@U1&gt; &lt;https://evil.example|ok&gt; &amp; @here");
    }

    #[test]
    fn a_cut_is_marked_and_leaves_whole_characters() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(escaped("<<<<", 16), "&lt;&lt;&lt;&lt;");
        assert_eq!(escaped("<<<<", 15), "&lt;&lt;&lt;…");
        assert_eq!(size(&cut("🦀🦀🦀", 5)), 5);
        assert_eq!(cut("🦀🦀🦀", 5), "🦀🦀…");
        assert_eq!(size(&escaped(&"&".repeat(9_000), SECTION_MAX)), 2_996);
    }
}
