//! A refusal: the rules say no, with a code for ever, words, details and what would pass.

mod would_pass;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

pub use self::would_pass::{Lacking, Login, Missing, WouldPass};
use crate::time::{Span, Timestamp};

/// Details of a refusal, by name.
pub type Details = BTreeMap<&'static str, Detail>;

/// The rules say no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// What is wrong, in words.
    pub message: String,
    /// What a program needs to know about it.
    #[serde(skip_serializing_if = "Details::is_empty")]
    pub details: Details,
    /// The smallest change that would pass, where the rules know one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would_pass: Option<WouldPass>,
    /// Further changes that the check which refused would let pass, the best first: where the smallest one
    /// is looked for. None is left in what is answered.
    #[serde(skip)]
    pub(crate) otherwise: Vec<WouldPass>,
}

/// One detail of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Detail {
    /// An instant.
    Time(Timestamp),
    /// A span, in milliseconds.
    Span(Span),
    /// A number.
    Count(u32),
    /// Words.
    Text(String),
    /// Several words.
    Texts(Vec<String>),
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Codes of refusals, in the order in which a request, an approval, an extension and the
        /// other commands check them. Codes are for ever: retired ones stay reserved.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code of that name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == name)
            }

            /// The code as hosts and scenario files write it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

codes! {
    /// The command id was accepted before with another content.
    CommandReused = "command.reused",
    /// The grant id is in use.
    GrantExists = "grant.exists",
    /// No such flow.
    FlowUnknown = "flow.unknown",
    /// The actor may not ask for this holder.
    RequesterNotAllowed = "requester.not_allowed",
    /// The holder matches no selector, or is excepted.
    PersonNotEligible = "person.not_eligible",
    /// The flow is disabled, removed or past its `until`.
    FlowWithdrawn = "flow.withdrawn",
    /// No item was named.
    RequestEmpty = "request.empty",
    /// More than a bound of the library.
    RequestTooLarge = "request.too_large",
    /// An item that the flow does not offer.
    ScopeNotInFlow = "scope.not_in_flow",
    /// A condition does not hold.
    ConditionUnmet = "condition.unmet",
    /// A condition could not be evaluated.
    ConditionFailed = "condition.failed",
    /// A guard asks for more.
    GuardUnmet = "guard.unmet",
    /// The holder has access that may not be held together with this.
    ConflictHeld = "conflict.held",
    /// Not among those who may take access in an emergency.
    BreakGlassNotAllowed = "break_glass.not_allowed",
    /// An earlier emergency access is unreviewed.
    BreakGlassReviewDue = "break_glass.review_due",
    /// Nobody could ever approve.
    ApprovalNobody = "approval.nobody",
    /// Too many open grants of one person.
    LimitOpenPerPerson = "limit.open_per_person",
    /// Too many open grants on one item.
    LimitOpenPerItem = "limit.open_per_item",
    /// Too many open grants under the flow.
    LimitOpenTotal = "limit.open_total",
    /// Too many requests in a rolling span.
    LimitRequests = "limit.requests",
    /// A planned start before now.
    StartInPast = "start.in_past",
    /// A planned start too far ahead.
    StartTooFar = "start.too_far",
    /// A shorter span than the flow allows.
    DurationTooShort = "duration.too_short",
    /// A longer span than the flow allows.
    DurationTooLong = "duration.too_long",
    /// Outside the flow's hours.
    HoursClosed = "hours.closed",
    /// A reason must be given.
    ReasonMissing = "reason.missing",
    /// The reason does not look as asked.
    ReasonMalformed = "reason.malformed",
    /// No login, too low a level, or none of the methods.
    MfaMissing = "mfa.missing",
    /// The login is too old, or dated in the future.
    MfaStale = "mfa.stale",

    /// No such grant.
    GrantUnknown = "grant.unknown",
    /// Nobody decides on their own access.
    ApprovalOwn = "approval.own",
    /// Among the approvers of no step.
    ApprovalNotApprover = "approval.not_approver",
    /// The request no longer waits.
    RequestClosed = "request.closed",
    /// This person decided already.
    ApprovalRepeated = "approval.repeated",
    /// Their step is not awaited now.
    ApprovalNotAwaited = "approval.not_awaited",
    /// What was seen is not what was asked.
    ApprovalStale = "approval.stale",
    /// An approval for longer than was asked.
    ApprovalLonger = "approval.longer",
    /// An approval of items that were not asked for.
    ApprovalWider = "approval.wider",
    /// An approval of nothing.
    ApprovalEmpty = "approval.empty",

    /// Neither holder nor requester, nor one of the others who may extend.
    ExtensionNotHolder = "extension.not_holder",
    /// The grant is not active.
    GrantNotActive = "grant.not_active",
    /// The grant's end has come.
    GrantExpired = "grant.expired",
    /// The end is not the one that was seen.
    ExtensionStale = "extension.stale",
    /// The flow has no extension.
    ExtensionNotAllowed = "extension.not_allowed",
    /// All extensions were granted already.
    ExtensionUsedUp = "extension.used_up",
    /// An earlier extension awaits its decision.
    ExtensionPending = "extension.pending",
    /// A shorter extension than the flow allows.
    ExtensionTooShort = "extension.too_short",
    /// A longer extension than the flow allows.
    ExtensionTooLong = "extension.too_long",
    /// The new end would pass the longest life of the grant.
    ExtensionOverTotal = "extension.over_total",
    /// The end would not move.
    ExtensionNoGain = "extension.no_gain",
    /// Too many extensions in a rolling span.
    LimitExtensions = "limit.extensions",
    /// Before the window in which the grant may be extended.
    ExtensionTooEarly = "extension.too_early",
    /// Too soon after the last extension.
    ExtensionTooSoon = "extension.too_soon",
    /// No extension awaits a decision.
    ExtensionNotPending = "extension.not_pending",

    /// The actor may not give this command.
    ActorNotAllowed = "actor.not_allowed",
    /// There is nothing to review.
    ReviewNotNeeded = "review.not_needed",
    /// It was reviewed already.
    ReviewRepeated = "review.repeated",
    /// The grant is not over, or something of it is not finished.
    ErasureTooEarly = "erasure.too_early",
    /// No such effect, or it is finished.
    EffectUnknown = "effect.unknown",
    /// The worker does not hold the lease.
    EffectNotLeased = "effect.not_leased",
    /// The policy to be replaced is no longer in force.
    PolicyStale = "policy.stale",
    /// The policy document has problems.
    PolicyInvalid = "policy.invalid",
}

