//! Who approves.

use schemars::JsonSchema;

use super::flow::Mfa;
use super::words::{Condition, Selectors, Span, Text};

/// Nobody, or people.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the type is described, never made")]
pub(super) enum Approval {
    Word(Automatic),
    Rule(ApprovalRule),
}

/// By asking.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the type is described, never made")]
pub(super) enum Automatic {
    Automatic,
}

/// Approval by people.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["steps"]}, {"required": ["any_of"]}]))]
#[expect(dead_code, reason = "the type is described, never made")]
pub(super) struct ApprovalRule {
    /// How long they have. Default 24h.
    decide_within: Option<Span>,
    /// Whether steps wait for each other. Default `in_turn`.
    order: Option<Order>,
    /// How many denials close a request. Default 1.
    #[schemars(range(min = 1, max = 10_000))]
    denials: Option<u32>,
    /// When nobody needs to be asked.
    automatic: Option<Lane>,
    /// All of these are needed.
    #[schemars(length(min = 1, max = 16))]
    steps: Option<Vec<Step>>,
    /// Lists of steps, of which one suffices.
    #[schemars(length(min = 1, max = 16))]
    any_of: Option<Vec<StepList>>,
}

/// Whether steps wait for each other.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the type is described, never made")]
enum Order {
    InTurn,
    Any,
}

/// The fast lane: when nobody needs to be asked.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "dependentRequired" = {"times": ["per"], "per": ["times"]}))]
#[expect(dead_code, reason = "the type is described, never made")]
struct Lane {
    /// The condition that opens it.
    when: Option<Condition>,
    /// How often one person may take it.
    #[schemars(range(min = 1, max = 10_000))]
    times: Option<u32>,
    /// In which rolling span.
    per: Option<Span>,
}

/// One list of steps.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct StepList {
    /// All of these are needed.
    #[schemars(length(min = 1, max = 16))]
    steps: Vec<Step>,
}

/// One step: who decides.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
pub(super) struct Step {
    /// Its name. Default: its number.
    name: Option<Text>,
    /// Who may decide.
    approvers: Selectors,
    /// How many different people. Default 1.
    #[schemars(range(min = 1, max = 10_000))]
    needed: Option<u32>,
    /// A condition over the decider. Default: none.
    when: Option<Condition>,
    /// Whether the decider must give a reason. Default false.
    reason: Option<bool>,
    /// What login the decider must bring. Default: none.
    mfa: Option<Mfa>,
    /// Whether the approvers are told. Default true.
    tell: Option<bool>,
    /// Who is added when nobody decides.
    #[schemars(length(max = 5))]
    escalate: Option<Vec<Tier>>,
}

/// People who are added to a step.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct Tier {
    /// How long the step has been awaited.
    after: Span,
    /// Who is added.
    to: Selectors,
}
