//! The end of running access is moved later: no new request, no wider scope, no second approval unless the flow asks for one.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::check::{self, Check, No, On};
use crate::command::{Asked, Command, Extend};
use crate::effect::{Notice, Task};
use crate::event::{Happened, IllegalEvent};
use crate::flow::approval_rule::{Approval, Decided};
use crate::flow::extension_rule::{Anchor, DecidedBy, ExtensionApproval, ExtensionRule, GovernedBy};
use crate::flow::hours::PastClose;
use crate::flow::{Flow, condition};
use crate::grant::{Active, AskedExtension, Grant, Moved, Stage};
use crate::id::{GrantId, digest};
use crate::lifecycle::withdraw::is_party;
use crate::lifecycle::{bring, decide_extension, eligible, remind, request};
use crate::machine::Fault;
use crate::person::{Names, Person};
use crate::refusal::{Code, Refusal, WouldPass};
use crate::time::{Span, Timestamp};

/// An extension was asked for and awaits its decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionAsked {
    /// What was asked.
    pub asked: AskedExtension,
}

/// The end was moved. There is no field that could carry another scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extended {
    /// Who asked.
    pub by: Names,
    /// By how much was asked.
    pub span: Span,
    /// The end before.
    pub from: Timestamp,
    /// The end after.
    pub to: Timestamp,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// When reminders of the new end are due.
    pub reminders: Vec<Timestamp>,
}

pub(crate) const CHECKS: &[Check<Extend>] = &[
    Check { codes: &[Code::CommandReused], run: check::reused },
    Check { codes: &[Code::GrantUnknown], run: |on, ask| on.grant(&ask.grant).map(|_| ()) },
    Check { codes: &[Code::ExtensionNotHolder], run: may_extend },
    Check {
        codes: &[Code::GrantNotActive, Code::GrantExpired],
        run: |on, ask| check::running(on.grant(&ask.grant)?).map(|_| ()),
    },
    Check { codes: &[Code::ExtensionStale], run: seen },
    Check {
        codes: &[Code::FlowWithdrawn],
        run: |on, ask| check::in_force(on, &on.grant(&ask.grant)?.origin.flow),
    },
    Check { codes: &[Code::ExtensionNotAllowed], run: |on, ask| Rules::of(on, ask).map(|_| ()) },
    Check { codes: &[Code::ExtensionUsedUp], run: times },
    Check { codes: &[Code::RequesterNotAllowed], run: requester },
    Check { codes: &[Code::PersonNotEligible], run: eligibility },
    Check { codes: &[Code::ScopeNotInFlow], run: scope },
    Check { codes: &[Code::RequestTooLarge], run: size },
    Check { codes: &[Code::ConditionUnmet, Code::ConditionFailed], run: conditions },
    Check { codes: &[Code::ExtensionPending], run: none_pending },
    Check { codes: &[Code::ExtensionTooShort, Code::ExtensionTooLong], run: span },
    Check { codes: &[Code::ExtensionOverTotal], run: total },
    Check { codes: &[Code::ExtensionNoGain], run: gain },
    Check { codes: &[Code::HoursClosed], run: hours },
    Check { codes: &[Code::ExtensionTooEarly], run: window },
    Check { codes: &[Code::ExtensionTooSoon], run: cool_down },
    Check { codes: &[Code::ReasonMissing, Code::ReasonMalformed], run: reason },
    Check { codes: &[Code::MfaMissing, Code::MfaStale], run: login },
];

pub(crate) fn decide(board: &mut Board<'_>, command: &Command, ask: &Extend) -> Result<GrantId, No> {
    let on = On { board, command };
    check::all(CHECKS, &on, ask)?;
    let rules = Rules::of(&on, ask)?;
    let (span, to) = rules.asked(&on, ask);
    let by = on.names().ok_or_else(|| not_holder(&on))?;
    let decided_by = rules.approval(&on, ask)?;
    // From here it must succeed.
    let (now, cause) = (on.now(), on.cause());
    let active = rules.active;
    let happened = match decided_by {
        None => Happened::Extended(Extended {
            by,
            span,
            from: active.end,
            to,
            reason: ask.reason.clone(),
            reminders: remind::due(&board.pinned(rules.grant)?.notify.before_end, active.since, to, now),
        }),
        Some(within) => {
            let decide_by = within.map_or(active.end, |within| now.plus(within)).min(active.end);
            let asked = AskedExtension {
                content: content(rules.grant, &by, span, to, ask.reason.as_deref()),
                by,
                at: now,
                span,
                end: to,
                decide_by,
                revision: rules.flow.revision.clone(),
                reason: ask.reason.clone(),
                approvals: Vec::new(),
                denials: Vec::new(),
            };
            Happened::ExtensionAsked(Box::new(ExtensionAsked { asked }))
        }
    };
    board.record(&ask.grant, now, Some(cause), happened)?;
    Ok(ask.grant.clone())
}

