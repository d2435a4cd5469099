//! Random lives of grants against what must always be true: section 11 of the contract.
//!
//! `TENURE_CASES` sets how many random stories are told, 256 if it is not set.

use proptest::prelude::*;
use proptest::test_runner::Config;

// The fixture is a part of the crate and of these tests: it names modules from the root of either.
use tenure_core::{
    command, effect, event, explain, flow, grant, id, limits, machine, offer, person, query, refusal, time,
    view, world,
};

#[cfg(test)]
#[path = "../../src/fixture/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the crate's own tests use the rest of it")]
mod fixture;
#[cfg(test)]
mod invariant;
#[cfg(test)]
mod people;
#[cfg(test)]
mod story;
#[cfg(test)]
mod targets;

fn cases() -> u32 {
    std::env::var("TENURE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256)
}

proptest! {
    #![proptest_config(Config { cases: cases(), failure_persistence: None, ..Config::default() })]

    #[test]
    fn whatever_happens_the_invariants_hold(steps in prop::collection::vec(story::step(), 50)) {
        let told = story::tell(&steps)?;
        story::same_under_other_sweeps(&told)?;
        story::delivered(told)?;
    }
}
