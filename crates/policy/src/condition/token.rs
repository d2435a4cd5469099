//! A condition divided into tokens, as Cedar's lexer divides it.

use std::ops::Range;

use super::BadCondition;

/// One token and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) at: Range<usize>,
    /// Whether what stands before it is a whole operand, so that a bracket calls and a word may be an operator.
    pub(super) after_operand: bool,
    /// Whether it is a word behind `.` or `has`: a field's name, whatever else the word means.
    pub(super) is_name: bool,
}

/// What a token does to the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Text,
    Number,
    Slot,
    If,
    ThenElse,
    In,
    Is,
    Or,
    And,
    /// Comparisons, `has` and `like`.
    Relation,
    /// `+` and `-` between operands.
    Sum,
    Product,
    /// `!`, and `-` before an operand.
    Prefix,
    Dot,
    Path,
    Comma,
    Colon,
    Semicolon,
    Open(char),
    Close(char),
    /// Nothing of Cedar. It says so better than a scanner could.
    Other,
}

impl<'a> Token<'a> {
    /// The inside of a text in quotes; nothing where an escape hides what it says.
    pub(super) fn quoted(&self) -> Option<&'a str> {
        let inner = self.text.strip_prefix('"')?.strip_suffix('"')?;
        (!inner.contains('\\')).then_some(inner)
    }

    /// Whether a word stands for a value, rather than naming a field before this next token.
    pub(super) fn opens_value(&self, next: Option<&Self>) -> bool {
        !self.is_name && next.is_none_or(|next| next.kind != Kind::Colon)
    }

    /// Whether it goes on to a field of what stands before it.
    pub(super) fn looks_inside(&self) -> bool {
        self.kind == Kind::Dot || self.kind == Kind::Open('[') || self.text == "has"
    }

    fn is_operand(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Text | Kind::Number | Kind::Slot | Kind::Close(_))
    }

    fn names_next(&self) -> bool {
        self.kind == Kind::Dot || self.kind == Kind::Relation && self.text == "has"
    }
}

/// Divides the text, and stops where there are too many tokens.
pub(super) fn tokens(text: &str, most: usize) -> Result<Vec<Token<'_>>, BadCondition> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let blank = blank(rest);
        if blank > 0 {
            at = at.saturating_add(blank);
            continue;
        }
        if tokens.len() >= most {
            return Err(BadCondition::new(
                format!("the condition has more than {most} tokens"),
                Some(
                    "divide it into several conditions, or ask the host for a fact that says it in one word",
                ),
                Some(at..at),
            ));
        }
        let (shape, length) = shape(rest);
        let until = at.saturating_add(length);
        let Some(word) = text.get(at..until).filter(|_| length > 0) else {
            return Err(BadCondition::new(
                "this text has no closing quote".to_owned(),
                Some("write `\\\"` for a quote inside of a text"),
                Some(at..text.len()),
            ));
        };
        let before = tokens.last();
        let after_operand = before.is_some_and(Token::is_operand);
        let is_name = shape == Kind::Word && before.is_some_and(Token::names_next);
        let kind = if is_name { Kind::Word } else { meaning(shape, word, after_operand) };
        tokens.push(Token { kind, text: word, at: at..until, after_operand, is_name });
        at = until;
    }
    Ok(tokens)
}

/// Bytes of white space, or of a comment, at the beginning.
fn blank(rest: &str) -> usize {
    if rest.starts_with("//") {
        return rest.find(['\n', '\r']).unwrap_or(rest.len());
    }
    rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len())
}

