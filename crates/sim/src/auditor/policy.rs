//! The policy document as it was written, but for spans, instants and conditions, which have one form each.
//! A document is taken as valid.

use std::collections::BTreeMap;
use std::rc::Rc;

use regex::Regex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::time::{DAY, Hours, MINUTE, Ms, instant, span};

/// One document.
#[derive(Default)]
pub(super) struct Policy {
    pub(super) revision: String,
    pub(super) flows: BTreeMap<String, Rc<Flow>>,
    /// Kits, conflicts and guards.
    pub(super) doc: Value,
    pub(super) patterns: Patterns,
}

/// One access policy. `doc` has a value wherever there is a default.
pub(super) struct Flow {
    pub(super) id: String,
    pub(super) revision: String,
    pub(super) doc: Value,
    pub(super) hours: Option<Hours>,
    pub(super) patterns: Patterns,
}

/// Patterns by their text.
pub(super) type Patterns = BTreeMap<String, Regex>;

/// Who decides. No list: nobody is asked.
#[derive(Clone, Default)]
pub(super) struct Approval {
    pub(super) lists: Vec<Vec<Value>>,
    pub(super) in_turn: bool,
    pub(super) denials: u32,
    pub(super) decide_within: Option<Ms>,
    pub(super) lane: Option<Value>,
}

const SPANS: [&str; 14] = [
    "min",
    "default",
    "max",
    "ahead",
    "activate_within",
    "max_age",
    "decide_within",
    "per",
    "after",
    "total",
    "window",
    "cool_down",
    "bridge",
    "review_within",
];

pub(super) static NONE: Value = Value::Null;

/// What stands at a path, such as `extension.span.max`; null where nothing does.
pub(super) fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    path.split('.').try_fold(value, |value, name| value.get(name)).unwrap_or(&NONE)
}

pub(super) fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    at(value, path).as_str().unwrap_or_default()
}

pub(super) fn list<'v>(value: &'v Value, path: &str) -> &'v [Value] {
    at(value, path).as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn texts<'v>(value: &'v Value, path: &str) -> Vec<&'v str> {
    list(value, path).iter().filter_map(Value::as_str).collect()
}

pub(super) fn ms(value: &Value, path: &str) -> Option<Ms> {
    at(value, path).as_i64()
}

pub(super) fn flag(value: &Value, path: &str, default: bool) -> bool {
    at(value, path).as_bool().unwrap_or(default)
}

pub(super) fn count(value: &Value, path: &str) -> Option<u32> {
    at(value, path).as_u64().and_then(|count| u32::try_from(count).ok())
}

