//! Whether a namespace is whole: its record, and whether all that is stored beside the record follows from it.
//!
//! All of it is read in one snapshot, page by page, so that it may be done while others write.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tenure_core::event::Event;
use tenure_core::grant::Enforcement;
use tenure_core::id::{Namespace, PersonId};
use tenure_core::lifecycle::revoke_all::Reached;
use tenure_core::machine::replay;
use tenure_core::record::Entry;
use tenure_core::record::tree::Frontier;
use tenure_store::query::awaits_decision;
use tenure_store::{Examined, Findings, Part, Seal, StoreFault, Unconfirmed};
use tokio_postgres::Row;

use crate::compact;
use crate::desk::Known;
use crate::flush::{spans, waits};
use crate::link::Link;
use crate::load::places;
use crate::parked::Line;
use crate::records::{self, frontier, packed};
use crate::stage::Stage;
use crate::trouble::{Out, Trouble, broken, count};

/// Rows that are in memory at once.
const PAGE: i64 = 500;

const STANDS: &str = "SELECT n.key, n.stage, n.whither, s.records, s.peaks FROM tenure.namespace n \
    LEFT JOIN tenure.seal s ON s.ns = n.key WHERE n.name = $1";
const RECORDS: &str = "SELECT r.position, r.leaf, r.written, r.nodes, r.about, g.id IS NOT NULL FROM tenure.record r \
    LEFT JOIN tenure.grants g ON g.ns = r.ns AND g.id = r.about WHERE r.ns = $1 AND r.position > $2 \
    ORDER BY r.position LIMIT $3";
const PENDING: &str = "SELECT ordered, tx, number, happened, draft, salt, about FROM tenure.pending \
    WHERE ns = $1 AND (ordered, tx, number) > ($2, $3, $4) ORDER BY ordered, tx, number LIMIT $5";
const PARKED: &str = "SELECT about, why FROM tenure.parked WHERE ns = $1 ORDER BY ordered, tx, number";
const GRANTS: &str = "SELECT id, state, reached, ordered, holder, requester, flow, changed, open, awaiting, unsettled, \
    reached_at FROM tenure.grants WHERE ns = $1 AND id > $2 ORDER BY id LIMIT $3";
const EVENTS: &str = "SELECT position, leaf, written, about FROM tenure.record WHERE ns = $1 AND about = ANY($2) \
    ORDER BY position";
const NOT_OPEN: &str = "SELECT w.holding, w.text FROM unnest($2::smallint[], $3::text[], $4::text[]) w (kind, text, holding) \
    LEFT JOIN tenure.open_on o ON o.ns = $1 AND o.kind = w.kind AND o.text = w.text AND o.holding = w.holding \
    WHERE o.holding IS NULL LIMIT 1";
const NOT_HELD: &str = "SELECT w.holding, w.item FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], \
    $7::bigint[]) w (item, person, until, holding, since, unsure) LEFT JOIN tenure.span s ON s.ns = $1 \
    AND s.item = w.item AND s.person = w.person AND s.until = w.until AND s.holding = w.holding \
    AND s.since IS NOT DISTINCT FROM w.since AND s.unsure IS NOT DISTINCT FROM w.unsure WHERE s.holding IS NULL LIMIT 1";
const HOLDERS: &str = "SELECT DISTINCT holder FROM tenure.grants WHERE ns = $1 AND unsettled AND holder > $2 \
    ORDER BY holder LIMIT $3";
const OF_HOLDERS: &str =
    "SELECT id, state, reached, ordered FROM tenure.grants WHERE ns = $1 AND holder = ANY($2) AND unsettled";
const NOT_AWAITED: &str = "SELECT w.person FROM unnest($2::text[], $3::text[], $4::bigint[]) w (person, place, at) \
    LEFT JOIN tenure.awaited a ON a.ns = $1 AND a.person = w.person AND a.place = w.place AND a.at = w.at \
    LEFT JOIN tenure.name n ON n.ns = $1 AND n.kind = 1 AND n.text = w.person \
    WHERE a.person IS NULL OR n.text IS NULL LIMIT 1";
