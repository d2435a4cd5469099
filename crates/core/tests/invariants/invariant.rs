//! What must always be true, looked at after every command.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::command::{Command, Reach, RevokeAll, Verb};
use crate::event::{Event, Happened};
use crate::fixture::{Answered, Tenant, command, item, settle, system};
use crate::flow::extension_rule::{ExtensionRule, GovernedBy};
use crate::flow::{Flow, Quota};
use crate::grant::{Grant, Origin, Outcome, Stage};
use crate::id::{CommandId, GrantId, PersonId};
use crate::machine::{self, Fault};
use crate::people::{EXTENSIONS, ITEMS, LANE, PEOPLE, REQUESTS, human};
use crate::refusal::{Code, Refusal};
use crate::targets::latest;
use crate::time::Span;
use crate::world::Receipt;

/// What is looked at: before the command, after it, and after time has done its part.
pub(crate) struct Moment<'m> {
    pub(crate) before: &'m Tenant,
    pub(crate) after: &'m Tenant,
    pub(crate) settled: &'m Tenant,
    pub(crate) command: &'m Command,
    pub(crate) answer: &'m Result<Result<Answered, Refusal>, Fault>,
}

/// What the watcher remembers from command to command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    /// The bounds in force when the extension was asked that awaits its decision.
    asked: BTreeMap<GrantId, Bounds>,
    accepted: BTreeMap<CommandId, (String, Arc<Receipt>)>,
}

/// How often and how far a grant could be extended.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    times: u32,
    total: Option<Span>,
}

/// What must always be true.
#[derive(Clone, Copy, Debug)]
enum Invariant {
    /// A grant is active only from its start to its end, and no extension passed the total.
    I1,
    /// A scope never grows, and never changes after approval.
    I2,
    /// Nobody decided on their own access.
    I3,
    /// Extensions never exceed the number in force when each was asked, and quotas hold in every span.
    I4,
    /// No extension moved an end earlier.
    I5,
    /// Every effect is explained by one event.
    I6,
    /// Replaying the events gives the stored state, byte for byte.
    I7,
    /// A refused command changes no grant, time's own doing aside.
    I8,
    /// A closed grant stays closed, with its outcome and times.
    I12,
    /// One accepted command id has one outcome.
    I13,
}

const ALL: [Invariant; 10] = [
    Invariant::I1,
    Invariant::I2,
    Invariant::I3,
    Invariant::I4,
    Invariant::I5,
    Invariant::I6,
    Invariant::I7,
    Invariant::I8,
    Invariant::I12,
    Invariant::I13,
];

/// The first that does not hold, in words.
pub(crate) fn all(moment: &Moment<'_>, watch: &mut Watch) -> Result<(), String> {
    watch.remember(moment);
    for invariant in ALL {
        let held = match invariant {
            Invariant::I1 => inside(moment).and_then(|()| within_total(moment, watch)),
            Invariant::I2 => scopes(moment),
            Invariant::I3 => own(moment),
            Invariant::I4 => counted(moment, watch).and_then(|()| rolling(moment)),
            Invariant::I5 => later(moment),
            Invariant::I6 => numbered(moment),
            Invariant::I7 => replayed(moment),
            Invariant::I8 => refused(moment),
            Invariant::I12 => final_(moment),
            Invariant::I13 => once(moment, watch),
        };
        held.map_err(|why| format!("{invariant:?}: {why}\nafter {:?}", moment.command))?;
    }
    watch.accept(moment);
    Ok(())
}

impl Watch {
    fn remember(&mut self, moment: &Moment<'_>) {
        let new = moment.after.events.iter().skip(moment.before.events.len());
        for event in new {
            if let Happened::ExtensionAsked(_) = &event.happened {
                let bounds = moment.after.grants.get(&event.grant).and_then(|grant| bounds(moment, grant));
                self.asked.extend(bounds.map(|bounds| (event.grant.clone(), bounds)));
            }
        }
    }

    fn accept(&mut self, moment: &Moment<'_>) {
        let kept = !matches!(moment.command.verb, Verb::Settle(_) | Verb::TakeEffect(_));
        if let Ok(Ok(answer)) = moment.answer
            && kept
        {
            let said = (moment.command.content(), answer.receipt.clone());
            self.accepted.entry(moment.command.id.clone()).or_insert(said);
        }
    }

    /// The bounds that were in force when this extension was asked: now, where the command itself asks.
    fn bounds(&self, moment: &Moment<'_>, grant: &Grant) -> Result<Bounds, String> {
        let asked_now = matches!(moment.command.verb, Verb::Extend(_));
        let remembered = self.asked.get(grant.id()).copied().filter(|_| !asked_now);
        remembered.or_else(|| bounds(moment, grant)).ok_or_else(|| "extended without a rule".to_owned())
    }
}

