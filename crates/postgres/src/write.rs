//! What a decision writes: put in the place of what was there, for the transaction alone to see.

use std::sync::Arc;

use tenure_core::lifecycle::revoke_all::{Reached, RevokedAll};
use tenure_core::record::Entry;
use tenure_core::world::Read;
use tenure_store::plan::Write;
use tenure_store::{Sealed, seal};

use crate::desk::{Desk, Known, Manner, Slot};
use crate::trouble::{Again, Out, Trouble, broken};

impl Desk<'_> {
    /// Takes up what one decision leads to.
    pub(crate) fn write(&mut self, mut write: Write) -> Out<()> {
        if write.is_empty() {
            return Ok(());
        }
        match self.manner {
            Manner::Reading => return Err(broken("a plan that only reads wants to write")),
            Manner::Beside if is_alone(&write) => return Err(Trouble::Again(Again::Alone)),
            Manner::Beside | Manner::Alone => {}
        }
        self.written.anything = true;
        let sealed = self.put_on_record(&mut write)?;
        let Write { after, policy, receipt, refused, .. } = write;
        if let Some((document, at)) = policy.and_then(|head| head.document.clone().zip(head.published_at)) {
            Arc::make_mut(&mut self.policies).enforce(document.clone(), at);
            self.written.documents.push((self.policies.documents, at, document));
            self.latest = self.latest.max(Some(at));
        }
        for (id, grant) in after {
            self.latest = self.latest.map(|latest| latest.max(grant.changed_at));
            let before = self.now(&id).and_then(|known| known.reached.clone());
            let reached = before.filter(|_| !grant.is_closed());
            self.change(Known { grant, reached });
        }
        for sealed in &sealed {
            if let Some(grant) = sealed.record.erases() {
                // When all is written: what a revocation still has to close is known then.
                self.written.erasing.push((grant.clone(), sealed.record.position));
            }
            if let Entry::Revoked(by) = &sealed.record.entry {
                self.reach(sealed.record.position, by)?;
            }
        }
        self.written.sealed.extend(sealed);
        for (of, tally) in refused {
            self.refused.entry(of.clone()).or_insert_with(|| Slot::found(None)).now = tally;
            self.written.refused.insert(of);
        }
        if let Some((command, receipt)) = receipt {
            self.receipts.insert(command.clone(), Some(receipt));
            self.written.receipts.insert(command);
        }
        Ok(())
    }

    /// Numbers what a decision puts on record where nobody else adds to it, and else keeps it without a number.
    fn put_on_record(&mut self, write: &mut Write) -> Out<Vec<Sealed>> {
        match &mut self.written.seal {
            Some(seal) => {
                // What is about a grant of which lines were set aside waits behind those.
                let entries = std::mem::take(&mut write.entries);
                let is_behind =
                    |entry: &Entry| entry.grant().is_some_and(|id| self.aside.contains(id.as_str()));
                let (behind, others) = entries.into_iter().partition::<Vec<Entry>, _>(is_behind);
                if behind.iter().any(erases) {
                    // What people wrote stands in those lines, too, and nobody can take it out of them.
                    return Err(broken(
                        "lines of the record of a grant that is to be erased cannot be read, and were set aside",
                    ));
                }
                write.entries = behind;
                self.written.unsealed.extend(seal::unsealed(self.ns, write)?);
                write.entries = others;
                Ok(seal.write(self.ns, write)?)
            }
            None => {
                self.written.unsealed.extend(seal::unsealed(self.ns, write)?);
                Ok(Vec::new())
            }
        }
    }

    /// Takes note of what a revocation of many has ended and what is not closed yet.
    fn reach(&mut self, position: u64, by: &Arc<RevokedAll>) -> Out<()> {
        self.latest = self.latest.max(Some(by.at));
        self.revocations.insert(position, by.clone());
        let reads: Vec<Read> = by.grants.iter().cloned().map(Read::Grant).collect();
        self.load(&reads)?;
        for id in &by.grants {
            let known = self.now(id).filter(|known| !known.grant.is_closed());
            let Some(grant) = known.map(|known| known.grant.clone()) else { continue };
            self.change(Known { grant, reached: Some(Reached { position, by: by.clone() }) });
        }
        Ok(())
    }

    fn change(&mut self, known: Known) {
        let id = known.grant.id().clone();
        self.grants.entry(id.clone()).or_insert_with(|| Slot::found(None)).now = Some(known);
        self.written.grants.insert(id);
    }
}

/// Whether nobody else may write in the namespace at the same time: all that comes afterwards is judged by it, or it
/// reaches back into the record.
fn is_alone(write: &Write) -> bool {
    let many = |entry: &Entry| matches!(entry, Entry::Revoked(_));
    write.policy.is_some() || write.entries.iter().any(|entry| many(entry) || erases(entry))
}

/// Whether it erases what people wrote of its grant.
fn erases(entry: &Entry) -> bool {
    match entry {
        Entry::Event(event) => event.happened == tenure_core::event::Happened::Erased,
        Entry::Refused(_) | Entry::MoreRefused(_) | Entry::Published(_) | Entry::Revoked(_) => false,
    }
}
