//! From an episode in which something was found to the few steps that it takes.
//!
//! First chunks of steps are left out, then single steps, then what may be left out of a call or a policy, as long as
//! the same sort of thing is still found.

use serde_json::Value;

use crate::episode::{Looks, Luck};
use crate::finding::{Finding, Kind};
use crate::invariant::Invariant;
use crate::run::replay;
use crate::step::Step;
use crate::twin;
use tenure_port::Call;

/// Steps that are played again at most, all in all: shrinking ends in any case.
const STEPS_MAX: usize = 300_000;

/// The few steps that it takes, and what is found in them.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The steps.
    pub steps: Vec<Step>,
    /// What is found in them.
    pub finding: Finding,
}

/// Shrinks the steps of an episode in which that was found. Nothing where it is not found again in the same steps.
#[must_use]
pub fn shrink(steps: &[Step], finding: &Finding, looks: Looks<'_>) -> Option<Shrunk> {
    let mut search = Search { kind: finding.kind.clone(), looks, left: STEPS_MAX };
    let until = finding.step.saturating_add(1).min(steps.len());
    let steps = steps.get(..until).unwrap_or(steps).to_vec();
    let finding = search.found(&steps)?;
    let mut shrunk = Shrunk { steps, finding };
    loop {
        let before = shrunk.steps.len();
        search.fewer(&mut shrunk);
        search.simpler(&mut shrunk);
        if shrunk.steps.len() == before || search.left == 0 {
            return Some(shrunk);
        }
    }
}

struct Search<'l> {
    kind: Kind,
    looks: Looks<'l>,
    /// Steps that may still be played.
    left: usize,
}

impl Search<'_> {
    /// The same sort of thing in these steps, where it is there.
    fn found(&mut self, steps: &[Step]) -> Option<Finding> {
        if self.left < steps.len() {
            self.left = 0;
            return None;
        }
        self.left -= steps.len();
        let looks = Looks { luck: Luck::Every, keep: false, ..self.looks };
        let found = match self.kind {
            Kind::Broken(Invariant::I11) => twin::sweeps(steps, looks.store).err(),
            Kind::Broken(Invariant::I9) => {
                let played = replay(steps, Looks { keep: true, ..looks });
                twin::all(&played, looks.store).err()
            }
            Kind::Differs { .. }
            | Kind::Advice { .. }
            | Kind::OtherStore { .. }
            | Kind::Broken(_)
            | Kind::Fault(_) => replay(steps, looks).finding,
        };
        found.filter(|found| found.kind == self.kind)
    }

    /// Takes these steps where the same is found in them, without those that come after it.
    fn takes(&mut self, shrunk: &mut Shrunk, mut steps: Vec<Step>) -> bool {
        let Some(finding) = self.found(&steps) else { return false };
        steps.truncate(finding.step.saturating_add(1));
        *shrunk = Shrunk { steps, finding };
        true
    }

    /// Leaves out chunks of steps, each half as long as the ones before, down to single steps.
    fn fewer(&mut self, shrunk: &mut Shrunk) {
        let mut chunk = shrunk.steps.len().div_ceil(2);
        while chunk > 0 {
            // From the end: what happened late is seldom what it takes.
            let mut end = shrunk.steps.len();
            while end > 0 && self.left > 0 {
                let start = end.saturating_sub(chunk);
                let mut rest = shrunk.steps.clone();
                rest.drain(start..end.min(rest.len()));
                self.takes(shrunk, rest);
                end = start.min(shrunk.steps.len());
            }
            chunk = if chunk == 1 { 0 } else { chunk.div_ceil(2) };
        }
    }

    /// Leaves out what may be left out of calls, the largest parts first.
    fn simpler(&mut self, shrunk: &mut Shrunk) {
        let mut number = 0;
        while number < shrunk.steps.len() && self.left > 0 {
            let mut place = Some(Vec::new());
            while let Some(at) = place.filter(|_| self.left > 0) {
                let Some((clock, call)) = call(shrunk, number) else { break };
                place = next(&call, &at);
                let Some(part) = &place else { break };
                if stays(&call, part) {
                    continue;
                }
                let less = without(&call, part).and_then(|less| serde_json::from_value::<Call>(less).ok());
                // A field that comes back by itself is not left out.
                let shorter = |less: &Call| serde_json::to_value(less).is_ok_and(|less| less != call);
                let Some(less) = less.filter(shorter) else { continue };
                let mut steps = shrunk.steps.clone();
                if let Some(step) = steps.get_mut(number) {
                    *step = Step::Call { clock, call: Box::new(less) };
                }
                if self.takes(shrunk, steps) {
                    // What stood there is gone: what comes next stands in its place, or after the one before it.
                    place = Some(at);
                }
            }
            number += 1;
        }
    }
}

/// Whether it is a fact about a person, or what a command is called. Those are of the story and not of one step:
/// somebody who is less in one step than in the next makes it longer, and commands without a name are counted, so that
/// those who come after it would be called otherwise.
fn stays(call: &Value, place: &[usize]) -> bool {
    let field = |index: usize| call.as_object().and_then(|fields| fields.keys().nth(index));
    match place {
        [] => false,
        [only] => field(*only).is_some_and(|name| name == "command_id"),
        [first, ..] => field(*first).is_some_and(|name| matches!(name.as_str(), "actor" | "holder")),
    }
}

fn call(shrunk: &Shrunk, number: usize) -> Option<(tenure::Timestamp, Value)> {
    match shrunk.steps.get(number)? {
        Step::Call { clock, call } => Some((*clock, serde_json::to_value(call).ok()?)),
        Step::Restart => None,
    }
}

/// A place in a value: at each level which of its fields or entries.
type Place = Vec<usize>;

/// The place after that one: into it, beside it, or beside what it stands in.
fn next(value: &Value, place: &Place) -> Option<Place> {
    let mut next = place.clone();
    next.push(0);
    while let Some(last) = next.pop() {
        if at(value, &next).is_some_and(|within| last < len(within)) {
            next.push(last);
            return Some(next);
        }
        if let Some(beside) = next.last_mut() {
            *beside += 1;
        }
    }
    None
}

fn at<'v>(value: &'v Value, place: &[usize]) -> Option<&'v Value> {
    place.iter().try_fold(value, |value, index| match value {
        Value::Object(fields) => fields.values().nth(*index),
        Value::Array(entries) => entries.get(*index),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

fn len(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields.len(),
        Value::Array(entries) => entries.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// The value without what stands at that place.
fn without(value: &Value, place: &[usize]) -> Option<Value> {
    let (first, rest) = place.split_first()?;
    let mut value = value.clone();
    match &mut value {
        Value::Object(fields) => {
            let name = fields.keys().nth(*first)?.clone();
            match rest {
                [] => drop(fields.remove(&name)),
                rest => {
                    let less = without(fields.get(&name)?, rest)?;
                    fields.insert(name, less);
                }
            }
        }
        Value::Array(entries) => match rest {
            [] => drop(entries.remove(*first)),
            rest => {
                let entry = entries.get_mut(*first)?;
                *entry = without(entry, rest)?;
            }
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
    }
    Some(value)
}
