//! The store for many hosts: one PostgreSQL database, shared by as many processes as open it.
//!
//! A plan runs in one transaction. What it looks at is locked row by row, so people who share nothing do not wait
//! for each other; what it writes is written at once, at the end. Its records are numbered afterwards, by whoever
//! sweeps or asks for them, so that no commit waits for another to be numbered.

mod bulk;
#[cfg(feature = "cluster")]
pub mod cluster;
mod compact;
mod desk;
mod erase;
mod examine;
mod flush;
mod hour;
mod lately;
mod layout;
mod link;
mod load;
mod locks;
mod moving;
mod names;
mod parked;
mod policies;
mod pool;
mod questions;
mod receipts;
mod records;
#[cfg(feature = "scratch")]
pub mod scratch;
mod seals;
mod stage;
mod step;
mod tables;
mod trouble;
mod write;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use tenure_core::id::{CommandId, GrantId, Namespace};
use tenure_core::query::Held;
use tenure_core::record::Record;
use tenure_core::record::leaf::Leaf;
use tenure_core::record::tree::{Hash, Node};
use tenure_core::time::Timestamp;
use tenure_core::world::Receipt;
use tenure_store::policies::Shelf;
use tenure_store::store::holds_by_the_rules;
use tenure_store::{
    Awaited, AwaitedAt, Clock, Compacted, Compile, Filter, Findings, Holding, HoldsAsk, Limit, Listed, Part,
    Place, Plan, Store, StoreFault, WhoAsk,
};

pub use crate::pool::Options;
pub use crate::step::{Moved, Step};

use crate::desk::{Desk, Manner};
use crate::hour::Hour;
use crate::lately::{Answer, Lately};
use crate::link::Link;
use crate::names::Name;
use crate::pool::Pool;
use crate::questions::{Found, Known};
use crate::trouble::{Again, Out, Trouble};

/// How often a transaction is run that meets others, before the store is busy.
const ATTEMPTS: u32 = 12;
/// How often it is begun where the connection is lost before anything was committed.
const CONNECTIONS: u32 = 3;
/// The first pause before it is run again. Each is longer than the one before.
const PAUSE: Duration = Duration::from_millis(2);

const RECEIPT: &str = "SELECT r.body FROM tenure.receipt r \
    WHERE r.ns = (SELECT n.key FROM tenure.namespace n WHERE n.name = $1) AND r.command = $2";

const NAMESPACES: &str = "SELECT n.name FROM tenure.namespace n ORDER BY n.name";

/// How long those who begin make way for somebody who waits to be alone, at most: whoever waits may be gone.
const WAY: &str = "INSERT INTO tenure.turn (ns, until) \
    SELECT n.key, floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint + 2000000 FROM tenure.namespace n \
    WHERE n.name = $1 ON CONFLICT (ns) DO UPDATE SET until = excluded.until";
const WAY_NO_LONGER: &str =
    "DELETE FROM tenure.turn t WHERE t.ns = (SELECT n.key FROM tenure.namespace n WHERE n.name = $1)";
/// How long somebody who makes way waits before the next look.
const LOOK: Duration = Duration::from_millis(3);
/// How often.
const LOOKS: u32 = 3_000;

/// A store in a PostgreSQL database, in its schema `tenure`.
pub struct PostgresStore {
    pool: Pool,
    hour: Hour,
    shelf: Shelf,
    lately: Option<Lately>,
    #[cfg(feature = "cluster")]
    places: std::sync::OnceLock<Places>,
}

/// Hears of each transaction, on the thread that asked for it, where it stands in the one order that explains all answers.
#[cfg(feature = "cluster")]
pub type Places = Box<dyn Fn(i64, &str) + Send + Sync>;

/// What is known from earlier runs of a plan.
#[derive(Default)]
struct Learned {
    alone: bool,
    names: BTreeSet<Name>,
}

impl PostgresStore {
    /// Opens the store in that database, and makes one where there is none. Its clock is the server's.
    ///
    /// The connection string is a URL or `key=value` pairs as libpq knows them, with as many hosts as there are:
    /// `postgres://user@one,two/access?target_session_attrs=read-write&sslmode=require`.
    ///
    /// # Errors
    /// [`StoreFault::Newer`] where a newer version made it, [`StoreFault::Broken`] where the database cannot be reached
    /// or holds something else.
    pub fn open(url: &str) -> Result<Self, StoreFault> {
        Self::open_with(url, Options::default())
    }

    /// The same as that host wants it.
    ///
    /// # Errors
    /// As [`PostgresStore::open`].
    pub fn open_with(url: &str, options: Options) -> Result<Self, StoreFault> {
        Self::begin(Pool::new(url, options), Hour::server(), layout::prepare)
    }

