//! Texts of files, no more of them than a document may have.

use std::fs::File;
use std::io::{Error, Read as _, Result};
use std::path::Path;

/// What would be right where a file cannot be read.
pub const READABLE: &str = "name a file or a folder that is there, is yours to read, and holds UTF-8 text";

/// The text of a file; of one that is too large no more than shows it.
///
/// # Errors
/// It is not there, is no file (a pipe would be waited for, for ever), or holds no text.
pub fn text_of(path: &Path, most: usize) -> Result<String> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(Error::other("it is no file"));
    }
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        // It is refused for its size; where it was cut does not matter.
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    String::from_utf8(bytes).map_err(|_| Error::other("it is no UTF-8 text"))
}

/// What the system says of a file, without its number for it.
#[must_use]
pub fn said(error: &Error) -> String {
    let text = error.to_string();
    let words = text.split_once(" (os error").map_or(&*text, |(words, _)| words);
    crate::problem::lower(words)
}
