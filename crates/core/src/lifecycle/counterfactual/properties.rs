//! Random flows, asks and times: what a refusal says would pass does, nothing smaller in the same direction
//! does, and where it says nothing no single change does.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "two verbs are asked here, and another one fails the test"
)]

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::command::{Command, Extend, Request, RequestKit, Verb};
use crate::fixture::*;
use crate::flow::approval_rule::Approval;
use crate::flow::beside::Beside;
use crate::flow::extension_rule::{Anchor, ExtensionApproval, GovernedBy};
use crate::flow::hours::PastClose;
use crate::flow::requirement::{Pattern, ReasonField, ReasonRule};
use crate::flow::{BreakGlass, Parts, Quota};
use crate::grant::Grant;
use crate::hostile::cases;
use crate::person::{Actor, Authenticated, Level, Person};
use crate::refusal::{Refusal, WouldPass};
use crate::time::{Span, Timestamp};

/// Numbers that a case is made of, taken one after the other.
struct Dice(Vec<u32>);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        u64::from(self.0.pop().unwrap()) % sides
    }

    /// Once in so many times.
    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// Whole minutes, or a millisecond beside them.
    fn minutes(&mut self, sides: u64) -> Span {
        let minutes = mins(self.below(sides));
        match self.below(8) {
            0 => minutes.plus(MS),
            1 => minutes.less(MS),
            _ => minutes,
        }
    }

    fn maybe<T>(&mut self, times: u64, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.once_in(times).then(|| make(self))
    }
}

fn dice() -> impl Strategy<Value = Dice> {
    prop::collection::vec(any::<u32>(), 240).prop_map(Dice)
}

impl std::fmt::Debug for Dice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

fn reasons(dice: &mut Dice) -> ReasonRule {
    let pattern = || Some(Pattern::new("^INC-").unwrap());
    let field = ReasonField {
        name: "ticket".to_owned(),
        label: None,
        pattern: dice.maybe(2, |_| Pattern::new("^T-").unwrap()),
        message: None,
        required: true,
    };
    ReasonRule {
        required: dice.once_in(2),
        min_length: if dice.once_in(3) { 5 } else { 0 },
        pattern: dice.maybe(2, |_| ()).and_then(|()| pattern()),
        message: None,
        fields: if dice.once_in(3) { vec![field] } else { Vec::new() },
    }
}

/// Hours, and whether access may run past them.
fn hours(dice: &mut Dice, parts: &mut Parts) {
    let from = u32::try_from(6 + dice.below(10)).unwrap();
    let long = u32::try_from(1 + dice.below(8)).unwrap();
    parts.hours = dice.maybe(2, |_| open_daily(from, (from + long) % 24));
    parts.past_close = [PastClose::Clip, PastClose::Refuse, PastClose::Refuse, PastClose::Allow]
        [usize::try_from(dice.below(4)).unwrap()];
}

fn quota(dice: &mut Dice) -> Quota {
    Quota { times: 1 + u32::try_from(dice.below(3)).unwrap(), per: dice.minutes(120).plus(MS) }
}

/// A flow in which anything may stand in the way.
fn flow(dice: &mut Dice) -> Parts {
    let mut parts = automatic("db");
    parts.duration.min = mins(1 + dice.below(60));
    parts.duration.max = parts.duration.min.plus(mins(dice.below(240)));
    parts.duration.default = parts.duration.min;
    hours(dice, &mut parts);
    parts.until = dice.maybe(4, |dice| at(60 + dice.below(2_000)));
    parts.start_ahead = if dice.once_in(2) { Span::ZERO } else { mins(dice.below(2_000)) };
    parts.limits.open_per_person = dice.maybe(4, |dice| 1 + u32::try_from(dice.below(2)).unwrap());
    parts.limits.open_per_item = dice.maybe(4, |dice| 1 + u32::try_from(dice.below(2)).unwrap());
    parts.limits.open_total = dice.maybe(4, |dice| 1 + u32::try_from(dice.below(3)).unwrap());
    parts.limits.requests = dice.maybe(5, quota);
    parts.limits.extensions = dice.maybe(3, quota);
    if dice.once_in(3) {
        parts.reason = reasons(dice);
    }
    parts.mfa = dice.maybe(4, |_| fresh_login());
    if dice.once_in(3) {
        let mut rule = decided(vec![step("boss", &["group:boss"])]);
        rule.decide_within = mins(1 + dice.below(200));
        parts.approval = Approval::Decided(rule);
    }
    if dice.once_in(10) {
        let named = [&["user:alice", "user:bob"][..], &["user:ALICE"]][usize::from(dice.once_in(2))];
        parts.approval = Approval::Decided(decided(vec![step("owner", named)]));
    }
    if dice.once_in(10) {
        parts.when.push(named(says("short", |facts| Ok(facts.ask.span <= mins(90)))));
    }
    if dice.once_in(10) {
        parts.when.push(named(says("before noon", |facts| Ok(facts.ask.hour < 12))));
    }
    if dice.once_in(3) {
        let who = selectors(if dice.once_in(4) { &["group:boss"] } else { &["group:sre"] });
        let max = mins(1 + dice.below(120));
        parts.break_glass = Some(BreakGlass { who, max, extendable: dice.once_in(2), ..glass() });
    }
    extension(dice, &mut parts);
    parts
}

