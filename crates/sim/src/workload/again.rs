//! Commands that were given before: once more, altered, later than others, and as the refusal advised.

use std::collections::VecDeque;

use tenure::tenure_core::id::CommandId;
use tenure::{Actor, Asked, Span, Timestamp, WouldPass};
use tenure_port::call::{Actor as Given, Extend, Request};
use tenure_port::{Answer, Call};

use super::dice::Dice;
use super::{Next, Verb, Workload};

/// Commands that were given, and those that will be.
#[derive(Debug, Default)]
pub(super) struct Again {
    accepted: VecDeque<Call>,
    refused: VecDeque<Call>,
    held: Vec<Call>,
}

/// How many are remembered.
const KEPT: usize = 24;

impl Again {
    /// It is given later.
    pub(super) fn hold_back(&mut self, call: Call) {
        self.held.push(call);
    }

    /// Some of what is given is remembered.
    pub(super) fn saw(&mut self, call: &Call, answer: &Answer, dice: &mut Dice) {
        if !dice.one_in(6) || !crate::coverage::is_command(call) {
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

    /// One that was given before.
    pub(super) fn one(&self, dice: &mut Dice) -> Option<Call> {
        let from = if dice.chance(75) { &self.accepted } else { &self.refused };
        from.get(dice.place(from.len())).cloned()
    }
}

impl Workload {
    /// Something of before, where it is its turn.
    pub(super) fn earlier(&mut self) -> Option<Call> {
        match self.dice.count(0, 99) {
            0..=2 => self.again.one(&mut self.dice).map(|call| self.repeated(call)),
            3..=5 => {
                let given = self.again.one(&mut self.dice)?;
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
    fn repeated(&mut self, mut call: Call) -> Call {
        let now = self.now();
        if self.dice.chance(80)
            && let Some(head) = head(&mut call)
        {
            *head.now = now;
        }
        call
    }

    /// The id of that command, and something else in it.
    fn altered(&mut self, given: &Call) -> Call {
        let mut call = if self.dice.chance(35) { self.slightly(given.clone()) } else { self.another() };
        let mut given = given.clone();
        if let (Some(head), Some(earlier)) = (head(&mut call), head(&mut given)) {
            head.id.clone_from(earlier.id);
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
        ];
        let verb = *self.dice.of(&verbs).unwrap_or(&Verb::Withdraw);
        let any = self.memory.any(&mut self.dice).filter(|_| self.dice.chance(60));
        let any = any.and_then(|place| self.memory.grants.get(place)).map(|grant| grant.id.clone());
        self.on_grant(verb, any)
    }

    /// The same command, altered in one field.
    fn slightly(&mut self, mut call: Call) -> Call {
        let somebody = self.cast.anybody(&mut self.dice);
        let somebody = self.cast.person(somebody).clone();
        let span = Some(Span::millis(self.theme.unit.saturating_add(1)));
        let reason = Some("another reason".to_owned());
        match &mut call {
            Call::Request(ask) if self.dice.chance(60) => ask.span = span,
            Call::Extend(ask) if self.dice.chance(60) => ask.span = span,
            Call::Approve(ask) if self.dice.chance(60) => ask.reason = reason,
            Call::Deny(ask) if self.dice.chance(60) => ask.reason = reason,
            Call::ApproveExtension(ask) if self.dice.chance(60) => ask.reason = reason,
            Call::DenyExtension(ask) if self.dice.chance(60) => ask.reason = reason,
            Call::Revoke(ask) if self.dice.chance(60) => ask.reason = reason,
            Call::Review(ask) if self.dice.chance(60) => ask.reason = reason,
            other => {
                if let Some(head) = head(other) {
                    *head.actor = Given(Actor::Person(Box::new(somebody)));
                }
            }
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
        if let Some(head) = head(&mut call) {
            (*head.id, *head.now) = (Some(fresh), None);
        }
        call
    }

    fn bettered(&mut self, call: &Call, passes: &WouldPass) -> Option<Call> {
        let mut call = call.clone();
        let reason = (!passes.reason.is_empty()).then(|| super::policy::GOOD_REASON.to_owned());
        match &mut call {
            Call::Request(ask) => {
                ask.span = passes.span.or(ask.span);
                ask.start = passes.start.or(ask.start);
                if reason.is_some() {
                    (ask.reason, ask.fields) = (reason, self.fields.clone());
                }
                let left = |asked: &Asked| !passes.without.contains(&asked.item());
                ask.items.retain(left);
            }
            Call::Extend(ask) => {
                ask.span = passes.span.or(ask.span);
                ask.if_ends_at = passes.if_ends_at.or(ask.if_ends_at);
                if reason.is_some() {
                    (ask.reason, ask.fields) = (reason, self.fields.clone());
                }
            }
            Call::Approve(ask) => {
                ask.span = passes.span.or(ask.span);
                ask.only = if passes.only.is_empty() { ask.only.take() } else { Some(passes.only.clone()) };
            }
            Call::Activate(_) => {}
            _ => return None,
        }
        if passes.login.is_some() {
            let login = self.cast.strong_login(self.clock);
            if let Some(Head { actor: Given(Actor::Person(person)), .. }) = head(&mut call) {
                person.authenticated = login;
            }
        }
        Some(call)
    }
}

/// A millisecond more than that.
fn beyond(mut call: Call) -> Call {
    let more = |span: &mut Option<Span>| *span = span.map(|span| span.plus(Span::millis(1)));
    match &mut call {
        Call::Request(Request { span, .. }) | Call::Extend(Extend { span, .. }) => more(span),
        _ => {}
    }
    call
}

/// What all commands have.
struct Head<'c> {
    actor: &'c mut Given,
    id: &'c mut Option<CommandId>,
    now: &'c mut Option<Timestamp>,
}

macro_rules! head {
    ($ask:expr) => {
        Some(Head { actor: &mut $ask.actor, id: &mut $ask.command_id, now: &mut $ask.now })
    };
}

fn head(call: &mut Call) -> Option<Head<'_>> {
    match call {
        Call::Request(ask) => head!(ask),
        Call::Approve(ask) => head!(ask),
        Call::Deny(ask) => head!(ask),
        Call::Withdraw(ask) => head!(ask),
        Call::Activate(ask) => head!(ask),
        Call::Extend(ask) => head!(ask),
        Call::ApproveExtension(ask) => head!(ask),
        Call::DenyExtension(ask) => head!(ask),
        Call::GiveBack(ask) => head!(ask),
        Call::Revoke(ask) => head!(ask),
        Call::Review(ask) => head!(ask),
        Call::Publish(ask) => head!(ask),
        Call::Sweep(_)
        | Call::TakeEffects(_)
        | Call::EffectDone(_)
        | Call::EffectFailed(_)
        | Call::Look(_)
        | Call::Offer(_)
        | Call::Explain(_)
        | Call::Holds(_)
        | Call::List(_)
        | Call::Inbox(_)
        | Call::Catalog(_)
        | Call::History(_)
        | Call::Records(_) => None,
    }
}
