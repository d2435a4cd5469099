//! Signing in with an OpenID Connect issuer: the code flow with PKCE, and an ID token that is checked to the end.
//!
//! Each login is asked with `max_age`, so that the token must say when its person last proved who they are. That
//! instant, `acr` and `amr` are what the rules hear of the login (`mfa` of a flow): a session is no proof that is as
//! fresh as its last page. Where the rules refuse for want of a better login, the person is sent here again with what is
//! needed as `acr_values` and `max_age`.

pub mod id_token;
mod issuer;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use maud::html;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tenure::tenure_core::refusal::Login;
use tenure::{Authenticated, Clock, Level, PersonId, Span, SystemClock, Timestamp};

use self::id_token::{Claims, Expected};
use self::issuer::Issuer;
pub use self::issuer::Unproved;
use super::{SignIn, own_address, query};
use crate::failure::Failure;
use crate::page::bare;
use crate::portal::Portal;
use crate::session::{SignedIn, Visit, token};

/// How old a login may be where the rules ask for nothing: as old as a session gets.
const LOGIN_AGE_MAX: Span = Span::hours(12);
/// How long somebody may take to sign in at the issuer.
const UNDER_WAY_MAX: Span = Span::minutes(10);
/// The name under which the directory may list whom the issuer means.
const ACCOUNT: &str = "oidc";
/// The address of whoever signed out.
const SIGNED_OUT: &str = "/sign-in/ended";

/// What is known of the issuer and of this portal as its client.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The issuer, as its tokens name it.
    pub issuer: String,
    /// This portal's client id there.
    pub client: String,
    /// Its secret, where it has one.
    pub secret: Option<String>,
    /// The address of this portal that the issuer sends people back to: `https://HOST/sign-in/callback`.
    pub callback: String,
    /// Which of the issuer's `acr` values is which level.
    pub levels: BTreeMap<String, Level>,
}

/// Signing in with an issuer.
#[derive(Clone)]
pub struct Oidc(Arc<Inner>);

struct Inner {
    settings: Settings,
    issuer: Issuer,
}

/// What a sign-in that is under way remembers, in the session it was begun in.
#[derive(Serialize, Deserialize)]
struct UnderWay {
    state: String,
    nonce: String,
    verifier: String,
    then: String,
    max_age: Span,
    begun: Timestamp,
}

impl UnderWay {
    /// Whether an answer with that state is the one that is waited for, and comes in time.
    fn is_answered_by(&self, state: &str, now: Timestamp) -> bool {
        bool::from(state.as_bytes().ct_eq(self.state.as_bytes())) && now.since(self.begun) < UNDER_WAY_MAX
    }
}

impl Settings {
    /// `aal1`, `aal2` and `aal3` are themselves.
    #[must_use]
    pub fn own_levels() -> BTreeMap<String, Level> {
        [Level::Aal1, Level::Aal2, Level::Aal3].map(|level| (level.as_str().to_owned(), level)).into()
    }

    /// Whether the issuer runs beside the portal: only then it may be reached without TLS.
    fn on_this_machine(&self) -> bool {
        ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"]
            .iter()
            .any(|at| self.issuer.starts_with(at))
    }

    /// The `acr` values that are that level or better, the weakest first.
    fn at_least(&self, level: Level) -> String {
        let mut enough: Vec<_> = self.levels.iter().filter(|(_, of)| **of >= level).collect();
        enough.sort_by_key(|(_, level)| **level);
        enough.into_iter().map(|(acr, _)| acr.as_str()).collect::<Vec<_>>().join(" ")
    }
}

impl Oidc {
    /// An issuer is first asked for anything when somebody signs in.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let issuer = Issuer::new(&settings);
        Self(Arc::new(Inner { settings, issuer }))
    }
}

impl SignIn for Oidc {
    fn routes(&self) -> Router<Portal> {
        let routes = Router::new().route("/sign-in", get(begin)).route("/sign-in/callback", get(come_back));
        routes.route(SIGNED_OUT, get(signed_out)).layer(Extension(self.clone()))
    }

