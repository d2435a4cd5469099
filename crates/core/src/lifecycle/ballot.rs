//! Whose decision counts where: the steps of an approval, the decisions given, and what is still awaited.

use crate::check::{No, On};
use crate::flow::approval_rule::{Order, Step};
use crate::flow::selector::Selector;
use crate::grant::{AskedExtension, Decision, Grant, Stage, TierDue, TierPlace, Tiers};
use crate::id::PersonId;
use crate::lifecycle::quorum::{Quorum, StepOf};
use crate::lifecycle::{bring, eligible, remind};
use crate::person::{Names, Person};
use crate::refusal::{Code, Lacking, Refusal, WouldPass};
use crate::time::Timestamp;

/// A place that a decision can fill: list and step, by number.
pub(crate) type Place = (u16, u16);

/// The steps of an approval and the decisions given so far.
pub(crate) struct Ballot<'a> {
    pub(crate) grant: &'a Grant,
    /// The steps; nobody decides where there are none.
    pub(crate) rule: Option<Quorum<'a>>,
    pub(crate) approvals: &'a [Decision],
    pub(crate) denials: &'a [Decision],
    /// The extension that is decided on, where it is one.
    pub(crate) asked: Option<&'a AskedExtension>,
}

impl<'a> Ballot<'a> {
    /// `approval.own`: nobody decides on their own access, under any id, by any route.
    pub(crate) fn not_own(&self, on: &On<'_>) -> Result<(), No> {
        let asked = self.asked.into_iter();
        let of_extension =
            asked.flat_map(|asked| [Some(&asked.by), asked.holder.as_ref().map(|then| &then.names)]);
        let parties = self.grant.holders().chain([&self.grant.origin.requester]);
        parties.chain(of_extension.flatten()).try_for_each(|party| self.not_of(on, party))
    }

