//! One target of many is poisoned: all others notice nothing of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use tenure::tenure_core::grant::Enforcement;
use tenure::tenure_core::id::Namespace;
use tenure::tenure_core::world::World;
use tenure::tenure_store::suite::Through;
use tenure::tenure_store::{Awaited, AwaitedAt, Limit, Place, Plan, Turn};
use tenure::{Carried, MemoryStore, Runner, Span, Stop, Store, StoreFault, Taken, Timestamp, Trouble};

use crate::house::{House, LEASE, Targets};
use crate::threads::{LONGEST, until};

/// Targets beside the poisoned one, and holders: each has access at nine of them, and at the poisoned one.
const WELL: usize = 90;
const HOLDERS: usize = 1_000;
const EACH: usize = 9;
/// Effects at targets that are well, notices included.
const WELL_EFFECTS: u64 = 10_000;

/// What a store was asked.
#[derive(Default)]
struct Asked {
    decided: AtomicU64,
    people: AtomicU64,
    lists: AtomicU64,
}

struct Counting {
    store: MemoryStore,
    asked: Arc<Asked>,
}

struct Counted<'a>(&'a mut dyn Plan, &'a Asked);

impl Plan for Counted<'_> {
    fn start(&mut self) {
        self.0.start();
    }

    fn turn(&mut self, world: &World) -> Turn {
        let turn = self.0.turn(world);
        if matches!(turn, Turn::Decided(_)) {
            self.1.decided.fetch_add(1, Ordering::SeqCst);
        }
        turn
    }
}

impl Through for Counting {
    type To = MemoryStore;

    fn to(&self) -> &MemoryStore {
        &self.store
    }

    fn transact(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        self.store.transact(ns, &mut Counted(plan, &self.asked))
    }

    fn ready(
        &self,
        ns: &Namespace,
        place: Place<'_>,
        until: Timestamp,
        after: Option<&Awaited>,
        limit: Limit,
    ) -> Result<Vec<Awaited>, StoreFault> {
        let people = self.store.ready(ns, place, until, after, limit)?;
        self.asked.people.fetch_add(u64::try_from(people.len()).unwrap(), Ordering::SeqCst);
        Ok(people)
    }

    fn ready_places(
        &self,
        ns: &Namespace,
        until: Timestamp,
        after: Option<&AwaitedAt>,
        limit: Limit,
    ) -> Result<Vec<AwaitedAt>, StoreFault> {
        self.asked.lists.fetch_add(1, Ordering::SeqCst);
        self.store.ready_places(ns, until, after, limit)
    }
}

/// Ten thousand effects at targets that are well, and a thousand at the poisoned one, each made before the
/// others of its holder.
fn crowd() -> (House, Arc<Asked>) {
    let well: Vec<String> = (0..WELL).map(|n| format!("well-{n}")).collect();
    let mut all = vec!["poison"];
    all.extend(well.iter().map(String::as_str));
    let asked = Arc::new(Asked::default());
    let house = House::over(&all, |store| Counting { store, asked: asked.clone() });
    for holder in 0..HOLDERS {
        let mut at = vec!["poison"];
        at.extend((0..EACH).map(|n| well[(holder + n * 10) % WELL].as_str()));
        house.request(&format!("p{holder}"), &format!("g{holder}"), &at);
    }
    for count in [&asked.decided, &asked.people, &asked.lists] {
        count.store(0, Ordering::SeqCst);
    }
    (house, asked)
}

#[test]
fn a_target_that_hangs_delays_no_other() {
    let (house, asked) = crowd();
    let ((begun, has_begun), (go, may_go)) = (channel(), channel::<()>());
    let (begun, may_go) = (Mutex::new(begun), Mutex::new(may_go));
    let targets = Arc::new(Targets::default());
    let runner = house.runner("w1", &targets).idle(Span::millis(5)).at(
        "poison".parse().unwrap(),
        move |effect: &Taken| {
            begun.lock().unwrap().send(effect.clone()).unwrap();
            may_go.lock().unwrap().recv_timeout(LONGEST).map_err(|_| Trouble::of("it never came back"))?;
            Ok(Carried::out())
        },
    );
    let stop = Stop::new();
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..3).map(|_| scope.spawn(|| Runner::run(&runner, &stop, || house.now()).unwrap())).collect();
        has_begun.recv_timeout(LONGEST).unwrap();
        until(|| targets.count() == WELL_EFFECTS);
        let one_more = has_begun.try_recv();
        assert!(one_more.is_err(), "one effect of the poisoned target is in hand: {one_more:?}");
        stop.stop();
        drop(go);
        let turns: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert_eq!(turns.iter().map(|turn| turn.done).sum::<u64>(), WELL_EFFECTS);
        assert_eq!(turns.iter().map(|turn| turn.failed).sum::<u64>(), 1);
    });
    // Every effect is taken and reported; where a place turns out to be empty, nothing is decided.
    let decided = asked.decided.load(Ordering::SeqCst);
    assert!(decided <= 2 * (WELL_EFFECTS + 1) + 200, "{decided} commands");
}

#[test]
fn a_target_that_always_fails_delays_no_other_and_is_left_alone_while_it_pauses() {
    let (house, asked) = crowd();
    let targets = Arc::new(Targets::default());
    targets.sick("poison");
    let runner = house.runner("w1", &targets);
    let (mut turns, mut failed) = (0, 0);
    loop {
        let turn = runner.turn(house.now()).unwrap();
        (turns, failed) = (turns + 1, failed + turn.failed);
        assert!(turn.failed <= 1, "a turn asks a sick target once");
        if turn.done == 0 {
            break;
        }
    }
    let done = targets.count() - failed;
    assert_eq!(done, WELL_EFFECTS);
    // A place has its share of a turn: a thousand notices take the longest.
    assert!(turns <= 70, "{turns} turns for {WELL_EFFECTS} effects");
    assert_eq!(house.enforcement("g0"), Enforcement::Applying);
    // All of the poisoned target has failed once and pauses: nobody looks at it before its time.
    while runner.turn(house.now()).unwrap().effects() > 0 {}
    let counts = || [&asked.decided, &asked.people].map(|count| count.load(Ordering::SeqCst));
    let before = counts();
    for n in 0..10 {
        house.request(&format!("p{n}"), &format!("more-{n}"), &["well-1"]);
        assert_eq!(runner.turn(house.now()).unwrap().done, 2);
    }
    let [decided, people] = counts();
    assert_eq!(decided - before[0], 10 * 5, "asked for, and two effects taken and reported");
    assert!(people - before[1] <= 10 * 4, "{} people were looked at", people - before[1]);
    // What failed at one instant does not come back at one.
    let back = |span| {
        house.clock.set(crate::house::nine().plus(span));
        let people = house
            .engine
            .take(&tenure::Take::new("w2", LEASE).at("poison".to_owned()).at_most(1_000), house.now());
        people.unwrap().len()
    };
    let (early, rest) = (back(Span::millis(3_750)), back(Span::seconds(5)));
    assert!((400..=600).contains(&early), "{early} of a thousand in half the time");
    assert_eq!(early + rest, HOLDERS);
}