pub(crate) fn evolve_asked(mut grant: Grant, event: &ExtensionAsked) -> Result<Grant, IllegalEvent> {
    match &mut grant.stage {
        Stage::Active(active) if active.asked.is_none() => {
            active.asked = Some(Box::new(event.asked.clone()));
            Ok(grant)
        }
        Stage::Pending(_) | Stage::Approved(_) | Stage::Active(_) | Stage::Closed(_) => {
            Err(request::illegal(&grant, "extension_asked"))
        }
    }
}

/// An end is never moved earlier, nor from another end than the one that stands.
pub(crate) fn evolve(mut grant: Grant, event: &Extended, at: Timestamp) -> Result<Grant, IllegalEvent> {
    match &mut grant.stage {
        Stage::Active(active) if active.end == event.from && event.from < event.to && at < active.end => {
            active.end = event.to;
            active.reminders.clone_from(&event.reminders);
            active.asked = None;
            let moved = Moved { by: event.by.id.clone(), at, from: event.from, to: event.to };
            Arc::make_mut(&mut grant.extensions).push(moved);
            Ok(grant)
        }
        Stage::Pending(_) | Stage::Approved(_) | Stage::Active(_) | Stage::Closed(_) => {
            Err(request::illegal(&grant, "extended"))
        }
    }
}

pub(crate) fn effects_asked(board: &Board<'_>, after: &Grant) -> Result<Vec<Task>, Fault> {
    let Some(asked) = after.active().and_then(|active| active.asked.as_deref()) else {
        return Ok(Vec::new());
    };
    let ballot = decide_extension::ballot_on(board, after, asked)?;
    let to = ballot.tell(ballot.open_steps().map(|(_, step)| step));
    Ok(vec![Task::Notify { notice: Notice::ExtensionWanted, to, ends: Some(asked.end) }])
}

pub(crate) fn effects(after: &Grant, event: &Extended) -> Vec<Task> {
    let adjust = after.integrations().into_iter().map(|at| Task::Adjust { at: at.clone() });
    let notice = Task::Notify { notice: Notice::Extended, to: remind::parties(after), ends: Some(event.to) };
    adjust.chain([notice]).collect()
}

/// The grant with the rules that govern its extension, and how far its end can move now.
pub(crate) struct Rules<'a> {
    pub(crate) grant: &'a Grant,
    pub(crate) active: &'a Active,
    pub(crate) flow: &'a Flow,
    pub(crate) rule: &'a ExtensionRule,
    /// `active_since + total` and the flow's `until`, whichever is earlier.
    pub(crate) bound: Option<Timestamp>,
    /// The close of the flow's hours, where access may not run past it.
    pub(crate) close: Option<Timestamp>,
    /// Whether the flow's hours are closed now, and access may not run then.
    pub(crate) shut: bool,
}

impl<'a> Rules<'a> {
    /// `extension.not_allowed` where there is no rule. An extension is a new ask: today's rules judge it,
    /// unless they say otherwise.
    fn of(on: &On<'a>, ask: &Extend) -> Result<Self, No> {
        let grant = on.grant(&ask.grant)?;
        let active = check::running(grant)?;
        let flow = governing(on.board, grant)?;
        let Some((flow, rule)) = flow.and_then(|flow| Some((flow, flow.extension.as_ref()?))) else {
            let words = format!("grants of `{}` cannot be extended", grant.origin.flow);
            return Err(Refusal::new(Code::ExtensionNotAllowed, words).into());
        };
        let today = on.today(&grant.origin.flow)?.flow.until;
        let total = rule.total.map(|total| active.since.plus(total));
        let bound = [total, flow.until, today].into_iter().flatten().min();
        let hours = flow.hours.as_ref().filter(|_| flow.past_close != PastClose::Allow);
        // Hours that never close bound nothing.
        let close =
            hours.and_then(|hours| hours.closes_after(on.now())).filter(|close| *close < Timestamp::MAX);
        let shut = hours.is_some_and(|hours| !hours.is_open(on.now()));
        Ok(Self { grant, active, flow, rule, bound, close, shut })
    }

