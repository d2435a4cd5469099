//! Erasing what people wrote of a grant: beside its records, and in what its commands answered.

use std::collections::BTreeSet;

use tenure_core::id::GrantId;
use tenure_core::record::Record;

use crate::desk::Desk;
use crate::receipts;
use crate::records;
use crate::trouble::{Out, number};

const OF_GRANT: &str = "SELECT position, leaf, written FROM tenure.record WHERE ns = $1 AND about = $2 AND position < $3 \
    ORDER BY position";
const FORGET: &str = "UPDATE tenure.record SET written = NULL \
    WHERE ns = $1 AND about = $2 AND position < $3 AND written IS NOT NULL";
const ANSWERS: &str = "SELECT command, body FROM tenure.receipt WHERE ns = $1 AND command = ANY($2)";
const ANSWERED: &str = "UPDATE tenure.receipt r SET body = w.body FROM unnest($2::text[], $3::text[]) w (command, body) \
    WHERE r.ns = $1 AND r.command = w.command";
/// The reason of a revocation of many goes too, unless it still has to close others.
const FORGET_REVOCATIONS: &str = "UPDATE tenure.record r SET written = NULL FROM tenure.revocation v \
    WHERE v.ns = $1 AND v.command = ANY($2) AND r.ns = v.ns AND r.position = v.position AND NOT EXISTS \
    (SELECT 1 FROM tenure.grants g WHERE g.ns = v.ns AND g.reached = v.position)";

impl Desk<'_> {
    /// Erases what stands before each record that says so. All else is written already.
    pub(crate) fn erase(&mut self) -> Out<()> {
        for (grant, position) in std::mem::take(&mut self.written.erasing) {
            self.erase_before(&grant, number(position))?;
        }
        Ok(())
    }

    fn erase_before(&mut self, grant: &GrantId, position: i64) -> Out<()> {
        let key = self.key;
        let rows = self.link.rows(OF_GRANT, &[&key, &grant.as_str(), &position])?;
        let records = rows.iter().map(|row| records::record(row, self.ns));
        let records = records.collect::<Out<Vec<Record>>>()?;
        let commands: BTreeSet<&str> =
            records.iter().filter_map(|record| record.command().map(|command| command.as_str())).collect();
        let commands: Vec<&str> = commands.into_iter().collect();
        let (mut answered, mut bodies) = (Vec::new(), Vec::new());
        for row in self.link.rows(ANSWERS, &[&key, &commands])? {
            answered.push(row.get::<_, String>(0));
            bodies.push(receipts::write(&receipts::read(row.get(1))?.erased(grant))?);
        }
        self.link.all(vec![
            (FORGET, vec![&key, &grant.as_str(), &position]),
            (ANSWERED, vec![&key, &answered, &bodies]),
            (FORGET_REVOCATIONS, vec![&key, &commands]),
        ])?;
        Ok(())
    }
}
