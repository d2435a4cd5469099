//! Conditions as the rules know them: something that holds for facts, or does not, or cannot be told.

use std::fmt;
use std::sync::Arc;

use crate::id::PersonId;
use crate::person::{Person, Record, Resource};
use crate::time::{Span, Timestamp};

/// A condition, compiled. The rules know nothing of the language it is written in.
pub trait Condition: fmt::Debug + Send + Sync {
    /// Whether it holds for these facts.
    ///
    /// # Errors
    /// [`Unmet`] where it could not be evaluated (a missing attribute, a wrong type). That is never a yes.
    fn holds(&self, facts: &Facts<'_>) -> Result<bool, Unmet>;

    /// The condition as its author wrote it.
    fn source(&self) -> &str;
}

/// Why a condition could not be evaluated, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// What was missing or of the wrong type.
    pub message: String,
}

/// What a condition sees.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// `principal`: the holder, or in a step the decider.
    pub principal: &'a Person,
    /// `resource`: one item of the scope, where the condition is judged item by item.
    pub resource: Option<(&'a Resource, &'a str)>,
    /// `context`: what the host says of the situation.
    pub context: &'a Record,
    /// `context.ask`: what is being asked. No host can set it.
    pub ask: &'a Ask,
}

/// What is being asked, as conditions see it under `context.ask`.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The moment of the decision.
    pub now: Timestamp,
    /// The day of the week in the flow's zone: `mon` to `sun`.
    pub weekday: &'static str,
    /// The hour of the day in the flow's zone, 0 to 23.
    pub hour: u32,
    /// How long ago the actor logged in; absent without a login.
    pub mfa_age: Option<Span>,
    /// The span asked for.
    pub span: Span,
    /// Who asks.
    pub requester: PersonId,
    /// Whom the access is for.
    pub holder: PersonId,
    /// The reason given, empty without one.
    pub reason: String,
    /// How many extensions were granted so far.
    pub extension: u32,
}

/// A condition of a flow with the words its author gave it.
#[derive(Clone, Debug)]
pub struct Named {
    /// The author's name for it; the condition's own text where none was given.
    pub name: String,
    /// The condition.
    pub is: Arc<dyn Condition>,
    /// What to tell a person for whom it does not hold.
    pub message: Option<String>,
}
