//! One transaction: what a plan has read, and what it writes, in memory until all of it is written at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tenure_core::grant::Grant;
use tenure_core::id::{CommandId, FlowId, GrantId, Namespace, PersonId};
use tenure_core::lifecycle::revoke_all::{Reached, RevokedAll};
use tenure_core::record::refused::{RefusedOf, Tally};
use tenure_core::time::Timestamp;
use tenure_core::world::{Publication, Receipt, World};
use tenure_store::plan::decide_at_once;
use tenure_store::policies::{Policies, Shelf};
use tenure_store::seal::Unsealed;
use tenure_store::{Plan, Seal, Sealed, StoreFault};

use crate::hour::Hour;
use crate::layout::FORMAT;
use crate::link::Link;
use crate::moving;
use crate::names::Name;
use crate::policies;
use crate::stage::Stage;
use crate::trouble::{Again, Out, Trouble, broken, count};

/// How a transaction stands to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It only reads, one snapshot.
    Reading,
    /// It writes beside others: what it looks at is locked.
    Beside,
    /// It writes, and nobody else in the namespace: what it puts on record is numbered at once.
    Alone,
}

/// One transaction in one namespace.
pub(crate) struct Desk<'d> {
    pub(crate) link: &'d mut Link,
    pub(crate) ns: &'d Namespace,
    /// 0 where nothing was ever written in it: no row has that key.
    pub(crate) key: i64,
    pub(crate) manner: Manner,
    pub(crate) policies: Arc<Policies>,
    hour: &'d Hour,
    /// What the store's clock showed when this transaction began: nothing was decided before.
    pub(crate) begun: Timestamp,
    /// The store's clock, as late as it was read.
    pub(crate) clock: Timestamp,
    /// The place of this transaction in time: the server's clock once all was locked, and after everything it has
    /// looked at.
    pub(crate) ordered: i64,
    pub(crate) tx: String,
    /// Names that are locked for this transaction alone.
    pub(crate) held: BTreeSet<Name>,
    pub(crate) grants: HashMap<GrantId, Slot<Known>>,
    /// The place in time of the transaction that had written a grant when it was read.
    pub(crate) versions: HashMap<GrantId, i64>,
    /// People of whom everything unsettled is among the grants.
    pub(crate) people: HashMap<PersonId, BTreeSet<GrantId>>,
    /// Names under which all that was open is among the grants.
    pub(crate) opens: HashMap<Name, BTreeSet<GrantId>>,
    pub(crate) recents: HashMap<(PersonId, FlowId), Recent>,
    pub(crate) receipts: HashMap<CommandId, Option<Arc<Receipt>>>,
    pub(crate) refused: BTreeMap<RefusedOf, Slot<Tally>>,
    pub(crate) revocations: HashMap<u64, Arc<RevokedAll>>,
    pub(crate) latest: Option<Timestamp>,
    /// Grants of which lines were set aside, where this transaction numbers what it puts on record.
    pub(crate) aside: BTreeSet<String>,
    pub(crate) written: Written,
}

/// What is in the database, and what is in its place in this transaction.
#[derive(Clone, Debug)]
pub(crate) struct Slot<T> {
    pub(crate) before: Option<T>,
    pub(crate) now: Option<T>,
}

/// A grant as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) grant: Arc<Grant>,
    /// The revocation of many that has ended it, until it is closed.
    pub(crate) reached: Option<Reached>,
}

/// What of somebody under a flow changed since an instant.
#[derive(Clone, Debug)]
pub(crate) struct Recent {
    pub(crate) since: Timestamp,
    pub(crate) grants: BTreeSet<GrantId>,
}

/// What is to be written.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) anything: bool,
    pub(crate) grants: BTreeSet<GrantId>,
    pub(crate) receipts: BTreeSet<CommandId>,
    pub(crate) refused: BTreeSet<RefusedOf>,
    pub(crate) documents: Vec<(u64, Timestamp, Arc<Publication>)>,
    /// Put on record without a position.
    pub(crate) unsealed: Vec<Unsealed>,
    /// The end of the record, where nobody else adds to it, and what was added here.
    pub(crate) seal: Option<Seal>,
    pub(crate) sealed: Vec<Sealed>,
    /// Records that erase what was written of their grant before them.
    pub(crate) erasing: Vec<(GrantId, u64)>,
}

const READING: &str = "SELECT n.key, n.documents, l.version, \
    floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint, '', n.stage, n.whither, n.until \
    FROM tenure.layout l LEFT JOIN tenure.namespace n ON n.name = $1 WHERE l.one = 1";
const BESIDE: &str = "SELECT n.key, n.documents, l.version, \
    floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint, gen_random_uuid()::text, n.stage, n.whither, n.until, \
    (SELECT t.until FROM tenure.turn t WHERE t.ns = n.key) \
    FROM tenure.layout l JOIN tenure.namespace n ON n.name = $1 WHERE l.one = 1 FOR KEY SHARE OF n";
const ALONE: &str = "SELECT n.key, n.documents, l.version, \
    floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint, gen_random_uuid()::text, n.stage, n.whither, n.until \
    FROM tenure.layout l JOIN tenure.namespace n ON n.name = $1 WHERE l.one = 1 FOR UPDATE OF n";
