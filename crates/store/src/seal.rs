//! Sealing: what a decision puts on record becomes numbered leaves of the namespace's tree.
//!
//! A store keeps for each record, in the same commit, the bytes of its [`Leaf`], what people wrote of it
//! beside those, and its [`Sealed::nodes`]: about two hashes a record. It makes none of them and looks into
//! none of them. When a transaction begins it takes the frontier of the last commit, or makes it of the number
//! of records and the hashes of [`Node::peaks`](tenure_core::record::tree::Node::peaks) of that; each
//! [`Write`] of the plan then goes through [`Seal::write`].
//!
//! A store in which several transactions write at once knows no frontier that would stay: it keeps the
//! [`Unsealed`] lines of a [`Write`] in the commit, and numbers what was committed afterwards by [`Seal::draft`].
//!
//! Where a record [erases](Record::erases) what was written of a grant, the store forgets, in the same commit, of all
//! records of that grant before this one: what people wrote, beside the leaf ([`Leaf::erased`] is what is left) and
//! wherever else it keeps records; and of the commands that those records name ([`Record::command`]): what they
//! answered becomes [`Receipt::erased`](tenure_core::world::Receipt::erased), and the reason of a revocation of many
//! goes too, unless that still has to close a grant when the transaction is written.

use std::sync::Arc;

use tenure_core::id::Namespace;
use tenure_core::record::leaf::{About, Draft, Leaf};
use tenure_core::record::tree::{Frontier, Hash};
use tenure_core::record::{Entry, Record};

use crate::fault::StoreFault;
use crate::plan::Write;

/// A record with all that is kept of it.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The record.
    pub record: Arc<Record>,
    /// Its bytes, and what people wrote of it.
    pub leaf: Leaf,
    /// The hash of its leaf, then those of the perfect subtrees that it completes, upward: the node at the
    /// level `n` is the one at the place `n`.
    pub nodes: Vec<Hash>,
}

/// A line that was put on record and has no position yet.
#[derive(Clone, Debug)]
pub struct Unsealed {
    /// What is recorded.
    pub entry: Entry,
    /// What its leaf is made of.
    pub draft: Draft,
}

/// Takes what a decision puts on record out of what is to be written, as lines without a position.
///
/// # Errors
/// [`StoreFault::Broken`] where a record has no bytes.
pub fn unsealed(ns: &Namespace, write: &mut Write) -> Result<Vec<Unsealed>, StoreFault> {
    let entries = std::mem::take(&mut write.entries);
    let draft = |entry: Entry| {
        let about = about(write, &entry);
        let draft = Draft::of(ns, write.recorded_at, &entry, about.as_ref(), write.salt);
        Ok(Unsealed { draft: draft.map_err(StoreFault::Broken)?, entry })
    };
    entries.into_iter().map(draft).collect()
}

/// What is said of the grant an entry is about.
fn about(write: &Write, entry: &Entry) -> Option<About> {
    let after = entry.grant().and_then(|grant| write.after.get(grant));
    after.map(|after| About::of(entry, after))
}

/// The end of a namespace's record, to which a transaction adds.
#[derive(Clone, Debug, Default)]
pub struct Seal {
    frontier: Frontier,
}

impl Seal {
    /// Goes on after what is kept.
    #[must_use]
    pub const fn after(frontier: Frontier) -> Self {
        Self { frontier }
    }

    /// What is kept so far, these records included.
    #[must_use]
    pub const fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Seals what a decision puts on record, and takes it out of what is to be written.
    ///
    /// # Errors
    /// [`StoreFault::Broken`] where a record has no bytes.
    pub fn write(&mut self, ns: &Namespace, write: &mut Write) -> Result<Vec<Sealed>, StoreFault> {
        let entries = std::mem::take(&mut write.entries);
        entries.into_iter().map(|entry| self.entry(ns, write, entry)).collect()
    }

