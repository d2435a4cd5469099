//! From a byte of a text to its line and column.

use super::Place;

const BLOCK: usize = 256;

/// Where lines begin, and how many characters come before each block of bytes, so that a place is
/// found in constant time however long a line is.
pub(super) struct Lines<'t> {
    text: &'t str,
    file: u32,
    starts: Vec<usize>,
    blocks: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str, file: u32) -> Self {
        let mut starts = vec![0];
        starts.extend(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1));
        let mut sum = 0;
        let mut blocks = Vec::with_capacity(text.len() / BLOCK + 1);
        for block in text.as_bytes().chunks(BLOCK) {
            blocks.push(sum);
            sum += characters(block);
        }
        blocks.push(sum);
        Self { text, file, starts, blocks }
    }

    /// The place of a range of bytes; its width ends with the line.
    pub(super) fn place(&self, start: usize, end: usize) -> Place {
        let start = start.min(self.text.len());
        let line = self.starts.partition_point(|begin| *begin <= start).max(1);
        let begin = self.starts.get(line - 1).copied().unwrap_or(0);
        let stop = self.starts.get(line).map_or(self.text.len(), |next| next - 1);
        let column = self.before(start) - self.before(begin) + 1;
        let width = self.before(end.min(stop)).saturating_sub(self.before(start)).max(1);
        Place { file: self.file, line: number(line), column: number(column), width: number(width) }
    }

    /// How many characters begin before this byte.
    fn before(&self, at: usize) -> usize {
        let block = at / BLOCK;
        let counted = self.blocks.get(block).copied().unwrap_or(0);
        counted + characters(self.text.as_bytes().get(block * BLOCK..at).unwrap_or_default())
    }
}

/// Bytes that begin a character.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let text = format!("a\n{}x: 1\n", "é".repeat(1_000));
        let lines = Lines::of(&text, 0);
        let at = text.find('x').unwrap();
        let place = lines.place(at, at + 100);
        assert_eq!((place.line, place.column, place.width), (2, 1_001, 4));
        assert_eq!(lines.place(0, 1), Place { file: 0, line: 1, column: 1, width: 1 });
        assert_eq!(lines.place(text.len(), text.len()).line, 3);
    }
}
