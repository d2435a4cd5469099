//! What is read and changes before it is written: nothing of it is ever decided on.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::{scope, sleep, spawn};
use std::time::Duration;

use tenure_core::command::{EffectDone, TakeEffect, Verb};
use tenure_core::effect::Handed;
use tenure_core::id::{CommandId, Namespace, WorkerId};
use tenure_core::person::{Person, Record};
use tenure_core::record::Entry;
use tenure_core::refusal::Code;
use tenure_core::time::{Span, Timestamp};
use tenure_core::world::{Read, World};
use tenure_postgres::scratch::Database;
use tenure_postgres::{Options, PostgresStore};
use tenure_store::suite::cast::{item, person, policy};
use tenure_store::suite::story::{accepted, actor, extend, id, refused, request, salt, system, view};
use tenure_store::{Batch, Clock as _, Given, HoldsAsk, Limit, ManualClock, Plan, Store, Turn};

use crate::common::{database, give_back, given, host, host_with, is_sound, ns, one, record};

/// Decides as a batch does. Once what was given first is decided something happens, and then more is given: as callers
/// come along with a transaction that has begun.
struct Joined<F> {
    batch: Batch,
    happens: Option<F>,
    more: Vec<Given>,
}

impl<F: FnMut()> Plan for Joined<F> {
    fn start(&mut self) {
        self.batch.start();
    }

    fn turn(&mut self, world: &World) -> Turn {
        if self.batch.is_decided()
            && let Some(mut happens) = self.happens.take()
        {
            happens();
            self.batch.extend(std::mem::take(&mut self.more));
        }
        self.batch.turn(world)
    }
}

fn with_clock(database: &Database, clock: &Arc<ManualClock>) -> PostgresStore {
    let store = PostgresStore::open_scratch(database, clock.clone()).unwrap();
    store.compile_with(Arc::new(policy));
    store
}

fn take(who: &Person) -> Verb {
    take_as("w", who)
}

fn take_as(worker: &str, who: &Person) -> Verb {
    Verb::TakeEffect(TakeEffect::new(who.id.clone(), WorkerId::new(worker).unwrap(), Span::minutes(1)))
}

fn done_as(worker: &str, handed: &Handed) -> Verb {
    Verb::EffectDone(EffectDone {
        grant: handed.grant.clone(),
        effect: handed.number,
        worker: WorkerId::new(worker).unwrap(),
        already_held: BTreeSet::new(),
    })
}

fn automatic(grant: &str) -> Verb {
    request(grant, "automatic", &["pg/orders/read"], None)
}

/// What others hold is looked at without a lock of theirs. Whoever changes it afterwards has not decided on that.
#[test]
fn what_was_only_looked_at_is_read_again_before_it_is_changed() {
    let Some(database) = database() else { return };
    let (slow, quick) = (host(&database), host(&database));
    let (alice, bert) = (person("alice"), person("bert"));
    accepted(one(&quick, "ask b", &actor(&bert), automatic("b")));
    let ask = request("a", "limited", &["pg/orders/read"], None);
    let mut joined = Joined {
        batch: Batch::one(given(&slow, "ask a", &actor(&alice), ask), salt()),
        // Another host hands out what is to be done for bert, who is among those that hold the item.
        happens: Some(|| assert!(accepted(one(&quick, "take", &system(), take(&bert))).handed.is_some())),
        more: vec![given(&slow, "longer", &actor(&bert), extend("b"))],
    };
    slow.transact(&ns(), &mut joined).unwrap();
    let mut answers = joined.batch.into_answers();
    accepted(answers.remove(1));
    assert_eq!(refused(answers.remove(0)), Code::LimitOpenPerItem);
    is_sound(&quick);
}

/// Decides as a batch does, after it was read what a hint names, and then something happens.
struct Hinted<F> {
    batch: Batch,
    hint: Vec<Read>,
    happens: Option<F>,
}

impl<F: FnMut()> Plan for Hinted<F> {
    fn start(&mut self) {
        self.batch.start();
    }

    fn ahead(&mut self, _: &World) -> Vec<Read> {
        self.hint.clone()
    }

    fn turn(&mut self, world: &World) -> Turn {
        if let Some(mut happens) = self.happens.take() {
            happens();
        }
        self.batch.turn(world)
    }
}

