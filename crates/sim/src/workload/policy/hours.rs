//! Hours: zones with and without a change of the clocks, openings over midnight, closed ranges.

use serde_json::{Map, Value, json};
use tenure::{Span, Timestamp};

use super::{Author, put};

const ZONES: [&str; 6] =
    ["Europe/Berlin", "America/New_York", "UTC", "Asia/Kathmandu", "Australia/Lord_Howe", "Europe/Berlin"];
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const OPENINGS: [(&str, &str); 9] = [
    ("08:00", "19:00"),
    ("09:00", "17:30"),
    ("22:00", "06:00"),
    ("00:00", "24:00"),
    ("02:30", "02:30"),
    ("01:30", "03:15:30"),
    ("12:00", "12:20"),
    ("07:00", "12:00"),
    ("12:00", "20:00"),
];

impl Author<'_> {
    pub(super) fn hours(&mut self) -> Value {
        let mut hours = Map::new();
        if self.dice.chance(40) {
            // Open now, and soon closed.
            let length = Span::millis(self.theme.unit.saturating_mul(self.dice.number(1, 4)));
            put(&mut hours, "zone", json!("UTC"));
            let (from, to) = (time(self.now), time(self.now.plus(length)));
            put(&mut hours, "open", json!([{"days": DAYS, "from": from, "to": to}]));
            put(&mut hours, "past_close", json!(self.dice.word(&["clip", "clip", "allow", "refuse"])));
            return hours.into();
        }
        put(&mut hours, "zone", json!(self.dice.word(&ZONES)));
        let openings = self.dice.some(&OPENINGS, 18);
        let open: Vec<Value> = openings
            .into_iter()
            .map(|(from, to)| {
                let days = if self.dice.chance(50) { DAYS.to_vec() } else { self.dice.some(&DAYS, 60) };
                json!({"days": days, "from": from, "to": to})
            })
            .collect();
        put(&mut hours, "open", open.into());
        if self.dice.chance(40) {
            put(&mut hours, "closed", self.closed());
        }
        if self.dice.chance(80) {
            put(&mut hours, "past_close", json!(self.dice.word(&["refuse", "clip", "allow"])));
        }
        hours.into()
    }

    /// Closed ranges soon after now.
    fn closed(&mut self) -> Value {
        let mut ranges = Vec::new();
        for _ in 0..self.dice.count(1, 2) {
            let from = self.now.plus(Span::minutes(self.dice.number(0, 3_000)));
            let to = from.plus(Span::minutes(self.dice.number(1, 900)));
            let local = |at: Timestamp, length: usize| {
                at.to_string().get(..length).unwrap_or("2026-12-24T00:00").to_owned()
            };
            let mut range = Map::new();
            put(&mut range, "from", json!(local(from, 16)));
            put(&mut range, "to", json!(local(to, 19)));
            if self.dice.chance(50) {
                put(&mut range, "why", json!("change freeze"));
            }
            ranges.push(Value::Object(range));
        }
        ranges.into()
    }
}

/// The time of day, to the minute, in UTC.
fn time(at: Timestamp) -> String {
    at.to_string().get(11..16).unwrap_or("00:00").to_owned()
}
