//! Items as calls bring them: a fact under a name that nobody knows would be a fact that nobody sees.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, de};
use tenure::tenure_core::command;
use tenure::tenure_core::flow::selector::Selector;
use tenure::tenure_core::id::Integration;
use tenure::tenure_core::person::{self, Record, ResourceId};

/// A resource with its facts, and no other field.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resource {
    integration: Integration,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "owners")]
    owners: Vec<Selector>,
    #[serde(default, deserialize_with = "person::record")]
    attributes: Record,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    resource: Resource,
    permission: String,
}

/// Owners are people by what they are: `everyone` would let anybody decide where the owner approves, and
/// the others are nobody by themselves.
fn owners<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Selector>, D::Error> {
    let owners = Vec::<Selector>::deserialize(deserializer)?;
    for owner in &owners {
        match owner {
            Selector::User(_) | Selector::Group(_) | Selector::Role(_) => {}
            Selector::Everyone | Selector::Manager | Selector::Owner => {
                let message = format!("`{owner}` owns nothing; write `user:ID`, `group:NAME` or `role:NAME`");
                return Err(de::Error::custom(message));
            }
        }
    }
    Ok(owners)
}

impl From<Resource> for person::Resource {
    fn from(read: Resource) -> Self {
        let Resource { integration, kind, name, labels, owners, attributes } = read;
        Self { id: ResourceId { integration, kind, name }, labels, owners, attributes }
    }
}

pub(super) fn resource<'de, D: Deserializer<'de>>(deserializer: D) -> Result<person::Resource, D::Error> {
    Resource::deserialize(deserializer).map(person::Resource::from)
}

pub(super) fn resources<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Arc<person::Resource>>, D::Error> {
    let read = Vec::<Resource>::deserialize(deserializer)?;
    Ok(read.into_iter().map(|resource| Arc::new(resource.into())).collect())
}

pub(super) fn asked<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<command::Asked>, D::Error> {
    let read = Vec::<Asked>::deserialize(deserializer)?;
    let asked = |item: Asked| command::Asked {
        resource: Arc::new(item.resource.into()),
        permission: item.permission,
    };
    Ok(read.into_iter().map(asked).collect())
}
