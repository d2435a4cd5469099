//! The end of running access is moved later: no new request, no wider scope, no second approval unless the flow asks for one.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::check::{self, Check, No, On};
use crate::command::{Command, Extend};
use crate::effect::{Notice, Task};
use crate::event::{Cause, Happened, IllegalEvent};
use crate::flow::Flow;
use crate::flow::approval_rule::Approval;
use crate::flow::selector::Selector;
use crate::grant::{AskedExtension, Grant, HolderThen, Moved, Stage, Tiers};
use crate::id::{GrantId, digest};
use crate::lifecycle::governing::{Governing, Side};
use crate::lifecycle::rules::{self, Awaited, Rules};
use crate::lifecycle::withdraw::is_party;
use crate::lifecycle::{
    break_glass, bring, conflict, counterfactual, decide_extension, eligible, guard, quota, remind, request,
};
use crate::machine::Fault;
use crate::person::{Names, Person};
use crate::refusal::{Code, Refusal, WouldPass};
use crate::time::{Span, Timestamp};

/// An extension was asked for and awaits its decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionAsked {
    /// What was asked.
    pub asked: AskedExtension,
}

/// The end was moved. There is no field that could carry another scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extended {
    /// Who asked.
    pub by: Names,
    /// Names of the holder that were handed in with it, where they are others than at the request.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub holder: Option<Names>,
    /// By how much was asked.
    pub span: Span,
    /// The end before.
    pub from: Timestamp,
    /// The end after.
    pub to: Timestamp,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Further fields of the reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub fields: BTreeMap<String, String>,
    /// Whether it took the fast lane of the steps that decide on extensions.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub lane: bool,
    /// When reminders of the new end are due.
    pub reminders: Vec<Timestamp>,
}

pub(crate) const CHECKS: &[Check<Extend>] = &[
    Check { codes: &[Code::CommandReused], run: check::reused },
    Check { codes: &[Code::GrantUnknown], run: |on, ask| on.grant(&ask.grant).map(|_| ()) },
    Check { codes: &[Code::ExtensionNotHolder], run: may_extend },
    Check { codes: &[Code::GrantNotActive, Code::GrantExpired], run: running },
    Check { codes: &[Code::ExtensionStale], run: seen },
    Check {
        codes: &[Code::FlowWithdrawn],
        run: |on, ask| check::in_force(on, &on.grant(&ask.grant)?.origin.flow),
    },
    Check { codes: &[Code::ExtensionNotAllowed], run: |on, ask| Rules::of(on, ask).map(|_| ()) },
    Check { codes: &[Code::ExtensionUsedUp], run: times },
    Check { codes: &[Code::RequesterNotAllowed], run: requester },
    Check { codes: &[Code::PersonNotEligible], run: eligibility },
    Check { codes: &[Code::ScopeNotInFlow], run: scope },
    Check { codes: &[Code::RequestTooLarge], run: size },
    Check { codes: &[Code::ConditionUnmet, Code::ConditionFailed], run: conditions },
    Check { codes: &[Code::GuardUnmet], run: guards },
    Check { codes: &[Code::ConflictHeld], run: none_held },
    Check { codes: &[Code::ExtensionPending], run: none_pending },
    Check { codes: &[Code::ExtensionTooShort, Code::ExtensionTooLong], run: span },
    Check { codes: &[Code::ExtensionOverTotal], run: total },
    Check { codes: &[Code::ExtensionNoGain], run: gain },
    Check { codes: &[Code::HoursClosed], run: hours },
    Check { codes: &[Code::LimitExtensions], run: quota_of_extensions },
    Check { codes: &[Code::ExtensionTooEarly], run: window },
    Check { codes: &[Code::ExtensionTooSoon], run: cool_down },
    Check { codes: &[Code::ReasonMissing, Code::ReasonMalformed], run: reason },
    Check { codes: &[Code::MfaMissing, Code::MfaStale], run: login },
];

