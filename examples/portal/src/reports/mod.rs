//! What flows come to: how many ask, how long approval takes, how often and by how much access is extended, what was
//! never taken up, what was refused, what is over and not yet taken away.
//!
//! It is a fold over the record, read once and then only on from where it was. What is kept is a few numbers for each
//! flow that was ever published, and a line for each grant that is open: a grant that is over leaves its numbers behind.

pub mod chart;
pub mod sheet;
mod spread;

use std::collections::BTreeMap;

use tenure::tenure_core::event::{Event, Happened};
use tenure::tenure_core::grant::{Enforcement, Outcome};
use tenure::tenure_core::id::FlowId;
use tenure::tenure_core::record::Entry;
use tenure::{Code, Engine, Error, GrantId, List, Record, StageName, Timestamp, View};

pub use spread::Spread;

/// Records, and grants, that are read at once.
const AT_ONCE: usize = 1_000;

/// What was read of the record so far, summed up.
#[derive(Clone, Debug, Default)]
pub struct Reports {
    /// The last record that was read.
    position: u64,
    open: BTreeMap<GrantId, Open>,
    flows: BTreeMap<FlowId, Tally>,
    nowhere: BTreeMap<Code, u64>,
}

/// A grant that is not over yet.
#[derive(Clone, Debug)]
struct Open {
    flow: FlowId,
    requested_at: Timestamp,
    /// Whether somebody said yes to the request.
    decided: bool,
    approved: bool,
    began: bool,
    extended: bool,
}

/// What one flow comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Access that was asked for.
    pub requests: u64,
    /// Of those, taken in an emergency.
    pub emergencies: u64,
    /// From the request to its approval, where people decided.
    pub approval: Spread,
    /// Approved without anybody deciding.
    pub automatic: u64,
    /// Grants under which access began.
    pub began: u64,
    /// Of those, extended at least once.
    pub extended: u64,
    /// By how much each extension moved the end.
    pub extensions: Spread,
    /// How grants ended.
    pub ended: BTreeMap<Outcome, u64>,
    /// Grants that had been approved and are over.
    pub approved_over: u64,
    /// What was refused.
    pub refusals: BTreeMap<Code, u64>,
}

/// Grants that are over, and of which something was not yet taken away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// How many.
    pub grants: u64,
    /// Of those, where taking away has failed too often.
    pub stuck: u64,
    /// When the one ended that ended first.
    pub since: Option<Timestamp>,
}

/// What is left behind, by flow.
pub type LeftBehind = BTreeMap<FlowId, Left>;

/// Whoever knows under which flow a grant is that was over before.
pub trait Whose {
    /// The flow of that grant.
    ///
    /// # Errors
    /// Where the store cannot say.
    fn flow_of(&mut self, grant: &GrantId) -> Result<Option<FlowId>, Error>;
}

/// The engine knows it.
impl Whose for (&Engine, Timestamp) {
    fn flow_of(&mut self, grant: &GrantId) -> Result<Option<FlowId>, Error> {
        Ok(self.0.look(grant, self.1)?.map(|view| view.flow))
    }
}

impl Reports {
    /// Reads on to the end of the record, page by page.
    ///
    /// # Errors
    /// [`Error::Fault`]; what was read so far stays read.
    pub fn read_on(&mut self, engine: &Engine, now: Timestamp) -> Result<(), Error> {
        loop {
            let page = engine.records(self.position, AT_ONCE)?;
            if page.is_empty() {
                return Ok(());
            }
            for record in page {
                self.read(&record, &mut (engine, now))?;
            }
        }
    }

    /// Reads one record.
    ///
    /// # Errors
    /// What `whose` cannot say.
    pub fn read(&mut self, record: &Record, whose: &mut impl Whose) -> Result<(), Error> {
        match &record.entry {
            Entry::Event(event) => self.event(event),
            Entry::Refused(refused) => {
                let flow = match &refused.grant {
                    Some(grant) => match self.open.get(grant) {
                        Some(open) => Some(open.flow.clone()),
                        None => whose.flow_of(grant)?,
                    },
                    // A flow that there is not was named by whoever asked.
                    None if refused.refused == Code::FlowUnknown => None,
                    None => refused.by.get("flow").and_then(|flow| FlowId::new(flow).ok()),
                };
                self.refused(flow, refused.refused, 1);
            }
            Entry::MoreRefused(more) => self.refused(None, more.more_refused, more.times),
            Entry::Published(_) | Entry::Revoked(_) => {}
        }
        self.position = record.position;
        Ok(())
    }

    fn refused(&mut self, flow: Option<FlowId>, code: Code, times: u64) {
        let counts = match flow {
            Some(flow) => &mut self.flows.entry(flow).or_default().refusals,
            None => &mut self.nowhere,
        };
        add(counts.entry(code).or_default(), times);
    }