/// Whose a grant is, is not known before it is there.
#[test]
fn a_grant_that_comes_while_others_are_waited_for_is_locked_before_it_is_decided_on() {
    let Some(database) = database() else { return };
    let idle_in_transaction_timeout = Duration::from_millis(500);
    let slow = host_with(&database, Options { idle_in_transaction_timeout, ..Options::default() });
    let (quick, third) = (host(&database), host(&database));
    let (bert, carol) = (person("bert"), person("carol"));
    let (begun, waits) = channel();
    let mut back = Hinted {
        batch: Batch::one(given(&slow, "back", &actor(&bert), give_back("b")), salt()),
        hint: vec![Read::Person(carol.id.clone()), Read::Grant(id("b"))],
        happens: Some(|| {
            accepted(one(&quick, "sooner", &actor(&bert), give_back("b")));
            for number in 0..9 {
                let taken = accepted(one(&quick, &format!("take {number}"), &system(), take(&bert)));
                let Some(handed) = taken.handed else { break };
                accepted(one(&quick, &format!("done {number}"), &system(), done_as("w", &handed)));
            }
        }),
    };
    scope(|scope| {
        // Whoever gives it back waits for carol, and bert's grant is made meanwhile.
        let mut holds = Joined {
            batch: Batch::one(given(&third, "ask d", &actor(&carol), automatic("d")), salt()),
            happens: Some(|| {
                begun.send(()).unwrap();
                sleep(Duration::from_millis(400));
                accepted(one(&quick, "ask b", &actor(&bert), automatic("b")));
            }),
            more: Vec::new(),
        };
        let (slow, back) = (&slow, &mut back);
        scope.spawn(move || {
            waits.recv().unwrap();
            slow.transact(&ns(), back).unwrap();
        });
        third.transact(&ns(), &mut holds).unwrap();
    });
    assert_eq!(refused(back.batch.into_answers().remove(0)), Code::GrantNotActive);
    is_sound(&quick);
}

/// Asks as a batch does. Before it is asked how often somebody was refused, something happens.
struct Refused<F> {
    batch: Batch,
    happens: Option<F>,
}

impl<F: FnMut()> Plan for Refused<F> {
    fn start(&mut self) {
        self.batch.start();
    }

    fn turn(&mut self, world: &World) -> Turn {
        let turn = self.batch.turn(world);
        if let Turn::Read(reads) = &turn
            && reads.iter().any(|read| matches!(read, Read::Refused(_)))
            && let Some(mut happens) = self.happens.take()
        {
            happens();
        }
        turn
    }
}

#[test]
fn refusals_stand_in_the_record_in_the_order_in_which_they_were_counted() {
    let Some(database) = database() else { return };
    let (slow, quick) = (host(&database), host(&database));
    let alice = actor(&person("alice"));
    let mut later = Refused {
        batch: Batch::one(given(&slow, "later", &alice, give_back("none")), salt()),
        happens: Some(|| {
            assert_eq!(refused(one(&quick, "sooner", &alice, give_back("none"))), Code::GrantUnknown);
        }),
    };
    slow.transact(&ns(), &mut later).unwrap();
    assert_eq!(refused(later.batch.into_answers().remove(0)), Code::GrantUnknown);
    let records = record(&quick);
    let commands = records.iter().filter_map(|record| match &record.entry {
        Entry::Refused(refused) => Some(refused.command.as_str()),
        Entry::Event(_) | Entry::MoreRefused(_) | Entry::Published(_) | Entry::Revoked(_) => None,
    });
    let commands: Vec<&str> = commands.collect();
    assert_eq!(commands, ["sooner", "later"]);
}

#[test]
fn an_end_that_passes_before_the_last_command_of_a_transaction_is_not_moved() {
    let Some(database) = database() else { return };
    let clock = Arc::new(ManualClock::at(host(&database).clock()));
    let (one_host, other) = (with_clock(&database, &clock), with_clock(&database, &clock));
    let (alice, bert, carol) = (person("alice"), person("bert"), person("carol"));
    let ask = |grant: &str| request(grant, "limited", &["pg/orders/read"], None);
    let ends = view(one(&one_host, "ask a", &actor(&alice), ask("a"))).ends_at.unwrap();
    clock.set(ends.minus(Span::millis(1)));
    let mut late = Joined {
        batch: Batch::one(given(&one_host, "longer", &actor(&alice), extend("a")), salt()),
        happens: Some(|| {
            clock.set(ends);
            accepted(one(&other, "ask b", &actor(&bert), ask("b")));
        }),
        // What is read for carol says what the clock shows by now.
        more: vec![given(&one_host, "ask c", &actor(&carol), automatic("c"))],
    };
    one_host.transact(&ns(), &mut late).unwrap();
    let mut answers = late.batch.into_answers();
    accepted(answers.remove(1));
    assert_eq!(refused(answers.remove(0)), Code::GrantExpired);
    is_sound(&other);
}

/// A host that is ahead has ended access, and all of it was taken away: a clock that is behind brings none of it back.
#[test]
fn what_ended_by_a_clock_that_is_ahead_is_not_held_again() {
    let Some(database) = database() else { return };
    let clock = Arc::new(ManualClock::at(host(&database).clock()));
    let store = with_clock(&database, &clock);
    let alice = person("alice");
    let ahead = clock.now().plus(Span::seconds(20));
    let at = |now: Timestamp, command: &str, actor: &_, verb| {
        let given = Given { now, ..given(&store, command, actor, verb) };
        let mut batch = Batch::one(given, salt());
        store.transact(&ns(), &mut batch).unwrap();
        accepted(batch.into_answers().remove(0))
    };
    let holds = || {
        let item = item("pg/orders/read");
        let ask = HoldsAsk { person: &alice.id, resource: &item.resource, permission: "read" };
        store.holds(&ns(), ask, clock.now()).unwrap()
    };
    at(clock.now(), "ask", &actor(&alice), automatic("a"));
    assert!(holds().is_some());
    at(ahead, "back", &actor(&alice), give_back("a"));
    assert!(holds().is_none());
    for number in 0..9 {
        let taken = at(ahead, &format!("take {number}"), &system(), take(&alice));
        let Some(handed) = taken.handed else { break };
        at(ahead, &format!("done {number}"), &system(), done_as("w", &handed));
    }
    let unsettled = "SELECT id FROM tenure.grants WHERE unsettled";
    assert_eq!(database.texts(unsettled).unwrap(), [""; 0], "nothing of it is left to do");
    assert_eq!(holds(), None);
}