pub(crate) fn decide(board: &mut Board<'_>, command: &Command, ask: &Extend) -> Result<GrantId, No> {
    let on = On::new(board, command);
    counterfactual::all(CHECKS, &on, ask)?;
    let rules = Rules::of(&on, ask)?;
    let (span, to) = rules.asked(&on, ask);
    let by = on.names().ok_or_else(|| not_holder(&on))?;
    let decided_by = rules.approval(&on, ask)?;
    let holder = rules::holder(&on, ask, rules.grant).and_then(|holder| holder_then(holder, rules.grant));
    // From here it must succeed.
    let (now, cause) = (on.now(), on.cause());
    let active = rules.active;
    let happened = match decided_by {
        None => Happened::Extended(Extended {
            by,
            holder: other_names(holder, rules.grant),
            span,
            from: active.end,
            to,
            reason: ask.reason.clone(),
            fields: ask.fields.clone(),
            lane: rules.takes_lane(),
            reminders: remind::due(&board.pinned(rules.grant)?.notify.before_end, active.since, to, now),
        }),
        Some(Awaited { within, bridge, under }) => {
            // INVARIANT: the end that was asked lies within the total, so the bridge does too.
            let bridge = bridge.map(|bridge| active.end.plus(bridge).min(to));
            let held_until = bridge.unwrap_or(active.end);
            let decide_by = within.map_or(held_until, |within| now.plus(within)).min(held_until);
            let mut asked = AskedExtension {
                content: content(rules.grant, &by, span, to, ask),
                by,
                at: now,
                span,
                end: to,
                decide_by,
                bridge,
                revision: rules.governing.first.flow.revision.clone(),
                under,
                reason: ask.reason.clone(),
                fields: ask.fields.clone(),
                holder,
                approvals: Vec::new(),
                denials: Vec::new(),
                tiers: Tiers::default(),
            };
            asked.tiers.due = decide_extension::ballot_on(on.board, rules.grant, &asked)?.tiers_due(&[], now);
            Happened::ExtensionAsked(Box::new(ExtensionAsked { asked }))
        }
    };
    board.record(&ask.grant, now, Some(cause), happened)?;
    Ok(ask.grant.clone())
}

pub(crate) fn evolve_asked(mut grant: Grant, event: &ExtensionAsked) -> Result<Grant, IllegalEvent> {
    match &mut grant.stage {
        Stage::Active(active) if active.asked.is_none() => {
            active.asked = Some(Box::new(event.asked.clone()));
            Ok(grant)
        }
        Stage::Pending(_) | Stage::Approved(_) | Stage::Active(_) | Stage::Closed(_) => {
            Err(request::illegal(&grant, "extension_asked"))
        }
    }
}

/// An end is never moved earlier, nor from another end than the one that stands.
pub(crate) fn evolve(mut grant: Grant, event: &Extended, at: Timestamp) -> Result<Grant, IllegalEvent> {
    match &mut grant.stage {
        Stage::Active(active)
            if active.end == event.from && event.from < event.to && at < active.held_until() =>
        {
            active.end = event.to;
            active.reminders.clone_from(&event.reminders);
            active.asked = None;
            let moved = Moved {
                by: event.by.clone(),
                holder: event.holder.clone(),
                at,
                from: event.from,
                to: event.to,
                lane: event.lane,
            };
            Arc::make_mut(&mut grant.extensions).push(moved);
            Ok(grant)
        }
        Stage::Pending(_) | Stage::Approved(_) | Stage::Active(_) | Stage::Closed(_) => {
            Err(request::illegal(&grant, "extended"))
        }
    }
}

pub(crate) fn effects_asked(board: &Board<'_>, after: &Grant) -> Result<Vec<Task>, Fault> {
    let Some(asked) = after.active().and_then(|active| active.asked.as_deref()) else {
        return Ok(Vec::new());
    };
    let bridged = adjusted(after).filter(|_| asked.bridge.is_some());
    Ok(bridged.chain([wanted(board, after, asked)?]).collect())
}

/// Those whose decision is awaited now are told.
pub(crate) fn wanted(board: &Board<'_>, after: &Grant, asked: &AskedExtension) -> Result<Task, Fault> {
    let ballot = decide_extension::ballot_on(board, after, asked)?;
    let to = ballot.tell(ballot.open_steps().map(|(_, step)| step));
    Ok(Task::Notify { notice: Notice::ExtensionWanted, to, ends: Some(asked.end) })
}