    fn event(&mut self, event: &Event) {
        if let Happened::Requested(requested) = &event.happened {
            let origin = &requested.origin;
            let tally = self.flows.entry(origin.flow.clone()).or_default();
            add(&mut tally.requests, 1);
            add(&mut tally.emergencies, u64::from(origin.break_glass));
            self.open.insert(event.grant.clone(), Open::new(origin.flow.clone(), origin.requested_at));
            return;
        }
        let Some(open) = self.open.get_mut(&event.grant) else { return };
        let Some(tally) = self.flows.get_mut(&open.flow) else { return };
        if let Happened::ApprovalGiven(_) = &event.happened {
            open.decided = true;
        } else if let Happened::Approved(_) = &event.happened {
            open.approved = true;
            if open.decided {
                tally.approval.add(event.at.since(open.requested_at));
            } else {
                add(&mut tally.automatic, 1);
            }
        } else if let Happened::Activated(_) = &event.happened {
            open.began = true;
            add(&mut tally.began, 1);
        } else if let Happened::Extended(extended) = &event.happened {
            add(&mut tally.extended, u64::from(!open.extended));
            open.extended = true;
            tally.extensions.add(extended.to.since(extended.from));
        }
        if let Some(outcome) = event.happened.closes() {
            add(tally.ended.entry(outcome).or_default(), 1);
            add(&mut tally.approved_over, u64::from(open.approved || open.began));
            self.open.remove(&event.grant);
        }
    }

    /// What each flow comes to, in order of id.
    pub fn flows(&self) -> impl Iterator<Item = (&FlowId, &Tally)> {
        self.flows.iter()
    }

    /// What was refused of no flow: what names none, and what was counted by the minute.
    #[must_use]
    pub const fn nowhere(&self) -> &BTreeMap<Code, u64> {
        &self.nowhere
    }

    /// How many records were read.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }
}

impl Open {
    const fn new(flow: FlowId, requested_at: Timestamp) -> Self {
        Self { flow, requested_at, decided: false, approved: false, began: false, extended: false }
    }
}

impl Tally {
    /// Grants that ended like that.
    #[must_use]
    pub fn ended_as(&self, outcome: Outcome) -> u64 {
        self.ended.get(&outcome).copied().unwrap_or_default()
    }

    /// Of all grants that were approved and are over, the share that was never taken up; nothing where there is none.
    #[must_use]
    pub fn unused(&self) -> Option<Share> {
        Share::of(self.ended_as(Outcome::Unused), self.approved_over)
    }

    /// Of all grants under which access began, the share that was extended; nothing where there is none.
    #[must_use]
    pub fn extended_share(&self) -> Option<Share> {
        Share::of(self.extended, self.began)
    }

    /// All that was refused.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refusals.values().fold(0, |sum, times| sum.saturating_add(*times))
    }
}

/// So many of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// How many.
    pub part: u64,
    /// Of how many; never none.
    pub whole: u64,
}

impl Share {
    fn of(part: u64, whole: u64) -> Option<Self> {
        (whole > 0).then_some(Self { part, whole })
    }

    /// In tenths of a percent, rounded.
    #[must_use]
    pub fn per_mille(self) -> u64 {
        let (part, whole) = (u128::from(self.part), u128::from(self.whole.max(1)));
        let rounded = part.saturating_mul(2_000).saturating_add(whole).checked_div(whole.saturating_mul(2));
        u64::try_from(rounded.unwrap_or_default()).unwrap_or(u64::MAX)
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mille = self.per_mille();
        write!(f, "{}.{} %", mille / 10, mille % 10)
    }
}

/// What is over and not yet taken away, now: what targets have not confirmed, page by page.
///
/// # Errors
/// [`Error::Fault`].
pub fn left_behind(engine: &Engine, now: Timestamp) -> Result<LeftBehind, Error> {
    let mut left = LeftBehind::new();
    for enforcement in [Enforcement::Removing, Enforcement::StuckRemoving] {
        let mut list = List {
            stage: Some(StageName::Closed),
            enforcement: Some(enforcement),
            limit: Some(AT_ONCE),
            ..List::default()
        };
        loop {
            let page = engine.list(&list, now)?;
            page.grants.iter().for_each(|view| left.entry(view.flow.clone()).or_default().see(view));
            if page.next.is_none() {
                break;
            }
            list.after = page.next;
        }
    }
    Ok(left)
}

impl Left {
    fn see(&mut self, view: &View) {
        add(&mut self.grants, 1);
        add(&mut self.stuck, u64::from(view.enforcement == Enforcement::StuckRemoving));
        self.since = self.since.into_iter().chain(view.closed_at).min();
    }
}

fn add(count: &mut u64, more: u64) {
    *count = count.saturating_add(more);
}

#[cfg(test)]
mod tests;
