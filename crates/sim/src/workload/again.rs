//! Commands that were given before: once more, altered, later than others, and as the refusal advised.

use std::collections::VecDeque;

use tenure::{Actor, Asked, Span, WouldPass};
use tenure_port::call::{Actor as Given, HeadMut, Request};
use tenure_port::{Answer, Call};

use super::dice::Dice;
use super::policy::GOOD_REASON;
use super::{Next, Verb, Workload};
use crate::coverage::Standing;

/// Commands that were given, and those that will be.
#[derive(Debug, Default)]
pub(super) struct Again {
    pub(super) accepted: VecDeque<Call>,
    refused: VecDeque<Call>,
    held: Vec<Call>,
}

/// How many are remembered.
const KEPT: usize = 60;

impl Again {
    /// It is given later.
    pub(super) fn hold_back(&mut self, call: Call) {
        self.held.push(call);
    }

    /// Some of what is given is remembered.
    pub(super) fn saw(&mut self, call: &Call, answer: &Answer, dice: &mut Dice) {
        if call.head().is_none() || !seldom(call) && !dice.one_in(3) {
            return;
        }
        let kept = match answer {
            Answer::Ok(_) => &mut self.accepted,
            Answer::Refused(_) | Answer::Invalid(_) | Answer::Fault(_) => &mut self.refused,
        };
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(call.clone());
    }
}

/// What is given seldom enough to be remembered always.
const fn seldom(call: &Call) -> bool {
    matches!(
        call,
        Call::Deny(_)
            | Call::Erase(_)
            | Call::DenyExtension(_)
            | Call::ApproveExtension(_)
            | Call::Activate(_)
    )
}

/// Where few grants stand, and none for long.
const SELDOM: [Standing; 7] = [
    Standing::Start,
    Standing::Hours,
    Standing::Holder,
    Standing::Provisioning,
    Standing::Asked,
    Standing::Bridged,
    Standing::Failed,
];

impl Workload {
    /// One that was given before: of several one whose grant stands where few do.
    pub(super) fn given_before(&mut self) -> Option<Call> {
        let from = if self.dice.chance(80) { &self.again.accepted } else { &self.again.refused };
        let mut found = None;
        for _ in 0..5 {
            let call = from.get(self.dice.place(from.len()))?;
            let place = call.grant().and_then(|grant| self.memory.place(grant));
            let grant = place.and_then(|place| self.memory.grants.get(place));
            if grant.is_some_and(|grant| SELDOM.contains(&grant.stands(self.clock))) {
                return Some(call.clone());
            }
            found = Some(call);
        }
        found.cloned()
    }

    /// Something of before, where it is its turn.
    pub(super) fn earlier(&mut self) -> Option<Call> {
        match self.dice.count(0, 99) {
            0..=2 => self.given_before().map(|call| self.repeated(call)),
            3..=5 => {
                let given = self.given_before()?;
                Some(self.altered(&given))
            }
            6..=8 if !self.again.held.is_empty() => {
                let place = self.dice.place(self.again.held.len());
                Some(self.again.held.swap_remove(place))
            }
            _ => None,
        }
    }

    /// The same again, mostly by the clock of now.
    pub(super) fn repeated(&mut self, mut call: Call) -> Call {
        let now = self.now();
        if self.dice.chance(80)
            && let Some(head) = call.head_mut()
        {
            *head.now = now;
        }
        call
    }

    /// The id of that command, and something else in it.
    fn altered(&mut self, given: &Call) -> Call {
        let call = if self.dice.chance(35) { self.slightly(given.clone()) } else { self.another() };
        self.under_its_id(call, given)
    }

    /// That command under the id of one that was given before.
    pub(super) fn under_its_id(&mut self, mut call: Call, given: &Call) -> Call {
        let mut given = given.clone();
        if let (Some(head), Some(earlier)) = (call.head_mut(), given.head_mut()) {
            head.command_id.clone_from(earlier.command_id);
        }
        call
    }

    /// Another command altogether.
    fn another(&mut self) -> Call {
        let verbs = [
            Verb::Request,
            Verb::Kit,
            Verb::Approve,
            Verb::Deny,
            Verb::Withdraw,
            Verb::Activate,
            Verb::Extend,
            Verb::ApproveExtension,
            Verb::DenyExtension,
            Verb::GiveBack,
            Verb::Revoke,
            Verb::RevokeAll,
            Verb::Review,
            Verb::Erase,
        ];
        let verb = *self.dice.of(&verbs).unwrap_or(&Verb::Withdraw);
        let any = self.memory.any(&mut self.dice, self.clock).filter(|_| self.dice.chance(60));
        let any = any.and_then(|place| self.memory.grants.get(place)).map(|grant| grant.id.clone());
        let grant = any.clone();
        let mut call = self.on_grant(verb, any);
        if let (Call::Request(ask), true) = (&mut call, self.dice.chance(50)) {
            ask.grant = grant.or(ask.grant.take());
        }
        call
    }

