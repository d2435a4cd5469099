//! The holder begins access that waits for them.

use crate::board::Board;
use crate::check::{self, Check, No, On};
use crate::command::{Activate, Command};
use crate::grant::{Approved, Outcome, Stage, Waiting};
use crate::id::GrantId;
use crate::lifecycle::{bring, conflict, counterfactual, eligible, open, request};
use crate::person::Person;
use crate::refusal::{Code, Refusal, WouldPass};

/// What was promised stands: all is judged by the revision it was asked under, with the holder's facts of today.
pub(crate) const CHECKS: &[Check<Activate>] = &[
    Check { codes: &[Code::CommandReused], run: check::reused },
    Check { codes: &[Code::GrantUnknown], run: |on, ask| on.grant(&ask.grant).map(|_| ()) },
    Check { codes: &[Code::ActorNotAllowed], run: |on, ask| holder(on, ask).map(|_| ()) },
    Check { codes: &[Code::GrantExpired, Code::GrantNotActive], run: waits },
    Check { codes: &[Code::RequestTooLarge], run: |on, _| bring::bounded(on, None, None) },
    Check { codes: &[Code::PersonNotEligible], run: eligibility },
    Check { codes: &[Code::ConditionUnmet, Code::ConditionFailed], run: conditions },
    Check { codes: &[Code::ConflictHeld], run: none_held },
    Check { codes: &[Code::HoursClosed], run: hours },
    Check { codes: &[Code::MfaMissing, Code::MfaStale], run: login },
];

pub(crate) fn decide(board: &mut Board<'_>, command: &Command, ask: &Activate) -> Result<GrantId, No> {
    let on = On::new(board, command);
    counterfactual::all(CHECKS, &on, ask)?;
    // From here it must succeed.
    let (now, cause) = (on.now(), on.cause());
    open::begin(board, &ask.grant, now, Some(cause))?;
    Ok(ask.grant.clone())
}

/// `actor.not_allowed`: only the holder begins. Carries nothing of the grant.
fn holder<'a>(on: &On<'a>, ask: &Activate) -> Result<&'a Person, No> {
    let grant = on.grant(&ask.grant)?;
    on.person().filter(|person| person.id == *grant.holder()).ok_or_else(|| {
        Refusal::new(Code::ActorNotAllowed, format!("`{}` is not the holder", on.actor())).into()
    })
}

/// The stage's refusal, where the grant does not wait for its holder, or where nothing of it is left: today's `until`
/// has passed, and at the very instant at which that was put in force time has not yet made it unused.
fn waits(on: &On<'_>, ask: &Activate) -> Result<(), No> {
    let grant = on.grant(&ask.grant)?;
    let until = on.today(&grant.origin.flow)?.flow.until.filter(|until| *until <= on.now());
    let (code, words) = match (&grant.stage, until) {
        (Stage::Approved(Approved { waiting_for: Some(Waiting::Holder), .. }), None) => return Ok(()),
        (Stage::Approved(_), Some(until)) => {
            let words = format!("`{}` ended at {until}: nothing of it is left", grant.origin.flow);
            (Code::GrantNotActive, words)
        }
        (Stage::Closed(closed), _) if closed.outcome == Outcome::Expired => {
            (Code::GrantExpired, format!("the grant `{}` ended at {}", grant.id(), closed.at))
        }
        (Stage::Pending(_) | Stage::Approved(_) | Stage::Active(_) | Stage::Closed(_), _) => {
            let standing = check::standing(grant);
            let words = format!("the grant `{}` is {standing} and does not wait for its holder", grant.id());
            (Code::GrantNotActive, words)
        }
    };
    Err(check::staged(Refusal::new(code, words), grant).into())
}

fn eligibility(on: &On<'_>, ask: &Activate) -> Result<(), No> {
    let holder = holder(on, ask)?;
    eligible::may_hold(on.pinned(on.grant(&ask.grant)?)?, Some(holder), &holder.id)
}

fn conditions(on: &On<'_>, ask: &Activate) -> Result<(), No> {
    let (grant, holder) = (on.grant(&ask.grant)?, holder(on, ask)?);
    let flow = on.pinned(grant)?;
    let items = || grant.items().collect();
    let named = flow.when.iter().map(eligible::Conditioned::named);
    eligible::conditions(on, named, Some(holder), items, || {
        let mut asking = eligible::asking(on, flow, &grant.origin.requester.id, grant.holder());
        asking.span = grant.terms.span;
        asking.reason = grant.origin.reason.clone().unwrap_or_default();
        asking
    })
}

/// The holder may have begun something else since it was approved.
fn none_held(on: &On<'_>, ask: &Activate) -> Result<(), No> {
    let (grant, holder) = (on.grant(&ask.grant)?, holder(on, ask)?);
    let names = [&grant.origin.holder, &holder.names()];
    conflict::none_held(on, &grant.origin.flow, &names, Some(grant.id()))
}

/// `hours.closed`: access does not begin while the flow's hours are shut, and whoever begins it chooses when.
fn hours(on: &On<'_>, ask: &Activate) -> Result<(), No> {
    let grant = on.grant(&ask.grant)?;
    let flow = on.pinned(grant)?;
    let now = on.now();
    let Some(hours) = flow.hours.as_ref().filter(|hours| !hours.is_open(now)) else { return Ok(()) };
    let refusal = request::closed(hours, now, format!("`{}` is closed at {now}", flow.id));
    // Once nothing of the grant is left to begin, the opening is of no use.
    let Stage::Approved(approved) = &grant.stage else { return Err(refusal.into()) };
    let opens = hours.next_opening(now).filter(|opens| *opens < approved.waits_until());
    Err(refusal.or_some(opens.map(WouldPass::at)).into())
}

fn login(on: &On<'_>, ask: &Activate) -> Result<(), No> {
    bring::login(on, on.pinned(on.grant(&ask.grant)?)?.mfa.as_ref())
}

#[cfg(test)]
mod tests;
