//! An approver says yes, wholly or to less; the last yes that is needed approves the request.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::check::{self, Check, No, On};
use crate::command::{Approve, Command};
use crate::effect::{Notice, Task};
use crate::event::{Cause, Happened, IllegalEvent};
use crate::grant::{Approved as Waits, Decision, Grant, Stage, Terms, TierDue, Waiting};
use crate::id::GrantId;
use crate::lifecycle::ballot::{self, Ballot, Place};
use crate::lifecycle::{conflict, counterfactual, eligible, open, remind, request};
use crate::machine::Fault;
use crate::person::{Item, Names, Person};
use crate::refusal::{Code, Refusal, WouldPass};
use crate::time::{Span, Timestamp};

/// An approver said yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalGiven {
    /// What was decided, by whom.
    pub decision: Decision,
    /// Whether another step is awaited from now on.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub next_step: bool,
    /// When more people are asked from now on.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub tiers: Vec<TierDue>,
}

/// All approvals are there, or none was needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// For how long: the narrowest that any approval gave.
    pub span: Span,
    /// Which items: the narrowest that any approval gave.
    pub scope: Arc<BTreeSet<Item>>,
    /// What is waited for now; absent where access begins at once.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub waiting_for: Option<Waiting>,
    /// When that comes by itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub opens_at: Option<Timestamp>,
    /// When it is unused.
    pub unused_at: Timestamp,
    /// When it has failed, where the targets must confirm.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fails_at: Option<Timestamp>,
    /// The latest end that can come of it, where the targets are told before access runs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub told_until: Option<Timestamp>,
}

pub(crate) const CHECKS: &[Check<Approve>] = &[
    Check { codes: &[Code::CommandReused], run: check::reused },
    Check { codes: &[Code::GrantUnknown], run: |on, ask| on.grant(&ask.grant).map(|_| ()) },
    Check { codes: &[Code::ApprovalOwn], run: not_own },
    Check { codes: &[Code::ApprovalNotApprover], run: |on, ask| ballot(on, ask)?.is_approver(on) },
    Check { codes: &[Code::RequestClosed], run: |on, ask| pending(on.grant(&ask.grant)?) },
    Check { codes: &[Code::ApprovalRepeated], run: |on, ask| ballot(on, ask)?.is_first(on) },
    Check { codes: &[Code::ApprovalNotAwaited], run: |on, ask| ballot(on, ask)?.is_awaited(on) },
    Check {
        codes: &[Code::ApprovalStale],
        run: |on, ask| ballot::fresh(&on.grant(&ask.grant)?.origin.content, ask.content.as_ref()),
    },
    Check {
        codes: &[Code::FlowWithdrawn],
        run: |on, ask| check::in_force(on, &on.grant(&ask.grant)?.origin.flow),
    },
    Check { codes: &[Code::RequestTooLarge], run: size },
    Check { codes: &[Code::ConditionUnmet, Code::ConditionFailed], run: condition },
    Check { codes: &[Code::ApprovalLonger, Code::ApprovalWider, Code::ApprovalEmpty], run: less },
    Check { codes: &[Code::ReasonMissing, Code::MfaMissing, Code::MfaStale], run: brought },
    Check { codes: &[Code::PersonNotEligible], run: holder_eligible },
    Check { codes: &[Code::ConditionUnmet, Code::ConditionFailed], run: holder_conditions },
    Check { codes: &[Code::ConflictHeld], run: none_held },
];

pub(crate) fn decide(board: &mut Board<'_>, command: &Command, ask: &Approve) -> Result<GrantId, No> {
    let on = On::new(board, command);
    counterfactual::all(CHECKS, &on, ask)?;
    let ballot = ballot(&on, ask)?;
    let decision = decision(&on, ask, &ballot)?;
    let approvals = with(ballot.approvals, &decision);
    let met = ballot.is_met(&approvals);
    // From here it must succeed.
    let before: Vec<Place> = ballot.open_steps().map(|(place, _)| place).collect();
    let after = Ballot { approvals: &approvals, ..ballot };
    let next_step = !met && after.open_steps().any(|(place, _)| !before.contains(&place));
    let (now, cause) = (on.now(), on.cause());
    let tiers = if met { Vec::new() } else { after.tiers_due(&before, now) };
    let given = Happened::ApprovalGiven(ApprovalGiven { decision, next_step, tiers });
    board.record(&ask.grant, now, Some(cause.clone()), given)?;
    if met {
        settle(board, &ask.grant, cause)?;
    }
    Ok(ask.grant.clone())
}

/// The request is approved: access begins, or what it waits for is known.
pub(crate) fn settle(board: &mut Board<'_>, id: &GrantId, cause: Cause) -> Result<(), Fault> {
    let now = board.now;
    let Some(grant) = board.grant(id) else { return Ok(()) };
    let terms = narrowest(grant, &grant.approvals);
    let waits = open::waits(board.pinned(grant)?, grant, terms.span, now);
    let begins = waits.waiting_for.is_none();
    let approved = Approved {
        span: terms.span,
        scope: terms.scope,
        waiting_for: waits.waiting_for,
        opens_at: waits.opens_at,
        unused_at: waits.unused_at,
        fails_at: waits.fails_at,
        told_until: waits.told_until,
    };
    board.record(id, now, Some(cause.clone()), Happened::Approved(approved))?;
    if begins {
        open::begin(board, id, now, Some(cause))?;
    }
    Ok(())
}

