//! Calls to Slack: as data first, so that a click is answered before they are made.

use serde::Deserialize;
use serde_json::Value;
use tenure::{Span, Trouble};
use tenure_connect_notices::Quiet;
use tenure_connect_notices::http::{Http, Reply};

use tenure::Timestamp;

/// Where Slack's methods are.
const METHODS: &str = "https://slack.com/api/";
/// Where answers to clicks go: no address that a payload names is called but one below this.
const RESPONSES: &str = "https://hooks.slack.com/";
/// How long Slack is left alone where it asks for it and does not say how long.
const PAUSE: Span = Span::seconds(30);
/// What no retry mends: the token, the app's rights, or where it was to be told.
const LASTING: &[&str] = &[
    "account_inactive",
    "cannot_dm_bot",
    "channel_not_found",
    "invalid_auth",
    "invalid_blocks",
    "is_archived",
    "missing_scope",
    "msg_too_long",
    "no_permission",
    "not_authed",
    "not_in_channel",
    "restricted_action",
    "token_expired",
    "token_revoked",
    "user_disabled",
    "user_not_found",
];

/// A call that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Call(pub(crate) To, pub(crate) Value);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum To {
    /// A method, such as `views.open`.
    Method(&'static str),
    /// The address at which a click is answered; [`Api::answers_at`] has looked at it.
    Response(String),
}

/// Slack's methods, with the app's token.
pub(crate) struct Api {
    http: Http,
    token: String,
    methods: String,
    responses: String,
    quiet: Quiet,
}

/// What every method answers.
#[derive(Debug, Deserialize)]
struct Answered {
    ok: bool,
    #[serde(default)]
    error: Option<String>,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

impl Api {
    pub(crate) fn new(token: &str) -> Self {
        let (methods, responses) = (METHODS.to_owned(), RESPONSES.to_owned());
        Self {
            http: Http::new(),
            token: token.trim().to_owned(),
            methods,
            responses,
            quiet: Quiet::default(),
        }
    }

    /// The same, elsewhere.
    pub(crate) fn at(self, base: &str, http: Http) -> Self {
        let base = base.trim_end_matches('/');
        Self { methods: format!("{base}/api/"), responses: format!("{base}/"), http, ..self }
    }

    /// Whether answers may be sent there.
    pub(crate) fn answers_at(&self, url: &str) -> bool {
        url.starts_with(&self.responses)
    }

    /// Makes a call: what the method answers besides.
    pub(crate) fn call(
        &self,
        Call(to, body): &Call,
        now: Timestamp,
    ) -> Result<serde_json::Map<String, Value>, Trouble> {
        self.quiet.over(now)?;
        let body = serde_json::to_vec(body)?;
        let json = ("content-type", "application/json; charset=utf-8");
        let reply = match to {
            To::Method(method) => {
                let token = format!("Bearer {}", self.token);
                let headers = [json, ("authorization", token.as_str())];
                self.http.post(&format!("{}{method}", self.methods), &headers, &body)?
            }
            // No token: whoever has the address may answer.
            To::Response(url) => self.http.post(url, &[json], &body)?,
        };
        self.judge(to, reply, now)
    }

    fn judge(
        &self,
        to: &To,
        reply: Reply,
        now: Timestamp,
    ) -> Result<serde_json::Map<String, Value>, Trouble> {
        let what = match to {
            To::Method(method) => method,
            To::Response(_) => "the answer to a click",
        };
        if reply.status == 429 {
            let pause = reply.retry_after.unwrap_or(PAUSE);
            self.quiet.keep(pause, now);
            return Err(Trouble::of(format!("{what}: Slack asks to wait {pause}")));
        }
        if !reply.is_taken() {
            return Err(Trouble::of(format!("{what}: Slack answered {}", reply.status)));
        }
        if matches!(to, To::Response(_)) {
            return Ok(serde_json::Map::new());
        }
        let answered: Answered = serde_json::from_str(&reply.body)
            .map_err(|error| Trouble::of(format!("{what}: what Slack answered cannot be read: {error}")))?;
        if answered.ok {
            return Ok(answered.rest);
        }
        let error = answered.error.unwrap_or_else(|| "no reason given".to_owned());
        let trouble = Trouble::of(format!("{what}: {error}"));
        Err(if LASTING.contains(&error.as_str()) { trouble.last() } else { trouble })
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("methods", &self.methods).finish_non_exhaustive()
    }
}
