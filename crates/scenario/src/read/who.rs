//! People and resources by themselves, as scenario files write them.

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize as _;
use serde_json::{Map, Value as Json};
use tenure_port::core::flow::selector::Selector;
use tenure_port::core::person::{Person, Resource};
use tenure_port::core::time::Timestamp;
use tenure_port::policy::document::{self, Format, Node};
use tenure_port::policy::problem::Code;

use super::value::Reader;
use super::{NoPolicy, Policies, Reading, join, keys};
use crate::trouble::{Trouble, Unreadable};

/// People and resources, each in the order of the file's names.
#[derive(Clone, Debug)]
pub struct Directory {
    /// The people.
    pub people: Vec<Person>,
    /// The resources, by what the file calls them.
    pub resources: Vec<(String, Resource)>,
}

/// A directory names no policy.
struct NoPolicies;

impl Policies for NoPolicies {
    fn policy(&mut self, _: &Path, _: &str) -> Result<Arc<Json>, NoPolicy> {
        Err(NoPolicy::Path("no policy belongs here".to_owned()))
    }
}

/// Reads the people, and where there are some the resources, of a text: a file of its own, or one story.
///
/// # Errors
/// Everything that is wrong with it.
pub fn directory(file: &str, text: &str, format: Format) -> Result<Directory, Unreadable> {
    let documents = document::parse_many(text, format, Some(file)).map_err(Unreadable::Document)?;
    let [node] = <[Node; 1]>::try_from(documents).map_err(|documents| {
        let second = documents.get(1);
        let message = second.map_or("there is nothing in it", |_| "a second document begins here");
        let place = second.map(Node::place).unwrap_or_default();
        let trouble = Trouble::new(Code::MissingField, "people".to_owned(), place, message);
        let help = "a file of people is one document: `people: {alice: {groups: [sre]}}`";
        Unreadable::story(file, text, vec![trouble.help(help)])
    })?;
    let name: Arc<str> = Arc::from(file);
    let mut reading =
        Reading { file: &name, policies: &mut NoPolicies, reader: Reader::default(), refused: None };
    reading.reader.entries(&node, "");
    // A story has people too; what else it tells does not matter here.
    let known = if node.field("steps").is_some() { super::FIELDS } else { &["people", "resources"] };
    reading.reader.only(&node, "", known, "a file of people");
    if node.field("people").is_none() {
        reading.reader.missing(&node, "", "people", "who there is: `people: {alice: {groups: [sre]}}`");
    }
    // Logins are not looked at, so it does not matter from when their offsets count.
    let cast = reading.cast(&node, "", Timestamp::MIN, Map::new());
    let mut directory = Directory { people: Vec::new(), resources: Vec::new() };
    if reading.reader.found.is_empty() {
        directory.people = cast.people.values().filter_map(|one| Person::deserialize(&**one).ok()).collect();
        let resource =
            |(name, one): (&String, &Arc<Json>)| Some((name.clone(), Resource::deserialize(&**one).ok()?));
        directory.resources = cast.resources.iter().filter_map(resource).collect();
        bounds(&mut reading.reader, &node, &directory);
    }
    let found = reading.reader.found;
    if found.is_empty() { Ok(directory) } else { Err(Unreadable::story(file, text, found)) }
}

/// What a command would be refused for, where it came with these facts.
fn bounds(reader: &mut Reader, node: &Node, directory: &Directory) {
    for person in &directory.people {
        if let Some(words) = person.too_large() {
            about(reader, node, ("people", person.id.as_str()), Code::TooLarge, words, "");
        }
    }
    for (name, resource) in &directory.resources {
        for owner in &resource.owners {
            match owner {
                Selector::User(_) | Selector::Group(_) | Selector::Role(_) => {}
                Selector::Everyone | Selector::Manager | Selector::Owner => {
                    let (words, help) =
                        (format!("`{owner}` owns nothing"), "write `user:ID`, `group:NAME` or `role:NAME`");
                    about(reader, node, ("resources", name), Code::BadSelector, words, help);
                }
            }
        }
    }
}

fn about(
    reader: &mut Reader,
    node: &Node,
    (list, name): (&str, &str),
    code: Code,
    words: String,
    help: &str,
) {
    let entries = node.field(list).and_then(|list| reader.entries(list, "")).unwrap_or_default();
    let place =
        keys(entries).find(|(key, _)| *key == name).map_or(node.place(), |(_, entry)| entry.key_place());
    reader.trouble(Trouble::new(code, join(list, name), place, words).help(help));
}