    /// `approval.own`: the decider is not the same human as that party.
    pub(crate) fn not_of(&self, on: &On<'_>, party: &Names) -> Result<(), No> {
        match on.names() {
            Some(decider) if party.same_human(&decider) => {
                let words = format!("`{}` cannot decide on their own access", decider.id);
                Err(Refusal::new(Code::ApprovalOwn, words).into())
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The holder's manager: of the day of the extension, where that is known, and else of the request's.
    fn manager(&self) -> Option<&'a PersonId> {
        let then = self.asked.and_then(|asked| asked.holder.as_ref());
        then.map_or(self.grant.origin.manager.as_ref(), |then| then.manager.as_ref())
    }

    /// Whether a selector of a step means this person.
    fn means(&self, selector: &Selector, person: &Person) -> bool {
        eligible::regards(selector, person, self.manager(), self.grant.items())
    }

    /// `approval.not_approver`: among the approvers of no step. Carries no detail of the request.
    pub(crate) fn is_approver(&self, on: &On<'_>) -> Result<(), No> {
        if self.places(on).is_empty() {
            let words = format!("`{}` is not among those who decide on this", on.actor());
            return Err(Refusal::new(Code::ApprovalNotApprover, words).into());
        }
        Ok(())
    }

    /// `approval.repeated`: a person decides at most once; two ids behind one human are one person.
    pub(crate) fn is_first(&self, on: &On<'_>) -> Result<(), No> {
        let Some(decider) = on.names() else { return Ok(()) };
        let mut given = self.approvals.iter().chain(self.denials);
        match given.find(|decision| decision.by.same_human(&decider)) {
            Some(decision) => {
                let words = format!("`{}` has decided on this already", decision.by.id);
                Err(Refusal::new(Code::ApprovalRepeated, words).with("decided_at", decision.at).into())
            }
            None => Ok(()),
        }
    }

    /// `approval.not_awaited`: their step or their tier comes later, or the step is filled.
    pub(crate) fn is_awaited(&self, on: &On<'_>) -> Result<(), No> {
        if self.awaited(on).is_empty() {
            let waits: Vec<String> = self.open_steps().map(|(_, step)| step.name.clone()).collect();
            let words = format!("no decision of `{}` is awaited now", on.actor());
            let refusal = Refusal::new(Code::ApprovalNotAwaited, words).with("awaited", waits);
            return Err(refusal.or_some(self.asked_at(on).map(WouldPass::at)).into());
        }
        Ok(())
    }

    /// The steps that this person may fill, whether they are awaited or not, and in whatever tier they stand.
    pub(crate) fn places(&self, on: &On<'_>) -> Vec<Place> {
        let Some(decider) = on.person() else { return Vec::new() };
        let fills = |step: &Step| step.everybody().any(|one| self.means(one, decider));
        self.steps().filter(|(_, step)| fills(step)).map(|(place, _)| place).collect()
    }

    /// The steps that this person may fill and that are awaited now, of this person too: a tier is asked in its turn.
    pub(crate) fn awaited(&self, on: &On<'_>) -> Vec<Place> {
        let Some(decider) = on.person() else { return Vec::new() };
        let awaits = |(place, step): &(Place, &'a Step)| {
            self.asked_so_far(*place, step).any(|one| self.means(one, decider))
        };
        self.open_steps().filter(awaits).map(|(place, _)| place).collect()
    }

    /// The selector that names this person in the first of these places: an approver's, then a tier's.
    pub(crate) fn naming(&self, on: &On<'_>, places: &[Place]) -> Option<String> {
        let (decider, of) = (on.person()?, self.step(*places.first()?)?);
        let means = |one: &&Selector| self.means(one, decider);
        of.step.everybody().find(means).map(ToString::to_string)
    }

    /// Steps that wait for a decision now, in order.
    pub(crate) fn open_steps(&self) -> impl Iterator<Item = (Place, &'a Step)> {
        self.steps().filter(|(place, _)| self.is_open(*place))
    }

    /// The places among these for which the decision counts: the step's `when`, `reason` and `mfa` hold.
    pub(crate) fn counting(
        &self,
        on: &On<'_>,
        among: &[Place],
        reason: Option<&str>,
    ) -> Result<Vec<Place>, No> {
        let mut counting = Vec::new();
        for &place in among {
            let Some(of) = self.step(place) else { continue };
            match self.condition(on, of).and_then(|()| brought(on, of.step, reason)) {
                Ok(()) => counting.push(place),
                Err(No::Refused(_)) => {}
                Err(No::Fault(fault)) => return Err(No::Fault(fault)),
            }
        }
        Ok(counting)
    }

    /// `condition.*` of the first step the decision could have filled, where it counts nowhere.
    pub(crate) fn first_condition(
        &self,
        on: &On<'_>,
        among: &[Place],
        reason: Option<&str>,
    ) -> Result<(), No> {
        match self.first_in_vain(on, among, reason)? {
            Some(of) => self.condition(on, of),
            None => Ok(()),
        }
    }

    /// `reason.missing` and `mfa.*` of the first step the decision could have filled, where it counts nowhere.
    pub(crate) fn first_brought(&self, on: &On<'_>, among: &[Place], reason: Option<&str>) -> Result<(), No> {
        match self.first_in_vain(on, among, reason)? {
            Some(of) => brought(on, of.step, reason),
            None => Ok(()),
        }
    }

    fn first_in_vain(
        &self,
        on: &On<'_>,
        among: &[Place],
        reason: Option<&str>,
    ) -> Result<Option<StepOf<'a>>, No> {
        let counts = !self.counting(on, among, reason)?.is_empty();
        Ok(if counts { None } else { among.first().and_then(|&place| self.step(place)) })
    }

    /// Whether some list of steps is filled by these approvals.
    pub(crate) fn is_met(&self, approvals: &[Decision]) -> bool {
        let Some(rule) = &self.rule else { return false };
        (0_u16..).zip(&rule.lists).any(|(number, steps)| match rule.order {
            Order::InTurn => current(steps, number, approvals).is_none(),
            Order::Any => {
                let needed = steps.iter().map(|of| u64::from(of.step.needed)).sum::<u64>();
                u64::try_from(matched(steps, number, approvals)).unwrap_or(u64::MAX) >= needed
            }
        })
    }

    /// Whether so many denials close it.
    pub(crate) fn is_denied(&self, denials: usize) -> bool {
        self.rule.as_ref().is_none_or(|rule| denials >= usize::try_from(rule.denials).unwrap_or(usize::MAX))
    }

    /// Whom to tell that their decision is awaited: the selectors of those steps, resolved where they can be.
    pub(crate) fn tell(&self, steps: impl IntoIterator<Item = &'a Step>) -> Vec<String> {
        let approvers = steps.into_iter().filter(|step| step.tell).flat_map(|step| &step.approvers);
        remind::resolved(approvers, self.manager(), self.grant)
    }

    /// The tiers that are still to come, where these steps were awaited before and the open ones are now. A step
    /// that is awaited from now on counts from now; one that is filled asks nobody any more.
    pub(crate) fn tiers_due(&self, before: &[Place], now: Timestamp) -> Vec<TierDue> {
        let known = self.tiers().map_or(&[][..], |tiers| &tiers.due);
        let mut due = Vec::new();
        for ((list, number), step) in self.open_steps() {
            if before.contains(&(list, number)) {
                due.extend(known.iter().filter(|due| (due.place.list, due.place.step) == (list, number)));
                continue;
            }
            due.extend((0_u16..).zip(&step.escalate).map(|(tier, rule)| TierDue {
                at: now.plus(rule.after),
                place: TierPlace { list, step: number, tier },
            }));
        }
        due.sort_unstable();
        due
    }

    /// Whom that tier adds: its selectors, resolved where they can be.
    pub(crate) fn tier(&self, place: TierPlace) -> Vec<String> {
        let step = self.step((place.list, place.step));
        let tier = step.and_then(|of| of.step.escalate.get(usize::from(place.tier)));
        remind::resolved(tier.into_iter().flat_map(|tier| &tier.to), self.manager(), self.grant)
    }

    /// When a tier with this person is asked, if the step still waits then.
    fn asked_at(&self, on: &On<'_>) -> Option<Timestamp> {
        let decider = on.person()?;
        let adds = |due: &&TierDue| {
            let step = self.step((due.place.list, due.place.step));
            let tier = step.and_then(|of| of.step.escalate.get(usize::from(due.place.tier)));
            tier.is_some_and(|tier| tier.to.iter().any(|one| self.means(one, decider)))
        };
        let asked = self.tiers()?.due.iter().find(adds)?.at;
        self.decide_by().is_some_and(|until| asked < until).then_some(asked)
    }

    /// The approvers of the step, and the tiers that were reached.
    fn asked_so_far(&self, (list, step): Place, rule: &'a Step) -> impl Iterator<Item = &'a Selector> {
        let reached = move |tier: u16| {
            let place = TierPlace { list, step, tier };
            self.tiers().is_some_and(|tiers| tiers.reached.contains(&place))
        };
        let tiers = (0_u16..).zip(&rule.escalate).filter(move |(tier, _)| reached(*tier));
        rule.approvers.iter().chain(tiers.flat_map(|(_, tier)| &tier.to))
    }

    /// Escalation as it stands, while a decision is awaited.
    fn tiers(&self) -> Option<&'a Tiers> {
        match (self.asked, &self.grant.stage) {
            (Some(asked), _) => Some(&asked.tiers),
            (None, Stage::Pending(pending)) => Some(&pending.tiers),
            (None, Stage::Approved(_) | Stage::Active(_) | Stage::Closed(_)) => None,
        }
    }

    /// Until when it can be decided, while a decision is awaited.
    fn decide_by(&self) -> Option<Timestamp> {
        match (self.asked, &self.grant.stage) {
            (Some(asked), _) => Some(asked.decide_by),
            (None, Stage::Pending(pending)) => Some(pending.decide_by),
            (None, Stage::Approved(_) | Stage::Active(_) | Stage::Closed(_)) => None,
        }
    }

    fn steps(&self) -> impl Iterator<Item = (Place, &'a Step)> {
        let lists = self.rule.as_ref().map_or(&[][..], |rule| &rule.lists);
        (0_u16..)
            .zip(lists)
            .flat_map(|(list, steps)| (0_u16..).zip(steps).map(move |(step, of)| ((list, step), of.step)))
    }

    fn step(&self, place: Place) -> Option<StepOf<'a>> {
        self.rule.as_ref()?.lists.get(usize::from(place.0))?.get(usize::from(place.1)).copied()
    }

