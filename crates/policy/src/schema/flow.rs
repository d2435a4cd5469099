//! A flow.

use schemars::JsonSchema;

use super::approval::Approval;
use super::extension::Extension;
use super::words::{
    Condition, Glob, Id, Instant, Labels, LocalTime, Pattern, Permission, Recipient, Selectors, Span, Text,
    TimeOfDay, Zone,
};

/// One way to get access.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
pub(super) struct Flow {
    /// Its name, unique in the policy.
    id: Id,
    /// What people call it.
    title: Option<Text>,
    /// What it is for.
    description: Option<Text>,
    /// Labels of the flow itself.
    labels: Option<Labels>,
    /// False: withdrawn. Nothing can be asked, approved or extended; what runs, runs out. Default true.
    enabled: Option<bool>,
    /// No access past it. Default: none.
    until: Option<Instant>,
    /// What is given to the holder. Default `elevation`.
    kind: Option<Kind>,
    /// Who may hold the access.
    who: Who,
    /// Who may ask. Default: whoever is eligible, for themselves.
    requesters: Option<Requesters>,
    /// Conditions over the holder; all must hold. Default: none.
    when: Option<Conditions>,
    /// What is offered.
    #[schemars(length(min = 1, max = 256))]
    what: Vec<Target>,
    /// `any` (the default): a request names items. `all`: the whole list, items literal.
    take: Option<Take>,
    /// When access may begin. Default: always.
    hours: Option<Hours>,
    /// How long a request may ask for.
    duration: Durations,
    /// How far ahead a start may be planned. Default: now only.
    start: Option<Start>,
    /// What makes an approved grant active. Default `on_approval`.
    activation: Option<Activation>,
    /// How long an approved grant may wait, in open hours. Default 1h.
    activate_within: Option<Span>,
    /// What reason a request must bring. Default: none.
    reason: Option<Reason>,
    /// What login a request must bring. Default: none.
    mfa: Option<Mfa>,
    /// Who approves.
    approval: Approval,
    /// How a running grant may be extended. Absent: not at all.
    extension: Option<Extension>,
    /// How many grants may be open. Default: no limit.
    limits: Option<Limits>,
    /// Who may revoke, besides approvers of the grant and the host. Default: nobody.
    revoke_by: Option<Selectors>,
    /// Access without approval in an emergency. Not acted on yet.
    break_glass: Option<BreakGlass>,
    /// What credential is handed out.
    credentials: Option<Credentials>,
    /// Who is told before the end, and when. Default: the holder, 15m and 5m before.
    notify: Option<Notify>,
}

/// What is given to the holder.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the type is described, never made")]
enum Kind {
    Elevation,
    Ephemeral,
    Vaulted,
}

/// Who may hold the access.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct Who {
    /// Matching any of these makes a person eligible.
    any: Selectors,
    /// Matching any of these does not, whatever else matches.
    except: Option<Selectors>,
}

/// Who may ask.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct Requesters {
    /// Who may ask for themselves: whoever is eligible, nobody, or these. Default true.
    #[schemars(rename = "self")]
    own: Option<Own>,
    /// Who may ask for somebody else. Default: nobody.
    others: Option<Selectors>,
}

/// Who may ask for themselves.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the type is described, never made")]
enum Own {
    All(bool),
    Only(Selectors),
}

/// One condition, or a list of them.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the type is described, never made")]
enum Conditions {
    One(Condition),
    All(#[schemars(length(max = 256))] Vec<OneCondition>),
}

/// A condition, with or without a name.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the type is described, never made")]
enum OneCondition {
    Plain(Condition),
    Named(NamedCondition),
}

/// A condition with the words that go with it.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct NamedCondition {
    /// What refusals call it. Default: its own text.
    name: Option<Text>,
    /// The condition.
    is: Condition,
    /// What to tell a person for whom it does not hold.
    message: Option<Text>,
}

/// Items of one integration, or a named set of them.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["scope"]}, {"required": ["integration", "permissions"]}]))]
#[expect(dead_code, reason = "the type is described, never made")]
pub(super) struct Target {
    /// A named set of targets, instead of all other fields.
    scope: Option<Id>,
    /// The instance, such as `prod-pg`.
    #[schemars(length(min = 1, max = 256))]
    integration: Option<String>,
    /// The type. Default: any.
    r#type: Option<Text>,
    /// Names. Default: any.
    #[schemars(length(min = 1, max = 256))]
    names: Option<Vec<Glob>>,
    /// Labels that must all match. Default: none.
    labels: Option<Labels>,
    /// What is left out again.
    except: Option<Except>,
    /// Permissions by name, or `["*"]`.
    #[schemars(length(min = 1, max = 256))]
    permissions: Option<Vec<Permission>>,
}

/// What a target leaves out: whatever matches any of these.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(extend("anyOf" = [{"required": ["names"]}, {"required": ["labels"]}]))]
#[expect(dead_code, reason = "the type is described, never made")]
pub(super) struct Except {
    /// Names.
    #[schemars(length(min = 1, max = 256))]
    names: Option<Vec<Glob>>,
    /// Labels, any one of them.
    labels: Option<Labels>,
}

