//! One notice, several ways.

use tenure::{Carried, Handler, Taken, Trouble};

use crate::sent::{Sent, told_all};

/// Gives each notice to all of its handlers. One that fails holds up no other, and the notice then comes again for those
/// that failed alone.
#[derive(Default)]
pub struct Everywhere {
    ways: Vec<(String, Box<dyn Handler>)>,
    sent: Sent,
}

impl Everywhere {
    /// Nowhere yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// That way, too. Its name says what was done already, and no two have the same.
    #[must_use]
    pub fn and(mut self, name: impl Into<String>, way: impl Handler + 'static) -> Self {
        self.ways.push((name.into(), Box::new(way)));
        self
    }
}

impl Handler for Everywhere {
    fn carry_out(&self, effect: &Taken) -> Result<Carried, Trouble> {
        let mut troubles = Vec::new();
        for (name, way) in &self.ways {
            if self.sent.has(&effect.id, name) {
                continue;
            }
            match way.carry_out(effect) {
                Ok(_) => self.sent.put(&effect.id, name),
                Err(trouble) => troubles.push(trouble),
            }
        }
        told_all(troubles)
    }
}
