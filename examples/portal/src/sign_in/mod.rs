//! How people prove who they are.

pub mod dev;
pub mod oidc;
pub mod step_up;

use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use tenure::Level;
use tenure::tenure_core::refusal::Login;

use crate::portal::Portal;
use crate::session::Visit;

/// A way to sign in. It has addresses of its own below `/sign-in`, and calls [`crate::session::Sessions::enter`] once
/// it knows who somebody is.
pub trait SignIn: Send + Sync {
    /// Its addresses.
    fn routes(&self) -> Router<Portal>;

    /// Where somebody goes to sign in, and comes back from to the address `then`; with the login that the rules ask
    /// for, where they refused one.
    fn begin(&self, then: &str, needed: Option<&Login>) -> String;

    /// Where somebody is who signed out.
    fn signed_out(&self) -> &'static str {
        "/sign-in"
    }

    /// The `acr` values by which that level or a better one is asked for, with a space between them.
    fn acr_values(&self, level: Level) -> String {
        step_up::own_name(level)
    }
}

/// Signs out.
pub async fn out(State(portal): State<Portal>, visit: Visit) -> Redirect {
    portal.sessions().leave(&visit);
    Redirect::to(portal.sign_in().signed_out())
}

/// An address of this portal to come back to: anything else is the first page.
#[must_use]
pub fn own_address(then: Option<&str>) -> &str {
    let own = |then: &&str| {
        then.starts_with('/') && !then.starts_with("//") && !then.contains(['\\', '\r', '\n', '\t'])
    };
    then.filter(own).unwrap_or("/")
}

/// The same as a part of a query.
#[must_use]
pub fn query(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for (then, own) in [
            (Some("/ask?flow=a"), "/ask?flow=a"),
            (None, "/"),
            (Some("//evil.example"), "/"),
            (Some("https://evil.example"), "/"),
            (Some("/\\evil.example"), "/"),
            (Some("/\t/evil.example"), "/"),
        ] {
            assert_eq!(own_address(then), own);
        }
    }
}
