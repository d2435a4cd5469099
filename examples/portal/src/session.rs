//! Sessions: kept here, named by a cookie that says nothing, over when they are not used.
//!
//! What is kept is a digest of that name: whoever reads what is kept is signed in nowhere. Sessions of people who signed
//! in may be kept in a file, so that a restart of the portal is none for them.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::Method;
use axum::http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use cookie::{Cookie, SameSite};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tenure::{Authenticated, Clock, Person, PersonId, Span, SystemClock, Timestamp};

use crate::failure::Failure;
use crate::form::Sent;
use crate::people::Listed;
use crate::portal::Portal;
use crate::told::Told;

/// A session that nobody used for so long is over.
const IDLE_MAX: Span = Span::hours(1);
/// A session is over after so long, used or not.
const AGE_MAX: Span = Span::hours(12);
/// How long it may be that sessions were used, and that is not kept yet.
const KEPT_EVERY: Span = Span::minutes(1);
/// Bytes of a form that are kept for a session.
const DRAFT_BYTES_MAX: usize = 64 << 10;
/// Sessions at a time; beyond, whoever was not seen longest goes, strangers first.
const SESSIONS_MAX: usize = 10_000;

/// Who is signed in, and what they were told.
#[derive(Debug)]
pub struct Sessions {
    /// By the digest of their keys.
    by_digest: Mutex<HashMap<String, Session>>,
    file: Option<PathBuf>,
    /// When they were kept last.
    kept_at: Mutex<Option<Timestamp>>,
    secure: bool,
}

/// Somebody who signed in, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// Who.
    pub id: PersonId,
    /// How they proved it.
    pub authenticated: Authenticated,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Session {
    who: Option<SignedIn>,
    #[serde(skip)]
    told: Option<Told>,
    /// What a sign-in that is under way must remember of its beginning.
    #[serde(skip)]
    pending: Option<String>,
    /// What was written into the form at that address, and refused.
    #[serde(skip)]
    draft: Option<(String, Sent)>,
    begun: Timestamp,
    seen: Timestamp,
}

/// A visitor's session, as a request found it.
#[derive(Clone, Debug)]
pub struct Visit {
    digest: String,
    /// The token that this session's forms carry.
    pub csrf: String,
    /// Who signed in, where somebody did.
    pub signed_in: Option<SignedIn>,
    /// Whether a page that is open asks, to bring itself up to date.
    pub live: bool,
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
    /// Sessions, with those that were kept in that file.
    ///
    /// # Errors
    /// The file is there and cannot be read, or is none of ours.
    pub fn open(file: Option<PathBuf>, secure: bool) -> Result<Self, String> {
        let kept = match &file {
            Some(file) if file.exists() => {
                let wrong = |why: String| format!("sessions in `{}`: {why}", file.display());
                let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
                serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?
            }
            Some(_) | None => HashMap::new(),
        };
        Ok(Self { by_digest: Mutex::new(kept), file, kept_at: Mutex::default(), secure })
    }

    /// Somebody has proved who they are: a session under a new name, so that nobody is signed in by a name that they
    /// were handed. Answers the cookie.
    ///
    /// # Errors
    /// [`Failure::Fault`]: there are no random bytes.
    pub fn enter(&self, visit: &Visit, who: SignedIn) -> Result<HeaderValue, Failure> {
        let old = self.lock().remove(&visit.digest);
        let (key, fresh) = self.begin(Some(who))?;
        // Whoever signs in again, because the rules asked for it, goes on where they were.
        let old = old.filter(|old| old.who.as_ref().is_some_and(|before| fresh.is_for(&before.id)));
        if let (Some(old), Some(session)) = (old, self.lock().get_mut(&fresh.digest)) {
            session.draft = old.draft;
        }
        self.keep();
        self.cookie(&key)
    }

    /// Ends a session.
    pub fn leave(&self, visit: &Visit) {
        self.lock().remove(&visit.digest);
        self.keep();
    }

    /// Whether that person is still signed in with this session.
    pub fn is_of(&self, visit: &Visit, who: &PersonId) -> bool {
        let now = SystemClock.now();
        let sessions = self.lock();
        let session = sessions.get(&visit.digest).filter(|session| !session.over(now));
        session.and_then(|session| session.who.as_ref()).is_some_and(|signed_in| signed_in.id == *who)
    }

    /// Keeps a message for the next page of this session.
    pub fn tell(&self, visit: &Visit, told: Told) {
        if let Some(session) = self.lock().get_mut(&visit.digest) {
            session.told = Some(told);
        }
    }

    /// The message that was kept for this page, once.
    pub fn told(&self, visit: &Visit) -> Option<Told> {
        self.lock().get_mut(&visit.digest)?.told.take()
    }

    /// Keeps what a sign-in must remember until its second half.
    pub fn remember(&self, visit: &Visit, pending: String) {
        if let Some(session) = self.lock().get_mut(&visit.digest) {
            session.pending = Some(pending);
        }
    }

    /// What a sign-in of this session was to remember, once.
    pub fn recall(&self, visit: &Visit) -> Option<String> {
        self.lock().get_mut(&visit.digest)?.pending.take()
    }

    /// Keeps what was written into the form at that address; more than a form of ours holds is not worth its room.
    pub fn keep_draft(&self, visit: &Visit, address: &str, sent: Sent) {
        if sent.size() > DRAFT_BYTES_MAX {
            return;
        }
        if let Some(session) = self.lock().get_mut(&visit.digest) {
            session.draft = Some((address.to_owned(), sent));
        }
    }

