//! What a plan asks for: locked, then read, much of it at once.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;
use std::sync::Arc;

use tenure_core::grant::Grant;
use tenure_core::id::{BadId, CommandId, FlowId, GrantId, PersonId};
use tenure_core::lifecycle::revoke_all::Reached;
use tenure_core::limits::TALLIES_AT_ONCE_MAX;
use tenure_core::record::refused::RefusedOf;
use tenure_core::time::Timestamp;
use tenure_core::world::{Read, World};
use tenure_store::query::lasts;
use tokio_postgres::Row;

use crate::desk::{Desk, Known, Manner, Recent, Slot};
use crate::hour::MICROS;
use crate::link::Ask;
use crate::names::Name;
use crate::trouble::{Again, Out, Trouble, broken, count};
use crate::{compact, receipts, records};

const RECEIPTS: &str = "SELECT command, body FROM tenure.receipt WHERE ns = $1 AND command = ANY($2)";
const HOLDERS: &str = "SELECT DISTINCT holder FROM tenure.grants WHERE ns = $1 AND id = ANY($2)";
const BY_ID: &str = "SELECT id, state, reached, ordered FROM tenure.grants WHERE ns = $1 AND id = ANY($2)";
const UNSETTLED: &str = "SELECT id, state, reached, ordered FROM tenure.grants \
    WHERE ns = $1 AND holder = ANY($2) AND unsettled";
const OPEN: &str = "SELECT g.id, g.state, g.reached, g.ordered, o.kind, o.text \
    FROM unnest($2::smallint[], $3::text[]) w (kind, text) \
    JOIN tenure.open_on o ON o.ns = $1 AND o.kind = w.kind AND o.text = w.text \
    JOIN tenure.grants g ON g.ns = $1 AND g.id = o.holding";
const RECENT: &str = "SELECT g.id, g.state, g.reached, g.ordered, g.holder, g.flow \
    FROM unnest($2::text[], $3::text[], $4::bigint[]) w (holder, flow, since) \
    JOIN tenure.grants g ON g.ns = $1 AND g.holder = w.holder AND g.flow = w.flow AND g.changed >= w.since";
const REFUSALS: &str = "SELECT r.actor, r.code, r.minute, r.times, r.last \
    FROM unnest($2::text[], $3::text[]) w (actor, code) \
    JOIN tenure.refusal r ON r.ns = $1 AND r.actor = w.actor AND r.code = w.code";
const REFUSED_BEFORE: &str = "SELECT actor, code, minute, times, last FROM tenure.refusal \
    WHERE ns = $1 AND times > 0 AND minute < $2 ORDER BY minute, actor, code LIMIT $3";
const REFUSED_BEFORE_LOCKED: &str = "SELECT actor, code, minute, times, last FROM tenure.refusal \
    WHERE ns = $1 AND times > 0 AND minute < $2 ORDER BY minute, actor, code LIMIT $3 FOR UPDATE";
const LATEST: &str = "SELECT greatest((SELECT latest FROM tenure.seal WHERE ns = $1), \
    (SELECT max(happened) FROM tenure.pending WHERE ns = $1), \
    (SELECT published FROM tenure.namespace WHERE key = $1))";

/// What is not in memory yet.
#[derive(Default)]
struct Missing {
    commands: BTreeSet<CommandId>,
    grants: BTreeSet<GrantId>,
    people: BTreeSet<PersonId>,
    opens: BTreeSet<Name>,
    recents: HashMap<(PersonId, FlowId), Timestamp>,
    refused: BTreeSet<RefusedOf>,
    before: Option<Timestamp>,
    latest: bool,
}

