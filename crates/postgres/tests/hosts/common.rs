//! Hosts on one database: each a store of its own, with connections of its own, and the server's clock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use std::thread::sleep;
use std::time::Duration;

use tenure_core::command::{Command, EffectDone, GiveBack, Publish, TakeEffect, Verb};
use tenure_core::id::{CommandId, Namespace, WorkerId};
use tenure_core::person::{Actor, Person, Record};
use tenure_core::record::Entry;
use tenure_core::record::tree::{Frontier, Node};
use tenure_core::time::Span;
use tenure_core::world::{Read, World};
use tenure_postgres::cluster::{Cluster, or_not_run};
use tenure_postgres::scratch::Database;
use tenure_postgres::{Options, PostgresStore};
use tenure_store::suite::cast::policy;
use tenure_store::suite::story::{accepted, id, salt, system};
use tenure_store::{Answered, Batch, Given, Limit, Store, StoreFault};

pub(crate) fn ns() -> Namespace {
    Namespace::new("acme").unwrap()
}

/// A database with a policy in force, or a word why there is none.
pub(crate) fn database() -> Option<Database> {
    static CLUSTER: LazyLock<Option<&'static Cluster>> =
        LazyLock::new(|| or_not_run(Cluster::shared(), "several hosts at once"));
    let database = CLUSTER.as_ref()?.database().unwrap();
    publish(&host(&database));
    Some(database)
}

pub(crate) fn publish(store: &PostgresStore) {
    let publish = Verb::Publish(Publish { policy: Arc::new(policy("all").unwrap()), if_revision: None });
    accepted(one(store, "publish", &system(), publish));
}

pub(crate) fn host(database: &Database) -> PostgresStore {
    host_with(database, Options::default())
}

pub(crate) fn host_with(database: &Database, options: Options) -> PostgresStore {
    host_at(&Cluster::shared().unwrap().url(database.name()), options).unwrap()
}

pub(crate) fn host_at(url: &str, options: Options) -> Result<PostgresStore, StoreFault> {
    let store = PostgresStore::open_with(url, options)?;
    store.compile_with(Arc::new(policy));
    Ok(store)
}

pub(crate) fn given(store: &PostgresStore, command: &str, actor: &Actor, verb: Verb) -> Given {
    let id = CommandId::new(command).unwrap();
    let command = Command { id, actor: actor.clone(), context: Record::new(), verb };
    Given { command, now: store.clock(), keep: true }
}

pub(crate) fn batch(store: &PostgresStore, given: Vec<Given>) -> Result<Vec<Answered>, StoreFault> {
    let mut batch = Batch::new(given, salt());
    store.transact(&ns(), &mut batch)?;
    Ok(batch.into_answers())
}

/// One command; where the store is busy, again, and where it is not known what became of it, by the same id.
pub(crate) fn one(store: &PostgresStore, command: &str, actor: &Actor, verb: Verb) -> Answered {
    for _ in 0..200 {
        match batch(store, vec![given(store, command, actor, verb.clone())]) {
            Ok(mut answers) => return answers.remove(0),
            Err(StoreFault::Busy | StoreFault::InDoubt) => {}
            Err(StoreFault::Broken(why)) if why.contains("cannot be reached") => {
                sleep(Duration::from_millis(50))
            }
            Err(fault) => panic!("{fault}"),
        }
    }
    panic!("`{command}` never came to an end");
}

pub(crate) fn give_back(grant: &str) -> Verb {
    Verb::GiveBack(GiveBack { grant: id(grant) })
}

/// A worker confirms all that waits of somebody.
pub(crate) fn deliver(store: &PostgresStore, who: &Person, what: &str) {
    let worker = WorkerId::new("w").unwrap();
    for number in 0..20 {
        let take = Verb::TakeEffect(TakeEffect::new(who.id.clone(), worker.clone(), Span::minutes(1)));
        let taken = accepted(one(store, &format!("take {what} {number}"), &system(), take));
        let Some(handed) = taken.handed else { return };
        let (grant, effect) = (handed.grant, handed.number);
        let done = EffectDone { grant, effect, worker: worker.clone(), already_held: BTreeSet::new() };
        accepted(one(store, &format!("done {what} {number}"), &system(), Verb::EffectDone(done)));
    }
    panic!("{what}: its effects never end");
}

/// The whole record, which must be whole: every position once, every hash of the tree right.
pub(crate) fn record(store: &PostgresStore) -> Vec<Arc<tenure_core::record::Record>> {
    let (mut all, mut frontier) = (Vec::new(), Frontier::default());
    loop {
        let after = u64::try_from(all.len()).unwrap();
        let more = store.records(&ns(), after, Limit::new(1_000)).unwrap();
        let leaves = store.leaves(&ns(), after, Limit::new(1_000)).unwrap();
        for (record, leaf) in more.iter().zip(&leaves) {
            assert_eq!(leaf.read().unwrap().record, **record);
            let sealed = frontier.append(leaf.hash());
            assert_eq!(record.position, frontier.size());
            let node = Node { level: 0, index: record.position - 1 };
            assert_eq!(store.nodes(&ns(), &[node]).unwrap()[0], sealed[0]);
        }
        if more.is_empty() {
            assert_eq!(store.size(&ns()).unwrap(), after);
            return all;
        }
        all.extend(more);
    }
}

/// Every grant's events in the order of the record lead to what is stored of it.
pub(crate) fn is_sound(store: &PostgresStore) -> BTreeMap<String, Vec<String>> {
    let mut events = BTreeMap::new();
    let mut kinds: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in record(store) {
        if let Entry::Event(event) = &record.entry {
            let grant = event.grant.as_str().to_owned();
            let name = format!("{:?}", event.happened);
            let name = name.split(['(', ' ']).next().unwrap().to_owned();
            kinds.entry(grant.clone()).or_default().push(name);
            events.entry(grant).or_insert_with(Vec::new).push(event.clone());
        }
    }
    for (grant, events) in events {
        let mut stored = None;
        let mut look = tenure_store::plan::Question::new(
            |world: &World| {
                let read = Read::Grant(id(&grant));
                if world.read.contains(&read) { Vec::new() } else { vec![read] }
            },
            |world: &World| stored = world.grants.get(&id(&grant)).cloned(),
        );
        store.view(&ns(), &mut look).unwrap();
        let replayed = tenure_core::machine::replay(events).unwrap();
        assert_eq!(Some(&replayed), stored.as_deref(), "{grant}");
    }
    kinds
}
