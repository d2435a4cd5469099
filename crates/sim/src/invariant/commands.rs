//! I8 and I13: what commands leave behind, and what the same id answers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use tenure::tenure_core::event::Happened;
use tenure::tenure_core::id::CommandId;
use tenure::tenure_core::limits::CLOCK_TOLERANCE;
use tenure::tenure_core::record::Entry;
use tenure::{GrantId, Record, Span, Timestamp};
use tenure_port::call::Actor;
use tenure_port::{Answer, Call};

use super::{Broken, Invariant, Moment};
use crate::step::Step;

/// The commands that were accepted.
#[derive(Debug, Default)]
pub(super) struct Commands {
    accepted: HashMap<CommandId, Accepted>,
    /// What the last command answered, where it was accepted first now.
    fresh: Option<(CommandId, u64, Vec<GrantId>)>,
    /// Grants of which what was written is erased.
    pub(super) erased: BTreeSet<GrantId>,
    /// When each code was put on record as refused, by actor.
    refused: BTreeMap<(&'static str, String), Vec<i64>>,
}

#[derive(Debug)]
struct Accepted {
    call: Box<Call>,
    answer: u64,
    /// Grants that it did something to.
    grants: Vec<GrantId>,
}

impl Commands {
    /// Whether it is the same command as one that was accepted; then it is answered the same.
    pub(super) fn saw(&mut self, moment: &Moment<'_>) -> Result<bool, Broken> {
        self.fresh = None;
        self.remember(moment);
        let Some(id) = moment.call.head().and_then(|head| head.command_id) else { return Ok(false) };
        let Some(accepted) = self.accepted.get(id) else {
            if matches!(moment.answer, Answer::Ok(_)) {
                let of = |record: &Arc<Record>| match &record.entry {
                    Entry::Event(event) => Some(event.grant.clone()),
                    Entry::Refused(_) | Entry::MoreRefused(_) | Entry::Published(_) | Entry::Revoked(_) => {
                        None
                    }
                };
                let grants = moment.records.iter().filter_map(of).collect();
                self.fresh = Some((id.clone(), hash(moment.bytes), grants));
            }
            return Ok(false);
        };
        let same = content(&accepted.call) == content(moment.call);
        // One policy may be written in many ways.
        let perhaps = same || matches!((&*accepted.call, moment.call), (Call::Publish(_), Call::Publish(_)));
        let held = match moment.answer {
            Answer::Ok(_) => perhaps && accepted.answer == hash(moment.bytes),
            Answer::Refused(refusal) => {
                (!same || self.is_forgotten(accepted)) && refusal.code.as_str() == "command.reused"
            }
            // What cannot be read, and a host whose clock is far ahead, come before the rules.
            Answer::Invalid(_) => true,
            Answer::Fault(_) => !same || self.is_forgotten(accepted),
        };
        Invariant::I13.holds(held, || {
            let answer = String::from_utf8_lossy(moment.bytes);
            let which = if same { "the same" } else { "another" };
            format!("`{id}` was accepted before; given again with {which} content it is answered {answer}")
        })?;
        Ok(matches!(moment.answer, Answer::Ok(_)))
    }

    pub(super) fn keep(&mut self, step: Step) {
        if let (Some((id, answer, grants)), Step::Call { call, .. }) = (self.fresh.take(), step) {
            self.accepted.insert(id, Accepted { call, answer, grants });
        }
    }

    /// What is on record matters later: erasures, and how often somebody was refused.
    fn remember(&mut self, moment: &Moment<'_>) {
        for record in moment.records {
            match &record.entry {
                Entry::Event(event) if matches!(event.happened, Happened::Erased) => {
                    self.erased.insert(event.grant.clone());
                }
                Entry::Refused(refused) => {
                    let of = (refused.refused.as_str(), refused.actor.clone());
                    self.refused.entry(of).or_default().push(record.recorded_at.millis());
                }
                Entry::Event(_) | Entry::MoreRefused(_) | Entry::Published(_) | Entry::Revoked(_) => {}
            }
        }
    }

    /// Whether what it said was erased: nobody can tell any more whether it is the same.
    fn is_forgotten(&self, accepted: &Accepted) -> bool {
        let many = matches!(&*accepted.call, Call::Revoke(revoke) if revoke.grant.is_none());
        many && !self.erased.is_empty() || accepted.grants.iter().any(|grant| self.erased.contains(grant))
    }

