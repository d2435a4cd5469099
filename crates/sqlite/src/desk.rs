//! One transaction: what a plan reads, and what it writes, at once and for the transaction alone to see.

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::HashMap;
use rusqlite::{Connection, OptionalExtension, Params, Row};
use tenure_core::grant::Grant;
use tenure_core::id::{FlowId, GrantId, Namespace, PersonId};
use tenure_core::lifecycle::revoke_all::{Reached, RevokedAll};
use tenure_core::time::Timestamp;
use tenure_core::world::{Read, World};
use tenure_store::plan::decide;
use tenure_store::policies::{Policies, Shelf};
use tenure_store::query::lasts;
use tenure_store::{Plan, Seal};

use crate::marks::damaged;
use crate::policies;
use crate::states::States;
use crate::trouble::{Out, broken, count, number};
use crate::words::{self, Kind};
use crate::write::grant_mark;
use crate::{compact, erase, receipts, records, refusals, seals};

/// One transaction in one namespace.
pub(crate) struct Desk<'c> {
    pub(crate) connection: &'c Connection,
    pub(crate) ns: &'c Namespace,
    pub(crate) tenant: Tenant,
    pub(crate) policies: Arc<Policies>,
    pub(crate) states: &'c States,
    /// Grants that were read or written here, by key.
    grants: HashMap<i64, Known>,
    /// Keys by id; none of an id that is not there.
    keys: HashMap<GrantId, Option<i64>>,
    /// Of holders that were asked for, the grants to which something may still happen, by keys.
    unsettled: HashMap<i64, BTreeSet<i64>>,
    revocations: HashMap<u64, Arc<RevokedAll>>,
    /// Keys of names; none of one that is not there.
    words: [HashMap<String, Option<i64>>; Kind::COUNT],
    /// People whose names were not there before this transaction.
    pub(crate) new_people: BTreeSet<i64>,
    /// The end of the record, once anything is added to it.
    pub(crate) seal: Option<Seal>,
    /// Records that erase what was written of their grant before them.
    pub(crate) erasing: Vec<(i64, u64)>,
    /// Whose grants were changed.
    pub(crate) touched: BTreeSet<PersonId>,
    pub(crate) wrote: bool,
}

/// The row of a namespace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tenant {
    /// 0 where nothing was ever written in it: no row has that key.
    pub(crate) key: i64,
    /// The last instant that anything happened at.
    pub(crate) latest: Timestamp,
    /// The last position of the record.
    pub(crate) records: u64,
    /// The number of the policy in force.
    pub(crate) documents: u64,
}

/// A grant as it stands in the transaction.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) key: i64,
    pub(crate) grant: Arc<Grant>,
    /// The revocation of many that has ended it, until it is closed.
    pub(crate) reached: Option<Reached>,
}

/// What of a grant's row is read.
const ROW: &str = "g.key, g.reached, g.state, g.mark";

