//! What hosts do at the same time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use tenure_core::command::{EffectDone, Publish, Reach, Settle, TakeEffect, Verb, Which};
use tenure_core::event::Happened;
use tenure_core::id::WorkerId;
use tenure_core::limits::EFFECT_ATTEMPTS_DEFAULT;
use tenure_core::record::Entry;
use tenure_core::refusal::Code;
use tenure_core::time::{Span, Timestamp};
use tenure_core::world::World;
use tenure_postgres::{Options, PostgresStore};
use tenure_store::suite::cast::{person, policy};
use tenure_store::suite::story::{accepted, actor, extend, refused, request, revoke_all, salt, system, view};
use tenure_store::{Answered, Batch, Limit, ManualClock, Place, Plan, Store, Turn};

use crate::common::{batch, database, give_back, given, host, host_with, is_sound, ns, one, record};

const HOSTS: usize = 4;

#[test]
fn limits_that_hosts_share_hold() {
    let Some(database) = database() else { return };
    let (took, full) = (AtomicU32::new(0), AtomicU32::new(0));
    scope(|scope| {
        for number in 0..HOSTS {
            let (database, took, full) = (&database, &took, &full);
            scope.spawn(move || {
                let store = host(database);
                for n in 0..15 {
                    let who = person(&format!("p{number}-{}", n % 2));
                    let grant = format!("g{number}-{n}");
                    let item = ["pg/a/read", "pg/b/read", "pg/c/read"][(number + n) % 3];
                    match one(
                        &store,
                        &format!("ask {grant}"),
                        &actor(&who),
                        request(&grant, "limited", &[item], None),
                    ) {
                        Answered::Accepted(_) => {
                            took.fetch_add(1, Ordering::SeqCst);
                            accepted(one(&store, &format!("back {grant}"), &actor(&who), give_back(&grant)));
                        }
                        Answered::Refused(refusal) => {
                            full.fetch_add(1, Ordering::SeqCst);
                            let limits =
                                [Code::LimitOpenPerPerson, Code::LimitOpenPerItem, Code::LimitOpenTotal];
                            assert!(limits.contains(&refusal.code), "{refusal}");
                        }
                        Answered::Fault(fault) => panic!("{fault}"),
                    }
                }
            });
        }
    });
    let store = host(&database);
    is_sound(&store);
    // In the order of the record: one order explains all answers.
    let mut open: BTreeMap<String, String> = BTreeMap::new();
    let mut most = 0;
    for record in record(&store) {
        let Entry::Event(event) = &record.entry else { continue };
        if let Happened::Requested(requested) = &event.happened {
            let item = requested.origin.items[0].item().resource.name;
            assert!(!open.values().any(|held| *held == item), "{item} is held twice at {}", record.position);
            open.insert(event.grant.to_string(), item);
            assert!(open.len() <= 2, "{} at once at {}", open.len(), record.position);
            most = most.max(open.len());
        } else if event.happened.closes().is_some() {
            open.remove(event.grant.as_str());
        }
    }
    println!("{took:?} taken, {full:?} refused, at most {most} at once");
    assert!(took.into_inner() > 10 && most == 2);
}

/// A limit on an item counts what is open under every flow: whoever opens something there, and whoever counts, come one
/// after the other.
#[test]
fn what_a_limit_counts_does_not_come_beside_the_counting() {
    let Some(database) = database() else { return };
    let counted = AtomicU32::new(0);
    scope(|scope| {
        for number in 0..HOSTS {
            let (database, counted) = (&database, &counted);
            scope.spawn(move || {
                let store = host(database);
                let who = person(&format!("p{number}"));
                let flow = if number % 2 == 0 { "automatic" } else { "limited" };
                for n in 0..40 {
                    let grant = format!("g{number}-{n}");
                    let ask = request(&grant, flow, &["pg/a/read"], None);
                    if let Answered::Accepted(_) = one(&store, &format!("ask {grant}"), &actor(&who), ask) {
                        counted.fetch_add(u32::from(flow == "limited"), Ordering::SeqCst);
                        accepted(one(&store, &format!("back {grant}"), &actor(&who), give_back(&grant)));
                    }
                }
            });
        }
    });
    let store = host(&database);
    is_sound(&store);
    let mut open: BTreeSet<String> = BTreeSet::new();
    for record in record(&store) {
        let Entry::Event(event) = &record.entry else { continue };
        if let Happened::Requested(requested) = &event.happened {
            let limited = requested.origin.flow.as_str() == "limited";
            assert!(!limited || open.is_empty(), "{open:?} beside {} at {}", event.grant, record.position);
            open.insert(event.grant.to_string());
        } else if event.happened.closes().is_some() {
            open.remove(event.grant.as_str());
        }
    }
    println!("{counted:?} taken where everything was counted");
    assert!(counted.into_inner() > 3);
}

