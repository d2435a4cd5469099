//! What a decision writes, and every index with it, in the same transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tenure_core::grant::Grant;
use tenure_core::id::{GrantId, Namespace, PersonId};
use tenure_core::lifecycle::revoke_all::{Reached, RevokedAll};
use tenure_core::record::{Entry, Record};
use tenure_core::time::Timestamp;
use tenure_store::Sealed;
use tenure_store::next::Next;
use tenure_store::plan::Write;
use tenure_store::query::{awaits_decision, run, unsure_from};

use crate::desk::{Desk, Known};
use crate::marks::Mark;
use crate::records::{LINES_MAX, Sheet};
use crate::states::States;
use crate::trouble::{Out, number};
use crate::words::{self, Kind};
use crate::{receipts, refusals, seals};

/// The place in `awaited` of deadlines.
pub(crate) const DUE: i64 = 0;
/// The place in `awaited` of effects wherever they are.
pub(crate) const ANYWHERE: i64 = -1;
/// The place of notices.
pub(crate) const NOTICES: i64 = -2;
/// An end that never comes: what the rules must say something about stays in sight.
const NEVER: i64 = i64::MAX;

/// Access that runs, or of which only the rules know whether it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stretch {
    pub(crate) since: Option<i64>,
    pub(crate) until: i64,
    pub(crate) unsure: Option<i64>,
}

