//! The targets as they really are: who has what, until when, whoever was told of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::effect::{Handed, Order};
use crate::fixture::Tenant;
use crate::flow::Kind;
use crate::grant::Grant;
use crate::id::{GrantId, PersonId};
use crate::person::Item;
use crate::time::Timestamp;

/// Whose, in which account where the grant has one of its own, to what.
type Access = (PersonId, Option<GrantId>, Item);

/// What each person has at the targets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Targets {
    present: BTreeMap<Access, Timestamp>,
    /// What people had before anybody asked for it.
    before: BTreeSet<Access>,
}

impl Targets {
    pub(crate) fn had_before(&mut self, person: &PersonId, item: &Item) {
        let own = (person.clone(), None, item.clone());
        self.before.insert(own.clone());
        self.present.insert(own, Timestamp::MAX);
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
        let access = |kind: Kind, item: &Item| {
            let account = (kind == Kind::Ephemeral).then(|| handed.grant.clone());
            (holder.clone(), account, item.clone())
        };
        let mut already = BTreeSet::new();
        match &handed.order {
            Order::Hold { items, kind, .. } => {
                for held in items {
                    if self.present.insert(access(*kind, &held.item), held.until).is_some() {
                        already.insert(held.item.clone());
                    }
                }
            }
            Order::Remove { remove, keep, kind, .. } => {
                for item in remove {
                    let access = access(*kind, item);
                    if at_once && due(tenant, &access).is_some() {
                        return Err(format!("I14: `{item}` is taken from `{holder}` under a live grant"));
                    }
                    self.present.remove(&access);
                    self.before.remove(&access);
                }
                for kept in keep {
                    self.present.insert(access(*kind, &kept.item), kept.until);
                }
            }
            Order::Rotate { .. } | Order::Tell { .. } => {}
        }
        Ok(already)
    }

    /// What outlives its last grant is listed as not yet removed.
    pub(crate) fn nothing_is_forgotten(&self, tenant: &Tenant) -> Result<(), String> {
        for access in self.present.keys().filter(|access| !self.before.contains(*access)) {
            let (holder, _, item) = access;
            let now = moment(tenant, holder);
            // What is promised to a grant that waits is that grant's once it was told to be there.
            let has = |grant: &&Grant| grant.covers(item, now).is_some() || grant.may_be_there(item);
            let covered =
                covering(tenant, access).filter(has).any(|grant| grant.reserved_until(now).is_some());
            let listed = of(tenant, holder).filter(|grant| shares(grant, access));
            if !covered && !listed.into_iter().any(|grant| is_listed(grant, item)) {
                return Err(format!("I14: `{holder}` has `{item}` still, and nobody knows"));
            }
        }
        Ok(())
    }

    /// After everything was delivered: what is there is what is covered, until the latest end.
    pub(crate) fn are_right(&self, tenant: &Tenant) -> Result<(), String> {
        for (access, until) in &self.present {
            let (holder, _, item) = access;
            let covered = due(tenant, access);
            if !self.before.contains(access) && covered != Some(*until) {
                return Err(format!(
                    "I14: `{holder}` has `{item}` until {until}, and should until {covered:?}"
                ));
            }
        }
        for grant in tenant.grants.values() {
            for item in grant.terms.scope.iter() {
                let account = (grant.origin.kind == Kind::Ephemeral).then(|| grant.id().clone());
                let access = (grant.holder().clone(), account, item.clone());
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

/// Whether the grant's access is in that account.
fn shares(grant: &Grant, (_, account, _): &Access) -> bool {
    match account {
        Some(own) => grant.id() == own,
        None => grant.origin.kind != Kind::Ephemeral,
    }
}

/// The holder's grants of that account that name the item.
fn covering<'t>(tenant: &'t Tenant, access: &'t Access) -> impl Iterator<Item = &'t Grant> {
    let (holder, _, item) = access;
    of(tenant, holder).filter(move |grant| shares(grant, access) && grant.terms.scope.contains(item))
}

/// Until when targets are to hold it: the latest end of the grants that run or were sent there.
fn due(tenant: &Tenant, access: &Access) -> Option<Timestamp> {
    let now = moment(tenant, &access.0);
    covering(tenant, access).filter_map(|grant| grant.reserved_until(now)).max()
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