    /// The latest end that total, `until` and hours allow.
    pub(crate) fn latest_end(&self) -> Option<Timestamp> {
        [self.bound, self.close].into_iter().flatten().min()
    }

    /// The end that a span leads to.
    fn end_of(&self, now: Timestamp, span: Span) -> Timestamp {
        match self.rule.anchor {
            Anchor::End => self.active.end.plus(span),
            Anchor::Now => now.plus(span).max(self.active.end),
        }
    }

    /// The smallest span that the rule allows and that moves the end.
    pub(crate) fn least(&self, now: Timestamp) -> Span {
        match self.rule.anchor {
            Anchor::End => self.rule.span.min,
            Anchor::Now => self.rule.span.min.max(self.active.end.since(now).plus(Span::millis(1))),
        }
    }

    /// The largest span that passes, where one does.
    pub(crate) fn most(&self, now: Timestamp) -> Option<Span> {
        let left = self.left(now);
        let most = left.map_or(self.rule.span.max, |left| left.min(self.rule.span.max));
        (most >= self.least(now)).then_some(most)
    }

    /// What is left until the latest end, counted from where a span is counted from.
    fn left(&self, now: Timestamp) -> Option<Span> {
        let from = match self.rule.anchor {
            Anchor::End => self.active.end,
            Anchor::Now => now,
        };
        self.latest_end().map(|latest| latest.since(from))
    }

    /// The span that one click gives: the default, or what is left where that is less and enough.
    pub(crate) fn default(&self, now: Timestamp) -> Span {
        let default = self.rule.span.default;
        match self.left(now) {
            Some(left) if left < default && left >= self.least(now) => left,
            Some(_) | None => default,
        }
    }

    /// The span asked for and the end it leads to. A span that the caller names is never changed.
    fn asked(&self, on: &On<'_>, ask: &Extend) -> (Span, Timestamp) {
        let span = ask.span.unwrap_or_else(|| self.default(on.now()));
        (span, self.end_of(on.now(), span))
    }

    /// Who must approve this click: nobody, or people within a time (until the end where none is set).
    pub(crate) fn approval(&self, on: &On<'_>, ask: &Extend) -> Result<Option<Option<Span>>, No> {
        let used = self.grant.extensions.len();
        match &self.rule.approval {
            ExtensionApproval::Decided { first, decide_within, .. }
                if used >= usize::try_from(*first).unwrap_or(usize::MAX) =>
            {
                match steps(self.flow, self.rule) {
                    Some(decided) if !self.lane_is_open(on, ask, decided)? => Ok(Some(*decide_within)),
                    Some(_) | None => Ok(None),
                }
            }
            ExtensionApproval::Automatic | ExtensionApproval::Decided { .. } => Ok(None),
        }
    }

    /// Whether the fast lane is open. What cannot be told is a no: the steps apply.
    fn lane_is_open(&self, on: &On<'_>, ask: &Extend, decided: &Decided) -> Result<bool, No> {
        let lane = decided.automatic.as_ref().and_then(|lane| lane.when.as_deref());
        let Some(when) = lane else { return Ok(false) };
        match self.hold(on, ask, [eligible::Conditioned::plain(when)]) {
            Ok(()) => Ok(true),
            Err(No::Refused(_)) => Ok(false),
            Err(No::Fault(fault)) => Err(No::Fault(fault)),
        }
    }

    fn hold<'c>(
        &self,
        on: &On<'_>,
        ask: &Extend,
        conditions: impl IntoIterator<Item = eligible::Conditioned<'c>>,
    ) -> Result<(), No> {
        let items: Vec<&Asked> = self.grant.items().collect();
        eligible::conditions(on, conditions, holder(on, ask, self.grant), &items, || self.asking(on, ask))
    }

    fn asking(&self, on: &On<'_>, ask: &Extend) -> condition::Ask {
        let asker = on.person().map_or(&self.grant.origin.requester.id, |person| &person.id);
        let mut asking = eligible::asking(on, self.flow, asker, self.grant.holder());
        asking.span = self.asked(on, ask).0;
        asking.reason = ask.reason.clone().unwrap_or_default();
        asking.extension = used(self.grant);
        asking
    }
}

/// The hash of all that approvers of an extension decide on: whose access, who asks, to which end, why.
fn content(grant: &Grant, by: &Names, span: Span, end: Timestamp, reason: Option<&str>) -> String {
    // INVARIANT: ids, texts and numbers always have a JSON form.
    let text = serde_json::to_string(&(&grant.origin.content, &by.id, span, end, reason)).unwrap_or_default();
    digest([text.as_bytes()])
}

