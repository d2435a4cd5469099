//! The lives of grants as their events tell them, beside what is stored and what is said of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tenure::tenure_core::event::{Event, Happened};
use tenure::tenure_core::flow::Kind;
use tenure::tenure_core::grant::{AskedExtension, Enforcement, Grant, Origin, Outcome, Stage};
use tenure::tenure_core::id::PersonId;
use tenure::tenure_core::lifecycle::extend::Extended;
use tenure::tenure_core::lifecycle::revoke_all::RevokedAll;
use tenure::tenure_core::machine;
use tenure::tenure_core::person::Names;
use tenure::tenure_core::record::{Entry, Record};
use tenure::{GrantId, Item, Timestamp, View};
use tenure_port::{Answer, Answered, Call};

use super::effects::Made;
use super::targets::Access;
use super::terms::{Bounds, Terms};
use super::{Broken, Invariant, Moment};

/// Every grant there ever was.
#[derive(Debug, Default)]
pub(super) struct Lives {
    lives: HashMap<GrantId, Life>,
    by_holder: HashMap<PersonId, Vec<GrantId>>,
    /// When the policy in force was published: a host may have been ahead, and no answer is of an earlier instant.
    published: Option<Timestamp>,
}

/// One grant, from its events alone.
#[derive(Debug)]
struct Life {
    origin: Arc<Origin>,
    scope: Arc<BTreeSet<Item>>,
    stands: Stands,
    /// What bound its extensions when it was asked for.
    granted: Option<Bounds>,
    asked: Option<Asked>,
    /// When an extension lapsed, and how far it would have carried the access: what closes a grant lapses its extension
    /// first, at the same instant.
    lapsed: Option<(Timestamp, Timestamp)>,
    extended: u64,
    made: Made,
    at: Timestamp,
    records: Vec<Arc<Record>>,
    stored: Option<Arc<Grant>>,
    /// When a revocation of many ended it, whether or not it is closed yet.
    reached: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    Pending,
    Approved,
    Active { since: Timestamp, end: Timestamp },
    Closed { outcome: Outcome, at: Timestamp },
}

/// An extension that awaits its decision.
#[derive(Debug)]
struct Asked {
    asked: AskedExtension,
    bounds: Option<Bounds>,
}

impl Lives {
    pub(super) fn knows(&self, grant: &GrantId) -> bool {
        self.lives.contains_key(grant)
    }

    /// As if nothing had been looked at yet.
    #[cfg(test)]
    pub(super) fn forget_stored(&mut self) {
        self.lives.values_mut().for_each(|life| life.stored = None);
    }

    pub(super) fn ids(&self) -> Vec<GrantId> {
        self.lives.keys().cloned().collect()
    }

    /// Looks at an event, and goes on with the life that it belongs to.
    pub(super) fn happened(
        &mut self,
        event: &Event,
        record: &Arc<Record>,
        terms: &Terms,
    ) -> Result<(), Broken> {
        if let Happened::Requested(requested) = &event.happened {
            let id = &event.grant;
            Invariant::I12
                .holds(!self.lives.contains_key(id), || format!("`{id}` is asked for a second time"))?;
            let holder = &requested.origin.holder.id;
            self.by_holder.entry(holder.clone()).or_default().push(id.clone());
            self.lives.insert(id.clone(), Life::new(&requested.origin, event.at, terms));
        }
        let Some(life) = self.lives.get_mut(&event.grant) else {
            return Err(
                Invariant::I7.broken(format!("`{}` happened to nobody's grant", event.happened.name()))
            );
        };
        if event.happened == Happened::Erased {
            life.records.iter_mut().for_each(|record| *record = Arc::new(record.erased()));
        }
        life.records.push(record.clone());
        life.made.by(event)?;
        life.order(event)?;
        life.decided(&event.happened)?;
        life.on(event, terms)
    }

    /// A revocation of many has ended these at one instant.
    pub(super) fn revoked(&mut self, by: &RevokedAll) -> Result<(), Broken> {
        for id in &by.grants {
            let Some(life) = self.lives.get_mut(id) else {
                return Err(Invariant::I7.broken(format!("`{id}` is revoked and was never asked for")));
            };
            life.reached = life.reached.or(Some(by.at));
        }
        Ok(())
    }

