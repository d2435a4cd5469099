//! What a step expects.

use tenure_port::core::refusal;
use tenure_port::core::time::Timestamp;
use tenure_port::policy::document::{Entry, Node, Value};
use tenure_port::policy::problem::Code;

use super::value::all;
use super::{Reader, Reading, join, keys};
use crate::shape::Answers;
use crate::trouble::{Trouble, quote};
use crate::want::{Want, Wanted};

/// A field of `expect`: what it holds, and what must be answered for it to make sense.
struct Expected {
    name: &'static str,
    kind: Kind,
    of: &'static [Answers],
}

/// What a field of `expect` holds.
#[derive(Clone, Copy)]
enum Kind {
    Word(&'static [&'static str]),
    Code,
    Text,
    Flag,
    Count,
    Time,
    Span,
    /// In this order.
    Effects,
    /// In any order.
    Set,
    List,
    Counts(&'static [&'static str]),
    Details,
    Change,
    Offer,
    Checks,
    Problems,
}

/// A step of these may look at the grant it names.
const GRANT: &[Answers] = &[Answers::Grant, Answers::Kit, Answers::Nothing];
/// A step of these may be refused.
const ASKED: &[Answers] = &[
    Answers::Grant,
    Answers::Kit,
    Answers::Revoked,
    Answers::Policy,
    Answers::Sweep,
    Answers::Offer,
    Answers::Checks,
    Answers::Holds,
    Answers::Grants,
    Answers::Flows,
    Answers::Nothing,
];

const fn field(name: &'static str, kind: Kind, of: &'static [Answers]) -> Expected {
    Expected { name, kind, of }
}

const EXPECTED: &[Expected] = &[
    field("stage", Kind::Word(&["pending", "approved", "active", "closed"]), GRANT),
    field(
        "outcome",
        Kind::Word(&[
            "denied",
            "withdrawn",
            "undecided",
            "unused",
            "failed",
            "expired",
            "given_back",
            "revoked",
        ]),
        GRANT,
    ),
    field("waiting_for", Kind::Word(&["start", "hours", "holder", "provisioning"]), GRANT),
    field("ends", Kind::Time, GRANT),
    field("held_until", Kind::Time, GRANT),
    field("starts", Kind::Time, GRANT),
    field("closed_at", Kind::Time, GRANT),
    field("granted", Kind::Span, GRANT),
    field("clipped", Kind::Flag, GRANT),
    field("extensions", Kind::Counts(&["used", "left", "pending"]), GRANT),
    field(
        "enforcement",
        Kind::Word(&[
            "none",
            "applying",
            "applied",
            "removing",
            "removed",
            "stuck_applying",
            "stuck_removing",
        ]),
        GRANT,
    ),
    field("effects", Kind::Effects, ASKED),
    field("effects_to", Kind::Set, ASKED),
    field("refused", Kind::Code, ASKED),
    field("details", Kind::Details, ASKED),
    field("would_pass", Kind::Change, ASKED),
    field("fault", Kind::Text, ASKED),
    field("checks", Kind::Checks, &[Answers::Checks]),
    field("offer", Kind::Offer, &[Answers::Offer]),
    field("holds", Kind::Flag, &[Answers::Holds]),
    field("grants", Kind::List, &[Answers::Kit, Answers::Grants, Answers::Revoked]),
    field("flows", Kind::List, &[Answers::Flows]),
    field("count", Kind::Count, &[Answers::Kit, Answers::Grants, Answers::Flows, Answers::Revoked]),
    field("problems", Kind::Problems, &[Answers::Policy]),
];

/// Kinds of effects.
const EFFECTS: &[&str] = &["provision", "adjust", "deprovision", "rotate"];
/// Kinds of notices.
const NOTICES: &[&str] = &[
    "approval_wanted",
    "escalated",
    "decided",
    "active",
    "break_glass",
    "ending_soon",
    "extension_wanted",
    "extended",
    "ended",
    "stuck",
    "review_due",
];
/// Details and parts of an offer that are instants.
const TIMES: &[&str] = &["ends", "opens_at", "latest_end", "resets_at", "ends_at"];
/// Parts of what would pass, and those of them that are instants.
const CHANGES: &[&str] =
    &["span", "at", "start", "if_ends_at", "without", "only", "reason", "login", "approvers"];
const MOMENTS: &[&str] = &["at", "start", "if_ends_at"];
const VERDICTS: &[&str] = &["pass", "fail", "unreached"];
const NEEDS: &[&str] = &["reason", "mfa", "approval"];

