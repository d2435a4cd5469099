//! The issuer, over HTTP: its addresses, its keys, and a token for a code.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tenure::{Span, Timestamp};
use ureq::Agent;

use super::Settings;
use super::id_token::{Claims, Doubt, Expected, verified};

/// Bytes of an answer that are read.
const ANSWER_MAX: u64 = 1 << 20;
/// For how long its keys count without asking for them again.
const KEYS_AGE_MAX: Span = Span::hours(1);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The issuer, and what was learnt of it.
pub(super) struct Issuer {
    agent: Agent,
    known: Mutex<Known>,
}

#[derive(Clone, Default)]
struct Known {
    addresses: Option<Addresses>,
    /// With the instant at which they were asked for.
    keys: Option<(Timestamp, JwkSet)>,
}

impl Known {
    /// Its keys, as long as they count: one that it gave up, because it was stolen, is not believed for long.
    fn keys_of(&self, now: Timestamp) -> Option<JwkSet> {
        self.keys.as_ref().filter(|(asked, _)| now.since(*asked) < KEYS_AGE_MAX).map(|(_, keys)| keys.clone())
    }
}

/// Where an issuer is reached (OpenID Connect Discovery 1.0).
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Addresses {
    issuer: String,
    pub(super) authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    /// RFC 9207.
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

/// Why nobody could be signed in.
#[derive(Debug, PartialEq, Eq)]
pub enum Unproved {
    /// The issuer cannot be reached, or does not answer as one.
    Issuer(String),
    /// It answers, and its token is not believed.
    Token(Doubt),
}

impl Issuer {
    pub(super) fn new(settings: &Settings) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            // A secret goes where it was meant to go.
            .max_redirects(0)
            .https_only(!settings.on_this_machine())
            .build();
        Self { agent: Agent::new_with_config(config), known: Mutex::default() }
    }

    /// Where it is reached; asked once.
    pub(super) fn addresses(&self, settings: &Settings) -> Result<Addresses, Unproved> {
        if let Some(known) = self.known().addresses {
            return Ok(known);
        }
        let at = format!("{}/.well-known/openid-configuration", settings.issuer.trim_end_matches('/'));
        let found: Addresses = self.fetched(&at)?;
        if found.issuer != settings.issuer {
            let words = format!("`{}` says that it is `{}`", settings.issuer, found.issuer);
            return Err(Unproved::Issuer(words));
        }
        self.learn(|known| known.addresses = Some(found.clone()));
        Ok(found)
    }

    /// Whose login a code stands for.
    pub(super) fn login(
        &self,
        settings: &Settings,
        code: &str,
        verifier: &str,
        expected: &Expected<'_>,
    ) -> Result<Claims, Unproved> {
        let addresses = self.addresses(settings)?;
        let token = self.token(settings, &addresses, code, verifier)?;
        let keys = match self.known().keys_of(expected.now) {
            Some(keys) => keys,
            None => self.keys(&addresses, expected.now)?,
        };
        match verified(&token, &keys, expected) {
            // It may have a new key since: it is asked for its keys once more.
            Err(Doubt::UnknownKey) => verified(&token, &self.keys(&addresses, expected.now)?, expected),
            claims => claims,
        }
        .map_err(Unproved::Token)
    }

    fn token(
        &self,
        settings: &Settings,
        addresses: &Addresses,
        code: &str,
        verifier: &str,
    ) -> Result<String, Unproved> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &settings.callback),
            ("client_id", &settings.client),
            ("code_verifier", verifier),
        ];
        let mut request = self.agent.post(&addresses.token_endpoint);
        if let Some(secret) = &settings.secret {
            let methods = &addresses.token_endpoint_auth_methods_supported;
            if methods.is_empty() || methods.iter().any(|method| method == "client_secret_basic") {
                request = request.header("authorization", basic(&settings.client, secret));
            } else {
                form.push(("client_secret", secret));
            }
        }
        let answer = request.header("accept", "application/json").send_form(form);
        let tokens: Tokens = read(answer, &addresses.token_endpoint)?;
        Ok(tokens.id_token)
    }

    /// Its keys of now.
    fn keys(&self, addresses: &Addresses, now: Timestamp) -> Result<JwkSet, Unproved> {
        let keys: JwkSet = self.fetched(&addresses.jwks_uri)?;
        self.learn(|known| known.keys = Some((now, keys.clone())));
        Ok(keys)
    }

    fn fetched<T: DeserializeOwned>(&self, at: &str) -> Result<T, Unproved> {
        read(self.agent.get(at).header("accept", "application/json").call(), at)
    }

    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn learn(&self, what: impl FnOnce(&mut Known)) {
        what(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn read<T: DeserializeOwned>(
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    from: &str,
) -> Result<T, Unproved> {
    let wrong = |why: ureq::Error| Unproved::Issuer(format!("`{from}`: {why}"));
    let mut answer = answer.map_err(wrong)?;
    answer.body_mut().with_config().limit(ANSWER_MAX).read_json().map_err(wrong)
}

/// RFC 6749, 2.3.1: both are written as in a form before they are joined.
fn basic(client: &str, secret: &str) -> String {
    let written = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", written(client), written(secret))))
}

impl fmt::Display for Unproved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issuer(why) => write!(f, "the issuer does not answer as one: {why}"),
            Self::Token(doubt) => doubt.fmt(f),
        }
    }
}

impl std::error::Error for Unproved {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_count_for_an_hour_and_no_longer() {
        let asked: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let known = Known { addresses: None, keys: Some((asked, JwkSet { keys: Vec::new() })) };
        let late = asked.plus(KEYS_AGE_MAX);
        assert!(known.keys_of(asked).is_some() && known.keys_of(late.minus(Span::millis(1))).is_some());
        assert!(known.keys_of(late).is_none());
    }
}
