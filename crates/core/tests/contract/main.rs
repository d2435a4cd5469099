//! What others build on: codes, events, and what may follow what.

use tenure_core::{
    command, effect, event, explain, flow, grant, id, lifecycle, limits, machine, offer, person, query,
    refusal, time, view, world,
};

#[cfg(test)]
mod examples;
#[cfg(test)]
#[path = "../../src/fixture/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the crate's own tests use the rest of it")]
mod fixture;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod pairs;
