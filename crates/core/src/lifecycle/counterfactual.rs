//! The smallest change that would pass: found by asking the same checks again, never by a rule of its own.
//!
//! A check that refuses offers the changes that it alone would let pass, the best first, each of them exact:
//! the largest span, the earliest time. The search makes the change on a copy of what was asked and runs all
//! the checks again; where another one refuses, its changes are added to the first. What passes them all is
//! the answer. What can be asked now comes before any waiting; where nothing can, the same is tried at each
//! later time that a check named, the earliest first, on the world as time alone will have made it.
//!
//! A check that offers nothing ends that way: what depends on who asks, or on conditions that only the author
//! of the policy knows how to meet, is never guessed. Where a condition looks at the time, a time that is told
//! passes, and is the first of those that the other checks name.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::board::Board;
use crate::check::{self, Check, No, On};
use crate::command::{Activate, Approve, Asked, Command, Deny, Extend, Request, RequestKit};
use crate::explain::Explanation;
use crate::lifecycle::{activate, approve, deny, extend, kit, request, settle};
use crate::limits;
use crate::machine::{self, Fault};
use crate::person::{Actor, Authenticated, Person};
use crate::refusal::{Login, Refusal, WouldPass};
use crate::time::Timestamp;

/// What is asked, so that it can be asked in another way.
pub(crate) trait Ask: Clone {
    /// The same, changed. Time, reasons and logins are no part of it, so of many commands there is nothing to change.
    fn changed(&self, _: &WouldPass) -> Self {
        self.clone()
    }

    /// All that must pass before it is done.
    fn passes(&self, on: On<'_>) -> Result<(), No>;
}

impl Ask for Request {
    fn changed(&self, change: &WouldPass) -> Self {
        let mut ask = self.clone();
        ask.span = change.span.or(ask.span);
        ask.start = change.start.or(ask.start);
        ask.items.retain(|asked: &Asked| !change.without.contains(&asked.item()));
        ask
    }

    fn passes(&self, on: On<'_>) -> Result<(), No> {
        check::all(request::CHECKS, &on, self)
    }
}

impl Ask for RequestKit {
    /// A kit is whole: it is never asked for without an item.
    fn changed(&self, change: &WouldPass) -> Self {
        let mut ask = self.clone();
        ask.span = change.span.or(ask.span);
        ask.start = change.start.or(ask.start);
        ask
    }

    fn passes(&self, on: On<'_>) -> Result<(), No> {
        kit::passes(&on, self)
    }
}

impl Ask for Extend {
    fn changed(&self, change: &WouldPass) -> Self {
        let mut ask = self.clone();
        ask.span = change.span.or(ask.span);
        ask.if_ends_at = change.if_ends_at.or(ask.if_ends_at);
        ask
    }

    fn passes(&self, on: On<'_>) -> Result<(), No> {
        check::all(extend::CHECKS, &on, self)
    }
}

impl Ask for Approve {
    fn changed(&self, change: &WouldPass) -> Self {
        let mut ask = self.clone();
        ask.span = change.span.or(ask.span);
        if !change.only.is_empty() {
            ask.only = Some(change.only.clone());
        }
        ask
    }

