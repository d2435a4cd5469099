//! The checks of each command as data: codes in the order in which they are checked.

use serde_json::Value;

use super::policy::text;

const REQUEST: &str = "command.reused grant.exists flow.unknown requester.not_allowed person.not_eligible \
    flow.withdrawn request.empty request.too_large scope.not_in_flow condition.unmet condition.failed guard.unmet \
    conflict.held break_glass.not_allowed break_glass.review_due approval.nobody limit.open_per_person \
    limit.open_per_item limit.open_total limit.requests start.in_past start.too_far duration.too_short \
    duration.too_long hours.closed reason.missing reason.malformed mfa.missing mfa.stale";
const APPROVE: &str = "command.reused grant.unknown approval.own approval.not_approver request.closed \
    approval.repeated approval.not_awaited approval.stale flow.withdrawn request.too_large condition.unmet \
    condition.failed approval.longer approval.wider approval.empty reason.missing mfa.missing mfa.stale \
    person.not_eligible condition.unmet condition.failed conflict.held";
const DENY: &str = "command.reused grant.unknown approval.own approval.not_approver request.closed \
    approval.repeated approval.stale request.too_large condition.unmet condition.failed reason.missing mfa.missing \
    mfa.stale";
const EXTEND: &str = "command.reused grant.unknown extension.not_holder grant.not_active grant.expired \
    extension.stale flow.withdrawn extension.not_allowed extension.used_up requester.not_allowed \
    person.not_eligible scope.not_in_flow request.too_large condition.unmet condition.failed guard.unmet \
    conflict.held extension.pending extension.too_short extension.too_long extension.over_total extension.no_gain \
    hours.closed limit.extensions extension.too_early extension.too_soon reason.missing reason.malformed \
    mfa.missing mfa.stale";
const APPROVE_EXTENSION: &str = "command.reused grant.unknown approval.own approval.not_approver grant.not_active \
    grant.expired extension.not_pending approval.repeated approval.not_awaited approval.stale flow.withdrawn \
    request.too_large condition.unmet condition.failed reason.missing mfa.missing mfa.stale";
const DENY_EXTENSION: &str = "command.reused grant.unknown approval.own approval.not_approver grant.not_active \
    grant.expired extension.not_pending approval.repeated approval.stale request.too_large condition.unmet \
    condition.failed reason.missing mfa.missing mfa.stale";

/// The codes of a command in the order of their checks.
pub(super) fn codes(call: &Value, known: bool) -> &'static str {
    match text(call, "call") {
        "request" if known => REQUEST,
        "request" => "command.reused flow.unknown request.too_large",
        "approve" => APPROVE,
        "deny" => DENY,
        "extend" => EXTEND,
        "approve_extension" => APPROVE_EXTENSION,
        "deny_extension" => DENY_EXTENSION,
        "withdraw" => "command.reused grant.unknown actor.not_allowed request.closed request.too_large",
        "give_back" => {
            "command.reused grant.unknown actor.not_allowed grant.expired grant.not_active request.too_large"
        }
        "erase" => "command.reused grant.unknown actor.not_allowed erasure.too_early request.too_large",
        "activate" => {
            "command.reused grant.unknown actor.not_allowed grant.expired grant.not_active request.too_large \
             person.not_eligible condition.unmet condition.failed conflict.held hours.closed mfa.missing mfa.stale"
        }
        "revoke" if call.get("grant").is_some() => {
            "command.reused grant.unknown actor.not_allowed grant.expired grant.not_active request.too_large \
             reason.missing"
        }
        "revoke" => "command.reused grant.unknown actor.not_allowed request.too_large reason.missing",
        "review" => {
            "command.reused grant.unknown approval.own actor.not_allowed review.not_needed review.repeated \
             request.too_large"
        }
        _ => "command.reused request.too_large policy.stale",
    }
}