/// The extension rule that governs the grant before the command.
fn bounds(moment: &Moment<'_>, grant: &Grant) -> Option<Bounds> {
    let standing = moment.before.head.flows.get(&grant.origin.flow)?;
    let today: &Flow = &standing.history.last()?.flow;
    let pinned = standing.history.iter().map(|since| &since.flow);
    let mut pinned = pinned.filter(|flow| flow.revision == grant.origin.revision);
    let (today, pinned) = (today.extension.as_ref()?, pinned.next().and_then(|flow| flow.extension.as_ref()));
    let of = |rule: &ExtensionRule| Bounds { times: rule.times, total: rule.total };
    match today.governed_by {
        GovernedBy::Today => Some(of(today)),
        GovernedBy::Granted => pinned.map(of),
        GovernedBy::Stricter => {
            let (one, other) = (of(today), of(pinned?));
            let total = [one.total, other.total].into_iter().flatten().min();
            Some(Bounds { times: one.times.min(other.times), total })
        }
    }
}

fn inside(moment: &Moment<'_>) -> Result<(), String> {
    for grant in moment.settled.grants.values() {
        let id = grant.id();
        let fits = match &grant.stage {
            Stage::Active(active) => {
                active.since <= moment.settled.clock.max(active.since) && active.since < active.end
            }
            Stage::Closed(closed) => match (closed.since, closed.end) {
                (Some(since), Some(end)) => {
                    let expired = closed.outcome == Outcome::Expired;
                    let bridge = bridge(moment.settled, grant).unwrap_or(end).max(end);
                    let last = if expired { closed.at <= bridge } else { closed.at < bridge };
                    since <= closed.at && last && (!expired || closed.at >= end)
                }
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            },
            Stage::Pending(_) | Stage::Approved(_) => true,
        };
        if !fits {
            return Err(format!("`{id}` is {:?}", grant.stage));
        }
        if grant.deadline().is_none() && !grant.is_closed() {
            return Err(format!("r02: `{id}` would never end"));
        }
    }
    for person in PEOPLE {
        for text in ITEMS {
            let held = moment.after.holds(person, text);
            let expected = latest(moment.settled, &crate::fixture::person_id(person), &item(text));
            if held != expected {
                return Err(format!("`{person}` holds `{text}` until {held:?}, not {expected:?}"));
            }
        }
    }
    Ok(())
}

/// How far the extension that was asked last would have carried the grant while it was awaited.
fn bridge(tenant: &Tenant, grant: &Grant) -> Option<crate::time::Timestamp> {
    let mut of = tenant.events.iter().rev().filter(|event| event.grant == *grant.id());
    of.find_map(
        |event| {
            if let Happened::ExtensionAsked(asked) = &event.happened { asked.asked.bridge } else { None }
        },
    )
}

/// What happened by this command.
fn new<'m>(moment: &Moment<'m>) -> impl Iterator<Item = &'m crate::event::Event> {
    moment.after.events.iter().skip(moment.before.events.len())
}

fn within_total(moment: &Moment<'_>, watch: &Watch) -> Result<(), String> {
    for event in new(moment) {
        let Happened::Extended(extended) = &event.happened else { continue };
        let Some(grant) = moment.after.grants.get(&event.grant) else { continue };
        let since = grant.active().map(|active| active.since).ok_or("extended and not active")?;
        let total = watch.bounds(moment, grant)?.total;
        if total.is_some_and(|total| extended.to > since.plus(total)) {
            return Err(format!("`{}` runs from {since} to {}, over {total:?}", event.grant, extended.to));
        }
    }
    Ok(())
}

fn counted(moment: &Moment<'_>, watch: &Watch) -> Result<(), String> {
    for event in new(moment) {
        let (Happened::Extended(_), Some(grant)) = (&event.happened, moment.after.grants.get(&event.grant))
        else {
            continue;
        };
        let of = moment.after.events.iter().filter(|other| other.grant == event.grant);
        let used = of.filter(|other| matches!(other.happened, Happened::Extended(_))).count();
        let times = watch.bounds(moment, grant)?.times;
        if u32::try_from(used).is_ok_and(|used| used > times) || grant.extensions.len() != used {
            return Err(format!("`{}` was extended {used} times of {times}", event.grant));
        }
    }
    Ok(())
}

