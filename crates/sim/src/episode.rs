//! One episode: a world of its own, played on an empty store, every answer looked at.

use std::io::Write as _;

use sha2::{Digest, Sha256};
use tenure::tenure_core::record::Entry;
use tenure::{Record, StoreFault, Timestamp, View};
use tenure_port::{Answer, Call};

use crate::coverage::Coverage;
use crate::finding::{Finding, Kind};
use crate::invariant::{Moment, Watch};
use crate::opinions::{Opinion, Opinions};
use crate::script::Script;
use crate::stages::{Stages, timed};
use crate::step::Step;
use crate::stopwatch::Stopwatch;
use crate::subject::{StoreKind, Subject};

/// Makes a second opinion that knows of nothing yet.
pub type Second<'l> = &'l (dyn Fn() -> Box<dyn Opinion> + Sync);

/// How an episode is looked at.
#[derive(Clone, Copy)]
pub struct Looks<'l> {
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
    /// Where the time went.
    pub stages: Stages,
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
    let mut stage = match Stage::new(looks) {
        Ok(stage) => stage,
        Err(fault) => return Played { finding: Some(fell_over(0, fault.to_string())), ..Played::default() },
    };
    // A world that only opens and closes its store comes to an end, too.
    let most = calls.saturating_mul(2);
    let mut steps = 0;
    while stage.played.calls < calls && steps < most {
        steps += 1;
        let next = timed(&mut stage.played.stages.worlds, || script.next_step());
        let Some(step) = next else { break };
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
    /// The same on another store.
    beside: Option<Subject>,
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
    fn new(looks: Looks<'l>) -> Result<Self, StoreFault> {
        let clock = Timestamp::from_millis(0);
        Ok(Self {
            looks,
            subject: Subject::on(looks.store, clock)?,
            beside: looks.beside.map(|kind| Subject::on(kind, clock)).transpose()?,
            watch: looks.invariants.then(|| Watch::new(looks.luck)),
            opinions: looks.second.map(|second| Opinions::new(second(), looks.luck)),
            digest: Sha256::new(),
            bytes: Vec::new(),
            number: 0,
            clock,
            position: 0,
            played: Played::default(),
        })
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
                let (subject, given) = (&self.subject, (**call).clone());
                let answer = timed(&mut self.played.stages.library, || subject.answer(*clock, given));
                if self.looks.coverage {
                    let at = call.now().unwrap_or(*clock).max(*clock);
                    self.played.coverage.count(call, before.as_ref(), at, &answer);
                }
                self.heard(call, &answer)?;
                timed(&mut self.played.stages.worlds, || script.saw(&step, &answer));
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
        let grant = call.grant().filter(|_| self.looks.coverage)?;
        let at = call.now().unwrap_or(clock).max(clock);
        self.subject.look(clock, grant, at)
    }

    fn restart(&mut self) -> Result<(), Finding> {
        for subject in [Some(&mut self.subject), self.beside.as_mut()].into_iter().flatten() {
            let restarted = timed(&mut self.played.stages.library, || subject.restart());
            restarted.map_err(|error| fell_over(self.number, error.to_string()))?;
        }
        if let Some(watch) = &mut self.watch {
            watch.reopened(&self.subject).map_err(|broken| broken.at(self.number))?;
        }
        Ok(())
    }

    fn heard(&mut self, call: &Call, answer: &Answer) -> Result<(), Finding> {
        let Self { bytes, digest, .. } = self;
        bytes.clear();
        let written = timed(&mut self.played.stages.digest, || {
            serde_json::to_writer(&mut *bytes, answer).map(|()| digest.update(&*bytes))
        });
        written.map_err(|error| fell_over(self.number, error.to_string()))?;
        self.count(answer)?;
        let watch = Stopwatch::started();
        let opinion = self.played.stages.opinion;
        let looked = self.looked_at(call, answer);
        let opinion = self.played.stages.opinion - opinion;
        self.played.stages.checks += watch.lap().saturating_sub(opinion);
        looked
    }

    /// Looks at an answer in all the ways that were asked for.
    fn looked_at(&mut self, call: &Call, answer: &Answer) -> Result<(), Finding> {
        self.compare(call)?;
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
            let same = timed(&mut self.played.stages.opinion, || opinions.compare(&moment));
            self.played.advised = opinions.advised();
            same.map_err(|finding| Finding { step: self.number, ..finding })?;
        }
        Ok(())
    }

    /// Asks the same on the other store: every byte of the answer is the same.
    fn compare(&self, call: &Call) -> Result<(), Finding> {
        let Some(beside) = &self.beside else { return Ok(()) };
        let answer = beside.answer(self.clock, call.clone());
        let bytes = serde_json::to_vec(&answer).map_err(|error| fell_over(self.number, error.to_string()))?;
        if bytes == self.bytes { Ok(()) } else { Err(self.parted(call.name(), &self.bytes, &bytes)) }
    }

    /// What was put on record is the same on both stores, to the last byte.
    fn recorded(&self) -> Result<(), Finding> {
        let Some(beside) = &self.beside else { return Ok(()) };
        let (own, other) = (record(&self.subject), record(beside));
        if own == other { Ok(()) } else { Err(self.parted("records", &own, &other)) }
    }

    fn parted(&self, call: &'static str, own: &[u8], other: &[u8]) -> Finding {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let kind = Kind::OtherStore { call };
        Finding { step: self.number, kind, library: text(own), expected: text(other) }
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
            self.played.record = record(&self.subject);
        }
        if self.played.finding.is_none() {
            self.played.finding = self.recorded().err();
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
}