impl Desk<'_> {
    /// Writes what one decision leads to.
    pub(crate) fn write(&mut self, mut write: Write) -> Out<()> {
        if write.is_empty() {
            return Ok(());
        }
        self.wrote = true;
        self.begin()?;
        let sealed = self.sealed(&mut write)?;
        let Write { after, policy, receipt, refused, .. } = write;
        let published = policy.and_then(|head| head.document.clone().zip(head.published_at));
        if let Some((document, at)) = published {
            self.tenant.documents = self.tenant.documents.saturating_add(1);
            self.happened(at);
            self.connection
                .prepare_cached(
                    "INSERT INTO document (ns, number, at, revision, source) VALUES (?, ?, ?, ?, ?)",
                )?
                .execute((
                    self.tenant.key,
                    number(self.tenant.documents),
                    at.millis(),
                    document.revision.as_str(),
                    &*document.source,
                ))?;
            Arc::make_mut(&mut self.policies).enforce(document, at);
        }
        for grant in after.into_values() {
            self.put(grant)?;
        }
        for sheet in sealed.chunk_by(|one, next| one.record.entry.grant() == next.record.entry.grant()) {
            for sheet in sheet.chunks(LINES_MAX) {
                self.record(sheet)?;
            }
        }
        for (of, tally) in refused {
            refusals::write(self.connection, self.tenant.key, &of, tally)?;
        }
        if let Some((command, receipt)) = receipt {
            let known = receipt.view.as_ref().map(|view| self.grant(&view.id)).transpose()?.flatten();
            let standing = known.as_ref().map(|known| (known.key, &*known.grant, self.tenant.records));
            receipts::write(self.connection, self.tenant.key, &command, &receipt, standing)?;
        }
        Ok(())
    }

    /// Gives the namespace its row where it has none.
    fn begin(&mut self) -> Out<()> {
        if self.tenant.key == 0 {
            let sql =
                "INSERT INTO namespace (name, latest, records, documents, peaks) VALUES (?, ?, 0, 0, x'')";
            self.connection.prepare_cached(sql)?.execute((self.ns.as_str(), self.tenant.latest.millis()))?;
            self.tenant.key = self.connection.last_insert_rowid();
        }
        Ok(())
    }

    fn happened(&mut self, at: Timestamp) {
        self.tenant.latest = self.tenant.latest.max(at);
    }

    /// Makes records of what a decision puts on record.
    fn sealed(&mut self, write: &mut Write) -> Out<Vec<Sealed>> {
        if write.entries.is_empty() {
            return Ok(Vec::new());
        }
        if self.seal.is_none() {
            self.seal = Some(seals::last(self.connection, self.tenant.key, self.tenant.records)?);
        }
        let sealed = self.seal.as_mut().map(|seal| seal.write(self.ns, write)).transpose()?;
        Ok(sealed.unwrap_or_default())
    }

    /// Puts lines on record that are about the same grant.
    fn record(&mut self, sheet: &[Sealed]) -> Out<()> {
        let grant = sheet.first().and_then(|sealed| sealed.record.entry.grant());
        let about = grant.map(|grant| self.grant(grant)).transpose()?.flatten();
        let known = about.as_ref().map(|about| words::known(&about.grant));
        let about = about.as_ref().map(|about| about.key);
        let known: &[&str] = known.as_ref().map_or(&[], |known| known);
        Sheet::of(sheet).write(self.connection, self.tenant.key, about, known)?;
        sheet.iter().try_for_each(|sealed| self.recorded(&sealed.record, about))
    }

    /// Takes note of what a record does beside being there.
    fn recorded(&mut self, record: &Record, about: Option<i64>) -> Out<()> {
        self.tenant.records = record.position;
        if record.erases().is_some() {
            // When all is written: what a revocation still has to close is known then.
            self.erasing.extend(about.map(|grant| (grant, record.position)));
        }
        if let Entry::Revoked(by) = &record.entry {
            self.connection
                .prepare_cached("INSERT INTO revocation (ns, command, position) VALUES (?, ?, ?)")?
                .execute((self.tenant.key, by.cause.command.as_str(), number(record.position)))?;
            self.reach(record.position, by)?;
        }
        Ok(())
    }

    /// Takes note of what a revocation of many has ended and what is not closed yet.
    fn reach(&mut self, position: u64, by: &Arc<RevokedAll>) -> Out<()> {
        self.happened(by.at);
        for id in &by.grants {
            let Some(known) = self.grant(id)?.filter(|known| !known.grant.is_closed()) else { continue };
            let reached = Some(Reached { position, by: by.clone() });
            self.connection
                .prepare_cached("UPDATE grants SET reached = ?, mark = ? WHERE key = ?")?
                .execute((number(position), grant_mark(id, Some(number(position))).stored(), known.key))?;
            let after = Known { reached, ..known.clone() };
            self.hold(Some(&known), &after)?;
            self.touched.insert(after.grant.holder().clone());
            self.remember(after);
        }
        Ok(())
    }

    /// Puts a grant in the place of what it was before.
    fn put(&mut self, grant: Arc<Grant>) -> Out<()> {
        self.happened(grant.changed_at);
        let before = self.grant(grant.id())?;
        let reached = before.as_ref().and_then(|known| known.reached.clone()).filter(|_| !grant.is_closed());
        let state = States::write(&grant)?;
        let key = match &before {
            Some(before) => {
                self.update(before.key, &grant, reached.as_ref(), &state)?;
                before.key
            }
            None => self.insert(&grant, &state)?,
        };
        self.states.wrote(key, state, grant.clone());
        let after = Known { key, grant, reached };
        let holder = self.word_made(Kind::Person, after.grant.holder().as_str())?;
        self.unsettle(holder, &after);
        self.open(before.as_ref(), &after)?;
        self.hold(before.as_ref(), &after)?;
        self.touched.insert(after.grant.holder().clone());
        self.remember(after);
        Ok(())
    }

    fn insert(&mut self, grant: &Grant, state: &[u8]) -> Out<i64> {
        let holder = self.word_made(Kind::Person, grant.holder().as_str())?;
        let requester = self.word_made(Kind::Person, grant.origin.requester.id.as_str())?;
        let flow = self.word_made(Kind::Flow, grant.origin.flow.as_str())?;
        let revision = self.word_made(Kind::Revision, grant.origin.revision.as_str())?;
        self.connection
            .prepare_cached(
                "INSERT INTO grants (ns, id, holder, requester, flow, revision, changed, open, awaiting, unsettled, \
                 mark, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute((
                self.tenant.key,
                grant.id().as_str(),
                holder,
                requester,
                flow,
                revision,
                grant.changed_at.millis(),
                !grant.is_closed(),
                awaits_decision(grant),
                !grant.is_settled_for_good(),
                grant_mark(grant.id(), None).stored(),
                state,
            ))?;
        Ok(self.connection.last_insert_rowid())
    }

    fn update(&self, key: i64, grant: &Grant, reached: Option<&Reached>, state: &[u8]) -> Out<()> {
        let reached = reached.map(|reached| number(reached.position));
        self.connection
            .prepare_cached(
                "UPDATE grants SET changed = ?, open = ?, awaiting = ?, unsettled = ?, reached = ?, mark = ?, state = ? \
                 WHERE key = ?",
            )?
            .execute((
                grant.changed_at.millis(),
                !grant.is_closed(),
                awaits_decision(grant),
                !grant.is_settled_for_good(),
                reached,
                grant_mark(grant.id(), reached).stored(),
                state,
                key,
            ))?;
        Ok(())
    }

    /// Renews where an open grant is found by its flow, its items and its integrations.
    fn open(&mut self, before: Option<&Known>, after: &Known) -> Out<()> {
        let was = before.map(|before| self.places(&before.grant)).transpose()?.unwrap_or_default();
        let is = self.places(&after.grant)?;
        for gone in was.difference(&is) {
            self.connection
                .prepare_cached("DELETE FROM open_on WHERE word = ? AND holding = ?")?
                .execute((gone, after.key))?;
        }
        for new in is.difference(&was) {
            self.connection
                .prepare_cached("INSERT INTO open_on (word, holding) VALUES (?, ?)")?
                .execute((new, after.key))?;
        }
        Ok(())
    }

    fn places(&mut self, grant: &Grant) -> Out<BTreeSet<i64>> {
        let mut places = BTreeSet::new();
        if grant.is_closed() {
            return Ok(places);
        }
        places.insert(self.word_made(Kind::Flow, grant.origin.flow.as_str())?);
        for at in grant.integrations() {
            places.insert(self.word_made(Kind::Integration, at.as_str())?);
        }
        for item in grant.terms.scope.iter() {
            places.insert(self.word_made(Kind::Item, &words::item(item)?)?);
        }
        Ok(places)
    }

    /// Renews who holds what this grant covers.
    fn hold(&mut self, before: Option<&Known>, after: &Known) -> Out<()> {
        let was = before.map(stretches).unwrap_or_default();
        let is = stretches(after);
        let old_scope = before.map_or(&after.grant.terms.scope, |before| &before.grant.terms.scope);
        let same_scope = *old_scope == after.grant.terms.scope;
        if was == is && same_scope {
            return Ok(());
        }
        let holder = after.grant.holder();
        let person = self.word_made(Kind::Person, holder.as_str())?;
        let gone = |stretch: &&Stretch| !same_scope || !is.contains(stretch);
        let new = |stretch: &&Stretch| !same_scope || !was.contains(stretch);
        for item in old_scope.iter().filter(|_| !was.is_empty()) {
            let item = self.word_made(Kind::Item, &words::item(item)?)?;
            for stretch in was.iter().filter(gone) {
                self.connection
                    .prepare_cached(
                        "DELETE FROM span WHERE item = ? AND person = ? AND until = ? AND holding = ?",
                    )?
                    .execute((item, person, stretch.until, after.key))?;
            }
        }
        for item in after.grant.terms.scope.iter().filter(|_| !is.is_empty()) {
            let text = words::item(item)?;
            let item = self.word_made(Kind::Item, &text)?;
            for Stretch { since, until, unsure } in is.iter().filter(new) {
                let names = (holder.as_str(), &*text, after.grant.id().as_str());
                let mark = span_mark(self.ns, names, (*since, *until, *unsure)).stored();
                self.connection
                    .prepare_cached(
                        "INSERT INTO span (item, person, until, holding, since, unsure, mark) \
                         VALUES (?, ?, ?, ?, ?, ?, ?)",
                    )?
                    .execute((item, person, until, after.key, since, unsure, mark))?;
            }
        }
        Ok(())
    }

    /// Writes down anew when something comes of the people whose grants were changed.
    pub(crate) fn renew(&mut self) -> Out<()> {
        for person in std::mem::take(&mut self.touched) {
            let grants = self.unsettled(&person)?;
            let revoked = |known: &Known| known.reached.as_ref().map(|reached| reached.by.at);
            let next = Next::of(grants.iter().map(|known| (&*known.grant, revoked(known))));
            self.await_next(&person, next)?;
        }
        Ok(())
    }

    fn await_next(&mut self, person: &PersonId, next: Next) -> Out<()> {
        let key = self.word_made(Kind::Person, person.as_str())?;
        let mut is = BTreeMap::new();
        is.extend(next.due.map(|at| (DUE, at.millis())));
        is.extend(next.ready.map(|at| (ANYWHERE, at.millis())));
        for (at, ready) in next.ready_at {
            let place = match at {
                Some(at) => self.word_made(Kind::Integration, at.as_str())?,
                None => NOTICES,
            };
            is.insert(place, ready.millis());
        }
        let was = if self.new_people.remove(&key) { BTreeMap::new() } else { self.awaits(key)? };
        for place in was.keys().filter(|place| !is.contains_key(place)) {
            self.connection
                .prepare_cached("DELETE FROM awaited WHERE person = ? AND place = ?")?
                .execute((key, place))?;
        }
        for (place, at) in is.iter().filter(|(place, at)| was.get(place) != Some(at)) {
            self.connection
                .prepare_cached(
                    "INSERT INTO awaited (person, place, ns, at, id) VALUES (?, ?, ?, ?, ?) \
                     ON CONFLICT DO UPDATE SET at = excluded.at",
                )?
                .execute((key, place, self.tenant.key, at, person.as_str()))?;
        }
        Ok(())
    }

    /// What comes of a person so far: when, by place.
    fn awaits(&self, person: i64) -> Out<BTreeMap<i64, i64>> {
        let sql = "SELECT place, at FROM awaited WHERE person = ?";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_map([person], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}

/// The checksum of what a row says of a grant beside its state.
pub(crate) fn grant_mark(id: &GrantId, reached: Option<i64>) -> Mark {
    Mark::default().text(id.as_str()).number(reached)
}

/// The checksum of who holds what, in names: person, item, grant; since, until, unsure from.
pub(crate) fn span_mark(
    ns: &Namespace,
    (person, item, grant): (&str, &str, &str),
    (since, until, unsure): (Option<i64>, i64, Option<i64>),
) -> Mark {
    let names = Mark::default().text(ns.as_str()).text(person).text(item).text(grant);
    names.number(since).number(Some(until)).number(unsure)
}

/// What time alone tells of a grant's access.
pub(crate) fn stretches(known: &Known) -> Vec<Stretch> {
    let grant = &known.grant;
    let reached = known.reached.as_ref().map(|reached| reached.by.at);
    let run = run(grant, reached).map(|(since, until)| Stretch {
        since: Some(since.millis()),
        until: until.millis(),
        unsure: None,
    });
    // What was revoked gives nothing any more.
    let unsure = unsure_from(grant).filter(|_| reached.is_none());
    let unsure = unsure.map(|from| Stretch { since: None, until: NEVER, unsure: Some(from.millis()) });
    run.into_iter().chain(unsure).collect()
}
