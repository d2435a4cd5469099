//! Nobody decided for so long that more people are asked.

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::effect::{Notice, Task};
use crate::event::{Happened, IllegalEvent};
use crate::grant::{AskedExtension, Grant, Stage, TierPlace, Tiers};
use crate::id::GrantId;
use crate::lifecycle::{decide_extension, request};
use crate::machine::Fault;
use crate::time::Timestamp;

/// Nobody decided for so long that more people are asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalated {
    /// Which tier.
    #[serde(flatten)]
    pub place: TierPlace,
    /// Whom it adds: selectors, resolved where they can be.
    pub to: Vec<String>,
}

/// The first tier that is due asks its people. Whether the step tells those who were asked first is another
/// matter: to be told is what a tier is for.
pub(crate) fn next(board: &mut Board<'_>, id: &GrantId, at: Timestamp) -> Result<(), Fault> {
    let Some(grant) = board.grant(id) else { return Ok(()) };
    let asked = asked(grant);
    let (tiers, ballot) = match (&grant.stage, asked) {
        (_, Some(asked)) => (&asked.tiers, decide_extension::ballot_on(board, grant, asked)?),
        (Stage::Pending(pending), None) => (&pending.tiers, request::ballot(grant, board.pinned(grant)?)),
        (Stage::Approved(_) | Stage::Active(_) | Stage::Closed(_), None) => return Ok(()),
    };
    let Some(place) = tiers.due.first().map(|due| due.place) else { return Ok(()) };
    let to = ballot.tier(place);
    board.record(id, at, None, Happened::Escalated(Escalated { place, to }))
}

/// Each tier is reached once.
pub(crate) fn evolve(mut grant: Grant, event: &Escalated) -> Result<Grant, IllegalEvent> {
    let tiers = match &mut grant.stage {
        Stage::Pending(pending) => Some(&mut pending.tiers),
        Stage::Active(active) => active.asked.as_mut().map(|asked| &mut asked.tiers),
        Stage::Approved(_) | Stage::Closed(_) => None,
    };
    if tiers.is_some_and(|tiers| reach(tiers, event.place)) {
        Ok(grant)
    } else {
        Err(request::illegal(&grant, "escalated"))
    }
}

fn reach(tiers: &mut Tiers, place: TierPlace) -> bool {
    let awaited = tiers.due.len();
    tiers.due.retain(|due| due.place != place);
    awaited > tiers.due.len() && tiers.reached.insert(place)
}

pub(crate) fn effects(after: &Grant, event: &Escalated) -> Vec<Task> {
    let ends = asked(after).map(|asked| asked.end);
    vec![Task::Notify { notice: Notice::Escalated, to: event.to.clone(), ends }]
}

fn asked(grant: &Grant) -> Option<&AskedExtension> {
    grant.active().and_then(|active| active.asked.as_deref())
}

#[cfg(test)]
mod tests;
