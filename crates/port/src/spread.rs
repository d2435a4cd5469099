//! Which namespace is in which store: one for most, and others for some.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use tenure::tenure_core::id::Namespace;
use tenure::{Error, Fault, SqliteStore, Store, StoreFault};

use crate::Port;

/// Namespaces spread over stores, as a host has it configured. A place is a `postgres://…` URL or the path of a SQLite file.
///
/// ```
/// use tenure_port::Spread;
///
/// let spread = Spread::from_json(
///     r#"{"default": "postgres://db-1/access", "namespaces": {"acme": "postgres://db-2/access"}}"#,
/// ).unwrap();
/// assert_eq!(spread.place(&"acme".parse().unwrap()), "postgres://db-2/access");
/// assert_eq!(spread.place(&"globex".parse().unwrap()), "postgres://db-1/access");
/// ```
///
/// A store is opened when the first of its namespaces is asked for, and shared by all of them. After a namespace was moved, a
/// host that has the old place configured is answered with the fault `moved`: it takes up a new spread.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    #[serde(rename = "default")]
    most: String,
    #[serde(default)]
    namespaces: BTreeMap<Namespace, String>,
    #[serde(skip)]
    opened: Mutex<HashMap<String, Arc<dyn Store>>>,
}

impl Spread {
    /// All namespaces in one place.
    #[must_use]
    pub fn everywhere(place: impl Into<String>) -> Self {
        Self { most: place.into(), namespaces: BTreeMap::new(), opened: Mutex::default() }
    }

    /// The same, but for this namespace.
    #[must_use]
    pub fn with(mut self, namespace: Namespace, place: impl Into<String>) -> Self {
        self.namespaces.insert(namespace, place.into());
        self
    }

    /// As a configuration says it: `{"default": PLACE, "namespaces": {NAME: PLACE}}`.
    ///
    /// # Errors
    /// What is wrong with it, in words that repeat no place: a URL may hold a password.
    pub fn from_json(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|why| {
            let (line, column, wrong) = (why.line(), why.column(), wrong(text));
            format!("which namespace is where cannot be read at line {line}, column {column}: {wrong}; it is {FORM}")
        })
    }

    /// Where a namespace is.
    #[must_use]
    pub fn place(&self, namespace: &Namespace) -> &str {
        self.namespaces.get(namespace).unwrap_or(&self.most)
    }

    /// A handle for a namespace, on the store that it is in.
    ///
    /// # Errors
    /// [`Fault`] where that is no name of one, or its store cannot be opened.
    pub fn port(&self, namespace: &str) -> Result<Port, Error> {
        let name = Namespace::new(namespace)
            .map_err(|why| Fault::BadId { which: "namespace", why: why.to_string() })?;
        Port::open_namespace(self.store(&name)?, namespace)
    }

    /// The store that a namespace is in. It is opened once.
    ///
    /// # Errors
    /// [`StoreFault`] where it cannot be opened.
    pub fn store(&self, namespace: &Namespace) -> Result<Arc<dyn Store>, StoreFault> {
        let place = self.place(namespace);
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = opened.get(place) {
            return Ok(store.clone());
        }
        let store = open(place)?;
        opened.insert(place.to_owned(), store.clone());
        Ok(store)
    }
}

/// How it is written.
const FORM: &str = r#"`{"default": "URL", "namespaces": {"NAME": "URL"}}`"#;

/// What keeps a text from saying which namespace is where. The words of the parser repeat what stands there, so none of
/// them are used.
fn wrong(text: &str) -> &'static str {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else { return "this is no JSON" };
    let Some(fields) = value.as_object() else { return "this is no object" };
    match (fields.get("default"), fields.get("namespaces")) {
        (None, _) => "`default` is missing, where all other namespaces are",
        (Some(most), _) if !most.is_string() => "`default` is no text",
        (_, Some(named)) if !named.is_object() => "`namespaces` is no object",
        _ if fields.keys().any(|name| !matches!(&**name, "default" | "namespaces")) => {
            "there is a field beside `default` and `namespaces`"
        }
        (_, Some(named)) if named.as_object().is_some_and(|all| all.values().any(|at| !at.is_string())) => {
            "a place in `namespaces` is no text"
        }
        (_, Some(named))
            if named.as_object().is_some_and(|all| all.keys().any(|name| Namespace::new(name).is_err())) =>
        {
            "a name in `namespaces` is no name of one"
        }
        _ => "a field stands twice",
    }
}

/// Whether a place is a database, not a file.
#[must_use]
pub fn is_database(place: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| place.starts_with(scheme))
}

fn open(place: &str) -> Result<Arc<dyn Store>, StoreFault> {
    if is_database(place) {
        return database(place);
    }
    Ok(Arc::new(SqliteStore::open(place)?))
}

#[cfg(feature = "postgres")]
fn database(url: &str) -> Result<Arc<dyn Store>, StoreFault> {
    Ok(Arc::new(tenure::PostgresStore::open(url)?))
}

#[cfg(not(feature = "postgres"))]
fn database(_url: &str) -> Result<Arc<dyn Store>, StoreFault> {
    Err(StoreFault::Broken("this was built without the store in a database (feature `postgres`)".to_owned()))
}

impl fmt::Debug for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A URL may hold a password.
        f.debug_struct("Spread").field("namespaces", &self.namespaces.keys()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_told_without_a_place() {
        for (text, words) in [
            ("{}", "`default` is missing"),
            ("[]", "this is no object"),
            (r#"{"default": 1}"#, "`default` is no text"),
            (r#"{"default": "a", "others": {}}"#, "a field beside"),
            (r#"{"default": "a", "postgres://u:secret@h/d": {}}"#, "a field beside"),
            (r#"{"default": "a", "namespaces": "postgres://u:secret@h/d"}"#, "`namespaces` is no object"),
            (r#"{"default": "a", "namespaces": {"b": ["secret"]}}"#, "a place in `namespaces` is no text"),
            (r#"{"default": "a", "namespaces": {"": "postgres://u:secret@h/d"}}"#, "is no name of one"),
            (r#"{"default": "postgres://u:secret@h/d" "namespaces"}"#, "this is no JSON"),
            (r#"{"default": "secret", "default": "secret"}"#, "stands twice"),
        ] {
            let why = Spread::from_json(text).unwrap_err();
            assert!(why.contains("line 1") && why.contains(words) && !why.contains("secret"), "{why}");
        }
        let spread = Spread::everywhere("postgres://u:secret@h/d").with("acme".parse().unwrap(), "secret");
        assert!(!format!("{spread:?}").contains("secret"));
    }

    #[test]
    fn namespaces_of_one_place_share_a_store() {
        let folder = std::env::temp_dir().join(format!("tenure-spread-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let at = |name: &str| folder.join(name).display().to_string();
        let spread = Spread::everywhere(at("most.db")).with("acme".parse().unwrap(), at("acme.db"));
        let store = |name: &str| spread.store(&name.parse().unwrap()).unwrap();
        assert!(Arc::ptr_eq(&store("one"), &store("two")));
        assert!(!Arc::ptr_eq(&store("one"), &store("acme")));
        assert_eq!(
            spread.port("acme").unwrap().call(r#"{"call":"sweep"}"#),
            r#"{"ok":{"events":0,"people":0}}"#
        );
        assert!(folder.join("acme.db").exists() && folder.join("most.db").exists());
        assert!(spread.port("").is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
