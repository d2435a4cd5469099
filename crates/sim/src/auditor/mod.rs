//! A second implementation of the contract, written from `crates/core/DOMAIN.md`: it keeps the whole history and
//! works everything out from it, every time. It shares no code with the library. Calls and answers are JSON.

use serde_json::Value;

/// What the auditor is told instead of working it out.
pub trait Given {
    /// Whether a condition holds for these facts (`principal`, `resource` where there is one, `context` with
    /// `ask` in it); nothing where that cannot be told.
    fn condition(&self, text: &str, facts: &Value) -> Option<bool>;
}

/// The second implementation.
pub struct Auditor<G> {
    #[expect(dead_code, reason = "a skeleton")]
    given: G,
}

impl<G: Given> Auditor<G> {
    /// A namespace in which nothing has happened.
    #[must_use]
    pub const fn new(given: G) -> Self {
        Self { given }
    }

    /// Answers a call (`tenure-port`'s `Call` as JSON) while the store's clock shows that instant, in milliseconds
    /// since 1970. The answer is that of the port without words (`message`), hashes (`content`) and `would_pass`.
    pub fn answer(&mut self, _call: &Value, _clock: i64) -> Value {
        Value::Null
    }
}
