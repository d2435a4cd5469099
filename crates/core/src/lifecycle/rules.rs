//! The rules that govern one extension, and how far they let the end move: `extend` and its offer ask the same.

use crate::board::Board;
use crate::check::{self, No, On};
use crate::command::Extend;
use crate::flow::approval_rule::{Approval, Decided};
use crate::flow::extension_rule::{Anchor, DecidedBy, ExtensionApproval, ExtensionRule, GovernedBy};
use crate::flow::hours::PastClose;
use crate::flow::{Flow, condition};
use crate::grant::{Active, Grant};
use crate::id::GrantId;
use crate::lifecycle::eligible;
use crate::machine::Fault;
use crate::person::Person;
use crate::refusal::{Code, Refusal, WouldPass};
use crate::time::{Span, Timestamp};

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

/// What a decision on an extension is waited for with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Awaited {
    /// How long people have; as long as access is held where none is set.
    pub(crate) within: Option<Span>,
    /// How long access runs on past its end meanwhile.
    pub(crate) bridge: Option<Span>,
}

impl<'a> Rules<'a> {
    /// The rules of this extension; they are read once for all its checks.
    pub(crate) fn of<'o>(on: &'o On<'a>, ask: &Extend) -> Result<&'o Self, No> {
        if let Some(known) = on.rules.get().filter(|known| *known.grant.id() == ask.grant) {
            return Ok(known);
        }
        let read = Self::read(on, &ask.grant)?;
        Ok(on.rules.get_or_init(|| read))
    }

    /// `extension.not_allowed` where there is no rule. An extension is a new ask: today's rules judge it,
    /// unless they say otherwise.
    fn read(on: &On<'a>, grant: &GrantId) -> Result<Self, No> {
        let grant = on.grant(grant)?;
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
    pub(crate) fn end_of(&self, now: Timestamp, span: Span) -> Timestamp {
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

    /// The same, asked at that instant: only while access still runs.
    pub(crate) fn asked_at(&self, opens: Timestamp) -> Option<WouldPass> {
        (opens < self.active.held_until()).then_some(WouldPass::At(opens))
    }

    /// The span asked for and the end it leads to. A span that the caller names is never changed.
    pub(crate) fn asked(&self, on: &On<'_>, ask: &Extend) -> (Span, Timestamp) {
        let span = ask.span.unwrap_or_else(|| self.default(on.now()));
        (span, self.end_of(on.now(), span))
    }

    /// Whether people must approve this click: nobody, or what is then awaited.
    pub(crate) fn approval(&self, on: &On<'_>, ask: &Extend) -> Result<Option<Awaited>, No> {
        let used = self.grant.extensions.len();
        match &self.rule.approval {
            ExtensionApproval::Decided { first, decide_within, bridge, .. }
                if used >= usize::try_from(*first).unwrap_or(usize::MAX) =>
            {
                match steps(self.flow, self.rule) {
                    Some(decided) if !self.lane_is_open(on, ask, decided)? => {
                        Ok(Some(Awaited { within: *decide_within, bridge: *bridge }))
                    }
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

    pub(crate) fn hold<'c>(
        &self,
        on: &On<'_>,
        ask: &Extend,
        conditions: impl IntoIterator<Item = eligible::Conditioned<'c>>,
    ) -> Result<(), No> {
        let items = || self.grant.items().collect();
        eligible::conditions(on, conditions, holder(on, ask, self.grant), items, || self.asking(on, ask))
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
pub(crate) fn holder<'r>(on: &'r On<'_>, ask: &'r Extend, grant: &Grant) -> Option<&'r Person> {
    let actor = on.person().filter(|person| person.id == *grant.holder());
    actor.or(ask.holder.as_ref().filter(|holder| holder.id == *grant.holder()))
}
