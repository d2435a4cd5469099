//! Namespaces: many on one database, moved from one to another; layouts that are older; what cannot be read.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "these are tests: a panic is how they fail, and they let others go on for a while"
)]

#[path = "../hosts/common.rs"]
mod common;
mod many;
mod moved;
