//! People and resources as the host vouches for them, and the facts that rules look at.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeSeed;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::command::Asked;
use crate::id::{Integration, PersonId, SystemName};
use crate::limits;
use crate::time::{Span, Timestamp};

/// Facts by name. Null is absent.
pub type Record = BTreeMap<String, Fact>;

/// One fact about a person, a resource or the situation. There are no fractions: rules compare exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Fact {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Long(i64),
    /// A text.
    Text(String),
    /// Several facts.
    List(Vec<Fact>),
    /// Facts by name.
    Record(Record),
}

/// Who a person is and how they proved it, as the host vouches for it with each command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The one id, opaque and never reused.
    pub id: PersonId,
    /// Other ids of the same person.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub aliases: BTreeSet<PersonId>,
    /// The human behind a workload or bot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acts_for: Option<PersonId>,
    /// Groups, by name.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub groups: BTreeSet<String>,
    /// Roles, by name.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub roles: BTreeSet<String>,
    /// Their manager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<PersonId>,
    /// Whatever else conditions look at.
    #[serde(default, skip_serializing_if = "Record::is_empty", deserialize_with = "record")]
    pub attributes: Record,
    /// How they proved who they are; absent without a login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticated: Option<Authenticated>,
}

/// A login: when, by which methods, at what level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authenticated {
    /// When it happened.
    pub at: Timestamp,
    /// Authentication method references, such as `pwd`, `otp`, `hwk` (RFC 8176).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub methods: BTreeSet<String>,
    /// The authenticator assurance level (NIST SP 800-63B).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
}

impl Authenticated {
    /// How old the login is; nothing where it is dated later than a clock may be ahead: that is no login.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Option<Span> {
        (self.at <= now.plus(limits::CLOCK_TOLERANCE)).then(|| now.since(self.at))
    }
}

/// An authenticator assurance level (NIST SP 800-63B), the lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Some assurance: one factor.
    Aal1,
    /// High assurance: two factors.
    Aal2,
    /// Very high assurance: a hardware-based authenticator.
    Aal3,
}

/// Who gives a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person, vouched for by the host.
    Person(Box<Person>),
    /// The host itself, or a part of it: `system:NAME`.
    System(SystemName),
}

/// An instance, a type and a name: what access is granted on. Literal, no globs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceId {
    /// The instance, such as `prod-pg`.
    pub integration: Integration,
    /// The type, such as `database`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name in its integration.
    pub name: String,
}

/// One resource and one permission on it: what a scope is a set of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The resource.
    #[serde(flatten)]
    pub resource: ResourceId,
    /// The permission. One permission never implies another.
    pub permission: String,
}

/// A resource with the facts the host vouches for. They are no part of its identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Which resource it is.
    #[serde(flatten)]
    pub id: ResourceId,
    /// Labels that flows select by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Its owners as selectors: `user:`, `group:`, `role:`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<crate::flow::selector::Selector>,
    /// Whatever else conditions look at.
    #[serde(default, skip_serializing_if = "Record::is_empty", deserialize_with = "record")]
    pub attributes: Record,
}

impl Person {
    /// A person of whom nothing else is known.
    #[must_use]
    pub fn new(id: PersonId) -> Self {
        Self {
            id,
            aliases: BTreeSet::new(),
            acts_for: None,
            groups: BTreeSet::new(),
            roles: BTreeSet::new(),
            manager: None,
            attributes: Record::new(),
            authenticated: None,
        }
    }

    /// Every id this person is known by.
    #[must_use]
    pub fn names(&self) -> Names {
        Names { id: self.id.clone(), aliases: self.aliases.clone(), acts_for: self.acts_for.clone() }
    }

    /// Which bound of the library these facts break, in words, where they break one.
    #[must_use]
    pub fn too_large(&self) -> Option<String> {
        let over = |what: &str, count: usize, most: usize| {
            (count > most).then(|| format!("`{}` has {count} {what}, at most {most} are read", self.id))
        };
        let named = self
            .groups
            .iter()
            .chain(&self.roles)
            .chain(self.authenticated.iter().flat_map(|login| &login.methods));
        let longest = named.map(String::len).max().unwrap_or(0);
        let methods = self.authenticated.as_ref().map_or(0, |login| login.methods.len());
        over("groups", self.groups.len(), limits::GROUPS_PER_PERSON_MAX)
            .or_else(|| over("bytes in the name of a group, role or method", longest, limits::ID_BYTES_MAX))
            .or_else(|| over("login methods", methods, limits::ALIASES_PER_PERSON_MAX))
            .or_else(|| over("roles", self.roles.len(), limits::GROUPS_PER_PERSON_MAX))
            .or_else(|| over("aliases", self.aliases.len(), limits::ALIASES_PER_PERSON_MAX))
            .or_else(|| over("bytes of attributes", weight(&self.attributes), limits::ATTRIBUTES_BYTES_MAX))
            .or_else(|| over("levels of attributes", depth(&self.attributes), limits::NESTING_MAX))
    }
}

