//! What a small text says that no packing makes shorter, or that its row knows: hashes and random ids are half of it,
//! and stand in it again and again. They are taken out before the rest is packed: digits as bytes, two hexadecimal
//! digits a byte, once each; and names that are known to whoever reads the text, not at all.
//!
//! They are looked for between quotation marks, as JSON has them, and there behind `sha256:` and `user:`.

/// Stands in a text for the 16 bytes whose 32 digits were there. JSON never has such a character.
const SHORT: u8 = 1;
/// The same for 32 bytes, 64 digits.
const LONG: u8 = 2;
/// Stands for what is known, or was there before: the byte behind it says which.
const AGAIN: u8 = 3;
/// Bytes are counted in units of 16, so many at most; digits beyond that stay in the text.
const UNITS_MAX: usize = 255;
const UNIT: usize = 16;
const DIGITS: usize = 2 * UNIT;
const TWICE: usize = 2 * DIGITS;
/// What may stand before a hash, or the name of a person.
const BEFORE: [&[u8]; 2] = [b"sha256:", b"user:"];
/// Texts that can be said to be there again.
const KNOWN_MAX: usize = 255;

/// A text without its ids and names, and the bytes of those that are not known; nothing where the text has characters
/// of its own that stand for something here.
pub(crate) fn taken(text: &[u8], known: &[&str]) -> Option<(Vec<u8>, Vec<u8>)> {
    if text.iter().fold(false, |found, byte| found | matches!(*byte, SHORT | LONG | AGAIN)) {
        return None;
    }
    let mut seen: Vec<&[u8]> = known.iter().map(|name| name.as_bytes()).collect();
    // Of most texts between two quotation marks their length tells that they are none of these.
    let lengths = lengths(&seen);
    let (mut rest, mut bytes) = (Vec::with_capacity(text.len()), Vec::new());
    let (mut begin, mut copied) = (0_usize, 0_usize);
    for quoted in text.split(|byte| *byte == b'"') {
        let end = begin.saturating_add(quoted.len());
        if lengths & bit(quoted.len()) != 0 {
            let value = unprefixed(quoted);
            let from = end.saturating_sub(value.len());
            if let Some(again) = seen.iter().position(|seen| *seen == value) {
                rest.extend_from_slice(text.get(copied..from).unwrap_or_default());
                rest.extend([AGAIN, u8::try_from(again).unwrap_or(u8::MAX)]);
                copied = end;
            } else if is_number(value)
                && bytes.len().saturating_add(value.len() / 2) <= UNITS_MAX.saturating_mul(UNIT)
            {
                rest.extend_from_slice(text.get(copied..from).unwrap_or_default());
                rest.push(if value.len() == DIGITS { SHORT } else { LONG });
                bytes.extend(value.chunks(2).map(byte));
                if seen.len() < KNOWN_MAX {
                    seen.push(value);
                }
                copied = end;
            }
        }
        begin = end.saturating_add(1);
    }
    rest.extend_from_slice(text.get(copied..).unwrap_or_default());
    Some((rest, bytes))
}

/// The lengths of what is looked for, with and without what may stand before it, a bit each.
fn lengths(known: &[&[u8]]) -> u128 {
    let names = known.iter().map(|name| name.len()).filter(|length| *length > 0);
    let lengths = names.chain([DIGITS, TWICE]);
    lengths.fold(0, |bits, length| {
        let behind = BEFORE.iter().map(|before| bit(length.saturating_add(before.len())));
        behind.fold(bits | bit(length), |bits, behind| bits | behind)
    })
}

/// The bit of a length; none of one that is longer than most names.
fn bit(length: usize) -> u128 {
    u32::try_from(length).ok().and_then(|length| 1_u128.checked_shl(length)).unwrap_or(0)
}

/// A text without what may stand before an id or a name in it.
fn unprefixed(text: &[u8]) -> &[u8] {
    BEFORE.iter().find_map(|before| text.strip_prefix(*before)).unwrap_or(text)
}

