//! One story: a store, a clock, and commands given in few words.

use std::collections::BTreeMap;
use std::sync::Arc;

use tenure_core::command::{
    Activate, Approve, Command, DecideExtension, EffectDone, EffectFailed, Extend, GiveBack, Publish, Reach,
    Request, Revoke, RevokeAll, Settle, TakeEffect, Verb, Which, Withdraw,
};
use tenure_core::effect::Handed;
use tenure_core::grant::Grant;
use tenure_core::id::{CommandId, FlowId, GrantId, Integration, Namespace, PersonId, SystemName, WorkerId};
use tenure_core::limits::EFFECT_ATTEMPTS_DEFAULT;
use tenure_core::person::{Actor, Person, Record};
use tenure_core::query::Held;
use tenure_core::record::written::Salt;
use tenure_core::record::{Entry, Record as Recorded};
use tenure_core::refusal::Code;
use tenure_core::time::{Span, Timestamp};
use tenure_core::view::View;
use tenure_core::world::Read;

use super::House;
use super::cast::{asked, item, nine, policy};
use crate::batch::{Accepted, Answered, Batch, Given};
use crate::clock::{Clock, ManualClock};
use crate::plan::{Question, unread};
use crate::query::{Filter, HoldsAsk, Limit};
use crate::store::Store;

/// One story on one store.
pub struct Story<'a, H: House> {
    house: &'a H,
    pub clock: Arc<ManualClock>,
    pub store: H::Kept,
    pub ns: Namespace,
    given: u64,
}

impl<'a, H: House> Story<'a, H> {
    /// A new store at nine, with the policy in force.
    pub fn begin(house: &'a H) -> Self {
        let clock = Arc::new(ManualClock::at(nine()));
        let store = house.open(clock.clone());
        let mut story = Self { house, clock, store, ns: Namespace::new("acme").unwrap(), given: 0 };
        story.publish("all");
        story
    }

    /// Lets the clock show so many minutes after nine.
    pub fn at(&self, minutes: u64) -> &Self {
        self.clock.set(nine().plus(Span::minutes(minutes)));
        self
    }

    pub fn restart(mut self) -> Self {
        let clock = self.clock.clone();
        self.store = self.house.reopen(self.store, clock, Arc::new(policy)).unwrap();
        self
    }

    pub fn publish(&mut self, name: &str) {
        let policy = Arc::new(policy(name).unwrap());
        self.does(&system(), Verb::Publish(Publish { policy, if_revision: None }));
    }

    pub fn request(&mut self, who: &Person, grant: &str, flow: &str, items: &[&str]) -> Answered {
        self.give(&actor(who), request(grant, flow, items, None))
    }

    pub fn approve(&mut self, who: &Person, grant: &str) -> Answered {
        self.give(&actor(who), approve(grant))
    }

    pub fn extend(&mut self, who: &Person, grant: &str) -> Answered {
        self.give(&actor(who), extend(grant))
    }

    pub fn decide_extension(&mut self, who: &Person, grant: &str, yes: bool) -> Answered {
        let ask = DecideExtension { grant: id(grant), reason: None, content: None };
        let verb = if yes { Verb::ApproveExtension(ask) } else { Verb::DenyExtension(ask) };
        self.give(&actor(who), verb)
    }

    pub fn activate(&mut self, who: &Person, grant: &str) -> Answered {
        self.give(&actor(who), Verb::Activate(Activate { grant: id(grant) }))
    }

    pub fn withdraw(&mut self, who: &Person, grant: &str) -> Answered {
        self.give(&actor(who), Verb::Withdraw(Withdraw { grant: id(grant) }))
    }

    pub fn give_back(&mut self, who: &Person, grant: &str) -> Answered {
        self.give(&actor(who), Verb::GiveBack(GiveBack { grant: id(grant) }))
    }

    pub fn revoke(&mut self, grant: &str) -> Answered {
        self.give(&system(), Verb::Revoke(Revoke { grant: id(grant), reason: Some("over".to_owned()) }))
    }

    pub fn revoke_all(&mut self, of: Reach) -> Answered {
        self.give(&system(), revoke_all(of))
    }

    pub fn settle(&mut self, who: &Person) -> Accepted {
        self.does(&system(), Verb::Settle(Settle { person: who.id.clone(), most: None }))
    }

    pub fn take(&mut self, who: &PersonId, at: Option<&Integration>, lease: Span) -> Option<Handed> {
        self.take_which(who, at.map_or(Which::Any, |at| Which::At(at.clone())), lease)
    }

    pub fn take_which(&mut self, who: &PersonId, which: Which, lease: Span) -> Option<Handed> {
        let take = TakeEffect { which, ..TakeEffect::new(who.clone(), worker(), lease) };
        self.does(&system(), Verb::TakeEffect(take)).handed
    }

    pub fn done(&mut self, handed: &Handed) -> Answered {
        let (grant, effect) = (handed.grant.clone(), handed.number);
        let already_held = std::collections::BTreeSet::new();
        self.give(&system(), Verb::EffectDone(EffectDone { grant, effect, worker: worker(), already_held }))
    }

    pub fn failed(&mut self, handed: &Handed) -> Answered {
        let (grant, effect) = (handed.grant.clone(), handed.number);
        let error = "the target does not answer".to_owned();
        let (worker, stuck_after) = (worker(), EFFECT_ATTEMPTS_DEFAULT);
        let missed = EffectFailed { grant, effect, worker, error, last: false, stuck_after };
        self.give(&system(), Verb::EffectFailed(missed))
    }

    /// Gives a command that must be accepted.
    pub fn does(&mut self, actor: &Actor, verb: Verb) -> Accepted {
        accepted(self.give(actor, verb))
    }

