//! What is told of a move on its way, and at its end.

use std::time::Duration;

use crate::tables::TABLES;

/// How far a move has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Rows are compared, and copied where they differ, while others write.
    Copying {
        /// How often this was begun.
        round: u32,
        /// Where the rows are.
        table: &'static str,
        /// How many of its rows were looked at.
        rows: u64,
    },
    /// Nobody writes any more; the same once more.
    Comparing {
        /// Where the rows are.
        table: &'static str,
        /// How many of its rows were looked at.
        rows: u64,
    },
    /// It has left, and is in force nowhere.
    Left,
    /// It is in force in the other database.
    InForce,
    /// Its rows go where they were.
    Emptying {
        /// Where they are.
        table: &'static str,
    },
}

impl Step {
    /// Which part of a move this is, and of how many: copying, comparing and emptying are a part a table.
    #[must_use]
    pub fn part(self) -> (usize, usize) {
        let tables = TABLES.len();
        let place = |name: &str| TABLES.iter().position(|table| table.name == name).unwrap_or(0);
        let part = match self {
            Self::Copying { table, .. } => place(table),
            Self::Comparing { table, .. } => tables.saturating_add(place(table)),
            Self::Left | Self::InForce => tables.saturating_mul(2),
            Self::Emptying { table } => tables.saturating_mul(2).saturating_add(place(table)),
        };
        (part.saturating_add(1), tables.saturating_mul(3))
    }
}

/// A move that has come to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Rows that were copied, those that changed meanwhile more than once.
    pub copied: u64,
    /// How long nobody could write, of what this call has seen of it.
    pub still: Duration,
}
