//! Notices as signed webhooks, as [Standard Webhooks](https://www.standardwebhooks.com) writes them.
//!
//! `webhook-id` is the same at every attempt, so that a receiver knows a notice that comes again. `webhook-timestamp` is when it
//! is sent, and `webhook-signature` has one `v1` signature for each secret: while a secret is changed, both are given.
//!
//! ```
//! use tenure_connect_notices::webhook::{Secret, signed};
//!
//! let secret: Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse()?;
//! let signature = signed(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, br#"{"test": 2432232314}"#);
//! assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
//! # Ok::<(), tenure_connect_notices::webhook::BadSecret>(())
//! ```

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tenure::{Carried, EffectId, Handler, Taken, Timestamp, Trouble, View};

use crate::http::{Http, Reply};
use crate::quiet::Quiet;
use crate::words::{Told, Words};

/// Bytes of a secret, as the standard bounds them.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Posts each notice to one address.
pub struct Webhook {
    url: String,
    secrets: Vec<Secret>,
    words: Words,
    http: Http,
    quiet: Quiet,
}

/// A secret that is shared with a receiver: `whsec_`, then 24 to 64 bytes as base64.
#[derive(Clone)]
pub struct Secret(hmac::Key);

/// A text that is no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSecret(&'static str);

/// What is posted.
#[derive(Serialize)]
struct Payload<'a> {
    /// `tenure.ending_soon`
    #[serde(rename = "type")]
    kind: String,
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    /// `<grant>/<number>`
    effect: &'a EffectId,
    to: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    ends: Option<Timestamp>,
    text: String,
    #[serde(flatten)]
    told: &'a Told,
    view: &'a View,
}

impl Webhook {
    /// To that address, signed with that secret.
    #[must_use]
    pub fn new(url: impl Into<String>, secret: Secret, words: Words) -> Self {
        Self { url: url.into(), secrets: vec![secret], words, http: Http::new(), quiet: Quiet::default() }
    }

    /// Signed with that secret as well: while a receiver changes from one to the other.
    #[must_use]
    pub fn and_secret(mut self, secret: Secret) -> Self {
        self.secrets.push(secret);
        self
    }

    /// Through another client: [`Http::in_the_clear`] for a stand-in on this machine.
    #[must_use]
    pub fn through(mut self, http: Http) -> Self {
        self.http = http;
        self
    }

    fn post(&self, effect: &Taken, now: Timestamp) -> Result<Reply, Trouble> {
        let (told, view) = self.words.tell_of(effect, self.words.now())?;
        let (to, ends) = told_to(effect);
        let data = Data { effect: &effect.id, to, ends, text: told.text(), told: &told, view: &view };
        let kind = format!("tenure.{}", told.notice.as_str());
        let body = serde_json::to_vec(&Payload { kind, timestamp: now, data })?;
        let id = message_id(&effect.id);
        let seconds = now.millis().div_euclid(1_000);
        let headers = [
            ("content-type", "application/json"),
            ("webhook-id", id.as_str()),
            ("webhook-timestamp", &seconds.to_string()),
            ("webhook-signature", &signed(&self.secrets, &id, seconds, &body)),
        ];
        self.http.post(&self.url, &headers, &body)
    }
}

impl Handler for Webhook {
    fn carry_out(&self, effect: &Taken) -> Result<Carried, Trouble> {
        let now = self.words.wall_now();
        self.quiet.over(now)?;
        let reply = self.post(effect, now)?;
        if let Some(pause) = reply.retry_after {
            self.quiet.keep(pause, now);
        }
        match reply.status {
            200..=299 => Ok(Carried::out()),
            // The standard: whoever answers so wants no more of them.
            410 => Err(Trouble::of("the receiver is gone (410)").last()),
            300..=399 => Err(Trouble::of(format!("answered {}: redirects are not followed", reply.status))),
            status => Err(Trouble::of(format!("answered {status}"))),
        }
    }
}

/// The `webhook-signature` of a message: a `v1` for each secret.
#[must_use]
pub fn signed(secrets: &[Secret], id: &str, seconds: i64, body: &[u8]) -> String {
    let one = |Secret(key): &Secret| {
        let mut over = hmac::Context::with_key(key);
        over.update(format!("{id}.{seconds}.").as_bytes());
        over.update(body);
        format!("v1,{}", STANDARD.encode(over.sign()))
    };
    secrets.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// An id that has no dot, which separates what is signed; grants may have some.
fn message_id(effect: &EffectId) -> String {
    let digest = Sha256::digest(effect.to_string());
    let digits = digest.iter().take(16).map(|byte| format!("{byte:02x}"));
    format!("msg_{}", digits.collect::<String>())
}

fn told_to(effect: &Taken) -> (&[String], Option<Timestamp>) {
    use tenure::tenure_core::effect::Order;
    match &effect.order {
        Order::Tell { to, ends, .. } => (to, *ends),
        Order::Hold { .. } | Order::Remove { .. } | Order::Rotate { .. } => (&[], None),
    }
}

impl FromStr for Secret {
    type Err = BadSecret;

    fn from_str(text: &str) -> Result<Self, BadSecret> {
        let encoded = text.trim().strip_prefix("whsec_").ok_or(BadSecret("does not begin with `whsec_`"))?;
        let bytes = STANDARD.decode(encoded).map_err(|_| BadSecret("is no base64 after `whsec_`"))?;
        if !SECRET_BYTES.contains(&bytes.len()) {
            return Err(BadSecret("does not have 24 to 64 bytes"));
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl fmt::Display for BadSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a webhook's secret {}", self.0)
    }
}

impl std::error::Error for BadSecret {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_what_the_standard_says() {
        for (text, why) in [
            ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_"),
            ("whsec_!", "base64"),
            ("whsec_AAAA", "24 to 64 bytes"),
        ] {
            let bad = text.parse::<Secret>().unwrap_err().to_string();
            assert!(bad.contains(why), "{bad}");
        }
        let good: Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n".parse().unwrap();
        assert_eq!(format!("{good:?}"), "Secret");
    }

    #[test]
    fn the_id_of_a_message_has_no_dot() {
        let one = EffectId::of("kit.a.b/3", "w1").unwrap();
        let again = EffectId::of("kit.a.b/3", "w2").unwrap();
        assert_eq!(message_id(&one), message_id(&again));
        assert_ne!(message_id(&one), message_id(&EffectId::of("kit.a.b/4", "w1").unwrap()));
        assert!(!message_id(&one).contains('.'));
    }
}
