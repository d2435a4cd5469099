//! Kits, conflicts and guards.

use serde_json::{Map, Value, json};

use super::targets::{list, offers};
use super::{Author, Document, KITS, put};
use crate::workload::cast::PERMISSIONS;
use crate::workload::theme::Feature;

impl Author<'_> {
    pub(super) fn beside(&mut self, document: &mut Document) {
        let ids: Vec<String> = list(document.get("flows"))
            .filter_map(|flow| flow.get("id").and_then(Value::as_str))
            .map(str::to_owned)
            .collect();
        if self.uses(Feature::Kits, 80) {
            let kits = self.kits(document);
            put(document, "kits", kits);
        }
        if ids.len() > 1 && self.uses(Feature::Conflicts, 80) {
            put(document, "conflicts", json!([self.conflict(&ids)]));
        }
        if self.uses(Feature::Guards, 60) {
            let shelf = document.contains_key("scopes");
            let guards: Vec<Value> =
                (0..self.dice.count(1, 2)).map(|number| self.guard(number, shelf)).collect();
            put(document, "guards", guards.into());
        }
    }

    /// Mostly of what the flows offer.
    fn kits(&mut self, document: &Document) -> Value {
        let mut offered = Vec::new();
        let mut all = Vec::new();
        for flow in list(document.get("flows")) {
            for resource in self.shelf {
                for permission in PERMISSIONS {
                    let (at, flow_id) = (&resource.id, flow.get("id"));
                    let item = json!({
                        "flow": flow_id, "integration": at.integration, "type": at.kind, "name": at.name,
                        "permission": permission,
                    });
                    if flow.get("take").is_none() && offers(document, flow, resource, permission) {
                        offered.push(item.clone());
                    }
                    all.push(item);
                }
            }
        }
        let mut kits = Vec::new();
        for kit in self.dice.some(&KITS, 60) {
            let mut named = Vec::new();
            for _ in 0..self.dice.count(1, 3) {
                let from = if self.dice.chance(92) && !offered.is_empty() { &offered } else { &all };
                let item = self.dice.of(from).cloned();
                named.extend(item.filter(|item| !named.contains(item)));
            }
            if !named.is_empty() {
                kits.push(json!({"id": kit, "items": named}));
            }
        }
        kits.into()
    }

    pub(super) fn conflict(&mut self, flows: &[String]) -> Value {
        let mut some = self.dice.some(flows, 40);
        if some.len() < 2 {
            some = flows.iter().take(2).cloned().collect();
        }
        json!({"name": "toxic", "flows": some})
    }

    pub(super) fn guard(&mut self, number: u32, shelf: bool) -> Value {
        let what = match self.dice.count(0, 6) {
            0 => json!({"labels": {"env": "prod"}}),
            1 => json!({"integration": "prod-pg"}),
            2 => json!({"names": ["hr", "pay*"], "except": {"labels": {"env": "test"}}}),
            3 => json!({"permissions": ["admin"]}),
            4 => json!({"type": "repo"}),
            5 if shelf => json!({"scope": "shelf"}),
            _ => json!({}),
        };
        json!({"name": format!("guard {number}"), "what": [what], "require": self.require()})
    }

    fn require(&mut self) -> Value {
        let mut require = Map::new();
        if self.dice.chance(12) {
            put(&mut require, "approval", json!("steps"));
        }
        if self.dice.chance(30) {
            let max = self.dice.number(3, 6);
            let max = self.span(max);
            put(&mut require, "max", max);
        }
        if self.dice.chance(20) {
            put(&mut require, "reason", json!(self.dice.chance(80)));
        }
        if self.uses(Feature::Logins, 30) {
            put(&mut require, "mfa", self.login());
        }
        if self.uses(Feature::Conditions, 30) {
            put(&mut require, "when", self.condition());
        }
        // A guard asks for something, and a reason that is not asked for is nothing.
        if require.values().all(|asked| *asked == json!(false)) {
            put(&mut require, "reason", json!(true));
        }
        require.into()
    }
}
