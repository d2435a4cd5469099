//! What is checked of a condition before Cedar reads it: bytes, tokens, depth, brackets and vocabulary.
//!
//! Cedar's conversion, type checker and evaluator recurse over the expression and stop, or abort, by the
//! stack that is left (measured with 4.14). The scan here bounds that recursion from the text alone. It
//! divides the text into tokens as Cedar's lexer does, so that what it counts is what Cedar will build;
//! where a text is no expression it may count anything, because Cedar builds no tree of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use tenure_core::limits::{CONDITION_BYTES_MAX, CONDITION_DEPTH_MAX, CONDITION_TOKENS_MAX};

use super::BadCondition;
use super::token::{Kind, Token, tokens};

/// A condition that passed the caps, and the names that it mentions.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    tokens: Vec<Token<'a>>,
    depth: usize,
}

/// The names that a condition can look at. What it does not mention need not be handed to it.
#[derive(Clone, Debug)]
pub(super) enum Mentions {
    /// These, as words or as texts; and whether `context.ask` is looked at as a whole, not only inside.
    Names { names: BTreeSet<String>, whole_ask: bool },
    /// A text with an escape in it could mean any name.
    Anything,
}

impl Mentions {
    pub(super) fn name(&self, name: &str) -> bool {
        match self {
            Self::Names { names, .. } => names.contains(name),
            Self::Anything => true,
        }
    }

    /// Whether this field of `context.ask` can be looked at.
    pub(super) fn asked(&self, name: &str) -> bool {
        match self {
            Self::Names { names, whole_ask } => *whole_ask || names.contains(name),
            Self::Anything => true,
        }
    }
}

/// Checks bytes, tokens, depth and vocabulary.
pub(super) fn scan(text: &str) -> Result<Scan<'_>, BadCondition> {
    if text.len() > CONDITION_BYTES_MAX {
        return Err(BadCondition::new(
            format!("the condition has {} bytes, at most {CONDITION_BYTES_MAX} are read", text.len()),
            Some("ask the host for a fact that says it in one word"),
            None,
        ));
    }
    let tokens = tokens(text, CONDITION_TOKENS_MAX)?;
    if tokens.is_empty() {
        return Err(BadCondition::new("the condition is empty".to_owned(), Some(ONE), None));
    }
    let depth = depth(&tokens)?;
    if depth > CONDITION_DEPTH_MAX {
        return Err(BadCondition::new(
            format!("the condition is {depth} levels deep, at most {CONDITION_DEPTH_MAX} are read"),
            Some("brackets and chains such as `a && b && c` count; divide it into several conditions"),
            None,
        ));
    }
    vocabulary(&tokens)?;
    Ok(Scan { tokens, depth })
}

impl<'a> Scan<'a> {
    /// How deep the tree is that Cedar builds of it, or more.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// Every name the condition mentions, as a word or in quotes.
    pub(super) fn mentions(&self) -> Mentions {
        let mut names = BTreeSet::new();
        let mut whole_ask = false;
        for (token, next) in with_next(&self.tokens) {
            let name = if token.kind == Kind::Text { token.quoted() } else { Some(token.text) };
            let Some(name) = name else { return Mentions::Anything };
            if token.kind == Kind::Word || token.kind == Kind::Text {
                whole_ask |= name == "ask" && !next.is_some_and(Token::looks_inside);
                names.insert(name.to_owned());
            }
        }
        Mentions::Names { names, whole_ask }
    }

    /// Whether it looks at nobody and nothing, so that it is always true or always false.
    pub(super) fn is_constant(&self) -> bool {
        !VARIABLES.iter().any(|variable| self.looks_at(variable))
    }

    /// Whether it looks at `principal`, `resource` or `context`.
    pub(super) fn looks_at(&self, variable: &str) -> bool {
        self.tokens.iter().any(|token| token.kind == Kind::Word && token.text == variable)
    }

