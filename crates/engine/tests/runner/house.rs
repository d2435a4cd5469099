//! A host with a store, and targets that remember what they were told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use tenure::tenure_core::effect::Order;
use tenure::tenure_core::grant::Enforcement;
use tenure::tenure_core::record::Entry;
use tenure::tenure_policy::document::Format;
use tenure::{
    Carried, Engine, Extend, GiveBack, ManualClock, MemoryStore, Person, Policy, Request, ResourceId, Runner,
    Span, Store, Taken, Timestamp, Trouble,
};

pub(crate) const LEASE: Span = Span::minutes(1);

pub(crate) struct House {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) engine: Engine,
}

impl House {
    /// With a flow over these integrations.
    pub(crate) fn new(integrations: &[&str]) -> Self {
        Self::over(integrations, |store| store)
    }

    pub(crate) fn over<S: Store + 'static>(
        integrations: &[&str],
        store: impl FnOnce(MemoryStore) -> S,
    ) -> Self {
        let clock = Arc::new(ManualClock::at(nine()));
        let engine = Engine::new(store(MemoryStore::with_clock(clock.clone())));
        let what: Vec<String> =
            integrations.iter().map(|at| format!("{{integration: {at}, permissions: [read]}}")).collect();
        let text = format!(
            "{{version: 1, flows: [{{id: db, who: {{any: [everyone]}}, what: [{}], duration: {{default: 1h, max: 4h}}, \
             approval: automatic, extension: {{times: 50, span: {{default: 1m, max: 30m}}}}, notify: {{before_end: []}}}}]}}",
            what.join(", ")
        );
        let policy = Policy::from_text(&text, Format::Yaml).unwrap();
        engine.publish(&policy, person("admin"), nine()).unwrap();
        Self { clock, engine }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.engine.clock()
    }

    pub(crate) fn later(&self, span: Span) -> Timestamp {
        self.clock.set(self.now().plus(span));
        self.now()
    }

    /// That person's access at these integrations.
    pub(crate) fn request(&self, who: &str, grant: &str, integrations: &[&str]) {
        let items = integrations.iter().map(|at| resource(at).permission("read"));
        let ask = Request::new("db", person(who)).items(items).grant(grant.to_owned());
        self.engine.request(ask, self.now()).unwrap();
    }

    pub(crate) fn give_back(&self, who: &str, grant: &str) {
        self.engine.give_back(GiveBack::new(grant, person(who)), self.now()).unwrap();
    }

    /// By a minute.
    pub(crate) fn extend(&self, who: &str, grant: &str) {
        self.engine.extend(Extend::new(grant, person(who)), self.now()).unwrap();
    }

    pub(crate) fn enforcement(&self, grant: &str) -> Enforcement {
        self.engine.look(grant, self.now()).unwrap().unwrap().enforcement
    }

    /// Names of what happened to a grant.
    pub(crate) fn happened(&self, grant: &str) -> Vec<&'static str> {
        let history = self.engine.history(grant).unwrap();
        let names = history.iter().filter_map(|record| match &record.entry {
            Entry::Event(event) => Some(event.happened.name()),
            Entry::Refused(_) | Entry::MoreRefused(_) | Entry::Published(_) | Entry::Revoked(_) => None,
        });
        names.collect()
    }

    /// A runner that hands everything to these targets.
    pub(crate) fn runner(&self, worker: &str, targets: &Arc<Targets>) -> Runner {
        let targets = targets.clone();
        Runner::new(self.engine.clone(), worker, LEASE).handle(move |effect: &Taken| targets.told(effect))
    }
}

/// Targets: who has access where, until when; what they were told, and how many at once.
#[derive(Default)]
pub(crate) struct Targets {
    held: Mutex<BTreeMap<(String, String), Timestamp>>,
    told: Mutex<Vec<Taken>>,
    busy: Mutex<BTreeSet<(String, String)>>,
    sick: Mutex<BTreeSet<String>>,
}

impl Targets {
    pub(crate) fn told(&self, effect: &Taken) -> Result<Carried, Trouble> {
        let at = place(&effect.order);
        let key = (at.clone(), effect.holder.to_string());
        let notice = at == "notices";
        if !notice {
            let alone = self.busy.lock().unwrap().insert(key.clone());
            assert!(alone, "two effects of {} at {at} at once", effect.holder);
        }
        self.told.lock().unwrap().push(effect.clone());
        std::thread::yield_now();
        let sick = self.sick.lock().unwrap().contains(&at);
        if !sick {
            self.obey(effect);
        }
        if !notice {
            self.busy.lock().unwrap().remove(&key);
        }
        if sick { Err(Trouble::of("no route")) } else { Ok(Carried::out()) }
    }

    pub(crate) fn obey(&self, effect: &Taken) {
        let key = |at: &dyn ToString| (at.to_string(), effect.holder.to_string());
        let mut held = self.held.lock().unwrap();
        match &effect.order {
            Order::Hold { at, items, .. } => {
                held.insert(key(at), items.iter().map(|held| held.until).max().unwrap());
            }
            Order::Remove { at, .. } => {
                held.remove(&key(at));
            }
            Order::Rotate { .. } | Order::Tell { .. } => {}
        }
    }

    pub(crate) fn until(&self, at: &str, who: &str) -> Option<Timestamp> {
        self.held.lock().unwrap().get(&(at.to_owned(), who.to_owned())).copied()
    }

    pub(crate) fn sick(&self, at: &str) {
        self.sick.lock().unwrap().insert(at.to_owned());
    }

    pub(crate) fn well(&self, at: &str) {
        self.sick.lock().unwrap().remove(at);
    }

    pub(crate) fn all(&self) -> Vec<Taken> {
        self.told.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> u64 {
        u64::try_from(self.told.lock().unwrap().len()).unwrap()
    }

    /// What was told at a place, in order, and forgotten now: the kind and the attempt.
    pub(crate) fn at(&self, place: &str) -> Vec<(String, u32)> {
        let told = std::mem::take(&mut *self.told.lock().unwrap());
        let there = told.iter().filter(|effect| self::place(&effect.order) == place);
        there.map(|effect| (effect.kind.clone(), effect.attempt)).collect()
    }
}

pub(crate) fn place(order: &Order) -> String {
    match order {
        Order::Hold { at, .. } | Order::Remove { at, .. } | Order::Rotate { at, .. } => at.to_string(),
        Order::Tell { .. } => "notices".to_owned(),
    }
}

pub(crate) fn nine() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

pub(crate) fn person(name: &str) -> Person {
    Person::new(name.parse().unwrap())
}

pub(crate) fn resource(integration: &str) -> ResourceId {
    ResourceId { integration: integration.parse().unwrap(), kind: "db".to_owned(), name: "orders".to_owned() }
}
