//! Sessions: kept here, named by a cookie that says nothing, over when they are not used.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use cookie::{Cookie, SameSite};
use tenure::{Authenticated, Clock, Person, PersonId, Span, SystemClock, Timestamp};

use crate::failure::Failure;
use crate::people::Listed;
use crate::portal::Portal;
use crate::told::Told;

/// A session that nobody used for so long is over.
const IDLE_MAX: Span = Span::hours(1);
/// A session is over after so long, used or not.
const AGE_MAX: Span = Span::hours(12);
/// Sessions at a time; beyond, whoever was not seen longest goes, strangers first.
const SESSIONS_MAX: usize = 10_000;

/// Who is signed in, and what they were told.
#[derive(Debug)]
pub struct Sessions {
    by_key: Mutex<HashMap<String, Session>>,
    secure: bool,
}

/// Somebody who signed in, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub id: PersonId,
    /// How they proved it.
    pub authenticated: Authenticated,
}

#[derive(Debug)]
struct Session {
    csrf: String,
    who: Option<SignedIn>,
    told: Option<Told>,
    /// What a sign-in that is under way must remember of its beginning.
    pending: Option<String>,
    begun: Timestamp,
    seen: Timestamp,
}

/// A visitor's session, as a request found it.
#[derive(Clone, Debug)]
pub struct Visit {
    key: String,
    /// The token that this session's forms carry.
    pub csrf: String,
    /// Who signed in, where somebody did.
    pub signed_in: Option<SignedIn>,
}

/// Somebody who is signed in: a handler that takes one is for nobody else.
#[derive(Clone, Debug)]
pub struct Who {
    /// Their session.
    pub visit: Visit,
    /// Who they are today, and how they signed in: the actor of what they ask.
    pub person: Person,
    /// What people call them.
    pub listed: Listed,
}

impl Sessions {
    pub(crate) fn new(secure: bool) -> Self {
        Self { by_key: Mutex::default(), secure }
    }

    /// Somebody has proved who they are: a session under a new name, so that nobody is signed in by a name that they
    /// were handed. Answers the cookie.
    ///
    /// # Errors
    /// [`Failure::Fault`]: there are no random bytes.
    pub fn enter(&self, visit: &Visit, who: SignedIn) -> Result<HeaderValue, Failure> {
        self.lock().remove(&visit.key);
        let (key, _) = self.begin(Some(who))?;
        self.cookie(&key)
    }

    /// Ends a session.
    pub fn leave(&self, visit: &Visit) {
        self.lock().remove(&visit.key);
    }

    /// Keeps a message for the next page of this session.
    pub fn tell(&self, visit: &Visit, told: Told) {
        if let Some(session) = self.lock().get_mut(&visit.key) {
            session.told = Some(told);
        }
    }

    /// The message that was kept for this page, once.
    pub fn told(&self, visit: &Visit) -> Option<Told> {
        self.lock().get_mut(&visit.key)?.told.take()
    }

    /// Keeps what a sign-in must remember until its second half.
    pub fn remember(&self, visit: &Visit, pending: String) {
        if let Some(session) = self.lock().get_mut(&visit.key) {
            session.pending = Some(pending);
        }
    }

    /// What a sign-in of this session was to remember, once.
    pub fn recall(&self, visit: &Visit) -> Option<String> {
        self.lock().get_mut(&visit.key)?.pending.take()
    }

    fn begin(&self, who: Option<SignedIn>) -> Result<(String, Visit), Failure> {
        let (key, csrf) = (token()?, token()?);
        let now = SystemClock.now();
        let visit = Visit { key: key.clone(), csrf: csrf.clone(), signed_in: who.clone() };
        let mut sessions = self.lock();
        if sessions.len() >= SESSIONS_MAX {
            make_room(&mut sessions, now);
        }
        let session = Session { csrf, who, told: None, pending: None, begun: now, seen: now };
        sessions.insert(key.clone(), session);
        Ok((key, visit))
    }

    fn find(&self, headers: &HeaderMap) -> Option<Visit> {
        let texts = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut cookies = texts.flat_map(Cookie::split_parse).filter_map(Result::ok);
        let key = cookies.find(|cookie| cookie.name() == self.cookie_name())?.value().to_owned();
        let now = SystemClock.now();
        let mut sessions = self.lock();
        let session = sessions.get_mut(&key)?;
        if session.over(now) {
            sessions.remove(&key);
            return None;
        }
        session.seen = now;
        Some(Visit { csrf: session.csrf.clone(), signed_in: session.who.clone(), key })
    }

    /// The prefix makes browsers take it from this host by https alone.
    fn cookie_name(&self) -> &'static str {
        if self.secure { "__Host-tenure" } else { "tenure" }
    }

    fn cookie(&self, key: &str) -> Result<HeaderValue, Failure> {
        let cookie = Cookie::build((self.cookie_name(), key))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.secure)
            .build();
        HeaderValue::from_str(&cookie.to_string()).map_err(|bad| Failure::Fault(bad.to_string()))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn over(&self, now: Timestamp) -> bool {
        now.since(self.seen) >= IDLE_MAX || now.since(self.begun) >= AGE_MAX
    }
}

/// Lets sessions go that are over, and a tenth of the others where that does not help.
fn make_room(sessions: &mut HashMap<String, Session>, now: Timestamp) {
    sessions.retain(|_, session| !session.over(now));
    if sessions.len() < SESSIONS_MAX {
        return;
    }
    let mut oldest: Vec<_> =
        sessions.iter().map(|(key, session)| (session.who.is_some(), session.seen, key.clone())).collect();
    oldest.sort();
    for (_, _, key) in oldest.into_iter().take(SESSIONS_MAX / 10) {
        sessions.remove(&key);
    }
}

/// 256 random bits, as text.
///
/// # Errors
/// [`Failure::Fault`]: the system has none.
pub fn token() -> Result<String, Failure> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|why| Failure::Fault(format!("no random bytes: {why}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Finds the visitor's session, or begins one.
pub async fn visit(State(portal): State<Portal>, mut request: Request, next: Next) -> Response {
    if let Some(visit) = portal.sessions().find(request.headers()) {
        request.extensions_mut().insert(visit);
        return next.run(request).await;
    }
    let begun =
        portal.sessions().begin(None).and_then(|(key, visit)| Ok((portal.sessions().cookie(&key)?, visit)));
    let (cookie, visit) = match begun {
        Ok(begun) => begun,
        Err(failure) => return failure.into_response(),
    };
    request.extensions_mut().insert(visit);
    let mut response = next.run(request).await;
    // Whoever signed in meanwhile has a cookie already.
    response.headers_mut().entry(SET_COOKIE).or_insert(cookie);
    response
}

impl FromRequestParts<Portal> for Visit {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &Portal) -> Result<Self, Failure> {
        parts.extensions.get().cloned().ok_or(Failure::Barred("This was sent without a session."))
    }
}

impl FromRequestParts<Portal> for Who {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Failure> {
        let visit = Visit::from_request_parts(parts, portal).await?;
        let then = parts.uri.path_and_query().map_or("/", |address| address.as_str());
        let then = if parts.method == axum::http::Method::GET { then } else { "/" };
        let stranger = || Failure::Stranger(portal.sign_in().begin(then, None));
        let SignedIn { id, authenticated } = visit.signed_in.clone().ok_or_else(stranger)?;
        // Whoever left the directory is nobody, whatever their session says.
        let listed = portal.directory().person(&id).ok_or_else(stranger)?;
        let person = Person { authenticated: Some(authenticated), ..listed.person.clone() };
        Ok(Self { visit, person, listed })
    }
}
