//! The file: how it is opened, what it must be, and the connections to it.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use tenure_store::StoreFault;

use crate::layout::{self, BEFORE, FORMAT};
use crate::trouble::{Out, Trouble, broken};

/// Marks a file as a store of tenure: `tenu`.
const APPLICATION: i32 = 0x7465_6e75;
/// How long a transaction waits for those of other processes.
const BUSY: Duration = Duration::from_secs(10);
/// Statements that a connection keeps prepared: more than there are.
const STATEMENTS: usize = 128;
/// Pages that the writing connection keeps in memory, in KiB, as it comes to need them: of the indexes by random id
/// it touches another one with every command.
const WRITER_CACHE: i64 = 64 * 1_024;
/// Pages of the log that are taken over into the file together: those that many commits change are written once.
const CHECKPOINT: i64 = 4_000;
/// How long an erasure waits for those who read, so that the log can be emptied; those who write wait meanwhile.
const EMPTIED_WITHIN: Duration = Duration::from_millis(500);
/// Reading connections that are kept open; more are opened where more threads ask at once.
const READERS_KEPT: usize = 16;

/// One file, and the connections to it.
pub(crate) struct File {
    path: PathBuf,
    way: Way,
    /// Absent after a commit of which it is not known whether it was written: the next one begins anew.
    writer: Mutex<Option<Connection>>,
    readers: Mutex<Vec<Connection>>,
    /// Whether the log may still say what was erased.
    trace: AtomicBool,
}

/// How a file is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Read and written, as hosts do.
    Worked,
    /// Only read, with what hosts have beside it.
    LookedAt,
    /// Only read, and nothing is made beside it, for this process may not write it and no host has it open.
    Still,
}

impl File {
    pub(crate) fn open(path: &Path) -> Out<Self> {
        let mut writer = writing(connect(path)?)?;
        prepare(&mut writer)?;
        Ok(Self::of(path, writer))
    }

    /// The same of a file that holds a store already. What is not there is not made, and what is empty stays so.
    pub(crate) fn open_existing(path: &Path) -> Out<Self> {
        let mut writer = writing(connect_with(path, OpenFlags::empty())?)?;
        match format(&writer)?.ok_or_else(|| broken("the file is empty, no store of tenure"))? {
            BEFORE => prepare(&mut writer)?,
            found => right(found)?,
        }
        Ok(Self::of(path, writer))
    }

    /// The same, to look at it: nothing of it is written, so one of the format before stays so and can only be copied.
    pub(crate) fn look_at(path: &Path) -> Out<Self> {
        let (way, reader) = looking(path)?;
        let found = format(&reader)?.ok_or_else(|| broken("the file is empty, no store of tenure"))?;
        if found != BEFORE {
            right(found)?;
        }
        let (writer, readers) = (Mutex::default(), Mutex::new(vec![reader]));
        Ok(Self { path: path.to_owned(), way, writer, readers, trace: AtomicBool::new(false) })
    }

    fn of(path: &Path, writer: Connection) -> Self {
        let (writer, readers) = (Mutex::new(Some(writer)), Mutex::default());
        Self { path: path.to_owned(), way: Way::Worked, writer, readers, trace: AtomicBool::new(false) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The connection that writes, for one at a time. A plan that broke off left nothing open in it.
    pub(crate) fn writer(&self) -> Out<Writer<'_>> {
        if self.way != Way::Worked {
            return Err(broken("it was opened to be looked at, and is not written"));
        }
        let mut kept = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_none() {
            *kept = Some(writing(connect(&self.path)?)?);
        }
        Ok(Writer(kept))
    }

    /// Empties the log after a commit that erased something: until then the log has it as it was, and so has the file
    /// itself. Where somebody reads for longer, it is tried again after each commit. It fails no commit, which is
    /// there already.
    pub(crate) fn leave_no_trace(&self, connection: &Connection, erased: bool) {
        if erased || self.trace.load(Ordering::Relaxed) {
            let patience = if erased { EMPTIED_WITHIN } else { Duration::ZERO };
            self.trace.store(!empty_log(connection, patience).unwrap_or(false), Ordering::Relaxed);
        }
    }

    /// Runs what only reads on a connection of its own.
    pub(crate) fn read<A>(&self, answer: impl FnOnce(&Connection) -> Out<A>) -> Out<A> {
        let kept = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = match kept {
            Some(reader) => reader,
            None => reading(&self.path, self.way)?,
        };
        let answered = answer(&reader);
        let mut kept = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < READERS_KEPT && reader.is_autocommit() {
            kept.push(reader);
        }
        answered
    }
}

/// The connection that writes, while it is lent.
pub(crate) struct Writer<'f>(MutexGuard<'f, Option<Connection>>);

