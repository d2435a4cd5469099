//! What a transaction writes, all at once, and every index with it.

use std::collections::{BTreeMap, BTreeSet};

use tenure_core::id::{CommandId, GrantId, PersonId};
use tenure_core::record::Entry;
use tenure_store::next::Next;
use tenure_store::query::{awaits_decision, lasts, run, unsure_from};

use crate::bulk::Bulk;
use crate::desk::{Desk, Known, Manner, Slot};
use crate::link::Ask;
use crate::load::places;
use crate::names::{Name, item};
use crate::trouble::{Again, Out, Trouble, number};
use crate::{receipts, seals};

/// The place in `awaited` of deadlines.
pub(crate) const DUE: &str = "due";
/// The place in `awaited` of effects wherever they are.
pub(crate) const ANYWHERE: &str = "any";
/// The place of notices.
pub(crate) const NOTICES: &str = "notice";
/// What the place of effects at one integration begins with.
pub(crate) const AT: &str = "at:";
/// An end that never comes: what the rules must say something about stays in sight.
const NEVER: i64 = i64::MAX;

const NEW_GRANTS: &str = "INSERT INTO tenure.grants (ns, ordered, id, holder, requester, flow, changed, open, awaiting, \
    unsettled, reached, reached_at, state) SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], \
    $7::bigint[], $8::boolean[], $9::boolean[], $10::boolean[], $11::bigint[], $12::bigint[], $13::text[])";
const CHANGED_GRANTS: &str = "UPDATE tenure.grants g SET ordered = $2, changed = w.changed, open = w.open, \
    awaiting = w.awaiting, unsettled = w.unsettled, reached = w.reached, reached_at = w.reached_at, state = w.state \
    FROM unnest($3::text[], $4::bigint[], $5::boolean[], $6::boolean[], $7::boolean[], $8::bigint[], $9::bigint[], \
    $10::text[]) w (id, changed, open, awaiting, unsettled, reached, reached_at, state) \
    WHERE g.ns = $1 AND g.id = w.id";
const NO_LONGER_OPEN: &str = "DELETE FROM tenure.open_on o USING unnest($2::smallint[], $3::text[], $4::text[]) \
    w (kind, text, holding) WHERE o.ns = $1 AND o.kind = w.kind AND o.text = w.text AND o.holding = w.holding";
const NOW_OPEN: &str = "INSERT INTO tenure.open_on (ns, kind, text, holding) \
    SELECT $1, * FROM unnest($2::smallint[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING";
const NO_LONGER_HELD: &str = "DELETE FROM tenure.span s USING unnest($2::text[], $3::text[], $4::bigint[], $5::text[]) \
    w (item, person, until, holding) WHERE s.ns = $1 AND s.item = w.item AND s.person = w.person \
    AND s.until = w.until AND s.holding = w.holding";
const NOW_HELD: &str = "INSERT INTO tenure.span (ns, item, person, until, holding, since, unsure) \
    SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[]) \
    ON CONFLICT (ns, item, person, until, holding) DO UPDATE SET since = excluded.since, unsure = excluded.unsure";
const NO_LONGER_AWAITED: &str = "DELETE FROM tenure.awaited a USING unnest($2::text[], $3::text[]) w (person, place) \
    WHERE a.ns = $1 AND a.person = w.person AND a.place = w.place";
const NOW_AWAITED: &str = "INSERT INTO tenure.awaited (ns, person, place, at) \
    SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[]) \
    ON CONFLICT (ns, person, place) DO UPDATE SET at = excluded.at";
const PEOPLE: &str = "INSERT INTO tenure.name (ns, kind, text) SELECT $1, 1, * FROM unnest($2::text[]) \
    ON CONFLICT DO NOTHING";
const UNSEALED: &str = "INSERT INTO tenure.pending (ns, ordered, tx, number, happened, about, draft, salt) \
    SELECT $1, $2, $3, * FROM unnest($4::integer[], $5::bigint[], $6::text[], $7::text[], $8::bytea[])";
