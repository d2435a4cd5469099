//! A policy: the flows of one document, compiled.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::path::Path as FilePath;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tenure_core::flow::Flow;
use tenure_core::flow::beside::Beside;
use tenure_core::flow::valid::{Wrong, WrongCode, wrongs};
use tenure_core::id::{FlowId, Revision};
use tenure_core::limits::DOCUMENT_BYTES_MAX;

use crate::decode::{self, Draft, FlowDraft, Merged, Placed, Reader};
use crate::document::{self, Format, Node, Place, Value};
use crate::lint;
use crate::problem::{Code, Problem, Problems, Source, Warnings};

/// Files of a folder that are read as one document.
const FILES_MAX: usize = 1_000;

/// The flows of one document, compiled, and the document itself in canonical JSON.
///
/// ```
/// use tenure_policy::Policy;
/// use tenure_policy::document::Format;
///
/// let policy = Policy::from_text(
///     "
/// version: 1
/// flows:
///   - id: prod-db
///     who: {any: [group:sre]}
///     what: [{integration: prod-pg, permissions: [read]}]
///     duration: {max: 4h}
///     approval: {steps: [{approvers: [group:db-owners]}]}
/// ",
///     Format::Yaml,
/// )?;
/// assert_eq!(policy.flows().len(), 1);
/// assert_eq!(policy, Policy::from_text(policy.source(), Format::Json)?);
/// # Ok::<(), tenure_policy::Problems>(())
/// ```
#[derive(Clone, Debug)]
pub struct Policy {
    flows: BTreeMap<FlowId, Arc<Flow>>,
    beside: Arc<Beside>,
    source: Arc<str>,
    warnings: Warnings,
}

/// One text of a document.
#[derive(Clone, Debug)]
pub struct File {
    /// What people call it; problems name it.
    pub name: Option<String>,
    /// In which language it is written.
    pub format: Format,
    /// What is in it.
    pub text: String,
}

impl Policy {
    /// Reads a file, or a folder whose files are one document.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once; also where it cannot be read.
    pub fn from_path(path: impl AsRef<FilePath>) -> Result<Self, Problems> {
        Self::from_sources(Self::files(path)?)
    }