    /// The labels it mentions, and whether it takes each for given (`true`) or asks for it with `has`.
    pub(super) fn labels(&self) -> BTreeMap<&'a str, bool> {
        let mut labels = BTreeMap::new();
        for five in self.tokens.windows(5) {
            let [resource, dot, of, how, name] = five else { continue };
            if (resource.text, dot.kind, of.text) != ("resource", Kind::Dot, "labels") {
                continue;
            }
            let (label, sure) = match (how.text, name.kind) {
                ("has", Kind::Word) => (name.text, false),
                ("has", Kind::Text) => (name.quoted().unwrap_or_default(), false),
                (".", Kind::Word) => (name.text, true),
                ("[", Kind::Text) => (name.quoted().unwrap_or_default(), true),
                _ => continue,
            };
            let given = labels.entry(label).or_insert(sure);
            *given = *given && sure;
        }
        labels
    }
}

/// The names of Cedar that a condition sees something under.
const VARIABLES: [&str; 3] = ["principal", "resource", "context"];

/// Refuses what Cedar would read and no condition can mean. There are no entities here: a comparison with
/// one is silently false, and its negation silently true.
fn vocabulary(tokens: &[Token<'_>]) -> Result<(), BadCondition> {
    for (token, next) in with_next(tokens) {
        if let Some((message, help)) = objection(token, next) {
            return Err(BadCondition::new(message, Some(help), Some(token.at.clone())));
        }
    }
    Ok(())
}

fn with_next<'t, 'a>(
    tokens: &'t [Token<'a>],
) -> impl Iterator<Item = (&'t Token<'a>, Option<&'t Token<'a>>)> {
    tokens.iter().zip(tokens.iter().skip(1).map(Some).chain(std::iter::once(None)))
}

/// What is wrong with a token before this next one, and what would be right.
fn objection(token: &Token<'_>, next: Option<&Token<'_>>) -> Option<(String, &'static str)> {
    let text = token.text;
    match token.kind {
        Kind::Semicolon => Some(("`;` ends nothing here".to_owned(), ONE)),
        Kind::Slot => {
            Some((format!("`{text}` is a slot of a template"), "a condition has none; name the value"))
        }
        Kind::Path => Some(("`::` names an entity, and conditions know none".to_owned(), FIELDS)),
        Kind::In => Some(("`in` looks into entities, and conditions know none".to_owned(), SETS)),
        Kind::Is => Some(("`is` asks for an entity's type, and conditions know none".to_owned(), FIELDS)),
        Kind::Word if text == "action" && token.opens_value(next) => {
            Some(("there is no `action` in a condition".to_owned(), FIELDS))
        }
        Kind::Word if VARIABLES.contains(&text) && token.opens_value(next) => {
            let alone = !next.is_some_and(Token::looks_inside);
            alone.then(|| (format!("`{text}` is no value by itself"), INSIDE))
        }
        Kind::Word if token.is_name && ["getTag", "hasTag"].contains(&text) => {
            let called = next.is_some_and(|next| next.kind == Kind::Open('('));
            called.then(|| (format!("`{text}` asks an entity for a tag, and there are none"), LABELS))
        }
        Kind::Word
        | Kind::Text
        | Kind::Number
        | Kind::If
        | Kind::ThenElse
        | Kind::Or
        | Kind::And
        | Kind::Relation
        | Kind::Sum
        | Kind::Product
        | Kind::Prefix
        | Kind::Dot
        | Kind::Comma
        | Kind::Colon
        | Kind::Open(_)
        | Kind::Close(_)
        | Kind::Other => None,
    }
}

const ONE: &str = "a condition is one expression and nothing else";
const FIELDS: &str = "compare fields, such as `principal.id == \"alice\"` or `resource.type == \"database\"`";
const SETS: &str = "ask a set, such as `principal.groups.contains(\"sre\")`";
const INSIDE: &str = "name one of its fields, such as `principal.id`, `resource.name` or `context.ask`";
const LABELS: &str = "write `resource.labels has env` and `resource.labels.env`";

/// The operators of Cedar, the loosest first. Operators of one level in a row make one deep tree.
const LEVELS: usize = 7;
const OR: usize = 0;
const AND: usize = 1;
const RELATION: usize = 2;
const SUM: usize = 3;
const PRODUCT: usize = 4;
const UNARY: usize = 5;
const MEMBER: usize = 6;

