//! Kits, conflicts and guards.

use tenure_core::flow::beside::{Conflict, Guard, Kit, KitItem, Require};
use tenure_core::id::{FlowId, Integration, KitId};
use tenure_core::limits::{ITEMS_PER_REQUEST_MAX, SELECTORS_MAX};
use tenure_core::person::{Item, ResourceId};

use super::reader::Reader;
use super::{Known, Scopes, condition, ids, requirement, shape, target};
use crate::document::{Node, Path, Value};
use crate::problem::Code;

/// `kits`: every item names a flow that there is.
pub(super) fn kits(reader: &mut Reader, nodes: &[&Node], flows: &Known<'_>) -> Vec<Kit> {
    let root = Path::ROOT;
    let list = root.key("kits");
    let kits = each(nodes, |n, node| {
        let path = list.index(n);
        let fields = reader.fields(node, &path, &shape::KIT)?;
        let id = fields.must(reader, &path, "id", "every kit has one", Reader::id::<KitId>);
        let items = fields.must(reader, &path, "items", "say what is in it", |reader, node, path| {
            let items = reader.list(node, path, ITEMS_PER_REQUEST_MAX, "a list of items")?;
            if items.is_empty() {
                reader.problem(
                    Code::OutOfRange,
                    path,
                    node.place,
                    "the kit is empty",
                    "name at least one item",
                );
            }
            let items = items.iter().enumerate();
            Some(items.filter_map(|(n, item)| kit_item(reader, item, &path.index(n), flows)).collect())
        });
        Some(Kit { id: id?, items: items? })
    });
    ids(reader, nodes, &list, "kit");
    kits
}

fn kit_item(reader: &mut Reader, node: &Node, path: &Path<'_>, flows: &Known<'_>) -> Option<KitItem> {
    let fields = reader.fields(node, path, &shape::KIT_ITEM)?;
    let r = reader;
    let flow = fields.must(r, path, "flow", "say by which flow", |r, node, path| flow(r, node, path, flows));
    let integration = fields.must(r, path, "integration", "say on which instance", Reader::id::<Integration>);
    let kind = fields.must(r, path, "type", "an item is literal", Reader::words);
    let name = fields.must(r, path, "name", "an item is literal", Reader::words);
    let permission = fields.must(r, path, "permission", "say which", Reader::words);
    let resource = ResourceId { integration: integration?, kind: kind?, name: name? };
    Some(KitItem { flow: flow?, item: Item { resource, permission: permission? } })
}

fn flow(reader: &mut Reader, node: &Node, path: &Path<'_>, flows: &Known<'_>) -> Option<FlowId> {
    let id: FlowId = reader.id(node, path)?;
    flows.check(reader, id.as_str(), node, path);
    Some(id)
}

/// `conflicts`: flows of which one person may hold at most one at a time.
pub(super) fn conflicts(reader: &mut Reader, nodes: &[&Node], flows: &Known<'_>) -> Vec<Conflict> {
    let root = Path::ROOT;
    let list = root.key("conflicts");
    each(nodes, |n, node| {
        let path = list.index(n);
        let fields = reader.fields(node, &path, &shape::CONFLICT)?;
        let name = fields.must(reader, &path, "name", "refusals speak of it", Reader::words);
        let named =
            fields.must(reader, &path, "flows", "say which may not be held together", |r, node, path| {
                let named = r.each(
                    node,
                    path,
                    "a list of flows, such as `[pay-create, pay-release]`",
                    |r, node, path| flow(r, node, path, flows),
                )?;
                if !r.is_broken(&path.to_string()) {
                    sensible(r, node, path, &named);
                }
                Some(named)
            });
        Some(Conflict { name: name?, flows: named? })
    })
}

/// It takes two to conflict, and each once.
fn sensible(reader: &mut Reader, node: &Node, path: &Path<'_>, named: &[FlowId]) {
    if named.len() < 2 {
        let message = "it takes two flows to be in conflict";
        reader.problem(Code::Contradiction, path, node.place, message, "name at least two");
    }
    for (n, id) in named.iter().enumerate() {
        if named.iter().take(n).any(|other| other == id) {
            let message = format!("`{id}` stands twice");
            reader.problem(Code::Contradiction, &path.index(n), node.place, message, "name each flow once");
        }
    }
}

/// `guards`: what holds for every request of such items, by whatever flow.
pub(super) fn guards(reader: &mut Reader, nodes: &[&Node], scopes: &Scopes) -> Vec<Guard> {
    let root = Path::ROOT;
    let list = root.key("guards");
    each(nodes, |n, node| {
        let path = list.index(n);
        let fields = reader.fields(node, &path, &shape::GUARD)?;
        let name = fields.must(reader, &path, "name", "refusals speak of it", Reader::words);
        let what = fields.must(reader, &path, "what", "say which items it guards", |reader, node, path| {
            let items = reader.list(node, path, SELECTORS_MAX, "a list of targets")?;
            if items.is_empty() {
                let help = "name at least one target; `{}` means all items";
                reader.problem(Code::OutOfRange, path, node.place, "the guard guards nothing", help);
            }
            let items = items.iter().enumerate();
            let targets =
                items.filter_map(|(n, item)| target::one(reader, item, &path.index(n), scopes, false));
            Some(targets.flatten().map(|(target, _)| target).collect())
        });
        let require = fields.must(reader, &path, "require", "say what it requires", require);
        Some(Guard { name: name?, what: what?, require: require? })
    })
}

fn require(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Require> {
    let fields = reader.fields(node, path, &shape::REQUIRE)?;
    let reason = fields.maybe(reader, path, "reason", Reader::truth);
    // Of its fields only a reason can be written and ask for nothing.
    let asks_nothing = usize::from(reason == Some(false));
    if matches!(&node.value, Value::Map(entries) if entries.len() == asks_nothing) {
        let help = "write `approval`, `max`, `reason: true`, `mfa` or `when`";
        reader.problem(Code::OutOfRange, path, node.place, "the guard requires nothing", help);
    }
    let steps = fields
        .maybe(reader, path, "approval", |reader, node, path| reader.choice(node, path, &[("steps", true)]));
    let max = fields.maybe(reader, path, "max", |reader, node, path| {
        let span = reader.span(node, path)?;
        if span.is_zero() {
            let message = "`max` is no time at all";
            reader.problem(Code::OutOfRange, path, node.place, message, "write a span such as `4h`");
        }
        Some(span)
    });
    let mfa = fields.maybe(reader, path, "mfa", |reader, node, path| {
        if matches!(&node.value, Value::Map(entries) if entries.is_empty()) {
            let message = "`mfa` does not say what login it asks for";
            let help = "write `max_age`, `level` or `methods`";
            reader.problem(Code::Contradiction, path, node.place, message, help);
        }
        requirement::mfa(reader, node, path)
    });
    Some(Require {
        steps: steps.unwrap_or(false),
        max,
        reason: reason.unwrap_or(false),
        mfa,
        when: fields.maybe(reader, path, "when", condition::one),
    })
}

fn each<T>(nodes: &[&Node], mut read: impl FnMut(usize, &Node) -> Option<T>) -> Vec<T> {
    nodes.iter().enumerate().filter_map(|(n, node)| read(n, node)).collect()
}