/// Whether a request names items.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the type is described, never made")]
enum Take {
    Any,
    All,
}

/// When access may begin.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct Hours {
    /// In which zone times are meant.
    zone: Zone,
    /// When it is open, every week.
    #[schemars(length(min = 1, max = 256))]
    open: Vec<Opening>,
    /// When it is closed all the same.
    #[schemars(length(max = 1000))]
    closed: Option<Vec<Closed>>,
    /// Whether a grant may run past the close. Default `clip`: it is shortened to it.
    past_close: Option<PastClose>,
}

/// An opening on some days of every week.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct Opening {
    /// The days on which it begins.
    #[schemars(length(min = 1))]
    days: Vec<Day>,
    /// When it begins.
    from: TimeOfDay,
    /// When it closes; not later than `from` means on the next day.
    to: TimeOfDay,
}

/// A day of the week.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the type is described, never made")]
enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// A range in which it is closed.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct Closed {
    /// When it begins.
    from: LocalTime,
    /// When it is over.
    to: LocalTime,
    /// What people are told.
    why: Option<Text>,
}

/// Whether a grant may run past the close of its hours.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the type is described, never made")]
enum PastClose {
    Refuse,
    Clip,
    Allow,
}

/// How long a request may ask for; the bounds are allowed.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct Durations {
    /// The shortest. Default 1m.
    min: Option<Span>,
    /// Where a request names none. Default: the longest.
    default: Option<Span>,
    /// The longest: nothing is indefinite.
    max: Span,
}

/// How far ahead a start may be planned.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct Start {
    /// How far.
    ahead: Span,
}

/// What makes an approved grant active.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the type is described, never made")]
enum Activation {
    OnApproval,
    ByHolder,
    OnConfirmation,
}

/// What reason must be given.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
pub(super) struct Reason {
    /// Whether one must be given at all. Default true, where this is written.
    required: Option<bool>,
    /// The fewest characters. Default 0.
    #[schemars(range(max = 4096))]
    min_length: Option<u32>,
    /// What it must look like.
    pattern: Option<Pattern>,
    /// What to tell a person whose reason does not fit.
    message: Option<Text>,
    /// Further fields.
    #[schemars(length(max = 32))]
    fields: Option<Vec<ReasonField>>,
}

/// One further field of a reason.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct ReasonField {
    /// Its name.
    name: Text,
    /// What people see beside it.
    label: Option<Text>,
    /// What it must look like.
    pattern: Option<Pattern>,
    /// What to tell a person whose text does not fit.
    message: Option<Text>,
    /// Whether it must be given. Default true.
    required: Option<bool>,
}

/// What login must stand behind a command.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
#[expect(dead_code, reason = "the type is described, never made")]
pub(super) struct Mfa {
    /// How old it may be.
    max_age: Option<Span>,
    /// At which level at least.
    level: Option<Level>,
    /// By any one of these methods. Default: any.
    #[schemars(length(min = 1, max = 256))]
    methods: Option<Vec<Text>>,
}

/// An authenticator assurance level.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the type is described, never made")]
enum Level {
    Aal1,
    Aal2,
    Aal3,
}

/// How many grants may be open, and how often may be asked.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct Limits {
    /// Open grants of one holder under this flow.
    #[schemars(range(min = 1, max = 10_000))]
    open_per_person: Option<u32>,
    /// Open grants of anybody on one item, under every flow.
    #[schemars(range(min = 1, max = 10_000))]
    open_per_item: Option<u32>,
    /// Open grants under this flow.
    #[schemars(range(min = 1, max = 10_000))]
    open_total: Option<u32>,
    /// Requests of one person in a rolling span.
    requests: Option<Quota>,
    /// Extensions of one holder in a rolling span.
    extensions: Option<Quota>,
}

/// So many times in a rolling span.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct Quota {
    /// How many times.
    #[schemars(range(min = 1, max = 10_000))]
    times: u32,
    /// In which span.
    per: Span,
}

/// Access without approval in an emergency.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct BreakGlass {
    /// Who may take it.
    who: Selectors,
    /// For how long at most.
    max: Span,
    /// Whether it may be extended. Default false.
    extendable: Option<bool>,
    /// Within which time it must be reviewed.
    review_within: Span,
    /// By whom.
    review_by: Selectors,
}

/// What credential is handed out.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct Credentials {
    /// Its type.
    r#type: CredentialType,
    /// Whether it is rotated when the grant ends. Default `never`.
    rotate: Option<Rotate>,
}

/// A type of credential.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the type is described, never made")]
enum CredentialType {
    Password,
    AccessKey,
    Certificate,
    Token,
}

/// Whether a credential is rotated.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "the type is described, never made")]
enum Rotate {
    Never,
    OnEnd,
}

/// Who is told before the end.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type is described, never made")]
struct Notify {
    /// How long before the end. Default 15m and 5m.
    #[schemars(length(max = 256))]
    before_end: Option<Vec<Span>>,
    /// Whom. Default: the holder.
    #[schemars(length(max = 256))]
    to: Option<Vec<Recipient>>,
}
