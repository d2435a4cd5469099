//! The check itself.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::sync::Arc;

use ed25519_dalek::{Signature, VerifyingKey};
use tenure_core::event::Happened;
use tenure_core::id::{GrantId, Namespace};
use tenure_core::lifecycle::revoke_all::RevokedAll;
use tenure_core::record::Entry;
use tenure_core::record::checkpoint::{SignedCheckpoint, VerifierKey, origin};
use tenure_core::record::export::{Exported, Line, VERSION};
use tenure_core::record::leaf::Leaf;
use tenure_core::record::tree::{Frontier, Hash, Node, root_of};
use tenure_core::time::Timestamp;

use crate::finding::{Finding, What};

/// The most bytes of one line: a record is far smaller, and memory stays bounded.
const LINE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What is known from elsewhere than the export.
#[derive(Clone, Debug, Default)]
pub struct Trusted {
    /// Public keys of the log: today's, and those it had before.
    pub keys: Vec<VerifierKey>,
    /// Checkpoints that were kept where the host could not reach them.
    pub checkpoints: Vec<String>,
}

/// A record in which everything is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The namespace.
    pub namespace: Namespace,
    /// How many records there are.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// Up to which position checkpoints prove it. What comes after is only consistent in itself.
    pub anchored: u64,
    /// The checkpoints that were checked, the smallest first.
    pub checkpoints: Vec<Anchor>,
    /// Records whose written text was erased.
    pub erased: u64,
}

/// A checkpoint that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The size it tells.
    pub size: u64,
    /// When it was signed.
    pub at: Timestamp,
}

/// Checks an export against what is known from elsewhere.
///
/// # Errors
/// The first thing that is not right.
pub fn verify(export: impl BufRead, trusted: &Trusted) -> Result<Report, Finding> {
    let mut log = Log { notes: trusted.checkpoints.clone(), ..Log::default() };
    let read = log.read(export).and_then(|()| log.all_texts_are_accounted_for());
    let Some(namespace) = log.namespace.clone() else {
        let unknown = || What::Unreadable("no line says whose record it is".to_owned());
        return Err(read.err().unwrap_or_else(|| log.next(unknown())));
    };
    // A record that is wrong ends the reading; what checkpoints say of those before it comes first.
    let anchors = log.anchors(&namespace, &trusted.keys, read.is_ok());
    let checkpoints = match (read, anchors) {
        (Ok(()), anchors) => anchors?,
        (Err(finding), Ok(_)) => return Err(finding),
        (Err(finding), Err(earlier)) if earlier.position < finding.position => return Err(earlier),
        (Err(finding), Err(_)) => return Err(finding),
    };
    Ok(Report {
        namespace,
        size: log.frontier.size(),
        root: log.frontier.root(),
        anchored: checkpoints.last().map_or(0, |anchor| anchor.size),
        checkpoints,
        erased: log.erased,
    })
}

/// What was read so far, all of it right in itself.
#[derive(Default)]
struct Log {
    namespace: Option<Namespace>,
    frontier: Frontier,
    /// What was sealed with each record, one after the other: 64 bytes a record.
    nodes: Vec<Hash>,
    notes: Vec<String>,
    /// Records without their text, by grant: until an erasure of that grant is on record.
    bare: BTreeMap<GrantId, u64>,
    /// Revocations of many without their reason, until an erasure of one of their grants is on record.
    revocations: Vec<(u64, Arc<RevokedAll>)>,
    erased: u64,
}

