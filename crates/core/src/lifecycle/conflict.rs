//! Toxic combinations: what one person may not hold together.

use std::collections::BTreeSet;

use crate::check::{No, On};
use crate::flow::beside::Conflict;
use crate::grant::Grant;
use crate::id::{FlowId, GrantId};
use crate::lifecycle::settle;
use crate::person::Names;
use crate::refusal::{Code, Refusal, WouldPass};
use crate::time::Timestamp;
use crate::world::{Read, World};

/// Everybody's open access under the flows that may not be held together with this one: the same human may
/// hold it under another id.
pub(crate) fn reads(world: &World, flow: &FlowId) -> Vec<Read> {
    let others: BTreeSet<&FlowId> =
        conflicts(world, flow).flat_map(|conflict| others(conflict, flow)).collect();
    others.into_iter().cloned().map(Read::OpenIn).collect()
}

/// `conflict.held`: the holder, known by these names, has open access that may not be held together with
/// this; that grant aside. Names the rule, and to the holder the grant.
pub(crate) fn none_held(
    on: &On<'_>,
    flow: &FlowId,
    holder: &[&Names],
    aside: Option<&GrantId>,
) -> Result<(), No> {
    for conflict in conflicts(on.board.world, flow) {
        let clashes = |grant: &Grant| {
            !grant.is_closed()
                && aside != Some(grant.id())
                && others(conflict, flow).any(|other| *other == grant.origin.flow)
                && holder.iter().any(|names| names.same_human(&grant.origin.holder))
        };
        for grant in on.board.grants().filter(|grant| clashes(grant)) {
            if settle::is_open(on.board, grant, on.board.surely())? {
                let over_at = settle::fewer_open_at(on.board, clashes, 1)?;
                return Err(held(on, conflict, grant, holder, over_at).into());
            }
        }
    }
    Ok(())
}

/// To the holder, with the grant and when time alone ends all that is in the way; nobody else learns of it.
fn held(
    on: &On<'_>,
    conflict: &Conflict,
    grant: &Grant,
    holder: &[&Names],
    over_at: Option<Timestamp>,
) -> Refusal {
    let refused =
        |words: String| Refusal::new(Code::ConflictHeld, words).with("conflict", conflict.name.as_str());
    let own = on.person().is_some_and(|person| holder.iter().any(|names| names.id == person.id));
    let name = &conflict.name;
    if own {
        let id = grant.id();
        refused(format!("`{id}` is open, and `{name}` lets nobody hold this beside it"))
            .with("grant", id.as_str())
            .or_some(over_at.map(WouldPass::at))
    } else {
        refused(format!("the holder has open access that `{name}` lets nobody hold beside this"))
    }
}

fn conflicts<'w>(world: &'w World, flow: &FlowId) -> impl Iterator<Item = &'w Conflict> {
    let all = world.policy.beside().map_or(&[][..], |beside| &beside.conflicts);
    all.iter().filter(move |conflict| conflict.flows.contains(flow))
}

fn others<'c>(conflict: &'c Conflict, flow: &FlowId) -> impl Iterator<Item = &'c FlowId> {
    conflict.flows.iter().filter(move |other| *other != flow)
}

#[cfg(test)]
mod tests;
