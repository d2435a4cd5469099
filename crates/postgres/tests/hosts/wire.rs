//! What goes over the wire: how much of it a question takes, what its end leaves in doubt, and that nobody waits there for
//! those with whom they share nothing.

use std::sync::Arc;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use tenure_core::time::{Span, Timestamp};
use tenure_postgres::cluster::Cluster;
use tenure_postgres::{Options, PostgresStore};
use tenure_store::suite::cast::{item, person, policy};
use tenure_store::suite::story::{accepted, actor, extend, request, view};
use tenure_store::{Clock as _, HoldsAsk, ManualClock, Store, StoreFault};

use crate::common::{batch, database, give_back, given, host, host_at, is_sound, ns, one};
use crate::proxy::{Cut, Proxy};

#[test]
fn a_commit_that_is_cut_off_at_any_moment_is_settled_by_its_command_id() {
    let Some(database) = database() else { return };
    let proxy = Proxy::to(Cluster::shared().unwrap(), &database);
    let store = host_at(&proxy.url, Options::default()).unwrap();
    let alice = person("alice");
    for (moment, written) in [(Cut::Before, false), (Cut::During, true), (Cut::After, true)] {
        for round in 0..5 {
            let grant = format!("{moment:?}-{round}");
            let ask = || request(&grant, "automatic", &["pg/orders/read"], None);
            let command = format!("ask {grant}");
            proxy.cut(moment);
            let cut = batch(&store, vec![given(&store, &command, &actor(&alice), ask())]);
            assert_eq!(cut.err(), Some(StoreFault::InDoubt), "{moment:?}");
            assert!(proxy.is_cut(), "{moment:?} did not come");
            let again = accepted(one(&store, &command, &actor(&alice), ask()));
            // Of what was cut off on its way nobody knows beforehand whether it arrived; it did, for it was sent.
            assert_eq!(again.repeated, written, "{moment:?}");
            let back = format!("back {grant}");
            accepted(one(&store, &back, &actor(&alice), give_back(&grant)));
        }
    }
    let kinds = is_sound(&host(&database));
    assert_eq!(kinds.len(), 15);
    for (grant, kinds) in kinds {
        assert_eq!(kinds.iter().filter(|kind| *kind == "Requested").count(), 1, "{grant}");
    }
}

fn holds(store: &PostgresStore, who: &str) -> bool {
    holds_at(store, who, store.clock())
}

fn holds_at(store: &PostgresStore, who: &str, now: Timestamp) -> bool {
    let (who, orders) = (person(who), item("pg/orders/read"));
    let ask = HoldsAsk { person: &who.id, resource: &orders.resource, permission: "read" };
    store.holds(&ns(), ask, now).unwrap().is_some()
}

#[test]
fn whether_access_runs_is_one_question_and_one_answer() {
    let Some(database) = database() else { return };
    let proxy = Proxy::to(Cluster::shared().unwrap(), &database);
    let store = host_at(&proxy.url, Options::default()).unwrap();
    let alice = person("alice");
    let ask = request("g", "automatic", &["pg/orders/read"], None);
    accepted(one(&store, "ask", &actor(&alice), ask));
    // A connection learns each statement once.
    assert!(holds(&store, "alice"));
    proxy.count();
    for (who, held) in [("alice", true), ("bert", false)] {
        assert_eq!(holds(&store, who), held);
        assert_eq!(proxy.count(), (1, 1), "{who}");
    }
    for n in 0..2 {
        accepted(one(&store, &format!("longer {n}"), &actor(&alice), extend("g")));
        let (asked, journeys) = proxy.count();
        println!("an extension: {asked} statements in {journeys} journeys");
        assert!(journeys <= 8, "{journeys}");
    }
}