impl Desk<'_> {
    /// Puts into the world what is read, as it stands in this transaction.
    pub(crate) fn read(&mut self, reads: &[Read], world: &mut World) -> Out<()> {
        self.load(reads)?;
        world.clock = world.clock.max(self.clock);
        reads.iter().try_for_each(|read| self.put(read, world))
    }

    /// Locks and reads what these ask for and is not in memory yet.
    pub(crate) fn load(&mut self, reads: &[Read]) -> Out<()> {
        let mut missing = self.missing(reads)?;
        if missing.latest && self.manner == Manner::Beside {
            return Err(Trouble::Again(Again::Alone));
        }
        self.who(&mut missing)?;
        let people = missing.people.iter().map(Name::person);
        let recent = missing.recents.keys().map(|(person, _)| Name::person(person));
        let refused = missing.refused.iter().map(Name::refused);
        let names = people.chain(recent).chain(missing.opens.iter().cloned()).chain(refused);
        let names: BTreeSet<Name> = names.collect();
        self.lock(names)?;
        missing.refused.retain(|of| !self.refused.contains_key(of));
        self.fetch(&missing)
    }

    fn missing(&self, reads: &[Read]) -> Out<Missing> {
        let mut missing = Missing::default();
        for read in reads {
            match read {
                Read::Command(id) if !self.receipts.contains_key(id) => {
                    missing.commands.insert(id.clone());
                }
                Read::Grant(id) if !self.grants.contains_key(id) => {
                    missing.grants.insert(id.clone());
                }
                Read::Person(person) if !self.people.contains_key(person) => {
                    missing.people.insert(person.clone());
                }
                Read::OpenIn(flow) => missing.open(Name::flow(flow), self),
                Read::OpenOn(item) => missing.open(Name::item(item)?, self),
                Read::OpenAt(at) => missing.open(Name::integration(at), self),
                Read::Recent(person, flow, span) => {
                    let since = self.clock.minus(*span);
                    let key = (person.clone(), flow.clone());
                    if self.recents.get(&key).is_none_or(|recent| since < recent.since) {
                        let known = missing.recents.entry(key).or_insert(since);
                        *known = since.min(*known);
                    }
                }
                Read::Refused(of) if !self.refused.contains_key(of) => {
                    missing.refused.insert(of.clone());
                }
                Read::RefusedBefore(minute) => missing.before = missing.before.max(Some(*minute)),
                Read::Latest => missing.latest = self.latest.is_none(),
                Read::Command(_)
                | Read::Grant(_)
                | Read::Person(_)
                | Read::Refused(_)
                | Read::Revision(_) => {}
            }
        }
        Ok(missing)
    }

    /// Whose the grants are. That never changes, so no lock is needed.
    fn who(&mut self, missing: &mut Missing) -> Out<()> {
        if self.manner != Manner::Beside || missing.grants.is_empty() {
            return Ok(());
        }
        let grants: Vec<&str> = missing.grants.iter().map(GrantId::as_str).collect();
        for row in self.link.rows(HOLDERS, &[&self.key, &grants])? {
            let holder = id::<PersonId>(row.get(0))?;
            if !self.people.contains_key(&holder) {
                missing.people.insert(holder);
            }
        }
        Ok(())
    }

    /// Reads what was locked: nobody else changes it now.
    fn fetch(&mut self, missing: &Missing) -> Out<()> {
        let commands: Vec<&str> = missing.commands.iter().map(CommandId::as_str).collect();
        let ids: Vec<&str> = missing.grants.iter().map(GrantId::as_str).collect();
        let people: Vec<&str> = missing.people.iter().map(PersonId::as_str).collect();
        let (kinds, texts): (Vec<i16>, Vec<&str>) =
            missing.opens.iter().map(|name| (name.kind.number(), &*name.text)).unzip();
        let recents = missing.recents.iter();
        let (holders, (flows, sinces)): (Vec<&str>, (Vec<&str>, Vec<i64>)) =
            recents.map(|((person, flow), since)| (person.as_str(), (flow.as_str(), since.millis()))).unzip();
        let (actors, codes): (Vec<&str>, Vec<&str>) =
            missing.refused.iter().map(|of| (&*of.actor, of.code.as_str())).unzip();
        let before = missing.before.map(Timestamp::millis);
        let most = i64::try_from(TALLIES_AT_ONCE_MAX).unwrap_or(i64::MAX);
        let refused_before =
            if self.manner == Manner::Beside { REFUSED_BEFORE_LOCKED } else { REFUSED_BEFORE };
        let key = self.key;
        let wanted: [(bool, Ask<'_>); 8] = [
            // What the same command answered that another host has given at this moment is there to be read now.
            (!commands.is_empty(), (RECEIPTS, vec![&key, &commands])),
            (!ids.is_empty(), (BY_ID, vec![&key, &ids])),
            (!people.is_empty(), (UNSETTLED, vec![&key, &people])),
            (!kinds.is_empty(), (OPEN, vec![&key, &kinds, &texts])),
            (!holders.is_empty(), (RECENT, vec![&key, &holders, &flows, &sinces])),
            (!actors.is_empty(), (REFUSALS, vec![&key, &actors, &codes])),
            (before.is_some(), (refused_before, vec![&key, &before, &most])),
            (missing.latest, (LATEST, vec![&key])),
        ];
        if wanted.iter().all(|(wanted, _)| !wanted) {
            return Ok(());
        }
        let asked: Vec<bool> = wanted.iter().map(|(wanted, _)| *wanted).collect();
        let asks = std::iter::once((MICROS, Vec::new()))
            .chain(wanted.into_iter().filter_map(|(wanted, ask)| wanted.then_some(ask)));
        let mut found = self.link.all(asks.collect())?.into_iter();
        let mut next = || found.next().unwrap_or_default();
        if let Some(row) = next().first() {
            self.passed(row.get(0));
        }
        let mut rows = asked.into_iter().map(|asked| if asked { next() } else { Vec::new() });
        let mut rows = || rows.next().unwrap_or_default();
        let receipts = rows();
        let (by_id, unsettled, open, recent) = (rows(), rows(), rows(), rows());
        let (refused, refused_before, latest) = (rows(), rows(), rows());
        self.take_receipts(missing, &receipts)?;
        self.take_grants(by_id.iter().chain(&unsettled).chain(&open).chain(&recent))?;
        for absent in
            missing.grants.iter().filter(|id| !by_id.iter().any(|row| row.get::<_, &str>(0) == id.as_str()))
        {
            self.grants.entry(absent.clone()).or_insert_with(|| Slot::found(None));
        }
        self.take_people(missing, &unsettled)?;
        self.are_locked(&missing.grants)?;
        self.take_opens(missing, &open)?;
        self.take_recents(missing, &recent)?;
        refused.iter().chain(&refused_before).try_for_each(|row| self.take_refusal(row))?;
        for of in &missing.refused {
            self.refused.entry(of.clone()).or_insert_with(|| Slot::found(None));
        }
        if let Some(row) = latest.first() {
            self.latest = row.get::<_, Option<i64>>(0).map(Timestamp::from_millis).or(Some(Timestamp::MIN));
        }
        Ok(())
    }

    fn take_receipts(&mut self, missing: &Missing, rows: &[Row]) -> Out<()> {
        for row in rows {
            let receipt = Arc::new(receipts::read(row.get(1))?);
            self.receipts.insert(id::<CommandId>(row.get(0))?, Some(receipt));
        }
        for command in &missing.commands {
            self.receipts.entry(command.clone()).or_insert(None);
        }
        Ok(())
    }

    /// Takes note of grants as they are kept, unless they are known here already.
    fn take_grants<'r>(&mut self, rows: impl Iterator<Item = &'r Row> + Clone) -> Out<()> {
        let reached = rows.clone().filter_map(|row| row.get::<_, Option<i64>>(2));
        let unknown = reached.filter(|position| {
            count(*position).map_or(true, |position| !self.revocations.contains_key(&position))
        });
        let unknown: BTreeSet<i64> = unknown.collect();
        if !unknown.is_empty() {
            let unknown: Vec<i64> = unknown.into_iter().collect();
            self.revocations.extend(records::revocations(self.link, (self.key, self.ns), &unknown)?);
        }
        let left = rows.clone().filter(|row| row.get::<_, &str>(1).is_empty()).map(|row| row.get(0));
        let left: BTreeSet<&str> =
            left.filter(|id: &&str| self.grants.get(*id).is_none_or(|slot| slot.before.is_none())).collect();
        let left: Vec<&str> = left.into_iter().collect();
        let replayed = compact::replayed(self.link, (self.key, self.ns), &left)?;
        for row in rows {
            let id: &str = row.get(0);
            self.ordered = self.ordered.max(row.get::<_, i64>(3).saturating_add(1));
            match self.grants.get(id) {
                // It was made by another at this moment, under the id that is being used here.
                Some(slot) if slot.before.is_none() && slot.now.is_some() => {
                    return Err(Trouble::Again(Again::Met));
                }
                Some(Slot { before: Some(known), .. }) => {
                    // Before its holder was locked it was only looked at, and others may have changed it since.
                    let locked = self.held.contains(&Name::person(known.grant.holder()));
                    if locked && self.versions.get(id) != Some(&row.get(3)) {
                        return Err(Trouble::Again(Again::Names(self.held.clone())));
                    }
                    continue;
                }
                Some(_) | None => {}
            }
            let grant = compact::grant(id, row.get(1), &replayed)?;
            let reached = row.get::<_, Option<i64>>(2).map(|position| self.reached(position)).transpose()?;
            let known = Known { grant: Arc::new(grant), reached };
            self.versions.insert(known.grant.id().clone(), row.get(3));
            self.grants.insert(known.grant.id().clone(), Slot::found(Some(known)));
        }
        Ok(())
    }

    fn reached(&self, position: i64) -> Out<Reached> {
        let position = count(position)?;
        let by = self.revocations.get(&position).cloned();
        let by = by.ok_or_else(|| broken(format!("record {position} is no revocation")))?;
        Ok(Reached { position, by })
    }

    fn take_people(&mut self, missing: &Missing, rows: &[Row]) -> Out<()> {
        for person in &missing.people {
            self.people.insert(person.clone(), BTreeSet::new());
        }
        for row in rows {
            let id = id::<GrantId>(row.get(0))?;
            let before = self.grants.get(&id).and_then(|slot| slot.before.as_ref());
            let holder = before.map(|known| known.grant.holder().clone());
            let theirs = holder.and_then(|holder| self.people.get_mut(&holder));
            theirs.ok_or_else(|| broken(format!("grant `{id}` is another person's")))?.insert(id);
        }
        Ok(())
    }

    /// A grant that was made after it was asked whose grants these are has a holder who is not locked yet.
    fn are_locked(&self, grants: &BTreeSet<GrantId>) -> Out<()> {
        if self.manner != Manner::Beside {
            return Ok(());
        }
        let found = grants.iter().filter_map(|id| self.grants.get(id)?.before.as_ref());
        let holders: BTreeSet<Name> = found.map(|known| Name::person(known.grant.holder())).collect();
        if holders.is_subset(&self.held) {
            return Ok(());
        }
        Err(Trouble::Again(Again::Names(self.held.union(&holders).cloned().collect())))
    }

    fn take_opens(&mut self, missing: &Missing, rows: &[Row]) -> Out<()> {
        for name in &missing.opens {
            self.opens.insert(name.clone(), BTreeSet::new());
        }
        for row in rows {
            let (kind, text): (i16, &str) = (row.get(4), row.get(5));
            let name =
                self.opens.iter_mut().find(|(name, _)| name.kind.number() == kind && name.text == text);
            if let Some((_, grants)) = name {
                grants.insert(id::<GrantId>(row.get(0))?);
            }
        }
        Ok(())
    }

    fn take_recents(&mut self, missing: &Missing, rows: &[Row]) -> Out<()> {
        for (key, since) in &missing.recents {
            self.recents.insert(key.clone(), Recent { since: *since, grants: BTreeSet::new() });
        }
        for row in rows {
            let key = (id::<PersonId>(row.get(4))?, id::<FlowId>(row.get(5))?);
            if let Some(recent) = self.recents.get_mut(&key) {
                recent.grants.insert(id::<GrantId>(row.get(0))?);
            }
        }
        Ok(())
    }

    fn put(&self, read: &Read, world: &mut World) -> Out<()> {
        match read {
            Read::Command(id) => world.answered = self.receipts.get(id).cloned().flatten(),
            Read::Grant(id) => put(self.now(id), world),
            Read::Person(person) => put(self.of(person), world),
            Read::Revision(revision) => {
                let flow = self.policies.revisions.get(revision);
                world.revisions.extend(flow.map(|flow| (revision.clone(), flow.clone())));
            }
            Read::OpenIn(flow) => {
                self.put_open(&Name::flow(flow), world, |grant| grant.origin.flow == *flow);
            }
            Read::OpenOn(item) => {
                self.put_open(&Name::item(item)?, world, |grant| grant.terms.scope.contains(item));
            }
            Read::OpenAt(at) => {
                self.put_open(&Name::integration(at), world, |grant| grant.integrations().contains(at));
            }
            Read::Recent(person, flow, span) => {
                let from = world.clock.minus(*span);
                let kept = self.recents.get(&(person.clone(), flow.clone()));
                let wanted = |known: &&Known| {
                    let grant = &known.grant;
                    grant.holder() == person && grant.origin.flow == *flow && from <= grant.changed_at
                };
                put(self.found(kept.map(|recent| &recent.grants)).filter(wanted), world);
            }
            Read::Refused(of) => {
                let tally = self.refused.get(of).and_then(|slot| slot.now);
                world.refused.extend(tally.map(|tally| (of.clone(), tally)));
            }
            Read::RefusedBefore(minute) => {
                let all = self.refused.iter().filter_map(|(of, slot)| Some((of, slot.now?)));
                let mut over: Vec<_> = all.filter(|(_, tally)| tally.minute < *minute).collect();
                over.sort_by_key(|(of, tally)| of.place(*tally));
                let over = over.into_iter().take(TALLIES_AT_ONCE_MAX);
                world.refused.extend(over.map(|(of, tally)| (of.clone(), tally)));
            }
            Read::Latest => world.last = self.latest,
        }
        Ok(())
    }

    fn put_open(&self, name: &Name, world: &mut World, of: impl Fn(&Grant) -> bool) {
        let clock = world.clock;
        let wanted = |known: &&Known| of(&known.grant) && lasts(&known.grant, clock);
        put(self.found(self.opens.get(name)).filter(wanted), world);
    }

    /// A person's grants to which something may still happen.
    pub(crate) fn of(&self, person: &PersonId) -> impl Iterator<Item = &Known> {
        let wanted =
            move |known: &&Known| known.grant.holder() == person && !known.grant.is_settled_for_good();
        self.found(self.people.get(person)).filter(wanted)
    }

    /// These grants and all that were written here, as they stand now.
    fn found<'a>(&'a self, kept: Option<&'a BTreeSet<GrantId>>) -> impl Iterator<Item = &'a Known> {
        let kept = kept.into_iter().flatten().filter(|id| !self.written.grants.contains(*id));
        kept.chain(&self.written.grants).filter_map(|id| self.now(id))
    }

    /// Reads everything unsettled of these people whom nobody had asked for.
    pub(crate) fn load_people(&mut self, people: &BTreeSet<PersonId>) -> Out<()> {
        let reads: Vec<Read> = people.iter().cloned().map(Read::Person).collect();
        self.load(&reads)
    }
}

