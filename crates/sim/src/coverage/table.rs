//! The table, printed.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Came, Coverage, Standing};

/// What only asks.
const QUESTIONS: [&str; 9] =
    ["look", "offer", "explain", "holds", "list", "inbox", "catalog", "history", "records"];

impl Coverage {
    /// How many commands of actors, sweepers and workers were accepted, and how many there were.
    #[must_use]
    pub fn commands(&self) -> (u64, u64) {
        let of = |counts: &dyn Fn(&Came) -> bool| {
            let cells =
                self.cells.iter().filter(|(cell, _)| !QUESTIONS.contains(&cell.verb) && counts(&cell.came));
            cells.map(|(_, times)| times).sum()
        };
        (of(&|came| matches!(came, Came::Ok | Came::Repeated)), of(&|_| true))
    }

    /// By verb and standing what came of it, how often; and the share of each verb that was accepted.
    #[must_use]
    pub fn table(&self) -> String {
        let mut rows: BTreeMap<(&str, Standing), Vec<String>> = BTreeMap::new();
        let mut shares: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for (cell, times) in &self.cells {
            rows.entry((cell.verb, cell.standing)).or_default().push(format!("{} {times}", cell.came));
            let share = shares.entry(cell.verb).or_default();
            share.0 += if matches!(cell.came, Came::Ok | Came::Repeated) { *times } else { 0 };
            share.1 += times;
        }
        let mut text = String::new();
        for ((verb, standing), came) in rows {
            let _ = writeln!(text, "{verb:<18} {standing:<13} {}", came.join(", "));
        }
        for (verb, (accepted, all)) in shares {
            let _ =
                writeln!(text, "{verb:<18} {accepted} of {all} accepted, {} %", accepted * 100 / all.max(1));
        }
        let (accepted, all) = self.commands();
        let _ = writeln!(text, "{accepted} of {all} commands accepted, {} %", accepted * 100 / all.max(1));
        for (event, times) in &self.events {
            let _ = writeln!(text, "event {event:<26} {times}");
        }
        text
    }
}