const RECEIPTS: &str =
    "INSERT INTO tenure.receipt (ns, command, body) SELECT $1, * FROM unnest($2::text[], $3::text[])";
const REFUSALS: &str = "INSERT INTO tenure.refusal (ns, actor, code, minute, times, last) \
    SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[]) \
    ON CONFLICT (ns, actor, code) DO UPDATE SET minute = excluded.minute, times = excluded.times, last = excluded.last";
const DOCUMENTS: &str = "INSERT INTO tenure.document (ns, number, at, revision, source) \
    SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[])";
const HEAD: &str = "UPDATE tenure.namespace SET documents = $2, published = $3 WHERE key = $1";
const REVOCATIONS: &str = "INSERT INTO tenure.revocation (ns, command, position) \
    SELECT $1, * FROM unnest($2::text[], $3::bigint[])";
/// A commit that waits for a standby is not cut off: it would be told as if the standby had it.
pub(crate) const PATIENT: &str = "SELECT set_config('statement_timeout', '0', true)";

/// Access that runs, or of which only the rules know whether it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stretch {
    pub(crate) since: Option<i64>,
    pub(crate) until: i64,
    pub(crate) unsure: Option<i64>,
}

impl Desk<'_> {
    /// Writes everything, and commits it.
    pub(crate) fn commit(&mut self) -> Out<()> {
        self.see_to_places()?;
        let bulks = self.bulks()?;
        let mut asks: Vec<Ask<'_>> = bulks.iter().filter_map(Bulk::ask).collect();
        if !self.written.erasing.is_empty() {
            self.link.all(std::mem::take(&mut asks))?;
            self.erase()?;
        }
        asks.push((PATIENT, Vec::new()));
        self.link.before(asks, "COMMIT").map_err(Trouble::at_commit)?;
        Ok(())
    }

    /// Whoever decides on all that is open somewhere, and this transaction, come one after the other.
    fn see_to_places(&mut self) -> Out<()> {
        let holders = self.whose();
        self.load_people(&holders)?;
        if self.manner != Manner::Beside {
            // Nobody is locked, yet whoever asks who is due looks for names that are not locked by others.
            let people: Vec<String> = holders.iter().map(|person| person.as_str().to_owned()).collect();
            self.link.rows(PEOPLE, &[&self.key, &people])?;
            return Ok(());
        }
        let mut names: BTreeSet<Name> = BTreeSet::new();
        let mut longer = false;
        for Slot { before, now } in self.changed() {
            let over = |known: &Option<Known>| known.as_ref().and_then(|known| known.grant.over_by());
            longer |= before.is_some() && over(before) < over(now);
            // Whoever counts decides no earlier than anything that happened to what is counted: also where it stays open for
            // as long as before.
            names.extend(open_at(before.as_ref())?);
            names.extend(open_at(now.as_ref())?);
        }
        self.lock_places(&names)?;
        if !longer {
            return Ok(());
        }
        // An end that the clock has passed since anything was decided here is decided again: others may have counted on it.
        let passed = |known: &Known| lasts(&known.grant, self.begun) && !lasts(&known.grant, self.clock);
        let late = self.changed().any(|slot| {
            slot.before.as_ref().is_some_and(passed)
                && slot.now.as_ref().is_some_and(|now| lasts(&now.grant, self.clock))
        });
        if late {
            return Err(Trouble::Again(Again::Names(self.held.union(&names).cloned().collect())));
        }
        Ok(())
    }

    /// Whose grants are changed.
    pub(crate) fn whose(&self) -> BTreeSet<PersonId> {
        self.changed().filter_map(|slot| Some(slot.now.as_ref()?.grant.holder().clone())).collect()
    }

    fn changed(&self) -> impl Iterator<Item = &Slot<Known>> {
        self.written.grants.iter().filter_map(|id| self.grants.get(id))
    }

    /// All that is written, in an order in which each finds what it needs.
    fn bulks(&self) -> Out<Vec<Bulk>> {
        let mut bulks = self.documents();
        bulks.extend(self.grants()?);
        bulks.extend(self.open()?);
        bulks.extend(self.spans()?);
        bulks.extend(self.awaited());
        bulks.extend(self.record()?);
        bulks.push(self.receipts()?);
        bulks.push(self.refusals());
        Ok(bulks)
    }

    fn documents(&self) -> Vec<Bulk> {
        let documents = &self.written.documents;
        let Some((last, at, _)) = documents.last() else { return Vec::new() };
        let new = Bulk::new(DOCUMENTS, self.key)
            .column(documents.iter().map(|(place, ..)| number(*place)))
            .column(documents.iter().map(|(_, at, _)| at.millis()))
            .column(documents.iter().map(|(.., document)| document.revision.as_str().to_owned()))
            .column(documents.iter().map(|(.., document)| document.source.to_string()));
        vec![new, Bulk::one(HEAD, self.key).value(number(*last)).value(at.millis())]
    }

    fn grants(&self) -> Out<[Bulk; 2]> {
        let is_new = |slot: &Slot<Known>| slot.before.is_none();
        let of = |new: bool| {
            let slots = self.changed().filter(move |slot| is_new(slot) == new);
            slots.filter_map(|slot| slot.now.as_ref()).collect::<Vec<_>>()
        };
        let (new, changed) = (of(true), of(false));
        let inserted = Bulk::new(NEW_GRANTS, self.key)
            .value(self.ordered)
            .column(new.iter().map(|known| known.grant.id().as_str().to_owned()))
            .column(new.iter().map(|known| known.grant.holder().as_str().to_owned()))
            .column(new.iter().map(|known| known.grant.origin.requester.id.as_str().to_owned()))
            .column(new.iter().map(|known| known.grant.origin.flow.as_str().to_owned()));
        let updated = Bulk::new(CHANGED_GRANTS, self.key)
            .value(self.ordered)
            .column(changed.iter().map(|known| known.grant.id().as_str().to_owned()));
        Ok([columns(inserted, &new)?, columns(updated, &changed)?])
    }

    /// Where open grants are found by their flow, their items and their integrations.
    fn open(&self) -> Out<[Bulk; 2]> {
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        for id in &self.written.grants {
            let Some(slot) = self.grants.get(id) else { continue };
            let (was, is) = (open_at(slot.before.as_ref())?, open_at(slot.now.as_ref())?);
            gone.extend(was.difference(&is).map(|name| (name.clone(), id)));
            new.extend(is.difference(&was).map(|name| (name.clone(), id)));
        }
        let rows = |sql, rows: Vec<(Name, &GrantId)>| {
            Bulk::new(sql, self.key)
                .column(rows.iter().map(|(name, _)| name.kind.number()))
                .column(rows.iter().map(|(name, _)| name.text.clone()))
                .column(rows.iter().map(|(_, id)| id.as_str().to_owned()))
        };
        Ok([rows(NO_LONGER_OPEN, gone), rows(NOW_OPEN, new)])
    }

    /// Who holds what, since when, until when.
    fn spans(&self) -> Out<[Bulk; 2]> {
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        for slot in self.changed() {
            let Some(now) = &slot.now else { continue };
            let (was, is) = (spans(slot.before.as_ref())?, spans(Some(now))?);
            gone.extend(was.difference(&is).map(|span| (span.clone(), now)));
            new.extend(is.difference(&was).map(|span| (span.clone(), now)));
        }
        let rows = |sql, rows: &[((String, Stretch), &Known)]| {
            Bulk::new(sql, self.key)
                .column(rows.iter().map(|((item, _), _)| item.clone()).collect::<Vec<_>>())
                .column(
                    rows.iter()
                        .map(|(_, known)| known.grant.holder().as_str().to_owned())
                        .collect::<Vec<_>>(),
                )
                .column(rows.iter().map(|((_, stretch), _)| stretch.until).collect::<Vec<_>>())
                .column(
                    rows.iter().map(|(_, known)| known.grant.id().as_str().to_owned()).collect::<Vec<_>>(),
                )
        };
        let held = rows(NOW_HELD, &new)
            .column(new.iter().map(|((_, stretch), _)| stretch.since).collect::<Vec<_>>())
            .column(new.iter().map(|((_, stretch), _)| stretch.unsure).collect::<Vec<_>>());
        Ok([rows(NO_LONGER_HELD, &gone), held])
    }

    /// When something comes of the people whose grants were changed.
    fn awaited(&self) -> [Bulk; 2] {
        let people: BTreeSet<&PersonId> =
            self.changed().filter_map(|slot| Some(slot.now.as_ref()?.grant.holder())).collect();
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        for person in people {
            let theirs = self.people.get(person).into_iter().flatten().chain(&self.written.grants);
            let theirs: BTreeSet<&GrantId> = theirs.collect();
            let slots: Vec<&Slot<Known>> = theirs.into_iter().filter_map(|id| self.grants.get(id)).collect();
            let was = waits(person, slots.iter().filter_map(|slot| slot.before.as_ref()));
            let is = waits(person, slots.iter().filter_map(|slot| slot.now.as_ref()));
            gone.extend(
                was.keys().filter(|place| !is.contains_key(*place)).map(|place| (person, place.clone())),
            );
            let other = is.iter().filter(|(place, at)| was.get(*place) != Some(at));
            new.extend(other.map(|(place, at)| (person, place.clone(), *at)));
        }
        let gone = Bulk::new(NO_LONGER_AWAITED, self.key)
            .column(gone.iter().map(|(person, _)| person.as_str().to_owned()).collect::<Vec<_>>())
            .column(gone.into_iter().map(|(_, place)| place));
        let new = Bulk::new(NOW_AWAITED, self.key)
            .column(new.iter().map(|(person, ..)| person.as_str().to_owned()).collect::<Vec<_>>())
            .column(new.iter().map(|(_, place, _)| place.clone()).collect::<Vec<_>>())
            .column(new.into_iter().map(|(.., at)| at));
        [gone, new]
    }

    /// What goes on record, with its position or without.
    fn record(&self) -> Out<Vec<Bulk>> {
        let written = &self.written;
        let lines = &written.unsealed;
        let unsealed = Bulk::new(UNSEALED, self.key)
            .value(self.ordered)
            .value(self.tx.clone())
            .column(0_i32..i32::try_from(lines.len()).unwrap_or(i32::MAX))
            .column(lines.iter().map(|line| happened(&line.entry)))
            .column(lines.iter().map(|line| line.entry.grant().map(|id| id.as_str().to_owned())))
            .column(lines.iter().map(|line| line.draft.text.clone()))
            .column(lines.iter().map(|line| line.draft.salt.as_bytes().to_vec()));
        let Some(seal) = &written.seal else { return Ok(vec![unsealed]) };
        let records = written.sealed.iter().map(|sealed| &sealed.record);
        let latest = records.clone().filter_map(|record| happened(&record.entry)).max();
        let revoked = records.filter_map(|record| match &record.entry {
            Entry::Revoked(by) => Some((by.cause.command.as_str().to_owned(), number(record.position))),
            Entry::Event(_) | Entry::Refused(_) | Entry::MoreRefused(_) | Entry::Published(_) => None,
        });
        let (commands, positions): (Vec<String>, Vec<i64>) = revoked.unzip();
        let revocations = Bulk::new(REVOCATIONS, self.key).column(commands).column(positions);
        Ok(vec![
            unsealed,
            seals::records(self.key, &written.sealed)?,
            seals::moved(self.key, seal, latest),
            revocations,
        ])
    }

    fn receipts(&self) -> Out<Bulk> {
        let written = self.written.receipts.iter();
        let (mut commands, mut bodies) = (Vec::new(), Vec::new());
        let kept = |command: &CommandId| self.receipts.get(command).cloned().flatten();
        for (command, receipt) in written.filter_map(|command| Some((command, kept(command)?))) {
            commands.push(command.as_str().to_owned());
            bodies.push(receipts::write(&receipt)?);
        }
        Ok(Bulk::new(RECEIPTS, self.key).column(commands).column(bodies))
    }

    fn refusals(&self) -> Bulk {
        let tally = |of| self.refused.get(of).and_then(|slot| slot.now);
        let rows: Vec<_> = self.written.refused.iter().map(|of| (of, tally(of))).collect();
        Bulk::new(REFUSALS, self.key)
            .column(rows.iter().map(|(of, _)| of.actor.clone()).collect::<Vec<_>>())
            .column(rows.iter().map(|(of, _)| of.code.as_str()).collect::<Vec<_>>())
            .column(
                rows.iter()
                    .map(|(_, tally)| tally.map_or(0, |tally| tally.minute.millis()))
                    .collect::<Vec<_>>(),
            )
            .column(
                rows.iter()
                    .map(|(_, tally)| tally.map_or(0, |tally| number(tally.times)))
                    .collect::<Vec<_>>(),
            )
            .column(
                rows.iter()
                    .map(|(_, tally)| tally.map_or(0, |tally| tally.last.millis()))
                    .collect::<Vec<_>>(),
            )
    }
}

