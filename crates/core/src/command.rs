//! What a caller asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use crate::id::{CommandId, FlowId, GrantId, Integration, KitId, PersonId, Revision, WorkerId, digest};
use crate::limits::EFFECT_ATTEMPTS_DEFAULT;
use crate::person::{Actor, Item, Person, Record, Resource};
use crate::time::{Span, Timestamp};
use crate::world::Publication;

/// One command: who asks for what, with an id so that giving it again is no second command.
#[derive(Clone, Debug)]
pub struct Command {
    /// The command id.
    pub id: CommandId,
    /// Who gives it.
    pub actor: Actor,
    /// What the host says of the situation; conditions see it as `context`.
    pub context: Record,
    /// What is asked.
    pub verb: Verb,
}

/// What is asked.
#[derive(Clone, Debug)]
pub enum Verb {
    /// Access.
    Request(Box<Request>),
    /// All that a kit names: one grant a flow.
    RequestKit(Box<RequestKit>),
    /// To approve a request.
    Approve(Approve),
    /// To deny a request.
    Deny(Deny),
    /// To take a request back.
    Withdraw(Withdraw),
    /// To begin access that waits for its holder.
    Activate(Activate),
    /// To move a grant's end later.
    Extend(Extend),
    /// To approve an extension.
    ApproveExtension(DecideExtension),
    /// To deny an extension.
    DenyExtension(DecideExtension),
    /// To end access that is no longer needed.
    GiveBack(GiveBack),
    /// To end somebody's access.
    Revoke(Revoke),
    /// To end all access of a person, under a flow, at an integration or to an item.
    RevokeAll(RevokeAll),
    /// To say that access taken in an emergency was looked at.
    Review(Review),
    /// To erase what people wrote of a grant that is over.
    Erase(Erase),
    /// To put a policy in force.
    Publish(Publish),
    /// To write down what time has made true of one person's grants.
    Settle(Settle),
    /// To take an effect of one person's grants under a lease.
    TakeEffect(TakeEffect),
    /// To say that an effect was carried out.
    EffectDone(EffectDone),
    /// To say that an effect could not be carried out.
    EffectFailed(EffectFailed),
}

/// Asks for access under a flow.
#[derive(Clone, Debug)]
pub struct Request {
    /// The id the grant shall have; made from namespace and command id where absent.
    pub grant: Option<GrantId>,
    /// The flow.
    pub flow: FlowId,
    /// The items.
    pub items: Vec<Asked>,
    /// For how long; the flow's default where absent.
    pub span: Option<Span>,
    /// When it shall start; now where absent.
    pub start: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
    /// Further fields of the reason.
    pub fields: BTreeMap<String, String>,
    /// Whom the access is for; the actor where absent.
    pub holder: Option<Person>,
    /// Whether it is taken in an emergency, without approval.
    pub break_glass: bool,
    /// What the host knows of the resources that a whole list names; of others nothing is known.
    pub resources: Vec<Arc<Resource>>,
}

/// Asks for all that a kit names: one grant a flow, all or none.
#[derive(Clone, Debug)]
pub struct RequestKit {
    /// What the ids of its grants begin with; made from namespace and command id where absent.
    pub grant: Option<GrantId>,
    /// The kit.
    pub kit: KitId,
    /// For how long; each flow's default where absent.
    pub span: Option<Span>,
    /// When it shall start; now where absent.
    pub start: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
    /// Further fields of the reason.
    pub fields: BTreeMap<String, String>,
    /// Whom the access is for; the actor where absent.
    pub holder: Option<Person>,
    /// What the host knows of the resources that the kit names; of others nothing is known.
    pub resources: Vec<Arc<Resource>>,
}

/// One item with the facts of its resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Asked {
    /// The resource.
    pub resource: Arc<Resource>,
    /// The permission.
    pub permission: String,
}

/// Approves a request, wholly or less.
#[derive(Clone, Debug)]
pub struct Approve {
    /// The grant.
    pub grant: GrantId,
    /// A shorter span.
    pub span: Option<Span>,
    /// Only these of its items.
    pub only: Option<BTreeSet<Item>>,
    /// Why.
    pub reason: Option<String>,
    /// The content hash of what the approver saw.
    pub content: Option<String>,
    /// The holder's facts of today, where the host knows them.
    pub holder: Option<Person>,
}

