//! Random policy documents, always valid: small, so that grants overlap, and all fields in the course of the seeds.

mod approval;
mod beside;
mod conditions;
mod extension;
mod flow;
mod hours;
mod mutation;
mod targets;
mod who;

use std::sync::Arc;

use serde_json::{Map, Value, json};
use tenure::{Resource, Timestamp};

use super::dice::Dice;
use super::theme::{Feature, Theme};

pub(super) use self::mutation::{AIMS, Aim, mutate};
#[cfg(test)]
pub(super) use self::targets::like;
pub(super) use self::targets::offers;

/// A policy document.
pub(super) type Document = Map<String, Value>;

/// Flows that an episode may have.
pub(super) const FLOWS: [&str; 6] = ["f0", "f1", "f2", "f3", "f4", "f5"];

/// Kits that an episode may have.
const KITS: [&str; 2] = ["k0", "k1"];

/// Whoever writes a document.
pub(super) struct Author<'a> {
    pub(super) dice: &'a mut Dice,
    pub(super) theme: &'a Theme,
    pub(super) now: Timestamp,
    /// The resources that there are.
    pub(super) shelf: &'a [Arc<Resource>],
}

impl Author<'_> {
    /// A document of two to six flows.
    pub(super) fn document(&mut self) -> Document {
        let many = self.dice.place(FLOWS.len() - 1).saturating_add(2);
        let scopes = self.uses(Feature::Patterns, 70);
        let flows: Vec<Value> =
            FLOWS.iter().take(many).map(|id| Value::Object(self.flow(id, scopes))).collect();
        let mut document = Document::new();
        put(&mut document, "version", json!(1));
        if scopes {
            let what = self.targets(false);
            put(&mut document, "scopes", json!([{"id": "shelf", "what": what}]));
        }
        put(&mut document, "flows", flows.into());
        if self.uses(Feature::Types, 60) {
            put(&mut document, "attributes", conditions::types());
        }
        self.beside(&mut document);
        document
    }

    pub(super) fn uses(&mut self, feature: Feature, percent: u32) -> bool {
        self.theme.uses(self.dice, feature, percent)
    }

    /// So many units, as a document writes a span.
    pub(super) fn span(&mut self, units: u64) -> Value {
        written(self.theme.unit.saturating_mul(units), self.dice)
    }

    /// One of few spans.
    pub(super) fn some_span(&mut self, most: u64) -> Value {
        let units = self.dice.number(1, most);
        self.span(units)
    }

    /// A login that is asked for.
    pub(super) fn login(&mut self) -> Value {
        let mut login = Map::new();
        if self.dice.chance(60) {
            let age = self.dice.word(&["15m", "1h", "90s"]);
            put(&mut login, "max_age", json!(age));
        }
        if self.dice.chance(40) {
            let level = self.dice.word(&["aal1", "aal2", "aal2", "aal3"]);
            put(&mut login, "level", json!(level));
        }
        if login.is_empty() || self.dice.chance(20) {
            let methods = self.dice.some(&["hwk", "otp"], 60);
            put(&mut login, "methods", json!(methods));
        }
        login.into()
    }

    /// A reason that is asked for: [`GOOD_REASON`] and its fields fit every one of them.
    pub(super) fn reason(&mut self) -> Value {
        let mut reason = Map::new();
        if self.dice.chance(70) {
            put(&mut reason, "required", json!(self.dice.chance(80)));
        }
        if self.dice.chance(30) {
            put(&mut reason, "min_length", json!(self.dice.count(0, 12)));
        }
        if self.dice.chance(40) {
            put(&mut reason, "pattern", json!("^(INC|CHG)-[0-9]+"));
        }
        if self.dice.chance(30) {
            put(&mut reason, "message", json!("name the incident or change"));
        }
        if self.dice.chance(40) {
            let mut ticket = Map::new();
            put(&mut ticket, "name", json!("ticket"));
            put(&mut ticket, "pattern", json!("^[A-Z]+-[0-9]+$"));
            if self.dice.chance(50) {
                put(&mut ticket, "label", json!("Ticket"));
                put(&mut ticket, "message", json!("as in JIRA-12"));
                put(&mut ticket, "required", json!(self.dice.chance(60)));
            }
            let mut fields = vec![Value::Object(ticket)];
            if self.dice.chance(30) {
                fields.push(json!({"name": "impact", "required": false}));
            }
            put(&mut reason, "fields", fields.into());
        }
        reason.into()
    }
}

/// A reason that fits every rule there is.
pub(super) const GOOD_REASON: &str = "INC-42 the disk is full";

pub(super) fn put(map: &mut Map<String, Value>, name: &str, value: Value) {
    map.insert(name.to_owned(), value);
}

/// A span in one of the ways in which it may be written.
fn written(millis: u64, dice: &mut Dice) -> Value {
    let (seconds, rest) = (millis / 1_000, millis % 1_000);
    let (minutes, odd) = (seconds / 60, seconds % 60);
    match (dice.count(0, 5), rest, odd) {
        (0, 0, _) => format!("PT{seconds}S"),
        (1, _, _) => format!("{millis}ms"),
        (2, 0, 0) => format!("{minutes}m"),
        (_, 0, _) => format!("{seconds}s"),
        (_, _, _) => format!("{seconds}s {rest}ms"),
    }
    .into()
}
