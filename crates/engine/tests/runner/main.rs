//! Runners at work: real threads, targets that remember what they were told, and time that stands until it is moved.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests: a panic is how they fail"
)]

mod house;
mod poisoned;
mod threads;

use std::sync::{Arc, Mutex};

use tenure::tenure_core::effect::{Notice, Order};
use tenure::tenure_core::event::Happened;
use tenure::tenure_core::grant::Enforcement;
use tenure::tenure_core::limits::{EFFECT_ATTEMPTS_DEFAULT, EFFECT_PAUSE_MAX, EFFECT_PAUSE_MIN};
use tenure::tenure_core::record::Entry;
use tenure::{Carried, Fault, List, Runner, Span, Taken, Trouble};

use house::{House, LEASE, Targets, nine};

fn told(kinds: &[(&str, u32)]) -> Vec<(String, u32)> {
    kinds.iter().map(|(kind, attempt)| ((*kind).to_owned(), *attempt)).collect()
}

#[test]
fn a_turn_says_how_much_was_done_and_when_there_is_more() {
    let house = House::new(&["pg"]);
    let targets = Arc::new(Targets::default());
    let runner = house.runner("w1", &targets).sweeping();
    assert_eq!(runner.turn(house.now()).unwrap(), Default::default(), "nothing is known of");
    house.request("alice", "g1", &["pg"]);
    let turn = runner.turn(house.now()).unwrap();
    assert_eq!((turn.done, turn.failed, turn.unheard, turn.again_at), (2, 0, 0, Some(nine())));
    assert_eq!(house.enforcement("g1"), Enforcement::Applied);
    assert_eq!(targets.until("pg", "alice"), Some(nine().plus(Span::hours(1))));
    let turn = runner.turn(house.now()).unwrap();
    assert_eq!((turn.effects(), turn.again_at), (0, Some(nine().plus(Span::hours(1)))), "its end");
    // A sweep at the end makes the removal, and the next turn carries it out.
    house.later(Span::hours(1));
    let turn = runner.turn(house.now()).unwrap();
    assert_eq!((turn.effects(), turn.swept.people, turn.again_at), (0, 1, Some(house.now())));
    assert_eq!(runner.turn(house.now()).unwrap().done, 2);
    assert_eq!(targets.until("pg", "alice"), None);
    // Who is far ahead of the store's clock is told so, and nothing is taken.
    let fault = runner.turn(house.now().plus(Span::hours(1))).unwrap_err();
    assert!(matches!(fault, tenure::Error::Fault(Fault::Clock { .. })), "{fault}");
}

#[test]
fn what_has_no_handler_is_left_to_others() {
    let house = House::new(&["pg", "k8s"]);
    let pg = Arc::new(Targets::default());
    let other = pg.clone();
    let runner = Runner::new(house.engine.clone(), "w1", LEASE)
        .at("pg".parse().unwrap(), move |effect: &Taken| other.told(effect));
    house.request("alice", "g1", &["pg", "k8s"]);
    let turn = runner.turn(house.now()).unwrap();
    assert_eq!(turn.done, 1);
    assert_eq!(runner.turn(house.now()).unwrap().again_at, None, "nothing that it handles");
    assert_eq!(pg.at("pg"), told(&[("provision", 1)]));
    let rest = Arc::new(Targets::default());
    let others = rest.clone();
    let runner = Runner::new(house.engine.clone(), "w2", LEASE)
        .notices(move |effect: &Taken| others.told(effect))
        .at("k8s".parse().unwrap(), |_: &Taken| Ok(Carried::out()));
    assert_eq!(runner.turn(house.now()).unwrap().done, 2);
    assert_eq!(rest.at("notices"), told(&[("notify:active", 1)]));
    assert!(house.engine.take_effects("w3", LEASE, house.now()).unwrap().is_empty());
}

#[test]
fn a_worker_that_is_no_id_takes_nothing() {
    let house = House::new(&["pg"]);
    house.request("alice", "g1", &["pg"]);
    let targets = Arc::new(Targets::default());
    let fault = house.runner("", &targets).turn(house.now()).unwrap_err();
    assert!(matches!(fault, tenure::Error::Fault(Fault::BadId { which: "worker id", .. })), "{fault}");
    assert!(targets.all().is_empty());
}

