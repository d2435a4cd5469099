//! Documents to flows.

#[cfg(feature = "cedar")]
pub mod condition;
pub mod document;
pub mod problem;

pub use self::problem::{Problem, Problems, Warning, Warnings};
