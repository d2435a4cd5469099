//! A tenant of twenty people and eight flows, and what happens in it, the same every time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fastrand::Rng;
use tenure::{Engine, Taken};
use tenure_port::call::{self, Actor};
use tenure_port::core::command::Asked;
use tenure_port::core::id::{CommandId, FlowId, GrantId, Namespace, SystemName, WorkerId};
use tenure_port::core::person::{self, Authenticated, Fact, Level, Person, Record, Resource, ResourceId};
use tenure_port::core::time::{Span, Timestamp};
use tenure_port::store::{Filter, Limit, ManualClock, MemoryStore, Store};
use tenure_port::{Answer, Answered, Call, Port};

const PEOPLE: usize = 20;
const RESOURCES: usize = 12;
const FLOWS: [&str; 8] =
    ["automatic", "prod-db", "two-eyes", "office", "confirmed", "by-hand", "pay-create", "pay-release"];
/// Grants that most commands are about: the last of those that were asked for.
const LATEST: usize = 260;

const POLICY: &str = include_str!("policy.yaml");

/// Fields that most calls leave alone.
macro_rules! by {
    ($kind:ident, $story:expr, $who:expr, {$($field:ident: $value:expr),* $(,)?}) => {
        Call::$kind(call::$kind {
            actor: $who,
            command_id: Some(CommandId::new(format!("c{}", $story.named)).unwrap()),
            context: $story.context(),
            now: None,
            $($field: $value,)*
        })
    };
}

/// A tenant, and who did what in it so far.
pub(crate) struct Story {
    pub(crate) port: Port,
    store: Arc<MemoryStore>,
    clock: Arc<ManualClock>,
    rng: Rng,
    now: Timestamp,
    people: Vec<Person>,
    resources: Vec<Arc<Resource>>,
    /// Grants that are there, each with its holder's place.
    grants: Vec<(GrantId, usize)>,
    /// The grant that is being asked for.
    asking: Option<(GrantId, usize)>,
    /// Effects that a worker has.
    taken: Vec<call::EffectId>,
    /// Commands so far: the next one's name.
    named: u64,
}

impl Story {
    pub(crate) fn begin(conditions: bool) -> Self {
        let now: Timestamp = "2026-03-02T06:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::at(now));
        let store = Arc::new(MemoryStore::with_clock(clock.clone()));
        let ids = AtomicU64::new(0);
        let next =
            move || Ok(CommandId::new(format!("made-up-{}", ids.fetch_add(1, Ordering::Relaxed))).unwrap());
        let story = Self {
            port: Port::new(Engine::over(store.clone()).with_ids(next)),
            store,
            clock,
            rng: Rng::with_seed(2026),
            now,
            people: (0..PEOPLE).map(|n| person(n, now)).collect(),
            resources: (0..RESOURCES).map(|n| Arc::new(resource(n))).collect(),
            grants: Vec::new(),
            asking: None,
            taken: Vec::new(),
            named: 0,
        };
        let text = if conditions { POLICY.replace("#when", "when") } else { POLICY.to_owned() };
        let (policy, format) = (call::Document::Text(text), Some(call::Format::Yaml));
        let publish = by!(Publish, story, host(), { policy: policy, format: format, if_revision: None });
        let answer = story.port.answer(publish);
        assert!(matches!(answer, Answer::Ok(_)), "{}", answer.to_json());
        story
    }

    /// What is called next: one call, or a worker's report on each effect it has.
    pub(crate) fn next(&mut self) -> Vec<Call> {
        if let Some(effect) = self.taken.pop() {
            let (worker, already_held) = (worker(), BTreeSet::new());
            return vec![Call::EffectDone(call::EffectDone { now: None, effect, worker, already_held })];
        }
        self.now = self.now.plus(Span::millis(self.rng.u64(0..5_000)));
        self.clock.set(self.now);
        self.named += 1;
        vec![match self.rng.u8(0..100) {
            0..20 => self.request(),
            20..32 => self.approve(),
            32..34 => self.deny(),
            34..50 => self.extend(),
            50..55 => self.decide_extension(),
            55..59 => self.end(),
            59..62 => self.activate(),
            62..66 => Call::Sweep(call::Sweep { now: None }),
            66..72 => self.take_effects(),
            other => self.question(other),
        }]
    }

    /// Takes note of an answer: what was granted, what a worker got.
    pub(crate) fn heard(&mut self, answer: &Answer) {
        match answer {
            Answer::Ok(Answered::Effects(taken)) => {
                let id = |taken: &Taken| call::EffectId { grant: taken.grant.clone(), number: taken.number };
                self.taken = taken.iter().map(id).collect();
            }
            Answer::Ok(_) => self.grants.extend(self.asking.take()),
            Answer::Refused(_) => self.asking = None,
            Answer::Invalid(_) | Answer::Fault(_) => panic!("{}", answer.to_json()),
        }
    }

