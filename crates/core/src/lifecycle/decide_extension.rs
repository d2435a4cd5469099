//! An extension that awaits its decision is approved or denied, by the rules that decide on requests.

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::check::{self, Check, No, On};
use crate::command::{Command, DecideExtension};
use crate::effect::{Notice, Task};
use crate::event::{Happened, IllegalEvent};
use crate::explain::Explanation;
use crate::grant::{AskedExtension, Decision, Grant, Stage, TierDue};
use crate::id::{GrantId, PersonId};
use crate::lifecycle::ballot::{self, Ballot, Place};
use crate::lifecycle::counterfactual::{self, Ask};
use crate::lifecycle::extend::{self, Extended};
use crate::lifecycle::governing::{self, Governing};
use crate::lifecycle::{bring, expire, remind, request};
use crate::machine::Fault;
use crate::refusal::{Code, Refusal};

/// An approver said yes to an extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionApprovalGiven {
    /// What was decided, by whom.
    pub decision: Decision,
    /// Whether another step is awaited from now on.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub next_step: bool,
    /// When more people are asked from now on.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub tiers: Vec<TierDue>,
}

/// An approver said no to an extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionDenialGiven {
    /// What was decided, by whom.
    pub decision: Decision,
}

/// The extension was denied. The grant is otherwise untouched, unless only a bridge still carried it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionDenied {
    /// Who had asked.
    pub by: PersonId,
    /// Whether access is held to its end again, and no longer as far as a bridge carried it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub falls_back: bool,
}

pub(crate) const APPROVE: &[Check<DecideExtension>] = &[
    Check { codes: &[Code::CommandReused], run: check::reused },
    Check { codes: &[Code::GrantUnknown], run: |on, ask| on.grant(&ask.grant).map(|_| ()) },
    Check { codes: &[Code::ApprovalOwn], run: |on, ask| ballot(on, ask)?.not_own(on) },
    Check { codes: &[Code::ApprovalNotApprover], run: |on, ask| ballot(on, ask)?.is_approver(on) },
    Check { codes: &[Code::GrantNotActive, Code::GrantExpired], run: running },
    Check { codes: &[Code::ExtensionNotPending], run: |on, ask| asked(on, ask).map(|_| ()) },
    Check { codes: &[Code::ApprovalRepeated], run: |on, ask| ballot(on, ask)?.is_first(on) },
    Check { codes: &[Code::ApprovalNotAwaited], run: |on, ask| ballot(on, ask)?.is_awaited(on) },
    Check {
        codes: &[Code::ApprovalStale],
        run: |on, ask| ballot::fresh(&asked(on, ask)?.content, ask.content.as_ref()),
    },
    Check {
        codes: &[Code::FlowWithdrawn],
        run: |on, ask| check::in_force(on, &on.grant(&ask.grant)?.origin.flow),
    },
    Check { codes: &[Code::RequestTooLarge], run: |on, ask| bring::bounded(on, None, ask.reason.as_deref()) },
    Check {
        codes: &[Code::ConditionUnmet, Code::ConditionFailed],
        run: |on, ask| counts(on, ask, Ballot::awaited, Ballot::first_condition),
    },
    Check {
        codes: &[Code::ReasonMissing, Code::MfaMissing, Code::MfaStale],
        run: |on, ask| counts(on, ask, Ballot::awaited, Ballot::first_brought),
    },
];

pub(crate) const DENY: &[Check<DecideExtension>] = &[
    Check { codes: &[Code::CommandReused], run: check::reused },
    Check { codes: &[Code::GrantUnknown], run: |on, ask| on.grant(&ask.grant).map(|_| ()) },
    Check { codes: &[Code::ApprovalOwn], run: |on, ask| ballot(on, ask)?.not_own(on) },
    Check { codes: &[Code::ApprovalNotApprover], run: |on, ask| ballot(on, ask)?.is_approver(on) },
    Check { codes: &[Code::GrantNotActive, Code::GrantExpired], run: running },
    Check { codes: &[Code::ExtensionNotPending], run: |on, ask| asked(on, ask).map(|_| ()) },
    Check { codes: &[Code::ApprovalRepeated], run: |on, ask| ballot(on, ask)?.is_first(on) },
    Check {
        codes: &[Code::ApprovalStale],
        run: |on, ask| ballot::fresh(&asked(on, ask)?.content, ask.content.as_ref()),
    },
    Check { codes: &[Code::RequestTooLarge], run: |on, ask| bring::bounded(on, None, ask.reason.as_deref()) },
    Check {
        codes: &[Code::ConditionUnmet, Code::ConditionFailed],
        run: |on, ask| counts(on, ask, Ballot::places, Ballot::first_condition),
    },
    Check {
        codes: &[Code::ReasonMissing, Code::MfaMissing, Code::MfaStale],
        run: |on, ask| counts(on, ask, Ballot::places, Ballot::first_brought),
    },
];

