//! Who approves.

use serde_json::{Map, Value, json};

use super::{Author, put};
use crate::workload::theme::Feature;

impl Author<'_> {
    pub(super) fn approval(&mut self) -> Value {
        if !self.uses(Feature::Steps, 75) {
            return json!("automatic");
        }
        let mut approval = Map::new();
        let within = self.dice.number(2, 6);
        if self.dice.chance(80) {
            let span = self.span(within);
            put(&mut approval, "decide_within", span);
        }
        if self.dice.chance(50) {
            put(&mut approval, "order", json!(self.dice.word(&["in_turn", "any"])));
        }
        if self.dice.chance(45) {
            put(&mut approval, "denials", json!(*self.dice.of(&[1, 2, 2]).unwrap_or(&1)));
        }
        if self.uses(Feature::Lane, 50) {
            put(&mut approval, "automatic", self.lane());
        }
        if self.uses(Feature::AnyOf, 50) {
            let lists: Vec<Value> =
                (0..self.dice.count(1, 2)).map(|_| json!({"steps": self.steps(within)})).collect();
            put(&mut approval, "any_of", lists.into());
        } else {
            put(&mut approval, "steps", self.steps(within));
        }
        approval.into()
    }

    fn lane(&mut self) -> Value {
        let mut lane = Map::new();
        if self.dice.chance(50) {
            put(&mut lane, "when", self.condition());
        }
        if lane.is_empty() || self.dice.chance(50) {
            put(&mut lane, "times", json!(self.dice.count(1, 2)));
            let per = self.some_span(8);
            put(&mut lane, "per", per);
        }
        lane.into()
    }

    /// A list of steps that are decided within so many units.
    pub(super) fn steps(&mut self, within: u64) -> Value {
        let many = *self.dice.of(&[1, 1, 1, 2, 2, 3]).unwrap_or(&1);
        (0..many).map(|number| self.step(number, within)).collect()
    }

    fn step(&mut self, number: u32, within: u64) -> Value {
        let mut step = Map::new();
        if self.dice.chance(50) {
            put(&mut step, "name", json!(format!("s{number}")));
        }
        put(&mut step, "approvers", self.deciders());
        if self.dice.chance(25) {
            put(&mut step, "needed", json!(self.dice.count(1, 2)));
        }
        if self.uses(Feature::Conditions, 25) {
            put(&mut step, "when", self.of_decider());
        }
        if self.uses(Feature::Reasons, 25) {
            put(&mut step, "reason", json!(self.dice.chance(80)));
        }
        if self.uses(Feature::Logins, 35) {
            put(&mut step, "mfa", self.login());
        }
        if self.dice.chance(15) {
            put(&mut step, "tell", json!(self.dice.chance(40)));
        }
        if within > 1 && self.uses(Feature::Tiers, 50) {
            let tiers: Vec<Value> = (0..self.dice.count(1, 2))
                .map(|_| {
                    let after = self.some_span(within.saturating_sub(1));
                    json!({"after": after, "to": self.deciders()})
                })
                .collect();
            put(&mut step, "escalate", tiers.into());
        }
        step.into()
    }
}
