//! What a flow offers: targets and named sets of them.

use tenure_core::flow::selector::Glob;
use tenure_core::flow::target::{Except, Permissions, Target};
use tenure_core::id::Integration;
use tenure_core::limits::{ID_BYTES_MAX, SELECTORS_MAX};

use super::reader::{Fields, Reader};
use super::{Scopes, ids, shape, suggest};
use crate::document::{Node, Path, Value};
use crate::problem::{Code, quote};

/// Targets of all flows of a document, those of scopes counted wherever they are used. A scope of a
/// thousand targets that a thousand flows use would otherwise be a million.
pub(super) const TARGETS_MAX: Budget = Budget(100_000);

/// Different names with `*` or `?` of one document: each is compiled and kept.
const GLOBS_MAX: usize = 10_000;

/// How many more targets there may be.
pub(super) struct Budget(usize);

const NAMED: &str = "say which, such as `[read]`, or `[\"*\"]` for all";

/// The scopes of a document by id, and a problem for each id that stands twice.
pub(super) fn scopes(reader: &mut Reader, nodes: &[&Node]) -> Scopes {
    let root = Path::ROOT;
    let list = root.key("scopes");
    let mut scopes = Scopes::new();
    for (n, node) in nodes.iter().enumerate() {
        let path = list.index(n);
        let Some(fields) = reader.fields(node, &path, &shape::SCOPE) else { continue };
        let id =
            fields.must(reader, &path, "id", "every scope has one", Reader::id::<tenure_core::id::FlowId>);
        let what = fields.must(reader, &path, "what", "say what it is a set of", |reader, node, path| {
            let items = reader.list(node, path, SELECTORS_MAX, "a list of targets")?;
            if items.is_empty() {
                reader.problem(
                    Code::OutOfRange,
                    path,
                    node.place,
                    "the scope is empty",
                    "name at least one target",
                );
            }
            Some(
                items
                    .iter()
                    .enumerate()
                    .filter_map(|(n, item)| {
                        let path = path.index(n);
                        let fields = reader.fields(item, &path, &shape::TARGET)?;
                        no_scope(reader, &fields, item, &path)?;
                        Some((plain(reader, &fields, &path, true), path.to_string()))
                    })
                    .collect::<Vec<_>>(),
            )
        });
        if let Some(id) = id {
            // A scope that cannot be read is known all the same: what uses it is not to blame.
            scopes.entry(id.to_string()).or_insert_with(|| what.unwrap_or_default());
        }
    }
    ids(reader, nodes, &list, "scope");
    scopes
}

/// Sets of targets are made of targets: sets of sets could run in circles.
fn no_scope(reader: &mut Reader, fields: &Fields<'_>, node: &Node, path: &Path<'_>) -> Option<()> {
    if !fields.has("scope") {
        return Some(());
    }
    let message = "a scope is made of items, not of other scopes";
    reader.problem(Code::Contradiction, &path.key("scope"), node.place, message, "write the items out");
    None
}

/// `what` of a flow: scopes are put in their places.
pub(super) fn list(
    reader: &mut Reader,
    node: &Node,
    path: &Path<'_>,
    scopes: &Scopes,
    left: &mut Budget,
) -> Option<Vec<Target>> {
    let items = reader.list(node, path, SELECTORS_MAX, "a list of targets")?;
    let mut targets = Vec::new();
    for (n, item) in items.iter().enumerate() {
        let path = path.index(n);
        for (target, own) in one(reader, item, &path, scopes, true).unwrap_or_default() {
            let Some(fewer) = left.0.checked_sub(1) else {
                let message = format!("the flows of this document offer more than {} targets", TARGETS_MAX.0);
                reader.problem(
                    Code::TooLarge,
                    &path,
                    item.place,
                    message,
                    "scopes count wherever they are used",
                );
                return None;
            };
            left.0 = fewer;
            let usual = format!("what[{}]", targets.len());
            if !own.ends_with(&usual) || !own.starts_with("flows") {
                reader.moved.push((usual, own));
            }
            targets.push(target);
        }
    }
    Some(targets)
}

/// One entry of `what`: a target, or all targets of a scope.
pub(super) fn one(
    reader: &mut Reader,
    node: &Node,
    path: &Path<'_>,
    scopes: &Scopes,
    of_flow: bool,
) -> Option<Vec<(Target, String)>> {
    let shape = if of_flow { &shape::TARGET } else { &shape::GUARD_TARGET };
    let fields = reader.fields(node, path, shape)?;
    if !fields.has("scope") {
        return Some(vec![(plain(reader, &fields, path, of_flow), path.to_string())]);
    }
    for other in shape.fields.iter().skip(1) {
        if let Some(node) = fields.value(other) {
            let message = format!("`{other}` stands beside `scope`, which already says what is meant");
            reader.problem(
                Code::Contradiction,
                &path.key(other),
                node.place,
                message,
                "write it in the scope",
            );
        }
    }
    fields.maybe(reader, path, "scope", |reader, node, path| {
        let name = reader.text(node, path)?;
        let scope = scopes.get(name).cloned();
        if scope.is_none() {
            let help = match suggest::near(name, scopes.keys().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "name it under `scopes`".to_owned(),
            };
            let message = format!("there is no scope {}", quote(name));
            reader.problem(Code::UnknownReference, path, node.place, message, &help);
        }
        scope
    })
}

