//! Where the steps of an episode come from: a random world, or a list that was written down.

use tenure_port::Answer;

use crate::step::Step;
use crate::workload::Workload;

/// Steps, one after the other. What comes next may depend on what was answered before.
pub trait Script {
    /// What happens next; nothing where the script is over.
    fn next_step(&mut self) -> Option<Step>;

    /// What the library answered to a call.
    fn saw(&mut self, step: &Step, answer: &Answer);
}

/// A random world goes on for ever.
impl Script for Workload {
    fn next_step(&mut self) -> Option<Step> {
        Some(Self::next_step(self))
    }

    fn saw(&mut self, step: &Step, answer: &Answer) {
        Self::saw(self, step, answer);
    }
}

/// Steps that were written down, told again as they are.
pub struct Told<'s>(std::slice::Iter<'s, Step>);

impl<'s> Told<'s> {
    /// These steps.
    #[must_use]
    pub fn new(steps: &'s [Step]) -> Self {
        Self(steps.iter())
    }
}

impl Script for Told<'_> {
    fn next_step(&mut self) -> Option<Step> {
        self.0.next().cloned()
    }

    fn saw(&mut self, _step: &Step, _answer: &Answer) {}
}
