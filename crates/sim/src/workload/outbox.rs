//! Sweepers and workers: early, late, repeated; leases that run out, verdicts that come too late.

use std::collections::BTreeSet;

use tenure::tenure_core::id::{Integration, WorkerId};
use tenure::{Item, Span};
use tenure_port::Call;
use tenure_port::call::{EffectDone, EffectFailed, EffectId, Sweep, TakeEffects};

use super::cast::id;
use super::memory::Leased;
use super::{Next, Verb, Workload};

impl Workload {
    pub(super) fn sweep(&mut self) -> Call {
        Call::Sweep(Sweep { now: self.now() })
    }

    fn worker(&mut self) -> WorkerId {
        let place = self.dice.place(self.workers.len());
        self.workers.get(place).cloned().unwrap_or_else(|| id("w0"))
    }

    pub(super) fn take_effects(&mut self) -> Call {
        let lease = match self.dice.count(0, 9) {
            0 => Span::millis(500),
            1 => Span::seconds(1),
            2 => Span::hours(2),
            3..=5 => Span::seconds(30),
            _ => Span::minutes(1),
        };
        let at = self.dice.of(&self.cast.integrations).cloned();
        let integration: Option<Integration> = at.filter(|_| self.dice.one_in(5));
        let limit = match self.dice.count(0, 19) {
            0..=8 => Some(1),
            9..=17 => Some(self.dice.count(2, 5)),
            18 => Some(0),
            _ => None,
        };
        Call::TakeEffects(TakeEffects { now: self.now(), worker: self.worker(), lease, integration, limit })
    }

    /// A worker who took something mostly does it at once.
    pub(super) fn carry_out(&mut self, taken: usize) {
        if taken == 0 || !self.queue.is_empty() || self.dice.chance(40) {
            return;
        }
        for _ in 0..taken.min(4) {
            let verb = if self.dice.chance(75) { Verb::Done } else { Verb::Failed };
            self.queue.push_back(Next::Verb(verb, id("at-hand")));
        }
    }

    /// An effect that a worker has: the late ones are more often meant, and seldom one whose lease has run out.
    fn leased(&mut self) -> Option<Leased> {
        let clock = self.clock;
        let late = self.dice.one_in(6);
        if !late && self.dice.one_in(3) {
            // Of most workers who are late nothing is ever heard again.
            let mut kept = 12_u32;
            self.memory.leased.retain(|leased| {
                let runs = clock < leased.until;
                kept = kept.saturating_sub(u32::from(!runs));
                runs || kept > 0
            });
        }
        let many = self.memory.leased.len();
        let live = (0..many)
            .rev()
            .take(8)
            .find(|place| self.memory.leased.get(*place).is_some_and(|leased| clock < leased.until));
        let place = if late { self.dice.place(many) } else { live.unwrap_or(many.checked_sub(1)?) };
        let leased = self.memory.leased.get(place)?.clone();
        if self.dice.chance(85) {
            self.memory.leased.remove(place);
        }
        let again = leased.until.plus(Span::seconds(5_u64 << leased.attempt.min(8)));
        self.memory.expect(again, clock);
        Some(leased)
    }

    fn effect(&mut self) -> (EffectId, WorkerId, Vec<Item>) {
        let found = if self.dice.one_in(25) { None } else { self.leased() };
        match found {
            Some(leased) if self.dice.one_in(25) => (leased.effect, self.worker(), leased.given),
            Some(leased) => (leased.effect, leased.worker, leased.given),
            None => {
                let known = self.memory.any(&mut self.dice, self.clock).filter(|_| self.dice.chance(80));
                let known =
                    known.and_then(|place| self.memory.grants.get(place)).map(|grant| grant.id.clone());
                let grant = known.unwrap_or_else(|| id("nothing-here"));
                let number = if self.dice.chance(50) { self.dice.count(1, 4) } else { 999 };
                (EffectId { grant, number }, self.worker(), Vec::new())
            }
        }
    }

    pub(super) fn effect_done(&mut self) -> Call {
        let (effect, worker, given) = self.effect();
        let before = self.dice.one_in(4);
        let already_held: BTreeSet<Item> = if before {
            given.into_iter().filter(|_| self.dice.chance(70)).collect()
        } else {
            BTreeSet::new()
        };
        Call::EffectDone(EffectDone { now: self.now(), effect, worker, already_held })
    }

    pub(super) fn effect_failed(&mut self) -> Call {
        let (effect, worker, _) = self.effect();
        let last = self.dice.one_in(4);
        Call::EffectFailed(EffectFailed {
            now: self.now(),
            effect,
            worker,
            error: "no route".to_owned(),
            last,
        })
    }
}