    /// The same with another clock: for tests and stories.
    ///
    /// # Errors
    /// As [`PostgresStore::open`].
    pub fn open_with_clock(url: &str, options: Options, clock: Arc<dyn Clock>) -> Result<Self, StoreFault> {
        Self::begin(Pool::new(url, options), Hour::Handed(clock), layout::prepare)
    }

    /// Opens the store in a database for stories and tests, with a clock of theirs.
    ///
    /// # Errors
    /// As [`PostgresStore::open`].
    #[cfg(feature = "scratch")]
    pub fn open_scratch(database: &scratch::Database, clock: Arc<dyn Clock>) -> Result<Self, StoreFault> {
        let config = database.config().map_err(StoreFault::Broken)?;
        Self::begin(Pool::of(config, Options::default()), Hour::Handed(clock), layout::prepare)
    }

    /// Opens the store that is in that database, and makes none.
    ///
    /// # Errors
    /// As [`PostgresStore::open`], and [`StoreFault::Broken`] where there is no store in it.
    pub fn open_existing(url: &str) -> Result<Self, StoreFault> {
        Self::begin(Pool::new(url, Options::default()), Hour::server(), layout::check)
    }

    fn begin(
        pool: Out<Pool>,
        hour: Hour,
        prepare: impl Fn(&mut Link) -> Out<()>,
    ) -> Result<Self, StoreFault> {
        let pool = pool.map_err(Trouble::told)?;
        let lately = Lately::new(pool.options().holds_max_age);
        let store = Self {
            pool,
            hour,
            shelf: Shelf::default(),
            lately,
            #[cfg(feature = "cluster")]
            places: std::sync::OnceLock::new(),
        };
        store.ask(|link| {
            prepare(link)?;
            if let Some(row) = link.rows(hour::MICROS, &[])?.first() {
                store.hour.by(row.get(0));
            }
            Ok(())
        })?;
        Ok(store)
    }

