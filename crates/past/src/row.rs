//! Rows for spreadsheets, as RFC 4180 says.
//!
//! What people write may hold characters that a terminal obeys, and a file is soon looked at on one. CSV has no way to write
//! them, so a cell says them as `\u{1b}`, and says `\u{` itself as `\u{5c}u{`: whoever puts back the character of each such
//! number has the text that was written. Tabs and ends of lines stay.

use std::io;

/// One line of CSV, without its end.
///
/// # Errors
/// Where the text cannot be made: none that can be met.
pub fn csv(cells: impl Iterator<Item = String>) -> io::Result<String> {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    writer.write_record(cells.map(|cell| harmless(&visible(&cell)))).map_err(io::Error::other)?;
    let line = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    let line = String::from_utf8(line).map_err(io::Error::other)?;
    Ok(line.strip_suffix('\n').unwrap_or(&line).to_owned())
}

/// A cell with nothing in it that a terminal would obey.
fn visible(cell: &str) -> String {
    let cell = cell.replace("\\u{", "\\u{5c}u{");
    let mut seen = String::with_capacity(cell.len());
    let mut rest = cell.chars().peekable();
    while let Some(c) = rest.next() {
        let ends_line = c == '\n' || (c == '\r' && rest.peek() == Some(&'\n'));
        if c.is_control() && c != '\t' && !ends_line {
            seen.extend(c.escape_unicode());
        } else {
            seen.push(c);
        }
    }
    seen
}

/// A cell that no spreadsheet takes for a formula: what people write must not run where it is read.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_and_no_formula() {
        let line = csv(["=1+1", "+1", "-1", "@SUM(A1)", "a,\"b\"", "two\nlines", "a=b"]
            .map(str::to_owned)
            .into_iter());
        assert_eq!(line.unwrap(), "'=1+1,'+1,'-1,'@SUM(A1),\"a,\"\"b\"\"\",\"two\nlines\",a=b");
    }

    #[test]
    fn what_a_terminal_obeys_is_written_so_that_it_can_be_read_back() {
        for (text, cell) in [
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("\u{7f}\u{9b}\u{0}", "\\u{7f}\\u{9b}\\u{0}"),
            ("\\u{1b}", "\\u{5c}u{1b}"),
            ("\\u{5c}u{1b}", "\\u{5c}u{5c}u{1b}"),
            ("over\rwritten", "over\\u{d}written"),
            ("a\tb\r\nc\nd", "\"a\tb\r\nc\nd\""),
            (r"CORP\user", r"CORP\user"),
        ] {
            assert_eq!(csv([text.to_owned()].into_iter()).unwrap(), cell, "{text:?}");
        }
    }
}
