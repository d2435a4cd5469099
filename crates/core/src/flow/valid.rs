//! What the fields of a flow must have in common before it is one.

use super::approval_rule::{Approval, Decided, Lane, Step};
use super::extension_rule::{DecidedBy, ExtensionApproval, ExtensionRule};
use super::requirement::{MfaRule, ReasonRule};
use super::selector::Selector;
use super::target::{Permissions, Take, Target};
use super::{BreakGlass, Counts, Durations, Flow, Notify, OwnRequests, Parts, Quota};
use crate::limits::{COUNT_MAX, EXTENSIONS_MAX, ITEMS_PER_REQUEST_MAX, SELECTORS_MAX, STEPS_MAX, TIERS_MAX};
use crate::time::Span;

/// Fields of one reason: each is a question that a person answers while something is on fire.
pub const FIELDS_MAX: usize = 32;

/// Something that a flow says and that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// What sort of problem it is.
    pub code: WrongCode,
    /// Where, from the flow on: `extension.span.default`.
    pub path: String,
    /// Every field that has a part in it, the path among them.
    pub concerns: Vec<String>,
    /// What is wrong, in words.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

/// What sort of problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongCode {
    /// A value outside of what is allowed.
    OutOfRange,
    /// Fields that cannot both be meant.
    Contradiction,
    /// A name that stands twice.
    DuplicateId,
    /// More than is allowed.
    TooLarge,
}

impl Flow {
    /// Makes a flow of fields that agree with each other.
    ///
    /// # Errors
    /// Everything that is wrong with them, at once.
    pub fn new(parts: Parts) -> Result<Self, Vec<Wrong>> {
        let wrongs = wrongs(&parts);
        if wrongs.is_empty() { Ok(Self(parts)) } else { Err(wrongs) }
    }
}

/// What was found so far.
#[derive(Default)]
pub(super) struct Found(pub(super) Vec<Wrong>);

impl Found {
    pub(super) fn add(
        &mut self,
        code: WrongCode,
        path: &str,
        concerns: &[&str],
        message: String,
        help: &str,
    ) {
        let mut concerns: Vec<String> = concerns.iter().map(|path| (*path).to_owned()).collect();
        concerns.insert(0, path.to_owned());
        let help = (!help.is_empty()).then(|| help.to_owned());
        self.0.push(Wrong { code, path: path.to_owned(), concerns, message, help });
    }

    fn range(&mut self, path: &str, message: String, help: &str) {
        self.add(WrongCode::OutOfRange, path, &[], message, help);
    }

    fn clash(&mut self, path: &str, concerns: &[&str], message: String, help: &str) {
        self.add(WrongCode::Contradiction, path, concerns, message, help);
    }

    fn lasting(&mut self, path: &str, span: Span) {
        if span.is_zero() {
            self.range(
                path,
                format!("`{}` is no time at all", last(path)),
                "write a span of at least `1ms`, such as `30m`",
            );
        }
    }

    fn counted(&mut self, path: &str, count: u32, most: u32) {
        if !(1..=most).contains(&count) {
            self.range(
                path,
                format!("`{}` is {count}", last(path)),
                &format!("write a whole number from 1 to {most}"),
            );
        }
    }

    fn people(&mut self, path: &str, people: &[Selector], related: Related) {
        if people.len() > SELECTORS_MAX {
            self.add(
                WrongCode::TooLarge,
                path,
                &[],
                format!("{} selectors stand here", people.len()),
                &format!("name at most {SELECTORS_MAX}; a group says more with less"),
            );
        }
        for (n, one) in people.iter().enumerate() {
            let meant = match one {
                Selector::Everyone | Selector::User(_) | Selector::Group(_) | Selector::Role(_) => true,
                Selector::Manager => matches!(related, Related::Manager | Related::ManagerAndOwner),
                Selector::Owner => matches!(related, Related::ManagerAndOwner),
            };
            if !meant {
                self.clash(
                    &format!("{path}[{n}]"),
                    &[],
                    format!("`{one}` means nobody here"),
                    "name people by `user:`, `group:` or `role:`; `manager` and `owner` are for approvers",
                );
            }
        }
    }
}

