//! Questions, which change nothing.

use tenure::StageName;
use tenure::tenure_core::grant::Outcome;
use tenure::tenure_core::id::GrantId;
use tenure_port::Call;
use tenure_port::call::{Catalog, Explain, History, Holds, Inbox, List, Look, Offer, Records};

use super::cast::PERMISSIONS;
use super::{Suited, Verb, Workload};
use crate::coverage::Standing;

const STAGES: [StageName; 4] =
    [StageName::Pending, StageName::Approved, StageName::Active, StageName::Closed];
const OUTCOMES: [Outcome; 8] = [
    Outcome::Denied,
    Outcome::Withdrawn,
    Outcome::Undecided,
    Outcome::Unused,
    Outcome::Failed,
    Outcome::Expired,
    Outcome::GivenBack,
    Outcome::Revoked,
];
/// Commands that can be explained.
const EXPLAINED: [Verb; 15] = [
    Verb::Request,
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

impl Workload {
    pub(super) fn look(&mut self, named: Option<GrantId>) -> Call {
        let any = self.dice.one_in(3);
        let found = self.target(named, |grant| any || !grant.standing.is_closed());
        Call::Look(Look { now: self.now(), grant: self.named(found) })
    }

    pub(super) fn offer(&mut self, named: Option<GrantId>) -> Call {
        let found = self.target(named, |grant| grant.standing == Standing::Active);
        let holder =
            found.as_ref().and_then(|grant| self.cast.place(&grant.holder)).filter(|_| !self.slips());
        let place = holder.unwrap_or_else(|| self.cast.anybody(&mut self.dice));
        let login = self.dice.one_in(2).then_some(None);
        let facts = found.as_ref().and_then(|grant| self.person(&grant.holder)).cloned();
        Call::Offer(Offer {
            now: self.now(),
            actor: self.present(place, login),
            holder: facts.filter(|_| self.dice.one_in(3)),
            context: self.context(),
            grant: self.named(found),
        })
    }

    /// What would come of a command, now.
    pub(super) fn explain(&mut self) -> Call {
        let verb = *self.dice.of(&EXPLAINED).unwrap_or(&Verb::Request);
        let grant = match self.suited(verb) {
            Suited::To(grant) if self.dice.chance(70) => Some(grant),
            Suited::To(_) | Suited::Always | Suited::Rather(_) => None,
        };
        let of = if self.dice.one_in(20) { self.next_explained() } else { self.on_grant(verb, grant) };
        Call::Explain(Explain { now: self.now(), of: Box::new(of) })
    }

    /// A command that was given before.
    fn next_explained(&mut self) -> Call {
        match self.given_before() {
            Some(call) => call,
            None => self.request(),
        }
    }

    pub(super) fn holds(&mut self) -> Call {
        let found = self.target(None, |grant| grant.standing == Standing::Active);
        let item = found.as_ref().and_then(|grant| grant.items.first().cloned());
        let stranger = self.cast.person(usize::MAX).id.clone();
        let person = found.map_or(stranger, |grant| grant.holder);
        let anything = self.slips();
        let known = item.filter(|_| !anything);
        let resources = &self.cast.resources;
        let of = known.as_ref().map(|item| &item.resource);
        let described = resources.iter().find(|resource| of.is_none_or(|of| resource.id == *of));
        let resource = match (described, of) {
            (Some(resource), _) => resource.as_ref().clone(),
            (None, _) => tenure::Resource {
                id: tenure::ResourceId {
                    integration: super::cast::id("elsewhere"),
                    kind: "box".to_owned(),
                    name: "one".to_owned(),
                },
                labels: Default::default(),
                owners: Vec::new(),
                attributes: Default::default(),
            },
        };
        let permission =
            known.map_or_else(|| self.dice.word(&PERMISSIONS).to_owned(), |item| item.permission);
        Call::Holds(Holds { now: self.now(), person, resource, permission })
    }

    pub(super) fn list(&mut self) -> Call {
        let found = self.target(None, |_| true);
        let mut list = List {
            now: self.now(),
            holder: None,
            requester: None,
            flow: None,
            stage: None,
            item: None,
            outcome: None,
            enforcement: None,
            awaits_review: None,
            after: None,
            limit: Some(self.dice.count(0, 5)),
        };
        if self.dice.chance(50) {
            list.stage = self.dice.of(&STAGES).copied();
        } else if self.dice.one_in(3) {
            list.outcome = self.dice.of(&OUTCOMES).copied();
        }
        list.awaits_review = self.dice.one_in(8).then(|| self.dice.chance(70));
        if let Some(grant) = found {
            match self.dice.count(0, 6) {
                0 => list.holder = Some(grant.holder),
                1 => list.requester = Some(grant.requester),
                2 => list.flow = Some(grant.flow),
                3 => list.item = grant.items.first().cloned(),
                4 => list.after = Some(grant.id),
                _ => {}
            }
        }
        Call::List(list)
    }

    pub(super) fn inbox(&mut self) -> Call {
        let place = self.cast.anybody(&mut self.dice);
        let after = self.memory.any(&mut self.dice, self.clock).filter(|_| self.dice.one_in(4));
        let after = after.and_then(|place| self.memory.grants.get(place)).map(|grant| grant.id.clone());
        let limit = Some(self.dice.count(0, 4));
        Call::Inbox(Inbox { now: self.now(), actor: self.present(place, None), after, limit })
    }

    pub(super) fn catalog(&mut self) -> Call {
        let place = self.cast.anybody(&mut self.dice);
        Call::Catalog(Catalog { now: self.now(), actor: self.present(place, None) })
    }

    pub(super) fn history(&mut self, named: Option<GrantId>) -> Call {
        let found = self.target(named, |_| true);
        Call::History(History { now: self.now(), grant: self.named(found) })
    }

    pub(super) fn records(&mut self) -> Call {
        let after = self.dice.chance(80).then(|| self.dice.number(0, self.number.saturating_mul(2)));
        Call::Records(Records { now: self.now(), after, limit: Some(self.dice.count(0, 6)) })
    }
}
