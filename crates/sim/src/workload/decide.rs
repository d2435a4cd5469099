//! Those who decide: on requests, on extensions, on emergencies afterwards, and on the end of other people's access.

use std::collections::BTreeSet;
use std::sync::Arc;

use tenure::tenure_core::flow::selector::Selector;
use tenure::tenure_core::id::GrantId;
use tenure::{Item, Person, Span};
use tenure_port::Call;
use tenure_port::call::{Approve, ApproveExtension, Deny, DenyExtension, Erase, Review, Revoke};

use super::Workload;
use super::cast::id;
use super::law::{Hints, means, same_human};
use super::memory::Known;
use crate::coverage::Standing;

/// Where somebody who waits can be.
const WAITING: [Standing; 5] =
    [Standing::Pending, Standing::Start, Standing::Hours, Standing::Holder, Standing::Provisioning];

impl Workload {
    /// The grant that is meant, or one that stands so, or any, or none that there is.
    pub(super) fn target(&mut self, named: Option<GrantId>, fits: impl Fn(&Known) -> bool) -> Option<Known> {
        let place = match named {
            Some(named) => self.memory.place(&named),
            None if self.dice.one_in(60) => None,
            None if self.dice.chance(75) => self.memory.any(&mut self.dice, self.clock),
            None => {
                let clock = self.clock;
                let open = self.memory.pick(&mut self.dice, clock, &fits);
                open.or_else(|| self.memory.closed(&mut self.dice, clock, &fits))
                    .or_else(|| self.memory.any(&mut self.dice, self.clock))
            }
        };
        self.memory.grants.get(place?).cloned()
    }

    pub(super) fn unknown_grant(&mut self) -> GrantId {
        id("nothing-here")
    }

    /// Somebody whom the list means and who is another human than holder and requester.
    fn decider(&mut self, grant: &Known, of: impl Fn(&Hints) -> &[Selector]) -> usize {
        let own = if self.careless { 4 } else { 12 };
        if self.dice.one_in(own) {
            // Whoever is a party to it, perhaps under another id.
            let holder = self.person(&grant.holder).cloned();
            return self.somebody(|person| holder.as_ref().is_some_and(|holder| same_human(person, holder)));
        }
        let list: Vec<Selector> = self.hints(&grant.flow).map(|hints| of(hints).to_vec()).unwrap_or_default();
        let parties: Vec<Person> =
            [&grant.holder, &grant.requester].into_iter().filter_map(|id| self.person(id).cloned()).collect();
        let owners = self.whose(grant).owners.to_vec();
        let whose = super::law::Whose { holder: parties.first(), owners: &owners };
        let suits = |person: &Person| {
            means(&list, person, whose) && !parties.iter().any(|party| same_human(party, person))
        };
        self.somebody(suits)
    }

    fn decider_login(&self, grant: &Known) -> Option<Option<u64>> {
        self.hints(&grant.flow).and_then(|hints| hints.decider_login)
    }

    /// The content that was seen: none, the right one, or another.
    fn seen(&mut self, content: Option<&String>) -> Option<String> {
        match self.dice.count(0, 19) {
            0 => Some("something else".to_owned()),
            1..=5 => content.cloned(),
            _ => None,
        }
    }

    pub(super) fn approve(&mut self, named: Option<GrantId>) -> Call {
        let command_id = Some(self.command_id());
        let grant = self.target(named, |grant| grant.standing == Standing::Pending);
        let Some(grant) = grant else {
            let place = self.cast.anybody(&mut self.dice);
            return Call::Approve(Approve {
                actor: self.actor(place, None),
                command_id,
                context: self.context(),
                now: self.now(),
                grant: self.unknown_grant(),
                span: None,
                only: None,
                reason: None,
                content: None,
                holder: None,
            });
        };
        let place = self.decider(&grant, |hints| &hints.approvers);
        let login = self.decider_login(&grant);
        let holder = match self.dice.count(0, 19) {
            0 => self.dice.of(&self.cast.people).cloned(),
            1..=6 => self.person(&grant.holder).cloned(),
            _ => None,
        };
        Call::Approve(Approve {
            actor: self.actor(place, login),
            command_id,
            context: self.context(),
            now: self.now(),
            span: self.less_span(grant.span),
            only: self.less_items(&grant.items),
            reason: self.reason(),
            content: self.seen(Some(&grant.content)),
            grant: grant.id,
            holder,
        })
    }

    fn less_span(&mut self, asked: Span) -> Option<Span> {
        Some(match self.dice.count(0, 24) {
            0 => asked,
            1 => asked.plus(Span::millis(1)),
            2 => asked.less(Span::millis(1)),
            3 => Span::ZERO,
            4 | 5 => Span::millis(asked.as_millis() / 2),
            _ => return None,
        })
    }

    fn less_items(&mut self, items: &BTreeSet<Item>) -> Option<BTreeSet<Item>> {
        match self.dice.count(0, 29) {
            0 => Some(BTreeSet::new()),
            1 => self.cast.item(5, 2).map(|item| [item].into()),
            2..=4 => items.iter().next().cloned().map(|item| [item].into()),
            5 => items.iter().next_back().cloned().map(|item| [item].into()),
            _ => None,
        }
    }

    pub(super) fn deny(&mut self, named: Option<GrantId>) -> Call {
        let command_id = Some(self.command_id());
        let found = self.target(named, |grant| grant.standing == Standing::Pending);
        let (place, login) = self.who_decides(found.as_ref(), |hints| &hints.approvers);
        Call::Deny(Deny {
            actor: self.actor(place, login),
            command_id,
            context: self.context(),
            now: self.now(),
            reason: self.reason(),
            content: self.seen(found.as_ref().map(|grant| &grant.content)),
            grant: self.named(found),
        })
    }

