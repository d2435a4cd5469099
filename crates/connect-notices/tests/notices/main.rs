//! Notices in words, as e-mail and as webhooks, over real sockets.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "these are tests: a panic is how they fail"
)]

mod house;
mod mail;
mod sink;
mod tls;
mod webhook;
mod words;