/// Which selectors that look at what is asked mean somebody in a list.
#[derive(Clone, Copy)]
enum Related {
    Nobody,
    Manager,
    ManagerAndOwner,
}

/// The field that a path ends in.
fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Everything about these fields that cannot be meant.
#[must_use]
pub fn wrongs(parts: &Parts) -> Vec<Wrong> {
    let mut found = Found::default();
    who(&mut found, parts);
    what(&mut found, parts);
    bounds(&mut found, "duration", &parts.duration);
    found.lasting("activate_within", parts.activate_within);
    reason(&mut found, "reason", &parts.reason);
    mfa(&mut found, "mfa", parts.mfa.as_ref());
    approval(&mut found, &parts.approval);
    if let Some(rule) = &parts.extension {
        extension(&mut found, rule, &parts.approval);
    }
    limits(&mut found, &parts.limits);
    found.people("revoke_by", &parts.revoke_by, Related::Nobody);
    if let Some(rule) = &parts.break_glass {
        break_glass(&mut found, rule, parts.extension.is_some());
    }
    notify(&mut found, &parts.notify);
    found.0
}

fn who(found: &mut Found, parts: &Parts) {
    found.people("who.any", &parts.who.any, Related::Nobody);
    found.people("who.except", &parts.who.except, Related::Nobody);
    let nobody = match &parts.requesters.own {
        OwnRequests::Everyone => false,
        OwnRequests::Nobody => true,
        OwnRequests::Only(people) => {
            found.people("requesters.self", people, Related::Nobody);
            people.is_empty()
        }
    };
    if nobody && parts.requesters.others.is_empty() {
        found.clash(
            "requesters",
            &["requesters.self", "requesters.others"],
            "nobody may ask: neither for themselves nor for somebody else".to_owned(),
            "name `others`, let `self` be true, or withdraw the flow with `enabled: false`",
        );
    }
    found.people("requesters.others", &parts.requesters.others, Related::Manager);
}

fn what(found: &mut Found, parts: &Parts) {
    if parts.what.is_empty() {
        found.range("what", "the flow offers nothing".to_owned(), "name at least one target");
    }
    for (n, target) in parts.what.iter().enumerate() {
        let path = format!("what[{n}]");
        if target.integration.is_none() {
            found.clash(
                &path,
                &[&format!("{path}.integration")],
                "a flow offers items of one integration, and none is named".to_owned(),
                "write `integration`",
            );
        }
        if let Permissions::Named(names) = &target.permissions
            && names.is_empty()
        {
            found.range(
                &format!("{path}.permissions"),
                "no permission is offered".to_owned(),
                "name at least one, or write `[\"*\"]` for all",
            );
        }
    }
    match parts.take {
        Take::Any => {}
        Take::All => whole_list(found, &parts.what),
    }
}

/// `take: all` gives the whole list, so every entry must say which items it means.
fn whole_list(found: &mut Found, targets: &[Target]) {
    let mut items = 0_usize;
    for (n, target) in targets.iter().enumerate() {
        let path = format!("what[{n}]");
        let literal = target.kind.is_some()
            && !target.names.is_empty()
            && target.names.iter().all(|name| !name.as_str().contains(['*', '?']))
            && target.labels.is_empty()
            && target.except.names.is_empty()
            && target.except.labels.is_empty();
        let named = match &target.permissions {
            Permissions::Any => None,
            Permissions::Named(names) => Some(names.len()),
        };
        match (literal, named) {
            (true, Some(permissions)) => {
                items = items.saturating_add(target.names.len().saturating_mul(permissions));
            }
            _ => found.clash(
                &path,
                &["take"],
                "`take: all` takes literal items, and this entry is a pattern".to_owned(),
                "write `type`, `names` without `*` or `?`, and `permissions` by name; no `labels`, no `except`",
            ),
        }
    }
    if items > ITEMS_PER_REQUEST_MAX {
        found.add(
            WrongCode::TooLarge,
            "what",
            &["take"],
            format!("`take: all` would take {items} items in one request"),
            &format!("a request has at most {ITEMS_PER_REQUEST_MAX} items; divide the flow"),
        );
    }
}