/// The ids one person is known by, kept with a grant so that nobody decides on their own access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// The person's id.
    pub id: PersonId,
    /// Other ids of the same person.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub aliases: BTreeSet<PersonId>,
    /// The human behind a workload or bot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acts_for: Option<PersonId>,
}

impl Names {
    /// Whether both are the same human: under any id or alias, or through `acts_for`, whichever way round.
    /// Ids are compared without regard to ASCII case.
    #[must_use]
    pub fn same_human(&self, other: &Self) -> bool {
        self.all().any(|mine| other.all().any(|theirs| same_id(mine, theirs)))
    }

    /// Whether this person is known by that id.
    #[must_use]
    pub fn includes(&self, id: &PersonId) -> bool {
        self.all().any(|mine| same_id(mine, id))
    }

    /// Every id, the person's own first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &PersonId> {
        std::iter::once(&self.id).chain(&self.aliases).chain(&self.acts_for)
    }
}

fn same_id(one: &PersonId, other: &PersonId) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str())
}

impl Actor {
    /// The person, where it is one.
    #[must_use]
    pub fn person(&self) -> Option<&Person> {
        match self {
            Self::Person(person) => Some(person),
            Self::System(_) => None,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(person) => person.id.fmt(f),
            Self::System(name) => write!(f, "system:{name}"),
        }
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.integration, self.kind, self.name)
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.resource, self.permission)
    }
}

impl Level {
    /// The level as documents write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aal1 => "aal1",
            Self::Aal2 => "aal2",
            Self::Aal3 => "aal3",
        }
    }
}

impl ResourceId {
    /// One permission on it, as a request names it, where no facts are known of it.
    #[must_use]
    pub fn permission(&self, permission: impl Into<String>) -> Asked {
        let (labels, owners, attributes) = (BTreeMap::new(), Vec::new(), Record::new());
        Resource { id: self.clone(), labels, owners, attributes }.permission(permission)
    }
}

impl AsRef<ResourceId> for ResourceId {
    fn as_ref(&self) -> &ResourceId {
        self
    }
}

impl AsRef<ResourceId> for Resource {
    fn as_ref(&self) -> &ResourceId {
        &self.id
    }
}

impl Resource {
    /// One permission on it, as a request names it, with the facts that are known of it.
    #[must_use]
    pub fn permission(&self, permission: impl Into<String>) -> Asked {
        Asked { resource: Arc::new(self.clone()), permission: permission.into() }
    }

    /// Which bound of the library its facts break, in words, where they break one.
    pub(crate) fn too_large(&self) -> Option<String> {
        let labels =
            self.labels.iter().map(|(name, value)| name.len().saturating_add(value.len())).sum::<usize>();
        let over = |what: &str, count: usize, most: usize| {
            (count > most).then(|| format!("`{}` has {count} {what}, at most {most} are read", self.id))
        };
        over(
            "bytes of type and name",
            self.id.kind.len().saturating_add(self.id.name.len()),
            4 * limits::ID_BYTES_MAX,
        )
        .or_else(|| over("owners", self.owners.len(), limits::SELECTORS_MAX))
        .or_else(|| over("bytes of labels", labels, limits::ATTRIBUTES_BYTES_MAX))
        .or_else(|| over("bytes of attributes", weight(&self.attributes), limits::ATTRIBUTES_BYTES_MAX))
        .or_else(|| over("levels of attributes", depth(&self.attributes), limits::NESTING_MAX))
    }
}

/// Which bound of the library the facts of a situation break, in words, where they break one.
pub(crate) fn context_too_large(context: &Record) -> Option<String> {
    let over = |what: &str, count: usize, most: usize| {
        (count > most).then(|| format!("the context has {count} {what}, at most {most} are read"))
    };
    over("bytes", weight(context), limits::ATTRIBUTES_BYTES_MAX)
        .or_else(|| over("levels", depth(context), limits::NESTING_MAX))
}

/// Bytes that facts take as text, near enough to bound them.
fn weight(record: &Record) -> usize {
    fn of(fact: &Fact) -> usize {
        match fact {
            Fact::Bool(_) => 5,
            Fact::Long(_) => 8,
            Fact::Text(text) => text.len().saturating_add(2),
            Fact::List(list) => list.iter().map(of).sum::<usize>().saturating_add(2),
            Fact::Record(record) => weight(record).saturating_add(2),
        }
    }
    record.iter().map(|(name, fact)| name.len().saturating_add(3).saturating_add(of(fact))).sum()
}

