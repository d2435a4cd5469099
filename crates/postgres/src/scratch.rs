//! Databases for stories and tests: each begins with nothing, is used again by the next one, and goes in the end.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_postgres::Config;

use crate::link::Link;
use crate::pool::{Options, Pool};
use crate::trouble::Trouble;

/// Databases beside the one that a connection string names, by whoever may make some. They go with the last handle.
#[derive(Clone)]
pub struct Scratch(Arc<Made>);

struct Made {
    url: String,
    names: Mutex<Names>,
}

#[derive(Default)]
struct Names {
    /// Made, and not in use.
    free: Vec<String>,
    count: u32,
}

/// A database with nothing in it, for as long as it is held.
#[derive(Debug)]
pub struct Database {
    scratch: Scratch,
    name: String,
}

/// Rows are sooner gone than a database made.
const EMPTY: &str = "DELETE FROM tenure.namespace; DELETE FROM tenure.turn; DELETE FROM tenure.seal; DELETE FROM tenure.document; \
    DELETE FROM tenure.name; DELETE FROM tenure.grants; DELETE FROM tenure.open_on; DELETE FROM tenure.span; \
    DELETE FROM tenure.awaited; DELETE FROM tenure.pending; DELETE FROM tenure.record; \
    DELETE FROM tenure.revocation; DELETE FROM tenure.refusal; DELETE FROM tenure.receipt; \
    DELETE FROM tenure.parked";

impl Scratch {
    /// Beside the database that this connection string names.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        Self(Arc::new(Made { url: url.into(), names: Mutex::default() }))
    }

    /// A database with nothing in it.
    ///
    /// # Errors
    /// What the server said.
    pub fn database(&self) -> Result<Database, String> {
        let free = self.0.names.lock().unwrap_or_else(PoisonError::into_inner).free.pop();
        if let Some(name) = free {
            let database = Database { scratch: self.clone(), name };
            database.sql(EMPTY)?;
            return Ok(database);
        }
        let name = {
            let mut names = self.0.names.lock().unwrap_or_else(PoisonError::into_inner);
            names.count = names.count.saturating_add(1);
            format!("tenure_scratch_{}_{}", std::process::id(), names.count)
        };
        self.0.sql(&format!("CREATE DATABASE {name}"))?;
        Ok(Database { scratch: self.clone(), name })
    }
}

impl Scratch {
    /// Runs plain SQL in the database that is named.
    #[cfg(feature = "cluster")]
    pub(crate) fn sql(&self, sql: &str) -> Result<(), String> {
        self.0.sql(sql)
    }
}

impl Made {
    fn sql(&self, sql: &str) -> Result<(), String> {
        link(&self.url, None)?.plain(sql).map_err(words)
    }
}

impl Database {
    /// How it is reached: what the connection string of its neighbour says, but for its name.
    ///
    /// # Errors
    /// That the connection string is wrong.
    pub(crate) fn config(&self) -> Result<Config, String> {
        config(&self.scratch.0.url, Some(&self.name))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs plain SQL in it.
    ///
    /// # Errors
    /// What the server said.
    pub fn sql(&self, sql: &str) -> Result<(), String> {
        self.link()?.plain(sql).map_err(words)
    }

    /// The first column of what a query gives, as text.
    ///
    /// # Errors
    /// What the server said.
    pub fn texts(&self, sql: &'static str) -> Result<Vec<String>, String> {
        let rows = self.link()?.rows(sql, &[]).map_err(words)?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    fn link(&self) -> Result<Link, String> {
        link(&self.scratch.0.url, Some(&self.name))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // One in which there is no store is not used again.
        if self.sql("SELECT 1 FROM tenure.receipt LIMIT 0").is_ok() {
            let mut names = self.scratch.0.names.lock().unwrap_or_else(PoisonError::into_inner);
            names.free.push(self.name.clone());
        } else {
            let _ = self.scratch.0.sql(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let free = std::mem::take(&mut self.names.lock().unwrap_or_else(PoisonError::into_inner).free);
        for name in free {
            let _ = self.sql(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

impl PartialEq for Scratch {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Scratch {}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The connection string may hold a password.
        f.debug_struct("Scratch").finish_non_exhaustive()
    }
}

fn config(url: &str, name: Option<&str>) -> Result<Config, String> {
    let mut config: Config = url.parse().map_err(|why| format!("the connection string is wrong: {why}"))?;
    if let Some(name) = name {
        config.dbname(name);
    }
    Ok(config)
}

fn link(url: &str, name: Option<&str>) -> Result<Link, String> {
    let config = config(url, name)?;
    Pool::of(config, Options::default()).and_then(|pool| pool.connect()).map_err(words)
}

fn words(trouble: Trouble) -> String {
    trouble.told().to_string()
}
