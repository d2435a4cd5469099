//! One episode: a world of its own, played on an empty store, every answer looked at.

use std::io::Write as _;

use sha2::{Digest, Sha256};
use tenure::tenure_core::record::Entry;
use tenure::{Record, Timestamp, View};
use tenure_port::{Answer, Call};

use crate::coverage::{self, Coverage};
use crate::finding::{Finding, Kind};
use crate::invariant::{Moment, Watch};
use crate::opinions::{Opinion, Opinions};
use crate::script::Script;
use crate::step::Step;
use crate::subject::{StoreKind, Subject};

/// Makes a second opinion that knows of nothing yet.
pub type Second<'l> = &'l (dyn Fn() -> Box<dyn Opinion> + Sync);

/// How an episode is looked at.
#[derive(Clone, Copy)]
pub struct Looks<'l> {
    /// Where the library keeps everything.
    pub store: StoreKind,
    /// Who else is asked.
    pub second: Option<Second<'l>>,
    /// Whether invariants are checked.
    pub invariants: bool,
    /// Whether it is counted which cells are reached.
    pub coverage: bool,
    /// What is checked now and then: by which luck.
    pub luck: Luck,
    /// Whether steps, answers and records are kept for the caller.
    pub keep: bool,
}

/// Which of many checks are made: always the same ones.
#[derive(Clone, Copy, Debug)]
pub enum Luck {
    /// All of them.
    Every,
    /// About one of so many, by a seed.
    OneIn(u64, u64),
}

impl Luck {
    /// Whether the check with that name is made.
    #[must_use]
    pub fn strikes(self, name: &str) -> bool {
        match self {
            Self::Every => true,
            Self::OneIn(many, seed) => {
                let hash = name.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
                    (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
                });
                (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32 < (1 << 32) / many.max(1)
            }
        }
    }
}

/// What came of an episode.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// SHA-256 of all answers, in order.
    pub digest: [u8; 32],
    /// Calls that were made.
    pub calls: u64,
    /// Calls that were answered with what they asked.
    pub accepted: u64,
    /// Which cells were reached, where they were counted.
    pub coverage: Coverage,
    /// Refusals whose advice was tried.
    pub advised: u64,
    /// The first thing that must not be.
    pub finding: Option<Finding>,
    /// The steps, where they were to be kept.
    pub steps: Vec<Step>,
    /// The record as JSON without the times of writing, where it was to be kept.
    pub record: Vec<u8>,
}

/// Plays a script for at most so many calls, until it is over or something is found.
pub fn play(script: &mut dyn Script, calls: u64, looks: Looks<'_>) -> Played {
    let mut stage = Stage::new(looks);
    // A world that only opens and closes its store comes to an end, too.
    let most = calls.saturating_mul(2);
    let mut steps = 0;
    while stage.played.calls < calls && steps < most {
        steps += 1;
        let Some(step) = script.next_step() else { break };
        if let Err(finding) = stage.step(step, script) {
            stage.played.finding = Some(finding);
            break;
        }
    }
    stage.over()
}

/// An episode while it is played.
struct Stage<'l> {
    looks: Looks<'l>,
    subject: Subject,
    watch: Option<Watch>,
    opinions: Option<Opinions>,
    digest: Sha256,
    /// The last answer, serialized.
    bytes: Vec<u8>,
    number: usize,
    clock: Timestamp,
    /// The last record that was looked at.
    position: u64,
    played: Played,
}

impl<'l> Stage<'l> {
    fn new(looks: Looks<'l>) -> Self {
        let clock = Timestamp::from_millis(0);
        Self {
            looks,
            subject: Subject::on(looks.store, clock),
            watch: looks.invariants.then(|| Watch::new(looks.luck)),
            opinions: looks.second.map(|second| Opinions::new(second(), looks.luck)),
            digest: Sha256::new(),
            bytes: Vec::new(),
            number: 0,
            clock,
            position: 0,
            played: Played::default(),
        }
    }

