//! The record as others can check it: signed checkpoints, and proofs against them.
//!
//! Whoever keeps checkpoints where the host cannot reach them can tell later whether the record was changed,
//! cut short or forked: `tenure-audit` does it with nothing but an export and the public key.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde::Serialize;
use tenure_core::record::checkpoint::{Checkpoint, VerifierKey, origin};
use tenure_core::record::export::Exported;
use tenure_core::record::proof::Recipe;
use tenure_core::record::tree::{Frontier, Hash, Node, leaf_hash};
use tenure_core::time::Timestamp;
use tenure_store::{Limit, StoreFault};

use crate::engine::Engine;
use crate::error::{Error, Fault};

/// Signs checkpoints: a key in memory, or one that never leaves the hardware it is in.
pub trait Signer: Send + Sync {
    /// The name of the log, such as `audit.example.com`: with the namespace behind it it is the origin of a checkpoint.
    fn log(&self) -> &str;

    /// The Ed25519 public key.
    fn public_key(&self) -> [u8; 32];

    /// The Ed25519 signature over these bytes.
    ///
    /// # Errors
    /// In words, why there is none.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], String>;
}

/// A log's key that is held in memory. It is never written anywhere.
#[derive(Clone)]
pub struct LogKey {
    log: String,
    key: SigningKey,
}

impl LogKey {
    /// The key of these 32 secret random bytes, for the log of that name.
    #[must_use]
    pub fn new(log: impl Into<String>, secret: &[u8; 32]) -> Self {
        Self { log: log.into(), key: SigningKey::from_bytes(secret) }
    }
}

impl Signer for LogKey {
    fn log(&self) -> &str {
        &self.log
    }

    fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], String> {
        self.key.try_sign(message).map(|signature| signature.to_bytes()).map_err(|error| error.to_string())
    }
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogKey").field("log", &self.log).finish_non_exhaustive()
    }
}

/// What the text of a key begins with.
const SECRET: &str = "PRIVATE+KEY+";
/// The kind of a key, before its bytes.
const ED25519: u8 = 1;

impl LogKey {
    /// A new key, of random bytes of the operating system.
    ///
    /// # Errors
    /// [`Fault::Random`] where it has none.
    pub fn random(log: impl Into<String>) -> Result<Self, Fault> {
        Ok(Self::new(log, &crate::ids::random()?))
    }

    /// The secret as a text, as the tools of signed notes write it: `PRIVATE+KEY+NAME+ID+BASE64`. To be kept where
    /// nobody but the host can read it.
    ///
    /// # Errors
    /// [`BadKey`] where no key can have the name of the log.
    pub fn secret_text(&self) -> Result<String, BadKey> {
        let public =
            VerifierKey::new(&*self.log, self.public_key()).map_err(|bad| BadKey(bad.to_string()))?;
        let secret: Vec<u8> = std::iter::once(ED25519).chain(self.key.to_bytes()).collect();
        let id = u32::from_be_bytes(public.id());
        Ok(format!("{SECRET}{}+{id:08x}+{}", self.log, STANDARD.encode(secret)))
    }

    /// Whether this is meant as the text of a key, and not as where one is.
    #[must_use]
    pub fn is_secret_text(text: &str) -> bool {
        text.starts_with(SECRET)
    }
}

/// Reads the text of a key, with white space around it as files have it.
impl FromStr for LogKey {
    type Err = BadKey;
    fn from_str(text: &str) -> Result<Self, BadKey> {
        let text = text.trim();
        // Nothing of it is repeated: it may be a secret that lacks a letter.
        let wrong = || BadKey("it is no key that signs, which reads `PRIVATE+KEY+NAME+ID+BASE64`".to_owned());
        let (log, rest) =
            text.strip_prefix(SECRET).and_then(|rest| rest.split_once('+')).ok_or_else(wrong)?;
        let (_, secret) = rest.split_once('+').ok_or_else(wrong)?;
        let bytes = STANDARD.decode(secret).map_err(|_| wrong())?;
        let secret = bytes.strip_prefix(&[ED25519]).and_then(|secret| secret.try_into().ok());
        let key = Self::new(log, secret.ok_or_else(wrong)?);
        if key.secret_text()? == text {
            Ok(key)
        } else {
            Err(BadKey("the id in it is not that of its key".to_owned()))
        }
    }
}

/// Why a text is no key that signs. It says nothing of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadKey(String);

impl fmt::Display for BadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadKey {}

/// That a record is in the tree of that size: [`tenure_core::record::proof::is_included`] checks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Inclusion {
    /// The record's position.
    pub position: u64,
    /// The size of the tree.
    pub size: u64,
    /// The root of the tree.
    pub root: Hash,
    /// The bytes of the record: what the hash of its leaf is over.
    pub leaf: String,
    /// The hash of the leaf.
    pub hash: Hash,
    /// The proof.
    pub proof: Vec<Hash>,
}

/// That one tree is the beginning of another: [`tenure_core::record::proof::is_consistent`] checks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Consistency {
    /// The size of the earlier tree.
    pub old: u64,
    /// The root of the earlier tree.
    pub old_root: Hash,
    /// The size of the later tree.
    pub size: u64,
    /// The root of the later tree.
    pub root: Hash,
    /// The proof.
    pub proof: Vec<Hash>,
}

impl Engine {
    /// The public key of this namespace's checkpoints, as the tools of signed notes take it.
    ///
    /// # Errors
    /// [`Fault::Signer`] where a log cannot have that name.
    pub fn verifier_key(&self, signer: &dyn Signer) -> Result<VerifierKey, Error> {
        let name = origin(signer.log(), &self.namespace);
        VerifierKey::new(name, signer.public_key()).map_err(|bad| Fault::Signer(bad.to_string()).into())
    }

