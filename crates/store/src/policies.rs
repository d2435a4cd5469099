//! Policies that were in force, made of their text when they are needed: for stores that keep texts.
//!
//! They are numbered as they come, and none is ever changed: what was made of them stays right for as long
//! as no later number is in force, whoever put it there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tenure_core::flow::Flow;
use tenure_core::id::{Namespace, Revision};
use tenure_core::time::Timestamp;
use tenure_core::world::{Head, Publication};

use crate::fault::StoreFault;
use crate::store::Compile;

/// A policy as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its place among those of the namespace, from 1 on.
    pub number: i64,
    /// When it was put in force.
    pub at: Timestamp,
    /// The revision it was published as.
    pub revision: String,
    /// Its text.
    pub source: String,
}

/// All policies of one namespace up to the one in force.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    /// The number of the last.
    pub documents: u64,
    /// What is in force, and what was before.
    pub head: Arc<Head>,
    /// Every revision of a flow that was ever in force.
    pub revisions: HashMap<Revision, Arc<Flow>>,
}

/// What was made of texts so far, and how.
#[derive(Default)]
pub struct Shelf {
    compile: OnceLock<Arc<dyn Compile>>,
    known: Mutex<HashMap<Namespace, Arc<Policies>>>,
}

impl Shelf {
    /// How policies are made of their text.
    pub fn compile_with(&self, compile: Arc<dyn Compile>) {
        // The first way that was told stays: what was made by it is kept.
        let _ = self.compile.set(compile);
    }

    /// The policies up to that number, as a transaction sees them: `read` gives those after the number it is handed, up
    /// to that one, in order.
    ///
    /// # Errors
    /// What `read` answers, and [`StoreFault::Broken`] where one is missing or does not say what it said.
    pub fn up_to<E: From<StoreFault>>(
        &self,
        documents: u64,
        ns: &Namespace,
        read: impl FnOnce(u64) -> Result<Vec<Document>, E>,
    ) -> Result<Arc<Policies>, E> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(ns).cloned();
        let known = known.unwrap_or_default();
        if known.documents == documents {
            return Ok(known);
        }
        // A snapshot may be older than what is known by now: it is made anew, and not kept.
        let later = documents > known.documents;
        let mut policies = if later { (*known).clone() } else { Policies::default() };
        for Document { number, at, revision, source } in read(policies.documents)? {
            if u64::try_from(number).ok() != policies.documents.checked_add(1) {
                return Err(broken(format!("policy {number} stands where another is missing")).into());
            }
            let document = self.compiled(&revision, &source)?;
            policies.enforce(document, at);
        }
        if policies.documents != documents {
            return Err(broken(format!("of {documents} policies {} are there", policies.documents)).into());
        }
        let policies = Arc::new(policies);
        if later {
            self.keep(ns, &policies);
        }
        Ok(policies)
    }

    /// Keeps what was committed.
    pub fn keep(&self, ns: &Namespace, policies: &Arc<Policies>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let newer = known.get(ns).is_none_or(|known| known.documents < policies.documents);
        if newer {
            known.insert(ns.clone(), policies.clone());
        }
    }

    fn compiled(&self, revision: &str, source: &str) -> Result<Arc<Publication>, StoreFault> {
        let compile = self.compile.get().ok_or_else(|| {
            broken("the store holds a policy and was not told how policies are made of their text")
        })?;
        let document = compile
            .compile(source)
            .map_err(|why| broken(format!("the policy `{revision}` cannot be read again: {why}")))?;
        if document.revision.as_str() == revision {
            Ok(Arc::new(document))
        } else {
            Err(broken(format!("the policy `{revision}` now reads as `{}`", document.revision)))
        }
    }
}

impl std::fmt::Debug for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shelf").finish_non_exhaustive()
    }
}

impl Policies {
    /// Takes note of a document that is in force from that instant on.
    pub fn enforce(&mut self, document: Arc<Publication>, at: Timestamp) {
        for flow in document.flows.values() {
            self.revisions.insert(flow.revision.clone(), flow.clone());
        }
        self.head = Arc::new(self.head.with(document, at));
        self.documents = self.documents.saturating_add(1);
    }
}

fn broken(what: impl Into<String>) -> StoreFault {
    StoreFault::Broken(what.into())
}
