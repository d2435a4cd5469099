//! Several hosts on one database: each a store of its own, with connections of its own, and the server's clock.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "these are tests: a panic is how they fail, and they print how long what was done without service took"
)]

mod common;
mod compacted;
mod faults;
mod injected;
mod long;
mod proxy;
mod stale;
mod stopped;
mod tls;
mod together;
mod wire;
