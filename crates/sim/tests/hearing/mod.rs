//! The auditor as it listens to calls: conditions are evaluated for it, and content hashes told apart.

#![expect(
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "JSON is read here: a field that is missing is null, and its kinds are not ours to list"
)]

use std::collections::BTreeMap;
use std::str::FromStr as _;

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use serde_json::{Map, Value, json};
use tenure_sim::auditor::{Auditor, Given, comparable};

/// Whether what a condition names is of the plain type that the document declares for it, where it is there.
fn are_declared(text: &str, types: &Value, facts: &Value) -> bool {
    let sections = types.as_object().into_iter().flatten();
    let fields = sections.flat_map(|(section, fields)| {
        fields.as_object().into_iter().flatten().map(move |(name, of)| (section, name, of))
    });
    fields.filter(|(_, name, _)| text.contains(name.as_str())).all(|(section, name, of)| {
        match (of.as_str(), &facts[section][name]) {
            (_, Value::Null) => true,
            (Some("string"), value) => value.is_string(),
            (Some("long"), value) => value.is_i64(),
            (Some("bool"), value) => value.is_boolean(),
            _ => true,
        }
    })
}

/// Conditions as Cedar itself evaluates them, of facts as they are declared.
#[derive(Default)]
pub(crate) struct Cedar;

impl Given for Cedar {
    fn condition(&self, text: &str, types: &Value, facts: &Value) -> Option<bool> {
        if !are_declared(text, types, facts) {
            return None;
        }
        let policies =
            PolicySet::from_str(&format!("permit(principal, action, resource) when {{ {text} }};")).ok()?;
        let entities = json!([
            {"uid": {"type": "P", "id": "p"}, "attrs": cedar(&facts["principal"]), "parents": []},
            {"uid": {"type": "R", "id": "r"}, "attrs": cedar(&facts["resource"]), "parents": []},
        ]);
        let mut context = cedar(&facts["context"]);
        let ask = &mut context["ask"];
        ask["now"] = json!({"__extn": {"fn": "datetime", "arg": ask["now"]}});
        for span in ["span", "mfa_age"] {
            if let Some(millis) = ask.get(span).and_then(Value::as_i64) {
                ask[span] = json!({"__extn": {"fn": "duration", "arg": format!("{millis}ms")}});
            }
        }
        let uid = |uid: &str| EntityUid::from_str(uid).ok();
        let context = Context::from_json_value(context, None).ok()?;
        let request =
            Request::new(uid("P::\"p\"")?, uid("A::\"a\"")?, uid("R::\"r\"")?, context, None).ok()?;
        let entities = Entities::from_json_value(entities, None).ok()?;
        let answer = Authorizer::new().is_authorized(&request, &policies, &entities);
        let sound = answer.diagnostics().errors().next().is_none();
        sound.then(|| answer.decision() == Decision::Allow)
    }
}

/// Null is absent.
fn cedar(facts: &Value) -> Value {
    match facts {
        Value::Object(facts) => {
            let facts = facts.iter().filter(|(_, fact)| !fact.is_null());
            Value::Object(facts.map(|(name, fact)| (name.clone(), cedar(fact))).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// An auditor beside a library whose calls are heard.
pub(crate) struct Listener {
    auditor: Auditor<Cedar>,
    /// The content hashes of each grant and of its extension, as the library last showed them.
    contents: BTreeMap<String, (Value, Value)>,
}

impl Listener {
    pub(crate) fn new() -> Self {
        Self { auditor: Auditor::new(Cedar), contents: BTreeMap::new() }
    }

    /// What the auditor answers, and what the library did in the same form.
    pub(crate) fn hear(&mut self, clock: i64, call: &Value, answer: &Value) -> (Value, Value) {
        let mut told = self.told(call);
        if let Some(next) = answer.pointer("/ok/next") {
            told["next"] = next.clone();
        }
        let heard = self.auditor.answer(&told, clock);
        self.note(&answer["ok"]);
        (heard, comparable(answer))
    }

    fn told(&self, call: &Value) -> Value {
        let mut call = call.clone();
        let verb = call["call"].as_str().unwrap_or_default().to_owned();
        if verb == "explain" {
            call["of"] = self.told(&call["of"]);
        }
        if let Some(content) = call.get("content") {
            let of = self.contents.get(call["grant"].as_str().unwrap_or_default());
            let own =
                of.map(|(request, extension)| if verb.ends_with("_extension") { extension } else { request });
            if own == Some(content) {
                call["own_content"] = json!(true);
            }
        }
        call
    }

    fn note(&mut self, shown: &Value) {
        shown["grants"].as_array().into_iter().flatten().for_each(|view| self.note(view));
        if let (Some(id), Some(content)) = (shown["id"].as_str(), shown.get("content")) {
            let extension = shown["extension_asked"]["content"].clone();
            self.contents.insert(id.to_owned(), (content.clone(), extension));
        }
    }
}
