//! Reports.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use maud::html;

use crate::page::page;
use crate::portal::Portal;
use crate::session::Who;

pub(super) fn routes() -> Router<Portal> {
    Router::new().route("/reports", get(show))
}

async fn show(State(portal): State<Portal>, who: Who) -> Response {
    page(&portal, &who, "/reports", "Reports", &html! {})
}
