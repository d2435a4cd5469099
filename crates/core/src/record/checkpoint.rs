//! Checkpoints: how large a record is and what its root is, in the form that is signed and handed out.
//!
//! The form is that of C2SP `tlog-checkpoint` in a C2SP `signed-note` with Ed25519: the origin, the size, the
//! root in base64, then one line `time RFC3339`; an empty line; one line a signature. The origin names log
//! and namespace, and is the name of the key as well. A [`VerifierKey`] is written `name+id+key`, as tools
//! of signed notes take it.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::tree::Hash;
use crate::id::Namespace;
use crate::time::Timestamp;

/// The kind of key: Ed25519.
const ED25519: u8 = 1;

/// A text longer than this is no checkpoint.
const BYTES_MAX: usize = 16 * 1024;

/// How large a record was and what its root was, at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log: [`origin`].
    pub origin: String,
    /// How many records there were.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// When it was made.
    pub at: Timestamp,
}

/// One signature under a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The name of the key.
    pub name: String,
    /// Its id.
    pub id: [u8; 4],
    /// The signature.
    pub bytes: [u8; 64],
}

/// A checkpoint as it is handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The very text that was signed.
    pub body: String,
    /// The signatures.
    pub signatures: Vec<Signature>,
}

/// The public half of a key, and the name of the log whose checkpoints it signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    /// The name: the origin of the log.
    pub name: String,
    /// The Ed25519 public key.
    pub key: [u8; 32],
}

/// A text that is not what it was taken for, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadNote(String);

/// The origin of a namespace's record in the log of that name. What a name of a key cannot hold is written
/// as in a URL.
#[must_use]
pub fn origin(log: &str, ns: &Namespace) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let escaped = ns
        .as_str()
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") });
    format!("{log}/{}", escaped.collect::<String>())
}

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn body(&self) -> String {
        let root = STANDARD.encode(self.root.as_bytes());
        format!("{}\n{}\n{root}\ntime {}\n", self.origin, self.size, self.at)
    }

    /// The checkpoint as it is handed out, with the signature over its body.
    #[must_use]
    pub fn signed(&self, key: &VerifierKey, signature: &[u8; 64]) -> String {
        let mut bytes = key.id().to_vec();
        bytes.extend_from_slice(signature);
        format!("{}\n— {} {}\n", self.body(), key.name, STANDARD.encode(bytes))
    }
}

impl SignedCheckpoint {
    /// Reads a checkpoint. Its signatures are not checked here.
    ///
    /// # Errors
    /// [`BadNote`] where it is none.
    pub fn parse(note: &str) -> Result<Self, BadNote> {
        if note.len() > BYTES_MAX {
            return Err(bad("it is too long"));
        }
        let (body, signatures) = note.split_once("\n\n").ok_or_else(|| bad("no empty line ends its text"))?;
        let body = format!("{body}\n");
        let checkpoint = parse_body(&body)?;
        let lines = signatures.strip_suffix('\n').ok_or_else(|| bad("its last line does not end"))?;
        let signatures = lines.split('\n').filter_map(|line| parse_signature(line).transpose());
        Ok(Self { checkpoint, body, signatures: signatures.collect::<Result<_, _>>()? })
    }

    /// The signatures that claim to be by that key.
    pub fn by<'a>(&'a self, key: &'a VerifierKey) -> impl Iterator<Item = &'a Signature> {
        let id = key.id();
        self.signatures.iter().filter(move |signature| signature.name == key.name && signature.id == id)
    }
}

fn parse_body(body: &str) -> Result<Checkpoint, BadNote> {
    let mut lines = body.lines();
    let mut line = |what: &str| lines.next().ok_or_else(|| bad(format!("its {what} is missing")));
    let origin = line("origin")?.to_owned();
    let size = line("size")?;
    let number: u64 = size.parse().map_err(|_| bad(format!("`{size}` is no size")))?;
    if origin.is_empty() || number.to_string() != size {
        return Err(bad("its origin or size is not written as it must be"));
    }
    let root = line("root")?;
    let bytes = STANDARD.decode(root).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let root = Hash::from_bytes(bytes.ok_or_else(|| bad(format!("`{root}` is no root")))?);
    let time = line("time")?;
    let at = time.strip_prefix("time ").and_then(|at| at.parse().ok());
    let at = at.ok_or_else(|| bad(format!("`{time}` is no time")))?;
    let checkpoint = Checkpoint { origin, size: number, root, at };
    if checkpoint.body() == body { Ok(checkpoint) } else { Err(bad("its text is not written as it must be")) }
}

/// A signature of a length that no Ed25519 signature has is of a kind that is not known here, and passed over.
fn parse_signature(line: &str) -> Result<Option<Signature>, BadNote> {
    let wrong = || bad(format!("`{line}` is no signature"));
    let (name, bytes) = line.strip_prefix("— ").and_then(|rest| rest.split_once(' ')).ok_or_else(wrong)?;
    let bytes = STANDARD.decode(bytes).map_err(|_| wrong())?;
    let (id, rest) = bytes.split_first_chunk::<4>().ok_or_else(wrong)?;
    let name = name.to_owned();
    Ok(rest.try_into().ok().map(|bytes| Signature { name, id: *id, bytes }))
}

impl VerifierKey {
    /// A public key under a name.
    ///
    /// # Errors
    /// [`BadNote`] where a key cannot have that name.
    pub fn new(name: impl Into<String>, key: [u8; 32]) -> Result<Self, BadNote> {
        let name = name.into();
        if name.is_empty() || name.contains('+') || name.chars().any(|c| c.is_whitespace() || c.is_control())
        {
            return Err(bad(format!("`{name}` is no name of a key: it has no white space and no `+`")));
        }
        Ok(Self { name, key })
    }

    /// The id under which its signatures are found.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let hash =
            Sha256::new().chain_update(&self.name).chain_update([b'\n', ED25519]).chain_update(self.key);
        let mut id = [0; 4];
        id.iter_mut().zip(hash.finalize()).for_each(|(byte, of)| *byte = of);
        id
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![ED25519];
        key.extend_from_slice(&self.key);
        write!(f, "{}+{:08x}+{}", self.name, u32::from_be_bytes(self.id()), STANDARD.encode(key))
    }
}

impl FromStr for VerifierKey {
    type Err = BadNote;
    fn from_str(text: &str) -> Result<Self, BadNote> {
        let wrong = || bad(format!("`{text}` is no public key: it reads `name+id+key`"));
        let (name, rest) = text.split_once('+').ok_or_else(wrong)?;
        let (_, key) = rest.split_once('+').ok_or_else(wrong)?;
        let bytes = STANDARD.decode(key).map_err(|_| wrong())?;
        let key = bytes.strip_prefix(&[ED25519]).and_then(|key| key.try_into().ok()).ok_or_else(wrong)?;
        let known = Self::new(name, key)?;
        if known.to_string() == text {
            Ok(known)
        } else {
            Err(bad(format!("the id in `{text}` is not that of its key")))
        }
    }
}

impl fmt::Display for BadNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadNote {}

fn bad(what: impl Into<String>) -> BadNote {
    BadNote(what.into())
}
