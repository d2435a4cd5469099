//! Ids: opaque, bounded, unique in their namespace, never reused.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, de};
use sha2::{Digest, Sha256};

use crate::limits::ID_BYTES_MAX;

/// A text that cannot be the id it was meant to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadId(String);

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadId {}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $check:path;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a text as this id where it is one.
            ///
            /// # Errors
            /// [`BadId`] says what is wrong with the text.
            pub fn new(text: impl AsRef<str>) -> Result<Self, BadId> {
                let text = text.as_ref();
                $check(text)?;
                Ok(Self(Arc::from(text)))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                Self::new(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A tenant: its own policy, people, grants and log.
    Namespace, opaque;
    /// A person, human or workload (`issuer|subject` where several issuers exist); never `system:…`, which is
    /// the host itself.
    PersonId, personal;
    /// A flow, as the policy document names it.
    FlowId, named;
    /// A kit, as the policy document names it.
    KitId, named;
    /// One grant, for its whole life.
    GrantId, opaque;
    /// One command, so that giving it again is no second command.
    CommandId, opaque;
    /// An instance that access is granted on, such as `prod-pg`.
    Integration, opaque;
    /// A worker that takes effects.
    WorkerId, opaque;
    /// The host itself, or a part of it, as the actor `system:NAME`.
    SystemName, opaque;
    /// The SHA-256 of what a flow says, as hexadecimal digits.
    Revision, opaque;
}

fn opaque(text: &str) -> Result<(), BadId> {
    if text.is_empty() {
        return Err(BadId("an id is never empty".into()));
    }
    if text.len() > ID_BYTES_MAX {
        return Err(BadId(format!("an id has at most {ID_BYTES_MAX} bytes, this one has {}", text.len())));
    }
    if text.chars().any(char::is_control) {
        return Err(BadId("an id has no control characters".into()));
    }
    Ok(())
}

/// No person passes for the host itself in the record.
fn personal(text: &str) -> Result<(), BadId> {
    let host = text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("system:"));
    if host { Err(BadId(format!("`{text}` is the host itself, no person"))) } else { opaque(text) }
}

/// Ids that people write into documents: `[a-z0-9][a-z0-9._-]{0,62}`.
fn named(text: &str) -> Result<(), BadId> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let fits = text.len() <= 63
        && text.starts_with(word)
        && text.chars().all(|c| word(c) || matches!(c, '.' | '_' | '-'));
    if fits {
        Ok(())
    } else {
        Err(BadId(format!(
            "`{text}` is no id; it starts with a lower-case letter or digit, then up to 62 of `a-z 0-9 . _ -`"
        )))
    }
}

impl CommandId {
    /// The id of a question that is asked as a command would be: no store ever sees it.
    pub(crate) fn question() -> Self {
        Self(Arc::from("?"))
    }
}

impl GrantId {
    /// The id a grant gets where the caller gives none: always the same for one command of one namespace.
    #[must_use]
    pub fn of(namespace: &Namespace, command: &CommandId) -> Self {
        Self(Arc::from(
            digest([namespace.as_str().as_bytes(), command.as_str().as_bytes()])
                .get(..32)
                .unwrap_or_default(),
        ))
    }
}

/// SHA-256 over parts that cannot run into each other, as hexadecimal digits.
pub(crate) fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    let digit = |half: u8| if half < 10 { b'0' | half } else { half.wrapping_add(87) };
    let mut digits = [b'0'; 64];
    let halves = hash.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.iter_mut().zip(halves).for_each(|(place, half)| *place = digit(half));
    std::str::from_utf8(&digits).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_bounded() {
        assert!(PersonId::new("a".repeat(256)).is_ok());
        assert!(PersonId::new("a".repeat(257)).is_err());
        assert!(PersonId::new("").is_err());
        assert!(PersonId::new("a\nb").is_err());
    }

    #[test]
    fn flows_are_named_plainly() {
        for good in ["prod-db", "0", "a.b_c-d"] {
            assert!(FlowId::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "Prod", "a b", "é", &"a".repeat(64)] {
            assert!(FlowId::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn parts_of_a_grant_id_cannot_run_into_each_other() {
        let id = |ns: &str, c: &str| GrantId::of(&Namespace::new(ns).unwrap(), &CommandId::new(c).unwrap());
        assert_ne!(id("ab", "c"), id("a", "bc"));
        assert_eq!(id("ab", "c"), id("ab", "c"));
    }
}
