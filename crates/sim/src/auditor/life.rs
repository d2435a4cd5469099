//! Grants, what happens to them, and what time makes true.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Value, json};

use super::effects::{Effect, Silent};
use super::policy::{Approval, Flow, Policy, list, ms, text, texts};
use super::sweep::Tally;
use super::time::{Ms, PastClose, WAITING_MAX};

/// Integration, type, name, permission.
pub(super) type Item = [String; 4];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Pending,
    Approved,
    Active,
    Closed,
}

/// One person's access, from the request to the end.
#[derive(Clone)]
pub(super) struct Grant {
    pub(super) id: String,
    pub(super) flow: Rc<Flow>,
    pub(super) holder: Rc<Value>,
    pub(super) requester: Rc<Value>,
    pub(super) requested_at: Ms,
    pub(super) asked: Ms,
    pub(super) start: Option<Ms>,
    pub(super) reason: Option<String>,
    pub(super) fields: Value,
    pub(super) glass: bool,
    /// When the fast lane was taken, and whether by an extension.
    pub(super) lanes: Vec<(Ms, bool)>,
    /// What was asked for, with the facts of the resources.
    pub(super) items: Rc<Vec<Value>>,
    pub(super) stage: Stage,
    pub(super) span: Ms,
    pub(super) scope: BTreeSet<Item>,
    /// The narrowest that any approval gave so far.
    pub(super) least: Ms,
    pub(super) left: BTreeSet<Item>,
    pub(super) decide_by: Ms,
    pub(super) ballot: Ballot,
    pub(super) waiting: &'static str,
    pub(super) opens_at: Option<Ms>,
    /// When `activate_within` has passed, and when it has waited too long in any case.
    pub(super) within: Ms,
    pub(super) longest: Ms,
    pub(super) unused_at: Ms,
    pub(super) fails_at: Option<Ms>,
    /// Until when targets hold it before access runs, where they were told.
    pub(super) told_until: Option<Ms>,
    pub(super) confirmed: bool,
    pub(super) since: Option<Ms>,
    pub(super) end: Option<Ms>,
    pub(super) clipped: bool,
    pub(super) reminders: Vec<Ms>,
    pub(super) asks: Option<Ask>,
    /// When each extension was granted, and who had asked for it.
    pub(super) extended: Vec<Ms>,
    pub(super) extenders: Vec<Rc<Value>>,
    /// The holder's facts that were handed in with extensions.
    pub(super) holders: Vec<Rc<Value>>,
    /// When an extension lapsed or was denied past the end: access was carried so far.
    pub(super) carried: Ms,
    pub(super) outcome: &'static str,
    pub(super) closed_at: Ms,
    pub(super) review: Option<Review>,
    pub(super) revoke_at: Option<(Ms, Cause)>,
    pub(super) effects: Vec<Effect>,
    pub(super) number: u32,
    /// Items that were given, and whether the holder had them before.
    pub(super) given: BTreeMap<Item, bool>,
    /// Those of them that stayed from another grant.
    pub(super) inherited: BTreeSet<Item>,
    pub(super) silent: Vec<Silent>,
    pub(super) last: Ms,
    pub(super) approved_at: Ms,
}

/// An extension that awaits its decision.
#[derive(Clone)]
pub(super) struct Ask {
    pub(super) by: Rc<Value>,
    pub(super) at: Ms,
    pub(super) span: Ms,
    pub(super) end: Ms,
    pub(super) decide_by: Ms,
    pub(super) bridge: Option<Ms>,
    pub(super) reason: Option<String>,
    pub(super) fields: Value,
    pub(super) ballot: Ballot,
}

#[derive(Clone)]
pub(super) struct Review {
    pub(super) due: Ms,
    pub(super) told: bool,
    pub(super) by: Option<String>,
}