    /// Gives everything that is on record so far its position, and says how many records those were. Sweeping does
    /// this, and so does every question that looks at positions.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub fn seal(&self, ns: &Namespace) -> Result<u64, StoreFault> {
        self.ask(|link| seals::seal(link, ns))
    }

    /// Tells of every transaction that comes to its end where it stands among those of all hosts: for tests, which see
    /// whether that order explains what was answered. The first who wants to hear it does.
    #[cfg(feature = "cluster")]
    pub fn tell_places(&self, places: Places) {
        let _ = self.places.set(places);
    }

    /// The namespaces that are in it, or were before they left it.
    ///
    /// # Errors
    /// [`StoreFault`] where it cannot be looked at.
    pub fn namespaces(&self) -> Result<Vec<String>, StoreFault> {
        self.ask(|link| Ok(link.rows(NAMESPACES, &[])?.iter().map(|row| row.get(0)).collect()))
    }

    /// Whether the namespace is whole: its record, the tree over it and what waits for its place in it, and whether every
    /// grant, index and deadline follows from the record. Nothing is written, and nobody is held up.
    ///
    /// # Errors
    /// [`StoreFault`] where it cannot be looked at.
    pub fn examine(&self, ns: &Namespace, told: &mut dyn FnMut(Part, u64)) -> Result<Findings, StoreFault> {
        self.ask(|link| examine::examined(link, ns, told))
    }

    /// Asks something that may be asked again.
    fn ask<A>(&self, mut question: impl FnMut(&mut Link) -> Out<A>) -> Result<A, StoreFault> {
        let mut tries = 0;
        loop {
            tries += 1;
            let answer = self.pool.link().and_then(|mut lent| {
                let answer = question(lent.link()?)?;
                lent.done();
                Ok(answer)
            });
            match answer {
                Err(Trouble::Lost(_)) if tries < CONNECTIONS => self.pool.forget(),
                Err(Trouble::Again(_)) if tries < ATTEMPTS => sleep(pause(tries)),
                answer => return answer.map_err(Trouble::told),
            }
        }
    }

    /// Writes in one transaction, which is run again where it meets others.
    fn write<A>(
        &self,
        ns: &Namespace,
        work: impl FnMut(&mut Link, &Learned) -> Out<A>,
    ) -> Result<A, StoreFault> {
        self.write_knowing(Learned::default(), ns, work)
    }

    /// The same where it is known before whether others may write beside it.
    fn write_knowing<A>(
        &self,
        mut learned: Learned,
        ns: &Namespace,
        mut work: impl FnMut(&mut Link, &Learned) -> Out<A>,
    ) -> Result<A, StoreFault> {
        let (mut met, mut lost, mut looked) = (0, 0, 0);
        loop {
            match self.attempt(ns, &learned, &mut work) {
                Ok(answer) => return Ok(answer),
                Err(Trouble::Lost(_)) if lost < CONNECTIONS => {
                    lost += 1;
                    self.pool.forget();
                    sleep(pause(lost));
                }
                Err(Trouble::Again(Again::MakeWay)) if looked < LOOKS => {
                    looked += 1;
                    sleep(LOOK);
                }
                Err(Trouble::Again(again)) if met < ATTEMPTS => {
                    met += 1;
                    match again {
                        Again::Met | Again::MakeWay => sleep(pause(met)),
                        Again::Alone => learned.alone = true,
                        Again::Names(names) => learned.names.extend(names),
                    }
                }
                Err(trouble) => return Err(trouble.told()),
            }
        }
    }

    /// Does that once, over what is there now.
    fn attempt<A>(
        &self,
        ns: &Namespace,
        learned: &Learned,
        work: &mut impl FnMut(&mut Link, &Learned) -> Out<A>,
    ) -> Out<A> {
        let mut lent = self.pool.link()?;
        if learned.alone {
            lent.link()?.rows(WAY, &[&ns.as_str()])?;
        }
        let ended = work(lent.link()?, learned);
        match ended {
            Ok(answer) => {
                if learned.alone {
                    // What is committed is so, whether or not the others hear at once that they may go on.
                    let _ = lent.link()?.rows(WAY_NO_LONGER, &[&ns.as_str()]);
                }
                lent.done();
                Ok(answer)
            }
            // What is lost is closed, and what that leaves open is nothing for the server.
            Err(trouble @ (Trouble::Lost(_) | Trouble::Fault(StoreFault::InDoubt))) => Err(trouble),
            Err(trouble @ (Trouble::Again(_) | Trouble::Fault(_))) => {
                if lent.link()?.plain("ROLLBACK").is_ok() {
                    lent.done();
                }
                Err(trouble)
            }
        }
    }

    fn decided(&self, link: &mut Link, ns: &Namespace, plan: &mut dyn Plan, learned: &Learned) -> Out<()> {
        let manner = if learned.alone { Manner::Alone } else { Manner::Beside };
        let mut desk = Desk::begin(link, ns, manner, (&self.shelf, &self.hour))?;
        if learned.alone {
            desk.take_seal()?;
        }
        desk.lock(learned.names.clone())?;
        desk.run(plan)?;
        if desk.written.anything {
            let committed = desk.commit();
            if let Some(lately) = &self.lately {
                // Whatever became of it: it may have been written.
                lately.forget(ns, desk.written.documents.is_empty().then(|| desk.whose()));
            }
            committed?;
        } else {
            desk.link.send("ROLLBACK")?;
        }
        #[cfg(feature = "cluster")]
        if let Some(places) = self.places.get() {
            places(desk.ordered, &desk.tx);
        }
        if !desk.written.documents.is_empty() {
            self.shelf.keep(ns, &desk.policies);
        }
        Ok(())
    }

    fn compacted(
        &self,
        link: &mut Link,
        ns: &Namespace,
        before: Timestamp,
        page: (Option<&GrantId>, Limit),
    ) -> Out<Compacted> {
        if !compact::is_begun(link, ns)? {
            return Ok(Compacted::default());
        }
        Desk::begin(link, ns, Manner::Beside, (&self.shelf, &self.hour))?.compact(before, page)
    }

    fn snapshot(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        self.ask(|link| {
            let run = Desk::begin(link, ns, Manner::Reading, (&self.shelf, &self.hour))
                .and_then(|mut desk| desk.run(plan));
            match run {
                Err(Trouble::Lost(why)) => Err(Trouble::Lost(why)),
                run => link.send("ROLLBACK").and(run),
            }
        })
    }

    /// Answers from the record, which is sealed first.
    fn record<A>(
        &self,
        ns: &Namespace,
        mut answer: impl FnMut(&mut Link) -> Out<A>,
    ) -> Result<A, StoreFault> {
        self.ask(|link| {
            seals::seal(link, ns)?;
            answer(link)
        })
    }
}

