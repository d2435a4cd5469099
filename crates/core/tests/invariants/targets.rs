//! The targets as they really are: who has what, until when, whoever was told of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::effect::{Handed, Order};
use crate::fixture::Tenant;
use crate::grant::Grant;
use crate::id::PersonId;
use crate::person::Item;
use crate::time::Timestamp;

type Access = (PersonId, Item);

/// What each person has at the targets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Targets {
    present: BTreeMap<Access, Timestamp>,
    /// What people had before anybody asked for it.
    before: BTreeSet<Access>,
}

impl Targets {
    pub(crate) fn had_before(&mut self, person: &PersonId, item: &Item) {
        self.before.insert((person.clone(), item.clone()));
        self.present.insert((person.clone(), item.clone()), Timestamp::MAX);
    }

    /// Does what the order says, and tells what of it was there already. What is done at once takes nothing
    /// away under a live grant; what is done later may, and the effect of the newer grant comes after it.
    pub(crate) fn carry_out(
        &mut self,
        tenant: &Tenant,
        handed: &Handed,
        at_once: bool,
    ) -> Result<BTreeSet<Item>, String> {
        let holder = &handed.holder;
        let mut already = BTreeSet::new();
        match &handed.order {
            Order::Hold { items, .. } => {
                for held in items {
                    let access = (holder.clone(), held.item.clone());
                    if self.present.insert(access, held.until).is_some() {
                        already.insert(held.item.clone());
                    }
                }
            }
            Order::Remove { remove, keep, .. } => {
                for item in remove {
                    if at_once && latest(tenant, holder, item).is_some() {
                        return Err(format!("I14: `{item}` is taken from `{holder}` under a live grant"));
                    }
                    self.present.remove(&(holder.clone(), item.clone()));
                    self.before.remove(&(holder.clone(), item.clone()));
                }
                for kept in keep {
                    self.present.insert((holder.clone(), kept.item.clone()), kept.until);
                }
            }
            Order::Rotate { .. } | Order::Tell { .. } => {}
        }
        Ok(already)
    }

    /// What outlives its last grant is listed as not yet removed.
    pub(crate) fn nothing_is_forgotten(&self, tenant: &Tenant) -> Result<(), String> {
        for (holder, item) in self.present.keys().filter(|access| !self.before.contains(*access)) {
            let covered = latest(tenant, holder, item).is_some();
            if !covered && !of(tenant, holder).any(|grant| is_listed(grant, item)) {
                return Err(format!("I14: `{holder}` has `{item}` still, and nobody knows"));
            }
        }
        Ok(())
    }

    /// After everything was delivered: what is there is what is covered, until the latest end.
    pub(crate) fn are_right(&self, tenant: &Tenant) -> Result<(), String> {
        for ((holder, item), until) in &self.present {
            let access = (holder.clone(), item.clone());
            let covered = latest(tenant, holder, item);
            if !self.before.contains(&access) && covered != Some(*until) {
                return Err(format!(
                    "I14: `{holder}` has `{item}` until {until}, and should until {covered:?}"
                ));
            }
        }
        for grant in tenant.grants.values() {
            for item in grant.terms.scope.iter() {
                let access = (grant.holder().clone(), item.clone());
                if grant.covers(item, moment(tenant, grant.holder())).is_some()
                    && !self.present.contains_key(&access)
                {
                    return Err(format!("I14: `{}` does not have `{item}`", grant.holder()));
                }
            }
        }
        Ok(())
    }
}

fn of<'t>(tenant: &'t Tenant, holder: &'t PersonId) -> impl Iterator<Item = &'t Grant> {
    tenant.grants.values().map(std::convert::AsRef::as_ref).filter(move |grant| grant.holder() == holder)
}

/// The latest end of the holder's running grants that cover the item.
pub(crate) fn latest(tenant: &Tenant, holder: &PersonId, item: &Item) -> Option<Timestamp> {
    let now = moment(tenant, holder);
    of(tenant, holder).filter_map(|grant| grant.covers(item, now)).max()
}

/// The store's clock, or the last that is known of the person where a host ahead of it was there.
fn moment(tenant: &Tenant, holder: &PersonId) -> Timestamp {
    let open = of(tenant, holder).filter(|grant| !grant.is_settled_for_good());
    open.map(|grant| grant.changed_at).max().map_or(tenant.clock, |last| last.max(tenant.clock))
}

fn is_listed(grant: &Grant, item: &Item) -> bool {
    let at = &item.resource.integration;
    grant.terms.scope.contains(item)
        && grant.outbox.iter().any(|outgoing| outgoing.effect.task.at() == Some(at))
}