/// The targets and the parties are told; where somebody else decided on it, who asked hears of that, too.
pub(crate) fn effects(after: &Grant, event: &Extended, cause: Option<&Cause>) -> Vec<Task> {
    let mut to = remind::parties(after);
    let asker = format!("user:{}", event.by.id);
    let decided = cause.is_some_and(|cause| cause.actor != event.by.id.as_str());
    if decided && !to.contains(&asker) {
        to.push(asker);
    }
    let notice = Task::Notify { notice: Notice::Extended, to, ends: Some(event.to) };
    adjusted(after).chain([notice]).collect()
}

/// Every target is told until when access is held now.
pub(crate) fn adjusted(after: &Grant) -> impl Iterator<Item = Task> {
    after.integrations().into_iter().map(|at| Task::Adjust { at: at.clone() })
}

/// The hash of all that approvers of an extension decide on: whose access, who asks, to which end, why.
fn content(grant: &Grant, by: &Names, span: Span, end: Timestamp, ask: &Extend) -> String {
    let what = (&grant.origin.content, &by.id, span, end, &ask.reason);
    // INVARIANT: ids, texts and numbers always have a JSON form.
    let text = if ask.fields.is_empty() {
        serde_json::to_string(&what)
    } else {
        serde_json::to_string(&(what, &ask.fields))
    };
    digest([text.unwrap_or_default().as_bytes()])
}

/// Who the holder is by the facts that were handed in, where those say something else than the request's did.
fn holder_then(holder: &Person, grant: &Grant) -> Option<HolderThen> {
    let then = HolderThen { names: holder.names(), manager: holder.manager.clone() };
    let same = then.names == grant.origin.holder && then.manager == grant.origin.manager;
    (!same).then_some(then)
}

/// Their names, where they are others than at the request.
pub(crate) fn other_names(holder: Option<HolderThen>, grant: &Grant) -> Option<Names> {
    holder.map(|holder| holder.names).filter(|names| *names != grant.origin.holder)
}

fn not_holder(on: &On<'_>) -> Refusal {
    let words = format!("`{}` may not extend this", on.actor());
    Refusal::new(Code::ExtensionNotHolder, words)
}

/// Holder, requester, and the others that the rule names. The refusal carries nothing of the grant.
fn may_extend(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let grant = on.grant(&ask.grant)?;
    if is_party(on, grant) {
        return Ok(());
    }
    let Some(governing) = Governing::of(on.board, grant)? else { return Err(not_holder(on).into()) };
    let named = |person| {
        let means = |selector: &Selector| eligible::means(selector, person, grant);
        governing.sides().all(|side| side.rule.others.iter().any(means))
    };
    if on.person().is_some_and(named) { Ok(()) } else { Err(not_holder(on).into()) }
}

/// A grant that waits for a moment which comes by itself can be extended then.
fn running(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let grant = on.grant(&ask.grant)?;
    let opens = match &grant.stage {
        Stage::Approved(approved) => approved.opens_at,
        Stage::Pending(_) | Stage::Active(_) | Stage::Closed(_) => None,
    };
    match check::running(grant) {
        Ok(_) => Ok(()),
        Err(No::Refused(refusal)) => Err(refusal.or_some(opens.map(WouldPass::at)).into()),
        Err(No::Fault(fault)) => Err(No::Fault(fault)),
    }
}

fn seen(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let active = check::running(on.grant(&ask.grant)?)?;
    match ask.if_ends_at {
        Some(seen) if seen != active.end => {
            let words = format!("the end is {}, not the {seen} that was seen", active.end);
            let refusal = Refusal::new(Code::ExtensionStale, words).with("ends", active.end);
            Err(refusal.or(WouldPass::if_ends_at(active.end)).into())
        }
        Some(_) | None => Ok(()),
    }
}

fn times(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    let (used, times) = (rules::used(rules.grant), rules.governing.bounds.times);
    if used >= times {
        let words = format!("all {times} extensions of `{}` were granted already", ask.grant);
        return Err(Refusal::new(Code::ExtensionUsedUp, words)
            .with("used", used)
            .with("times", times)
            .into());
    }
    Ok(())
}

