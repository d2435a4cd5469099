//! Calls: what a host asks, as data. They are the vocabulary of every language.

mod command;
mod head;
mod item;
mod question;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use tenure::tenure_core::id::{GrantId, SystemName};
use tenure::tenure_core::person::{self, Person};
use tenure::tenure_policy::document;

pub use self::command::{
    Activate, Approve, ApproveExtension, Deny, DenyExtension, Erase, Extend, GiveBack, Publish, Request,
    Review, Revoke, Withdraw,
};
pub use self::head::{Head, HeadMut};
pub use self::question::{
    Catalog, Checkpoint, Compact, EffectDone, EffectFailed, Explain, Export, History, Holds, InHand, Inbox,
    List, Look, Offer, Prove, Reconcile, Records, Sweep, TakeEffects, WhoHas,
};

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
    #[schemars(extend("x-answer" = {"flow": "Grant", "kit": "Grants"}))]
    Request(Request),
    /// Approves a request.
    #[schemars(extend("x-answer" = "Grant"))]
    Approve(Approve),
    /// Denies a request.
    #[schemars(extend("x-answer" = "Grant"))]
    Deny(Deny),
    /// Takes a request back.
    #[schemars(extend("x-answer" = "Grant"))]
    Withdraw(Withdraw),
    /// Begins access that waits for its holder.
    #[schemars(extend("x-answer" = "Grant"))]
    Activate(Activate),
    /// Moves a grant's end later.
    #[schemars(extend("x-answer" = "Grant"))]
    Extend(Extend),
    /// Approves an extension.
    #[schemars(extend("x-answer" = "Grant"))]
    ApproveExtension(ApproveExtension),
    /// Denies an extension.
    #[schemars(extend("x-answer" = "Grant"))]
    DenyExtension(DenyExtension),
    /// Ends access that is no longer needed.
    #[schemars(extend("x-answer" = "Grant"))]
    GiveBack(GiveBack),
    /// Ends somebody's access.
    #[schemars(extend("x-answer" = {"grant": "Grant", "person": "Revoked", "flow": "Revoked", "integration": "Revoked", "item": "Revoked"}))]
    Revoke(Revoke),
    /// Says that access taken in an emergency was looked at.
    #[schemars(extend("x-answer" = "Grant"))]
    Review(Review),
    /// Erases what people wrote of a grant that is over.
    #[schemars(extend("x-answer" = "Grant"))]
    Erase(Erase),
    /// Puts a policy in force.
    #[schemars(extend("x-answer" = "Published"))]
    Publish(Publish),
    /// Writes down what time has made true.
    #[schemars(extend("x-answer" = "Swept"))]
    Sweep(Sweep),
    /// Takes effects under a lease.
    #[schemars(extend("x-answer" = "[Taken]"))]
    TakeEffects(TakeEffects),
    /// Says that an effect was carried out.
    #[schemars(extend("x-answer" = "Grant"))]
    EffectDone(EffectDone),
    /// Says that an effect could not be carried out.
    #[schemars(extend("x-answer" = "Grant"))]
    EffectFailed(EffectFailed),
    /// A grant as it stands.
    #[schemars(extend("x-answer" = "Grant?"))]
    Look(Look),
    /// Whether and how a grant may be extended.
    #[schemars(extend("x-answer" = "Offer"))]
    Offer(Offer),
    /// How each check of a command comes out. The command is not carried out.
    #[schemars(extend("x-answer" = "Explanation"))]
    Explain(Explain),
    /// Whether a person holds a permission.
    #[schemars(extend("x-answer" = "Verdict"))]
    Holds(Holds),
    /// Who had a resource at an instant.
    #[schemars(extend("x-answer" = "Holders"))]
    WhoHas(WhoHas),
    /// What targets hold, beside what they should hold.
    #[schemars(extend("x-answer" = "Reconciled"))]
    Reconcile(Reconcile),
    /// Lets go of the details of grants that are long over.
    #[schemars(extend("x-answer" = "Compacted"))]
    Compact(Compact),
    /// Grants.
    #[schemars(extend("x-answer" = "Grants"))]
    List(List),
    /// Grants that await this person's decision.
    #[schemars(extend("x-answer" = "Grants"))]
    Inbox(Inbox),
    /// Flows that this person may ask under.
    #[schemars(extend("x-answer" = "Flows"))]
    Catalog(Catalog),
    /// What happened to a grant.
    #[schemars(extend("x-answer" = "Recorded"))]
    History(History),
    /// The whole record.
    #[schemars(extend("x-answer" = "Recorded"))]
    Records(Records),
    /// The record as it is handed out to be checked elsewhere.
    #[schemars(extend("x-answer" = "Exported"))]
    Export(Export),
    /// How long the record is and what its root is, signed.
    #[schemars(extend("x-answer" = "Checkpoint"))]
    Checkpoint(Checkpoint),
    /// That a record is in the tree, or that one tree is the beginning of another.
    #[schemars(extend("x-answer" = {"position": "Inclusion", "old": "Consistency"}))]
    Prove(Prove),
}

/// Who gives a command.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(with = "crate::schema::Actor")]
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

impl From<Format> for document::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Yaml => Self::Yaml,
            Format::Toml => Self::Toml,
            Format::Json => Self::Json,
        }
    }
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
            Self::Activate(_) => "activate",
            Self::Extend(_) => "extend",
            Self::ApproveExtension(_) => "approve_extension",
            Self::DenyExtension(_) => "deny_extension",
            Self::GiveBack(_) => "give_back",
            Self::Revoke(_) => "revoke",
            Self::Review(_) => "review",
            Self::Erase(_) => "erase",
            Self::Publish(_) => "publish",
            Self::Sweep(_) => "sweep",
            Self::TakeEffects(_) => "take_effects",
            Self::EffectDone(_) => "effect_done",
            Self::EffectFailed(_) => "effect_failed",
            Self::Look(_) => "look",
            Self::Offer(_) => "offer",
            Self::Explain(_) => "explain",
            Self::Holds(_) => "holds",
            Self::WhoHas(_) => "who_has",
            Self::Reconcile(_) => "reconcile",
            Self::Compact(_) => "compact",
            Self::List(_) => "list",
            Self::Inbox(_) => "inbox",
            Self::Catalog(_) => "catalog",
            Self::History(_) => "history",
            Self::Records(_) => "records",
            Self::Export(_) => "export",
            Self::Checkpoint(_) => "checkpoint",
            Self::Prove(_) => "prove",
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
        // One effect has one id: `+7` and `07` are none.
        let number = number
            .parse()
            .ok()
            .filter(|parsed: &u32| parsed.to_string() == number)
            .ok_or_else(|| de::Error::custom(format!("`{text}` is no effect; one is `GRANT/NUMBER`")))?;
        Ok(Self { grant, number })
    }
}
