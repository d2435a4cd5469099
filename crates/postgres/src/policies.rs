//! Policies that were in force, made of their text when they are needed.
//!
//! They are numbered as they come, and none is ever changed: what was made of them stays right for as long
//! as no later number is in force, whichever host put it there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tenure_core::flow::Flow;
use tenure_core::id::{Namespace, Revision};
use tenure_core::time::Timestamp;
use tenure_core::world::{Head, Publication};
use tenure_store::Compile;

use crate::link::Link;
use crate::trouble::{Out, broken, number};

const DOCUMENTS: &str = "SELECT number, at, revision, source FROM tenure.document \
    WHERE ns = $1 AND number > $2 AND number <= $3 ORDER BY number";

/// All policies of one namespace up to the one in force.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies {
    /// The number of the last.
    pub(crate) documents: u64,
    pub(crate) head: Arc<Head>,
    pub(crate) revisions: HashMap<Revision, Arc<Flow>>,
}

/// What was made of texts so far, and how.
#[derive(Default)]
pub(crate) struct Shelf {
    compile: OnceLock<Arc<dyn Compile>>,
    known: Mutex<HashMap<Namespace, Arc<Policies>>>,
}

impl Shelf {
    pub(crate) fn compile_with(&self, compile: Arc<dyn Compile>) {
        // The first way that was told stays: what was made by it is kept.
        let _ = self.compile.set(compile);
    }

    /// The policies up to that number, as this transaction sees them.
    pub(crate) fn up_to(&self, documents: u64, ns: (&Namespace, i64), link: &mut Link) -> Out<Arc<Policies>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(ns.0).cloned();
        let known = known.unwrap_or_default();
        if known.documents == documents {
            return Ok(known);
        }
        // A snapshot may be older than what is known by now: it is made anew, and not kept.
        let later = documents > known.documents;
        let mut policies = if later { (*known).clone() } else { Policies::default() };
        let rows = link.rows(DOCUMENTS, &[&ns.1, &number(policies.documents), &number(documents)])?;
        for row in rows {
            let (place, at): (i64, i64) = (row.get(0), row.get(1));
            if u64::try_from(place).ok() != policies.documents.checked_add(1) {
                return Err(broken(format!("policy {place} stands where another is missing")));
            }
            let document = self.compiled(row.get(2), row.get(3))?;
            policies.enforce(document, Timestamp::from_millis(at));
        }
        if policies.documents != documents {
            return Err(broken(format!("of {documents} policies {} are there", policies.documents)));
        }
        let policies = Arc::new(policies);
        if later {
            self.keep(ns.0, &policies);
        }
        Ok(policies)
    }

    /// Keeps what was committed.
    pub(crate) fn keep(&self, ns: &Namespace, policies: &Arc<Policies>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let newer = known.get(ns).is_none_or(|known| known.documents < policies.documents);
        if newer {
            known.insert(ns.clone(), policies.clone());
        }
    }

    fn compiled(&self, revision: &str, source: &str) -> Out<Arc<Publication>> {
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

impl Policies {
    /// Takes note of a document that is in force from that instant on.
    pub(crate) fn enforce(&mut self, document: Arc<Publication>, at: Timestamp) {
        for flow in document.flows.values() {
            self.revisions.insert(flow.revision.clone(), flow.clone());
        }
        self.head = Arc::new(self.head.with(document, at));
        self.documents = self.documents.saturating_add(1);
    }
}
