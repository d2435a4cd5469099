//! Which namespaces a store has: a name that was mistyped has nothing in it, and must not look as if all were well.

use tenure_past::words::counted;
use tenure_port::core::id::Namespace;
use tenure_port::policy::problem::quote;

use super::{Opened, Trouble};

/// Where a host works that names none.
pub(super) const DEFAULT: &str = "default";
/// Namespaces that are named where another one was asked for; the rest is counted.
const NAMED: usize = 10;

/// Whether the store has that namespace. In a store in which nothing was ever written, that is the default one.
pub(super) fn has(store: &Opened, namespace: &str) -> Result<(), Trouble> {
    Namespace::new(namespace).map_err(|why| Trouble::Unread(format!("the namespace: {why}")))?;
    let there = match store {
        Opened::Database(store) => store.namespaces().map_err(|fault| Trouble::Unread(fault.to_string()))?,
        // What is damaged is told by whoever looks at all of it.
        Opened::File(store) => match store.namespaces() {
            Ok(there) => there,
            Err(_) => return Ok(()),
        },
    };
    if there.iter().any(|name| name == namespace) || (there.is_empty() && namespace == DEFAULT) {
        return Ok(());
    }
    let told: Vec<String> = there.iter().take(NAMED).map(|name| quote(name)).collect();
    let others = match (told.len(), there.len().saturating_sub(NAMED)) {
        (0, _) => "nothing was ever written in any".to_owned(),
        (_, 0) => format!("there are {}", told.join(", ")),
        (_, more) => format!("there are {} and {}", told.join(", "), counted(more, "other")),
    };
    Err(Trouble::Unread(format!("there is no namespace {} here; {others}", quote(namespace))))
}
