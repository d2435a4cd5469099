//! A world to ask the rules in, and a second opinion on every answer.
//!
//! A seed makes a world: policies, people whose facts change, resources, and commands that cluster around
//! deadlines. Each step is answered by the library through its door ([`subject`]) and by an [`auditor`] that was
//! written from the contract and shares no code with it. The two answers must be equal.

pub mod auditor;
pub mod coverage;
pub mod step;
pub mod subject;
pub mod workload;