#[test]
fn a_lease_that_runs_out_brings_the_effect_back() {
    let house = House::new(&["pg"]);
    house.request("alice", "g1", &["pg"]);
    // A worker that dies with the effect in its hands.
    let lost = house.engine.take(&tenure::Take::new("w0", LEASE).at("pg".to_owned()), house.now()).unwrap();
    assert_eq!((lost[0].kind.as_str(), lost[0].attempt), ("provision", 1));
    let targets = Arc::new(Targets::default());
    let runner = house.runner("w1", &targets);
    assert_eq!(runner.turn(house.now()).unwrap().done, 1, "the notice");
    let turn = runner.turn(house.now()).unwrap();
    assert_eq!((turn.effects(), turn.again_at), (0, Some(nine().plus(LEASE))));
    house.later(LEASE.less(Span::millis(1)));
    assert_eq!(runner.turn(house.now()).unwrap().effects(), 0);
    house.later(Span::millis(1));
    assert_eq!(runner.turn(house.now()).unwrap().done, 1);
    assert_eq!(targets.at("pg"), told(&[("provision", 2)]));
}

#[test]
fn failures_pause_longer_and_longer_and_the_turn_knows_how_long() {
    let house = House::new(&["pg"]);
    house.request("alice", "g1", &["pg"]);
    let targets = Arc::new(Targets::default());
    targets.sick("pg");
    let runner = house.runner("w1", &targets);
    let mut longest = EFFECT_PAUSE_MIN;
    for attempt in 1..EFFECT_ATTEMPTS_DEFAULT {
        let turn = runner.turn(house.now()).unwrap();
        assert_eq!((turn.failed, turn.again_at), (1, Some(house.now())));
        assert_eq!(targets.at("pg"), told(&[("provision", attempt)]));
        let again = runner.turn(house.now()).unwrap().again_at.unwrap();
        let pause = again.since(house.now()).as_millis();
        assert!((longest.as_millis() / 2..=longest.as_millis()).contains(&pause), "{attempt}: {pause}");
        house.later(Span::millis(pause - 1));
        assert_eq!(runner.turn(house.now()).unwrap().effects(), 0, "not a millisecond before");
        house.later(Span::millis(1));
        longest = longest.times(2).min(EFFECT_PAUSE_MAX);
    }
}

// guard: `runner/mod.rs`, what failed is said
#[test]
fn r05_a_removal_that_fails_is_stuck_said_aloud_and_tried_until_it_is_done() {
    let house = House::new(&["pg"]);
    let targets = Arc::new(Targets::default());
    let runner = house.runner("w1", &targets).sweeping();
    house.request("alice", "g1", &["pg"]);
    runner.turn(house.now()).unwrap();
    assert_eq!(targets.at("pg"), told(&[("provision", 1)]));
    targets.sick("pg");
    house.later(Span::hours(1));
    let mut removals = 0;
    let mut stuck_at = None;
    while removals < 3 * EFFECT_ATTEMPTS_DEFAULT {
        let turn = runner.turn(house.now()).unwrap();
        for effect in targets.all() {
            if let Order::Tell { notice: Notice::Stuck, .. } = effect.order {
                stuck_at.get_or_insert(removals);
            }
        }
        removals += u32::try_from(targets.at("pg").len()).unwrap();
        // Whenever the turn says: it is never forgotten what comes next.
        house.clock.set(turn.again_at.unwrap());
    }
    assert_eq!(stuck_at, Some(EFFECT_ATTEMPTS_DEFAULT), "after so many attempts, by a notice of its own");
    assert_eq!(house.enforcement("g1"), Enforcement::StuckRemoving);
    let stuck = List { enforcement: Some(Enforcement::StuckRemoving), ..List::default() };
    let listed = |list| house.engine.list(list, house.now()).unwrap().grants.len();
    assert_eq!(listed(&stuck), 1, "whoever looks for what is stuck finds it");
    assert!(targets.until("pg", "alice").is_some());
    targets.well("pg");
    house.later(EFFECT_PAUSE_MAX);
    assert_eq!(runner.turn(house.now()).unwrap().done, 1);
    assert_eq!(targets.until("pg", "alice"), None);
    assert_eq!((house.enforcement("g1"), listed(&stuck)), (Enforcement::Removed, 0));
    let said = house.happened("g1").into_iter().filter(|name| *name == "effect_stuck").count();
    assert_eq!(said, 1);
}