/// The record without the times of writing.
fn record(subject: &Subject) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in subject.records(0).unwrap_or_default() {
        // Where a line cannot be written, the two runs that are compared differ there.
        let _ = serde_json::to_writer(&mut bytes, &record.entry);
        let _ = bytes.write_all(b"\n");
    }
    bytes
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn call(call: Value) -> Call {
        serde_json::from_value(call).unwrap()
    }

    /// Two stores in memory, of which the second knows of a policy that the first does not.
    fn apart() -> Stage<'static> {
        let looks = Looks {
            store: StoreKind::Memory,
            beside: Some(StoreKind::Memory),
            second: None,
            invariants: false,
            coverage: false,
            luck: Luck::Every,
            keep: false,
        };
        let stage = Stage::new(looks).unwrap();
        let flow = json!({"id": "f", "who": {"any": ["everyone"]}, "approval": "automatic",
            "what": [{"integration": "pg", "permissions": ["*"]}], "duration": {"max": "1h"}});
        let publish = call(json!({"call": "publish", "actor": "system:test",
            "policy": {"version": 1, "flows": [flow]}}));
        let answer = stage.beside.as_ref().unwrap().answer(stage.clock, publish);
        assert!(matches!(answer, Answer::Ok(_)), "{answer:?}");
        stage
    }

    fn asked(stage: &mut Stage<'_>, asked: Value) -> Result<(), Finding> {
        let step = Step::Call { clock: stage.clock, call: Box::new(call(asked)) };
        stage.step(step, &mut crate::script::Told::new(&[]))
    }

    #[test]
    fn a_store_that_answers_otherwise_is_found() {
        let mut stage = apart();
        let finding = asked(&mut stage, json!({"call": "catalog", "actor": {"id": "alice"}})).unwrap_err();
        assert_eq!(finding.kind, Kind::OtherStore { call: "catalog" });
    }

    #[test]
    fn a_store_that_keeps_another_record_is_found_at_the_end() {
        let mut stage = apart();
        asked(&mut stage, json!({"call": "look", "grant": "g"})).unwrap();
        let finding = stage.over().finding.unwrap();
        assert_eq!(finding.kind, Kind::OtherStore { call: "records" });
    }
}
