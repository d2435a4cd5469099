//! On which store a story is played, and how that is closed and opened again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tenure_port::handle::{Counted, Counting};
use tenure_port::postgres::scratch::{Database, Scratch};
use tenure_port::store::{ManualClock, MemoryStore, Store, StoreFault};
use tenure_port::{Port, PostgresStore, SqliteStore};

/// On which store stories are played.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum House {
    /// In memory.
    #[default]
    Memory,
    /// In a SQLite file that goes when the story is told.
    Sqlite,
    /// In this SQLite file, which stays. It must not be there before.
    File(PathBuf),
    /// In a PostgreSQL database of its own, which is there for the story.
    Postgres(Scratch),
}

/// The store of one story.
pub(crate) enum Kept {
    Memory(Arc<MemoryStore>),
    Sqlite {
        /// Absent while it is closed, and where it could not be opened again.
        store: Option<Arc<SqliteStore>>,
        path: PathBuf,
        /// The folder of a file that goes.
        _folder: Option<TempDir>,
    },
    Postgres {
        /// Absent while it is closed, and where it could not be opened again.
        store: Option<Arc<PostgresStore>>,
        database: Database,
    },
}

/// Command ids of what the library does of itself are counted, so that a story told again is the same.
pub(crate) fn counting() -> Counting {
    Counting { prefix: "of the story".to_owned(), after: 0 }
}

impl House {
    /// An empty store.
    pub(crate) fn open(&self, clock: &Arc<ManualClock>) -> Result<Kept, String> {
        match self {
            Self::Memory => Ok(Kept::Memory(Arc::new(MemoryStore::with_clock(clock.clone())))),
            Self::Sqlite => {
                let folder = TempDir::with_prefix("tenure-").map_err(|why| why.to_string())?;
                let path = folder.path().join("story.db");
                Self::file(path, Some(folder), clock)
            }
            Self::File(path) if path.exists() => {
                Err(format!("`{}` is there already, and a story begins with nothing", path.display()))
            }
            Self::File(path) => Self::file(path.clone(), None, clock),
            Self::Postgres(scratch) => {
                let database = scratch.database()?;
                let store = PostgresStore::open_scratch(&database, clock.clone());
                let store = store.map_err(|fault| fault.to_string())?;
                Ok(Kept::Postgres { store: Some(Arc::new(store)), database })
            }
        }
    }

    fn file(path: PathBuf, folder: Option<TempDir>, clock: &Arc<ManualClock>) -> Result<Kept, String> {
        let store = opened(&path, clock).map_err(|fault| format!("`{}`: {fault}", path.display()))?;
        Ok(Kept::Sqlite { store: Some(store), path, _folder: folder })
    }
}

impl Kept {
    /// The door to it.
    pub(crate) fn port(&self, ids: &Counted) -> Port {
        let store: Arc<dyn Store> = match self {
            Self::Memory(store) => store.clone(),
            Self::Sqlite { store: Some(store), .. } => store.clone(),
            Self::Postgres { store: Some(store), .. } => store.clone(),
            // What cannot be opened holds nothing.
            Self::Sqlite { store: None, .. } | Self::Postgres { store: None, .. } => {
                Arc::new(MemoryStore::new())
            }
        };
        Port::open_with_ids(store, ids.clone())
    }

    /// Closes it, which nobody else holds open any more, and opens it again from what it had written.
    pub(crate) fn reopen(&mut self, clock: &Arc<ManualClock>) -> Result<(), StoreFault> {
        match self {
            Self::Memory(store) => {
                let bytes = store.to_bytes()?;
                let opened = MemoryStore::from_bytes(&bytes, clock.clone(), &tenure_port::compile)?;
                *store = Arc::new(opened);
            }
            Self::Sqlite { store, path, .. } => {
                drop(store.take());
                *store = Some(opened(path, clock)?);
            }
            Self::Postgres { store, database } => {
                drop(store.take());
                *store = Some(Arc::new(PostgresStore::open_scratch(database, clock.clone())?));
            }
        }
        Ok(())
    }
}

fn opened(path: &Path, clock: &Arc<ManualClock>) -> Result<Arc<SqliteStore>, StoreFault> {
    Ok(Arc::new(SqliteStore::open_with(path, clock.clone())?))
}