impl Missing {
    fn open(&mut self, name: Name, desk: &Desk<'_>) {
        if !desk.opens.contains_key(&name) {
            self.opens.insert(name);
        }
    }
}

/// Under which names an open grant is found.
pub(crate) fn places(grant: &Grant) -> Out<BTreeSet<Name>> {
    let mut places = BTreeSet::new();
    if grant.is_closed() {
        return Ok(places);
    }
    places.insert(Name::flow(&grant.origin.flow));
    places.extend(grant.integrations().iter().map(|at| Name::integration(at)));
    for of in grant.terms.scope.iter() {
        places.insert(Name::item(of)?);
    }
    Ok(places)
}

/// Puts grants into the world, with the revocations that ended what is not closed yet.
fn put<'a>(found: impl IntoIterator<Item = &'a Known>, world: &mut World) {
    for Known { grant, reached } in found {
        let id = grant.id().clone();
        let by = reached.clone().filter(|_| !grant.is_closed());
        world.revoked.extend(by.map(|by| (id.clone(), by)));
        world.grants.insert(id, grant.clone());
    }
}

/// An id that is kept.
pub(crate) fn id<T: FromStr<Err = BadId>>(text: &str) -> Out<T> {
    text.parse().map_err(|why| broken(format!("`{text}` is stored as an id: {why}")))
}
