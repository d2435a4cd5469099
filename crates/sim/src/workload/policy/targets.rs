//! What flows offer, and which of the items it is.

use serde_json::{Map, Value, json};
use tenure::Resource;

use super::{Author, Document, put};
use crate::workload::cast::PERMISSIONS;
use crate::workload::theme::Feature;

const INTEGRATIONS: [(&str, &str, [&str; 2]); 3] = [
    ("prod-pg", "database", ["orders", "hr"]),
    ("erp", "app", ["ledger", "payroll"]),
    ("gh", "repo", ["api", "web"]),
];

impl Author<'_> {
    pub(super) fn targets(&mut self, scopes: bool) -> Value {
        let mut what: Vec<Value> = Vec::new();
        for target in self.dice.some(&INTEGRATIONS, 45) {
            what.push(self.target(target));
        }
        if scopes && self.dice.chance(40) {
            what.push(json!({"scope": "shelf"}));
        }
        what.into()
    }

    fn target(&mut self, (integration, kind, names): (&str, &str, [&str; 2])) -> Value {
        let mut target = Map::new();
        put(&mut target, "integration", json!(integration));
        let permissions = if self.dice.chance(25) { vec!["*"] } else { self.dice.some(&PERMISSIONS, 60) };
        put(&mut target, "permissions", json!(permissions));
        if self.uses(Feature::Patterns, 60) {
            if self.dice.chance(40) {
                put(&mut target, "type", json!(kind));
            }
            if self.dice.chance(50) {
                let [first, second] = names;
                let names =
                    [json!([first]), json!([second, "*r*"]), json!(["*", "?pi"]), json!(["l*", "o*", "a*"])];
                put(&mut target, "names", self.dice.of(&names).cloned().unwrap_or(json!(["*"])));
            }
            if self.dice.chance(25) {
                put(&mut target, "labels", json!({"env": self.dice.word(&["prod", "prod", "test"])}));
            }
            if self.dice.chance(30) {
                put(&mut target, "except", self.except());
            }
        }
        target.into()
    }

    fn except(&mut self) -> Value {
        match self.dice.count(0, 2) {
            0 => json!({"names": ["hr*", "web"]}),
            1 => json!({"labels": {"pii": "yes"}}),
            _ => json!({"names": ["pay*"], "labels": {"pii": "yes", "env": "none"}}),
        }
    }

    /// `take: all`: literal items.
    pub(super) fn whole(&mut self) -> Value {
        let mut what = Vec::new();
        for (integration, kind, names) in self.dice.some(&INTEGRATIONS, 40) {
            let (names, permissions) = (self.dice.some(&names, 60), self.dice.some(&PERMISSIONS, 40));
            let target =
                json!({"integration": integration, "type": kind, "names": names, "permissions": permissions});
            what.push(target);
        }
        what.into()
    }
}

/// Whether a flow of this document offers that permission on the resource, as far as a glance tells.
pub(in crate::workload) fn offers(
    document: &Document,
    flow: &Value,
    resource: &Resource,
    permission: &str,
) -> bool {
    let shelf = document.get("scopes").and_then(|scopes| scopes.pointer("/0/what"));
    let targets = list(flow.get("what")).chain(
        list(flow.get("what")).filter(|target| target.get("scope").is_some()).flat_map(|_| list(shelf)),
    );
    targets.into_iter().any(|target| covers(target, resource, permission))
}

fn covers(target: &Value, resource: &Resource, permission: &str) -> bool {
    let text = |name: &str| target.get(name).and_then(Value::as_str);
    let labels = target.get("labels").and_then(Value::as_object);
    let except = target.get("except");
    let is =
        |(name, value): (&String, &Value)| resource.labels.get(name).map(String::as_str) == value.as_str();
    let excepted = except.is_some_and(|except| {
        let labels = except.get("labels").and_then(Value::as_object);
        let names = except.get("names");
        names.is_some() && named(names, &resource.id.name)
            || labels.is_some_and(|labels| labels.iter().any(is))
    });
    text("integration") == Some(resource.id.integration.as_str())
        && text("type").is_none_or(|kind| kind == resource.id.kind)
        && (target.get("names").is_none() || named(target.get("names"), &resource.id.name))
        && labels.is_none_or(|labels| labels.iter().all(is))
        && !excepted
        && list(target.get("permissions"))
            .filter_map(Value::as_str)
            .any(|one| one == "*" || one == permission)
}

fn named(names: Option<&Value>, name: &str) -> bool {
    list(names).filter_map(Value::as_str).any(|glob| like(glob, name))
}

/// Whether a name looks so: enough for the names that are made up here.
pub(in crate::workload) fn like(glob: &str, name: &str) -> bool {
    match (glob.chars().next(), name.chars().next()) {
        (None, None) => true,
        (Some('*'), _) => {
            let rest = glob.get(1..).unwrap_or("");
            like(rest, name) || name.get(1..).is_some_and(|less| like(glob, less))
        }
        (Some(one), Some(other)) if one == '?' || one == other => {
            like(glob.get(1..).unwrap_or(""), name.get(1..).unwrap_or(""))
        }
        (_, _) => false,
    }
}

pub(super) fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}
