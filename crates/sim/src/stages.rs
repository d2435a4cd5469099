//! Where the time of a run goes, for the reader of the output. Nothing that is decided or compared depends on it.

use std::fmt;
use std::time::Duration;

use crate::stopwatch::Stopwatch;

/// How long each part of a run took, on all threads together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stages {
    /// Thinking of what happens next.
    pub worlds: Duration,
    /// The library: answers, and closing and opening its store.
    pub library: Duration,
    /// Writing answers as JSON, and their digest.
    pub digest: Duration,
    /// What must always be true, which cells are reached, and the same on another store.
    pub checks: Duration,
    /// The second opinion.
    pub opinion: Duration,
}

impl Stages {
    /// Another run is added.
    pub(crate) fn add(&mut self, other: &Self) {
        self.worlds += other.worlds;
        self.library += other.library;
        self.digest += other.digest;
        self.checks += other.checks;
        self.opinion += other.opinion;
    }
}

/// Does this, and adds how long it took.
pub(crate) fn timed<A>(stage: &mut Duration, work: impl FnOnce() -> A) -> A {
    let watch = Stopwatch::started();
    let done = work();
    *stage += watch.lap();
    done
}

impl fmt::Display for Stages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { worlds, library, digest, checks, opinion } = *self;
        let all = (worlds + library + digest + checks + opinion).as_micros().max(1);
        let share = |part: Duration| part.as_micros().saturating_mul(100) / all;
        write!(
            f,
            "library {} %, worlds {} %, digest {} %, checks {} %, second opinion {} %",
            share(library),
            share(worlds),
            share(digest),
            share(checks),
            share(opinion)
        )
    }
}
