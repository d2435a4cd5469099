//! What a program wrote down of what it asked and of what it was told, read again after its end.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use sha2::{Digest, Sha256};
use tenure::Receipt;

use crate::load::Deed;

/// The writing side: a line reaches the system whole before the program goes on.
pub(crate) struct Journal(Mutex<std::fs::File>);

impl Journal {
    pub(crate) fn open(path: &Path) -> Self {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        Self(Mutex::new(file))
    }

    pub(crate) fn line(&self, line: std::fmt::Arguments<'_>) {
        let line = format!("{line}\n");
        self.0.lock().unwrap().write_all(line.as_bytes()).unwrap();
    }
}

/// What became of a command as far as the program knew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It was given, and the program ended before it was answered, or heard of a fault.
    Nothing,
    /// It was accepted, with this answer.
    Accepted(String),
    /// It was refused with this code.
    Refused(String),
}

/// What was read of a journal.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) deeds: BTreeMap<Deed, Heard>,
    /// Effects that were handed out: which, and at which attempt.
    pub(crate) taken: Vec<(String, u32)>,
    pub(crate) faults: Vec<String>,
}

impl Told {
    pub(crate) fn read(path: &PathBuf) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        // A line that was cut off was not said.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let mut told = Self::default();
        for line in whole.lines() {
            let parts: Vec<&str> = line.split('\t').collect();
            match parts[..] {
                ["asked", name] => {
                    told.deeds.insert(Deed::of(name), Heard::Nothing);
                }
                ["told", name, digest] => {
                    told.deeds.insert(Deed::of(name), Heard::Accepted(digest.to_owned()));
                }
                ["refused", name, code] => {
                    told.deeds.insert(Deed::of(name), Heard::Refused(code.to_owned()));
                }
                ["took", effect, attempt] => told.taken.push((effect.to_owned(), attempt.parse().unwrap())),
                ["fault", what] => told.faults.push(what.to_owned()),
                _ => panic!("a line of no kind: {line}"),
            }
        }
        told
    }

    pub(crate) fn answered(&self) -> usize {
        self.deeds.values().filter(|heard| **heard != Heard::Nothing).count()
    }
}

/// The digest of an answer.
pub(crate) fn digest(receipt: &Receipt) -> String {
    Sha256::digest(format!("{receipt:?}")).iter().map(|byte| format!("{byte:02x}")).collect()
}
