//! Whether a file is whole: everything in it follows from its record, and nothing that was answered is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use tenure::tenure_core::event::{Event, Happened};
use tenure::tenure_core::grant::Grant;
use tenure::tenure_core::id::{CommandId, GrantId, Namespace, PersonId};
use tenure::tenure_core::limits::REFUSALS_A_MINUTE_MAX;
use tenure::tenure_core::machine;
use tenure::tenure_core::record::refused::{RefusedOf, Tally};
use tenure::tenure_core::record::{Entry, Record};
use tenure::tenure_core::refusal::Code;
use tenure::tenure_core::world::Read;
use tenure::tenure_store::next::Next;
use tenure::tenure_store::plan::{Question, unread};
use tenure::tenure_store::store::holds_by_the_rules;
use tenure::tenure_store::{Awaited, Clock, Filter, HoldsAsk, Limit, Place};
use tenure::{
    Engine, Error, Integration, ManualClock, Span, SqliteStore, Store, StoreFault, SystemClock, Timestamp,
};

use crate::journal::{Heard, Told, digest};
use crate::load::{Deed, PEOPLE, place};

/// A file that was opened again, at an instant that stands.
pub(crate) struct Judge {
    store: Arc<SqliteStore>,
    engine: Engine,
    ns: Namespace,
    now: Timestamp,
}

/// All that is on record, by what it is about.
#[derive(Default)]
struct Story {
    records: Vec<Arc<Record>>,
    events: BTreeMap<GrantId, Vec<Event>>,
    /// Where what a command did stands.
    done: BTreeMap<CommandId, Vec<u64>>,
    refused: BTreeMap<CommandId, Vec<String>>,
    /// Refusals that are on record by their number alone.
    more_refused: BTreeMap<RefusedOf, u64>,
    taken: BTreeMap<(String, u32), usize>,
}

/// A grant as it is stored, and when it was revoked among many, where that is still to be written.
type Stored = (Arc<Grant>, Option<Timestamp>);

impl Judge {
    pub(crate) fn of(file: &Path) -> Result<Self, StoreFault> {
        let now = SystemClock.now();
        let store = Arc::new(SqliteStore::open_with(file, Arc::new(ManualClock::at(now)))?);
        let engine = Engine::over(store.clone());
        Ok(Self { store, engine, ns: "default".parse().unwrap(), now })
    }

    /// Everything in the file agrees with its record. How many grants there are.
    pub(crate) fn whole(&self) -> usize {
        let story = self.story();
        let stored = self.stored(&story);
        for (id, events) in &story.events {
            let replayed = machine::replay(events.iter().cloned()).unwrap();
            assert_eq!(*stored[id].0, replayed, "the events of {id} make what is stored of it");
            let history = self.engine.history(id.as_str()).unwrap();
            let history = history.iter().filter_map(|record| match &record.entry {
                Entry::Event(event) => Some(event),
                Entry::Refused(_) | Entry::MoreRefused(_) | Entry::Published(_) | Entry::Revoked(_) => None,
            });
            assert!(history.eq(events), "the history of {id} is what is on record of it");
            let numbers = events.iter().flat_map(|event| &event.effects).map(|effect| effect.number);
            assert!(numbers.eq(1..=u32::try_from(effects(events)).unwrap()), "effects of {id}, each once");
        }
        self.indexes(&stored);
        self.access();
        stored.len()
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.story().records.iter().map(|record| record.entry.clone()).collect()
    }

    /// All that is on record, without a gap, and every command in one piece and once.
    fn story(&self) -> Story {
        let mut story = Story::default();
        loop {
            let after = u64::try_from(story.records.len()).unwrap();
            let page = self.engine.records(after, Limit::MAX).unwrap();
            if page.is_empty() {
                break;
            }
            for record in page {
                assert_eq!(record.position, u64::try_from(story.records.len()).unwrap() + 1, "without a gap");
                story.hear(&record);
                story.records.push(record);
            }
        }
        for ((effect, attempt), times) in &story.taken {
            assert_eq!(*times, 1, "{effect} was handed out once at attempt {attempt}");
        }
        let many: BTreeSet<&CommandId> = (story.records.iter())
            .filter_map(|record| match &record.entry {
                Entry::Revoked(by) => Some(&by.cause.command),
                Entry::Event(_) | Entry::Refused(_) | Entry::MoreRefused(_) | Entry::Published(_) => None,
            })
            .collect();
        for (command, positions) in &story.done {
            // The ends of a revocation of many are written down one by one.
            let run = positions.last().unwrap() - positions[0] + 1;
            let whole = run == u64::try_from(positions.len()).unwrap();
            assert!(whole || many.contains(command), "{command} stands at {positions:?}: not in one piece");
        }
        story
    }

