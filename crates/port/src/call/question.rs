//! Calls that no actor commands: what workers and sweepers say, and questions.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tenure::StageName;
use tenure::tenure_core::grant::{Enforcement, Outcome};
use tenure::tenure_core::id::{FlowId, GrantId, Integration, PersonId, WorkerId};
use tenure::tenure_core::person::{self, Item, Person, Record, Resource};
use tenure::tenure_core::time::{Span, Timestamp};

use super::{Call, EffectId, item};
use crate::schema;

/// One item in one person's hands at a target, as the orders to workers name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InHand {
    /// Who holds it.
    #[schemars(with = "String")]
    pub holder: PersonId,
    /// The instance.
    #[schemars(with = "String")]
    pub integration: Integration,
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name in its integration.
    pub name: String,
    /// The permission.
    pub permission: String,
    /// Of `ephemeral` access the grant whose own account it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub grant: Option<GrantId>,
}

impl From<InHand> for tenure::InHand {
    fn from(told: InHand) -> Self {
        let InHand { holder, integration, kind, name, permission, grant } = told;
        let resource = person::ResourceId { integration, kind, name };
        Self { item: Item { resource, permission }, holder, grant }
    }
}

macro_rules! questions {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// The host's time; the store's clock where absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(with = "Option<schema::Time>")]
            pub now: Option<Timestamp>,
            $($(#[$field_doc])* pub $field: $kind,)*
        }
    )*};
}

questions! {
    /// Writes down what time has made true, of everybody.
    Sweep {}
    /// Takes effects under a lease.
    TakeEffects {
        /// Who takes them.
        #[schemars(with = "String")]
        worker: WorkerId,
        /// For how long.
        #[schemars(with = "schema::Span")]
        lease: Span,
        /// Only at this integration; notices are at none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        integration: Option<Integration>,
        /// At most so many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    }
    /// Says that an effect was carried out.
    EffectDone {
        /// The effect, `GRANT/NUMBER`.
        #[schemars(with = "String")]
        effect: EffectId,
        /// Who carried it out.
        #[schemars(with = "String")]
        worker: WorkerId,
        /// Items that the holder had before.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        #[schemars(with = "Vec<schema::Item>")]
        already_held: BTreeSet<Item>,
    }
    /// Says that an effect could not be carried out.
    EffectFailed {
        /// The effect, `GRANT/NUMBER`.
        #[schemars(with = "String")]
        effect: EffectId,
        /// Who tried.
        #[schemars(with = "String")]
        worker: WorkerId,
        /// What went wrong.
        error: String,
        /// Whether trying again is of no use.
        #[serde(rename = "final", default, skip_serializing_if = "std::ops::Not::not")]
        last: bool,
    }
    /// A grant as it stands.
    Look {
        /// The grant.
        #[schemars(with = "String")]
        grant: GrantId,
    }
    /// Whether and how this person may extend a grant.
    Offer {
        /// The grant.
        #[schemars(with = "String")]
        grant: GrantId,
        /// The person.
        #[schemars(with = "schema::Person")]
        actor: Person,
        /// The holder's facts of today, where the person is somebody else.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<schema::Person>")]
        holder: Option<Person>,
        /// What the host says of the situation.
        #[serde(default, skip_serializing_if = "Record::is_empty", deserialize_with = "person::record")]
        #[schemars(with = "schema::Facts")]
        context: Record,
    }
    /// How each check of a command comes out.
    Explain {
        /// The command.
        of: Box<Call>,
    }
    /// Whether a person holds a permission on a resource.
    Holds {
        /// The person.
        #[schemars(with = "String")]
        person: PersonId,
        /// The resource. Its facts may be handed in too; it is known by what it is called alone.
        #[serde(deserialize_with = "item::resource")]
        #[schemars(with = "schema::Resource")]
        resource: Resource,
        /// The permission.
        permission: String,
    }
    /// Who had a resource at an instant, or has it now.
    WhoHas {
        /// The resource. Its facts may be handed in too; it is known by what it is called alone.
        #[serde(deserialize_with = "item::resource")]
        #[schemars(with = "schema::Resource")]
        resource: Resource,
        /// The permission; all of them where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        permission: Option<String>,
        /// The instant; now where absent, or where it is still to come.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<schema::Time>")]
        at: Option<Timestamp>,
    }
    /// Grants that match all that is named.
    List {
        /// For this holder.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        holder: Option<PersonId>,
        /// Asked by this person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        requester: Option<PersonId>,
        /// Under this flow.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        flow: Option<FlowId>,
        /// In this stage.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<schema::Stage>")]
        stage: Option<StageName>,
        /// On this item.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<schema::Item>")]
        item: Option<Item>,
        /// Closed with this outcome.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<schema::Outcome>")]
        outcome: Option<Outcome>,
        /// Taken in an emergency, and awaiting its review, or not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        awaits_review: Option<bool>,
        /// Where the targets have confirmed that much.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<schema::Enforcement>")]
        enforcement: Option<Enforcement>,
        /// After this grant, in order of id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        after: Option<GrantId>,
        /// At most so many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    }
    /// What targets say that they hold, beside what they should hold. Nothing is changed.
    Reconcile {
        /// What they hold.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        held: Vec<InHand>,
        /// Only these integrations; all of them where none is named.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        #[schemars(with = "Vec<String>")]
        integrations: BTreeSet<Integration>,
    }
    /// Lets go of the details of grants that ended before an instant: whatever follows from the record. No answer
    /// changes.
    Compact {
        /// The instant.
        #[schemars(with = "schema::Time")]
        before: Timestamp,
        /// After this grant, in order of id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        after: Option<GrantId>,
        /// At most so many grants are looked at.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    }
    /// Grants that await this person's decision.
    Inbox {
        /// The person.
        #[schemars(with = "schema::Person")]
        actor: Person,
        /// After this grant, in order of id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        after: Option<GrantId>,
        /// At most so many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    }
    /// Flows that this person may ask under.
    Catalog {
        /// The person.
        #[schemars(with = "schema::Person")]
        actor: Person,
    }
    /// What happened to a grant, the first first.
    History {
        /// The grant.
        #[schemars(with = "String")]
        grant: GrantId,
    }
    /// The record, the first first.
    Records {
        /// After this position.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<u64>,
        /// At most so many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    }
    /// The record as it is handed out to be checked elsewhere, the first first.
    Export {
        /// After this position.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<u64>,
        /// At most so many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    }
    /// How long the record is and what its root is, signed: to be kept where the host cannot reach it.
    Checkpoint {}
    /// That the record at `position` is in the tree, or that the tree of the first `old` records is the beginning
    /// of it. One of the two is named.
    Prove {
        /// The record, by position from 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        position: Option<u64>,
        /// How many records the earlier tree has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        old: Option<u64>,
        /// How many records the tree has; as many as there are where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size: Option<u64>,
    }
}
