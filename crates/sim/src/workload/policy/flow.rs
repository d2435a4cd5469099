//! One flow.

use serde_json::{Map, Value, json};
use tenure::Span;

use super::{Author, Document, put};
use crate::workload::theme::Feature;

impl Author<'_> {
    /// A flow with every field that its episode has.
    pub(super) fn flow(&mut self, id: &str, scopes: bool) -> Document {
        let mut flow = Map::new();
        put(&mut flow, "id", json!(id));
        self.words(&mut flow);
        put(&mut flow, "who", self.who());
        if let Some(requesters) = self.requesters() {
            put(&mut flow, "requesters", requesters);
        }
        if self.uses(Feature::Conditions, 45) {
            put(&mut flow, "when", self.when());
        }
        if self.uses(Feature::Whole, 40) {
            put(&mut flow, "take", json!("all"));
            put(&mut flow, "what", self.whole());
        } else {
            if self.dice.one_in(8) {
                put(&mut flow, "take", json!("any"));
            }
            put(&mut flow, "what", self.targets(scopes));
        }
        if self.uses(Feature::Hours, 50) {
            put(&mut flow, "hours", self.hours());
        }
        put(&mut flow, "duration", self.duration());
        self.activation(&mut flow);
        if self.uses(Feature::Reasons, 50) {
            put(&mut flow, "reason", self.reason());
        }
        if self.uses(Feature::Logins, 45) {
            put(&mut flow, "mfa", self.login());
        }
        let approval = self.approval();
        let approved = approval.is_object();
        put(&mut flow, "approval", approval);
        if self.uses(Feature::Extension, 85) {
            put(&mut flow, "extension", self.extension(approved));
        }
        self.ends(&mut flow);
        flow
    }

    fn words(&mut self, flow: &mut Document) {
        if self.dice.chance(30) {
            put(flow, "title", json!("Debug production"));
        }
        if self.dice.chance(20) {
            put(flow, "description", json!("Read or repair while an incident is open."));
        }
        if self.dice.chance(20) {
            put(flow, "labels", json!({"team": "data"}));
        }
        if self.dice.chance(10) {
            put(flow, "enabled", json!(self.dice.chance(60)));
        }
        if self.uses(Feature::Until, 50) {
            let until = self.until();
            put(flow, "until", until);
        }
        if self.uses(Feature::Ephemeral, 60) {
            put(flow, "kind", json!(self.dice.word(&["ephemeral", "ephemeral", "vaulted", "elevation"])));
        }
    }

    /// An instant some units away, to the millisecond.
    pub(super) fn until(&mut self) -> Value {
        let units = self.dice.number(10, 200);
        json!(self.now.plus(Span::millis(self.theme.unit.saturating_mul(units))).to_string())
    }

    pub(super) fn duration(&mut self) -> Value {
        let mut duration = Map::new();
        let max = self.dice.number(2, 5);
        if self.dice.chance(60) {
            let min = if self.dice.chance(50) { json!("1m") } else { self.span(1) };
            put(&mut duration, "min", min);
        }
        if self.dice.chance(60) {
            let default = self.some_span(max);
            put(&mut duration, "default", default);
        }
        let max = self.span(max);
        put(&mut duration, "max", max);
        duration.into()
    }

    fn activation(&mut self, flow: &mut Document) {
        if self.uses(Feature::Planned, 60) {
            let ahead = self.dice.number(2, 8);
            let ahead = self.span(ahead);
            put(flow, "start", json!({"ahead": ahead}));
        }
        let mode = match self.dice.count(0, 2) {
            0 if self.theme.has(Feature::ByHolder) => Some("by_holder"),
            1 if self.theme.has(Feature::OnConfirmation) => Some("on_confirmation"),
            _ if self.dice.one_in(8) => Some("on_approval"),
            _ => None,
        };
        if let Some(mode) = mode {
            put(flow, "activation", json!(mode));
        }
        if self.dice.chance(50) {
            let within = self.some_span(4);
            put(flow, "activate_within", within);
        }
    }

    /// Limits, and whatever concerns the end.
    fn ends(&mut self, flow: &mut Document) {
        if self.uses(Feature::Limits, 40) || self.uses(Feature::Quotas, 50) {
            put(flow, "limits", self.limits());
        }
        if self.dice.chance(50) {
            put(flow, "revoke_by", self.named());
        }
        if self.uses(Feature::Glass, 60) {
            let (max, within) = (self.some_span(3), self.some_span(6));
            let (who, by) = (self.who(), self.deciders());
            let by = if by == json!([]) { json!(["group:security"]) } else { by };
            let mut glass = Map::new();
            put(&mut glass, "who", who.get("any").cloned().unwrap_or(json!(["everyone"])));
            put(&mut glass, "max", max);
            put(&mut glass, "review_within", within);
            put(&mut glass, "review_by", by);
            if self.dice.chance(50) {
                put(&mut glass, "extendable", json!(flow.contains_key("extension") && self.dice.chance(80)));
            }
            put(flow, "break_glass", glass.into());
        }
        if self.uses(Feature::Rotation, 60) {
            let kind = self.dice.word(&["password", "access_key", "certificate", "token"]);
            let mut credentials = Map::new();
            put(&mut credentials, "type", json!(kind));
            if self.dice.chance(80) {
                put(&mut credentials, "rotate", json!(self.dice.word(&["on_end", "on_end", "never"])));
            }
            put(flow, "credentials", credentials.into());
        }
        if self.uses(Feature::Notices, 50) {
            put(flow, "notify", self.notify());
        }
    }

    pub(super) fn limits(&mut self) -> Value {
        let mut limits = Map::new();
        if self.theme.has(Feature::Limits) {
            for (name, most) in [("open_per_person", 3), ("open_per_item", 3), ("open_total", 6)] {
                if self.dice.chance(40) {
                    put(&mut limits, name, json!(self.dice.count(1, most)));
                }
            }
        }
        if self.theme.has(Feature::Quotas) {
            for name in ["requests", "extensions"] {
                if self.dice.chance(50) {
                    let per = self.dice.number(2, 12);
                    let per = self.span(per);
                    put(&mut limits, name, json!({"times": self.dice.count(1, 3), "per": per}));
                }
            }
        }
        limits.into()
    }

    fn notify(&mut self) -> Value {
        let mut notify = Map::new();
        if self.dice.chance(80) {
            let (one, two) = (self.dice.number(1, 2), self.dice.number(3, 4));
            let leads = match self.dice.count(0, 3) {
                0 => vec![],
                1 => vec![json!("1ms"), self.span(one)],
                2 => vec![self.span(two), self.span(one)],
                _ => vec![self.span(one)],
            };
            put(&mut notify, "before_end", leads.into());
        }
        if self.dice.chance(60) {
            put(&mut notify, "to", self.told());
        }
        notify.into()
    }
}