const COUNT_OPEN: &str = "SELECT count(*) FROM tenure.open_on WHERE ns = $1";
const COUNT_SPANS: &str = "SELECT count(*) FROM tenure.span WHERE ns = $1";
const COUNT_AWAITED: &str = "SELECT count(*) FROM tenure.awaited WHERE ns = $1";

/// Nothing, or what is wrong.
type Sound = Out<Option<String>>;

/// Looks at everything in one snapshot.
pub(crate) fn examined(link: &mut Link, ns: &Namespace, told: &mut dyn FnMut(Part, u64)) -> Out<Findings> {
    link.plain("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
    let findings = Doctor::new(link, ns, told).and_then(Doctor::examine);
    match findings {
        Err(lost @ Trouble::Lost(_)) => Err(lost),
        findings => link.plain("ROLLBACK").and(findings),
    }
}

struct Doctor<'d> {
    link: &'d mut Link,
    ns: &'d Namespace,
    told: &'d mut dyn FnMut(Part, u64),
    key: i64,
    /// Where the record ends, as it is written down.
    end: (u64, Frontier),
    /// Events that have no position yet, by their grant.
    waiting: HashMap<String, Vec<Event>>,
    /// Grants of which not all can be read that happened.
    torn: BTreeSet<String>,
    looked_at: u64,
}

/// What is found while grants are looked at, beside what is wrong with them.
#[derive(Default)]
struct Seen {
    open: (i64, Option<String>),
    spans: (i64, Option<String>),
    /// Whether a grant cannot be read, so that nobody knows how many rows there should be.
    unread: bool,
    unconfirmed: Vec<Unconfirmed>,
}

impl<'d> Doctor<'d> {
    fn new(link: &'d mut Link, ns: &'d Namespace, told: &'d mut dyn FnMut(Part, u64)) -> Out<Self> {
        let rows = link.rows(STANDS, &[&ns.as_str()])?;
        let (mut key, mut end) = (0, (0, Frontier::default()));
        if let Some(row) = rows.first() {
            Stage::read(row.get(1))?.answers(ns, row.get(2))?;
            key = row.get(0);
            if let Some(records) = row.get::<_, Option<i64>>(3) {
                end = (count(records)?, frontier(records, row.get(4))?);
            }
        }
        let (waiting, torn) = (HashMap::new(), BTreeSet::new());
        Ok(Self { link, ns, told, key, end, waiting, torn, looked_at: 0 })
    }

    fn examine(mut self) -> Out<Findings> {
        let mut findings = Findings::default();
        let mut seen = Seen::default();
        for part in [Part::Record, Part::Waiting, Part::Grants, Part::Open, Part::Spans, Part::Awaited] {
            self.looked_at = 0;
            (self.told)(part, 0);
            let sound = match part {
                // The server looks after its own pages.
                Part::File => Ok(None),
                Part::Record => self.record(),
                Part::Waiting => self.waiting(),
                Part::Grants => self.grants(&mut seen),
                Part::Open => {
                    self.rest(&seen, &seen.open, COUNT_OPEN, "a grant is found as open that is not")
                }
                Part::Spans => {
                    self.rest(&seen, &seen.spans, COUNT_SPANS, "somebody is said to hold what no grant gives")
                }
                Part::Awaited => self.awaited(),
            };
            let wrong = match sound {
                Ok(wrong) => wrong,
                Err(Trouble::Fault(StoreFault::Broken(why))) => Some(why),
                Err(trouble) => return Err(trouble),
            };
            findings.parts.push(Examined { part, looked_at: self.looked_at, wrong });
        }
        findings.unconfirmed = seen.unconfirmed;
        Ok(findings)
    }

    fn looked(&mut self, part: Part, rows: usize) {
        self.looked_at = self.looked_at.saturating_add(u64::try_from(rows).unwrap_or(u64::MAX));
        (self.told)(part, self.looked_at);
    }

