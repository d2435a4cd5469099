//! Policies are published: at the beginning, changed in one thing now and then, and changed where it hurts.

use std::sync::Arc;

use serde_json::Value;
use tenure::tenure_core::id::{CommandId, FlowId, KitId, Revision};
use tenure::{Resource, Span, Timestamp};
use tenure_port::Call;
use tenure_port::call::{Document as Sent, Publish};

use super::cast::id;
use super::dice::Dice;
use super::policy::{AIMS, Aim, Author, Document, mutate};
use super::theme::Theme;
use super::{Next, Verb, Workload, law};
use crate::coverage::Standing;

/// What is in force, or about to be.
#[derive(Debug)]
pub(super) struct Press {
    document: Document,
    gone: Vec<Value>,
    pub(super) kits: Vec<(KitId, Vec<FlowId>)>,
}

impl Press {
    pub(super) fn new(dice: &mut Dice, theme: &Theme, now: Timestamp, shelf: &[Arc<Resource>]) -> Self {
        let document = Author { dice, theme, now, shelf }.document();
        Self { kits: law::kits(&document), document, gone: Vec::new() }
    }
}

impl Workload {
    pub(super) fn first_publish(&mut self) -> Call {
        self.publish(None)
    }

    /// The document in force is changed in one thing, or published as it is.
    pub(super) fn next_publish(&mut self) -> Call {
        if self.memory.revisions.is_empty() {
            return self.first_publish();
        }
        let if_revision = match self.dice.count(0, 9) {
            0 => Some(id::<Revision>("never-was")),
            1 => self.memory.revisions.first().cloned(),
            2..=4 => self.memory.revisions.last().cloned(),
            _ => None,
        };
        let stale = if_revision.is_some() && if_revision.as_ref() != self.memory.revisions.last();
        if self.dice.chance(90) && !stale {
            self.change(None);
        }
        self.publish(if_revision)
    }

    /// All flows have ended: others are written.
    pub(super) fn new_policy(&mut self) -> Call {
        self.press = Press::new(&mut self.dice, &self.theme, self.clock, &self.cast.resources);
        self.publish(None)
    }

    fn change(&mut self, aim: Option<(&str, Aim)>) {
        let Self { dice, theme, press, clock, cast, .. } = self;
        let mut author = Author { dice, theme, now: *clock, shelf: &cast.resources };
        mutate(&mut author, &mut press.document, &mut press.gone, aim);
    }

    fn publish(&mut self, if_revision: Option<Revision>) -> Call {
        let command_id: CommandId = self.command_id();
        let now = self.now();
        for at in law::untils(&self.press.document) {
            self.memory.expect(at, self.clock);
        }
        self.memory.expect(self.clock.plus(Span::millis(2)), self.clock);
        Call::Publish(Publish {
            actor: self.host(),
            command_id: Some(command_id),
            context: tenure::tenure_core::person::Record::new(),
            now,
            policy: Sent::Fields(self.press.document.clone()),
            format: None,
            if_revision,
        })
    }

    /// What is in force now is read.
    pub(super) fn published(&mut self) {
        self.law.read(&self.press.document, &self.cast);
        self.press.kits = law::kits(&self.press.document);
    }

    /// Somebody waits, the policy is changed where it hurts them, they try, and the change is taken back.
    pub(super) fn corner(&mut self, named: Option<usize>) {
        let clock = self.clock;
        let waits =
            [Standing::Bridged, Standing::Asked, Standing::Active, Standing::Holder, Standing::Pending];
        let first = self.dice.place(waits.len());
        let found =
            waits.iter().cycle().skip(first).take(waits.len()).find_map(|wanted| {
                self.memory.pick(&mut self.dice, clock, |grant| grant.standing == *wanted)
            });
        let Some(grant) = named.or(found).and_then(|place| self.memory.grants.get(place)).cloned() else {
            return;
        };
        let verbs: &[Verb] = if grant.standing == Standing::Pending {
            &[Verb::Approve, Verb::Approve, Verb::Deny]
        } else if grant.standing == Standing::Holder {
            &[Verb::Activate, Verb::Activate]
        } else if grant.standing == Standing::Active {
            &[Verb::Extend, Verb::Offer, Verb::Extend]
        } else {
            &[Verb::Extend, Verb::Offer, Verb::ApproveExtension, Verb::Extend]
        };
        let rest = std::mem::take(&mut self.queue);
        let before = (self.press.document.clone(), self.press.gone.clone());
        let aim = *self.dice.of(&AIMS).unwrap_or(&Aim::Disabled);
        let aim = if self.dice.one_in(6) { Aim::Conflict } else { aim };
        // Who awaits a decision on their second extension may find that there is one only.
        let second = grant.used > 0 && grant.standing != Standing::Active;
        let aim = if second && self.dice.chance(50) { Aim::OneExtension } else { aim };
        self.change(Some((grant.flow.as_str(), aim)));
        let hurts = self.publish(None);
        self.queue.push_back(Next::Call(Box::new(hurts)));
        for verb in verbs {
            if self.dice.one_in(4) {
                self.queue.push_back(Next::Clock(clock.plus(Span::millis(1))));
            }
            self.queue.push_back(Next::Verb(*verb, grant.id.clone()));
        }
        if self.dice.chance(80) {
            (self.press.document, self.press.gone) = before;
            let back = self.publish(None);
            self.queue.push_back(Next::Call(Box::new(back)));
        }
        self.queue.extend(rest);
    }
}