/// In no span that ends with something new there was more of it than its quota: counted from the events.
fn rolling(moment: &Moment<'_>) -> Result<(), String> {
    type Counts = fn(&Happened) -> bool;
    let counted: [(&str, Quota, Counts); 3] = [
        ("ask", REQUESTS, |happened| matches!(happened, Happened::Requested(_))),
        ("auto", EXTENSIONS, |happened| matches!(happened, Happened::Extended(_))),
        ("two", LANE, |happened| matches!(happened, Happened::Requested(requested) if requested.origin.lane)),
    ];
    let grant = |event: &Event| moment.after.grants.get(&event.grant).map(|grant| &grant.origin);
    for event in new(moment) {
        let Some(origin) = grant(event) else { continue };
        let quota = counted.iter().find(|(flow, _, is)| origin.flow.as_str() == *flow && is(&event.happened));
        let Some((_, quota, is)) = quota else { continue };
        let theirs = |other: &&Event| {
            let same = |of: &Origin| of.flow == origin.flow && of.holder.id == origin.holder.id;
            is(&other.happened) && grant(other).is_some_and(|of| same(of))
        };
        let recent = moment.after.events.iter().filter(theirs).filter(|other| other.at <= event.at);
        let count = recent.filter(|other| event.at.since(other.at) < quota.per).count();
        if u32::try_from(count).is_ok_and(|count| count > quota.times) {
            return Err(format!("`{}` makes {count} within {}, of {}", event.grant, quota.per, quota.times));
        }
    }
    Ok(())
}

/// Each grant as it was before, where it was, and as it is.
fn pairs<'m>(moment: &Moment<'m>) -> impl Iterator<Item = (&'m Grant, &'m Grant)> {
    let after = &moment.after.grants;
    let before = moment.before.grants.iter();
    before.filter_map(|(id, grant)| Some((grant.as_ref(), after.get(id)?.as_ref())))
}

fn scopes(moment: &Moment<'_>) -> Result<(), String> {
    for (before, after) in pairs(moment) {
        let (old, new) = (&before.terms.scope, &after.terms.scope);
        let pending = matches!(before.stage, Stage::Pending(_));
        if !new.is_subset(old) || (!pending && new != old) || before.origin != after.origin {
            return Err(format!("`{}` had {old:?} and has {new:?}", before.id()));
        }
    }
    for grant in moment.after.grants.values() {
        let asked: std::collections::BTreeSet<_> =
            grant.origin.items.iter().map(crate::command::Asked::item).collect();
        if !grant.terms.scope.is_subset(&asked) || grant.terms.span > grant.origin.span {
            return Err(format!("`{}` has more than was asked", grant.id()));
        }
    }
    Ok(())
}

fn own(moment: &Moment<'_>) -> Result<(), String> {
    for event in new(moment) {
        let Some(grant) = moment.after.grants.get(&event.grant) else { continue };
        let asked = moment.before.grants.get(&event.grant).and_then(|grant| grant.active());
        let asker = asked.and_then(|active| active.asked.as_ref()).map(|asked| &asked.by.id);
        let (decision, asker) = match &event.happened {
            Happened::ApprovalGiven(given) => (&given.decision, None),
            Happened::DenialGiven(given) => (&given.decision, None),
            Happened::ExtensionApprovalGiven(given) => (&given.decision, asker),
            Happened::ExtensionDenialGiven(given) => (&given.decision, asker),
            Happened::Requested(_)
            | Happened::Approved(_)
            | Happened::Denied
            | Happened::Withdrawn(_)
            | Happened::Escalated(_)
            | Happened::NowWaits(_)
            | Happened::Failed(_)
            | Happened::ReviewDue(_)
            | Happened::Reviewed(_)
            | Happened::Erased
            | Happened::Undecided
            | Happened::Activated(_)
            | Happened::Unused(_)
            | Happened::Reminded(_)
            | Happened::ExtensionAsked(_)
            | Happened::Extended(_)
            | Happened::ExtensionDenied(_)
            | Happened::ExtensionLapsed(_)
            | Happened::Expired(_)
            | Happened::GivenBack(_)
            | Happened::Revoked(_)
            | Happened::KeptFor(_)
            | Happened::EffectTaken { .. }
            | Happened::EffectSkipped { .. }
            | Happened::EffectDone(_)
            | Happened::EffectLate(_)
            | Happened::EffectFailed(_)
            | Happened::EffectStuck { .. } => continue,
        };
        let parties = [Some(&grant.origin.holder.id), Some(&grant.origin.requester.id), asker];
        let decider = human(&decision.by.id);
        if parties.into_iter().flatten().any(|party| human(party) == decider) {
            return Err(format!("`{}` decided on `{}`", decision.by.id, event.grant));
        }
    }
    Ok(())
}