#[test]
fn a_command_that_two_hosts_give_at_once_happens_once() {
    let Some(database) = database() else { return };
    let stores: Vec<PostgresStore> = (0..HOSTS).map(|_| host(&database)).collect();
    for round in 0..10 {
        let alice = person("alice");
        let click = format!("click {round}");
        let answers: Mutex<Vec<Answered>> = Mutex::default();
        scope(|scope| {
            for store in &stores {
                scope.spawn(|| {
                    let grant = format!("g{round}");
                    let verb = request(&grant, "automatic", &["pg/orders/read"], None);
                    let answer = one(store, &click, &actor(&alice), verb);
                    answers.lock().unwrap().push(answer);
                });
            }
        });
        let answers: Vec<_> = answers.into_inner().unwrap().into_iter().map(accepted).collect();
        assert_eq!(answers.iter().filter(|answer| !answer.repeated).count(), 1);
        assert!(answers.iter().all(|answer| answer.receipt == answers[0].receipt));
    }
    assert_eq!(is_sound(&stores[0]).len(), 10);
}

/// Decides as a batch does, and then stands still, once.
struct Stalls {
    batch: Batch,
    started: u32,
    stood: bool,
    still: Duration,
}

impl Plan for Stalls {
    fn start(&mut self) {
        self.started += 1;
        self.batch.start();
    }

    fn turn(&mut self, world: &World) -> Turn {
        let turn = self.batch.turn(world);
        if matches!(turn, Turn::Decided(_)) && !self.stood {
            self.stood = true;
            sleep(self.still);
        }
        turn
    }
}

#[test]
fn a_host_that_stalls_with_an_old_read_cannot_write_it() {
    let Some(database) = database() else { return };
    let idle_in_transaction_timeout = Duration::from_millis(300);
    let slow = host_with(&database, Options { idle_in_transaction_timeout, ..Options::default() });
    let quick = host(&database);
    let alice = person("alice");
    accepted(one(&quick, "ask", &actor(&alice), request("g", "automatic", &["pg/orders/read"], None)));
    let mut stalls = Stalls {
        batch: Batch::one(given(&slow, "longer", &actor(&alice), extend("g")), salt()),
        started: 0,
        stood: false,
        still: Duration::from_secs(2),
    };
    scope(|scope| {
        scope.spawn(|| {
            sleep(Duration::from_millis(100));
            // It waits for the other, is let go when that is cut off, and ends the grant.
            accepted(one(&quick, "back", &actor(&alice), give_back("g")));
        });
        slow.transact(&ns(), &mut stalls).unwrap();
    });
    assert!(stalls.started >= 2, "what was read before it stood still is read again");
    assert_eq!(refused(stalls.batch.into_answers().remove(0)), Code::GrantNotActive);
    let kinds = is_sound(&quick);
    assert!(!kinds["g"].contains(&"Extended".to_owned()), "{kinds:?}");
}

/// Decides as a batch does, and lets something happen before it is written, once.
struct Meanwhile<F> {
    batch: Batch,
    happens: Option<F>,
}

impl<F: FnOnce()> Plan for Meanwhile<F> {
    fn start(&mut self) {
        self.batch.start();
    }

