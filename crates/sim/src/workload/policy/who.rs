//! People, as policies name them.

use serde_json::{Map, Value, json};

use super::{Author, put};
use crate::workload::theme::Feature;

const HOLDERS: [&str; 9] = [
    "group:sre",
    "group:sre*",
    "group:oncall",
    "group:finance",
    "group:db-owners",
    "role:dba",
    "role:cf?",
    "user:alice",
    "user:bob",
];
const DECIDERS: [&str; 11] = [
    "group:db-owners",
    "group:db-owners",
    "group:security",
    "role:dba",
    "role:cfo",
    "user:meg",
    "user:gina",
    "user:bob",
    "manager",
    "owner",
    "everyone",
];
const EXCEPTED: [&str; 5] = ["user:alice", "user:bob", "user:carol", "group:security", "role:auditor"];

impl Author<'_> {
    pub(super) fn who(&mut self) -> Value {
        let mut who = Map::new();
        let any = match self.dice.count(0, 9) {
            0..=2 => vec!["everyone"],
            3 => self.dice.some(&HOLDERS, 15),
            _ => self.dice.some(&HOLDERS, 40),
        };
        put(&mut who, "any", json!(any));
        if self.dice.chance(20) {
            put(&mut who, "except", json!(self.dice.some(&EXCEPTED, 20)));
        }
        who.into()
    }

    pub(super) fn requesters(&mut self) -> Option<Value> {
        if !self.uses(Feature::Behalf, 60) {
            return None;
        }
        let mut requesters = Map::new();
        let others = ["role:service-desk", "manager", "group:security", "user:meg", "group:sre"];
        if self.dice.chance(85) {
            put(&mut requesters, "others", json!(self.dice.some(&others, 50)));
        }
        match self.dice.count(0, 5) {
            0 if requesters.contains_key("others") => put(&mut requesters, "self", json!(false)),
            1 => put(&mut requesters, "self", json!(true)),
            2 => put(&mut requesters, "self", json!(self.dice.some(&HOLDERS, 60))),
            _ => {}
        }
        Some(requesters.into())
    }

    /// People who decide; in rare cases nobody.
    pub(super) fn deciders(&mut self) -> Value {
        if self.dice.one_in(70) {
            return json!([]);
        }
        if self.dice.one_in(60) {
            return json!(["user:alice"]);
        }
        json!(self.dice.some(&DECIDERS, 30))
    }

    /// People whom a list may name that knows neither holder nor item.
    pub(super) fn named(&mut self) -> Value {
        let people =
            ["group:security", "group:oncall", "role:dba", "role:service-desk", "user:meg", "user:erin"];
        json!(self.dice.some(&people, 40))
    }

    /// Those who are told.
    pub(super) fn told(&mut self) -> Value {
        let people = ["holder", "channel:#ops", "manager", "owner", "group:oncall", "user:meg", "everyone"];
        json!(self.dice.some(&people, 30))
    }
}
