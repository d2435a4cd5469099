//! A stand-in for signing in, for development: whoever opens it picks who they are. It proves nothing, and says so.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use maud::{Markup, html};
use tenure::tenure_core::refusal::Login;
use tenure::{Authenticated, Level, PersonId};

use super::{SignIn, own_address, query};
use crate::failure::Failure;
use crate::form::Sent;
use crate::guard::TOKEN;
use crate::page::{bare, hidden};
use crate::portal::Portal;
use crate::session::{SignedIn, Visit};

/// The stand-in.
#[derive(Clone, Copy, Debug)]
pub struct PickAPerson;

impl SignIn for PickAPerson {
    fn routes(&self) -> Router<Portal> {
        Router::new().route("/sign-in", get(show).post(enter))
    }

    fn begin(&self, then: &str, needed: Option<&Login>) -> String {
        let level = needed.and_then(|login| login.level).map_or("", Level::as_str);
        format!("/sign-in?{}", query(&[("then", then), ("level", level)]))
    }
}

async fn show(
    State(portal): State<Portal>,
    visit: Visit,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Response {
    bare("Sign in", &view(&portal, &visit, &asked))
}

fn view(portal: &Portal, visit: &Visit, asked: &BTreeMap<String, String>) -> Markup {
    let then = own_address(asked.get("then").map(String::as_str));
    let level = asked.get("level").map_or("", String::as_str);
    html! {
        p.warning {
            strong { "Development only. " }
            "Nothing is proved here: whoever opens this page picks who they are."
        }
        @if !level.is_empty() { p { "The rules ask for a login at " strong { (level) } "." } }
        form method="post" action="/sign-in" {
            (hidden(TOKEN, &visit.csrf))
            (hidden("then", then))
            ul.people {
                @for listed in portal.directory().people() {
                    li {
                        button type="submit" name="person" value=(listed.person.id) {
                            strong { (listed.name) }
                            @if let Some(title) = &listed.title { span { (title) } }
                        }
                    }
                }
            }
            p {
                label for="level" { "As if proved at" } " "
                select #level name="level" {
                    @for (value, name) in [("", "one factor"), ("aal2", "two factors (aal2)"), ("aal3", "a hardware key (aal3)")] {
                        option value=(value) selected[value == level] { (name) }
                    }
                }
            }
        }
    }
}

async fn enter(State(portal): State<Portal>, visit: Visit, sent: Sent) -> Result<Response, Failure> {
    let picked = sent.text("person").unwrap_or_default();
    let nobody = || Failure::Malformed(format!("`{picked}` is not in the directory."));
    let id = PersonId::new(&picked).map_err(|_| nobody())?;
    portal.directory().person(&id).ok_or_else(nobody)?;
    let (level, methods): (_, &[&str]) = match sent.text("level").as_deref() {
        Some("aal3") => (Level::Aal3, &["hwk", "pin"]),
        Some("aal2") => (Level::Aal2, &["pwd", "otp"]),
        Some(_) | None => (Level::Aal1, &["pwd"]),
    };
    let methods: BTreeSet<_> = methods.iter().map(|&method| method.to_owned()).collect();
    let authenticated = Authenticated { at: portal.now(), methods, level: Some(level) };
    let cookie = portal.sessions().enter(&visit, SignedIn { id, authenticated })?;
    let then = sent.text("then");
    let address = own_address(then.as_deref());
    Ok(([(SET_COOKIE, cookie)], Redirect::to(address)).into_response())
}
