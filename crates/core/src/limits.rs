//! Every bound of the library, in one file, each with its reason.
//!
//! They are part of the interface: beyond one of them a document has a problem and a command is
//! refused, never slowly obeyed.

use crate::time::Span;

/// Bytes of one id. Long enough for `issuer|subject`, short enough for an index key.
pub const ID_BYTES_MAX: usize = 256;
/// Items one request may name. A scope is read by people who approve it.
pub const ITEMS_PER_REQUEST_MAX: usize = 100;
/// Resources a host may describe with a request for a whole list or a kit: it need not choose among those it knows.
pub const RESOURCES_MAX: usize = 1_000;
/// Groups of one person. Directories nest, but a decision walks this list.
pub const GROUPS_PER_PERSON_MAX: usize = 2_000;
/// Aliases of one person: mail addresses and accounts, not sessions.
pub const ALIASES_PER_PERSON_MAX: usize = 32;
/// Bytes of one person's attributes, so that facts stay facts and no documents.
pub const ATTRIBUTES_BYTES_MAX: usize = 64 * 1024;
/// Open grants of one person: settling walks them all.
pub const OPEN_GRANTS_PER_PERSON_MAX: usize = 1_000;
/// Grants that a revocation of many closes in its own transaction; the others follow as their holders are settled.
pub const REVOKED_AT_ONCE_MAX: usize = 100;
/// Bytes of a reason: an explanation, not an attachment.
pub const REASON_BYTES_MAX: usize = 4 * 1024;
/// Bytes of a policy document.
pub const DOCUMENT_BYTES_MAX: usize = 1024 * 1024;
/// Nesting of a policy document, and of the facts handed in with a command.
pub const NESTING_MAX: usize = 32;
/// Flows of one policy document.
pub const FLOWS_MAX: usize = 10_000;
/// Steps of one list of an approval.
pub const STEPS_MAX: usize = 16;
/// Escalation tiers of one step.
pub const TIERS_MAX: usize = 5;
/// Selectors in one list.
pub const SELECTORS_MAX: usize = 256;
/// Every count under `limits`, and every number of people a step may need.
pub const COUNT_MAX: u32 = 10_000;
/// Extensions a flow may allow.
pub const EXTENSIONS_MAX: u32 = 100;
/// Bytes of one condition.
pub const CONDITION_BYTES_MAX: usize = 4 * 1024;
/// Tokens of one condition.
pub const CONDITION_TOKENS_MAX: usize = 256;
/// Depth of one condition, brackets and chains counted.
pub const CONDITION_DEPTH_MAX: usize = 32;

/// Changes that are tried on a refusal, to say which would pass: most refusals need one or two, and each costs
/// as much as deciding the command.
pub const CHANGES_TRIED_MAX: usize = 24;

/// A host may be this far ahead of its store's clock, and a login dated this far ahead of now.
pub const CLOCK_TOLERANCE: Span = Span::seconds(30);
/// However its hours fall, a grant that waits this long is `unused`.
pub const WAITING_MAX: Span = Span::days(30);
/// Openings of two revisions that are walked to find one that both have: nobody waits for a later one.
pub const JOINT_OPENINGS_MAX: usize = 1_000;
/// Refusals of one actor and code in a minute that are recorded one by one: enough to see what was tried, too few to
/// fill a record by trying.
pub const REFUSALS_A_MINUTE_MAX: u64 = 20;
/// Tallies of refusals that are written up in one commit.
pub const TALLIES_AT_ONCE_MAX: usize = 1_000;
/// The shortest span where a flow names none.
pub const SPAN_MIN_DEFAULT: Span = Span::minutes(1);
/// How long approvers have where a flow says nothing.
pub const DECIDE_WITHIN_DEFAULT: Span = Span::hours(24);
/// How long an approved grant may wait where a flow says nothing.
pub const ACTIVATE_WITHIN_DEFAULT: Span = Span::hours(1);
/// Reminders before the end where a flow says nothing.
pub const REMINDERS_DEFAULT: [Span; 2] = [Span::minutes(15), Span::minutes(5)];

/// Attempts after which an effect is stuck where a host says nothing: still retried, but said aloud.
pub const EFFECT_ATTEMPTS_DEFAULT: u32 = 8;
/// The most attempts a host may name: whatever it names, a target that is sick for a day is said aloud.
pub const EFFECT_ATTEMPTS_MAX: u32 = 100;
/// Workers that one effect remembers who took it and fell silent: any of them may still act and say so.
pub const SILENT_WORKERS_MAX: usize = 8;
/// Characters of a worker's error that are kept: enough to find the cause, no room for a dump.
pub const ERROR_CHARS_MAX: usize = 1_000;
/// The shortest lease: a worker needs time to begin, and nothing is handed out twice at one instant.
pub const LEASE_MIN: Span = Span::seconds(1);
/// The longest lease: a worker that died must not hold up a removal for longer.
pub const LEASE_MAX: Span = Span::hours(1);
/// The longest pause after the first failure of an effect; each further one doubles it, and each is up to half
/// as short, so that what failed together does not come back together.
pub const EFFECT_PAUSE_MIN: Span = Span::seconds(5);
/// The longest pause between two attempts of an effect.
pub const EFFECT_PAUSE_MAX: Span = Span::minutes(15);