pub(crate) fn evolve_given(mut grant: Grant, event: &ApprovalGiven) -> Result<Grant, IllegalEvent> {
    match &mut grant.stage {
        Stage::Pending(pending) => {
            pending.tiers.due.clone_from(&event.tiers);
            Arc::make_mut(&mut grant.approvals).push(event.decision.clone());
            Ok(grant)
        }
        Stage::Approved(_) | Stage::Active(_) | Stage::Closed(_) => {
            Err(request::illegal(&grant, "approval_given"))
        }
    }
}

pub(crate) fn evolve_approved(
    mut grant: Grant,
    event: &Approved,
    at: Timestamp,
) -> Result<Grant, IllegalEvent> {
    match &grant.stage {
        Stage::Pending(_) => {
            let narrower = event.span <= grant.origin.span && event.scope.is_subset(&grant.terms.scope);
            if !narrower {
                return Err(request::illegal(&grant, "approved"));
            }
            grant.terms = Terms { span: event.span, scope: event.scope.clone() };
            let kept = grant.terms.scope.clone();
            grant.targets.retain(|at, _| kept.iter().any(|item| item.resource.integration == *at));
            grant.stage = Stage::Approved(Waits {
                at,
                waiting_for: event.waiting_for,
                opens_at: event.opens_at,
                unused_at: event.unused_at,
                fails_at: event.fails_at,
                told_until: event.told_until,
            });
            Ok(grant)
        }
        Stage::Approved(_) | Stage::Active(_) | Stage::Closed(_) => Err(request::illegal(&grant, "approved")),
    }
}

pub(crate) fn effects_given(
    board: &Board<'_>,
    after: &Grant,
    event: &ApprovalGiven,
) -> Result<Vec<Task>, Fault> {
    if !event.next_step {
        return Ok(Vec::new());
    }
    let ballot = request::ballot(after, board.pinned(after)?);
    let to = ballot.tell(ballot.open_steps().map(|(_, step)| step));
    Ok(vec![Task::Notify { notice: Notice::ApprovalWanted, to, ends: None }])
}

pub(crate) fn effects_approved(after: &Grant, event: &Approved) -> Vec<Task> {
    let Some(waiting_for) = event.waiting_for else { return Vec::new() };
    let targets = match waiting_for {
        Waiting::Provisioning => open::provisions(after),
        Waiting::Start | Waiting::Hours | Waiting::Holder => Vec::new(),
    };
    let notice = Task::Notify { notice: Notice::Decided, to: remind::parties(after), ends: None };
    targets.into_iter().chain([notice]).collect()
}

fn ballot<'a>(on: &On<'a>, ask: &Approve) -> Result<Ballot<'a>, No> {
    let grant = on.grant(&ask.grant)?;
    Ok(request::ballot(grant, on.pinned(grant)?))
}

/// `request.closed`: the request no longer waits for decisions.
pub(crate) fn pending(grant: &Grant) -> Result<(), No> {
    match &grant.stage {
        Stage::Pending(_) => Ok(()),
        Stage::Approved(_) | Stage::Active(_) | Stage::Closed(_) => {
            let words = format!("the request `{}` is {}", grant.id(), check::standing(grant));
            Err(check::staged(Refusal::new(Code::RequestClosed, words), grant).into())
        }
    }
}

/// Nobody decides on their own access, under the names known at the request or those handed in today.
fn not_own(on: &On<'_>, ask: &Approve) -> Result<(), No> {
    let ballot = ballot(on, ask)?;
    ballot.not_own(on)?;
    let today = ask.holder.as_ref().filter(|holder| holder.id == *ballot.grant.holder()).map(Person::names);
    match today {
        Some(holder) => ballot.not_of(on, &holder),
        None => Ok(()),
    }
}

fn condition(on: &On<'_>, ask: &Approve) -> Result<(), No> {
    let ballot = ballot(on, ask)?;
    ballot.first_condition(on, &ballot.awaited(on), ask.reason.as_deref())
}

fn brought(on: &On<'_>, ask: &Approve) -> Result<(), No> {
    let ballot = ballot(on, ask)?;
    ballot.first_brought(on, &ballot.awaited(on), ask.reason.as_deref())
}