/// The flow whose rules govern an extension: today's, unless that says that the granted ones do.
pub(crate) fn governing<'a>(board: &Board<'a>, grant: &Grant) -> Result<Option<&'a Flow>, Fault> {
    let Some(today) = board.world.policy.flow(&grant.origin.flow) else { return Ok(None) };
    let by = today.flow.extension.as_ref().map(|rule| rule.governed_by);
    match by {
        None => Ok(None),
        Some(GovernedBy::Today) => Ok(Some(&today.flow)),
        // `stricter` is refused by `flow::unsupported` until both rules are merged; the granted rules are the promise.
        Some(GovernedBy::Granted | GovernedBy::Stricter) => Ok(Some(board.pinned(grant)?)),
    }
}

/// The steps that decide on an extension, where people do.
pub(crate) fn steps<'a>(flow: &'a Flow, rule: &'a ExtensionRule) -> Option<&'a Decided> {
    match &rule.approval {
        ExtensionApproval::Automatic => None,
        ExtensionApproval::Decided { by: DecidedBy::Steps(decided), .. } => Some(decided),
        ExtensionApproval::Decided { by: DecidedBy::Same, .. } => match &flow.approval {
            Approval::Automatic => None,
            Approval::Decided(decided) => Some(decided),
        },
    }
}

/// Extensions granted so far.
pub(crate) fn used(grant: &Grant) -> u32 {
    u32::try_from(grant.extensions.len()).unwrap_or(u32::MAX)
}

/// The holder's facts of today: the actor's, or those handed in.
fn holder<'r>(on: &On<'r>, ask: &'r Extend, grant: &Grant) -> Option<&'r Person> {
    let actor = on.person().filter(|person| person.id == *grant.holder());
    actor.or(ask.holder.as_ref().filter(|holder| holder.id == *grant.holder()))
}

fn not_holder(on: &On<'_>) -> Refusal {
    let words = format!("`{}` may not extend this", on.actor());
    Refusal::new(Code::ExtensionNotHolder, words)
}

/// Holder, requester, and the others that the rule names. The refusal carries nothing of the grant.
fn may_extend(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let grant = on.grant(&ask.grant)?;
    if is_party(on, grant) {
        return Ok(());
    }
    let rule = governing(on.board, grant)?.and_then(|flow| flow.extension.as_ref());
    let others = rule.map_or(&[][..], |rule| &rule.others);
    let means = |person| others.iter().any(|selector| eligible::means(selector, person, grant));
    let named = on.person().is_some_and(means);
    if named { Ok(()) } else { Err(not_holder(on).into()) }
}

fn seen(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let active = check::running(on.grant(&ask.grant)?)?;
    match ask.if_ends_at {
        Some(seen) if seen != active.end => {
            let words = format!("the end is {}, not the {seen} that was seen", active.end);
            let refusal = Refusal::new(Code::ExtensionStale, words).with("ends", active.end);
            Err(refusal.or(WouldPass::IfEndsAt(active.end)).into())
        }
        Some(_) | None => Ok(()),
    }
}

fn times(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    let (used, times) = (used(rules.grant), rules.rule.times);
    if used >= times {
        let words = format!("all {times} extensions of `{}` were granted already", ask.grant);
        return Err(Refusal::new(Code::ExtensionUsedUp, words)
            .with("used", used)
            .with("times", times)
            .into());
    }
    Ok(())
}

/// Binds holder and requester; the others were named by the rule itself.
fn requester(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    if !is_party(on, rules.grant) {
        return Ok(());
    }
    let today = holder(on, ask, rules.grant).and_then(|holder| holder.manager.as_ref());
    let manager = today.or(rules.grant.origin.manager.as_ref());
    eligible::may_request(rules.flow, on.actor(), &rules.grant.origin.holder, manager)
}

fn eligibility(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    eligible::may_hold(rules.flow, holder(on, ask, rules.grant), rules.grant.holder())
}

fn scope(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    request::offered(rules.flow, &rules.grant.items().collect::<Vec<_>>())
}

fn conditions(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    let named = rules.flow.when.iter().map(eligible::Conditioned::named);
    let further = rules.rule.when.as_deref().map(eligible::Conditioned::plain);
    rules.hold(on, ask, named.chain(further))
}

fn none_pending(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    match &check::running(on.grant(&ask.grant)?)?.asked {
        Some(asked) => {
            let words = format!("an extension asked by `{}` awaits its decision", asked.by.id);
            Err(Refusal::new(Code::ExtensionPending, words).with("decide_by", asked.decide_by).into())
        }
        None => Ok(()),
    }
}

