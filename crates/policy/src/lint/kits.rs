//! Kits that nobody can ever get: all or none, and one part of them is refused whoever asks.

use std::collections::BTreeMap;
use std::sync::Arc;

use tenure_core::flow::Flow;
use tenure_core::flow::beside::{Conflict, Kit, KitItem};
use tenure_core::flow::target::Take;
use tenure_core::id::FlowId;

use super::overlap::Patience;
use super::{Found, Lint};
use crate::decode::Placed;

const HELP: &str = "a kit is all or none: take it out, or divide the kit";

pub(super) fn lint(
    found: &mut Found<'_, '_>,
    flows: &[(Arc<Flow>, Placed)],
    kits: &[Kit],
    conflicts: &[Conflict],
) {
    let flows: BTreeMap<&FlowId, &Flow> = flows.iter().map(|(flow, _)| (&flow.id, &**flow)).collect();
    let mut in_conflict: BTreeMap<&FlowId, Vec<(usize, &Conflict)>> = BTreeMap::new();
    for (number, conflict) in conflicts.iter().enumerate() {
        for flow in &conflict.flows {
            in_conflict.entry(flow).or_default().push((number, conflict));
        }
    }
    let mut patience = Patience::default();
    for (number, kit) in kits.iter().enumerate() {
        let mut before: BTreeMap<usize, &FlowId> = BTreeMap::new();
        for (place, item) in kit.items.iter().enumerate() {
            let conflicts = in_conflict.get(&item.flow).map(Vec::as_slice).unwrap_or_default();
            let never = flows.get(&item.flow).and_then(|flow| never_offered(flow, item, &mut patience));
            if let Some(message) = never.or_else(|| clashes(item, conflicts, &mut before, &mut patience)) {
                found.add_at(Lint::KitInVain, format!("kits[{number}].items[{place}]"), message, HELP);
                // One is enough to keep the whole from everybody.
                break;
            }
        }
    }
}

/// Whatever labels the resource has, the flow does not offer it so.
fn never_offered(flow: &Flow, item: &KitItem, patience: &mut Patience) -> Option<String> {
    let (id, asked) = (&flow.id, &item.item);
    if flow.take == Take::All {
        return Some(format!("`{id}` is taken whole, and no item of it is named"));
    }
    let names = flow.what.iter().map(|target| target.names.len().saturating_add(target.except.names.len()));
    if !patience.lasts(names.map(|names| names.saturating_add(1)).fold(0, usize::saturating_add)) {
        return None;
    }
    let may = flow.what.iter().any(|target| target.may_offer(&asked.resource, &asked.permission));
    (!may).then(|| format!("`{id}` does not offer `{asked}`"))
}

/// A flow of the kit before this one that nobody may hold beside it.
fn clashes<'k>(
    item: &'k KitItem,
    conflicts: &[(usize, &Conflict)],
    before: &mut BTreeMap<usize, &'k FlowId>,
    patience: &mut Patience,
) -> Option<String> {
    if !patience.lasts(conflicts.len()) {
        return None;
    }
    conflicts.iter().find_map(|(number, conflict)| {
        let other = *before.entry(*number).or_insert(&item.flow);
        let (flow, name) = (&item.flow, &conflict.name);
        (other != flow)
            .then(|| format!("`{flow}` stands beside `{other}`, and `{name}` lets nobody hold both"))
    })
}
