//! Command ids for callers that give none.

use std::fmt::Write;

use tenure_core::id::CommandId;
use tenure_core::record::written::Salt;

use crate::error::Fault;

/// Where command ids come from that a caller did not give. No two may ever be the same.
pub trait Ids: Send + Sync {
    /// The next one.
    ///
    /// # Errors
    /// [`Fault::Random`] where none can be made.
    fn next(&self) -> Result<CommandId, Fault>;

    /// What the salts are made of beside which written text is kept: 128 random bits of the operating system,
    /// unless everything is to be the same again, as in tests, and nothing has to be erased.
    ///
    /// # Errors
    /// [`Fault::Random`] where none can be had.
    fn salt(&self) -> Result<Salt, Fault> {
        random().map(Salt::from_bytes)
    }
}

/// Ids of 128 random bits from the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    fn next(&self) -> Result<CommandId, Fault> {
        let bytes: [u8; 16] = random()?;
        let mut text = String::with_capacity(32);
        for byte in bytes {
            // Writing to a text cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        CommandId::new(text).map_err(Fault::bad_id("command id"))
    }
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).map_err(|error| Fault::Random(error.to_string()))?;
    Ok(bytes)
}

impl<F: Fn() -> Result<CommandId, Fault> + Send + Sync> Ids for F {
    fn next(&self) -> Result<CommandId, Fault> {
        self()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_the_same() {
        let ids: std::collections::BTreeSet<_> = (0..1_000).map(|_| RandomIds.next().unwrap()).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.iter().all(|id| id.as_str().len() == 32));
        assert_ne!(RandomIds.salt().unwrap(), RandomIds.salt().unwrap());
    }
}