fn span(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    let bounds = rules.rule.span;
    let (span, _) = rules.asked(on, ask);
    request::within(span, bounds.min, bounds.max, Code::ExtensionTooShort, Code::ExtensionTooLong)
}

fn total(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    let (_, to) = rules.asked(on, ask);
    match rules.bound {
        Some(bound) if to > bound => {
            let words = format!("the new end {to} would pass {bound}, the latest there may be");
            Err(bounded(&rules, on, Refusal::new(Code::ExtensionOverTotal, words), bound).into())
        }
        Some(_) | None => Ok(()),
    }
}

/// Adds the latest end and the largest span that would still pass.
fn bounded(rules: &Rules<'_>, on: &On<'_>, refusal: Refusal, latest: Timestamp) -> Refusal {
    // Where the hours are shut now, no span passes.
    let most = rules.most(on.now()).filter(|_| !rules.shut);
    let refusal = refusal.with("latest_end", latest).with("most", most.unwrap_or(Span::ZERO));
    match most {
        Some(most) => refusal.or(WouldPass::Span(most)),
        None => refusal,
    }
}

fn gain(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    let (span, to) = rules.asked(on, ask);
    if to > rules.active.end {
        return Ok(());
    }
    let words = format!("{span} from now would not move the end {}", rules.active.end);
    let refusal = Refusal::new(Code::ExtensionNoGain, words).with("ends", rules.active.end);
    let least = rules.least(on.now());
    let passes = rules.most(on.now()).is_some_and(|most| least <= most);
    Err(if passes { refusal.or(WouldPass::Span(least)) } else { refusal }.into())
}

fn hours(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    let Some(hours) = &rules.flow.hours else { return Ok(()) };
    if rules.shut {
        return Err(request::closed(hours, on.now(), format!("`{}` is closed now", rules.flow.id)).into());
    }
    let (_, to) = rules.asked(on, ask);
    match rules.close {
        Some(close) if to > close => {
            let words = format!("`{}` closes at {close}, before the new end {to}", rules.flow.id);
            Err(bounded(&rules, on, Refusal::new(Code::HoursClosed, words), close).into())
        }
        Some(_) | None => Ok(()),
    }
}

fn window(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    match rules.rule.window.map(|window| rules.active.end.minus(window)) {
        Some(opens) if on.now() < opens => {
            let words = format!("it may be extended from {opens} on");
            Err(Refusal::new(Code::ExtensionTooEarly, words)
                .with("opens_at", opens)
                .or(WouldPass::At(opens))
                .into())
        }
        Some(_) | None => Ok(()),
    }
}

fn cool_down(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let rules = Rules::of(on, ask)?;
    match rules.grant.extensions.last().map(|last| last.at.plus(rules.rule.cool_down)) {
        Some(opens) if on.now() < opens => {
            let words = format!("it was extended a moment ago, and may be again from {opens} on");
            Err(Refusal::new(Code::ExtensionTooSoon, words)
                .with("opens_at", opens)
                .or(WouldPass::At(opens))
                .into())
        }
        Some(_) | None => Ok(()),
    }
}

fn size(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    let texts = ask.fields.iter().flat_map(|(name, text)| [name.as_str(), text.as_str()]);
    bring::bounded(on, ask.holder.as_ref(), texts.chain(ask.reason.as_deref()))
}

/// The rule's reason, none by default.
pub(crate) fn reason(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    bring::reason(&Rules::of(on, ask)?.rule.reason, ask.reason.as_deref(), &ask.fields)
}

/// The rule's login, none by default.
pub(crate) fn login(on: &On<'_>, ask: &Extend) -> Result<(), No> {
    bring::login(on, Rules::of(on, ask)?.rule.mfa.as_ref())
}

/// What an offer asks about: one click, nothing brought.
pub(crate) fn click(grant: &GrantId, holder: Option<&Person>) -> Extend {
    let (span, if_ends_at, reason) = (None, None, None);
    Extend {
        grant: grant.clone(),
        span,
        if_ends_at,
        reason,
        fields: BTreeMap::new(),
        holder: holder.cloned(),
    }
}

/// The rules of one grant, for an offer.
pub(crate) fn rules<'a>(on: &On<'a>, ask: &Extend) -> Result<Rules<'a>, No> {
    Rules::of(on, ask)
}

#[cfg(test)]
mod tests;