    fn is_open(&self, (list, step): Place) -> bool {
        let Some(rule) = &self.rule else { return false };
        let Some(steps) = rule.lists.get(usize::from(list)) else { return false };
        match rule.order {
            Order::InTurn => current(steps, list, self.approvals) == Some(step),
            Order::Any => {
                let mut with_one_more = fitting(list, self.approvals);
                with_one_more.push(vec![step]);
                most_filled(&needed(steps), &with_one_more) > matched(steps, list, self.approvals)
            }
        }
    }

    /// The step's condition over the decider. What is asked is what is decided on: the extension, where it is one.
    fn condition(&self, on: &On<'_>, StepOf { flow, step }: StepOf<'_>) -> Result<(), No> {
        let Some(when) = step.when.as_deref() else { return Ok(()) };
        let origin = &self.grant.origin;
        let items = || self.grant.items().collect();
        let condition = [eligible::Conditioned::plain(when)];
        eligible::conditions(on, condition, on.person(), items, || {
            let requester = self.asked.map_or(&origin.requester.id, |asked| &asked.by.id);
            let mut ask = eligible::asking(on, flow, requester, &origin.holder.id);
            let (span, reason) =
                self.asked.map_or((origin.span, &origin.reason), |asked| (asked.span, &asked.reason));
            ask.span = span;
            ask.reason = reason.clone().unwrap_or_default();
            ask.extension = u32::try_from(self.grant.extensions.len()).unwrap_or(u32::MAX);
            ask
        })
    }
}

