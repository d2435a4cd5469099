//! What the auditor is told: whether a condition holds, by the evaluator of the policy language.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;
use tenure::tenure_core::flow::condition::{Ask, Condition, Facts};
use tenure::tenure_core::person::{self, Record};
use tenure::tenure_policy::condition;
use tenure::{Person, Resource, Span};

use crate::auditor::Given;

/// The evaluator of conditions, which remembers those that it has read. The language is no part of what is audited.
#[derive(Debug, Default)]
pub struct Conditions {
    read: RefCell<HashMap<String, Option<Arc<dyn Condition>>>>,
}

impl Given for Conditions {
    fn condition(&self, text: &str, facts: &Value) -> Option<bool> {
        let condition = self.read(text)?;
        let seen = Seen::of(facts)?;
        condition.holds(&seen.facts()).ok()
    }
}

impl Conditions {
    fn read(&self, text: &str) -> Option<Arc<dyn Condition>> {
        let mut read = self.read.borrow_mut();
        if let Some(known) = read.get(text) {
            return known.clone();
        }
        let compiled = condition::compile(text, None).ok();
        read.insert(text.to_owned(), compiled.clone());
        compiled
    }
}

/// Facts as the evaluator wants them.
struct Seen {
    principal: Person,
    resource: Option<(Resource, String)>,
    context: Record,
    ask: Ask,
}

impl Seen {
    /// From `principal`, `resource` (with its `permission`) and `context` (with `ask` in it).
    fn of(facts: &Value) -> Option<Self> {
        let principal = serde_json::from_value(facts.get("principal")?.clone()).ok()?;
        let resource = match facts.get("resource") {
            None | Some(Value::Null) => None,
            Some(resource) => Some(asked(resource)?),
        };
        let mut context = facts.get("context")?.clone();
        let ask = ask(&context.as_object_mut()?.remove("ask")?)?;
        let context = person::record(context).ok()?;
        Some(Self { principal, resource, context, ask })
    }

    fn facts(&self) -> Facts<'_> {
        let resource = self.resource.as_ref().map(|(resource, permission)| (resource, permission.as_str()));
        Facts { principal: &self.principal, resource, context: &self.context, ask: &self.ask }
    }
}

/// A resource and the permission on it that is asked for.
fn asked(resource: &Value) -> Option<(Resource, String)> {
    let mut resource = resource.clone();
    let permission = resource.as_object_mut()?.remove("permission")?.as_str()?.to_owned();
    Some((serde_json::from_value(resource).ok()?, permission))
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