/// An approver gives what was asked, or less, but not nothing.
fn less(on: &On<'_>, ask: &Approve) -> Result<(), No> {
    let grant = on.grant(&ask.grant)?;
    if let Some(span) = ask.span.filter(|span| *span > grant.origin.span) {
        let asked = grant.origin.span;
        let words = format!("{span} is longer than the {asked} that was asked for");
        return Err(Refusal::new(Code::ApprovalLonger, words)
            .with("max", asked)
            .or(WouldPass::span(asked))
            .into());
    }
    if let Some(only) = &ask.only
        && let Some(item) = only.iter().find(|item| !grant.terms.scope.contains(item))
    {
        let within = WouldPass::only(only.intersection(&grant.terms.scope).cloned());
        let within = Some(within).filter(|within| !within.only.is_empty());
        let refusal = Refusal::new(Code::ApprovalWider, format!("`{item}` was not asked for"));
        return Err(refusal.with("item", item.to_string()).or_some(within).into());
    }
    let terms = narrowest(grant, &with(&grant.approvals, &unplaced(on, ask)?));
    let over = grant.origin.start.is_some_and(|start| start.plus(terms.span) <= on.now());
    if terms.scope.is_empty() || terms.span.is_zero() || over {
        return Err(Refusal::new(Code::ApprovalEmpty, "such an approval leaves nothing to grant").into());
    }
    Ok(())
}

/// The approval that settles a request looks at the holder again, where today's facts are handed in.
fn holder_eligible(on: &On<'_>, ask: &Approve) -> Result<(), No> {
    let Some(holder) = holder_today(on, ask)? else { return Ok(()) };
    let grant = on.grant(&ask.grant)?;
    eligible::may_hold(on.pinned(grant)?, Some(holder), &holder.id)
}

fn holder_conditions(on: &On<'_>, ask: &Approve) -> Result<(), No> {
    let Some(holder) = holder_today(on, ask)? else { return Ok(()) };
    let grant = on.grant(&ask.grant)?;
    let flow = on.pinned(grant)?;
    let items = || grant.items().collect();
    let named = flow.when.iter().map(eligible::Conditioned::named);
    eligible::conditions(on, named, Some(holder), items, || {
        let mut asking = eligible::asking(on, flow, &grant.origin.requester.id, &grant.origin.holder.id);
        asking.span = grant.origin.span;
        asking.reason = grant.origin.reason.clone().unwrap_or_default();
        asking.mfa_age = holder.authenticated.as_ref().and_then(|login| login.age(on.now()));
        asking
    })
}

/// The holder's facts of today, where they were handed in and this approval settles the request.
fn holder_today<'r>(on: &On<'_>, ask: &'r Approve) -> Result<Option<&'r Person>, No> {
    let Some(holder) = &ask.holder else { return Ok(None) };
    let grant = on.grant(&ask.grant)?;
    if holder.id != *grant.holder() {
        let words =
            format!("the facts of `{}` were handed in, the holder is `{}`", holder.id, grant.holder());
        return Err(Refusal::new(Code::PersonNotEligible, words).into());
    }
    Ok(settles(on, ask)?.then_some(holder))
}

/// Whether this is the last approval that is needed.
fn settles(on: &On<'_>, ask: &Approve) -> Result<bool, No> {
    let ballot = ballot(on, ask)?;
    Ok(ballot.is_met(&with(ballot.approvals, &decision(on, ask, &ballot)?)))
}

/// The approval that settles a request looks again at what the holder has by now.
fn none_held(on: &On<'_>, ask: &Approve) -> Result<(), No> {
    if !settles(on, ask)? {
        return Ok(());
    }
    let grant = on.grant(&ask.grant)?;
    let today = ask.holder.as_ref().map(Person::names);
    let names: Vec<&Names> = [&grant.origin.holder].into_iter().chain(&today).collect();
    conflict::none_held(on, &grant.origin.flow, &names, Some(grant.id()))
}

fn size(on: &On<'_>, ask: &Approve) -> Result<(), No> {
    crate::lifecycle::bring::bounded(on, ask.holder.as_ref(), ask.reason.as_deref())
}

fn decision(on: &On<'_>, ask: &Approve, ballot: &Ballot<'_>) -> Result<Decision, No> {
    let fits = ballot.counting(on, &ballot.awaited(on), ask.reason.as_deref())?;
    Ok(Decision { named_by: ballot.naming(on, &fits), fits, ..unplaced(on, ask)? })
}

fn unplaced(on: &On<'_>, ask: &Approve) -> Result<Decision, No> {
    Ok(Decision {
        by: ballot::decider(on)?,
        at: on.now(),
        fits: Vec::new(),
        named_by: None,
        span: ask.span,
        only: ask.only.clone(),
        reason: ask.reason.clone(),
    })
}

fn with(approvals: &[Decision], one_more: &Decision) -> Vec<Decision> {
    approvals.iter().chain([one_more]).cloned().collect()
}

/// The narrowest that any approval gave: the shortest span, the items that all of them gave.
fn narrowest(grant: &Grant, approvals: &[Decision]) -> Terms {
    let span = approvals.iter().filter_map(|decision| decision.span).fold(grant.origin.span, Span::min);
    let only: Vec<_> = approvals.iter().filter_map(|decision| decision.only.as_ref()).collect();
    let scope = if only.is_empty() {
        grant.terms.scope.clone()
    } else {
        let given = |item: &&Item| only.iter().all(|only| only.contains(*item));
        Arc::new(grant.terms.scope.iter().filter(given).cloned().collect())
    };
    Terms { span, scope }
}

#[cfg(test)]
mod tests;