/// Denies a request.
#[derive(Clone, Debug)]
pub struct Deny {
    /// The grant.
    pub grant: GrantId,
    /// Why.
    pub reason: Option<String>,
    /// The content hash of what the approver saw.
    pub content: Option<String>,
}

/// Takes a request back.
#[derive(Clone, Debug)]
pub struct Withdraw {
    /// The grant.
    pub grant: GrantId,
}

/// Begins access that waits for its holder.
#[derive(Clone, Debug)]
pub struct Activate {
    /// The grant.
    pub grant: GrantId,
}

/// Moves a grant's end later.
#[derive(Clone, Debug)]
pub struct Extend {
    /// The grant.
    pub grant: GrantId,
    /// By how much; as much as the flow gives by itself where absent.
    pub span: Option<Span>,
    /// The end that the caller saw: the guard against a second click.
    pub if_ends_at: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
    /// Further fields of the reason.
    pub fields: BTreeMap<String, String>,
    /// The holder's facts of today, where somebody else extends.
    pub holder: Option<Person>,
}

/// Approves or denies an extension.
#[derive(Clone, Debug)]
pub struct DecideExtension {
    /// The grant.
    pub grant: GrantId,
    /// Why.
    pub reason: Option<String>,
    /// The content hash of the extension that the approver saw.
    pub content: Option<String>,
}

/// Ends access that is no longer needed.
#[derive(Clone, Debug)]
pub struct GiveBack {
    /// The grant.
    pub grant: GrantId,
}

/// Ends somebody's access.
#[derive(Clone, Debug)]
pub struct Revoke {
    /// The grant.
    pub grant: GrantId,
    /// Why; it must be given.
    pub reason: Option<String>,
}

/// Ends all open access within a reach.
#[derive(Clone, Debug)]
pub struct RevokeAll {
    /// Whose, or where.
    pub of: Reach,
    /// Why; it must be given.
    pub reason: Option<String>,
}

/// Whose access is ended, or where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// This holder's.
    Person(PersonId),
    /// Under this flow.
    Flow(FlowId),
    /// At this integration.
    Integration(Integration),
    /// To this item.
    Item(Item),
}

/// Says that access taken in an emergency was looked at.
#[derive(Clone, Debug)]
pub struct Review {
    /// The grant.
    pub grant: GrantId,
    /// What came of it.
    pub reason: Option<String>,
}

/// Erases what people wrote of a grant that is over.
#[derive(Clone, Debug)]
pub struct Erase {
    /// The grant.
    pub grant: GrantId,
}

/// Puts a policy in force.
#[derive(Clone, Debug)]
pub struct Publish {
    /// The policy, compiled.
    pub policy: Arc<Publication>,
    /// The revision of the document that it replaces.
    pub if_revision: Option<Revision>,
}

/// Writes down what time has made true of one person's grants.
#[derive(Clone, Debug)]
pub struct Settle {
    /// The holder.
    pub person: PersonId,
    /// At most so many events: the first of those that are due, as an earlier settling would have written them. The
    /// others are due still. All of them where absent.
    pub most: Option<usize>,
}

/// Takes the first effect of one person's grants that is ready.
#[derive(Clone, Debug)]
pub struct TakeEffect {
    /// The holder.
    pub person: PersonId,
    /// Which of them.
    pub which: Which,
    /// Who takes it.
    pub worker: WorkerId,
    /// For how long: brought into the bounds of [`crate::limits`], and what it came to is said with the effect.
    pub lease: Span,
    /// Attempts after which it is stuck: brought into the bounds of [`crate::limits`].
    pub stuck_after: u32,
}

/// Which effects are taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// All of them, notices too.
    #[default]
    Any,
    /// Those at this integration.
    At(Integration),
    /// Notices, which are at no integration.
    Notices,
}

/// Says that an effect was carried out.
#[derive(Clone, Debug)]
pub struct EffectDone {
    /// The grant.
    pub grant: GrantId,
    /// The effect's number.
    pub effect: u32,
    /// Who carried it out.
    pub worker: WorkerId,
    /// Items that the holder had before.
    pub already_held: BTreeSet<Item>,
}

