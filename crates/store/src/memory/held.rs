//! Who holds what: the index behind the one question that is asked at every door.
//!
//! An entry knows the end of the access and the instant from which it no longer knows enough, so it is
//! right by time alone, whether or not anything was swept since it was written.

use std::cmp::Reverse;
use std::hash::{BuildHasher, Hasher};

use foldhash::quality::RandomState;
use hashbrown::HashTable;
use tenure_core::grant::{Grant, Stage};
use tenure_core::id::{GrantId, PersonId};
use tenure_core::person::Item;
use tenure_core::query::Held;
use tenure_core::time::Timestamp;

use crate::query::{self, HoldsAsk};

/// What the index says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Access runs, or it does not.
    Surely(Option<Held>),
    /// Time may have changed more than its end: the rules must say.
    Unsettled,
}

/// Access to one item by one person, as far as it is known without the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    key: Key,
    /// The active grant with the latest end, then the smallest id, and that end.
    runs: Option<(GrantId, Timestamp)>,
    /// From when the rules must say: an approved grant opens, or a decision is due that a bridge waits for.
    unsure_from: Option<Timestamp>,
}

/// Person, integration, type, name and permission in one piece, each after its length: one place in
/// memory to compare with, and no two keys that read the same.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key(Box<[u8]>);

/// Who holds what.
#[derive(Debug, Default)]
pub(super) struct HeldIndex {
    entries: HashTable<Entry>,
    seed: RandomState,
}

impl HeldIndex {
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is known of that at an instant not before the last one that anything was written at.
    pub(super) fn at(&self, ask: HoldsAsk<'_>, at: Timestamp) -> Known {
        let Some(entry) = self.entries.find(hash(&self.seed, ask), |entry| entry.key.is(ask)) else {
            return Known::Surely(None);
        };
        if entry.unsure_from.is_some_and(|from| from <= at) {
            return Known::Unsettled;
        }
        let runs = entry.runs.as_ref().filter(|(_, until)| at < *until);
        Known::Surely(runs.map(|(grant, until)| Held { grant: grant.clone(), until: *until }))
    }

    /// Writes down what that person's grants say of an item.
    pub(super) fn set<'a>(
        &mut self,
        person: &PersonId,
        item: &Item,
        grants: impl Iterator<Item = &'a Grant>,
    ) {
        let ask = HoldsAsk { person, resource: &item.resource, permission: &item.permission };
        let hashed = hash(&self.seed, ask);
        let (mut best, mut unsure_from) = (None, None);
        for grant in grants.filter(|grant| says_something(grant) && grant.terms.scope.contains(item)) {
            let runs = grant.active().map(|active| (active.held_until(), Reverse(grant.id())));
            best = best.max(runs);
            unsure_from = unsure_from.into_iter().chain(query::unsure_from(grant)).min();
        }
        let runs = best.map(|(until, Reverse(grant))| (grant.clone(), until));
        let found = self.entries.find_entry(hashed, |entry| entry.key.is(ask));
        match (found, runs.is_some() || unsure_from.is_some()) {
            (Ok(mut old), true) => {
                let entry = old.get_mut();
                entry.runs = runs;
                entry.unsure_from = unsure_from;
            }
            (Ok(old), false) => drop(old.remove()),
            (Err(_), false) => {}
            (Err(_), true) => {
                let seed = &self.seed;
                let entry = Entry { key: Key::of(ask), runs, unsure_from };
                self.entries.insert_unique(hashed, entry, |entry| entry.key.hash(seed));
            }
        }
    }
}

/// Whether its items may be held now, or may come to be by time alone.
const fn says_something(grant: &Grant) -> bool {
    matches!(grant.stage, Stage::Approved(_) | Stage::Active(_))
}

fn parts<'a>(ask: HoldsAsk<'a>) -> [&'a [u8]; 5] {
    let resource = ask.resource;
    [
        ask.person.as_str().as_bytes(),
        resource.integration.as_str().as_bytes(),
        resource.kind.as_bytes(),
        resource.name.as_bytes(),
        ask.permission.as_bytes(),
    ]
}

/// A length in front of a part.
fn length(part: &[u8]) -> [u8; 8] {
    u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes()
}

fn hash(seed: &RandomState, ask: HoldsAsk<'_>) -> u64 {
    hash_parts(seed, parts(ask).into_iter())
}

fn hash_parts<'a>(seed: &RandomState, parts: impl Iterator<Item = &'a [u8]>) -> u64 {
    let mut hasher = seed.build_hasher();
    for part in parts {
        hasher.write_usize(part.len());
        hasher.write(part);
    }
    hasher.finish()
}

impl Key {
    fn of(ask: HoldsAsk<'_>) -> Self {
        let mut bytes = Vec::with_capacity(parts(ask).iter().map(|part| part.len().saturating_add(8)).sum());
        for part in parts(ask) {
            bytes.extend_from_slice(&length(part));
            bytes.extend_from_slice(part);
        }
        Self(bytes.into_boxed_slice())
    }

    /// Whether this is the key of that question.
    fn is(&self, ask: HoldsAsk<'_>) -> bool {
        let mut left = &*self.0;
        for part in parts(ask) {
            let rest = left.strip_prefix(length(part).as_slice()).and_then(|rest| rest.strip_prefix(part));
            match rest {
                Some(rest) => left = rest,
                None => return false,
            }
        }
        left.is_empty()
    }

    fn hash(&self, seed: &RandomState) -> u64 {
        let mut left = &*self.0;
        let parts = std::iter::from_fn(move || {
            let (length, rest) = left.split_first_chunk::<8>()?;
            let (part, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
            left = rest;
            Some(part)
        });
        hash_parts(seed, parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_core::id::Integration;
    use tenure_core::person::ResourceId;

    fn asked(person: &str, at: &str, kind: &str, name: &str) -> (PersonId, ResourceId) {
        let integration = Integration::new(at).unwrap();
        let resource = ResourceId { integration, kind: kind.to_owned(), name: name.to_owned() };
        (PersonId::new(person).unwrap(), resource)
    }

    #[test]
    fn parts_of_a_key_cannot_run_into_each_other() {
        let (person, resource) = asked("alice", "pg", "database", "orders");
        let key = Key::of(HoldsAsk { person: &person, resource: &resource, permission: "read" });
        assert!(key.is(HoldsAsk { person: &person, resource: &resource, permission: "read" }));
        for (who, at, kind, name, permission) in [
            ("alic", "epg", "database", "orders", "read"),
            ("alice", "pg", "databas", "eorders", "read"),
            ("alice", "pg", "database", "orders", "rea"),
            ("alice", "pg", "database", "orders", "readx"),
            ("alice", "pg", "database", "ordersr", "ead"),
        ] {
            let (person, resource) = asked(who, at, kind, name);
            assert!(!key.is(HoldsAsk { person: &person, resource: &resource, permission }), "{who} {name}");
        }
    }

    #[test]
    fn a_key_hashes_as_its_question_does() {
        let seed = RandomState::default();
        let (person, resource) = asked("alice", "pg", "", "orders");
        let ask = HoldsAsk { person: &person, resource: &resource, permission: "read" };
        assert_eq!(Key::of(ask).hash(&seed), hash(&seed, ask));
    }
}