/// The step's own reason and login, asked of the decider.
fn brought(on: &On<'_>, step: &Step, reason: Option<&str>) -> Result<(), No> {
    let blank = reason.is_none_or(|reason| reason.trim().is_empty());
    if step.reason && blank && on.brings(&Lacking::reason()).is_none() {
        let words = format!("the step `{}` asks for a reason", step.name);
        let refusal = Refusal::new(Code::ReasonMissing, words).with("step", step.name.as_str());
        return Err(refusal.or(WouldPass::reason([Lacking::reason()])).into());
    }
    bring::login(on, step.mfa.as_ref())
}

/// In turn: the first step that is not filled.
fn current(steps: &[StepOf<'_>], list: u16, approvals: &[Decision]) -> Option<u16> {
    let filled =
        |step: u16| approvals.iter().filter(|decision| decision.fits.contains(&(list, step))).count();
    (0_u16..).zip(steps).find_map(|(number, of)| {
        let needed = usize::try_from(of.step.needed).unwrap_or(usize::MAX);
        (filled(number) < needed).then_some(number)
    })
}

/// In any order: for each approval the steps of this list that it fits.
fn fitting(list: u16, approvals: &[Decision]) -> Vec<Vec<u16>> {
    let of_list = |decision: &Decision| {
        decision.fits.iter().filter(|place| place.0 == list).map(|place| place.1).collect::<Vec<_>>()
    };
    approvals.iter().map(of_list).collect()
}

fn matched(steps: &[StepOf<'_>], list: u16, approvals: &[Decision]) -> usize {
    most_filled(&needed(steps), &fitting(list, approvals))
}

/// How many people each step needs.
fn needed(steps: &[StepOf<'_>]) -> Vec<u32> {
    steps.iter().map(|of| of.step.needed).collect()
}

/// How many places can be filled if each decision fills one: a maximum bipartite matching by augmenting
/// paths, where a step has as many places as it needs people.
pub(crate) fn most_filled(needed: &[u32], fits: &[Vec<u16>]) -> usize {
    let mut holding: Vec<Vec<usize>> = vec![Vec::new(); needed.len()];
    (0..fits.len())
        .filter(|&decision| place(decision, needed, fits, &mut holding, &mut vec![false; needed.len()]))
        .count()
}

/// Finds a place for the decision, moving others aside where that helps. Each step is tried once, so this
/// goes no deeper than there are steps.
fn place(
    decision: usize,
    needed: &[u32],
    fits: &[Vec<u16>],
    holding: &mut [Vec<usize>],
    tried: &mut [bool],
) -> bool {
    for &step in fits.get(decision).map_or(&[][..], Vec::as_slice) {
        let at = usize::from(step);
        let (Some(people), Some(seen)) = (needed.get(at), tried.get_mut(at)) else { continue };
        if std::mem::replace(seen, true) {
            continue;
        }
        let there = holding.get(at).cloned().unwrap_or_default();
        let free = there.len() < usize::try_from(*people).unwrap_or(usize::MAX);
        let moved = if free {
            None
        } else {
            there.iter().position(|&other| place(other, needed, fits, holding, tried))
        };
        if let Some(held) = holding.get_mut(at).filter(|_| free || moved.is_some()) {
            if let Some(index) = moved {
                held.remove(index);
            }
            held.push(decision);
            return true;
        }
    }
    false
}

/// The decider's own names, or the refusal that the host itself decides on nothing.
pub(crate) fn decider(on: &On<'_>) -> Result<Names, No> {
    on.names().ok_or_else(|| {
        Refusal::new(Code::ApprovalNotApprover, format!("`{}` decides on nothing: people do", on.actor()))
            .into()
    })
}

/// `approval.stale`: what the approver saw is not what was asked.
pub(crate) fn fresh(asked: &str, seen: Option<&String>) -> Result<(), No> {
    match seen {
        Some(seen) if seen != asked => {
            let words = "what was seen is not what was asked; look again";
            Err(Refusal::new(Code::ApprovalStale, words).with("content", asked).into())
        }
        Some(_) | None => Ok(()),
    }
}

/// Whether that person could decide at all: for the inbox.
pub(crate) fn awaits(on: &On<'_>, ballot: &Ballot<'_>) -> bool {
    let checks = [Ballot::not_own, Ballot::is_approver, Ballot::is_first, Ballot::is_awaited];
    checks.iter().all(|check| check(ballot, on).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PersonId;
    use crate::person::Person;

    fn names(id: &str) -> Names {
        Person::new(PersonId::new(id).unwrap()).names()
    }

    #[test]
    fn a_decision_moves_aside_for_one_that_fits_nowhere_else() {
        let steps = [1, 1];
        assert_eq!(most_filled(&steps, &[vec![0, 1], vec![0]]), 2);
        assert_eq!(most_filled(&steps, &[vec![0], vec![0]]), 1);
        let three = [1, 1, 1];
        assert_eq!(most_filled(&three, &[vec![0, 1], vec![0, 2], vec![0]]), 3);
    }

    #[test]
    fn a_step_has_as_many_places_as_it_needs() {
        assert_eq!(most_filled(&[2], &[vec![0], vec![0], vec![0]]), 2);
        assert_eq!(most_filled(&[2, 1], &[vec![0, 1], vec![0, 1], vec![0]]), 3);
    }

    // guard: `person.rs`, ids without regard to case
    #[test]
    fn r16_two_ids_behind_one_human_are_one_person() {
        let mut bot = names("bot");
        bot.acts_for = Some(PersonId::new("BOB").unwrap());
        assert!(bot.same_human(&names("bob")));
        assert!(names("bob").same_human(&bot));
        assert!(!names("alice").same_human(&bot));
    }
}
