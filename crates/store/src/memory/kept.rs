//! What a store holds, as bytes: one JSON value a line, and back again.
//!
//! Only what happened is written: events, refusals, the text of policies, answers. Grants and every index
//! are made of that again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tenure_core::effect::Effect;
use tenure_core::event::{Cause, Event, Happened};
use tenure_core::id::{CommandId, GrantId, Namespace, PersonId, Revision};
use tenure_core::lifecycle::revoke_all::RevokedAll;
use tenure_core::machine;
use tenure_core::record::{Entry, Published, Refused};
use tenure_core::refusal::Code;
use tenure_core::time::Timestamp;
use tenure_core::view::View;
use tenure_core::world::{Found, Publication, Receipt};

use super::state::State;
use crate::fault::StoreFault;
use crate::store::Compile;

/// The version of the format.
const FORMAT: u32 = 1;

/// Verbs as refusals name them.
const VERBS: [&str; 16] = [
    "request",
    "approve",
    "deny",
    "withdraw",
    "activate",
    "extend",
    "approve_extension",
    "deny_extension",
    "give_back",
    "revoke",
    "review",
    "publish",
    "settle",
    "take_effect",
    "effect_done",
    "effect_failed",
];

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    /// The first line.
    Tenure { format: u32 },
    /// What follows is in this namespace.
    Namespace(Namespace),
    /// A policy that was in force from that instant on.
    Document { at: Timestamp, revision: Revision, source: String },
    /// One line of the record.
    Record { position: u64, recorded_at: Timestamp, entry: Written },
    /// What a command answered.
    Receipt {
        command: CommandId,
        content: String,
        view: Option<Box<View>>,
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        more: Vec<View>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        revoked: Option<Found>,
    },
    /// The last line: how many came before it, so that a file that was cut short is noticed.
    End { lines: u64 },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Written {
    /// What happened stands under a name of its own, so that no field of it can be taken for one of the event.
    Event {
        grant: GrantId,
        at: Timestamp,
        cause: Option<Cause>,
        happened: Box<Happened>,
        effects: Vec<Arc<Effect>>,
    },
    Refused {
        refused: String,
        at: Timestamp,
        verb: String,
        actor: String,
        command: CommandId,
        grant: Option<GrantId>,
    },
    Published {
        published: Revision,
        at: Timestamp,
        actor: String,
        command: CommandId,
    },
    Revoked(RevokedAll),
}

/// Writes lines and counts them.
pub(super) struct Writer {
    bytes: Vec<u8>,
    lines: u64,
}

impl Writer {
    pub(super) fn begin() -> Result<Self, StoreFault> {
        let mut writer = Self { bytes: Vec::new(), lines: 0 };
        writer.line(&Line::Tenure { format: FORMAT })?;
        Ok(writer)
    }

    pub(super) fn tenant(&mut self, ns: &Namespace, state: &State) -> Result<(), StoreFault> {
        self.line(&Line::Namespace(ns.clone()))?;
        for (at, document) in &state.documents {
            let source = document.source.to_string();
            self.line(&Line::Document { at: *at, revision: document.revision.clone(), source })?;
        }
        for record in &state.records {
            let (position, recorded_at) = (record.position, record.recorded_at);
            self.line(&Line::Record { position, recorded_at, entry: written(&record.entry)? })?;
        }
        let receipts: BTreeMap<_, _> = state.receipts.iter().collect();
        for (command, receipt) in receipts {
            let (content, view) = (receipt.content.clone(), receipt.view.clone().map(Box::new));
            let (more, revoked) = (receipt.more.clone(), receipt.revoked.clone());
            self.line(&Line::Receipt { command: command.clone(), content, view, more, revoked })?;
        }
        Ok(())
    }

    pub(super) fn end(mut self) -> Result<Vec<u8>, StoreFault> {
        let lines = self.lines;
        self.line(&Line::End { lines })?;
        Ok(self.bytes)
    }

    fn line(&mut self, line: &Line) -> Result<(), StoreFault> {
        serde_json::to_writer(&mut self.bytes, line).map_err(|error| broken(error.to_string()))?;
        self.bytes.push(b'\n');
        self.lines = self.lines.saturating_add(1);
        Ok(())
    }
}

fn written(entry: &Entry) -> Result<Written, StoreFault> {
    Ok(match entry {
        Entry::Event(event) => Written::Event {
            grant: event.grant.clone(),
            at: event.at,
            cause: event.cause.clone(),
            happened: Box::new(event.happened.clone()),
            effects: event.effects.clone(),
        },
        Entry::Refused(refused) if !VERBS.contains(&refused.verb) => {
            return Err(broken(format!("the verb `{}` could not be read again", refused.verb)));
        }
        Entry::Refused(refused) => Written::Refused {
            refused: refused.refused.to_string(),
            at: refused.at,
            verb: refused.verb.to_owned(),
            actor: refused.actor.clone(),
            command: refused.command.clone(),
            grant: refused.grant.clone(),
        },
        Entry::Published(published) => Written::Published {
            published: published.published.clone(),
            at: published.at,
            actor: published.actor.clone(),
            command: published.command.clone(),
        },
        Entry::Revoked(revoked) => Written::Revoked(revoked.as_ref().clone()),
    })
}