impl Reading<'_> {
    pub(super) fn expect(
        &mut self,
        node: &Node,
        path: &str,
        answers: Option<Answers>,
        start: Timestamp,
    ) -> Vec<Want> {
        let names: Vec<&str> = EXPECTED.iter().map(|expected| expected.name).collect();
        let mut wants = Vec::new();
        for (name, entry) in keys(self.reader.entries(node, path).unwrap_or_default()) {
            let Some(expected) = EXPECTED.iter().find(|expected| expected.name == name) else {
                self.reader.unknown(entry, path, name, &names, "`expect`");
                continue;
            };
            if answers.is_some_and(|answers| !expected.of.contains(&answers)) {
                let message = format!("this step answers nothing that `{name}` could be compared with");
                let trouble = Trouble::new(Code::Contradiction, join(path, name), entry.key_place(), message);
                self.reader.trouble(trouble);
                continue;
            }
            let wanted = self.reader.wanted(expected.kind, entry.node(), &join(path, name), start);
            wants.extend(wanted.map(|wanted| Want { field: expected.name, wanted }));
        }
        wants
    }
}

impl Reader {
    fn wanted(&mut self, kind: Kind, node: &Node, path: &str, start: Timestamp) -> Option<Wanted> {
        if matches!(node.value(), Value::Null) {
            return Some(Wanted::Absent);
        }
        match kind {
            Kind::Word(known) => self.word(node, path, known).map(Wanted::Word),
            Kind::Code => self.code(node, path).map(Wanted::Word),
            Kind::Text => self.text(node, path).map(Wanted::Word),
            Kind::Flag => self.flag(node, path).map(Wanted::Flag),
            Kind::Count => self.count(node, path).map(Wanted::Count),
            Kind::Time => self.offset(node, path, start).map(Wanted::Time),
            Kind::Span => self.span(node, path).map(Wanted::Span),
            Kind::Effects => {
                let numbered = self.list(node, path)?.iter().enumerate();
                let kinds = numbered.map(|(index, item)| self.effect(item, &format!("{path}[{index}]")));
                all(kinds).map(Wanted::List)
            }
            Kind::Set => self.texts(node, path).map(Wanted::Set),
            Kind::List => self
                .texts(node, path)
                .map(|texts| Wanted::List(texts.into_iter().map(Wanted::Word).collect())),
            Kind::Counts(known) => {
                self.only(node, path, known, "this");
                self.fields(node, path, |reader, _, node, path| reader.count(node, path).map(Wanted::Count))
            }
            Kind::Details => {
                self.fields(node, path, |reader, name, node, path| reader.detail(name, node, path, start))
            }
            Kind::Change => {
                self.only(node, path, CHANGES, "what would pass");
                self.fields(node, path, |reader, name, node, path| match name {
                    name if MOMENTS.contains(&name) => reader.offset(node, path, start).map(Wanted::Time),
                    "span" => reader.span(node, path).map(Wanted::Span),
                    name => reader.detail(name, node, path, start),
                })
            }
            Kind::Offer => self.offer(node, path, start),
            Kind::Checks => {
                let numbered = self.list(node, path)?.iter().enumerate();
                let checks = numbered.map(|(index, item)| self.check(item, &format!("{path}[{index}]")));
                all(checks).map(Wanted::Among)
            }
            Kind::Problems => {
                let numbered = self.list(node, path)?.iter().enumerate();
                let problems = numbered.map(|(index, item)| self.problem(item, &format!("{path}[{index}]")));
                all(problems).map(Wanted::List)
            }
        }
    }

    fn fields(
        &mut self,
        node: &Node,
        path: &str,
        read: impl Fn(&mut Self, &str, &Node, &str) -> Option<Wanted>,
    ) -> Option<Wanted> {
        let entries = keys(self.entries(node, path)?);
        let fields = entries.map(|(name, entry)| {
            let wanted = if matches!(entry.node().value(), Value::Null) {
                Wanted::Absent
            } else {
                read(self, name, entry.node(), &join(path, name))?
            };
            Some((name.to_owned(), wanted))
        });
        all(fields).map(Wanted::Fields)
    }

    /// A detail of a refusal: instants have names, the rest is told by how it is written.
    fn detail(&mut self, name: &str, node: &Node, path: &str, start: Timestamp) -> Option<Wanted> {
        if TIMES.contains(&name) {
            return self.offset(node, path, start).map(Wanted::Time);
        }
        match node.value() {
            Value::Null => Some(Wanted::Absent),
            Value::Bool(flag) => Some(Wanted::Flag(*flag)),
            Value::Integer(count) => Some(Wanted::Count(*count)),
            Value::Text(text) => Some(match text.parse() {
                Ok(span) => Wanted::SpanOrWord(span, text.clone()),
                Err(_) => Wanted::Word(text.clone()),
            }),
            Value::List(items) => {
                let numbered = items.iter().enumerate();
                let inner =
                    numbered.map(|(index, item)| self.detail(name, item, &format!("{path}[{index}]"), start));
                all(inner).map(Wanted::List)
            }
            Value::Map(_) => {
                self.fields(node, path, |reader, name, node, path| reader.detail(name, node, path, start))
            }
            Value::Float(_) => {
                self.wrong(node, path, "a whole number, a text, a list or fields by name");
                None
            }
        }
    }

