//! A portal for people, as a user of tenure would build one: axum, pages made on the server, a little script.
//!
//! The portal decides nothing. What is listed comes from `list`, `inbox` and `catalog`; what may be pressed, what a
//! click gives and why it may not be pressed comes from `offer` and `explain`; what happened from `log`. A module of
//! [`pages`] is a page: a view made of the engine's answers, and the handlers behind its addresses.

pub mod changes;
pub mod clock;
pub mod demo;
pub mod duty;
pub mod events;
pub mod failure;
pub mod form;
pub mod guard;
pub mod notices;
pub mod page;
pub mod pages;
pub mod people;
pub mod portal;
pub mod reports;
pub mod session;
pub mod sign_in;
pub mod site;
pub mod slack;
pub mod told;
pub mod words;
pub mod worker;

mod assets;

pub use portal::{Parts, Portal};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Redirect;
use axum::routing::{get, post};

/// Every address of the portal.
///
/// What is sent to it passes three gates before a page sees it, from the outside in: every answer carries the headers
/// of [`guard::headers`], every visitor has a session, and nothing is changed by a request that another site could
/// have made.
pub fn router(portal: Portal) -> Router {
    let pages = Router::new()
        .route("/", get(|| async { Redirect::to("/access") }))
        .merge(pages::routes())
        .merge(portal.sign_in().routes())
        .route("/sign-out", post(sign_in::out))
        .route("/events", get(events::stream))
        .fallback(page::nowhere)
        .layer(from_fn_with_state(portal.clone(), sign_in::step_up::challenge))
        .layer(from_fn_with_state(portal.clone(), guard::own_pages_only))
        .layer(from_fn_with_state(portal.clone(), session::visit))
        .layer(DefaultBodyLimit::disable());
    pages.merge(assets::routes()).layer(from_fn(guard::headers)).with_state(portal)
}
