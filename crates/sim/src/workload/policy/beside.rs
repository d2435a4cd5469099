//! Kits, conflicts and guards.

use serde_json::{Map, Value, json};

use super::targets::list;
use super::{Author, Document, KITS, put};
use crate::workload::theme::Feature;

impl Author<'_> {
    pub(super) fn beside(&mut self, document: &mut Document) {
        let ids: Vec<String> = list(document.get("flows"))
            .filter_map(|flow| flow.get("id").and_then(Value::as_str))
            .map(str::to_owned)
            .collect();
        if self.uses(Feature::Kits, 80) {
            put(document, "kits", self.kits(&ids));
        }
        if ids.len() > 1 && self.uses(Feature::Conflicts, 80) {
            put(document, "conflicts", json!([self.conflict(&ids)]));
        }
        if self.uses(Feature::Guards, 80) {
            let shelf = document.contains_key("scopes");
            let guards: Vec<Value> =
                (0..self.dice.count(1, 2)).map(|number| self.guard(number, shelf)).collect();
            put(document, "guards", guards.into());
        }
    }

    fn kits(&mut self, flows: &[String]) -> Value {
        let items = [
            ("prod-pg", "database", "orders", "read"),
            ("prod-pg", "database", "hr", "read"),
            ("erp", "app", "ledger", "read"),
            ("erp", "app", "payroll", "write"),
            ("gh", "repo", "api", "write"),
        ];
        let mut kits = Vec::new();
        for kit in self.dice.some(&KITS, 60) {
            let mut named = Vec::new();
            for _ in 0..self.dice.count(1, 3) {
                let flow = self.dice.of(flows).cloned().unwrap_or_default();
                let (integration, kind, name, permission) =
                    *self.dice.of(&items).unwrap_or(&("gh", "repo", "web", "read"));
                let item = json!({"flow": flow, "integration": integration, "type": kind, "name": name, "permission": permission});
                if !named.contains(&item) {
                    named.push(item);
                }
            }
            kits.push(json!({"id": kit, "items": named}));
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
        if self.dice.chance(25) {
            put(&mut require, "approval", json!("steps"));
        }
        if self.dice.chance(35) {
            let max = self.some_span(4);
            put(&mut require, "max", max);
        }
        if self.dice.chance(20) {
            put(&mut require, "reason", json!(self.dice.chance(80)));
        }
        if self.uses(Feature::Logins, 30) {
            put(&mut require, "mfa", self.login());
        }
        if require.is_empty() || self.uses(Feature::Conditions, 30) {
            put(&mut require, "when", self.condition());
        }
        require.into()
    }
}