/// What was read of one namespace so far.
#[derive(Default)]
struct Tenant {
    state: State,
    entries: Vec<(Timestamp, Entry)>,
    events: BTreeMap<GrantId, Vec<Event>>,
}

/// Reads what was written.
pub(super) fn read(bytes: &[u8], compile: &dyn Compile) -> Result<BTreeMap<Namespace, State>, StoreFault> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    version(first)?;
    let mut states = BTreeMap::new();
    let mut open: Option<(Namespace, Tenant)> = None;
    let mut count = 1_u64;
    for text in lines.by_ref() {
        match parse(text, count)? {
            Line::Tenure { .. } => return Err(at(count, "a store begins in the middle of another")),
            Line::Namespace(ns) => {
                close(&mut states, open.take())?;
                open = Some((ns, Tenant::default()));
            }
            Line::End { lines } if lines == count => break,
            Line::End { .. } => return Err(at(count, "lines are missing")),
            Line::Document { at: since, revision, source } => {
                let document = compiled(compile, &revision, &source).map_err(|why| at(count, &why))?;
                within(&mut open, count)?.enforce(since, document);
            }
            Line::Record { position, recorded_at, entry } => {
                within(&mut open, count)?
                    .record(position, recorded_at, entry)
                    .map_err(|why| at(count, &why))?;
            }
            Line::Receipt { command, content, view, more, revoked } => {
                let view = view.map(|view| *view);
                let receipt = Arc::new(Receipt { content, view, more, revoked });
                within(&mut open, count)?.state.receipts.insert(command, receipt);
            }
        }
        count = count.saturating_add(1);
    }
    if lines.next() != Some(&[]) || lines.next().is_some() {
        return Err(at(count, "lines are missing, or follow the last one"));
    }
    close(&mut states, open)?;
    Ok(states)
}

/// Whether this version can read it at all.
fn version(first: &[u8]) -> Result<(), StoreFault> {
    match parse(first, 0)? {
        Line::Tenure { format: FORMAT } => Ok(()),
        Line::Tenure { format } if format > FORMAT => Err(StoreFault::Newer { found: format }),
        Line::Tenure { .. }
        | Line::Namespace(_)
        | Line::Document { .. }
        | Line::Record { .. }
        | Line::Receipt { .. }
        | Line::End { .. } => Err(broken("this is no store".to_owned())),
    }
}

fn parse(text: &[u8], line: u64) -> Result<Line, StoreFault> {
    serde_json::from_slice(text).map_err(|error| at(line, &error.to_string()))
}

fn within(open: &mut Option<(Namespace, Tenant)>, line: u64) -> Result<&mut Tenant, StoreFault> {
    open.as_mut().map(|(_, tenant)| tenant).ok_or_else(|| at(line, "it belongs to no namespace"))
}

fn compiled(compile: &dyn Compile, revision: &Revision, source: &str) -> Result<Arc<Publication>, String> {
    let document = compile.compile(source)?;
    if document.revision == *revision {
        Ok(Arc::new(document))
    } else {
        Err(format!("the policy `{revision}` now reads as `{}`", document.revision))
    }
}

fn close(
    states: &mut BTreeMap<Namespace, State>,
    open: Option<(Namespace, Tenant)>,
) -> Result<(), StoreFault> {
    let Some((ns, tenant)) = open else { return Ok(()) };
    if states.contains_key(&ns) {
        return Err(broken(format!("the namespace `{ns}` is there twice")));
    }
    let state = tenant.state()?;
    states.insert(ns, state);
    Ok(())
}

impl Tenant {
    fn enforce(&mut self, since: Timestamp, document: Arc<Publication>) {
        self.state.head = Arc::new(self.state.head.with(document.clone(), since));
        self.state.enforce(since, document);
    }

    fn record(&mut self, position: u64, recorded_at: Timestamp, written: Written) -> Result<(), String> {
        let expected = u64::try_from(self.entries.len()).unwrap_or(u64::MAX).saturating_add(1);
        if position != expected {
            return Err(format!("record {position} stands where record {expected} is missing"));
        }
        let entry = match written {
            Written::Event { grant, at, cause, happened, effects } => {
                let event = Event { grant, at, cause, happened: *happened, effects };
                self.events.entry(event.grant.clone()).or_default().push(event.clone());
                Entry::Event(event)
            }
            Written::Refused { refused, at, verb, actor, command, grant } => {
                let code = Code::ALL.iter().find(|code| code.as_str() == refused);
                let refused = *code.ok_or_else(|| format!("`{refused}` is no code of a refusal"))?;
                let known = VERBS.iter().find(|known| **known == verb);
                let verb = known.ok_or_else(|| format!("`{verb}` is no verb"))?;
                Entry::Refused(Refused { refused, at, verb, actor, command, grant })
            }
            Written::Published { published, at, actor, command } => {
                Entry::Published(Published { published, at, actor, command })
            }
            Written::Revoked(revoked) if !revoked.grants.is_sorted() => {
                return Err("the grants of a revocation are not in order".to_owned());
            }
            Written::Revoked(revoked) => Entry::Revoked(Arc::new(revoked)),
        };
        self.entries.push((recorded_at, entry));
        Ok(())
    }

