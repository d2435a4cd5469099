//! From a text to stories: everything that is wrong with it is told at once, each with its place.

mod cast;
mod expect;
mod step;
mod value;
mod who;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value as Json};
use tenure_port::core::time::Timestamp;
use tenure_port::policy::document::{self, Entry, Format, Node, Value};
use tenure_port::policy::problem::{Code, Problems};

use self::value::Reader;
pub use self::who::{Directory, directory};
use crate::story::{Effects, Scenario};
use crate::trouble::{Trouble, Unreadable};

/// Where a policy that a scenario names by its path comes from.
pub trait Policies {
    /// The canonical JSON of the policy at this path, seen from the scenario's file.
    ///
    /// # Errors
    /// What is wrong with the policy, or with the path.
    fn policy(&mut self, from: &Path, path: &str) -> Result<Arc<Json>, NoPolicy>;
}

/// Why there is no policy at a path.
#[derive(Clone, Debug)]
pub enum NoPolicy {
    /// The file cannot be read.
    Path(String),
    /// The policy has problems.
    Invalid(Problems),
}

/// The fields of a scenario.
const FIELDS: &[&str] =
    &["name", "why", "policy", "start", "effects", "people", "resources", "context", "steps"];

/// Reads every scenario of a text.
///
/// # Errors
/// Everything that is wrong with it.
pub fn scenarios(
    file: &str,
    text: &str,
    format: Format,
    policies: &mut dyn Policies,
) -> Result<Vec<Scenario>, Unreadable> {
    let documents = document::parse_many(text, format, Some(file)).map_err(Unreadable::Document)?;
    if let [only] = documents.as_slice()
        && only.field("flows").is_some()
        && only.field("steps").is_none()
    {
        let message = "this is a policy, and not a story about one";
        let help = "check it with `tenure check`; a story names it: `policy: flows.yaml`";
        let trouble = Trouble::new(Code::MissingField, "steps".to_owned(), only.place(), message).help(help);
        return Err(Unreadable::story(file, text, vec![trouble]));
    }
    let file: Arc<str> = Arc::from(file);
    let mut reading = Reading { file: &file, policies, reader: Reader::default(), refused: None };
    let mut stories = Vec::new();
    let mut names = BTreeMap::new();
    for (node, path) in parts(&documents, format, &mut reading.reader) {
        let story = reading.scenario(node, &path);
        if let Some(story) = story {
            if names.insert(story.name.clone(), ()).is_some() {
                let message =
                    format!("a scenario before is called {} too", crate::trouble::quote(&story.name));
                reading.reader.trouble(Trouble::new(
                    Code::DuplicateId,
                    join(&path, "name"),
                    node.place(),
                    message,
                ));
            }
            stories.push(story);
        }
    }
    let Reading { reader, refused, .. } = reading;
    match refused {
        _ if !reader.found.is_empty() => Err(Unreadable::story(&file, text, reader.found)),
        Some(problems) => Err(Unreadable::Document(problems)),
        None => Ok(stories),
    }
}

/// The scenarios of a file: in YAML a document each, otherwise a list, or the whole.
fn parts<'n>(documents: &'n [Node], format: Format, reader: &mut Reader) -> Vec<(&'n Node, String)> {
    let mut parts = Vec::new();
    for node in documents {
        match (node.field("scenarios"), documents) {
            (Some(list), [_]) => {
                let items = reader.list(list, "scenarios").unwrap_or_default();
                let numbered = items.iter().enumerate();
                parts.extend(numbered.map(|(index, item)| (item, format!("scenarios[{index}]"))));
                reader.only(node, "", &["scenarios"], "a file of scenarios");
            }
            _ => parts.push((node, String::new())),
        }
    }
    if parts.is_empty() {
        let place = documents.first().map(Node::place).unwrap_or_default();
        let help = match format {
            Format::Yaml => "a scenario begins with `name:`; several are parted by `---`",
            Format::Toml | Format::Json => "write one scenario, or a list of them under `scenarios`",
        };
        reader.trouble(
            Trouble::new(Code::MissingField, String::new(), place, "there is no scenario in it").help(help),
        );
    }
    parts
}