fn depth(record: &Record) -> usize {
    fn of(fact: &Fact) -> usize {
        match fact {
            Fact::Bool(_) | Fact::Long(_) | Fact::Text(_) => 0,
            Fact::List(list) => list.iter().map(of).max().unwrap_or(0).saturating_add(1),
            Fact::Record(record) => depth(record),
        }
    }
    record.values().map(of).max().unwrap_or(0).saturating_add(1)
}

/// Reads facts, dropping nulls and refusing fractions.
///
/// # Errors
/// A fraction, a number beyond 64 bits, or facts nested deeper than [`limits::NESTING_MAX`].
pub fn record<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Record, D::Error> {
    match FactReader::FRESH.deserialize(deserializer)? {
        Some(Fact::Record(record)) => Ok(record),
        None => Ok(Record::new()),
        Some(Fact::Bool(_) | Fact::Long(_) | Fact::Text(_) | Fact::List(_)) => {
            Err(de::Error::custom("facts are written by name, such as `{department: engineering}`"))
        }
    }
}

/// Reads a fact, or nothing where null stands. It counts levels itself: not every format bounds them.
#[derive(Clone, Copy)]
struct FactReader {
    levels_left: usize,
}

impl FactReader {
    const FRESH: Self = Self { levels_left: limits::NESTING_MAX + 1 };

    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        match self.levels_left.checked_sub(1) {
            Some(levels_left) => Ok(Self { levels_left }),
            None => Err(E::custom(format!("facts are nested more than {} deep", limits::NESTING_MAX))),
        }
    }
}

impl<'de> de::DeserializeSeed<'de> for FactReader {
    type Value = Option<Fact>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Fact>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> de::Visitor<'de> for FactReader {
    type Value = Option<Fact>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false, a whole number, a text, a list or facts by name")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Option<Fact>, E> {
        Ok(None)
    }

    fn visit_none<E: de::Error>(self) -> Result<Option<Fact>, E> {
        Ok(None)
    }

    fn visit_bool<E: de::Error>(self, is: bool) -> Result<Option<Fact>, E> {
        Ok(Some(Fact::Bool(is)))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Option<Fact>, E> {
        Ok(Some(Fact::Long(number)))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Option<Fact>, E> {
        let long = i64::try_from(number).map_err(|_| E::custom("a number beyond 64 bits is no fact"))?;
        Ok(Some(Fact::Long(long)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<Fact>, E> {
        Ok(Some(Fact::Text(text.to_owned())))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Option<Fact>, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(fact) = seq.next_element_seed(inner)? {
            list.push(fact.ok_or_else(|| de::Error::custom("a list has no place for null"))?);
        }
        Ok(Some(Fact::List(list)))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Option<Fact>, A::Error> {
        let inner = self.deeper()?;
        let mut record = Record::new();
        while let Some(name) = map.next_key::<String>()? {
            if let Some(fact) = map.next_value_seed(inner)? {
                record.insert(name, fact);
            }
        }
        Ok(Some(Fact::Record(record)))
    }
}

impl<'de> Deserialize<'de> for Fact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fact = FactReader::FRESH.deserialize(deserializer)?;
        fact.ok_or_else(|| de::Error::custom("null is no fact here"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        format!("{{\"id\": \"a\", \"attributes\": {{\"a\": {}1{}}}}}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn facts_are_read_to_a_depth_and_no_further() {
        assert!(serde_json::from_str::<Person>(&nested(limits::NESTING_MAX)).is_ok());
        let deeper = serde_json::from_str::<Person>(&nested(limits::NESTING_MAX + 1)).unwrap_err();
        assert!(deeper.to_string().contains("nested more than 32 deep"), "{deeper}");
    }

    #[test]
    fn null_is_absent_and_a_fraction_is_no_fact() {
        let read = |text: &str| serde_json::from_str::<Person>(text);
        let alice = read(r#"{"id": "alice", "attributes": {"a": null, "b": {"c": null}}}"#).unwrap();
        assert_eq!(alice.attributes, Record::from([("b".to_owned(), Fact::Record(Record::new()))]));
        assert!(read(r#"{"id": "alice", "attributes": {"a": 1.5}}"#).is_err());
        assert!(read(r#"{"id": "alice", "attributes": {"a": [null]}}"#).is_err());
    }

    #[test]
    fn no_person_passes_for_the_host() {
        assert!(PersonId::new("system:host").is_err());
        assert!(PersonId::new("SYSTEM:host").is_err());
        assert!(PersonId::new("systems").is_ok());
    }
}
