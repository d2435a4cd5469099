//! Who and what there is: people under several names, whose facts change, and resources of which not everything is known.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::str::FromStr;
use std::sync::Arc;

use tenure::tenure_core::flow::selector::Selector;
use tenure::tenure_core::id::{Integration, PersonId, SystemName};
use tenure::tenure_core::person::Record;
use tenure::{Actor, Authenticated, Fact, Item, Level, Person, Resource, ResourceId, Span, Timestamp};

use super::dice::Dice;

/// An id that this crate makes up itself.
#[expect(clippy::expect_used, reason = "ids that are made up here are short and printable")]
pub(super) fn id<T: FromStr>(text: &str) -> T
where
    T::Err: Debug,
{
    text.parse().expect("an id that is made up here")
}

pub(super) const GROUPS: [&str; 6] = ["sre", "sre-lead", "oncall", "db-owners", "security", "finance"];
pub(super) const ROLES: [&str; 4] = ["dba", "cfo", "service-desk", "auditor"];
pub(super) const METHODS: [&str; 3] = ["hwk", "otp", "pwd"];
pub(super) const PERMISSIONS: [&str; 3] = ["read", "write", "admin"];

/// Id, aliases, the human behind, groups, roles, manager.
type Sketch = (
    &'static str,
    &'static [&'static str],
    Option<&'static str>,
    &'static [&'static str],
    &'static [&'static str],
    Option<&'static str>,
);

/// People of whom some are the same human under another id, by an alias, by who stands behind, or in other case.
const PEOPLE: [Sketch; 12] = [
    ("alice", &["alice@corp"], None, &["sre", "oncall"], &[], Some("meg")),
    ("bob", &[], None, &["sre", "db-owners"], &["dba"], Some("meg")),
    ("carol", &["c.smith"], None, &["finance"], &["cfo"], Some("meg")),
    ("dave", &[], None, &["security"], &["service-desk"], Some("Meg")),
    ("erin", &[], None, &["sre-lead", "oncall"], &["auditor"], Some("dave")),
    ("frank", &[], None, &["finance", "sre"], &[], Some("carol")),
    ("meg", &[], None, &["db-owners", "security"], &["cfo", "dba"], None),
    ("gina", &["GINA@corp"], None, &["db-owners", "oncall"], &["dba"], Some("meg")),
    ("bot-alice", &[], Some("alice"), &["sre", "db-owners"], &["dba"], Some("meg")),
    ("ALICE", &[], None, &["security", "db-owners"], &["cfo"], None),
    ("svc-deploy", &[], Some("Bob"), &["oncall", "sre"], &["auditor"], Some("meg")),
    ("Carol.Admin", &["carol"], None, &["db-owners", "security", "sre"], &["dba"], None),
];

/// Integration, type, name, labels, owners, tier.
type Shelf = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
    Option<i64>,
);

/// Resources; the second half is what a host says that knows less, or something else, of the first.
const RESOURCES: [Shelf; 12] = [
    ("prod-pg", "database", "orders", &[("env", "prod")], &["user:meg", "group:db-owners"], Some(1)),
    ("prod-pg", "database", "hr", &[("env", "prod"), ("pii", "yes")], &["role:dba"], Some(2)),
    ("erp", "app", "ledger", &[("env", "prod")], &["role:cfo"], Some(1)),
    ("erp", "app", "payroll", &[("env", "test")], &["user:carol"], Some(3)),
    ("gh", "repo", "api", &[("env", "test")], &["group:sre"], Some(3)),
    ("gh", "repo", "web", &[], &["user:alice", "user:gina"], None),
    ("prod-pg", "database", "orders", &[], &[], None),
    ("prod-pg", "database", "hr", &[("env", "prod")], &["user:meg"], Some(1)),
    ("erp", "app", "ledger", &[("env", "test")], &["user:meg"], Some(3)),
    ("erp", "app", "payroll", &[("env", "prod"), ("pii", "yes")], &["role:cfo"], Some(1)),
    ("gh", "repo", "api", &[], &["group:sre", "group:oncall"], None),
    ("gh", "repo", "web", &[("env", "prod")], &["user:gina"], Some(2)),
];

/// How many different resources there are.
pub(super) const SHELVES: usize = RESOURCES.len() / 2;

