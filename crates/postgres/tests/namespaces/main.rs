//! Namespaces: many on one database, moved from one to another; layouts that are older; what cannot be read.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests: a panic is how they fail"
)]

#[path = "../hosts/common.rs"]
mod common;
mod layout;
mod many;
mod moved;
mod pages;
mod parked;
mod sealed;
