//! Names that stand once and are keys elsewhere.

use rusqlite::{Connection, OptionalExtension};
use tenure_core::grant::Grant;
use tenure_core::person::{Item, ResourceId};

use crate::marks::damaged;
use crate::trouble::Out;

/// What a name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Person,
    Flow,
    Integration,
    Item,
    Revision,
}

impl Kind {
    /// How many there are.
    pub(crate) const COUNT: usize = 5;

    /// Where it stands among them.
    pub(crate) const fn place(self) -> usize {
        match self {
            Self::Person => 0,
            Self::Flow => 1,
            Self::Integration => 2,
            Self::Item => 3,
            Self::Revision => 4,
        }
    }

    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::Person => 1,
            Self::Flow => 2,
            Self::Integration => 3,
            Self::Item => 4,
            Self::Revision => 5,
        }
    }
}

/// What the row of a grant says of it by names: texts about the grant are kept without them.
pub(crate) struct Names {
    id: String,
    revision: String,
    holder: String,
    flow: String,
}

impl Names {
    /// Those of the grant with that key.
    pub(crate) fn find(connection: &Connection, grant: i64) -> Out<Self> {
        let sql = "SELECT g.id, r.text, h.text, f.text FROM grants g JOIN word r ON r.key = g.revision \
                   JOIN word h ON h.key = g.holder JOIN word f ON f.key = g.flow WHERE g.key = ?";
        let names = connection.prepare_cached(sql)?.query_row([grant], |row| {
            Ok(Self { id: row.get(0)?, revision: row.get(1)?, holder: row.get(2)?, flow: row.get(3)? })
        });
        names.optional()?.ok_or_else(|| damaged("what is known of a grant"))
    }

    pub(crate) fn known(&self) -> [&str; 4] {
        [&self.id, &self.revision, &self.holder, &self.flow]
    }
}

/// The same of a grant.
pub(crate) fn known(grant: &Grant) -> [&str; 4] {
    let origin = &grant.origin;
    [grant.id().as_str(), origin.revision.as_str(), grant.holder().as_str(), origin.flow.as_str()]
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
