//! The portal through its router: what a browser would send, and what it would get.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests: a panic is how they fail"
)]

mod browser;
mod clicks;
mod elsewhere;
mod guards;
mod looking;
mod notices;
mod pages;
