//! The rules that govern one extension, and how far they let the end move: `extend` and its offer ask the same.

use crate::board::Board;
use crate::check::{self, No, On};
use crate::command::Extend;
use crate::flow::approval_rule::Decided;
use crate::flow::extension_rule::{Anchor, ExtensionApproval};
use crate::flow::hours::{Hours, PastClose};
use crate::flow::{Flow, condition};
use crate::grant::{Active, Grant, Under};
use crate::id::GrantId;
use crate::lifecycle::governing::{self, Governing, Side};
use crate::lifecycle::{eligible, guard, quota};
use crate::limits::JOINT_OPENINGS_MAX;
use crate::machine::Fault;
use crate::person::Person;
use crate::refusal::{Code, Refusal};
use crate::time::{Span, Timestamp};

/// The grant with the rules that govern its extension, and how far its end can move now.
pub(crate) struct Rules<'a> {
    pub(crate) grant: &'a Grant,
    pub(crate) active: &'a Active,
    pub(crate) governing: Governing<'a>,
    /// `active_since + total` and the flow's `until`, whichever is earlier.
    pub(crate) bound: Option<Timestamp>,
    /// `active_since` and the longest that guards allow.
    pub(crate) guarded: Option<Timestamp>,
    /// The hours that access may not run past.
    pub(crate) hours: Vec<&'a Hours>,
    /// The close of these hours, the earliest.
    pub(crate) close: Option<Timestamp>,
    /// Whether these hours are closed now, any of them.
    pub(crate) shut: bool,
}

