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
