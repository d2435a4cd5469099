//! Sweeps: what time has made true for everybody, and refusals that were only counted.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Value, json};

use super::life::{Grant, Stage, World};
use super::time::{MINUTE, Ms, show};

/// Refusals of one actor and code in a minute that are recorded one by one.
const ONE_BY_ONE: u64 = 20;

/// Refusals of one minute.
#[derive(Clone)]
pub(super) struct Tally {
    minute: Ms,
    times: u64,
    last: Ms,
}

impl World {
    /// Writes down what is true by then, holder by holder: the first is whose first deadline is earliest. What only
    /// today's end of a flow makes true comes after that, then minutes of refusals that are over. Nothing is decided
    /// before the policy was put in force, so by then at least.
    pub(super) fn sweep(&mut self, now: Ms) -> Value {
        let now = self.policies.last().map_or(now, |(from, _)| now.max(*from));
        let due = self.grants.values().filter_map(|grant| {
            let (at, _) = grant.due(|| None).filter(|(at, _)| *at <= now)?;
            Some((at, grant.holder_id().to_owned()))
        });
        let mut holders = Vec::new();
        for (_, holder) in due.collect::<BTreeSet<_>>() {
            self.settle_counted(holder, now, &mut holders);
        }
        let over = |flow: &String| self.until_passes(flow, Ms::MIN).is_some_and(|passes| passes <= now);
        let flows = self.grants.values().map(|grant| grant.flow.id.clone());
        for flow in flows.filter(over).collect::<BTreeSet<_>>() {
            let waits = |grant: &&Rc<Grant>| grant.flow.id == flow && grant.stage == Stage::Approved;
            let waiting: Vec<_> =
                self.grants.values().filter(waits).map(|grant| grant.holder_id().to_owned()).collect();
            waiting.into_iter().for_each(|holder| self.settle_counted(holder, now, &mut holders));
        }
        let events = self.fresh.len();
        holders.sort_unstable();
        holders.dedup();
        self.minutes_over(now);
        json!({"events": events, "people": holders.len()})
    }

    fn settle_counted(&mut self, holder: String, now: Ms, holders: &mut Vec<String>) {
        let before = self.fresh.len();
        self.settle(Some(&holder), self.moment(&holder, now));
        holders.extend((self.fresh.len() > before).then_some(holder));
    }

    /// Puts on record what was only counted in minutes that are over.
    fn minutes_over(&mut self, now: Ms) {
        let this = now - now.rem_euclid(MINUTE);
        let over = self.refusals.iter().filter(|(_, tally)| tally.minute < this);
        let mut over: Vec<_> = over.map(|(of, tally)| (tally.minute, of.clone())).collect();
        over.sort();
        over.into_iter().for_each(|(_, of)| self.minute_over(&of));
    }

    fn minute_over(&mut self, of: &(String, &'static str)) {
        let Some(tally) = self.refusals.remove(of) else { return };
        if tally.times > ONE_BY_ONE {
            self.fresh.push(json!({
                "record": "more_refused", "at": show(tally.last), "grant": null, "effects": [], "actor": of.0,
                "command": null, "code": of.1, "times": tally.times - ONE_BY_ONE,
            }));
        }
    }

    /// A refusal: it is recorded, or counted where there were too many in that minute.
    pub(super) fn refused(&mut self, actor: &str, code: &'static str, now: Ms, of: Value) {
        let (key, minute) = ((actor.to_owned(), code), now - now.rem_euclid(MINUTE));
        if self.refusals.get(&key).is_some_and(|tally| tally.minute < minute) {
            self.minute_over(&key);
        }
        let tally = self.refusals.entry(key).or_insert(Tally { minute, times: 0, last: now });
        (tally.times, tally.last) = (tally.times + 1, tally.last.max(now));
        if tally.times <= ONE_BY_ONE {
            self.fresh.push(json!({
                "record": "refused", "at": show(now), "grant": of["grant"], "effects": [], "actor": actor,
                "command": of["command"], "code": code,
            }));
        }
    }
}