/// What stands between two brackets, so far.
#[derive(Default)]
struct Frame {
    closes: char,
    at: Range<usize>,
    /// Operators of each level since one that is looser, and the deepest operand of them that is finished.
    levels: [Chain; LEVELS],
    /// `if`s since the last comma: each may stand in the branch of the one before.
    ifs: usize,
    /// The deepest part between `if`, `then` and `else` since the last comma.
    part: usize,
    /// The deepest element between commas.
    element: usize,
}

#[derive(Clone, Copy, Default)]
struct Chain {
    operators: usize,
    operand: usize,
}

impl Frame {
    /// An operator binds what stands before it, as far as that binds tighter.
    fn operator(&mut self, level: usize, weight: usize) {
        let mut tighter = 0;
        for (at, chain) in self.levels.iter_mut().enumerate().rev() {
            if at > level {
                tighter = chain.operand.max(tighter).saturating_add(chain.operators);
                *chain = Chain::default();
            } else {
                chain.operand = chain.operand.max(tighter);
                chain.operators = chain.operators.saturating_add(weight);
                break;
            }
        }
    }

    /// A bracket inside closed.
    fn operand(&mut self, depth: usize) {
        if let Some(member) = self.levels.last_mut() {
            member.operand = member.operand.max(depth);
        }
    }

    fn part_ends(&mut self) {
        self.operator(OR, 0);
        let [whole, ..] = &mut self.levels;
        self.part = self.part.max(whole.operand.saturating_add(whole.operators));
        *whole = Chain::default();
    }

    fn element_ends(&mut self) {
        self.part_ends();
        self.element = self.element.max(self.part.saturating_add(self.ifs));
        self.part = 0;
        self.ifs = 0;
    }
}

