#![doc = include_str!("../FLOWS.md")]

#[cfg(feature = "cedar")]
pub mod condition;
mod decode;
pub mod document;
mod lint;
mod policy;
pub mod problem;
mod schema;

pub use self::policy::{File, Policy};
pub use self::problem::{Problem, Problems, Warning, Warnings};
pub use self::schema::schema;
