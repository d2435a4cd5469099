//! A record of a real engine, exported.

use std::sync::Arc;

use tenure::tenure_core::record::checkpoint::VerifierKey;
use tenure::tenure_core::record::export::{Exported, Line, VERSION};
use tenure::{
    Approve, Done, Engine, Erase, GiveBack, LogKey, ManualClock, MemoryStore, Person, Policy, Request,
    Resource, Span, Timestamp,
};
use tenure_audit::Trusted;

pub(crate) const LOG: &str = "audit.example.com";

const POLICY: &str = r#"
version: 1
flows:
  - id: db
    who: {any: [everyone]}
    what: [{integration: pg, permissions: [read]}]
    duration: {max: 4h}
    approval: {steps: [{approvers: [group:owners]}]}
"#;

pub(crate) struct Scene {
    pub(crate) engine: Engine,
    pub(crate) key: LogKey,
    clock: Arc<ManualClock>,
    /// The checkpoint that was handed out after each command.
    pub(crate) checkpoints: Vec<String>,
    minutes: u64,
}

impl Scene {
    /// A policy; three people ask, are approved and give back.
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::at(nine()));
        let engine = Engine::new(MemoryStore::with_clock(clock.clone())).namespace("acme corp").unwrap();
        let key = LogKey::new(LOG, &[7; 32]);
        let mut scene = Self { engine, key, clock, checkpoints: Vec::new(), minutes: 0 };
        let admin = Person::new("admin".parse().unwrap());
        let policy = Policy::from_text(POLICY, tenure::tenure_policy::document::Format::Yaml).unwrap();
        scene.engine.publish(&policy, &admin, nine()).unwrap();
        scene.checkpoint();
        for name in ["alice", "bert", "carol"] {
            scene.life(name);
        }
        scene
    }

    /// The same, and what was written of the first is erased.
    pub(crate) fn erased() -> Self {
        let mut scene = Self::new();
        let (host, now) = (tenure::Actor::System("host".parse().unwrap()), scene.now());
        scene.engine.erase(Erase::new("of-alice", host), now).unwrap();
        scene.checkpoint();
        scene
    }

    fn now(&mut self) -> Timestamp {
        self.minutes += 1;
        let now = nine().plus(Span::minutes(self.minutes));
        self.clock.set(now);
        now
    }

    fn life(&mut self, name: &str) {
        let person = Person::new(name.parse().unwrap());
        let mut owner = Person::new("olga".parse().unwrap());
        owner.groups.insert("owners".to_owned());
        let orders: Resource =
            serde_json::from_str(r#"{"integration": "pg", "type": "database", "name": "orders"}"#).unwrap();
        let grant = format!("of-{name}");
        let now = self.now();
        let ask = Request::new("db", &person).grant(grant.clone()).item(orders.permission("read"));
        self.engine.request(ask.span(Span::hours(1)).reason(format!("why {name} asks")), now).unwrap();
        self.checkpoint();
        self.engine.approve(Approve::new(&grant, &owner).reason("yes"), now).unwrap();
        assert!(self.engine.approve(Approve::new(&grant, &person), now).is_err());
        self.checkpoint();
        let now = self.now();
        self.engine.give_back(GiveBack::new(&grant, &person), now).unwrap();
        loop {
            let taken = self.engine.take_effects("w", Span::minutes(1), now).unwrap();
            if taken.is_empty() {
                break;
            }
            for effect in taken {
                self.engine.effect_done(Done::new(effect.id), now).unwrap();
            }
        }
        self.checkpoint();
    }

    fn checkpoint(&mut self) {
        self.checkpoints.push(self.engine.checkpoint(&self.key, nine()).unwrap());
    }

    pub(crate) fn verifier(&self) -> VerifierKey {
        self.engine.verifier_key(&self.key).unwrap()
    }

    /// What somebody knows who keeps the public key and all checkpoints.
    pub(crate) fn trusted(&self) -> Trusted {
        Trusted { keys: vec![self.verifier()], checkpoints: self.checkpoints.clone() }
    }

    pub(crate) fn records(&self) -> Vec<Exported> {
        self.engine.export(0, 1_000).unwrap()
    }
}

/// An export of these records.
pub(crate) fn export(records: &[Exported]) -> String {
    let log = Line::Log { version: VERSION, namespace: "acme corp".parse().unwrap() };
    let lines = [log].into_iter().chain(records.iter().cloned().map(Line::Record));
    lines.map(|line| serde_json::to_string(&line).unwrap() + "\n").collect()
}

pub(crate) fn nine() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}
