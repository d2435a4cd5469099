//! The default store: one SQLite file, shared by as many processes as open it.
//!
//! A plan runs in one transaction that no other writer is beside, and every commit is on the disk before it
//! is acknowledged. Opening a file reads nothing of what it holds: deadlines, effects that wait and access
//! that runs are columns, written in the commit that makes them so.
//!
//! What is erased is overwritten in the file, and the log beside it (`-wal`) is emptied before the erasure is
//! acknowledged. Where somebody reads the file all the while, a backup for instance, the erasure stands and the log
//! keeps the text until a later commit of the same process finds nobody in the way, or the last process closes the
//! file. Copies keep what they were made with.

mod backup;
mod compact;
mod desk;
mod digits;
mod erase;
mod examine;
mod file;
mod layout;
mod marks;
mod packed;
mod policies;
mod questions;
mod receipts;
mod records;
mod refusals;
mod seals;
mod states;
mod trouble;
mod words;
mod write;

use std::path::Path;
use std::sync::Arc;

use tenure_core::id::{CommandId, GrantId, Namespace};
use tenure_core::query::Held;
use tenure_core::record::Record;
use tenure_core::record::leaf::Leaf;
use tenure_core::record::tree::{Hash, Node};
use tenure_core::time::Timestamp;
use tenure_core::world::Receipt;
use tenure_store::policies::Shelf;
use tenure_store::query::asked_at;
use tenure_store::store::holds_by_the_rules;
use tenure_store::{
    Awaited, AwaitedAt, Clock, Compacted, Compile, Filter, Holding, HoldsAsk, Limit, Listed, Place, Plan,
    Store, StoreFault, SystemClock, WhoAsk,
};

pub use tenure_store::examine::{Examined, Findings, Part, Unconfirmed};

use crate::desk::{Desk, Tenant};
use crate::file::{File, Open};
use crate::questions::Known;
use crate::states::States;
use crate::trouble::{Out, Trouble};

/// A store in one SQLite file.
pub struct SqliteStore {
    file: File,
    clock: Arc<dyn Clock>,
    shelf: Shelf,
    states: States,
}

