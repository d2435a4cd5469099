//! Whether a store is whole: what an examination looks at, and what it finds.

use tenure_core::grant::Enforcement;
use tenure_core::time::Timestamp;

/// What is examined, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The pages of a file, as SQLite sees them. A server looks after its own.
    File,
    /// Records: none is missing, each can be read, and the tree is theirs.
    Record,
    /// Lines that have no place in the record yet: each can be read, and none was set aside.
    Waiting,
    /// Grants: each is what its events lead to, and so is its row.
    Grants,
    /// Open grants by flow, item and integration.
    Open,
    /// Who holds what, since when, until when.
    Spans,
    /// Deadlines and effects that wait, by person.
    Awaited,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// The part.
    pub part: Part,
    /// How many rows were looked at.
    pub looked_at: u64,
    /// The first thing that is wrong, in words.
    pub wrong: Option<String>,
}

/// A grant of which targets have not confirmed what they must.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unconfirmed {
    /// The grant.
    pub grant: String,
    /// What targets have confirmed.
    pub enforcement: Enforcement,
    /// When its last event was.
    pub since: Timestamp,
}

/// All that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Each part, in order.
    pub parts: Vec<Examined>,
    /// Grants with an effect that is stuck, and grants that are closed and not yet removed.
    pub unconfirmed: Vec<Unconfirmed>,
}