fn later(moment: &Moment<'_>) -> Result<(), String> {
    for event in new(moment) {
        if let Happened::Extended(extended) = &event.happened
            && extended.to <= extended.from
        {
            return Err(format!("`{}` went from {} to {}", event.grant, extended.from, extended.to));
        }
    }
    for (before, after) in pairs(moment) {
        let ends = (before.active().map(|active| active.end), after.active().map(|active| active.end));
        if let (Some(was), Some(is)) = ends
            && is < was
        {
            return Err(format!("`{}` ended at {was} and ends at {is}", before.id()));
        }
    }
    Ok(())
}

fn numbered(moment: &Moment<'_>) -> Result<(), String> {
    let mut made: BTreeMap<&GrantId, u32> = BTreeMap::new();
    for event in &moment.after.events {
        for effect in &event.effects {
            let number = made.entry(&event.grant).or_default();
            *number += 1;
            if effect.number != *number {
                return Err(format!("effect {} of `{}` is number {number}", effect.number, event.grant));
            }
        }
    }
    for grant in moment.after.grants.values() {
        let known = made.get(grant.id()).copied().unwrap_or_default();
        if grant.effects_made != known || grant.outbox.iter().any(|outgoing| outgoing.effect.number > known) {
            return Err(format!("`{}` has effects that no event made", grant.id()));
        }
    }
    Ok(())
}

fn replayed(moment: &Moment<'_>) -> Result<(), String> {
    for (id, stored) in &moment.after.grants {
        let changed = moment.before.grants.get(id).is_none_or(|before| before != stored);
        if !changed {
            continue;
        }
        let events = moment.after.events.iter().filter(|event| event.grant == *id).cloned();
        let replayed = machine::replay(events).map_err(|illegal| illegal.to_string())?;
        let bytes = |grant: &Grant| serde_json::to_string(grant).map_err(|error| error.to_string());
        if bytes(&replayed)? != bytes(stored)? {
            return Err(format!("`{id}` replays as {replayed:?}"));
        }
    }
    Ok(())
}

fn refused(moment: &Moment<'_>) -> Result<(), String> {
    let mut expected = moment.before.clone();
    match moment.answer {
        Ok(Ok(_)) => return Ok(()),
        Err(Fault::Clock { .. }) => {}
        Err(fault) => return Err(format!("{fault}")),
        Ok(Err(_)) => {
            // What was loaded for the command may be later than its host: so is the moment it was decided at.
            for holder in settled(moment) {
                let sweep = command("alone", &system(), settle(holder.as_str()));
                expected
                    .give(&sweep, moment.after.decided_at)
                    .map_err(|fault| fault.to_string())?
                    .map_err(|no| no.to_string())?;
            }
        }
    }
    if expected.grants != moment.after.grants || expected.events != moment.after.events {
        return Err("a refused command did something".to_owned());
    }
    Ok(())
}

/// Whose grants time may have changed when a command was refused.
fn settled(moment: &Moment<'_>) -> BTreeSet<PersonId> {
    let holder = match (&moment.command.verb, moment.command.verb.grant()) {
        (Verb::Request(ask), _) => {
            ask.holder.as_ref().or(moment.command.actor.person()).map(|holder| holder.id.clone())
        }
        (Verb::RevokeAll(RevokeAll { of: Reach::Person(person), .. }), _) => Some(person.clone()),
        // Whoever's grants it would have closed first: what became of them must be time's doing alone.
        (Verb::RevokeAll(_), _) => {
            let changed = pairs(moment).filter(|(before, after)| before != after);
            return changed.map(|(before, _)| before.holder().clone()).collect();
        }
        (_, Some(grant)) => moment.before.grants.get(grant).map(|grant| grant.holder().clone()),
        (_, None) => None,
    };
    holder.into_iter().collect()
}

fn final_(moment: &Moment<'_>) -> Result<(), String> {
    for (before, after) in pairs(moment) {
        if before.is_closed() && before.stage != after.stage {
            return Err(format!("`{}` was {:?} and is {:?}", before.id(), before.stage, after.stage));
        }
    }
    Ok(())
}

fn once(moment: &Moment<'_>, watch: &Watch) -> Result<(), String> {
    let Some((content, receipt)) = watch.accepted.get(&moment.command.id) else { return Ok(()) };
    let same = *content == moment.command.content();
    match moment.answer {
        Ok(Ok(answer)) if same && answer.repeated && answer.receipt == *receipt => {
            let untouched = moment.before.events == moment.after.events;
            if untouched { Ok(()) } else { Err("a repeated command did something".to_owned()) }
        }
        Ok(Err(refusal)) if !same && refusal.code == Code::CommandReused => Ok(()),
        Err(Fault::Clock { .. }) if !same => Ok(()),
        other => Err(format!("given again, the answer is {other:?}")),
    }
}