/// A worker that was silent speaks when the grant is over: what it may have put there again is to be taken away, whether
/// or not the grant is compacted at that moment.
#[test]
fn what_a_late_worker_brings_back_is_not_compacted() {
    let Some(database) = database() else { return };
    let clock = Arc::new(ManualClock::at(host(&database).clock()));
    let store = with_clock(&database, &clock);
    let alice = person("alice");
    let deliver = |what: &str| {
        for number in 0..9 {
            let taken = accepted(one(&store, &format!("{what} {number}"), &system(), take(&alice)));
            let Some(handed) = taken.handed else { break };
            accepted(one(&store, &format!("{what} done {number}"), &system(), done_as("w", &handed)));
        }
    };
    accepted(one(&store, "ask", &actor(&alice), automatic("a")));
    let silent = accepted(one(&store, "take", &system(), take_as("silent", &alice))).handed.unwrap();
    clock.set(clock.now().plus(Span::minutes(2)));
    deliver("begins");
    accepted(one(&store, "back", &actor(&alice), give_back("a")));
    deliver("ends");
    store.seal(&ns()).unwrap();
    let unsettled = || database.texts("SELECT id FROM tenure.grants WHERE unsettled").unwrap();
    assert_eq!(unsettled(), [""; 0]);
    scope(|scope| {
        // Whoever compacts has looked at the grant, and waits for its record.
        let held = "BEGIN; LOCK TABLE tenure.record; SELECT pg_sleep(1.5); COMMIT";
        scope.spawn(|| database.sql(held).unwrap());
        sleep(Duration::from_millis(400));
        let other = with_clock(&database, &clock);
        let compacts = scope.spawn(move || other.compact(&ns(), Timestamp::MAX, None, Limit::new(9)));
        sleep(Duration::from_millis(400));
        accepted(one(&store, "late", &system(), done_as("silent", &silent)));
        assert_eq!(compacts.join().unwrap().unwrap().compacted, 0);
    });
    assert_eq!(unsettled(), ["a"]);
    assert!(
        accepted(one(&store, "again", &system(), take(&alice))).handed.is_some(),
        "it is taken away again"
    );
    is_sound(&store);
}

/// A host that ends at any moment leaves a namespace that the next one can use.
#[test]
fn a_namespace_that_was_half_begun_is_used() {
    let Some(database) = database() else { return };
    let store = host(&database);
    let ns = Namespace::new("half").unwrap();
    database.sql("INSERT INTO tenure.namespace (name, documents) VALUES ('half', 0)").unwrap();
    let command = tenure_core::command::Command {
        id: CommandId::new("c").unwrap(),
        actor: actor(&person("alice")),
        context: Record::new(),
        verb: automatic("a"),
    };
    let mut batch = Batch::one(Given { command, now: store.clock(), keep: true }, salt());
    store.transact(&ns, &mut batch).unwrap();
    assert_eq!(refused(batch.into_answers().remove(0)), Code::FlowUnknown);
    let (told, sealed) = channel();
    // What never ends would hold up whoever asks.
    spawn(move || told.send(store.seal(&ns)));
    let sealed = sealed.recv_timeout(Duration::from_secs(20)).expect("sealing comes to an end");
    assert_eq!(sealed.unwrap(), 1);
}

/// Whoever seals takes what was there: however much others write meanwhile, it comes to an end.
#[test]
fn sealing_does_not_wait_for_what_others_go_on_writing() {
    let Some(database) = database() else { return };
    let store = Arc::new(host(&database));
    store.seal(&ns()).unwrap();
    // With every line that is sealed another one is there.
    let more = "CREATE FUNCTION tenure.more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO tenure.pending VALUES \
        (OLD.ns, OLD.ordered + 1, OLD.tx, OLD.number, OLD.happened, OLD.draft, OLD.salt); RETURN NULL; END $$; \
        CREATE TRIGGER more AFTER DELETE ON tenure.pending FOR EACH ROW EXECUTE FUNCTION tenure.more()";
    database.sql(more).unwrap();
    let alice = actor(&person("alice"));
    assert_eq!(refused(one(&store, "c", &alice, give_back("none"))), Code::GrantUnknown);
    let (told, sealed) = channel();
    let seals = store.clone();
    spawn(move || told.send(seals.seal(&ns())));
    let sealed = sealed.recv_timeout(Duration::from_secs(5));
    database.sql("DROP FUNCTION tenure.more() CASCADE").unwrap();
    assert_eq!(sealed.expect("sealing comes to an end").unwrap(), 1);
}
