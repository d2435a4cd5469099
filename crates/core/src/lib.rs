//! The rules of Just-In-Time access as a deterministic state machine.
//!
//! Time, ids and facts about people are passed in; nothing here reads a clock, a disk or a network.

pub mod flow;
pub mod id;
pub mod limits;
pub mod person;
pub mod time;
