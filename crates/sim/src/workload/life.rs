//! What holders and requesters do with their grants: begin, extend, give back, withdraw.

use tenure::tenure_core::id::GrantId;
use tenure::{PersonId, Span, Timestamp};
use tenure_port::Call;
use tenure_port::call::{Activate, Extend, GiveBack, Withdraw};

use super::Workload;
use super::law::{Whose, means};
use super::memory::Known;
use crate::coverage::Standing;

impl Workload {
    /// Holder or requester, or somebody else now and then.
    fn party(&mut self, grant: Option<&Known>, login: Option<Option<u64>>) -> tenure_port::call::Actor {
        let requester = self.dice.one_in(4);
        let party: Option<PersonId> =
            grant.map(|grant| if requester { grant.requester.clone() } else { grant.holder.clone() });
        let place = party.filter(|_| !self.slips()).and_then(|id| self.cast.place(&id));
        let place = place.unwrap_or_else(|| self.cast.anybody(&mut self.dice));
        self.actor(place, login)
    }

    pub(super) fn withdraw(&mut self, named: Option<GrantId>) -> Call {
        let command_id = Some(self.command_id());
        let open = |grant: &Known| (Standing::Pending..=Standing::Provisioning).contains(&grant.standing);
        let found = self.target(named, open);
        Call::Withdraw(Withdraw {
            actor: self.party(found.as_ref(), None),
            command_id,
            context: self.context(),
            now: self.now(),
            grant: self.named(found),
        })
    }

    pub(super) fn activate(&mut self, named: Option<GrantId>) -> Call {
        let command_id = Some(self.command_id());
        let found = self.target(named, |grant| grant.standing == Standing::Holder);
        let login = found.as_ref().and_then(|grant| self.hints(&grant.flow)).and_then(|hints| hints.login);
        Call::Activate(Activate {
            actor: self.party(found.as_ref(), login),
            command_id,
            context: self.context(),
            now: self.now(),
            grant: self.named(found),
        })
    }

    pub(super) fn give_back(&mut self, named: Option<GrantId>) -> Call {
        let command_id = Some(self.command_id());
        let runs = |grant: &Known| (Standing::Active..=Standing::Bridged).contains(&grant.standing);
        let found = self.target(named, runs);
        Call::GiveBack(GiveBack {
            actor: self.party(found.as_ref(), None),
            command_id,
            context: self.context(),
            now: self.now(),
            grant: self.named(found),
        })
    }

    pub(super) fn extend(&mut self, named: Option<GrantId>) -> Call {
        let command_id = Some(self.command_id());
        let asked = self.dice.one_in(10);
        let found = self.target(named, |grant| {
            grant.standing == Standing::Active
                || asked && matches!(grant.standing, Standing::Asked | Standing::Bridged)
        });
        let rule = found
            .as_ref()
            .and_then(|grant| self.hints(&grant.flow))
            .and_then(|hints| hints.extension.clone());
        let login = rule.as_ref().and_then(|rule| rule.login);
        let others = rule.as_ref().map(|rule| rule.others.as_slice()).unwrap_or_default();
        let nobody = Whose { holder: None, owners: &[] };
        let by_other = !others.is_empty() && self.dice.one_in(4);
        let actor = if by_other {
            let place = self.somebody(|person| means(others, person, nobody));
            self.actor(place, login)
        } else {
            self.party(found.as_ref(), login)
        };
        let itself = actor.0.person().map(|person| person.id.clone());
        let holder =
            found.as_ref().map(|grant| grant.holder.clone()).filter(|id| itself.as_ref() != Some(id));
        let handed_in = self.dice.chance(90);
        let holder = holder.filter(|_| handed_in).and_then(|id| self.person(&id).cloned());
        let (min, max) = rule.as_ref().map_or((60_000, self.theme.unit), |rule| (rule.min, rule.max));
        let seen = found.as_ref().and_then(|grant| grant.ends);
        let reason = self.reason();
        Call::Extend(Extend {
            actor,
            command_id,
            context: self.context(),
            now: self.now(),
            span: self.longer_span(min, max, seen),
            if_ends_at: self.seen_end(seen),
            fields: if reason.is_some() { self.fields.clone() } else { Default::default() },
            reason,
            holder,
            grant: self.named(found),
        })
    }

    /// Often none; else one within its bounds, or one that ends where the episode expects something.
    fn longer_span(&mut self, min: u64, max: u64, end: Option<Timestamp>) -> Option<Span> {
        let clock = self.clock;
        let next = self.memory.next_deadline(clock);
        match (next, end) {
            (Some(next), Some(end)) if next > end && self.dice.one_in(12) => Some(next.since(end)),
            (_, _) => self.wanted_span(min, max),
        }
    }

    fn seen_end(&mut self, end: Option<Timestamp>) -> Option<Timestamp> {
        match self.dice.count(0, 19) {
            0 => Some(self.clock),
            1..=7 => end,
            _ => None,
        }
    }
}
