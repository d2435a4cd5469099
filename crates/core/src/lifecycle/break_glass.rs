//! An emergency: access without approval, for those whom the flow names, and somebody looks at it afterwards.
//!
//! It skips approval, hours, limits and planned starts, and nothing else.

use crate::board::Board;
use crate::check::{No, On};
use crate::command::Request;
use crate::flow::requirement::ReasonRule;
use crate::flow::selector::Selector;
use crate::flow::{Durations, Flow};
use crate::grant::Grant;
use crate::lifecycle::{eligible, remind};
use crate::machine::Fault;
use crate::person::{Names, Person};
use crate::refusal::{Code, Refusal};
use crate::time::{Span, Timestamp};
use crate::world::Read;

/// The shortest that access can be: not nothing.
const LEAST: Span = Span::millis(1);

/// The check, unless the request is taken in an emergency.
pub(crate) fn skips(
    on: &On<'_>,
    ask: &Request,
    check: fn(&On<'_>, &Request) -> Result<(), No>,
) -> Result<(), No> {
    if ask.break_glass { Ok(()) } else { check(on, ask) }
}

/// `requester.not_allowed`: in an emergency everybody asks for themselves, under their own id.
pub(crate) fn for_oneself(on: &On<'_>, holder: &Person) -> Result<(), No> {
    if on.person().is_some_and(|person| person.id == holder.id) {
        return Ok(());
    }
    let words = format!("in an emergency `{}` asks for nobody but themselves", on.actor());
    Err(Refusal::new(Code::RequesterNotAllowed, words).into())
}

/// `break_glass.not_allowed`: nobody is named, or others are.
pub(crate) fn allowed(flow: &Flow, holder: &Person) -> Result<(), No> {
    let words = match &flow.break_glass {
        Some(_) if names(flow, holder) => return Ok(()),
        Some(_) => format!("`{}` is not among those who break the glass of `{}`", holder.id, flow.id),
        None => format!("`{}` has no glass to break: it is asked for, and approved", flow.id),
    };
    Err(Refusal::new(Code::BreakGlassNotAllowed, words).with("flow", flow.id.as_str()).into())
}

/// `break_glass.review_due`: an earlier emergency of this person, under whatever flow, should have been looked
/// at by now.
pub(crate) fn reviewed(on: &On<'_>, holder: &Person) -> Result<(), No> {
    let names = holder.names();
    let overdue = |grant: &&Grant| {
        // Only of ids that were read for it: what else happens to be loaded decides nothing.
        names.all().any(|id| id == grant.holder())
            && grant.review.as_ref().is_some_and(|review| review.by.is_none() && review.due <= on.now())
    };
    match on.board.grants().find(overdue) {
        Some(grant) => {
            let words = format!("the emergency access `{}` should have been reviewed by now", grant.id());
            let due = grant.review.as_ref().map(|review| review.due);
            let refusal = Refusal::new(Code::BreakGlassReviewDue, words).with("grant", grant.id().as_str());
            Err(refusal.with_some("due", due).into())
        }
        None => Ok(()),
    }
}

/// Earlier emergencies of a person, under any id they are known by.
pub(crate) fn earlier(person: &Names) -> impl Iterator<Item = Read> {
    person.all().cloned().map(Read::Person)
}

/// How long it may be taken: at most the rule's `max`, and as short as anybody likes.
pub(crate) fn bounds(flow: &Flow) -> Durations {
    match &flow.break_glass {
        Some(rule) => Durations { min: LEAST, default: flow.duration.default.min(rule.max), max: rule.max },
        None => flow.duration,
    }
}

/// The flow's own reason rule, and one must always be given.
pub(crate) fn reason(rule: &ReasonRule) -> ReasonRule {
    ReasonRule { required: true, ..rule.clone() }
}

/// When access must have been reviewed that begins then, where it is an emergency's.
pub(crate) fn review_due(flow: &Flow, grant: &Grant, since: Timestamp) -> Option<Timestamp> {
    let rule = flow.break_glass.as_ref().filter(|_| grant.origin.break_glass)?;
    Some(since.plus(rule.review_within))
}

/// Who is told of an emergency and of its review: those whom the flow named when the glass was broken.
pub(crate) fn reviewers(board: &Board<'_>, grant: &Grant) -> Result<Vec<String>, Fault> {
    let rule = board.pinned(grant)?.break_glass.as_ref();
    Ok(rule.map_or_else(Vec::new, |rule| {
        remind::resolved(&rule.review_by, grant.origin.manager.as_ref(), grant)
    }))
}

/// `person.not_eligible` at an extension of access that was taken in an emergency. Unknown facts are no facts.
pub(crate) fn may_extend(flow: &Flow, holder: Option<&Person>, grant: &Grant) -> Result<(), No> {
    let who = who(flow);
    let id = grant.holder();
    let Some(holder) = holder else {
        return if eligible::for_anybody(who, &flow.who.except) {
            Ok(())
        } else {
            let words = format!("what groups and roles `{id}` has was not handed in");
            Err(eligible::not_eligible(flow, words))
        };
    };
    eligible::not_excepted(flow, holder)?;
    if names(flow, holder) {
        return Ok(());
    }
    let words = format!("`{id}` is not among those who break the glass of `{}`", flow.id);
    Err(eligible::not_eligible(flow, words))
}

/// Whether the flow names this person among those who break its glass.
pub(crate) fn names(flow: &Flow, person: &Person) -> bool {
    who(flow).iter().any(|selector| selector.includes(person))
}

/// Those who may take it.
pub(crate) fn who(flow: &Flow) -> &[Selector] {
    flow.break_glass.as_ref().map_or(&[], |rule| &rule.who)
}

#[cfg(test)]
mod tests;
