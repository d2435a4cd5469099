//! What a binding holds: opened with data, asked with data, closed once.
//!
//! Beside the faults of the engine (`busy`, `in_doubt`, `newer`, `broken`, `clock`, `bad_id`, `random`, `signer`,
//! `moved`, `not_on_record`) and of the port (`panicked`) a handle answers:
//!
//! | fault | when |
//! | --- | --- |
//! | `closed` | the handle was closed. Nothing was done |
//! | `forked` | the handle was opened in another process, of which this one is a forked child; or this one was forked while a SQLite file was open in its parent, and opens one itself. Nothing was done |
//! | `not_built` | the store is on PostgreSQL, and this build was made without it |

mod config;
mod fork;
mod open;

use std::sync::{Arc, PoisonError, RwLock};

use tenure::tenure_core::id::{BadId, Integration, PersonId};
use tenure::tenure_core::person::ResourceId;
use tenure::tenure_core::time::Timestamp;
use tenure::{ManualClock, Verdict};

use self::fork::{OpenFile, Process};
use crate::answer::{Answer, Answered, Misread};
use crate::{Call, Port, misread};

pub use crate::misread::oversized;
pub use crate::port::panicked;

pub use self::config::{Config, Counting, Key, Source, Text};
pub use self::open::Counted;

const CLOSED: &str = "this handle was closed; nothing was done";
const FORKED: &str =
    "this handle was opened before this process was forked; open one in the child, or none before it";
const FORKED_OPEN: &str =
    "this process was forked while a SQLite file was open; open the first one after the fork, in each child";

/// A handle for one namespace on a store of its own: what every binding holds.
///
/// ```
/// use tenure_port::Handle;
///
/// let handle = Handle::open(r#"{"store": ":memory:"}"#).map_err(|bad| bad.to_json())?;
/// let holds = r#"{"call": "holds", "person": "alice", "permission": "read",
///     "resource": {"integration": "prod-pg", "type": "database", "name": "orders"}}"#;
/// assert_eq!(handle.call(holds), r#"{"ok":{"allowed":false}}"#);
/// handle.close();
/// assert!(handle.call(holds).starts_with(r#"{"fault":{"code":"closed""#));
/// # Ok::<(), String>(())
/// ```
///
/// It may be used on any thread, on many at once. A forked child has a copy of it that answers with a fault, and that
/// closes nothing when it is dropped: what is open is the parent's.
pub struct Handle {
    process: Process,
    /// Calls read it, and closing writes: whoever closes waits for the calls that are in flight.
    state: RwLock<State>,
}

enum State {
    Open(Box<Door>),
    /// Why it could not be opened.
    Unopened(Box<Answer>),
    Closed,
}

/// What is answered where a language asks by a number that no handle has.
#[must_use]
pub fn never_opened() -> Answer {
    Answer::fault("closed", "there is no such handle, and never was; nothing was done")
}

/// What is open behind a handle. The port is closed before its file is no longer counted.
struct Door {
    port: Port,
    /// The clock that stands, where a test gave one.
    clock: Option<Arc<ManualClock>>,
    _file: Option<OpenFile>,
}

impl Handle {
    /// Opens a store with what [`Config`] says, as JSON.
    ///
    /// # Errors
    /// [`Answer::Invalid`] where the text is no such thing or its policy is wrong, [`Answer::Fault`] where the store
    /// cannot be opened.
    pub fn open(config: &str) -> Result<Self, Answer> {
        misread::config(config).map_err(Answer::from).and_then(Self::open_with)
    }

    /// The same of a value.
    ///
    /// # Errors
    /// As [`Handle::open`].
    pub fn open_with(config: Config) -> Result<Self, Answer> {
        let process = Process::this();
        let door = crate::port::caught(|| open::door(config))??;
        Ok(Self { process, state: RwLock::new(State::Open(Box::new(door))) })
    }

    /// A handle that answers every call with why it could not be opened: for languages in which opening always gives
    /// one.
    #[must_use]
    pub fn unopened(why: Answer) -> Self {
        Self { process: Process::this(), state: RwLock::new(State::Unopened(Box::new(why))) }
    }

    /// Opens with JSON that is bytes, as languages have it that do not know which text is UTF-8.
    ///
    /// # Errors
    /// As [`Handle::open`], also where they are no UTF-8.
    pub fn open_bytes(config: &[u8]) -> Result<Self, Answer> {
        misread::text(config).map_err(Answer::from).and_then(Self::open)
    }

