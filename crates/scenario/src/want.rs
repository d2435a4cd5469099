//! What a step expects, and whether what came is that.

use serde::Serialize;
use serde_json::Value;
use tenure_port::core::time::{Span, Timestamp};

use crate::story::offset;

/// One expectation of a step.
#[derive(Clone, Debug)]
pub struct Want {
    /// The field, as the file writes it.
    pub field: &'static str,
    /// What it must be.
    pub wanted: Wanted,
}

/// What a value must be. Only what is written is compared.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// True or false.
    Flag(bool),
    /// A whole number.
    Count(i64),
    /// A text.
    Word(String),
    /// An instant.
    Time(Timestamp),
    /// A span.
    Span(Span),
    /// A span, or a text that could be one.
    SpanOrWord(Span, String),
    /// These, in this order, and no more.
    List(Vec<Wanted>),
    /// These, in any order, and no more.
    Set(Vec<String>),
    /// These in this order; others may stand between.
    Among(Vec<Wanted>),
    /// These fields; others may be there.
    Fields(Vec<(String, Wanted)>),
    /// Nothing.
    Absent,
}

/// An expectation that was not met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// The field, `details.ends`.
    pub field: String,
    /// What was expected, as the file would write it.
    pub expected: String,
    /// What came, as the file would write it.
    pub came: String,
}

impl Wanted {
    /// Compares with what came; every field that differs is a mismatch.
    pub(crate) fn compare(
        &self,
        field: &str,
        came: Option<&Value>,
        start: Timestamp,
        found: &mut Vec<Mismatch>,
    ) {
        if let (Self::Fields(fields), Some(Value::Object(came))) = (self, came) {
            for (name, wanted) in fields {
                wanted.compare(&format!("{field}.{name}"), came.get(name), start, found);
            }
        } else if !self.meets(came) {
            let came = came.map_or_else(|| "nothing".to_owned(), |came| shown(came, self, start));
            found.push(Mismatch { field: field.to_owned(), expected: self.show(start), came });
        }
    }

    fn meets(&self, came: Option<&Value>) -> bool {
        let Some(came) = came.filter(|came| !came.is_null()) else { return *self == Self::Absent };
        match self {
            Self::Absent => false,
            Self::Flag(wanted) => came.as_bool() == Some(*wanted),
            Self::Count(wanted) => came.as_i64() == Some(*wanted),
            Self::Word(wanted) => came.as_str() == Some(wanted),
            Self::Time(wanted) => time(came) == Some(*wanted),
            Self::Span(wanted) => came.as_u64() == Some(wanted.as_millis()),
            Self::SpanOrWord(span, word) => {
                came.as_str() == Some(word) || came.as_u64() == Some(span.as_millis())
            }
            Self::List(wanted) => came.as_array().is_some_and(|came| {
                came.len() == wanted.len()
                    && wanted.iter().zip(came).all(|(wanted, came)| wanted.meets(Some(came)))
            }),
            Self::Set(wanted) => came.as_array().is_some_and(|came| {
                let mut came: Vec<_> = came.iter().filter_map(Value::as_str).collect();
                let mut wanted: Vec<_> = wanted.iter().map(String::as_str).collect();
                came.sort_unstable();
                wanted.sort_unstable();
                came == wanted
            }),
            Self::Among(wanted) => came.as_array().is_some_and(|came| {
                let mut rest = came.iter();
                wanted.iter().all(|wanted| rest.any(|came| wanted.meets(Some(came))))
            }),
            Self::Fields(wanted) => came
                .as_object()
                .is_some_and(|came| wanted.iter().all(|(name, wanted)| wanted.meets(came.get(name)))),
        }
    }