impl Writer<'_> {
    pub(crate) fn connection(&self) -> Out<&Connection> {
        self.0.as_ref().ok_or_else(|| broken("the file is not open"))
    }

    /// Closes it: what it believes of the file may be wrong.
    pub(crate) fn forget(mut self) {
        *self.0 = None;
    }
}

/// A transaction that is open until it is committed. Left behind, also by a panic, it is as if it never was.
pub(crate) struct Open<'c>(&'c Connection);

impl<'c> Open<'c> {
    /// Begins one that writes: others wait.
    pub(crate) fn writing(connection: &'c Connection) -> Out<Self> {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let open = Self(connection);
        // Another process may have brought the file to a later format since it was opened here.
        right_format(connection)?;
        Ok(open)
    }

    /// Begins one that reads: a snapshot.
    pub(crate) fn reading(connection: &'c Connection) -> Out<Self> {
        connection.prepare_cached("BEGIN")?.execute([])?;
        let open = Self(connection);
        right_format(connection)?;
        Ok(open)
    }

    /// Begins one that copies the file as it is, whatever its format: a snapshot.
    pub(crate) fn copying(connection: &'c Connection) -> Out<Self> {
        connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self(connection))
    }

    /// Writes it all down for good.
    ///
    /// A commit that fails half-way leaves open whether it was written: a later reader of the file says.
    pub(crate) fn commit(self) -> Out<()> {
        let committed = self.0.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        match committed.map_err(Trouble::from) {
            Ok(_) => Ok(()),
            Err(busy @ Trouble(StoreFault::Busy)) => Err(busy),
            Err(Trouble(_)) => Err(Trouble(StoreFault::InDoubt)),
        }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.0.is_autocommit() {
            // What cannot be rolled back is not committed either: the connection is then dropped with it.
            let _ = self.0.execute_batch("ROLLBACK");
        }
    }
}

fn connect(path: &Path) -> Out<Connection> {
    connect_with(path, OpenFlags::SQLITE_OPEN_CREATE)
}

fn connect_with(path: &Path, more: OpenFlags) -> Out<Connection> {
    set(path, Connection::open_with_flags(literally(path), more | OpenFlags::SQLITE_OPEN_READ_WRITE | COMMON))
}

/// What every connection is opened with.
const COMMON: OpenFlags = OpenFlags::SQLITE_OPEN_NO_MUTEX.union(OpenFlags::SQLITE_OPEN_EXRESCODE);

/// A connection that reads, in that way.
fn reading(path: &Path, way: Way) -> Out<Connection> {
    let reader = match way {
        Way::Worked => connect(path)?,
        Way::LookedAt => connect_with(path, OpenFlags::empty())?,
        Way::Still => {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | COMMON;
            set(path, Connection::open_with_flags(unchanging(path), flags))?
        }
    };
    reader.pragma_update(None, "query_only", true)?;
    Ok(reader)
}