/// One of the two decisions, with its checks: what would pass is looked for among the logins, the reason and the time
/// that it may bring.
#[derive(Clone)]
struct Deciding<'a> {
    ask: &'a DecideExtension,
    checks: &'static [Check<DecideExtension>],
}

impl Ask for Deciding<'_> {
    fn passes(&self, on: On<'_>) -> Result<(), No> {
        check::all(self.checks, &on, self.ask)
    }
}

pub(crate) fn explain(
    checks: &'static [Check<DecideExtension>],
    on: &On<'_>,
    ask: &DecideExtension,
) -> Result<Explanation, Fault> {
    let shown = check::explain(checks, on, ask)?;
    let deciding = Deciding { ask, checks };
    Ok(shown.refused_as(|refusal| counterfactual::told(refusal, on.board, on.command, &deciding)))
}

fn all(checks: &'static [Check<DecideExtension>], on: &On<'_>, ask: &DecideExtension) -> Result<(), No> {
    let deciding = Deciding { ask, checks };
    check::all(checks, on, ask).map_err(|no| counterfactual::advised(no, on.board, on.command, &deciding))
}

pub(crate) fn approve(
    board: &mut Board<'_>,
    command: &Command,
    ask: &DecideExtension,
) -> Result<GrantId, No> {
    let on = On::new(board, command);
    all(APPROVE, &on, ask)?;
    let (ballot, asked) = (ballot(&on, ask)?, asked(&on, ask)?.clone());
    let decision = decision(&on, ask, &ballot, &ballot.awaited(&on))?;
    let approvals: Vec<Decision> = ballot.approvals.iter().chain([&decision]).cloned().collect();
    let met = ballot.is_met(&approvals);
    // From here it must succeed.
    let before: Vec<Place> = ballot.open_steps().map(|(place, _)| place).collect();
    let grant = ballot.grant;
    let after = Ballot { approvals: &approvals, ..ballot };
    let next_step = !met && after.open_steps().any(|(place, _)| !before.contains(&place));
    let active = check::running(grant)?;
    let (now, cause) = (on.now(), on.cause());
    let tiers = if met { Vec::new() } else { after.tiers_due(&before, now) };
    let extended = Extended {
        by: asked.by,
        holder: extend::other_names(asked.holder, grant),
        span: asked.span,
        from: active.end,
        to: asked.end,
        reason: asked.reason,
        fields: asked.fields,
        lane: false,
        reminders: remind::due(&board.pinned(grant)?.notify.before_end, active.since, asked.end, now),
    };
    let given = Happened::ExtensionApprovalGiven(ExtensionApprovalGiven { decision, next_step, tiers });
    board.record(&ask.grant, now, Some(cause.clone()), given)?;
    if met {
        board.record(&ask.grant, now, Some(cause), Happened::Extended(extended))?;
    }
    Ok(ask.grant.clone())
}

pub(crate) fn deny(board: &mut Board<'_>, command: &Command, ask: &DecideExtension) -> Result<GrantId, No> {
    let on = On::new(board, command);
    all(DENY, &on, ask)?;
    let (ballot, by) = (ballot(&on, ask)?, asked(&on, ask)?.by.id.clone());
    let decision = decision(&on, ask, &ballot, &ballot.places(&on))?;
    // From here it must succeed.
    let closes = ballot.is_denied(ballot.denials.len().saturating_add(1));
    let (now, cause) = (on.now(), on.cause());
    let given = Happened::ExtensionDenialGiven(ExtensionDenialGiven { decision });
    board.record(&ask.grant, now, Some(cause.clone()), given)?;
    if closes {
        let falls_back = expire::falls_back(board, &ask.grant, now);
        let denied = ExtensionDenied { by, falls_back };
        board.record(&ask.grant, now, Some(cause.clone()), Happened::ExtensionDenied(denied))?;
        expire::close_past_end(board, &ask.grant, now, Some(cause))?;
    }
    Ok(ask.grant.clone())
}

pub(crate) fn evolve_approval(grant: Grant, event: &ExtensionApprovalGiven) -> Result<Grant, IllegalEvent> {
    on_asked(grant, "extension_approval_given", |asked| {
        asked.tiers.due.clone_from(&event.tiers);
        asked.approvals.push(event.decision.clone());
    })
}

pub(crate) fn evolve_denial(grant: Grant, event: &ExtensionDenialGiven) -> Result<Grant, IllegalEvent> {
    on_asked(grant, "extension_denial_given", |asked| asked.denials.push(event.decision.clone()))
}

