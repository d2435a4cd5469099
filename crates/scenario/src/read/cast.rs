//! The people and things of a story.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json};
use tenure_port::core::person::{Person, Resource};
use tenure_port::core::time::Timestamp;
use tenure_port::policy::document::Node;
use tenure_port::policy::problem::Code;

use super::{Cast, Reading, join, keys};

/// What may be said of a person.
const FACTS: &[&str] = &["aliases", "acts_for", "groups", "roles", "manager", "attributes", "authenticated"];
const LOGIN: &[&str] = &["at", "methods", "level"];
const LEVELS: &[&str] = &["aal1", "aal2", "aal3"];
/// What may be said of a resource.
const RESOURCE: &[&str] = &["integration", "type", "name", "labels", "owners", "attributes"];

impl Reading<'_> {
    pub(super) fn cast(
        &mut self,
        node: &Node,
        path: &str,
        start: Timestamp,
        context: Map<String, Json>,
    ) -> Cast {
        let mut cast = Cast {
            start,
            context: Arc::new(context),
            people: BTreeMap::new(),
            resources: BTreeMap::new(),
            holders: BTreeMap::new(),
        };
        if let Some(people) = node.field("people") {
            let path = join(path, "people");
            for (name, entry) in keys(self.reader.entries(people, &path).unwrap_or_default()) {
                let person = self.person(name, entry.node(), &join(&path, name), &[], start);
                // Whoever is described wrongly is there all the same: that is one mistake, not two.
                cast.people.insert(name.to_owned(), person.unwrap_or_default());
            }
        }
        if let Some(resources) = node.field("resources") {
            let path = join(path, "resources");
            for (name, entry) in keys(self.reader.entries(resources, &path).unwrap_or_default()) {
                let resource = self.resource(entry.node(), &join(&path, name));
                cast.resources.insert(name.to_owned(), resource.unwrap_or_default());
            }
        }
        cast
    }

    /// A person as calls write them; `besides` are fields that are no facts.
    pub(super) fn person(
        &mut self,
        name: &str,
        node: &Node,
        path: &str,
        besides: &[&str],
        start: Timestamp,
    ) -> Option<Arc<Json>> {
        let known: Vec<&str> = FACTS.iter().chain(besides).copied().collect();
        let entries = self.reader.entries(node, path)?;
        self.reader.only(node, path, &known, "a person");
        let before = self.reader.found.len();
        let mut facts = Map::from_iter([("id".to_owned(), Json::from(name))]);
        for (fact, entry) in keys(entries).filter(|(fact, _)| FACTS.contains(fact)) {
            let value = entry.node();
            let at = join(path, fact);
            let said = match fact {
                "acts_for" | "manager" => self.reader.text(value, &at).map(Json::from),
                "attributes" => self.reader.json_map(value, &at).map(Json::from),
                "authenticated" => self.login(value, &at, start),
                _ => self.reader.texts(value, &at).map(Json::from),
            };
            facts.extend(said.map(|said| (fact.to_owned(), said)));
        }
        let person = Json::Object(facts);
        self.checked::<Person>(&person, node, path, before)?;
        Some(Arc::new(person))
    }

    fn login(&mut self, node: &Node, path: &str, start: Timestamp) -> Option<Json> {
        self.reader.entries(node, path)?;
        self.reader.only(node, path, LOGIN, "a login");
        let mut login = Map::new();
        match node.field("at") {
            Some(at) => {
                let at = self.reader.offset(at, &join(path, "at"), start);
                login.extend(at.map(|at| ("at".to_owned(), Json::from(at.to_string()))));
            }
            None => self.reader.missing(node, path, "at", "an offset from the start, or an instant"),
        }
        let methods = self.reader.optional(node, path, "methods", super::Reader::texts);
        login.extend(methods.map(|methods| ("methods".to_owned(), Json::from(methods))));
        if let Some(level) = node.field("level") {
            let level = self.reader.word(level, &join(path, "level"), LEVELS);
            login.extend(level.map(|level| ("level".to_owned(), Json::from(level))));
        }
        Some(Json::Object(login))
    }

    fn resource(&mut self, node: &Node, path: &str) -> Option<Arc<Json>> {
        let entries = self.reader.entries(node, path)?;
        self.reader.only(node, path, RESOURCE, "a resource");
        let before = self.reader.found.len();
        let mut facts = Map::new();
        for field in ["integration", "type", "name"] {
            let text = self.reader.required(node, path, field, super::Reader::text);
            facts.extend(text.map(|text| (field.to_owned(), Json::from(text))));
        }
        for (fact, entry) in keys(entries) {
            let at = join(path, fact);
            let said = match fact {
                "labels" | "attributes" => self.reader.json_map(entry.node(), &at).map(Json::from),
                "owners" => self.reader.texts(entry.node(), &at).map(Json::from),
                _ => None,
            };
            facts.extend(said.map(|said| (fact.to_owned(), said)));
        }
        let resource = Json::Object(facts);
        self.checked::<Resource>(&resource, node, path, before)?;
        Some(Arc::new(resource))
    }

    /// What the fields alone do not tell: whether ids are ids and facts are facts.
    fn checked<T: serde::de::DeserializeOwned>(
        &mut self,
        value: &Json,
        node: &Node,
        path: &str,
        before: usize,
    ) -> Option<()> {
        if self.reader.found.len() > before {
            return None;
        }
        match T::deserialize(value) {
            Ok(_) => Some(()),
            Err(wrong) => {
                self.reader.bad(Code::WrongType, node, path, wrong.to_string());
                None
            }
        }
    }
}