/// What a decision on an extension is waited for with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Awaited {
    /// How long people have; as long as access is held where none is set.
    pub(crate) within: Option<Span>,
    /// How long access runs on past its end meanwhile.
    pub(crate) bridge: Option<Span>,
    /// By whose steps it is decided.
    pub(crate) under: Under,
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

    /// `extension.not_allowed` where there is no rule.
    fn read(on: &On<'a>, grant: &GrantId) -> Result<Self, No> {
        let grant = on.grant(grant)?;
        let active = check::running(grant)?;
        let governing = Governing::of(on.board, grant)?;
        let Some(governing) = governing.filter(|governing| governing.lets(grant)) else {
            let words = format!("grants of `{}` cannot be extended", grant.origin.flow);
            return Err(Refusal::new(Code::ExtensionNotAllowed, words).into());
        };
        let today = on.today(&grant.origin.flow)?.flow.until;
        let total = governing.bounds.total.map(|total| active.since.plus(total));
        let until = governing.sides().map(|side| side.flow.until);
        let bound = until.chain([total, today]).flatten().min();
        let guarded = guard::most(&guard::over(on.board, grant)).map(|most| active.since.plus(most));
        let hours = binding(governing, grant);
        // Hours that never close bound nothing.
        let closes = hours.iter().filter_map(|hours| hours.closes_after(on.now()));
        let close = closes.filter(|close| *close < Timestamp::MAX).min();
        let shut = hours.iter().any(|hours| !hours.is_open(on.now()));
        Ok(Self { grant, active, governing, bound, guarded, hours, close, shut })
    }

    /// The latest end that total, `until`, guards and hours allow.
    pub(crate) fn latest_end(&self) -> Option<Timestamp> {
        [self.bound, self.guarded, self.close].into_iter().flatten().min()
    }

    /// The first instant from this one on at which all its hours are open.
    pub(crate) fn next_opening(&self, at: Timestamp) -> Option<Timestamp> {
        let mut opens = at;
        for _ in 0..JOINT_OPENINGS_MAX {
            let next = self.hours.iter().try_fold(opens, |opens, hours| hours.next_opening(opens))?;
            if next == opens {
                return Some(opens);
            }
            opens = next;
        }
        None
    }

    /// The end that a span leads to.
    pub(crate) fn end_of(&self, now: Timestamp, span: Span) -> Timestamp {
        match self.governing.bounds.anchor {
            Anchor::End => self.active.end.plus(span),
            Anchor::Now => now.plus(span).max(self.active.end),
        }
    }

    /// The smallest span that the rule allows and that moves the end.
    pub(crate) fn least(&self, now: Timestamp) -> Span {
        match self.governing.bounds.anchor {
            Anchor::End => self.governing.bounds.span.min,
            Anchor::Now => {
                self.governing.bounds.span.min.max(self.active.end.since(now).plus(Span::millis(1)))
            }
        }
    }

    /// The largest span that passes, where one does.
    pub(crate) fn most(&self, now: Timestamp) -> Option<Span> {
        let left = self.left(now);
        let most =
            left.map_or(self.governing.bounds.span.max, |left| left.min(self.governing.bounds.span.max));
        (most >= self.least(now)).then_some(most)
    }

    /// What is left until the latest end, counted from where a span is counted from.
    fn left(&self, now: Timestamp) -> Option<Span> {
        let from = match self.governing.bounds.anchor {
            Anchor::End => self.active.end,
            Anchor::Now => now,
        };
        self.latest_end().map(|latest| latest.since(from))
    }

    /// The span that one click gives: the default, or what is left where that is less and enough.
    pub(crate) fn default(&self, now: Timestamp) -> Span {
        let default = self.governing.bounds.span.default;
        match self.left(now) {
            Some(left) if left < default && left >= self.least(now) => left,
            Some(_) | None => default,
        }
    }

    /// When the hours that are shut now, or that close too early, will open again.
    pub(crate) fn reopens(&self, now: Timestamp) -> Option<Timestamp> {
        self.next_opening(if self.shut { now } else { self.close? })
    }

    /// The span asked for and the end it leads to. A span that the caller names is never changed.
    pub(crate) fn asked(&self, on: &On<'_>, ask: &Extend) -> (Span, Timestamp) {
        let span = ask.span.unwrap_or_else(|| self.default(on.now()));
        (span, self.end_of(on.now(), span))
    }

    /// Whether people must approve this click: nobody where all that governs says so, else what is then awaited.
    pub(crate) fn approval(&self, on: &On<'_>, ask: &Extend) -> Result<Option<Awaited>, No> {
        let first = self.waits(on, ask, self.governing.first)?;
        let granted = match self.governing.granted {
            Some(side) => self.waits(on, ask, side)?,
            None => None,
        };
        Ok(match (first, granted) {
            (Some(first), Some(granted)) => Some(Awaited {
                within: governing::smaller(first.within, granted.within),
                // A revision without a bridge lets nothing run past its end.
                bridge: first.bridge.zip(granted.bridge).map(|(one, other)| one.min(other)),
                under: Under::Both,
            }),
            (None, Some(granted)) => Some(Awaited { under: Under::Granted, ..granted }),
            (first, None) => first,
        })
    }

    /// What this revision waits for, where it asks people about this click.
    fn waits(&self, on: &On<'_>, ask: &Extend, side: Side<'a>) -> Result<Option<Awaited>, No> {
        match (&side.rule.approval, side.deciders(self.grant)) {
            (ExtensionApproval::Decided { decide_within, bridge, .. }, Some(decided))
                if !self.lane_is_open(on, ask, side, decided)? =>
            {
                Ok(Some(Awaited { within: *decide_within, bridge: *bridge, under: Under::Governing }))
            }
            (ExtensionApproval::Automatic | ExtensionApproval::Decided { .. }, _) => Ok(None),
        }
    }

    /// Whether this click takes a fast lane, where nobody decides on it.
    pub(crate) fn takes_lane(&self) -> bool {
        self.governing.sides().any(|side| side.deciders(self.grant).is_some())
    }

    /// Whether the fast lane is open. What cannot be told is a no: the steps apply.
    fn lane_is_open(&self, on: &On<'_>, ask: &Extend, side: Side<'_>, decided: &Decided) -> Result<bool, No> {
        let Some(lane) = &decided.automatic else { return Ok(false) };
        if guard::bars_lane(&guard::over(on.board, self.grant))
            || !quota::lane_of_extensions(on.board, self.grant.holder(), side.flow, lane)?
        {
            return Ok(false);
        }
        match self.hold(on, ask, side.flow, lane.when.as_deref().map(eligible::Conditioned::plain)) {
            Ok(()) => Ok(true),
            Err(No::Refused(_)) => Ok(false),
            Err(No::Fault(fault)) => Err(No::Fault(fault)),
        }
    }

    /// The conditions of one revision, over the holder's facts of today.
    pub(crate) fn hold<'c>(
        &self,
        on: &On<'_>,
        ask: &Extend,
        flow: &Flow,
        conditions: impl IntoIterator<Item = eligible::Conditioned<'c>>,
    ) -> Result<(), No> {
        let items = || self.grant.items().collect();
        eligible::conditions(on, conditions, holder(on, ask, self.grant), items, || {
            self.asking(on, ask, flow)
        })
    }

    pub(crate) fn asking(&self, on: &On<'_>, ask: &Extend, flow: &Flow) -> condition::Ask {
        let asker = on.person().map_or(&self.grant.origin.requester.id, |person| &person.id);
        let mut asking = eligible::asking(on, flow, asker, self.grant.holder());
        asking.span = self.asked(on, ask).0;
        asking.reason = ask.reason.clone().unwrap_or_default();
        asking.extension = used(self.grant);
        asking
    }
}

/// The hours past which access may not run: those of all that govern, unless each allows it. None in an emergency.
fn binding<'a>(governing: Governing<'a>, grant: &Grant) -> Vec<&'a Hours> {
    let with_hours = || governing.sides().filter_map(|side| Some((side.flow, side.flow.hours.as_ref()?)));
    let binds = with_hours().any(|(flow, _)| flow.past_close != PastClose::Allow);
    with_hours().filter(|_| binds && !grant.origin.break_glass).map(|(_, hours)| hours).collect()
}

/// How many extensions the rules that govern the grant allow.
pub(crate) fn times(board: &Board<'_>, grant: &Grant) -> Result<u32, Fault> {
    let governing = Governing::of(board, grant)?.filter(|governing| governing.lets(grant));
    Ok(governing.map_or(0, |governing| governing.bounds.times))
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
