//! A small house: an engine with a clock of its own, a policy, people, and notices as they are taken.

use std::sync::Arc;

use tenure::tenure_policy::document::Format;
use tenure::{
    Engine, ManualClock, MemoryStore, Person, PersonId, Policy, Request, Resource, Span, Take, Taken,
    Timestamp, View,
};
use tenure_connect_notices::{Directory, Words};

pub(crate) const POLICY: &str = "
version: 1
flows:
  - id: prod-db
    title: Debug production databases
    who: {any: [group:sre]}
    what: [{integration: prod-pg, permissions: [read]}]
    duration: {max: 1h}
    approval: {steps: [{approvers: [group:owners], reason: true}]}
    extension: {times: 2, span: {default: 30m}}
    notify: {before_end: [15m], to: [holder, 'channel:#ops']}
  - id: open
    who: {any: [everyone]}
    what: [{integration: prod-pg, permissions: [read]}]
    duration: {max: 1h}
    approval: automatic
";

pub(crate) struct House {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<ManualClock>,
}

/// Everybody by a longer name, which tries to be a header.
pub(crate) struct People;

impl Directory for People {
    fn person(&self, id: &PersonId) -> Option<Person> {
        Some(person(id.as_str()))
    }

    fn name(&self, id: &PersonId) -> Option<String> {
        Some(format!("{id}\r\nBcc: name@evil.example \u{202e}"))
    }
}

pub(crate) fn person(id: &str) -> Person {
    let mut person = Person::new(id.parse().unwrap());
    let group = if id == "bob" { "owners" } else { "sre" };
    person.groups.insert(group.to_owned());
    person
}

impl House {
    pub(crate) fn new() -> Self {
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::at(now));
        let engine = Engine::new(MemoryStore::with_clock(clock.clone()));
        let policy = Policy::from_text(POLICY, Format::Yaml).unwrap();
        engine.publish(&policy, person("admin"), now).unwrap();
        Self { engine, clock }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.engine.clock()
    }

    pub(crate) fn later(&self, span: Span) {
        self.clock.set(self.now().plus(span));
    }

    pub(crate) fn words(&self) -> Words {
        Words::new(self.engine.clone(), Arc::new(People))
            .link(|grant| Some(format!("https://iam.example.com/grants/{grant}")))
    }

    pub(crate) fn request(&self, flow: &str, reason: &str) -> View {
        let orders: Resource =
            serde_json::from_str(r#"{"integration": "prod-pg", "type": "database", "name": "orders"}"#)
                .unwrap();
        let ask = Request::new(flow, person("alice")).item(orders.permission("read")).reason(reason);
        self.engine.request(ask, self.now()).unwrap()
    }

    /// The next notice.
    pub(crate) fn notice(&self) -> Taken {
        self.engine.sweep(self.now()).unwrap();
        let take = Take::new("test", Span::minutes(1)).notices().at_most(1);
        self.engine.take(&take, self.now()).unwrap().pop().expect("a notice")
    }

    pub(crate) fn done(&self, effect: Taken) {
        self.engine.effect_done(effect.id, self.now()).unwrap();
    }
}
