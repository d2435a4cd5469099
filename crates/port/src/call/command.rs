//! Calls that are commands of an actor, in the order of a grant's life.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tenure::tenure_core::command::Asked;
use tenure::tenure_core::id::{CommandId, FlowId, GrantId, Integration, KitId, PersonId, Revision};
use tenure::tenure_core::person::{self, Item, Person, Record, Resource};
use tenure::tenure_core::time::{Span, Timestamp};

use super::{Actor, Document, Format, item};
use crate::schema;

macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// Who gives the command: a person with the facts the host vouches for, or `system:NAME`.
            pub actor: Actor,
            /// The command id, so that giving it again is no second command; made up where absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(with = "Option<String>")]
            pub command_id: Option<CommandId>,
            /// What the host says of the situation; conditions see it as `context`.
            #[serde(default, skip_serializing_if = "Record::is_empty", deserialize_with = "person::record")]
            #[schemars(with = "schema::Facts")]
            pub context: Record,
            /// The host's time; the store's clock where absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(with = "Option<schema::Time>")]
            pub now: Option<Timestamp>,
            $($(#[$field_doc])* pub $field: $kind,)*
        }
    )*};
}

commands! {
    /// Asks for access under a flow.
    Request {
        /// The id the grant shall have; made up where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        grant: Option<GrantId>,
        /// The flow; either it or a kit is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        flow: Option<FlowId>,
        /// The kit: one grant a flow, all or none, and none of its items named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        kit: Option<KitId>,
        /// The items; none where a kit or a flow that is taken whole says them.
        #[serde(default, deserialize_with = "item::asked", skip_serializing_if = "Vec::is_empty")]
        #[schemars(with = "Vec<schema::Asked>")]
        items: Vec<Asked>,
        /// For how long; the flow's default where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<schema::Span>")]
        span: Option<Span>,
        /// When it shall start; now where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<schema::Time>")]
        start: Option<Timestamp>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Further fields of the reason.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        fields: BTreeMap<String, String>,
        /// Whom the access is for; the actor where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<schema::Person>")]
        holder: Option<Person>,
        /// Whether it is taken in an emergency, without approval. It is reviewed afterwards.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        break_glass: bool,
        /// What the host knows of the resources that a kit, or a flow that is taken whole, names; of others
        /// nothing is known.
        #[serde(default, deserialize_with = "item::resources", skip_serializing_if = "Vec::is_empty")]
        #[schemars(with = "Vec<schema::Resource>")]
        resources: Vec<Arc<Resource>>,
    }
    /// Approves a request, wholly or less.
    Approve {
        /// The grant.
        #[schemars(with = "String")]
        grant: GrantId,
        /// A shorter span.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<schema::Span>")]
        span: Option<Span>,
        /// Only these of its items.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<Vec<schema::Item>>")]
        only: Option<BTreeSet<Item>>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The content hash of what the approver saw.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
        /// The holder's facts of today.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<schema::Person>")]
        holder: Option<Person>,
    }
    /// Denies a request.
    Deny {
        /// The grant.
        #[schemars(with = "String")]
        grant: GrantId,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The content hash of what the approver saw.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
    }
    /// Takes a request back.
    Withdraw {
        /// The grant.
        #[schemars(with = "String")]
        grant: GrantId,
    }
    /// Begins access that waits for its holder.
    Activate {
        /// The grant.
        #[schemars(with = "String")]
        grant: GrantId,
    }
    /// Moves a grant's end later.
    Extend {
        /// The grant.
        #[schemars(with = "String")]
        grant: GrantId,
        /// By how much; as much as the flow gives by itself where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<schema::Span>")]
        span: Option<Span>,
        /// The end that was seen: the guard against a second click.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<schema::Time>")]
        if_ends_at: Option<Timestamp>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Further fields of the reason.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        fields: BTreeMap<String, String>,
        /// The holder's facts of today, where somebody else extends.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<schema::Person>")]
        holder: Option<Person>,
    }
    /// Approves an extension.
    ApproveExtension {
        /// The grant.
        #[schemars(with = "String")]
        grant: GrantId,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The content hash of the extension that the approver saw.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
    }
    /// Denies an extension.
    DenyExtension {
        /// The grant.
        #[schemars(with = "String")]
        grant: GrantId,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The content hash of the extension that the approver saw.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
    }
    /// Ends access that is no longer needed.
    GiveBack {
        /// The grant.
        #[schemars(with = "String")]
        grant: GrantId,
    }
    /// Ends somebody's access: of one grant, or all that is open of a person, under a flow, at an integration or
    /// to an item. Exactly one of these is named.
    Revoke {
        /// The grant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        grant: Option<GrantId>,
        /// The person whose access all of it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        person: Option<PersonId>,
        /// The flow it was asked for under.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        flow: Option<FlowId>,
        /// The integration it is at.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        integration: Option<Integration>,
        /// The item it is to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<schema::Item>")]
        item: Option<Item>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
    /// Says that access taken in an emergency was looked at.
    Review {
        /// The grant.
        #[schemars(with = "String")]
        grant: GrantId,
        /// What came of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
    /// Erases what people wrote of a grant that is over. Only the host itself may.
    Erase {
        /// The grant.
        #[schemars(with = "String")]
        grant: GrantId,
    }
    /// Puts a policy in force.
    Publish {
        /// The policy document: fields by name, or a text with its `format`.
        policy: Document,
        /// What the text is written in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<Format>,
        /// The revision of the document that it replaces.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        if_revision: Option<Revision>,
    }
}