struct Reading<'r> {
    file: &'r Arc<str>,
    policies: &'r mut dyn Policies,
    reader: Reader,
    /// The problems of a policy that a scenario names; they have a file of their own.
    refused: Option<Problems>,
}

impl Reading<'_> {
    fn scenario(&mut self, node: &Node, path: &str) -> Option<Scenario> {
        self.reader.entries(node, path)?;
        self.reader.only(node, path, FIELDS, "a scenario");
        let name = self.reader.required(node, path, "name", Reader::text);
        let why = self.reader.optional(node, path, "why", Reader::text);
        let start = self.reader.required(node, path, "start", Reader::time);
        let effects = self.reader.optional(node, path, "effects", Reader::effects).unwrap_or(Effects::Auto);
        let context = self.reader.optional(node, path, "context", Reader::json_map).unwrap_or_default();
        let policy = match node.field("policy") {
            Some(policy) => self.policy(policy, &join(path, "policy")),
            None => {
                self.reader.missing(node, path, "policy", "a path from this file, or the document itself");
                None
            }
        };
        // Where the start is unknown, offsets are still read, so that their mistakes are told too.
        let from = start.unwrap_or(Timestamp::MIN);
        let mut cast = self.cast(node, path, from, context);
        let people = cast.people.clone();
        let steps = self.steps(node, path, &mut cast);
        Some(Scenario {
            name: name?,
            why,
            file: self.file.clone(),
            line: node.place().line().unwrap_or(1),
            start: start?,
            effects,
            policy: policy?,
            people,
            steps: steps?,
        })
    }

    /// A policy by path, or as it stands in the file.
    fn policy(&mut self, node: &Node, path: &str) -> Option<Arc<Json>> {
        match node.value() {
            Value::Map(_) => Some(Arc::new(node.to_json())),
            Value::Text(named) => match self.policies.policy(Path::new(&**self.file), named) {
                Ok(policy) => Some(policy),
                Err(NoPolicy::Path(message)) => {
                    self.reader.trouble(
                        Trouble::new(Code::UnknownReference, path.to_owned(), node.place(), message)
                            .help("a path is seen from the folder of this file"),
                    );
                    None
                }
                Err(NoPolicy::Invalid(problems)) => {
                    self.refused.get_or_insert(problems);
                    None
                }
            },
            Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::List(_) => {
                self.reader.wrong(node, path, "a path from this file, or the document itself");
                None
            }
        }
    }
}

/// The people and things of a story, as they stand at one of its steps.
struct Cast {
    start: Timestamp,
    context: Arc<Map<String, Json>>,
    people: BTreeMap<String, Arc<Json>>,
    resources: BTreeMap<String, Arc<Json>>,
    /// Whom a grant is for, where an earlier step said so.
    holders: BTreeMap<String, String>,
}

impl Cast {
    /// Whom a grant is for. A kit's are called after what was asked for: `g1.prod-db`.
    fn holder(&self, grant: &str) -> Option<&String> {
        let of_kit = |asked: &str| grant.strip_prefix(asked).is_some_and(|rest| rest.starts_with('.'));
        let mut kits = self.holders.iter().filter(|(asked, _)| of_kit(asked));
        self.holders.get(grant).or_else(|| kits.next_back().map(|(_, holder)| holder))
    }
}

/// A path with one more key.
fn join(path: &str, key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    match (plain, path.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{path}.{key}"),
        (false, _) => format!("{path}[{key:?}]"),
    }
}

fn keys(entries: &[Entry]) -> impl Iterator<Item = (&str, &Entry)> {
    entries.iter().map(|entry| (entry.key(), entry))
}
