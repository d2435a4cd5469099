//! A record of a real engine, and what is done to it: all of it is found, and the first position is named.

#![expect(clippy::unwrap_used, reason = "these are tests: a panic is how they fail")]

mod elsewhere;
mod scene;
mod tampered;