    fn turn(&mut self, world: &World) -> Turn {
        let turn = self.batch.turn(world);
        if matches!(turn, Turn::Over)
            && let Some(happens) = self.happens.take()
        {
            happens();
        }
        turn
    }
}

#[test]
fn an_end_that_others_have_seen_pass_is_not_moved_any_more() {
    let Some(database) = database() else { return };
    let clock = Arc::new(ManualClock::at(host(&database).clock()));
    let with_clock = || {
        let store = PostgresStore::open_scratch(&database, clock.clone()).unwrap();
        store.compile_with(Arc::new(policy));
        store
    };
    let (one_host, other) = (with_clock(), with_clock());
    let (alice, bert) = (person("alice"), person("bert"));
    let ask = |grant: &str| request(grant, "limited", &["pg/orders/read"], None);
    let ends = view(one(&one_host, "ask a", &actor(&alice), ask("a"))).ends_at.unwrap();
    clock.set(ends.minus(Span::millis(1)));
    let mut late = Meanwhile {
        batch: Batch::one(given(&one_host, "longer", &actor(&alice), extend("a")), salt()),
        // By the clock, the only place on the item is free again, and somebody takes it.
        happens: Some(|| {
            clock.set(ends);
            accepted(one(&other, "ask b", &actor(&bert), ask("b")));
        }),
    };
    one_host.transact(&ns(), &mut late).unwrap();
    assert_eq!(refused(late.batch.into_answers().remove(0)), Code::GrantExpired);
    is_sound(&other);
}

#[test]
fn workers_of_several_hosts_deliver_nothing_twice() {
    let Some(database) = database() else { return };
    let first = host(&database);
    for n in 0..8 {
        let who = person(&format!("p{n}"));
        let grant = format!("g{n}");
        accepted(one(
            &first,
            &format!("ask {grant}"),
            &actor(&who),
            request(&grant, "automatic", &["pg/a/read"], None),
        ));
    }
    let told: Mutex<Vec<String>> = Mutex::default();
    let numbers = AtomicU32::new(0);
    scope(|scope| {
        for number in 0..HOSTS {
            let (database, told, numbers) = (&database, &told, &numbers);
            scope.spawn(move || {
                let store = host(database);
                let worker = WorkerId::new(format!("w{number}")).unwrap();
                for _ in 0..200 {
                    let until = store.clock();
                    let ready = store.ready(&ns(), Place::Anywhere, until, None, Limit::new(4)).unwrap();
                    let Some(next) = ready.get(number % ready.len().max(1)) else {
                        if store.ready(&ns(), Place::Anywhere, until, None, Limit::new(1)).unwrap().is_empty()
                        {
                            break;
                        }
                        continue;
                    };
                    let take = Verb::TakeEffect(TakeEffect {
                        person: next.person.clone(),
                        worker: worker.clone(),
                        lease: Span::minutes(1),
                        which: Which::Any,
                        stuck_after: EFFECT_ATTEMPTS_DEFAULT,
                    });
                    let count = numbers.fetch_add(1, Ordering::SeqCst);
                    let taken = accepted(one(&store, &format!("take {count}"), &system(), take));
                    let Some(handed) = taken.handed else { continue };
                    let effect = format!("{}/{} {}", handed.grant, handed.number, handed.attempt);
                    told.lock().unwrap().push(effect);
                    let done = Verb::EffectDone(EffectDone {
                        grant: handed.grant.clone(),
                        effect: handed.number,
                        worker: worker.clone(),
                        already_held: BTreeSet::new(),
                    });
                    accepted(one(&store, &format!("done {count}"), &system(), done));
                }
            });
        }
    });
    let told = told.into_inner().unwrap();
    let different: BTreeSet<&String> = told.iter().collect();
    assert_eq!(different.len(), told.len(), "{told:?}");
    assert!(told.len() >= 16, "each grant has something to provision and somebody to tell: {told:?}");
    is_sound(&first);
}

