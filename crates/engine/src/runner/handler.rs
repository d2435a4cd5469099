//! What a host does about an effect, and what it says of it.

use std::collections::BTreeSet;
use std::error::Error;

use tenure_core::person::Item;

use crate::effects::Taken;

/// Carries out effects: a closure, or a type of the host's. It is called on every thread that drives its runner.
pub trait Handler: Send + Sync {
    /// Does what the effect says, before its lease runs out. The same effect may come again.
    ///
    /// # Errors
    /// [`Trouble`]: it is tried again after a pause.
    fn carry_out(&self, effect: &Taken) -> Result<Carried, Trouble>;
}

impl<F: Fn(&Taken) -> Result<Carried, Trouble> + Send + Sync> Handler for F {
    fn carry_out(&self, effect: &Taken) -> Result<Carried, Trouble> {
        self(effect)
    }
}

/// An effect was carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    pub(super) already_held: BTreeSet<Item>,
}

impl Carried {
    /// It was carried out.
    #[must_use]
    pub fn out() -> Self {
        Self::default()
    }

    /// Items that the holder had before: they are not taken away at the end.
    #[must_use]
    pub fn already_held(mut self, items: impl IntoIterator<Item = Item>) -> Self {
        self.already_held.extend(items);
        self
    }
}

/// An effect could not be carried out. Any error is one, so that handlers may use `?`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub(super) words: String,
    pub(super) last: bool,
}

impl Trouble {
    /// What went wrong. People read it: it is kept in the record, cut where it is long.
    #[must_use]
    pub fn of(words: impl Into<String>) -> Self {
        Self { words: words.into(), last: false }
    }

    /// Trying again is of no use. It is stuck at once, and yet retried now and then.
    #[must_use]
    pub fn last(self) -> Self {
        Self { last: true, ..self }
    }

    /// Whether trying again is of no use.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.last
    }
}

impl<E: Error> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::of(error.to_string())
    }
}
