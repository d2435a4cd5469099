//! What was asked, as it is kept for the whole life of a grant.

use crate::check::{No, On};
use crate::command::{Asked, Request};
use crate::flow::Flow;
use crate::flow::approval_rule::Approval;
use crate::grant::Origin;
use crate::id::digest;
use crate::lifecycle::eligible;
use crate::lifecycle::items::Items;
use crate::person::{Item, Person};
use crate::time::Timestamp;

use super::{grant_id, items, span};

/// Everything that was asked, its items in order and each once.
pub(super) fn asked(on: &On<'_>, ask: &Request, flow: &Flow, holder: &Person) -> Result<Origin, No> {
    let requester = on.person().unwrap_or(holder);
    let Items { list: mut items, unknown } = items(on, ask)?.clone();
    items.sort_by_cached_key(Asked::item);
    items.dedup_by(|one, other| one.item() == other.item());
    let mut origin = Origin {
        id: grant_id(on, ask),
        flow: flow.id.clone(),
        revision: flow.revision.clone(),
        kind: flow.kind,
        holder: holder.names(),
        admitted_by: eligible::admitting(flow, holder, ask.break_glass).map(ToString::to_string),
        manager: holder.manager.clone(),
        requester: requester.names(),
        requested_at: on.now(),
        items,
        span: span(on, ask, flow),
        start: ask.start,
        reason: ask.reason.clone(),
        fields: ask.fields.clone(),
        content: String::new(),
        lane: false,
        break_glass: ask.break_glass,
        unknown,
    };
    origin.content = content(&origin);
    Ok(origin)
}

/// The hash of all that approvers decide on: who gets what, for how long, from when, why, under which rules.
fn content(origin: &Origin) -> String {
    let items: Vec<Item> = origin.items.iter().map(Asked::item).collect();
    let what = (&origin.id, &origin.flow, &origin.revision, &origin.holder.id, &origin.requester.id);
    let how = (items, origin.span, origin.start, &origin.reason, &origin.fields);
    // INVARIANT: ids, texts, numbers and lists of them always have a JSON form.
    let text = serde_json::to_string(&(what, how)).unwrap_or_default();
    digest([text.as_bytes()])
}

/// The end of the approvers' time: `decide_within`, or the planned end where that comes first.
pub(super) fn decide_by(flow: &Flow, origin: &Origin, now: Timestamp) -> Timestamp {
    let by = match &flow.approval {
        Approval::Automatic => now,
        Approval::Decided(decided) => now.plus(decided.decide_within),
    };
    match origin.start {
        Some(start) => by.min(start.plus(origin.span)),
        None => by,
    }
}