    /// Whether twenty refusals with that code are on record of the last minute: the next one is counted only. What came
    /// of a host that is behind counts on in the minute that was reached.
    fn is_counted(&self, code: &str, clock: Timestamp) -> bool {
        let since = clock.minus(Span::minutes(1)).minus(CLOCK_TOLERANCE).millis();
        let of_code = self.refused.iter().filter(|((known, _), _)| *known == code);
        of_code.into_iter().any(|(_, times)| times.iter().filter(|at| since <= **at).count() >= 20)
    }
}

/// What a refused command may leave behind, and a question not even that.
pub(super) fn harmless(moment: &Moment<'_>, repeated: bool, commands: &Commands) -> Result<(), Broken> {
    let name = moment.call.name();
    let writes = moment.call.writes() && !repeated;
    let refused = match moment.answer {
        Answer::Ok(_) if writes => return Ok(()),
        // A worker and a sweep have many commands, some of which may come before the one that failed.
        Answer::Fault(_) if moment.call.head().is_none() && writes => return Ok(()),
        Answer::Refused(refusal) if writes => Some(refusal.code.as_str()),
        Answer::Ok(_) | Answer::Refused(_) | Answer::Invalid(_) | Answer::Fault(_) => None,
    };
    let Some(code) = refused else {
        let none = moment.records.is_empty();
        return Invariant::I8
            .holds(none, || format!("`{name}` only asks, or fails, and writes {:?}", moment.records));
    };
    let says = |record: &Record| matches!(&record.entry, Entry::Refused(refused) if refused.refused.as_str() == code);
    let settled = match moment.records.split_last() {
        Some((last, settled)) if says(last) => settled,
        // Past twenty in a minute it is counted only; what time made true is written all the same.
        _ => {
            Invariant::I8.holds(commands.is_counted(code, moment.clock), || {
                let last = moment.records.last();
                format!("`{name}` was refused with {code}, and on record is {last:?}")
            })?;
            moment.records
        }
    };
    let id = moment.call.head().and_then(|head| head.command_id);
    let own = settled.iter().find(|record| match &record.entry {
        Entry::Event(event) => event.cause.as_ref().is_some_and(|cause| Some(&cause.command) == id),
        Entry::MoreRefused(_) => false,
        Entry::Refused(_) | Entry::Published(_) | Entry::Revoked(_) => true,
    });
    Invariant::I8.holds(own.is_none(), || format!("`{name}` was refused with {code}, and did {own:?}"))
}

/// What makes two commands the same: the verb, its own fields and the actor's id. Not time, facts or context.
fn content(call: &Call) -> (String, serde_json::Value) {
    let actor = call.head().map(|head| id(head.actor)).unwrap_or_default();
    let mut value = serde_json::to_value(call).unwrap_or_default();
    strip(&mut value, matches!(call, Call::Request(_)));
    (actor, value)
}

fn id(actor: &Actor) -> String {
    let actor = serde_json::to_value(actor).unwrap_or_default();
    actor.get("id").unwrap_or(&actor).to_string()
}

/// Takes out what is no content. A person and a resource are known by what they are called, items are a set, and
/// only a request says by its holder what is asked: elsewhere the holder is facts.
fn strip(call: &mut serde_json::Value, request: bool) {
    let Some(fields) = call.as_object_mut() else { return };
    for name in ["actor", "now", "context", "command_id", "resources"] {
        fields.remove(name);
    }
    // A blank text is none.
    let blank = |text: &serde_json::Value| text.as_str().is_some_and(|text| text.trim().is_empty());
    fields.retain(|name, value| name != "reason" || !blank(value));
    if let Some(named) = fields.get_mut("fields").and_then(serde_json::Value::as_object_mut) {
        named.retain(|_, value| !blank(value));
    }
    fields.retain(|name, value| name != "fields" || value.as_object().is_none_or(|named| !named.is_empty()));
    if let Some(holder) = fields.remove("holder").filter(|_| request) {
        fields.insert("holder".to_owned(), holder.get("id").cloned().unwrap_or_default());
    }
    if let Some(items) = fields.get_mut("items").and_then(serde_json::Value::as_array_mut) {
        for item in items.iter_mut() {
            let resource = item.get_mut("resource").and_then(serde_json::Value::as_object_mut);
            resource.into_iter().for_each(|resource| {
                resource.retain(|name, _| matches!(name.as_str(), "integration" | "type" | "name"));
            });
        }
        items.sort_by_cached_key(ToString::to_string);
        items.dedup();
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}