/// Lists of steps, and who said what.
#[derive(Clone, Default)]
pub(super) struct Ballot {
    pub(super) rules: Rc<Approval>,
    pub(super) yes: Vec<Vote>,
    pub(super) no: Vec<Vote>,
    /// When each step was first awaited.
    pub(super) since: BTreeMap<(usize, usize), Ms>,
    /// Tiers that were asked: list, step, tier.
    pub(super) told: BTreeSet<(usize, usize, usize)>,
    /// The holder's facts, where they were handed in with the extension that is decided on.
    pub(super) holder: Option<Rc<Value>>,
}

#[derive(Clone)]
pub(super) struct Vote {
    pub(super) by: Rc<Value>,
    pub(super) at: Ms,
    pub(super) fits: Vec<(usize, usize)>,
}

/// Who made something happen, by which command.
#[derive(Clone)]
pub(super) struct Cause {
    pub(super) actor: String,
    pub(super) command: Option<String>,
}

/// All that was accepted so far.
#[derive(Clone, Default)]
pub(super) struct World {
    pub(super) grants: BTreeMap<String, Rc<Grant>>,
    /// Documents with the instant from which each is in force.
    pub(super) policies: Rc<Vec<(Ms, Rc<Policy>)>>,
    /// The store's clock.
    pub(super) clock: Ms,
    /// Records that were not yet written down.
    pub(super) fresh: Vec<Value>,
    /// How often an actor was refused with a code in the last minute in which that was so, and when last.
    pub(super) refusals: BTreeMap<(String, &'static str), Tally>,
}

impl Grant {
    pub(super) fn holder_id(&self) -> &str {
        text(&self.holder, "id")
    }

    pub(super) fn open(&self) -> bool {
        self.stage != Stage::Closed
    }

    /// Closed, and nothing of it is open.
    pub(super) fn over_for_good(&self) -> bool {
        let reviewed = self.review.as_ref().is_none_or(|review| review.by.is_some());
        !self.open() && reviewed && self.outstanding().next().is_none()
    }

    /// Until when access is held, while it runs.
    pub(super) fn held_until(&self) -> Ms {
        let end = self.end.unwrap_or(0);
        self.asks.as_ref().and_then(|ask| ask.bridge).map_or(end, |bridge| bridge.max(end))
    }

    pub(super) fn planned_end(&self) -> Option<Ms> {
        self.start.map(|start| start + self.span)
    }

    pub(super) fn integrations(&self) -> BTreeSet<String> {
        self.scope.iter().map(|[at, ..]| at.clone()).collect()
    }

    /// What time does next to it: instant, order among what happens then, what.
    pub(super) fn due(&self, until_passes: impl Fn() -> Option<Ms>) -> Option<(Ms, u8)> {
        let mut due: Vec<(Ms, u8)> = Vec::new();
        let ballot = match (self.stage, &self.asks) {
            (Stage::Pending, _) => {
                due.push((self.decide_by.min(self.planned_end().unwrap_or(Ms::MAX)), 1));
                Some(&self.ballot)
            }
            (Stage::Approved, _) => {
                due.push((self.unused_at.min(until_passes().unwrap_or(Ms::MAX)), 1));
                due.extend(self.fails_at.map(|at| (at, 2)));
                due.extend(
                    self.opens_at.filter(|_| matches!(self.waiting, "start" | "hours")).map(|at| (at, 3)),
                );
                None
            }
            (Stage::Active, asks) => {
                due.push((self.held_until().max(self.carried), 1));
                due.extend(asks.as_ref().map(|ask| (ask.decide_by, 0)));
                due.extend(self.reminders.first().map(|at| (*at, 5)));
                asks.as_ref().map(|ask| &ask.ballot)
            }
            (Stage::Closed, _) => None,
        };
        let first = ballot.and_then(|ballot| ballot.tiers().first().copied());
        due.extend(first.map(|(at, ..)| (at, 4)));
        let review = self.review.as_ref().filter(|review| !review.told && review.by.is_none());
        due.extend(review.map(|review| (review.due, 6)));
        if let Some((at, _)) = &self.revoke_at {
            due.push((*at, 7));
        }
        due.into_iter().min()
    }
}

/// Whom a list of selectors means, as a notice names them.
pub(super) fn named(selectors: &[&str], grant: &Grant) -> Vec<String> {
    named_under(selectors, text(&grant.holder, "manager"), grant)
}

/// The same where the holder has that manager.
pub(super) fn named_under(selectors: &[&str], manager: &str, grant: &Grant) -> Vec<String> {
    let mut to: Vec<String> = Vec::new();
    for selector in selectors {
        let more = match *selector {
            "holder" => vec![format!("user:{}", grant.holder_id())],
            "requester" => vec![format!("user:{}", text(&grant.requester, "id"))],
            "manager" => {
                Some(manager).filter(|id| !id.is_empty()).map(|id| format!("user:{id}")).into_iter().collect()
            }
            "owner" => {
                let mut common: Option<Vec<String>> = None;
                let items = grant.scope_items();
                for item in &items {
                    let owners: Vec<_> =
                        texts(item, "resource.owners").into_iter().map(str::to_owned).collect();
                    common = Some(common.map_or_else(
                        || owners.clone(),
                        |all| all.into_iter().filter(|one| owners.contains(one)).collect(),
                    ));
                }
                common.unwrap_or_default()
            }
            other => vec![other.to_owned()],
        };
        for one in more {
            if !to.contains(&one) {
                to.push(one);
            }
        }
    }
    to
}

impl World {
    pub(super) fn policy(&self) -> Rc<Policy> {
        self.policies.last().map(|(_, policy)| policy.clone()).unwrap_or_default()
    }

