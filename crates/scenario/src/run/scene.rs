//! What came of one step, by the names that `expect` has for it.

use serde_json::{Value as Json, json};

use crate::want::Mismatch;

/// What came of one step.
#[derive(Clone, Debug)]
pub struct Scene {
    /// What was called, for a step that is a call.
    pub call: Option<Json>,
    /// What was answered: `ok`, `refused`, `invalid` or `fault`.
    pub answer: Json,
    /// What the step wrote into the record.
    pub records: Vec<Json>,
    /// The grant after the step, where it names one; all grants of a kit.
    pub grants: Vec<Json>,
    /// Expectations that were not met.
    pub mismatches: Vec<Mismatch>,
}

impl Scene {
    /// The code with which the step was refused.
    #[must_use]
    pub fn refused(&self) -> Option<&str> {
        match self.answer.get("invalid") {
            Some(_) => Some("policy.invalid"),
            None => self.refusal()?.get("code")?.as_str(),
        }
    }

    /// The refusal: of the command itself, or the one that `explain` and `offer` speak of.
    #[must_use]
    pub fn refusal(&self) -> Option<&Json> {
        self.answer.get("refused").or_else(|| self.answer.pointer("/ok/refused"))
    }

    /// Kinds of the effects that the step made, in order.
    #[must_use]
    pub fn effects(&self) -> Vec<String> {
        self.made().map(kind).collect()
    }

    fn made(&self) -> impl Iterator<Item = &Json> {
        self.records.iter().filter_map(|record| record.get("effects")?.as_array()).flatten()
    }

    /// What came, by the name that `expect` has for it.
    pub(super) fn came(&self, field: &str) -> Option<Json> {
        let ok = self.answer.get("ok");
        match field {
            "refused" => self.refused().map(Json::from),
            "details" => self.refusal()?.get("details").cloned().or_else(|| Some(json!({}))),
            "would_pass" => self.refusal()?.get("would_pass").cloned(),
            "fault" => self.answer.pointer("/fault/code").cloned(),
            "problems" => Some(self.answer.get("invalid").cloned().unwrap_or_else(|| json!([]))),
            "effects" => Some(self.effects().into_iter().map(Json::from).collect()),
            "effects_to" => {
                let notices = self.made().filter(|effect| effect.get("to").is_some());
                notices.last()?.get("to").cloned()
            }
            "checks" => ok?.get("checks").cloned(),
            "holds" => ok?.get("allowed").cloned(),
            "grants" if ok?.get("revoked").is_some() => ok?.get("revoked").cloned(),
            "grants" => Some(ids_of(ok?.get("grants")).into_iter().map(Json::from).collect()),
            "flows" => Some(ids_of(ok?.get("flows")).into_iter().map(Json::from).collect()),
            "count" => ["grants", "flows", "revoked"]
                .iter()
                .find_map(|list| ok?.get(*list))?
                .as_array()
                .map(|all| Json::from(all.len())),
            "offer" => {
                let mut offer = ok?.clone();
                if let Some(code) = offer.pointer("/refused/code").cloned() {
                    offer.as_object_mut()?.insert("refused".to_owned(), code);
                }
                Some(offer)
            }
            // What targets confirm comes after the answer.
            "enforcement" => of_all(&self.grants, field),
            _ => {
                let name = match field {
                    "ends" => "ends_at",
                    "starts" => "starts_at",
                    other => other,
                };
                match ok {
                    Some(ok) if ok.get("stage").is_some() => ok.get(name).cloned(),
                    Some(ok) => match ok.get("grants").and_then(Json::as_array) {
                        Some(kit) => of_all(kit, name),
                        None => of_all(&self.grants, name),
                    },
                    None => of_all(&self.grants, name),
                }
            }
        }
    }
}

/// What all grants have in common, or what each of them has.
fn of_all(grants: &[Json], name: &str) -> Option<Json> {
    let values: Vec<Json> = grants.iter().map(|grant| grant.get(name).cloned().unwrap_or_default()).collect();
    let first = values.first()?;
    if values.iter().all(|value| value == first) {
        return Some(first.clone()).filter(|value| !value.is_null());
    }
    Some(Json::Array(values))
}

/// The kind of an effect: `provision`, `notify:active`.
fn kind(effect: &Json) -> String {
    let text = |name: &str| effect.get(name).and_then(Json::as_str).unwrap_or_default();
    match text("effect") {
        "notify" => format!("notify:{}", text("notice")),
        other => other.to_owned(),
    }
}

pub(super) fn ids_of(list: Option<&Json>) -> Vec<String> {
    let items = list.and_then(Json::as_array).into_iter().flatten();
    items.filter_map(|item| item.get("id")?.as_str().map(str::to_owned)).collect()
}
