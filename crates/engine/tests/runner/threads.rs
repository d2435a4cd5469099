//! Several threads, several runners: what is in hand, what is in order, what comes late, and how it stops.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tenure::tenure_core::grant::Enforcement;
use tenure::{Carried, Runner, Span, Stop, Taken, Timestamp};

use crate::house::{House, LEASE, Targets, place};

/// How long anybody waits: machines are slow, and a hang is for ever.
pub(crate) const LONGEST: Duration = Duration::from_secs(300);

/// A handler that waits to be let go, and says when it has begun.
fn gated() -> (impl Fn(&Taken) -> Result<Carried, tenure::Trouble> + Send + Sync, Receiver<Taken>, Sender<()>)
{
    let ((begun, has_begun), (go, may_go)) = (channel(), channel::<()>());
    let (begun, may_go) = (Mutex::new(begun), Mutex::new(may_go));
    let handler = move |effect: &Taken| {
        begun.lock().unwrap().send(effect.clone()).unwrap();
        may_go.lock().unwrap().recv_timeout(LONGEST / 5).unwrap();
        Ok(Carried::out())
    };
    (handler, has_begun, go)
}

#[test]
fn effects_of_a_grant_come_in_order_and_one_at_a_time_at_each_target() {
    const AT: [&str; 3] = ["pg", "k8s", "aws"];
    let house = House::new(&AT);
    let targets = Arc::new(Targets::default());
    let runners = ["w1", "w2"].map(|worker| house.runner(worker, &targets).hands(2).idle(Span::millis(2)));
    let stop = Stop::new();
    let people = ["alice", "bert", "carol"];
    let turns = std::thread::scope(|scope| {
        let (stop, house) = (&stop, &house);
        let run = |runner| scope.spawn(move || Runner::run(runner, stop, || house.now()).unwrap());
        let threads: Vec<_> = runners.iter().flat_map(|runner| [run(runner), run(runner)]).collect();
        for round in 0..12 {
            for who in people {
                house.request(who, &format!("{who}-{round}"), &AT);
            }
            // Half of them are under way for a while before they are changed.
            if round % 2 == 0 {
                let applied =
                    |who: &&str| house.enforcement(&format!("{who}-{round}")) == Enforcement::Applied;
                until(|| people.iter().all(applied));
            }
            for who in people {
                house.extend(who, &format!("{who}-{round}"));
                if round > 0 {
                    house.give_back(who, &format!("{who}-{}", round - 1));
                }
            }
        }
        for who in people {
            house.give_back(who, &format!("{who}-11"));
        }
        let over = |grant: &str| matches!(house.enforcement(grant), Enforcement::Removed | Enforcement::None);
        until(|| people.iter().all(|who| (0..12).all(|round| over(&format!("{who}-{round}")))));
        stop.stop();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    // Two at once would have been a panic of the handler, and so a failure.
    assert!(turns.iter().all(|turn| turn.failed == 0 && turn.unheard == 0), "{turns:?}");
    let mut numbers: BTreeMap<(String, String), Vec<u32>> = BTreeMap::new();
    for effect in targets.all().iter().filter(|effect| place(&effect.order) != "notices") {
        numbers.entry((effect.grant.to_string(), place(&effect.order))).or_default().push(effect.number);
    }
    assert!(numbers.len() >= 54, "{}", numbers.len());
    assert!(numbers.values().all(|numbers| numbers.is_sorted()), "{numbers:?}");
    for (who, at) in people.iter().flat_map(|who| AT.map(|at| (who, at))) {
        assert_eq!(targets.until(at, who), None, "{who} at {at}");
    }
}

#[test]
fn two_runners_never_hold_two_effects_of_one_holder_at_one_target() {
    let house = House::new(&["pg"]);
    house.request("alice", "g1", &["pg"]);
    house.request("alice", "g2", &["pg"]);
    house.request("bert", "g3", &["pg"]);
    let (handler, has_begun, go) = gated();
    let gate = Arc::new(handler);
    let runners = ["w1", "w2", "w3"].map(|worker| {
        let gate = gate.clone();
        Runner::new(house.engine.clone(), worker, LEASE).at("pg".parse().unwrap(), move |it: &Taken| gate(it))
    });
    std::thread::scope(|scope| {
        let at_work: Vec<_> =
            runners[..2].iter().map(|runner| scope.spawn(|| runner.turn(house.now()).unwrap())).collect();
        let mut held: Vec<_> =
            (0..2).map(|_| has_begun.recv_timeout(LONGEST).unwrap().holder.to_string()).collect();
        held.sort();
        assert_eq!(held, ["alice", "bert"]);
        let third = runners[2].turn(house.now()).unwrap();
        assert_eq!(third.effects(), 0, "the other of alice's waits for the first");
        (0..3).for_each(|_| go.send(()).unwrap());
        let done: u64 = at_work.into_iter().map(|thread| thread.join().unwrap().done).sum();
        assert_eq!(done, 3);
    });
}

#[test]
fn a_target_that_hangs_holds_up_as_many_threads_as_it_has_hands() {
    let house = House::new(&["aws", "k8s"]);
    for n in 0..3 {
        house.request(&format!("p{n}"), &format!("g{n}"), &["aws", "k8s"]);
    }
    let (handler, has_begun, go) = gated();
    let targets = Arc::new(Targets::default());
    let runner = house.runner("w1", &targets).at("aws".parse().unwrap(), handler);
    std::thread::scope(|scope| {
        let hangs = scope.spawn(|| runner.turn(house.now()).unwrap());
        let _in_hand = has_begun.recv_timeout(LONGEST).unwrap();
        // Another thread of the same runner does not go there as well.
        assert_eq!(runner.turn(house.now()).unwrap().done, 3, "all at k8s");
        let turn = runner.turn(house.now()).unwrap();
        assert_eq!((turn.effects(), turn.again_at), (0, None), "it waits for the other thread");
        (0..3).for_each(|_| go.send(()).unwrap());
        assert_eq!(hangs.join().unwrap().done, 6, "notices, which came first, and all at aws");
    });
}

#[test]
fn a_verdict_after_the_end_brings_the_removal_back() {
    let house = House::new(&["pg"]);
    house.request("alice", "g1", &["pg"]);
    let targets = Arc::new(Targets::default());
    let ((begun, has_begun), (go, may_go)) = (channel(), channel::<()>());
    let (begun, may_go, slow) = (Mutex::new(begun), Mutex::new(may_go), targets.clone());
    let sleepy =
        Runner::new(house.engine.clone(), "sleepy", LEASE).at("pg".parse().unwrap(), move |it: &Taken| {
            begun.lock().unwrap().send(()).unwrap();
            may_go.lock().unwrap().recv_timeout(LONGEST / 5).unwrap();
            slow.obey(it);
            Ok(Carried::out())
        });
    let awake = house.runner("awake", &targets);
    std::thread::scope(|scope| {
        let late = scope.spawn(|| sleepy.turn(house.now()).unwrap());
        has_begun.recv_timeout(LONGEST).unwrap();
        house.give_back("alice", "g1");
        house.later(LEASE);
        awake.turn(house.now()).unwrap();
        assert_eq!((house.enforcement("g1"), targets.until("pg", "alice")), (Enforcement::Removed, None));
        // Only now the first worker does what it was told, after which it looks for more, and finds the removal.
        (0..2).for_each(|_| go.send(()).unwrap());
        let turn = late.join().unwrap();
        assert_eq!((turn.done, turn.unheard), (2, 0));
    });
    assert_eq!(house.happened("g1").iter().filter(|name| **name == "effect_late").count(), 1);
    assert_eq!((house.enforcement("g1"), targets.until("pg", "alice")), (Enforcement::Removed, None));
}

#[test]
fn a_verdict_that_nobody_hears_leaves_the_effect_where_it_was() {
    let house = House::new(&["pg"]);
    house.request("alice", "g1", &["pg"]);
    let clock = house.clock.clone();
    let engine = house.engine.clone();
    let slow =
        Runner::new(house.engine.clone(), "slow", LEASE).at("pg".parse().unwrap(), move |_: &Taken| {
            clock.set(engine.clock().plus(LEASE));
            Ok(Carried::out())
        });
    let turn = slow.turn(house.now()).unwrap();
    assert_eq!((turn.done, turn.unheard), (0, 1));
    assert_eq!(house.enforcement("g1"), Enforcement::Applying);
    let targets = Arc::new(Targets::default());
    house.runner("quick", &targets).turn(house.now()).unwrap();
    assert_eq!(targets.at("pg"), [("provision".to_owned(), 2)]);
}

#[test]
fn it_stops_with_what_is_in_hand_done_and_nothing_else_taken() {
    let house = House::new(&["pg", "k8s"]);
    for n in 0..5 {
        house.request(&format!("p{n}"), &format!("g{n}"), &["pg", "k8s"]);
    }
    let (handler, has_begun, go) = gated();
    let runner = Runner::new(house.engine.clone(), "w1", LEASE).handle(handler).sweeping();
    let stop = Stop::new();
    let turns: Vec<_> = std::thread::scope(|scope| {
        let run = || scope.spawn(|| runner.run(&stop, || house.now()).unwrap());
        let threads: Vec<_> = (0..2).map(|_| run()).collect();
        let in_hand: Vec<Taken> = (0..2).map(|_| has_begun.recv_timeout(LONGEST).unwrap()).collect();
        assert_ne!(place(&in_hand[0].order), place(&in_hand[1].order));
        stop.stop();
        (0..2).for_each(|_| go.send(()).unwrap());
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(turns.iter().map(|turn| (turn.done, turn.unheard)).collect::<Vec<_>>(), [(1, 0), (1, 0)]);
    let rest = house.engine.take_effects("w2", LEASE, house.now()).unwrap();
    assert!(rest.iter().all(|effect| effect.attempt == 1), "nobody had them");
    assert_eq!(rest.len(), 13, "of fifteen");
    // Told before it begins, it does not begin.
    assert_eq!(runner.run(&stop, || house.now()).unwrap(), Default::default());
}

#[test]
fn whoever_waits_for_work_stops_at_once() {
    let house = House::new(&["pg"]);
    let targets = Arc::new(Targets::default());
    let runner = house.runner("w1", &targets).idle(Span::hours(1));
    let stop = Stop::new();
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| runner.run(&stop, || house.now()).unwrap());
        // Well within the hour, whether or not it waits already.
        std::thread::sleep(Duration::from_millis(20));
        stop.clone().stop();
        assert_eq!(waits.join().unwrap().effects(), 0);
    });
}

#[test]
fn it_is_awake_again_when_a_pause_is_over() {
    let house = House::new(&["pg"]);
    house.request("alice", "g1", &["pg"]);
    let targets = Arc::new(Targets::default());
    targets.sick("pg");
    let runner = house.runner("w1", &targets).idle(Span::millis(1));
    let stop = Stop::new();
    std::thread::scope(|scope| {
        let runs = scope.spawn(|| runner.run(&stop, || house.now()).unwrap());
        until(|| house.happened("g1").contains(&"effect_failed"));
        targets.well("pg");
        let end: Timestamp = house.later(Span::seconds(5));
        until(|| house.enforcement("g1") == Enforcement::Applied);
        assert_eq!(house.now(), end);
        stop.stop();
        assert_eq!((runs.join().unwrap().done, targets.at("pg").len()), (2, 2));
    });
}

/// Until it is so, for [`LONGEST`] at most.
pub(crate) fn until(mut so: impl FnMut() -> bool) {
    for _ in 0..LONGEST.as_millis() / 10 {
        if so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it is not so, and was waited for long enough");
}