    /// The flow's last revision, and whether it is in the document, by what governs time at that instant.
    pub(super) fn flow(&self, id: &str, before: Ms) -> Option<(Rc<Flow>, bool)> {
        let mut past = self.policies.iter().rev().filter(|(from, _)| *from < before);
        let now = past.next()?;
        let current = now.1.flows.get(id).cloned();
        current
            .map(|flow| (flow, true))
            .or_else(|| past.find_map(|(_, policy)| Some((policy.flows.get(id)?.clone(), false))))
    }

    /// Today's `until` of a flow.
    pub(super) fn until(&self, id: &str, before: Ms) -> Option<Ms> {
        self.flow(id, before).and_then(|(flow, _)| flow.until())
    }

    /// When a flow's `until` passes, not before that instant, by the revision that then governs time: one does from the
    /// millisecond after it was put in force, up to and with the instant at which the next one was.
    pub(super) fn until_passes(&self, id: &str, earliest: Ms) -> Option<Ms> {
        let nexts = self.policies.iter().skip(1).map(|(at, _)| *at).chain([Ms::MAX]);
        self.policies.iter().zip(nexts).find_map(|((from, _), next)| {
            let passes = self.until(id, from + 1)?.max(from + 1).max(earliest);
            (passes <= next).then_some(passes)
        })
    }

    pub(super) fn grant(&self, id: &str) -> Option<&Rc<Grant>> {
        self.grants.get(id)
    }

    pub(super) fn change(&mut self, id: &str, change: impl FnOnce(&mut Grant)) {
        if let Some(grant) = self.grants.get_mut(id) {
            change(Rc::make_mut(grant));
        }
    }

    /// Applies what time has made true, of one holder or of everybody.
    pub(super) fn settle(&mut self, holder: Option<&str>, now: Ms) {
        loop {
            let mine =
                self.grants.values().filter(|grant| holder.is_none_or(|holder| grant.holder_id() == holder));
            let due = mine.filter_map(|grant| {
                let (at, what) = grant.due(|| {
                    // Who approved did so by the policy of that instant, which comes after what time does then.
                    self.until_passes(&grant.flow.id, grant.last.max(grant.approved_at + 1))
                })?;
                (at <= now).then(|| (at, grant.id.clone(), what))
            });
            let Some((at, id, what)) = due.min() else { return };
            self.happen(&id, at, what);
        }
    }