/// Says that an effect could not be carried out.
#[derive(Clone, Debug)]
pub struct EffectFailed {
    /// The grant.
    pub grant: GrantId,
    /// The effect's number.
    pub effect: u32,
    /// Who tried.
    pub worker: WorkerId,
    /// What went wrong.
    pub error: String,
    /// Whether trying again is of no use.
    pub last: bool,
    /// Attempts after which it is stuck: brought into the bounds of [`crate::limits`].
    pub stuck_after: u32,
}

impl TakeEffect {
    /// Any of this holder's, for that worker, who has so long.
    #[must_use]
    pub const fn new(person: PersonId, worker: WorkerId, lease: Span) -> Self {
        Self { person, which: Which::Any, worker, lease, stuck_after: EFFECT_ATTEMPTS_DEFAULT }
    }
}

impl Which {
    /// Whether an effect is meant that is at this integration, or at none.
    #[must_use]
    pub fn means(&self, at: Option<&Integration>) -> bool {
        match self {
            Self::Any => true,
            Self::At(only) => at == Some(only),
            Self::Notices => at.is_none(),
        }
    }
}

impl Asked {
    /// The item without facts.
    #[must_use]
    pub fn item(&self) -> Item {
        Item { resource: self.resource.id.clone(), permission: self.permission.clone() }
    }
}

impl Verb {
    /// The verbs as records write them: a record is read again with these.
    pub const NAMES: [&'static str; 17] = [
        "request",
        "approve",
        "deny",
        "withdraw",
        "activate",
        "extend",
        "approve_extension",
        "deny_extension",
        "give_back",
        "revoke",
        "review",
        "erase",
        "publish",
        "settle",
        "take_effect",
        "effect_done",
        "effect_failed",
    ];

