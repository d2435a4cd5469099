//! The record as others can check it: signed checkpoints, and proofs against them.
//!
//! Whoever keeps checkpoints where the host cannot reach them can tell later whether the record was changed,
//! cut short or forked: `tenure-audit` does it with nothing but an export and the public key.

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

impl std::fmt::Debug for LogKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogKey").field("log", &self.log).finish_non_exhaustive()
    }
}

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
