//! A model of two hosts on one store, explored exhaustively: request, approve, extend, revoke, expire, with a
//! limit that two people share.
//!
//! `cargo test -p tenure-sim --test model -- --nocapture` prints how many states there were. The tests that begin
//! with `without_` take a guard out and find, step by step, how that goes wrong.
//!
//! # What it covers
//!
//! The rules are not told again: each decision is the engine's own plan ([`tenure::tenure_store::Batch`] over
//! `tenure_core::machine::apply`), on real grants under a compiled policy. The model is what stands around them,
//! in every order there is:
//!
//! - **Two hosts** that read and decide in one step and write in another. Whatever the lock lets through comes
//!   between: with all guards in their place that is time, and without one the other host.
//! - **Clocks**: the store's, which goes on by ticks of the tolerance (30 s); a host that is a tick behind it, one that
//!   is a tick ahead and just tolerated, one that is two ahead and is not. Every deadline falls on a tick, so commands
//!   and sweeps come before it, at it and after it.
//! - **Lost answers** and transactions that break off: one of them in a scene, none in the two about every outcome and
//!   about a target. Whoever heard no answer, or a no, gives the same command under its id again, at either host.
//! - **Sweeps** by either host at any time; and in one scene workers of both hosts, which take effects, confirm
//!   them, fail for good, or let their lease run out and speak later.
//! - **Seven scenes** (`scene.rs`) of one or two people, an approver, and two to seven commands: one place for two
//!   people; a place and an extension; one extension for two clicks, and a revocation; an extension that somebody
//!   decides while a bridge runs; every outcome; a target that confirms; a host far ahead.
//!
//! All of `claims.rs` holds in every state. All of `sights.rs` is seen in one: each stage, each outcome, the
//! refusals that matter. So no claim holds because nothing happens.
//!
//! # What it does not cover
//!
//! - **More**: three hosts, three people, limits above one, more lost answers, instants between two ticks, a clock of
//!   the store that jumps. What is said is said within the bounds of the scenes.
//! - **A real store**: the one of the model is a map that is written whole, and its lock is of the tenant. That a
//!   transaction is atomic, durable and locks what it reads is assumed here; the suite that every store passes
//!   is about that. What a finer lock must keep can be seen where that of the holder alone is too little.
//! - **The rules**, but for what these scenes meet: no hours, conditions, guards, conflicts, kits, quotas,
//!   emergencies, changes of policy, revocations of many. Their tests stand in `tenure-core`.
//! - **Progress**, but that what time has ended is written down before nothing more happens. Nobody is promised a turn.
//! - States are told apart by digests of 64 bits, as `stateright` does it: two that fell together would hide one.
//!
//! # What it found
//!
//! [`a_fast_host_gives_no_place_away_that_is_kept`]: a host that was ahead saw a place free that its holder then kept
//! by an extension. What others hold is open now until the store's clock has passed its end. But for that, where a
//! host is ahead two grants may overlap for as long as it is: it writes an end down that much too early. The claim
//! about the limit allows this much, and nothing where no host is ahead.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests: a panic is how they fail"
)]

mod claims;
mod hosts;
mod scene;
mod sights;
mod store;

use std::time::{Duration, Instant};

use stateright::{Checker, HasDiscoveries, Model, Path};

use self::claims::{Claim, WRITTEN_DOWN};
use self::hosts::{GUARDED, Guards, Hosts, Lock, State, Step};
use self::scene::Scene;

/// Longer than any exploration takes on a busy machine. One that is cut short has not seen everything, and fails.
const AT_MOST: Duration = Duration::from_secs(300);