impl Refusal {
    /// A refusal with nothing but its words.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: Details::new(),
            would_pass: None,
            otherwise: Vec::new(),
        }
    }

    /// Adds a detail.
    #[must_use]
    pub fn with(mut self, name: &'static str, detail: impl Into<Detail>) -> Self {
        self.details.insert(name, detail.into());
        self
    }

    /// Adds a detail where there is one.
    #[must_use]
    pub fn with_some(self, name: &'static str, detail: Option<impl Into<Detail>>) -> Self {
        match detail {
            Some(detail) => self.with(name, detail),
            None => self,
        }
    }

    /// Adds a change that would pass, where there is one; the best comes first.
    #[must_use]
    pub fn or_some(self, would_pass: Option<WouldPass>) -> Self {
        match would_pass {
            Some(would_pass) => self.or(would_pass),
            None => self,
        }
    }

    /// Adds a change that would pass; the best comes first.
    #[must_use]
    pub fn or(mut self, would_pass: WouldPass) -> Self {
        match self.would_pass {
            None => self.would_pass = Some(would_pass),
            Some(_) => self.otherwise.push(would_pass),
        }
        self
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Refusal {}

impl From<Timestamp> for Detail {
    fn from(at: Timestamp) -> Self {
        Self::Time(at)
    }
}

impl From<Span> for Detail {
    fn from(span: Span) -> Self {
        Self::Span(span)
    }
}

impl From<u32> for Detail {
    fn from(count: u32) -> Self {
        Self::Count(count)
    }
}

impl From<String> for Detail {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Detail {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Vec<String>> for Detail {
    fn from(texts: Vec<String>) -> Self {
        Self::Texts(texts)
    }
}
