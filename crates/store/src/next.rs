//! What comes next of one person's grants: the columns by which a store finds who waits.

use std::collections::BTreeMap;

use tenure_core::effect::Outgoing;
use tenure_core::grant::Grant;
use tenure_core::id::Integration;
use tenure_core::time::Timestamp;

/// The next instants at which a person's grants want something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Next {
    /// The earliest deadline.
    pub due: Option<Timestamp>,
    /// The earliest instant at which an effect may be taken.
    pub ready: Option<Timestamp>,
    /// The same at each integration, and for notices.
    pub ready_at: BTreeMap<Option<Integration>, Timestamp>,
}

impl Next {
    /// What comes next of these grants of one person: each with the instant at which it was revoked, where
    /// that is still to be written.
    pub fn of<'a>(grants: impl Iterator<Item = (&'a Grant, Option<Timestamp>)>) -> Self {
        let mut next = Self::default();
        for (grant, revoked) in grants {
            next.due = earlier(next.due, earlier(grant.deadline(), revoked));
            for outgoing in &grant.outbox {
                let ready = ready(outgoing);
                next.ready = earlier(next.ready, Some(ready));
                let first = next.ready_at.entry(outgoing.effect.task.at().cloned()).or_insert(ready);
                *first = ready.min(*first);
            }
        }
        next
    }
}

/// When a worker may take it: after its pause, and after the lease on it ran out.
fn ready(outgoing: &Outgoing) -> Timestamp {
    outgoing.lease.as_ref().map_or(outgoing.not_before, |lease| lease.until.max(outgoing.not_before))
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}