    fn begin(&self, then: &str, needed: Option<&Login>) -> String {
        let needed = needed.cloned().unwrap_or_default();
        let max_age = needed.max_age.map(|age| age.to_string()).unwrap_or_default();
        let level = needed.level.map_or("", Level::as_str);
        // No parameter asks for methods; a login that is made anew may bring others.
        let anew = if needed.methods.is_empty() { "" } else { "yes" };
        let pairs = [("then", then), ("max_age", &max_age), ("level", level), ("anew", anew)];
        let said: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        format!("/sign-in?{}", query(&said))
    }

    /// No page that goes on to the issuer: that would sign them in again at once.
    fn signed_out(&self) -> &'static str {
        SIGNED_OUT
    }

    fn acr_values(&self, level: Level) -> String {
        self.0.settings.at_least(level)
    }
}

/// Where somebody is who signed out.
async fn signed_out() -> Response {
    bare(
        "Signed out",
        &html! {
            p { "You are signed out here. Your issuer may know you still: sign out there, too, where others use this browser." }
            p { a.button href="/sign-in" { "Sign in" } }
        },
    )
}

/// Sends somebody to the issuer.
async fn begin(
    State(portal): State<Portal>,
    Extension(Oidc(inner)): Extension<Oidc>,
    visit: Visit,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Result<Response, Failure> {
    let text = |name: &str| asked.get(name).map(String::as_str);
    let max_age = text("max_age").and_then(|age| age.parse::<Span>().ok()).unwrap_or(LOGIN_AGE_MAX);
    let level = [Level::Aal1, Level::Aal2, Level::Aal3]
        .into_iter()
        .find(|level| text("level") == Some(level.as_str()));
    let under_way = UnderWay {
        state: token()?,
        nonce: token()?,
        verifier: token()?,
        then: own_address(text("then")).to_owned(),
        max_age: max_age.min(LOGIN_AGE_MAX),
        begun: SystemClock.now(),
    };
    let there = inner.clone();
    let addresses = waited(move || there.issuer.addresses(&there.settings)).await?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(under_way.verifier.as_bytes()));
    let seconds = (under_way.max_age.as_millis() / 1_000).to_string();
    let acr_values = level.map(|level| inner.settings.at_least(level)).unwrap_or_default();
    let prompt = if text("anew").is_some() { "login" } else { "" };
    let pairs = [
        ("response_type", "code"),
        ("scope", "openid"),
        ("client_id", &inner.settings.client),
        ("redirect_uri", &inner.settings.callback),
        ("state", &under_way.state),
        ("nonce", &under_way.nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("max_age", &seconds),
        ("acr_values", &acr_values),
        ("prompt", prompt),
    ];
    let said: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let join = if addresses.authorization_endpoint.contains('?') { '&' } else { '?' };
    let to = format!("{}{join}{}", addresses.authorization_endpoint, query(&said));
    let kept = serde_json::to_string(&under_way).map_err(|why| Failure::Fault(why.to_string()))?;
    portal.sessions().remember(&visit, kept);
    Ok(Redirect::to(&to).into_response())
}

/// What the issuer sends somebody back with.
#[derive(Deserialize)]
struct Answer {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// Somebody comes back from the issuer.
async fn come_back(
    State(portal): State<Portal>,
    Extension(Oidc(inner)): Extension<Oidc>,
    visit: Visit,
    Query(answer): Query<Answer>,
) -> Result<Response, Failure> {
    const STALE: Failure = Failure::Barred("This sign-in was not begun here, or it is over. Sign in again.");
    // It is recalled once: an answer that comes twice finds nothing.
    let kept = portal.sessions().recall(&visit).ok_or(STALE)?;
    let under_way: UnderWay = serde_json::from_str(&kept).map_err(|_| STALE)?;
    let now = SystemClock.now();
    if !under_way.is_answered_by(&answer.state.unwrap_or_default(), now) {
        return Err(STALE);
    }
    if let Some(error) = answer.error {
        eprintln!("tenure-portal: the issuer signs nobody in: {}", error.escape_debug());
        return Err(Failure::Barred("You were not signed in: the sign-in was ended at the issuer."));
    }
    let code = answer.code.ok_or(STALE)?;
    let (there, then, told) = (inner.clone(), under_way.then.clone(), answer.iss);
    let claims = waited(move || there.answered(&code, told.as_deref(), &under_way, now)).await?;
    let id = whose(&portal, &claims.sub)?;
    let authenticated = inner.settings.authenticated(&claims, now, portal.now());
    let cookie = portal.sessions().enter(&visit, SignedIn { id, authenticated })?;
    Ok(([(SET_COOKIE, cookie)], Redirect::to(&then)).into_response())
}

impl Inner {
    /// Whose login it was, once the issuer has said so and is believed.
    fn answered(
        &self,
        code: &str,
        told: Option<&str>,
        under_way: &UnderWay,
        now: Timestamp,
    ) -> Result<Claims, Unproved> {
        let must_tell = self.issuer.addresses(&self.settings)?.authorization_response_iss_parameter_supported;
        if told.map_or(must_tell, |issuer| issuer != self.settings.issuer) {
            return Err(Unproved::Issuer("another one sent this answer".to_owned()));
        }
        let expected = Expected {
            issuer: &self.settings.issuer,
            client: &self.settings.client,
            nonce: &under_way.nonce,
            max_age: under_way.max_age,
            now,
        };
        self.issuer.login(&self.settings, code, &under_way.verifier, &expected)
    }
}

impl Settings {
    /// What the rules hear of a login. The portal's clock may be another than the issuer's: what counts is how long
    /// ago it was.
    fn authenticated(&self, claims: &Claims, now: Timestamp, here: Timestamp) -> Authenticated {
        let age = claims.login().map_or(LOGIN_AGE_MAX, |login| now.since(login));
        let level = claims.acr.as_ref().and_then(|acr| self.levels.get(acr)).copied();
        Authenticated { at: here.minus(age), methods: claims.amr.iter().cloned().collect(), level }
    }
}

/// Who in the directory an issuer's subject is: whoever is listed with it, or has it as their id and is listed with none.
fn whose(portal: &Portal, subject: &str) -> Result<PersonId, Failure> {
    let people = portal.directory().people();
    let account =
        |name: &str| people.iter().find(|listed| listed.accounts.get(ACCOUNT).is_some_and(|sub| sub == name));
    let of_id = || {
        let known = people.iter().find(|listed| listed.person.id.as_str() == subject);
        known.filter(|listed| !listed.accounts.contains_key(ACCOUNT))
    };
    let found = account(subject).or_else(of_id);
    let id = found.map(|listed| listed.person.id.clone());
    id.ok_or(Failure::Barred("You proved who you are, and are not in the directory of this portal."))
}

/// Asks the issuer on a thread that may wait. What was wrong is for whoever runs the portal.
async fn waited<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, Unproved> + Send + 'static,
) -> Result<T, Failure> {
    let asked =
        tokio::task::spawn_blocking(ask).await.map_err(|broken| Failure::Fault(broken.to_string()))?;
    asked.map_err(|unproved| match unproved {
        Unproved::Issuer(_) => Failure::Fault(unproved.to_string()),
        Unproved::Token(_) => {
            eprintln!("tenure-portal: nobody is signed in: {unproved}");
            Failure::Barred("You could not be signed in: what the issuer said of you does not hold.")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_comes_in_time_and_has_the_state_that_was_sent() {
        let begun: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let text = |text: &str| text.to_owned();
        let (state, nonce, verifier, then) = (text("s"), text("n"), text("v"), text("/"));
        let under_way = UnderWay { state, nonce, verifier, then, max_age: LOGIN_AGE_MAX, begun };
        let late = begun.plus(UNDER_WAY_MAX);
        assert!(under_way.is_answered_by("s", late.minus(Span::millis(1))));
        assert!(!under_way.is_answered_by("s", late));
        assert!(!under_way.is_answered_by("", begun) && !under_way.is_answered_by("t", begun));
    }

    #[test]
    fn a_level_is_asked_for_by_what_is_as_good_the_weakest_first() {
        let levels = [("phr", Level::Aal3), ("mfa", Level::Aal2), ("pwd", Level::Aal1)];
        let settings = Settings {
            issuer: "https://issuer.example".to_owned(),
            client: "portal".to_owned(),
            secret: None,
            callback: "https://portal.example/sign-in/callback".to_owned(),
            levels: levels.map(|(acr, level)| (acr.to_owned(), level)).into(),
        };
        assert_eq!(settings.at_least(Level::Aal2), "mfa phr");
        assert_eq!(settings.at_least(Level::Aal3), "phr");
        assert!(!settings.on_this_machine());
    }
}
