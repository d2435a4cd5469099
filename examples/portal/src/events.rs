//! Notices, sent to whoever has a page open: server-sent events.

use std::sync::Mutex;

use axum::extract::State;
use axum::response::{IntoResponse, Response};

use crate::portal::Portal;
use crate::session::Who;

/// Who is listening.
#[derive(Debug, Default)]
pub struct Hub {
    _listening: Mutex<()>,
}

/// The stream of one page.
pub async fn stream(State(_portal): State<Portal>, _who: Who) -> Response {
    axum::http::StatusCode::NO_CONTENT.into_response()
}
