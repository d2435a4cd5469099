//! Nobody decided for so long that more people are asked.

use serde::{Deserialize, Serialize};

use crate::effect::{Notice, Task};
use crate::event::IllegalEvent;
use crate::grant::{Grant, Stage, TierPlace, Tiers};
use crate::lifecycle::request;

/// Nobody decided for so long that more people are asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalated {
    /// Which tier.
    #[serde(flatten)]
    pub place: TierPlace,
    /// Whom it adds: selectors, resolved where they can be.
    pub to: Vec<String>,
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
    let asked = after.active().and_then(|active| active.asked.as_ref());
    vec![Task::Notify { notice: Notice::Escalated, to: event.to.clone(), ends: asked.map(|asked| asked.end) }]
}
