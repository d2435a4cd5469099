//! The pages. Each is a module: a view made of the engine's answers, and the handlers behind its addresses.

pub mod access;
pub mod ask;
pub mod grant;
pub mod history;
pub mod inbox;
pub mod notices;
pub mod policy;
pub mod reports;
pub mod who;

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use maud::Markup;

use crate::failure::Failure;
use crate::portal::Portal;
use crate::session::Who;
use crate::told::Told;

pub(crate) fn routes() -> Router<Portal> {
    Router::new()
        .merge(access::routes())
        .merge(ask::routes())
        .merge(inbox::routes())
        .merge(grant::routes())
        .merge(notices::routes())
        .merge(who::routes())
        .merge(history::routes())
        .merge(policy::routes())
        .merge(reports::routes())
}

/// After a command: back to a page, which says what came of it. A refusal that another login would mend leads there.
///
/// # Errors
/// Whatever is neither done nor refused.
pub fn after<T>(
    portal: &Portal,
    who: &Who,
    back: &str,
    answered: Result<T, Failure>,
    done: impl FnOnce(T) -> Markup,
) -> Result<Response, Failure> {
    let told = match answered {
        Ok(answer) => Told::Done(done(answer)),
        Err(Failure::Refused(refusal)) => {
            let login = refusal.would_pass.as_ref().and_then(|change| change.login.clone());
            portal.sessions().tell(&who.visit, Told::Refused(refusal));
            return Ok(match login {
                Some(needed) => Redirect::to(&portal.sign_in().begin(back, Some(&needed))).into_response(),
                None => Redirect::to(back).into_response(),
            });
        }
        Err(other) => return Err(other),
    };
    portal.sessions().tell(&who.visit, told);
    Ok(Redirect::to(back).into_response())
}

/// An address of parts, each of which may be any text.
#[must_use]
pub fn back_to(parts: &[&str]) -> String {
    let mut address = String::new();
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            address.push('/');
            address.extend(form_urlencoded::byte_serialize(part.as_bytes()));
        } else {
            address.push_str(part);
        }
    }
    address
}