fn extension(dice: &mut Dice, parts: &mut Parts) {
    let longest = parts.duration.max;
    let rule = rule(parts);
    rule.times = 1 + u32::try_from(dice.below(3)).unwrap();
    rule.span.min = mins(1 + dice.below(20));
    rule.span.max = rule.span.min.plus(mins(dice.below(60)));
    rule.span.default = rule.span.min.plus(Span::millis(dice.below(60) * 1_000)).min(rule.span.max);
    rule.total = dice.maybe(2, |dice| longest.plus(mins(dice.below(60))));
    rule.window = dice.maybe(3, |dice| mins(1 + dice.below(60)));
    rule.cool_down = if dice.once_in(3) { mins(dice.below(40)) } else { Span::ZERO };
    rule.anchor = if dice.once_in(3) { Anchor::Now } else { Anchor::End };
    if dice.once_in(4) {
        rule.reason = reasons(dice);
    }
    rule.mfa = dice.maybe(5, |_| fresh_login());
    if dice.once_in(4) {
        rule.approval = extension_by(&["group:boss"]);
        if let ExtensionApproval::Decided { decide_within, bridge, .. } = &mut rule.approval {
            *bridge = dice.maybe(2, |dice| mins(1 + dice.below(30)));
            *decide_within = dice.maybe(2, |dice| mins(1 + dice.below(60)));
        }
    }
}

/// Guards over some of it, and a flow that may not be held together with it.
fn beside(dice: &mut Dice) -> Beside {
    let mut beside = Beside::default();
    for name in ["one", "other"] {
        if dice.once_in(10) {
            let mut guard = guard(name, "pg");
            guard.require.steps = dice.once_in(4);
            guard.require.max = dice.maybe(2, |dice| mins(1 + dice.below(200)));
            guard.require.reason = dice.once_in(2);
            guard.require.mfa = dice.maybe(3, |_| fresh_login());
            beside.guards.push(guard);
        }
    }
    let kit = kit("both", &[("db", "pg/a/read"), ("apart", "pg/c/read")]);
    beside.kits.insert(kit.id.clone(), kit);
    beside.conflicts.extend(dice.maybe(2, |_| conflict("apart", &["db", "apart"])));
    beside
}

/// A tenant in which others hold access, and `alice` may, under rules that are not quite today's.
fn tenant(dice: &mut Dice, holds: bool) -> Tenant {
    let mut today = flow(dice);
    let mut before = today.clone();
    (before.limits, before.reason, before.mfa) = Default::default();
    if holds || dice.once_in(3) {
        (before.hours, before.until) = (None, None);
    }
    if holds {
        (before.approval, before.when) = (Approval::Automatic, Vec::new());
    }
    if dice.once_in(3) {
        extension(dice, &mut before);
        rule(&mut today).governed_by =
            if dice.once_in(3) { GovernedBy::Granted } else { GovernedBy::Stricter };
    }
    let longest = before.duration.max;
    let mut tenant = Tenant::new([before, automatic("apart")]);
    if dice.once_in(4) {
        let mut ask = request("apart", "a0", &["pg/c/read"]);
        ask.span = Some(mins(1 + dice.below(240)));
        tenant.asks(&alice(), ask);
    }
    if holds {
        let ask = Request { span: Some(longest), ..request("db", "g0", &["pg/a/read"]) };
        tenant.asks(&alice(), ask);
    }
    for number in 1..dice.below(6) {
        let person = if dice.once_in(2) { alice() } else { member("carol", &["sre"]) };
        let item = ["pg/a/read", "pg/b/read"][usize::try_from(dice.below(2)).unwrap()];
        let mut ask = request("db", &format!("g{number}"), &[item]);
        ask.span = dice.maybe(2, |dice| mins(1 + dice.below(240)));
        ask.start = dice.maybe(4, |dice| tenant.clock.plus(mins(dice.below(300))));
        let _ = tenant.ask(&person, Verb::Request(Box::new(ask)));
        if dice.once_in(2) {
            let _ = tenant.ask(&bob(), Verb::Approve(approve(&format!("g{number}"))));
        }
        tenant.later(dice.minutes(40));
    }
    tenant.publish_beside([today, automatic("apart")], beside(dice));
    tenant.later(dice.minutes(90));
    tenant
}