    fn who_decides(
        &mut self,
        grant: Option<&Known>,
        of: impl Fn(&Hints) -> &[Selector],
    ) -> (usize, Option<Option<u64>>) {
        match grant {
            Some(grant) => (self.decider(grant, of), self.decider_login(grant)),
            None => (self.cast.anybody(&mut self.dice), None),
        }
    }

    pub(super) fn named(&mut self, grant: Option<Known>) -> GrantId {
        match grant {
            Some(grant) => grant.id,
            None => self.unknown_grant(),
        }
    }

    pub(super) fn decide_extension(&mut self, named: Option<GrantId>, yes: bool) -> Call {
        let command_id = Some(self.command_id());
        let awaits = |grant: &Known| matches!(grant.standing, Standing::Asked | Standing::Bridged);
        let found = self.target(named, awaits);
        let longer =
            |hints: &Arc<Hints>| hints.extension.as_ref().is_some_and(|longer| !longer.approvers.is_empty());
        let own = found.as_ref().and_then(|grant| self.hints(&grant.flow)).is_some_and(longer);
        let (place, login) = if own {
            self.who_decides(found.as_ref(), |hints| {
                hints.extension.as_ref().map(|longer| longer.approvers.as_slice()).unwrap_or_default()
            })
        } else {
            self.who_decides(found.as_ref(), |hints| &hints.approvers)
        };
        let (actor, context, now) = (self.actor(place, login.or(Some(None))), self.context(), self.now());
        let reason = self.reason();
        let content = self.seen(found.as_ref().and_then(|grant| grant.extension.as_ref()));
        let grant = self.named(found);
        if yes {
            Call::ApproveExtension(ApproveExtension {
                actor,
                command_id,
                context,
                now,
                grant,
                reason,
                content,
            })
        } else {
            Call::DenyExtension(DenyExtension { actor, command_id, context, now, grant, reason, content })
        }
    }

    pub(super) fn revoke(&mut self, named: Option<GrantId>) -> Call {
        let command_id = Some(self.command_id());
        let waits = self.dice.chance(40);
        let found = self.target(named, |grant| {
            if waits { WAITING.contains(&grant.standing) } else { !grant.standing.is_closed() }
        });
        let (actor, reason) = self.revoker(found.as_ref());
        let grant = Some(self.named(found));
        let (context, now) = (self.context(), self.now());
        let (person, flow, integration, item) = (None, None, None, None);
        Call::Revoke(Revoke {
            actor,
            command_id,
            context,
            now,
            grant,
            person,
            flow,
            integration,
            item,
            reason,
        })
    }

    fn revoker(&mut self, grant: Option<&Known>) -> (tenure_port::call::Actor, Option<String>) {
        let reason = self.reason().or_else(|| self.dice.chance(70).then(|| "leaked".to_owned()));
        if self.dice.chance(35) {
            return (self.host(), reason);
        }
        let (place, _) = match self.dice.count(0, 2) {
            0 => self.who_decides(grant, |hints| &hints.approvers),
            _ => self.who_decides(grant, |hints| &hints.revokers),
        };
        (self.actor(place, None), reason)
    }

    /// All access of somebody, under a flow, at an integration or to an item.
    pub(super) fn revoke_all(&mut self) -> Call {
        let command_id = Some(self.command_id());
        let found = self.target(None, |grant| !grant.standing.is_closed());
        let (actor, reason) = self.revoker(found.as_ref());
        let (context, now) = (self.context(), self.now());
        let mut revoke = Revoke {
            actor,
            command_id,
            context,
            now,
            grant: None,
            person: None,
            flow: None,
            integration: None,
            item: None,
            reason,
        };
        let item = found.as_ref().and_then(|grant| grant.items.first().cloned());
        match (found, self.dice.count(0, 4)) {
            (Some(grant), 0) => revoke.flow = Some(grant.flow),
            (Some(_), 1) if item.is_some() => {
                revoke.integration = item.map(|item| item.resource.integration);
            }
            (Some(_), 2) if item.is_some() => revoke.item = item,
            (Some(grant), _) => revoke.person = Some(grant.holder),
            (None, _) => revoke.person = Some(id("nobody-knows")),
        }
        Call::Revoke(revoke)
    }

    pub(super) fn review(&mut self, named: Option<GrantId>) -> Call {
        let command_id = Some(self.command_id());
        let twice = self.dice.one_in(8);
        let found = self.target(named, |grant| grant.glass && (twice || grant.unreviewed));
        let (place, _) = self.who_decides(found.as_ref(), |hints| {
            hints.glass.as_ref().map(|glass| glass.reviewers.as_slice()).unwrap_or_default()
        });
        Call::Review(Review {
            actor: self.actor(place, None),
            command_id,
            context: self.context(),
            now: self.now(),
            reason: if self.dice.one_in(25) { Some("x".repeat(4_097)) } else { self.reason() },
            grant: self.named(found),
        })
    }

    /// What was written of a grant is erased, mostly by the host and mostly when it is over.
    pub(super) fn erase(&mut self, named: Option<GrantId>) -> Call {
        let command_id = Some(self.command_id());
        let early = self.dice.one_in(4);
        let found = self.target(named, |grant| early || grant.standing.is_closed());
        let actor = if self.dice.chance(80) { self.host() } else { self.revoker(found.as_ref()).0 };
        Call::Erase(Erase {
            actor,
            command_id,
            context: self.context(),
            now: self.now(),
            grant: self.named(found),
        })
    }
}
