//! What is put on record is numbered afterwards, soon, by whoever comes by.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

use tenure_core::record::Entry;
use tenure_core::world::World;
use tenure_store::suite::cast::person;
use tenure_store::suite::story::{accepted, actor, request, salt};
use tenure_store::{Batch, Limit, Plan, Store, Turn};

use crate::common::{database, given, host, is_sound, ns, one, record};

/// Decides as a batch does, and lets something happen before it is written.
struct Slow<F> {
    batch: Batch,
    happens: Option<F>,
}

impl<F: FnOnce()> Plan for Slow<F> {
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
fn a_command_slower_than_its_neighbours_leaves_no_gap_and_comes_before_nothing_that_was_sealed() {
    let Some(database) = database() else { return };
    let (slow, quick, other) = (host(&database), host(&database), host(&database));
    let ask = |grant: &str| request(grant, "automatic", &["pg/a/read"], None);
    let mut sealed = Vec::new();
    let mut late = Slow {
        batch: Batch::one(given(&slow, "ask slow", &actor(&person("alice")), ask("slow")), salt()),
        // It has been decided, at an earlier instant than all of these.
        happens: Some(|| {
            for n in 0..10 {
                let grant = format!("g{n}");
                accepted(one(
                    &quick,
                    &format!("ask {grant}"),
                    &actor(&person(&format!("p{n}"))),
                    ask(&grant),
                ));
                if n % 3 == 0 {
                    other.seal(&ns()).unwrap();
                }
            }
            sealed = record(&other);
        }),
    };
    slow.transact(&ns(), &mut late).unwrap();
    assert!(late.happens.is_none());
    drop(late);
    let all = record(&other);
    assert!(sealed.len() > 10 && sealed.len() < all.len());
    assert_eq!(all[..sealed.len()], sealed[..], "what was sealed stays as it was");
    let is_late = |entry: &Entry| entry.grant().is_some_and(|grant| grant.as_str() == "slow");
    assert!(all[sealed.len()..].iter().all(|record| is_late(&record.entry)));
    assert!(all[sealed.len()].recorded_at <= sealed[sealed.len() - 1].recorded_at, "it was decided before");
    is_sound(&other);
}

/// Each of three hosts sweeps now and then, and two of them go: what waits longest, by the server's clock.
fn longest_wait() -> Option<i64> {
    let database = database()?;
    let (over, sweeping) = (AtomicBool::new(false), AtomicUsize::new(3));
    let mut longest = 0;
    scope(|scope| {
        for number in 0..3 {
            let (database, over, sweeping) = (&database, &over, &sweeping);
            scope.spawn(move || {
                let store = host(database);
                while !over.load(Ordering::SeqCst) && number < sweeping.load(Ordering::SeqCst) {
                    store.due(&ns(), store.clock(), None, Limit::new(10)).unwrap();
                    sleep(Duration::from_millis(150));
                }
            });
        }
        scope.spawn(|| {
            let store = host(&database);
            for n in 0.. {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                let ask = request(&format!("g{n}"), "automatic", &["pg/a/read"], None);
                accepted(one(&store, &format!("ask g{n}"), &actor(&person(&format!("p{}", n % 5))), ask));
                sleep(Duration::from_millis(10));
            }
        });
        for look in 0..40 {
            sleep(Duration::from_millis(50));
            sweeping.store(3 - look / 15, Ordering::SeqCst);
            let age = "SELECT coalesce(max(extract(epoch FROM clock_timestamp()) * 1000 - ordered / 1000), 0)::bigint::text \
                FROM tenure.pending";
            longest = longest.max(database.texts(age).unwrap()[0].parse().unwrap());
        }
        over.store(true, Ordering::SeqCst);
    });
    assert!(database.texts("SELECT records::text FROM tenure.seal").unwrap()[0].parse::<u64>().unwrap() > 20);
    is_sound(&host(&database));
    Some(longest)
}

#[test]
fn whichever_host_sweeps_seals_within_a_second() {
    let mut longest = None;
    // A machine that others use may stand still for longer than that.
    for _ in 0..4 {
        longest = longest_wait();
        println!("what waits for its place waited for {longest:?} ms at most");
        if longest.is_none_or(|longest| longest < 1_000) {
            return;
        }
    }
    panic!("{longest:?} ms");
}