/// Binds holder and requester; the others were named by the rule itself.
fn requester(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    if !is_party(on, rules.grant) {
        return Ok(());
    }
    // Whoever is their manager no more asks for them no more.
    let today = rules::holder(on, ask, rules.grant);
    let manager = today.map_or(rules.grant.origin.manager.as_ref(), |holder| holder.manager.as_ref());
    let holder = &rules.grant.origin.holder;
    each(rules, |side| eligible::may_request(side.flow, on.actor(), holder, manager))
}

fn eligibility(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    let holder = rules::holder(on, ask, rules.grant);
    each(rules, |side| {
        if rules.grant.origin.break_glass {
            break_glass::may_extend(side.flow, holder, rules.grant)
        } else {
            eligible::may_hold(side.flow, holder, rules.grant.holder())
        }
    })
}

fn scope(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    let items: Vec<_> = rules.grant.items().collect();
    let unknown = &rules.grant.origin.unknown;
    each(rules, |side| request::offered(side.flow, &items, unknown, |_| None))
}

fn conditions(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    each(rules, |side| {
        let named = side.flow.when.iter().map(eligible::Conditioned::named);
        let further = side.rule.when.as_deref().map(eligible::Conditioned::plain);
        rules.hold(on, ask, side.flow, named.chain(further))
    })
}

/// What every revision that governs says by itself, today's first.
fn each<'a>(rules: &Rules<'a>, check: impl FnMut(Side<'a>) -> Result<(), No>) -> Result<(), No> {
    rules.governing.sides().try_for_each(check)
}

/// What guards ask of these items today, whatever revision governs. A reason and a login bind no extension.
fn guards(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    let origin = &rules.grant.origin;
    let today = &on.today(&origin.flow)?.flow;
    // What governs may be another revision, under which nobody decides though somebody does today.
    let automatic = |flow: &Flow| matches!(flow.approval, Approval::Automatic);
    let by_nobody = if automatic(today) || rules.governing.sides().any(|side| automatic(side.flow)) {
        Some("nobody does under this flow")
    } else {
        origin.break_glass.then_some("nobody did in the emergency")
    };
    let (_, to) = rules.asked(on, ask);
    for guarding in &guard::over(on.board, rules.grant) {
        guarding.approved(by_nobody)?;
        let latest = guarding.guard.require.max.map(|most| rules.active.since.plus(most));
        if let Some(latest) = latest.filter(|latest| to > *latest) {
            let refusal = guarding.unmet(&format!("the new end {to} would pass {latest}"));
            return Err(bounded(rules, on, refusal, latest).into());
        }
        guarding.holds(on, rules::holder(on, ask, rules.grant), || rules.asking(on, ask, today))?;
    }
    Ok(())
}

/// What the holder has may not be held together with this; this grant aside.
fn none_held(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let grant = on.grant(&ask.grant)?;
    let today = rules::holder(on, ask, grant).map(Person::names);
    let names: Vec<&Names> = [&grant.origin.holder].into_iter().chain(&today).collect();
    conflict::none_held(on, &grant.origin.flow, &names, Some(grant.id()))
}

fn none_pending(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    match &check::running(on.grant(&ask.grant)?)?.asked {
        Some(asked) => {
            let words = format!("an extension asked by `{}` awaits its decision", asked.by.id);
            let refusal = Refusal::new(Code::ExtensionPending, words).with("decide_by", asked.decide_by);
            Err(refusal.or(WouldPass::at(asked.decide_by)).into())
        }
        None => Ok(()),
    }
}

fn span(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    let bounds = rules.governing.bounds.span;
    let (span, _) = rules.asked(on, ask);
    request::within(span, bounds.min, bounds.max, Code::ExtensionTooShort, Code::ExtensionTooLong)
}

fn total(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    let (_, to) = rules.asked(on, ask);
    match rules.bound {
        Some(bound) if to > bound => {
            let words = format!("the new end {to} would pass {bound}, the latest there may be");
            Err(bounded(rules, on, Refusal::new(Code::ExtensionOverTotal, words), bound).into())
        }
        Some(_) | None => Ok(()),
    }
}

