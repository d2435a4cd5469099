//! What somebody may look at here beside what is their own. The engine says who may ask, decide and extend; who reads
//! everybody's record, and who puts a policy in force, is the host's to say: it goes by roles of its directory.

use crate::failure::Failure;
use crate::session::Who;

/// What goes beyond one's own access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Reads what happened to everybody's access.
    Audit,
    /// Puts a policy in force.
    Publish,
}

impl Duty {
    /// The role that has it.
    #[must_use]
    pub const fn role(self) -> &'static str {
        match self {
            Self::Audit => "auditor",
            Self::Publish => "policy-author",
        }
    }
}

impl Who {
    /// Whether they have that duty.
    #[must_use]
    pub fn has(&self, duty: Duty) -> bool {
        self.person.roles.contains(duty.role())
    }

    /// Lets nobody pass who has not.
    ///
    /// # Errors
    /// [`Failure::Barred`].
    pub fn must(&self, duty: Duty) -> Result<(), Failure> {
        let why = match duty {
            Duty::Audit => "Who else has access, and reports, are for people with the role `auditor`.",
            Duty::Publish => "A policy is put in force by people with the role `policy-author`.",
        };
        if self.has(duty) { Ok(()) } else { Err(Failure::Barred(why)) }
    }
}
