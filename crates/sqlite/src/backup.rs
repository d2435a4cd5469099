//! A copy of the file, made while others go on writing.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use tenure_store::StoreFault;

use crate::file::{File, Open, beside, literally};
use crate::trouble::{Out, Trouble, broken, count};

/// Pages that are copied between two words on how far it has come.
const PAGES_AT_ONCE: i32 = 1_000;

/// Copies the file as it stands at this instant: one snapshot, however long it takes and whatever is written
/// meanwhile. `told` hears how many pages are copied, of how many. Under its name there is a whole copy or none.
pub(crate) fn copy(file: &File, to: &Path, told: &mut dyn FnMut(u64, u64)) -> Out<u64> {
    if to.try_exists().map_err(|why| at(to, &why))? {
        return Err(broken(format!("`{}` is there already", to.display())));
    }
    for log in ["-wal", "-journal"].map(|log| beside(to, log)) {
        if log.try_exists().map_err(|why| at(&log, &why))? {
            let words = "is there: it is of a file that is gone, and would be read into the copy";
            return Err(broken(format!("`{}` {words}", log.display())));
        }
    }
    let part = Part::begin(to)?;
    let pages = file.read(|source| {
        // A transaction that reads keeps what it sees: SQLite would begin the copy anew with every commit.
        let _snapshot = Open::copying(source)?;
        pages(source, &part.path, told)
    })?;
    // Whoever may not read the file may not read its copy.
    let permissions = fs::metadata(file.path()).map_err(|why| at(file.path(), &why))?.permissions();
    fs::set_permissions(&part.path, permissions).map_err(|why| at(&part.path, &why))?;
    part.end(to)?;
    Ok(pages)
}

fn pages(source: &Connection, to: &Path, told: &mut dyn FnMut(u64, u64)) -> Out<u64> {
    let mut copy = Connection::open(literally(to))?;
    let total = {
        let backup = Backup::new(source, &mut copy)?;
        loop {
            let step = backup.step(PAGES_AT_ONCE)?;
            let progress = backup.progress();
            let (left, total) = (count(progress.remaining.into())?, count(progress.pagecount.into())?);
            told(total.saturating_sub(left), total);
            match step {
                StepResult::Done => break total,
                StepResult::More => {}
                // Nobody else has the copy, and the snapshot is held: it is not for waiting.
                StepResult::Busy | StepResult::Locked | _ => return Err(Trouble(StoreFault::Busy)),
            }
        }
    };
    copy.close().map_err(|(_, error)| Trouble::from(error))?;
    Ok(total)
}

/// A copy that is not whole yet, beside its place. It goes where it is given up.
struct Part {
    path: PathBuf,
    whole: bool,
}

impl Part {
    fn begin(to: &Path) -> Out<Self> {
        let path = beside(to, ".part");
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(_) => Ok(Self { path, whole: false }),
            Err(why) if why.kind() == std::io::ErrorKind::AlreadyExists => Err(broken(format!(
                "`{}` is there: another copy is being made, or one was broken off and can be removed",
                path.display()
            ))),
            Err(why) => Err(at(&path, &why)),
        }
    }

    /// Gives it its name, for good: once this returns, it is on the disk.
    fn end(mut self, to: &Path) -> Out<()> {
        let copy = OpenOptions::new().write(true).open(&self.path).map_err(|why| at(&self.path, &why))?;
        copy.sync_all().map_err(|why| at(&self.path, &why))?;
        fs::rename(&self.path, to).map_err(|why| at(to, &why))?;
        self.whole = true;
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        // Not every system opens a folder; those that do not write names down by themselves.
        if let Ok(folder) = fs::File::open(folder.unwrap_or(Path::new("."))) {
            folder.sync_all().map_err(|why| at(to, &why))?;
        }
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.whole {
            // What cannot be removed is in the way of the next copy, which says so.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn at(path: &Path, why: &std::io::Error) -> Trouble {
    broken(format!("`{}`: {why}", path.display()))
}