/// All is written and locked, and only the commit is still on its way: whoever shares nothing does not wait for it.
#[test]
fn people_who_share_nothing_do_not_wait_for_each_other() {
    let Some(database) = database() else { return };
    let proxy = Proxy::to(Cluster::shared().unwrap(), &database);
    let slow = host_at(&proxy.url, Options::default()).unwrap();
    // Whoever waits for a lock at all is told that it is busy.
    let lock_timeout = Duration::from_millis(1);
    let quick = host_at(&proxy.url, Options { lock_timeout, ..Options::default() }).unwrap();
    let other = host(&database);
    let ask = |grant: &str| request(grant, "automatic", &["pg/orders/read"], None);
    for who in ["alice", "bert"] {
        accepted(one(&other, &format!("ask {who}"), &actor(&person(who)), ask(who)));
    }
    proxy.cut(Cut::Held);
    scope(|scope| {
        let held = scope.spawn(|| one(&slow, "longer", &actor(&person("alice")), extend("alice")));
        proxy.held();
        let bert = actor(&person("bert"));
        // Under the same flow, on the same item, at the same integration.
        for (command, verb) in
            [("longer bert", extend("bert")), ("ask more", ask("more")), ("back", give_back("bert"))]
        {
            let answers = batch(&quick, vec![given(&quick, command, &bert, verb)]);
            accepted(answers.unwrap_or_else(|fault| panic!("{command}: {fault}")).remove(0));
        }
        // And whoever does share something waits: that the other one is under way is seen.
        let alice = actor(&person("alice"));
        let busy = batch(&quick, vec![given(&quick, "back alice", &alice, give_back("alice"))]);
        assert_eq!(busy.err(), Some(StoreFault::Busy));
        proxy.let_go();
        accepted(held.join().unwrap());
    });
    is_sound(&other);
}

#[test]
fn an_answer_of_lately_is_never_older_than_was_said_and_outlives_nothing() {
    let Some(database) = database() else { return };
    let proxy = Proxy::to(Cluster::shared().unwrap(), &database);
    let clock = Arc::new(ManualClock::at(host(&database).clock().plus(Span::seconds(5))));
    let with = |max_age: Option<Duration>| {
        let options = Options { holds_max_age: max_age, ..Options::default() };
        let store = PostgresStore::open_with_clock(&proxy.url, options, clock.clone()).unwrap();
        store.compile_with(Arc::new(policy));
        store
    };
    let (keeps, hour) = (with(Some(Duration::from_secs(3_600))), Duration::from_millis(700));
    let alice = actor(&person("alice"));
    let ask = |grant: &str| request(grant, "automatic", &["pg/orders/read"], None);
    let other = with(None);
    let ends = view(one(&other, "ask g", &alice, ask("g"))).ends_at.unwrap();
    for store in [&keeps, &other] {
        assert!(!holds(store, "bert") && holds(store, "alice"));
    }
    proxy.count();
    assert!(holds(&keeps, "alice"));
    assert_eq!(proxy.count(), (0, 0), "it was answered lately");
    assert!(!holds(&keeps, "bert") && holds(&other, "alice"));
    assert_eq!(proxy.count().0, 2, "a no is not kept, and by default nothing is");
    // Past the end of access it is no answer any more, by the store's clock and by the host's.
    assert!(holds_at(&keeps, "alice", clock.now().plus(Span::seconds(20))));
    clock.set(ends.minus(Span::millis(1)));
    assert!(holds(&keeps, "alice"));
    assert_eq!(proxy.count().0, 0);
    assert!(!holds_at(&keeps, "alice", ends));
    clock.set(ends);
    assert!(!holds(&keeps, "alice"));
    // What this store writes itself is seen at once.
    accepted(one(&keeps, "ask h", &alice, ask("h")));
    assert!(holds(&keeps, "alice"));
    accepted(one(&keeps, "back h", &alice, give_back("h")));
    assert!(!holds(&keeps, "alice"));
    // What others write is seen when the answer has come of age.
    let young = with(Some(hour));
    accepted(one(&other, "ask i", &alice, ask("i")));
    assert!(holds(&young, "alice") && holds(&keeps, "alice"));
    let begun = Instant::now();
    accepted(one(&other, "back i", &alice, give_back("i")));
    while holds(&young, "alice") {
        assert!(begun.elapsed() < hour, "an answer that is too old");
        sleep(Duration::from_millis(5));
    }
    assert!(holds(&keeps, "alice"), "whoever allows an hour has an hour");
}
