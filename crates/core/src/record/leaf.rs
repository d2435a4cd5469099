//! A record as bytes: what the tree is made of, and what a store keeps of it.
//!
//! A leaf is one line of JSON in UTF-8 without a line break: `version`, `namespace`, `position`,
//! `recorded_at`, then `about` (holder, flow and revision of the grant, the end before and after, where it is
//! about a grant and those are known), and last the entry under the name of its kind. Its hash is over these
//! very bytes, so they are kept as they were written and never made again.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::refused::MoreRefused;
use super::tree::{Hash, leaf_hash};
use super::written::{Salt, Written};
use super::{Entry, Published, Record, Refused};
use crate::command::Verb;
use crate::effect::Effect;
use crate::event::{Cause, Event, Happened};
use crate::grant::{Grant, Stage};
use crate::id::{CommandId, FlowId, GrantId, Namespace, PersonId, Revision};
use crate::lifecycle::revoke_all::RevokedAll;
use crate::refusal::Code;
use crate::time::Timestamp;

/// The version of the form of leaves.
const VERSION: u32 = 1;

/// What most leaves have room in.
const BYTES_USUAL: usize = 1024;

/// A record as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The bytes that the tree is made of. They never change.
    pub text: String,
    /// What people wrote of it, until that is erased; absent also where they wrote nothing.
    pub written: Option<Written>,
}

/// A record that has no position yet: what a leaf is made of once its place is known.
///
/// It is for stores in which several transactions write at once: none of them knows what comes before it, so
/// each keeps drafts, and whoever numbers what was committed makes the leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The leaf with the position 0, the texts that people wrote in their places.
    pub text: String,
    /// What the salt of the leaf is made of.
    pub salt: Salt,
}

/// What a record says of the grant it is about, beside what happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Whom the access is for.
    pub holder: PersonId,
    /// The flow.
    pub flow: FlowId,
    /// The flow's revision it was asked under.
    pub revision: Revision,
    /// The end before, where the record is of a change of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end_before: Option<Timestamp>,
    /// The end after, where the record is of a change of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end_after: Option<Timestamp>,
}

/// A leaf that was read: the record, and what is known of it beside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadLeaf {
    /// The namespace it was written in.
    pub namespace: Namespace,
    /// The record.
    pub record: Record,
    /// What it says of its grant.
    pub about: Option<About>,
}

#[derive(Serialize)]
struct Out<'a> {
    version: u32,
    namespace: &'a Namespace,
    position: u64,
    recorded_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<&'a About>,
    entry: OutEntry<'a>,
}