/// Who and what there is.
#[derive(Clone, Debug)]
pub(super) struct Cast {
    pub(super) people: Vec<Person>,
    pub(super) resources: Vec<Arc<Resource>>,
    pub(super) integrations: Vec<Integration>,
    pub(super) hosts: Vec<SystemName>,
    /// Nobody whom a policy knows.
    stranger: Person,
    logins: Vec<Authenticated>,
    contexts: Vec<Record>,
    places: BTreeMap<PersonId, usize>,
}

impl Cast {
    pub(super) fn new(dice: &mut Dice, now: Timestamp) -> Self {
        let mut people: Vec<Person> = PEOPLE.iter().map(person).collect();
        for person in &mut people {
            person.attributes = attributes(dice);
        }
        let mut stranger = Person::new(id("nobody-knows"));
        stranger.groups.insert("guests".to_owned());
        let mut cast = Self {
            places: people.iter().map(|person| person.id.clone()).zip(0..).collect(),
            people,
            stranger,
            resources: RESOURCES.iter().map(resource).map(Arc::new).collect(),
            integrations: ["prod-pg", "erp", "gh"].into_iter().map(id).collect(),
            hosts: ["host", "deploy"].into_iter().map(id).collect(),
            logins: logins(now),
            contexts: contexts(),
        };
        for place in 0..cast.people.len() {
            let login = dice.chance(60).then(|| cast.login(dice, now, None));
            if let Some(person) = cast.people.get_mut(place) {
                person.authenticated = login;
            }
        }
        cast
    }

    pub(super) fn person(&self, place: usize) -> &Person {
        self.people.get(place).unwrap_or(&self.stranger)
    }

    /// Where that person stands, if it is one of these.
    pub(super) fn place(&self, id: &PersonId) -> Option<usize> {
        self.places.get(id).copied()
    }

    pub(super) fn anybody(&self, dice: &mut Dice) -> usize {
        // One more than there are: the stranger.
        dice.place(self.people.len().saturating_add(1))
    }

    /// The host itself.
    pub(super) fn host(&self, dice: &mut Dice) -> Actor {
        match dice.of(&self.hosts) {
            Some(name) => Actor::System(name.clone()),
            None => Actor::Person(Box::new(self.stranger.clone())),
        }
    }

    /// A login as old as a rule allows, a millisecond more or less, or just now.
    pub(super) fn login(&self, dice: &mut Dice, now: Timestamp, max_age: Option<u64>) -> Authenticated {
        let mut login = match dice.of(&self.logins) {
            Some(login) => login.clone(),
            None => Authenticated { at: now, methods: BTreeSet::new(), level: None },
        };
        let age = max_age.unwrap_or(900_000);
        login.at = match dice.count(0, 9) {
            0 => now.minus(Span::millis(age)),
            1 => now.minus(Span::millis(age.saturating_add(1))),
            2 => now.minus(Span::millis(age.saturating_sub(1))),
            3 => now.plus(Span::millis(dice.number(29_999, 30_001))),
            _ => now.minus(Span::millis(dice.number(0, 1_000))),
        };
        login
    }

    /// The best login there is, of this instant.
    pub(super) fn strong_login(&self, now: Timestamp) -> Option<Authenticated> {
        let mut login = self.logins.first()?.clone();
        login.at = now;
        Some(login)
    }

    /// What the host says of the situation: the first lets most conditions pass.
    pub(super) fn context(&self, dice: &mut Dice, good: bool) -> Record {
        let context = if good { self.contexts.first() } else { dice.of(&self.contexts) };
        context.cloned().unwrap_or_default()
    }

    /// Somebody's facts change.
    pub(super) fn change(&mut self, dice: &mut Dice, now: Timestamp) {
        let place = dice.place(self.people.len());
        let login = self.login(dice, now, None);
        let manager = dice.of(&self.people).map(|person| person.id.clone());
        let Some(person) = self.people.get_mut(place) else { return };
        match dice.count(0, 9) {
            0..=2 => toggle(&mut person.groups, dice.word(&GROUPS)),
            3 => toggle(&mut person.roles, dice.word(&ROLES)),
            4 => person.manager = manager.filter(|_| dice.chance(80)),
            5 => person.attributes = attributes(dice),
            6 => {
                person.aliases = PEOPLE.get(place).map(|sketch| ids(sketch.1)).unwrap_or_default();
                if dice.chance(20) {
                    person.aliases.extend(manager);
                }
            }
            _ => person.authenticated = Some(login),
        }
    }