    /// The same command, altered in one field.
    fn slightly(&mut self, mut call: Call) -> Call {
        let somebody = self.cast.anybody(&mut self.dice);
        let somebody = self.cast.person(somebody).clone();
        let (longer, otherwise) = (self.theme.unit.saturating_add(1), self.dice.chance(60));
        if let Some(span) = span(&mut call).filter(|_| otherwise) {
            *span = Some(Span::millis(longer));
        } else if let Some(reason) = reason(&mut call).filter(|_| otherwise) {
            *reason = Some("another reason".to_owned());
        } else if let Some(head) = call.head_mut() {
            *head.actor = Given(Actor::Person(Box::new(somebody)));
        }
        call
    }

    /// The refusal says what would pass: it is tried, and what is a millisecond short of it.
    pub(super) fn take_advice(&mut self, call: &Call, passes: &WouldPass) {
        if !self.queue.is_empty() || !self.dice.chance(25) {
            return;
        }
        let Some(better) = self.bettered(call, passes) else { return };
        let waits = passes.at.filter(|at| *at > self.clock && at.since(self.clock) < Span::days(3));
        if passes.at.is_some() && waits.is_none() {
            return;
        }
        if let Some(at) = waits
            && self.dice.chance(50)
        {
            // A millisecond before it is refused still.
            self.queue.push_back(Next::Clock(at.minus(Span::millis(1))));
            let early = self.renewed(better.clone());
            self.queue.push_back(Next::Call(Box::new(early)));
        }
        if let Some(at) = waits {
            self.queue.push_back(Next::Clock(at));
        }
        if self.dice.chance(30) {
            let beyond = beyond(better.clone());
            let beyond = self.renewed(beyond);
            self.queue.push_back(Next::Call(Box::new(beyond)));
        }
        let better = self.renewed(better);
        self.queue.push_back(Next::Call(Box::new(better)));
    }

    /// The same command under a new id, by the store's clock.
    fn renewed(&mut self, mut call: Call) -> Call {
        let fresh = self.command_id();
        let grant = self.grant_id();
        if let Call::Request(Request { grant: named, .. }) = &mut call
            && named.is_some()
        {
            *named = Some(grant);
        }
        if let Some(head) = call.head_mut() {
            (*head.command_id, *head.now) = (Some(fresh), None);
        }
        call
    }

    fn bettered(&mut self, call: &Call, passes: &WouldPass) -> Option<Call> {
        let mut call = call.clone();
        if let Some(span) = span(&mut call) {
            *span = passes.span.or(*span);
        }
        let lacks_reason = !passes.reason.is_empty();
        if let Call::Request(ask) = &mut call {
            ask.start = passes.start.or(ask.start);
            ask.items.retain(|asked: &Asked| !passes.without.contains(&asked.item()));
            if lacks_reason {
                ask.fields.clone_from(&self.fields);
            }
        } else if let Call::Extend(ask) = &mut call {
            ask.if_ends_at = passes.if_ends_at.or(ask.if_ends_at);
            if lacks_reason {
                ask.fields.clone_from(&self.fields);
            }
        } else if let Call::Approve(ask) = &mut call {
            ask.only = if passes.only.is_empty() { ask.only.take() } else { Some(passes.only.clone()) };
        }
        if let Some(reason) = reason(&mut call).filter(|_| lacks_reason) {
            *reason = Some(GOOD_REASON.to_owned());
        }
        if passes.login.is_some() {
            let login = self.cast.strong_login(self.clock);
            if let Some(HeadMut { actor: Given(Actor::Person(person)), .. }) = call.head_mut() {
                person.authenticated = login;
            }
        }
        Some(call)
    }
}

/// A millisecond more than that.
fn beyond(mut call: Call) -> Call {
    if let Some(span) = span(&mut call) {
        *span = span.map(|span| span.plus(Span::millis(1)));
    }
    call
}

/// The span that a command asks for or gives.
fn span(call: &mut Call) -> Option<&mut Option<Span>> {
    if let Call::Request(ask) = call {
        Some(&mut ask.span)
    } else if let Call::Extend(ask) = call {
        Some(&mut ask.span)
    } else if let Call::Approve(ask) = call {
        Some(&mut ask.span)
    } else {
        None
    }
}

/// The reason that a command brings.
fn reason(call: &mut Call) -> Option<&mut Option<String>> {
    if let Call::Request(ask) = call {
        Some(&mut ask.reason)
    } else if let Call::Extend(ask) = call {
        Some(&mut ask.reason)
    } else if let Call::Approve(ask) = call {
        Some(&mut ask.reason)
    } else if let Call::Deny(ask) = call {
        Some(&mut ask.reason)
    } else if let Call::ApproveExtension(ask) = call {
        Some(&mut ask.reason)
    } else if let Call::DenyExtension(ask) = call {
        Some(&mut ask.reason)
    } else if let Call::Revoke(ask) = call {
        Some(&mut ask.reason)
    } else if let Call::Review(ask) = call {
        Some(&mut ask.reason)
    } else {
        None
    }
}