/// What happened stands under a name of its own, so that no field of it can be taken for one of the event.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum OutEntry<'a> {
    Event {
        grant: &'a GrantId,
        at: Timestamp,
        cause: Option<&'a Cause>,
        happened: &'a Happened,
        effects: &'a [Arc<Effect>],
    },
    Refused(&'a Refused),
    MoreRefused(&'a MoreRefused),
    Published(&'a Published),
    Revoked(&'a RevokedAll),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct In {
    version: u32,
    namespace: Namespace,
    position: u64,
    recorded_at: Timestamp,
    #[serde(default)]
    about: Option<About>,
    entry: InEntry,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum InEntry {
    Event {
        grant: GrantId,
        at: Timestamp,
        cause: Option<Cause>,
        happened: Box<Happened>,
        effects: Vec<Arc<Effect>>,
    },
    Refused {
        refused: String,
        at: Timestamp,
        verb: String,
        actor: String,
        command: CommandId,
        #[serde(default)]
        grant: Option<GrantId>,
        #[serde(default)]
        by: BTreeMap<String, String>,
    },
    MoreRefused(MoreRefused),
    Published {
        published: Revision,
        at: Timestamp,
        actor: String,
        command: CommandId,
    },
    Revoked(RevokedAll),
}

impl Leaf {
    /// The leaf of a record: its texts stand beside it, under the salt of its position.
    ///
    /// # Errors
    /// Where the record has no JSON form: none that was decided.
    pub fn of(ns: &Namespace, record: &Record, about: Option<&About>, salt: &Salt) -> Result<Self, String> {
        let (masked, written);
        let entry = if record.entry.has_text() {
            let mut copy = record.entry.clone();
            written = Written::take(&mut copy, salt.at(record.position));
            masked = copy;
            &masked
        } else {
            written = None;
            &record.entry
        };
        let text = written_out(ns, (record.position, record.recorded_at), about, entry)?;
        Ok(Self { text, written })
    }

    /// Its hash.
    #[must_use]
    pub fn hash(&self) -> Hash {
        leaf_hash(self.text.as_bytes())
    }

    /// The record it says, with the texts that are left of it.
    ///
    /// # Errors
    /// What is wrong with it, in words: the form, or a text that is not the one that was written.
    pub fn read(&self) -> Result<ReadLeaf, String> {
        let mut read = read_in(&self.text)?;
        Written::put(self.written.as_ref(), &mut read.record.entry)?;
        Ok(read)
    }

    /// The same without what people wrote of it.
    #[must_use]
    pub fn erased(&self) -> Self {
        Self { text: self.text.clone(), written: None }
    }
}

impl Draft {
    /// The draft of what goes on record.
    ///
    /// # Errors
    /// As [`Leaf::of`].
    pub fn of(
        ns: &Namespace,
        recorded_at: Timestamp,
        entry: &Entry,
        about: Option<&About>,
        salt: Salt,
    ) -> Result<Self, String> {
        Ok(Self { text: written_out(ns, (0, recorded_at), about, entry)?, salt })
    }

    /// The record at that position, and its leaf: the same as if the position had been known from the start.
    ///
    /// # Errors
    /// What is wrong with the draft, in words.
    pub fn at(&self, position: u64) -> Result<(ReadLeaf, Leaf), String> {
        let mut read = read_in(&self.text)?;
        if read.record.position != 0 {
            return Err(format!("it has the position {} already", read.record.position));
        }
        read.record.position = position;
        let leaf = Leaf::of(&read.namespace, &read.record, read.about.as_ref(), &self.salt)?;
        Ok((read, leaf))
    }
}

/// The bytes of a leaf.
fn written_out(
    ns: &Namespace,
    (position, recorded_at): (u64, Timestamp),
    about: Option<&About>,
    entry: &Entry,
) -> Result<String, String> {
    let out =
        Out { version: VERSION, namespace: ns, position, recorded_at, about, entry: OutEntry::of(entry) };
    let mut bytes = Vec::with_capacity(BYTES_USUAL);
    serde_json::to_writer(&mut bytes, &out).map_err(|error| error.to_string())?;
    bytes.shrink_to_fit();
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

/// What the bytes of a leaf say. What stands in the places of texts is not looked at.
fn read_in(text: &str) -> Result<ReadLeaf, String> {
    let read: In = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if read.version != VERSION {
        return Err(format!("it has the form {}, this version knows {VERSION}", read.version));
    }
    let record =
        Record { position: read.position, recorded_at: read.recorded_at, entry: read.entry.entry()? };
    Ok(ReadLeaf { namespace: read.namespace, record, about: read.about })
}

impl About {
    /// What a record says of a grant that it is about: as the grant stands after all that was written with it.
    #[must_use]
    pub fn of(entry: &Entry, after: &Grant) -> Self {
        let (end_before, end_after) = match entry {
            Entry::Event(event) => ends(event, after),
            Entry::Refused(_) | Entry::MoreRefused(_) | Entry::Published(_) | Entry::Revoked(_) => {
                (None, None)
            }
        };
        let origin = &after.origin;
        Self {
            holder: origin.holder.id.clone(),
            flow: origin.flow.clone(),
            revision: origin.revision.clone(),
            end_before,
            end_after,
        }
    }
}

/// The end before and after an event that begins access, moves its end or ends it.
fn ends(event: &Event, after: &Grant) -> (Option<Timestamp>, Option<Timestamp>) {
    match (&event.happened, &after.stage) {
        (Happened::Activated(activated), _) => (None, Some(activated.end)),
        (Happened::Extended(extended), _) => (Some(extended.from), Some(extended.to)),
        (happened, Stage::Closed(closed)) if happened.closes().is_some() => {
            (closed.end, closed.since.map(|_| closed.at))
        }
        (_, Stage::Pending(_) | Stage::Approved(_) | Stage::Active(_) | Stage::Closed(_)) => (None, None),
    }
}

impl<'a> OutEntry<'a> {
    fn of(entry: &'a Entry) -> Self {
        match entry {
            Entry::Event(event) => Self::Event {
                grant: &event.grant,
                at: event.at,
                cause: event.cause.as_ref(),
                happened: &event.happened,
                effects: &event.effects,
            },
            Entry::Refused(refused) => Self::Refused(refused),
            Entry::MoreRefused(more) => Self::MoreRefused(more),
            Entry::Published(published) => Self::Published(published),
            Entry::Revoked(all) => Self::Revoked(all),
        }
    }
}

impl InEntry {
    fn entry(self) -> Result<Entry, String> {
        Ok(match self {
            Self::Event { grant, at, cause, happened, effects } => {
                Entry::Event(Event { grant, at, cause, happened: *happened, effects })
            }
            Self::Refused { refused, at, verb, actor, command, grant, by } => {
                let code = Code::named(&refused);
                let refused = code.ok_or_else(|| format!("`{refused}` is no code of a refusal"))?;
                let known = Verb::NAMES.iter().find(|known| **known == verb);
                let verb = known.ok_or_else(|| format!("`{verb}` is no verb"))?;
                Entry::Refused(Refused { refused, at, verb, actor, command, grant, by })
            }
            Self::MoreRefused(more) => Entry::MoreRefused(more),
            Self::Published { published, at, actor, command } => {
                Entry::Published(Published { published, at, actor, command })
            }
            Self::Revoked(revoked) if !revoked.grants.is_sorted() => {
                return Err("the grants of a revocation are not in order".to_owned());
            }
            Self::Revoked(revoked) => Entry::Revoked(Arc::new(revoked)),
        })
    }
}
