//! From a tree to the parts of flows, in the order of the reference: all problems at once.
//!
//! A field that cannot be read leaves a placeholder behind and is noted as broken, so that no check
//! of meaning speaks of it a second time.

mod approval;
mod attributes;
mod beside;
mod condition;
mod emergency;
mod extension;
mod flow;
mod hours;
mod people;
mod reader;
mod requirement;
pub(crate) mod shape;
mod suggest;
mod target;

use std::collections::{BTreeMap, BTreeSet};

use tenure_core::flow::Parts;
use tenure_core::flow::beside::{Conflict, Guard, Kit};
use tenure_core::flow::target::Target;
use tenure_core::limits::FLOWS_MAX;

pub(crate) use self::reader::Reader;
use crate::document::{Node, Path, Place, Value};
use crate::problem::Code;

/// A document as it was read: every field that was written, placeholders where it was broken.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) flows: Vec<FlowDraft>,
    pub(crate) kits: Vec<Kit>,
    pub(crate) conflicts: Vec<Conflict>,
    pub(crate) guards: Vec<Guard>,
}

/// A flow as it was read.
#[derive(Debug)]
pub(crate) struct FlowDraft {
    pub(crate) parts: Parts,
    pub(crate) placed: Placed,
}

/// Where a flow stands in the document.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    /// Its place in the list, files counted through.
    pub(crate) index: usize,
    /// Where fields stand that do not stand where the flow's own paths say: from there, to here.
    moved: Vec<(String, String)>,
}

impl Placed {
    /// The path in the document of a path in the flow.
    pub(crate) fn path(&self, path: &str) -> String {
        for (from, to) in &self.moved {
            if let Some(rest) = path.strip_prefix(from.as_str())
                && (rest.is_empty() || rest.starts_with(['.', '[']))
            {
                return format!("{to}{rest}");
            }
        }
        format!("flows[{}].{path}", self.index)
    }
}

/// Named sets of targets, each target with its path in the document.
pub(crate) type Scopes = BTreeMap<String, Vec<(Target, String)>>;

/// Several files as one document: the entries of each list in the order of the files.
#[derive(Default)]
pub(crate) struct Merged<'n> {
    pub(crate) lists: BTreeMap<&'static str, Vec<&'n Node>>,
    pub(crate) attributes: Option<&'n Node>,
    root: Place,
}

/// The lists of a document.
const LISTS: [&str; 5] = ["flows", "scopes", "kits", "conflicts", "guards"];

impl<'n> Merged<'n> {
    /// The entries of one list.
    pub(crate) fn list(&self, name: &str) -> &[&'n Node] {
        self.lists.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The field of a path, if it is there.
    pub(crate) fn node(&self, path: &str) -> Option<&'n Node> {
        let (list, rest) = path.split_once('[')?;
        let (index, rest) = rest.split_once(']')?;
        self.list(list).get(index.parse::<usize>().ok()?)?.at(rest)
    }

    /// Where the field of a path stands, or what is nearest above it.
    pub(crate) fn place(&self, path: &str) -> Place {
        let Some((list, rest)) = path.split_once('[') else {
            return self.list(path).first().map_or(self.root, |node| node.place);
        };
        let Some((index, rest)) = rest.split_once(']') else { return self.root };
        let entry = index.parse::<usize>().ok().and_then(|index| self.list(list).get(index).copied());
        entry.map_or(self.root, |node| node.nearest(rest).place)
    }
}