    /// The namespace as it stands after all of that.
    fn state(self) -> Result<State, StoreFault> {
        let Self { mut state, entries, events } = self;
        let mut holders: BTreeSet<PersonId> = BTreeSet::new();
        for (id, events) in events {
            let grant = machine::replay(events).map_err(|illegal| broken(illegal.to_string()))?;
            if *grant.id() != id {
                return Err(broken(format!("the events of `{id}` speak of `{}`", grant.id())));
            }
            holders.insert(grant.holder().clone());
            state.put(Arc::new(grant));
        }
        for holder in &holders {
            state.renew(holder);
        }
        for (recorded_at, entry) in entries {
            state.record(recorded_at, entry);
        }
        Ok(state)
    }
}

fn at(line: u64, why: &str) -> StoreFault {
    broken(format!("line {}: {why}", line.saturating_add(1)))
}

const fn broken(what: String) -> StoreFault {
    StoreFault::Broken(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &str) -> Result<Publication, String> {
        Err("no policy is known here".to_owned())
    }

    fn fault(text: &str) -> StoreFault {
        read(text.as_bytes(), &nothing).map(|states| states.len()).unwrap_err()
    }

    #[test]
    fn what_is_damaged_is_said_and_never_read() {
        assert_eq!(fault("{\"tenure\":{\"format\":2}}\n"), StoreFault::Newer { found: 2 });
        for (text, part) in [
            ("", "line 1"),
            ("{}", "line 1"),
            ("{\"tenure\":{\"format\":1}}", "missing"),
            ("{\"tenure\":{\"format\":1}}\n", "line 2"),
            ("{\"tenure\":{\"format\":1}}\n{\"end\":{\"lines\":9}}\n", "missing"),
            ("{\"tenure\":{\"format\":1}}\n{\"end\":{\"lines\":1}}\n{}\n", "follow"),
            (
                "{\"tenure\":{\"format\":1}}\n{\"receipt\":{\"command\":\"c\",\"content\":\"\",\"view\":null}}\n",
                "namespace",
            ),
            (
                "{\"tenure\":{\"format\":1}}\n{\"namespace\":\"a\"}\n{\"namespace\":\"a\"}\n{\"end\":{\"lines\":3}}\n",
                "twice",
            ),
            (
                "{\"tenure\":{\"format\":1}}\n{\"namespace\":\"a\"}\n{\"document\":{\"at\":\"2026-03-02T09:00:00Z\",\"revision\":\"r\",\"source\":\"\"}}\n",
                "no policy is known",
            ),
            (
                "{\"tenure\":{\"format\":1}}\n{\"namespace\":\"a\"}\n{\"record\":{\"position\":2,\"recorded_at\":\"2026-03-02T09:00:00Z\",\"entry\":{\"published\":{\"published\":\"r\",\"at\":\"2026-03-02T09:00:00Z\",\"actor\":\"a\",\"command\":\"c\"}}}}\n",
                "record 1 is missing",
            ),
            (
                "{\"tenure\":{\"format\":1}}\n{\"namespace\":\"a\"}\n{\"record\":{\"position\":1,\"recorded_at\":\"2026-03-02T09:00:00Z\",\"entry\":{\"refused\":{\"refused\":\"nonsense\",\"at\":\"2026-03-02T09:00:00Z\",\"verb\":\"request\",\"actor\":\"a\",\"command\":\"c\",\"grant\":null}}}}\n",
                "no code",
            ),
            (
                "{\"tenure\":{\"format\":1}}\n{\"namespace\":\"a\"}\n{\"record\":{\"position\":1,\"recorded_at\":\"2026-03-02T09:00:00Z\",\"entry\":{\"revoked\":{\"of\":{\"person\":\"p\"},\"at\":\"2026-03-02T09:00:00Z\",\"cause\":{\"actor\":\"a\",\"command\":\"c\"},\"reason\":\"r\",\"grants\":[\"g2\",\"g1\"]}}}}\n",
                "not in order",
            ),
        ] {
            let StoreFault::Broken(what) = fault(text) else { panic!("`{text}` is not broken") };
            assert!(what.contains(part), "`{text}`: {what}");
        }
        let deep = format!("{{\"tenure\":{}", "[".repeat(100_000));
        assert!(matches!(fault(&deep), StoreFault::Broken(_)));
    }

    #[test]
    fn an_empty_store_comes_back_empty() {
        let bytes = Writer::begin().and_then(Writer::end).unwrap();
        assert_eq!(read(&bytes, &nothing).map(|states| states.len()), Ok(0));
    }
}
