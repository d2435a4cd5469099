//! Random lives of grants against what must always be true: section 11 of the contract.
//!
//! `TENURE_CASES` sets how many random stories are told, 256 if it is not set.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

// The fixture is a part of the crate and of these tests: it names modules from the root of either.
use tenure_core::{
    command, effect, event, explain, flow, grant, id, lifecycle, limits, machine, offer, person, query,
    refusal, time, view, world,
};

#[cfg(test)]
#[path = "../../src/fixture/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the crate's own tests use the rest of it")]
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

/// Invariants that are never in danger would say nothing: such stories reach everything that can happen.
#[test]
fn the_stories_reach_every_event_and_many_refusals() {
    let mut runner = TestRunner::deterministic();
    let stories = prop::collection::vec(story::step(), 50);
    let (mut events, mut codes) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..200 {
        let steps = stories.new_tree(&mut runner).unwrap().current();
        let told = story::tell(&steps).unwrap();
        events.extend(told.events());
        codes.extend(told.refusals());
    }
    let never: Vec<&str> = EVENTS.into_iter().filter(|name| !events.contains(name)).collect();
    assert_eq!(never, [""; 0], "never happened");
    assert!(codes.len() > 25, "only {codes:?}");
}

const EVENTS: [&str; 29] = [
    "requested",
    "approval_given",
    "escalated",
    "approved",
    "denial_given",
    "denied",
    "withdrawn",
    "undecided",
    "now_waits",
    "activated",
    "unused",
    "failed",
    "reminded",
    "extension_asked",
    "extension_approval_given",
    "extended",
    "extension_denial_given",
    "extension_denied",
    "extension_lapsed",
    "expired",
    "given_back",
    "revoked",
    "kept_for",
    "effect_taken",
    "effect_skipped",
    "effect_done",
    "effect_failed",
    "effect_stuck",
    "effect_late",
];