    fn happen(&mut self, id: &str, at: Ms, what: u8) {
        let Some(grant) = self.grants.get(id).cloned() else { return };
        match (what, grant.stage) {
            (0, _) => self.lapse(id, at, None),
            (1, Stage::Pending) => self.close(id, at, "undecided", None, &[]),
            (1, Stage::Approved) => self.close(id, at, "unused", None, &[]),
            (1, _) => self.close(id, at, "expired", None, &[]),
            (2, _) => self.close(id, at, "failed", None, &[]),
            (3, _) => self.proceed(id, at, None, false),
            (4, _) => self.escalate(id, at),
            (5, _) => {
                self.change(id, |grant| {
                    grant.reminders.remove(0);
                });
                let to = named(&texts(&grant.flow.doc, "notify.to"), &grant);
                self.tell(id, at, "reminded", None, vec![Effect::notice("ending_soon", to, grant.end)]);
            }
            (6, _) => {
                self.change(id, |grant| grant.review.iter_mut().for_each(|review| review.told = true));
                let to = named(&texts(&grant.flow.doc, "break_glass.review_by"), &grant);
                self.tell(id, at, "review_due", None, vec![Effect::notice("review_due", to, None)]);
            }
            _ => {
                let cause = grant.revoke_at.as_ref().map(|(_, cause)| cause.clone());
                self.close(id, at, "revoked", cause.as_ref(), &[]);
            }
        }
    }

    fn escalate(&mut self, id: &str, at: Ms) {
        let mut told = None;
        self.change(id, |grant| {
            let ballot = match &mut grant.asks {
                Some(ask) => &mut ask.ballot,
                None => &mut grant.ballot,
            };
            if let Some((_, list, step, tier)) = ballot.tiers().first().copied() {
                ballot.told.insert((list, step, tier));
                let rule = super::policy::list(ballot.step((list, step)), "escalate").get(tier).cloned();
                told = rule;
            }
        });
        let Some(grant) = self.grants.get(id) else { return };
        let ballot = grant.asks.as_ref().map_or(&grant.ballot, |ask| &ask.ballot);
        let to = named_under(&texts(&told.unwrap_or_default(), "to"), ballot.manager(grant), grant);
        let ends = grant.asks.as_ref().map(|ask| ask.end);
        self.tell(id, at, "escalated", None, vec![Effect::notice("escalated", to, ends)]);
    }

    /// All approvals are there: it begins, or waits.
    pub(super) fn approve(&mut self, id: &str, at: Ms, cause: Option<&Cause>) {
        self.proceed(id, at, cause, true);
    }

    /// What is waited for now, if anything, and until when.
    pub(super) fn proceed(&mut self, id: &str, at: Ms, cause: Option<&Cause>, approved: bool) {
        let Some(grant) = self.grants.get(id).cloned() else { return };
        let (waiting, opens_at) = waits(&grant, at);
        let until = self.until(&grant.flow.id, if cause.is_some() { Ms::MAX } else { at });
        self.change(id, |grant| {
            if approved {
                grant.approved_at = at;
                let base = at.max(grant.start.unwrap_or(at));
                let within = ms(&grant.flow.doc, "activate_within").unwrap_or(0);
                let in_hours =
                    grant.flow.hours.as_ref().map_or(base + within, |hours| hours.after_open(base, within));
                (grant.within, grant.longest) = (in_hours.min(base + WAITING_MAX), base + WAITING_MAX);
            }
            grant.stage = Stage::Approved;
            (grant.waiting, grant.opens_at) = (waiting, opens_at);
        });
        let Some(grant) = self.grants.get(id).cloned() else { return };
        // What is confirmed too late has failed; what nobody took up is unused.
        let planned = grant.planned_end().unwrap_or(Ms::MAX);
        let (unused, fails) = match waiting {
            "provisioning" => (planned.min(grant.longest), Some(grant.within)),
            _ if grant.confirmed => (planned.min(grant.longest), None),
            _ => (planned.min(grant.within), None),
        };
        let mut told = Vec::new();
        if waiting == "provisioning" {
            told.extend(grant.integrations().into_iter().map(|at| Effect::task("provision", at)));
        }
        self.change(id, |grant| {
            (grant.unused_at, grant.fails_at) = (unused, fails);
            if waiting == "provisioning" {
                grant.told_until = Some(latest_end(grant, at, fails.unwrap_or(unused).min(unused)));
            }
        });
        if approved {
            let mut effects = told;
            if !waiting.is_empty() {
                effects.push(Effect::notice("decided", parties(&grant), None));
            }
            self.tell(id, at, "approved", cause, effects);
        } else if !waiting.is_empty() {
            self.tell(id, at, "now_waits", cause, told);
        }
        if waiting.is_empty() {
            self.activate(id, at, cause, until);
        }
    }