impl SqliteStore {
    /// Opens the store in that file with the machine's clock, and makes one where there is none.
    ///
    /// # Errors
    /// [`StoreFault::Newer`] where a newer version wrote it, [`StoreFault::Busy`] where others hold it for too
    /// long, [`StoreFault::Broken`] where it is no store or cannot be reached.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreFault> {
        Self::open_with(path, Arc::new(SystemClock))
    }

    /// The same with another clock.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_with(path: impl AsRef<Path>, clock: Arc<dyn Clock>) -> Result<Self, StoreFault> {
        Ok(Self::on(File::open(path.as_ref())?, clock))
    }

    /// Opens the store that is in that file, and makes none.
    ///
    /// # Errors
    /// As [`SqliteStore::open`], and [`StoreFault::Broken`] where there is no file or no store in it.
    pub fn open_existing(path: impl AsRef<Path>) -> Result<Self, StoreFault> {
        Ok(Self::on(File::open_existing(path.as_ref())?, Arc::new(SystemClock)))
    }

    /// Opens the store that is in that file to look at it: nothing of it is written, and every command is a fault. A file
    /// of the format before stays so: it can be copied, and everything else says so. Where this process may not write the
    /// file, it leaves nothing beside it either.
    ///
    /// # Errors
    /// As [`SqliteStore::open_existing`], and [`StoreFault::Broken`] where a log beside the file would have to be taken
    /// over and may not.
    pub fn look_at(path: impl AsRef<Path>) -> Result<Self, StoreFault> {
        Ok(Self::on(File::look_at(path.as_ref())?, Arc::new(SystemClock)))
    }

    fn on(file: File, clock: Arc<dyn Clock>) -> Self {
        Self { file, clock, shelf: Shelf::default(), states: States::default() }
    }

    /// Whether the file is whole, and whether all that it says of a namespace follows from the record. Nothing is
    /// written, and others go on. `told` hears which part is looked at, and how many rows of it were.
    ///
    /// # Errors
    /// [`StoreFault`] where nothing of it can be read.
    pub fn examine(&self, ns: &Namespace, told: &mut dyn FnMut(Part, u64)) -> Result<Findings, StoreFault> {
        let found = self.file.read(|connection| {
            let _open = Open::reading(connection)?;
            Ok(examine::Doctor::new(connection, ns, told)?.examine())
        });
        Ok(found?)
    }

    /// The namespaces in which anything was ever written, in order.
    ///
    /// # Errors
    /// [`StoreFault`] where they cannot be read.
    pub fn namespaces(&self) -> Result<Vec<String>, StoreFault> {
        let names = self.file.read(|connection| {
            let _open = Open::reading(connection)?;
            let mut names = connection.prepare_cached("SELECT name FROM namespace ORDER BY name")?;
            let names = names.query_map([], |row| row.get(0))?;
            Ok(names.collect::<rusqlite::Result<_>>()?)
        });
        Ok(names?)
    }

    /// Copies the whole store into a file that is not there yet, as it stands at this instant, while others go on
    /// reading and writing: every commit is in the copy whole, or not at all. `told` hears how many pages are
    /// copied, of how many. Answers how many there were.
    ///
    /// Until it is done, the file's log keeps what is written meanwhile. Whoever puts a copy in the place of a file
    /// removes the `-wal` and `-shm` of that one: they would be read into the copy.
    ///
    /// # Errors
    /// [`StoreFault::Broken`] where the copy, or a log under its name, is there already, or where it cannot be
    /// written. No part of it is left under that name.
    pub fn backup(&self, to: impl AsRef<Path>, told: &mut dyn FnMut(u64, u64)) -> Result<u64, StoreFault> {
        Ok(backup::copy(&self.file, to.as_ref(), told)?)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    fn write(&self, ns: &Namespace, plan: &mut dyn Plan) -> Out<()> {
        let writer = self.file.writer()?;
        let connection = writer.connection()?;
        let open = Open::writing(connection)?;
        let mut desk = Desk::new(connection, ns, &self.shelf, &self.states)?;
        desk.run(self.clock.now(), plan)?;
        if !desk.wrote {
            return Ok(());
        }
        let erased = !desk.erasing.is_empty();
        desk.close()?;
        let policies = desk.policies.clone();
        drop(desk);
        match open.commit() {
            Ok(()) => {
                self.shelf.keep(ns, &policies);
                self.file.leave_no_trace(connection, erased);
                Ok(())
            }
            Err(Trouble(StoreFault::Busy)) => Err(Trouble(StoreFault::Busy)),
            Err(doubt) => {
                writer.forget();
                Err(doubt)
            }
        }
    }

    fn snapshot(&self, ns: &Namespace, plan: &mut dyn Plan) -> Out<()> {
        let clock = self.clock.now();
        self.file.read(|connection| {
            let _open = Open::reading(connection)?;
            Desk::new(connection, ns, &self.shelf, &self.states)?.reading(clock, plan)
        })
    }

    fn compacted(
        &self,
        ns: &Namespace,
        before: Timestamp,
        after: Option<&GrantId>,
        limit: Limit,
    ) -> Out<Compacted> {
        let writer = self.file.writer()?;
        let connection = writer.connection()?;
        let open = Open::writing(connection)?;
        let tenant = Tenant::find(connection, ns)?;
        let compacted = compact::run(connection, (tenant.key, ns), before, after, limit)?;
        match open.commit() {
            Ok(()) => Ok(compacted),
            Err(Trouble(StoreFault::Busy)) => Err(Trouble(StoreFault::Busy)),
            Err(doubt) => {
                writer.forget();
                Err(doubt)
            }
        }
    }

    /// Answers from what is kept for a namespace.
    fn ask<A>(
        &self,
        ns: &Namespace,
        answer: impl FnOnce(&rusqlite::Connection, i64) -> Out<A>,
    ) -> Result<A, StoreFault> {
        let answered = self.file.read(|connection| {
            let _open = Open::reading(connection)?;
            let tenant = Tenant::find(connection, ns)?;
            answer(connection, tenant.key)
        });
        Ok(answered?)
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path()).finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn clock(&self) -> Timestamp {
        self.clock.now()
    }

    fn compile_with(&self, compile: Arc<dyn Compile>) {
        self.shelf.compile_with(compile);
    }

    fn transact(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        Ok(self.write(ns, plan)?)
    }

    fn view(&self, ns: &Namespace, plan: &mut dyn Plan) -> Result<(), StoreFault> {
        Ok(self.snapshot(ns, plan)?)
    }

    fn holds(&self, ns: &Namespace, ask: HoldsAsk<'_>, now: Timestamp) -> Result<Option<Held>, StoreFault> {
        let at = asked_at(self.clock.now(), now);
        match self.file.read(|connection| questions::holds(connection, ns, ask, at))? {
            Known::Surely(held) => Ok(held),
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
        self.ask(ns, |connection, key| questions::who_has(connection, (key, ns), ask, at, after, limit))
    }

    fn due(
        &self,
        ns: &Namespace,
        until: Timestamp,
        after: Option<&Awaited>,
        limit: Limit,
    ) -> Result<Vec<Awaited>, StoreFault> {
        self.ask(ns, |connection, ns| questions::due(connection, ns, until, after, limit))
    }

    fn ready(
        &self,
        ns: &Namespace,
        place: Place<'_>,
        until: Timestamp,
        after: Option<&Awaited>,
        limit: Limit,
    ) -> Result<Vec<Awaited>, StoreFault> {
        self.ask(ns, |connection, ns| questions::ready(connection, ns, place, until, after, limit))
    }

    fn ready_places(
        &self,
        ns: &Namespace,
        until: Timestamp,
        after: Option<&AwaitedAt>,
        limit: Limit,
    ) -> Result<Vec<AwaitedAt>, StoreFault> {
        self.ask(ns, |connection, ns| questions::ready_places(connection, ns, until, after, limit))
    }

    fn list(
        &self,
        ns: &Namespace,
        filter: &Filter,
        after: Option<&GrantId>,
        limit: Limit,
    ) -> Result<Listed, StoreFault> {
        self.ask(ns, |connection, key| {
            questions::list(connection, &self.states, (key, ns), filter, after, limit)
        })
    }

    fn records(&self, ns: &Namespace, after: u64, limit: Limit) -> Result<Vec<Arc<Record>>, StoreFault> {
        self.ask(ns, |connection, key| records::after(connection, (key, ns), after, limit))
    }

    fn history(
        &self,
        ns: &Namespace,
        grant: &GrantId,
        after: u64,
        limit: Limit,
    ) -> Result<Vec<Arc<Record>>, StoreFault> {
        self.ask(ns, |connection, key| records::of_grant(connection, (key, ns), grant, after, limit))
    }

    fn size(&self, ns: &Namespace) -> Result<u64, StoreFault> {
        Ok(self.file.read(|connection| Ok(Tenant::find(connection, ns)?.records))?)
    }

    fn nodes(&self, ns: &Namespace, wanted: &[Node]) -> Result<Vec<Hash>, StoreFault> {
        self.ask(ns, |connection, key| {
            wanted.iter().map(|node| seals::node(connection, key, *node)).collect()
        })
    }

    fn leaves(&self, ns: &Namespace, after: u64, limit: Limit) -> Result<Vec<Arc<Leaf>>, StoreFault> {
        self.ask(ns, |connection, key| records::leaves(connection, key, after, limit))
    }

    fn compact(
        &self,
        ns: &Namespace,
        before: Timestamp,
        after: Option<&GrantId>,
        limit: Limit,
    ) -> Result<Compacted, StoreFault> {
        Ok(self.compacted(ns, before, after, limit)?)
    }

    fn receipt(&self, ns: &Namespace, command: &CommandId) -> Result<Option<Arc<Receipt>>, StoreFault> {
        self.ask(ns, |connection, key| receipts::of(connection, (key, ns), command))
    }
}