/// The pause before the next run. Two that met do not come back together: the one that was later waits for less.
fn pause(tries: u32) -> Duration {
    PAUSE.saturating_mul(1 << tries.min(7))
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The connection string holds a password, so nothing of it is shown.
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

impl Store for PostgresStore {
    fn clock(&self) -> Timestamp {
        self.hour.about()
    }

    fn compile_with(&self, compile: Arc<dyn Compile>) {
        self.shelf.compile_with(compile);
    }

    fn transact(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        self.write(ns, |link, learned| self.decided(link, ns, plan, learned))
    }

    fn view(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        self.snapshot(ns, plan)
    }

    fn holds(&self, ns: &Namespace, ask: HoldsAsk<'_>, now: Timestamp) -> Result<Option<Held>, StoreFault> {
        let of = names::item(&ask.item()).map_err(Trouble::told)?;
        let lately = self.lately.as_ref();
        if let Some(held) = lately.and_then(|kept| kept.known((ns, ask.person, &of), &self.hour, now)) {
            return Ok(Some(held));
        }
        let asked = lately.map(Lately::ask);
        match self.ask(|link| questions::holds(link, ns, (ask.person, &of), (self.hour.handed(), now)))? {
            Known::Not => Ok(None),
            Known::Runs(Found { held, at, clock, until }) => {
                if let (Some(lately), Some(asked)) = (lately, asked) {
                    let answer = Answer { held: held.clone(), at, clock, until, asked };
                    lately.keep(ns, ask.person, of, answer);
                }
                Ok(Some(held))
            }
            Known::Unsettled => holds_by_the_rules(self, ns, ask, now),
        }
    }

    fn who_has(
        &self,
        ns: &Namespace,
        ask: WhoAsk<'_>,
        at: Timestamp,
        after: Option<&Holding>,
        limit: Limit,
    ) -> Result<Vec<Holding>, StoreFault> {
        self.ask(|link| questions::who_has(link, ns, ask, at, (after, limit)))
    }

    fn due(
        &self,
        ns: &Namespace,
        until: Timestamp,
        after: Option<&Awaited>,
        limit: Limit,
    ) -> Result<Vec<Awaited>, StoreFault> {
        if after.is_none() {
            // Whoever sweeps also seals. What keeps a record from being sealed is told to whoever asks for records, and
            // keeps nobody's time from being settled.
            let _ = self.seal(ns);
        }
        self.ask(|link| questions::due(link, ns, until, (after, limit)))
    }

    fn ready(
        &self,
        ns: &Namespace,
        place: Place<'_>,
        until: Timestamp,
        after: Option<&Awaited>,
        limit: Limit,
    ) -> Result<Vec<Awaited>, StoreFault> {
        self.ask(|link| questions::ready(link, ns, place, until, (after, limit)))
    }

    fn ready_places(
        &self,
        ns: &Namespace,
        until: Timestamp,
        after: Option<&AwaitedAt>,
        limit: Limit,
    ) -> Result<Vec<AwaitedAt>, StoreFault> {
        self.ask(|link| questions::ready_places(link, ns, until, after, limit))
    }

    fn list(
        &self,
        ns: &Namespace,
        filter: &Filter,
        after: Option<&GrantId>,
        limit: Limit,
    ) -> Result<Listed, StoreFault> {
        self.ask(|link| questions::list(link, ns, filter, after, limit))
    }

    fn records(&self, ns: &Namespace, after: u64, limit: Limit) -> Result<Vec<Arc<Record>>, StoreFault> {
        self.record(ns, |link| records::after(link, ns, after, limit))
    }

    fn history(
        &self,
        ns: &Namespace,
        grant: &GrantId,
        after: u64,
        limit: Limit,
    ) -> Result<Vec<Arc<Record>>, StoreFault> {
        self.record(ns, |link| records::of_grant(link, ns, grant, after, limit))
    }

    fn size(&self, ns: &Namespace) -> Result<u64, StoreFault> {
        self.record(ns, |link| records::size(link, ns))
    }

    fn nodes(&self, ns: &Namespace, wanted: &[Node]) -> Result<Vec<Hash>, StoreFault> {
        self.record(ns, |link| records::nodes(link, ns, wanted))
    }

    fn leaves(&self, ns: &Namespace, after: u64, limit: Limit) -> Result<Vec<Arc<Leaf>>, StoreFault> {
        self.record(ns, |link| records::leaves(link, ns, after, limit))
    }

    fn compact(
        &self,
        ns: &Namespace,
        before: Timestamp,
        after: Option<&GrantId>,
        limit: Limit,
    ) -> Result<Compacted, StoreFault> {
        // What waits is sealed first, and mostly not while everything else is held.
        self.seal(ns)?;
        self.write(ns, |link, _| self.compacted(link, ns, before, (after, limit)))
    }

    fn receipt(&self, ns: &Namespace, command: &CommandId) -> Result<Option<Arc<Receipt>>, StoreFault> {
        self.ask(|link| {
            let rows = stage::asked(link, ns, RECEIPT, &[&ns.as_str(), &command.as_str()])?;
            rows.first().map(|row| receipts::read(row.get(0)).map(Arc::new)).transpose()
        })
    }
}