    /// Grants that are open.
    pub(crate) fn open(&self) -> usize {
        let filter = Filter { open: true, ..Filter::default() };
        self.store.list(&tenant(), &filter, None, Limit::new(Limit::MAX)).unwrap().grants.len()
    }

    /// All that is kept.
    pub(crate) fn kept(&self) -> Vec<u8> {
        self.store.to_bytes().unwrap()
    }

    fn request(&mut self) -> Call {
        let holder = self.rng.usize(0..PEOPLE);
        let requester = if self.rng.u8(0..100) < 5 { self.rng.usize(0..PEOPLE) } else { holder };
        let flow = if self.rng.u8(0..100) < 3 { "nowhere" } else { self.rng.choice(FLOWS).unwrap() };
        let grant = GrantId::new(format!("grant-{}", self.named)).unwrap();
        self.asking = Some((grant.clone(), holder));
        let count = self.rng.usize(1..3);
        let span = match self.rng.u8(0..10) {
            0..5 => None,
            5..9 => Some(Span::minutes(self.rng.u64(3..70))),
            _ => Some(Span::hours(self.rng.u64(2..9))),
        };
        let start = (self.rng.u8(0..100) < 6)
            .then(|| self.now.plus(Span::minutes(self.rng.u64(0..300))).minus(Span::minutes(5)));
        let reason = (self.rng.u8(0..100) < 85).then(|| "INC-4711 the orders do not arrive".to_owned());
        by!(Request, self, self.by(requester), {
            grant: Some(grant),
            flow: Some(FlowId::new(flow).unwrap()),
            kit: None,
            items: (0..count).map(|_| self.item(flow)).collect(),
            span: span,
            start: start,
            reason: reason,
            fields: BTreeMap::new(),
            holder: (holder != requester).then(|| self.people[holder].clone()),
            break_glass: flow == "by-hand" && self.rng.u8(0..10) == 0,
            resources: Vec::new(),
        })
    }

    fn approve(&mut self) -> Call {
        let (grant, _) = self.grant(60);
        let span = (self.rng.u8(0..10) == 0).then(|| Span::minutes(20));
        let (reason, content) = (None, None);
        by!(Approve, self, self.decider(), { grant: grant, span: span, only: None, reason: reason, content: content, holder: None })
    }

    fn deny(&mut self) -> Call {
        let (grant, _) = self.grant(60);
        by!(Deny, self, self.decider(), { grant: grant, reason: Some("not now".to_owned()), content: None })
    }

    fn extend(&mut self) -> Call {
        let (grant, holder) = self.grant(LATEST);
        let span = (self.rng.u8(0..10) < 3).then(|| Span::minutes(self.rng.u64(1..90)));
        let who = if self.rng.u8(0..10) == 0 { self.rng.usize(0..PEOPLE) } else { holder };
        let (if_ends_at, reason) = (None, None);
        by!(Extend, self, self.by(who), { grant: grant, span: span, if_ends_at: if_ends_at, reason: reason, fields: BTreeMap::new(), holder: None })
    }

    fn decide_extension(&mut self) -> Call {
        let (grant, _) = self.grant(LATEST);
        if self.rng.u8(0..5) == 0 {
            return by!(DenyExtension, self, self.decider(), { grant: grant, reason: None, content: None });
        }
        by!(ApproveExtension, self, self.decider(), { grant: grant, reason: None, content: None })
    }

    fn end(&mut self) -> Call {
        let (grant, holder) = self.grant(LATEST);
        match self.rng.u8(0..4) {
            0 => by!(Withdraw, self, self.by(holder), { grant: grant }),
            1 | 2 => by!(GiveBack, self, self.by(holder), { grant: grant }),
            _ => by!(Revoke, self, host(), {
                grant: Some(grant),
                person: None,
                flow: None,
                integration: None,
                item: None,
                reason: Some("seen elsewhere".to_owned()),
            }),
        }
    }

    fn activate(&mut self) -> Call {
        let (grant, holder) = self.grant(60);
        by!(Activate, self, self.by(holder), { grant: grant })
    }

    fn take_effects(&mut self) -> Call {
        let lease = Span::minutes(5);
        Call::TakeEffects(call::TakeEffects {
            now: None,
            worker: worker(),
            lease,
            integration: None,
            limit: Some(20),
        })
    }

    fn question(&mut self, which: u8) -> Call {
        let now = None;
        let (grant, holder) = self.grant(LATEST);
        let actor = self.people[holder].clone();
        match which {
            66..80 => Call::Look(call::Look { now, grant }),
            80..86 => Call::Offer(call::Offer { now, grant, actor, holder: None, context: self.context() }),
            86..93 => {
                let Asked { resource, permission } = self.item("automatic");
                let resource = (*resource).clone();
                Call::Holds(call::Holds { now, person: actor.id, resource, permission })
            }
            93..97 => Call::Explain(call::Explain { now, of: Box::new(self.extend()) }),
            _ => Call::List(call::List {
                now,
                holder: Some(actor.id),
                requester: None,
                flow: None,
                stage: Some(tenure::StageName::Active),
                item: None,
                outcome: None,
                enforcement: None,
                awaits_review: None,
                after: Some(grant),
                limit: Some(10),
            }),
        }
    }

