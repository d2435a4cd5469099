//! How a running grant may be extended.

use schemars::JsonSchema;

use super::approval::Step;
use super::flow::{Mfa, Reason};
use super::words::{Condition, Selectors, Span};

/// Whether, how long, how often.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
pub(super) struct Extension {
    /// How many.
    #[schemars(range(min = 1, max = 100))]
    times: u32,
    /// How long each.
    span: ExtensionSpans,
    /// The longest life from activation. Default: bounded by `times` and `span` alone.
    total: Option<Span>,
    /// Only this long before the end. Default: any time while active.
    window: Option<Span>,
    /// How long after the last one was granted. Default 0m.
    cool_down: Option<Span>,
    /// What a span is counted from. Default `end`.
    anchor: Option<Anchor>,
    /// Whose rules: today's, those of the request, or the stricter of both. Default `today`.
    governed_by: Option<GovernedBy>,
    /// A further condition. Default: none.
    when: Option<Condition>,
    /// Who may extend besides holder and requester. Default: nobody.
    others: Option<Selectors>,
    /// What reason an extension must bring. Default: none.
    reason: Option<Reason>,
    /// What login an extension must bring. Default: none.
    mfa: Option<Mfa>,
    /// Who approves it. Default `automatic`.
    approval: Option<ExtensionApproval>,
}

/// How long an extension may be; the bounds are allowed.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct ExtensionSpans {
    /// The shortest. Default 1m.
    min: Option<Span>,
    /// What one click gives.
    default: Span,
    /// The longest. Default: `default`.
    max: Option<Span>,
}

/// What a span is counted from.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the type is described, never made")]
enum Anchor {
    End,
    Now,
}

/// Whose rules an extension is judged by.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the type is described, never made")]
enum GovernedBy {
    Today,
    Granted,
    Stricter,
}

/// Nobody, whoever approves requests, or others.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the type is described, never made")]
enum ExtensionApproval {
    Word(ExtensionApprovalWord),
    Rule(ExtensionApprovalRule),
}

/// One click, or as requests are.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the type is described, never made")]
enum ExtensionApprovalWord {
    Automatic,
    Same,
}

/// Approval of extensions by people.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct ExtensionApprovalRule {
    /// So many need nobody's approval. Default 0.
    #[schemars(range(max = 100))]
    first: Option<u32>,
    /// How long access runs on while a decision is awaited.
    bridge: Option<Span>,
    /// How long they have. Default: as long as access is held.
    decide_within: Option<Span>,
    /// By whom.
    steps: ExtensionSteps,
}

/// As requests are, or by steps.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the type is described, never made")]
enum ExtensionSteps {
    Same(Same),
    Steps(#[schemars(length(min = 1, max = 16))] Vec<Step>),
}

/// As requests are.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the type is described, never made")]
enum Same {
    Same,
}
