//! Paths: `flows[0].extension.span.default`.

use std::fmt;

use super::{Node, Value};

/// The way from the root to a node, without a text until somebody asks for it.
#[derive(Clone, Copy)]
pub(crate) struct Path<'p> {
    above: Option<&'p Path<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Root,
    Key(&'p str),
    Index(usize),
}

impl<'p> Path<'p> {
    pub(crate) const ROOT: Path<'static> = Path { above: None, step: Step::Root };

    pub(crate) fn key<'s>(&'s self, key: &'s str) -> Path<'s> {
        Path { above: Some(self), step: Step::Key(key) }
    }

    pub(crate) fn index<'s>(&'s self, index: usize) -> Path<'s> {
        Path { above: Some(self), step: Step::Index(index) }
    }

    /// The field that it is about: the last key on the way.
    pub(crate) fn field(&self) -> &'p str {
        match (self.step, self.above) {
            (Step::Key(key), _) => key,
            (Step::Index(_), Some(above)) => above.field(),
            (Step::Index(_) | Step::Root, _) => "the document",
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut below_root = false;
        if let Some(above) = self.above {
            write!(f, "{above}")?;
            below_root = matches!(above.step, Step::Root);
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Key(key) if plain(key) => write!(f, "{}{key}", if below_root { "" } else { "." }),
            Step::Key(key) => write!(f, "[{key:?}]"),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// Whether a key can stand in a path without quotes.
fn plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

/// Follows a path; where it ends early, the last node that was there.
pub(super) fn walk<'n>(from: &'n Node, path: &str) -> Result<&'n Node, &'n Node> {
    let mut node = from;
    let mut rest = path;
    while !rest.is_empty() {
        let (next, left) = step(node, rest).ok_or(node)?;
        node = next;
        rest = left;
    }
    Ok(node)
}

fn step<'n, 't>(node: &'n Node, path: &'t str) -> Option<(&'n Node, &'t str)> {
    if let Some(inside) = path.strip_prefix("[\"") {
        return quoted(node, inside);
    }
    if let Some(inside) = path.strip_prefix('[') {
        let (index, rest) = inside.split_once(']')?;
        let Value::List(items) = &node.value else { return None };
        return Some((items.get(index.parse::<usize>().ok()?)?, rest));
    }
    let name = path.strip_prefix('.').unwrap_or(path);
    let (key, rest) = name.split_at(name.find(['.', '[']).unwrap_or(name.len()));
    Some((node.field(key)?, rest))
}

/// A key in quotes, looked up by how it would be written.
fn quoted<'n, 't>(node: &'n Node, inside: &'t str) -> Option<(&'n Node, &'t str)> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find_map(|entry| {
        let written = format!("{:?}]", entry.key);
        let rest = inside.strip_prefix(written.strip_prefix('"')?)?;
        Some((&entry.node, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Format, parse};
    use super::*;

    #[test]
    fn paths_lead_back_to_their_nodes() {
        let tree = parse("a:\n - b: {c.d: 1, \"x\\\"y\": 2, z: 3}\n", Format::Yaml, None).unwrap();
        let root = Path::ROOT;
        let (a, first, b) = (root.key("a"), 0, "b");
        let item = a.index(first);
        let map = item.key(b);
        for (key, value) in [("c.d", 1), ("x\"y", 2), ("z", 3)] {
            let path = map.key(key).to_string();
            assert_eq!(tree.at(&path).unwrap().value, Value::Integer(value), "{path}");
        }
        assert_eq!(map.key("z").to_string(), "a[0].b.z");
        assert!(tree.at("a[1]").is_none());
        assert_eq!(tree.nearest("a[0].b.q.r").place, tree.at("a[0].b").unwrap().place);
    }
}