    fn step(&mut self, step: Step, script: &mut dyn Script) -> Result<(), Finding> {
        if self.looks.keep {
            self.played.steps.push(step.clone());
        }
        match &step {
            Step::Restart => self.restart()?,
            Step::Call { clock, call } => {
                self.clock = *clock;
                let before = self.before(*clock, call);
                let answer = self.subject.answer(*clock, (**call).clone());
                if self.looks.coverage {
                    let at = coverage::now(call).unwrap_or(*clock).max(*clock);
                    self.played.coverage.count(call, before.as_ref(), at, &answer);
                }
                self.heard(call, &answer)?;
                script.saw(&step, &answer);
            }
        }
        if let Some(watch) = &mut self.watch {
            watch.keep(step);
        }
        self.number += 1;
        Ok(())
    }

    /// Where the grant of a call stands before it, where that counts.
    fn before(&self, clock: Timestamp, call: &Call) -> Option<View> {
        let grant = Coverage::about(call).filter(|_| self.looks.coverage)?;
        let at = coverage::now(call).unwrap_or(clock).max(clock);
        self.subject.look(clock, grant, at)
    }

    fn restart(&mut self) -> Result<(), Finding> {
        let broken = |error: &dyn std::fmt::Display| fell_over(self.number, error.to_string());
        self.subject.restart().map_err(|error| broken(&error))?;
        if let Some(watch) = &mut self.watch {
            watch.reopened(&self.subject).map_err(|broken| broken.at(self.number))?;
        }
        Ok(())
    }

    fn heard(&mut self, call: &Call, answer: &Answer) -> Result<(), Finding> {
        self.bytes.clear();
        serde_json::to_writer(&mut self.bytes, answer)
            .map_err(|error| fell_over(self.number, error.to_string()))?;
        self.digest.update(&self.bytes);
        self.count(answer)?;
        if self.watch.is_none() && self.opinions.is_none() && !self.looks.coverage {
            return Ok(());
        }
        let records =
            self.subject.records(self.position).map_err(|fault| fell_over(self.number, fault.to_string()))?;
        self.position = records.last().map_or(self.position, |record| record.position);
        if self.looks.coverage {
            records
                .iter()
                .filter_map(|record| event(record))
                .for_each(|name| self.played.coverage.happened(name));
        }
        let moment = Moment { clock: self.clock, call, answer, bytes: &self.bytes, records: &records };
        if let Some(watch) = &mut self.watch {
            watch.saw(&moment, &self.subject).map_err(|broken| broken.at(self.number))?;
        }
        if let Some(opinions) = &mut self.opinions {
            let same = opinions.compare(&moment);
            self.played.advised = opinions.advised();
            same.map_err(|finding| Finding { step: self.number, ..finding })?;
        }
        Ok(())
    }

    /// Takes note of the outcome. The library falls over with no call that a world makes.
    fn count(&mut self, answer: &Answer) -> Result<(), Finding> {
        self.played.calls += 1;
        self.played.accepted += u64::from(matches!(answer, Answer::Ok(_)));
        match answer {
            Answer::Fault(fault) if !matches!(fault.code.as_str(), "clock" | "bad_id") => {
                Err(fell_over(self.number, format!("{}: {}", fault.code, fault.message)))
            }
            Answer::Ok(_) | Answer::Refused(_) | Answer::Invalid(_) | Answer::Fault(_) => Ok(()),
        }
    }

    fn over(mut self) -> Played {
        if self.looks.keep {
            self.played.record = self.record();
        }
        if self.played.finding.is_none()
            && let Some(watch) = &mut self.watch
        {
            let end = watch.over(&self.subject, self.clock, self.position);
            self.played.finding = end.err().map(|broken| broken.at(self.number));
        }
        self.played.digest = self.digest.finalize().into();
        self.played
    }

    /// The record without the times of writing.
    fn record(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for record in self.subject.records(0).unwrap_or_default() {
            // Where a line cannot be written, the two runs that are compared differ there.
            let _ = serde_json::to_writer(&mut bytes, &record.entry);
            let _ = bytes.write_all(b"\n");
        }
        bytes
    }
}

fn event(record: &Record) -> Option<&'static str> {
    match &record.entry {
        Entry::Event(event) => Some(event.happened.name()),
        Entry::Refused(_) | Entry::MoreRefused(_) | Entry::Published(_) | Entry::Revoked(_) => None,
    }
}

fn fell_over(step: usize, why: String) -> Finding {
    let code = why.split(':').next().unwrap_or_default().to_owned();
    Finding { step, kind: Kind::Fault(code), library: why, expected: "an answer".to_owned() }
}
