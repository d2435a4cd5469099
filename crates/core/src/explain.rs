//! The checks of a command, one by one: the very list that the command runs.

use serde::Serialize;

use crate::refusal::{Code, Refusal};

/// How each check of a command came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The codes in the order in which they are checked.
    pub checks: Vec<Checked>,
    /// The refusal, where the command would be refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refusal>,
}

impl Explanation {
    /// The same, with the refusal told in another way.
    pub(crate) fn refused_as(self, tell: impl FnOnce(Refusal) -> Refusal) -> Self {
        Self { refused: self.refused.map(tell), ..self }
    }
}

/// One code, and how its check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// The code.
    pub code: Code,
    /// How it came out.
    pub verdict: Verdict,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing is wrong.
    Pass,
    /// This is the refusal.
    Fail,
    /// An earlier check refused.
    Unreached,
}