const BEGIN_NAMESPACE: &str =
    "INSERT INTO tenure.namespace (name, documents) VALUES ($1, 0) ON CONFLICT DO NOTHING";

impl<'d> Desk<'d> {
    /// Begins a transaction in that manner.
    pub(crate) fn begin(
        link: &'d mut Link,
        ns: &'d Namespace,
        manner: Manner,
        (shelf, hour): (&Shelf, &'d Hour),
    ) -> Out<Self> {
        let (begin, sql) = match manner {
            Manner::Reading => ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", READING),
            Manner::Beside => ("BEGIN ISOLATION LEVEL READ COMMITTED", BESIDE),
            Manner::Alone => ("BEGIN ISOLATION LEVEL READ COMMITTED", ALONE),
        };
        let mut found = link.after(begin, vec![(sql, vec![&ns.as_str()])])?.pop().unwrap_or_default();
        if found.is_empty() && manner != Manner::Reading {
            // Hosts name namespaces, not their users: one that is asked for is begun.
            link.plain("ROLLBACK")?;
            link.rows(BEGIN_NAMESPACE, &[&ns.as_str()])?;
            found = link.after(begin, vec![(sql, vec![&ns.as_str()])])?.pop().unwrap_or_default();
        }
        let row = found.pop().ok_or_else(|| broken("the database holds no store of tenure"))?;
        let version: i32 = row.get(2);
        if version != FORMAT {
            let found = u32::try_from(version).unwrap_or(u32::MAX);
            return Err(Trouble::Fault(StoreFault::Newer { found }));
        }
        let key = row.get::<_, Option<i64>>(0).unwrap_or(0);
        let documents = count(row.get::<_, Option<i64>>(1).unwrap_or(0))?;
        let (ordered, tx): (i64, String) = (row.get(3), row.get(4));
        if let Some(stage) = row.get::<_, Option<i16>>(5).map(Stage::read).transpose()? {
            stage.answers(ns, row.get(6))?;
            if stage == Stage::Leaving && manner != Manner::Reading {
                return Err(Trouble::Again(waits_to_leave(link, ns, row.get(7), ordered)?));
            }
        }
        if manner == Manner::Beside && row.get::<_, Option<i64>>(8).is_some_and(|until| ordered < until) {
            return Err(Trouble::Again(Again::MakeWay));
        }
        let policies = shelf.up_to(documents, ns, |after| policies::between(link, key, after, documents))?;
        Ok(Self {
            link,
            ns,
            key,
            manner,
            policies,
            hour,
            begun: hour.by(ordered),
            clock: hour.by(ordered),
            ordered,
            tx,
            held: BTreeSet::new(),
            grants: HashMap::new(),
            versions: HashMap::new(),
            people: HashMap::new(),
            opens: HashMap::new(),
            recents: HashMap::new(),
            receipts: HashMap::new(),
            refused: BTreeMap::new(),
            revocations: HashMap::new(),
            latest: None,
            aside: BTreeSet::new(),
            written: Written::default(),
        })
    }

    /// Runs a plan to its end. What it decides is written nowhere yet.
    pub(crate) fn run(&mut self, plan: &mut dyn Plan) -> Out<()> {
        plan.start();
        loop {
            let mut world = World::new(self.ns.clone(), self.clock, self.policies.head.clone());
            let ahead = plan.ahead(&world);
            if !ahead.is_empty() {
                self.load(&ahead)?;
                world.clock = self.clock;
            }
            let mut trouble = None;
            let read = |reads: &[_], world: &mut World| {
                self.read(reads, world).map_err(|met| match met {
                    Trouble::Fault(fault) => fault,
                    met @ (Trouble::Lost(_) | Trouble::Again(_)) => {
                        trouble = Some(met);
                        StoreFault::Busy
                    }
                })
            };
            let decided = decide_at_once(plan, &mut world, read);
            if let Some(trouble) = trouble {
                return Err(trouble);
            }
            match decided? {
                Some(Some(write)) => self.write(*write)?,
                Some(None) => {}
                None => return Ok(()),
            }
        }
    }

    /// Takes note of what the server's clock shows, in microseconds, after something was locked: this transaction
    /// comes after everything that had it before.
    pub(crate) fn passed(&mut self, micros: i64) {
        self.ordered = self.ordered.max(micros);
        self.clock = self.clock.max(self.hour.by(micros));
    }

    /// The grant as it stands in this transaction.
    pub(crate) fn now(&self, id: &GrantId) -> Option<&Known> {
        self.grants.get(id)?.now.as_ref()
    }
}

/// Whoever would write in a namespace that leaves waits for that. Where whoever moves it is gone, it stays.
fn waits_to_leave(link: &mut Link, ns: &Namespace, until: Option<i64>, now: i64) -> Out<Again> {
    if until.is_some_and(|until| now < until) {
        return Ok(Again::MakeWay);
    }
    link.plain("ROLLBACK")?;
    link.rows(moving::STAYS, &[&ns.as_str()])?;
    Ok(Again::Met)
}

impl<T: Clone> Slot<T> {
    pub(crate) fn found(kept: Option<T>) -> Self {
        Self { before: kept.clone(), now: kept }
    }
}