/// The columns of a grant that change.
fn columns(bulk: Bulk, grants: &[&Known]) -> Out<Bulk> {
    let states = grants.iter().map(|known| serde_json::to_string(&*known.grant));
    let states = states.collect::<Result<Vec<_>, _>>()?;
    let reached = |known: &&Known| known.reached.as_ref().map(|by| (number(by.position), by.by.at.millis()));
    Ok(bulk
        .column(grants.iter().map(|known| known.grant.changed_at.millis()))
        .column(grants.iter().map(|known| !known.grant.is_closed()))
        .column(grants.iter().map(|known| awaits_decision(&known.grant)))
        .column(grants.iter().map(|known| !known.grant.is_settled_for_good()))
        .column(grants.iter().map(|known| reached(known).map(|(position, _)| position)))
        .column(grants.iter().map(|known| reached(known).map(|(_, at)| at)))
        .column(states))
}

fn open_at(known: Option<&Known>) -> Out<BTreeSet<Name>> {
    known.map_or_else(|| Ok(BTreeSet::new()), |known| places(&known.grant))
}

/// What time alone tells of a grant's access, item by item.
pub(crate) fn spans(known: Option<&Known>) -> Out<BTreeSet<(String, Stretch)>> {
    let Some(known) = known else { return Ok(BTreeSet::new()) };
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
    let stretches: Vec<Stretch> = run.into_iter().chain(unsure).collect();
    let mut spans = BTreeSet::new();
    for of in grant.terms.scope.iter().filter(|_| !stretches.is_empty()) {
        let text = item(of)?;
        spans.extend(stretches.iter().map(|stretch| (text.clone(), *stretch)));
    }
    Ok(spans)
}

/// When something comes of a person's grants, by place.
pub(crate) fn waits<'k>(person: &PersonId, grants: impl Iterator<Item = &'k Known>) -> BTreeMap<String, i64> {
    let theirs = grants.filter(|known| known.grant.holder() == person && !known.grant.is_settled_for_good());
    let next =
        Next::of(theirs.map(|known| (&*known.grant, known.reached.as_ref().map(|reached| reached.by.at))));
    let mut waits = BTreeMap::new();
    waits.extend(next.due.map(|at| (DUE.to_owned(), at.millis())));
    waits.extend(next.ready.map(|at| (ANYWHERE.to_owned(), at.millis())));
    for (integration, at) in next.ready_at {
        let place = integration.map_or_else(|| NOTICES.to_owned(), |name| format!("{AT}{name}"));
        waits.insert(place, at.millis());
    }
    waits
}

/// The instant an entry speaks of, where something happened then.
fn happened(entry: &Entry) -> Option<i64> {
    match entry {
        Entry::Event(event) => Some(event.at.millis()),
        Entry::Published(published) => Some(published.at.millis()),
        Entry::Revoked(by) => Some(by.at.millis()),
        Entry::Refused(_) | Entry::MoreRefused(_) => None,
    }
}