/// The token at the beginning and its bytes; none where a text does not end.
fn shape(rest: &str) -> (Kind, usize) {
    const TWO: [(&str, Kind); 7] = [
        ("::", Kind::Path),
        ("==", Kind::Relation),
        ("!=", Kind::Relation),
        ("<=", Kind::Relation),
        (">=", Kind::Relation),
        ("||", Kind::Or),
        ("&&", Kind::And),
    ];
    if let Some((text, kind)) = TWO.iter().find(|(text, _)| rest.starts_with(text)) {
        return (*kind, text.len());
    }
    let Some(first) = rest.chars().next() else { return (Kind::Other, 0) };
    let run = |inside: fn(char) -> bool| rest.find(|c| !inside(c)).unwrap_or(rest.len());
    match first {
        '_' | 'a'..='z' | 'A'..='Z' => (Kind::Word, run(in_word)),
        '0'..='9' => (Kind::Number, run(|c| c.is_ascii_digit())),
        '"' => (Kind::Text, quoted(rest)),
        '?' => {
            let name =
                rest.strip_prefix('?').map_or(0, |name| name.find(|c| !in_word(c)).unwrap_or(name.len()));
            (Kind::Slot, name.saturating_add(1))
        }
        '(' | '[' | '{' => (Kind::Open(first), 1),
        ')' | ']' | '}' => (Kind::Close(first), 1),
        '.' => (Kind::Dot, 1),
        ',' => (Kind::Comma, 1),
        ':' => (Kind::Colon, 1),
        ';' => (Kind::Semicolon, 1),
        '<' | '>' | '=' => (Kind::Relation, 1),
        '+' | '-' => (Kind::Sum, 1),
        '*' | '/' | '%' => (Kind::Product, 1),
        '!' => (Kind::Prefix, 1),
        _ => (Kind::Other, first.len_utf8()),
    }
}

fn in_word(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric()
}

/// Bytes of a text with its quotes; zero where it does not end.
fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at.saturating_add(1),
            _ => {}
        }
    }
    0
}

/// Words are operators only behind an operand, `-` is one of two kinds, and `if` opens an expression.
fn meaning(shape: Kind, word: &str, after_operand: bool) -> Kind {
    match (shape, word) {
        (Kind::Word, "if") => Kind::If,
        (Kind::Word, "then" | "else") if after_operand => Kind::ThenElse,
        (Kind::Word, "in") if after_operand => Kind::In,
        (Kind::Word, "is") if after_operand => Kind::Is,
        (Kind::Word, "has" | "like") if after_operand => Kind::Relation,
        (Kind::Sum, "-") if !after_operand => Kind::Prefix,
        _ => shape,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        tokens(text, 100).unwrap().iter().map(|token| token.kind).collect()
    }

    #[test]
    fn texts_and_comments_hide_what_is_in_them() {
        assert_eq!(kinds(r#""a) \" && b" // (((( "#), [Kind::Text]);
        assert_eq!(kinds("1 // two\n+ 3"), [Kind::Number, Kind::Sum, Kind::Number]);
        assert_eq!(kinds("1 // two\r+ 3"), [Kind::Number, Kind::Sum, Kind::Number]);
        assert_eq!(kinds("4 / 2"), [Kind::Number, Kind::Product, Kind::Number]);
        assert!(tokens(r#""never ends \""#, 100).is_err());
    }

    #[test]
    fn a_word_is_an_operator_only_where_one_can_stand() {
        assert_eq!(kinds("a in b"), [Kind::Word, Kind::In, Kind::Word]);
        assert_eq!(kinds("in in in"), [Kind::Word, Kind::In, Kind::Word]);
        assert_eq!(kinds("a.in"), [Kind::Word, Kind::Dot, Kind::Word]);
        assert_eq!(kinds("a has is"), [Kind::Word, Kind::Relation, Kind::Word]);
        assert_eq!(kinds("a - -b"), [Kind::Word, Kind::Sum, Kind::Prefix, Kind::Word]);
    }

    #[test]
    fn whatever_is_no_cedar_is_still_divided() {
        assert_eq!(kinds("é # ?x ?"), [Kind::Other, Kind::Other, Kind::Slot, Kind::Slot]);
        assert_eq!(kinds(" \u{a0}\u{2003}1"), [Kind::Number]);
    }
}
