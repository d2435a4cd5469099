//! Rows for spreadsheets, as RFC 4180 says.

use std::io;

/// One line of CSV, without its end.
///
/// # Errors
/// Where the text cannot be made: none that can be met.
pub fn csv(cells: impl Iterator<Item = String>) -> io::Result<String> {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    writer.write_record(cells.map(|cell| harmless(&cell))).map_err(io::Error::other)?;
    let line = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    let line = String::from_utf8(line).map_err(io::Error::other)?;
    Ok(line.strip_suffix('\n').unwrap_or(&line).to_owned())
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
}
