//! What can be asked without changing anything: every answer is of the settled view.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tenure_core::explain::Explanation;
use tenure_core::flow::Flow;
use tenure_core::grant::{Enforcement, Outcome};
use tenure_core::id::{FlowId, GrantId, PersonId};
use tenure_core::machine;
use tenure_core::offer::Offer;
use tenure_core::person::{Item, Person, Record as Facts, ResourceId};
use tenure_core::query;
use tenure_core::record::Record;
use tenure_core::time::Timestamp;
use tenure_core::view::View;
use tenure_core::world::{Publication, Read, World};
use tenure_store::plan::{Plan, Turn, unread};
use tenure_store::query::asked_at;
use tenure_store::{Filter, Holding, HoldsAsk, Limit, WhoAsk};

use crate::ask::Ask;
use crate::engine::Engine;
use crate::error::{Error, Fault};

/// Calls of the store for one page of a list. Each looks at a bounded number of grants; a page may come
/// back short, or empty, with the place where the list goes on.
const ROUNDS_MAX: usize = 8;

/// Whether access runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether it does.
    pub allowed: bool,
    /// Under which grant: the one that ends last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantId>,
    /// Until when, unless something happens before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Who had a resource at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holders {
    /// The instant: the one that was asked, or now where that is still to come.
    pub at: Timestamp,
    /// Who, in order of permission, person and grant.
    pub holders: Vec<Holder>,
}

/// Access that somebody had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// Who.
    pub person: PersonId,
    /// The permission.
    pub permission: String,
    /// Under which grant.
    pub grant: GrantId,
    /// Since when.
    pub since: Timestamp,
    /// Until when; of access that runs, unless something happens before.
    pub until: Timestamp,
}

/// Which grants are listed: those that match all that is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct List {
    /// For this holder.
    pub holder: Option<PersonId>,
    /// Asked by this person.
    pub requester: Option<PersonId>,
    /// Under this flow.
    pub flow: Option<FlowId>,
    /// With this item in their scope.
    pub item: Option<Item>,
    /// In this stage.
    pub stage: Option<StageName>,
    /// Closed with this outcome.
    pub outcome: Option<Outcome>,
    /// Taken in an emergency, and awaiting its review (`true`) or not.
    pub awaits_review: Option<bool>,
    /// Where the targets have confirmed that much: what is stuck, and what is not yet removed, closed grants too.
    pub enforcement: Option<Enforcement>,
    /// After this one, in order of id.
    pub after: Option<GrantId>,
    /// At most so many.
    pub limit: Option<usize>,
}

/// A stage by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageName {
    /// It waits for decisions.
    Pending,
    /// It was approved and waits to begin.
    Approved,
    /// Access runs.
    Active,
    /// It is over.
    Closed,
}

/// Some grants of a list, and where it goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Page {
    /// The grants, in order of id.
    pub grants: Vec<View>,
    /// Ask again after this one; absent where nothing is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<GrantId>,
}

impl Engine {
    /// Whether that person may now use that permission on that resource. Never an error for a no.
    ///
    /// # Errors
    /// [`Error::Fault`]: the store cannot say. That is no yes.
    pub fn holds(
        &self,
        person: &PersonId,
        resource: &impl AsRef<ResourceId>,
        permission: &str,
        now: Timestamp,
    ) -> Result<Verdict, Error> {
        let ask = HoldsAsk { person, resource: resource.as_ref(), permission };
        Ok(match self.store.holds(&self.namespace, ask, now)? {
            Some(held) => Verdict { allowed: true, grant: Some(held.grant), until: Some(held.until) },
            None => Verdict { allowed: false, grant: None, until: None },
        })
    }

    /// Who had that resource at an instant, or that permission on it. It is right by time alone, however long
    /// ago the last sweep was.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub fn who_has(
        &self,
        resource: &impl AsRef<ResourceId>,
        permission: Option<&str>,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Holders, Error> {
        let resource = resource.as_ref();
        let at = at.min(asked_at(self.clock(), now));
        let ask = WhoAsk { resource, permission };
        let mut holders = Vec::new();
        let mut after: Option<Holding> = None;
        loop {
            let limit = Limit::new(Limit::MAX);
            let page = self.store.who_has(&self.namespace, ask, at, after.as_ref(), limit)?;
            for holding in &page {
                holders.extend(self.holder(resource, holding, at, now)?);
            }
            after = page.into_iter().last();
            if after.is_none() {
                return Ok(Holders { at, holders });
            }
        }
    }

