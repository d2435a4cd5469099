//! Guards: what the document in force asks of items, by whatever flow they are reached.

use std::collections::BTreeSet;

use crate::board::Board;
use crate::check::{No, On};
use crate::command::Asked;
use crate::flow::beside::Guard;
use crate::flow::condition::Ask;
use crate::grant::Grant;
use crate::lifecycle::bring;
use crate::lifecycle::eligible::{self, Conditioned};
use crate::lifecycle::items::Items;
use crate::person::{Person, ResourceId};
use crate::refusal::{Code, Lacking, Refusal, WouldPass};
use crate::time::Span;

/// A guard, and the items among those asked for that it guards.
pub(crate) struct Guarding<'a> {
    pub(crate) guard: &'a Guard,
    items: Vec<&'a Asked>,
}

/// The guards of what is asked for, in the order in which they are written.
pub(crate) fn of<'a>(board: &Board<'a>, items: &'a Items) -> Vec<Guarding<'a>> {
    guarding(board, items.list.iter().collect(), &items.unknown)
}

/// The guards of what is still in the scope of a grant, in the order in which they are written.
pub(crate) fn over<'a>(board: &Board<'a>, grant: &'a Grant) -> Vec<Guarding<'a>> {
    guarding(board, grant.items().collect(), &grant.origin.unknown)
}

fn guarding<'a>(
    board: &Board<'a>,
    items: Vec<&'a Asked>,
    unknown: &BTreeSet<ResourceId>,
) -> Vec<Guarding<'a>> {
    let guards = board.world.policy.beside().map_or(&[][..], |beside| &beside.guards);
    let covers = |guard: &Guard, asked: &Asked| {
        let (resource, permission) = (&asked.resource, &asked.permission);
        if unknown.contains(&resource.id) {
            guard.may_cover(&resource.id, permission)
        } else {
            guard.covers(resource, permission)
        }
    };
    let of = |guard: &'a Guard| {
        let items: Vec<&'a Asked> = items.iter().copied().filter(|asked| covers(guard, asked)).collect();
        (!items.is_empty()).then_some(Guarding { guard, items })
    };
    guards.iter().filter_map(of).collect()
}

/// The longest that all of these allow.
pub(crate) fn most(guards: &[Guarding<'_>]) -> Option<Span> {
    guards.iter().filter_map(|guarding| guarding.guard.require.max).min()
}

/// Whether one of these asks for approval by people.
pub(crate) fn bars_lane(guards: &[Guarding<'_>]) -> bool {
    guards.iter().any(|guarding| guarding.guard.require.steps)
}

impl Guarding<'_> {
    /// `guard.unmet`, naming it.
    pub(crate) fn unmet(&self, why: &str) -> Refusal {
        let name = &self.guard.name;
        Refusal::new(Code::GuardUnmet, format!("the guard `{name}` asks for more: {why}"))
            .with("guard", name.as_str())
    }

    /// Where it asks for approval by people, nothing is given without.
    pub(crate) fn approved(&self, by_nobody: Option<&str>) -> Result<(), No> {
        match by_nobody.filter(|_| self.guard.require.steps) {
            Some(why) => Err(self.unmet(&format!("people must approve, and {why}")).into()),
            None => Ok(()),
        }
    }

    /// Its further condition, over the items that it guards.
    pub(crate) fn holds(
        &self,
        on: &On<'_>,
        holder: Option<&Person>,
        ask: impl Fn() -> Ask,
    ) -> Result<(), No> {
        let when = self.guard.require.when.as_deref().map(Conditioned::plain);
        match eligible::conditions(on, when, holder, || self.items.clone(), ask) {
            Ok(()) => Ok(()),
            Err(No::Refused(refusal)) => Err(self.instead_of(*refusal).into()),
            Err(No::Fault(fault)) => Err(No::Fault(fault)),
        }
    }

    /// A reason that the request itself brings.
    pub(crate) fn reasoned(&self, on: &On<'_>, reason: Option<&str>) -> Result<(), No> {
        let blank = reason.is_none_or(|reason| reason.trim().is_empty());
        if self.guard.require.reason && blank && on.brings(&Lacking::reason()).is_none() {
            let refusal = self.unmet("a reason must be given").with("field", "reason");
            return Err(refusal.or(WouldPass::reason([Lacking::reason()])).into());
        }
        Ok(())
    }

    /// A login that the request itself brings.
    pub(crate) fn login(&self, on: &On<'_>) -> Result<(), No> {
        match bring::login(on, self.guard.require.mfa.as_ref()) {
            Ok(()) => Ok(()),
            Err(No::Refused(refusal)) => Err(self.instead_of(*refusal).into()),
            Err(No::Fault(fault)) => Err(No::Fault(fault)),
        }
    }

    /// What a rule refuses is refused by the guard that asks for it, with the same details.
    fn instead_of(&self, refusal: Refusal) -> Refusal {
        let mut unmet = self.unmet(&refusal.message);
        unmet.details.extend(refusal.details);
        Refusal { would_pass: refusal.would_pass, otherwise: refusal.otherwise, ..unmet }
    }
}

#[cfg(test)]
mod tests;
