//! Text that people wrote, and what was made of it: kept beside a salted hash, so that it can be erased.
//!
//! In a leaf stands `sha256:` and the hash of salt, place and text. Text and salt are kept beside the leaf.
//! Erasing removes both; the leaf, and with it every hash of the tree, stays as it is. The salt is random:
//! without it nobody finds out by trying which text it was.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

use super::tree::hex;
use super::{Entry, Record};
use crate::event::Happened;
use crate::grant::{AskedExtension, Decision, Origin};
use crate::id::{CommandId, GrantId, digest};
use crate::world::Receipt;

/// What stands in the place of a text that was erased.
pub const ERASED: &str = "[erased]";

/// What a hash in the place of a text begins with.
const MARK: &str = "sha256:";

/// Random bytes that nobody can guess.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt([u8; 16]);

/// The texts of one record by their place in it, and the salt of their hashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// The salt.
    pub salt: Salt,
    /// The texts.
    pub texts: BTreeMap<String, String>,
}

impl Salt {
    /// These bytes, which must be random: [`Salt::at`] makes a salt for each record of them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, for a store that seals later. They are as secret as the texts they are for.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The salt of the record at that position. Who knows it does not know the salts of others.
    #[must_use]
    pub fn at(&self, position: u64) -> Self {
        let hash = Sha256::new().chain_update(self.0).chain_update(position.to_be_bytes()).finalize();
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(hash).for_each(|(byte, of)| *byte = of);
        Self(bytes)
    }

    /// What stands in a leaf instead of the text at that place.
    fn mark(&self, place: &str, text: &str) -> String {
        format!("{MARK}{}", digest([self.0.as_slice(), place.as_bytes(), text.as_bytes()]))
    }
}

impl Written {
    /// Puts hashes in the place of the texts, and returns the texts; nothing where there is none.
    pub(super) fn take(entry: &mut Entry, salt: Salt) -> Option<Self> {
        let mut texts = BTreeMap::new();
        each_text(entry, &mut |place, text| {
            let mark = salt.mark(place, text);
            texts.insert(place.to_owned(), std::mem::replace(text, mark));
        });
        (!texts.is_empty()).then_some(Self { salt, texts })
    }

    /// Puts texts in the place of their hashes: these, or, where there are none any more, that they were erased.
    pub(super) fn put(this: Option<&Self>, entry: &mut Entry) -> Result<(), String> {
        let mut wrong = None;
        let mut places = 0_usize;
        each_text(entry, &mut |place, text| {
            places = places.saturating_add(1);
            let hash = text.strip_prefix(MARK).and_then(hex::<32>);
            let written = this.map(|written| (written, written.texts.get(place)));
            match written {
                _ if hash.is_none() => {
                    wrong = Some(format!("the text `{place}` stands where its hash belongs"))
                }
                None => ERASED.clone_into(text),
                Some((_, None)) => wrong = Some(format!("the text `{place}` is missing")),
                Some((written, Some(known))) if written.salt.mark(place, known) == *text => {
                    known.clone_into(text)
                }
                Some(_) => wrong = Some(format!("the text `{place}` is not the one that was written")),
            }
        });
        if this.is_some_and(|written| written.texts.len() != places) {
            wrong = wrong.or_else(|| Some("a text stands beside it that is no part of it".to_owned()));
        }
        wrong.map_or(Ok(()), Err)
    }
}

impl Entry {
    /// Whether it carries text that can be erased.
    #[must_use]
    pub fn has_text(&self) -> bool {
        match self {
            Self::Event(event) => match &event.happened {
                Happened::Requested(_)
                | Happened::ExtensionAsked(_)
                | Happened::Revoked(_)
                | Happened::EffectFailed(_) => true,
                Happened::ApprovalGiven(given) => given.decision.reason.is_some(),
                Happened::DenialGiven(given) => given.decision.reason.is_some(),
                Happened::ExtensionApprovalGiven(given) => given.decision.reason.is_some(),
                Happened::ExtensionDenialGiven(given) => given.decision.reason.is_some(),
                Happened::Extended(extended) => extended.reason.is_some() || !extended.fields.is_empty(),
                Happened::Reviewed(reviewed) => reviewed.reason.is_some(),
                Happened::Escalated(_)
                | Happened::Approved(_)
                | Happened::Denied
                | Happened::Withdrawn(_)
                | Happened::Undecided
                | Happened::NowWaits(_)
                | Happened::Activated(_)
                | Happened::Unused(_)
                | Happened::Failed(_)
                | Happened::Reminded(_)
                | Happened::ExtensionDenied(_)
                | Happened::ExtensionLapsed(_)
                | Happened::Expired(_)
                | Happened::GivenBack(_)
                | Happened::ReviewDue(_)
                | Happened::Erased
                | Happened::KeptFor(_)
                | Happened::EffectTaken { .. }
                | Happened::EffectSkipped { .. }
                | Happened::EffectDone(_)
                | Happened::EffectLate(_)
                | Happened::EffectStuck { .. } => false,
            },
            Self::Revoked(_) => true,
            Self::Refused(_) | Self::MoreRefused(_) | Self::Published(_) => false,
        }
    }
}

impl Record {
    /// The same without what people wrote of it.
    #[must_use]
    pub fn erased(&self) -> Self {
        let mut record = self.clone();
        each_text(&mut record.entry, &mut |_, text| ERASED.clone_into(text));
        record
    }

