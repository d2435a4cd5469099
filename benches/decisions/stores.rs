//! Stores in memory with many grants, each of one person.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use tenure::tenure_core::command::{self, Command, Verb};
use tenure::tenure_core::id::{CommandId, FlowId, GrantId, Namespace};
use tenure::tenure_core::machine;
use tenure::tenure_core::record::written::Salt;
use tenure::tenure_core::world::{Decided, World};
use tenure::tenure_policy::document::Format;
use tenure::tenure_store::batch::{Batch, Given};
use tenure::tenure_store::plan::Question;
use tenure::{Actor, Engine, MemoryStore, Person, Policy, ResourceId, Span, Store, Timestamp};

pub(crate) const SIZES: [usize; 2] = [1_000, 1_000_000];

/// Grants that are written in one transaction while a store is filled.
const AT_ONCE: usize = 1_000;

const POLICY: &str = "
version: 1
flows:
  - id: prod-db
    who: {any: [group:sre]}
    what: [{integration: prod-pg, type: database, permissions: [read]}]
    duration: {max: 8h}
    approval: automatic
    extension: {times: 100, span: {default: 1m}, total: 30d, window: 10h}
    notify: {before_end: [15m]}
";

/// Many people, each with one grant.
pub(crate) struct Crowd {
    store: Arc<MemoryStore>,
    engine: Engine,
    namespace: Namespace,
    now: Timestamp,
    people: Vec<(Person, GrantId)>,
    resource: ResourceId,
}

/// A world that was loaded for the extension of one grant.
pub(crate) struct Loaded {
    world: World,
    command: Command,
    now: Timestamp,
}

/// The store of that size, filled when it is first asked for.
pub(crate) fn crowd(grants: usize) -> &'static Crowd {
    static CROWDS: [OnceLock<Crowd>; 2] = [OnceLock::new(), OnceLock::new()];
    let place = SIZES.iter().position(|size| *size == grants).unwrap();
    CROWDS.get(place).unwrap().get_or_init(|| Crowd::new(grants))
}

impl Crowd {
    fn new(grants: usize) -> Self {
        let store = Arc::new(MemoryStore::new());
        let engine = Engine::over(store.clone());
        let now = engine.clock();
        let policy = Policy::from_text(POLICY, Format::Yaml).unwrap();
        let admin = Actor::System("bench".parse().unwrap());
        engine.publish(&policy, &admin, now).unwrap();
        let namespace = Namespace::new("default").unwrap();
        let integration = "prod-pg".parse().unwrap();
        let resource = ResourceId { integration, kind: "database".to_owned(), name: "orders".to_owned() };
        let people: Vec<_> =
            (0..grants).map(|n| (sre(n), GrantId::new(format!("grant-{n}")).unwrap())).collect();
        for some in people.chunks(AT_ONCE) {
            let given = some.iter().map(|(who, grant)| given(request(who, grant, &resource), now)).collect();
            store.transact(&namespace, &mut Batch::new(given, Salt::from_bytes([7; 16]))).unwrap();
        }
        Self { store, engine, namespace, now, people, resource }
    }

    /// Everybody, in an order that no cache can guess.
    pub(crate) fn at_random(&self) -> impl Iterator<Item = usize> + use<> {
        let count = self.people.len();
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        std::iter::repeat_with(move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % u64::try_from(count).unwrap()).unwrap()
        })
    }

    /// A thousand of them, who ask again and again.
    pub(crate) fn few(&self) -> impl Iterator<Item = usize> + use<> {
        let some: Vec<_> = self.at_random().take(1_000).collect();
        some.into_iter().cycle()
    }

    pub(crate) fn holds(&self, who: usize) -> bool {
        let (person, _) = self.people.get(who).unwrap();
        self.engine.holds(&person.id, &self.resource, "read", self.now).unwrap().allowed
    }

    /// An extension, decided and written; one of a grant that was extended a hundred times is refused.
    pub(crate) fn extend(&self, who: usize) -> bool {
        let (person, grant) = self.people.get(who).unwrap();
        let answer = self.engine.extend(tenure::Extend::new(grant, person), self.now);
        answer.is_ok() || answer.is_err_and(|error| error.refusal().is_some())
    }

    /// Worlds that were loaded for extensions, of people all over the store.
    pub(crate) fn loaded(&self) -> Vec<Loaded> {
        self.at_random().take(256).map(|who| self.load(who)).collect()
    }

    fn load(&self, who: usize) -> Loaded {
        let (person, grant) = self.people.get(who).unwrap();
        let verb = Verb::Extend(command::Extend {
            grant: grant.clone(),
            span: Some(Span::minutes(1)),
            if_ends_at: None,
            reason: None,
            fields: BTreeMap::new(),
            holder: None,
        });
        let command = by(person, "extend", verb);
        let mut found = None;
        let needs = |world: &World| machine::needs(&command, world);
        let answer = |world: &World| found = Some(world.clone());
        self.store.view(&self.namespace, &mut Question::new(needs, answer)).unwrap();
        Loaded { world: found.unwrap(), command, now: self.now }
    }
}

impl Loaded {
    /// Decides, and says whether the answer is yes.
    pub(crate) fn decide(&self) -> bool {
        match machine::apply(&self.world, &self.command, self.now).unwrap() {
            Decided::Now(outcome) => outcome.answer.is_ok(),
            Decided::Repeated(_) => false,
        }
    }
}

fn sre(n: usize) -> Person {
    let mut person = Person::new(format!("person-{n}@corp.example").parse().unwrap());
    person.groups.insert("sre".to_owned());
    person
}

fn by(who: &Person, id: &str, verb: Verb) -> Command {
    let id = CommandId::new(id).unwrap();
    Command { id, actor: Actor::Person(Box::new(who.clone())), context: BTreeMap::new(), verb }
}

fn request(who: &Person, grant: &GrantId, resource: &ResourceId) -> Command {
    let request = command::Request {
        grant: Some(grant.clone()),
        flow: FlowId::new("prod-db").unwrap(),
        items: vec![resource.permission("read")],
        span: None,
        start: None,
        reason: None,
        fields: BTreeMap::new(),
        holder: None,
        break_glass: false,
        resources: Vec::new(),
    };
    by(who, grant.as_str(), Verb::Request(Box::new(request)))
}

fn given(command: Command, now: Timestamp) -> Given {
    Given { command, now, keep: false }
}
