//! The numbers of the flows as CSV: spans in whole seconds, shares in tenths of a percent, for whoever reckons on.

use std::io;

use tenure::Span;
use tenure::tenure_core::grant::Outcome;
use tenure_past::row::csv;

use super::{LeftBehind, Reports, Share, Tally};

const HEAD: [&str; 25] = [
    "flow",
    "requests",
    "emergencies",
    "automatic",
    "approved_by_people",
    "approval_median_s",
    "approval_90_s",
    "began",
    "extended",
    "extended_per_mille",
    "extensions",
    "extension_median_s",
    "extension_sum_s",
    "unused",
    "unused_per_mille",
    "denied",
    "withdrawn",
    "undecided",
    "failed",
    "expired",
    "given_back",
    "revoked",
    "refusals",
    "not_removed",
    "not_removed_stuck",
];

/// A line for each flow, after a head.
///
/// # Errors
/// None that can be met: what it is made of can be written.
pub fn flows(reports: &Reports, left: &LeftBehind) -> io::Result<String> {
    let mut sheet = csv(HEAD.into_iter().map(str::to_owned))?;
    for (flow, tally) in reports.flows() {
        let left = left.get(flow).cloned().unwrap_or_default();
        let cells = [flow.to_string()].into_iter().chain(numbers(tally));
        let line = csv(cells.chain([left.grants.to_string(), left.stuck.to_string()]))?;
        sheet.push('\n');
        sheet.push_str(&line);
    }
    sheet.push('\n');
    Ok(sheet)
}

fn numbers(tally: &Tally) -> [String; 22] {
    let ended = |outcome| tally.ended_as(outcome).to_string();
    [
        tally.requests.to_string(),
        tally.emergencies.to_string(),
        tally.automatic.to_string(),
        tally.approval.count().to_string(),
        seconds(tally.approval.median()),
        seconds(tally.approval.percentile(90)),
        tally.began.to_string(),
        tally.extended.to_string(),
        per_mille(tally.extended_share()),
        tally.extensions.count().to_string(),
        seconds(tally.extensions.median()),
        seconds(Some(tally.extensions.sum())),
        ended(Outcome::Unused),
        per_mille(tally.unused()),
        ended(Outcome::Denied),
        ended(Outcome::Withdrawn),
        ended(Outcome::Undecided),
        ended(Outcome::Failed),
        ended(Outcome::Expired),
        ended(Outcome::GivenBack),
        ended(Outcome::Revoked),
        tally.refused().to_string(),
    ]
}

fn seconds(span: Option<Span>) -> String {
    span.map(|span| (span.as_millis() / 1_000).to_string()).unwrap_or_default()
}

fn per_mille(share: Option<Share>) -> String {
    share.map(|share| share.per_mille().to_string()).unwrap_or_default()
}

/// A line for each flow and code that was refused there; without a flow what names none.
///
/// # Errors
/// None that can be met: what it is made of can be written.
pub fn refusals(reports: &Reports) -> io::Result<String> {
    let mut sheet = csv(["flow", "code", "times"].into_iter().map(str::to_owned))?;
    let of_flows = reports.flows().flat_map(|(flow, tally)| {
        tally.refusals.iter().map(move |(code, times)| (flow.to_string(), *code, *times))
    });
    let nowhere = reports.nowhere().iter().map(|(code, times)| (String::new(), *code, *times));
    for (flow, code, times) in of_flows.chain(nowhere) {
        sheet.push('\n');
        sheet.push_str(&csv([flow, code.to_string(), times.to_string()].into_iter())?);
    }
    sheet.push('\n');
    Ok(sheet)
}
