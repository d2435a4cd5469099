//! The offer: what a button needs to know. It asks the very checks that `extend` runs.

use std::collections::BTreeSet;

use crate::check::{Check, No, On};
use crate::command::Extend;
use crate::grant::Grant;
use crate::id::GrantId;
use crate::lifecycle::rules::Rules;
use crate::lifecycle::{counterfactual, extend};
use crate::machine::Fault;
use crate::offer::{Need, Offer};
use crate::person::Person;
use crate::refusal::{Code, Refusal};
use crate::view::ExtensionCount;

/// Whether one click would extend the grant now. A stranger learns no more than that it would not.
pub(crate) fn offer(
    on: &On<'_>,
    grant: &GrantId,
    holder: Option<&Person>,
) -> Result<Result<Offer, Refusal>, Fault> {
    let ask = extend::click(grant, holder);
    match made(on, &ask) {
        Ok(offer) => Ok(Ok(offer)),
        Err(No::Refused(refusal)) => Ok(Err(*refusal)),
        Err(No::Fault(fault)) => Err(fault),
    }
}

fn made(on: &On<'_>, ask: &Extend) -> Result<Offer, No> {
    let (mut needs, mut refused, mut opens_at) = (BTreeSet::new(), None, None);
    for check in extend::CHECKS {
        match (check.run)(on, ask) {
            Ok(()) => {}
            Err(No::Refused(refusal)) => match need(check) {
                Some(need) => drop(needs.insert(need)),
                None => {
                    let told = counterfactual::told((*refusal).clone(), on.board, on.command, ask);
                    opens_at = told.would_pass.as_ref().and_then(|change| {
                        counterfactual::opens_at(&refusal, change, on.board, on.command, ask)
                    });
                    refused = Some(told);
                    break;
                }
            },
            Err(No::Fault(fault)) => return Err(No::Fault(fault)),
        }
    }
    if let Some(refusal) = refused.take_if(|refusal| refusal.code == Code::GrantUnknown) {
        return Err(refusal.into());
    }
    let grant = on.grant(&ask.grant)?;
    let stranger = refused.as_ref().is_some_and(|refusal| refusal.code == Code::ExtensionNotHolder);
    let rules = match Rules::of(on, ask) {
        Ok(rules) if !stranger => Some(rules),
        Ok(_) | Err(No::Refused(_)) => None,
        Err(No::Fault(fault)) => return Err(No::Fault(fault)),
    };
    if let Some(rules) = rules
        && refused.is_none()
        && rules.approval(on, ask)?.is_some()
    {
        needs.insert(Need::Approval);
    }
    let grant = Some(grant).filter(|_| !stranger);
    Ok(Offer { opens_at, ..filled(on, grant, rules, refused, needs) })
}

/// A check that says what must be brought is a need, not a refusal: the click can bring it.
fn need(check: &Check<Extend>) -> Option<Need> {
    match check.codes {
        [Code::ReasonMissing, ..] => Some(Need::Reason),
        [Code::MfaMissing, ..] => Some(Need::Mfa),
        _ => None,
    }
}

fn filled(
    on: &On<'_>,
    grant: Option<&Grant>,
    rules: Option<&Rules<'_>>,
    refused: Option<Refusal>,
    needs: BTreeSet<Need>,
) -> Offer {
    let count =
        grant.map(|grant| ExtensionCount::of(grant, rules.map_or(0, |rules| rules.governing.bounds.times)));
    let count = count.unwrap_or_default();
    let allowed = refused.is_none();
    let open = rules.filter(|_| allowed);
    Offer {
        allowed,
        refused,
        opens_at: None,
        default: open.map(|rules| rules.default(on.now())),
        min: open.map(|rules| rules.least(on.now())),
        max: open.and_then(|rules| rules.most(on.now())),
        used: count.used,
        left: count.left,
        latest_end: rules.and_then(Rules::latest_end),
        needs,
        ends_at: rules.map(|rules| rules.active.end),
    }
}

#[cfg(test)]
mod tests;
