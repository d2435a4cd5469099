//! The model.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod claims;
mod hosts;
mod scene;
mod sights;
mod store;

use std::time::{Duration, Instant};

use stateright::{Checker, HasDiscoveries, Model, Path};

use self::claims::Claim;
use self::hosts::{GUARDED, Guards, Hosts, Lock, State, Step};
use self::scene::Scene;

/// Longer than any exploration takes on a busy machine. One that is cut short has not seen everything, and fails.
const AT_MOST: Duration = Duration::from_secs(60);

/// Sees every state there is: every claim holds in all of them, and every sight is seen in one.
fn explored(name: &str, scene: Scene) {
    let hosts = Hosts::new(scene, GUARDED);
    let properties = hosts.properties();
    let began = Instant::now();
    let checker = hosts.checker().threads(2).timeout(AT_MOST).spawn_bfs().join();
    let (states, steps, deep) =
        (checker.unique_state_count(), checker.state_count(), checker.max_depth());
    println!("{name}: {states} states, {steps} steps, {deep} deep, in {:?}", began.elapsed());
    let found = checker.discoveries();
    for property in properties {
        let found = found.get(property.name);
        if property.expectation.discovery_is_failure() {
            if let Some(path) = found {
                panic!("{name}: {} does not hold:{}", property.name, told(path));
            }
        } else {
            assert!(found.is_some(), "{name}: {} is never seen", property.name);
        }
    }
    assert!(began.elapsed() < AT_MOST, "{name}: not everything was seen in {AT_MOST:?}");
}

/// Finds a way to break the claim.
fn breaks(name: &str, scene: Scene, guards: Guards, claim: Claim) -> String {
    let hosts = Hosts::new(scene, guards);
    let until = HasDiscoveries::AllOf([claim.name()].into());
    let checker = hosts.checker().threads(2).timeout(AT_MOST).finish_when(until).spawn_bfs().join();
    let way = checker.discovery(claim.name()).map(|path| told(&path));
    let way = way.unwrap_or_else(|| panic!("{name}: {} holds all the same", claim.name()));
    println!("{name}: not true that {}:{way}", claim.name());
    way
}

fn told(path: &Path<State, Step>) -> String {
    path.clone().into_actions().iter().map(|step| format!("\n  {step:?}")).collect()
}

#[test]
fn one_place() {
    explored("one place", scene::one_place());
}

#[test]
fn one_extension() {
    explored("one extension", scene::one_extension());
}

#[test]
fn one_bridge() {
    explored("one bridge", scene::one_bridge());
}

#[test]
fn every_end() {
    explored("every end", scene::every_end());
}

#[test]
fn one_target() {
    explored("one target", scene::one_target());
}

#[test]
fn one_place_extended() {
    explored("one place, extended", scene::one_place_extended().with_clocks([-1, 0]));
}

#[test]
fn a_host_far_ahead() {
    let scene = Scene { sights: sights::TURNED_AWAY.to_vec(), ..scene::one_extension() };
    explored("a host far ahead", scene.with_clocks([0, 2]));
}

#[test]
fn without_the_lock() {
    let guards = Guards { lock: Lock::Nothing, ..GUARDED };
    breaks("check, then act", scene::one_place(), guards, Claim::Limit);
    for claim in [Claim::Times, Claim::StaysClosed, Claim::Replays, Claim::OneAnswer] {
        breaks("check, then act", scene::one_extension(), guards, claim);
    }
}

#[test]
fn with_a_lock_of_the_holder_alone() {
    let guards = Guards { lock: Lock::Holder, ..GUARDED };
    breaks("a lock of the holder alone", scene::one_place(), guards, Claim::Limit);
}

#[test]
fn without_receipts() {
    let guards = Guards { receipts_are_kept: false, ..GUARDED };
    breaks("command ids forgotten", scene::one_extension(), guards, Claim::OneAnswer);
}

#[test]
fn sweeping_beside_the_lock() {
    let guards = Guards { sweeps_are_locked: false, ..GUARDED };
    breaks("expiring on a stale read", scene::one_extension(), guards, Claim::Promise);
}

#[test]
fn without_the_stores_clock() {
    let guards = Guards { store_has_a_clock: false, ..GUARDED };
    breaks("hosts' clocks alone, one behind", scene::one_extension(), guards, Claim::Over);
    let fast = scene::one_extension().with_clocks([0, 2]);
    breaks("hosts' clocks alone, one ahead", fast, guards, Claim::Tolerance);
}

#[test]
fn a_fast_host_and_a_place_that_is_kept() {
    breaks("a fast host", scene::one_place_extended().with_clocks([0, 1]), GUARDED, Claim::Limit);
}
