//! Resources as hosts have them at hand: with the facts they vouch for, or only by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use tenure_core::command::Asked;
use tenure_core::person::{Record, Resource, ResourceId};

/// Something that access is asked on.
pub trait OnResource {
    /// Which resource it is.
    fn resource_id(&self) -> &ResourceId;

    /// One permission on it, as a request names it, with the facts that are known of it.
    fn permission(&self, permission: impl Into<String>) -> Asked;
}

impl OnResource for Arc<Resource> {
    fn resource_id(&self) -> &ResourceId {
        &self.id
    }

    fn permission(&self, permission: impl Into<String>) -> Asked {
        Asked { resource: self.clone(), permission: permission.into() }
    }
}

impl OnResource for Resource {
    fn resource_id(&self) -> &ResourceId {
        &self.id
    }

    fn permission(&self, permission: impl Into<String>) -> Asked {
        Arc::new(self.clone()).permission(permission)
    }
}

/// A name alone: a resource without labels, owners or attributes.
impl OnResource for ResourceId {
    fn resource_id(&self) -> &ResourceId {
        self
    }

    fn permission(&self, permission: impl Into<String>) -> Asked {
        let (labels, owners, attributes) = (BTreeMap::new(), Vec::new(), Record::new());
        Resource { id: self.clone(), labels, owners, attributes }.permission(permission)
    }
}