/// How deep the tree is that Cedar will build, or more: every bracket is a level, and every operator that
/// is repeated at its level, `else if` included, because such chains make trees as deep as they are long.
fn depth(tokens: &[Token<'_>]) -> Result<usize, BadCondition> {
    let mut outer: Vec<Frame> = Vec::new();
    let mut frame = Frame::default();
    for token in tokens {
        match token.kind {
            Kind::Open(bracket) => {
                if token.after_operand {
                    frame.operator(MEMBER, 1);
                }
                let inner = Frame { closes: closing(bracket), at: token.at.clone(), ..Frame::default() };
                outer.push(std::mem::replace(&mut frame, inner));
            }
            Kind::Close(bracket) => {
                let before = outer.pop().filter(|_| frame.closes == bracket);
                let Some(before) = before else {
                    return Err(BadCondition::new(
                        format!("`{bracket}` closes nothing"),
                        Some(ONE),
                        Some(token.at.clone()),
                    ));
                };
                frame.element_ends();
                let depth = frame.element.saturating_add(1);
                frame = before;
                frame.operand(depth);
            }
            Kind::Comma | Kind::Colon | Kind::Semicolon => frame.element_ends(),
            Kind::If => {
                frame.part_ends();
                frame.ifs = frame.ifs.saturating_add(1);
            }
            Kind::ThenElse => frame.part_ends(),
            Kind::Or => frame.operator(OR, 1),
            Kind::And => frame.operator(AND, 1),
            // Cedar reads `a != b` as `!(a == b)`, `a > b` as `!(a <= b)`, `a is T in b` as two with `&&`.
            Kind::Relation | Kind::In | Kind::Is => frame.operator(RELATION, 2),
            Kind::Sum => frame.operator(SUM, 1),
            Kind::Product => frame.operator(PRODUCT, 1),
            Kind::Prefix => frame.operator(UNARY, 1),
            Kind::Dot => frame.operator(MEMBER, 1),
            Kind::Word | Kind::Text | Kind::Number | Kind::Slot | Kind::Path | Kind::Other => {}
        }
    }
    if !outer.is_empty() {
        return Err(BadCondition::new("this bracket is never closed".to_owned(), None, Some(frame.at)));
    }
    frame.element_ends();
    Ok(frame.element)
}

fn closing(bracket: char) -> char {
    match bracket {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deep(text: &str) -> usize {
        depth(&tokens(text, usize::MAX).unwrap()).unwrap()
    }

    #[test]
    fn r44_every_way_to_make_a_deep_tree_counts() {
        for (text, levels) in [
            ("true", 0),
            ("(true)", 1),
            ("((true))", 2),
            ("[[1, 2], [3]]", 2),
            ("{a: {b: {c: 1}}}", 3),
            ("1 + 1 + 1 + 1", 3),
            ("1 - 1 + 1 - 1", 3),
            ("2 * 2 * 2", 2),
            ("a && b && c && d", 3),
            ("a || b || c || d", 3),
            ("!!!!a", 4),
            ("----1", 4),
            ("a.b.c.d", 3),
            ("a[\"b\"][\"c\"]", 3),
            ("a has b.c.d.e", 5),
            ("if a then b else c", 1),
            ("if a then b else if c then d else if e then f else g", 3),
            ("if if if a then b else c then d else e then f else g", 3),
            ("f(g(h(1)))", 6),
            ("a.contains(b)", 3),
        ] {
            assert_eq!(deep(text), levels, "{text}");
        }
    }

    #[test]
    fn side_by_side_is_not_deep() {
        for (text, levels) in [
            ("a && !b && !c && !d", 4),
            ("(a) && (b) && (c)", 3),
            ("a == 1 && b == 1 && c == 1", 4),
            ("[a.b.c, a.b.c, a.b.c]", 3),
            ("[if a then b else c, if a then b else c]", 2),
            ("1 * 1 + 1 * 1 + 1 * 1", 3),
        ] {
            assert_eq!(deep(text), levels, "{text}");
        }
    }

    #[test]
    fn words_of_cedar_that_are_names_divide_nothing() {
        assert_eq!(deep("a.if.then.else.b.c"), 5);
        assert_eq!(deep("a + then + b + else + c"), 4);
        assert_eq!(deep("a has if.then.b"), 4);
        assert_eq!(deep("{if: 1, then: 2, else: 3}"), 2);
    }

    #[test]
    fn the_caps_hold_at_the_bound_and_not_beyond() {
        let sum = |terms: usize| vec!["1"; terms].join("+");
        assert!(scan(&sum(33)).is_ok());
        assert!(scan(&sum(34)).unwrap_err().message.contains("33 levels deep"));
        let nested = |levels: usize| format!("{}true{}", "(".repeat(levels), ")".repeat(levels));
        assert!(scan(&nested(32)).is_ok());
        assert!(scan(&nested(33)).is_err());
        let list = |items: usize| format!("[{}]", vec!["1"; items].join(","));
        assert!(scan(&list(127)).is_ok());
        assert!(scan(&format!("-{}", list(127))).is_ok());
        assert!(scan(&format!("--{}", list(127))).unwrap_err().message.contains("256 tokens"));
        let padded = |bytes: usize| format!("true{}", " ".repeat(bytes - 4));
        assert!(scan(&padded(CONDITION_BYTES_MAX)).is_ok());
        assert!(scan(&padded(CONDITION_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn brackets_close_what_they_opened() {
        for text in
            ["true }", "true } ; permit(principal, action, resource) when { true", "(true]", "(true", "[(1])"]
        {
            assert!(scan(text).is_err(), "{text}");
        }
        assert!(scan("\"}\" == \"}\" // }\n").is_ok());
    }

    #[test]
    fn labels_are_found_with_how_they_are_asked_for() {
        let text = r#"resource.labels has pii && resource.labels.env == "prod" && resource.labels["team"] == "x" && resource.labels.pii == "no""#;
        let scan = scan(text).unwrap();
        assert_eq!(scan.labels(), BTreeMap::from([("env", true), ("pii", false), ("team", true)]));
    }

    #[test]
    fn an_escape_could_mean_any_name() {
        assert!(!scan("context[\"plain\"] == 1").unwrap().mentions().name("other"));
        assert!(scan("context[\"pl\\u{61}in\"] == 1").unwrap().mentions().name("other"));
    }
}
