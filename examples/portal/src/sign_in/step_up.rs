//! A better login is needed: how a program is told so (RFC 9470). People are sent to sign in again, by a redirect.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{ACCEPT, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tenure::tenure_core::refusal::Login;
use tenure::{Level, Refusal};

use super::SignIn;
use crate::portal::Portal;

/// What an answer carries, unseen, where the rules said no for want of a login.
#[derive(Clone, Debug)]
pub struct Wanting(Box<Refusal>);

impl Wanting {
    /// The login that a refusal wants, where that is all it wants.
    #[must_use]
    pub fn of(refusal: &Refusal) -> Option<Self> {
        refusal.would_pass.as_ref()?.login.as_ref()?;
        Some(Self(Box::new(refusal.clone())))
    }

    fn login(&self) -> Option<&Login> {
        self.0.would_pass.as_ref()?.login.as_ref()
    }
}

/// Tells programs which login is wanted, where people would be shown a page or sent to one.
pub async fn challenge(State(portal): State<Portal>, request: Request, next: Next) -> Response {
    let for_people = reads_pages(request.headers());
    let response = next.run(request).await;
    if for_people {
        return response;
    }
    let wanting = response.extensions().get::<Wanting>().cloned();
    let Some(header) =
        wanting.as_ref().and_then(Wanting::login).and_then(|login| said(&*portal.sign_in(), login))
    else {
        return response;
    };
    let refused =
        wanting.map(|Wanting(refusal)| json!({"refused": *refusal}).to_string()).unwrap_or_default();
    let kind = HeaderValue::from_static("application/json");
    let headers = [(WWW_AUTHENTICATE, header), (axum::http::header::CONTENT_TYPE, kind)];
    (StatusCode::UNAUTHORIZED, headers, refused).into_response()
}

/// Whether whoever asks can show a page. A browser says so; so does whoever says nothing.
fn reads_pages(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
    let asks_json = accept.contains("application/json");
    !asks_json || accept.contains("text/html")
}

fn said(sign_in: &dyn SignIn, login: &Login) -> Option<HeaderValue> {
    let mut words = String::from(
        "Bearer error=\"insufficient_user_authentication\", \
         error_description=\"a better login is needed\"",
    );
    let acr_values = login.level.map(|level| sign_in.acr_values(level)).unwrap_or_default();
    // A value may hold anything that the one who runs the portal wrote: a quoted string holds none of these.
    if !acr_values.is_empty() && !acr_values.contains(['"', '\\']) {
        words.push_str(&format!(", acr_values=\"{acr_values}\""));
    }
    if let Some(age) = login.max_age {
        words.push_str(&format!(", max_age=\"{}\"", age.as_millis() / 1_000));
    }
    HeaderValue::from_str(&words).ok()
}

/// What levels are called where nothing else is known of them.
pub(super) fn own_name(level: Level) -> String {
    level.as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_people_and_whoever_asks_for_json_alone_is_a_program() {
        for (accept, people) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("*/*", true),
            ("application/json", false),
            ("application/json, text/html", true),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(reads_pages(&headers), people, "{accept}");
        }
        assert!(reads_pages(&HeaderMap::new()));
    }
}