    /// The command that was accepted and made it; none of what time alone made true, and none of a refusal: the id
    /// that a refused command bore may be that of an earlier one, about another grant.
    #[must_use]
    pub fn command(&self) -> Option<&CommandId> {
        match &self.entry {
            Entry::Event(event) => event.cause.as_ref().map(|cause| &cause.command),
            Entry::Published(published) => Some(&published.command),
            Entry::Revoked(all) => Some(&all.cause.command),
            Entry::Refused(_) | Entry::MoreRefused(_) => None,
        }
    }

    /// The grant whose earlier records lose what people wrote of them.
    #[must_use]
    pub fn erases(&self) -> Option<&GrantId> {
        match &self.entry {
            Entry::Event(event) if event.happened == Happened::Erased => Some(&event.grant),
            Entry::Event(_)
            | Entry::Refused(_)
            | Entry::MoreRefused(_)
            | Entry::Published(_)
            | Entry::Revoked(_) => None,
        }
    }
}

impl Receipt {
    /// The same without what people wrote of that grant. The command's digest is made of that, too.
    #[must_use]
    pub fn erased(&self, grant: &GrantId) -> Self {
        let mut receipt = Self { content: ERASED.to_owned(), ..self.clone() };
        let views = receipt.view.iter_mut().chain(&mut receipt.more);
        for view in views.filter(|view| view.id == *grant) {
            let asked = view.extension_asked.as_mut().into_iter();
            let asked = asked.flat_map(|asked| {
                asked.reason.iter_mut().chain(asked.fields.values_mut()).chain([&mut asked.content])
            });
            let texts = view.reason.iter_mut().chain(view.fields.values_mut()).chain([&mut view.content]);
            texts.chain(asked).for_each(|text| ERASED.clone_into(text));
        }
        receipt
    }
}

type Each<'a> = &'a mut dyn FnMut(&str, &mut String);

/// Every text of an entry, with its place. The content hashes are among them: they are made of the reason,
/// without a salt.
fn each_text(entry: &mut Entry, each: Each<'_>) {
    if !entry.has_text() {
        return;
    }
    match entry {
        Entry::Event(event) => of_event(&mut event.happened, each),
        Entry::Revoked(all) => each("reason", &mut Arc::make_mut(all).reason),
        Entry::Refused(_) | Entry::MoreRefused(_) | Entry::Published(_) => {}
    }
}

fn of_event(happened: &mut Happened, each: Each<'_>) {
    match happened {
        Happened::Requested(requested) => of_origin(Arc::make_mut(&mut requested.origin), each),
        Happened::ApprovalGiven(given) => of_decision(&mut given.decision, each),
        Happened::DenialGiven(given) => of_decision(&mut given.decision, each),
        Happened::ExtensionApprovalGiven(given) => of_decision(&mut given.decision, each),
        Happened::ExtensionDenialGiven(given) => of_decision(&mut given.decision, each),
        Happened::ExtensionAsked(asked) => of_asked(&mut asked.asked, each),
        Happened::Extended(extended) => {
            maybe("reason", &mut extended.reason, each);
            of_fields(&mut extended.fields, each);
        }
        Happened::Revoked(revoked) => each("reason", &mut revoked.reason),
        Happened::Reviewed(reviewed) => maybe("reason", &mut reviewed.reason, each),
        Happened::EffectFailed(missed) => each("error", &mut missed.error),
        Happened::Escalated(_)
        | Happened::Approved(_)
        | Happened::Denied
        | Happened::Withdrawn(_)
        | Happened::Undecided
        | Happened::NowWaits(_)
        | Happened::Activated(_)
        | Happened::Unused(_)
        | Happened::Failed(_)
        | Happened::Reminded(_)
        | Happened::ExtensionDenied(_)
        | Happened::ExtensionLapsed(_)
        | Happened::Expired(_)
        | Happened::GivenBack(_)
        | Happened::ReviewDue(_)
        | Happened::Erased
        | Happened::KeptFor(_)
        | Happened::EffectTaken { .. }
        | Happened::EffectSkipped { .. }
        | Happened::EffectDone(_)
        | Happened::EffectLate(_)
        | Happened::EffectStuck { .. } => {}
    }
}

fn of_origin(origin: &mut Origin, each: Each<'_>) {
    maybe("reason", &mut origin.reason, each);
    of_fields(&mut origin.fields, each);
    each("content", &mut origin.content);
}

fn of_fields(fields: &mut BTreeMap<String, String>, each: Each<'_>) {
    for (name, text) in fields {
        each(&format!("fields.{name}"), text);
    }
}

fn of_asked(asked: &mut AskedExtension, each: Each<'_>) {
    maybe("reason", &mut asked.reason, each);
    of_fields(&mut asked.fields, each);
    each("content", &mut asked.content);
}

fn of_decision(decision: &mut Decision, each: Each<'_>) {
    maybe("reason", &mut decision.reason, each);
}

fn maybe(place: &str, text: &mut Option<String>, each: Each<'_>) {
    if let Some(text) = text {
        each(place, text);
    }
}

impl fmt::Display for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A salt is as secret as the texts it is for.
impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(..)")
    }
}

impl Serialize for Salt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Salt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex(&text).map(Self).ok_or_else(|| de::Error::custom("a salt is 32 hexadecimal digits"))
    }
}