/// How a file is looked at here, and a connection that does.
///
/// A log that this process made beside the file of somebody else would be in the way of every host. So where the file
/// may not be written and no host has it open, it is read as what does not change.
fn looking(path: &Path) -> Out<(Way, Connection)> {
    let may_write = OpenOptions::new().write(true).open(path).is_ok();
    if may_write || beside(path, "-shm").exists() {
        let reader = reading(path, Way::LookedAt)?;
        let read = reader.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0));
        let barred = |error: &rusqlite::Error| {
            matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
        };
        if !read.as_ref().is_err_and(barred) {
            return Ok((Way::LookedAt, reader));
        }
    }
    if fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0) {
        let words = "it has a log beside it that is not taken over yet, and this process may not write it: look at it as \
                     whoever owns it, or once a host has opened it";
        return Err(broken(words));
    }
    Ok((Way::Still, reading(path, Way::Still)?))
}

/// The file as SQLite is told of one that nobody changes.
fn unchanging(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in literally(path).as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte))
            }
            byte => uri.push_str(&format!("%{byte:02x}")),
        }
    }
    uri + "?immutable=1"
}

/// The file that stands beside this one and is called so.
pub(crate) fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(what);
    PathBuf::from(name)
}

/// What holds for every connection.
fn set(path: &Path, opened: rusqlite::Result<Connection>) -> Out<Connection> {
    let connection =
        opened.map_err(|error| broken(format!("`{}` cannot be opened: {error}", path.display())))?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A commit is on the disk before it is acknowledged.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What the file itself defines is not trusted, and what it says is checked as it is read.
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

/// Takes over into the file what stands in the log, and cuts the log off: whether nobody was in the way.
fn empty_log(connection: &Connection, patience: Duration) -> rusqlite::Result<bool> {
    connection.busy_timeout(patience)?;
    let emptied =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0).map(|busy: bool| !busy));
    connection.busy_timeout(BUSY)?;
    emptied
}

/// The path as nothing but a path: SQLite takes names like `file:x` and `:memory:` for something else.
pub(crate) fn literally(path: &Path) -> PathBuf {
    Path::new(".").join(path)
}

/// The connection that writes.
fn writing(connection: Connection) -> Out<Connection> {
    // A negative number counts KiB, not pages.
    connection.pragma_update(None, "cache_size", -WRITER_CACHE)?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT, |_| Ok(()))?;
    // What is erased is overwritten, not only left out.
    connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    Ok(connection)
}

/// Makes a store of an empty file, brings an older one up to date, and leaves everything else alone.
fn prepare(connection: &mut Connection) -> Out<()> {
    if let Some(found) = format(connection)?.filter(|found| *found != BEFORE) {
        right(found)?;
    }
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))?;
    let open = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Again, now that nobody else does the same.
    match format(&open)? {
        Some(BEFORE) => layout::bring_up_to_date(&open)?,
        Some(found) => right(found)?,
        None => {
            layout::make(&open)?;
            open.pragma_update(None, "application_id", APPLICATION)?;
        }
    }
    open.commit()?;
    Ok(())
}

/// The format of the file; nothing where it is empty.
fn format(connection: &Connection) -> Out<Option<u32>> {
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if application == APPLICATION {
        // A query over a view may never end, and a trigger does what nobody asked for.
        let sql = "SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index') OR rootpage = 0";
        return match connection.query_row(sql, [], |row| row.get(0))? {
            0 => Ok(Some(version)),
            foreign => {
                Err(broken(format!("in the file stand {foreign} views or triggers: no store has any")))
            }
        };
    }
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 && application == 0 && version == 0 {
        Ok(None)
    } else {
        Err(broken("the file is a database of something else, no store of tenure"))
    }
}

fn right_format(connection: &Connection) -> Out<()> {
    right(connection.prepare_cached("PRAGMA user_version")?.query_row([], |row| row.get(0))?)
}

fn right(found: u32) -> Out<()> {
    match found {
        FORMAT => Ok(()),
        BEFORE => Err(broken(format!(
            "it has format {BEFORE}, of the version before: the first host of this version that opens it brings it up to \
             date, and hosts of that version are then locked out. Looking at it does not: copy it first"
        ))),
        newer if newer > FORMAT => Err(Trouble(StoreFault::Newer { found: newer })),
        other => Err(broken(format!("no store has the format {other}"))),
    }
}
