//! Transactions: whole or absent, in order, once.

use tenure_core::command::{GiveBack, Verb};
use tenure_core::id::CommandId;
use tenure_core::refusal::Code;
use tenure_core::world::{Read, World};

use super::House;
use super::cast::{owner, person};
use super::story::{Story, accepted, actor, extend, id, refused, request, salt, view};
use crate::batch::{Answered, Batch};
use crate::fault::StoreFault;
use crate::plan::{Plan, Turn};
use crate::query::Filter;
use crate::store::Store;

pub(super) fn a_batch_sees_what_came_before_it_in_the_batch(house: &impl House) {
    let story = Story::begin(house);
    let alice = actor(&person("alice"));
    let given = vec![
        story.command("b1", &alice, request("g1", "automatic", &["pg/orders/read"], None)),
        story.command("b2", &alice, extend("g1")),
        story.command("b3", &alice, extend("nothing")),
        story.command("b4", &alice, extend("g1")),
        story.command("b5", &alice, extend("g1")),
        story.command("b2", &alice, extend("g1")),
    ];
    let mut answers = story.batch(given).into_iter();
    let mut next = || answers.next().unwrap();
    let first = view(next());
    let second = view(next());
    assert!(second.ends_at > first.ends_at);
    assert_eq!(refused(next()), Code::GrantUnknown);
    assert_eq!(view(next()).extensions.used, 2);
    assert_eq!(refused(next()), Code::ExtensionUsedUp);
    let again = accepted(next());
    assert!(again.repeated, "an id claimed in the batch is claimed for the rest of it");
    assert_eq!(again.receipt.view, Some(second));
    assert_eq!(story.stored(&id("g1")).unwrap().extensions.len(), 2);
}

pub(super) fn limits_count_what_came_before_in_the_batch(house: &impl House) {
    let story = Story::begin(house);
    let ask = |n: &str, who: &str, item: &str| {
        story.command(&format!("b{n}"), &actor(&person(who)), request(n, "limited", &[item], None))
    };
    let given = vec![
        ask("g1", "alice", "pg/orders/read"),
        ask("g2", "alice", "pg/bills/read"),
        ask("g3", "bert", "pg/orders/read"),
        ask("g4", "bert", "pg/bills/read"),
        ask("g5", "carol", "k8s/prod/admin"),
        // A place that was left in the batch is free in the batch.
        story.command("b6", &actor(&person("alice")), Verb::GiveBack(GiveBack { grant: id("g1") })),
        ask("g7", "carol", "pg/orders/read"),
    ];
    let answers: Vec<_> = story
        .batch(given)
        .into_iter()
        .map(|answer| match answer {
            Answered::Accepted(_) => None,
            refusal @ (Answered::Refused(_) | Answered::Fault(_)) => Some(refused(refusal)),
        })
        .collect();
    let (person, item, total) = (Code::LimitOpenPerPerson, Code::LimitOpenPerItem, Code::LimitOpenTotal);
    assert_eq!(answers, [None, Some(person), Some(item), None, Some(total), None, None]);
}

/// Decides as a batch does, then asks again for what it was given.
struct BreaksOff(Batch);

impl Plan for BreaksOff {
    fn start(&mut self) {
        self.0.start();
    }

    fn turn(&mut self, world: &World) -> Turn {
        match self.0.turn(world) {
            Turn::Over => Turn::Read(Vec::new()),
            turn @ (Turn::Read(_) | Turn::Decided(_)) => turn,
        }
    }
}

pub(super) fn a_plan_that_breaks_off_writes_nothing(house: &impl House) {
    let mut story = Story::begin(house);
    let before = story.records().len();
    let alice = person("alice");
    let given = story.command("b1", &actor(&alice), request("g1", "automatic", &["pg/orders/read"], None));
    let broken = story.store.transact(&story.ns, &mut BreaksOff(Batch::one(given, salt())));
    assert!(matches!(broken, Err(StoreFault::Broken(_))), "{broken:?}");
    assert_eq!(story.records().len(), before);
    assert!(story.stored(&id("g1")).is_none());
    assert!(story.holds(&alice, "pg/orders/read").is_none());
    assert!(story.store.receipt(&story.ns, &CommandId::new("b1").unwrap()).unwrap().is_none());
    // And it holds up nobody.
    view(story.request(&alice, "g1", "automatic", &["pg/orders/read"]));
}

pub(super) fn a_question_writes_nothing(house: &impl House) {
    let story = Story::begin(house);
    let before = story.records().len();
    let alice = actor(&person("alice"));
    let given = story.command("b1", &alice, request("g1", "automatic", &["pg/orders/read"], None));
    let asked = story.store.view(&story.ns, &mut Batch::one(given, salt()));
    assert!(matches!(asked, Err(StoreFault::Broken(_))), "{asked:?}");
    assert_eq!(story.records().len(), before);
    assert!(story.listed(&Filter::default()).is_empty());
}