    /// Every grant that is stored; each of those on record, and no other.
    fn stored(&self, story: &Story) -> BTreeMap<GrantId, Stored> {
        let mut found = BTreeMap::new();
        let mut after = None;
        loop {
            let page = Limit::new(Limit::MAX);
            let listed = self.store.list(&self.ns, &Filter::default(), after.as_ref(), page).unwrap();
            let reads: Vec<Read> = listed.grants.iter().cloned().map(Read::Grant).collect();
            let mut question = Question::new(
                |world| unread(reads.clone(), world),
                |world| {
                    for (id, grant) in &world.grants {
                        let revoked = world.revoked.get(id).map(|reached| reached.by.at);
                        found.insert(id.clone(), (grant.clone(), revoked));
                    }
                },
            );
            if !reads.is_empty() {
                self.store.view(&self.ns, &mut question).unwrap();
            }
            after = listed.next;
            if after.is_none() {
                break;
            }
        }
        assert!(found.keys().eq(story.events.keys()), "what is stored is what is on record");
        found
    }

    /// Deadlines and effects that wait are found for exactly those who have some.
    fn indexes(&self, stored: &BTreeMap<GrantId, Stored>) {
        let mut people: BTreeMap<&PersonId, Vec<&Stored>> = BTreeMap::new();
        for of in stored.values() {
            people.entry(of.0.holder()).or_default().push(of);
        }
        let nexts: Vec<(&PersonId, Next)> = people
            .into_iter()
            .map(|(person, of)| (person, Next::of(of.into_iter().map(|(grant, at)| (&**grant, *at)))))
            .collect();
        let expected = |at: &dyn Fn(&Next) -> Option<Timestamp>| {
            let waits = nexts.iter().filter_map(|(person, next)| {
                at(next).map(|at| Awaited { at, person: PersonId::clone(person) })
            });
            waits.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
        };
        let (limit, far) = (Limit::new(Limit::MAX), self.now.plus(Span::days(400)));
        let due = self.store.due(&self.ns, far, None, limit).unwrap();
        assert_eq!(due, expected(&|next| next.due), "deadlines");
        let ready = self.store.ready(&self.ns, Place::Anywhere, far, None, limit).unwrap();
        assert_eq!(ready, expected(&|next| next.ready), "effects");
        for at in ["pg", "k8s"] {
            let integration: Integration = at.parse().unwrap();
            let ready = self.store.ready(&self.ns, Place::At(&integration), far, None, limit).unwrap();
            let place = Some(integration);
            assert_eq!(ready, expected(&|next| next.ready_at.get(&place).copied()), "effects at {at}");
        }
        let notices = self.store.ready(&self.ns, Place::Notices, far, None, limit).unwrap();
        assert_eq!(notices, expected(&|next| next.ready_at.get(&None).copied()), "notices");
    }

    /// What is answered at the door is what the rules say.
    fn access(&self) {
        for person in PEOPLE {
            let person: PersonId = person.parse().unwrap();
            for (resource, permission) in items() {
                let ask = HoldsAsk { person: &person, resource: &resource, permission };
                let fast = self.store.holds(&self.ns, ask, self.now).unwrap();
                assert_eq!(fast, holds_by_the_rules(&*self.store, &self.ns, ask, self.now).unwrap());
            }
        }
    }

    /// What was answered has happened, once, and answers the same; what was not is there whole or not at all, and giving
    /// it again settles it. How many were neither answered nor lost.
    pub(crate) fn told(&self, told: &Told) -> usize {
        let before = self.story();
        for (effect, attempt) in &told.taken {
            assert_eq!(before.taken.get(&(effect.clone(), *attempt)), Some(&1), "{effect} was handed out");
        }
        self.refusals(told, &before);
        let mut unheard = 0;
        for (deed, heard) in &told.deeds {
            let id = deed.id();
            let receipt = self.store.receipt(&self.ns, &id).unwrap();
            let on_record = before.done.contains_key(&id);
            assert_eq!(
                receipt.is_some(),
                on_record,
                "{id}: its answer is kept, and what it did is on record"
            );
            let kept = receipt.map(|receipt| digest(&receipt));
            match heard {
                Heard::Accepted(answer) => assert_eq!(kept.as_ref(), Some(answer), "{id} was answered"),
                // That is asked before anything is given again: then more is counted.
                Heard::Refused(_) => {}
                Heard::Nothing => unheard += usize::from(on_record || before.refused.contains_key(&id)),
            }
            self.again(deed, heard, kept);
        }
        let after = self.story();
        for deed in told.deeds.keys() {
            let id = deed.id();
            let was = before.done.get(&id);
            assert!(was.is_none() || was == after.done.get(&id), "{id} was given again and happened once");
        }
        unheard
    }

