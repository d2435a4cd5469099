//! What people must bring: a reason, a login.

use tenure_core::flow::requirement::{MfaRule, Pattern, ReasonField, ReasonRule};
use tenure_core::person::Level;

use super::reader::Reader;
use super::shape;
use crate::document::{Node, Path, Value};
use crate::problem::{Code, brief, quote};

/// Bytes that all patterns of one document may take when compiled. A pattern of ten characters may
/// take a megabyte and the time to make it, so each is charged by what it takes.
pub(super) const PATTERNS_BYTES_MAX: usize = 4 << 20;

/// Bytes of one pattern as it is written: reading it takes memory before it can be charged.
const PATTERN_BYTES_MAX: usize = 1024;

/// What one pattern is charged with: the first of these that it fits into.
const CHARGES: [usize; 4] = [16 << 10, 64 << 10, 256 << 10, 1 << 20];

/// A rule for reasons. Who writes one means that a reason is given, unless it says otherwise.
pub(super) fn reason(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<ReasonRule> {
    let fields = reader.fields(node, path, &shape::REASON)?;
    Some(ReasonRule {
        required: fields.maybe(reader, path, "required", Reader::truth).unwrap_or(true),
        min_length: fields.maybe(reader, path, "min_length", Reader::whole).unwrap_or(0),
        pattern: fields.maybe(reader, path, "pattern", pattern),
        message: fields.maybe(reader, path, "message", Reader::words),
        fields: fields
            .maybe(reader, path, "fields", |reader, node, path| {
                reader.each(node, path, "a list of fields", field)
            })
            .unwrap_or_default(),
    })
}

fn field(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<ReasonField> {
    let fields = reader.fields(node, path, &shape::REASON_FIELD)?;
    let name = fields.must(reader, path, "name", "answers are given by it", Reader::words);
    let label = fields.maybe(reader, path, "label", Reader::words);
    let pattern = fields.maybe(reader, path, "pattern", pattern);
    let message = fields.maybe(reader, path, "message", Reader::words);
    let required = fields.maybe(reader, path, "required", Reader::truth).unwrap_or(true);
    Some(ReasonField { name: name?, label, pattern, message, required })
}

fn pattern(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Pattern> {
    let text = reader.text(node, path)?;
    if let Some(known) = reader.patterns.get(text) {
        return Some(known.clone());
    }
    if text.len() > PATTERN_BYTES_MAX {
        let message = format!("the pattern has {} bytes", text.len());
        let help = format!("a pattern has at most {PATTERN_BYTES_MAX}; a few conditions say more");
        reader.problem(Code::TooLarge, path, node.place, message, &help);
        return None;
    }
    if !charge(reader, text) {
        let message = "the patterns of this document take too much memory, this one among them";
        let help = "write fewer or simpler ones: `[0-9]` takes less than `\\d`, `+` less than `{1,100}`";
        reader.problem(Code::TooLarge, path, node.place, message, help);
        return None;
    }
    match Pattern::new(text) {
        Ok(pattern) => {
            reader.patterns.insert(text.to_owned(), pattern.clone());
            Some(pattern)
        }
        Err(bad) => {
            // The last line says what; those before it draw the pattern.
            let why = bad.lines().last().unwrap_or(&bad).trim_start_matches("error: ");
            let message = format!("{} is no pattern: {}", quote(text), brief(why));
            let help = "patterns take linear time: no look-around, no back-references";
            reader.problem(Code::BadPattern, path, node.place, message, help);
            None
        }
    }
}

/// Charges a pattern with what it takes, if that much is left. Trying costs as much as it takes, so a
/// pattern that does not fit is charged as well.
fn charge(reader: &mut Reader, text: &str) -> bool {
    let left = reader.pattern_bytes;
    let mut tried = 0;
    for bytes in CHARGES.into_iter().filter(|bytes| *bytes <= left) {
        tried = bytes;
        let made = regex::RegexBuilder::new(text).size_limit(bytes).nest_limit(64).build();
        if !matches!(made, Err(regex::Error::CompiledTooBig(_))) {
            reader.pattern_bytes = left.saturating_sub(bytes);
            return true;
        }
    }
    reader.pattern_bytes = left.saturating_sub(tried);
    // With all of it left, the pattern is too large by itself and is told so.
    CHARGES.last().is_some_and(|most| tried == *most)
}

/// A rule for logins.
pub(super) fn mfa(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<MfaRule> {
    let fields = reader.fields(node, path, &shape::MFA)?;
    let level = |reader: &mut Reader, node: &Node, path: &Path<'_>| {
        reader.choice(node, path, &[("aal1", Level::Aal1), ("aal2", Level::Aal2), ("aal3", Level::Aal3)])
    };
    let methods = |reader: &mut Reader, node: &Node, path: &Path<'_>| {
        if matches!(&node.value, Value::List(items) if items.is_empty()) {
            let message = "an empty list of methods would mean none";
            reader.problem(Code::OutOfRange, path, node.place, message, "leave `methods` out for any method");
            return None;
        }
        reader.each(node, path, "a list of methods, such as `[hwk, otp]`", Reader::words)
    };
    Some(MfaRule {
        max_age: fields.maybe(reader, path, "max_age", Reader::span),
        level: fields.maybe(reader, path, "level", level),
        methods: fields.maybe(reader, path, "methods", methods).unwrap_or_default().into_iter().collect(),
    })
}