    fn record(&mut self) -> Sound {
        let mut tree = Frontier::default();
        loop {
            let after = crate::trouble::number(tree.size());
            let rows = self.link.rows(RECORDS, &[&self.key, &after, &PAGE])?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                let expected = tree.size().saturating_add(1);
                let position = count(row.get(0))?;
                if position != expected {
                    return Ok(Some(format!("record {expected} is missing: {position} stands in its place")));
                }
                let record = records::record(row, self.ns)?;
                let about: Option<&str> = row.get(4);
                if record.entry.grant().map(|grant| grant.as_str()) != about {
                    return Ok(Some(format!(
                        "record {position} is kept under another grant than it is about"
                    )));
                }
                // A refusal may be about a grant that was never there.
                if matches!(record.entry, Entry::Event(_)) && !row.get::<_, bool>(5) {
                    return Ok(Some(format!("the grant that record {position} is about is gone")));
                }
                let nodes = tree.append(records::leaf(row)?.hash());
                if row.get::<_, &[u8]>(3) != packed(&nodes) {
                    return Ok(Some(format!("record {position} is not the one that was sealed")));
                }
            }
            self.looked(Part::Record, rows.len());
        }
        if tree.size() != self.end.0 {
            let (there, written) = (tree.size(), self.end.0);
            return Ok(Some(format!("there are {there} records where {written} were sealed")));
        }
        let fits = self.end.1.peaks() == tree.peaks();
        Ok((!fits).then(|| "the tree ends elsewhere than its records".to_owned()))
    }

    /// What has no position yet, and what was set aside.
    fn waiting(&mut self) -> Sound {
        let mut wrong = Vec::new();
        for row in self.link.rows(PARKED, &[&self.key])? {
            let about: Option<String> = row.get(0);
            wrong.push((about.clone(), row.get::<_, String>(1)));
            self.torn.extend(about);
        }
        let aside = wrong.len();
        let mut after = (i64::MIN, String::new(), i32::MIN);
        loop {
            let rows = self.link.rows(PENDING, &[&self.key, &after.0, &after.1, &after.2, &PAGE])?;
            let Some(last) = rows.last() else { break };
            after = (last.get(0), last.get(1), last.get(2));
            for line in rows.iter().map(Line::read) {
                match line.sealed(self.ns, &mut Seal::default()) {
                    Ok(sealed) => {
                        if let Entry::Event(event) = &sealed.record.entry {
                            let of = self.waiting.entry(event.grant.as_str().to_owned()).or_default();
                            of.push(event.clone());
                        }
                    }
                    Err(why) => {
                        self.torn.extend(line.about.clone());
                        wrong.push((line.about, why));
                    }
                }
            }
            self.looked(Part::Waiting, rows.len());
        }
        let Some((about, why)) = wrong.first() else { return Ok(None) };
        let about = about.as_ref().map_or_else(|| "no grant".to_owned(), |grant| format!("grant `{grant}`"));
        let (all, more) = (wrong.len(), if aside > 0 { " (`tenure.parked`)" } else { "" });
        Ok(Some(format!(
            "lines that cannot be read, or stand behind such a line: {all}{more}; the first is about {about}: {why}"
        )))
    }

    fn grants(&mut self, seen: &mut Seen) -> Sound {
        let mut wrong = None;
        let mut after = String::new();
        loop {
            let rows = self.link.rows(GRANTS, &[&self.key, &after, &PAGE])?;
            let Some(last) = rows.last() else { return Ok(wrong) };
            after = last.get(0);
            let mut events = self.events(&rows)?;
            let knowns = self.knowns(&rows)?;
            let mut read = Vec::new();
            for (row, known) in rows.iter().zip(knowns) {
                let known = match known {
                    Ok(known) => known,
                    Err(why) => {
                        seen.unread = true;
                        wrong.get_or_insert(why);
                        continue;
                    }
                };
                let events = events.remove(row.get::<_, &str>(0)).unwrap_or_default();
                if let Some(why) = self.grant(row, &known, events) {
                    wrong.get_or_insert(why);
                }
                seen.unconfirmed.extend(unconfirmed(&known));
                read.push(known);
            }
            self.places(&read, seen)?;
            self.spans(&read, seen)?;
            self.looked(Part::Grants, rows.len());
        }
    }

    /// What happened to these grants, in order.
    fn events(&mut self, rows: &[Row]) -> Out<HashMap<String, Vec<Event>>> {
        let ids: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
        let mut events: HashMap<String, Vec<Event>> = HashMap::new();
        for row in self.link.rows(EVENTS, &[&self.key, &ids])? {
            if let Entry::Event(event) = records::record(&row, self.ns)?.entry {
                events.entry(row.get(3)).or_default().push(event);
            }
        }
        for id in ids {
            if let Some(more) = self.waiting.remove(id) {
                events.entry(id.to_owned()).or_default().extend(more);
            }
        }
        Ok(events)
    }

    /// These grants as they are kept; in words, which of them cannot be read.
    fn knowns(&mut self, rows: &[Row]) -> Out<Vec<Result<Known, String>>> {
        let left: Vec<&str> =
            rows.iter().filter(|row| row.get::<_, &str>(1).is_empty()).map(|row| row.get(0)).collect();
        let replayed = compact::replayed(self.link, (self.key, self.ns), &left)?;
        let reached: BTreeSet<i64> = rows.iter().filter_map(|row| row.get::<_, Option<i64>>(2)).collect();
        let reached: Vec<i64> = reached.into_iter().collect();
        let revocations: HashMap<u64, Arc<_>> = if reached.is_empty() {
            HashMap::new()
        } else {
            records::revocations(self.link, (self.key, self.ns), &reached)?.into_iter().collect()
        };
        let known = |row: &Row| {
            let id: &str = row.get(0);
            let grant = compact::grant(id, row.get(1), &replayed)?;
            let reached = row.get::<_, Option<i64>>(2).map(count).transpose()?;
            let reached = reached.map(|position| match revocations.get(&position) {
                Some(by) => Ok(Reached { position, by: by.clone() }),
                None => Err(broken(format!("grant `{id}`: record {position} is no revocation"))),
            });
            Ok::<_, Trouble>(Known { grant: Arc::new(grant), reached: reached.transpose()? })
        };
        Ok(rows.iter().map(|row| known(row).map_err(|trouble| trouble.told().to_string())).collect())
    }

    /// One grant: its events lead to what is stored of it, and its row says the same.
    fn grant(&self, row: &Row, known: &Known, events: Vec<Event>) -> Option<String> {
        let (grant, id) = (&known.grant, known.grant.id());
        if !self.torn.contains(id.as_str()) {
            match replay(events) {
                Ok(replayed) if replayed == **grant => {}
                Ok(_) => return Some(format!("grant `{id}`: what is stored is not what its events lead to")),
                Err(illegal) => return Some(format!("grant `{id}`: {illegal}")),
            }
        }
        if row.get::<_, &str>(1).is_empty() && !grant.is_settled_for_good() {
            return Some(format!("grant `{id}`: it was compacted, and something may still happen to it"));
        }
        let reached_at = known.reached.as_ref().map(|reached| reached.by.at.millis());
        let right = row.get::<_, &str>(4) == grant.holder().as_str()
            && row.get::<_, &str>(5) == grant.origin.requester.id.as_str()
            && row.get::<_, &str>(6) == grant.origin.flow.as_str()
            && row.get::<_, i64>(7) == grant.changed_at.millis()
            && row.get::<_, bool>(8) != grant.is_closed()
            && row.get::<_, bool>(9) == awaits_decision(grant)
            && row.get::<_, bool>(10) != grant.is_settled_for_good()
            && row.get::<_, Option<i64>>(11) == reached_at;
        (!right).then(|| format!("grant `{id}`: its row says something else than its state"))
    }

    fn places(&mut self, read: &[Known], seen: &mut Seen) -> Out<()> {
        let (mut kinds, mut texts, mut holdings) = (Vec::new(), Vec::new(), Vec::new());
        for known in read {
            for name in places(&known.grant)? {
                kinds.push(name.kind.number());
                texts.push(name.text);
                holdings.push(known.grant.id().as_str().to_owned());
            }
        }
        seen.open.0 = seen.open.0.saturating_add(i64::try_from(kinds.len()).unwrap_or(i64::MAX));
        for row in self.link.rows(NOT_OPEN, &[&self.key, &kinds, &texts, &holdings])? {
            let (grant, text): (&str, &str) = (row.get(0), row.get(1));
            seen.open.1.get_or_insert(format!("grant `{grant}` is open and not found by `{text}`"));
        }
        Ok(())
    }

    fn spans(&mut self, read: &[Known], seen: &mut Seen) -> Out<()> {
        let (mut items, mut people, mut holdings) = (Vec::new(), Vec::new(), Vec::new());
        let (mut untils, mut sinces, mut unsures) = (Vec::new(), Vec::new(), Vec::new());
        for known in read {
            for (item, stretch) in spans(Some(known))? {
                items.push(item);
                people.push(known.grant.holder().as_str().to_owned());
                holdings.push(known.grant.id().as_str().to_owned());
                untils.push(stretch.until);
                sinces.push(stretch.since);
                unsures.push(stretch.unsure);
            }
        }
        seen.spans.0 = seen.spans.0.saturating_add(i64::try_from(items.len()).unwrap_or(i64::MAX));
        let asked =
            self.link.rows(NOT_HELD, &[&self.key, &items, &people, &untils, &holdings, &sinces, &unsures])?;
        for row in asked {
            let (grant, item): (&str, &str) = (row.get(0), row.get(1));
            let words = format!("grant `{grant}`: who holds {item} until when is not what its state says");
            seen.spans.1.get_or_insert(words);
        }
        Ok(())
    }

    /// What was found already, or rows that nothing accounts for.
    fn rest(
        &mut self,
        seen: &Seen,
        (expected, wrong): &(i64, Option<String>),
        sql: &'static str,
        words: &str,
    ) -> Sound {
        self.looked_at = count(*expected)?;
        let kept: i64 = self.link.rows(sql, &[&self.key])?.first().map_or(0, |row| row.get(0));
        let more = !seen.unread && kept != *expected;
        Ok(wrong.clone().or_else(|| more.then(|| words.to_owned())))
    }

    /// Deadlines and effects, person by person: those of grants to which something may still happen.
    fn awaited(&mut self) -> Sound {
        let (mut after, mut expected) = (String::new(), 0_i64);
        loop {
            let rows = self.link.rows(HOLDERS, &[&self.key, &after, &PAGE])?;
            let holders: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
            let Some(last) = holders.last() else { break };
            after = (*last).to_owned();
            let rows = self.link.rows(OF_HOLDERS, &[&self.key, &holders])?;
            let mut theirs: BTreeMap<PersonId, Vec<Known>> = BTreeMap::new();
            for known in self.knowns(&rows)? {
                let known = known.map_err(broken)?;
                theirs.entry(known.grant.holder().clone()).or_default().push(known);
            }
            let (mut people, mut places, mut ats) = (Vec::new(), Vec::new(), Vec::new());
            for (person, knowns) in &theirs {
                for (place, at) in waits(person, knowns.iter()) {
                    people.push(person.as_str().to_owned());
                    places.push(place);
                    ats.push(at);
                }
            }
            expected = expected.saturating_add(i64::try_from(people.len()).unwrap_or(i64::MAX));
            if let Some(row) = self.link.rows(NOT_AWAITED, &[&self.key, &people, &places, &ats])?.first() {
                let name: &str = row.get(0);
                return Ok(Some(format!("`{name}`: what is said to come due is not what the grants say")));
            }
            self.looked(Part::Awaited, holders.len());
        }
        let kept: i64 = self.link.rows(COUNT_AWAITED, &[&self.key])?.first().map_or(0, |row| row.get(0));
        Ok((kept != expected).then(|| "something is said to come due of nobody's grants".to_owned()))
    }
}

/// Whether targets have not confirmed what they must.
fn unconfirmed(known: &Known) -> Option<Unconfirmed> {
    let grant = &known.grant;
    let enforcement = grant.enforcement();
    match enforcement {
        Enforcement::StuckApplying | Enforcement::StuckRemoving | Enforcement::Removing => {
            Some(Unconfirmed { grant: grant.id().to_string(), enforcement, since: grant.changed_at })
        }
        Enforcement::None | Enforcement::Removed | Enforcement::Applied | Enforcement::Applying => None,
    }
}