pub(super) fn a_command_given_again_answers_the_same(house: &impl House) {
    let mut story = Story::begin(house);
    let (alice, bob) = (person("alice"), owner("bob"));
    view(story.request(&alice, "g1", "automatic", &["pg/orders/read"]));
    let click = story.command("click", &actor(&alice), extend("g1"));
    let first = accepted(story.batch(vec![click.clone()]).remove(0));
    view(story.extend(&alice, "g1"));
    let records = story.records().len();

    story.at(30);
    let again = accepted(story.batch(vec![click.clone()]).remove(0));
    assert!(again.repeated);
    assert_eq!(again.receipt, first.receipt);
    assert_eq!(story.records().len(), records, "nothing happened");

    // Long after the grant has ended, and before anything is settled.
    story.at(600);
    let again = accepted(story.batch(vec![click]).remove(0));
    assert_eq!(again.receipt, first.receipt);
    assert_eq!(story.records().len(), records);

    let other = story.command("click", &actor(&bob), extend("g1"));
    assert_eq!(refused(story.batch(vec![other]).remove(0)), Code::CommandReused);

    // A refused command does not claim its id.
    let early = story.command("later", &actor(&alice), request("g1", "automatic", &["pg/orders/read"], None));
    assert_eq!(refused(story.batch(vec![early]).remove(0)), Code::GrantExists);
    let late = story.command("later", &actor(&alice), request("g2", "automatic", &["pg/orders/read"], None));
    view(story.batch(vec![late]).remove(0));

    // An id that the library made up is not kept.
    let mut unkept = story.command("made-up", &actor(&alice), extend("g2"));
    unkept.keep = false;
    view(story.batch(vec![unkept]).remove(0));
    let made_up = CommandId::new("made-up").unwrap();
    assert!(story.store.receipt(&story.ns, &made_up).unwrap().is_none());
}

/// Asks for everything there is, and keeps the world it gets.
struct Keeps(Vec<Read>, Option<World>);

impl Plan for Keeps {
    fn start(&mut self) {
        self.1 = None;
    }

    fn turn(&mut self, world: &World) -> Turn {
        if self.1.is_some() {
            return Turn::Over;
        }
        let missing = crate::plan::unread(self.0.clone(), world);
        if !missing.is_empty() {
            return Turn::Read(missing);
        }
        self.1 = Some(world.clone());
        Turn::Decided(None)
    }
}

pub(super) fn what_a_decision_needs_is_there(house: &impl House) {
    let mut story = Story::begin(house);
    let (alice, carol) = (person("alice"), person("carol"));
    view(story.request(&alice, "g1", "limited", &["pg/orders/read"]));
    view(story.request(&carol, "g3", "limited", &["pg/bills/read"]));
    view(story.request(&alice, "g2", "automatic", &["pg/bills/read"]));
    let bert = person("bert");
    assert_eq!(refused(story.request(&bert, "g4", "limited", &["k8s/prod/admin"])), Code::LimitOpenTotal);

    let world = |reads: &[Read]| {
        let mut plan = Keeps(reads.to_vec(), None);
        story.store.view(&story.ns, &mut plan).unwrap();
        plan.1.unwrap()
    };
    let grants = |read: Read| {
        let world = world(&[read]);
        world.grants.keys().map(|id| id.as_str().to_owned()).collect::<Vec<_>>()
    };
    let limited = tenure_core::id::FlowId::new("limited").unwrap();
    let bills = super::cast::item("pg/bills/read");
    assert_eq!(grants(Read::OpenIn(limited.clone())), ["g1", "g3"]);
    assert_eq!(grants(Read::OpenOn(bills.clone())), ["g2", "g3"]);
    assert_eq!(grants(Read::Person(alice.id.clone())), ["g1", "g2"]);
    assert_eq!(grants(Read::Grant(id("g3"))), ["g3"]);
    assert_eq!(grants(Read::Grant(id("never"))), Vec::<String>::new());
    let revision = story.stored(&id("g1")).unwrap().origin.revision.clone();
    assert_eq!(world(&[Read::Revision(revision.clone())]).revisions.len(), 1);
    let known = world(&[Read::Command(CommandId::new("c2").unwrap())]);
    assert_eq!(known.answered.unwrap().view.as_ref().unwrap().id, id("g1"));

    // A revision stays known after its flow is gone; the head is the new one.
    story.publish("less");
    let mut plan = Keeps(vec![Read::Revision(revision)], None);
    story.store.view(&story.ns, &mut plan).unwrap();
    let world = plan.1.unwrap();
    assert_eq!(world.revisions.len(), 1);
    assert!(world.policy.flow(&limited).unwrap().removed);

    // Closed and without effects, a grant is no longer in the way of anything.
    while let Some(handed) = story.take(&carol.id, None, tenure_core::time::Span::minutes(1)) {
        accepted(story.done(&handed));
    }
    view(story.give_back(&carol, "g3"));
    let mut plan =
        Keeps(vec![Read::OpenIn(limited), Read::OpenOn(bills), Read::Person(carol.id.clone())], None);
    story.store.view(&story.ns, &mut plan).unwrap();
    let ids = plan.1.unwrap().grants.into_keys().map(|id| id.as_str().to_owned()).collect::<Vec<_>>();
    assert_eq!(ids, ["g1", "g2", "g3"], "g3 is there for its holder: its removal is not confirmed yet");
    while let Some(handed) = story.take(&carol.id, None, tenure_core::time::Span::minutes(1)) {
        let answer = story.done(&handed);
        assert!(matches!(answer, Answered::Accepted(_)), "{answer:?}");
    }
    let mut plan = Keeps(vec![Read::Person(carol.id.clone())], None);
    story.store.view(&story.ns, &mut plan).unwrap();
    assert!(plan.1.unwrap().grants.is_empty());
}
