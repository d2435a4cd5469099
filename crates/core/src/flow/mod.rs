//! What a flow says: who may ask for what, when, for how long, who approves, how it may be extended.
//!
//! A [`Flow`] is valid by construction: only [`Flow::new`] makes one, and it takes [`Parts`] whose
//! fields agree with each other. Names are those of the policy document.

pub mod approval_rule;
pub mod beside;
pub mod condition;
pub mod extension_rule;
pub mod hours;
pub mod requirement;
pub mod selector;
pub mod target;
pub mod valid;

use std::collections::BTreeMap;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use self::approval_rule::Approval;
use self::condition::Named;
use self::extension_rule::ExtensionRule;
use self::hours::{Hours, PastClose};
use self::requirement::{MfaRule, ReasonRule};
use self::selector::Selector;
use self::target::{Take, Target};
use crate::id::{FlowId, Revision};
use crate::time::{Span, Timestamp};

/// One access policy whose fields agree with each other.
#[derive(Clone, Debug)]
pub struct Flow(Parts);

/// The fields of a flow, defaults filled in.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Its name in the document.
    pub id: FlowId,
    /// The SHA-256 of what was written, so that the same words are the same revision.
    pub revision: Revision,
    /// What people call it.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Labels of the flow itself.
    pub labels: BTreeMap<String, String>,
    /// False: withdrawn. Nothing can be asked, approved or extended; what runs, runs out.
    pub enabled: bool,
    /// No access past it.
    pub until: Option<Timestamp>,
    /// What is given to the holder at the target.
    pub kind: Kind,
    /// Who may hold access.
    pub who: Who,
    /// Who may ask for it.
    pub requesters: Requesters,
    /// Conditions over the holder; all must hold.
    pub when: Vec<Named>,
    /// What may be asked for.
    pub what: Vec<Target>,
    /// Whether the request names items, or takes the whole list.
    pub take: Take,
    /// When access may begin; always where absent.
    pub hours: Option<Hours>,
    /// Whether a grant may run past the close of its hours.
    pub past_close: PastClose,
    /// How long it may be asked for.
    pub duration: Durations,
    /// How far ahead a start may be planned; zero: now only.
    pub start_ahead: Span,
    /// What makes an approved grant active.
    pub activation: Activation,
    /// How long an approved grant may wait, in open hours.
    pub activate_within: Span,
    /// What reason a request must bring.
    pub reason: ReasonRule,
    /// What login a request must bring.
    pub mfa: Option<MfaRule>,
    /// Who approves.
    pub approval: Approval,
    /// How a running grant may be extended; not at all where absent.
    pub extension: Option<ExtensionRule>,
    /// How many may be open at a time, and how often may be asked.
    pub limits: Counts,
    /// Who may revoke, besides approvers of the grant and the host.
    pub revoke_by: Vec<Selector>,
    /// Access without approval in an emergency.
    pub break_glass: Option<BreakGlass>,
    /// What credential is handed out, and whether it is rotated at the end.
    pub credentials: Option<Credentials>,
    /// Who is told before the end, and how long before.
    pub notify: Notify,
}

/// What is given to the holder at the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The holder's own account gets more permissions.
    #[default]
    Elevation,
    /// Each grant has an account of its own.
    Ephemeral,
    /// The holder gets a secret out of a vault.
    Vaulted,
}

/// Who may hold access.
#[derive(Clone, Debug, Default)]
pub struct Who {
    /// Matching any of these makes a person eligible.
    pub any: Vec<Selector>,
    /// Matching any of these does not, whatever else matches.
    pub except: Vec<Selector>,
}

/// Who may ask.
#[derive(Clone, Debug)]
pub struct Requesters {
    /// Who may ask for themselves.
    pub own: OwnRequests,
    /// Who may ask for somebody else.
    pub others: Vec<Selector>,
}

/// Who may ask for themselves.
#[derive(Clone, Debug)]
pub enum OwnRequests {
    /// Whoever is eligible.
    Everyone,
    /// Nobody.
    Nobody,
    /// These.
    Only(Vec<Selector>),
}

/// How long access may be asked for; both bounds are allowed.
#[derive(Clone, Copy, Debug)]
pub struct Durations {
    /// The shortest.
    pub min: Span,
    /// Where a request names none.
    pub default: Span,
    /// The longest.
    pub max: Span,
}

/// What makes an approved grant active.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// The approval itself.
    #[default]
    OnApproval,
    /// The holder.
    ByHolder,
    /// The host, when the target has confirmed.
    OnConfirmation,
}

/// How many may be open at a time, and how often may be asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Open grants of one holder under this flow.
    pub open_per_person: Option<u32>,
    /// Open grants of anybody on one item, under every flow.
    pub open_per_item: Option<u32>,
    /// Open grants under this flow.
    pub open_total: Option<u32>,
    /// Requests of one person in a rolling span.
    pub requests: Option<Quota>,
    /// Extensions of one holder in a rolling span.
    pub extensions: Option<Quota>,
}

/// So many times in a rolling span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// How many times.
    pub times: u32,
    /// In which span.
    pub per: Span,
}

/// Access without approval in an emergency.
#[derive(Clone, Debug)]
pub struct BreakGlass {
    /// Who may take it.
    pub who: Vec<Selector>,
    /// For how long at most.
    pub max: Span,
    /// Whether it may be extended.
    pub extendable: bool,
    /// Within which time it must be reviewed.
    pub review_within: Span,
    /// By whom.
    pub review_by: Vec<Selector>,
}

/// What credential is handed out, and whether it is rotated at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Its type.
    pub kind: CredentialKind,
    /// Whether it is rotated when the grant ends.
    pub rotate_on_end: bool,
}

/// A type of credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// A password.
    Password,
    /// An access key.
    AccessKey,
    /// A certificate.
    Certificate,
    /// A token.
    Token,
}

/// Who is told before the end, and how long before.
#[derive(Clone, Debug)]
pub struct Notify {
    /// How long before the end, each a notice of its own.
    pub before_end: Vec<Span>,
    /// Whom.
    pub to: Vec<Recipient>,
}

/// Whom a notice goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// The holder of the grant.
    Holder,
    /// A channel that the host knows.
    Channel(String),
    /// Whoever a selector means.
    Selected(Selector),
}

impl Deref for Flow {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
