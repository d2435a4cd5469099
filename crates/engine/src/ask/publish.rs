//! Putting a policy in force.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use tenure_core::command::{self, Command, Verb};
use tenure_core::id::Revision;
use tenure_core::world::Publication;
use tenure_policy::Policy;
use tenure_policy::document::Format;

use super::{Ask, Common, IntoActor, Maybe, common};
use crate::error::Fault;
use crate::ids::Ids;

/// Puts a policy in force.
#[derive(Clone, Debug)]
pub struct Publish {
    common: Common,
    policy: Policy,
    if_revision: Option<String>,
}

common! { Publish }

impl Publish {
    /// That policy, by that actor.
    #[must_use]
    pub fn new(policy: &Policy, actor: impl IntoActor) -> Self {
        Self { common: Common::new(actor), policy: policy.clone(), if_revision: None }
    }

    /// The revision of the document.
    ///
    /// # Errors
    /// None that can be met: a digest is always an id.
    pub fn revision(&self) -> Result<Revision, Fault> {
        revision(&self.policy)
    }

    /// The revision of the document that it replaces.
    #[must_use]
    pub fn if_revision(mut self, revision: impl Maybe<String>) -> Self {
        self.if_revision = revision.maybe();
        self
    }
}

impl Ask for Publish {
    fn into_command(self, ids: &dyn Ids) -> Result<Command, Fault> {
        let revision = self.if_revision.map(Revision::new).transpose();
        let publish = command::Publish {
            policy: Arc::new(publication(&self.policy)?),
            if_revision: revision.map_err(Fault::bad_id("revision"))?,
        };
        self.common.with(ids, Verb::Publish(publish))
    }
}

/// A policy as it is published.
///
/// # Errors
/// None that can be met: a digest is always an id.
pub fn publication(policy: &Policy) -> Result<Publication, Fault> {
    let flows = policy.flows().clone();
    Ok(Publication {
        revision: revision(policy)?,
        source: Arc::from(policy.source()),
        flows,
        beside: policy.beside().clone(),
    })
}

/// The SHA-256 of the canonical text: layout, order of keys and comments do not change it.
fn revision(policy: &Policy) -> Result<Revision, Fault> {
    let digest = Sha256::digest(policy.source().as_bytes());
    let text: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Revision::new(text).map_err(Fault::bad_id("revision"))
}

/// Makes a policy of its canonical text again: what a store needs to be opened.
///
/// # Errors
/// What is wrong with the text, in words; also where it uses what this build was made without.
pub fn compile(source: &str) -> Result<Publication, String> {
    let policy = Policy::from_text(source, Format::Json).map_err(|problems| problems.to_string())?;
    publication(&policy).map_err(|fault| fault.to_string())
}
