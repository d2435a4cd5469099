//! The verbs of scenario files: their fields, what each becomes in a call, and what may be expected.
//!
//! One table drives reading and playing, so a field that is read is a field that is said.

/// A verb and its fields.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) verb: &'static str,
    pub(crate) fields: &'static [Field],
    pub(crate) answers: Answers,
}

/// A field of a verb.
#[derive(Debug)]
pub(crate) struct Field {
    /// As the file writes it.
    pub(crate) name: &'static str,
    /// As the call writes it.
    pub(crate) call: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A person of the story, or `system`.
    Actor,
    /// A person of the story with all facts.
    Holder,
    /// `true`: the holder's facts of today.
    Today,
    /// The id of a person of the story.
    PersonId,
    /// The name of a grant.
    Grant,
    /// A text.
    Text,
    /// Texts by name.
    Texts,
    /// True or false.
    Flag,
    /// A number of milliseconds, written as a span.
    Span,
    /// An offset from the start, or an instant.
    Time,
    /// A list of `resource/permission` with the facts of the resources.
    Items,
    /// A list of `resource/permission`.
    Only,
    /// One `resource/permission`.
    Item,
    /// A resource of the story.
    Resource,
    /// A content hash, or `own`.
    Content,
    /// The revision of a document, or `own`.
    Revision,
    /// A policy: a path from this file, or the document.
    Policy,
    /// Facts on top of the scenario's context.
    Context,
    /// A stage of a grant's life.
    Stage,
    /// How a grant ended.
    Outcome,
}

/// What a verb answers, and with it what may be expected of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// The grant.
    Grant,
    /// The grants of a kit.
    Kit,
    /// What a revocation of many ended.
    Revoked,
    /// The revision of the policy in force.
    Policy,
    /// How much was settled.
    Sweep,
    /// The offer of an extension.
    Offer,
    /// The checks of a command.
    Checks,
    /// Whether access is held.
    Holds,
    /// Grants.
    Grants,
    /// Flows.
    Flows,
    /// Nothing.
    Nothing,
}

const fn must(name: &'static str, kind: Kind) -> Field {
    Field { name, call: name, kind, required: true }
}

const fn may(name: &'static str, kind: Kind) -> Field {
    Field { name, call: name, kind, required: false }
}

const AS: Field = Field { name: "as", call: "actor", kind: Kind::Actor, required: true };
const ID: Field = Field { name: "id", call: "command_id", kind: Kind::Text, required: false };
const CONTEXT: Field = may("context", Kind::Context);
const GRANT: Field = must("grant", Kind::Grant);
const REASON: Field = may("reason", Kind::Text);
const FIELDS: Field = may("fields", Kind::Texts);
const CONTENT: Field = may("content", Kind::Content);
const TODAY: Field = may("holder", Kind::Today);