fn asker(dice: &mut Dice) -> Person {
    let mut person = alice();
    let login = person.authenticated.as_mut().unwrap();
    login.at = at(dice.below(400));
    login.level = dice.maybe(2, |_| Level::Aal3);
    if dice.once_in(3) {
        person.authenticated = None;
    }
    person
}

fn asks(dice: &mut Dice, now: Timestamp) -> Request {
    let items = [&["pg/a/read"][..], &["pg/b/read", "pg/a/read"], &["pg/a/read", "mail/a/read"]];
    let mut ask = request("db", "x", items[usize::try_from(dice.below(3)).unwrap()]);
    ask.span = dice.maybe(2, |dice| dice.minutes(320));
    let start = dice.minutes(2_500);
    ask.start = dice.maybe(3, |_| now.plus(start).minus(mins(100)));
    ask.reason = dice.maybe(2, |_| "INC".to_owned());
    ask.break_glass = dice.once_in(5);
    ask
}

fn click(dice: &mut Dice, tenant: &Tenant) -> Extend {
    let all = dice.once_in(4);
    let live = |grant: &Grant| all || grant.active().is_some_and(|active| active.runs(tenant.clock));
    let mine = |grant: &&Arc<Grant>| *grant.holder() == alice().id && live(grant);
    let mine: Vec<_> = tenant.grants.values().filter(mine).collect();
    let which = usize::try_from(dice.below(16)).unwrap();
    let grant = mine.get(which % mine.len().max(1)).map_or("g0", |grant| grant.id().as_str());
    let mut ask = extend(grant);
    ask.span = dice.maybe(2, |dice| dice.minutes(90));
    ask.if_ends_at = dice.maybe(6, |dice| at(dice.below(300)));
    ask
}

fn asked(dice: &mut Dice) -> (Tenant, Command) {
    let tenant = tenant(dice, false);
    let (person, ask) = (asker(dice), asks(dice, tenant.clock));
    (tenant, command("click", &by(&person), Verb::Request(Box::new(ask))))
}

fn asked_whole(dice: &mut Dice) -> (Tenant, Command) {
    let tenant = tenant(dice, false);
    let (person, one) = (asker(dice), asks(dice, tenant.clock));
    let Request { span, start, reason, .. } = one;
    let ask = RequestKit { span, start, reason, ..request_kit("both", "k") };
    (tenant, command("click", &by(&person), Verb::RequestKit(Box::new(ask))))
}

fn clicked(dice: &mut Dice) -> (Tenant, Command) {
    let sure = dice.once_in(2);
    let mut tenant = tenant(dice, sure);
    for _ in 0..dice.below(4) {
        let earlier = Extend { if_ends_at: None, reason: Some("INC-7".to_owned()), ..click(dice, &tenant) };
        let _ = tenant.ask(&alice(), Verb::Extend(earlier));
        tenant.later(dice.minutes(20));
    }
    let (person, ask) = (asker(dice), click(dice, &tenant));
    (tenant, command("click", &by(&person), Verb::Extend(ask)))
}