    /// Looks at what is stored of grants, all their events told.
    pub(super) fn stored(
        &mut self,
        ids: &[GrantId],
        stored: &BTreeMap<GrantId, Arc<Grant>>,
        thorough: bool,
    ) -> Result<(), Broken> {
        for id in ids {
            let Some(life) = self.lives.get_mut(id) else { continue };
            let Some(grant) = stored.get(id) else {
                return Err(Invariant::I7.broken(format!("`{id}` has events and is not there")));
            };
            life.is_stored(grant)?;
            if thorough {
                life.replays(grant)?;
            }
            life.stored = Some(grant.clone());
        }
        Ok(())
    }

    /// What a store holds that was closed and opened again.
    pub(super) fn survived(
        &mut self,
        records: &[Arc<Record>],
        stored: &BTreeMap<GrantId, Arc<Grant>>,
    ) -> Result<(), Broken> {
        let known =
            |record: &&Arc<Record>| record.entry.grant().is_some_and(|grant| self.lives.contains_key(grant));
        let events = records.iter().filter(known).filter(|record| matches!(record.entry, Entry::Event(_)));
        let mut places: HashMap<&GrantId, usize> = HashMap::new();
        for record in events {
            let Some(id) = record.entry.grant() else { continue };
            let place = places.entry(id).or_default();
            let before = self.lives.get(id).and_then(|life| life.records.get(*place));
            Invariant::I10.holds(before == Some(record), || format!("{before:?} has become {record:?}"))?;
            *place += 1;
        }
        for (id, life) in &self.lives {
            let whole = places.get(id).copied().unwrap_or_default() == life.records.len();
            let same = stored.get(id) == life.stored.as_ref();
            Invariant::I10
                .holds(whole && same, || format!("`{id}` is not what it was: {:?}", stored.get(id)))?;
        }
        Ok(())
    }

    /// Looks at a grant as a host is told of it while the store's clock shows that time: the answer may be of
    /// a later moment, never of an earlier one.
    pub(super) fn seen(&self, view: &View, clock: Timestamp) -> Result<(), Broken> {
        let Some(life) = self.lives.get(&view.id) else {
            return Err(Invariant::I7.broken(format!("`{}` is shown and was never asked for", view.id)));
        };
        Invariant::I2
            .holds(view.items.is_subset(&life.scope), || format!("`{}` shows {:?}", view.id, view.items))?;
        match view.stage.as_str() {
            "active" => {
                let until = view.held_until.unwrap_or(Timestamp::MIN);
                let runs = view.starts_at.is_some_and(|since| since < until) && clock < until;
                let reached = life.reached.is_some_and(|at| at <= clock);
                Invariant::I1.holds(runs && !reached, || format!("at {clock} it is active: {view:?}"))?;
            }
            "closed" => {
                let outcome = view.outcome.zip(view.closed_at);
                if let Stands::Closed { outcome: how, at } = life.stands {
                    Invariant::I12.holds(outcome == Some((how, at)), || {
                        format!("it was {how:?} at {at}, and is shown as {view:?}")
                    })?;
                }
            }
            _ => {}
        }
        if let Stands::Closed { outcome, at } = life.stands {
            Invariant::I12
                .holds(view.stage == "closed", || format!("{outcome:?} at {at}, and is shown as {view:?}"))?;
        }
        Ok(())
    }

    /// A policy was put in force.
    pub(super) fn published(&mut self, at: Timestamp) {
        self.published = self.published.max(Some(at));
    }

