//! The items that are asked for: those that a request names, or those that a list in the policy does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::check::No;
use crate::command::{Asked, Request};
use crate::flow::Flow;
use crate::flow::target::{Permissions, Take};
use crate::limits;
use crate::person::{Item, Resource, ResourceId};
use crate::refusal::{Code, Refusal};

/// Items with the facts of their resources.
#[derive(Clone, Debug, Default)]
pub(crate) struct Items {
    pub(crate) list: Vec<Asked>,
    /// Resources of which the host said nothing, or one thing and another.
    pub(crate) unknown: BTreeSet<ResourceId>,
}

impl Items {
    /// Those of a request: what it names, or all that its flow has where that is taken whole.
    pub(crate) fn of(flow: &Flow, ask: &Request) -> Self {
        match flow.take {
            Take::All if ask.items.is_empty() => Self::listed(whole(flow), &Known::of(&ask.resources)),
            Take::All | Take::Any => Self { list: ask.items.clone(), unknown: BTreeSet::new() },
        }
    }

    /// Those that a list in the policy names.
    pub(crate) fn listed(items: impl IntoIterator<Item = Item>, known: &Known<'_>) -> Self {
        let (mut list, mut unknown) = (Vec::new(), BTreeSet::new());
        for item in items {
            list.push(match known.resource(&item.resource) {
                Some(resource) => Asked { resource: Arc::clone(resource), permission: item.permission },
                None => {
                    unknown.insert(item.resource.clone());
                    item.resource.permission(item.permission)
                }
            });
        }
        Self { list, unknown }
    }
}

/// What the host knows of resources.
pub(crate) struct Known<'r>(BTreeMap<&'r ResourceId, Option<&'r Arc<Resource>>>);

impl<'r> Known<'r> {
    /// What is told in two ways is not known.
    pub(crate) fn of(resources: &'r [Arc<Resource>]) -> Self {
        let mut known: BTreeMap<_, Option<&Arc<Resource>>> = BTreeMap::new();
        for resource in resources {
            let told = known.entry(&resource.id).or_insert(Some(resource));
            *told = told.filter(|told| *told == resource);
        }
        Self(known)
    }

    fn resource(&self, id: &ResourceId) -> Option<&'r Arc<Resource>> {
        self.0.get(id).copied().flatten()
    }
}

/// `request.too_large`: more facts of resources than are read.
pub(crate) fn bounded(resources: &[Arc<Resource>]) -> Result<(), No> {
    let (count, most) = (resources.len(), limits::RESOURCES_MAX);
    let over = || (count > most).then(|| format!("{count} resources are described, at most {most} are read"));
    let words = over().or_else(|| resources.iter().find_map(|resource| resource.too_large()));
    words.map_or(Ok(()), |words| Err(Refusal::new(Code::RequestTooLarge, words).into()))
}

/// Every item of a flow that is taken whole: its entries are literal.
pub(crate) fn whole(flow: &Flow) -> BTreeSet<Item> {
    let mut items = BTreeSet::new();
    for target in &flow.what {
        let (Some(integration), Some(kind)) = (&target.integration, &target.kind) else { continue };
        let permissions = match &target.permissions {
            Permissions::Any => &[][..],
            Permissions::Named(names) => names,
        };
        for name in &target.names {
            let resource = ResourceId {
                integration: integration.clone(),
                kind: kind.clone(),
                name: name.as_str().to_owned(),
            };
            let item =
                |permission: &String| Item { resource: resource.clone(), permission: permission.clone() };
            items.extend(permissions.iter().map(item));
        }
    }
    items
}

#[cfg(test)]
mod tests;
