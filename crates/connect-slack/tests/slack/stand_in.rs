//! A stand-in for Slack's API: it keeps what it is told, and answers as Slack does.
//!
//! Where `TENURE_SLACK_RENDERED` names a folder, every message and form that was sent to it is written there: Slack's own
//! library for Python then looks whether Slack would take them (`cargo xtask slack`).

use std::collections::VecDeque;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tiny_http::{Header, Request, Response, Server};

/// A call as it came.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// `chat.postMessage`, or the path of an answer to a click.
    pub(crate) method: String,
    pub(crate) token: Option<String>,
    pub(crate) body: Value,
}

/// An answer out of the ordinary.
#[derive(Clone)]
pub(crate) enum Trouble {
    /// `ok: false`, with that error.
    Error(&'static str),
    /// 429, with `Retry-After`.
    Slower(u32),
    /// Another status.
    Status(u16),
}

#[derive(Clone)]
pub(crate) struct StandIn {
    pub(crate) base: String,
    calls: Arc<Mutex<Vec<Call>>>,
    troubles: Arc<Mutex<VecDeque<Trouble>>>,
}

impl StandIn {
    pub(crate) fn start() -> Self {
        let server = Server::http("127.0.0.1:0").unwrap();
        let base = format!("http://{}", server.server_addr());
        let stand_in = Self { base, calls: Arc::default(), troubles: Arc::default() };
        let here = stand_in.clone();
        std::thread::spawn(move || {
            for request in server.incoming_requests() {
                here.answer(request);
            }
        });
        stand_in
    }

    pub(crate) fn trouble(&self, trouble: Trouble) {
        self.troubles.lock().unwrap().push_back(trouble);
    }

    /// The calls since they were last looked at.
    pub(crate) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    /// The only call since they were last looked at.
    pub(crate) fn call(&self, method: &str) -> Call {
        let mut calls = self.calls();
        assert_eq!(calls.iter().map(|call| call.method.as_str()).collect::<Vec<_>>(), [method]);
        calls.remove(0)
    }

    /// The messages since calls were last looked at: to whom, and what.
    pub(crate) fn messages(&self) -> Vec<Value> {
        let calls = self.calls().into_iter();
        calls.filter(|call| call.method == "chat.postMessage").map(|call| call.body).collect()
    }

    /// Where a click is answered.
    pub(crate) fn response_url(&self) -> String {
        format!("{}/actions/T1/1/a", self.base)
    }

    fn answer(&self, mut request: Request) {
        let mut body = String::new();
        request.as_reader().read_to_string(&mut body).unwrap();
        let path = request.url().to_owned();
        let method = path.strip_prefix("/api/").unwrap_or(&path).to_owned();
        let token = request.headers().iter().find(|header| header.field.equiv("authorization"));
        let token = token.map(|header| header.value.to_string());
        let body: Value = serde_json::from_str(&body).unwrap();
        keep(&body);
        let trouble = self.troubles.lock().unwrap().pop_front();
        let (status, header, answer) = match trouble {
            None => (200, None, ordinary(&method, &body)),
            Some(Trouble::Error(error)) => (200, None, json!({"ok": false, "error": error})),
            Some(Trouble::Slower(seconds)) => (429, Some(("Retry-After", seconds.to_string())), json!({})),
            Some(Trouble::Status(status)) => (status, None, json!({})),
        };
        self.calls.lock().unwrap().push(Call { method, token, body });
        let mut response = Response::from_string(answer.to_string()).with_status_code(status);
        if let Some((name, value)) = header {
            response.add_header(Header::from_bytes(name, value).unwrap());
        }
        let _ = request.respond(response);
    }
}

fn ordinary(method: &str, body: &Value) -> Value {
    match method {
        "conversations.open" => {
            json!({"ok": true, "channel": {"id": format!("D{}", body["users"].as_str().unwrap())}})
        }
        "chat.postMessage" => json!({"ok": true, "channel": body["channel"], "ts": "1772442000.000100"}),
        _ => json!({"ok": true}),
    }
}

/// Writes what Slack is to show, for Slack's own library to look at.
pub(crate) fn keep(body: &Value) {
    let Some(folder) = std::env::var_os("TENURE_SLACK_RENDERED") else { return };
    let what = if body["view"].is_object() {
        Some(&body["view"])
    } else if body["blocks"].is_array() || body["text"].is_string() {
        Some(body)
    } else {
        None
    };
    if let Some(what) = what {
        let mut file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(PathBuf::from(folder).join("rendered.jsonl"))
            .unwrap();
        // One line in one write: several tests are at it.
        file.write_all(format!("{what}\n").as_bytes()).unwrap();
    }
}