    fn entry(&mut self, ns: &Namespace, write: &Write, entry: Entry) -> Result<Sealed, StoreFault> {
        let position = self.frontier.size().saturating_add(1);
        let about = about(write, &entry);
        let record = Record { position, recorded_at: write.recorded_at, entry };
        let leaf = Leaf::of(ns, &record, about.as_ref(), &write.salt).map_err(StoreFault::Broken)?;
        let nodes = self.frontier.append(leaf.hash());
        Ok(Sealed { record: Arc::new(record), leaf, nodes })
    }

    /// Seals a line that was kept without a position.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn draft(&mut self, ns: &Namespace, draft: &Draft) -> Result<Sealed, String> {
        let (read, leaf) = draft.at(self.frontier.size().saturating_add(1))?;
        if read.namespace != *ns {
            return Err(format!("a record of `{}` stands in `{ns}`", read.namespace));
        }
        let nodes = self.frontier.append(leaf.hash());
        Ok(Sealed { record: Arc::new(read.record), leaf, nodes })
    }

    /// Takes up a leaf that was kept, after those that were taken up before: for a store that reads all of
    /// its records when it is opened.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn again(&mut self, ns: &Namespace, leaf: Leaf) -> Result<Sealed, String> {
        let read = leaf.read()?;
        let expected = self.frontier.size().saturating_add(1);
        let position = read.record.position;
        if position != expected {
            return Err(format!("record {position} stands where record {expected} is missing"));
        }
        if read.namespace != *ns {
            return Err(format!("a record of `{}` stands in `{ns}`", read.namespace));
        }
        let nodes = self.frontier.append(leaf.hash());
        Ok(Sealed { record: Arc::new(read.record), leaf, nodes })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tenure_core::command::Reach;
    use tenure_core::event::Cause;
    use tenure_core::id::CommandId;
    use tenure_core::lifecycle::revoke_all::RevokedAll;
    use tenure_core::record::Published;
    use tenure_core::time::Timestamp;

    use super::*;
    use crate::suite::cast::nine;
    use crate::suite::story::{id, salt, system};

    fn write(recorded_at: Timestamp) -> Write {
        let command = CommandId::new("c1").unwrap();
        let revoked = RevokedAll {
            of: Reach::Integration("pg".parse().unwrap()),
            at: recorded_at,
            cause: Cause { command: command.clone(), actor: system().to_string() },
            reason: "it leaks".to_owned(),
            grants: vec![id("g1"), id("g2")],
            not_allowed: Vec::new(),
        };
        let published = Published {
            published: "r1".parse().unwrap(),
            at: recorded_at,
            actor: "admin".to_owned(),
            command,
        };
        Write {
            recorded_at,
            salt: salt(),
            entries: vec![Entry::Published(published), Entry::Revoked(Arc::new(revoked))],
            after: BTreeMap::new(),
            policy: None,
            refused: BTreeMap::new(),
            receipt: None,
        }
    }

    #[test]
    fn what_is_numbered_later_is_the_same_to_the_last_byte() {
        let ns = Namespace::new("acme").unwrap();
        let (mut at_once, mut later) = (Seal::default(), Seal::default());
        for recorded_at in [nine(), nine().plus(tenure_core::time::Span::minutes(1))] {
            let sealed = at_once.write(&ns, &mut write(recorded_at)).unwrap();
            let lines = unsealed(&ns, &mut write(recorded_at)).unwrap();
            for (one, line) in sealed.iter().zip(&lines) {
                let other = later.draft(&ns, &line.draft).unwrap();
                assert_eq!((&one.leaf, &one.record, &one.nodes), (&other.leaf, &other.record, &other.nodes));
            }
            assert!(lines.iter().any(|line| line.draft.text.contains("it leaks")));
            assert!(sealed.iter().all(|one| !one.leaf.text.contains("it leaks")));
        }
        let elsewhere = Namespace::new("elsewhere").unwrap();
        let mut line = unsealed(&ns, &mut write(nine())).unwrap().remove(0);
        assert!(later.draft(&elsewhere, &line.draft).is_err());
        line.draft.text = line.draft.text.replace("\"position\":0", "\"position\":7");
        assert!(later.draft(&ns, &line.draft).is_err(), "it has a position already");
    }
}