    pub(super) fn activate(&mut self, id: &str, at: Ms, cause: Option<&Cause>, until: Option<Ms>) {
        let Some((end, clipped)) = self.grant(id).map(|grant| ends(grant, at, until)) else { return };
        if end <= at {
            // Nothing of it is left: the document of this very instant has ended the flow.
            return self.close(id, at, "unused", cause, &[]);
        }
        self.change(id, |grant| {
            grant.stage = Stage::Active;
            grant.waiting = "";
            (grant.since, grant.end, grant.clipped) = (Some(at), Some(end), clipped);
            grant.reminders = reminders(grant, end, at);
            if grant.glass {
                let due = at + ms(&grant.flow.doc, "break_glass.review_within").unwrap_or(0);
                grant.review = Some(Review { due, told: false, by: None });
            }
        });
        let Some(grant) = self.grants.get(id) else { return };
        let kind = if grant.told_until.is_some() { "adjust" } else { "provision" };
        let mut effects: Vec<_> = grant.integrations().into_iter().map(|at| Effect::task(kind, at)).collect();
        effects.push(Effect::notice("active", parties(grant), grant.end));
        if grant.glass {
            let to = named(&texts(&grant.flow.doc, "break_glass.review_by"), grant);
            effects.push(Effect::notice("break_glass", to, grant.end));
        }
        self.tell(id, at, "activated", cause, effects);
    }

    /// An extension was not decided in time, or its grant ends.
    pub(super) fn lapse(&mut self, id: &str, at: Ms, cause: Option<&Cause>) {
        self.drop_ask(id, at, "extension_lapsed", cause, false);
    }

    pub(super) fn drop_ask(
        &mut self,
        id: &str,
        at: Ms,
        event: &'static str,
        cause: Option<&Cause>,
        closes: bool,
    ) {
        let Some(grant) = self.grants.get(id).cloned() else { return };
        let Some(ask) = grant.asks.clone() else { return };
        let end = grant.end.unwrap_or(0);
        let lives = !closes && at < end;
        let mut effects = Vec::new();
        if ask.bridge.is_some() && lives {
            effects.extend(grant.integrations().into_iter().map(|at| Effect::task("adjust", at)));
        }
        let mut to = parties(&grant);
        let by = format!("user:{}", text(&ask.by, "id"));
        if !to.contains(&by) {
            to.push(by);
        }
        effects.push(Effect::notice("decided", to, grant.end));
        self.change(id, |grant| {
            grant.asks = None;
            grant.carried = at;
        });
        self.tell(id, at, event, cause, effects);
    }

    /// A request that nobody waits for any more, or access that is over.
    pub(super) fn close(
        &mut self,
        id: &str,
        at: Ms,
        outcome: &'static str,
        cause: Option<&Cause>,
        together: &[String],
    ) {
        let Some(grant) = self.grants.get(id).cloned() else { return };
        if grant.asks.is_some() {
            self.drop_ask(id, at, "extension_lapsed", cause, true);
        }
        let event = outcome;
        let mut effects = self.removal(&grant, at, outcome, together);
        let ended = if grant.stage == Stage::Active { Some(at) } else { None };
        match outcome {
            "denied" | "undecided" => effects.push(Effect::notice("decided", parties(&grant), None)),
            "withdrawn" => {}
            _ => effects.push(Effect::notice("ended", parties(&grant), ended)),
        }
        self.change(id, |grant| {
            grant.stage = Stage::Closed;
            (grant.outcome, grant.closed_at) = (outcome, at);
            grant.reminders.clear();
            grant.revoke_at = None;
            grant.cancel(|effect| matches!(&*effect.kind, "provision" | "notify:ending_soon"));
        });
        self.tell(id, at, event, cause, effects);
        self.keep(id, None, at, cause, together);
    }