/// Adds the latest end and the largest span that would still pass, and when the hours open again.
fn bounded(rules: &Rules<'_>, on: &On<'_>, refusal: Refusal, latest: Timestamp) -> Refusal {
    // Where the hours are shut now, no span passes.
    let most = rules.most(on.now()).filter(|_| !rules.shut);
    let refusal = refusal.with("latest_end", latest).with("most", most.unwrap_or(Span::ZERO));
    refusal
        .or_some(rules.most(on.now()).map(WouldPass::span))
        .or_some(rules.reopens(on.now()).map(WouldPass::at))
}

fn gain(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    let (span, to) = rules.asked(on, ask);
    if to > rules.active.end {
        return Ok(());
    }
    let words = format!("{span} from now would not move the end {}", rules.active.end);
    let refusal = Refusal::new(Code::ExtensionNoGain, words).with("ends", rules.active.end);
    let longer = rules.most(on.now()).map(|_| WouldPass::span(rules.least(on.now())));
    let later = rules.active.end.minus(span).plus(Span::millis(1));
    Err(refusal.or_some(longer).or(WouldPass::at(later)).into())
}

fn hours(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    let flow = &rules.grant.origin.flow;
    if rules.shut {
        let opens = rules.next_opening(on.now());
        let why = rules.hours.iter().find_map(|hours| hours.closed_because(on.now()));
        let refusal = request::shut(format!("`{flow}` is closed now"), opens, why);
        return Err(refusal.or_some(opens.map(WouldPass::at)).into());
    }
    let (_, to) = rules.asked(on, ask);
    match rules.close {
        Some(close) if to > close => {
            let words = format!("`{flow}` closes at {close}, before the new end {to}");
            Err(bounded(rules, on, Refusal::new(Code::HoursClosed, words), close).into())
        }
        Some(_) | None => Ok(()),
    }
}

fn quota_of_extensions(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    if rules.grant.origin.break_glass {
        return Ok(());
    }
    let (holder, flow) = (rules.grant.holder(), &rules.grant.origin.flow);
    let quotas = rules.governing.sides().filter_map(|side| side.flow.limits.extensions);
    let Some(tally) = quota::extensions(on.board, holder, flow, quotas)? else { return Ok(()) };
    tally.refuses(
        Code::LimitExtensions,
        &format!("access of `{holder}` under `{flow}` was extended too often"),
    )
}

fn window(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    match rules.governing.bounds.window.map(|window| rules.active.end.minus(window)) {
        Some(opens) if on.now() < opens => {
            let words = format!("it may be extended from {opens} on");
            Err(Refusal::new(Code::ExtensionTooEarly, words)
                .with("opens_at", opens)
                .or(WouldPass::at(opens))
                .into())
        }
        Some(_) | None => Ok(()),
    }
}

fn cool_down(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    match rules.grant.extensions.last().map(|last| last.at.plus(rules.governing.bounds.cool_down)) {
        Some(opens) if on.now() < opens => {
            let words = format!("it was extended a moment ago, and may be again from {opens} on");
            Err(Refusal::new(Code::ExtensionTooSoon, words)
                .with("opens_at", opens)
                .or(WouldPass::at(opens))
                .into())
        }
        Some(_) | None => Ok(()),
    }
}

fn size(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let texts = ask.fields.iter().flat_map(|(name, text)| [name.as_str(), text.as_str()]);
    bring::bounded(on, ask.holder.as_ref(), texts.chain(ask.reason.as_deref()))
}

/// The rule's reason, none by default.
pub(crate) fn reason(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let reason = ask.reason.as_deref();
    each(Rules::of(on, ask)?, |side| bring::reason(on, &side.rule.reason, reason, &ask.fields))
}

/// The rule's login, none by default.
pub(crate) fn login(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    each(Rules::of(on, ask)?, |side| bring::login(on, side.rule.mfa.as_ref()))
}

/// What an offer asks about: one click, nothing brought.
pub(crate) fn click(grant: &GrantId, holder: Option<&Person>) -> Extend {
    let (span, if_ends_at, reason) = (None, None, None);
    Extend {
        grant: grant.clone(),
        span,
        if_ends_at,
        reason,
        fields: BTreeMap::new(),
        holder: holder.cloned(),
    }
}

#[cfg(test)]
mod bridge;
#[cfg(test)]
mod interplay;
#[cfg(test)]
mod tests;