    fn offer(&mut self, node: &Node, path: &str, start: Timestamp) -> Option<Wanted> {
        const KNOWN: &[&str] = &[
            "allowed",
            "refused",
            "default",
            "min",
            "max",
            "used",
            "left",
            "opens_at",
            "latest_end",
            "needs",
            "ends_at",
        ];
        self.only(node, path, KNOWN, "an offer");
        self.fields(node, path, |reader, name, node, path| match name {
            "allowed" => reader.flag(node, path).map(Wanted::Flag),
            "refused" => reader.code(node, path).map(Wanted::Word),
            "used" | "left" => reader.count(node, path).map(Wanted::Count),
            "needs" => {
                let numbered = reader.list(node, path)?.iter().enumerate();
                let words =
                    numbered.map(|(index, item)| reader.word(item, &format!("{path}[{index}]"), NEEDS));
                all(words).map(Wanted::Set)
            }
            name if TIMES.contains(&name) => reader.offset(node, path, start).map(Wanted::Time),
            _ => reader.span(node, path).map(Wanted::Span),
        })
    }

    /// The code of a refusal. A code that does not exist would never come.
    fn code(&mut self, node: &Node, path: &str) -> Option<String> {
        let known: Vec<&str> = refusal::Code::ALL.iter().map(|code| code.as_str()).collect();
        let text = self.text(node, path)?;
        if known.contains(&text.as_str()) {
            return Some(text);
        }
        let message = format!("{} is no code of a refusal", quote(&text));
        let near = known.iter().min_by_key(|code| strsim::damerau_levenshtein(code, &text));
        let trouble = Trouble::new(Code::OutOfRange, path.to_owned(), node.place(), message);
        let help = near.map(|near| format!("the nearest is `{near}`"));
        self.trouble(trouble.help(help.unwrap_or_default()));
        None
    }

    fn effect(&mut self, node: &Node, path: &str) -> Option<Wanted> {
        let text = self.text(node, path)?;
        let known = match text.strip_prefix("notify:") {
            Some(notice) => NOTICES.contains(&notice),
            None => EFFECTS.contains(&text.as_str()),
        };
        if known {
            return Some(Wanted::Word(text));
        }
        let message = format!("{} is no kind of effect", quote(&text));
        let trouble = Trouble::new(Code::OutOfRange, path.to_owned(), node.place(), message);
        let notices: Vec<String> = NOTICES.iter().map(|notice| format!("`notify:{notice}`")).collect();
        let effects: Vec<String> = EFFECTS.iter().map(|effect| format!("`{effect}`")).collect();
        self.trouble(trouble.help(format!("kinds are {}, {}", effects.join(", "), notices.join(", "))));
        None
    }

    /// `CODE: pass`.
    fn check(&mut self, node: &Node, path: &str) -> Option<Wanted> {
        let [entry] = self.entries(node, path)? else {
            self.wrong(node, path, "one code with `pass`, `fail` or `unreached`");
            return None;
        };
        let at = join(path, entry.key());
        self.known_code(entry, &at)?;
        let verdict = self.word(entry.node(), &at, VERDICTS)?;
        Some(Wanted::Fields(vec![
            ("code".to_owned(), Wanted::Word(entry.key().to_owned())),
            ("verdict".to_owned(), Wanted::Word(verdict)),
        ]))
    }

    fn known_code(&mut self, entry: &Entry, path: &str) -> Option<()> {
        if refusal::Code::ALL.iter().any(|code| code.as_str() == entry.key()) {
            return Some(());
        }
        let message = format!("{} is no code of a refusal", quote(entry.key()));
        self.trouble(Trouble::new(Code::OutOfRange, path.to_owned(), entry.key_place(), message));
        None
    }

    /// A problem of a policy: its code, or `CODE: path`, or both by name.
    fn problem(&mut self, node: &Node, path: &str) -> Option<Wanted> {
        let known: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        if matches!(node.value(), Value::Text(_)) {
            let code = self.word(node, path, &known)?;
            return Some(Wanted::Fields(vec![("code".to_owned(), Wanted::Word(code))]));
        }
        let Value::Map(entries) = node.value() else {
            self.no_problem(node, path);
            return None;
        };
        let mut fields = Vec::new();
        match entries.as_slice() {
            [entry] if known.contains(&entry.key()) => {
                let place = self.text(entry.node(), &join(path, entry.key()))?;
                fields.push(("code".to_owned(), Wanted::Word(entry.key().to_owned())));
                fields.push(("path".to_owned(), Wanted::Word(place)));
            }
            _ if node.field("code").is_some() => {
                self.only(node, path, &["code", "path"], "a problem");
                let code =
                    node.field("code").and_then(|code| self.word(code, &join(path, "code"), &known))?;
                fields.push(("code".to_owned(), Wanted::Word(code)));
                let place = self.optional(node, path, "path", Self::text);
                fields.extend(place.map(|place| ("path".to_owned(), Wanted::Word(place))));
            }
            _ => {
                self.no_problem(node, path);
                return None;
            }
        }
        Some(Wanted::Fields(fields))
    }

    fn no_problem(&mut self, node: &Node, path: &str) {
        self.wrong(node, path, "a problem's code with its path: `bad_span: flows[0].duration.max`");
    }
}