/// Whether it is the digits of an id or a hash.
fn is_number(text: &[u8]) -> bool {
    (text.len() == DIGITS || text.len() == TWICE)
        && text.iter().fold(true, |all, digit| all & matches!(*digit, b'0'..=b'9' | b'a'..=b'f'))
}

fn byte(digits: &[u8]) -> u8 {
    digits.iter().fold(0, |byte, digit| byte << 4 | value(*digit))
}

const fn value(digit: u8) -> u8 {
    if digit <= b'9' { digit.wrapping_sub(b'0') } else { digit.wrapping_sub(87) }
}

/// The text again; nothing where the bytes are not those that were taken out.
pub(crate) fn put_back(rest: &[u8], bytes: &[u8], known: &[&str]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(rest.len().saturating_add(bytes.len().saturating_mul(4)));
    let mut seen: Vec<&[u8]> = Vec::new();
    let (mut rest, mut bytes) = (rest.iter(), bytes);
    while let Some(byte) = rest.next() {
        let units = match *byte {
            SHORT => 1_usize,
            LONG => 2,
            AGAIN => {
                let again = usize::from(*rest.next()?);
                match known.get(again) {
                    Some(name) => text.extend_from_slice(name.as_bytes()),
                    None => write(seen.get(again.checked_sub(known.len())?)?, &mut text),
                }
                continue;
            }
            other => {
                text.push(other);
                continue;
            }
        };
        let (here, after) = bytes.split_at_checked(units.saturating_mul(UNIT))?;
        bytes = after;
        seen.push(here);
        write(here, &mut text);
    }
    bytes.is_empty().then_some(text)
}

fn write(bytes: &[u8], text: &mut Vec<u8>) {
    for byte in bytes {
        text.extend(
            [byte >> 4, byte & 15]
                .map(|digit| if digit < 10 { b'0' | digit } else { digit.wrapping_add(87) }),
        );
    }
}

/// How many units of bytes there are, in one byte.
pub(crate) fn units(bytes: &[u8]) -> Option<u8> {
    u8::try_from(bytes.len() / UNIT).ok()
}

/// The bytes of so many units, and what is behind them.
pub(crate) fn split(units: u8, packed: &[u8]) -> Option<(&[u8], &[u8])> {
    packed.split_at_checked(usize::from(units).saturating_mul(UNIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_comes_back() {
        let id = "98a65d503d15e05718a1090f0aa121c8";
        let known = ["98a65d503d15e05718a1090f0aa121c9", "maria@example.com", ""];
        let many: String = (0..400).map(|n| format!("\"{n:032x}\"")).collect();
        for (text, units) in [
            (String::new(), 0),
            ("no digits: xyz".to_owned(), 0),
            (format!("\"{id}\""), 1),
            (format!("\"sha256:{id}{id}\", \"{id}\""), 3),
            (format!("\"{id}0\" is none, nor is \"{}\"", id.to_uppercase()), 0),
            (format!("\"{id}\"").repeat(300), 1),
            (many, 255),
            (format!("\"{id}{id}{id}"), 0),
            (format!("\"{id}f\":\"{id}"), 1),
            (format!("\"{}\":\"{}\", \"user:{}\"", known[0], known[1], known[1]), 0),
            (format!("\"{}m\", \"{}f\", \"\"", known[1], known[0]), 0),
            (format!("\"{id}\"\n\"{id}"), 1),
        ] {
            let (rest, bytes) = taken(text.as_bytes(), &known).unwrap();
            assert_eq!(bytes.len(), units * UNIT, "{text}");
            assert_eq!(put_back(&rest, &bytes, &known).unwrap(), text.as_bytes());
            assert!(put_back(&rest, &[bytes, vec![0; UNIT]].concat(), &known).is_none());
        }
        assert!(taken(format!("\"user:{}\"", known[1]).as_bytes(), &known).unwrap().0.len() < 12);
        assert!(put_back(&[LONG], &[0; 31], &[]).is_none());
        assert!(put_back(&[AGAIN], &[], &[]).is_none(), "the text ends");
        assert!(put_back(&[AGAIN, 0], &[], &[]).is_none(), "nothing was there before");
        assert!(taken(&[b'x', SHORT], &[]).is_none());
    }
}
