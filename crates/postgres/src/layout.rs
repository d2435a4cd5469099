//! The layout of the database: made where there is none, by whichever host comes first.

use std::thread::sleep;
use std::time::Duration;

use tenure_store::StoreFault;

use crate::link::Link;
use crate::trouble::{Again, Out, Trouble, broken};

/// The version of the layout. A database of a later one is left alone.
pub(crate) const FORMAT: i32 = 2;
/// What leads to each version from the one before.
const STEPS: &[(i32, &str)] = &[(1, include_str!("schema.sql")), (2, include_str!("schema_2.sql"))];
/// How often making it is tried while others do the same.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(50);

const THERE: &str = "SELECT to_regclass('tenure.layout') IS NOT NULL";
const VERSION: &str = "SELECT version FROM tenure.layout WHERE one = 1";
const VERSION_LOCKED: &str = "SELECT version FROM tenure.layout WHERE one = 1 FOR UPDATE";

/// Makes a store of a database that holds none, brings an older one up to date, and leaves a newer one alone.
pub(crate) fn prepare(link: &mut Link) -> Out<()> {
    for _ in 0..TRIES {
        if let Some(found) = version(link)?
            && found >= FORMAT
        {
            return right(found);
        }
        match make(link) {
            Ok(()) => {}
            // Somebody else makes the same at this moment: what PostgreSQL says of that differs from case to case.
            Err(trouble) => {
                link.plain("ROLLBACK")?;
                if !is_race(&trouble) {
                    return Err(trouble);
                }
                sleep(PAUSE);
            }
        }
    }
    Err(StoreFault::Busy.into())
}

/// The layout must be there and right: nothing is made.
pub(crate) fn check(link: &mut Link) -> Out<()> {
    match version(link)? {
        None | Some(0) => Err(broken("the database holds no store of tenure")),
        Some(older) if older < FORMAT => {
            let words = "the first host of this version brings it up to date when it opens it";
            Err(broken(format!("it has the layout {older} of an older version; {words}")))
        }
        Some(found) => right(found),
    }
}

fn version(link: &mut Link) -> Out<Option<i32>> {
    let there = link.rows(THERE, &[])?.first().is_some_and(|row| row.get(0));
    if !there {
        return Ok(None);
    }
    Ok(link.rows(VERSION, &[])?.first().map(|row| row.get(0)))
}

fn make(link: &mut Link) -> Out<()> {
    link.plain(
        "BEGIN; CREATE SCHEMA IF NOT EXISTS tenure; \
         CREATE TABLE IF NOT EXISTS tenure.layout (one integer PRIMARY KEY, version integer NOT NULL); \
         INSERT INTO tenure.layout (one, version) VALUES (1, 0) ON CONFLICT DO NOTHING; COMMIT",
    )?;
    // Whoever holds this row makes it; the others wait for it, and then find it made.
    link.plain("BEGIN")?;
    let found = link.rows(VERSION_LOCKED, &[])?.first().map_or(0, |row| row.get::<_, i32>(0));
    for (version, step) in STEPS.iter().filter(|(version, _)| *version > found) {
        link.plain(step)?;
        link.plain(&format!("UPDATE tenure.layout SET version = {version} WHERE one = 1"))?;
    }
    link.plain("COMMIT")
}

fn is_race(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Again(Again::Met) => true,
        // Duplicate schema, table or object, and a catalogue row that another one changed.
        Trouble::Fault(StoreFault::Broken(why)) => {
            ["42P06", "42P07", "42710", "XX000"].iter().any(|code| why.contains(code))
        }
        Trouble::Fault(
            StoreFault::Busy | StoreFault::InDoubt | StoreFault::Newer { .. } | StoreFault::Moved(_),
        )
        | Trouble::Lost(_)
        | Trouble::Again(Again::Names(_) | Again::Alone | Again::MakeWay) => false,
    }
}

fn right(found: i32) -> Out<()> {
    match found {
        FORMAT => Ok(()),
        newer if newer > FORMAT => {
            Err(StoreFault::Newer { found: u32::try_from(newer).unwrap_or(u32::MAX) }.into())
        }
        other => Err(broken(format!("no store has the format {other}"))),
    }
}
