//! What a call loads: whose grants are settled for it, and the instant it is decided at.

use std::collections::BTreeSet;

use serde_json::Value;

use super::life::{Grant, Item, World};
use super::plan::whole;
use super::policy::{at, flag, list, ms, text, texts};
use super::time::Ms;
use super::{Auditor, Given};

/// Which grants are looked at.
#[derive(Default)]
struct Loads {
    all: bool,
    ids: BTreeSet<String>,
    /// All of a holder that are not over for good.
    people: BTreeSet<String>,
    /// Open ones, whoever's they are.
    flows: BTreeSet<String>,
    items: BTreeSet<Item>,
    /// A holder's under a flow, however long they are over.
    past: BTreeSet<(String, String)>,
}

impl<G: Given> Auditor<G> {
    /// The people whose grants are settled.
    pub(super) fn holder(&self, call: &Value) -> Option<String> {
        let (actor, named) = (text(call, "actor.id"), text(call, "holder.id"));
        let holder = match text(call, "call") {
            "request" if named.is_empty() => actor,
            "request" => named,
            "revoke" if call.get("grant").is_none() => text(call, "person"),
            "holds" => text(call, "person"),
            _ => self.world.grant(text(call, "grant"))?.holder_id(),
        };
        Some(holder.to_owned())
    }

    /// The world as a call sees it, and when: the holder's grants as they are then, those of others as they surely
    /// are by the store's clock, or when the policy was put in force: nothing is decided before that.
    pub(super) fn seen(&self, call: &Value, now: Ms) -> (World, Ms) {
        let mut world = self.world.clone();
        let now = self.moment(call, now);
        if let Some(holder) = self.holder(call) {
            world.settle(Some(&holder), now);
        }
        world.settle(None, self.published().map_or(world.clock, |published| published.max(world.clock)));
        (world, now)
    }

    /// Time never runs backward: now, or the last event of all that is loaded.
    pub(super) fn moment(&self, call: &Value, now: Ms) -> Ms {
        let loads = self.loads(call);
        let loaded = self.world.grants.values().filter(|grant| loads.has(grant));
        let last = loaded.flat_map(|grant| [Some(grant.last), grant.revoke_at.as_ref().map(|(at, _)| *at)]);
        last.chain([self.published()]).flatten().fold(now, Ms::max)
    }

    /// When the policy was put in force.
    fn published(&self) -> Option<Ms> {
        self.world.policies.last().map(|(from, _)| *from)
    }

    fn loads(&self, call: &Value) -> Loads {
        let mut loads = Loads::default();
        let verb = text(call, "call");
        loads.all = verb == "revoke" && call.get("grant").is_none();
        loads.people.extend(self.holder(call));
        if verb == "request" {
            self.asked(call, &mut loads);
            return loads;
        }
        let Some(grant) = self.world.grant(text(call, "grant")) else { return loads };
        loads.ids.insert(grant.id.clone());
        if matches!(verb, "approve" | "activate" | "extend" | "offer") {
            self.excluded(&grant.flow.id, &mut loads);
        }
        let today = self.world.flow(&grant.flow.id, Ms::MAX).map(|(flow, _)| flow);
        let counts = today.iter().chain([&grant.flow]).any(|flow| {
            at(&flow.doc, "extension").is_object()
                && (at(&flow.doc, "limits.extensions").is_object() || per(flow.of_extension().lane.as_ref()))
        });
        if counts && grant.open() && matches!(verb, "extend" | "offer") {
            loads.past.insert((grant.holder_id().to_owned(), grant.flow.id.clone()));
        }
        loads
    }

    fn asked(&self, call: &Value, loads: &mut Loads) {
        if flag(call, "break_glass", false) {
            loads.people.extend(names(at(call, "actor")));
        }
        let (policy, prefix) = (self.world.policy(), super::plan::prefix(call));
        let kit = list(&policy.doc, "kits").iter().find(|kit| text(kit, "id") == text(call, "kit"));
        let kit = kit.filter(|_| call.get("kit").is_some());
        let mut flows: BTreeSet<_> = match kit {
            Some(kit) => list(kit, "items").iter().map(|part| text(part, "flow")).collect(),
            None if call.get("kit").is_some() => BTreeSet::new(),
            None => [text(call, "flow")].into(),
        };
        // What cannot be taken apart looks at nothing.
        if kit.is_some() && flows.iter().any(|flow| prefix.len() + flow.len() + 1 > 256) {
            flows.clear();
        }
        for flow in flows {
            loads.ids.insert(if kit.is_some() { format!("{prefix}.{flow}") } else { prefix.clone() });
            let Some((flow, _)) = self.world.flow(flow, Ms::MAX) else { continue };
            self.excluded(&flow.id, loads);
            if at(&flow.doc, "limits.open_total").is_number() {
                loads.flows.insert(flow.id.clone());
            }
            if at(&flow.doc, "limits.open_per_item").is_number() {
                let named = kit.map_or(list(call, "items"), |kit| list(kit, "items")).iter();
                let named = named.filter(|part| kit.is_none() || text(part, "flow") == flow.id);
                match text(&flow.doc, "take") {
                    "all" => loads.items.extend(whole(&flow)),
                    _ => loads.items.extend(named.map(super::effects::item)),
                }
            }
            if at(&flow.doc, "limits.requests").is_object() || per(flow.approval().lane.as_ref()) {
                loads.past.extend(self.holder(call).map(|holder| (holder, flow.id.clone())));
            }
        }
    }

    /// What may not be held together with a flow.
    fn excluded(&self, flow: &str, loads: &mut Loads) {
        for conflict in list(&self.world.policy().doc, "conflicts") {
            let flows = texts(conflict, "flows");
            if flows.contains(&flow) {
                loads.flows.extend(flows.into_iter().filter(|other| *other != flow).map(str::to_owned));
            }
        }
    }
}

impl Loads {
    fn has(&self, grant: &Grant) -> bool {
        let (holder, flow) = (grant.holder_id().to_owned(), grant.flow.id.clone());
        let counted = self.flows.contains(&flow) || grant.scope.iter().any(|item| self.items.contains(item));
        self.all
            || self.ids.contains(&grant.id)
            || self.people.contains(&holder) && !grant.over_for_good()
            || grant.open() && counted
            || self.past.contains(&(holder, flow))
    }
}

/// Whether a fast lane counts.
fn per(lane: Option<&Value>) -> bool {
    lane.and_then(|lane| ms(lane, "per")).is_some()
}

/// Every id of a person as it is written.
pub(super) fn names(person: &Value) -> impl Iterator<Item = String> {
    let all = [text(person, "id")]
        .into_iter()
        .chain(texts(person, "aliases"))
        .chain(at(person, "acts_for").as_str());
    all.map(str::to_owned)
}
