//! Whether a file is whole: its pages, its record, and whether all that is stored beside the record follows from it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rusqlite::{Connection, Row};
use tenure_core::event::Event;
use tenure_core::grant::{Enforcement, Grant};
use tenure_core::id::Namespace;
use tenure_core::lifecycle::revoke_all::Reached;
use tenure_core::machine::replay;
use tenure_core::record::Entry;
use tenure_core::record::tree::Frontier;
use tenure_store::examine::{Examined, Findings, Part, Unconfirmed};
use tenure_store::next::Next;
use tenure_store::query::awaits_decision;

use crate::desk::{Known, Tenant};
use crate::states;
use crate::trouble::{Out, Trouble, count};
use crate::words::{self, Kind};
use crate::write::{ANYWHERE, DUE, NOTICES, Stretch, grant_mark, span_mark, stretches};
use crate::{compact, records, seals};

/// Between two words on how far it has come lie so many rows.
const TOLD_EVERY: u64 = 1_000;

/// Looks at one snapshot of a namespace.
pub(crate) struct Doctor<'c> {
    connection: &'c Connection,
    ns: &'c Namespace,
    tenant: Tenant,
    told: &'c mut dyn FnMut(Part, u64),
    looked_at: u64,
}

/// What keeps a part from being right: the first thing that is wrong, or the file cannot be read.
type Sound = Out<Option<String>>;

impl<'c> Doctor<'c> {
    pub(crate) fn new(
        connection: &'c Connection,
        ns: &'c Namespace,
        told: &'c mut dyn FnMut(Part, u64),
    ) -> Out<Self> {
        Ok(Self { connection, ns, tenant: Tenant::find(connection, ns)?, told, looked_at: 0 })
    }

    /// Looks at everything. What cannot be read is wrong, and the other parts are looked at all the same.
    pub(crate) fn examine(mut self) -> Findings {
        let mut findings = Findings::default();
        let mut unconfirmed = Vec::new();
        for part in [Part::File, Part::Record, Part::Grants, Part::Open, Part::Spans, Part::Awaited] {
            self.looked_at = 0;
            (self.told)(part, 0);
            let sound = match part {
                Part::File => self.file(),
                Part::Record => self.record(),
                // Nothing waits here: a record has its position in the commit that it is of.
                Part::Waiting => Ok(None),
                Part::Grants => self.grants(&mut unconfirmed),
                Part::Open => self.open(),
                Part::Spans => self.spans(),
                Part::Awaited => self.awaited(),
            };
            let wrong = sound.unwrap_or_else(|Trouble(fault)| Some(fault.to_string()));
            findings.parts.push(Examined { part, looked_at: self.looked_at, wrong });
        }
        findings.unconfirmed = unconfirmed;
        findings
    }

    /// Before and up to which place the namespace's records stand.
    fn places(&self) -> (i64, i64) {
        (records::place(self.tenant.key, 0), records::place(self.tenant.key, u64::MAX))
    }

    fn looked(&mut self, part: Part) {
        self.looked_at = self.looked_at.saturating_add(1);
        if self.looked_at.is_multiple_of(TOLD_EVERY) {
            (self.told)(part, self.looked_at);
        }
    }