    /// What a store knows of somebody's access, or the rules where it does not.
    fn holder(
        &self,
        resource: &ResourceId,
        holding: &Holding,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Holder>, Error> {
        let Holding { permission, person, grant, run } = holding.clone();
        let item = Item { resource: resource.clone(), permission };
        let run = match run {
            Some(run) => Some(run),
            None => self.question(
                |world| query::needs_grant(&grant, world),
                |world| query::ran(world, &grant, &item, at, now),
            )??,
        };
        Ok(run.map(|(since, until)| Holder { person, permission: item.permission, grant, since, until }))
    }

    /// One grant; nothing where there is none of that id.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub fn look(&self, grant: impl AsRef<str>, now: Timestamp) -> Result<Option<View>, Error> {
        let id = grant_id(grant)?;
        let found =
            self.question(|world| query::needs_grant(&id, world), |world| query::look(world, &id, now))?;
        Ok(found?)
    }

    /// What a button needs to know that extends a grant.
    ///
    /// # Errors
    /// [`Error::Refused`] where that person may not know of the grant.
    pub fn offer(&self, grant: impl AsRef<str>, person: &Person, now: Timestamp) -> Result<Offer, Error> {
        self.offer_in(grant, person, &Facts::new(), now)
    }

    /// The same, with what the host says of the situation.
    ///
    /// # Errors
    /// [`Error::Refused`] where that person may not know of the grant.
    pub fn offer_in(
        &self,
        grant: impl AsRef<str>,
        person: &Person,
        context: &Facts,
        now: Timestamp,
    ) -> Result<Offer, Error> {
        self.offer_for(grant, person, None, context, now)
    }

    /// The same, with the holder's facts of today, where somebody else would press the button.
    ///
    /// # Errors
    /// [`Error::Refused`] where that person may not know of the grant.
    pub fn offer_for(
        &self,
        grant: impl AsRef<str>,
        person: &Person,
        holder: Option<&Person>,
        context: &Facts,
        now: Timestamp,
    ) -> Result<Offer, Error> {
        let id = grant_id(grant)?;
        let found = self.question(
            |world| query::needs_offer(&id, world),
            |world| query::offer(world, &id, person, holder, context, now),
        )?;
        Ok(found??)
    }

    /// How each check of a command would come out. The command is not carried out.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub fn explain(&self, ask: impl Ask, now: Timestamp) -> Result<Explanation, Error> {
        let command = ask.into_command(&*self.ids)?;
        let found = self.question(
            |world| machine::needs(&command, world),
            |world| query::explain(world, &command, now),
        )?;
        Ok(found?)
    }

    /// Grants, in order of id.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub fn list(&self, list: &List, now: Timestamp) -> Result<Page, Error> {
        let filter = Filter {
            holder: list.holder.clone(),
            requester: list.requester.clone(),
            flow: list.flow.clone(),
            item: list.item.clone(),
            // Time closes grants and opens none, so what is stored as closed is in no other stage.
            open: list.stage.is_some_and(|stage| stage != StageName::Closed),
            awaiting: false,
        };
        let look = |world: &World, id: &GrantId| {
            let view = query::look(world, id, now)?;
            Ok(view.filter(|view| list.matches(view)))
        };
        self.page(&filter, list.after.clone(), list.limit, look)
    }

    /// Grants on which a decision of this person is awaited, in order of id.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub fn inbox(&self, person: &Person, now: Timestamp) -> Result<Page, Error> {
        self.inbox_after(person, None, None, now)
    }

    /// The same, page by page.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub fn inbox_after(
        &self,
        person: &Person,
        after: Option<GrantId>,
        limit: Option<usize>,
        now: Timestamp,
    ) -> Result<Page, Error> {
        let filter = Filter { open: true, awaiting: true, ..Filter::default() };
        let look = |world: &World, id: &GrantId| {
            if query::awaits(world, id, person, now)? { query::look(world, id, now) } else { Ok(None) }
        };
        self.page(&filter, after, limit, look)
    }

    /// Flows that this person may ask for, in order of id.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub fn catalog(&self, person: &Person, now: Timestamp) -> Result<Vec<Arc<Flow>>, Error> {
        self.question(
            |_| Vec::new(),
            |world| {
                let now = asked_at(world.clock, now).max(world.latest().unwrap_or(world.clock));
                let standing = world.policy.flows.values().filter_map(|standing| standing.history.last());
                let open = standing.filter(|since| query::may_ask(since, person, now));
                open.map(|since| since.flow.clone()).collect()
            },
        )
    }

    /// The policy in force; none before the first was published.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub fn policy(&self) -> Result<Option<Arc<Publication>>, Error> {
        self.question(|_| Vec::new(), |world| world.policy.document.clone())
    }

    /// What is on record of one grant, from the first on.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub fn history(&self, grant: impl AsRef<str>) -> Result<Vec<Arc<Record>>, Error> {
        let id = grant_id(grant)?;
        let limit = Limit::new(Limit::MAX);
        let mut history: Vec<Arc<Record>> = Vec::new();
        loop {
            let after = history.last().map_or(0, |record| record.position);
            let more = self.store.history(&self.namespace, &id, after, limit)?;
            let last = more.len() < limit.get();
            history.extend(more);
            if last {
                return Ok(history);
            }
        }
    }

    /// What is on record after that position, in order; from the first on after 0.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub fn records(&self, after: u64, limit: usize) -> Result<Vec<Arc<Record>>, Error> {
        Ok(self.store.records(&self.namespace, after, Limit::new(limit))?)
    }

    /// Fills one page with what `look` makes of grants that match.
    fn page(
        &self,
        filter: &Filter,
        mut after: Option<GrantId>,
        limit: Option<usize>,
        look: impl Fn(&World, &GrantId) -> Result<Option<View>, machine::Fault>,
    ) -> Result<Page, Error> {
        let limit = Limit::new(limit.unwrap_or(PAGE)).get();
        let mut grants = Vec::new();
        for _ in 0..ROUNDS_MAX {
            let wanted = Limit::new(limit.saturating_sub(grants.len()));
            let listed = self.store.list(&self.namespace, filter, after.as_ref(), wanted)?;
            grants.extend(self.looked_at(listed.grants, &look)?);
            after = listed.next;
            if after.is_none() || grants.len() >= limit {
                break;
            }
        }
        Ok(Page { grants, next: after })
    }

    /// What `look` makes of these grants, over one snapshot.
    pub(crate) fn looked_at<T>(
        &self,
        ids: Vec<GrantId>,
        look: &impl Fn(&World, &GrantId) -> Result<Option<T>, machine::Fault>,
    ) -> Result<Vec<T>, Error> {
        let mut each = Each { ids, look, found: Vec::new(), next: 0, fault: None };
        self.store.view(&self.namespace, &mut each)?;
        match each.fault {
            Some(fault) => Err(fault.into()),
            None => Ok(each.found),
        }
    }
}

