//! Random worlds: policies, people, resources, and commands around deadlines. A seed makes always the same one.

use tenure_port::Answer;

use crate::step::Step;

/// A random world, step by step.
#[derive(Debug)]
pub struct Workload {
    #[expect(dead_code, reason = "a skeleton")]
    random: fastrand::Rng,
}

impl Workload {
    /// The world of that seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { random: fastrand::Rng::with_seed(seed) }
    }

    /// What happens next.
    pub fn next_step(&mut self) -> Step {
        Step::Restart
    }

    /// What the library answered to it: what comes next is steered by that.
    pub fn saw(&mut self, _step: &Step, _answer: &Answer) {}
}