    /// Looks at whether access is said to be held.
    pub(super) fn held(&self, moment: &Moment<'_>) -> Result<(), Broken> {
        let (Call::Holds(ask), Answer::Ok(Answered::Holds(verdict))) = (moment.call, moment.answer) else {
            return Ok(());
        };
        let at = moment.clock;
        let item = Item { resource: ask.resource.id.clone(), permission: ask.permission.clone() };
        if let (Some(grant), Some(until)) = (&verdict.grant, verdict.until) {
            let life = self.lives.get(grant);
            let mine =
                life.is_some_and(|life| life.scope.contains(&item) && life.origin.holder.id == ask.person);
            let open = life.is_some_and(|life| life.may_run(at));
            return Invariant::I1.holds(mine && open && at < until, || {
                format!("`{}` holds `{item}` at {at} by {verdict:?}: {life:?}", ask.person)
            });
        }
        let theirs = self.by_holder.get(&ask.person).into_iter().flatten();
        let mut lives = theirs.filter_map(|id| self.lives.get(id)).filter(|life| life.scope.contains(&item));
        // A host ahead of its store is answered at its own time.
        let late = ask.now.map_or(at, |now| now.max(at)).max(self.published.unwrap_or(at));
        let running = lives.find(|life| life.surely_runs(at) && life.surely_runs(late));
        Invariant::I1.holds(running.is_none(), || {
            format!("`{}` does not hold `{item}` at {at}, though {running:?} runs", ask.person)
        })
    }
}

/// What targets are to hold.
impl Lives {
    /// Whom a grant is for.
    pub(super) fn holder(&self, grant: &GrantId) -> Option<&PersonId> {
        self.lives.get(grant).map(|life| &life.origin.holder.id)
    }

    /// The account of the grant's own, where it has one.
    pub(super) fn account(&self, grant: &GrantId) -> Option<GrantId> {
        self.lives.get(grant).and_then(Life::account)
    }

    /// Until when targets are to hold it, by what is stored: the latest end of the grants that run, and of those
    /// that targets were told of before.
    pub(super) fn covers(&self, access: &Access) -> Option<Timestamp> {
        let stored = self.sharing(access).filter_map(|life| life.stored.as_ref());
        let until = |grant: &Arc<Grant>| match &grant.stage {
            Stage::Active(active) => Some(active.held_until()),
            Stage::Approved(approved) => approved.told_until.filter(|_| grant.may_be_there(&access.2)),
            Stage::Pending(_) | Stage::Closed(_) => None,
        };
        stored.filter_map(until).max()
    }

    /// Whether that is an end that targets are to know: of what does not run yet, the flow's `until` may come first, as
    /// it was when they were told.
    pub(super) fn tells(&self, access: &Access, end: Timestamp, terms: &Terms) -> bool {
        let stored = || self.sharing(access).filter_map(|life| life.stored.as_ref());
        let bounded = |grant: &Arc<Grant>| {
            let told = match &grant.stage {
                Stage::Approved(approved) => approved.told_until.filter(|_| grant.may_be_there(&access.2)),
                Stage::Pending(_) | Stage::Active(_) | Stage::Closed(_) => None,
            };
            told.is_some_and(|told| end < told && terms.until(&grant.origin.flow).any(|until| until == end))
        };
        let runs = stored().filter_map(|grant| grant.active()).map(|active| active.held_until()).max();
        self.covers(access) == Some(end) || runs.is_none_or(|runs| runs <= end) && stored().any(bounded)
    }

    /// Whether the grant carries the mark that its holder had the item before.
    pub(super) fn had_before(&self, grant: &GrantId, item: &Item) -> bool {
        let stored = self.lives.get(grant).and_then(|life| life.stored.as_ref());
        let target = stored.and_then(|grant| grant.targets.get(&item.resource.integration));
        target.is_some_and(|target| target.held_before.contains(item))
    }

    /// Whether some grant says that it is not yet as it should be at that target.
    pub(super) fn lists(&self, access: &Access) -> bool {
        let at = &access.2.resource.integration;
        let mut stored = self.sharing(access).filter_map(|life| life.stored.as_ref());
        stored.any(|grant| match grant.enforcement_at(at) {
            Enforcement::Applying
            | Enforcement::Removing
            | Enforcement::StuckApplying
            | Enforcement::StuckRemoving => true,
            Enforcement::None | Enforcement::Removed | Enforcement::Applied => false,
        })
    }

    /// A grant that surely runs at that instant and covers it.
    pub(super) fn running<'l>(&'l self, access: &'l Access, at: Timestamp) -> Option<&'l GrantId> {
        self.sharing(access).find(|life| life.surely_runs(at)).map(|life| &life.origin.id)
    }

