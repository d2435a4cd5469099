//! How running grants may be extended.

use serde_json::{Map, Value, json};

use super::{Author, put};
use crate::workload::theme::Feature;

impl Author<'_> {
    /// `extension` of a flow that people approve, or nobody.
    pub(super) fn extension(&mut self, approved: bool) -> Value {
        let mut extension = Map::new();
        let times = *self.dice.of(&[1, 2, 2, 3, 5]).unwrap_or(&2);
        put(&mut extension, "times", json!(times));
        put(&mut extension, "span", self.extension_span());
        if self.dice.chance(45) {
            let total = self.dice.number(3, 9);
            let total = self.span(total);
            put(&mut extension, "total", total);
        }
        if self.dice.chance(30) {
            let window = self.some_span(3);
            put(&mut extension, "window", window);
        }
        if self.dice.chance(25) {
            let cool_down = if self.dice.chance(20) { json!("0m") } else { self.some_span(2) };
            put(&mut extension, "cool_down", cool_down);
        }
        if self.dice.chance(40) {
            put(&mut extension, "anchor", json!(self.dice.word(&["end", "now", "now"])));
        }
        if self.uses(Feature::Stricter, 70) {
            put(
                &mut extension,
                "governed_by",
                json!(self.dice.word(&["today", "granted", "stricter", "stricter"])),
            );
        }
        if self.uses(Feature::Conditions, 30) {
            put(&mut extension, "when", self.condition());
        }
        if self.dice.chance(40) {
            put(&mut extension, "others", self.named());
        }
        if self.uses(Feature::Reasons, 30) {
            put(&mut extension, "reason", self.reason());
        }
        if self.uses(Feature::Logins, 30) {
            put(&mut extension, "mfa", self.login());
        }
        if let Some(approval) = self.extension_approval(times, approved) {
            put(&mut extension, "approval", approval);
        }
        extension.into()
    }

    fn extension_span(&mut self) -> Value {
        let (default, more) = (self.dice.number(1, 2), self.dice.number(0, 2));
        let mut span = Map::new();
        if self.dice.chance(50) {
            let min = if self.dice.chance(50) { json!("30s") } else { self.span(1) };
            put(&mut span, "min", min);
        }
        let (default, max) = (self.span(default), self.span(default.saturating_add(more)));
        put(&mut span, "default", default);
        if self.dice.chance(60) {
            put(&mut span, "max", max);
        }
        span.into()
    }

    fn extension_approval(&mut self, times: u32, approved: bool) -> Option<Value> {
        if !self.uses(Feature::Decided, 85) {
            return self.dice.chance(20).then(|| json!("automatic"));
        }
        if self.dice.chance(15) {
            return Some(json!("same"));
        }
        let mut rule = Map::new();
        let within = self.dice.number(1, 4);
        let bounded = self.dice.chance(50);
        if bounded {
            let span = self.span(within);
            put(&mut rule, "decide_within", span);
        }
        if self.dice.chance(30) {
            put(&mut rule, "first", json!(self.dice.count(0, times)));
        }
        if self.uses(Feature::Bridge, 80) {
            let bridge = self.some_span(3);
            put(&mut rule, "bridge", bridge);
        }
        let steps = if approved && self.dice.chance(25) {
            json!("same")
        } else {
            self.steps(if bounded { within } else { 4 })
        };
        put(&mut rule, "steps", steps);
        Some(rule.into())
    }
}
