//! What the auditor is told: whether a condition holds, by the evaluator of the policy language.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use tenure::tenure_core::flow::condition::{Ask, Condition, Facts};
use tenure::tenure_core::person::{self, Record};
use tenure::tenure_policy::condition::{self, AttributeTypes, Field, Fields};
use tenure::{Person, Resource, Span};

use crate::auditor::Given;

/// The evaluator of conditions, which remembers those that it has read. The language is no part of what is audited.
#[derive(Debug, Default)]
pub struct Conditions {
    /// By text and declared types.
    read: RefCell<HashMap<(String, String), Read>>,
}

/// A condition that was read; nothing where it is none.
type Read = Option<Arc<dyn Condition>>;

impl Given for Conditions {
    fn condition(&self, text: &str, types: &Value, facts: &Value) -> Option<bool> {
        let condition = self.read(text, types)?;
        let seen = Seen::of(facts)?;
        condition.holds(&seen.facts()).ok()
    }
}

impl Conditions {
    fn read(&self, text: &str, types: &Value) -> Read {
        let mut read = self.read.borrow_mut();
        let place = (text.to_owned(), types.to_string());
        if let Some(known) = read.get(&place) {
            return known.clone();
        }
        let compiled = if types.is_null() {
            condition::compile(text, None).ok()
        } else {
            declared(types).and_then(|types| condition::compile(text, Some(&types)).ok())
        };
        read.insert(place, compiled.clone());
        compiled
    }
}

/// The types of a document, as the evaluator wants them.
fn declared(types: &Value) -> Option<AttributeTypes> {
    let section = |name: &str| types.get(name).map_or_else(|| Some(Fields::new()), declared_fields);
    AttributeTypes::new(section("principal")?, section("resource")?, section("context")?).ok()
}

fn declared_fields(fields: &Value) -> Option<Fields> {
    let field = |(name, types): (&String, &Value)| {
        let field = if let Some(text) = types.as_str() {
            Field::parse(text).ok()?
        } else if let Some(of) = types.as_array() {
            Field::parse(&format!("[{}]", of.first()?.as_str()?)).ok()?
        } else {
            Field::record(declared_fields(types)?)
        };
        Some((name.clone(), field))
    };
    fields.as_object()?.iter().map(field).collect()
}

/// Facts as the evaluator wants them.
struct Seen {
    principal: Person,
    resource: Option<(Resource, String)>,
    context: Record,
    ask: Ask,
}

impl Seen {
    /// From `principal`, `resource` and `context` (with `ask` in it), as a condition sees them: attributes stand beside
    /// what every person and every resource has.
    fn of(facts: &Value) -> Option<Self> {
        let mut context = facts.get("context")?.clone();
        let ask = ask(&context.as_object_mut()?.remove("ask")?)?;
        let context = person::record(context).ok()?;
        let resource = facts.get("resource").and_then(Value::as_object);
        // What is called nothing is no resource: none is asked for where a decider is looked at.
        let named = resource.filter(|resource| resource.get("integration").is_some_and(|at| at != ""));
        let resource = match named {
            None => None,
            Some(resource) => Some(asked(resource.clone())?),
        };
        Some(Self {
            principal: principal(facts.get("principal")?.as_object()?.clone())?,
            resource,
            context,
            ask,
        })
    }

    fn facts(&self) -> Facts<'_> {
        let resource = self.resource.as_ref().map(|(resource, permission)| (resource, permission.as_str()));
        Facts { principal: &self.principal, resource, context: &self.context, ask: &self.ask }
    }
}

fn principal(mut seen: Map<String, Value>) -> Option<Person> {
    let own = take(&mut seen, &["id", "groups", "roles", "manager"]);
    let person: Person = serde_json::from_value(Value::Object(own)).ok()?;
    Some(Person { attributes: person::record(Value::Object(seen)).ok()?, ..person })
}

/// A resource and the permission on it that is asked for.
fn asked(mut seen: Map<String, Value>) -> Option<(Resource, String)> {
    let permission = seen.remove("permission")?.as_str()?.to_owned();
    let own = take(&mut seen, &["integration", "type", "name", "labels", "owners"]);
    let resource: Resource = serde_json::from_value(Value::Object(own)).ok()?;
    Some((Resource { attributes: person::record(Value::Object(seen)).ok()?, ..resource }, permission))
}

/// Takes the fields of these names.
fn take(seen: &mut Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    names.iter().filter_map(|name| Some(((*name).to_owned(), seen.remove(*name)?))).collect()
}

/// What is asked: times as text or in milliseconds since 1970, spans in milliseconds.
fn ask(ask: &Value) -> Option<Ask> {
    let text = |name: &str| ask.get(name).and_then(Value::as_str);
    let number = |name: &str| ask.get(name).and_then(Value::as_u64);
    let small = |name: &str| number(name).and_then(|number| u32::try_from(number).ok());
    let weekday = text("weekday")?;
    Some(Ask {
        now: serde_json::from_value(ask.get("now")?.clone()).ok()?,
        weekday: DAYS.iter().copied().find(|day| *day == weekday)?,
        hour: small("hour")?,
        mfa_age: number("mfa_age").map(Span::millis),
        span: number("span").map_or(Span::millis(0), Span::millis),
        requester: text("requester")?.parse().ok()?,
        holder: text("holder")?.parse().ok()?,
        reason: text("reason").unwrap_or_default().to_owned(),
        extension: small("extension").unwrap_or(0),
    })
}

const DAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn facts() -> Value {
        json!({
            "principal": {"id": "alice", "groups": ["sre"], "roles": [], "department": "it"},
            "resource": {"integration": "pg", "type": "db", "name": "a", "permission": "read", "labels": {"env": "prod"},
                "owners": ["user:bob"], "tier": 1},
            "context": {"on_call": true, "ask": {"now": "2026-03-02T09:00:00.000Z", "weekday": "mon", "hour": 10,
                "span": 3_600_000, "requester": "alice", "holder": "alice", "reason": "INC-7", "extension": 0}},
        })
    }

    #[test]
    fn conditions_see_what_the_auditor_says() {
        let conditions = Conditions::default();
        for (text, expected) in [
            ("principal.department == \"it\" && principal.groups.contains(\"sre\")", Some(true)),
            (
                "resource.tier == 1 && resource.labels.env == \"prod\" && resource.permission == \"read\"",
                Some(true),
            ),
            ("context.on_call && context.ask.hour == 10 && context.ask.reason == \"INC-7\"", Some(true)),
            ("context.ask.span > duration(\"1h\")", Some(false)),
            ("context.ask.mfa_age < duration(\"1h\")", None),
            ("context.region == \"eu\"", None),
            ("no condition", None),
        ] {
            assert_eq!(conditions.condition(text, &Value::Null, &facts()), expected, "{text}");
        }
    }

    #[test]
    fn where_no_resource_is_asked_for_none_is_seen() {
        let conditions = Conditions::default();
        let mut facts = facts();
        facts["resource"] =
            json!({"integration": "", "type": "", "name": "", "permission": "", "labels": {}, "owners": []});
        assert_eq!(conditions.condition("context.on_call", &Value::Null, &facts), Some(true));
        assert_eq!(conditions.condition("resource.name == \"\"", &Value::Null, &facts), None);
    }
}