    /// Answers a call that is JSON, in canonical JSON.
    #[must_use]
    pub fn call(&self, json: &str) -> String {
        self.ask(json).to_json()
    }

    /// Answers a call that is JSON.
    #[must_use]
    pub fn ask(&self, json: &str) -> Answer {
        self.through(|door| Ok(door.ask(json))).unwrap_or_else(|bad| bad)
    }

    /// Answers a call that is JSON as bytes. It is no call where they are no UTF-8.
    #[must_use]
    pub fn ask_bytes(&self, json: &[u8]) -> Answer {
        self.through(|door| Ok(door.ask(misread::text(json)?))).unwrap_or_else(|bad| bad)
    }

    /// Answers a call.
    #[must_use]
    pub fn answer(&self, call: Call) -> Answer {
        self.through(|door| Ok(door.port.answer(call))).unwrap_or_else(|bad| bad)
    }

    /// Whether that person may now use that permission on that resource: the call `holds` without a text on either
    /// side.
    ///
    /// # Errors
    /// What the call would answer that is no `ok`. It is never a yes.
    pub fn holds(
        &self,
        person: &str,
        integration: &str,
        kind: &str,
        name: &str,
        permission: &str,
        now: Option<Timestamp>,
    ) -> Result<Verdict, Answer> {
        let no_id = |path: &str, why: &BadId| Answer::from(Misread::out_of_range(path, why.to_string()));
        self.through(|door| {
            let person = PersonId::new(person).map_err(|why| no_id("person", &why))?;
            let integration =
                Integration::new(integration).map_err(|why| no_id("resource.integration", &why))?;
            let resource = ResourceId { integration, kind: kind.to_owned(), name: name.to_owned() };
            door.port.holds(&person, &resource, permission, now)
        })
    }

    /// Sets the clock that the handle was opened with, as the call `clock` does: for tests.
    #[must_use]
    pub fn set_clock(&self, now: Timestamp) -> Answer {
        self.through(|door| door.set_clock(now)).unwrap_or_else(|bad| bad)
    }

    /// Closes the store once the calls that are in flight have their answers. Every later call answers that it is
    /// closed, and so does closing it again; a forked child closes nothing.
    pub fn close(&self) -> Answer {
        // A lock that another thread held at the fork is held for ever.
        if self.process.is_left() {
            return Answer::fault("forked", FORKED);
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *state, State::Closed) {
            State::Open(door) => match crate::port::caught(|| drop(door)) {
                Ok(()) => Answer::Ok(Answered::Grant(None)),
                Err(panicked) => panicked,
            },
            State::Unopened(_) => Answer::Ok(Answered::Grant(None)),
            State::Closed => Answer::fault("closed", CLOSED),
        }
    }

    fn through<A>(&self, answer: impl FnOnce(&Door) -> Result<A, Answer>) -> Result<A, Answer> {
        if self.process.is_left() {
            return Err(Answer::fault("forked", FORKED));
        }
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open(door) => answer(door),
            State::Unopened(why) => Err((**why).clone()),
            State::Closed => Err(Answer::fault("closed", CLOSED)),
        }
    }
}

impl Door {
    fn ask(&self, json: &str) -> Answer {
        // Only a handle of a test looks for the call that only it has.
        match self.clock.as_ref().and_then(|_| misread::clock(json)) {
            Some(now) => {
                let set = now.map_err(Answer::from).and_then(|now| self.set_clock(now));
                set.unwrap_or_else(|bad| bad)
            }
            None => self.port.ask(json),
        }
    }

    fn set_clock(&self, now: Timestamp) -> Result<Answer, Answer> {
        let words = "this handle was opened without `clock`; its clock is the store's own";
        let clock = self.clock.as_ref().ok_or_else(|| Answer::from(Misread::out_of_range("call", words)))?;
        clock.set(now);
        Ok(Answer::Ok(Answered::Grant(None)))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if self.process.is_left() {
            // Closing would let go of locks that are the parent's, and might delete the log that it writes to.
            let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
            std::mem::forget(std::mem::replace(state, State::Closed));
        }
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a handle")
    }
}

#[cfg(test)]
mod tests;
