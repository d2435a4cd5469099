//! Conditions, some of which cannot be evaluated for some people, items or situations.

use serde_json::{Value, json};

use super::Author;

/// What holders must meet.
const HOLDER: [&str; 22] = [
    "principal.department == \"engineering\"",
    "principal.level >= 2",
    "principal.region == context.region",
    "context.on_call",
    "context.incident_open",
    "context.device.managed",
    "resource.tier <= 2",
    "resource.permission != \"admin\"",
    "resource.name like \"*r*\"",
    "resource.integration != \"erp\" || context.on_call",
    "context.ask.span <= duration(\"2h\")",
    "context.ask.span >= duration(\"2m\")",
    "context.ask.hour < 20",
    "context.ask.weekday != \"sun\"",
    "context.ask.reason like \"INC-*\"",
    "context.ask.holder == context.ask.requester",
    "context.ask.extension < 2",
    "context.ask has mfa_age && context.ask.mfa_age <= duration(\"1h\")",
    "principal.groups.contains(\"sre\") || principal.roles.contains(\"dba\")",
    "!(principal has contractor && principal.contractor)",
    "context.ask.now >= datetime(\"2026-01-01T00:00:00.000Z\")",
    "principal has manager && principal.manager != principal.id",
];

/// What deciders must meet.
const DECIDER: [&str; 8] = [
    "principal.level >= 2",
    "principal.region == context.region",
    "principal.id != \"meg\"",
    "context.ask.span <= duration(\"2h\")",
    "principal.groups.contains(\"db-owners\") || context.incident_open",
    "context.ask.requester != principal.id",
    "resource.tier <= 2",
    "context.ask.extension < 2",
];

impl Author<'_> {
    pub(super) fn condition(&mut self) -> Value {
        json!(self.dice.word(&HOLDER))
    }

    pub(super) fn of_decider(&mut self) -> Value {
        json!(self.dice.word(&DECIDER))
    }

    /// `when` of a flow in each of its forms.
    pub(super) fn when(&mut self) -> Value {
        match self.dice.count(0, 3) {
            0 => self.condition(),
            1 => json!([self.condition(), self.condition()]),
            2 => {
                json!([{"name": "first", "is": self.condition(), "message": "ask somebody else"}, self.condition()])
            }
            _ => json!([{"is": self.condition()}]),
        }
    }
}

/// Types for all that conditions look at.
pub(super) fn types() -> Value {
    json!({
        "principal": {"department": "string", "region": "string", "level": "long", "contractor?": "bool"},
        "resource": {"tier": "long"},
        "context": {"on_call": "bool", "incident_open": "bool", "region": "string", "device": {"managed": "bool"}},
    })
}
