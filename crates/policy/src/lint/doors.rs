//! Weaker doors: whoever may ask under two flows asks under the easier one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tenure_core::flow::Flow;
use tenure_core::flow::approval_rule::{Approval, Step};
use tenure_core::flow::beside::Guard;
use tenure_core::flow::selector::Selector;
use tenure_core::flow::target::Target;
use tenure_core::id::PersonId;
use tenure_core::time::Span;

use super::overlap::{Patience, Shared};
use super::people::{covers, open_lane, times};
use super::{Found, Lint, overlap};
use crate::decode::Placed;

/// Pairs of targets that are compared in one integration. Up to a thousand targets that is each with each;
/// beyond, each with those that are had most easily: the doors that matter, in bounded time.
const PAIRS_MAX: usize = 1_000_000;

const GLASS_HELP: &str =
    "give the other flow glass of its own, or bind the items with a guard that asks for `approval: steps`";
const HELP: &str = "ask the same in both, narrow one of them with `except`, or bind both with a guard";

/// What is compared of a flow.
struct House<'f> {
    /// Its place among the flows.
    at: usize,
    flow: &'f Flow,
    /// Whether it is had in an emergency alone.
    glass: bool,
    ease: Ease,
    /// Who is eligible; who is excepted of them is the flow's.
    who: &'f [Selector],
    /// The sources of its conditions.
    conditions: BTreeSet<&'f str>,
    /// The people who are eligible, where all of them are named.
    named: Option<BTreeSet<&'f PersonId>>,
}

/// One entry of `what` of a flow that can be asked for.
#[derive(Clone, Copy)]
struct Door<'h> {
    house: &'h House<'h>,
    /// The target's place in `what`.
    number: usize,
    target: &'h Target,
}

/// How easily access is had: the smaller, the more easily.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ease {
    /// How many people must approve at least: none where a fast lane is open without a condition.
    approvers: u64,
    /// How many people must approve where no fast lane is open.
    decided: u64,
    /// Whether a login is asked for.
    login: bool,
    longest: Reverse<Span>,
}

/// The easiest door to items of stricter flows: the first of those, and how many more there are.
struct Weaker<'h> {
    door: Door<'h>,
    stricter: Door<'h>,
    item: String,
    /// How easily the item is had by both, guards considered.
    eases: (Ease, Ease),
    more: usize,
}

pub(super) fn lint(found: &mut Found<'_, '_>, flows: &[(Arc<Flow>, Placed)], guards: &[Guard]) {
    // Whether such a guard bars a certain glass depends on the facts of what is asked for.
    let barred = guards.iter().any(|guard| guard.require.steps);
    let in_force = || flows.iter().enumerate().filter(|(_, (flow, _))| flow.enabled);
    let glass = in_force().filter(|_| !barred).filter_map(|(at, (flow, _))| House::of_glass(at, flow));
    let houses: Vec<House<'_>> =
        in_force().map(|(at, (flow, _))| House::new(at, flow)).chain(glass).collect();
    for one in weaker(&houses, guards).into_values() {
        let Some((_, placed)) = flows.get(one.door.house.at) else { continue };
        if one.door.house.glass {
            found.add(placed, Lint::WeakerDoor, "break_glass", one.words(), GLASS_HELP);
        } else {
            found.add(placed, Lint::WeakerDoor, &format!("what[{}]", one.door.number), one.words(), HELP);
        }
    }
}