    /// All that grants which run give.
    pub(super) fn accesses(&self) -> impl Iterator<Item = Access> {
        let runs = |life: &&Life| matches!(life.stands, Stands::Active { .. });
        self.lives.values().filter(runs).flat_map(|life| {
            let access = |item: &Item| (life.origin.holder.id.clone(), life.account(), item.clone());
            life.scope.iter().map(access)
        })
    }

    /// The holder's grants on that item, in that account.
    fn sharing<'l>(&'l self, access: &'l Access) -> impl Iterator<Item = &'l Life> {
        let (holder, account, item) = access;
        let theirs = self.by_holder.get(holder).into_iter().flatten();
        let lives = theirs.filter_map(|id| self.lives.get(id));
        lives.filter(move |life| life.account() == *account && life.scope.contains(item))
    }
}

impl Life {
    fn account(&self) -> Option<GrantId> {
        (self.origin.kind == Kind::Ephemeral).then(|| self.origin.id.clone())
    }

    fn new(origin: &Arc<Origin>, at: Timestamp, terms: &Terms) -> Self {
        let scope = origin.items.iter().map(tenure::Asked::item).collect();
        Self {
            origin: origin.clone(),
            scope: Arc::new(scope),
            stands: Stands::Pending,
            granted: terms.today(&origin.flow),
            asked: None,
            lapsed: None,
            extended: 0,
            made: Made::default(),
            at,
            records: Vec::new(),
            stored: None,
            reached: None,
        }
    }

    /// Nothing happens before what happened, and nothing but its aftermath to a grant that is closed.
    fn order(&mut self, event: &Event) -> Result<(), Broken> {
        let (id, name) = (&event.grant, event.happened.name());
        Invariant::I7.holds(self.at <= event.at, || {
            format!("`{name}` happened to `{id}` at {}, after {}", event.at, self.at)
        })?;
        self.at = event.at;
        let Stands::Closed { outcome, at } = self.stands else { return Ok(()) };
        let after = matches!(
            event.happened,
            Happened::ReviewDue(_)
                | Happened::Reviewed(_)
                | Happened::KeptFor(_)
                | Happened::EffectTaken { .. }
                | Happened::EffectSkipped { .. }
                | Happened::EffectDone(_)
                | Happened::EffectFailed(_)
                | Happened::EffectLate(_)
                | Happened::EffectStuck { .. }
                | Happened::Erased
        );
        Invariant::I12.holds(after, || format!("`{id}` was {outcome:?} at {at}, and then `{name}`"))
    }

    /// Nobody decides on their own access: neither who asked, nor whom it is for, nor who asked to extend it.
    fn decided(&self, happened: &Happened) -> Result<(), Broken> {
        let extension = self.asked.as_ref().map(|asked| &asked.asked.by);
        let (by, asker) = if let Happened::ApprovalGiven(given) = happened {
            (&given.decision.by, None)
        } else if let Happened::DenialGiven(given) = happened {
            (&given.decision.by, None)
        } else if let Happened::ExtensionApprovalGiven(given) = happened {
            (&given.decision.by, extension)
        } else if let Happened::ExtensionDenialGiven(given) = happened {
            (&given.decision.by, extension)
        } else if let Happened::Reviewed(reviewed) = happened {
            (&reviewed.by, None)
        } else {
            return Ok(());
        };
        let parties = [Some(&self.origin.holder), Some(&self.origin.requester), asker];
        let own = parties.into_iter().flatten().find(|party| same_human(by, party));
        Invariant::I3.holds(own.is_none(), || {
            format!("`{}` decided on `{}`, which is {:?}'s own", by.id, self.origin.id, own)
        })
    }