    /// One of the latest grants, and its holder.
    fn grant(&mut self, latest: usize) -> (GrantId, usize) {
        let latest = self.grants.len().min(latest);
        if latest == 0 || self.rng.u8(0..100) < 2 {
            return (GrantId::new("grant-of-nobody").unwrap(), 0);
        }
        self.grants[self.grants.len() - 1 - self.rng.usize(0..latest)].clone()
    }

    fn item(&mut self, flow: &str) -> Asked {
        let (integration, permission) = match flow {
            "two-eyes" => ("k8s", "edit"),
            "office" => ("crm", "read"),
            "confirmed" => ("aws", "assume"),
            "by-hand" => ("pg", "admin"),
            "pay-create" => ("erp", "create"),
            "pay-release" => ("erp", "release"),
            _ => ("pg", "read"),
        };
        let fits = |resource: &&Arc<Resource>| resource.id.integration.as_str() == integration;
        let fitting: Vec<_> = self.resources.iter().filter(fits).collect();
        let at = if self.rng.u8(0..100) < 4 { self.rng.usize(0..RESOURCES) } else { RESOURCES };
        let resource = self.resources.get(at).unwrap_or_else(|| fitting[self.rng.usize(0..fitting.len())]);
        Asked { resource: resource.clone(), permission: permission.to_owned() }
    }

    fn by(&self, who: usize) -> Actor {
        Actor(person::Actor::Person(Box::new(self.people[who].clone())))
    }

    /// Somebody who may decide on much.
    fn decider(&mut self) -> Actor {
        let who = if self.rng.u8(0..5) == 0 { self.rng.usize(0..PEOPLE) } else { self.rng.usize(0..8) };
        self.by(who)
    }

    fn context(&self) -> Record {
        let device = Record::from([("managed".to_owned(), Fact::Bool(!self.named.is_multiple_of(7)))]);
        let region = Fact::Text("eu-central".to_owned());
        Record::from([("device".to_owned(), Fact::Record(device)), ("region".to_owned(), region)])
    }
}

fn person(n: usize, now: Timestamp) -> Person {
    let mut person = Person::new(format!("person-{n:02}@corp.example").parse().unwrap());
    let groups = [
        ("engineering", true),
        ("db-owners", n < 5),
        ("leads", n < 3 || n == 7),
        ("security", (4..8).contains(&n)),
        ("sre", n % 3 != 2),
        ("oncall", n.is_multiple_of(5)),
        ("finance", n % 3 == 2),
    ];
    person.groups = groups.iter().filter(|(_, is)| *is).map(|(group, _)| (*group).to_owned()).collect();
    person.manager = Some(format!("person-{:02}@corp.example", n / 4).parse().unwrap());
    let department = if n % 4 == 3 { "sales" } else { "engineering" };
    person.attributes.insert("department".to_owned(), Fact::Text(department.to_owned()));
    let methods = BTreeSet::from(["pwd".to_owned(), "otp".to_owned()]);
    let at = now.plus(Span::hours(u64::try_from(n % 4).unwrap()));
    person.authenticated = (n % 5 != 4).then_some(Authenticated { at, methods, level: Some(Level::Aal2) });
    person
}

fn resource(n: usize) -> Resource {
    let (integration, kind, name) = [
        ("pg", "db", "orders"),
        ("pg", "db", "carts"),
        ("pg", "db", "orders-old"),
        ("pg", "db", "people"),
        ("k8s", "namespace", "shop"),
        ("k8s", "namespace", "billing"),
        ("crm", "account", "emea"),
        ("crm", "account", "apac"),
        ("aws", "role", "reader"),
        ("aws", "role", "deployer"),
        ("erp", "ledger", "main"),
        ("erp", "ledger", "second"),
    ][n];
    let id = ResourceId {
        integration: integration.parse().unwrap(),
        kind: kind.to_owned(),
        name: name.to_owned(),
    };
    let env = if n.is_multiple_of(3) { "prod" } else { "test" };
    let labels = BTreeMap::from([("env".to_owned(), env.to_owned())]);
    let owners = vec![format!("user:person-{:02}@corp.example", n % 5).parse().unwrap()];
    Resource { id, labels, owners, attributes: Record::new() }
}

fn host() -> Actor {
    Actor(person::Actor::System(SystemName::new("bench").unwrap()))
}

fn worker() -> WorkerId {
    WorkerId::new("worker-1").unwrap()
}

fn tenant() -> Namespace {
    Namespace::new("default").unwrap()
}
