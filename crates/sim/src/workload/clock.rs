//! Time: from deadline to deadline, a millisecond before, after or exactly; and hosts whose clocks are wrong.

use tenure::tenure_core::refusal::Detail;
use tenure::{Refusal, Span, Timestamp, View};
use tenure_port::Call;

use super::Workload;
use super::theme::Pace;
use crate::coverage::Standing;

const MS: Span = Span::millis(1);

#[derive(Clone, Copy)]
enum Move {
    Stay,
    Tick,
    /// To the next deadline, a millisecond before or after.
    Edge,
    Before,
    After,
    /// A part of the unit.
    Part,
    Units,
    Days,
    /// As long as a lease or a pause.
    Seconds,
}

impl Workload {
    /// Time passes, or not.
    pub(super) fn wait(&mut self) {
        let all: &[(u32, Move)] = match self.theme.pace {
            Pace::Edges => &[
                (110, Move::Stay),
                (4, Move::Tick),
                (9, Move::Edge),
                (6, Move::Before),
                (5, Move::After),
                (5, Move::Part),
                (3, Move::Seconds),
                (1, Move::Units),
            ],
            Pace::Slow => &[
                (120, Move::Stay),
                (8, Move::Tick),
                (4, Move::Edge),
                (2, Move::Before),
                (6, Move::Part),
                (3, Move::Seconds),
            ],
            Pace::Leaps => &[
                (420, Move::Stay),
                (10, Move::Tick),
                (25, Move::Edge),
                (15, Move::Before),
                (15, Move::After),
                (25, Move::Part),
                (12, Move::Units),
                (1, Move::Days),
            ],
        };
        let clock = self.clock;
        let unit = self.theme.unit;
        let later = match self.dice.weighted(all).unwrap_or(Move::Stay) {
            Move::Stay => return,
            Move::Tick => clock.plus(MS),
            Move::Edge => self.memory.next_deadline(clock).unwrap_or(clock),
            Move::Before => self.memory.next_deadline(clock).map_or(clock, |at| at.minus(MS)),
            Move::After => self.memory.next_deadline(clock).map_or(clock, |at| at.plus(MS)),
            Move::Part => clock.plus(Span::millis(self.dice.number(1, unit / 8))),
            Move::Units => clock.plus(Span::millis(unit.saturating_mul(self.dice.number(1, 4)))),
            Move::Days => clock.plus(Span::days(self.dice.number(1, 31))),
            Move::Seconds => clock.plus(Span::seconds(self.dice.number(1, 45))),
        };
        self.clock = clock.max(later);
    }

    /// What the host's clock shows.
    pub(super) fn now(&mut self) -> Option<Timestamp> {
        let clock = self.clock;
        match self.dice.count(0, 99) {
            0..=59 => Some(clock),
            60..=79 => None,
            80..=86 => Some(clock.minus(Span::millis(self.dice.number(1, 600_000)))),
            87..=92 => Some(clock.plus(Span::millis(self.dice.number(1, 29_999)))),
            93..=95 => Some(clock.plus(Span::seconds(30))),
            96 => Some(clock.plus(Span::millis(30_001))),
            97 => Some(clock.plus(Span::millis(self.dice.number(30_001, 90_000_000)))),
            _ => Some(clock.minus(MS)),
        }
    }

    /// Instants that follow from what was just done and what the law says.
    pub(super) fn expect_after(&mut self, call: &Call, view: &View) {
        let clock = self.clock;
        let Some(hints) = self.law.flows.iter().find(|hints| hints.id == view.flow) else { return };
        let mut expect = |at: Timestamp| self.memory.expect(at, clock);
        let after = if matches!(call, Call::Request(_)) {
            &hints.after_request
        } else if matches!(call, Call::Extend(_) | Call::ApproveExtension(_)) {
            &hints.after_extension
        } else if matches!(call, Call::Approve(_) | Call::Activate(_)) {
            &hints.after_approval
        } else {
            return;
        };
        after.iter().for_each(|span| expect(clock.plus(Span::millis(*span))));
        if Standing::of(Some(view), clock) == Standing::Active
            && let Some(end) = view.ends_at
        {
            hints.before_end.iter().for_each(|lead| expect(end.minus(Span::millis(*lead))));
        }
    }

    /// Instants that a refusal names, and where it says that the grant stands elsewhere.
    pub(super) fn saw_refused(&mut self, call: &Call, refusal: &Refusal) {
        let clock = self.clock;
        for detail in refusal.details.values() {
            if let Detail::Time(at) = detail {
                self.memory.expect(*at, clock);
            }
        }
        if let Some(passes) = &refusal.would_pass {
            for at in [passes.at, passes.start].into_iter().flatten() {
                self.memory.expect(at, clock);
            }
            self.take_advice(call, passes);
        }
        let place = call.grant().and_then(|grant| self.memory.place(grant));
        let closed = refusal.details.contains_key("outcome");
        if let Some(grant) = place.and_then(|place| self.memory.grants.get_mut(place))
            && closed
            && !grant.standing.is_closed()
        {
            grant.standing = Standing::Expired;
        }
    }
}
