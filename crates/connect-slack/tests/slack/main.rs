//! tenure in Slack, against a stand-in for Slack's API: what people are told, what they click, and what comes of it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests: a panic is how they fail"
)]

mod clicks;
mod every;
mod forms;
mod hostile;
mod house;
mod limits;
mod round_trip;
mod stand_in;