/// The shortest, the default and the longest span, in that order.
fn bounds(found: &mut Found, at: &str, spans: &Durations) {
    let (min, default, max) = (format!("{at}.min"), format!("{at}.default"), format!("{at}.max"));
    found.lasting(&max, spans.max);
    found.lasting(&min, spans.min);
    if spans.max.is_zero() || spans.min.is_zero() {
        return;
    }
    if spans.min > spans.max {
        found.clash(
            &min,
            &[&max],
            format!("the shortest span, `{}`, is longer than the longest, `{}`", spans.min, spans.max),
            &format!("write a `min` of at most `{}`; without one it is 1m", spans.max),
        );
    }
    if spans.default > spans.max {
        found.clash(
            &default,
            &[&max],
            format!("the default span, `{}`, is longer than the longest, `{}`", spans.default, spans.max),
            &format!("write a `default` of at most `{}`, or a longer `max`", spans.max),
        );
    } else if spans.default < spans.min && spans.min <= spans.max {
        found.clash(
            &default,
            &[&min],
            format!("the default span, `{}`, is shorter than the shortest, `{}`", spans.default, spans.min),
            &format!("write a `default` of at least `{}`, or a shorter `min`", spans.min),
        );
    }
}

fn reason(found: &mut Found, at: &str, rule: &ReasonRule) {
    let most = u32::try_from(crate::limits::REASON_BYTES_MAX).unwrap_or(u32::MAX);
    if rule.min_length > most {
        found.range(
            &format!("{at}.min_length"),
            format!("no reason can have {} characters", rule.min_length),
            &format!("a reason has at most {most} bytes"),
        );
    }
    if rule.fields.len() > FIELDS_MAX {
        found.add(
            WrongCode::TooLarge,
            &format!("{at}.fields"),
            &[],
            format!("a reason with {} fields is a questionnaire", rule.fields.len()),
            &format!("ask for at most {FIELDS_MAX}"),
        );
        return;
    }
    for (n, field) in rule.fields.iter().enumerate() {
        if rule.fields.iter().take(n).any(|other| other.name == field.name) {
            found.add(
                WrongCode::DuplicateId,
                &format!("{at}.fields[{n}].name"),
                &[],
                format!("a second field is named `{}`", field.name),
                "give each field a name of its own",
            );
        }
    }
}

fn mfa(found: &mut Found, at: &str, rule: Option<&MfaRule>) {
    let Some(rule) = rule else { return };
    if let Some(age) = rule.max_age {
        found.lasting(&format!("{at}.max_age"), age);
    }
    if rule.max_age.is_none() && rule.level.is_none() && rule.methods.is_empty() {
        found.clash(
            at,
            &[&format!("{at}.max_age"), &format!("{at}.level"), &format!("{at}.methods")],
            "`mfa` does not say what login it asks for".to_owned(),
            "write `max_age`, `level` or `methods`, or leave `mfa` out",
        );
    }
}

fn approval(found: &mut Found, rule: &Approval) {
    match rule {
        Approval::Automatic => {}
        Approval::Decided(decided) => {
            found.lasting("approval.decide_within", decided.decide_within);
            found.counted("approval.denials", decided.denials, COUNT_MAX);
            if let Some(lane) = &decided.automatic {
                fast_lane(found, lane);
            }
            lists(found, "approval", decided);
        }
    }
}