    /// The item of a resource and a permission.
    pub(super) fn item(&self, resource: usize, permission: usize) -> Option<Item> {
        let resource = self.resources.get(resource)?.id.clone();
        Some(Item { resource, permission: (*PERMISSIONS.get(permission)?).to_owned() })
    }
}

fn toggle(words: &mut BTreeSet<String>, word: &str) {
    if !words.remove(word) {
        words.insert(word.to_owned());
    }
}

fn ids(texts: &[&str]) -> BTreeSet<PersonId> {
    texts.iter().map(|text| id(text)).collect()
}

fn person(sketch: &Sketch) -> Person {
    let (name, aliases, acts_for, groups, roles, manager) = sketch;
    let words = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let mut person = Person::new(id(name));
    person.aliases = ids(aliases);
    person.acts_for = acts_for.map(id);
    person.groups = words(groups);
    person.roles = words(roles);
    person.manager = manager.map(id);
    person
}

fn attributes(dice: &mut Dice) -> Record {
    let mut facts = Record::new();
    let text = |word: &str| Fact::Text(word.to_owned());
    if dice.chance(85) {
        facts.insert("department".to_owned(), text(dice.word(&["engineering", "engineering", "finance"])));
    }
    if dice.chance(80) {
        facts.insert("region".to_owned(), text(dice.word(&["eu", "eu", "us"])));
    }
    if dice.chance(80) {
        facts.insert("level".to_owned(), Fact::Long(i64::from(dice.count(1, 4))));
    }
    if dice.chance(30) {
        facts.insert("contractor".to_owned(), Fact::Bool(dice.chance(50)));
    }
    if dice.one_in(20) {
        // Of another type than it should be.
        facts.insert("level".to_owned(), text("high"));
    }
    facts
}

fn resource(shelf: &Shelf) -> Resource {
    let (integration, kind, name, labels, owners, tier) = shelf;
    Resource {
        id: ResourceId { integration: id(integration), kind: (*kind).to_owned(), name: (*name).to_owned() },
        labels: labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        owners: owners.iter().map(|owner| id::<Selector>(owner)).collect(),
        attributes: tier.map(|tier| ("tier".to_owned(), Fact::Long(tier))).into_iter().collect(),
    }
}

fn logins(now: Timestamp) -> Vec<Authenticated> {
    let login = |level: Option<Level>, methods: &[&str]| Authenticated {
        at: now,
        methods: methods.iter().map(|method| (*method).to_owned()).collect(),
        level,
    };
    vec![
        login(Some(Level::Aal3), &METHODS),
        login(Some(Level::Aal3), &["hwk"]),
        login(Some(Level::Aal2), &["otp", "pwd"]),
        login(Some(Level::Aal2), &["hwk"]),
        login(Some(Level::Aal1), &["pwd"]),
        login(None, &["otp"]),
    ]
}

fn contexts() -> Vec<Record> {
    let fact = |name: &str, fact: Fact| (name.to_owned(), fact);
    let managed = |is: bool| Fact::Record([fact("managed", Fact::Bool(is))].into());
    let full = |on_call: bool, incident: bool, region: &str, device: bool| -> Record {
        [
            fact("on_call", Fact::Bool(on_call)),
            fact("incident_open", Fact::Bool(incident)),
            fact("region", Fact::Text(region.to_owned())),
            fact("device", managed(device)),
        ]
        .into()
    };
    vec![
        full(true, true, "eu", true),
        full(true, true, "eu", true),
        full(false, true, "eu", true),
        full(true, false, "us", true),
        full(true, true, "eu", false),
        [fact("on_call", Fact::Bool(true))].into(),
        [fact("device", Fact::Text("mine".to_owned())), fact("incident_open", Fact::Bool(true))].into(),
        Record::new(),
    ]
}

/// A person with more than a bound of the library allows: a group with an endless name.
pub(super) fn swollen(mut person: Person) -> Person {
    person.groups.insert("g".repeat(257));
    person
}