/// The extension is over without a new end: its place is free again.
pub(crate) fn evolve_ended(mut grant: Grant, event: &'static str) -> Result<Grant, IllegalEvent> {
    match &mut grant.stage {
        Stage::Active(active) if active.asked.is_some() => {
            active.asked = None;
            Ok(grant)
        }
        Stage::Pending(_) | Stage::Approved(_) | Stage::Active(_) | Stage::Closed(_) => {
            Err(request::illegal(&grant, event))
        }
    }
}

pub(crate) fn effects_approval(
    board: &Board<'_>,
    after: &Grant,
    event: &ExtensionApprovalGiven,
) -> Result<Vec<Task>, Fault> {
    match after.active().and_then(|active| active.asked.as_deref()) {
        Some(asked) if event.next_step => Ok(vec![extend::wanted(board, after, asked)?]),
        Some(_) | None => Ok(Vec::new()),
    }
}

/// Denied or lapsed: targets that were told of a bridge, and the parties, and who asked where that is
/// somebody else.
pub(crate) fn effects_ended(after: &Grant, asked_by: &PersonId, falls_back: bool) -> Vec<Task> {
    let mut to = remind::parties(after);
    let asker = format!("user:{asked_by}");
    if !to.contains(&asker) {
        to.push(asker);
    }
    let ends = after.active().map(|active| active.end);
    let adjust = extend::adjusted(after).filter(|_| falls_back);
    adjust.chain([Task::Notify { notice: Notice::Decided, to, ends }]).collect()
}

/// The ballot on an extension that awaits its decision, under the revisions it was asked under.
pub(crate) fn ballot_on<'a>(
    board: &Board<'a>,
    grant: &'a Grant,
    asked: &'a AskedExtension,
) -> Result<Ballot<'a>, Fault> {
    let rule = governing::quorum_on(board, grant, asked)?;
    let (approvals, denials) = (asked.approvals.as_slice(), asked.denials.as_slice());
    Ok(Ballot { grant, rule, approvals, denials, asked: Some(asked) })
}

/// The ballot where one is open; else who would decide today, so that strangers learn nothing.
fn ballot<'a>(on: &On<'a>, ask: &DecideExtension) -> Result<Ballot<'a>, No> {
    let grant = on.grant(&ask.grant)?;
    if let Some(asked) = grant.active().and_then(|active| active.asked.as_deref()) {
        return Ok(ballot_on(on.board, grant, asked)?);
    }
    let rule = Governing::of(on.board, grant)?.and_then(|governing| governing.quorum());
    Ok(Ballot { grant, rule, approvals: &[], denials: &[], asked: None })
}

fn running(on: &On<'_>, ask: &DecideExtension) -> Result<(), No> {
    check::running(on.grant(&ask.grant)?).map(|_| ())
}

fn asked<'a>(on: &On<'a>, ask: &DecideExtension) -> Result<&'a AskedExtension, No> {
    check::running(on.grant(&ask.grant)?)?.asked.as_deref().ok_or_else(|| {
        let words = format!("no extension of `{}` awaits a decision", ask.grant);
        Refusal::new(Code::ExtensionNotPending, words).into()
    })
}

type Among<'a> = fn(&Ballot<'a>, &On<'_>) -> Vec<Place>;
type Counts<'a> = fn(&Ballot<'a>, &On<'_>, &[Place], Option<&str>) -> Result<(), No>;

fn counts<'a>(on: &On<'a>, ask: &DecideExtension, among: Among<'a>, holds: Counts<'a>) -> Result<(), No> {
    let ballot = ballot(on, ask)?;
    holds(&ballot, on, &among(&ballot, on), ask.reason.as_deref())
}

fn decision(
    on: &On<'_>,
    ask: &DecideExtension,
    ballot: &Ballot<'_>,
    among: &[Place],
) -> Result<Decision, No> {
    let fits = ballot.counting(on, among, ask.reason.as_deref())?;
    Ok(Decision {
        by: ballot::decider(on)?,
        at: on.now(),
        named_by: ballot.naming(on, &fits),
        fits,
        span: None,
        only: None,
        reason: ask.reason.clone(),
    })
}

fn on_asked(
    mut grant: Grant,
    event: &'static str,
    change: impl FnOnce(&mut AskedExtension),
) -> Result<Grant, IllegalEvent> {
    if let Stage::Active(active) = &mut grant.stage
        && let Some(asked) = &mut active.asked
    {
        change(asked);
        return Ok(grant);
    }
    Err(request::illegal(&grant, event))
}

#[cfg(test)]
mod tests;