#[test]
fn a_host_may_say_after_how_many_attempts_it_is_stuck() {
    let mut house = House::new(&["pg"]);
    house.engine = house.engine.clone().stuck_after(2);
    house.request("alice", "g1", &["pg"]);
    let targets = Arc::new(Targets::default());
    targets.sick("pg");
    let runner = house.runner("w1", &targets);
    for enforcement in [Enforcement::Applying, Enforcement::StuckApplying] {
        runner.turn(house.now()).unwrap();
        assert_eq!(house.enforcement("g1"), enforcement);
        house.later(EFFECT_PAUSE_MAX);
    }
}

// guard: `next.rs`, what is under lease comes back
#[test]
fn r20_a_removal_whose_worker_died_and_then_failed_is_tried_again() {
    let house = House::new(&["pg"]);
    let targets = Arc::new(Targets::default());
    let runner = house.runner("w1", &targets);
    house.request("alice", "g1", &["pg"]);
    runner.turn(house.now()).unwrap();
    house.give_back("alice", "g1");
    // The lease expires, the retry fails, and still it is there: leaving a queue is no change of state.
    for _ in 0..3 {
        let lost =
            house.engine.take(&tenure::Take::new("w0", LEASE).at("pg".to_owned()), house.now()).unwrap();
        assert_eq!(lost[0].kind, "deprovision");
        house.later(LEASE);
        targets.sick("pg");
        assert_eq!(runner.turn(house.now()).unwrap().failed, 1);
        assert_eq!(house.enforcement("g1"), Enforcement::Removing);
        house.later(EFFECT_PAUSE_MAX);
    }
    targets.well("pg");
    runner.turn(house.now()).unwrap();
    assert_eq!((house.enforcement("g1"), targets.until("pg", "alice")), (Enforcement::Removed, None));
}

// guard: `runner/mod.rs`, only who did it says so
#[test]
fn r24_access_is_removed_once_the_target_says_so_and_not_before() {
    let house = House::new(&["pg"]);
    let targets = Arc::new(Targets::default());
    let runner = house.runner("w1", &targets);
    house.request("alice", "g1", &["pg"]);
    runner.turn(house.now()).unwrap();
    house.give_back("alice", "g1");
    targets.sick("pg");
    for _ in 0..2 {
        runner.turn(house.now()).unwrap();
        let there = targets.until("pg", "alice").is_some();
        assert_eq!((house.enforcement("g1"), there), (Enforcement::Removing, true));
        house.later(EFFECT_PAUSE_MAX);
    }
    // A handler that breaks off has confirmed nothing either.
    let breaks = Runner::new(house.engine.clone(), "w2", LEASE).handle(|_: &Taken| panic!("in the middle"));
    assert_eq!(breaks.turn(house.now()).unwrap().failed, 1);
    assert_eq!(house.enforcement("g1"), Enforcement::Removing);
    targets.well("pg");
    house.later(EFFECT_PAUSE_MAX);
    runner.turn(house.now()).unwrap();
    assert_eq!((house.enforcement("g1"), targets.until("pg", "alice")), (Enforcement::Removed, None));
}

