//! The holder is told that the end is near, and who is told of what.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::effect::{Notice, Task};
use crate::event::IllegalEvent;
use crate::flow::Recipient;
use crate::flow::selector::Selector;
use crate::grant::{Grant, Stage};
use crate::id::PersonId;
use crate::lifecycle::request;
use crate::machine::Fault;
use crate::time::{Span, Timestamp};

/// The holder was reminded of the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminded {
    /// The end it speaks of.
    pub ends: Timestamp,
}

/// When reminders of that end are due: each lead before it, but none that lies before `from`, and none
/// that is as long as the access itself.
pub(crate) fn due(leads: &[Span], since: Timestamp, end: Timestamp, from: Timestamp) -> Vec<Timestamp> {
    let mut due: Vec<Timestamp> = leads
        .iter()
        .map(|lead| end.minus(*lead))
        .filter(|at| *at > since && *at >= from && *at < end)
        .collect();
    due.sort_unstable();
    due.dedup();
    due
}

/// Holder and requester, once where they are the same.
pub(crate) fn parties(grant: &Grant) -> Vec<String> {
    let (holder, requester) = (&grant.origin.holder.id, &grant.origin.requester.id);
    let mut to = vec![format!("user:{holder}")];
    if requester != holder {
        to.push(format!("user:{requester}"));
    }
    to
}

/// Whom the flow's `notify.to` means.
pub(crate) fn recipients(to: &[Recipient], grant: &Grant) -> Vec<String> {
    let one = |recipient: &Recipient| match recipient {
        Recipient::Holder => vec![format!("user:{}", grant.holder())],
        Recipient::Channel(name) => vec![format!("channel:{name}")],
        Recipient::Selected(selector) => resolved([selector], grant.origin.manager.as_ref(), grant),
    };
    once(to.iter().flat_map(one))
}

/// Selectors as notices carry them: `manager` and `owner` are named, groups and roles are the host's to resolve.
pub(crate) fn resolved<'s>(
    selectors: impl IntoIterator<Item = &'s Selector>,
    manager: Option<&PersonId>,
    grant: &Grant,
) -> Vec<String> {
    let one = |selector: &Selector| match selector {
        Selector::Manager => manager.iter().map(|id| format!("user:{id}")).collect(),
        Selector::Owner => owners(grant),
        Selector::Everyone | Selector::User(_) | Selector::Group(_) | Selector::Role(_) => {
            vec![selector.to_string()]
        }
    };
    once(selectors.into_iter().flat_map(one))
}

/// The selectors that own every item, in the order in which the first item names them.
fn owners(grant: &Grant) -> Vec<String> {
    let mut items = grant.items().map(|asked| asked.resource.owners.as_slice());
    let first = items.next().unwrap_or_default();
    let rest: Vec<&[Selector]> = items.collect();
    let all = first.iter().filter(|owner| rest.iter().all(|owners| owners.contains(owner)));
    all.map(ToString::to_string).collect()
}

fn once(told: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    told.filter(|one| seen.insert(one.clone())).collect()
}

pub(crate) fn evolve(mut grant: Grant, event: &Reminded, at: Timestamp) -> Result<Grant, IllegalEvent> {
    match &mut grant.stage {
        Stage::Active(active) if active.end == event.ends => {
            active.reminders.retain(|due| *due > at);
            Ok(grant)
        }
        Stage::Pending(_) | Stage::Approved(_) | Stage::Active(_) | Stage::Closed(_) => {
            Err(request::illegal(&grant, "reminded"))
        }
    }
}

pub(crate) fn effects(board: &Board<'_>, after: &Grant, event: &Reminded) -> Result<Vec<Task>, Fault> {
    let to = recipients(&board.pinned(after)?.notify.to, after);
    Ok(vec![Task::Notify { notice: Notice::EndingSoon, to, ends: Some(event.ends) }])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: u64) -> Timestamp {
        Timestamp::from_millis(0).plus(Span::minutes(minutes))
    }

    #[test]
    fn reminders_follow_the_end_and_skip_what_has_passed() {
        let leads = [Span::minutes(15), Span::minutes(5)];
        assert_eq!(due(&leads, at(0), at(60), at(0)), [at(45), at(55)]);
        assert_eq!(due(&leads, at(0), at(10), at(0)), [at(5)]);
        assert_eq!(due(&leads, at(0), at(15), at(0)), [at(10)], "a lead as long as the access is skipped");
        assert_eq!(due(&leads, at(0), at(62), at(50)), [at(57)], "the lead at 47 lies before the extension");
        assert_eq!(due(&leads, at(0), at(65), at(50)), [at(50), at(60)], "one at the very moment is due");
    }
}
