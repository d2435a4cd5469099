//! `tenure backup`: a copy of a store, made while others go on writing.

use std::io;
use std::path::PathBuf;
use tenure_past::words::counted;

use super::{Kept, Trouble, ended, url};
use crate::End;
use crate::screen::{GOOD, Progress, Screen, paint};

/// Copy a store, all of its namespaces, while other processes go on reading and writing it.
///
/// The copy is the store as it stood at one instant; under its name there is a whole copy or none. It is a store like
/// the other one: to restore it, put it in the place of what was lost, while nobody has that open, and remove what
/// stands beside that (`-wal`, `-shm`): it would be read into the copy. Look at what `tenure reconcile` lists before
/// workers take effects from it. What was granted or ended after the copy is not in it.
///
/// A database is copied by its server: `pg_dump`, or a base backup with its archived log.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenure backup access.db backups/access-2026-03-14.db
  tenure backup access.db copy.db && tenure doctor copy.db

Exit status:
  0  the copy is whole and on the disk
  2  the store could not be read or the copy not be written, or the command line is wrong")]
pub(crate) struct BackUp {
    /// The SQLite file of the store. It must be there.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The copy. It must not be there.
    #[arg(value_name = "COPY")]
    copy: PathBuf,
}

const DATABASE: &str = "a database is copied by its server: `pg_dump` for a copy of one instant, a base backup with its \
    archived log for every instant; after a restore, `tenure doctor` and `tenure reconcile` say what to look at";

pub(crate) fn run(ask: &BackUp, screen: &mut Screen) -> io::Result<End> {
    ended(copied(ask, screen))
}

fn copied(ask: &BackUp, screen: &mut Screen) -> Result<End, Trouble> {
    if url(&ask.file).is_some() {
        // What a server copies of itself, it brings back to any instant; a copy of ours would be less than that.
        return Err(Trouble::Unread(DATABASE.to_owned()));
    }
    let store = Kept::of(&ask.file)?;
    if ask.copy.exists() {
        let words = "is there already; a copy is made under a name that is free";
        return Err(Trouble::Unread(format!("`{}` {words}", ask.copy.display())));
    }
    let mut progress = Progress::new();
    let copied = store.backup(&ask.copy, &mut |done, of| progress.say(&format!("{done} of {of} pages")));
    drop(progress);
    let pages = copied.map_err(|fault| Trouble::Unread(fault.to_string()))?;
    let pages = counted(usize::try_from(pages).unwrap_or(usize::MAX), "page");
    let words = format!("✓ `{}` is a whole copy: {pages}", ask.copy.display());
    screen.line(&paint(GOOD, &tenure_scenario::trouble::tame(&words)))?;
    Ok(End::Well)
}