/// The flows that are a weaker door than another, by their places, and those whose glass is.
fn weaker<'h>(houses: &'h [House<'h>], guards: &[Guard]) -> BTreeMap<(usize, bool), Weaker<'h>> {
    let mut integrations: BTreeMap<&str, Vec<Door<'h>>> = BTreeMap::new();
    for house in houses {
        for (number, target) in house.flow.what.iter().enumerate() {
            let Some(integration) = &target.integration else { continue };
            integrations.entry(integration.as_str()).or_default().push(Door { house, number, target });
        }
    }
    let mut patience = Patience::default();
    let mut weaker: BTreeMap<(usize, bool), Weaker<'h>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for doors in integrations.values_mut() {
        doors.sort_by_key(|door| (door.house.ease, door.house.at, door.number));
        let easiest = PAIRS_MAX.checked_div(doors.len()).unwrap_or(0).max(1);
        for (place, stricter) in doors.iter().enumerate() {
            for door in doors.iter().take(place.min(easiest)) {
                let pair = (door.house.place(), stricter.house.place());
                if seen.contains(&pair) {
                    break;
                }
                if !door.house.is_easier(stricter.house, &mut patience) {
                    continue;
                }
                let Some(item) = overlap::of(door.target, stricter.target, &mut patience) else { continue };
                let Some(eases) = door.guarded(stricter, &item, guards, &mut patience) else { continue };
                seen.insert(pair);
                // The easiest is the one that people take; those between are not told of.
                weaker
                    .entry(door.house.place())
                    .and_modify(|known| known.more = known.more.saturating_add(1))
                    .or_insert_with(|| Weaker {
                        door: *door,
                        stricter: *stricter,
                        item: item.words,
                        eases,
                        more: 0,
                    });
                break;
            }
        }
    }
    weaker
}

impl Door<'_> {
    /// How easily that item is had by both, where this one is the easier under its guards too.
    fn guarded(
        &self,
        stricter: &Self,
        item: &Shared,
        guards: &[Guard],
        patience: &mut Patience,
    ) -> Option<(Ease, Ease)> {
        let targets = guards.iter().map(|guard| guard.what.len()).fold(0_usize, usize::saturating_add);
        if !patience.lasts(targets) {
            return None;
        }
        let guards: Vec<&Guard> =
            guards.iter().filter(|guard| guard.covers(&item.resource, &item.permission)).collect();
        let (mine, theirs) = (self.house.ease.under(&guards)?, stricter.house.ease.under(&guards)?);
        mine.is_easier(theirs).then_some((mine, theirs))
    }
}

impl Ease {
    fn of(flow: &Flow) -> Self {
        let decided = match &flow.approval {
            Approval::Automatic => 0,
            Approval::Decided(rule) => {
                let people = |steps: &Vec<Step>| steps.iter().map(|step| u64::from(step.needed)).sum();
                rule.lists.iter().map(people).min().unwrap_or(0)
            }
        };
        // Who meets the condition of a lane, nobody can tell.
        let approvers = if open_lane(flow).is_some() { 0 } else { decided };
        Self { approvers, decided, login: flow.mfa.is_some(), longest: Reverse(flow.duration.max) }
    }

    /// How easily what these guard is had; nothing where it is not had at all, since nobody approves.
    fn under(self, guards: &[&Guard]) -> Option<Self> {
        let mut ease = self;
        for require in guards.iter().map(|guard| &guard.require) {
            if require.steps {
                ease.approvers = Some(ease.decided).filter(|decided| *decided > 0)?;
            }
            ease.login |= require.mfa.is_some();
            ease.longest = Reverse(require.max.map_or(ease.longest.0, |max| max.min(ease.longest.0)));
        }
        Some(ease)
    }

    /// Fewer people or no login, or else for longer. Where one asks for more of one and less of another,
    /// nobody can tell.
    fn is_easier(self, than: Self) -> bool {
        let more = self.approvers > than.approvers || self.decided > than.decided;
        let harder = more || (self.login && !than.login);
        let people = self.approvers == than.approvers && self.decided == than.decided;
        let same = people && self.login == than.login;
        !harder && (!same || self.longest < than.longest)
    }
}

fn approvers(count: u64) -> String {
    match count {
        0 => "no approver".to_owned(),
        1 => "1 approver".to_owned(),
        more => format!("{more} approvers"),
    }
}

impl<'f> House<'f> {
    fn new(at: usize, flow: &'f Flow) -> Self {
        Self::had_by(at, flow, &flow.who.any, false, Ease::of(flow))
    }