    /// Gives a command under the next id.
    pub fn give(&mut self, actor: &Actor, verb: Verb) -> Answered {
        self.given += 1;
        let given = self.command(&format!("c{}", self.given), actor, verb);
        let mut answers = self.batch(vec![given]);
        answers.pop().unwrap()
    }

    /// A command at what the clock shows.
    pub fn command(&self, id: &str, actor: &Actor, verb: Verb) -> Given {
        let id = CommandId::new(id).unwrap();
        let command = Command { id, actor: actor.clone(), context: Record::new(), verb };
        Given { command, now: self.clock.now(), keep: true }
    }

    pub fn batch(&self, given: Vec<Given>) -> Vec<Answered> {
        let mut batch = Batch::new(given, salt());
        self.store.transact(&self.ns, &mut batch).unwrap();
        batch.into_answers()
    }

    pub fn holds(&self, who: &Person, what: &str) -> Option<Held> {
        let item = item(what);
        let ask = HoldsAsk { person: &who.id, resource: &item.resource, permission: &item.permission };
        self.store.holds(&self.ns, ask, self.clock.now()).unwrap()
    }

    /// A grant as it is stored.
    pub fn stored(&self, grant: &GrantId) -> Option<Arc<Grant>> {
        let mut found = None;
        self.store
            .view(
                &self.ns,
                &mut Question::new(
                    |world| unread(vec![Read::Grant(grant.clone())], world),
                    |world| found = world.grants.get(grant).cloned(),
                ),
            )
            .unwrap();
        found
    }

    /// Every grant as it is stored, page by page.
    pub fn all_stored(&self) -> BTreeMap<GrantId, Arc<Grant>> {
        let ids = self.listed(&Filter::default());
        ids.into_iter().map(|id| (id.clone(), self.stored(&id).unwrap())).collect()
    }

    /// Ids of all grants that match, three at a time.
    pub fn listed(&self, filter: &Filter) -> Vec<GrantId> {
        let mut ids: Vec<GrantId> = Vec::new();
        let mut after = None;
        loop {
            let listed = self.store.list(&self.ns, filter, after.as_ref(), Limit::new(3)).unwrap();
            assert!(listed.grants.len() <= 3, "a list keeps to its limit");
            ids.extend(listed.grants);
            after = listed.next;
            if after.is_none() {
                return ids;
            }
        }
    }

    /// Every record, page by page.
    pub fn records(&self) -> Vec<Arc<Recorded>> {
        let mut records: Vec<Arc<Recorded>> = Vec::new();
        loop {
            let after = records.last().map_or(0, |record| record.position);
            let more = self.store.records(&self.ns, after, Limit::new(7)).unwrap();
            if more.is_empty() {
                return records;
            }
            records.extend(more);
        }
    }

    /// The grants that the recorded events lead to.
    pub fn replayed(&self) -> BTreeMap<GrantId, Grant> {
        let mut events: BTreeMap<GrantId, Vec<_>> = BTreeMap::new();
        for record in self.records() {
            if let Entry::Event(event) = &record.entry {
                events.entry(event.grant.clone()).or_default().push(event.clone());
            }
        }
        let replay = |events| tenure_core::machine::replay(events).unwrap();
        events.into_iter().map(|(id, events)| (id, replay(events))).collect()
    }
}

/// The salt of all batches of the stories: the same story has the same record on every store.
pub const fn salt() -> Salt {
    Salt::from_bytes([7; 16])
}

pub fn actor(who: &Person) -> Actor {
    Actor::Person(Box::new(who.clone()))
}

pub fn system() -> Actor {
    Actor::System(SystemName::new("suite").unwrap())
}

pub fn worker() -> WorkerId {
    WorkerId::new("w1").unwrap()
}

pub fn id(grant: &str) -> GrantId {
    GrantId::new(grant).unwrap()
}

pub fn request(grant: &str, flow: &str, items: &[&str], start: Option<Timestamp>) -> Verb {
    Verb::Request(Box::new(Request {
        grant: Some(id(grant)),
        flow: FlowId::new(flow).unwrap(),
        items: items.iter().map(|text| asked(text)).collect(),
        span: None,
        start,
        reason: None,
        fields: BTreeMap::new(),
        holder: None,
        break_glass: false,
        resources: Vec::new(),
    }))
}

pub fn approve(grant: &str) -> Verb {
    Verb::Approve(Approve {
        grant: id(grant),
        span: None,
        only: None,
        reason: None,
        content: None,
        holder: None,
    })
}

pub fn revoke_all(of: Reach) -> Verb {
    Verb::RevokeAll(RevokeAll { of, reason: Some("over".to_owned()) })
}

pub fn extend(grant: &str) -> Verb {
    Verb::Extend(Extend {
        grant: id(grant),
        span: None,
        if_ends_at: None,
        reason: None,
        fields: BTreeMap::new(),
        holder: None,
    })
}

pub fn accepted(answer: Answered) -> Accepted {
    match answer {
        Answered::Accepted(accepted) => accepted,
        Answered::Refused(refusal) => panic!("it was refused: {refusal}"),
        Answered::Fault(fault) => panic!("it failed: {fault}"),
    }
}

/// The grant an accepted command answers with.
pub fn view(answer: Answered) -> View {
    accepted(answer).receipt.view.clone().unwrap()
}

/// The code of a refused command.
pub fn refused(answer: Answered) -> Code {
    match answer {
        Answered::Refused(refusal) => refusal.code,
        other @ (Answered::Accepted(_) | Answered::Fault(_)) => panic!("it was not refused: {other:?}"),
    }
}
