//! A second implementation of the contract, written from `crates/core/DOMAIN.md`: it keeps the whole history and
//! works everything out from it, every time. It shares no code with the library. Calls and answers are JSON.
//!
//! `policy` reads documents, `people` and `time` say who and when, `checks`, `extend` and `decide` are
//! the checks in their order, `life` is what happens, `sweep` for everybody, `effects` what the world is told,
//! `commands` and `queries` the calls. `comparable` brings an answer of the library to the same form.

#![expect(
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "JSON is made and matched here: an object takes any field, and its kinds are not ours to list"
)]

mod ballot;
mod checks;
mod codes;
mod commands;
mod compare;
mod decide;
mod effects;
mod extend;
mod life;
mod loaded;
mod people;
mod plan;
mod policy;
mod queries;
mod sweep;
mod time;

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub use self::compare::comparable;
use self::life::World;
use self::policy::{at, text};

/// A text of blanks is none.
fn without_blanks(mut call: Value) -> Value {
    let Some(fields) = call.as_object_mut() else { return call };
    let blank = |text: &Value| text.as_str().is_some_and(|text| text.trim().is_empty());
    fields.retain(|name, value| name != "reason" || !blank(value));
    if let Some(more) = fields.get_mut("fields").and_then(Value::as_object_mut) {
        more.retain(|_, text| !blank(text));
    }
    fields.retain(|name, value| name != "fields" || value != &json!({}));
    if let Some(of) = fields.get_mut("of") {
        *of = without_blanks(of.take());
    }
    call
}

/// What the auditor is told instead of working it out.
pub trait Given {
    /// Whether a condition holds for these facts; nothing where that cannot be told.
    ///
    /// The facts are `principal`, `resource` and `context` with `ask` in it. `context.ask.now` is an instant as
    /// text, `mfa_age` (absent without a login) and `span` are milliseconds.
    fn condition(&self, text: &str, facts: &Value) -> Option<bool>;
}

/// The second implementation.
pub struct Auditor<G> {
    given: G,
    world: World,
    /// What was accepted by command id: its content and its answer.
    accepted: BTreeMap<String, (Value, Value)>,
    log: Vec<Value>,
    /// Where what the last call put on record begins.
    written: usize,
}

impl<G: Given> Auditor<G> {
    /// A namespace in which nothing has happened.
    #[must_use]
    pub fn new(given: G) -> Self {
        Self { given, world: World::default(), accepted: BTreeMap::new(), log: Vec::new(), written: 0 }
    }

    /// Answers a call (`tenure-port`'s `Call` as JSON) while the store's clock shows that instant, in milliseconds
    /// since 1970. The answer is that of the port as [`comparable`] leaves it. `own_content` says
    /// whether the `content` of a decision is the hash of what is decided on, `next` where a page ends.
    pub fn answer(&mut self, call: &Value, clock: i64) -> Value {
        let said = time::instant(at(call, "now")).unwrap_or(clock);
        let ahead = said > clock + people::TOLERANCE;
        let now = if ahead { clock } else { said.max(clock) };
        (self.world.clock, self.written) = (clock, self.log.len());
        let call = &without_blanks(call.clone());
        let asks = matches!(
            text(call, "call"),
            "look" | "offer" | "explain" | "holds" | "list" | "inbox" | "catalog" | "history" | "records"
        );
        if asks {
            return self.query(call, now);
        }
        // What was answered is answered again, whatever time the caller takes it to be.
        if let Some(answer) = self.answered(call) {
            return answer;
        }
        if ahead {
            return json!({"fault": {"code": "clock"}});
        }
        let answer = self.command(call, now);
        self.write();
        answer
    }

    /// What the last call put on record.
    #[must_use]
    pub fn written(&self) -> &[Value] {
        self.log.get(self.written..).unwrap_or_default()
    }

    /// Writes down what happened.
    fn write(&mut self) {
        for mut record in std::mem::take(&mut self.world.fresh) {
            record["position"] = json!(self.log.len() + 1);
            self.log.push(record);
        }
    }
}
