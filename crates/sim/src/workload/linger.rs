//! Where few grants stand, and none for long, many things are tried at once: by whoever may, and by whoever may not.

use tenure::tenure_core::id::GrantId;
use tenure::{Span, View};
use tenure_port::Call;

use super::theme::Feature;
use super::{Next, Verb, Workload};
use crate::coverage::Standing;

/// What can be tried on a grant, wherever it stands.
const TRIED: [Verb; 16] = [
    Verb::Exists,
    Verb::Approve,
    Verb::Deny,
    Verb::Withdraw,
    Verb::Activate,
    Verb::Extend,
    Verb::ApproveExtension,
    Verb::DenyExtension,
    Verb::GiveBack,
    Verb::Revoke,
    Verb::Review,
    Verb::Erase,
    Verb::Look,
    Verb::Offer,
    Verb::History,
    Verb::Failed,
];

/// What does not end it.
const HARMLESS: [Verb; 6] =
    [Verb::Extend, Verb::Offer, Verb::DenyExtension, Verb::ApproveExtension, Verb::Look, Verb::Approve];

impl Workload {
    /// A command was accepted, and the grant stands so now.
    pub(super) fn linger(&mut self, call: &Call, view: &View) {
        if self.repeats || !self.queue.is_empty() || call.head().is_none() {
            return;
        }
        let standing = Standing::of(Some(view), self.clock);
        let denied = matches!(call, Call::Deny(_)) && standing == Standing::Pending;
        let once = if denied { 90 } else { 5 };
        if self.dice.chance(once) {
            // A second click.
            self.queue.push_back(Next::Repeat(view.id.clone()));
        }
        if denied {
            for verb in [Verb::Approve, Verb::Approve] {
                self.queue.push_back(Next::Verb(verb, view.id.clone()));
                self.queue.push_back(Next::Repeat(view.id.clone()));
            }
            return;
        }
        if matches!(call, Call::Extend(_)) && standing == Standing::Asked {
            return self.ask_for_decisions(view);
        }
        let hours = self.theme.has(Feature::Hours) && standing == Standing::Pending && self.dice.one_in(8);
        if hours {
            // It may be decided after the close.
            let later = self.clock.plus(Span::millis(self.theme.unit.saturating_mul(self.dice.number(1, 5))));
            self.queue.push_back(Next::Clock(later));
            self.queue.push_back(Next::Verb(Verb::Approve, view.id.clone()));
            self.queue.push_back(Next::Verb(Verb::Approve, view.id.clone()));
        }
        let percent = match standing {
            Standing::Hours => 85,
            Standing::Bridged => 60,
            Standing::Holder | Standing::Asked | Standing::Failed => 10,
            Standing::Start | Standing::Provisioning => 5,
            Standing::None
            | Standing::Pending
            | Standing::Active
            | Standing::Denied
            | Standing::Withdrawn
            | Standing::Undecided
            | Standing::Unused
            | Standing::Expired
            | Standing::GivenBack
            | Standing::Revoked => 0,
        };
        if self.dice.chance(percent) {
            self.try_all(&view.id);
        }
    }

    /// An extension was asked: it is worth to be decided, and on its bridge, too.
    fn ask_for_decisions(&mut self, view: &View) {
        let bridged = view.held_until > view.ends_at;
        if let Some(end) = view.ends_at.filter(|_| bridged && self.dice.chance(75)) {
            let early = self.dice.number(0, 4);
            self.queue.push_back(Next::Clock(end.minus(Span::millis(early / 4))));
        }
        if self.dice.chance(if bridged { 60 } else { 25 }) {
            return self.try_all(&view.id);
        }
        for _ in 0..self.dice.count(0, 2) {
            let verbs = [(9, Verb::ApproveExtension), (5, Verb::DenyExtension), (2, Verb::Extend)];
            let verb = self.dice.weighted(&verbs).unwrap_or(Verb::ApproveExtension);
            self.queue.push_back(Next::Verb(verb, view.id.clone()));
        }
    }

    /// Several things, carelessly; what ends the grant comes late.
    fn try_all(&mut self, grant: &GrantId) {
        // Whatever the clock will show then is worth more.
        let later = !self.queue.is_empty();
        if later {
            for verb in [Verb::DenyExtension, Verb::ApproveExtension, Verb::DenyExtension] {
                self.queue.push_back(Next::Slip(verb, grant.clone()));
            }
        }
        let several = self.dice.count(3, 8);
        for number in 0..several {
            let verbs: &[Verb] = if number < 2 { &HARMLESS } else { &TRIED };
            let verb = *self.dice.of(verbs).unwrap_or(&Verb::Look);
            let next = match self.dice.count(0, 11) {
                0..=2 => Next::Altered(verb, grant.clone()),
                3 => Next::Repeat(grant.clone()),
                4..=7 => Next::Slip(verb, grant.clone()),
                // What few are allowed, and what looks at nothing else, is rare where much is looked at before.
                8 | 9 => {
                    let rare = [verb, Verb::Revoke, Verb::GiveBack];
                    Next::Swollen(*self.dice.of(&rare).unwrap_or(&verb), grant.clone())
                }
                _ => Next::Verb(verb, grant.clone()),
            };
            self.queue.push_back(next);
        }
        let corners = if later { 2 } else { 5 };
        if self.dice.one_in(corners) {
            let corner = Next::Corner(grant.clone());
            let clocks = self.queue.iter().take_while(|next| matches!(next, Next::Clock(_))).count();
            self.queue.insert(clocks, corner);
        }
    }

    /// A request under the id of that grant.
    pub(super) fn request_again(&mut self, grant: Option<GrantId>) -> Call {
        let mut call = self.request();
        if let Call::Request(ask) = &mut call {
            ask.grant = grant.or(ask.grant.take());
        }
        call
    }

    /// What was accepted of that grant comes again.
    pub(super) fn repeat_of(&mut self, grant: &GrantId) -> Option<Call> {
        let calls = self.again.accepted.iter().filter(|call| call.grant() == Some(grant));
        let calls: Vec<&Call> = calls.collect();
        let call = (*self.dice.of(&calls)?).clone();
        Some(self.repeated(call))
    }
}