/// Grants of a page where a caller does not say how many.
const PAGE: usize = 100;

impl List {
    /// Whether a grant as it stands, time considered, is wanted.
    fn matches(&self, view: &View) -> bool {
        self.stage.is_none_or(|stage| stage.as_str() == view.stage)
            && self.outcome.is_none_or(|outcome| view.outcome == Some(outcome))
            && self.item.as_ref().is_none_or(|item| view.items.contains(item))
            && self.awaits_review.is_none_or(|awaits| awaits == view.awaits_review())
            && self.enforcement.is_none_or(|enforcement| enforcement == view.enforcement)
    }
}

impl StageName {
    /// The stage as views write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Active => "active",
            Self::Closed => "closed",
        }
    }
}

/// Looks at several grants over one snapshot, those of one holder in one world: what is known of the holder's other
/// grants need not be read again for each of them.
struct Each<'a, F, T> {
    ids: Vec<GrantId>,
    look: &'a F,
    found: Vec<T>,
    next: usize,
    fault: Option<machine::Fault>,
}

impl<F, T> Plan for Each<'_, F, T>
where
    F: Fn(&World, &GrantId) -> Result<Option<T>, machine::Fault>,
{
    fn start(&mut self) {
        self.found.clear();
        self.next = 0;
        self.fault = None;
    }

    fn turn(&mut self, world: &World) -> Turn {
        let Some(id) = self.ids.get(self.next).filter(|_| self.fault.is_none()) else {
            return Turn::Over;
        };
        let missing = unread(query::needs_grant(id, world), world);
        if !missing.is_empty() {
            return Turn::Read(missing);
        }
        self.look_at(world, id.clone());
        while let Some(id) = self.ids.get(self.next).filter(|id| self.fault.is_none() && known(world, id)) {
            self.look_at(world, id.clone());
        }
        Turn::Decided(None)
    }
}

impl<F, T> Each<'_, F, T>
where
    F: Fn(&World, &GrantId) -> Result<Option<T>, machine::Fault>,
{
    fn look_at(&mut self, world: &World, id: GrantId) {
        match (self.look)(world, &id) {
            Ok(view) => self.found.extend(view),
            Err(fault) => self.fault = Some(fault),
        }
        self.next = self.next.saturating_add(1);
    }
}

/// Whether all is known that a look at that grant needs, because it was read with its holder's others.
fn known(world: &World, id: &GrantId) -> bool {
    world.grants.get(id).is_some_and(|grant| world.read.contains(&Read::Person(grant.holder().clone())))
}

fn grant_id(text: impl AsRef<str>) -> Result<GrantId, Error> {
    GrantId::new(text).map_err(|why| Fault::bad_id("grant id")(why).into())
}
