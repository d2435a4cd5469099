//! Names that stand once and are keys elsewhere.

use rusqlite::{Connection, OptionalExtension};
use tenure_core::person::{Item, ResourceId};

use crate::trouble::Out;

/// What a name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Person,
    Flow,
    Integration,
    Item,
}

impl Kind {
    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::Person => 1,
            Self::Flow => 2,
            Self::Integration => 3,
            Self::Item => 4,
        }
    }
}

/// The key of a name, where it has one.
pub(crate) fn find(connection: &Connection, ns: i64, kind: Kind, text: &str) -> Out<Option<i64>> {
    let key = connection
        .prepare_cached("SELECT key FROM word WHERE ns = ? AND kind = ? AND text = ?")?
        .query_row((ns, kind.number(), text), |row| row.get(0))
        .optional()?;
    Ok(key)
}

/// The key that a name gets which has none.
pub(crate) fn make(connection: &Connection, ns: i64, kind: Kind, text: &str) -> Out<i64> {
    connection.prepare_cached("INSERT INTO word (ns, kind, text) VALUES (?, ?, ?)")?.execute((
        ns,
        kind.number(),
        text,
    ))?;
    Ok(connection.last_insert_rowid())
}

/// An item as a name: its parts as JSON, so that they cannot run into each other, and those of one resource
/// stand together.
pub(crate) fn item(item: &Item) -> Out<String> {
    let at = &item.resource;
    Ok(serde_json::to_string(&[at.integration.as_str(), &at.kind, &at.name, &item.permission])?)
}

/// How the names of all items of one resource begin, and no others.
pub(crate) fn beginning(at: &ResourceId) -> Out<String> {
    let mut text = serde_json::to_string(&[at.integration.as_str(), &at.kind, &at.name])?;
    text.pop();
    text.push(',');
    Ok(text)
}

/// The permission in the name of an item.
pub(crate) fn permission(item: &str) -> Out<String> {
    let [_, _, _, permission]: [String; 4] = serde_json::from_str(item)?;
    Ok(permission)
}