/// Sees every state there is: every claim holds in all of them, and every sight is seen in one.
#[expect(clippy::disallowed_methods, reason = "how long an exploration takes is told, and bounded")]
fn explored(name: &str, scene: Scene) {
    let hosts = Hosts::new(scene, GUARDED);
    let properties = hosts.properties();
    let began = Instant::now();
    let checker = hosts.checker().threads(2).timeout(AT_MOST).spawn_bfs().join();
    let (states, steps, deep) = (checker.unique_state_count(), checker.state_count(), checker.max_depth());
    println!("{name}: {states} states, {steps} steps, {deep} deep, in {:?}", began.elapsed());
    let found = checker.discoveries();
    for property in properties {
        let found = found.get(property.name);
        if property.expectation.discovery_is_failure() {
            if let Some(path) = found {
                panic!("{name}: {} does not hold:{}", property.name, told(checker.model(), path));
            }
        } else {
            assert!(found.is_some(), "{name}: {} is never seen", property.name);
        }
    }
    assert!(began.elapsed() < AT_MOST, "{name}: not everything was seen in {AT_MOST:?}");
}

/// Finds a way to break the claim: few steps, if not the fewest.
fn breaks(name: &str, scene: Scene, guards: Guards, claim: &'static str) {
    let hosts = Hosts::new(scene, guards);
    let until = HasDiscoveries::AllOf([claim].into());
    let checker = hosts.checker().threads(1).timeout(AT_MOST).finish_when(until).spawn_bfs().join();
    let way = checker.discovery(claim).map(|path| told(checker.model(), &path));
    let way = way.unwrap_or_else(|| panic!("{name}: {} holds all the same", claim));
    println!("{name}: not true that {}:{way}", claim);
}

fn told(hosts: &Hosts, path: &Path<State, Step>) -> String {
    let steps = path.clone().into_actions();
    steps.iter().map(|step| format!("\n  {}", hosts.format_action(step))).collect()
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
fn one_place_extended() {
    explored("one place, extended", scene::one_place_extended().with_clocks([-1, 0]));
}

/// A fast host would see alice's access over and give her place to bob, though a host whose clock is right may still
/// extend hers.
#[test]
fn a_fast_host_gives_no_place_away_that_is_kept() {
    explored("a fast host", scene::one_place_extended().with_clocks([0, 1]));
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
fn a_host_far_ahead() {
    let scene = Scene { sights: sights::TURNED_AWAY.to_vec(), ..scene::one_extension() };
    explored("a host far ahead", scene.with_clocks([0, 2]));
}

#[test]
fn without_a_lock() {
    let guards = Guards { lock: Lock::Nothing, ..GUARDED };
    breaks("check, then act", scene::one_place(), guards, Claim::Limit.name());
    for claim in [Claim::Times, Claim::StaysClosed, Claim::Replays, Claim::OneAnswer] {
        breaks("check, then act", scene::one_extension(), guards, claim.name());
    }
}

/// What people share must be locked as well.
#[test]
fn without_a_lock_of_what_is_shared() {
    let guards = Guards { lock: Lock::Holder, ..GUARDED };
    breaks("a lock of the holder alone", scene::one_place(), guards, Claim::Limit.name());
}

#[test]
fn without_sweeps() {
    let scene = Scene { people: Vec::new(), ..scene::one_extension() };
    breaks("nobody sweeps", scene, GUARDED, WRITTEN_DOWN);
}

#[test]
fn without_receipts() {
    let guards = Guards { receipts_are_kept: false, ..GUARDED };
    breaks("command ids forgotten", scene::one_extension(), guards, Claim::OneAnswer.name());
}

#[test]
fn without_a_lock_of_sweeps() {
    let guards = Guards { sweeps_are_locked: false, ..GUARDED };
    breaks("expiring on a stale read", scene::one_extension(), guards, Claim::Promise.name());
}

#[test]
fn without_the_stores_clock() {
    let guards = Guards { store_has_a_clock: false, ..GUARDED };
    breaks("the hosts' clocks alone, one behind", scene::one_extension(), guards, Claim::Over.name());
    let fast = scene::one_extension().with_clocks([0, 2]);
    breaks("the hosts' clocks alone, one ahead", fast, guards, Claim::Tolerance.name());
}
