//! A run: episodes of worlds that a seed makes, played on as many threads as there are, told in their order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use sha2::{Digest, Sha256};

use crate::coverage::Coverage;
use crate::episode::{Looks, Luck, Played, Second, play};
use crate::finding::Finding;
use crate::script::Told;
use crate::shrink::{Shrunk, shrink};
use crate::stages::{Stages, timed};
use crate::subject::StoreKind;
use crate::twin;
use crate::workload::Workload;

/// Calls of an episode. A world that is left behind early enough stays small, and so does what is looked at.
const EPISODE: u64 = 1_000;
/// Of so many episodes one is played again: twice the same, and with other sweeps.
const TWIN: u64 = 16;
/// Of so many steps and refusals one is looked at in the costly ways.
const SAMPLE: u64 = 16;

/// What is run.
#[derive(Clone, Copy)]
pub struct Settings<'l> {
    /// What makes the worlds.
    pub seed: u64,
    /// How many calls in all.
    pub calls: u64,
    /// One episode alone.
    pub episode: Option<u64>,
    /// On so many threads.
    pub threads: usize,
    /// Where the library keeps everything.
    pub store: StoreKind,
    /// On which other store the same is played, to the same end.
    pub beside: Option<StoreKind>,
    /// Who else is asked.
    pub second: Option<Second<'l>>,
    /// Whether invariants are checked.
    pub invariants: bool,
    /// Whether it is counted which cells are reached.
    pub coverage: bool,
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// SHA-256 over the digests of the episodes, in order.
    pub digest: String,
    /// Episodes.
    pub episodes: u64,
    /// Calls.
    pub calls: u64,
    /// Calls that were answered with what they asked.
    pub accepted: u64,
    /// Refusals whose advice was tried.
    pub advised: u64,
    /// Which cells were reached.
    pub coverage: Coverage,
    /// Where the time went.
    pub stages: Stages,
    /// What must not be, by episode.
    pub findings: Vec<(u64, Finding)>,
}

impl Settings<'_> {
    /// The numbers of the episodes.
    fn episodes(&self) -> std::ops::Range<u64> {
        self.episode.map_or(0..self.calls.div_ceil(EPISODE), |one| one..one.saturating_add(1))
    }

    /// Calls of an episode: the last one is what is left.
    #[must_use]
    pub fn calls_of(&self, episode: u64) -> u64 {
        self.calls.saturating_sub(episode.saturating_mul(EPISODE)).min(EPISODE)
    }

    /// The world of an episode.
    #[must_use]
    pub fn world(&self, episode: u64) -> Workload {
        Workload::new(self.world_seed(episode))
    }

    fn world_seed(&self, episode: u64) -> u64 {
        let digest = Sha256::digest([self.seed.to_le_bytes(), episode.to_le_bytes()].concat());
        digest.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte))
    }

    /// How an episode is looked at.
    #[must_use]
    pub fn looks(&self, episode: u64) -> Looks<'_> {
        Looks {
            store: self.store,
            beside: self.beside,
            second: self.second,
            invariants: self.invariants,
            coverage: self.coverage,
            luck: Luck::OneIn(SAMPLE, self.world_seed(episode)),
            keep: false,
        }
    }

    fn played(&self, episode: u64) -> Played {
        let twin = self.invariants && episode.is_multiple_of(TWIN);
        let looks = Looks { keep: twin, ..self.looks(episode) };
        let mut played = play(&mut self.world(episode), self.calls_of(episode), looks);
        if twin && played.finding.is_none() {
            let mut checks = played.stages.checks;
            played.finding = timed(&mut checks, || twin::all(&played, self.store)).err();
            played.stages.checks = checks;
        }
        Played { steps: Vec::new(), record: Vec::new(), ..played }
    }
}

/// Runs all of it. `told` hears how many calls are over.
pub fn run(settings: &Settings<'_>, mut told: impl FnMut(u64)) -> Report {
    let episodes = settings.episodes();
    let next = AtomicU64::new(episodes.start);
    let (sender, receiver) = mpsc::channel();
    let mut report = Report::default();
    let mut digest = Sha256::new();
    std::thread::scope(|threads| {
        for _ in 0..settings.threads.max(1) {
            let (sender, next, episodes) = (sender.clone(), &next, &episodes);
            threads.spawn(move || {
                loop {
                    let episode = next.fetch_add(1, Ordering::Relaxed);
                    if !episodes.contains(&episode)
                        || sender.send((episode, settings.played(episode))).is_err()
                    {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting: BTreeMap<u64, Played> = BTreeMap::new();
        let mut expected = episodes.start;
        for (episode, played) in receiver {
            waiting.insert(episode, played);
            while let Some(played) = waiting.remove(&expected) {
                digest.update(played.digest);
                report.takes(expected, played);
                told(report.calls);
                expected += 1;
            }
        }
    });
    report.digest = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    report
}

impl Report {
    fn takes(&mut self, episode: u64, played: Played) {
        self.episodes += 1;
        self.calls += played.calls;
        self.accepted += played.accepted;
        self.advised += played.advised;
        self.coverage.merge(&played.coverage);
        self.stages.add(&played.stages);
        self.findings.extend(played.finding.map(|finding| (episode, finding)));
    }
}

/// The few steps that a finding takes.
#[must_use]
pub fn shrunk(settings: &Settings<'_>, episode: u64, finding: &Finding) -> Option<Shrunk> {
    let looks = Looks { keep: true, ..settings.looks(episode) };
    let played = play(&mut settings.world(episode), settings.calls_of(episode), looks);
    shrink(&played.steps, finding, looks)
}

/// Plays steps that were written down, and looks at everything.
pub fn replay(steps: &[crate::step::Step], looks: Looks<'_>) -> Played {
    play(&mut Told::new(steps), u64::MAX, Looks { luck: Luck::Every, coverage: false, ..looks })
}
