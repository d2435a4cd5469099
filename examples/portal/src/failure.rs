//! What a page answers where it cannot answer what was asked.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use tenure::{Code, Error, Fault, Problems, Refusal, StoreFault};

use crate::page;
use crate::told;

/// Why there is no page.
#[derive(Debug)]
pub enum Failure {
    /// The rules say no.
    Refused(Box<Refusal>),
    /// A policy text is wrong.
    Invalid(Problems),
    /// The world failed. What went wrong is for whoever runs the portal, not for its visitors.
    Fault(String),
    /// Whether it was done is not known. The same form, sent again, is the same command.
    InDoubt,
    /// Nobody is signed in; where to go to sign in.
    Stranger(String),
    /// The portal will not take this, from whomever it comes, and why.
    Barred(&'static str),
    /// What was sent makes no sense, and why.
    Malformed(String),
    /// More was sent than anything here takes.
    TooLarge,
    /// There is no such page.
    Nowhere,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => Self::Refused(refusal),
            Error::Invalid(problems) => Self::Invalid(problems),
            // An address or a form with an id that nothing can have.
            Error::Fault(Fault::BadId { .. }) => Self::Nowhere,
            Error::Fault(Fault::Store(StoreFault::InDoubt)) => Self::InDoubt,
            Error::Fault(fault) => Self::Fault(fault.to_string()),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, title, words): (StatusCode, &str, Markup) = match self {
            Self::Stranger(address) => return Redirect::to(&address).into_response(),
            Self::Refused(refusal) => {
                let unknown = matches!(refusal.code, Code::GrantUnknown | Code::FlowUnknown);
                let status = if unknown { StatusCode::NOT_FOUND } else { StatusCode::FORBIDDEN };
                (status, "Not allowed", told::refusal(&refusal))
            }
            Self::Invalid(problems) => {
                let words = html! { pre { (problems.to_string()) } };
                (StatusCode::UNPROCESSABLE_ENTITY, "The policy has problems", words)
            }
            Self::Fault(fault) => {
                eprintln!("tenure-portal: {fault}");
                let words = html! { p { "Something behind this portal failed. Nothing was decided. Try again in a moment." } };
                (StatusCode::SERVICE_UNAVAILABLE, "Not now", words)
            }
            Self::InDoubt => {
                eprintln!("tenure-portal: {}", StoreFault::InDoubt);
                let words = html! { p { "It is not known whether this was done. Go back and send the same form again: it is done once." } };
                (StatusCode::SERVICE_UNAVAILABLE, "In doubt", words)
            }
            Self::Barred(why) => (StatusCode::FORBIDDEN, "Not taken", html! { p { (why) } }),
            Self::Malformed(why) => (StatusCode::BAD_REQUEST, "Not understood", html! { p { (why) } }),
            Self::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "Too much", html! { p { "More was sent than is read." } })
            }
            Self::Nowhere => {
                (StatusCode::NOT_FOUND, "Nothing here", html! { p { "There is no page at this address." } })
            }
        };
        (status, page::bare(title, &html! { (words) p { a href="/access" { "To my access" } } }))
            .into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_is_told_that_nothing_was_decided_where_that_is_not_known() {
        for (fault, known) in [(StoreFault::InDoubt, false), (StoreFault::Busy, true)] {
            let response = Failure::from(Error::Fault(Fault::Store(fault))).into_response();
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
            let page = String::from_utf8_lossy(&body).into_owned();
            assert_eq!(page.contains("Nothing was decided"), known, "{page}");
        }
    }
}