    /// How many records there are and what the root over them is, signed: a C2SP checkpoint. To be kept where
    /// nobody who can write the store can write.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub fn checkpoint(&self, signer: &dyn Signer, now: Timestamp) -> Result<String, Error> {
        let key = self.verifier_key(signer)?;
        let (size, at) = (self.store.size(&self.namespace)?, self.believed(now)?);
        let checkpoint = Checkpoint { origin: key.name.clone(), size, root: self.root(size)?, at };
        let signature = signer.sign(checkpoint.body().as_bytes()).map_err(Fault::Signer)?;
        Ok(checkpoint.signed(&key, &signature))
    }

    /// The proof that the record at that position is among the first `size`; of all there are where none is given.
    ///
    /// # Errors
    /// [`Fault::NotOnRecord`] where there is no such record.
    pub fn inclusion(&self, position: u64, size: Option<u64>) -> Result<Inclusion, Error> {
        let (there, size) = self.sized(size)?;
        let missing = || Fault::NotOnRecord { asked: position, size: there };
        let proof = self.prove(&Recipe::inclusion(position, size).ok_or_else(missing)?)?;
        let before = position.saturating_sub(1);
        let leaf = self.store.leaves(&self.namespace, before, Limit::new(1))?.pop().ok_or_else(missing)?;
        let hash = leaf_hash(leaf.text.as_bytes());
        Ok(Inclusion { position, size, root: self.root(size)?, leaf: leaf.text.clone(), hash, proof })
    }

    /// The proof that the first `old` records are the beginning of the first `size`; of all there are where
    /// none is given.
    ///
    /// # Errors
    /// [`Fault::NotOnRecord`] where there are not as many.
    pub fn consistency(&self, old: u64, size: Option<u64>) -> Result<Consistency, Error> {
        let (there, size) = self.sized(size)?;
        let recipe = Recipe::consistency(old, size);
        let proof = self.prove(&recipe.ok_or(Fault::NotOnRecord { asked: old, size: there })?)?;
        Ok(Consistency { old, old_root: self.root(old)?, size, root: self.root(size)?, proof })
    }

    /// Records after that position as they are handed out to be checked elsewhere, in order: lines of
    /// [`tenure_core::record::export`]. At most [`Limit::MAX`] at once.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub fn export(&self, after: u64, limit: usize) -> Result<Vec<Exported>, Error> {
        let leaves = self.store.leaves(&self.namespace, after, Limit::new(limit))?;
        let positions = after.saturating_add(1)..;
        Ok(positions.zip(&leaves).map(|(position, leaf)| Exported::of(position, leaf)).collect())
    }

    /// How many records there are, and how many of them are looked at.
    fn sized(&self, size: Option<u64>) -> Result<(u64, u64), Error> {
        let there = self.store.size(&self.namespace)?;
        let size = size.unwrap_or(there);
        if size > there {
            return Err(Fault::NotOnRecord { asked: size, size: there }.into());
        }
        Ok((there, size))
    }

    fn root(&self, size: u64) -> Result<Hash, Error> {
        let peaks: Vec<Node> = Node::peaks(size).collect();
        let frontier = Frontier::new(size, self.store.nodes(&self.namespace, &peaks)?);
        Ok(frontier.ok_or_else(incomplete)?.root())
    }

    fn prove(&self, recipe: &Recipe) -> Result<Vec<Hash>, Error> {
        let read = self.store.nodes(&self.namespace, &recipe.nodes())?;
        recipe.proof(&read).ok_or_else(|| incomplete().into())
    }
}

fn incomplete() -> Fault {
    Fault::Store(StoreFault::Broken("a part of the record's tree is missing".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pair that the tools of signed notes made, and that their documentation shows.
    const NOTED: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const NOTED_PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn a_key_is_read_and_written_as_signed_notes_have_it() {
        let key: LogKey = format!("{NOTED}\n").parse().unwrap();
        let public = VerifierKey::new(key.log(), key.public_key()).unwrap();
        assert_eq!(public.to_string(), NOTED_PUBLIC);
        assert_eq!(key.secret_text().unwrap(), NOTED);
        let made = LogKey::random("log.example").unwrap();
        let again: LogKey = made.secret_text().unwrap().parse().unwrap();
        assert_eq!((again.log(), again.public_key()), (made.log(), made.public_key()));
        assert_ne!(made.public_key(), LogKey::random("log.example").unwrap().public_key());
    }

    #[test]
    fn a_text_that_is_no_key_is_not_repeated() {
        let secret = "AYEKFALVFGyNhPJEMzD1QIDr";
        for text in [
            String::new(),
            NOTED.replacen("PRIVATE", "PUBLIC", 1),
            NOTED.replacen("c74f20a3", "c74f20a4", 1),
            NOTED.replacen("+AY", "+BY", 1),
            NOTED.replacen("PeterNeumann", "Peter Neumann", 1),
            NOTED.strip_suffix("DFz").unwrap().to_owned(),
            NOTED_PUBLIC.to_owned(),
        ] {
            let bad = text.parse::<LogKey>().unwrap_err().to_string();
            assert!(!bad.contains(secret) && !bad.is_empty(), "{bad}");
        }
        assert!(!format!("{:?}", NOTED.parse::<LogKey>().unwrap()).contains(secret));
        assert!(LogKey::new("a log", &[7; 32]).secret_text().is_err());
    }
}