    /// What is had of the flow without anybody's approval, by whoever may break its glass.
    fn of_glass(at: usize, flow: &'f Flow) -> Option<Self> {
        let rule = flow.break_glass.as_ref()?;
        let ease = Ease { approvers: 0, decided: 0, login: flow.mfa.is_some(), longest: Reverse(rule.max) };
        Some(Self::had_by(at, flow, &rule.who, true, ease))
    }

    fn had_by(at: usize, flow: &'f Flow, who: &'f [Selector], glass: bool, ease: Ease) -> Self {
        let conditions = flow.when.iter().map(|named| named.is.source()).collect();
        let named = who.iter().map(Selector::user).collect();
        Self { at, flow, glass, ease, who, conditions, named }
    }

    fn place(&self) -> (usize, bool) {
        (self.at, self.glass)
    }

    /// Glass is held against glass, and against a door that people must approve and that has none of its own:
    /// who wrote that meant it to stay shut in an emergency, too.
    fn compares(&self, than: &Self) -> bool {
        match (self.glass, than.glass) {
            (false, false) | (true, true) => true,
            (true, false) => than.flow.break_glass.is_none() && than.ease.approvers > 0,
            (false, true) => false,
        }
    }

    /// Whether this one opens more easily. Where it has a condition of its own, nobody can tell.
    fn is_easier(&self, than: &Self, patience: &mut Patience) -> bool {
        self.at != than.at
            && self.compares(than)
            && self.ease.is_easier(than.ease)
            && patience.lasts(self.conditions.len())
            && self.conditions.is_subset(&than.conditions)
            && !self.is_apart(than, patience)
    }

    /// Whether nobody is eligible for both, for certain.
    fn is_apart(&self, other: &Self, patience: &mut Patience) -> bool {
        let mut shut_out = |one: &Self, by: &Self| {
            let excepted = &by.flow.who.except;
            patience.lasts(one.who.len().saturating_mul(excepted.len()))
                && one.who.iter().all(|selector| excepted.iter().any(|except| covers(except, selector)))
        };
        let strangers = match (&self.named, &other.named) {
            (Some(mine), Some(theirs)) => mine.is_disjoint(theirs),
            (_, _) => false,
        };
        strangers || shut_out(self, other) || shut_out(other, self)
    }
}

impl House<'_> {
    fn words(&self) -> String {
        let id = &self.flow.id;
        if self.glass { format!("the glass of `{id}`") } else { format!("`{id}`") }
    }
}

impl Weaker<'_> {
    fn words(&self) -> String {
        let (mine, theirs) = self.eases;
        let mut easier = Vec::new();
        if mine.approvers < theirs.approvers {
            let lane = open_lane(self.door.house.flow).filter(|_| !self.door.house.glass);
            let often = match lane.filter(|_| mine.approvers < mine.decided) {
                Some(quota) => format!(" {} in `{}`", times(quota.times), quota.per),
                None => String::new(),
            };
            easier.push(format!("{}{often} instead of {}", approvers(mine.approvers), theirs.approvers));
        } else if mine.decided < theirs.decided {
            let (mine, theirs) = (approvers(mine.decided), theirs.decided);
            easier.push(format!("{mine} instead of {theirs} outside of the fast lane"));
        }
        if !mine.login && theirs.login {
            easier.push("no `mfa`".to_owned());
        }
        if mine.longest < theirs.longest {
            easier.push(format!("up to `{}` instead of `{}`", mine.longest.0, theirs.longest.0));
        }
        let more = match self.more {
            0 => String::new(),
            1 => ", and more easily than another flow".to_owned(),
            more => format!(", and more easily than {more} other flows"),
        };
        let (mine, theirs) = (self.door.house.words(), self.stricter.house.words());
        format!("{mine} gives {} more easily than {theirs}: {}{more}", self.item, easier.join(", "))
    }
}
