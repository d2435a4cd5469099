//! Hashes and random ids are half of what a small text says, and no packing makes them shorter than their bytes: they
//! are taken out of it, two hexadecimal digits a byte, before the rest is packed.

/// Stands in a text for the 16 bytes whose 32 digits were there. JSON never has such a character.
const SHORT: u8 = 1;
/// The same for 32 bytes, 64 digits.
const LONG: u8 = 2;
/// Bytes are counted in units of 16, so many at most; digits beyond that stay in the text.
const UNITS_MAX: usize = 255;
const UNIT: usize = 16;
const DIGITS: usize = 2 * UNIT;
const TWICE: usize = 2 * DIGITS;

/// A text without its long runs of digits, and the bytes that those were, in order; nothing where the text has
/// characters of its own that stand for digits here.
pub(crate) fn taken(text: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    if text.iter().fold(false, |found, byte| found | matches!(*byte, SHORT | LONG)) {
        return None;
    }
    let (mut rest, mut bytes) = (Vec::with_capacity(text.len()), Vec::new());
    let (mut copied, mut at) = (0_usize, 0_usize);
    // A run that begins here or later, and is long enough, covers the last byte of this stretch or begins behind it.
    while let Some(stretch) = text.get(at..at.saturating_add(DIGITS)) {
        let ending = length(stretch.iter().rev());
        if ending == 0 {
            at = at.saturating_add(DIGITS);
            continue;
        }
        let from = at.saturating_add(DIGITS).saturating_sub(ending);
        let run = length(text.get(from..).unwrap_or_default().iter());
        at = from.saturating_add(run);
        let mark = match run {
            DIGITS => SHORT,
            TWICE => LONG,
            _ => continue,
        };
        if bytes.len().saturating_add(run / 2) > UNITS_MAX.saturating_mul(UNIT) {
            break;
        }
        rest.extend_from_slice(text.get(copied..from).unwrap_or_default());
        rest.push(mark);
        copied = at;
        let digits = text.get(from..at).unwrap_or_default();
        bytes.extend(digits.chunks(2).map(|pair| {
            pair.iter().filter_map(|digit| value(*digit)).fold(0, |byte, digit| byte << 4 | digit)
        }));
    }
    rest.extend_from_slice(text.get(copied..).unwrap_or_default());
    Some((rest, bytes))
}

/// How many of the first are digits.
fn length<'t>(bytes: impl Iterator<Item = &'t u8>) -> usize {
    bytes.take_while(|byte| value(**byte).is_some()).count()
}

/// The text again; nothing where the bytes are not those that were taken out.
pub(crate) fn put_back(rest: &[u8], mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(rest.len().saturating_add(bytes.len().saturating_mul(2)));
    for byte in rest {
        let units = match *byte {
            SHORT => 1_usize,
            LONG => 2,
            other => {
                text.push(other);
                continue;
            }
        };
        let (here, after) = bytes.split_at_checked(units.saturating_mul(UNIT))?;
        bytes = after;
        for byte in here {
            text.extend(
                [byte >> 4, byte & 15]
                    .map(|digit| if digit < 10 { b'0' | digit } else { digit.wrapping_add(87) }),
            );
        }
    }
    bytes.is_empty().then_some(text)
}

/// How many units of bytes there are, in one byte.
pub(crate) fn units(bytes: &[u8]) -> Option<u8> {
    u8::try_from(bytes.len() / UNIT).ok()
}

/// The bytes of so many units, and what is behind them.
pub(crate) fn split(units: u8, packed: &[u8]) -> Option<(&[u8], &[u8])> {
    packed.split_at_checked(usize::from(units).saturating_mul(UNIT))
}

const fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(digit.wrapping_sub(87)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_comes_back() {
        let id = "98a65d503d15e05718a1090f0aa121c8";
        for (text, units) in [
            (String::new(), 0),
            ("no digits: xyz".to_owned(), 0),
            (format!("\"{id}\""), 1),
            (format!("sha256:{id}{id}, {id}"), 3),
            (format!("{id}0 is none, nor is {}", id.to_uppercase()), 0),
            (format!("\"{id}\"").repeat(300), 255),
            (format!("{}{id}-{id}{id}{}", "-".repeat(31), "0".repeat(31)), 1),
            (format!("{id}f:{id}"), 1),
        ] {
            let (rest, bytes) = taken(text.as_bytes()).unwrap();
            assert_eq!(bytes.len(), units * UNIT, "{text}");
            assert_eq!(put_back(&rest, &bytes).unwrap(), text.as_bytes());
            assert!(put_back(&rest, &[bytes, vec![0; UNIT]].concat()).is_none());
        }
        assert!(put_back(&[LONG], &[0; 31]).is_none());
        assert!(taken(&[b'x', SHORT]).is_none());
    }
}