fn plain(reader: &mut Reader, fields: &Fields<'_>, path: &Path<'_>, of_flow: bool) -> Target {
    let r = reader;
    let (integration, permitted) = if of_flow {
        (
            fields.must(r, path, "integration", "say on which instance", instance),
            fields.must(r, path, "permissions", NAMED, permissions),
        )
    } else {
        (
            fields.maybe(r, path, "integration", instance),
            fields.maybe(r, path, "permissions", permissions).or(Some(Permissions::Any)),
        )
    };
    Target {
        integration,
        kind: fields.maybe(r, path, "type", kind),
        names: fields.maybe(r, path, "names", names).unwrap_or_default(),
        labels: fields.maybe(r, path, "labels", super::flow::labels).unwrap_or_default(),
        except: fields.maybe(r, path, "except", except).unwrap_or_default(),
        permissions: permitted.unwrap_or(Permissions::Named(Vec::new())),
    }
}

fn instance(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Integration> {
    let id: Integration = reader.id(node, path)?;
    let help = "write an entry for each integration that is meant";
    is_literal(reader, id.as_str(), (node, path), "integrations", help).then_some(id)
}

fn kind(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<String> {
    let kind = reader.words(node, path)?;
    is_literal(reader, &kind, (node, path), "types", "name one, or leave `type` out for any").then_some(kind)
}

/// Whether it is no pattern, where a pattern would mean what nothing is called: a guard over it would guard nothing.
fn is_literal(
    reader: &mut Reader,
    text: &str,
    (node, path): (&Node, &Path<'_>),
    what: &str,
    help: &str,
) -> bool {
    let literal = !text.contains(['*', '?']);
    if !literal {
        let message = format!("{} is a pattern, and {what} are literal", quote(text));
        reader.problem(Code::BadPattern, path, node.place, message, help);
    }
    literal
}

fn except(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Except> {
    let fields = reader.fields(node, path, &shape::EXCEPT)?;
    if !fields.has("names") && !fields.has("labels") {
        let message = "`except` does not say what is left out";
        reader.problem(Code::MissingField, path, node.place, message, "write `names`, `labels` or both");
    }
    Some(Except {
        names: fields.maybe(reader, path, "names", names).unwrap_or_default(),
        labels: fields.maybe(reader, path, "labels", super::flow::labels).unwrap_or_default(),
    })
}

fn names(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Vec<Glob>> {
    if matches!(&node.value, Value::List(items) if items.is_empty()) {
        let message = "an empty list of names would mean none";
        reader.problem(Code::OutOfRange, path, node.place, message, "leave `names` out for any name");
        return None;
    }
    reader.each(node, path, "a list of names, such as `[\"prod-*\"]`", |reader, node, path| {
        let text = reader.text(node, path)?;
        if let Some(known) = reader.globs.get(text) {
            return Some(known.clone());
        }
        if text.is_empty() {
            reader.problem(
                Code::BadPattern,
                path,
                node.place,
                "an empty name matches nothing",
                "leave it out",
            );
            return None;
        }
        if !fits(reader, text, node, path) {
            return None;
        }
        let glob = Glob::new(text);
        reader.globs.insert(text.to_owned(), glob.clone());
        Some(glob)
    })
}

/// Whether a text is short enough for a name, and if it is a pattern, few enough came before it.
pub(super) fn fits(reader: &mut Reader, text: &str, node: &Node, path: &Path<'_>) -> bool {
    let longest = ID_BYTES_MAX.saturating_add("group:".len());
    if text.len() > longest {
        let message = format!("{} has {} bytes", quote(text), text.len());
        let help = format!("a name has at most {ID_BYTES_MAX} bytes");
        reader.problem(Code::TooLarge, path, node.place, message, &help);
        return false;
    }
    if !text.contains(['*', '?']) {
        return true;
    }
    if reader.globs_made >= GLOBS_MAX {
        let message = format!("the document has more than {GLOBS_MAX} different names with `*` or `?`");
        reader.problem(Code::TooLarge, path, node.place, message, "select by group, role or label instead");
        return false;
    }
    reader.globs_made = reader.globs_made.saturating_add(1);
    true
}

fn permissions(reader: &mut Reader, node: &Node, path: &Path<'_>) -> Option<Permissions> {
    let names =
        reader.each(node, path, "a list of permissions, such as `[read]`", |reader, node, path| {
            let name = reader.words(node, path)?;
            let help = "name each, or write `[\"*\"]` for all";
            let named = name == "*" || is_literal(reader, &name, (node, path), "permissions", help);
            named.then_some(name)
        })?;
    if names.iter().any(|name| name == "*") {
        if names.len() > 1 {
            let message = "`*` stands beside other permissions, and means all of them already";
            reader.problem(Code::Contradiction, path, node.place, message, "keep one or the other");
        }
        return Some(Permissions::Any);
    }
    Some(Permissions::Named(names))
}