fn hash(value: &Value) -> String {
    let canonical = serde_json_canonicalizer::to_vec(value).unwrap_or_default();
    Sha256::digest(&canonical).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A flow with the types by which its conditions are judged.
fn meant(written: &Value, types: &Value) -> Value {
    let conditional = written.to_string().contains(r#""when":"#);
    let mut meant = written.clone();
    if let Some(fields) = meant.as_object_mut().filter(|_| conditional && !types.is_null()) {
        fields.insert("attributes".to_owned(), types.clone());
    }
    meant
}

impl Policy {
    pub(super) fn read(document: &Value) -> Self {
        let mut spread = document.clone();
        let scopes: BTreeMap<&str, &[Value]> =
            list(document, "scopes").iter().map(|scope| (text(scope, "id"), list(scope, "what"))).collect();
        for kind in ["flows", "guards"] {
            for user in spread.get_mut(kind).and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(Value::Array(what)) = user.get_mut("what") {
                    let targets = std::mem::take(what).into_iter();
                    *what = targets
                        .flat_map(|target| match scopes.get(text(&target, "scope")) {
                            Some(scope) => scope.to_vec(),
                            None => vec![target],
                        })
                        .collect();
                }
            }
        }
        let types = at(&spread, "attributes").clone();
        let flows = list(&spread, "flows")
            .iter()
            .map(|flow| (text(flow, "id").to_owned(), Rc::new(Flow::read(flow, &types))));
        let (flows, mut patterns) = (flows.collect(), Patterns::new());
        if let Some(fields) = spread.as_object_mut() {
            fields.retain(|name, _| matches!(name.as_str(), "kits" | "conflicts" | "guards"));
        }
        declare(&mut spread, &types);
        normalise(&mut spread, &mut patterns);
        Self { revision: hash(document), flows, doc: spread, patterns }
    }
}

impl Flow {
    fn read(written: &Value, types: &Value) -> Self {
        let (mut doc, mut patterns) = (written.clone(), Patterns::new());
        declare(&mut doc, types);
        normalise(&mut doc, &mut patterns);
        let mut put = |path: &str, value: Value| {
            let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
            let parent = if parent.is_empty() { Some(&mut doc) } else { doc.get_mut(parent) };
            if let Some(Value::Object(fields)) = parent {
                fields.entry(name).or_insert(value);
            }
        };
        let of = |path: &str, other: &str| {
            json!(ms(written, path).or(span(at(written, path))).or(span(at(written, other))))
        };
        put("kind", json!("elevation"));
        put("notify", json!({}));
        put("notify.before_end", json!([15 * MINUTE, 5 * MINUTE]));
        put("notify.to", json!(["holder"]));
        put("duration.min", json!(MINUTE));
        put("duration.default", of("duration.max", ""));
        put("activate_within", json!(60 * MINUTE));
        put("break_glass.review_within", json!(DAY));
        put("extension.span", json!({}));
        let span = doc.get_mut("extension").and_then(|extension| extension.get_mut("span"));
        if let Some(Value::Object(span)) = span {
            let default = span.get("default").cloned().unwrap_or_default();
            span.entry("min").or_insert(json!(MINUTE));
            span.entry("max").or_insert(default);
        }
        let hours = doc.get("hours").and_then(Hours::read);
        Self {
            id: text(written, "id").to_owned(),
            revision: hash(&meant(written, types)),
            doc,
            hours,
            patterns,
        }
    }

    pub(super) fn until(&self) -> Option<Ms> {
        ms(&self.doc, "until")
    }

    pub(super) fn withdrawn(&self, now: Ms) -> bool {
        !flag(&self.doc, "enabled", true) || self.until().is_some_and(|until| until <= now)
    }

    pub(super) fn approval(&self) -> Approval {
        Approval::of(at(&self.doc, "approval"))
    }

    /// Whether requests and extensions take one fast lane.
    pub(super) fn shares_lane(&self) -> bool {
        let written = at(&self.doc, "extension.approval");
        written.as_str() == Some("same") || text(written, "steps") == "same"
    }

    /// Who decides on its extensions.
    pub(super) fn of_extension(&self) -> Approval {
        let written = at(&self.doc, "extension.approval");
        let own = Approval::of(written);
        if !self.shares_lane() {
            return own;
        }
        let mut same = self.approval();
        same.decide_within = own.decide_within;
        if written.get("denials").is_some() {
            same.denials = own.denials;
        }
        if written.get("order").is_some() {
            same.in_turn = own.in_turn;
        }
        same
    }
}

/// Puts the declared types of attributes beside every condition: facts of another type fail it.
fn declare(value: &mut Value, types: &Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|one| declare(one, types)),
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == "when" {
                    *value = conditions(value);
                    for one in value.as_array_mut().into_iter().flatten() {
                        one["types"] = types.clone();
                    }
                } else {
                    declare(value, types);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Gives spans, instants, conditions and steps the one form that the auditor reads.
fn normalise(value: &mut Value, patterns: &mut Patterns) {
    let fields = match value {
        Value::Array(all) => return all.iter_mut().for_each(|one| normalise(one, patterns)),
        Value::Object(fields) => fields,
        _ => return,
    };
    for (name, value) in &mut *fields {
        match name.as_str() {
            "labels" | "hours" => {}
            "until" => *value = json!(instant(value)),
            "before_end" => *value = list(&json!({"of": value}), "of").iter().filter_map(span).collect(),
            "when" => *value = conditions(value),
            "pattern" => {
                let text = value.as_str().unwrap_or_default();
                patterns.extend(Regex::new(text).ok().map(|pattern| (text.to_owned(), pattern)));
            }
            "steps" if value.is_array() => {
                for (index, step) in value.as_array_mut().into_iter().flatten().enumerate() {
                    if let Some(step) = step.as_object_mut() {
                        step.entry("name").or_insert(json!(format!("step {}", index + 1)));
                        step.entry("needed").or_insert(json!(1));
                        for (name, default) in
                            [("reason", json!(false)), ("tell", json!(true)), ("escalate", json!([]))]
                        {
                            step.entry(name).or_insert(default);
                        }
                    }
                }
                normalise(value, patterns);
            }
            name if SPANS.contains(&name) && value.is_string() => *value = json!(span(value)),
            _ => normalise(value, patterns),
        }
    }
}

fn conditions(value: &Value) -> Value {
    let one = |one: &Value| {
        let text = one.as_str().unwrap_or_else(|| text(one, "is"));
        let name = one.get("name").and_then(Value::as_str).unwrap_or(text);
        json!({"name": name, "is": text, "types": at(one, "types")})
    };
    value.as_array().map_or_else(|| json!([one(value)]), |all| all.iter().map(one).collect())
}

impl Approval {
    pub(super) fn of(value: &Value) -> Self {
        let mut lists: Vec<_> = list(value, "any_of").iter().map(|one| list(one, "steps").to_vec()).collect();
        if value.get("steps").is_some_and(Value::is_array) {
            lists.push(list(value, "steps").to_vec());
        }
        Self {
            lists,
            in_turn: text(value, "order") != "any",
            denials: count(value, "denials").unwrap_or(1),
            decide_within: ms(value, "decide_within"),
            lane: value.get("automatic").cloned(),
        }
    }

    pub(super) fn asks(&self) -> bool {
        !self.lists.is_empty()
    }
}

/// Whether a target has this item (`resource`, `permission`). Of a resource of which nothing was said any label is
/// possible: what a guard looks for is there, and what a flow leaves out.
pub(super) fn covers(target: &Value, item: &Value, guard: bool) -> bool {
    let (surely, maybe) = (flag(item, "unknown", false) && !guard, flag(item, "unknown", false) && guard);
    if surely && (nonempty(target, "labels") || nonempty(target, "except.labels")) {
        return false;
    }
    let name = text(item, "resource.name");
    let named =
        |rule: &Value| rule.get("names").is_none() || texts(rule, "names").iter().any(|one| glob(one, name));
    let labels = at(item, "resource.labels");
    let wanted = at(target, "labels").as_object();
    let labelled = wanted.into_iter().flatten().all(|(name, value)| labels.get(name) == Some(value));
    let except = at(target, "except");
    let left_out = at(except, "labels").as_object();
    let excepted = except.get("names").is_some() && named(except)
        || !maybe && left_out.into_iter().flatten().any(|(name, value)| labels.get(name) == Some(value));
    let word =
        |field: &str| target.get(field).is_none_or(|word| Some(word) == at(item, "resource").get(field));
    let permissions = texts(target, "permissions");
    word("integration")
        && word("type")
        && named(target)
        && (maybe || labelled)
        && (permissions.is_empty()
            || permissions.iter().any(|one| *one == "*" || *one == text(item, "permission")))
        && !excepted
}

fn nonempty(target: &Value, path: &str) -> bool {
    at(target, path).as_object().is_some_and(|labels| !labels.is_empty())
}

/// `*` and `?`.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    fn fits(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) if fits(rest, text) => true,
            (Some(('*', _)), Some((_, after))) => fits(pattern, after),
            (Some((letter, rest)), Some((first, after))) if *letter == '?' || letter == first => {
                fits(rest, after)
            }
            _ => false,
        }
    }
    let letters = |text: &str| text.chars().collect::<Vec<_>>();
    if pattern.contains(['*', '?']) { fits(&letters(pattern), &letters(text)) } else { pattern == text }
}