    fn on(&mut self, event: &Event, terms: &Terms) -> Result<(), Broken> {
        let id = &event.grant;
        if let Happened::Approved(approved) = &event.happened {
            let less = approved.scope.is_subset(&self.scope) && self.stands == Stands::Pending;
            Invariant::I2.holds(less, || {
                format!("`{id}` had {:?} and is approved {:?}", self.scope, approved.scope)
            })?;
            self.scope = approved.scope.clone();
            self.stands = Stands::Approved;
        } else if let Happened::Activated(activated) = &event.happened {
            let (since, end) = (activated.since, activated.end);
            let begins = since < end && since <= event.at && self.stands == Stands::Approved;
            Invariant::I1
                .holds(begins, || format!("`{id}` is {:?} and begins {activated:?}", self.stands))?;
            self.stands = Stands::Active { since, end };
        } else if let Happened::ExtensionAsked(asked) = &event.happened {
            let bounds = terms.bounds(&self.origin.flow, self.granted);
            let asked = Asked { asked: asked.asked.clone(), bounds };
            self.moves(asked.asked.end, asked.bounds, event)?;
            self.asked = Some(asked);
        } else if let Happened::Extended(extended) = &event.happened {
            self.extended(extended, event, terms)?;
        } else if let Happened::ExtensionDenied(_) | Happened::ExtensionLapsed(_) = &event.happened {
            if let Stands::Active { end, .. } = self.stands {
                self.lapsed = Some((event.at, self.over_by(end)));
            }
            self.asked = None;
        }
        event.happened.closes().map_or(Ok(()), |outcome| self.closed(outcome, event))
    }

    fn extended(&mut self, extended: &Extended, event: &Event, terms: &Terms) -> Result<(), Broken> {
        let id = &event.grant;
        let bounds = match &self.asked {
            Some(asked) => asked.bounds,
            None => terms.bounds(&self.origin.flow, self.granted),
        };
        if let Some(asked) = &self.asked {
            Invariant::I5.holds(asked.asked.end == extended.to, || {
                format!("`{id}` was asked to end at {} and is moved to {}", asked.asked.end, extended.to)
            })?;
        }
        self.moves(extended.to, bounds, event)?;
        self.asked = None;
        let Stands::Active { since, end } = self.stands else { return Ok(()) };
        Invariant::I5
            .holds(extended.from == end, || format!("`{id}` ends at {end}, not at {}", extended.from))?;
        self.stands = Stands::Active { since, end: extended.to };
        self.extended += 1;
        Ok(())
    }

    /// Whether the end may be moved there, under these bounds.
    fn moves(&self, to: Timestamp, bounds: Option<Bounds>, event: &Event) -> Result<(), Broken> {
        let id = &event.grant;
        let Stands::Active { since, end } = self.stands else {
            return Err(Invariant::I1.broken(format!("`{id}` is extended and is {:?}", self.stands)));
        };
        Invariant::I1.holds(event.at < self.over_by(end), || {
            format!("`{id}` is extended at {}, after {end}", event.at)
        })?;
        Invariant::I5.holds(end < to, || format!("`{id}` ends at {end} and would at {to}"))?;
        let Some(bounds) = bounds else {
            return Err(Invariant::I4.broken(format!("`{id}` is extended, and no flow says how often")));
        };
        let past = bounds.total.is_some_and(|total| to > since.plus(total));
        Invariant::I1
            .holds(!past, || format!("`{id}` runs from {since} and would to {to}, over {bounds:?}"))?;
        Invariant::I4.holds(self.extended < bounds.times, || {
            format!("`{id}` was extended {} times and is again, of {}", self.extended, bounds.times)
        })
    }

    fn closed(&mut self, outcome: Outcome, event: &Event) -> Result<(), Broken> {
        let (id, at) = (&event.grant, event.at);
        let fits = match (self.stands, outcome) {
            (Stands::Active { end, .. }, Outcome::Expired) => end <= at,
            (Stands::Active { end, .. }, Outcome::GivenBack | Outcome::Revoked) => {
                at < self.over_by(end) || self.lapsed.is_some_and(|(when, until)| when == at && at < until)
            }
            (Stands::Pending | Stands::Approved, Outcome::Withdrawn | Outcome::Revoked) => true,
            (Stands::Pending, Outcome::Denied | Outcome::Undecided) => true,
            (Stands::Approved, Outcome::Unused | Outcome::Failed) => true,
            _ => false,
        };
        let reached = self.reached.is_none_or(|reached| at <= reached);
        Invariant::I1
            .holds(fits && reached, || format!("`{id}` is {:?} and is {outcome:?} at {at}", self.stands))?;
        self.stands = Stands::Closed { outcome, at };
        self.asked = None;
        Ok(())
    }