/// What was asked, with a change made.
fn changed(command: &Command, change: &WouldPass, at: Timestamp) -> Command {
    let mut command = command.clone();
    let brings = |field: &str| change.reason.iter().any(|lacking| lacking.field == field);
    let (reason, fields) = match &mut command.verb {
        Verb::Request(ask) => {
            ask.span = change.span.or(ask.span);
            ask.start = change.start.or(ask.start);
            ask.items.retain(|asked| !change.without.contains(&asked.item()));
            (&mut ask.reason, &mut ask.fields)
        }
        Verb::RequestKit(ask) => {
            ask.span = change.span.or(ask.span);
            ask.start = change.start.or(ask.start);
            (&mut ask.reason, &mut ask.fields)
        }
        Verb::Extend(ask) => {
            ask.span = change.span.or(ask.span);
            ask.if_ends_at = change.if_ends_at.or(ask.if_ends_at);
            (&mut ask.reason, &mut ask.fields)
        }
        other => panic!("{} is not asked here", other.name()),
    };
    if brings("reason") {
        *reason = Some("INC-7 as it must be".to_owned());
    }
    if brings("ticket") {
        fields.insert("ticket".to_owned(), "T-1".to_owned());
    }
    if let (Some(login), Actor::Person(person)) = (&change.login, &mut command.actor) {
        let (methods, level) = (login.methods.clone(), login.level);
        person.authenticated = Some(Authenticated { at, methods, level });
    }
    command
}

/// The refusal of what was asked with a change made, at the time that it names.
fn comes_of(tenant: &Tenant, command: &Command, change: &WouldPass) -> Option<Refusal> {
    let mut tenant = tenant.clone();
    tenant.clock = change.at.unwrap_or(tenant.clock);
    let command = changed(command, change, tenant.clock);
    tenant.give(&command, tenant.clock).unwrap().err()
}

/// One millisecond towards what was asked, in every direction that a change has.
fn smaller(tenant: &Tenant, command: &Command, change: &WouldPass) -> Vec<WouldPass> {
    let step = |changed: Timestamp, asked: Timestamp| {
        if changed > asked { changed.minus(MS) } else { changed.plus(MS) }
    };
    let (span, start) = match &command.verb {
        Verb::Request(ask) => (ask.span.unwrap_or_else(|| default(tenant)), ask.start),
        Verb::RequestKit(ask) => (ask.span.unwrap_or(Span::ZERO), ask.start),
        Verb::Extend(ask) => (ask.span.unwrap_or(Span::ZERO), None),
        other => panic!("{} is not asked here", other.name()),
    };
    let mut smaller = Vec::new();
    // A click without a span takes what it gets, and each part of a kit what is its own: nothing is larger or
    // smaller than that.
    let named = match &command.verb {
        Verb::Extend(ask) => ask.span.is_some(),
        Verb::RequestKit(ask) => ask.span.is_some(),
        _ => true,
    };
    if let Some(changed) = change.span.filter(|_| named) {
        let nearer = if changed > span { changed.less(MS) } else { changed.plus(MS) };
        smaller.push(WouldPass { span: Some(nearer), ..change.clone() });
    }
    // A condition that looks at the time may open before any moment that another check names.
    let timely = tenant.head.flow(&flow_id("db")).unwrap().flow.when.is_empty();
    if let Some(changed) = change.at.filter(|_| timely) {
        smaller.push(WouldPass { at: Some(changed.minus(MS)), ..change.clone() });
    }
    if let Some(changed) = change.start {
        let asked = start.unwrap_or(tenant.clock);
        smaller.push(WouldPass { start: Some(step(changed, asked)), ..change.clone() });
    }
    smaller
}

/// The span that a request gets which names none.
fn default(tenant: &Tenant) -> Span {
    tenant.head.flow(&flow_id("db")).unwrap().flow.duration.default
}

/// Single changes of every kind, with whatever else the asker would have to bring.
fn grid(tenant: &Tenant, command: &Command) -> Vec<WouldPass> {
    let fields = ["reason", "ticket"].map(|field| crate::refusal::Lacking {
        field: field.to_owned(),
        ..crate::refusal::Lacking::reason()
    });
    let login = crate::refusal::Login { level: Some(Level::Aal3), ..Default::default() };
    let brought = WouldPass { login: Some(login), ..WouldPass::reason(fields) };
    let spans = (0..60).map(|step| WouldPass { span: Some(mins(1 + 5 * step)), ..brought.clone() });
    let times =
        (1..90).map(|step| WouldPass { at: Some(tenant.clock.plus(mins(17 * step))), ..brought.clone() });
    let starts =
        (0..90).map(|step| WouldPass { start: Some(tenant.clock.plus(mins(23 * step))), ..brought.clone() });
    let planned = !matches!(&command.verb, Verb::Extend(_));
    spans.chain(times).chain(starts.filter(|_| planned)).collect()
}