    /// What was written into the form at that address, once.
    pub fn draft(&self, visit: &Visit, address: &str) -> Option<Sent> {
        let mut sessions = self.lock();
        let draft = &mut sessions.get_mut(&visit.digest)?.draft;
        draft.take_if(|(of, _)| of == address).map(|(_, sent)| sent)
    }

    fn begin(&self, who: Option<SignedIn>) -> Result<(String, Visit), Failure> {
        let key = token()?;
        let now = SystemClock.now();
        let session = Session { who, told: None, pending: None, draft: None, begun: now, seen: now };
        let visit = Visit::of(&key, &session);
        let mut sessions = self.lock();
        if sessions.len() >= SESSIONS_MAX {
            make_room(&mut sessions, now);
        }
        sessions.insert(visit.digest.clone(), session);
        Ok((key, visit))
    }

    fn find(&self, headers: &HeaderMap) -> Option<Visit> {
        let texts = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut cookies = texts.flat_map(Cookie::split_parse).filter_map(Result::ok);
        let key = cookies.find(|cookie| cookie.name() == self.cookie_name())?.value().to_owned();
        let now = SystemClock.now();
        let mut sessions = self.lock();
        let session = sessions.get_mut(&digest(DIGEST, &key))?;
        if session.over(now) {
            sessions.remove(&digest(DIGEST, &key));
            return None;
        }
        session.seen = now;
        let visit = Visit { live: headers.contains_key("x-live"), ..Visit::of(&key, session) };
        drop(sessions);
        // A restart takes nobody for idle who was not.
        let kept_at = *self.kept_at.lock().unwrap_or_else(PoisonError::into_inner);
        if kept_at.is_none_or(|kept_at| now.since(kept_at) >= KEPT_EVERY) {
            self.keep();
        }
        Some(visit)
    }

    /// Who sent a request with these headers, where somebody is signed in.
    #[must_use]
    pub fn signed_in(&self, headers: &HeaderMap) -> Option<SignedIn> {
        self.find(headers)?.signed_in
    }

    /// Writes down who is signed in, where that is to be kept. A portal that cannot do so still works until it restarts.
    fn keep(&self) {
        let Some(file) = &self.file else { return };
        *self.kept_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(SystemClock.now());
        let sessions = self.lock();
        let kept: HashMap<_, _> = sessions.iter().filter(|(_, session)| session.who.is_some()).collect();
        let written =
            serde_json::to_vec(&kept).map_err(std::io::Error::from).and_then(|text| replace(file, &text));
        if let Err(error) = written {
            eprintln!("tenure-portal: sessions are not kept in `{}`: {error}", file.display());
        }
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
        self.by_digest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn over(&self, now: Timestamp) -> bool {
        now.since(self.seen) >= IDLE_MAX || now.since(self.begun) >= AGE_MAX
    }
}

impl Visit {
    fn of(key: &str, session: &Session) -> Self {
        let signed_in = session.who.clone();
        Self { digest: digest(DIGEST, key), csrf: digest("csrf", key), signed_in, live: false }
    }

    fn is_for(&self, id: &PersonId) -> bool {
        self.signed_in.as_ref().is_some_and(|signed_in| signed_in.id == *id)
    }
}

/// What a session is kept under. Its forms carry another digest of the same key, which leads to neither.
const DIGEST: &str = "session";

fn digest(what: &str, key: &str) -> String {
    hex(&Sha256::new().chain_update(what).chain_update(":").chain_update(key).finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Puts a file in the place of another, whole or not at all, for nobody else to read.
fn replace(file: &Path, text: &[u8]) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Temporary files are their owner's alone.
    let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
    fresh.write_all(text)?;
    fresh.persist(file)?;
    Ok(())
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
    Ok(hex(&bytes))
}

/// Finds the visitor's session, or begins one.
pub async fn visit(State(portal): State<Portal>, mut request: Request, next: Next) -> Response {
    if let Some(visit) = portal.sessions().find(request.headers()) {
        request.extensions_mut().insert(visit);
        return next.run(request).await;
    }
    // What changes something comes from a page of ours, and that has a session. Another site's form comes without, and is
    // given none: it would take the place of the one that its visitor has.
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_session_keeps_more_than_a_form_of_ours_holds() {
        let sessions = Sessions::open(None, false).unwrap();
        let (_, visit) = sessions.begin(None).unwrap();
        for (bytes, kept) in [(DRAFT_BYTES_MAX - 1, true), (DRAFT_BYTES_MAX, false)] {
            sessions.keep_draft(&visit, "/ask/a", Sent::read(format!("a={}", "x".repeat(bytes)).as_bytes()));
            assert_eq!(sessions.draft(&visit, "/ask/a").is_some(), kept, "{bytes}");
        }
    }

    #[test]
    fn a_restart_takes_nobody_for_idle_who_was_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sessions");
        let long_ago = SystemClock.now().minus(Span::minutes(50));
        let authenticated = Authenticated { at: long_ago, methods: BTreeSet::new(), level: None };
        let who = Some(SignedIn { id: "maria".parse().unwrap(), authenticated });
        let session =
            Session { who, told: None, pending: None, draft: None, begun: long_ago, seen: long_ago };
        let kept = HashMap::from([(digest(DIGEST, "key"), session)]);
        std::fs::write(&file, serde_json::to_vec(&kept).unwrap()).unwrap();
        let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static("tenure=key"))]);
        let sessions = Sessions::open(Some(file.clone()), false).unwrap();
        assert!(sessions.signed_in(&headers).is_some());
        let kept: HashMap<String, Session> = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        assert!(SystemClock.now().since(kept[&digest(DIGEST, "key")].seen) < Span::minutes(1));
    }
}