fn fast_lane(found: &mut Found, lane: &Lane) {
    let at = "approval.automatic";
    if lane.when.is_none() && lane.quota.is_none() {
        found.clash(
            at,
            &["approval.automatic.when", "approval.automatic.times", "approval.automatic.per"],
            "the fast lane says neither `when` it is open nor how many `times`".to_owned(),
            "write `when`, or `times` and `per`; where nobody shall approve, write `approval: automatic`",
        );
    }
    quota(found, at, lane.quota);
}

fn lists(found: &mut Found, at: &str, decided: &Decided) {
    if decided.lists.is_empty() {
        found.range(
            &format!("{at}.any_of"),
            "there is no list of steps, so nobody could ever approve".to_owned(),
            "write at least one list",
        );
    }
    if decided.lists.len() > STEPS_MAX {
        found.add(
            WrongCode::TooLarge,
            &format!("{at}.any_of"),
            &[],
            format!("{} lists of steps stand here", decided.lists.len()),
            &format!("write at most {STEPS_MAX}"),
        );
    }
    for (n, steps) in decided.lists.iter().enumerate() {
        let path =
            if decided.lists.len() == 1 { format!("{at}.steps") } else { format!("{at}.any_of[{n}].steps") };
        list(found, at, &path, steps, decided.decide_within);
    }
}

fn list(found: &mut Found, rule: &str, at: &str, steps: &[Step], decide_within: Span) {
    if steps.is_empty() {
        found.range(
            at,
            "there is no step, so nobody could ever approve".to_owned(),
            "write at least one step, or `approval: automatic` where nobody shall approve",
        );
    }
    if steps.len() > STEPS_MAX {
        found.add(
            WrongCode::TooLarge,
            at,
            &[],
            format!("{} steps stand here", steps.len()),
            &format!("write at most {STEPS_MAX}"),
        );
        return;
    }
    for (n, step) in steps.iter().enumerate() {
        let path = format!("{at}[{n}]");
        if steps.iter().take(n).any(|other| other.name == step.name) {
            found.add(
                WrongCode::DuplicateId,
                &format!("{path}.name"),
                &[],
                format!("a second step is named `{}`", step.name),
                "give each step a name of its own",
            );
        }
        one_step(found, &path, step);
        tiers(found, rule, &path, step, decide_within);
    }
}

fn one_step(found: &mut Found, path: &str, step: &Step) {
    found.people(&format!("{path}.approvers"), &step.approvers, Related::ManagerAndOwner);
    found.counted(&format!("{path}.needed"), step.needed, COUNT_MAX);
    mfa(found, &format!("{path}.mfa"), step.mfa.as_ref());
}

/// A tier that is asked when all is over asks nobody.
fn tiers(found: &mut Found, rule: &str, path: &str, step: &Step, decide_within: Span) {
    if step.escalate.len() > TIERS_MAX {
        found.add(
            WrongCode::TooLarge,
            &format!("{path}.escalate"),
            &[],
            format!("{} tiers stand here", step.escalate.len()),
            &format!("write at most {TIERS_MAX}"),
        );
    }
    for (n, tier) in step.escalate.iter().enumerate() {
        let tier_path = format!("{path}.escalate[{n}]");
        let after = format!("{tier_path}.after");
        found.lasting(&after, tier.after);
        found.people(&format!("{tier_path}.to"), &tier.to, Related::ManagerAndOwner);
        if tier.after >= decide_within {
            found.clash(
                &after,
                &[&format!("{rule}.decide_within")],
                format!(
                    "after `{}` nobody decides any more: `{decide_within}` is all the time there is",
                    tier.after
                ),
                &format!("write less than `{decide_within}`, or a longer `decide_within`"),
            );
        }
    }
}