    fn passes(&self, on: On<'_>) -> Result<(), No> {
        check::all(approve::CHECKS, &on, self)
    }
}

impl Ask for Deny {
    fn passes(&self, on: On<'_>) -> Result<(), No> {
        check::all(deny::CHECKS, &on, self)
    }
}

impl Ask for Activate {
    fn passes(&self, on: On<'_>) -> Result<(), No> {
        check::all(activate::CHECKS, &on, self)
    }
}

/// Runs the checks; where one of them says no, with the smallest change that would pass.
pub(crate) fn all<V: Ask>(checks: &[Check<V>], on: &On<'_>, ask: &V) -> Result<(), No> {
    check::all(checks, on, ask).map_err(|no| advised(no, on.board, on.command, ask))
}

/// Shows the checks; where one of them says no, with the smallest change that would pass.
pub(crate) fn explain<V: Ask>(checks: &[Check<V>], on: &On<'_>, ask: &V) -> Result<Explanation, Fault> {
    let shown = check::explain(checks, on, ask)?;
    Ok(shown.refused_as(|refusal| told(refusal, on.board, on.command, ask)))
}

/// Why a command does nothing; where the rules say no, with the smallest change that would pass.
pub(crate) fn advised<V: Ask>(no: No, board: &Board<'_>, command: &Command, ask: &V) -> No {
    match no {
        No::Refused(refusal) => told(*refusal, board, command, ask).into(),
        No::Fault(fault) => No::Fault(fault),
    }
}

/// The refusal, with the smallest change that would pass all checks instead of the one that refused.
pub(crate) fn told<V: Ask>(mut refusal: Refusal, board: &Board<'_>, command: &Command, ask: &V) -> Refusal {
    refusal.would_pass = Search::new(board, command, ask).smallest(&refusal);
    refusal.otherwise.clear();
    refusal
}

/// When the very same would pass, a reason and a login brought: where nothing that can be asked now would, and by
/// waiting alone, though less waiting may do where something else is asked for.
pub(crate) fn opens_at<V: Ask>(
    refusal: &Refusal,
    would_pass: &WouldPass,
    board: &Board<'_>,
    command: &Command,
    ask: &V,
) -> Option<Timestamp> {
    let at = would_pass.at?;
    if would_pass.asks_the_same() {
        return Some(at);
    }
    Search { unchanged: true, ..Search::new(board, command, ask) }.smallest(refusal)?.at
}

struct Search<'s, 'w, V> {
    board: &'s Board<'w>,
    command: &'s Command,
    ask: &'s V,
    /// Later times at which a check that refused would not.
    moments: BTreeSet<Timestamp>,
    tried: Vec<WouldPass>,
    /// Whether the same must be asked for.
    unchanged: bool,
}

impl<'s, 'w, V: Ask> Search<'s, 'w, V> {
    fn new(board: &'s Board<'w>, command: &'s Command, ask: &'s V) -> Self {
        Self { board, command, ask, moments: BTreeSet::new(), tried: Vec::new(), unchanged: false }
    }

    /// What passes now; where nothing does, the first of the later times at which something does.
    fn smallest(&mut self, refusal: &Refusal) -> Option<WouldPass> {
        let now = WouldPass::default();
        if let Some(found) = self.beyond(&now, refusal, self.board) {
            return Some(found);
        }
        let mut later = Board::imagined(self.board.world, self.board.now);
        // A moment that is found at one is later than that one, so that time only goes on.
        while let Some(at) = self.moments.pop_first() {
            later.now = at;
            // What cannot be told is not told.
            self.settle(&mut later).ok()?;
            if let Some(found) = self.pass(WouldPass::at(at), &later) {
                return Some(found);
            }
        }
        None
    }

    /// This change where it passes, or else what it leads to.
    fn pass(&mut self, change: WouldPass, board: &Board<'_>) -> Option<WouldPass> {
        if self.tried.contains(&change) || self.tried.len() >= limits::CHANGES_TRIED_MAX {
            return None;
        }
        self.tried.push(change.clone());
        let command = logged_in(self.command, change.login.as_ref(), board.now);
        let on = On { assumed: Some(&change), ..On::new(board, &command) };
        match self.ask.changed(&change).passes(on) {
            Ok(()) => {}
            Err(No::Refused(refusal)) => return self.beyond(&change, &refusal, board),
            Err(No::Fault(_)) => return None,
        }
        Some(change)
    }

    /// The first change that passes, among those that go on from one which met this refusal.
    fn beyond(&mut self, change: &WouldPass, refusal: &Refusal, board: &Board<'_>) -> Option<WouldPass> {
        for way in refusal.would_pass.iter().chain(&refusal.otherwise) {
            if let Some(at) = way.at {
                self.moments.extend(Some(at).filter(|at| board.now < *at));
            } else if (way.asks_the_same() || !self.unchanged)
                && let Some(found) = change.and(way).and_then(|next| self.pass(next, board))
            {
                return Some(found);
            }
        }
        None
    }

    /// What time will have made true by then, nothing else having happened.
    fn settle(&self, later: &mut Board<'_>) -> Result<(), Fault> {
        machine::holders(later.world, self.command)
            .iter()
            .try_for_each(|holder| settle::holder(later, holder))
    }
}

/// The command, given right after a login that is all that was asked for.
fn logged_in<'c>(command: &'c Command, login: Option<&Login>, now: Timestamp) -> Cow<'c, Command> {
    let (Some(login), Actor::Person(person)) = (login, &command.actor) else { return Cow::Borrowed(command) };
    let before = person.authenticated.as_ref();
    let mut methods = before.map(|before| before.methods.clone()).unwrap_or_default();
    methods.extend(login.methods.iter().cloned());
    let level = before.and_then(|before| before.level).max(login.level);
    let person =
        Person { authenticated: Some(Authenticated { at: now, methods, level }), ..(**person).clone() };
    Cow::Owned(Command { actor: Actor::Person(Box::new(person)), ..command.clone() })
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
