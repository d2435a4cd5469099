//! A story told from end to end, and what of it did not hold.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::house::House;
use crate::run::{Scene, Stage};
use crate::story::{Scenario, Step};
use crate::want::Mismatch;

/// Failures kept of one scenario; after that many they are counted. One mistake early in a long story
/// makes most of what follows differ.
pub const FAILURES_MAX: usize = 100;

/// How a scenario came out.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// What it is called.
    pub name: String,
    /// The file it stands in.
    pub file: String,
    /// The line it begins on.
    pub line: u32,
    /// Whether everything that was expected came.
    pub holds: bool,
    /// How many steps it has.
    pub steps: usize,
    /// Why it could not be played at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unplayable: Option<String>,
    /// Whether that is because there is no store for it.
    #[serde(skip)]
    pub storeless: bool,
    /// Steps that did not come out as expected.
    pub failures: Vec<Failure>,
    /// Further steps that did not.
    #[serde(skip_serializing_if = "is_zero")]
    pub beyond: usize,
    /// Which verbs were refused with which codes, as was expected.
    #[serde(skip)]
    pub refusals: BTreeSet<(&'static str, String)>,
}

/// A step that did not come out as expected.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// Its number, from 1.
    pub step: usize,
    /// The line it begins on.
    pub line: u32,
    /// When it was, as an offset from the start.
    pub at: String,
    /// What happened.
    pub verb: &'static str,
    /// What was expected, and what came.
    pub mismatches: Vec<Mismatch>,
}

/// Tells a story on a store in memory; `heard` hears of every step.
pub fn tell(scenario: &Scenario, heard: &mut dyn FnMut(&Step, &Scene)) -> Told {
    tell_on(scenario, &House::Memory, heard)
}

/// Tells a story on that store; `heard` hears of every step.
pub fn tell_on(scenario: &Scenario, house: &House, heard: &mut dyn FnMut(&Step, &Scene)) -> Told {
    let mut told = Told {
        name: scenario.name.clone(),
        file: scenario.file.to_string(),
        line: scenario.line,
        holds: true,
        steps: scenario.steps.len(),
        unplayable: None,
        storeless: false,
        failures: Vec::new(),
        beyond: 0,
        refusals: BTreeSet::new(),
    };
    let mut stage = match Stage::on(scenario, house) {
        Ok(stage) => stage,
        Err(unplayable) => {
            told.holds = false;
            told.unplayable = Some(unplayable.message);
            told.storeless = unplayable.storeless;
            return told;
        }
    };
    for step in &scenario.steps {
        let scene = stage.play(step);
        heard(step, &scene);
        told.hear(scenario, step, scene);
    }
    told
}

impl Told {
    fn hear(&mut self, scenario: &Scenario, step: &Step, scene: Scene) {
        if scene.mismatches.is_empty() {
            if step.expect.iter().any(|want| want.field == "refused")
                && let Some(code) = scene.refused()
            {
                self.refusals.insert((step.verb(), code.to_owned()));
            }
            return;
        }
        self.holds = false;
        if self.failures.len() < FAILURES_MAX {
            self.failures.push(Failure {
                step: step.number,
                line: step.line,
                at: scenario.offset(step.at),
                verb: step.verb(),
                mismatches: scene.mismatches,
            });
        } else {
            self.beyond = self.beyond.saturating_add(1);
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}