    /// Every refusal is on record by itself, once; or it is one of so many that are counted.
    fn refusals(&self, told: &Told, story: &Story) {
        let mut unrecorded: BTreeMap<RefusedOf, u64> = BTreeMap::new();
        for (deed, heard) in &told.deeds {
            let Heard::Refused(code) = heard else { continue };
            match story.refused.get(&deed.id()) {
                Some(codes) => assert_eq!(codes, std::slice::from_ref(code), "{} was refused", deed.id()),
                None => {
                    let actor = deed.command().actor.to_string();
                    let of = RefusedOf { actor, code: Code::named(code).unwrap() };
                    *unrecorded.entry(of).or_default() += 1;
                }
            }
        }
        for (of, times) in unrecorded {
            let told = story.more_refused.get(&of).copied().unwrap_or_default();
            let open = self.tally(&of).map_or(0, |tally| tally.times.saturating_sub(REFUSALS_A_MINUTE_MAX));
            assert!(
                times <= told + open,
                "{times} of {of:?} are not on record, and {told} and {open} counted"
            );
        }
    }

    /// What is counted of refusals and not on record yet.
    fn tally(&self, of: &RefusedOf) -> Option<Tally> {
        let mut tally = None;
        let mut question = Question::new(
            |world| unread(vec![Read::Refused(of.clone())], world),
            |world| tally = world.refused.get(of).copied(),
        );
        self.store.view(&self.ns, &mut question).unwrap();
        tally
    }

    /// Gives a command again.
    fn again(&self, deed: &Deed, heard: &Heard, kept: Option<String>) {
        let id = deed.id();
        match (self.engine.answer(deed.command(), self.now), kept) {
            (Ok(receipt), Some(kept)) => assert_eq!(digest(&receipt), kept, "{id} answers the same"),
            // It had not happened, or it was refused then and passes now: it is settled from here on.
            (Ok(receipt), None) => {
                assert!(!matches!(heard, Heard::Accepted(_)), "{id}");
                let again = self.engine.answer(deed.command(), self.now).unwrap();
                assert_eq!(digest(&again), digest(&receipt), "{id} answers the same");
            }
            (Err(Error::Refused(refusal)), kept) => assert_eq!(kept, None, "{id} is refused now: {refusal}"),
            (Err(other), _) => panic!("{id}: {other}"),
        }
    }
}

impl Story {
    fn hear(&mut self, record: &Record) {
        match &record.entry {
            Entry::Event(event) => {
                self.events.entry(event.grant.clone()).or_default().push(event.clone());
                if let Some(cause) = &event.cause {
                    self.done.entry(cause.command.clone()).or_default().push(record.position);
                }
                if let Happened::EffectTaken { handed } = &event.happened {
                    let effect = format!("{}/{}", handed.grant, handed.number);
                    *self.taken.entry((effect, handed.attempt)).or_default() += 1;
                }
            }
            Entry::Refused(refused) => {
                let code = refused.refused.as_str().to_owned();
                self.refused.entry(refused.command.clone()).or_default().push(code);
            }
            Entry::MoreRefused(more) => {
                let of = RefusedOf { actor: more.actor.clone(), code: more.more_refused };
                *self.more_refused.entry(of).or_default() += more.times;
            }
            Entry::Revoked(by) => {
                self.done.entry(by.cause.command.clone()).or_default().push(record.position);
            }
            Entry::Published(_) => {}
        }
    }
}

fn effects(events: &[Event]) -> usize {
    events.iter().map(|event| event.effects.len()).sum()
}

/// What access there is to ask for.
pub(crate) fn items() -> Vec<(tenure::ResourceId, &'static str)> {
    vec![(place("pg", "orders"), "read"), (place("pg", "bills"), "write"), (place("k8s", "prod"), "read")]
}