#[test]
fn whoever_is_being_settled_by_another_host_is_not_named_as_due() {
    let Some(database) = database() else { return };
    let (store, other) = (host(&database), host(&database));
    for who in ["alice", "bert"] {
        accepted(one(&store, who, &actor(&person(who)), request(who, "automatic", &["pg/a/read"], None)));
    }
    let due = |store: &PostgresStore| {
        let due = store.due(&ns(), Timestamp::MAX, None, Limit::new(10)).unwrap();
        due.into_iter().map(|awaited| awaited.person.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(due(&other).len(), 2);
    let settle =
        given(&store, "settle", &system(), Verb::Settle(Settle { person: person("alice").id, most: None }));
    let mut settles =
        Meanwhile { batch: Batch::one(settle, salt()), happens: Some(|| assert_eq!(due(&other), ["bert"])) };
    store.transact(&ns(), &mut settles).unwrap();
    assert!(settles.happens.is_none());
    assert_eq!(due(&other).len(), 2);
}

/// Hosts write while others seal, publish and revoke: the record stays whole, and each host's commands in it.
#[test]
fn the_record_is_whole_whoever_seals_it() {
    let Some(database) = database() else { return };
    let over = AtomicBool::new(false);
    scope(|scope| {
        let (over, database) = (&over, &database);
        let writers: Vec<_> = (0..HOSTS)
            .map(|number| {
                scope.spawn(move || {
                    let store = host(database);
                    for n in 0..12 {
                        let who = person(&format!("p{}", n % 5));
                        let grant = format!("g{number}-{n}");
                        accepted(one(
                            &store,
                            &format!("ask {grant}"),
                            &actor(&who),
                            request(&grant, "automatic", &["pg/a/read"], None),
                        ));
                        if number == 0 && n % 5 == 4 {
                            let all = revoke_all(Reach::Person(who.id.clone()));
                            accepted(one(&store, &format!("all {n}"), &system(), all));
                        }
                        let longer = one(&store, &format!("longer {grant}"), &actor(&who), extend(&grant));
                        assert!(!matches!(longer, Answered::Fault(_)), "{longer:?}");
                    }
                })
            })
            .collect();
        for _ in 0..2 {
            scope.spawn(move || {
                let store = host(database);
                let mut before = 0;
                while !over.load(Ordering::SeqCst) {
                    store.seal(&ns()).unwrap();
                    let size = store.size(&ns()).unwrap();
                    assert!(before <= size);
                    before = size;
                }
            });
        }
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        over.store(true, Ordering::SeqCst);
    });
    let kinds = is_sound(&host(&database));
    assert_eq!(kinds.len(), HOSTS * 12);
}

/// What stands alone in its namespace gets through, however many commands come one after the other.
#[test]
fn a_policy_is_published_in_the_midst_of_many_commands() {
    let Some(database) = database() else { return };
    let over = AtomicBool::new(false);
    let stores: Vec<PostgresStore> = (0..HOSTS * 3).map(|_| host(&database)).collect();
    scope(|scope| {
        let (over, stores) = (&over, &stores);
        for (number, store) in stores.iter().enumerate() {
            scope.spawn(move || {
                let who = actor(&person(&format!("p{number}")));
                for n in 0.. {
                    if over.load(Ordering::SeqCst) {
                        break;
                    }
                    let grant = format!("g{number}-{n}");
                    let answer = one(store, &grant, &who, request(&grant, "automatic", &["pg/a/read"], None));
                    assert!(!matches!(answer, Answered::Fault(_)), "{answer:?}");
                }
            });
        }
        let publisher = host(&database);
        sleep(Duration::from_millis(300));
        let mut longest = Duration::ZERO;
        for round in 0..10 {
            let begun = Instant::now();
            let policy = Arc::new(policy("all").unwrap());
            let publish = Verb::Publish(Publish { policy, if_revision: None });
            let published =
                batch(&publisher, vec![given(&publisher, &format!("again {round}"), &system(), publish)]);
            longest = longest.max(begun.elapsed());
            assert!(published.is_ok(), "{published:?}");
        }
        over.store(true, Ordering::SeqCst);
        println!("published in {longest:?} at most");
        assert!(longest < Duration::from_secs(20));
    });
    is_sound(&host(&database));
}
