//! The door of tenure as a module of Node: texts in, texts out, and nothing is decided.
//!
//! What a host sees is the JavaScript in `lib`, which makes objects of these texts, and errors of those that are no
//! answer. Nothing here throws: what goes wrong is a text, too. Calls run on the threads that Node keeps for such work,
//! and Node waits for them before it ends a worker or itself.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, Either, Either3, Env, Null, Result, Task};
use napi_derive::napi;
use tenure_port::core::time::Timestamp;

/// What a call answers that fell over on its way to the port, which catches what falls over behind it.
const PANICKED: &str = r#"{"fault":{"code":"panicked","message":"this is a bug: the call was given up"}}"#;

/// An open store.
#[napi]
pub struct Handle(Arc<tenure_port::Handle>);

/// That access is held, as the fast way answers.
#[napi(object)]
pub struct Held {
    /// By which grant.
    pub grant: Option<String>,
    /// Until when, in milliseconds since 1970.
    pub until: Option<i64>,
}

/// Opens a store off the event loop: a handle, or the answer that says why there is none.
#[napi(catch_unwind)]
pub fn open(config: String) -> AsyncTask<Opening> {
    AsyncTask::new(Opening(config))
}

#[napi]
impl Handle {
    /// Answers a call off the event loop.
    #[napi(catch_unwind)]
    pub fn call(&self, call: String) -> AsyncTask<Calling> {
        AsyncTask::new(Calling { handle: Arc::clone(&self.0), call })
    }

    /// Answers a call where it is made.
    #[napi(catch_unwind)]
    pub fn call_sync(&self, call: String) -> String {
        answered(&self.0, &call)
    }

    /// The call `holds` without a text on either side: who holds it, nothing where it is not held, or the answer where
    /// that is neither.
    #[napi(catch_unwind)]
    pub fn holds_sync(
        &self,
        person: String,
        integration: String,
        kind: String,
        name: String,
        permission: String,
        now: Option<i64>,
    ) -> Either3<Held, Null, String> {
        let held = caught(|| {
            told(&person);
            let now = now.map(Timestamp::from_millis);
            self.0.holds(&person, &integration, &kind, &name, &permission, now).map_err(|bad| bad.to_json())
        });
        match held.and_then(|held| held) {
            Ok(held) if held.allowed => Either3::A(Held {
                grant: held.grant.map(|grant| grant.to_string()),
                until: held.until.map(Timestamp::millis),
            }),
            Ok(_) => Either3::B(Null),
            Err(bad) => Either3::C(bad),
        }
    }

    /// Closes the store off the event loop, once the calls that are in flight have their answers.
    #[napi(catch_unwind)]
    pub fn close(&self) -> AsyncTask<Closing> {
        AsyncTask::new(Closing(Arc::clone(&self.0)))
    }
}

/// A store that is being opened.
pub struct Opening(String);

impl Task for Opening {
    type Output = std::result::Result<Handle, String>;
    type JsValue = Either<Handle, String>;

    fn compute(&mut self) -> Result<Self::Output> {
        let opened = caught(|| {
            told(&self.0);
            tenure_port::Handle::open(&self.0).map_err(|bad| bad.to_json())
        });
        Ok(opened.and_then(|opened| opened).map(|handle| Handle(Arc::new(handle))))
    }

    fn resolve(&mut self, _env: Env, opened: Self::Output) -> Result<Self::JsValue> {
        Ok(opened.map_or_else(Either::B, Either::A))
    }
}

/// A call on its way.
pub struct Calling {
    handle: Arc<tenure_port::Handle>,
    call: String,
}

impl Task for Calling {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> Result<String> {
        Ok(answered(&self.handle, &self.call))
    }

    fn resolve(&mut self, _env: Env, answer: String) -> Result<String> {
        Ok(answer)
    }
}

/// A store that is being closed.
pub struct Closing(Arc<tenure_port::Handle>);

impl Task for Closing {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> Result<String> {
        Ok(caught(|| self.0.close().to_json()).unwrap_or_else(|bad| bad))
    }

    fn resolve(&mut self, _env: Env, answer: String) -> Result<String> {
        Ok(answer)
    }
}

fn answered(handle: &tenure_port::Handle, call: &str) -> String {
    let answer = caught(|| {
        told(call);
        let answer = handle.ask(call);
        // Objects are made of it, to which the canonical order of its fields, which costs as much as the call, is nothing.
        serde_json::to_string(&answer).unwrap_or_else(|_| answer.to_json())
    });
    answer.unwrap_or_else(|bad| bad)
}

/// A panic would end the process where Node's own threads run this, and Node with it (REGRESSIONS 39).
fn caught<A>(what: impl FnOnce() -> A) -> std::result::Result<A, String> {
    catch_unwind(AssertUnwindSafe(what)).map_err(|_| PANICKED.to_owned())
}

/// Panics where a test asks for it, in a build that was made for that test.
#[cfg(feature = "panics")]
fn told(text: &str) {
    assert!(!text.contains("PANIC"), "told to");
}

#[cfg(not(feature = "panics"))]
const fn told(_: &str) {}
