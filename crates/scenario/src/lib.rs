//! Stories with expectations: people, a policy, commands at times, and what must come of each.
//!
//! A policy author tests a policy with them, and the project tests itself: every verb of a story is a
//! [`tenure_port::Call`] through the port, as any language makes it, so the same file means the same
//! everywhere.
//!
//! - [`mod@file`] finds files and reads them; [`read`] makes stories of texts, or tells everything that is
//!   wrong with them at once ([`trouble`]);
//! - [`story`] is what was read;
//! - [`run`] plays it step by step on a store of its own ([`house`]), [`want`] compares, [`mod@tell`] sums up;
//! - [`transcript`] writes down what was asked and answered, for runners in other languages.

pub mod file;
pub mod house;
pub mod read;
pub mod run;
mod shape;
pub mod story;
pub mod tell;
pub mod transcript;
pub mod trouble;
pub mod want;

pub use self::shape::Answers;
pub use self::tell::{Told, tell, tell_on};