    /// Writes an event down, and what the world must be told.
    pub(super) fn tell(
        &mut self,
        id: &str,
        now: Ms,
        event: &str,
        cause: Option<&Cause>,
        effects: Vec<Effect>,
    ) {
        let kinds: Vec<_> = effects.iter().map(|effect| effect.kind.clone()).collect();
        self.change(id, |grant| {
            grant.last = grant.last.max(now);
            effects.into_iter().for_each(|effect| grant.queue(effect, now));
        });
        self.fresh.push(json!({
            "record": event, "at": super::time::show(now), "grant": id, "effects": kinds,
            "actor": cause.map(|cause| &cause.actor), "command": cause.and_then(|cause| cause.command.as_ref()),
        }));
    }
}

/// Holder and requester.
pub(super) fn parties(grant: &Grant) -> Vec<String> {
    named(&["holder", "requester"], grant)
}

/// What a grant that is approved waits for, and when that comes.
fn waits(grant: &Grant, at: Ms) -> (&'static str, Option<Ms>) {
    if grant.glass {
        return ("", None);
    }
    let opens = || grant.flow.hours.as_ref().filter(|hours| !hours.is_open(at)).map(|hours| hours.opens(at));
    let activation = text(&grant.flow.doc, "activation");
    if grant.start.is_some_and(|start| at < start) {
        return ("start", grant.start);
    }
    if activation == "by_holder" {
        return ("holder", None);
    }
    if let Some(opens) = opens() {
        return ("hours", opens.or(Some(Ms::MAX)));
    }
    if activation == "on_confirmation" && !grant.confirmed {
        return ("provisioning", None);
    }
    ("", None)
}

/// The end of access that begins then, and whether it was shortened.
pub(super) fn ends(grant: &Grant, since: Ms, until: Option<Ms>) -> (Ms, bool) {
    let full = grant.planned_end().unwrap_or(since + grant.span);
    let hours =
        grant.flow.hours.as_ref().filter(|hours| hours.past_close != PastClose::Allow && !grant.glass);
    let close = hours.and_then(|hours| hours.close(since));
    let end = full.min(close.unwrap_or(Ms::MAX)).min(until.unwrap_or(Ms::MAX));
    (end, end < full)
}

/// The end of access that begins at the last moment at which it still may, where it may at `at`.
fn latest_end(grant: &Grant, at: Ms, mut before: Ms) -> Ms {
    let hours = grant.flow.hours.as_ref();
    let mut close = hours.and_then(|hours| hours.close(at));
    while let Some((hours, end)) = hours.zip(close).filter(|(_, end)| *end < before) {
        // Where it is closed by then, the last moment is before that close.
        match hours.opens(end).filter(|opens| *opens < before) {
            Some(opens) => close = hours.close(opens),
            None => before = end,
        }
    }
    let promised = grant.planned_end().unwrap_or(before + grant.span);
    let clips = hours.is_some_and(|hours| hours.past_close != PastClose::Allow);
    close.filter(|_| clips).map_or(promised, |close| close.min(promised))
}

/// Reminders before an end, those that lie before now left out.
pub(super) fn reminders(grant: &Grant, end: Ms, now: Ms) -> Vec<Ms> {
    let leads = list(&grant.flow.doc, "notify.before_end").iter().filter_map(Value::as_i64);
    let mut at: Vec<_> = leads
        .map(|lead| end - lead)
        .filter(|at| *at >= now && Some(*at) > grant.since && *at < end)
        .collect();
    at.sort_unstable();
    at.dedup();
    at
}