    /// When running access is over if nobody decides on what is asked.
    fn over_by(&self, end: Timestamp) -> Timestamp {
        self.asked.as_ref().map_or(end, |asked| end.max(asked.asked.decide_by))
    }

    /// Whether access may run at that instant, time having done what it does.
    fn may_run(&self, at: Timestamp) -> bool {
        let runs = match self.stands {
            Stands::Active { end, .. } => at < self.over_by(end),
            Stands::Approved => true,
            Stands::Pending | Stands::Closed { .. } => false,
        };
        runs && self.reached.is_none_or(|reached| at < reached)
    }

    /// Whether nothing can keep access from running at that instant.
    fn surely_runs(&self, at: Timestamp) -> bool {
        let runs = match self.stands {
            Stands::Active { since, end } => since <= at && at < end,
            Stands::Pending | Stands::Approved | Stands::Closed { .. } => false,
        };
        runs && self.reached.is_none()
    }

    /// Whether what is stored is what the events say.
    fn is_stored(&self, grant: &Grant) -> Result<(), Broken> {
        let id = grant.id();
        Invariant::I2.holds(grant.terms.scope == self.scope, || {
            format!("`{id}` has {:?}, by its events {:?}", grant.terms.scope, self.scope)
        })?;
        if let Some(before) = self.stored.as_ref().filter(|before| before.is_closed()) {
            Invariant::I12.holds(before.stage == grant.stage, || {
                format!("`{id}` was {:?} and is {:?}", before.stage, grant.stage)
            })?;
        }
        let events = usize::try_from(grant.events).unwrap_or(usize::MAX);
        if let Some(before) = self.stored.as_ref().filter(|before| before.events == grant.events) {
            Invariant::I8
                .holds(**before == *grant, || format!("nothing happened, and {before:?} is {grant:?}"))?;
        }
        Invariant::I7.holds(events == self.records.len(), || {
            format!("`{id}` is made of {events} events, on record are {}", self.records.len())
        })?;
        let same = match (&grant.stage, self.stands) {
            (Stage::Pending(_), Stands::Pending) | (Stage::Approved(_), Stands::Approved) => true,
            (Stage::Active(active), Stands::Active { since, end }) => {
                active.since == since && active.end == end
            }
            (Stage::Closed(closed), Stands::Closed { outcome, at }) => {
                closed.outcome == outcome && closed.at == at
            }
            _ => false,
        };
        Invariant::I7.holds(same, || format!("`{id}` is {:?}, by its events {:?}", grant.stage, self.stands))
    }

    /// Whether replaying the events gives what is stored.
    fn replays(&self, grant: &Grant) -> Result<(), Broken> {
        let events = self.records.iter().filter_map(|record| match &record.entry {
            Entry::Event(event) => Some(event.clone()),
            Entry::Refused(_) | Entry::MoreRefused(_) | Entry::Published(_) | Entry::Revoked(_) => None,
        });
        let replayed =
            machine::replay(events).map_err(|illegal| Invariant::I7.broken(illegal.to_string()))?;
        let bytes = |grant: &Grant| serde_json::to_vec(grant).unwrap_or_default();
        Invariant::I7.holds(replayed == *grant && bytes(&replayed) == bytes(grant), || {
            format!("`{}` replays as {replayed:?}, stored is {grant:?}", grant.id())
        })
    }
}

/// Whether two are one human, by any id, alias or human behind a workload, in whatever letters.
fn same_human(one: &Names, other: &Names) -> bool {
    let all = |names: &Names| -> Vec<String> {
        let ids = std::iter::once(&names.id).chain(&names.aliases).chain(&names.acts_for);
        ids.map(|id| id.as_str().to_ascii_lowercase()).collect()
    };
    let other = all(other);
    all(one).iter().any(|id| other.contains(id))
}
