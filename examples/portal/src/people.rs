//! Who is who, and what there is: what a host knows of its people and resources, and vouches for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use tenure::{Person, PersonId, Resource, ResourceId};

/// What the host knows of people and resources. A real one asks an identity provider and an inventory.
pub trait Directory: Send + Sync {
    /// The person of that id, as the directory knows them today; how they signed in is not its to know.
    fn person(&self, id: &PersonId) -> Option<Listed>;
    /// Everybody, in order of id.
    fn people(&self) -> Vec<Listed>;
    /// All resources that there are, in order.
    fn resources(&self) -> Vec<Known>;
}

/// Somebody in the directory.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// What people call them.
    pub name: String,
    /// What they do.
    #[serde(default)]
    pub title: Option<String>,
    /// Where they get mail.
    #[serde(default)]
    pub email: Option<String>,
    /// Who they are elsewhere, by the system: `slack: U024BE7LH`.
    #[serde(default)]
    pub accounts: BTreeMap<String, String>,
    /// The channels they read, such as `channel:#incidents`: notices to those reach them too.
    #[serde(default)]
    pub channels: Vec<String>,
    /// Who they are to the rules.
    pub person: Person,
}

/// A resource, and the permissions that there are on it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The resource with its labels and owners.
    pub resource: Resource,
    /// Its permissions.
    pub permissions: Vec<String>,
}

/// A directory in a JSON document: `{"people": [...], "resources": [...]}`.
#[derive(Clone, Debug, Default)]
pub struct Book {
    people: BTreeMap<PersonId, Listed>,
    resources: BTreeMap<ResourceId, Known>,
}

/// A document that is no directory.
#[derive(Debug)]
pub struct BadBook(String);

impl Book {
    /// Reads one.
    ///
    /// # Errors
    /// [`BadBook`]: it is no JSON of that shape, or somebody or an account is in it twice.
    pub fn from_json(text: &str) -> Result<Self, BadBook> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Document {
            people: Vec<Listed>,
            #[serde(default)]
            resources: Vec<Known>,
        }
        let document: Document = serde_json::from_str(text).map_err(|error| BadBook(error.to_string()))?;
        let mut book = Self::default();
        // Whoever comes with an account is one person.
        let mut accounts = BTreeSet::new();
        for listed in document.people {
            let id = listed.person.id.clone();
            for account in &listed.accounts {
                if !accounts.insert((account.0.clone(), account.1.clone())) {
                    return Err(BadBook(format!("the {} account `{}` is in it twice", account.0, account.1)));
                }
            }
            if book.people.insert(id.clone(), listed).is_some() {
                return Err(BadBook(format!("`{id}` is in it twice")));
            }
        }
        for known in document.resources {
            let id = known.resource.id.clone();
            if book.resources.insert(id.clone(), known).is_some() {
                return Err(BadBook(format!("`{id}` is in it twice")));
            }
        }
        Ok(book)
    }
}

impl Directory for Book {
    fn person(&self, id: &PersonId) -> Option<Listed> {
        self.people.get(id).cloned()
    }

    fn people(&self) -> Vec<Listed> {
        self.people.values().cloned().collect()
    }

    fn resources(&self) -> Vec<Known> {
        self.resources.values().cloned().collect()
    }
}

impl fmt::Display for BadBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is no directory of people: {}", self.0)
    }
}

impl std::error::Error for BadBook {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_or_an_account_that_is_in_it_twice_is_told() {
        let ada = r#"{"name": "Ada", "person": {"id": "ada"}}"#;
        assert_eq!(Book::from_json(&format!(r#"{{"people": [{ada}]}}"#)).unwrap().people().len(), 1);
        let twice = Book::from_json(&format!(r#"{{"people": [{ada}, {ada}]}}"#)).unwrap_err();
        assert!(twice.to_string().contains("`ada` is in it twice"), "{twice}");
        assert!(Book::from_json(r#"{"people": [{"name": "Ada", "persona": {}}]}"#).is_err());
        let has = |id: &str, account: &str| {
            format!(r#"{{"name": "{id}", "accounts": {{"slack": "{account}"}}, "person": {{"id": "{id}"}}}}"#)
        };
        let book = |of: &str| Book::from_json(&format!(r#"{{"people": [{}, {of}]}}"#, has("ada", "U1")));
        assert_eq!(book(&has("bob", "U2")).unwrap().people().len(), 2);
        let two = book(&has("bob", "U1")).unwrap_err();
        assert!(two.to_string().contains("slack account `U1` is in it twice"), "{two}");
    }
}
