//! A world to ask the rules in, and a second opinion on every answer.
//!
//! A seed makes a world: policies, people whose facts change, resources, and commands that cluster around
//! deadlines. Each step is answered by the library through its door ([`subject`]) and by an [`auditor`] that was
//! written from the contract and shares no code with it. The two answers must be equal, and after every step what
//! must always be true is looked at ([`invariant`]). A run is cut in episodes ([`run`]).

mod advice;
pub mod auditor;
pub mod coverage;
pub mod episode;
pub mod finding;
pub mod given;
pub mod invariant;
pub mod opinions;
pub mod progress;
pub mod run;
pub mod script;
pub mod shrink;
pub mod stages;
pub mod step;
mod stopwatch;
pub mod subject;
pub mod tell;
mod twin;
pub mod workload;
