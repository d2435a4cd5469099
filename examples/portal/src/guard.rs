//! What stands between the portal and other people's pages: headers on every answer, and a token in every form.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::Method;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

use crate::failure::Failure;
use crate::portal::Portal;
use crate::session::Visit;
use crate::site::Site;

/// Nothing but what comes from here, and no script or style that stands in a page.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                          font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Bytes of what is sent that are read at all: a policy document may be 1 MiB, and grows when it is written as a form.
pub const BODY_MAX: usize = 4 << 20;

/// The field of forms, and the header of what the script sends, that carries the session's token.
pub const TOKEN: &str = "csrf";
const TOKEN_HEADER: &str = "x-csrf-token";

/// Gives every answer the headers that keep browsers from doing what nobody meant.
pub async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Pages are of one person and one moment.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Lets what only looks pass, and of what changes something only what one of our own pages sent.
pub async fn own_pages_only(State(portal): State<Portal>, request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    match sent_from_here(portal.site(), request).await {
        Ok(request) => next.run(request).await,
        Err(failure) => failure.into_response(),
    }
}

async fn sent_from_here(site: Option<&Site>, request: Request) -> Result<Request, Failure> {
    let (parts, body) = request.into_parts();
    if !is_own(&parts.headers, site) {
        return Err(Failure::Barred(
            "This was sent from a page of another site, or the portal was reached by a name that is not its own.",
        ));
    }
    let visit = parts.extensions.get::<Visit>();
    let visit = visit.ok_or(Failure::Barred("This was sent without a session."))?;
    let body = to_bytes(body, BODY_MAX).await.map_err(|_| Failure::TooLarge)?;
    let given = token(&parts.headers, &body).unwrap_or_default();
    if !bool::from(given.as_bytes().ct_eq(visit.csrf.as_bytes())) {
        return Err(Failure::Barred(
            "This form is not from your session, or the session is over. Open the page again, and send it from there.",
        ));
    }
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// Whether a browser says that one of our own pages sent it, or nobody says anything. A page is ours by the site that
/// people reach; where that was not said, by the name in this very request.
fn is_own(headers: &HeaderMap, site: Option<&Site>) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let fetched = text(&HeaderName::from_static("sec-fetch-site"));
    let host = text(&HOST).unwrap_or_default();
    let ours = |origin: &str| match site {
        Some(site) => origin == site.origin(),
        None => origin.split_once("://").is_some_and(|(_, authority)| authority == host),
    };
    fetched.is_none_or(|site| site == "same-origin") && text(&ORIGIN).is_none_or(ours)
}

fn token(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    if let Some(value) = headers.get(TOKEN_HEADER) {
        return value.to_str().ok().map(str::to_owned);
    }
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return None;
    }
    form_urlencoded::parse(body).find(|(name, _)| name == TOKEN).map(|(_, value)| value.into_owned())
}