impl Log {
    fn read(&mut self, mut export: impl BufRead) -> Result<(), Finding> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut some = std::io::Read::take(&mut export, LINE_BYTES_MAX);
            let read = some.read_until(b'\n', &mut line);
            let read = read.map_err(|error| self.next(What::Unreadable(error.to_string())))?;
            if read == 0 {
                return Ok(());
            }
            if line.last() != Some(&b'\n') && u64::try_from(read).is_ok_and(|read| read == LINE_BYTES_MAX) {
                return Err(
                    self.next(What::Unreadable(format!("a line has more than {LINE_BYTES_MAX} bytes")))
                );
            }
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let parsed = serde_json::from_slice(&line);
            self.line(parsed.map_err(|error| self.next(What::Unreadable(error.to_string())))?)?;
        }
    }

    fn line(&mut self, line: Line) -> Result<(), Finding> {
        match line {
            Line::Log { version, .. } if version != VERSION => {
                let why = format!("the export has the form {version}, this version knows {VERSION}");
                Err(self.next(What::Unreadable(why)))
            }
            Line::Log { namespace, .. } if self.namespace.is_none() => {
                self.namespace = Some(namespace);
                Ok(())
            }
            Line::Log { .. } => Err(self.next(What::Unreadable("another record begins here".to_owned()))),
            Line::Record(record) => self.record(record),
            Line::Checkpoint(note) => {
                self.notes.push(note);
                Ok(())
            }
        }
    }

    /// Takes up the next record: its place, its hash, its form, its text.
    fn record(&mut self, exported: Exported) -> Result<(), Finding> {
        let expected = self.frontier.size().saturating_add(1);
        let Exported { position, hash, leaf, written } = exported;
        if position != expected {
            return Err(self.next(in_place_of(expected, position)));
        }
        let leaf = Leaf { text: leaf, written };
        if leaf.hash() != hash {
            return Err(self.next(What::Changed));
        }
        let bare = leaf.erased().read().map_err(|why| self.next(What::Unreadable(why)))?;
        if bare.record.position != expected {
            return Err(self.next(in_place_of(expected, bare.record.position)));
        }
        if self.namespace.as_ref() != Some(&bare.namespace) {
            return Err(self.next(What::Foreign(format!("it is of the namespace `{}`", bare.namespace))));
        }
        if leaf.written.is_some() {
            leaf.read().map_err(|why| self.next(What::TextChanged(why)))?;
        } else if bare.record.entry.has_text() {
            self.without_text(&bare.record.entry, expected);
        }
        self.erasure(&bare.record.entry);
        self.nodes.extend(self.frontier.append(hash));
        Ok(())
    }

    fn without_text(&mut self, entry: &Entry, position: u64) {
        self.erased = self.erased.saturating_add(1);
        match entry {
            Entry::Event(event) => {
                self.bare.entry(event.grant.clone()).or_insert(position);
            }
            Entry::Revoked(all) => self.revocations.push((position, all.clone())),
            Entry::Refused(_) | Entry::MoreRefused(_) | Entry::Published(_) => {}
        }
    }

    /// An erasure accounts for what is missing of the grant before it.
    fn erasure(&mut self, entry: &Entry) {
        if let Entry::Event(event) = entry
            && matches!(event.happened, Happened::Erased)
        {
            self.bare.remove(&event.grant);
            self.revocations.retain(|(_, all)| !all.grants.contains(&event.grant));
        }
    }

    fn all_texts_are_accounted_for(&self) -> Result<(), Finding> {
        let revocations = self.revocations.iter().map(|(position, _)| position);
        match self.bare.values().chain(revocations).min() {
            Some(&position) => Err(Finding { position, through: position, what: What::TextMissing }),
            None => Ok(()),
        }
    }

    /// Holds every checkpoint against what was read; where that is not all, only those over no more than it.
    fn anchors(
        &self,
        namespace: &Namespace,
        keys: &[VerifierKey],
        all: bool,
    ) -> Result<Vec<Anchor>, Finding> {
        let mut signed: Vec<_> = self.notes.iter().map(|note| signature(note, namespace, keys)).collect();
        let size = |signed: &Result<SignedCheckpoint, (u64, String)>| match signed {
            Ok(signed) => signed.checkpoint.size,
            Err((size, _)) => *size,
        };
        signed.sort_by_key(size);
        let (mut anchors, mut before) = (Vec::<Anchor>::new(), None::<(u64, Hash)>);
        for one in signed {
            let earlier = anchors.iter().rev().find(|anchor| anchor.size < size(&one));
            let from = earlier.map_or(1, |anchor| anchor.size.saturating_add(1));
            let found = |size: u64, what| Finding { position: from, through: from.max(size), what };
            let SignedCheckpoint { checkpoint, .. } =
                one.map_err(|(size, why)| found(size, What::NotSigned(why)))?;
            let size = checkpoint.size;
            if before.is_some_and(|(other, root)| other == size && root != checkpoint.root) {
                return Err(found(size, What::Forked { size }));
            }
            match self.root(size) {
                None if !all => break,
                // Before the end, too, nothing is proved since the last checkpoint.
                None => {
                    let end = self.frontier.size().saturating_add(1);
                    return Err(found(end, What::CutShort { size }));
                }
                Some(root) if root != checkpoint.root => {
                    return Err(found(size, What::OtherHistory { size }));
                }
                Some(_) => anchors.push(Anchor { size, at: checkpoint.at }),
            }
            before = Some((size, checkpoint.root));
        }
        Ok(anchors)
    }

    /// The root over so many records; none where there are not as many.
    fn root(&self, size: u64) -> Option<Hash> {
        if size > self.frontier.size() {
            return None;
        }
        let peaks: Option<Vec<Hash>> = Node::peaks(size).map(|node| self.node(node)).collect();
        peaks.map(|peaks| root_of(&peaks))
    }

    fn node(&self, node: Node) -> Option<Hash> {
        self.nodes.get(usize::try_from(node.place()?).ok()?).copied()
    }

    fn next(&self, what: What) -> Finding {
        let position = self.frontier.size().saturating_add(1);
        Finding { position, through: position, what }
    }
}

/// A checkpoint that a trusted key of this namespace signed; otherwise the size it claims, and what is wrong.
fn signature(
    note: &str,
    namespace: &Namespace,
    keys: &[VerifierKey],
) -> Result<SignedCheckpoint, (u64, String)> {
    let signed = SignedCheckpoint::parse(note).map_err(|bad| (0, bad.to_string()))?;
    let checkpoint = &signed.checkpoint;
    let refused = |why: String| Err((checkpoint.size, why));
    if !checkpoint.origin.ends_with(&origin("", namespace)) {
        return refused(format!("`{}` is another log than that of `{namespace}`", checkpoint.origin));
    }
    let named = keys.iter().filter(|key| key.name == checkpoint.origin);
    if named.clone().any(|key| signed.by(key).any(|one| is_by(key, &signed.body, &one.bytes))) {
        return Ok(signed);
    }
    refused(format!("none of the {} keys of `{}` has signed it", named.count(), checkpoint.origin))
}

fn is_by(key: &VerifierKey, body: &str, signature: &[u8; 64]) -> bool {
    let key = VerifyingKey::from_bytes(&key.key);
    key.is_ok_and(|key| key.verify_strict(body.as_bytes(), &Signature::from_bytes(signature)).is_ok())
}

const fn in_place_of(expected: u64, found: u64) -> What {
    if found > expected { What::Missing { found } } else { What::Misplaced { found } }
}