impl Tenant {
    pub(crate) fn find(connection: &Connection, ns: &Namespace) -> Out<Self> {
        let sql = "SELECT key, latest, records, documents FROM namespace WHERE name = ?";
        let row: Option<(i64, i64, i64, i64)> = connection
            .prepare_cached(sql)?
            .query_row([ns.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()?;
        let Some((key, latest, records, documents)) = row else {
            return Ok(Self { key: 0, latest: Timestamp::MIN, records: 0, documents: 0 });
        };
        let latest = Timestamp::from_millis(latest);
        Ok(Self { key, latest, records: count(records)?, documents: count(documents)? })
    }
}

impl<'c> Desk<'c> {
    /// A transaction that was begun on that connection.
    pub(crate) fn new(
        connection: &'c Connection,
        ns: &'c Namespace,
        shelf: &Shelf,
        states: &'c States,
    ) -> Out<Self> {
        let tenant = Tenant::find(connection, ns)?;
        let policies = shelf.up_to(tenant.documents, ns, |after| {
            policies::between(connection, tenant.key, after, tenant.documents)
        })?;
        Ok(Self {
            connection,
            ns,
            tenant,
            policies,
            states,
            grants: HashMap::new(),
            keys: HashMap::new(),
            unsettled: HashMap::new(),
            revocations: HashMap::new(),
            words: Default::default(),
            new_people: BTreeSet::new(),
            seal: None,
            erasing: Vec::new(),
            touched: BTreeSet::new(),
            wrote: false,
        })
    }

    /// Runs a plan that only reads to its end.
    pub(crate) fn reading(&mut self, clock: Timestamp, plan: &mut dyn Plan) -> Out<()> {
        self.run(clock, plan)?;
        if self.wrote { Err(broken("a plan that only reads wants to write")) } else { Ok(()) }
    }

    /// Runs a plan to its end.
    pub(crate) fn run(&mut self, clock: Timestamp, plan: &mut dyn Plan) -> Out<()> {
        plan.start();
        loop {
            let mut world = World::new(self.ns.clone(), clock, self.policies.head.clone());
            match decide(plan, &mut world, |read, world| Ok(self.read(read, world)?))? {
                Some(Some(write)) => self.write(*write)?,
                Some(None) => {}
                None => return Ok(()),
            }
        }
    }

    /// Puts into the world what is read, as it stands in this transaction.
    fn read(&mut self, read: &Read, world: &mut World) -> Out<()> {
        match read {
            Read::Command(id) => {
                world.answered = receipts::of(self.connection, (self.tenant.key, self.ns), id)?
            }
            Read::Grant(id) => put(self.grant(id)?, world),
            Read::Person(person) => put(self.unsettled(person)?, world),
            Read::Revision(revision) => {
                let flow = self.policies.revisions.get(revision);
                world.revisions.extend(flow.map(|flow| (revision.clone(), flow.clone())));
            }
            Read::OpenIn(flow) => self.open_on(Kind::Flow, flow.as_str(), world)?,
            Read::OpenOn(item) => self.open_on(Kind::Item, &words::item(item)?, world)?,
            Read::OpenAt(at) => self.open_on(Kind::Integration, at.as_str(), world)?,
            Read::Recent(person, flow, span) => {
                let from = world.clock.minus(*span);
                put(self.recent(person, flow, from)?, world);
            }
            Read::Refused(of) => {
                let tally = refusals::of(self.connection, self.tenant.key, of)?;
                world.refused.extend(tally.map(|tally| (of.clone(), tally)));
            }
            Read::RefusedBefore(minute) => {
                world.refused.extend(refusals::before(self.connection, self.tenant.key, *minute)?);
            }
            Read::Latest => world.last = Some(self.tenant.latest),
        }
        Ok(())
    }

    fn open_on(&mut self, kind: Kind, text: &str, world: &mut World) -> Out<()> {
        let Some(word) = self.word(kind, text)? else { return Ok(()) };
        let sql =
            format!("SELECT {ROW} FROM open_on o CROSS JOIN grants g ON g.key = o.holding WHERE o.word = ?");
        let mut found = self.all(&sql, [word])?;
        found.retain(|known| lasts(&known.grant, world.clock));
        put(found, world);
        Ok(())
    }

    /// One grant.
    pub(crate) fn grant(&mut self, id: &GrantId) -> Out<Option<Known>> {
        if let Some(key) = self.keys.get(id) {
            return Ok(key.and_then(|key| self.grants.get(&key).cloned()));
        }
        let sql = format!("SELECT {ROW} FROM grants g WHERE g.ns = ? AND g.id = ?");
        let found = self.all(&sql, (self.tenant.key, id.as_str()))?.pop();
        match found {
            Some(known) if known.grant.id() != id => Err(damaged("a grant")),
            Some(known) => Ok(Some(known)),
            None => {
                self.keys.insert(id.clone(), None);
                Ok(None)
            }
        }
    }

    /// A person's grants to which something may still happen.
    pub(crate) fn unsettled(&mut self, person: &PersonId) -> Out<Vec<Known>> {
        let Some(holder) = self.word(Kind::Person, person.as_str())? else { return Ok(Vec::new()) };
        let found = match self.unsettled.get(&holder) {
            Some(keys) => keys.iter().filter_map(|key| self.grants.get(key).cloned()).collect(),
            None => {
                let sql = format!(
                    "SELECT {ROW} FROM grants g INDEXED BY grants_unsettled WHERE g.holder = ? AND g.unsettled = 1"
                );
                let found = self.all(&sql, [holder])?;
                self.unsettled.insert(holder, found.iter().map(|known| known.key).collect());
                found
            }
        };
        let theirs = found.iter().all(|known| known.grant.holder() == person);
        if theirs { Ok(found) } else { Err(damaged("whose a grant is")) }
    }

    /// A person's grants under a flow that something happened to from that instant on: those to which something may
    /// still happen are few, the others are found by when that was.
    fn recent(&mut self, person: &PersonId, flow: &FlowId, from: Timestamp) -> Out<Vec<Known>> {
        let mut found = self.unsettled(person)?;
        found.retain(|known| known.grant.origin.flow == *flow && known.grant.changed_at >= from);
        let holder = self.word(Kind::Person, person.as_str())?;
        let flow = self.word(Kind::Flow, flow.as_str())?;
        if let Some((holder, flow)) = holder.zip(flow) {
            let sql = format!(
                "SELECT {ROW} FROM grants g INDEXED BY grants_recent \
                 WHERE g.unsettled = 0 AND g.holder = ? AND g.flow = ? AND g.changed >= ?"
            );
            found.extend(self.all(&sql, (holder, flow, from.millis()))?);
        }
        Ok(found)
    }

    /// The grants of these rows. One that was read before is not made of its bytes again.
    fn all(&mut self, sql: &str, params: impl Params) -> Out<Vec<Known>> {
        let connection = self.connection;
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let key = row.get(0)?;
            let known = match self.grants.get(&key) {
                Some(known) => known.clone(),
                None => {
                    let known = self.known(key, row)?;
                    self.remember(known.clone());
                    known
                }
            };
            found.push(known);
        }
        Ok(found)
    }

    fn known(&mut self, key: i64, row: &Row<'_>) -> Out<Known> {
        let reached: Option<i64> = row.get(1)?;
        let state = row.get_ref(2)?.as_blob().map_err(|why| broken(why.to_string()))?;
        let ns = (self.tenant.key, self.ns);
        let grant = compact::grant(self.connection, self.states, ns, key, state)?;
        grant_mark(grant.id(), reached).verify(row.get(3)?, "a grant")?;
        let reached = reached.map(|position| self.revocation(count(position)?)).transpose()?;
        Ok(Known { key, grant, reached })
    }

    fn revocation(&mut self, position: u64) -> Out<Reached> {
        let by = match self.revocations.get(&position) {
            Some(by) => by.clone(),
            None => {
                let by = records::revocation(self.connection, (self.tenant.key, self.ns), position)?;
                self.revocations.insert(position, by.clone());
                by
            }
        };
        Ok(Reached { position, by })
    }

    /// Takes note of whether something may still happen to a grant of that holder.
    pub(crate) fn unsettle(&mut self, holder: i64, known: &Known) {
        if let Some(keys) = self.unsettled.get_mut(&holder) {
            if known.grant.is_settled_for_good() {
                keys.remove(&known.key);
            } else {
                keys.insert(known.key);
            }
        }
    }

    /// Keeps a grant as it stands in this transaction.
    pub(crate) fn remember(&mut self, known: Known) {
        self.keys.insert(known.grant.id().clone(), Some(known.key));
        self.grants.insert(known.key, known);
    }

    /// The key of a name, where it has one.
    pub(crate) fn word(&mut self, kind: Kind, text: &str) -> Out<Option<i64>> {
        if let Some(key) = self.words_of(kind).and_then(|words| words.get(text).copied()) {
            return Ok(key);
        }
        let key = words::find(self.connection, self.tenant.key, kind, text)?;
        self.words_of(kind).and_then(|words| words.insert(text.to_owned(), key));
        Ok(key)
    }

    /// The key of a name, which it gets where it has none.
    pub(crate) fn word_made(&mut self, kind: Kind, text: &str) -> Out<i64> {
        if let Some(key) = self.word(kind, text)? {
            return Ok(key);
        }
        let key = words::make(self.connection, self.tenant.key, kind, text)?;
        self.words_of(kind).and_then(|words| words.insert(text.to_owned(), Some(key)));
        if kind == Kind::Person {
            // Nobody's grants were there before their name.
            self.unsettled.insert(key, BTreeSet::new());
            self.new_people.insert(key);
        }
        Ok(key)
    }

    fn words_of(&mut self, kind: Kind) -> Option<&mut HashMap<String, Option<i64>>> {
        self.words.get_mut(kind.place())
    }

    /// Writes what the namespace's row says.
    pub(crate) fn close(&mut self) -> Out<()> {
        self.renew()?;
        for (grant, position) in std::mem::take(&mut self.erasing) {
            erase::before(self.connection, (self.tenant.key, self.ns), grant, position)?;
        }
        let Tenant { key, latest, records, documents } = self.tenant;
        let peaks = self.seal.as_ref().map(seals::peaks);
        let sql = "UPDATE namespace SET latest = ?, records = ?, documents = ?, peaks = coalesce(?, peaks) WHERE key = ?";
        self.connection.prepare_cached(sql)?.execute((
            latest.millis(),
            number(records),
            number(documents),
            peaks,
            key,
        ))?;
        Ok(())
    }
}

/// Puts grants into the world, with the revocations that ended what is not closed yet.
fn put(found: impl IntoIterator<Item = Known>, world: &mut World) {
    for Known { grant, reached, .. } in found {
        let id = grant.id().clone();
        world.revoked.extend(reached.filter(|_| !grant.is_closed()).map(|by| (id.clone(), by)));
        world.grants.insert(id, grant);
    }
}
