//! What every page has at hand: the engine, its time, the people, the sessions.

use std::sync::Arc;

use tenure::{Engine, Error, Person, PersonId, Signer, Timestamp};

use crate::events::Hub;
use crate::failure::Failure;
use crate::people::{Directory, Listed};
use crate::session::Sessions;
use crate::sign_in::SignIn;
use crate::site::Site;

/// The portal. Clones are of one.
#[derive(Clone)]
pub struct Portal(Arc<Inner>);

/// What a portal is made of.
pub struct Parts {
    /// The engine, on its store and in its namespace.
    pub engine: Engine,
    /// How many times as fast as the machine's the clock of that store runs.
    pub speed: u32,
    /// Who is who.
    pub directory: Arc<dyn Directory>,
    /// How people prove who they are.
    pub sign_in: Arc<dyn SignIn>,
    /// Who is signed in.
    pub sessions: Sessions,
    /// Signs checkpoints of the record.
    pub log: Arc<dyn Signer>,
    /// Where people reach it; where that is not said, by whatever name they call it.
    pub site: Option<Site>,
}

struct Inner {
    parts: Parts,
    hub: Hub,
}

impl Portal {
    /// A portal of these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner { parts, hub: Hub::default() }))
    }

    /// The engine; what it is asked may take as long as a disk does, so pages ask through [`Portal::ask`].
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.0.parts.engine
    }

    /// The present instant, as the store has it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.parts.engine.clock()
    }

    /// How many times as fast as the machine's its clock runs.
    #[must_use]
    pub fn speed(&self) -> u32 {
        self.0.parts.speed
    }

    /// Who is who.
    #[must_use]
    pub fn directory(&self) -> &dyn Directory {
        &*self.0.parts.directory
    }

    /// How people prove who they are.
    #[must_use]
    pub fn sign_in(&self) -> Arc<dyn SignIn> {
        self.0.parts.sign_in.clone()
    }

    /// Who is signed in.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.0.parts.sessions
    }

    /// What checkpoints of the record are signed with.
    #[must_use]
    pub fn log(&self) -> &dyn Signer {
        &*self.0.parts.log
    }

    /// Where people reach it, where that was said.
    #[must_use]
    pub fn site(&self) -> Option<&Site> {
        self.0.parts.site.as_ref()
    }

    /// Who is listening for notices.
    #[must_use]
    pub fn hub(&self) -> &Hub {
        &self.0.hub
    }

    /// Asks the engine, on a thread that may wait.
    ///
    /// # Errors
    /// What the engine answers: a refusal, problems or a fault.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Engine, Timestamp) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Failure> {
        let portal = self.clone();
        let asked = tokio::task::spawn_blocking(move || question(portal.engine(), portal.now()));
        let answered = asked.await.map_err(|broken| Failure::Fault(broken.to_string()))?;
        answered.map_err(Failure::from)
    }

    /// What people call somebody: their id where the directory does not know them.
    #[must_use]
    pub fn name(&self, id: &PersonId) -> String {
        self.directory().person(id).map_or_else(|| id.to_string(), |listed| listed.name)
    }

    /// Today's facts of somebody else, where the directory knows them. How they signed in is nobody's to say but theirs.
    #[must_use]
    pub fn person(&self, id: &PersonId) -> Option<Person> {
        self.directory().person(id).map(|Listed { person, .. }| person)
    }
}
