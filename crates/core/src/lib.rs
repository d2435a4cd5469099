#![doc = include_str!("../DOMAIN.md")]

pub mod flow;
pub mod id;
pub mod limits;
pub mod person;
pub mod time;

pub mod command;
pub mod effect;
pub mod event;
pub mod explain;
pub mod grant;
pub mod lifecycle;
pub mod offer;
pub mod record;
pub mod refusal;
pub mod view;
pub mod world;

pub mod machine;
pub mod query;

pub(crate) mod board;
pub(crate) mod check;

#[cfg(test)]
mod fixture;