    fn file(&mut self) -> Sound {
        let said: String = self.connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        self.looked_at =
            self.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).map(count)??;
        Ok((said != "ok").then_some(said))
    }

    fn record(&mut self) -> Sound {
        let mut statement = self.connection.prepare(
            "SELECT r.position, r.about, r.leaves, r.written, r.nodes, g.id FROM record r \
             LEFT JOIN grants g ON g.key = r.about WHERE r.place > ? AND r.place <= ? ORDER BY r.place",
        )?;
        let mut rows = statement.query(self.places())?;
        let mut frontier = Frontier::default();
        while let Some(row) = rows.next()? {
            let wrong = self.sheet(row, &mut frontier)?;
            if wrong.is_some() {
                return Ok(wrong);
            }
        }
        if frontier.size() != self.tenant.records {
            let (there, kept) = (frontier.size(), self.tenant.records);
            return Ok(Some(format!("there are {there} records where {kept} were written")));
        }
        let kept = if self.tenant.key == 0 {
            Frontier::default()
        } else {
            seals::last(self.connection, self.tenant.key, self.tenant.records)?.frontier().clone()
        };
        Ok((kept.peaks() != frontier.peaks()).then(|| "the tree ends elsewhere than its records".to_owned()))
    }

    /// Some of its lines, which go on where those before them end.
    fn sheet(&mut self, row: &Row<'_>, frontier: &mut Frontier) -> Sound {
        let about: Option<String> = row.get(5)?;
        let mut sealed = Vec::new();
        let mut last = 0;
        for (position, leaf) in records::sheet(self.connection, row)? {
            let expected = frontier.size().saturating_add(1);
            if position != expected {
                return Ok(Some(format!("record {expected} is missing: {position} stands in its place")));
            }
            sealed.extend(seals::kept(&frontier.append(leaf.hash())));
            let record = records::record((position, leaf), self.ns)?;
            if record.entry.grant().map(|grant| grant.as_str()) != about.as_deref() {
                return Ok(Some(format!("record {position} is kept under another grant than it is about")));
            }
            last = position;
            self.looked(Part::Record);
        }
        let same = row.get::<_, Vec<u8>>(4)? == sealed;
        Ok((!same).then(|| format!("record {last} is not the one that was sealed")))
    }

    fn grants(&mut self, unconfirmed: &mut Vec<Unconfirmed>) -> Sound {
        let mut wrong = None;
        self.each(Part::Grants, &mut |doctor, known, row| {
            let grant = &known.grant;
            let enforcement = grant.enforcement();
            let waits = match enforcement {
                Enforcement::StuckApplying | Enforcement::StuckRemoving | Enforcement::Removing => true,
                Enforcement::None | Enforcement::Removed | Enforcement::Applied | Enforcement::Applying => {
                    false
                }
            };
            if waits {
                let (grant, since) = (grant.id().to_string(), grant.changed_at);
                unconfirmed.push(Unconfirmed { grant, enforcement, since });
            }
            if wrong.is_none() {
                wrong = doctor.grant(known, row)?;
            }
            Ok(None)
        })?;
        if wrong.is_some() {
            return Ok(wrong);
        }
        let sql = "SELECT r.position FROM record r LEFT JOIN grants g ON g.key = r.about AND g.ns = r.ns \
                   WHERE r.place > ? AND r.place <= ? AND r.about IS NOT NULL AND g.key IS NULL \
                   ORDER BY r.place LIMIT 1";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query(self.places())?;
        let lost: Option<i64> = rows.next()?.map(|row| row.get(0)).transpose()?;
        Ok(lost.map(|position| format!("the grant that record {position} is about is gone")))
    }

    /// One grant: its events lead to what is stored of it, and its row says the same.
    fn grant(&self, known: &Known, row: &Row<'_>) -> Sound {
        let (grant, id) = (&known.grant, known.grant.id());
        let ns = (self.tenant.key, self.ns);
        let mut events: Vec<Event> = Vec::new();
        for record in records::before(self.connection, ns, known.key, u64::MAX)? {
            if let Entry::Event(event) = record.entry {
                events.push(event);
            }
        }
        match replay(events) {
            Ok(replayed) if replayed == **grant => {}
            Ok(_) => return Ok(Some(format!("grant `{id}`: what is stored is not what its events lead to"))),
            Err(illegal) => return Ok(Some(format!("grant `{id}`: {illegal}"))),
        }
        if row.get_ref(2)?.as_blob().is_ok_and(<[u8]>::is_empty) && !grant.is_settled_for_good() {
            return Ok(Some(format!("grant `{id}`: it was compacted, and something may still happen to it")));
        }
        let word = |kind, text: &str| words::find(self.connection, self.tenant.key, kind, text);
        let flags: [bool; 3] = [row.get(8)?, row.get(9)?, row.get(10)?];
        let right = row.get::<_, String>(3)? == id.as_str()
            && Some(row.get(4)?) == word(Kind::Person, grant.holder().as_str())?
            && Some(row.get(5)?) == word(Kind::Person, grant.origin.requester.id.as_str())?
            && Some(row.get(6)?) == word(Kind::Flow, grant.origin.flow.as_str())?
            && Some(row.get(12)?) == word(Kind::Revision, grant.origin.revision.as_str())?
            && row.get::<_, i64>(7)? == grant.changed_at.millis()
            && flags == [!grant.is_closed(), awaits_decision(grant), !grant.is_settled_for_good()];
        Ok((!right).then(|| format!("grant `{id}`: its row says something else than its state")))
    }

    fn open(&mut self) -> Sound {
        let mut expected = 0_i64;
        let wrong = self.each(Part::Open, &mut |doctor, known, _| {
            let mut places = BTreeSet::new();
            let grant = &known.grant;
            if !grant.is_closed() {
                places.insert((Kind::Flow.number(), grant.origin.flow.as_str().to_owned()));
                places.extend(
                    grant
                        .integrations()
                        .iter()
                        .map(|at| (Kind::Integration.number(), at.as_str().to_owned())),
                );
                for item in grant.terms.scope.iter() {
                    places.insert((Kind::Item.number(), words::item(item)?));
                }
            }
            expected = expected.saturating_add(i64::try_from(places.len()).unwrap_or(i64::MAX));
            for (kind, text) in places {
                let found: bool = doctor
                    .connection
                    .prepare_cached(
                        "SELECT EXISTS (SELECT 1 FROM word w JOIN open_on o ON o.word = w.key \
                         WHERE w.ns = ? AND w.kind = ? AND w.text = ? AND o.holding = ?)",
                    )?
                    .query_row((doctor.tenant.key, kind, &text, known.key), |row| row.get(0))?;
                if !found {
                    return Ok(Some(format!("grant `{}` is open and not found by `{text}`", grant.id())));
                }
            }
            Ok(None)
        })?;
        let sql = "SELECT count(*) FROM open_on o JOIN word w ON w.key = o.word WHERE w.ns = ?";
        Ok(wrong.or(self.more(sql, expected, "a grant is found as open that is not")?))
    }

    fn spans(&mut self) -> Sound {
        let mut expected = 0_i64;
        let wrong = self.each(Part::Spans, &mut |doctor, known, _| {
            let grant = &known.grant;
            let Some(person) =
                words::find(doctor.connection, doctor.tenant.key, Kind::Person, grant.holder().as_str())?
            else {
                return Ok(Some(format!("grant `{}`: its holder has no name", grant.id())));
            };
            for item in grant.terms.scope.iter() {
                let text = words::item(item)?;
                let word = words::find(doctor.connection, doctor.tenant.key, Kind::Item, &text)?.unwrap_or(0);
                let names = (grant.holder().as_str(), text.as_str(), grant.id().as_str());
                let marked =
                    |of: Stretch| (of, span_mark(doctor.ns, names, (of.since, of.until, of.unsure)).stored());
                let mut is: Vec<(Stretch, i64)> = stretches(known).into_iter().map(marked).collect();
                is.sort();
                expected = expected.saturating_add(i64::try_from(is.len()).unwrap_or(i64::MAX));
                if doctor.kept((word, person, known.key))? != is {
                    let id = grant.id();
                    return Ok(Some(format!(
                        "grant `{id}`: who holds {text} until when is not what its state says"
                    )));
                }
            }
            Ok(None)
        })?;
        let sql = "SELECT count(*) FROM span s JOIN word w ON w.key = s.item WHERE w.ns = ?";
        Ok(wrong.or(self.more(sql, expected, "somebody is said to hold what no grant gives")?))
    }

    /// What is kept of a grant's access to one item, each with its checksum.
    fn kept(&self, (item, person, grant): (i64, i64, i64)) -> Out<Vec<(Stretch, i64)>> {
        let sql = "SELECT since, until, unsure, mark FROM span WHERE item = ? AND person = ? AND holding = ?";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_map((item, person, grant), |row| {
            Ok((Stretch { since: row.get(0)?, until: row.get(1)?, unsure: row.get(2)? }, row.get(3)?))
        })?;
        let mut found: Vec<(Stretch, i64)> = found.collect::<Result<_, _>>()?;
        found.sort();
        Ok(found)
    }

    /// Deadlines and effects, person by person: those of grants to which something may still happen.
    fn awaited(&mut self) -> Sound {
        let mut people = self.connection.prepare("SELECT key, text FROM word WHERE ns = ? AND kind = 1")?;
        let mut rows = people.query([self.tenant.key])?;
        let mut expected = 0_i64;
        while let Some(row) = rows.next()? {
            self.looked(Part::Awaited);
            let (key, name): (i64, String) = (row.get(0)?, row.get(1)?);
            let next = self.next(key)?;
            let mut is: BTreeMap<i64, i64> = BTreeMap::new();
            is.extend(next.due.map(|at| (DUE, at.millis())));
            is.extend(next.ready.map(|at| (ANYWHERE, at.millis())));
            for (at, ready) in next.ready_at {
                let place = match at {
                    Some(at) => {
                        words::find(self.connection, self.tenant.key, Kind::Integration, at.as_str())?
                    }
                    None => Some(NOTICES),
                };
                is.extend(place.map(|place| (place, ready.millis())));
            }
            let mut kept = self
                .connection
                .prepare_cached("SELECT place, at FROM awaited WHERE person = ? AND id = ?")?;
            let kept = kept.query_map((key, &name), |row| Ok((row.get(0)?, row.get(1)?)))?;
            if kept.collect::<Result<BTreeMap<i64, i64>, _>>()? != is {
                return Ok(Some(format!("`{name}`: what is said to come due is not what the grants say")));
            }
            expected = expected.saturating_add(i64::try_from(is.len()).unwrap_or(i64::MAX));
        }
        let sql = "SELECT count(*) FROM awaited WHERE ns = ?";
        self.more(sql, expected, "something is said to come due of nobody's grants")
    }

    fn next(&self, holder: i64) -> Out<Next> {
        let sql = format!("{ROWS} WHERE holder = ? AND unsettled = 1");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([holder])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(self.known(row)?);
        }
        let revoked = |known: &Known| known.reached.as_ref().map(|reached| reached.by.at);
        Ok(Next::of(found.iter().map(|known| (&*known.grant, revoked(known)))))
    }

    /// Rows that nothing accounts for.
    fn more(&self, sql: &str, expected: i64, words: &str) -> Sound {
        let kept: i64 = self.connection.query_row(sql, [self.tenant.key], |row| row.get(0))?;
        Ok((kept != expected).then(|| words.to_owned()))
    }

    /// Every grant, one after the other, until something is wrong with one.
    fn each(&mut self, part: Part, look: &mut dyn FnMut(&Self, &Known, &Row<'_>) -> Sound) -> Sound {
        let connection = self.connection;
        let mut statement = connection.prepare(&format!("{ROWS} WHERE ns = ? ORDER BY id"))?;
        let mut rows = statement.query([self.tenant.key])?;
        while let Some(row) = rows.next()? {
            let known = self.known(row)?;
            let wrong = look(self, &known, row)?;
            if wrong.is_some() {
                return Ok(wrong);
            }
            self.looked(part);
        }
        Ok(None)
    }

    fn known(&self, row: &Row<'_>) -> Out<Known> {
        let ns = (self.tenant.key, self.ns);
        let marked: Option<i64> = row.get(1)?;
        let reached = marked.map(|position| {
            let position = count(position)?;
            Ok::<_, Trouble>(Reached { position, by: records::revocation(self.connection, ns, position)? })
        });
        let state: Vec<u8> = row.get(2)?;
        let key = row.get(0)?;
        // Of a grant that was compacted the record is all that there is.
        let grant: Grant = if state.is_empty() {
            compact::replayed(self.connection, ns, key, u64::MAX)?
        } else {
            states::unpacked(self.connection, key, &state)?
        };
        grant_mark(grant.id(), marked).verify(row.get(11)?, "a grant")?;
        Ok(Known { key, grant: Arc::new(grant), reached: reached.transpose()? })
    }
}

const ROWS: &str = "SELECT key, reached, state, id, holder, requester, flow, changed, open, awaiting, unsettled, \
                    mark, revision FROM grants";