/// Puts the files of a document together.
pub(crate) fn merge<'n>(reader: &mut Reader, roots: &'n [Node]) -> Merged<'n> {
    let mut merged =
        Merged { root: roots.first().map(|root| root.place).unwrap_or_default(), ..Merged::default() };
    let root = Path::ROOT;
    for node in roots {
        let Some(fields) = reader.fields(node, &root, &shape::DOCUMENT) else { continue };
        fields.must(reader, &root, "version", "write `version: 1` first", version);
        for name in LISTS {
            fields.maybe(reader, &root, name, |reader, node, path| {
                let items = reader.list(node, path, FLOWS_MAX, "a list")?;
                merged.lists.entry(name).or_default().extend(items);
                Some(())
            });
        }
        if let Some(attributes) = fields.value("attributes") {
            if merged.attributes.is_some() {
                let message = "`attributes` stands in two files".to_owned();
                let help = "write all of it in one of them";
                reader.disagree(
                    Code::Contradiction,
                    "attributes".to_owned(),
                    attributes.place,
                    message,
                    help,
                );
            }
            merged.attributes = Some(attributes);
        }
    }
    for name in LISTS {
        let entries = merged.list(name);
        if let (true, Some(first)) = (entries.len() > FLOWS_MAX, entries.first()) {
            let message = format!("there are {} entries in `{name}`, all files together", entries.len());
            let help = format!("a document has at most {FLOWS_MAX} of them");
            reader.problem(Code::TooLarge, &root.key(name), first.place, message, &help);
            merged.lists.remove(name);
        }
    }
    let flows = roots.iter().any(|node| node.field("flows").is_some());
    let maps = roots.iter().all(|node| matches!(node.value, Value::Map(_)));
    if !flows && maps {
        let help = "write `flows: [...]`; an empty list withdraws all of them";
        reader.problem(Code::MissingField, &root.key("flows"), merged.root, "`flows` is missing", help);
    }
    merged
}

fn version(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<()> {
    let (code, message) = match node.value {
        Value::Integer(1) => return Some(()),
        Value::Integer(_) => (Code::OutOfRange, "this version of the document is not known"),
        Value::Null | Value::Bool(_) | Value::Float(_) | Value::Text(_) | Value::List(_) | Value::Map(_) => {
            (Code::WrongType, "the version is a whole number, without quotes")
        }
    };
    reader.problem(code, path, node.place, message, "write `version: 1`");
    None
}

/// Reads a whole document.
pub(crate) fn document(reader: &mut Reader, merged: &Merged<'_>) -> Draft {
    let root = Path::ROOT;
    if let Some(node) = merged.attributes {
        attributes::read(reader, node, &root.key("attributes"));
    }
    let scopes = target::scopes(reader, merged.list("scopes"));
    let list = root.key("flows");
    let mut targets_left = target::TARGETS_MAX;
    let flows = merged.list("flows").iter().enumerate();
    let flows: Vec<FlowDraft> = flows
        .filter_map(|(index, node)| {
            let parts = flow::read(reader, node, &list.index(index), &scopes, &mut targets_left)?;
            Some(FlowDraft { parts, placed: Placed { index, moved: std::mem::take(&mut reader.moved) } })
        })
        .collect();
    let ids = ids(reader, merged.list("flows"), &list, "flow");
    Draft {
        kits: beside::kits(reader, merged.list("kits"), &ids),
        conflicts: beside::conflicts(reader, merged.list("conflicts"), &ids),
        guards: beside::guards(reader, merged.list("guards"), &scopes),
        flows,
    }
}

/// The ids that a list gives, and a problem for each that stands twice.
fn ids<'n>(reader: &mut Reader, nodes: &[&'n Node], list: &Path<'_>, what: &str) -> Known<'n> {
    let mut known = Known::default();
    for (n, node) in nodes.iter().enumerate() {
        let path = list.index(n);
        let path = path.key("id");
        if reader.is_replaced(&path.to_string()) {
            known.unsure = true;
            continue;
        }
        if let Some(Node { value: Value::Text(id), place }) = node.field("id")
            && !known.ids.insert(id)
        {
            let message = format!("a second {what} is named `{id}`");
            reader.disagree(
                Code::DuplicateId,
                path.to_string(),
                *place,
                message,
                "ids are unique, in all files together",
            );
        }
    }
    known
}

/// The ids of flows that there are.
#[derive(Default)]
pub(super) struct Known<'n> {
    ids: BTreeSet<&'n str>,
    /// Whether one of them could not be read, so that no name can be called unknown.
    unsure: bool,
}

impl Known<'_> {
    /// Notes it where a flow is not there.
    pub(super) fn check(&self, reader: &mut Reader, id: &str, node: &Node, path: &Path<'_>) {
        if self.unsure || self.ids.contains(id) {
            return;
        }
        let help = match suggest::near(id, self.ids.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name a flow of this document".to_owned(),
        };
        let message = format!("there is no flow {}", crate::problem::quote(id));
        reader.disagree(Code::UnknownReference, path.to_string(), node.place, message, &help);
    }
}

#[cfg(test)]
#[cfg(feature = "cedar")]
mod tests;
