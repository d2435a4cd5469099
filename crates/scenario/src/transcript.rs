//! What a story asks and what is answered, word by word: for runners in other languages, which know no story.
//!
//! A transcript is lines of JSON in pairs: what is asked, and under it what is answered. Asked is one of
//!
//! - `{"story": NAME, "open": CONFIG}`: a story begins. Open a handle on a store that is new and empty with this
//!   [`Config`](tenure_port::handle::Config), whose `store` is the runner's to put in;
//! - `{"restart": CONFIG}`: close the handle, and open it with this on the same store. What is in memory is not there
//!   any more once it is closed: on `:memory:` the handle stays as it is, and no answer may differ;
//! - a call: give it to the handle. Its answer is the next line, byte for byte. The call `clock`, which handles of tests
//!   have beside the others, stands where the story's time goes on.
//!
//! The first two are answered with `{"ok":{}}`.

use std::cell::RefCell;
use std::io::{self, Write};

use serde_json::{Value as Json, json};
use tenure_port::core::time::Timestamp;
use tenure_port::handle::Counting;

use crate::house;
use crate::run::{Heard, Stage, Unplayable};
use crate::story::Scenario;

const OK: &str = r#"{"ok":{}}"#;

/// Why there is no transcript.
#[derive(Debug)]
pub enum Trouble {
    /// The story cannot be played.
    Unplayable(Unplayable),
    /// It cannot be written.
    Write(io::Error),
}

/// Plays a story in memory and writes down every call, those of `explain` before each step too.
///
/// # Errors
/// [`Trouble`].
pub fn write(scenario: &Scenario, to: &mut dyn Write) -> Result<(), Trouble> {
    let pen = RefCell::new(Pen { to, clock: scenario.start, broken: Ok(()) });
    let open = config(scenario.start, &house::counting());
    // The name stands first, where a runner without a parser of JSON finds it.
    let name = Json::from(format!("{}: {}", scenario.file, scenario.name));
    pen.borrow_mut().pair(&format!(r#"{{"story":{name},"open":{open}}}"#), OK);
    let hear = |at, heard: Heard<'_>| pen.borrow_mut().hear(at, heard);
    let mut stage = Stage::heard_by(scenario, Box::new(hear)).map_err(Trouble::Unplayable)?;
    for step in &scenario.steps {
        let _ = stage.explain(step);
        let _ = stage.play(step);
    }
    let _ = stage.call(&json!({"call": "list"}));
    let _ = stage.call(&json!({"call": "export"}));
    drop(stage);
    pen.into_inner().broken.map_err(Trouble::Write)
}

fn config(clock: Timestamp, ids: &Counting) -> Json {
    json!({"clock": clock, "ids": ids})
}

struct Pen<'w> {
    to: &'w mut dyn Write,
    /// What the clock was set to last.
    clock: Timestamp,
    broken: io::Result<()>,
}

impl Pen<'_> {
    fn hear(&mut self, at: Timestamp, heard: Heard<'_>) {
        if at != self.clock {
            self.clock = at;
            self.pair(&json!({"call": "clock", "now": at}).to_string(), r#"{"ok":null}"#);
        }
        match heard {
            Heard::Call { call, text, .. } => self.pair(&call.to_string(), text),
            Heard::Restart(ids) => self.pair(&format!(r#"{{"restart":{}}}"#, config(at, ids)), OK),
        }
    }

    fn pair(&mut self, asked: &str, answered: &str) {
        if self.broken.is_ok() {
            self.broken = writeln!(self.to, "{asked}\n{answered}");
        }
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unplayable(unplayable) => f.write_str(&unplayable.message),
            Self::Write(error) => write!(f, "the transcript cannot be written: {error}"),
        }
    }
}

impl std::error::Error for Trouble {}