    /// The verb as records and scenario files write it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Request(_) | Self::RequestKit(_) => "request",
            Self::Approve(_) => "approve",
            Self::Deny(_) => "deny",
            Self::Withdraw(_) => "withdraw",
            Self::Activate(_) => "activate",
            Self::Extend(_) => "extend",
            Self::ApproveExtension(_) => "approve_extension",
            Self::DenyExtension(_) => "deny_extension",
            Self::GiveBack(_) => "give_back",
            Self::Revoke(_) | Self::RevokeAll(_) => "revoke",
            Self::Review(_) => "review",
            Self::Erase(_) => "erase",
            Self::Publish(_) => "publish",
            Self::Settle(_) => "settle",
            Self::TakeEffect(_) => "take_effect",
            Self::EffectDone(_) => "effect_done",
            Self::EffectFailed(_) => "effect_failed",
        }
    }

    /// The grant it is about, where it names one that must exist.
    #[must_use]
    pub const fn grant(&self) -> Option<&GrantId> {
        match self {
            Self::Approve(Approve { grant, .. })
            | Self::Deny(Deny { grant, .. })
            | Self::Withdraw(Withdraw { grant })
            | Self::Activate(Activate { grant })
            | Self::Extend(Extend { grant, .. })
            | Self::ApproveExtension(DecideExtension { grant, .. })
            | Self::DenyExtension(DecideExtension { grant, .. })
            | Self::GiveBack(GiveBack { grant })
            | Self::Revoke(Revoke { grant, .. })
            | Self::Review(Review { grant, .. })
            | Self::Erase(Erase { grant })
            | Self::EffectDone(EffectDone { grant, .. })
            | Self::EffectFailed(EffectFailed { grant, .. }) => Some(grant),
            Self::Request(_)
            | Self::RequestKit(_)
            | Self::RevokeAll(_)
            | Self::Publish(_)
            | Self::Settle(_)
            | Self::TakeEffect(_) => None,
        }
    }

    /// What people wrote with it: the reason, and its further fields.
    const fn written(&mut self) -> (Option<&mut Option<String>>, Option<&mut BTreeMap<String, String>>) {
        match self {
            Self::Request(ask) => (Some(&mut ask.reason), Some(&mut ask.fields)),
            Self::RequestKit(ask) => (Some(&mut ask.reason), Some(&mut ask.fields)),
            Self::Extend(ask) => (Some(&mut ask.reason), Some(&mut ask.fields)),
            Self::Approve(ask) => (Some(&mut ask.reason), None),
            Self::Deny(ask) => (Some(&mut ask.reason), None),
            Self::ApproveExtension(ask) | Self::DenyExtension(ask) => (Some(&mut ask.reason), None),
            Self::Revoke(ask) => (Some(&mut ask.reason), None),
            Self::RevokeAll(ask) => (Some(&mut ask.reason), None),
            Self::Review(ask) => (Some(&mut ask.reason), None),
            Self::Withdraw(_)
            | Self::Activate(_)
            | Self::GiveBack(_)
            | Self::Erase(_)
            | Self::Publish(_)
            | Self::Settle(_)
            | Self::TakeEffect(_)
            | Self::EffectDone(_)
            | Self::EffectFailed(_) => (None, None),
        }
    }

    /// What the verb says, its facts left out: the same command given again says the same.
    fn content(&self) -> String {
        match self {
            Self::Request(ask) => text(&(
                (&ask.grant, &ask.flow, ask.items.iter().map(Asked::item).collect::<BTreeSet<_>>()),
                (ask.span, ask.start, &ask.reason, &ask.fields),
                (ask.holder.as_ref().map(|holder| &holder.id), ask.break_glass),
            )),
            Self::RequestKit(ask) => text(&(
                (&ask.grant, "kit", &ask.kit),
                (ask.span, ask.start, &ask.reason, &ask.fields),
                ask.holder.as_ref().map(|holder| &holder.id),
            )),
            Self::Approve(ask) => text(&(&ask.grant, ask.span, &ask.only, &ask.reason, &ask.content)),
            Self::Deny(ask) => text(&(&ask.grant, &ask.reason, &ask.content)),
            Self::Withdraw(ask) => text(&ask.grant),
            Self::Activate(ask) => text(&ask.grant),
            Self::Extend(ask) => text(&(&ask.grant, ask.span, ask.if_ends_at, &ask.reason, &ask.fields)),
            Self::ApproveExtension(ask) | Self::DenyExtension(ask) => {
                text(&(&ask.grant, &ask.reason, &ask.content))
            }
            Self::GiveBack(ask) => text(&ask.grant),
            Self::Revoke(ask) => text(&(&ask.grant, &ask.reason)),
            Self::RevokeAll(ask) => text(&(&ask.of, &ask.reason)),
            Self::Review(ask) => text(&(&ask.grant, &ask.reason)),
            Self::Erase(ask) => text(&ask.grant),
            Self::Publish(ask) => text(&(&ask.policy.revision, &ask.if_revision)),
            Self::Settle(Settle { person, most: None }) => text(person),
            Self::Settle(Settle { person, most: Some(most) }) => text(&(person, most)),
            Self::TakeEffect(ask) => {
                text(&(&ask.person, &ask.which, &ask.worker, ask.lease, ask.stuck_after))
            }
            Self::EffectDone(ask) => text(&(&ask.grant, ask.effect, &ask.worker, &ask.already_held)),
            Self::EffectFailed(ask) => {
                text(&(&ask.grant, ask.effect, &ask.worker, &ask.error, ask.last, ask.stuck_after))
            }
        }
    }
}

impl Command {
    /// The command as it is taken in: a text of blanks is none, and leaves no trace.
    #[must_use]
    pub fn without_blanks(mut self) -> Self {
        let (reason, fields) = self.verb.written();
        if let Some(reason) = reason.filter(|reason| reason.as_deref().is_some_and(is_blank)) {
            *reason = None;
        }
        if let Some(fields) = fields {
            fields.retain(|_, text| !is_blank(text));
        }
        self
    }

    /// A digest of the verb, its own fields and the actor's id; not of time, facts or context.
    #[must_use]
    pub fn content(&self) -> String {
        let actor = self.actor.to_string();
        digest([self.verb.name().as_bytes(), actor.as_bytes(), self.verb.content().as_bytes()])
    }
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn text<T: Serialize>(content: &T) -> String {
    // INVARIANT: ids, texts, numbers and sets of them always have a JSON form.
    serde_json::to_string(content).unwrap_or_default()
}