fn holds_true(tenant: &Tenant, command: &Command) -> Result<(), TestCaseError> {
    let Some(refusal) = tenant.clone().give(command, tenant.clock).unwrap().err() else { return Ok(()) };
    prop_assert_eq!(tenant.explain(command).refused, Some(refusal.clone()));
    let Some(change) = &refusal.would_pass else {
        // What a condition makes of another time or span is not guessed.
        if !tenant.head.flow(&flow_id("db")).unwrap().flow.when.is_empty() {
            return Ok(());
        }
        for change in grid(tenant, command) {
            prop_assert!(
                comes_of(tenant, command, &change).is_some(),
                "{refusal:?} says nothing, but this passes: {change:?}"
            );
        }
        return Ok(());
    };
    // What only the author of the policy can change is told, and cannot be tried.
    if !change.approvers.is_empty() {
        return Ok(());
    }
    let still = comes_of(tenant, command, change);
    prop_assert!(still.is_none(), "{refusal:?} says what does not pass: {still:?}");
    for smaller in smaller(tenant, command, change) {
        prop_assert!(comes_of(tenant, command, &smaller).is_some(), "{refusal:?}: {smaller:?} passes");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(256), failure_persistence: None, ..Default::default() })]

    #[test]
    fn what_a_refused_request_is_told_would_pass_does(mut dice in dice()) {
        let (tenant, command) = asked(&mut dice);
        holds_true(&tenant, &command)?;
    }

    #[test]
    fn what_a_refused_extension_is_told_would_pass_does(mut dice in dice()) {
        let (tenant, command) = clicked(&mut dice);
        holds_true(&tenant, &command)?;
    }
}

// A kit is judged as often as it has grants, and so is every change of it.
proptest! {
    #![proptest_config(ProptestConfig { cases: cases(32), failure_persistence: None, ..Default::default() })]

    #[test]
    fn what_a_refused_kit_is_told_would_pass_does(mut dice in dice()) {
        let (tenant, command) = asked_whole(&mut dice);
        holds_true(&tenant, &command)?;
    }
}

/// Which directions a change has.
fn directions(change: &WouldPass) -> Vec<&'static str> {
    let json = serde_json::to_value(change).unwrap();
    let all = ["span", "at", "start", "if_ends_at", "without", "reason", "login", "approvers"];
    all.into_iter().filter(|direction| json.get(direction).is_some()).collect()
}

/// Properties of what never comes would say nothing: the cases reach every refusal that a change could meet.
#[test]
fn the_cases_reach_every_refusal_and_every_direction() {
    let mut runner = TestRunner::deterministic();
    let (mut told, mut silent, mut seen) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for round in 0..3_000 {
        let mut dice = dice().new_tree(&mut runner).unwrap().current();
        let (tenant, command) = if round % 2 == 0 { asked(&mut dice) } else { clicked(&mut dice) };
        let Some(refusal) = tenant.explain(&command).refused else { continue };
        match &refusal.would_pass {
            None => drop(silent.insert(refusal.code.as_str())),
            Some(change) => {
                told.insert(refusal.code.as_str());
                seen.insert(directions(change));
            }
        }
    }
    let never = |wanted: &[&'static str], came: &BTreeSet<&'static str>| -> Vec<&'static str> {
        wanted.iter().copied().filter(|code| !came.contains(code)).collect()
    };
    assert_eq!(never(&TOLD, &told), [""; 0], "was never told what would pass");
    assert_eq!(never(&SILENT, &silent), [""; 0], "was always told what would pass");
    assert!(seen.len() > 40, "only {seen:?}");
}

/// What is told what would pass, at least in some cases.
const TOLD: [&str; 28] = [
    "limit.extensions",
    "limit.requests",
    "conflict.held",
    "guard.unmet",
    "approval.nobody",
    "duration.too_long",
    "duration.too_short",
    "extension.no_gain",
    "extension.over_total",
    "extension.pending",
    "extension.stale",
    "extension.too_early",
    "extension.too_long",
    "extension.too_short",
    "extension.too_soon",
    "flow.withdrawn",
    "grant.not_active",
    "hours.closed",
    "limit.open_per_item",
    "limit.open_per_person",
    "limit.open_total",
    "mfa.missing",
    "mfa.stale",
    "reason.malformed",
    "reason.missing",
    "scope.not_in_flow",
    "start.in_past",
    "start.too_far",
];

/// Where in some cases no change would do.
const SILENT: [&str; 10] = [
    "condition.unmet",
    "extension.no_gain",
    "extension.over_total",
    "extension.used_up",
    "flow.withdrawn",
    "grant.expired",
    "grant.not_active",
    "hours.closed",
    "scope.not_in_flow",
    "start.too_far",
];
