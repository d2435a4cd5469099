//! Whoever looks at a store that is not theirs, or that nobody may write.

#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use super::{Night, code, err, out};

/// Nobody in particular.
const STRANGER: u32 = 65_534;

/// A folder that everybody reaches, with the file of a night on call.
struct Shared {
    folder: TempDir,
    night: Night,
}

impl Shared {
    fn with(test: &str, folder_mode: u32, file_mode: u32) -> Self {
        let night = Night::of(test);
        let shared = Self { folder: TempDir::new().unwrap(), night };
        // The program, too: where it was built others may not come.
        fs::copy(env!("CARGO_BIN_EXE_tenure"), shared.path("tenure")).unwrap();
        fs::copy(shared.night.0.join("night.db"), shared.path("night.db")).unwrap();
        fs::set_permissions(shared.path("night.db"), Permissions::from_mode(file_mode)).unwrap();
        fs::set_permissions(shared.folder.path(), Permissions::from_mode(folder_mode)).unwrap();
        shared
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program as somebody else; as whoever runs the tests, where that is nobody who may write what is read only.
    fn stranger(&self, args: &[&str]) -> Output {
        let mut command = Command::new(self.path("tenure"));
        command.args(args).current_dir(self.folder.path());
        if fs::metadata(self.folder.path()).unwrap().uid() == 0 {
            command.uid(STRANGER).gid(STRANGER);
        }
        command.output().unwrap()
    }

    /// What stands beside the program and the file.
    fn beside(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name != "tenure" && name != "night.db").collect();
        names.sort();
        names
    }
}

/// A log that they left would be theirs, and no host could write it.
#[test]
fn who_may_not_write_the_file_leaves_nothing_beside_it() {
    let shared = Shared::with("looking-stranger", 0o777, 0o444);
    for args in [
        &["log", "night.db"][..],
        &["doctor", "night.db"],
        &["list", "night.db"],
        &["audit", "export", "night.db"],
    ] {
        let output = shared.stranger(args);
        assert_eq!(code(&output), Some(0), "{args:?}: {}{}", out(&output), err(&output));
        assert_eq!(out(&output), shared.night.says(args), "it says what it says to its owner");
        assert!(shared.beside().is_empty(), "{args:?}: {:?}", shared.beside());
    }
}

#[test]
fn a_folder_that_nobody_may_write_is_read() {
    let shared = Shared::with("looking-folder", 0o555, 0o644);
    let output = shared.stranger(&["log", "night.db"]);
    assert_eq!(code(&output), Some(0), "{}{}", out(&output), err(&output));
    assert_eq!(out(&output), shared.night.says(&["log", "night.db"]));
    fs::set_permissions(shared.folder.path(), Permissions::from_mode(0o755)).unwrap();
}

/// What stands in the log alone is on record, too: it is not passed over.
#[test]
fn a_log_that_cannot_be_taken_over_is_told_of() {
    let shared = Shared::with("looking-log", 0o777, 0o444);
    fs::write(shared.path("night.db-wal"), [1; 64]).unwrap();
    let output = shared.stranger(&["log", "night.db"]);
    assert_eq!(code(&output), Some(2), "{}", out(&output));
    assert!(err(&output).contains("a log beside it"), "{}", err(&output));
}

/// Whoever has it open goes on, and whoever may not write it looks beside them.
#[test]
fn a_file_that_a_host_has_open_is_read_as_it_stands() {
    let shared = Shared::with("looking-host", 0o777, 0o644);
    let host = tenure::SqliteStore::open(shared.path("night.db")).unwrap();
    let before = shared.beside();
    assert_eq!(before, ["night.db-shm", "night.db-wal"]);
    let output = shared.stranger(&["log", "night.db"]);
    assert_eq!(code(&output), Some(0), "{}{}", out(&output), err(&output));
    assert_eq!(out(&output), shared.night.says(&["log", "night.db"]));
    assert_eq!(shared.beside(), before);
    drop(host);
    assert!(shared.beside().is_empty());
}

#[test]
fn a_copy_is_for_nobody_who_may_not_read_the_file() {
    let night = Night::of("looking-mode");
    for mode in [0o600, 0o640] {
        let copy = format!("copy-{mode:o}.db");
        fs::set_permissions(night.0.join("night.db"), Permissions::from_mode(mode)).unwrap();
        night.says(&["backup", "night.db", &copy]);
        let given = fs::metadata(Path::new(&night.0).join(&copy)).unwrap().permissions().mode();
        assert_eq!(given & 0o777, mode);
    }
}