/// Verbs that are calls, in the order of a grant's life.
pub(crate) const CALLS: &[Shape] = &[
    Shape {
        verb: "request",
        fields: &[
            AS,
            ID,
            CONTEXT,
            may("grant", Kind::Grant),
            may("flow", Kind::Text),
            may("kit", Kind::Text),
            may("items", Kind::Items),
            may("span", Kind::Span),
            may("start", Kind::Time),
            REASON,
            FIELDS,
            may("holder", Kind::Holder),
            may("break_glass", Kind::Flag),
        ],
        answers: Answers::Grant,
    },
    Shape {
        verb: "approve",
        fields: &[
            AS,
            ID,
            CONTEXT,
            GRANT,
            may("span", Kind::Span),
            may("only", Kind::Only),
            REASON,
            CONTENT,
            TODAY,
        ],
        answers: Answers::Grant,
    },
    Shape { verb: "deny", fields: &[AS, ID, CONTEXT, GRANT, REASON, CONTENT], answers: Answers::Grant },
    Shape { verb: "withdraw", fields: &[AS, ID, CONTEXT, GRANT], answers: Answers::Grant },
    Shape { verb: "activate", fields: &[AS, ID, CONTEXT, GRANT], answers: Answers::Grant },
    Shape {
        verb: "extend",
        fields: &[
            AS,
            ID,
            CONTEXT,
            GRANT,
            may("span", Kind::Span),
            may("if_ends_at", Kind::Time),
            REASON,
            FIELDS,
            TODAY,
        ],
        answers: Answers::Grant,
    },
    Shape {
        verb: "approve_extension",
        fields: &[AS, ID, CONTEXT, GRANT, REASON, CONTENT],
        answers: Answers::Grant,
    },
    Shape {
        verb: "deny_extension",
        fields: &[AS, ID, CONTEXT, GRANT, REASON, CONTENT],
        answers: Answers::Grant,
    },
    Shape { verb: "give_back", fields: &[AS, ID, CONTEXT, GRANT], answers: Answers::Grant },
    Shape {
        verb: "revoke",
        fields: &[
            AS,
            ID,
            CONTEXT,
            may("grant", Kind::Grant),
            may("person", Kind::PersonId),
            may("flow", Kind::Text),
            may("integration", Kind::Text),
            may("item", Kind::Item),
            REASON,
        ],
        answers: Answers::Grant,
    },
    Shape { verb: "review", fields: &[AS, ID, CONTEXT, GRANT, REASON], answers: Answers::Grant },
    Shape { verb: "erase", fields: &[AS, ID, CONTEXT, GRANT], answers: Answers::Grant },
    Shape {
        verb: "publish",
        fields: &[
            Field { name: "as", call: "actor", kind: Kind::Actor, required: false },
            ID,
            CONTEXT,
            must("policy", Kind::Policy),
            may("if_revision", Kind::Revision),
        ],
        answers: Answers::Policy,
    },
    Shape { verb: "sweep", fields: &[], answers: Answers::Sweep },
    Shape { verb: "look", fields: &[GRANT], answers: Answers::Grant },
    Shape { verb: "offer", fields: &[AS, CONTEXT, GRANT, TODAY], answers: Answers::Offer },
    Shape {
        verb: "holds",
        fields: &[
            must("person", Kind::PersonId),
            must("resource", Kind::Resource),
            must("permission", Kind::Text),
        ],
        answers: Answers::Holds,
    },
    Shape {
        verb: "list",
        fields: &[
            Field { name: "person", call: "holder", kind: Kind::PersonId, required: false },
            may("requester", Kind::PersonId),
            may("flow", Kind::Text),
            may("stage", Kind::Stage),
            may("outcome", Kind::Outcome),
            may("awaits_review", Kind::Flag),
        ],
        answers: Answers::Grants,
    },
    Shape { verb: "inbox", fields: &[AS], answers: Answers::Grants },
    Shape { verb: "catalog", fields: &[AS], answers: Answers::Flows },
];

/// Verbs that are no calls.
pub(crate) const OTHERS: &[&str] = &["explain", "provisioned", "failed", "restart", "person"];

/// Fields of `provisioned`.
pub(crate) const PROVISIONED: &[&str] = &["grant", "effect", "already_held"];
/// Fields of `failed`.
pub(crate) const FAILED: &[&str] = &["grant", "effect", "error", "final"];

/// What a revocation ends: it names one of these.
pub(crate) const ENDED: &[&str] = &["grant", "person", "flow", "integration", "item"];

impl Answers {
    /// Whether that is what a command answers: something of an actor, with an id and checks.
    #[must_use]
    pub const fn of_a_command(self) -> bool {
        match self {
            Self::Grant | Self::Kit | Self::Revoked | Self::Policy => true,
            Self::Sweep
            | Self::Offer
            | Self::Checks
            | Self::Holds
            | Self::Grants
            | Self::Flows
            | Self::Nothing => false,
        }
    }
}

/// The shape of a verb that is a call.
pub(crate) fn of(verb: &str) -> Option<&'static Shape> {
    CALLS.iter().find(|shape| shape.verb == verb)
}

/// Every verb, for suggestions.
pub(crate) fn verbs() -> impl Iterator<Item = &'static str> {
    CALLS.iter().map(|shape| shape.verb).chain(OTHERS.iter().copied())
}