fn extension(found: &mut Found, rule: &ExtensionRule, requests: &Approval) {
    found.counted("extension.times", rule.times, EXTENSIONS_MAX);
    bounds(found, "extension.span", &rule.span);
    for (path, span) in [("extension.total", rule.total), ("extension.window", rule.window)] {
        if let Some(span) = span {
            found.lasting(path, span);
        }
    }
    found.people("extension.others", &rule.others, Related::Nobody);
    reason(found, "extension.reason", &rule.reason);
    mfa(found, "extension.mfa", rule.mfa.as_ref());
    match &rule.approval {
        ExtensionApproval::Automatic => {}
        ExtensionApproval::Decided { first, bridge, decide_within, by } => {
            if *first > rule.times {
                found.clash(
                    "extension.approval.first",
                    &["extension.times"],
                    format!(
                        "the first {first} extensions are automatic, and there are {} in all",
                        rule.times
                    ),
                    &format!("write at most {}, or `approval: automatic`", rule.times),
                );
            }
            for (path, span) in
                [("extension.approval.bridge", *bridge), ("extension.approval.decide_within", *decide_within)]
            {
                if let Some(span) = span {
                    found.lasting(path, span);
                }
            }
            match by {
                DecidedBy::Same => same(found, requests),
                DecidedBy::Steps(decided) => lists(found, "extension.approval", decided),
            }
        }
    }
}

/// Extensions decided as requests are need people who decide on requests.
fn same(found: &mut Found, requests: &Approval) {
    match requests {
        Approval::Automatic => found.clash(
            "extension.approval",
            &["approval"],
            "extensions are decided by whoever approves requests, and nobody does: `approval` is automatic"
                .to_owned(),
            "write `approval: automatic` here too, or `steps` of its own",
        ),
        Approval::Decided(_) => {}
    }
}

fn limits(found: &mut Found, counts: &Counts) {
    for (path, count) in [
        ("limits.open_per_person", counts.open_per_person),
        ("limits.open_per_item", counts.open_per_item),
        ("limits.open_total", counts.open_total),
    ] {
        if let Some(count) = count {
            found.counted(path, count, COUNT_MAX);
        }
    }
    quota(found, "limits.requests", counts.requests);
    quota(found, "limits.extensions", counts.extensions);
}

fn quota(found: &mut Found, at: &str, quota: Option<Quota>) {
    if let Some(quota) = quota {
        found.counted(&format!("{at}.times"), quota.times, COUNT_MAX);
        found.lasting(&format!("{at}.per"), quota.per);
    }
}

fn break_glass(found: &mut Found, rule: &BreakGlass, extension: bool) {
    found.people("break_glass.who", &rule.who, Related::Nobody);
    found.people("break_glass.review_by", &rule.review_by, Related::ManagerAndOwner);
    found.lasting("break_glass.max", rule.max);
    found.lasting("break_glass.review_within", rule.review_within);
    if rule.review_by.is_empty() {
        found.clash(
            "break_glass.review_by",
            &["break_glass.review_within"],
            "nobody may review, so a second emergency would find the glass shut".to_owned(),
            "name those who review",
        );
    }
    if rule.extendable && !extension {
        found.clash(
            "break_glass.extendable",
            &["extension"],
            "it is extendable here, and the flow has no `extension`".to_owned(),
            "write `extension`, or leave `extendable` out",
        );
    }
}

fn notify(found: &mut Found, rule: &Notify) {
    if rule.before_end.len() > SELECTORS_MAX || rule.to.len() > SELECTORS_MAX {
        found.add(
            WrongCode::TooLarge,
            "notify",
            &["notify.before_end", "notify.to"],
            "so many notices inform nobody".to_owned(),
            &format!("write at most {SELECTORS_MAX} in each list"),
        );
        return;
    }
    for (n, lead) in rule.before_end.iter().enumerate() {
        let path = format!("notify.before_end[{n}]");
        if lead.is_zero() {
            found.range(
                &path,
                "a reminder at the end reminds of nothing".to_owned(),
                "write a span such as `5m`",
            );
        }
        if rule.before_end.iter().take(n).any(|other| other == lead) {
            found.clash(&path, &[], format!("`{lead}` stands twice"), "leave one out");
        }
    }
}