    /// The texts of a file, or of a folder whose files are one document, before they are read as one.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn files(path: impl AsRef<FilePath>) -> Result<Vec<File>, Problems> {
        files(path.as_ref())
    }

    /// Reads a text.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn from_text(text: &str, format: Format) -> Result<Self, Problems> {
        Self::from_sources(vec![File { name: None, format, text: text.to_owned() }])
    }

    /// Reads several texts as one document.
    ///
    /// # Errors
    /// Everything that is wrong with them, at once.
    pub fn from_sources(files: Vec<File>) -> Result<Self, Problems> {
        // Of files that are too large no more was read than shows it.
        let bytes = files.iter().fold(0_usize, |sum, file| sum.saturating_add(file.text.len()));
        let sources: Vec<Source> =
            files.iter().map(|file| Source::new(file.name.as_deref(), &file.text)).collect();
        if bytes > DOCUMENT_BYTES_MAX {
            return Err(Problems::new(vec![document::too_large(0)], sources));
        }
        let mut roots = Vec::new();
        let mut problems = Vec::new();
        for (file, number) in files.iter().zip(0..) {
            match document::read_one(&file.text, file.format, number) {
                Ok(root) => roots.push(root),
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() {
            compile(&roots, sources.into())
        } else {
            Err(Problems::new(problems, sources))
        }
    }

    /// Takes a document that is a value already.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once, without lines.
    pub fn from_json(value: impl Borrow<serde_json::Value>) -> Result<Self, Problems> {
        match document::of_value(value.borrow()) {
            Ok(root) => compile(&[root], Arc::new([])),
            Err(found) => Err(Problems::new(found, Vec::new())),
        }
    }

    /// The flows by id.
    #[must_use]
    pub fn flows(&self) -> &BTreeMap<FlowId, Arc<Flow>> {
        &self.flows
    }

    /// One flow.
    #[must_use]
    pub fn flow(&self, id: &str) -> Option<&Arc<Flow>> {
        self.flows.get(id)
    }

    /// What stands beside the flows and holds over all of them.
    #[must_use]
    pub const fn beside(&self) -> &Arc<Beside> {
        &self.beside
    }

    /// The whole document as canonical JSON (RFC 8785). The same policy compiles from it again.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What may not be meant.
    #[must_use]
    pub fn warnings(&self) -> &Warnings {
        &self.warnings
    }
}

/// Policies are the same where their documents are, however they were laid out.
impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Policy {}

/// Compiles the trees of a document's files.
fn compile(roots: &[Node], sources: Arc<[Source]>) -> Result<Policy, Problems> {
    let mut reader = Reader::default();
    let merged = decode::merge(&mut reader, roots);
    let draft = decode::document(&mut reader, &merged);
    disagreements(&mut reader, &draft, &merged);
    let source = canonical(&whole(&merged));
    if source.len() > DOCUMENT_BYTES_MAX {
        let message = format!("written as JSON the document has {} bytes", source.len());
        let help = "divide it between namespaces; aliases count with all that they stand for";
        reader.disagree(Code::TooLarge, String::new(), Place::default(), message, help);
    }
    let clean = reader.is_clean();
    let (found, beyond) = reader.found();
    let refused = |found: Vec<Problem>| Problems::counted(found, beyond, Arc::clone(&sources));
    if !clean {
        return Err(refused(found));
    }
    let mut flows = BTreeMap::new();
    let mut compiled = Vec::new();
    for FlowDraft { mut parts, placed } in draft.flows {
        parts.revision = revision(&merged, placed.index).ok_or_else(|| refused(Vec::new()))?;
        let flow = Flow::new(parts).map_err(|wrongs| {
            refused(wrongs.into_iter().map(|wrong| told(wrong, &placed, &merged)).collect())
        })?;
        let flow = Arc::new(flow);
        flows.insert(flow.id.clone(), Arc::clone(&flow));
        compiled.push((flow, placed));
    }
    let Draft { kits, conflicts, guards, .. } = draft;
    let warnings = lint::document(&compiled, &kits, &conflicts, &guards, &merged);
    let warnings = Warnings::new(warnings, Arc::clone(&sources));
    let kits = kits.into_iter().map(|kit| (kit.id.clone(), kit)).collect();
    let beside = Beside { kits, conflicts, guards };
    Ok(Policy { flows, beside: Arc::new(beside), source: source.into(), warnings })
}

/// What the fields of the document say against each other.
fn disagreements(reader: &mut Reader, draft: &Draft, merged: &Merged<'_>) {
    for flow in &draft.flows {
        for wrong in wrongs(&flow.parts) {
            let concerned = |path: &String| reader.is_broken(&flow.placed.path(path));
            if !wrong.concerns.iter().any(concerned) {
                reader.note(told(wrong, &flow.placed, merged));
            }
        }
    }
}

/// What is wrong with a flow, at its place in the document.
fn told(wrong: Wrong, placed: &Placed, merged: &Merged<'_>) -> Problem {
    let code = match wrong.code {
        WrongCode::OutOfRange => Code::OutOfRange,
        WrongCode::Contradiction => Code::Contradiction,
        WrongCode::DuplicateId => Code::DuplicateId,
        WrongCode::TooLarge => Code::TooLarge,
    };
    let path = placed.path(&wrong.path);
    let place = merged.place(&path);
    Problem::new(code, path, place, wrong.message).help(wrong.help.unwrap_or_default())
}

/// The document as one value, whatever files it came in.
fn whole(merged: &Merged<'_>) -> serde_json::Value {
    let mut document = serde_json::Map::new();
    document.insert("version".to_owned(), 1.into());
    for (name, nodes) in &merged.lists {
        let entries = nodes.iter().map(|node| node.to_json()).collect();
        document.insert((*name).to_owned(), serde_json::Value::Array(entries));
    }
    if let Some(attributes) = merged.attributes {
        document.insert("attributes".to_owned(), attributes.to_json());
    }
    document.into()
}

/// The SHA-256 of what is written of a flow. What it means by what is written elsewhere counts as if it stood there:
/// scopes where they are used, and declared types in a flow with conditions, which are judged by them.
fn revision(merged: &Merged<'_>, index: usize) -> Option<Revision> {
    let node = merged.list("flows").get(index)?;
    let mut flow = node.to_json();
    if let Some(what) = flow.get_mut("what").and_then(serde_json::Value::as_array_mut) {
        *what = std::mem::take(what).into_iter().flat_map(|entry| in_place(entry, merged)).collect();
    }
    if let Some(attributes) = merged.attributes.filter(|_| has_conditions(&flow)) {
        flow.as_object_mut()?.insert("attributes".to_owned(), attributes.to_json());
    }
    let digest = Sha256::digest(canonical(&flow).as_bytes());
    let text: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Revision::new(text).ok()
}

/// Whether a condition stands anywhere in what is written of a flow.
fn has_conditions(written: &serde_json::Value) -> bool {
    match written {
        serde_json::Value::Object(fields) => {
            fields.iter().any(|(name, value)| name == "when" || has_conditions(value))
        }
        serde_json::Value::Array(entries) => entries.iter().any(has_conditions),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => false,
    }
}

fn in_place(entry: serde_json::Value, merged: &Merged<'_>) -> Vec<serde_json::Value> {
    let named = |scope: &&&Node| {
        let id = scope.field("id").map(Node::to_json);
        id.is_some() && id.as_ref() == entry.get("scope")
    };
    let scope = merged.list("scopes").iter().find(named).and_then(|scope| scope.field("what"));
    match scope.map(Node::value) {
        Some(Value::List(items)) => items.iter().map(Node::to_json).collect(),
        _ => vec![entry],
    }
}

/// RFC 8785. A value of ours has finite numbers and text keys only, so it always has this form.
fn canonical(value: &serde_json::Value) -> String {
    serde_json_canonicalizer::to_string(value).unwrap_or_default()
}

/// A file, or the policy files of a folder in the order of their names.
fn files(path: &FilePath) -> Result<Vec<File>, Problems> {
    let unread = |name: &FilePath, why: String, help: &str| {
        let problem = Problem::new(Code::Syntax, String::new(), Place::default(), why);
        Problems::new(vec![problem.help(help)], vec![Source::new(name.to_str(), "")])
    };
    let failed = |name: &FilePath, error: &std::io::Error| {
        unread(name, format!("it cannot be read: {}", document::said(error)), document::READABLE)
    };
    let mut paths = Vec::new();
    if path.is_dir() {
        for entry in std::fs::read_dir(path).map_err(|error| failed(path, &error))? {
            let found = entry.map_err(|error| failed(path, &error))?.path();
            if Format::of(&found).is_some() && !found.is_dir() {
                paths.push(found);
            }
        }
        paths.sort();
        if paths.is_empty() || paths.len() > FILES_MAX {
            let why = format!("there are {} policy files in this folder", paths.len());
            let help =
                format!("put 1 to {FILES_MAX} files there that end in `.yaml`, `.yml`, `.toml` or `.json`");
            return Err(unread(path, why, &help));
        }
    } else {
        paths.push(path.to_owned());
    }
    let mut left = DOCUMENT_BYTES_MAX;
    let mut files = Vec::new();
    for path in paths {
        let format = Format::of(&path).ok_or_else(|| {
            let why = "the name of the file does not say in which language it is written".to_owned();
            unread(&path, why, "let it end in `.yaml`, `.yml`, `.toml` or `.json`")
        })?;
        let text = document::text_of(&path, left).map_err(|error| failed(&path, &error))?;
        left = left.saturating_sub(text.len());
        files.push(File { name: Some(path.display().to_string()), format, text });
    }
    Ok(files)
}