// guard: `lifecycle/verdict.rs`, what failed is tried again
#[test]
fn r34_the_last_of_several_new_ends_reaches_the_target_after_failures() {
    let house = House::new(&["pg"]);
    let targets = Arc::new(Targets::default());
    let runner = house.runner("w1", &targets);
    house.request("alice", "g1", &["pg"]);
    runner.turn(house.now()).unwrap();
    targets.at("pg");
    // Nobody took the first end before the second replaced it.
    house.extend("alice", "g1");
    house.extend("alice", "g1");
    targets.sick("pg");
    runner.turn(house.now()).unwrap();
    assert_eq!(targets.at("pg"), told(&[("adjust", 1)]));
    assert_eq!(house.enforcement("g1"), Enforcement::Applying, "it shows until the target has it");
    // This one was taken: the third end is told for itself, and the old effect when its pause is over.
    house.extend("alice", "g1");
    targets.well("pg");
    let end = nine().plus(Span::minutes(63));
    runner.turn(house.now()).unwrap();
    assert_eq!((targets.until("pg", "alice"), targets.at("pg")), (Some(end), told(&[("adjust", 1)])));
    house.later(EFFECT_PAUSE_MAX);
    runner.turn(house.now()).unwrap();
    assert_eq!((targets.until("pg", "alice"), targets.at("pg")), (Some(end), told(&[("adjust", 2)])));
    assert_eq!(house.enforcement("g1"), Enforcement::Applied);
}

#[test]
fn what_nobody_took_is_not_given_after_the_end() {
    let house = House::new(&["pg"]);
    let targets = Arc::new(Targets::default());
    house.request("alice", "g1", &["pg"]);
    house.give_back("alice", "g1");
    house.runner("w1", &targets).turn(house.now()).unwrap();
    assert_eq!(targets.at("pg"), []);
    assert_eq!(house.enforcement("g1"), Enforcement::None);
}

#[test]
fn a_handler_that_panics_has_failed_and_the_runner_goes_on() {
    let house = House::new(&["pg", "k8s"]);
    let targets = Arc::new(Targets::default());
    let calls = Arc::new(Mutex::new(0));
    let (others, counted) = (targets.clone(), calls.clone());
    let runner = Runner::new(house.engine.clone(), "w1", LEASE)
        .at("k8s".parse().unwrap(), move |_: &Taken| {
            let mut calls = counted.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            *calls += 1;
            if *calls == 1 { panic!("call {calls}") } else { Ok(Carried::out()) }
        })
        .handle(move |effect: &Taken| others.told(effect));
    house.request("alice", "g1", &["k8s", "pg"]);
    let turn = runner.turn(house.now()).unwrap();
    assert_eq!((turn.done, turn.failed), (2, 1));
    let history = house.engine.history("g1").unwrap();
    let error = history.iter().find_map(|record| {
        let Entry::Event(event) = &record.entry else { return None };
        let Happened::EffectFailed(missed) = &event.happened else { return None };
        Some(missed.error.clone())
    });
    assert_eq!(error.as_deref(), Some("the handler panicked: call 1"));
    house.later(EFFECT_PAUSE_MAX);
    assert_eq!(runner.turn(house.now()).unwrap().done, 1);
    assert_eq!(house.enforcement("g1"), Enforcement::Applied);
}

#[test]
fn a_handler_may_say_that_it_was_there_before_or_that_it_never_will_be() {
    let house = House::new(&["pg", "k8s"]);
    let runner = Runner::new(house.engine.clone(), "w1", LEASE)
        .at("pg".parse().unwrap(), |effect: &Taken| match &effect.order {
            Order::Hold { items, .. } => {
                Ok(Carried::out().already_held(items.iter().map(|held| held.item.clone())))
            }
            Order::Remove { .. } | Order::Rotate { .. } | Order::Tell { .. } => panic!("it was there before"),
        })
        .at("k8s".parse().unwrap(), |_: &Taken| Err(Trouble::of("no such cluster").last()))
        .notices(|_: &Taken| Ok(Carried::out()));
    house.request("alice", "g1", &["pg"]);
    house.request("bert", "g2", &["k8s"]);
    let turn = runner.turn(house.now()).unwrap();
    assert_eq!((turn.done, turn.failed), (3, 1));
    assert_eq!(house.enforcement("g2"), Enforcement::StuckApplying);
    house.give_back("alice", "g1");
    assert_eq!(runner.turn(house.now()).unwrap().failed, 0, "what she had before stays hers");
}

#[test]
fn an_error_of_the_hosts_is_a_failure_by_its_words() {
    fn reads(text: &str) -> Result<Carried, Trouble> {
        let _: u32 = text.parse()?;
        Ok(Carried::out())
    }
    assert_eq!(reads("7"), Ok(Carried::out()));
    assert_eq!(reads("x"), Err(Trouble::of("invalid digit found in string")));
}
