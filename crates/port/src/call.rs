//! Calls: what a host asks, as data. They are the vocabulary of every language.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use tenure::StageName;
use tenure::tenure_core::command::Asked;
use tenure::tenure_core::grant::Outcome;
use tenure::tenure_core::id::{
    CommandId, FlowId, GrantId, Integration, PersonId, Revision, SystemName, WorkerId,
};
use tenure::tenure_core::person::{self, Item, Person, Record, Resource};
use tenure::tenure_core::time::{Span, Timestamp};

use crate::schema;

/// One call. The field `call` names it, the others are its own; a field that is not here is refused.
///
/// ```
/// use tenure_port::Call;
///
/// let call: Call = serde_json::from_str(
///     r#"{"call": "extend", "grant": "g1", "actor": {"id": "alice"}, "span": "30m"}"#,
/// )?;
/// assert_eq!(call.name(), "extend");
/// // Nobody brings an approval along: there is no such field.
/// let smuggled = r#"{"call": "withdraw", "grant": "g1", "actor": {"id": "eve"}, "approved_by": "bob"}"#;
/// assert!(serde_json::from_str::<Call>(smuggled).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "call", rename_all = "snake_case", deny_unknown_fields)]
pub enum Call {
    /// Asks for access.
    Request(Request),
    /// Approves a request.
    Approve(Approve),
    /// Denies a request.
    Deny(Deny),
    /// Takes a request back.
    Withdraw(Withdraw),
    /// Moves a grant's end later.
    Extend(Extend),
    /// Approves an extension.
    ApproveExtension(ApproveExtension),
    /// Denies an extension.
    DenyExtension(DenyExtension),
    /// Ends access that is no longer needed.
    GiveBack(GiveBack),
    /// Ends somebody's access.
    Revoke(Revoke),
    /// Puts a policy in force.
    Publish(Publish),
    /// Writes down what time has made true.
    Sweep(Sweep),
    /// Takes effects under a lease.
    TakeEffects(TakeEffects),
    /// Says that an effect was carried out.
    EffectDone(EffectDone),
    /// Says that an effect could not be carried out.
    EffectFailed(EffectFailed),
    /// A grant as it stands.
    Look(Look),
    /// Whether and how a grant may be extended.
    Offer(Offer),
    /// How each check of a command comes out. The command is not carried out.
    Explain(Explain),
    /// Whether a person holds a permission.
    Holds(Holds),
    /// Grants.
    List(List),
    /// Grants that await this person's decision.
    Inbox(Inbox),
    /// Flows that this person may ask under.
    Catalog(Catalog),
    /// What happened to a grant.
    History(History),
    /// The whole record.
    Records(Records),
}

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
        /// The flow.
        #[schemars(with = "String")]
        flow: FlowId,
        /// The items.
        #[serde(default)]
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
    /// Ends somebody's access.
    Revoke {
        /// The grant.
        #[schemars(with = "String")]
        grant: GrantId,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
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
        #[schemars(with = "schema::Resource")]
        resource: Resource,
        /// The permission.
        permission: String,
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
        /// After this grant, in order of id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        after: Option<GrantId>,
        /// At most so many.
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
}

/// Who gives a command.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(with = "schema::Actor")]
pub struct Actor(pub person::Actor);

/// The stable id of an effect: `GRANT/NUMBER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectId {
    /// The grant.
    pub grant: GrantId,
    /// The effect's number within it.
    pub number: u32,
}

/// A policy document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Document {
    /// A text; `format` says what it is written in.
    Text(String),
    /// Fields by name.
    Fields(serde_json::Map<String, serde_json::Value>),
}

/// What a policy text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// YAML 1.2.
    Yaml,
    /// TOML 1.0.
    Toml,
    /// JSON.
    Json,
}

impl Call {
    /// The call's name, as the field `call` writes it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::Approve(_) => "approve",
            Self::Deny(_) => "deny",
            Self::Withdraw(_) => "withdraw",
            Self::Extend(_) => "extend",
            Self::ApproveExtension(_) => "approve_extension",
            Self::DenyExtension(_) => "deny_extension",
            Self::GiveBack(_) => "give_back",
            Self::Revoke(_) => "revoke",
            Self::Publish(_) => "publish",
            Self::Sweep(_) => "sweep",
            Self::TakeEffects(_) => "take_effects",
            Self::EffectDone(_) => "effect_done",
            Self::EffectFailed(_) => "effect_failed",
            Self::Look(_) => "look",
            Self::Offer(_) => "offer",
            Self::Explain(_) => "explain",
            Self::Holds(_) => "holds",
            Self::List(_) => "list",
            Self::Inbox(_) => "inbox",
            Self::Catalog(_) => "catalog",
            Self::History(_) => "history",
            Self::Records(_) => "records",
        }
    }
}

impl Serialize for Actor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            person::Actor::Person(person) => person.serialize(serializer),
            person::Actor::System(_) => serializer.collect_str(&self.0),
        }
    }
}

/// A text is the host itself, never a person: who a person is takes an object, so that nobody becomes
/// the host by being called so.
impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> de::Visitor<'de> for Reader {
            type Value = Actor;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a person such as `{\"id\": \"alice\"}`, or `system:NAME`")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Actor, E> {
                let name = text
                    .strip_prefix("system:")
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))?;
                SystemName::new(name).map(|name| Actor(person::Actor::System(name))).map_err(E::custom)
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Actor, A::Error> {
                let person = Person::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Actor(person::Actor::Person(Box::new(person))))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl std::fmt::Display for EffectId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.grant, self.number)
    }
}

impl Serialize for EffectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EffectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // A grant's id is the caller's and may hold a slash; the number never does.
        let (grant, number) = text
            .rsplit_once('/')
            .ok_or_else(|| de::Error::custom(format!("`{text}` is no effect; one is `GRANT/NUMBER`")))?;
        let grant = GrantId::new(grant).map_err(de::Error::custom)?;
        let number = number
            .parse()
            .map_err(|_| de::Error::custom(format!("`{text}` is no effect; one is `GRANT/NUMBER`")))?;
        Ok(Self { grant, number })
    }
}
