//! What a store holds, as bytes: one JSON value a line, and back again.
//!
//! Only what happened is written: events, refusals, the text of policies, answers. Grants and every index
//! are made of that again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tenure_core::event::Event;
use tenure_core::id::{CommandId, GrantId, Namespace, PersonId, Revision};
use tenure_core::machine;
use tenure_core::record::Entry;
use tenure_core::record::leaf::Leaf;
use tenure_core::record::refused::{RefusedOf, Tally};
use tenure_core::record::tree::Hash;
use tenure_core::record::written::Written;
use tenure_core::refusal::Code;
use tenure_core::time::Timestamp;
use tenure_core::view::View;
use tenure_core::world::{Found, Publication, Receipt};

use super::state::State;
use crate::fault::StoreFault;
use crate::seal::Sealed;
use crate::store::Compile;

/// The version of the format.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    /// The first line.
    Tenure { format: u32 },
    /// What follows is in this namespace.
    Namespace(Namespace),
    /// A policy that was in force from that instant on.
    Document { at: Timestamp, revision: Revision, source: String },
    /// One line of the record, and what people wrote of it.
    Record {
        leaf: String,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        written: Option<Written>,
    },
    /// How many records that were, and the root over them: what was damaged is not read as if it were not.
    Root { size: u64, root: Hash },
    /// How often an actor was refused with a code in one minute.
    Refused { actor: String, code: String, tally: Tally },
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
        for leaf in &state.leaves {
            self.line(&Line::Record { leaf: leaf.text.clone(), written: leaf.written.clone() })?;
        }
        let frontier = state.seal.frontier();
        self.line(&Line::Root { size: frontier.size(), root: frontier.root() })?;
        for (of, tally) in &state.refused {
            let (actor, code) = (of.actor.clone(), of.code.to_string());
            self.line(&Line::Refused { actor, code, tally: *tally })?;
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

/// What was read of one namespace so far.
struct Tenant {
    ns: Namespace,
    state: State,
    sealed: Vec<Sealed>,
    whole: bool,
    events: BTreeMap<GrantId, Vec<Event>>,
}

/// Reads what was written.
pub(super) fn read(bytes: &[u8], compile: &dyn Compile) -> Result<BTreeMap<Namespace, State>, StoreFault> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    version(first)?;
    let mut states = BTreeMap::new();
    let mut open: Option<Tenant> = None;
    let mut count = 1_u64;
    for text in lines.by_ref() {
        match parse(text, count)? {
            Line::Tenure { .. } => return Err(at(count, "a store begins in the middle of another")),
            Line::Namespace(ns) => {
                close(&mut states, open.take())?;
                open = Some(Tenant::new(ns));
            }
            Line::End { lines } if lines == count => break,
            Line::End { .. } => return Err(at(count, "lines are missing")),
            Line::Document { at: since, revision, source } => {
                let document = compiled(compile, &revision, &source).map_err(|why| at(count, &why))?;
                within(&mut open, count)?.enforce(since, document);
            }
            Line::Record { leaf: text, written } => {
                let tenant = within(&mut open, count)?;
                tenant.record(Leaf { text, written }).map_err(|why| at(count, &why))?;
            }
            Line::Root { size, root } => {
                let tenant = within(&mut open, count)?;
                let frontier = tenant.state.seal.frontier();
                tenant.whole = frontier.size() == size && frontier.root() == root;
            }
            Line::Refused { actor, code, tally } => {
                let unknown = || at(count, &format!("`{code}` is no code of a refusal"));
                let of = RefusedOf { actor, code: Code::named(&code).ok_or_else(unknown)? };
                within(&mut open, count)?.state.refused.insert(of, tally);
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
        | Line::Root { .. }
        | Line::Refused { .. }
        | Line::Receipt { .. }
        | Line::End { .. } => Err(broken("this is no store".to_owned())),
    }
}

fn parse(text: &[u8], line: u64) -> Result<Line, StoreFault> {
    serde_json::from_slice(text).map_err(|error| at(line, &error.to_string()))
}

fn within(open: &mut Option<Tenant>, line: u64) -> Result<&mut Tenant, StoreFault> {
    open.as_mut().ok_or_else(|| at(line, "it belongs to no namespace"))
}

fn compiled(compile: &dyn Compile, revision: &Revision, source: &str) -> Result<Arc<Publication>, String> {
    let document = compile.compile(source)?;
    if document.revision == *revision {
        Ok(Arc::new(document))
    } else {
        Err(format!("the policy `{revision}` now reads as `{}`", document.revision))
    }
}

fn close(states: &mut BTreeMap<Namespace, State>, open: Option<Tenant>) -> Result<(), StoreFault> {
    let Some(tenant) = open else { return Ok(()) };
    let ns = tenant.ns.clone();
    if states.contains_key(&ns) {
        return Err(broken(format!("the namespace `{ns}` is there twice")));
    }
    let state = tenant.state()?;
    states.insert(ns, state);
    Ok(())
}

impl Tenant {
    fn new(ns: Namespace) -> Self {
        let (state, sealed, events) = (State::default(), Vec::new(), BTreeMap::new());
        Self { ns, state, sealed, whole: true, events }
    }

    fn enforce(&mut self, since: Timestamp, document: Arc<Publication>) {
        self.state.head = Arc::new(self.state.head.with(document.clone(), since));
        self.state.enforce(since, document);
    }

    fn record(&mut self, leaf: Leaf) -> Result<(), String> {
        let sealed = self.state.seal.again(&self.ns, leaf)?;
        if let Entry::Event(event) = &sealed.record.entry {
            self.events.entry(event.grant.clone()).or_default().push(event.clone());
        }
        self.whole = false;
        self.sealed.push(sealed);
        Ok(())
    }

    /// The namespace as it stands after all of that.
    fn state(self) -> Result<State, StoreFault> {
        let Self { ns, mut state, sealed, whole, events } = self;
        if !whole {
            return Err(broken(format!("the record of `{ns}` is not the one that was written")));
        }
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
        for sealed in sealed {
            state.record(sealed);
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

    const PUBLISHED: &str =
        r#"{"published":{"published":"r","at":"2026-03-02T09:00:00Z","actor":"a","command":"c"}}"#;

    /// A store with one record in it, and no root over it.
    fn recorded(position: u64, entry: &str) -> String {
        let leaf = format!(
            r#"{{"version":1,"namespace":"a","position":{position},"recorded_at":"2026-03-02T09:00:00Z","entry":{entry}}}"#
        );
        let record = serde_json::json!({"record": {"leaf": leaf}});
        format!(
            "{{\"tenure\":{{\"format\":1}}}}\n{{\"namespace\":\"a\"}}\n{record}\n{{\"end\":{{\"lines\":3}}}}\n"
        )
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
            (&recorded(2, PUBLISHED), "record 1 is missing"),
            (&recorded(1, PUBLISHED).replace("namespace\\\":\\\"a", "namespace\\\":\\\"b"), "stands in `a`"),
            (&recorded(1, PUBLISHED), "not the one that was written"),
            (
                &recorded(
                    1,
                    r#"{"refused":{"refused":"nonsense","at":"2026-03-02T09:00:00Z","verb":"request","actor":"a","command":"c"}}"#,
                ),
                "no code",
            ),
            (
                &recorded(
                    1,
                    r#"{"revoked":{"of":{"person":"p"},"at":"2026-03-02T09:00:00Z","cause":{"actor":"a","command":"c"},"reason":"r","grants":["g2","g1"]}}"#,
                ),
                "not in order",
            ),
            (
                &recorded(
                    1,
                    r#"{"revoked":{"of":{"person":"p"},"at":"2026-03-02T09:00:00Z","cause":{"actor":"a","command":"c"},"reason":"r","grants":[]}}"#,
                ),
                "stands where its hash belongs",
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