    fn show(&self, start: Timestamp) -> String {
        match self {
            Self::Absent => "nothing".to_owned(),
            Self::Flag(wanted) => wanted.to_string(),
            Self::Count(wanted) => wanted.to_string(),
            Self::Word(wanted) | Self::SpanOrWord(_, wanted) => wanted.clone(),
            Self::Time(wanted) => offset(start, *wanted),
            Self::Span(wanted) => wanted.to_string(),
            Self::List(wanted) | Self::Among(wanted) => list(wanted.iter().map(|wanted| wanted.show(start))),
            Self::Set(wanted) => list(wanted.iter().cloned()),
            Self::Fields(wanted) => {
                let fields = wanted.iter().map(|(name, wanted)| format!("{name}: {}", wanted.show(start)));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// What came, as the file would write it where that is wanted.
fn shown(came: &Value, wanted: &Wanted, start: Timestamp) -> String {
    let as_span = matches!(wanted, Wanted::Span(_) | Wanted::SpanOrWord(..));
    match came {
        Value::Null => "nothing".to_owned(),
        Value::Bool(came) => came.to_string(),
        Value::Number(came) => match came.as_u64().filter(|_| as_span) {
            Some(millis) => Span::millis(millis).to_string(),
            None => came.to_string(),
        },
        Value::String(text) => time(came).map_or_else(|| text.clone(), |at| offset(start, at)),
        Value::Array(items) => {
            let inner =
                if let Wanted::List(wanted) | Wanted::Among(wanted) = wanted { wanted.first() } else { None };
            list(items.iter().map(|item| shown(item, inner.unwrap_or(wanted), start)))
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, came)| format!("{name}: {}", shown(came, wanted, start)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compare(wanted: &Wanted, came: &Value) -> Vec<Mismatch> {
        let mut found = Vec::new();
        wanted.compare("x", Some(came), "2026-03-02T09:00:00Z".parse().unwrap(), &mut found);
        found
    }

    #[test]
    fn every_kind_tells_what_is_wanted_from_what_is_not() {
        let at = |text: &str| Wanted::Time(text.parse().unwrap());
        let word = |text: &str| Wanted::Word(text.to_owned());
        let rows = [
            (Wanted::Flag(true), json!(true), json!(false)),
            (Wanted::Count(2), json!(2), json!(3)),
            (word("active"), json!("active"), json!("pending")),
            (
                at("2026-03-02T10:00:00Z"),
                json!("2026-03-02T10:00:00.000Z"),
                json!("2026-03-02T10:00:00.001Z"),
            ),
            (Wanted::Span(Span::hours(1)), json!(3_600_000), json!(3_600_001)),
            (Wanted::SpanOrWord(Span::hours(1), "1h".into()), json!(3_600_000), json!(3_600_001)),
            (Wanted::SpanOrWord(Span::hours(1), "1h".into()), json!("1h"), json!("2h")),
            (Wanted::List(vec![word("a"), word("b")]), json!(["a", "b"]), json!(["b", "a"])),
            (Wanted::List(vec![word("a")]), json!(["a"]), json!(["a", "b"])),
            (Wanted::List(vec![]), json!([]), json!(["a"])),
            (Wanted::Set(vec!["a".into(), "b".into()]), json!(["b", "a"]), json!(["a", "a"])),
            (Wanted::Among(vec![word("a"), word("c")]), json!(["a", "b", "c"]), json!(["c", "a"])),
            (Wanted::Fields(vec![("a".into(), word("b"))]), json!({"a": "b", "z": 1}), json!({"a": "c"})),
            (Wanted::Fields(vec![("a".into(), Wanted::Absent)]), json!({"b": 1}), json!({"a": 1})),
        ];
        for (wanted, right, wrong) in rows {
            assert_eq!(compare(&wanted, &right), [], "{wanted:?} is {right}");
            assert_eq!(compare(&wanted, &wrong).len(), 1, "{wanted:?} is not {wrong}");
            assert_eq!(compare(&wanted, &json!(null)).len(), 1, "{wanted:?} is not nothing");
        }
    }

    #[test]
    fn a_mismatch_speaks_as_the_file_does() {
        let wanted = Wanted::Fields(vec![
            ("ends".into(), Wanted::Time("2026-03-02T10:02:00Z".parse().unwrap())),
            ("most".into(), Wanted::SpanOrWord(Span::minutes(20), "20m".into())),
        ]);
        let found = compare(&wanted, &json!({"ends": "2026-03-02T10:00:00.000Z", "most": 600_000}));
        let told: Vec<_> =
            found.iter().map(|one| format!("{}: {} not {}", one.field, one.expected, one.came)).collect();
        assert_eq!(told, ["x.ends: 1h 2m not 1h", "x.most: 20m not 10m"]);
    }
}
