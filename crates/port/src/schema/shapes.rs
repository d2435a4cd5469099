//! What calls and answers look like in JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::Value;

pub(crate) use self::kept::{Compacted, Holders, Reconciled};
use self::order::Order;

macro_rules! described {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(JsonSchema)]
        #[cfg_attr(test, derive(serde::Deserialize, Debug), expect(dead_code, reason = "read to be compared"))]
        #[schemars(deny_unknown_fields)]
        #[cfg_attr(test, serde(deny_unknown_fields))]
        #[cfg_attr(not(test), expect(dead_code, reason = "only its shape is used"))]
        pub(crate) struct $name {
            $($(#[$field_doc])* $field: $kind,)*
        }
    )*};
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(JsonSchema)]
        #[cfg_attr(test, derive(serde::Deserialize, Debug))]
        #[serde(rename_all = "snake_case")]
        #[cfg_attr(not(test), expect(dead_code, reason = "only its shape is used"))]
        pub(crate) enum $name { $($(#[$word_doc])* $word,)* }
    )*};
}

mod kept;
mod order;

/// An instant: RFC 3339, UTC, three decimals and `Z` in answers.
#[cfg_attr(test, derive(serde::Deserialize, Debug), expect(dead_code, reason = "read to be compared"))]
pub(crate) struct Time(#[cfg_attr(not(test), expect(dead_code, reason = "only its shape is used"))] String);

/// What is always written, and `null` where there is none.
#[cfg_attr(test, derive(serde::Deserialize, Debug))]
pub(crate) struct Nullable<T>(Option<T>);

/// A span: text such as `1h 30m`, or whole milliseconds.
pub(crate) struct Span;

/// Facts by name.
pub(crate) struct Facts;

/// Who gives a command.
pub(crate) struct Actor;

/// A span in answers: whole milliseconds.
#[cfg_attr(test, derive(serde::Deserialize, Debug), expect(dead_code, reason = "read to be compared"))]
pub(crate) struct Millis(#[cfg_attr(not(test), expect(dead_code, reason = "only its shape is used"))] u64);

described! {
    /// A person as the host vouches for them.
    Person {
        /// The one id, opaque and never reused.
        id: String,
        /// Other ids of the same person.
        #[serde(default)]
        aliases: Vec<String>,
        /// The human behind a workload or bot.
        acts_for: Option<String>,
        /// Groups, by name.
        #[serde(default)]
        groups: Vec<String>,
        /// Roles, by name.
        #[serde(default)]
        roles: Vec<String>,
        /// Their manager.
        manager: Option<String>,
        /// Whatever else conditions look at.
        attributes: Option<Facts>,
        /// How they proved who they are; absent without a login.
        authenticated: Option<Login>,
    }
    /// A login.
    Login {
        /// When it happened.
        at: Time,
        /// Authentication method references (RFC 8176).
        #[serde(default)]
        methods: Vec<String>,
        /// The authenticator assurance level (NIST SP 800-63B).
        level: Option<Level>,
    }
    /// A resource with the facts the host vouches for.
    Resource {
        /// The instance.
        integration: String,
        /// The type.
        r#type: String,
        /// The name in its integration.
        name: String,
        /// Labels that flows select by.
        #[serde(default)]
        labels: BTreeMap<String, String>,
        /// Its owners as selectors: `user:`, `group:`, `role:`.
        #[serde(default)]
        owners: Vec<String>,
        /// Whatever else conditions look at.
        attributes: Option<Facts>,
    }
    /// One item with the facts of its resource.
    Asked {
        /// The resource.
        resource: Resource,
        /// The permission.
        permission: String,
    }
    /// One resource and one permission on it.
    Item {
        /// The instance.
        integration: String,
        /// The type.
        r#type: String,
        /// The name in its integration.
        name: String,
        /// The permission.
        permission: String,
    }
    /// A grant as it stands.
    Grant {
        /// The grant's id.
        id: String,
        /// The flow.
        flow: String,
        /// The flow's revision it was asked under.
        revision: String,
        /// Whom the access is for.
        holder: String,
        /// Who asked.
        requester: String,
        /// Where it stands.
        stage: Stage,
        /// How it ended, once closed.
        outcome: Option<Outcome>,
        /// What an approved grant waits for.
        waiting_for: Option<String>,
        /// When it was asked for.
        requested_at: Time,
        /// Until when a pending request can be decided.
        decide_by: Option<Time>,
        /// Since when access runs; before that the planned start.
        starts_at: Option<Time>,
        /// Its end, once it runs.
        ends_at: Option<Time>,
        /// Until when access is held, while it runs.
        held_until: Option<Time>,
        /// When it was closed.
        closed_at: Option<Time>,
        /// The span asked for, in milliseconds.
        asked: Millis,
        /// The span granted, in milliseconds.
        granted: Millis,
        /// Whether hours or the flow's `until` shortened it.
        clipped: bool,
        /// Its scope.
        items: Vec<Item>,
        /// Why it was asked for.
        reason: Option<String>,
        /// Further fields of the reason.
        #[serde(default)]
        fields: BTreeMap<String, String>,
        /// The hash of all that approvers decide on.
        content: String,
        /// Extensions so far, and how many are left.
        extensions: Extensions,
        /// The extension that awaits its decision.
        extension_asked: Option<ExtensionAsked>,
        /// What the targets have confirmed.
        enforcement: Enforcement,
        /// Whether it was taken in an emergency, without approval.
        #[serde(default)]
        break_glass: bool,
        /// The review that it needs, where it was taken in an emergency.
        review: Option<Review>,
    }
    /// The review of access that was taken in an emergency.
    Review {
        /// When it is due.
        due: Time,
        /// Who reviewed it, where somebody did.
        reviewed_by: Option<String>,
    }
    /// An extension that awaits its decision, as its approvers see it.
    ExtensionAsked {
        /// Who asked.
        by: String,
        /// When.
        at: Time,
        /// By how much, in milliseconds.
        span: Millis,
        /// The end that was asked: what is approved.
        ends_at: Time,
        /// When it lapses.
        decide_by: Time,
        /// Why.
        reason: Option<String>,
        /// Further fields of the reason.
        #[serde(default)]
        fields: BTreeMap<String, String>,
        /// The hash of all that approvers decide on.
        content: String,
    }
    /// Extensions so far, and how many are left.
    Extensions {
        /// Granted.
        used: u32,
        /// Left under the rules that govern it.
        left: u32,
        /// Awaiting a decision.
        pending: u32,
    }
    /// The rules say no.
    Refusal {
        /// The stable code.
        code: String,
        /// What is wrong, in words.
        message: String,
        /// What a program needs to know about it: instants, spans in milliseconds, numbers, texts.
        #[serde(default)]
        details: BTreeMap<String, Value>,
        /// The smallest change that would pass, where the rule knows it.
        would_pass: Option<WouldPass>,
    }
    /// The smallest change to what was asked that would pass, all of it together.
    WouldPass {
        /// The same with this span, in milliseconds.
        span: Option<Millis>,
        /// The same, asked at this time, nothing else having happened.
        at: Option<Time>,
        /// The same with this planned start.
        start: Option<Time>,
        /// The same, having seen this end.
        if_ends_at: Option<Time>,
        /// The same without these items.
        #[serde(default)]
        without: Vec<Item>,
        /// The same with only these items.
        #[serde(default)]
        only: Vec<Item>,
        /// The same with a reason in which these texts fit.
        #[serde(default)]
        reason: Vec<Lacking>,
        /// The same after such a login.
        login: Option<NeededLogin>,
        /// The same with more people named in these steps: what only the author of the policy can change.
        #[serde(default)]
        approvers: Vec<Missing>,
    }
    /// A text that a reason lacks, or that does not fit.
    Lacking {
        /// The field; `reason` is the reason itself.
        field: String,
        /// The fewest characters.
        min_length: Option<u32>,
        /// What it must look like: a regular expression.
        pattern: Option<String>,
    }
    /// The login that is needed, as a step-up challenge asks for it.
    NeededLogin {
        /// How old it may be.
        max_age: Option<Millis>,
        /// At which level at least.
        level: Option<Level>,
        /// By any one of these methods; any where empty.
        #[serde(default)]
        methods: Vec<String>,
    }
    /// A step that names too few people.
    Missing {
        /// The step.
        step: String,
        /// How many more people it would have to name.
        missing: u32,
    }
    /// Whether and how a grant may be extended.
    Offer {
        /// Whether `extend` would pass now, given what is needed.
        allowed: bool,
        /// The refusal, where it would not.
        refused: Option<Refusal>,
        /// From when it would, where the rules know that.
        opens_at: Option<Time>,
        /// The span that one click gives, in milliseconds.
        default: Option<Millis>,
        /// The smallest span that passes now, in milliseconds.
        min: Option<Millis>,
        /// The largest span that passes now, in milliseconds.
        max: Option<Millis>,
        /// Extensions granted so far.
        used: u32,
        /// Extensions left.
        left: u32,
        /// The latest end that the rules allow; absent if nothing bounds it.
        latest_end: Option<Time>,
        /// What the click must bring.
        needs: Vec<Need>,
        /// The end as it stands: hand it in with the click.
        ends_at: Option<Time>,
    }
    /// How each check of a command comes out.
    Explanation {
        /// The codes in the order in which they are checked.
        checks: Vec<Check>,
        /// The refusal, where the command would be refused.
        refused: Option<Refusal>,
    }
    /// One code, and how its check came out.
    Check {
        /// The code.
        code: String,
        /// How it came out.
        verdict: CheckVerdict,
    }
    /// Whether access is held.
    Verdict {
        /// Whether it is.
        allowed: bool,
        /// By which grant.
        grant: Option<String>,
        /// Until when, as things stand.
        until: Option<Time>,
    }
    /// Grants, and where the list goes on.
    Grants {
        /// The grants.
        grants: Vec<Grant>,
        /// Ask again after this one; absent where nothing is left.
        next: Option<String>,
    }
    /// Flows that a person may ask under.
    Flows {
        /// The flows.
        flows: Vec<Flow>,
    }
    /// A flow as a requester sees it.
    Flow {
        /// The flow's id.
        id: String,
        /// What it is called.
        title: Option<String>,
        /// What it is for.
        description: Option<String>,
        /// Its labels, by which a host sorts what it shows.
        labels: Option<BTreeMap<String, String>>,
        /// The revision in force.
        revision: String,
        /// Whether this person may take it in an emergency, without approval.
        #[serde(default)]
        break_glass: bool,
    }
    /// Lines of the record.
    Recorded {
        /// The lines, in order of `position`: events, refusals, policies and revocations of many.
        records: Vec<BTreeMap<String, Value>>,
    }
    /// Records as they are handed out to be checked elsewhere.
    Exported {
        /// The records, in order of `position`.
        exported: Vec<ExportedRecord>,
    }
    /// A record as it is handed out.
    ExportedRecord {
        /// Its position, from 1.
        position: u64,
        /// The hash of its leaf (RFC 6962).
        hash: String,
        /// The leaf: the text that the hash is over.
        leaf: String,
        /// What people wrote of it; absent where they wrote nothing, or where that was erased.
        written: Option<Written>,
    }
    /// What people wrote of a record, and what it is hashed with.
    Written {
        /// The salt.
        salt: String,
        /// The texts, by their place in the record.
        texts: BTreeMap<String, String>,
    }
    /// A signed checkpoint.
    Checkpoint {
        /// A signed note (C2SP `tlog-checkpoint`).
        checkpoint: String,
        /// The public key, as tools of signed notes take it.
        key: String,
    }
    /// That a record is in the tree (RFC 6962).
    Inclusion {
        /// The record's position, from 1.
        position: u64,
        /// How many records the tree has.
        size: u64,
        /// The root of the tree.
        root: String,
        /// The leaf: the text that the hash is over.
        leaf: String,
        /// The hash of the leaf.
        hash: String,
        /// The hashes beside the way from leaf to root.
        proof: Vec<String>,
    }
    /// That one tree is the beginning of another (RFC 6962).
    Consistency {
        /// How many records the earlier tree has.
        old: u64,
        /// The root of the earlier tree.
        old_root: String,
        /// How many records the later tree has.
        size: u64,
        /// The root of the later tree.
        root: String,
        /// The hashes that lead from both roots to each other.
        proof: Vec<String>,
    }
    /// What a revocation of many found.
    Revoked {
        /// Grants that ended, in order of id.
        revoked: Vec<String>,
        /// Grants that the actor may not revoke, in order of id. They are untouched.
        not_allowed: Vec<String>,
    }
    /// The policy in force.
    Published {
        /// The revision of the document.
        published: String,
    }
    /// What a sweep settled.
    Swept {
        /// People whose grants were settled.
        people: u64,
        /// Events that were written.
        events: u64,
    }
    /// What a worker is handed.
    Taken {
        /// Its id, `GRANT/NUMBER`, the same at every attempt: report with it.
        id: String,
        /// The grant.
        grant: String,
        /// The effect's number in it.
        number: u32,
        /// The effect's kind: `provision`, `notify:active`.
        kind: String,
        /// Whom the access is for.
        holder: String,
        /// Which attempt this is, from 1.
        attempt: u32,
        /// Who has it.
        worker: String,
        /// When the lease runs out.
        lease_until: Time,
        /// What is to be done.
        order: Order,
    }
    /// One thing that is wrong with a policy, or with the call itself.
    Problem {
        /// What sort it is.
        code: String,
        /// The path of the field.
        path: String,
        /// The file, where the document has files.
        file: Option<String>,
        /// The line, from 1.
        line: Option<u32>,
        /// The column in characters, from 1.
        column: Option<u32>,
        /// What is wrong.
        message: String,
        /// What would be right.
        help: Option<String>,
    }
    /// The world failed. The rules said neither yes nor no.
    Fault {
        /// The stable code.
        code: String,
        /// What happened, in words.
        message: String,
    }
}

words! {
    /// An authenticator assurance level (NIST SP 800-63B).
    Level { /// One factor.
        Aal1, /// Two factors.
        Aal2, /// A hardware-based authenticator.
        Aal3, }
    /// A stage of a grant's life.
    Stage { /// It waits for decisions.
        Pending, /// It was approved and waits to begin.
        Approved, /// Access runs.
        Active, /// It is over.
        Closed, }
    /// How a grant ended.
    Outcome { /// Approvers said no.
        Denied, /// Requester or holder took it back.
        Withdrawn, /// Nobody decided in time.
        Undecided, /// It never began.
        Unused, /// Its end came.
        Expired, /// The holder no longer needed it.
        GivenBack, /// Somebody ended it.
        Revoked, }
    /// What targets have confirmed.
    Enforcement { /// Nothing was told.
        None, /// Access is being given, or its end moved.
        Applying, /// Access was given.
        Applied, /// Access is being taken away.
        Removing, /// Access was taken away.
        Removed, /// Giving has failed too often.
        StuckApplying, /// Removing has failed too often.
        StuckRemoving, }
    /// What an extension must bring.
    Need { /// A reason.
        Reason, /// A fresher or stronger login.
        Mfa, /// Somebody's approval.
        Approval, }
    /// How a check came out.
    CheckVerdict { /// Nothing is wrong.
        Pass, /// This is the refusal.
        Fail, /// An earlier check refused.
        Unreached, }
}

/// What a call answers.
#[derive(JsonSchema)]
#[cfg_attr(test, derive(serde::Deserialize, Debug))]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its shape is used")]
pub(crate) enum Answer {
    /// What was asked.
    Ok(Answered),
    /// The rules say no.
    Refused(Box<Refusal>),
    /// The policy, or the call itself, is wrong: everything that is, at once.
    Invalid(Vec<Problem>),
    /// The world failed.
    Fault(Fault),
}

/// What was asked.
#[derive(JsonSchema)]
#[cfg_attr(test, derive(serde::Deserialize, Debug))]
#[serde(untagged)]
#[expect(dead_code, reason = "only its shape is used")]
pub(crate) enum Answered {
    /// `request`, `approve`, `deny`, `withdraw`, `activate`, `extend`, `approve_extension`, `deny_extension`,
    /// `give_back`, `revoke`, `review`, `erase`, `effect_done`, `effect_failed`, `look`.
    Grant(Box<Grant>),
    /// `revoke`, where it names no grant.
    Revoked(Revoked),
    /// `offer`.
    Offer(Box<Offer>),
    /// `explain`.
    Explanation(Box<Explanation>),
    /// `holds`.
    Holds(Verdict),
    /// `who_has`.
    Holders(Holders),
    /// `reconcile`.
    Reconciled(Reconciled),
    /// `compact`.
    Compacted(Compacted),
    /// `list`, `inbox`.
    Grants(Grants),
    /// `catalog`.
    Flows(Flows),
    /// `history`, `records`.
    Recorded(Recorded),
    /// `export`.
    Exported(Exported),
    /// `checkpoint`.
    Checkpoint(Checkpoint),
    /// `prove` of a record.
    Inclusion(Inclusion),
    /// `prove` of an earlier tree.
    Consistency(Consistency),
    /// `publish`.
    Published(Published),
    /// `sweep`.
    Swept(Swept),
    /// `take_effects`.
    Effects(Vec<Taken>),
    /// `look`, where there is no such grant.
    Nothing(()),
}
